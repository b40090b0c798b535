// SPDX-License-Identifier: Apache-2.0
// Keys that sign in each of the forms that the log knows.
import { createECDH, createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";
import { type Bytes, base64, base64url, bigEndian, concat, hex, utf8 } from "../../console/src/verify/bytes";
import { Tag, type Value, der, derSignature, encode, sshNumber, sshString } from "./encode";

export type Form = "ed25519" | "p256";

export function sha256(...data: Bytes[]): Bytes {
  const hash = createHash("sha256");
  for (const one of data) hash.update(one);
  return new Uint8Array(hash.digest());
}

const ED25519_ID = der(0x06, Uint8Array.of(0x2b, 0x65, 0x70));
const P256_ID = concat(
  der(0x06, Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01)),
  der(0x06, Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07)),
);

export class Key {
  readonly spki: Bytes;
  readonly raw: Bytes;
  private readonly secret: KeyObject;

  constructor(
    readonly form: Form,
    name: string,
  ) {
    const seed = sha256(utf8(`console test ${form} ${name}`));
    if (form === "ed25519") {
      const pkcs8 = der(0x30, der(0x02, Uint8Array.of(0)), der(0x30, ED25519_ID), der(0x04, der(0x04, seed)));
      this.secret = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
      const x = this.secret.export({ format: "jwk" }).x ?? "";
      this.raw = new Uint8Array(Buffer.from(x, "base64url"));
      this.spki = der(0x30, der(0x30, ED25519_ID), der(0x03, Uint8Array.of(0), this.raw));
      return;
    }
    const point = createECDH("prime256v1");
    point.setPrivateKey(seed);
    this.raw = new Uint8Array(point.getPublicKey()).slice(1);
    this.spki = der(0x30, der(0x30, P256_ID), der(0x03, Uint8Array.of(0, 4), this.raw));
    const coded = (data: Bytes): string => base64url(data);
    this.secret = createPrivateKey({
      format: "jwk",
      key: {
        kty: "EC",
        crv: "P-256",
        d: coded(seed),
        x: coded(this.raw.slice(0, 32)),
        y: coded(this.raw.slice(32)),
      },
    });
  }

  get id(): Bytes {
    return sha256(this.spki);
  }

  /** 64 bytes: Ed25519, or r and s. */
  sign(message: Bytes): Bytes {
    const hash = this.form === "ed25519" ? null : "sha256";
    return new Uint8Array(sign(hash, message, { key: this.secret, dsaEncoding: "ieee-p1363" }));
  }

  signDer(message: Bytes): Bytes {
    return this.form === "ed25519" ? this.sign(message) : derSignature(this.sign(message));
  }
}

// ---- proofs ----

/** `shown`: whose id stands in it, if not the key's own. */
export function sign1(key: Key, name: string, payload: Bytes, inside: boolean, shown: Key = key): Value {
  const header = encode(
    new Map<number, Value>([
      [1, key.form === "ed25519" ? -8 : -7],
      [4, shown.id],
    ]),
  );
  const covered = encode(["Signature1", header, utf8(name), payload]);
  return new Tag(18, [header, new Map(), inside ? payload : null, key.sign(covered)]);
}

export interface AssertionParts {
  party: string;
  flags: number;
  challenge: string;
  crossOrigin: boolean;
}

export function assertion(key: Key, claim: Bytes, parts: Partial<AssertionParts> = {}): Value {
  const {
    party = "ledger.example",
    flags = 0x05,
    challenge = base64url(sha256(claim)),
    crossOrigin = false,
  } = parts;
  const client = utf8(
    `{"type":"webauthn.get","challenge":"${challenge}","origin":"https://${party}","crossOrigin":${crossOrigin}}`,
  );
  const authenticator = concat(sha256(utf8(party)), Uint8Array.of(flags), bigEndian(7n, 4));
  return [authenticator, client, key.signDer(concat(authenticator, sha256(client)))];
}

export interface SshParts {
  namespace: string;
  /** A token's: its application. */
  application: string | null;
  flags: number;
  hash: "sha256" | "sha512";
  key: Key;
}

export function sshsig(key: Key, claim: Bytes, parts: Partial<SshParts> = {}): Value {
  const { namespace = "sealwright-approve@v1", application = null, flags = 1, hash = "sha512" } = parts;
  const shown = parts.key ?? key;
  const plain = key.form === "ed25519" ? "ssh-ed25519" : "ecdsa-sha2-nistp256";
  const name = application === null ? plain : `sk-${plain}@openssh.com`;
  const point = concat(sshString("nistp256"), sshString(concat(Uint8Array.of(4), shown.raw)));
  const blob = concat(
    sshString(name),
    key.form === "ed25519" ? sshString(shown.raw) : point,
    application === null ? new Uint8Array(0) : sshString(application),
  );
  const digest = new Uint8Array(createHash(hash).update(claim).digest());
  const structure = concat(
    utf8("SSHSIG"),
    sshString(namespace),
    sshString(""),
    sshString(hash),
    sshString(digest),
  );
  const token = concat(Uint8Array.of(flags), bigEndian(9n, 4));
  const covered =
    application === null ? structure : concat(sha256(utf8(application)), token, sha256(structure));
  const raw = key.sign(covered);
  const numbers = concat(sshNumber(raw.slice(0, 32)), sshNumber(raw.slice(32)));
  const signature = concat(
    sshString(name),
    sshString(key.form === "ed25519" ? raw : numbers),
    application === null ? new Uint8Array(0) : token,
  );
  return concat(
    ...[utf8("SSHSIG"), bigEndian(1n, 4), sshString(blob), sshString(namespace), sshString("")],
    ...[sshString(hash), sshString(signature)],
  );
}

// ---- notes ----

function noteKeyId(name: string, type: number, raw: Bytes): Bytes {
  return sha256(utf8(name), Uint8Array.of(0x0a, type), raw).slice(0, 4);
}

export function verifierKey(name: string, key: Key, type = 1): string {
  return `${name}+${hex(noteKeyId(name, type, key.raw))}+${base64(concat(Uint8Array.of(type), key.raw))}`;
}

export function noteLine(name: string, key: Key, text: string): string {
  return `\u2014 ${name} ${base64(concat(noteKeyId(name, 1, key.raw), key.sign(utf8(text))))}\n`;
}

export function cosignatureLine(name: string, key: Key, text: string, time: bigint): string {
  const signature = key.sign(utf8(`cosignature/v1\ntime ${time}\n${text}`));
  return `\u2014 ${name} ${base64(concat(noteKeyId(name, 4, key.raw), bigEndian(time, 8), signature))}\n`;
}

// ---- certificates ----

export interface CertificateParts {
  product: string;
  serial: string;
  subject: Key;
  issuer: Key;
  /** An issuer is named like a unit: this product, serial 1. */
  issuerName: string;
  twice: boolean;
  /** What the certificate itself says that it is signed with; else what it is. */
  said?: Form;
}

function attribute(oid: number, text: string): Bytes {
  return der(0x31, der(0x30, der(0x06, Uint8Array.of(0x55, 0x04, oid)), der(0x0c, utf8(text))));
}

export function certificate(parts: CertificateParts): Bytes {
  const { product, serial, subject, issuer, issuerName, twice } = parts;
  const ecdsa = der(0x06, Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const algorithmOf = (form: Form): Bytes => der(0x30, form === "ed25519" ? ED25519_ID : ecdsa);
  const algorithm = algorithmOf(issuer.form);
  const time = (text: string): Bytes => der(0x17, utf8(text));
  const named = (ou: string, number: string): Bytes[] => [attribute(0x0b, ou), attribute(0x05, number)];
  const unit = [...named(product, serial), ...(twice ? [attribute(0x05, serial)] : [])];
  const tbs = der(
    0x30,
    ...[
      der(0xa0, der(0x02, Uint8Array.of(2))),
      der(0x02, Uint8Array.of(7)),
      algorithmOf(parts.said ?? issuer.form),
    ],
    ...[der(0x30, ...named(issuerName, "1")), der(0x30, time("260101000000Z"), time("460101000000Z"))],
    ...[der(0x30, ...unit), subject.spki],
  );
  return der(0x30, tbs, algorithm, der(0x03, Uint8Array.of(0), issuer.signDer(tbs)));
}

// SPDX-License-Identifier: Apache-2.0
// OpenSSH's detached signatures (PROTOCOL.sshsig, PROTOCOL.u2f) in a closed profile: ssh-ed25519,
// ecdsa-sha2-nistp256 and their FIDO forms.
import { type Bytes, Cursor, NO_BYTES, bigEndian, bytes, concat, equal, textOf, utf8 } from "./bytes";
import { sha256, sha512 } from "./crypto";
import { need } from "./wrong";

export const SSHSIG_NAMESPACE = utf8("sealwright-approve@v1");

const CODE = "verify.wrong.sshsig";
const MAGIC = utf8("SSHSIG");

interface Form {
  name: string;
  isP256: boolean;
  isToken: boolean;
}

const FORMS: readonly Form[] = [
  { name: "ssh-ed25519", isP256: false, isToken: false },
  { name: "ecdsa-sha2-nistp256", isP256: true, isToken: false },
  { name: "sk-ssh-ed25519@openssh.com", isP256: false, isToken: true },
  { name: "sk-ecdsa-sha2-nistp256@openssh.com", isP256: true, isToken: true },
];

export interface Sshsig {
  isP256: boolean;
  isToken: boolean;
  publicKey: Bytes;
  application: Bytes;
  namespace: Bytes;
  hash: "sha256" | "sha512";
  signature: Bytes;
  flags: number;
  counter: number;
}

function string(cursor: Cursor): Bytes {
  return cursor.take(cursor.number(4));
}

/** One of the names that the format knows: others are null or anything else. */
function word(cursor: Cursor): string | null {
  return textOf(string(cursor));
}

function named(cursor: Cursor): Bytes {
  const name = string(cursor);
  need(name.length >= 1 && name.length <= 64, CODE);
  return name;
}

function putString(value: Bytes): Bytes {
  return concat(bigEndian(BigInt(value.length), 4), value);
}

function formOf(cursor: Cursor): Form {
  const name = word(cursor);
  const form = FORMS.find((one) => one.name === name);
  need(form !== undefined, CODE);
  return form;
}

function keyOf(cursor: Cursor): { form: Form; publicKey: Bytes; application: Bytes } {
  const inside = new Cursor(string(cursor), CODE);
  const form = formOf(inside);
  if (form.isP256) need(word(inside) === "nistp256", CODE);
  const value = string(inside);
  need(form.isP256 ? value.length === 65 && value[0] === 0x04 : value.length === 32, CODE);
  const application = form.isToken ? named(inside) : NO_BYTES;
  inside.end();
  return { form, publicKey: form.isP256 ? value.subarray(1) : value, application };
}

/** An mpint (RFC 4251 section 5) that is positive and in its one encoding, on 32 bytes. */
function numberOf(cursor: Cursor): Bytes {
  let value = string(cursor);
  need(value.length > 0 && value.length <= 33 && ((value[0] ?? 0) & 0x80) === 0, CODE);
  if (value[0] === 0) {
    need(value.length > 1 && ((value[1] ?? 0) & 0x80) !== 0, CODE);
    value = value.subarray(1);
  }
  need(value.length <= 32, CODE);
  return concat(new Uint8Array(32 - value.length), value);
}

function signatureOf(cursor: Cursor, form: Form): { signature: Bytes; flags: number; counter: number } {
  const inside = new Cursor(string(cursor), CODE);
  need(formOf(inside) === form, CODE);
  let signature = string(inside);
  if (form.isP256) {
    const numbers = new Cursor(signature, CODE);
    signature = concat(numberOf(numbers), numberOf(numbers));
    numbers.end();
  }
  need(signature.length === 64, CODE);
  const flags = form.isToken ? inside.number(1) : 0;
  const counter = form.isToken ? inside.number(4) : 0;
  inside.end();
  return { signature, flags, counter };
}

/** The whole blob: what stands base64-coded between the armor lines. Throws Wrong. */
export function parseSshsig(data: Bytes): Sshsig {
  const cursor = new Cursor(data, CODE);
  need(data.length <= 1024 && equal(cursor.take(MAGIC.length), MAGIC) && cursor.number(4) === 1, CODE);
  const { form, publicKey, application } = keyOf(cursor);
  const namespace = named(cursor);
  need(string(cursor).length === 0, CODE);
  const hash = word(cursor);
  need(hash === "sha256" || hash === "sha512", CODE);
  const signature = signatureOf(cursor, form);
  cursor.end();
  return {
    isP256: form.isP256,
    isToken: form.isToken,
    publicKey,
    application,
    namespace,
    hash,
    ...signature,
  };
}

/** What the signature covers, for this message. */
export async function sshsigCovered(sig: Sshsig, message: Bytes): Promise<Bytes> {
  const digest = await (sig.hash === "sha256" ? sha256 : sha512)(message);
  const structure = concat(
    MAGIC,
    putString(sig.namespace),
    putString(NO_BYTES),
    putString(utf8(sig.hash)),
    putString(digest),
  );
  if (!sig.isToken) return structure;
  return concat(
    await sha256(sig.application),
    bytes(sig.flags),
    bigEndian(BigInt(sig.counter), 4),
    await sha256(structure),
  );
}

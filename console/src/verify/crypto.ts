// SPDX-License-Identifier: Apache-2.0
// Digests and signatures by WebCrypto. What the browser cannot do throws Unable.
import { type Bytes, concat, equal, hex } from "./bytes";
import { Unable } from "./wrong";

// SubjectPublicKeyInfo up to the key itself: RFC 8410 section 4; RFC 5480 section 2, uncompressed. A key in
// another encoding would be a second key of the same person.
const ED25519_HEAD = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const P256_HEAD = Uint8Array.of(
  ...[0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08],
  ...[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04],
);
const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const ES256 = { name: "ECDSA", hash: "SHA-256" } as const;

function subtle(): SubtleCrypto {
  // Pages opened over plain HTTP by address have none.
  const found = (globalThis.crypto as Crypto | undefined)?.subtle as SubtleCrypto | undefined;
  if (found === undefined) throw new Unable("verify.unable.crypto");
  return found;
}

export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle().digest("SHA-256", data));
}

export async function sha512(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle().digest("SHA-512", data));
}

export async function sha256Hex(data: Bytes): Promise<string> {
  return hex(await sha256(data));
}

export function isP256(spki: Bytes): boolean {
  return spki.length === P256_HEAD.length + 64 && equal(spki.subarray(0, P256_HEAD.length), P256_HEAD);
}

export function isEd25519(spki: Bytes): boolean {
  return (
    spki.length === ED25519_HEAD.length + 32 && equal(spki.subarray(0, ED25519_HEAD.length), ED25519_HEAD)
  );
}

/** 32 bytes of Ed25519, or x and y of P-256: 64. */
export function rawKey(spki: Bytes): Bytes {
  return spki.subarray(isP256(spki) ? P256_HEAD.length : ED25519_HEAD.length);
}

export function spkiOfEd25519(raw: Bytes): Bytes {
  return concat(ED25519_HEAD, raw);
}

let knowsEd25519: Promise<boolean> | undefined;

/** Browsers learned it between 2023 and 2025. */
export function hasEd25519(): Promise<boolean> {
  // The public key of RFC 8032 section 7.1, test 1.
  const known = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
  const raw = Uint8Array.from({ length: 32 }, (_, i) => parseInt(known.slice(2 * i, 2 * i + 2), 16));
  knowsEd25519 ??= subtle()
    .importKey("spki", spkiOfEd25519(raw), { name: "Ed25519" }, false, ["verify"])
    .then(
      () => true,
      () => false,
    );
  return knowsEd25519;
}

/** Null if it is no key: of another kind, in another encoding, or no point of the curve. */
async function openKey(spki: Bytes): Promise<CryptoKey | null> {
  const ed25519 = isEd25519(spki);
  if (!ed25519 && !isP256(spki)) return null;
  if (ed25519 && !(await hasEd25519())) throw new Unable("verify.unable.ed25519");
  try {
    return await subtle().importKey("spki", spki, ed25519 ? { name: "Ed25519" } : P256, false, ["verify"]);
  } catch {
    return null;
  }
}

export async function keyIsSound(spki: Bytes): Promise<boolean> {
  return (await openKey(spki)) !== null;
}

/** Whether this is the key's signature: Ed25519, or ECDSA with SHA-256 on P-256 as r and s, 64 bytes. */
export async function keySigned(spki: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (signature.length !== 64) return false;
  const key = await openKey(spki);
  if (key === null) return false;
  return subtle().verify(isEd25519(spki) ? { name: "Ed25519" } : ES256, key, signature, message);
}

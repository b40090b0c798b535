// SPDX-License-Identifier: Apache-2.0
// A passkey's assertion over a record: WebAuthn level 2 section 7.2, with the limited verification of
// 5.8.1.2.
import { type Bytes, base64url, concat, equal, utf8 } from "./bytes";
import { isP256, keySigned, sha256 } from "./crypto";
import { derSignature } from "./der";

const USER_PRESENT = 1;
const USER_VERIFIED = 4;
const ASSERTION_LEAST = 37;

export interface Assertion {
  authenticatorData: Bytes;
  clientData: Bytes;
  signature: Bytes;
}

function clientDataWrong(data: Bytes, digest: Bytes): string | null {
  const start = utf8(`{"type":"webauthn.get","challenge":"${base64url(digest)}","origin":"`);
  if (!equal(data.subarray(0, start.length), start)) return "verify.wrong.assertion.other_record";
  // One character for each byte: the word is found in whatever surrounds it.
  return String.fromCharCode(...data).includes('"crossOrigin":true')
    ? "verify.wrong.assertion.foreign_page"
    : null;
}

/** Null, or the name of what is wrong. */
export async function assertionWrong(
  assertion: Assertion,
  digest: Bytes,
  spki: Bytes,
  relyingParty: string,
): Promise<string | null> {
  const { authenticatorData: data, clientData } = assertion;
  const wrong = clientDataWrong(clientData, digest);
  if (wrong !== null) return wrong;
  const party = await sha256(utf8(relyingParty));
  if (data.length < ASSERTION_LEAST || !equal(data.subarray(0, 32), party))
    return "verify.wrong.assertion.party";
  const flags = data[32] ?? 0;
  if ((flags & USER_PRESENT) === 0 || (flags & USER_VERIFIED) === 0) return "verify.wrong.assertion.nobody";
  const signature = isP256(spki) ? derSignature(assertion.signature) : assertion.signature;
  if (signature?.length !== 64) return "verify.wrong.assertion.form";
  const covered = concat(data, await sha256(clientData));
  return (await keySigned(spki, covered, signature)) ? null : "verify.wrong.signature";
}

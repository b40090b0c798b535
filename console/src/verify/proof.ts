// SPDX-License-Identifier: Apache-2.0
// Whether an author's proof holds for a record.
import { type Bytes, equal } from "./bytes";
import { sign1Holds } from "./cose";
import { isP256, keySigned, rawKey, sha256 } from "./crypto";
import type { Entry } from "./entry";
import { SSHSIG_NAMESPACE, parseSshsig, sshsigCovered } from "./sshsig";
import { assertionWrong } from "./webauthn";
import { Wrong } from "./wrong";

const USER_PRESENT = 1;

async function sshWrong(blob: Bytes, message: Bytes, spki: Bytes): Promise<string | null> {
  const sig = parseSshsig(blob);
  if (!equal(sig.namespace, SSHSIG_NAMESPACE)) return "verify.wrong.sshsig.purpose";
  if (sig.isP256 !== isP256(spki) || !equal(rawKey(spki), sig.publicKey))
    return "verify.wrong.sshsig.other_key";
  if (sig.isToken && (sig.flags & USER_PRESENT) === 0) return "verify.wrong.sshsig.untouched";
  const covered = await sshsigCovered(sig, message);
  return (await keySigned(spki, covered, sig.signature)) ? null : "verify.wrong.signature";
}

/** Null, or the name of what is wrong with it. */
export async function proofWrong(entry: Entry, spki: Bytes, relyingParty: string): Promise<string | null> {
  const { proof, claim, claimBytes } = entry;
  try {
    switch (proof.kind) {
      case "none":
        return "verify.wrong.unsigned";
      case "cose":
        return (await sign1Holds(proof.sign1, spki, claim.type, claimBytes))
          ? null
          : "verify.wrong.signature";
      case "webauthn":
        return await assertionWrong(proof, await sha256(claimBytes), spki, relyingParty);
      case "sshsig":
        return await sshWrong(proof.blob, claimBytes, spki);
    }
  } catch (error) {
    if (error instanceof Wrong) return error.code;
    throw error;
  }
}

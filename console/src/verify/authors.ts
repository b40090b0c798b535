// SPDX-License-Identifier: Apache-2.0
// That every author signed with a key that was theirs then.
import { type Bytes, NO_BYTES, hex } from "./bytes";
import type { Entry } from "./entry";
import { digestField, textField } from "./fields";
import { type AuthorKey, Keyring } from "./keyring";
import { proofWrong } from "./proof";
import type { Found } from "./walk";
import { Wrong, about, need, needAt } from "./wrong";

const LOG_KEYS_MAX = 16;

// What the log's own services write; everything else is signed by its author.
export const UNSIGNED_TYPES = [
  ...["ledger.started", "ledger.succeeded", "succession.approved", "decision.refused", "clock.stepped"],
  ...["certificate.issued", "certificate.refused", "signer.admitted", "signer.refused", "permit.issued"],
  ...["permit.refused", "credential.issued", "conformance.uploaded", "key.counter_fell"],
];

/** A shift's key is no authenticator. What each event takes, the types of the server say. */
function shiftWrong(notAfter: bigint, entry: Entry): string | null {
  const { type } = entry.claim;
  if (type.startsWith("approval.") || type === "shift.opened") return "verify.wrong.author.shift_decides";
  return BigInt(entry.witness.at) < notAfter ? null : "verify.wrong.author.shift_over";
}

function keyWrong(entry: Entry, key: AuthorKey | null): string | null {
  if (key === null) return "verify.wrong.author.unknown_key";
  if (key.owner !== entry.claim.author) return "verify.wrong.author.other_owner";
  if (key.ended) return "verify.wrong.author.key_ended";
  const from = key.recovery?.usableFrom ?? 0n;
  if (BigInt(entry.witness.at) < from) return "verify.wrong.author.recovery_waits";
  return key.shift === null ? null : shiftWrong(key.shift.notAfter, entry);
}

/** What the entries said up to here. */
export class Authors {
  private readonly keyring = new Keyring();
  /** Every key that the log says it had. */
  readonly logKeys: Bytes[] = [];
  /** Records that were signed with a shift's key, and the record that opened the shift. */
  readonly byShift = new Map<bigint, bigint>();
  mode = "";
  relyingParty = "";
  signed = 0;
  reported = 0;
  /** Assertions that cannot be verified, since the log names no relying party. */
  passkeys = 0;
  succeeded = false;

  private noteLogKey(entry: Entry): void {
    const key = digestField(entry.claim.body, "checkpoint_key");
    if (key !== null && this.logKeys.length < LOG_KEYS_MAX) this.logKeys.push(key);
  }

  private noteStart(entry: Entry): void {
    need(entry.witness.sequence === 0n, "verify.wrong.author.starts_twice");
    this.mode = textField(entry.claim.body, "mode");
    this.relyingParty = textField(entry.claim.body, "relying_party");
    this.noteLogKey(entry);
  }

  async take(entry: Entry): Promise<void> {
    const { type } = entry.claim;
    const folded = entry.witness.outcome === "folded";
    if (folded && type === "ledger.started") this.noteStart(entry);
    if (folded && type === "ledger.succeeded") {
      this.succeeded = true;
      this.noteLogKey(entry);
    }
    await this.keyring.take(entry);
  }

  async check(entry: Entry): Promise<void> {
    const { claim, proof, witness } = entry;
    if (proof.kind === "none") {
      this.reported++;
      need(UNSIGNED_TYPES.includes(claim.type), "verify.wrong.unsigned");
      return;
    }
    const key = claim.key === null ? null : this.keyring.find(hex(claim.key));
    let wrong = keyWrong(entry, key);
    if (wrong === null && key?.shift) this.byShift.set(witness.sequence, key.shift.opened);
    if (wrong === null && proof.kind === "webauthn" && this.relyingParty === "") {
      this.passkeys++;
      return;
    }
    wrong ??= await proofWrong(entry, key?.spki ?? NO_BYTES, this.relyingParty);
    if (wrong !== null) throw new Wrong(wrong);
    this.signed++;
  }
}

/** Throws Wrong at the first record whose author did not sign it with a key that was theirs. */
export async function verifyAuthors(found: readonly Found[]): Promise<Authors> {
  const authors = new Authors();
  const start = found[0];
  need(start !== undefined, "verify.wrong.author.no_start");
  needAt(start.entry.claim.type === "ledger.started", "verify.wrong.author.no_start", start.sequence);
  for (const { sequence, entry } of found) {
    await about(sequence, async () => {
      await authors.check(entry);
      await authors.take(entry);
    });
  }
  return authors;
}

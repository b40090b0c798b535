// SPDX-License-Identifier: Apache-2.0
// Whose key is whose, as it follows from the entries in their order; and that every author signed with a key
// that was theirs then.
import { type Bytes, NO_BYTES, hex } from "./bytes";
import { keyIsSound, sha256Hex } from "./crypto";
import type { Entry } from "./entry";
import { bytesField, digestField, listField, textField } from "./fields";
import { proofWrong } from "./proof";
import type { Found } from "./walk";
import { Wrong, about, need, needAt } from "./wrong";

const KEYS_MAX = 4200;
const LOG_KEYS_MAX = 16;

// What the log's own services write; everything else is signed by its author.
const UNSIGNED_TYPES = [
  ...["ledger.started", "ledger.succeeded", "succession.approved", "decision.refused", "clock.stepped"],
  ...["certificate.issued", "certificate.refused", "signer.admitted", "signer.refused", "permit.issued"],
  ...["permit.refused", "credential.issued", "conformance.uploaded"],
];

interface AuthorKey {
  spki: Bytes;
  /** A principal; or a unit: product/serial. */
  owner: string;
  isUnit: boolean;
  ended: boolean;
}

/** What the entries said up to here. */
export class Authors {
  private readonly keys = new Map<string, AuthorKey>();
  readonly logKeys: Bytes[] = [];
  mode = "";
  relyingParty = "";
  signed = 0;
  reported = 0;
  /** Assertions that cannot be verified, since the log names no relying party. */
  passkeys = 0;
  succeeded = false;

  private async addKey(spki: Bytes | null, owner: string, isUnit = false): Promise<void> {
    const sound = spki !== null && this.keys.size < KEYS_MAX && (await keyIsSound(spki));
    need(sound, "verify.wrong.author.no_key");
    const id = await sha256Hex(spki);
    if (!this.keys.has(id)) this.keys.set(id, { spki, owner, isUnit, ended: false });
  }

  private endKeysOf(owner: string): void {
    for (const key of this.keys.values()) if (!key.isUnit && key.owner === owner) key.ended = true;
  }

  private noteLogKey(entry: Entry): void {
    const key = digestField(entry.claim.body, "checkpoint_key");
    if (key !== null && this.logKeys.length < LOG_KEYS_MAX) this.logKeys.push(key);
  }

  private async takeStart(entry: Entry): Promise<void> {
    const { body } = entry.claim;
    need(entry.witness.sequence === 0n, "verify.wrong.author.starts_twice");
    this.mode = textField(body, "mode");
    this.relyingParty = textField(body, "relying_party");
    this.noteLogKey(entry);
    for (const founder of listField(body, "founders")) {
      await this.addKey(bytesField(founder, "public_key"), textField(founder, "principal"));
    }
  }

  /** A unit's key stands in what the writer noted of its request. */
  private async takeUnit(entry: Entry): Promise<void> {
    const { subject, outputs } = entry.witness;
    const spki = outputs.find((output) => output.name === "spki")?.value;
    if (spki === undefined) return;
    const owner = subject === null ? "" : `${subject.within}/${subject.id}`;
    await this.addKey(spki instanceof Uint8Array ? spki : null, owner, true);
  }

  /** What only waits, was kept without effect or is unverified gives and takes no key. */
  async takeKeys(entry: Entry): Promise<void> {
    const { type, body } = entry.claim;
    if (entry.witness.outcome !== "folded") return;
    if (type === "ledger.started") await this.takeStart(entry);
    if (type === "unit.requested") await this.takeUnit(entry);
    if (type === "key.enrolled")
      await this.addKey(bytesField(body, "public_key"), textField(body, "principal"));
    const revoked = type === "key.revoked" ? digestField(body, "key_id") : null;
    const key = revoked === null ? undefined : this.keys.get(hex(revoked));
    if (key !== undefined) key.ended = true;
    if (type === "principal.left") this.endKeysOf(textField(body, "principal"));
    if (type === "ledger.succeeded") {
      this.succeeded = true;
      this.noteLogKey(entry);
    }
  }

  private keyWrong(entry: Entry, key: AuthorKey | undefined): string | null {
    if (key === undefined) return "verify.wrong.author.unknown_key";
    if (key.owner !== entry.claim.author) return "verify.wrong.author.other_owner";
    return key.ended ? "verify.wrong.author.key_ended" : null;
  }

  async check(entry: Entry): Promise<void> {
    const { claim, proof } = entry;
    if (proof.kind === "none") {
      this.reported++;
      need(UNSIGNED_TYPES.includes(claim.type), "verify.wrong.unsigned");
      return;
    }
    const key = claim.key === null ? undefined : this.keys.get(hex(claim.key));
    let wrong = this.keyWrong(entry, key);
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
      await authors.takeKeys(entry);
    });
  }
  return authors;
}

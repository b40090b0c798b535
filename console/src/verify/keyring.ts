// SPDX-License-Identifier: Apache-2.0
// Whose key is whose, from when on and until when, as the entries say it in their order.
import { type Bytes, hex } from "./bytes";
import { keyIsSound, sha256Hex } from "./crypto";
import type { Entry } from "./entry";
import { bytesField, digestField, listField, numberField, textField } from "./fields";
import { need } from "./wrong";

const KEYS_MAX = 4200;
const RECOVERY_WAIT = 24n * 3600000n;

export interface AuthorKey {
  id: string;
  spki: Bytes;
  /** A principal; or a unit: product/serial. */
  owner: string;
  isUnit: boolean;
  ended: boolean;
  /** Of a shift: its id, its record, the key that opened it, and its end. */
  shift: { id: string; opened: bigint; openedBy: string; notAfter: bigint } | null;
  /** Of a recovery: its id, its record, from when it was asked for; null: others have to agree before. */
  recovery: { id: string; record: bigint; askedFor: bigint; usableFrom: bigint | null } | null;
}

/** A day after it took effect at the earliest. */
function usableFrom(askedFor: bigint, entry: Entry): bigint {
  const earliest = BigInt(entry.witness.at) + RECOVERY_WAIT;
  return askedFor < earliest ? earliest : askedFor;
}

export class Keyring {
  private readonly keys: AuthorKey[] = [];

  /** A recovery that others have not agreed to has given nobody a key yet. */
  find(id: string): AuthorKey | null {
    return this.keys.find((key) => key.id === id && key.recovery?.usableFrom !== null) ?? null;
  }

  /** Null if somebody has it already. */
  private async add(spki: Bytes | null, owner: string, isUnit = false): Promise<AuthorKey | null> {
    const sound = spki !== null && this.keys.length < KEYS_MAX && (await keyIsSound(spki));
    need(sound, "verify.wrong.author.no_key");
    const id = await sha256Hex(spki);
    if (this.find(id) !== null) return null;
    const key: AuthorKey = { id, spki, owner, isUnit, ended: false, shift: null, recovery: null };
    this.keys.push(key);
    return key;
  }

  private end(which: (key: AuthorKey) => boolean): void {
    for (const key of this.keys) if (which(key)) key.ended = true;
  }

  private async takeFounders(entry: Entry): Promise<void> {
    for (const founder of listField(entry.claim.body, "founders")) {
      await this.add(bytesField(founder, "public_key"), textField(founder, "principal"));
    }
  }

  /** A unit's key stands in what the writer noted of its request. */
  private async takeUnit(entry: Entry): Promise<void> {
    const { subject, outputs } = entry.witness;
    const spki = outputs.find((output) => output.name === "spki")?.value;
    if (spki === undefined) return;
    const owner = subject === null ? "" : `${subject.within}/${subject.id}`;
    await this.add(spki instanceof Uint8Array ? spki : null, owner, true);
  }

  private async openShift(entry: Entry): Promise<void> {
    const { body, author, key: openedBy } = entry.claim;
    const key = await this.add(bytesField(body, "public_key"), author);
    if (key === null) return;
    key.shift = {
      id: textField(body, "shift"),
      opened: entry.witness.sequence,
      openedBy: openedBy === null ? "" : hex(openedBy),
      notAfter: numberField(body, "not_after"),
    };
  }

  private async recover(entry: Entry): Promise<void> {
    const { body } = entry.claim;
    const key = await this.add(bytesField(body, "public_key"), textField(body, "principal"));
    if (key === null) return;
    const askedFor = numberField(body, "usable_from");
    key.recovery = {
      id: textField(body, "recovery"),
      record: entry.witness.sequence,
      askedFor,
      usableFrom: entry.witness.outcome === "pending" ? null : usableFrom(askedFor, entry),
    };
  }

  /** A vote made an earlier entry take effect: if that was a recovery, its key waits from now on. */
  private execute(entry: Entry): void {
    for (const { recovery } of this.keys) {
      if (recovery?.usableFrom !== null || recovery.record !== entry.witness.target) continue;
      recovery.usableFrom = usableFrom(recovery.askedFor, entry);
    }
  }

  /** A shift ends with the key that opened it. */
  private revoke(entry: Entry): void {
    const digest = digestField(entry.claim.body, "key_id");
    if (digest === null) return;
    const id = hex(digest);
    this.end((key) => key.id === id || key.shift?.openedBy === id);
  }

  private endNamed(entry: Entry): void {
    const { type, body, author } = entry.claim;
    const owner = textField(body, "principal");
    const shift = textField(body, "shift");
    const recovery = textField(body, "recovery");
    if (type === "key.revoked") this.revoke(entry);
    if (type === "principal.left" && owner !== "") this.end((key) => !key.isUnit && key.owner === owner);
    if (type === "shift.closed" && shift !== "") {
      this.end((key) => key.shift?.id === shift && key.owner === author);
    }
    if (type === "recovery.stopped" && recovery !== "") this.end((key) => key.recovery?.id === recovery);
  }

  /**
   * What only waits, was kept without effect or is unverified gives and takes no key; but what waits may take
   * effect later.
   */
  async take(entry: Entry): Promise<void> {
    const { type, body } = entry.claim;
    const { outcome } = entry.witness;
    if (outcome === "executes") this.execute(entry);
    if (outcome === "pending" && type === "recovery.requested") await this.recover(entry);
    if (outcome !== "folded") return;
    if (type === "ledger.started") await this.takeFounders(entry);
    if (type === "unit.requested") await this.takeUnit(entry);
    if (type === "key.enrolled") await this.add(bytesField(body, "public_key"), textField(body, "principal"));
    if (type === "shift.opened") await this.openShift(entry);
    if (type === "recovery.requested") await this.recover(entry);
    this.endNamed(entry);
  }
}

// SPDX-License-Identifier: Apache-2.0
// The line of origins: a log that was succeeded goes on under another name, and its earlier entries carry the
// earlier ones. All that changed them stand among the entries.
import type { Item } from "./cbor";
import type { Entry } from "./entry";
import { Fields } from "./fields";

const SUCCESSION = "ledger.succeeded";
const SUCCESSIONS_MAX = 16;
const FIELDS = [
  ...["origin", "used_up", "old_root", "old_size"],
  ...["recovered", "old_origin", "checkpoint_key", "recovered_root"],
];

const f = new Fields("verify.wrong.succession");

interface Succession {
  origin: string;
  oldOrigin: string;
  recovered: bigint;
}

function successionOf(entry: Entry): Succession {
  const { claim } = entry;
  f.need(claim.type === SUCCESSION && claim.version === 1, "type");
  const pairs = f.pairs(claim.body, "body", FIELDS.length, FIELDS.length);
  const values = new Map<string, Item>(
    pairs.map(([key, value], i) => {
      const name = f.text(key, "body");
      f.need(name === FIELDS[i], name);
      return [name, value];
    }),
  );
  const get = (name: string): Item => values.get(name) ?? f.wrong(name);
  for (const name of ["old_root", "checkpoint_key", "recovered_root"]) f.digest(get(name), name);
  f.bool(get("used_up"), "used_up");
  f.uint(get("old_size"), "old_size");
  const origin = f.text(get("origin"), "origin", 1, 255);
  const oldOrigin = f.text(get("old_origin"), "old_origin", 1, 255);
  f.need(origin === claim.origin && origin !== oldOrigin, "origin");
  return { origin, oldOrigin, recovered: f.uint(get("recovered"), "recovered") };
}

export class OriginLine {
  private readonly before: string[] = [];
  now: string | null = null;
  since = 0n;

  /** Takes the next entry; throws Wrong if it is of no name that the log has here. */
  follow(sequence: bigint, entry: Entry): void {
    const { origin, type } = entry.claim;
    if (this.now === null) {
      this.now = origin;
      this.since = sequence;
    } else if (origin !== this.now) {
      this.change(sequence, entry);
      return;
    }
    // Under one name there is nothing to succeed to.
    f.need(type !== SUCCESSION, "type");
  }

  private change(sequence: bigint, entry: Entry): void {
    const { origin, oldOrigin, recovered } = successionOf(entry);
    f.need(oldOrigin === this.now, "old_origin");
    f.need(recovered === sequence, "recovered");
    const { outcome, channel } = entry.witness;
    const byLog = outcome === "folded" && entry.proof.kind === "none" && channel === "local";
    f.need(byLog, "witness");
    f.need(this.before.length < SUCCESSIONS_MAX && !this.before.includes(origin), "origin");
    this.before.push(oldOrigin);
    this.now = origin;
    this.since = sequence;
  }
}

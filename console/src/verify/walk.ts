// SPDX-License-Identifier: Apache-2.0
// What a passport proves of itself, with the log's key alone: every entry stands in the signed log, between
// two entries about one thing nothing was left out, and what is shown beside them belongs to them.
import { hex } from "./bytes";
import type { Item } from "./cbor";
import { sha256, sha256Hex } from "./crypto";
import { type Entry, type Subject, parseEntry, sameSubject } from "./entry";
import { bytesField } from "./fields";
import { includes, leafHash } from "./merkle";
import type { Checkpoint } from "./note";
import type { Opening, PassportFile } from "./passport_file";
import { OriginLine } from "./succession";
import { Wrong, about, need, needAt } from "./wrong";

/** One entry of the passport, found in the log. */
export interface Found {
  sequence: bigint;
  entry: Entry;
  /** SHA-256 of the claim, in hex: what approvals and receipts name. */
  digest: string;
}

async function findInLog(file: PassportFile, checkpoint: Checkpoint, line: OriginLine): Promise<Found[]> {
  const out: Found[] = [];
  for (const { sequence, bytes, path } of file.entries) {
    const inLog = await includes(checkpoint.head, sequence, await leafHash(bytes), path);
    needAt(inLog, "verify.wrong.inclusion", sequence);
    const entry = await about(sequence, () => parseEntry(bytes));
    needAt(entry.witness.sequence === sequence, "verify.wrong.place", sequence);
    try {
      line.follow(sequence, entry);
    } catch (error) {
      throw error instanceof Wrong ? new Wrong("verify.wrong.other_log", {}, sequence) : error;
    }
    out.push({ sequence, entry, digest: hex(await sha256(entry.claimBytes)) });
  }
  return out;
}

/** Throws Wrong at the first entry that is not in the tree, or not where it says. */
export async function verifyInLog(file: PassportFile, checkpoint: Checkpoint): Promise<Found[]> {
  const line = new OriginLine();
  const found = await findInLog(file, checkpoint, line);
  needAt(line.now === checkpoint.origin, "verify.wrong.other_log", line.since);
  return found;
}

// ---- the chains ----

function subjectKey(subject: Subject): string {
  // No id has a space.
  return `${subject.kind} ${subject.within} ${subject.id}`;
}

export function verifyChains(file: PassportFile, found: readonly Found[]): void {
  const previous = new Map<string, bigint>();
  for (const { sequence, entry } of found) {
    const { subject, previous: told } = entry.witness;
    if (subject === null) continue;
    needAt(!file.withheld.includes(subject.kind), "verify.wrong.chain.withheld", sequence);
    // The story names no unit in each line: it would tell of the other one's tests.
    const isOther = subject.kind === file.subject.kind && !sameSubject(subject, file.subject);
    needAt(!isOther, "verify.wrong.chain.other_unit", sequence);
    const key = subjectKey(subject);
    needAt((previous.get(key) ?? null) === told, "verify.wrong.chain.left_out", sequence);
    previous.set(key, sequence);
  }
  const last = previous.get(subjectKey(file.subject));
  need(last !== undefined, "verify.wrong.chain.no_unit");
  need(file.last === null || file.last === last, "verify.wrong.chain.last", { last: String(file.last) });
}

// ---- openings ----

/** Commitments stand in a body as digests, or in the elements of a list. */
function takeCommitments(left: Set<string>, body: Item, isElement: boolean): void {
  if (body.kind !== "map") return;
  for (const [key, value] of body.pairs) {
    if (key.kind !== "text") return;
    if (value.kind === "bytes" && value.value.length === 32) left.delete(hex(value.value));
    if (value.kind === "array" && !isElement) value.items.forEach((one) => takeCommitments(left, one, true));
  }
}

/** An opening that opens nothing here would be a claim that nobody signed. */
export function verifyOpenings(openings: readonly Opening[], found: readonly Found[]): void {
  const left = new Set(openings.map((opening) => opening.commitment));
  for (const { entry } of found) {
    if (left.size === 0) break;
    takeCommitments(left, entry.claim.body, false);
  }
  need(left.size === 0, "verify.wrong.opening");
}

// ---- the CA's certificate ----

/** The one in the file must be the one that the log's start names. */
export async function verifyCa(file: PassportFile, found: readonly Found[]): Promise<void> {
  if (file.ca.length === 0) return;
  const first = found[0];
  const isStart = first?.sequence === 0n && first.entry.claim.type === "ledger.started";
  const named = isStart ? bytesField(first.entry.claim.body, "ca_certificate") : null;
  need(named !== null && hex(named) === (await sha256Hex(file.ca)), "verify.wrong.certificate.not_named");
}

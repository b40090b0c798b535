// SPDX-License-Identifier: Apache-2.0
// What waits for approval, read from the bytes in the evidence log; and what the signer's charter wants of it.
import { get, getBytes, path, Problem, type Row, view } from "./api";
import { fromHex } from "./base64";
import { type Opened, openedIn } from "./opened";
import { readType, type RecordType } from "./types";
import { type Charter, parseCharter, type Rule } from "../verify/charter";
import { charterKey, charterRule } from "../verify/charter_rules";
import { hex } from "../verify/bytes";
import { sha256Hex } from "../verify/crypto";
import { type Claim, type Entry, parseEntry } from "../verify/entry";
import { digestField, numberField } from "../verify/fields";
import { type Verdict, type Vote, weigh } from "../verify/weigh";
import { Wrong } from "../verify/wrong";

export interface Waiting {
  row: Row;
  entry: Entry;
  /** Of the claim, computed here. */
  digest: string;
  type: RecordType;
  opened: Opened;
}

function readEntry(sequence: number, signal: AbortSignal): Promise<Entry> {
  const to = `/v1/entries${path(String(sequence))}`;
  return getBytes(to, undefined, signal, "application/cbor").then(parseEntry);
}

/** "none": nothing with this sequence ever waited. "wrong": the bytes are no entry, or another than the list names. */
export async function readWaiting(sequence: number, signal: AbortSignal): Promise<Waiting | "none" | "wrong"> {
  const page = await view("approval.list", { seq: sequence }, signal);
  const row = page.rows[0];
  if (row === undefined) return "none";
  try {
    const entry = await readEntry(sequence, signal);
    const digest = await sha256Hex(entry.claimBytes);
    const same = row["digest"] === digest && row["type"] === entry.claim.type;
    if (!same || entry.witness.sequence !== BigInt(sequence)) return "wrong";
    const json = await get<unknown>(`/v1/entries${path(String(sequence))}`, undefined, signal);
    return { row, entry, digest, type: await readType(entry.claim.type, signal), opened: openedIn(json) };
  } catch (e) {
    if (e instanceof Wrong) return "wrong";
    throw e;
  }
}

// ---- votes ----

export interface Voice {
  sequence: number;
  voter: string;
  at: number;
  expires: number;
  /** Its own entry, if it can be had and is about this record. */
  claim: Claim | null;
}

async function claimOf(sequence: number, digest: string, signal: AbortSignal): Promise<Claim | null> {
  try {
    const { claim } = await readEntry(sequence, signal);
    const record = digestField(claim.body, "record");
    return record !== null && hex(record) === digest ? claim : null;
  } catch (e) {
    if (e instanceof Problem || e instanceof Wrong) return null;
    throw e;
  }
}

export async function readVoices(sequence: number, digest: string, signal: AbortSignal): Promise<Voice[]> {
  const page = await view("approval.votes", { seq: sequence, limit: 64 }, signal);
  return Promise.all(
    page.rows.map(async (row) => ({
      sequence: Number(row["seq"]),
      voter: String(row["voter"]),
      at: Number(row["at"]),
      expires: Number(row["expires"]),
      claim: await claimOf(Number(row["seq"]), digest, signal),
    })),
  );
}

// ---- the charter ----

/** Classes whose decisions the signer weighs by itself (docs/authority.md). */
const WEIGHED = new Set([
  "charter",
  "build.authorize",
  "firmware.release",
  "firmware.emergency",
  "credential",
  "succession",
]);

export interface Demand {
  charter: Charter;
  rule: Rule;
}

/** What the signer wants for this class; null if it is not asked. */
export async function readDemand(approvalClass: string, signal: AbortSignal): Promise<Demand | null> {
  if (!WEIGHED.has(approvalClass)) return null;
  const page = await view("charter.list", { limit: 1000 }, signal);
  const current = page.rows.filter((row) => row["state"] === "in_force").at(-1);
  if (current === undefined) return null;
  try {
    const charter = await parseCharter(fromHex(String(current["document"])));
    const rule = charterRule(charter, approvalClass);
    return rule === null ? null : { charter, rule };
  } catch (e) {
    if (e instanceof Wrong) return null;
    throw e;
  }
}

/** Whether this voice was made where our server does not draw the screen; null: nobody's by the charter. */
export function isOutside(demand: Demand, voice: Voice): boolean | null {
  if (voice.claim?.key === null || voice.claim?.key === undefined) return null;
  return charterKey(demand.charter, hex(voice.claim.key))?.outside ?? null;
}

/** What the signer would say of the voices so far. Ages of keys are left to the signer itself. */
export function verdict(demand: Demand, asked: Claim, voices: Voice[], now: number): Verdict {
  const keyOf = (claim: Claim) => (claim.key === null ? null : charterKey(demand.charter, hex(claim.key)));
  const votes: Vote[] = voices.flatMap(({ claim }) =>
    claim === null
      ? []
      : [{ key: keyOf(claim), made: claim.made, notAfter: numberField(claim.body, "not_after"), keySince: 0 }],
  );
  const question = {
    approvalClass: demand.rule.name,
    author: keyOf(asked),
    authorMade: asked.made,
    votes,
    now,
    more: 0,
  };
  return weigh(demand.charter, question).verdict;
}

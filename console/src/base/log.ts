// SPDX-License-Identifier: Apache-2.0
// The evidence log's own files, as the server has them, for the verifier in the browser.
import { fromHex, hex, textOf } from "../verify/bytes";
import { type Entry, parseEntry } from "../verify/entry";
import { bundlePath, bundleWidth, entriesFromTiles, type ReadTile, verifyCheckpoint, verifyGrowth } from "../verify/log";
import type { Head } from "../verify/merkle";
import { type Checkpoint, openCheckpoint, sameHead } from "../verify/note";
import { Unable, Wrong } from "../verify/wrong";
import { getBytes } from "./api";

/** What the server says that its log's key is. */
export async function serversKey(signal?: AbortSignal): Promise<string> {
  return (textOf(await getBytes("/log/vkey", undefined, signal)) ?? "").trim();
}

export function readCheckpoint(signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  return getBytes("/log/checkpoint", undefined, signal);
}

export function tileReader(signal?: AbortSignal): ReadTile {
  return (path) => getBytes(`/log/${path}`, undefined, signal);
}

/** Entries from..before, oldest first, out of the bundles that they stand in. */
export async function readEntries(from: bigint, before: bigint, size: bigint, signal?: AbortSignal): Promise<Entry[]> {
  const out: Entry[] = [];
  for (let start = from - (from % 256n); start < before; start += 256n) {
    const bundle = await getBytes(`/log/${bundlePath(start, size)}`, undefined, signal);
    const entries = entriesFromTiles(bundle, bundleWidth(start, size));
    for (const [i, data] of entries.entries()) {
      const sequence = start + BigInt(i);
      if (sequence >= from && sequence < before) out.push(parseEntry(data));
    }
  }
  return out;
}

// ---- what this browser saw of a log when it last looked ----

const SEEN = "log.seen.";
/** By which key this address was the log that it says it is. */
const KEY = "log.key";

function seenHead(key: string): Head | undefined {
  const [, size, root] = /^([0-9]+) ([0-9a-f]{64})$/.exec(localStorage.getItem(SEEN + key) ?? "") ?? [];
  const bytes = root === undefined ? null : fromHex(root);
  return size === undefined || bytes === null ? undefined : { size: BigInt(size), root: bytes };
}

function rememberHead(key: string, head: Head): void {
  localStorage.setItem(SEEN + key, `${head.size} ${hex(head.root)}`);
}

// ---- the last checkpoint, verified ----

export interface Looked {
  key: string;
  /** As far as it can be read at all. */
  checkpoint: Checkpoint | undefined;
  /** Whoever signed it beside the log: names, not verified here. */
  others: string[];
  problem: Wrong | Unable | undefined;
  /** Since this browser last looked. */
  grown: { from: bigint } | "first" | "same" | "other_key" | Wrong | undefined;
}

/** The reader has compared the key: from now on it is this one. */
export function trustKey(key: string): void {
  localStorage.setItem(KEY, key);
}

async function growth(key: string, now: Head, readTile: ReadTile): Promise<Looked["grown"]> {
  // Whoever answers with a log and a key of his own would else be met for the first time.
  if ((localStorage.getItem(KEY) ?? key) !== key) return "other_key";
  const seen = seenHead(key);
  try {
    if (seen !== undefined) await verifyGrowth(seen, now, readTile);
  } catch (e) {
    if (e instanceof Wrong) return e;
    throw e;
  }
  rememberHead(key, now);
  trustKey(key);
  if (seen === undefined) return "first";
  return sameHead(seen, now) ? "same" : { from: seen.size };
}

export async function lookAtLog(signal?: AbortSignal): Promise<Looked> {
  const [key, data] = await Promise.all([serversKey(signal), readCheckpoint(signal)]);
  const looked: Looked = { key, checkpoint: undefined, others: [], problem: undefined, grown: undefined };
  try {
    const { note, checkpoint } = openCheckpoint(data);
    looked.checkpoint = checkpoint;
    looked.others = note.signatures.map((one) => one.name).filter((name) => name !== checkpoint.origin);
    await verifyCheckpoint(data, key);
    looked.grown = await growth(key, checkpoint.head, tileReader(signal));
  } catch (e) {
    if (!(e instanceof Wrong || e instanceof Unable)) throw e;
    looked.problem = e;
  }
  return looked;
}

// SPDX-License-Identifier: Apache-2.0
// Entries and proofs of the evidence log from its tiles (C2SP tlog-tiles): 256 hashes wide, eight tree levels
// high.
import { type Bytes, Cursor, concat } from "./bytes";
import { type Entry, parseEntry } from "./entry";
import { type Head, type Joined, extendsTree, includes, leafHash, nodeHash } from "./merkle";
import { type Checkpoint, noteVerdict, openCheckpoint, parseNoteKey } from "./note";
import { Unable, need } from "./wrong";

const WIDTH = 256n;
const HEIGHT = 8;
const HASH = 32;

/** Reads a file of the log by its path, like "tile/0/x001/234.p/5". */
export type ReadTile = (path: string) => Promise<Uint8Array>;

/** How wide the tile is in a tree of `size` leaves: 0 (not there) to 256. */
function widthOf(level: number, index: bigint, size: bigint): number {
  const count = size >> BigInt(HEIGHT * level);
  const full = count / WIDTH;
  if (index < full) return Number(WIDTH);
  return index === full ? Number(count % WIDTH) : 0;
}

function tilePath(level: number | "entries", index: bigint, width: number): string {
  let path = (index % 1000n).toString().padStart(3, "0");
  for (let rest = index / 1000n; rest > 0n; rest /= 1000n) {
    path = `x${(rest % 1000n).toString().padStart(3, "0")}/${path}`;
  }
  return `tile/${level}/${path}${width < Number(WIDTH) ? `.p/${width}` : ""}`;
}

/** The bundle that an entry stands in. */
export function bundlePath(sequence: bigint, size: bigint): string {
  const index = sequence / WIDTH;
  return tilePath("entries", index, widthOf(0, index, size));
}

/** How many entries that bundle has. */
export function bundleWidth(sequence: bigint, size: bigint): number {
  return widthOf(0, sequence / WIDTH, size);
}

/** One entry out of its bundle: each has its length before it, two bytes. */
export function entryFromTiles(bundle: Uint8Array, sequence: bigint): Bytes {
  const cursor = new Cursor(new Uint8Array(bundle), "verify.wrong.bundle");
  for (let i = 0n; i < sequence % WIDTH; i++) cursor.take(cursor.number(2));
  return cursor.take(cursor.number(2));
}

/** All of a bundle: the entries of these places, in their sequence. */
export function entriesFromTiles(bundle: Uint8Array, width: number): Bytes[] {
  const cursor = new Cursor(new Uint8Array(bundle), "verify.wrong.bundle");
  const out = Array.from({ length: width }, () => cursor.take(cursor.number(2)));
  cursor.end();
  return out;
}

interface Range {
  begin: bigint;
  end: bigint;
}

/** Largest power of two below the range's length, which is 2 or more (RFC 9162 section 2.1.1). */
function middle({ begin, end }: Range): bigint {
  let half = 1n;
  while (half * 2n < end - begin) half *= 2n;
  return begin + half;
}

/** Proofs in one tree, from its tiles. */
export class Tiles {
  private readonly read = new Map<string, Promise<Bytes>>();

  constructor(
    private readonly size: bigint,
    private readonly readTile: ReadTile,
  ) {}

  private async tile(level: number, index: bigint): Promise<Bytes> {
    const width = widthOf(level, index, this.size);
    const path = tilePath(level, index, width);
    const reading = this.read.get(path) ?? this.readTile(path).then((data) => new Uint8Array(data));
    this.read.set(path, reading);
    const data = await reading;
    need(data.length === width * HASH, "verify.wrong.tile", { path });
    return data;
  }

  /** Root of the complete subtree of 2^level leaves at this place. */
  private async node(level: number, index: bigint): Promise<Bytes> {
    const tileLevel = Math.floor(level / HEIGHT);
    const height = level % HEIGHT;
    const first = index << BigInt(height);
    const data = await this.tile(tileLevel, first / WIDTH);
    const start = Number(first % WIDTH) * HASH;
    let row: Bytes[] = Array.from({ length: 1 << height }, (_, i) =>
      data.slice(start + i * HASH, start + (i + 1) * HASH),
    );
    while (row.length > 1) {
      const pairs = row
        .filter((_, i) => i % 2 === 0)
        .map((left, i) => nodeHash(left, row[2 * i + 1] ?? left));
      row = await Promise.all(pairs);
    }
    return row[0] ?? concat();
  }

  private async root(range: Range): Promise<Bytes> {
    const length = range.end - range.begin;
    if ((length & (length - 1n)) === 0n) {
      const level = length.toString(2).length - 1;
      return this.node(level, range.begin / length);
    }
    const at = middle(range);
    return nodeHash(
      await this.root({ begin: range.begin, end: at }),
      await this.root({ begin: at, end: range.end }),
    );
  }

  /** Goes down to the half that holds the leaf; what comes back is the root of the other half. */
  private descend(range: Range, leaf: bigint): { range: Range; sibling: Promise<Bytes> } {
    const at = middle(range);
    const left = { begin: range.begin, end: at };
    const right = { begin: at, end: range.end };
    return leaf < at
      ? { range: left, sibling: this.root(right) }
      : { range: right, sibling: this.root(left) };
  }

  /** Inclusion path of a leaf, lowest first. */
  async inclusion(index: bigint): Promise<Bytes[]> {
    need(index >= 0n && index < this.size, "verify.wrong.not_there");
    const path: Bytes[] = [];
    let range: Range = { begin: 0n, end: this.size };
    while (range.end - range.begin > 1n) {
      const down = this.descend(range, index);
      path.unshift(await down.sibling);
      range = down.range;
    }
    return path;
  }

  /** Proof that this tree is an older one with leaves added. */
  async consistency(old: bigint): Promise<Bytes[]> {
    need(old >= 0n && old <= this.size, "verify.wrong.not_there");
    const path: Bytes[] = [];
    let range: Range = { begin: 0n, end: this.size };
    if (old === 0n || old === this.size) return path;
    while (range.end !== old) {
      const down = this.descend(range, old - 1n);
      path.unshift(await down.sibling);
      range = down.range;
    }
    // Whoever checks knows that subtree already if it is the whole old tree.
    if (range.begin !== 0n) path.unshift(await this.root(range));
    return path;
  }
}

// ---- verifying ----

/** The log's last checkpoint, by its key. Throws Wrong, or Unable. */
export async function verifyCheckpoint(data: Uint8Array, logKey: string): Promise<Checkpoint> {
  const key = await parseNoteKey(logKey.trim());
  if (key === null) throw new Unable("verify.unable.bad_key");
  const { note, checkpoint } = openCheckpoint(new Uint8Array(data));
  const { verdict } = await noteVerdict(note, key);
  need(verdict === "good", `verify.wrong.checkpoint.${verdict}`, { name: key.name });
  return checkpoint;
}

export interface Inclusion {
  entry: Entry;
  leaf: Bytes;
  joined: Joined[];
}

/** Whether the entry stands in the checkpoint's tree where it says. Throws Wrong. */
export async function verifyInclusion(
  entryBytes: Uint8Array,
  checkpoint: Checkpoint,
  sequence: bigint,
  path: readonly Bytes[],
): Promise<Inclusion> {
  const data = new Uint8Array(entryBytes);
  const entry = parseEntry(data);
  const leaf = await leafHash(data);
  const joined: Joined[] = [];
  const inLog = await includes(checkpoint.head, sequence, leaf, path, (one) => joined.push(one));
  need(inLog, "verify.wrong.inclusion");
  need(entry.witness.sequence === sequence, "verify.wrong.place");
  return { entry, leaf, joined };
}

/** Whether the log has only grown since `old`: nothing before was changed or taken away. Throws Wrong. */
export async function verifyGrowth(old: Head, now: Head, readTile: ReadTile): Promise<void> {
  need(old.size <= now.size, "verify.wrong.shrunk");
  const path = await new Tiles(now.size, readTile).consistency(old.size);
  need(await extendsTree(old, now, path), "verify.wrong.rewritten");
}

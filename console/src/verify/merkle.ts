// SPDX-License-Identifier: Apache-2.0
// Proofs in the Merkle tree of RFC 9162 section 2.1.
import { type Bytes, bytes, concat, equal } from "./bytes";
import { sha256 } from "./crypto";

/** What a checkpoint signs. The root does not commit to the size: the two come from one signed checkpoint. */
export interface Head {
  size: bigint;
  root: Bytes;
}

export const PATH_MAX = 64;

// The prefixes keep a leaf from being read as a node (second preimage).
const LEAF = bytes(0x00);
const NODE = bytes(0x01);

export function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(concat(LEAF, entry));
}

export function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(concat(NODE, left, right));
}

/** One step of a proof, for showing: on which side the sibling joins, and what comes out. */
export interface Joined {
  sibling: Bytes;
  left: boolean;
  result: Bytes;
}

/** One bit a level: where a subtree stands, and where the last one of its level stands. */
class Position {
  constructor(
    private at: bigint,
    private last: bigint,
  ) {}

  get isRoot(): boolean {
    return this.last === 0n;
  }

  get isRightTwin(): boolean {
    return (this.at & 1n) === 1n;
  }

  rise(): void {
    this.at >>= 1n;
    this.last >>= 1n;
  }

  /** Takes one sibling; skips the levels where the right edge has none. Whether it joins on the left. */
  joinsLeft(): boolean {
    const left = this.isRightTwin || this.at === this.last;
    if (left) while (!this.isRightTwin && this.at !== 0n) this.rise();
    this.rise();
    return left;
  }
}

/** Whether `leaf` is entry `index` of the tree; each step is told as it is made. */
export async function includes(
  head: Head,
  index: bigint,
  leaf: Bytes,
  path: readonly Bytes[],
  each?: (joined: Joined) => void,
): Promise<boolean> {
  if (index < 0n || index >= head.size || path.length > PATH_MAX) return false;
  const position = new Position(index, head.size - 1n);
  let result = leaf;
  for (const sibling of path) {
    if (position.isRoot) return false;
    const left = position.joinsLeft();
    result = left ? await nodeHash(sibling, result) : await nodeHash(result, sibling);
    each?.({ sibling, left, result });
  }
  return position.isRoot && equal(result, head.root);
}

/** Whether the tree `now` is the tree `old` with leaves added behind. */
export async function extendsTree(old: Head, now: Head, path: readonly Bytes[]): Promise<boolean> {
  if (old.size > now.size || path.length > PATH_MAX) return false;
  if (old.size === now.size) return path.length === 0 && equal(old.root, now.root);
  if (old.size === 0n) return path.length === 0;
  const rest = [...path];
  const isComplete = (old.size & (old.size - 1n)) === 0n;
  let first = isComplete ? old.root : rest.shift();
  if (first === undefined || path.length === 0) return false;
  let second = first;
  const position = new Position(old.size - 1n, now.size - 1n);
  while (position.isRightTwin) position.rise();
  for (const sibling of rest) {
    if (position.isRoot) return false;
    if (position.joinsLeft()) {
      first = await nodeHash(sibling, first);
      second = await nodeHash(sibling, second);
    } else {
      second = await nodeHash(second, sibling);
    }
  }
  return position.isRoot && equal(first, old.root) && equal(second, now.root);
}

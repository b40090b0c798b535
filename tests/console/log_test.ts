// SPDX-License-Identifier: Apache-2.0
// Entries and proofs from tiles. usage: log_test.mjs ROOT
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Bytes, bigEndian, concat, fromHex, hex, utf8 } from "../../console/src/verify/bytes";
import { parseEntry } from "../../console/src/verify/entry";
import { Tiles, bundlePath, entryFromTiles } from "../../console/src/verify/log";
import { verifyCheckpoint, verifyGrowth, verifyInclusion } from "../../console/src/verify/log";
import { extendsTree, includes } from "../../console/src/verify/merkle";
import { Wrong } from "../../console/src/verify/wrong";
import { forge } from "./forge";
import { LOG_KEY, leaf, path, root as rootOf } from "./forge_log";
import { refused, runAll, same, test } from "./suite";

const root = process.argv[2] ?? ".";

// ---- trees ----

const LEAVES = Array.from({ length: 70000 }, (_, i) => i).map((i) => leaf(bigEndian(BigInt(i), 4)));

/** Every tile of a tree, made from the leaves alone. */
function tilesOf(leaves: Bytes[]): Map<string, Bytes> {
  const out = new Map<string, Bytes>();
  let row = leaves;
  for (let level = 0; row.length > 0; level++) {
    const above: Bytes[] = [];
    for (let at = 0; at < row.length; at += 256) {
      const tile = row.slice(at, at + 256);
      const index = at / 256;
      const low = String(index % 1000).padStart(3, "0");
      const name = index < 1000 ? low : `x${String(Math.floor(index / 1000)).padStart(3, "0")}/${low}`;
      out.set(`tile/${level}/${name}${tile.length < 256 ? `.p/${tile.length}` : ""}`, concat(...tile));
      if (tile.length === 256) above.push(rootOf(tile));
    }
    row = above;
  }
  return out;
}

function reader(tiles: Map<string, Bytes>): (name: string) => Promise<Bytes> {
  return (name) => {
    const tile = tiles.get(name);
    return tile === undefined ? Promise.reject(new Error(`${name} is not there`)) : Promise.resolve(tile);
  };
}

const SIZES = [1, 2, 3, 7, 8, 9, 255, 256, 257, 300, 511, 512, 513, 1000];

test("an_inclusion_path_from_tiles_is_the_one_of_the_tree", async () => {
  for (const size of SIZES) {
    const leaves = LEAVES.slice(0, size);
    const tiles = new Tiles(BigInt(size), reader(tilesOf(leaves)));
    const head = { size: BigInt(size), root: rootOf(leaves) };
    for (const index of new Set([0, 1, size >> 1, size - 2, size - 1].filter((i) => i >= 0 && i < size))) {
      const found = await tiles.inclusion(BigInt(index));
      same(found.map(hex), path(leaves, index).map(hex), `${index} of ${size}`);
      same(await includes(head, BigInt(index), leaves[index] ?? head.root, found), true, "includes");
    }
  }
});

test("a_tree_of_three_levels_of_tiles_has_its_paths", async () => {
  const tiles = new Tiles(70000n, reader(tilesOf(LEAVES)));
  const head = { size: 70000n, root: rootOf(LEAVES) };
  for (const index of [0, 65535, 65536, 69999]) {
    const found = await tiles.inclusion(BigInt(index));
    same(await includes(head, BigInt(index), LEAVES[index] ?? head.root, found), true, String(index));
  }
  const old = { size: 65537n, root: rootOf(LEAVES.slice(0, 65537)) };
  same(await extendsTree(old, head, await tiles.consistency(65537n)), true, "grown");
});

test("a_proof_holds_only_for_its_own_place_leaf_tree_and_path", async () => {
  for (let size = 1; size <= 40; size++) {
    const leaves = LEAVES.slice(0, size);
    const head = { size: BigInt(size), root: rootOf(leaves) };
    for (let index = 0; index < size; index++) {
      const proof = path(leaves, index);
      const own = leaves[index] ?? head.root;
      const holds = (at: number, more: Bytes[] = proof, of = own): Promise<boolean> =>
        includes(head, BigInt(at), of, more);
      same(await holds(index), true, "own");
      same(await holds(index + 1), false, "the next place");
      same(await holds(index + size), false, "beyond the end");
      same(await holds(index, [...proof, own]), false, "too long");
      if (proof.length > 0) same(await holds(index, proof.slice(1)), false, "too short");
      if (size > 1) same(await holds(index, proof, LEAVES[size] ?? own), false, "another leaf");
    }
  }
});

test("a_tree_extends_only_what_it_grew_from", async () => {
  for (let size = 1; size <= 40; size++) {
    const now = { size: BigInt(size), root: rootOf(LEAVES.slice(0, size)) };
    const tiles = new Tiles(now.size, reader(tilesOf(LEAVES.slice(0, size))));
    for (let before = 0; before <= size; before++) {
      const old = {
        size: BigInt(before),
        root: before === 0 ? new Uint8Array(32) : rootOf(LEAVES.slice(0, before)),
      };
      const proof = await tiles.consistency(old.size);
      same(await extendsTree(old, now, proof), true, `${before} to ${size}`);
      if (before === 0) continue;
      const other = { size: old.size, root: leaf(utf8("other")) };
      same(await extendsTree(other, now, proof), false, "another old root");
      same(await extendsTree(old, { size: now.size, root: other.root }, proof), false, "another new root");
      same(await extendsTree(old, now, [...proof, other.root]), false, "too long");
      if (proof.length > 0) same(await extendsTree(old, now, proof.slice(1)), false, "too short");
    }
  }
});

test("a_log_that_was_rewritten_or_cut_is_seen", async () => {
  const now = { size: 300n, root: rootOf(LEAVES.slice(0, 300)) };
  const tiles = reader(tilesOf(LEAVES.slice(0, 300)));
  await verifyGrowth({ size: 260n, root: rootOf(LEAVES.slice(0, 260)) }, now, tiles);
  const other = { size: 260n, root: rootOf([...LEAVES.slice(0, 259), leaf(utf8("x"))]) };
  await refused("verify.wrong.rewritten", () => verifyGrowth(other, now, tiles));
  await refused("verify.wrong.shrunk", () => verifyGrowth({ ...now, size: 301n }, now, tiles));
});

test("a_tile_of_another_size_is_refused", async () => {
  const tiles = tilesOf(LEAVES.slice(0, 300));
  for (const [name, data] of tiles) tiles.set(name, data.slice(1));
  await refused("verify.wrong.tile", () => new Tiles(300n, reader(tiles)).inclusion(5n));
  await refused("verify.wrong.not_there", () => new Tiles(300n, reader(tiles)).inclusion(300n));
});

test("tiles_have_the_paths_of_the_protocol", () => {
  same(bundlePath(0n, 1n), "tile/entries/000.p/1");
  same(bundlePath(255n, 256n), "tile/entries/000");
  same(bundlePath(256n * 1234n + 3n, 256n * 1234n + 70n), "tile/entries/x001/234.p/70");
  same(bundlePath(256n * 1234067n, 1n << 40n), "tile/entries/x001/x234/067");
});

// ---- entries ----

const forged = forge();
const bundle = concat(
  ...forged.written.map((one) => concat(bigEndian(BigInt(one.bytes.length), 2), one.bytes)),
);

test("an_entry_of_a_bundle_stands_in_the_signed_log", async () => {
  const checkpoint = await verifyCheckpoint(utf8(forged.checkpoint), LOG_KEY);
  const tiles = new Tiles(checkpoint.head.size, reader(tilesOf(forged.leaves)));
  for (const one of forged.written) {
    const sequence = BigInt(one.sequence);
    const entry = entryFromTiles(bundle, sequence);
    const proof = await tiles.inclusion(sequence);
    const found = await verifyInclusion(entry, checkpoint, sequence, proof);
    same([found.entry.claim.type, found.joined.length], [one.type, proof.length], "entry");
    const next = (sequence + 1n) % checkpoint.head.size;
    await refused("verify.wrong.inclusion", () => verifyInclusion(entry, checkpoint, next, proof));
    const changed = entry.slice();
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    await refusedAny(() => verifyInclusion(changed, checkpoint, sequence, proof));
  }
});

async function refusedAny(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Wrong) return;
    throw error;
  }
  throw new Error("it was taken");
}

test("a_damaged_bundle_is_refused", async () => {
  await refused("verify.wrong.bundle", () =>
    entryFromTiles(bundle.slice(0, -1), BigInt(forged.written.length - 1)),
  );
  await refused("verify.wrong.bundle", () => entryFromTiles(bundle, BigInt(forged.written.length)));
  await refused("verify.wrong.bundle", () => entryFromTiles(new Uint8Array(0), 0n));
});

test("the_golden_entries_can_be_read", () => {
  const folder = join(root, "tests/golden/entry");
  const names = readdirSync(folder).filter((name) => name.endsWith(".hex"));
  for (const name of names) {
    const data = fromHex(readFileSync(join(folder, name), "utf8").replaceAll(/\s/g, ""));
    same(data !== null && parseEntry(data).claim.type.includes("."), true, name);
  }
  same(names.length > 5, true, "golden entries");
});

await runAll();

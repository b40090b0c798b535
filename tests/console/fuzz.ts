// SPDX-License-Identifier: Apache-2.0
// Both verifiers on passports that are changed at random, for as long as is asked: by hand, not in ./test.
// usage: fuzz.mjs ROOT SEALWRIGHT-VERIFY SECONDS [SEED] [PASSPORT KEY …]
import { readFileSync, writeFileSync } from "node:fs";
import { type Bytes, concat } from "../../console/src/verify/bytes";
import { FAULTS, KEY } from "./faults";
import { forge } from "./forge";
import { StandAlone, bothJudge, bothSay } from "./suite";

const [, , , program = "", seconds = "60", seed = "1", ...more] = process.argv;

/** xorshift32: the same changes for the same seed. */
let state = Number(seed) >>> 0 || 1;
function below(n: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
}

type Mutation = (data: Bytes) => Bytes;
const cut = (data: Bytes, at: number, n: number): Bytes => concat(data.slice(0, at), data.slice(at + n));
const insert = (data: Bytes, at: number, piece: Bytes): Bytes =>
  concat(data.slice(0, at), piece, data.slice(at));
const set = (data: Bytes, at: number, value: number): Bytes => {
  const out = data.slice();
  out[at] = value;
  return out;
};
/** Heads and lengths that readers stumble over. */
const HEADS = [
  0x00, 0x17, 0x18, 0x1b, 0x40, 0x5b, 0x5f, 0x60, 0x80, 0x9b, 0x9f, 0xa0, 0xbb, 0xc0, 0xf4, 0xf6, 0xf7, 0xff,
];

const MUTATIONS: readonly Mutation[] = [
  (data) => {
    const at = below(data.length);
    return set(data, at, (data[at] ?? 0) ^ (1 << below(8)));
  },
  (data) => set(data, below(data.length), below(256)),
  (data) => set(data, below(data.length), HEADS[below(HEADS.length)] ?? 0),
  (data) => cut(data, below(data.length), 1 + below(8)),
  (data) =>
    insert(
      data,
      below(data.length),
      Uint8Array.from({ length: 1 + below(8) }, () => below(256)),
    ),
  (data) => {
    const from = below(data.length);
    return insert(data, below(data.length), data.slice(from, from + below(200)));
  },
  (data) => data.slice(0, below(data.length)),
];

/** Logs of our own, whole and faulty, and whatever passports were given. */
function* passports(): Generator<{ data: Bytes; key: string; whole: boolean }> {
  const changes = Object.values(FAULTS).flatMap((faults) => Object.values(faults));
  for (;;) {
    for (let i = 0; i + 1 < more.length; i += 2) {
      yield { data: new Uint8Array(readFileSync(more[i] ?? "")), key: more[i + 1] ?? "", whole: true };
    }
    yield { data: forge().bytes, key: KEY, whole: true };
    yield { data: forge(changes[below(changes.length)]).bytes, key: KEY, whole: false };
  }
}

async function main(): Promise<void> {
  const other = new StandAlone(program);
  const end = Date.now() + Number(seconds) * 1000;
  const counts = new Map<string, number>();
  let failed = 0;
  for (const { data, key, whole } of passports()) {
    if (Date.now() > end || failed > 20) break;
    let changed = data;
    // Some are left as they are: then a later step is reached.
    const changes = below(4);
    const judge = changes + (whole ? 0 : 1) > 1 ? bothJudge : bothSay;
    for (let n = changes; n > 0; n--) changed = MUTATIONS[below(MUTATIONS.length)]?.(changed) ?? changed;
    try {
      const { step } = await judge(other, changed, key);
      counts.set(step, (counts.get(step) ?? 0) + 1);
    } catch (error) {
      failed++;
      const file = `differs-${seed}-${failed}.passport`;
      writeFileSync(file, changed);
      console.log(`${file} (key ${key}): ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  other.done();
  const passed = [...counts.values()].reduce((sum, n) => sum + n, 0);
  console.log([...counts].map(([step, n]) => `${step}: ${n}`).join(", "));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();

// SPDX-License-Identifier: Apache-2.0
// The browser's verifier of passports. usage: verify_test.mjs ROOT SEALWRIGHT-VERIFY [--write]: both
// verifiers must say the same of every file; --write writes faults.golden, what each fault is told as.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bytes } from "../../console/src/verify/bytes";
import { verifyPassport } from "../../console/src/verify/passport";
import { FAULTS, HOLDS, KEY } from "./faults";
import { forge } from "./forge";
import { storyText, textsOf } from "./story_text";
import { StandAlone, bothSay, runAll, same, test } from "./suite";

const [, , root = ".", program = "", write] = process.argv;
const other = new StandAlone(program);
const golden = join(root, "tests/console/faults.golden");
const texts = textsOf(root, "en");

// ---- logs of our own ----

for (const [name, change] of Object.entries(HOLDS)) {
  test(`it_holds: ${name}`, async () => void (await bothSay(other, forge(change).bytes, KEY, "none")));
}

const told: string[] = [];
for (const [step, faults] of Object.entries(FAULTS)) {
  for (const [name, change] of Object.entries(faults)) {
    test(`at step ${step}: ${name}`, async () => {
      const { bytes } = forge(change);
      await bothSay(other, bytes, KEY, step);
      const { steps } = await verifyPassport(bytes, { logKey: KEY });
      const bad = steps.find((one) => one.verdict === "bad");
      const record = bad?.at === undefined ? "" : ` at ${bad.at.sequence}`;
      told.push(
        `${name}: ${bad?.id}${record}: ${bad?.code} ${Object.values(bad?.values ?? {}).join(" ")}`.trimEnd(),
      );
      same(texts.has(bad?.code ?? ""), true, `text ${bad?.code}`);
      const after = steps.slice(steps.findIndex((one) => one === bad) + 1);
      const rest = after.filter((one) => !["skipped", "good"].includes(one.verdict)).length;
      same(rest, 0, "steps behind one that does not hold");
    });
  }
}
test("each_fault_is_told_as_before_and_at_its_record", () => {
  if (write === "--write") writeFileSync(golden, `${told.join("\n")}\n`);
  const before = readFileSync(golden, "utf8").trimEnd().split("\n");
  const changed = told.filter((line) => !before.includes(line));
  same([changed, before.filter((line) => !told.includes(line))], [[], []], "faults.golden");
});

// ---- passports of the real program ----

function corpus(name: string): Bytes {
  return new Uint8Array(readFileSync(join(root, "tests/fuzz/corpus/passport", name)));
}
function corpusKey(name: string): string {
  const source = readFileSync(join(root, "tests/fuzz/log_key.h"), "utf8");
  const found =
    new RegExp(`#define ${name}\\b((?:[^"\\n]*"[^"]*"[^"\\n]*\\n)+|(?:.*\\\\\\n)+.*)`).exec(source)?.[1] ??
    "";
  return [...found.matchAll(/"([^"]*)"/g)].map((part) => part[1]).join("");
}
const REAL: [string, string][] = [
  ["unit", corpusKey("FUZZ_LOG_KEY")],
  ["built", corpusKey("FUZZ_LOG_KEY_BUILT")],
  ["shown", corpusKey("FUZZ_LOG_KEY_SHOWN")],
];

for (const [name, key] of REAL) {
  test(`both_say_the_same_of_the_passport ${name}`, async () =>
    void (await bothSay(other, corpus(name), key)));
  test(`both_tell_the_same_story_of ${name}`, async () => {
    const { verdict, passport } = await verifyPassport(corpus(name), { logKey: key });
    if (verdict === "good")
      same(await storyText(passport, texts), storyOf(other.verify(corpus(name), key).text), name);
  });
}
test("both_tell_the_same_story_of_a_log_of_our_own", async () => {
  const { bytes } = forge();
  const { passport } = await verifyPassport(bytes, { logKey: KEY });
  same(await storyText(passport, texts), storyOf(other.verify(bytes, KEY).text), "story");
});

/** Its lines about records: what the file says of itself has other words here. */
function storyOf(text: string): string[] {
  const lines = text.split("\n").filter((line) => /^ +\d+ {2}/.test(line));
  return lines.map((line) => line.replace(/ \(signed with a shift's key, opened at \d+\)$/, ""));
}

// ---- bytes that were changed ----

function flipped(data: Bytes, at: number): Bytes {
  const out = data.slice();
  out[at] = (out[at] ?? 0) ^ (1 << (at % 8));
  return out;
}
/** About this many places, in all regions of a file. */
function sweep(name: string, data: Bytes, key: string, places: number): void {
  test(`both_say_the_same_whatever_bit_changes_in ${name}`, async () => {
    const step = Math.max(1, Math.floor(data.length / places));
    for (let at = 0; at < data.length; at += step) await bothSay(other, flipped(data, at), key);
  });
}
sweep("a log of our own", forge().bytes, KEY, 400);
for (const [name, key] of REAL) sweep(name, corpus(name), key, name === "shown" ? 400 : 150);

test("a_cut_passport_cannot_be_read", async () => {
  const { bytes } = forge();
  for (let n = 0; n < bytes.length; n += 97) await bothSay(other, bytes.slice(0, n), KEY, "file");
});

await runAll();
other.done();

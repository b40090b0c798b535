// SPDX-License-Identifier: Apache-2.0
// Checkpoints, keys and bytes that are not as they should be. usage: hostile_test.mjs
import { base64, concat, fromBase64, fromHex, utf8 } from "../../console/src/verify/bytes";
import { decode } from "../../console/src/verify/cbor";
import { verifyCheckpoint } from "../../console/src/verify/log";
import { noteVerdict, openCheckpoint, parseNote, parseNoteKey } from "../../console/src/verify/note";
import { verifyPassport } from "../../console/src/verify/passport";
import { KEY } from "./faults";
import { checkpointOf, forge } from "./forge";
import { LOG_KEY, WITNESS_KEY } from "./forge_log";
import { refused, runAll, same, test } from "./suite";

const forged = forge();

// ---- checkpoints and keys ----

test("a_verifier_key_has_one_spelling", async () => {
  const [name = "", id = "", key = ""] = LOG_KEY.split("+", 2).concat(LOG_KEY.split("+").slice(2).join("+"));
  const raw = fromBase64(key) ?? new Uint8Array(0);
  same((await parseNoteKey(LOG_KEY))?.name, name, "key");
  const bad = [
    "",
    name,
    `${name}+${id}`,
    `${name}+00000000+${key}`,
    `${name}+${id.slice(1)}+${key}`,
    `+${id}+${key}`,
  ];
  bad.push(
    `a b+${id}+${key}`,
    `${name}+${id}+${key.slice(1)}`,
    `${name}+${id}+${key}=`,
    `${name}+${id}+${key}\n`,
  );
  bad.push(
    `${name}+${id}+${base64(concat(Uint8Array.of(2), raw.slice(1)))}`,
    `${name}x+${id}+${key}`,
    `\u2003+${id}+${key}`,
  );
  for (const one of bad) same(await parseNoteKey(one), null, one);
});

test("a_checkpoint_of_another_key_is_not_taken", async () => {
  const other = utf8(forged.checkpoint.replaceAll("ledger.example/log ", "ledger.example/log2 "));
  await refused("verify.wrong.checkpoint.unsigned", () => verifyCheckpoint(other, LOG_KEY));
  await refused("verify.unable.bad_key", () => verifyCheckpoint(utf8(forged.checkpoint), "no key"));
  await refused("verify.wrong.note.plain", () => verifyCheckpoint(Uint8Array.of(0xff), LOG_KEY));
  await refused("verify.wrong.checkpoint.bad", () =>
    verifyCheckpoint(utf8(forged.checkpoint.replace(/\n\d+\n/, "\n19\n")), LOG_KEY),
  );
});

test("a_cosignature_says_when_the_witness_saw_it", async () => {
  const witness = await parseNoteKey(WITNESS_KEY);
  if (witness === null) throw new Error("no witness");
  const { note } = openCheckpoint(utf8(checkpointOf(forged.leaves, 1800000123n)));
  same(await noteVerdict(note, witness), { verdict: "good", time: 1800000123n }, "cosignature");
  same((await noteVerdict({ ...note, text: `${note.text}x\n` }, witness)).verdict, "bad", "another text");
});

test("notes_are_read_strictly", async () => {
  const good = forged.checkpoint;
  const cases: [string, string][] = [
    ["verify.wrong.note.plain", good.replace("\n", "\r\n")],
    ["verify.wrong.note.plain", `\0${good}`],
    ["verify.wrong.note.empty_line", good.replace("\n\n", "\n")],
    ["verify.wrong.note.signature", `${good}x`],
    ["verify.wrong.note.signature", `${good}\n`],
    ["verify.wrong.note.signature", good.replace("\u2014 ", "- ")],
    ["verify.wrong.note.signature", good.replace(/=\n$/, "\n")],
    ["verify.wrong.note.large", good + good.slice(good.indexOf("\u2014")).repeat(60)],
    ["verify.wrong.note.large", `${"x".repeat(17000)}\n${good}`],
  ];
  for (const [code, text] of cases) await refused(code, () => parseNote(text));
});

// ---- hostile bytes ----

test("cbor_that_is_not_in_its_one_form_is_refused", async () => {
  const cases: [string, string][] = [
    ["early", ""],
    ["early", "18"],
    ["early", "9bffffffffffffffff"],
    ["early", "bbffffffffffffffff"],
    ["early", "5bffffffffffffffff"],
    ["early", "7a7fffffff61"],
    ["early", "9a00010000"],
    ["shortest", "1817"],
    ["shortest", "190018"],
    ["shortest", "1a0000ffff"],
    ["shortest", "1b00000000ffffffff"],
    ["indefinite", "9fff"],
    ["indefinite", "5f41aaff"],
    ["indefinite", "1c"],
    ["simple", "f7"],
    ["simple", "f0"],
    ["simple", "f97e00"],
    ["simple", "fb3ff0000000000000"],
    ["order", "a200000000"],
    ["order", "a201000000"],
    ["order", "a2616200616100"],
    ["order", "a262616100616200"],
    ["utf8", "61ff"],
    ["utf8", "62c080"],
    ["utf8", "63eda080"],
    ["deep", "81".repeat(17) + "00"],
    ["deep", "c1".repeat(5000) + "00"],
    ["trailing", "0000"],
  ];
  for (const [what, text] of cases) {
    await refused(`verify.wrong.encoding.${what}`, () => decode(fromHex(text) ?? new Uint8Array(0)));
  }
  decode(fromHex("81".repeat(16) + "80") ?? new Uint8Array(0));
});

test("whatever_the_file_is_the_answer_is_a_verdict", async () => {
  const files = [
    new Uint8Array(0),
    utf8("not a passport"),
    new Uint8Array((1 << 22) + 1),
    new Uint8Array(1000).fill(0x81),
  ];
  files.push(concat(forged.bytes, Uint8Array.of(0)), new Uint8Array(1 << 20).fill(0xa1));
  for (const one of files) {
    const { verdict, steps } = await verifyPassport(one, { logKey: KEY });
    const skipped = steps.slice(1).every((step) => step.verdict === "skipped");
    same([verdict, steps[0]?.verdict, skipped], ["bad", "bad", true], "verdict");
  }
});

test("without_a_trusted_key_nothing_is_good_and_nothing_is_bad", async () => {
  for (const trusted of [{}, { logKey: "" }, { logKey: "ledger.example/log" }]) {
    const { verdict, steps } = await verifyPassport(forged.bytes, trusted);
    same([verdict, steps[1]?.verdict], ["unknown", "unknown"], "verdict");
    same(
      steps.slice(2).every((step) => step.verdict === "skipped"),
      true,
      "later steps",
    );
  }
});

test("each_step_is_told_as_it_is_made", async () => {
  const told: string[] = [];
  const { steps } = await verifyPassport(forged.bytes, { logKey: KEY }, (step) => told.push(step.id));
  same(
    told,
    steps.map((step) => step.id),
    "steps",
  );
});

test("the_file_may_change_after_it_was_given", async () => {
  const data = forged.bytes.slice();
  const verifying = verifyPassport(data, { logKey: KEY });
  data.fill(0);
  same((await verifying).verdict, "good", "verdict");
});

await runAll();

// SPDX-License-Identifier: Apache-2.0
// Lists that stand in our C as well: both say the same, or a change of one was not made in the other.
// usage: sources_test.mjs ROOT
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UNSIGNED_TYPES } from "../../console/src/verify/authors";
import { STEPS } from "../../console/src/verify/passport";
import { NEEDED } from "../../console/src/verify/passport_file";
import { SECTIONS, SENTENCES } from "../../console/src/verify/story_table";
import { textsOf } from "./story_text";
import { runAll, same, test } from "./suite";

const root = process.argv[2] ?? ".";

function source(name: string): string {
  return readFileSync(join(root, name), "utf8");
}

/** The strings of the array with this name. */
function listOf(text: string, name: string): string[] {
  const start = text.indexOf(`${name}[] = {`);
  const inside = text.slice(start, text.indexOf("}", start));
  return [...inside.matchAll(/"([^"]*)"/g)].map((found) => found[1] ?? "");
}

test("the_same_chains_may_not_be_withheld", () => {
  same([...NEEDED].sort(), listOf(source("lib/core/passport.c"), "NEEDED").sort(), "NEEDED");
});

test("the_same_types_stand_unsigned", () => {
  const theirs = listOf(source("tools/verify/authors.c"), "UNSIGNED_TYPES");
  same([...UNSIGNED_TYPES].sort(), theirs.sort(), "UNSIGNED_TYPES");
});

const ROW = /\{"([a-z_.]+)", STORY_([A-Z]+), (?:NULL|"([a-z]+)"),\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}/g;

test("the_same_records_become_the_same_sentences", () => {
  const text = source("lib/core/passport_sentences.c");
  const table = text.slice(text.indexOf("STORY_SENTENCES[] = {"), text.indexOf("{0},"));
  const theirs = [...table.matchAll(ROW)].map(([, type, section, list = "", strings = ""]) => {
    const sentence = [...strings.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((part) => part[1]).join("");
    const fields = sentence.split("|").map((part) => [...part.matchAll(/\{([^}]+)\}/g)].map((one) => one[1]));
    return [type, section?.toLowerCase(), list, fields];
  });
  const ours = SENTENCES.map(({ type, section, list, parts }) => [type, section, list, parts]);
  same(ours.length > 30, true, "sentences");
  same(ours, theirs, "sentences");
});

/** Names of texts as they stand in the sources, whole. */
function namedTexts(): string[] {
  const folder = join(root, "console/src/verify");
  const names = readdirSync(folder).flatMap((file) =>
    [...source(`console/src/verify/${file}`).matchAll(/"((?:verify|story)\.[a-z0-9_.]+)"/g)].map(
      (one) => one[1],
    ),
  );
  const made = SENTENCES.flatMap(({ name, parts }) => parts.map((_, i) => `${name}.${i}`));
  const steps = STEPS.flatMap((id) => [`verify.step.${id}`, `verify.means.${id}`, `verify.good.${id}`]);
  const others = SECTIONS.map((section) => `story.section.${section}`);
  return [...new Set([...names, ...made, ...steps, ...others])].filter((name) => name !== undefined);
}

test("whatever_is_told_has_its_text_in_both_languages", () => {
  for (const language of ["en", "zh"]) {
    const texts = textsOf(root, language);
    const missing = namedTexts().filter((name) => !texts.has(name));
    same(missing, [], language);
  }
});

await runAll();

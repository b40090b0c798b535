// SPDX-License-Identifier: Apache-2.0
// A story in the words of the English texts, as `sealwright-verify` prints it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { utf8 } from "../../console/src/verify/bytes";
import type { Passport } from "../../console/src/verify/passport";
import { type StoryPart, type StoryValue, tellStory } from "../../console/src/verify/story";

export function textsOf(root: string, language: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const name of ["story.txt", "verify.txt"]) {
    const file = readFileSync(join(root, "messages/console", language, name), "utf8");
    for (const [, key = "", text = ""] of file.matchAll(/^([a-z][A-Za-z0-9_.-]*) = (.*)$/gm))
      out.set(key, text);
  }
  return out;
}

function shown(value: StoryValue | undefined): string {
  if (value === undefined) return "?";
  if (value.kind === "time") return new Date(Number(value.value)).toISOString().replace(/\.\d+Z$/, "Z");
  if (value.kind === "flag") return value.value ? "yes" : "no";
  return String(value.value);
}

function filled(part: StoryPart, texts: Map<string, string>): string {
  const text = texts.get(part.code) ?? `<${part.code}>`;
  return text.replace(/\{([a-z_]+)\}/g, (_, name: string) => shown(part.values[name]));
}

function joined(parts: StoryPart[], texts: Map<string, string>): string {
  return parts
    .map((part) => filled(part, texts))
    .reduce((before, after) => (/^[,;:]/.test(after) ? before + after : `${before} ${after}`));
}

/** What a terminal could obey stands as \xHH. */
function safe(text: string): string {
  let out = "";
  for (const byte of utf8(text)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    out += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return out;
}

/** The lines about records. */
export async function storyText(passport: Partial<Passport>, texts: Map<string, string>): Promise<string[]> {
  const { file, found } = passport;
  if (file === undefined || found === undefined) return [];
  const source = (name: string): string => texts.get(`story.source.${name}`) ?? "?";
  return (await tellStory(file, found))
    .filter((line) => line.sequence !== null)
    .map(
      (line) =>
        `${String(line.sequence).padStart(8)}  ${safe(joined(line.parts, texts))} [${source(line.source)}]`,
    );
}

// SPDX-License-Identifier: Apache-2.0
// ISO/IEC 15434 envelopes of format 06: fields that begin with data identifiers (ANSI MH10.8.2), between separators. Those
// that matter here are the ones that src/format/label.c knows. Where the separators were dropped, every way to cut the
// text at known identifiers is a reading.
import type { Reading } from "./label";

const FIELDS: Record<string, { means?: "serial" | "part_lot" | "part" | "manufacturer_part" | "quantity"; value?: RegExp }> = {
  P: { means: "part" }, "1P": { means: "manufacturer_part" }, "30P": {}, "1V": {}, "1T": { means: "part_lot" },
  "9D": { value: /^\d{4,8}$/ }, "10D": { value: /^\d{4}$/ }, Q: { means: "quantity", value: /^\d{1,10}$/ }, K: {}, "4K": {},
  "14K": {}, "1K": {}, "10K": {}, "11K": {}, "4L": { value: /^[A-Z]{2}$/ }, S: { means: "serial" }, "3S": {},
};
/** Identifiers that we do not know are the supplier's own. */
const IDENTIFIER = /^(\d{0,3}[A-Z])(.*)$/s;
const VALUE_MOST = 60;
const VALUE = /^[\x20-\x7e]{1,60}$/;
const READINGS_MOST = 32;
const STEPS_MOST = 20_000;

type Found = [identifier: string, value: string][];

function readingOf(found: Found): Reading {
  const reading: Reading = {};
  for (const [name, value] of found) {
    const means = FIELDS[name]?.means;
    if (means === "quantity") reading.quantity = Number(value);
    else if (means !== undefined) reading[means] = value;
  }
  return reading;
}

function whole(text: string): Reading[] | undefined {
  const found: Found = [];
  for (const field of text.split("\x1d")) {
    const [, name = "", given = ""] = IDENTIFIER.exec(field) ?? [];
    const value = given.trim();
    if (name === "") return [];
    if (value === "") continue;
    const known = FIELDS[name];
    if (!VALUE.test(value) || (known?.value !== undefined && !known.value.test(value))) return [];
    const before = found.find(([other]) => other === name);
    if (before !== undefined && before[1] !== value) return [];
    found.push([name, value]);
  }
  return [readingOf(found)];
}

class Cutter {
  readonly found: Found[] = [];
  #steps = 0;

  constructor(private readonly text: string) {}

  cut(at: number, before: Found): boolean {
    if (++this.#steps > STEPS_MOST || this.found.length > READINGS_MOST) return false;
    if (at === this.text.length) {
      this.found.push(before);
      return true;
    }
    for (const [name, field] of Object.entries(FIELDS)) {
      if (!this.text.startsWith(name, at) || before.some(([other]) => other === name)) continue;
      const from = at + name.length;
      for (let end = Math.min(this.text.length, from + VALUE_MOST); end > from; end--) {
        const value = this.text.slice(from, end);
        if (!VALUE.test(value) || (field.value !== undefined && !field.value.test(value))) continue;
        if (!this.cut(end, [...before, [name, value]])) return false;
      }
    }
    return true;
  }
}

/** What follows `[)>`. Undefined: the separators are lost, and there is no reading, or too many. */
export function fields(text: string): Reading[] | undefined {
  const separated = /^\x1e?(\d{2})\x1d(.*?)(?:\x1e\x04?|\x04)?$/s.exec(text);
  if (separated !== null) return separated[1] === "06" && !/[\x1e\x04]/.test(separated[2] ?? "") ? whole(separated[2] ?? "") : [];
  const rest = /^\x1e?06(.+?)(?:\x1e\x04?|\x04)?$/s.exec(text)?.[1];
  if (rest === undefined) return undefined;
  const cutter = new Cutter(rest.replaceAll("\x1d", ""));
  if (!cutter.cut(0, []) || cutter.found.length === 0) return undefined;
  return cutter.found.map(readingOf);
}

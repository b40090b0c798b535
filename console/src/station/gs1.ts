// SPDX-License-Identifier: Apache-2.0
// GS1 element strings (GS1 General Specifications, section 3): application identifiers, each with its value. What has a
// variable length ends with a separator; where that was dropped, every way to cut the string is a reading.
import type { Reading } from "./label";

interface Identifier {
  least: number;
  most: number;
  digits: boolean;
  means?: "serial" | "part_lot" | "part" | "quantity";
  check?: "date" | "digit";
}

const fixed = (n: number, check?: "date" | "digit"): Identifier => ({ least: n, most: n, digits: true, ...(check ? { check } : {}) });
const text = (most: number, means?: Identifier["means"]): Identifier => ({ least: 1, most, digits: false, ...(means ? { means } : {}) });
const count: Identifier = { least: 1, most: 8, digits: true, means: "quantity" };

/** Those that labels of units, parts and cartons carry. */
const IDENTIFIERS: Record<string, Identifier> = {
  "00": fixed(18, "digit"), "01": fixed(14, "digit"), "02": fixed(14, "digit"), "10": text(20, "part_lot"), "11": fixed(6, "date"),
  "12": fixed(6, "date"), "13": fixed(6, "date"), "15": fixed(6, "date"), "16": fixed(6, "date"), "17": fixed(6, "date"),
  "20": fixed(2), "21": text(20, "serial"), "22": text(20), "240": text(30, "part"), "241": text(30, "part"), "250": text(30),
  "30": count, "37": count, "400": text(30), "410": fixed(13, "digit"), "411": fixed(13, "digit"), "412": fixed(13, "digit"),
  "414": fixed(13, "digit"), "420": text(20), "422": fixed(3), "90": text(30), "91": text(90), "92": text(90), "93": text(90),
  "94": text(90), "95": text(90), "96": text(90), "97": text(90), "98": text(90), "99": text(90),
};

const SEPARATOR = "\x1d";
const VALUE = /^[!"%-?A-Z_a-z]+$/;
const READINGS_MOST = 32;
const STEPS_MOST = 20_000;

/** Section 7.9.1: weights 3 and 1 from the right. */
function hasCheckDigit(value: string): boolean {
  const sum = [...value].reverse().reduce((total, digit, i) => total + Number(digit) * (i % 2 === 1 ? 3 : 1), 0);
  return sum % 10 === 0;
}

function isDate(value: string): boolean {
  const [month, day] = [Number(value.slice(2, 4)), Number(value.slice(4))];
  return month >= 1 && month <= 12 && day <= 31;
}

function fits(one: Identifier, value: string): boolean {
  if (value.length < one.least || value.length > one.most || !VALUE.test(value)) return false;
  if (one.digits && !/^\d+$/.test(value)) return false;
  return one.check === "digit" ? hasCheckDigit(value) : one.check !== "date" || isDate(value);
}

type Found = [identifier: string, value: string][];

class Reader {
  readonly found: Found[] = [];
  #steps = 0;

  constructor(private readonly string: string) {}

  /** False when there are too many ways to read it. */
  read(at: number, before: Found): boolean {
    if (++this.#steps > STEPS_MOST || this.found.length > READINGS_MOST) return false;
    if (at === this.string.length) {
      this.found.push(before);
      return true;
    }
    return [2, 3].every((n) => {
      const name = this.string.slice(at, at + n);
      const one = IDENTIFIERS[name];
      if (one === undefined || name.length !== n || before.some(([other]) => other === name)) return true;
      return this.#values(name, one, at + n, before);
    });
  }

  #values(name: string, one: Identifier, at: number, before: Found): boolean {
    const separator = this.string.indexOf(SEPARATOR, at);
    const whole = separator < 0 ? this.string.length : separator;
    const take = (end: number): boolean => {
      const value = this.string.slice(at, end);
      if (!fits(one, value)) return true;
      return this.read(this.string[end] === SEPARATOR ? end + 1 : end, [...before, [name, value]]);
    };
    if (one.least === one.most) return take(at + one.least);
    if (whole - at <= one.most && !take(whole)) return false;
    for (let end = Math.min(at + one.most, whole - 1); end > at; end--) if (!take(end)) return false;
    return true;
  }
}

function readingOf(found: Found): Reading {
  const reading: Reading = {};
  for (const [name, value] of found) {
    const means = IDENTIFIERS[name]?.means;
    if (means === "quantity") reading.quantity = Number(value);
    else if (means !== undefined) reading[means] = value;
  }
  return reading;
}

/** Every reading, those first that need no dropped separator; undefined: none, or too many. */
export function elements(string: string): Reading[] | undefined {
  const reader = new Reader(string);
  if (!reader.read(0, []) || reader.found.length === 0) return undefined;
  return reader.found.map(readingOf);
}

// SPDX-License-Identifier: Apache-2.0
// Code 128 (ISO/IEC 15417): bars for the labels that the station prints itself. Code set B, and C for runs of digits.

/** Widths of bars and spaces, in modules, of the values 0 to 105; the stop pattern has one bar more. */
const PATTERNS =
  "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 " +
  "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 " +
  "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 " +
  "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 " +
  "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 " +
  "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 " +
  "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232";
const WIDTHS = PATTERNS.split(" ");
const STOP = "2331112";

const START_B = 104;
const START_C = 105;
const TO_C = 99;
const TO_B = 100;

/** Values between start and check; the first one is the start. Printable ASCII only. */
function valuesOf(text: string): number[] {
  if (!/^[\x20-\x7e]+$/.test(text)) throw new RangeError("Code 128 set B has printable ASCII only");
  const values: number[] = [];
  let inC = false;
  for (let at = 0; at < text.length; ) {
    const digits: number = /^\d*/.exec(text.slice(at))?.[0].length ?? 0;
    // A change of set costs one symbol, so that it must save more (section 4.3.2.1, annex E).
    const wantC: boolean = inC ? digits >= 2 : digits >= 6 || (digits >= 4 && (at === 0 || at + digits === text.length));
    if (wantC !== inC || at === 0) values.push(at === 0 ? (wantC ? START_C : START_B) : wantC ? TO_C : TO_B);
    inC = wantC;
    values.push(inC ? Number(text.slice(at, at + 2)) : text.charCodeAt(at) - 32);
    at += inC ? 2 : 1;
  }
  return values;
}

/** Widths of bars and spaces in turn, the first one a bar, with start, check and stop. */
export function code128(text: string): number[] {
  const values = valuesOf(text);
  const check = values.reduce((sum, value, i) => sum + value * Math.max(i, 1), 0) % 103;
  const all = [...values, check].map((value) => WIDTHS[value] ?? "").join("") + STOP;
  return [...all].map(Number);
}

const QUIET = 10;

/** An SVG path of the bars, one module wide and one unit high each; `width` with quiet zones of ten modules. */
export function code128Path(text: string): { path: string; width: number } {
  let at = QUIET;
  let path = "";
  for (const [i, width] of code128(text).entries()) {
    if (i % 2 === 0) path += `M${at} 0h${width}v1h-${width}z`;
    at += width;
  }
  return { path, width: at + QUIET };
}

// SPDX-License-Identifier: Apache-2.0
// Reads a QR code of byte mode and level M without any error: what is not exactly as ISO/IEC 18004 has it is refused. It
// knows nothing of how console/src/base/qr.ts makes one: patterns are looked for, and corrections are checked as roots.

const CORRECTION = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
/** Blocks of level M: so many of the shorter, so many of the longer kind (table 9). */
const SHORT = [1, 1, 1, 2, 2, 4, 4, 2, 3, 4, 1, 6, 8, 4, 5, 7, 10, 9, 3, 3];
const LONG = [0, 0, 0, 0, 0, 0, 0, 2, 2, 1, 4, 2, 1, 5, 5, 3, 1, 4, 11, 13];
/** Centers of alignment patterns (annex E). */
const CENTERS = [
  [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50],
  [6, 30, 54], [6, 32, 58], [6, 34, 62], [6, 26, 46, 66], [6, 26, 48, 70], [6, 26, 50, 74], [6, 30, 54, 78],
  [6, 30, 56, 82], [6, 30, 58, 86], [6, 34, 62, 90],
];
/** Format words of level M, masks 0 to 7 (annex C, table C.1). */
const FORMATS = ["101010000010010", "101000100100101", "101111001111100", "101101101001011",
  "100010111111001", "100000011001110", "100111110010111", "100101010100000"];
const FORMATS_VERSION_7 = "000111110010010100";

const MASKS: ((i: number, j: number) => boolean)[] = [
  (i, j) => (i + j) % 2 === 0,
  (i) => i % 2 === 0,
  (_, j) => j % 3 === 0,
  (i, j) => (i + j) % 3 === 0,
];

function need(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not a QR code: ${what}`);
}

function isFunction(size: number, version: number, i: number, j: number): boolean {
  const edge = size - 9;
  if ((i < 9 && (j < 9 || j > edge)) || (i > edge && j < 9) || i === 6 || j === 6) return true;
  if (version >= 7 && ((i < 6 && j >= size - 11) || (j < 6 && i >= size - 11))) return true;
  const centers = CENTERS[version - 1] ?? [];
  const last = centers.at(-1) ?? 0;
  return centers.some((ci) =>
    centers.some((cj) => {
      const corner = (ci === 6 && (cj === 6 || cj === last)) || (ci === last && cj === 6);
      return !corner && Math.abs(i - ci) <= 2 && Math.abs(j - cj) <= 2;
    }),
  );
}

/** Both copies of the format word, the most significant bit first. */
function maskOf(at: (i: number, j: number) => string, size: number): (i: number, j: number) => boolean {
  let first = "";
  for (const j of [0, 1, 2, 3, 4, 5, 7, 8]) first += at(8, j);
  for (const i of [7, 5, 4, 3, 2, 1, 0]) first += at(i, 8);
  let second = "";
  for (let n = 0; n < 7; n++) second += at(size - 1 - n, 8);
  for (let n = 8; n > 0; n--) second += at(8, size - n);
  need(first === second, "two formats");
  const mask = MASKS[FORMATS.indexOf(first)];
  if (mask === undefined) throw new Error(`not a QR code: format ${first}`);
  return mask;
}

// ---- GF(256) by logarithms ----

const EXP: number[] = [];
for (let i = 0, x = 1; i < 255; i++) {
  EXP.push(x);
  x = x < 128 ? x * 2 : (x * 2) ^ 0x11d;
}

/** A block is right if every root of the generator is a root of it. */
function holds(block: number[], correction: number): boolean {
  for (let root = 0; root < correction; root++) {
    let sum = 0;
    for (const byte of block) sum = (sum === 0 ? 0 : (EXP[(EXP.indexOf(sum) + root) % 255] ?? 0)) ^ byte;
    if (sum !== 0) return false;
  }
  return true;
}

function dataOf(bytes: number[], version: number): number[] {
  const correction = CORRECTION[version - 1] ?? 0;
  const short = SHORT[version - 1] ?? 0;
  const blocks = short + (LONG[version - 1] ?? 0);
  const size = Math.floor(bytes.length / blocks) - correction;
  const parts: number[][] = Array.from({ length: blocks }, () => []);
  let at = 0;
  for (let i = 0; i <= size; i++) {
    parts.forEach((part, n) => {
      if (i < size || n >= short) part.push(bytes[at++] ?? 0);
    });
  }
  const out = parts.flat();
  for (let i = 0; i < correction; i++) for (const part of parts) part.push(bytes[at++] ?? 0);
  need(at === bytes.length, "length of its blocks");
  need(parts.every((part) => holds(part, correction)), "correction");
  return out;
}

export function readQr(rows: boolean[][]): string {
  const size = rows.length;
  const version = (size - 17) / 4;
  const at = (i: number, j: number) => (rows[i]?.[j] === true ? "1" : "0");
  const mask = maskOf(at, size);
  for (let i = 8; i < size - 8; i++) need(at(6, i) === at(i, 6) && at(6, i) === String((i + 1) % 2), "timing");
  need(at(size - 8, 8) === "1", "the dark module");
  if (version === 7) {
    const word = Array.from({ length: 18 }, (_, n) => at(Math.floor((17 - n) / 3), size - 11 + ((17 - n) % 3))).join("");
    need(word === FORMATS_VERSION_7, `version ${word}`);
  }
  let bits = "";
  let up = true;
  for (let j = size - 1; j > 0; j -= 2, up = !up) {
    if (j === 6) j--;
    for (let n = 0; n < size; n++) {
      const i = up ? size - 1 - n : n;
      for (const column of [j, j - 1]) {
        if (!isFunction(size, version, i, column)) bits += (at(i, column) === "1") !== mask(i, column) ? "1" : "0";
      }
    }
  }
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
  const stream = dataOf(bytes, version).map((byte) => byte.toString(2).padStart(8, "0")).join("");
  need(stream.startsWith("0100"), "byte mode");
  const width = version < 10 ? 8 : 16;
  const n = parseInt(stream.slice(4, 4 + width), 2);
  const content = stream.slice(4 + width, 4 + width + 8 * n).match(/.{8}/g) ?? [];
  return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(content, (byte) => parseInt(byte, 2)));
}

// SPDX-License-Identifier: Apache-2.0
// QR codes (ISO/IEC 18004:2015) of bytes, error correction level M, versions 1 to 20: enough for an address of 660 bytes.

/** Error correction bytes of a block, and blocks, by version (table 9, level M). */
const CORRECTION = [0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BLOCKS = [0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];
const VERSION_MAX = 20;
const BYTE_MODE = 4;
/** Level M is 00 in the format's first two bits. */
const LEVEL_M = 0;

/** Bytes of data and of correction together (7.1, table 1). */
function rawBytes(version: number): number {
  const side = 16 * version + 128;
  let modules = side * version + 64;
  if (version >= 2) {
    const aligned = Math.floor(version / 7) + 2;
    modules -= (25 * aligned - 10) * aligned - 55;
    if (version >= 7) modules -= 36;
  }
  return Math.floor(modules / 8);
}

function dataBytes(version: number): number {
  return rawBytes(version) - (CORRECTION[version] ?? 0) * (BLOCKS[version] ?? 0);
}

// ---- Reed-Solomon over GF(256), polynomial 0x11d (7.5) ----

function times(x: number, y: number): number {
  let z = 0;
  for (let i = 7; i >= 0; i--) {
    z = (z << 1) ^ ((z >>> 7) * 0x11d);
    if (((y >>> i) & 1) === 1) z ^= x;
  }
  return z;
}

function divisor(degree: number): number[] {
  const out = new Array<number>(degree).fill(0);
  out[degree - 1] = 1;
  let root = 1;
  for (let i = 0; i < degree; i++) {
    for (let j = 0; j < degree; j++) out[j] = times(out[j] ?? 0, root) ^ (out[j + 1] ?? 0);
    root = times(root, 2);
  }
  return out;
}

function remainder(data: number[], by: number[]): number[] {
  const out = by.map(() => 0);
  for (const byte of data) {
    const factor = byte ^ (out.shift() ?? 0);
    out.push(0);
    by.forEach((coefficient, i) => (out[i] = (out[i] ?? 0) ^ times(coefficient, factor)));
  }
  return out;
}

/** The data in blocks, each with its correction, taken in turns (7.6). */
function interleaved(data: number[], version: number): number[] {
  const blocks = BLOCKS[version] ?? 1;
  const correction = CORRECTION[version] ?? 0;
  const short = Math.floor(data.length / blocks);
  const long = data.length % blocks;
  const by = divisor(correction);
  const parts: number[][] = [];
  const checks: number[][] = [];
  for (let i = 0, at = 0; i < blocks; i++) {
    const size = short + (i >= blocks - long ? 1 : 0);
    const part = data.slice(at, at + size);
    at += size;
    parts.push(part);
    checks.push(remainder(part, by));
  }
  const out: number[] = [];
  for (let i = 0; i <= short; i++) for (const part of parts) if (i < part.length) out.push(part[i] ?? 0);
  for (let i = 0; i < correction; i++) for (const check of checks) out.push(check[i] ?? 0);
  return out;
}

/** Mode, length, bytes, end, and padding (7.4). */
function coded(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const put = (value: number, n: number) => {
    for (let i = n - 1; i >= 0; i--) bits.push((value >>> i) & 1);
  };
  const room = 8 * dataBytes(version);
  put(BYTE_MODE, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, room - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < room; pad ^= 0xec ^ 0x11) put(pad, 8);
  return Array.from({ length: bits.length / 8 }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduce((byte, bit) => (byte << 1) | bit, 0),
  );
}

// ---- the picture ----

class Grid {
  readonly size: number;
  readonly dark: boolean[][];
  readonly fixed: boolean[][];

  constructor(readonly version: number) {
    this.size = 17 + 4 * version;
    this.dark = Array.from({ length: this.size }, () => new Array<boolean>(this.size).fill(false));
    this.fixed = Array.from({ length: this.size }, () => new Array<boolean>(this.size).fill(false));
  }

  at(x: number, y: number): boolean {
    return this.dark[y]?.[x] ?? false;
  }

  set(x: number, y: number, dark: boolean): void {
    const row = this.dark[y];
    if (row !== undefined && x >= 0 && x < this.size) row[x] = dark;
  }

  fix(x: number, y: number, dark: boolean): void {
    const row = this.fixed[y];
    if (row === undefined || x < 0 || x >= this.size) return;
    row[x] = true;
    this.set(x, y, dark);
  }

  isFixed(x: number, y: number): boolean {
    return this.fixed[y]?.[x] ?? true;
  }
}

function alignments(version: number): number[] {
  if (version === 1) return [];
  const n = Math.floor(version / 7) + 2;
  const step = Math.ceil((4 * version + 4) / (2 * n - 2)) * 2;
  const last = 4 * version + 10;
  return [6, ...Array.from({ length: n - 1 }, (_, i) => last - (n - 2 - i) * step)];
}

function putPatterns(g: Grid): void {
  for (let i = 0; i < g.size; i++) {
    g.fix(6, i, i % 2 === 0);
    g.fix(i, 6, i % 2 === 0);
  }
  for (const [cx, cy] of [[3, 3], [g.size - 4, 3], [3, g.size - 4]] as const) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const ring = Math.max(Math.abs(dx), Math.abs(dy));
        g.fix(cx + dx, cy + dy, ring !== 2 && ring !== 4);
      }
    }
  }
  const places = alignments(g.version);
  const last = places.length - 1;
  places.forEach((cx, i) =>
    places.forEach((cy, j) => {
      if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return;
      for (let dy = -2; dy <= 2; dy++) {
        for (let dx = -2; dx <= 2; dx++) g.fix(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
      }
    }),
  );
}

/** The value followed by its BCH remainder (annexes C and D). */
function withCheck(value: number, checkBits: number, polynomial: number): number {
  let rest = value;
  for (let i = 0; i < checkBits; i++) rest = (rest << 1) ^ ((rest >>> (checkBits - 1)) * polynomial);
  return (value << checkBits) | rest;
}

function putFormat(g: Grid, mask: number): void {
  const bits = withCheck((LEVEL_M << 3) | mask, 10, 0x537) ^ 0x5412;
  const bit = (i: number) => ((bits >>> i) & 1) === 1;
  for (let i = 0; i < 8; i++) {
    g.fix(8, i < 6 ? i : i + 1, bit(i));
    g.fix(g.size - 1 - i, 8, bit(i));
  }
  for (let i = 8; i < 15; i++) {
    g.fix(i === 8 ? 7 : 14 - i, 8, bit(i));
    g.fix(8, g.size - 15 + i, bit(i));
  }
  g.fix(8, g.size - 8, true);
}

function putVersion(g: Grid): void {
  if (g.version < 7) return;
  const bits = withCheck(g.version, 12, 0x1f25);
  for (let i = 0; i < 18; i++) {
    const dark = ((bits >>> i) & 1) === 1;
    const a = g.size - 11 + (i % 3);
    const b = Math.floor(i / 3);
    g.fix(a, b, dark);
    g.fix(b, a, dark);
  }
}

/** Upwards and downwards in columns of two, from the right (7.7.3). */
function putBytes(g: Grid, bytes: number[]): void {
  let i = 0;
  for (let right = g.size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    const up = ((right + 1) & 2) === 0;
    for (let step = 0; step < g.size; step++) {
      const y = up ? g.size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (g.isFixed(x, y)) continue;
        g.set(x, y, (((bytes[i >>> 3] ?? 0) >>> (7 - (i & 7))) & 1) === 1);
        i++;
      }
    }
  }
}

/** Mask 0 (7.8.2): every reader undoes any of the eight, and data here is never uniform. */
function putMask(g: Grid): void {
  for (let y = 0; y < g.size; y++) {
    for (let x = 0; x < g.size; x++) {
      if (!g.isFixed(x, y) && (x + y) % 2 === 0) g.set(x, y, !g.at(x, y));
    }
  }
}

/** Rows of modules, true is dark; null if the text is too long. */
export function qrCode(text: string): boolean[][] | null {
  const bytes = new TextEncoder().encode(text);
  for (let version = 1; version <= VERSION_MAX; version++) {
    const head = version < 10 ? 12 : 20;
    if (head + 8 * bytes.length > 8 * dataBytes(version)) continue;
    const g = new Grid(version);
    putPatterns(g);
    putFormat(g, 0);
    putVersion(g);
    putBytes(g, interleaved(coded(bytes, version), version));
    putMask(g);
    return g.dark;
  }
  return null;
}

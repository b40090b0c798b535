// SPDX-License-Identifier: Apache-2.0
// Bytes, and their spellings as text. Each value has one spelling; any other is refused.
import { need } from "./wrong";

/** Bytes that WebCrypto takes: not in memory that others can change meanwhile. */
export type Bytes = Uint8Array<ArrayBuffer>;

export const NO_BYTES: Bytes = new Uint8Array(0);

export function compare(a: Bytes, b: Bytes): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const order = (a[i] ?? 0) - (b[i] ?? 0);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export function equal(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && compare(a, b) === 0;
}

export function concat(...parts: readonly Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function bytes(...values: readonly number[]): Bytes {
  return Uint8Array.from(values);
}

const encoder = new TextEncoder();
// A byte order mark is a character like any other: what is signed must come out as it went in.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Bytes {
  return new Uint8Array(encoder.encode(text));
}

/** Null if it is not valid UTF-8. */
export function textOf(data: Bytes): string | null {
  try {
    return decoder.decode(data);
  } catch {
    return null;
  }
}

export function hex(data: Bytes): string {
  let out = "";
  for (const byte of data) out += byte.toString(16).padStart(2, "0");
  return out;
}

export function fromHex(text: string): Bytes | null {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** With padding, in the one spelling that the bytes have (RFC 4648 section 3.5), or null. */
export function fromBase64(text: string): Bytes | null {
  if (text.length % 4 !== 0) return null;
  const digits = text.replace(/={1,2}$/, "");
  const out = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let have = 0;
  let at = 0;
  for (const digit of digits) {
    const value = DIGITS.indexOf(digit);
    if (value < 0) return null;
    bits = ((bits << 6) | value) & 0xffff;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out[at++] = (bits >> have) & 0xff;
  }
  return (bits & ((1 << have) - 1)) === 0 ? out : null;
}

export function base64(data: Bytes): string {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text);
}

export function base64url(data: Bytes): string {
  return base64(data).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Reads numbers and spans, most significant byte first. */
export class Cursor {
  private at = 0;

  constructor(
    private readonly data: Bytes,
    private readonly code: string,
  ) {}

  get left(): number {
    return this.data.length - this.at;
  }

  take(n: number): Bytes {
    need(n <= this.left, this.code);
    this.at += n;
    return this.data.subarray(this.at - n, this.at);
  }

  number(size: 1 | 2 | 4): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  end(): void {
    need(this.left === 0, this.code);
  }
}

export function bigEndian(value: bigint, size: number): Bytes {
  const out = new Uint8Array(size);
  for (let i = size - 1; i >= 0; i--) {
    out[i] = Number(value & 0xffn);
    value >>= 8n;
  }
  return out;
}

export function bigOf(data: Bytes): bigint {
  return data.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

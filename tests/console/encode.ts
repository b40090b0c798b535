// SPDX-License-Identifier: Apache-2.0
// Writers of CBOR, DER and SSH strings, for making what the verifier reads.
import { type Bytes, bigEndian, compare, concat, utf8 } from "../../console/src/verify/bytes";

export class Tag {
  constructor(
    readonly number: number,
    readonly value: Value,
  ) {}
}
/** Maps with numbers as keys are Map; those with texts are objects. */
export type Value =
  | number
  | bigint
  | string
  | boolean
  | null
  | Bytes
  | Tag
  | Value[]
  | Map<number, Value>
  | { [name: string]: Value };

function head(major: number, value: number | bigint): Bytes {
  const v = BigInt(value);
  const top = major << 5;
  if (v < 24n) return Uint8Array.of(top | Number(v));
  const power = v < 0x100n ? 0 : v < 0x10000n ? 1 : v < 0x100000000n ? 2 : 3;
  return concat(Uint8Array.of(top | (24 + power)), bigEndian(v, 1 << power));
}

function map(pairs: [Value, Value][]): Bytes {
  const coded = pairs.map(([key, value]): [Bytes, Bytes] => [encode(key), encode(value)]);
  coded.sort((a, b) => compare(a[0], b[0]));
  return concat(head(5, coded.length), ...coded.flat());
}

/** Core deterministic encoding (RFC 8949 section 4.2.1). */
export function encode(value: Value): Bytes {
  if (typeof value === "number" || typeof value === "bigint") {
    return value < 0 ? head(1, -1n - BigInt(value)) : head(0, value);
  }
  if (typeof value === "string") return concat(head(3, utf8(value).length), utf8(value));
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (value === null) return Uint8Array.of(0xf6);
  if (value instanceof Uint8Array) return concat(head(2, value.length), value);
  if (value instanceof Tag) return concat(head(6, value.number), encode(value.value));
  if (Array.isArray(value)) return concat(head(4, value.length), ...value.map(encode));
  return map(value instanceof Map ? [...value] : Object.entries(value));
}

// ---- DER ----

export function der(tag: number, ...content: Bytes[]): Bytes {
  const inside = concat(...content);
  const n = inside.length;
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return concat(Uint8Array.of(tag, ...length), inside);
}

export function derNumber(value: Bytes): Bytes {
  let at = 0;
  while (at < value.length - 1 && value[at] === 0) at++;
  const short = value.slice(at);
  return der(0x02, ((short[0] ?? 0) & 0x80) !== 0 ? concat(Uint8Array.of(0), short) : short);
}

export function derSignature(raw: Bytes): Bytes {
  return der(0x30, derNumber(raw.slice(0, 32)), derNumber(raw.slice(32)));
}

// ---- SSH ----

export function sshString(value: Bytes | string): Bytes {
  const data = typeof value === "string" ? utf8(value) : value;
  return concat(bigEndian(BigInt(data.length), 4), data);
}

export function sshNumber(value: Bytes): Bytes {
  return sshString(derNumber(value).slice(2));
}

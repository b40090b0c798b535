// SPDX-License-Identifier: Apache-2.0
// CBOR in the core deterministic encoding of RFC 8949 section 4.2.1 and nothing else: shortest heads,
// definite lengths, map keys sorted bytewise and unique, valid UTF-8, no simple values but false, true and
// null.
import { type Bytes, bigEndian, compare, concat, textOf, utf8 } from "./bytes";
import { Wrong, need } from "./wrong";

export type Item =
  | { kind: "uint"; value: bigint; raw: Bytes }
  | { kind: "nint"; value: bigint; raw: Bytes }
  | { kind: "bytes"; value: Bytes; raw: Bytes }
  | { kind: "text"; value: string; size: number; raw: Bytes }
  | { kind: "array"; items: Item[]; raw: Bytes }
  | { kind: "map"; pairs: [Item, Item][]; raw: Bytes }
  | { kind: "tag"; tag: bigint; item: Item; raw: Bytes }
  | { kind: "bool"; value: boolean; raw: Bytes }
  | { kind: "null"; raw: Bytes };

export const DEPTH_MAX = 16;

const SIMPLE = 7;
const SIMPLE_FALSE = 20;
const SIMPLE_TRUE = 21;
const SIMPLE_NULL = 22;
const INFO_U8 = 24;
const INFO_U64 = 27;

interface Head {
  major: number;
  value: bigint;
}

class Decoder {
  at = 0;

  constructor(
    private readonly data: Bytes,
    private readonly depthMax: number,
  ) {}

  wrong(what: string): never {
    throw new Wrong(`verify.wrong.encoding.${what}`, { at: String(this.at) });
  }

  private take(n: bigint): Bytes {
    if (n > BigInt(this.data.length - this.at)) this.wrong("early");
    this.at += Number(n);
    return this.data.subarray(this.at - Number(n), this.at);
  }

  private head(): Head {
    const first = this.take(1n)[0] ?? 0;
    const major = first >> 5;
    const info = first & 31;
    if (major === SIMPLE && (info < SIMPLE_FALSE || info > SIMPLE_NULL)) this.wrong("simple");
    if (info > INFO_U64) this.wrong("indefinite");
    if (info < INFO_U8) return { major, value: BigInt(info) };
    const size = 1 << (info - INFO_U8);
    const value = this.take(BigInt(size)).reduce((v, byte) => (v << 8n) | BigInt(byte), 0n);
    const least = size === 1 ? BigInt(INFO_U8) : 1n << BigInt(4 * size);
    if (value < least) this.wrong("shortest");
    return { major, value };
  }

  /** Every item takes a byte at least: a larger count is a lie that must not size anything. */
  private count(n: bigint, each: number): number {
    if (n > BigInt(Math.floor((this.data.length - this.at) / each))) this.wrong("early");
    return Number(n);
  }

  private text(n: bigint): { value: string; size: number } {
    const span = this.take(n);
    const value = textOf(span);
    return value === null ? this.wrong("utf8") : { value, size: span.length };
  }

  private pairs(n: number, depth: number): [Item, Item][] {
    const out: [Item, Item][] = [];
    for (let i = 0; i < n; i++) {
      const key = this.item(depth);
      const last = out.at(-1);
      if (last !== undefined && compare(last[0].raw, key.raw) >= 0) this.wrong("order");
      out.push([key, this.item(depth)]);
    }
    return out;
  }

  /** What is empty has no level of its own. */
  private deeper(n: number, depth: number): number {
    if (n > 0 && depth === this.depthMax) this.wrong("deep");
    return depth + 1;
  }

  item(depth: number): Item {
    const start = this.at;
    const { major, value } = this.head();
    const raw = (): Bytes => this.data.subarray(start, this.at);
    switch (major) {
      case 0:
        return { kind: "uint", value, raw: raw() };
      case 1:
        return { kind: "nint", value: -1n - value, raw: raw() };
      case 2:
        return { kind: "bytes", value: this.take(value), raw: raw() };
      case 3:
        return { kind: "text", ...this.text(value), raw: raw() };
      case 4: {
        const n = this.count(value, 1);
        const inside = this.deeper(n, depth);
        const items = Array.from({ length: n }, () => this.item(inside));
        return { kind: "array", items, raw: raw() };
      }
      case 5: {
        const n = this.count(value, 2);
        const pairs = this.pairs(n, this.deeper(n, depth));
        return { kind: "map", pairs, raw: raw() };
      }
      case 6: {
        const item = this.item(this.deeper(this.count(1n, 1), depth));
        return { kind: "tag", tag: value, item, raw: raw() };
      }
      default:
        if (value === BigInt(SIMPLE_NULL)) return { kind: "null", raw: raw() };
        return { kind: "bool", value: value === BigInt(SIMPLE_TRUE), raw: raw() };
    }
  }
}

/** Exactly one item, nested at most `depthMax` deep. Throws Wrong. */
export function decode(data: Bytes, depthMax: number = DEPTH_MAX): Item {
  const decoder = new Decoder(data, depthMax);
  const item = decoder.item(0);
  if (decoder.at !== data.length) decoder.wrong("trailing");
  return item;
}

// ---- shapes ----

/** Says where: the code of a text whose {member} is the place in the format. */
export class Shape {
  constructor(private readonly code: string) {}

  need(condition: boolean, member: string): void {
    need(condition, this.code, { member });
  }

  wrong(member: string): never {
    throw new Wrong(this.code, { member });
  }

  uint(item: Item, member: string, most: bigint = UINT64_MAX): bigint {
    if (item.kind !== "uint" || item.value > most) return this.wrong(member);
    return item.value;
  }

  small(item: Item, member: string, most: number): number {
    return Number(this.uint(item, member, BigInt(most)));
  }

  bytes(item: Item, member: string, least = 0, most = Infinity): Bytes {
    if (item.kind !== "bytes" || item.value.length < least || item.value.length > most)
      return this.wrong(member);
    return item.value;
  }

  text(item: Item, member: string, least = 0, most = Infinity): string {
    if (item.kind !== "text" || item.size < least || item.size > most) return this.wrong(member);
    return item.value;
  }

  bool(item: Item, member: string): boolean {
    return item.kind === "bool" ? item.value : this.wrong(member);
  }

  array(item: Item, member: string, least = 0, most = Infinity): Item[] {
    if (item.kind !== "array" || item.items.length < least || item.items.length > most)
      return this.wrong(member);
    return item.items;
  }

  tuple(item: Item, member: string, n: number): [Item, Item, Item, Item] {
    const items = this.array(item, member, n, n);
    const [a, b = a, c = a, d = a] = items;
    if (a === undefined || b === undefined || c === undefined || d === undefined) return this.wrong(member);
    return [a, b, c, d];
  }

  pairs(item: Item, member: string, least = 0, most = Infinity): [Item, Item][] {
    if (item.kind !== "map" || item.pairs.length < least || item.pairs.length > most)
      return this.wrong(member);
    return item.pairs;
  }

  /** A map whose keys are numbers: those of `required`, and of `optional`, and no other. */
  members(
    item: Item,
    member: string,
    required: readonly number[],
    optional: readonly number[] = [],
  ): Members {
    const out = new Map<number, Item>();
    for (const [key, value] of this.pairs(item, member)) {
      const number = this.small(key, member, 255);
      this.need(required.includes(number) || optional.includes(number), `${member}.${number}`);
      out.set(number, value);
    }
    for (const number of required) this.need(out.has(number), `${member}.${number}`);
    return new Members(out, this, member);
  }
}

export class Members {
  constructor(
    private readonly items: ReadonlyMap<number, Item>,
    private readonly shape: Shape,
    private readonly member: string,
  ) {}

  get(number: number): Item {
    return this.items.get(number) ?? this.shape.wrong(`${this.member}.${number}`);
  }

  maybe(number: number): Item | undefined {
    return this.items.get(number);
  }
}

export const UINT64_MAX = (1n << 64n) - 1n;

// ---- writing, as far as verifying needs it ----

function head(major: number, value: number): Bytes {
  const top = major << 5;
  if (value < INFO_U8) return Uint8Array.of(top | value);
  const power = value < 0x100 ? 0 : value < 0x10000 ? 1 : 2;
  return concat(Uint8Array.of(top | (INFO_U8 + power)), bigEndian(BigInt(value), 1 << power));
}

export function arrayHead(n: number): Bytes {
  return head(4, n);
}

export function putBytes(value: Bytes): Bytes {
  return concat(head(2, value.length), value);
}

export function putText(value: string): Bytes {
  const text = utf8(value);
  return concat(head(3, text.length), text);
}

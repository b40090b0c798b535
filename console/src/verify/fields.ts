// SPDX-License-Identifier: Apache-2.0
// Fields that claim, witness, charter and documents share; and what a body holds under a name.
import type { Bytes } from "./bytes";
import { type Item, Shape } from "./cbor";

export const SEQUENCE_MAX = (1n << 63n) - 1n;
/** The end of the year 9999, the last that RFC 3339 can write. */
export const INSTANT_MAX = 253402300799999;

// GS1 General Specifications, figure 7.11-1: 82 characters.
const ID = /^[!"%-?A-Z_a-z]{1,64}$/;

export function isId(text: string): boolean {
  return ID.test(text);
}

export class Fields extends Shape {
  id(item: Item, member: string): string {
    const text = this.text(item, member);
    this.need(isId(text), member);
    return text;
  }

  /** One line: nothing in it can break the line of a checkpoint. */
  line(item: Item, member: string, most: number): string {
    const text = this.text(item, member, 1, most);
    // eslint-disable-next-line no-control-regex
    this.need(!/[\x00-\x1f]/.test(text), member);
    return text;
  }

  sequence(item: Item, member: string): bigint {
    return this.uint(item, member, SEQUENCE_MAX);
  }

  instant(item: Item, member: string): number {
    return this.small(item, member, INSTANT_MAX);
  }

  digest(item: Item, member: string): Bytes {
    return this.bytes(item, member, 32, 32);
  }
}

// ---- bodies: the fields of a record, by their names ----

/** What a map holds under a text; undefined if nothing. */
export function field(body: Item, name: string): Item | undefined {
  if (body.kind !== "map") return undefined;
  for (const [key, value] of body.pairs) {
    if (key.kind !== "text") return undefined;
    if (key.value === name) return value;
  }
  return undefined;
}

export function textField(body: Item, name: string): string {
  const found = field(body, name);
  return found?.kind === "text" ? found.value : "";
}

export function numberField(body: Item, name: string): bigint {
  const found = field(body, name);
  return found?.kind === "uint" ? found.value : 0n;
}

export function bytesField(body: Item, name: string): Bytes | null {
  const found = field(body, name);
  return found?.kind === "bytes" ? found.value : null;
}

export function digestField(body: Item, name: string): Bytes | null {
  const found = bytesField(body, name);
  return found?.length === 32 ? found : null;
}

export function listField(body: Item, name: string): Item[] {
  const found = field(body, name);
  return found?.kind === "array" ? found.items : [];
}

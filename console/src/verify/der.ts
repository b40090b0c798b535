// SPDX-License-Identifier: Apache-2.0
// DER (X.690), as far as certificates and ECDSA signatures need it.
import { type Bytes, NO_BYTES, concat } from "./bytes";
import { need } from "./wrong";

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OID = 0x06;
export const SEQUENCE = 0x30;
export const SET = 0x31;

const CODE = "verify.wrong.certificate";

export interface Tlv {
  tag: number;
  value: Bytes;
  raw: Bytes;
}

export class Der {
  private at = 0;

  constructor(private readonly data: Bytes) {}

  get isEnd(): boolean {
    return this.at === this.data.length;
  }

  get peek(): number {
    return this.data[this.at] ?? -1;
  }

  private byte(): number {
    const value = this.data[this.at++];
    need(value !== undefined, CODE);
    return value;
  }

  private length(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    need(first === 0x81 || first === 0x82, CODE);
    const value = first === 0x81 ? this.byte() : this.byte() * 256 + this.byte();
    need(value >= (first === 0x81 ? 0x80 : 0x100), CODE);
    return value;
  }

  next(tag?: number): Tlv {
    const start = this.at;
    const found = this.byte();
    need((found & 0x1f) !== 0x1f && (tag === undefined || tag === found), CODE);
    const n = this.length();
    need(n <= this.data.length - this.at, CODE);
    this.at += n;
    return {
      tag: found,
      value: this.data.subarray(this.at - n, this.at),
      raw: this.data.subarray(start, this.at),
    };
  }

  inside(tag: number): Der {
    return new Der(this.next(tag).value);
  }

  end(): void {
    need(this.isEnd, CODE);
  }
}

/** The one item that the bytes are. */
export function whole(data: Bytes, tag: number): Tlv {
  const der = new Der(data);
  const item = der.next(tag);
  der.end();
  return item;
}

/** A positive integer in its one encoding, without the zero before it. */
function positive(der: Der): Bytes {
  const value = der.next(INTEGER).value;
  need(value.length > 0 && ((value[0] ?? 0) & 0x80) === 0, CODE);
  if (value[0] !== 0 || value.length === 1) return value;
  need(((value[1] ?? 0) & 0x80) !== 0, CODE);
  return value.subarray(1);
}

function padded(value: Bytes, size: number): Bytes {
  need(value.length <= size, CODE);
  return concat(new Uint8Array(size - value.length), value);
}

/** r and s of an ECDSA-Sig-Value on `size` bytes each; null if it is none. */
export function derSignature(data: Bytes, size = 32): Bytes | null {
  try {
    const der = new Der(whole(data, SEQUENCE).value);
    const out = concat(padded(positive(der), size), padded(positive(der), size));
    der.end();
    return out;
  } catch {
    return null;
  }
}

/** What a BIT STRING of whole bytes holds. */
export function bitString(der: Der): Bytes {
  const value = der.next(BIT_STRING).value;
  need(value.length > 0 && value[0] === 0, CODE);
  return value.length === 1 ? NO_BYTES : value.subarray(1);
}

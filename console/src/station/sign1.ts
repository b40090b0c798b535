// SPDX-License-Identifier: Apache-2.0
// What a shift's key signs: a COSE_Sign1 with a detached payload over a claim (docs/formats/entry.cddl, cose-proof). The
// server made the bytes, so that they are read first, and must say what was asked and nothing else.
import type { Bytes } from "../base/base64";
import { toBase64url, toHex } from "../base/base64";
import type { Body, Json } from "../base/record";
import { bytes, concat, utf8 } from "../verify/bytes";
import { arrayHead, type Item, putBytes, putText } from "../verify/cbor";
import { type Claim, parseClaim } from "../verify/entry";

const ES256 = { name: "ECDSA", hash: "SHA-256" } as const;

/** {1: -7, 4: key id}: ES256. */
function protectedHeader(keyId: Bytes): Bytes {
  return concat(bytes(0xa2, 0x01, 0x26, 0x04), putBytes(keyId));
}

export async function sign1(key: CryptoKey, keyId: Bytes, type: string, claim: Bytes): Promise<Bytes> {
  const header = protectedHeader(keyId);
  const covered = concat(arrayHead(4), putText("Signature1"), putBytes(header), putBytes(utf8(type)), putBytes(claim));
  const signature = new Uint8Array(await crypto.subtle.sign(ES256, key, covered));
  return concat(bytes(0xd2, 0x84), putBytes(header), bytes(0xa0, 0xf6), putBytes(signature));
}

/** The server's bytes say something else than what was asked: nothing is signed. */
export class NotAsked extends Error {}

function saysMap(pairs: [Item, Item][], asked: { [name: string]: Json }): boolean {
  const names = Object.keys(asked);
  return (
    pairs.length === names.length &&
    pairs.every(([key, value]) => {
      const wanted = key.kind === "text" ? asked[key.value] : undefined;
      return wanted !== undefined && says(value, wanted);
    })
  );
}

/** As the server turns JSON into CBOR: times are milliseconds, digests and blobs are bytes. */
function says(item: Item, asked: Json): boolean {
  switch (item.kind) {
    case "text":
      return item.value === asked;
    case "bytes":
      return toHex(item.value) === asked || toBase64url(item.value) === asked;
    case "bool":
      return item.value === asked;
    case "uint":
    case "nint":
      return typeof asked === "string" ? item.value === BigInt(Date.parse(asked) || 0) : item.value === BigInt(Number(asked));
    case "array":
      return Array.isArray(asked) && asked.length === item.items.length && item.items.every((one, i) => says(one, asked[i] ?? null));
    case "map":
      return typeof asked === "object" && asked !== null && !Array.isArray(asked) && saysMap(item.pairs, asked);
    default:
      return false;
  }
}

export interface Asked {
  origin: string;
  author: string;
  /** Digest of the key that signs, in hexadecimal. */
  keyId: string;
  type: string;
  body: Body;
}

/** Throws NotAsked; what is no claim at all throws Wrong. */
export function checkClaim(claim: Bytes, asked: Asked): Claim {
  const read = parseClaim(claim);
  const envelope =
    read.origin === asked.origin &&
    read.author === asked.author &&
    read.type === asked.type &&
    read.key !== null &&
    toHex(read.key) === asked.keyId &&
    read.source === "witnessed" &&
    read.occurred === null &&
    read.spool === null;
  if (!envelope || !says(read.body, asked.body)) throw new NotAsked(asked.type);
  return read;
}

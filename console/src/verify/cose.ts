// SPDX-License-Identifier: Apache-2.0
// COSE_Sign1 of RFC 9052 section 4.2 in one closed profile: tag 18, protected header exactly {1: algorithm,
// 4: key id}, empty unprotected header, payload detached (null) or inside.
import { type Bytes, concat, equal, utf8 } from "./bytes";
import { type Item, Shape, arrayHead, decode, putBytes, putText } from "./cbor";
import { isP256, keySigned, sha256 } from "./crypto";

const TAG_SIGN1 = 18n;
const ES256 = -7n;
const EDDSA = -8n;

export interface Sign1 {
  algorithm: bigint;
  keyId: Bytes;
  protected: Bytes;
  payload: Bytes | null;
  signature: Bytes;
}

const shape = new Shape("verify.wrong.cose");

export function sign1Of(item: Item): Sign1 {
  if (item.kind !== "tag" || item.tag !== TAG_SIGN1) return shape.wrong("tag");
  const [header, open, payload, signature] = shape.tuple(item.item, "sign1", 4);
  const protectedBytes = shape.bytes(header, "protected");
  const members = shape.members(decode(protectedBytes), "protected", [1, 4]);
  const label = members.get(1);
  const algorithm = label.kind === "nint" ? label.value : 0n;
  shape.need(algorithm === ES256 || algorithm === EDDSA, "algorithm");
  shape.pairs(open, "unprotected", 0, 0);
  return {
    algorithm,
    keyId: shape.bytes(members.get(4), "key_id", 32, 32),
    protected: protectedBytes,
    payload: payload.kind === "null" ? null : shape.bytes(payload, "payload"),
    signature: shape.bytes(signature, "signature", 64, 64),
  };
}

/** Whether this key signed `payload` under this name: a record's type, or a document's name (section 4.4). */
export async function sign1Holds(sign1: Sign1, spki: Bytes, name: string, payload: Bytes): Promise<boolean> {
  if (sign1.algorithm !== (isP256(spki) ? ES256 : EDDSA) || !equal(sign1.keyId, await sha256(spki)))
    return false;
  const covered = concat(
    arrayHead(4),
    putText("Signature1"),
    putBytes(sign1.protected),
    putBytes(utf8(name)),
    putBytes(payload),
  );
  return keySigned(spki, covered, sign1.signature);
}

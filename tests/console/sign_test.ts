// SPDX-License-Identifier: Apache-2.0
// What a shift's key signs: the proof holds for the verifier, and bytes that say something else than was asked are not signed.
import "./webcrypto";
import { toHex, type Bytes } from "../../console/src/base/base64";
import { checkClaim, NotAsked, sign1 } from "../../console/src/station/sign1";
import { decode } from "../../console/src/verify/cbor";
import { sign1Holds, sign1Of } from "../../console/src/verify/cose";
import { sha256 } from "../../console/src/verify/crypto";
import { encode, type Value } from "./encode";
import { runAll, same, test } from "./suite";

const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const spki: Bytes = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
const keyId = await sha256(spki);

const ID = Uint8Array.from([1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16]);
const BODY: Record<string, Value> = {
  unit: "S1", at: 1790000000000, n: -5, digest: new Uint8Array(32).fill(7), blob: Uint8Array.of(1, 2, 3), list: [{ part: "P" }], yes: true,
};
const ASKED_BODY = {
  unit: "S1", at: new Date(1790000000000).toISOString(), n: -5, digest: "07".repeat(32), blob: "AQID", list: [{ part: "P" }], yes: true,
};
const asked = { origin: "log.example", author: "olga", keyId: toHex(keyId), type: "step.completed", body: ASKED_BODY };

function claim(changes: [number, Value][] = [], body: Value = BODY): Bytes {
  const map = new Map<number, Value>([
    [1, "log.example"], [2, "step.completed"], [3, 1], [4, "olga"], [5, keyId], [6, ID], [7, 1790000000000], [9, 0], [10, body],
    ...changes,
  ]);
  return encode(map);
}

function refused(bytes: Bytes, what: string): void {
  try {
    checkClaim(bytes, asked);
  } catch (error) {
    if (error instanceof NotAsked) return;
    throw error;
  }
  throw new Error(`signed all the same: ${what}`);
}

test("the_proof_holds_for_the_verifier", async () => {
  const proof = sign1Of(decode(await sign1(pair.privateKey, keyId, "step.completed", claim())));
  same(proof.payload, null);
  same(await sign1Holds(proof, spki, "step.completed", claim()), true);
  same(await sign1Holds(proof, spki, "unit.fitted", claim()), false, "another type");
  same(await sign1Holds(proof, spki, "step.completed", claim([[4, "oleg"]])), false, "another claim");
});

test("what_was_asked_is_signed", () => {
  same(checkClaim(claim(), asked).author, "olga");
});

test("another_envelope_is_not_signed", () => {
  refused(claim([[1, "other.example"]]), "log");
  refused(claim([[2, "role.granted"]]), "type");
  refused(claim([[4, "quinn"]]), "author");
  refused(claim([[5, new Uint8Array(32)]]), "key");
  refused(claim([[9, 1]]), "source");
  refused(claim([[8, 1]]), "another time");
  refused(claim([[11, ["ST-1", 4]]]), "spool");
});

test("another_body_is_not_signed", () => {
  refused(claim([], { ...BODY, unit: "S2" }), "text");
  refused(claim([], { ...BODY, at: 1790000000001 }), "time");
  refused(claim([], { ...BODY, n: 5 }), "number");
  refused(claim([], { ...BODY, digest: new Uint8Array(32) }), "digest");
  refused(claim([], { ...BODY, list: [{ part: "P" }, { part: "Q" }] }), "list");
  refused(claim([], { ...BODY, list: [{ part: "P", more: 1 }] }), "in a list");
  refused(claim([], { ...BODY, yes: false }), "yes or no");
  refused(claim([], { ...BODY, more: 1 }), "one more");
  const { yes, ...fewer } = BODY;
  same(yes, true);
  refused(claim([], fewer), "one fewer");
  refused(claim([], { ...BODY, unit: null }), "nothing");
});

await runAll();

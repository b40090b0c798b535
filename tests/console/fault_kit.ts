// SPDX-License-Identifier: Apache-2.0
// Changes to the log of forge.ts, in words.
import type { Value } from "./encode";
import { NEXT_ORIGIN } from "./forge";
import { type Body, type Change, KEYS, type Members, ORIGIN } from "./forge_log";
import { noteLine } from "./keys";

/** The n-th record of a type. */
export const at =
  (type: string, n = 0) =>
  (found: string, i: number): boolean =>
    found === type && i === n;
export const body = (type: string, change: (body: Body) => void, n = 0): Change => ({
  body: (found, value, i) => {
    if (at(type, n)(found, i)) change(value);
  },
});
export const claim = (type: string, change: (claim: Members) => void, n = 0): Change => ({
  claim: (found, value, i) => {
    if (at(type, n)(found, i)) change(value);
  },
});
export const witness = (type: string, change: (witness: Members) => void, n = 0): Change => ({
  witness: (found, value, i) => {
    if (at(type, n)(found, i)) change(value);
  },
});
export const prove = (type: string, n: number, make: (claim: Uint8Array<ArrayBuffer>) => Value): Change => ({
  prove: (found, data, i) => (at(type, n)(found, i) ? make(data) : undefined),
});
export const document = (name: string, change: (payload: Members) => void, n = 0): Change => ({
  document: (found, payload, i) => {
    if (found === name && i === n) change(payload);
  },
});
export const set = (number: number, value: Value) => (members: Members) => void members.set(number, value);
export const drop = (number: number) => (members: Members) => void members.delete(number);
export const file = (change: (file: Members) => void): Change => ({ file: change });
export const charter = (change: (charter: Members) => void): Change => ({ charter: change });
export const outcome = (type: string, word: number, n = 0): Change => witness(type, set(4, [word]), n);

/** A log that went on under another name, whose checkpoint has it. */
export const succession = (change: (body: Body) => void = () => undefined): Change => ({
  more: "succession",
  ...claim("ledger.succeeded", set(1, NEXT_ORIGIN)),
  ...body("ledger.succeeded", change),
  note: (text) => {
    const renamed = `${(text.split("\n\n")[0] ?? "").replace(ORIGIN, NEXT_ORIGIN)}\n`;
    return `${renamed}\n${noteLine(ORIGIN, KEYS.log, renamed)}`;
  },
});

// SPDX-License-Identifier: Apache-2.0
// The browser's readers of CBOR and of charters in the place of ours: what tests/interop/cbor_check.c and
// charter_judge.c answer, for tests/interop/cbor_differential.py and charter_differential.py.
import "./webcrypto";
import { readFileSync, writeFileSync } from "node:fs";
import { type Bytes, hex } from "../../console/src/verify/bytes";
import { type Item, Shape, decode } from "../../console/src/verify/cbor";
import { type Charter, parseCharter } from "../../console/src/verify/charter";
import { charterKey, follows, staysFrom } from "../../console/src/verify/charter_rules";
import { type Verdict, type Vote, weigh } from "../../console/src/verify/weigh";
import { Wrong } from "../../console/src/verify/wrong";

const VERDICTS: readonly Verdict[] = [
  ...(["agreed", "no_rule", "author_unknown", "too_few"] as const),
  ...(["must_missing", "none_outside", "request_over"] as const),
];
const s = new Shape("case");

/** Each after its length in four bytes. */
function* cases(data: Bytes): Generator<Bytes> {
  for (let at = 0; at < data.length;) {
    const n = new DataView(data.buffer, at, 4).getUint32(0);
    yield data.slice(at + 4, at + 4 + n);
    at += 4 + n;
  }
}

function isValid(data: Bytes): boolean {
  try {
    decode(data);
    return true;
  } catch (error) {
    if (error instanceof Wrong) return false;
    throw error;
  }
}

async function charterOf(data: Bytes): Promise<Charter | null> {
  try {
    return await parseCharter(data);
  } catch (error) {
    if (error instanceof Wrong) return null;
    throw error;
  }
}

function items(item: Item): Item[] {
  return s.array(item, "list");
}

function at<T>(list: readonly T[], place: number): T {
  const found = list[place];
  if (found === undefined) throw new Error("a case is short");
  return found;
}

function answerQuestion(c: Charter, item: Item): string {
  const q = items(item);
  const key = (one: Item) => charterKey(c, hex(s.bytes(one, "key")));
  const ms = (one: Item): number => Number(s.uint(one, "time"));
  const votes = items(at(q, 5)).map((one): Vote => {
    const v = items(one);
    return {
      key: key(at(v, 0)),
      made: ms(at(v, 1)),
      notAfter: s.uint(at(v, 2), "end"),
      keySince: ms(at(v, 3)),
    };
  });
  const { verdict, used } = weigh(c, {
    approvalClass: s.text(at(q, 0), "class"),
    author: key(at(q, 1)),
    authorMade: ms(at(q, 2)),
    now: ms(at(q, 3)),
    more: ms(at(q, 4)),
    votes,
  });
  const bits = used.reduce((sum, place) => sum | (1n << BigInt(place)), 0n);
  return ` ${VERDICTS.indexOf(verdict)}:${bits.toString(16)}`;
}

async function answerCharter(data: Bytes): Promise<string> {
  const [first, next, questions] = s.tuple(decode(data), "case", 3);
  const c = await charterOf(s.bytes(first, "charter"));
  if (c === null) return "-\n";
  const following = await charterOf(s.bytes(next, "charter"));
  const found = following === null ? null : follows(c, following);
  let line = "-";
  if (following !== null && found?.wrong === null) {
    line = found.more ? "m" : "f";
    for (const key of following.keys) line += staysFrom(c, following, key) === null ? "n" : "s";
  }
  for (const question of items(questions)) line += answerQuestion(c, question);
  return `${line}\n`;
}

const input = new Uint8Array(readFileSync(0));
let said = "";
for (const one of cases(input)) {
  if (process.argv[1]?.endsWith("cbor") === true) said += isValid(one) ? "v" : "-";
  else said += await answerCharter(one);
}
writeFileSync(1, said);

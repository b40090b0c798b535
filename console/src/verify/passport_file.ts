// SPDX-License-Identifier: Apache-2.0
// A passport as it is written (docs/formats/passport.cddl).
import { type Bytes, NO_BYTES, compare, concat, hex, utf8 } from "./bytes";
import { type Item, Shape, decode } from "./cbor";
import { sha256 } from "./crypto";
import { ENTRY_MAX, type Subject } from "./entry";
import { isId } from "./fields";

export const PASSPORT_MAX = 1 << 22;

export interface Included {
  sequence: bigint;
  bytes: Bytes;
  path: Bytes[];
}

export interface Opening {
  commitment: string;
  value: string;
}

export interface PassportFile {
  version: number;
  note: string;
  subject: Subject;
  entries: Included[];
  openings: Opening[];
  notices: string[];
  withheld: string[];
  ca: Bytes;
  last: bigint | null;
}

// Chains that a passport cannot do without: what verifying it rests on.
export const NEEDED = [
  ...["unit", "principal", "key", "approval", "nonconformance", "charter"],
  ...["build_authorization", "firmware_release", "shift", "recovery"],
];

const s = new Shape("verify.wrong.file");

function entriesOf(item: Item): Included[] {
  let last: bigint | null = null;
  return s.array(item, "entries", 1, 4096).map((one) => {
    const [sequence, entry, path] = s.tuple(one, "entries", 3);
    const out = {
      sequence: s.uint(sequence, "entries.sequence"),
      bytes: s.bytes(entry, "entries.entry", 0, ENTRY_MAX),
      path: s.array(path, "entries.path", 0, 64).map((node) => s.bytes(node, "entries.path", 32, 32)),
    };
    s.need(last === null || out.sequence > last, "entries.sequence");
    last = out.sequence;
    return out;
  });
}

async function openingsOf(item: Item): Promise<Opening[]> {
  const out: Opening[] = [];
  let last: Bytes = NO_BYTES;
  for (const one of s.array(item, "openings", 0, 256)) {
    const [salt, value] = s.tuple(one, "openings", 2);
    const text = s.text(value, "openings", 0, 4096);
    const commitment = await sha256(concat(s.bytes(salt, "openings", 16, 16), utf8(text)));
    s.need(compare(last, commitment) < 0, "openings");
    last = commitment;
    out.push({ commitment: hex(commitment), value: text });
  }
  return out;
}

function withheldOf(item: Item): string[] {
  const kinds = s.array(item, "withheld", 0, 32).map((one) => s.text(one, "withheld"));
  kinds.forEach((kind, i) => {
    const last = kinds[i - 1];
    s.need(isId(kind) && !NEEDED.includes(kind) && (last === undefined || last < kind), "withheld");
  });
  return kinds;
}

function subjectOf(item: Item): Subject {
  const [kind, within, id] = s.tuple(item, "subject", 3);
  return { kind: s.text(kind, "subject"), within: s.text(within, "subject"), id: s.text(id, "subject") };
}

/** Strict: unknown members and trailing bytes are refused. Throws Wrong. */
export async function parsePassport(data: Bytes): Promise<PassportFile> {
  s.need(data.length <= PASSPORT_MAX, "size");
  const item = decode(data);
  const first = s.pairs(item, "passport", 1)[0];
  const version = first === undefined ? s.wrong("version") : s.small(first[1], "version", 2);
  s.need(version > 0, "version");
  const m = s.members(item, "passport", version === 1 ? [1, 2, 3, 4, 5, 6] : [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const later = version > 1;
  return {
    version,
    note: s.text(m.get(2), "note"),
    subject: subjectOf(m.get(3)),
    entries: entriesOf(m.get(4)),
    openings: await openingsOf(m.get(5)),
    notices: s.array(m.get(6), "notices", 0, 32).map((one) => s.text(one, "notices")),
    withheld: later ? withheldOf(m.get(7)) : [],
    ca: later ? s.bytes(m.get(8), "ca", 0, 4096) : NO_BYTES,
    last: later ? s.uint(m.get(9), "last") : null,
  };
}

// SPDX-License-Identifier: Apache-2.0
// An entry of the evidence log: [claim, proof, witness] (docs/formats/entry.cddl).
import { type Bytes } from "./bytes";
import { DEPTH_MAX, type Item, decode } from "./cbor";
import { type Sign1, sign1Of } from "./cose";
import { Fields } from "./fields";
import { need } from "./wrong";

export const ENTRY_MAX = 32768;
const ORIGIN_MAX = 255;

export interface Claim {
  origin: string;
  type: string;
  version: number;
  author: string;
  key: Bytes | null;
  id: Bytes;
  made: number;
  occurred: number | null;
  source: "witnessed" | "declared" | "imported";
  body: Item;
  spool: { name: string; counter: bigint } | null;
}

export type Proof =
  | { kind: "none" }
  | { kind: "cose"; sign1: Sign1 }
  | { kind: "webauthn"; authenticatorData: Bytes; clientData: Bytes; signature: Bytes }
  | { kind: "sshsig"; blob: Bytes };

export interface Subject {
  kind: string;
  within: string;
  id: string;
}

export interface Raised {
  code: string;
  subject: Subject | null;
}

export interface Gate {
  policyRevision: bigint;
  controls: { control: string; result: string }[];
}

export type Output = { name: string; value: bigint | string | Bytes };
export type Outcome = "folded" | "pending" | "executes" | "unfolded" | "unverified";
export type Channel = "local" | "key" | "session" | "spool";

export interface Witness {
  sequence: bigint;
  at: number;
  channel: Channel;
  reference: Bytes;
  outcome: Outcome;
  target: bigint | null;
  gate: Gate | null;
  raised: Raised[];
  outputs: Output[];
  previous: bigint | null;
  subject: Subject | null;
}

export interface Entry {
  claimBytes: Bytes;
  claim: Claim;
  proof: Proof;
  witness: Witness;
}

const SOURCES = ["witnessed", "declared", "imported"] as const;
const CHANNELS = ["local", "key", "session", "spool"] as const;
const OUTCOMES = ["folded", "pending", "executes", "unfolded", "unverified"] as const;

function word<T extends string>(fields: Fields, item: Item, member: string, words: readonly T[]): T {
  return words[fields.small(item, member, words.length - 1)] ?? fields.wrong(member);
}

// ---- the claim ----

const claimFields = new Fields("verify.wrong.claim");

function typeOf(item: Item): string {
  const text = claimFields.text(item, "claim.type", 1, 64);
  claimFields.need(/^[a-z0-9_]+\.[a-z0-9_]+$/.test(text), "claim.type");
  return text;
}

function uuidOf(item: Item): Bytes {
  const id = claimFields.bytes(item, "claim.id", 16, 16);
  const isVersion7 = (id[6] ?? 0) >> 4 === 7 && (id[8] ?? 0) >> 6 === 2;
  claimFields.need(isVersion7, "claim.id");
  return id;
}

function bodyOf(item: Item): Item {
  for (const [key] of claimFields.pairs(item, "claim.body")) claimFields.text(key, "claim.body");
  return item;
}

function spoolOf(item: Item): { name: string; counter: bigint } {
  const [name, counter] = claimFields.tuple(item, "claim.spool", 2);
  return {
    name: claimFields.id(name, "claim.spool"),
    counter: claimFields.sequence(counter, "claim.spool"),
  };
}

export function parseClaim(data: Bytes): Claim {
  const f = claimFields;
  f.need(data.length <= ENTRY_MAX, "claim");
  // A body may be nested as deep as a whole item, and stands one level down.
  const m = f.members(decode(data, DEPTH_MAX + 1), "claim", [1, 2, 3, 4, 6, 7, 9, 10], [5, 8, 11]);
  const key = m.maybe(5);
  const occurred = m.maybe(8);
  const spool = m.maybe(11);
  const version = f.small(m.get(3), "claim.version", 65535);
  f.need(version > 0, "claim.version");
  return {
    origin: f.line(m.get(1), "claim.origin", ORIGIN_MAX),
    type: typeOf(m.get(2)),
    version,
    author: f.id(m.get(4), "claim.author"),
    key: key === undefined ? null : f.digest(key, "claim.key"),
    id: uuidOf(m.get(6)),
    made: f.instant(m.get(7), "claim.made"),
    occurred: occurred === undefined ? null : f.instant(occurred, "claim.occurred"),
    source: word(f, m.get(9), "claim.source", SOURCES),
    body: bodyOf(m.get(10)),
    spool: spool === undefined ? null : spoolOf(spool),
  };
}

// ---- the proof ----

const proofFields = new Fields("verify.wrong.proof");

function proofOf(item: Item): Proof {
  if (item.kind === "null") return { kind: "none" };
  if (item.kind === "tag") {
    const sign1 = sign1Of(item);
    proofFields.need(sign1.payload === null, "proof.payload");
    return { kind: "cose", sign1 };
  }
  if (item.kind === "bytes")
    return { kind: "sshsig", blob: proofFields.bytes(item, "proof.sshsig", 1, 1024) };
  const [authenticatorData, clientData, signature] = proofFields.tuple(item, "proof", 3);
  return {
    kind: "webauthn",
    authenticatorData: proofFields.bytes(authenticatorData, "proof.authenticator_data", 1, 512),
    clientData: proofFields.bytes(clientData, "proof.client_data", 1, 2048),
    signature: proofFields.bytes(signature, "proof.signature", 1, 512),
  };
}

// ---- the witness ----

const witnessFields = new Fields("verify.wrong.witness");

function subjectOf(items: readonly Item[]): Subject {
  const f = witnessFields;
  const [kind, within, id] = items;
  if (items.length !== 3 || kind === undefined || within === undefined || id === undefined) {
    return f.wrong("witness.subject");
  }
  const withinText = f.text(within, "witness.subject");
  return {
    kind: f.id(kind, "witness.subject"),
    within: withinText === "" ? "" : f.id(within, "witness.subject"),
    id: f.id(id, "witness.subject"),
  };
}

function outcomeOf(item: Item): { outcome: Outcome; target: bigint | null } {
  const f = witnessFields;
  const [first, target] = f.array(item, "witness.outcome", 1, 2);
  const outcome =
    first === undefined ? f.wrong("witness.outcome") : word(f, first, "witness.outcome", OUTCOMES);
  f.need((target !== undefined) === (outcome === "executes"), "witness.outcome");
  return { outcome, target: target === undefined ? null : f.sequence(target, "witness.outcome") };
}

function gateOf(item: Item): Gate {
  const f = witnessFields;
  const [revision, controls] = f.tuple(item, "witness.gate", 2);
  return {
    policyRevision: f.sequence(revision, "witness.gate"),
    controls: f.pairs(controls, "witness.gate", 0, 64).map(([control, result]) => ({
      control: f.id(control, "witness.gate"),
      result: f.id(result, "witness.gate"),
    })),
  };
}

function raisedOf(item: Item): Raised[] {
  return witnessFields.array(item, "witness.raised", 1, 64).map((one) => {
    const [code, ...subject] = witnessFields.array(one, "witness.raised", 1, 4);
    return {
      code:
        code === undefined ? witnessFields.wrong("witness.raised") : witnessFields.id(code, "witness.raised"),
      subject: subject.length === 0 ? null : subjectOf(subject),
    };
  });
}

function outputsOf(item: Item): Output[] {
  const f = witnessFields;
  return f.pairs(item, "witness.outputs", 1, 16).map(([key, value]) => {
    const name = f.id(key, "witness.outputs");
    if (value.kind === "bytes" || value.kind === "text") return { name, value: value.value };
    return { name, value: f.sequence(value, "witness.outputs") };
  });
}

function witnessOf(item: Item): Witness {
  const f = witnessFields;
  const m = f.members(item, "witness", [1, 2, 3, 4], [5, 6, 7, 8, 9]);
  const [channel, reference] = f.tuple(m.get(3), "witness.channel", 2);
  const optional = <T>(number: number, read: (found: Item) => T, absent: T): T => {
    const found = m.maybe(number);
    return found === undefined ? absent : read(found);
  };
  const out: Witness = {
    sequence: f.sequence(m.get(1), "witness.sequence"),
    at: f.instant(m.get(2), "witness.at"),
    channel: word(f, channel, "witness.channel", CHANNELS),
    reference: f.bytes(reference, "witness.channel", 0, 64),
    ...outcomeOf(m.get(4)),
    gate: optional<Gate | null>(5, gateOf, null),
    raised: optional<Raised[]>(6, raisedOf, []),
    outputs: optional<Output[]>(7, outputsOf, []),
    previous: optional<bigint | null>(8, (found) => f.sequence(found, "witness.previous"), null),
    subject: optional<Subject | null>(9, (found) => subjectOf(f.array(found, "witness.subject")), null),
  };
  // An entry can only point back.
  f.need(out.previous === null || out.previous < out.sequence, "witness.previous");
  f.need(out.target === null || out.target < out.sequence, "witness.outcome");
  return out;
}

// ---- the entry ----

/** Strict: unknown members and trailing bytes are refused. Throws Wrong. */
export function parseEntry(data: Bytes): Entry {
  need(data.length <= ENTRY_MAX, "verify.wrong.entry", { member: "entry" });
  const f = new Fields("verify.wrong.entry");
  const [claim, proof, witness] = f.tuple(decode(data, DEPTH_MAX + 1), "entry", 3);
  const claimBytes = f.bytes(claim, "claim");
  return { claimBytes, claim: parseClaim(claimBytes), proof: proofOf(proof), witness: witnessOf(witness) };
}

export function sameSubject(a: Subject | null, b: Subject | null): boolean {
  return a !== null && b !== null && a.kind === b.kind && a.within === b.within && a.id === b.id;
}

/**
 * Whether it did something, or waits to: what was kept without effect, or is unverified, counts for nothing.
 */
export function hasEffect(entry: Entry): boolean {
  const { outcome } = entry.witness;
  return outcome === "folded" || outcome === "pending" || outcome === "executes";
}

// SPDX-License-Identifier: Apache-2.0
// Writing a log: its people, their keys, its records and its tree. Every key is here, so that whatever is
// wrong can be signed, too.
import { type Bytes, bigEndian, compare, concat, hex } from "../../console/src/verify/bytes";
import { type Value, encode } from "./encode";
import { type CertificateParts, Key, assertion } from "./keys";
import { sha256, sign1, sshsig, verifierKey } from "./keys";

export const ORIGIN = "ledger.example/log";
export const UNIT = { product: "GW", serial: "SN1" };
export const START = 1800000000000;
export const DAY = 86400000;

export type Body = Record<string, Value>;
export type Members = Map<number, Value>;

/** Who takes part: how their keys sign, and whether outside the server's screens. */
export const PEOPLE = {
  ann: { key: new Key("p256", "ann"), kind: 2, application: null },
  ben: { key: new Key("ed25519", "ben"), kind: 3, application: null },
  cleo: { key: new Key("p256", "cleo"), kind: 1, application: null },
  dora: { key: new Key("p256", "dora"), kind: 3, application: "ssh:approve" },
  erin: { key: new Key("ed25519", "erin"), kind: 1, application: null },
} as const;
export type Name = keyof typeof PEOPLE;

export const KEYS = {
  log: new Key("ed25519", "log"),
  ca: new Key("p256", "ca"),
  station: new Key("p256", "station"),
  unit: new Key("p256", "unit"),
  firmware: new Key("ed25519", "firmware"),
  witness: new Key("ed25519", "witness"),
  foreign: new Key("ed25519", "foreign"),
  shift: new Key("p256", "shift"),
  recovered: new Key("ed25519", "recovered"),
};
export const LOG_KEY = verifierKey(ORIGIN, KEYS.log);
export const WITNESS_KEY = verifierKey("witness.example/w", KEYS.witness, 4);

/** What is to be otherwise. `n` counts the records of a type, from 0. */
export interface Change {
  charter?: (charter: Members) => void;
  revised?: (charter: Members) => void;
  body?: (type: string, body: Body, n: number) => void;
  claim?: (type: string, claim: Members, n: number) => void;
  prove?: (type: string, claim: Bytes, n: number) => Value | undefined;
  witness?: (type: string, witness: Members, n: number) => void;
  document?: (name: string, payload: Members, n: number) => void;
  signDocument?: (name: string) => Key;
  certificate?: Partial<CertificateParts>;
  ca?: Bytes;
  skip?: (type: string, n: number) => boolean;
  omit?: (type: string, n: number) => boolean;
  file?: (file: Members) => void;
  note?: (text: string) => string;
  /** Records that are there only for this. */
  more?: "succession" | "shift_after_its_end" | "opener_revoked" | "recovery_stopped" | "recovery_at_once";
}

export interface Written {
  type: string;
  sequence: number;
  bytes: Bytes;
  digest: Bytes;
  omitted: boolean;
  ofUnit: boolean;
}

interface Making {
  type: string;
  author: string;
  body: Body;
  key?: Key | undefined;
  prove?: ((claim: Bytes) => Value) | undefined;
  subject: [string, string, string];
  outcome?: Value | undefined;
  outputs?: Body | undefined;
}

export const members = (pairs: [number, Value][]): Members => new Map(pairs);

function personKey(name: Name): Members {
  const { key, kind, application } = PEOPLE[name];
  const pairs: [number, Value][] = [
    [1, key.spki],
    [2, kind],
    [3, kind !== 2],
  ];
  return members(application === null ? pairs : [...pairs, [4, application]]);
}

export function person(name: Name, groups: string[]): Members {
  return members([
    [1, name],
    [2, groups],
    [3, [personKey(name)]],
  ]);
}

export function rule(name: string, need: number, newcomer = 0): Members {
  return members([
    [1, name],
    [2, need],
    [3, ["all"]],
    [4, [["security", 1]]],
    [5, 7 * DAY],
    [6, 7 * DAY],
    [7, newcomer],
  ]);
}

function proofOf(name: Name): (claim: Bytes, type: string) => Value {
  const { key, kind, application } = PEOPLE[name];
  if (kind === 2) return (claim) => assertion(key, claim);
  if (kind === 3) return (claim) => sshsig(key, claim, { application });
  return (claim, type) => sign1(key, type, claim, false);
}

export class House {
  readonly written: Written[] = [];
  private readonly previous = new Map<string, number>();
  private readonly counts = new Map<string, number>();
  private time = START;

  constructor(private readonly change: Change) {}

  private count(name: string): number {
    const n = this.counts.get(name) ?? 0;
    this.counts.set(name, n + 1);
    return n;
  }

  private claimOf(making: Making, n: number): Bytes {
    this.change.body?.(making.type, making.body, n);
    const claim = members([
      [1, ORIGIN],
      [2, making.type],
      [3, 1],
      [4, making.author],
      [
        6,
        concat(Uint8Array.of(1, 2, 3, 4, 5, 6, 0x70, n, 0x80, 0), bigEndian(BigInt(this.written.length), 6)),
      ],
      [7, this.time],
      [9, 0],
      [10, making.body],
    ]);
    if (making.key !== undefined) claim.set(5, making.key.id);
    this.change.claim?.(making.type, claim, n);
    return encode(claim);
  }

  private witnessOf(making: Making, n: number): Members {
    const witness = members([
      [1, this.written.length],
      [2, this.time],
      [3, making.key === undefined ? [0, new Uint8Array(0)] : [1, making.key.id]],
      [4, making.outcome ?? [0]],
      [9, making.subject],
    ]);
    const about = making.subject.join(" ");
    const before = this.previous.get(about);
    if (before !== undefined) witness.set(8, before);
    if (making.outputs !== undefined) witness.set(7, making.outputs);
    this.previous.set(about, this.written.length);
    this.change.witness?.(making.type, witness, n);
    return witness;
  }

  /** Writes one record; the digest of its claim. */
  record(making: Making): Bytes {
    const n = this.count(making.type);
    this.time += 1000;
    const claim = this.claimOf(making, n);
    const digest = sha256(claim);
    if (this.change.skip?.(making.type, n) === true) return digest;
    const { key, prove } = making;
    const own = (): Value => (key === undefined ? null : sign1(key, making.type, claim, false));
    const changed = this.change.prove?.(making.type, claim, n);
    const proof = changed === undefined ? (prove?.(claim) ?? own()) : changed;
    const bytes = encode([claim, proof, this.witnessOf(making, n)]);
    const omitted = this.change.omit?.(making.type, n) ?? false;
    const ofUnit = making.subject[0] === "unit";
    this.written.push({ type: making.type, sequence: this.written.length, bytes, digest, omitted, ofUnit });
    return digest;
  }

  get now(): number {
    return this.time;
  }

  wait(ms: number): void {
    this.time += ms;
  }

  person(name: Name, type: string, body: Body, subject: [string, string, string], outcome?: Value): Bytes {
    const prove = proofOf(name);
    const { key } = PEOPLE[name];
    return this.record({
      type,
      author: name,
      body,
      key,
      prove: (claim) => prove(claim, type),
      subject,
      outcome,
    });
  }

  log(type: string, body: Body, subject: [string, string, string]): Bytes {
    return this.record({ type, author: "sealwright", body, subject });
  }

  approve(name: Name, record: Bytes): Bytes {
    return this.person(name, "approval.given", { record }, ["approval", "", hex(record).slice(0, 32)]);
  }

  document(name: string, signer: Key, payload: Members): Bytes {
    this.change.document?.(name, payload, this.count(name));
    const key = this.change.signDocument?.(name) ?? signer;
    return encode(sign1(key, `sealwright ${name}`, encode(payload), true));
  }

  admit(record: Bytes, approvals: Bytes[], approvalClass: string, charter: number): void {
    const document = this.document(
      "admission",
      KEYS.log,
      members([
        [1, 1],
        [2, ORIGIN],
        [3, record],
        [4, approvalClass],
        [5, charter],
        [6, [...approvals].sort(compare)],
        [7, this.now],
        [8, 0],
      ]),
    );
    this.log("signer.admitted", { record, document }, ["approval", "", hex(record).slice(0, 32)]);
  }
}

// ---- the tree ----

function node(left: Bytes, right: Bytes): Bytes {
  return sha256(Uint8Array.of(1), left, right);
}

function split(n: number): number {
  let half = 1;
  while (half * 2 < n) half *= 2;
  return half;
}

export function root(leaves: Bytes[]): Bytes {
  const first = leaves[0];
  if (leaves.length === 1 && first !== undefined) return first;
  const half = split(leaves.length);
  return node(root(leaves.slice(0, half)), root(leaves.slice(half)));
}

export function path(leaves: Bytes[], index: number): Bytes[] {
  if (leaves.length === 1) return [];
  const half = split(leaves.length);
  return index < half
    ? [...path(leaves.slice(0, half), index), root(leaves.slice(half))]
    : [...path(leaves.slice(half), index - half), root(leaves.slice(0, half))];
}

export function leaf(bytes: Bytes): Bytes {
  return sha256(Uint8Array.of(0), bytes);
}

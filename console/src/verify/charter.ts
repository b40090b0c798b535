// SPDX-License-Identifier: Apache-2.0
// The signer's charter as it is written (docs/formats/charter.cddl): whose key is whose, who must agree to
// what.
import { type Bytes, hex } from "./bytes";
import { type Item, decode } from "./cbor";
import { charterRulesWrong } from "./charter_rules";
import { isEd25519, isP256, sha256Hex } from "./crypto";
import { Fields } from "./fields";
import { need } from "./wrong";

const CHARTER_MAX = 16384;
const KEYS_MAX = 128;
const REVISION_MAX = (1n << 53n) - 1n;
const DURATION_MAX = 14 * 86400000;

export type CharterMode = "founded" | "bootstrap" | "trial";
export type KeyKind = "cose" | "webauthn" | "sshsig";

export interface CharterKey {
  spki: Bytes;
  /** SHA-256 of it, in hex. */
  id: string;
  kind: KeyKind;
  /** Made where our server does not draw the screen. */
  outside: boolean;
  application: string | null;
  /** Place in persons; of a recovery key: place among them. */
  person: number;
}

export interface Person {
  id: string;
  groups: string[];
}

export interface Rule {
  name: string;
  need: number;
  from: string[];
  must: { group: string; need: number }[];
  requestLife: number;
  voteLife: number;
  newcomer: number;
}

export interface Charter {
  digest: string;
  revision: bigint;
  previous: string | null;
  origin: string;
  mode: CharterMode;
  relyingParty: string | null;
  webOrigins: string[];
  persons: Person[];
  keys: CharterKey[];
  rules: Rule[];
  recovery: { keeper: string; key: CharterKey }[];
  recoveryNeed: number;
  anchor: number;
  witnesses: string[];
}

const f = new Fields("verify.wrong.charter");
const MODES = ["founded", "bootstrap", "trial"] as const;
const KINDS = ["cose", "webauthn", "sshsig"] as const;

function unique(list: readonly string[], member: string): void {
  f.need(new Set(list).size === list.length, member);
}

function groupsOf(item: Item, member: string): string[] {
  const groups = f.array(item, member, 1, 8).map((one) => f.id(one, member));
  unique(groups, member);
  return groups;
}

function spkiOf(item: Item): Bytes {
  const spki = f.bytes(item, "key");
  f.need(isEd25519(spki) || isP256(spki), "key");
  return spki;
}

function kindOf(item: Item): KeyKind {
  return KINDS[f.small(item, "kind", 3) - 1] ?? f.wrong("kind");
}

async function keyOf(item: Item, person: number): Promise<CharterKey> {
  const m = f.members(item, "key", [1, 2, 3], [4]);
  const spki = spkiOf(m.get(1));
  const kind = kindOf(m.get(2));
  const outside = f.bool(m.get(3), "outside");
  // A passkey signs on our screen.
  f.need(!outside || kind !== "webauthn", "outside");
  const application = m.maybe(4);
  f.need(application === undefined || kind === "sshsig", "application");
  return {
    spki,
    id: await sha256Hex(spki),
    kind,
    outside,
    application: application === undefined ? null : f.line(application, "application", 64),
    person,
  };
}

async function personsOf(item: Item): Promise<{ persons: Person[]; keys: CharterKey[] }> {
  const persons: Person[] = [];
  const keys: CharterKey[] = [];
  for (const one of f.array(item, "persons", 1, 64)) {
    const m = f.members(one, "persons", [1, 2, 3]);
    for (const key of f.array(m.get(3), "persons.keys", 1, 8)) keys.push(await keyOf(key, persons.length));
    persons.push({ id: f.id(m.get(1), "persons.id"), groups: groupsOf(m.get(2), "persons.groups") });
  }
  f.need(keys.length <= KEYS_MAX, "persons.keys");
  unique(
    persons.map((person) => person.id),
    "persons.id",
  );
  return { persons, keys };
}

function mustOf(item: Item): { group: string; need: number }[] {
  const must = f.array(item, "rules.must", 0, 8).map((one) => {
    const [group, count] = f.tuple(one, "rules.must", 2);
    return { group: f.id(group, "rules.must"), need: f.small(count, "rules.must", 16) };
  });
  f.need(
    must.every((one) => one.need > 0),
    "rules.must",
  );
  unique(
    must.map((one) => one.group),
    "rules.must",
  );
  return must;
}

function ruleOf(item: Item): Rule {
  const m = f.members(item, "rules", [1, 2, 3, 4, 5, 6, 7]);
  const rule = {
    name: f.id(m.get(1), "rules.class"),
    need: f.small(m.get(2), "rules.need", 16),
    from: groupsOf(m.get(3), "rules.from"),
    must: mustOf(m.get(4)),
    requestLife: f.small(m.get(5), "rules.request", DURATION_MAX),
    voteLife: f.small(m.get(6), "rules.vote", DURATION_MAX),
    newcomer: f.small(m.get(7), "rules.newcomer", DURATION_MAX),
  };
  f.need(rule.requestLife > 0, "rules.request");
  f.need(rule.voteLife > 0, "rules.vote");
  return rule;
}

async function recoveryOf(item: Item): Promise<Charter["recovery"]> {
  const out: Charter["recovery"] = [];
  for (const one of f.array(item, "recovery", 0, 16)) {
    const m = f.members(one, "recovery", [1, 2, 3]);
    const spki = spkiOf(m.get(2));
    const kind = kindOf(m.get(3));
    f.need(kind !== "webauthn", "recovery.kind");
    const id = await sha256Hex(spki);
    const key: CharterKey = { spki, id, kind, outside: true, application: null, person: out.length };
    out.push({ keeper: f.id(m.get(1), "recovery.keeper"), key });
  }
  unique(
    out.map((one) => one.keeper),
    "recovery.keeper",
  );
  return out;
}

function linesOf(item: Item | undefined, member: string, most: number): string[] {
  if (item === undefined) return [];
  const lines = f.array(item, member, 1, 4).map((one) => f.line(one, member, most));
  unique(lines, member);
  return lines;
}

function checkHead(c: Charter): void {
  f.need(c.revision > 0n && (c.previous !== null) === c.revision > 1n, "revision");
  f.need(
    c.recoveryNeed <= c.recovery.length && (c.recoveryNeed === 0) === (c.recovery.length === 0),
    "recovery",
  );
  f.need((c.anchor === 2) === c.witnesses.length > 0, "witnesses");
  unique(
    [...c.keys, ...c.recovery.map((one) => one.key)].map((key) => key.id),
    "keys",
  );
}

/** Parses the whole and judges it as docs/formats/charter.cddl says. Throws Wrong. */
export async function parseCharter(data: Bytes): Promise<Charter> {
  f.need(data.length <= CHARTER_MAX, "charter");
  const m = f.members(decode(data), "charter", [1, 3, 4, 7, 8, 9, 10, 11], [2, 5, 6, 12]);
  const previous = m.maybe(2);
  const party = m.maybe(5);
  const charter: Charter = {
    digest: await sha256Hex(data),
    revision: f.uint(m.get(1), "revision", REVISION_MAX),
    previous: previous === undefined ? null : hex(f.digest(previous, "previous")),
    origin: f.line(m.get(3), "origin", 255),
    mode: MODES[f.small(m.get(4), "mode", 2)] ?? f.wrong("mode"),
    relyingParty: party === undefined ? null : f.line(party, "relying_party", 253),
    webOrigins: linesOf(m.maybe(6), "web_origins", 255),
    ...(await personsOf(m.get(7))),
    rules: f.array(m.get(8), "rules", 1, 32).map(ruleOf),
    recovery: await recoveryOf(m.get(9)),
    recoveryNeed: f.small(m.get(10), "recovery_need", 16),
    anchor: f.small(m.get(11), "anchor", 2),
    witnesses: linesOf(m.maybe(12), "witnesses", 1024),
  };
  unique(
    charter.rules.map((rule) => rule.name),
    "rules.class",
  );
  checkHead(charter);
  const wrong = charterRulesWrong(charter);
  need(wrong === null, wrong ?? "");
  return charter;
}

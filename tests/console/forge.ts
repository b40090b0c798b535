// SPDX-License-Identifier: Apache-2.0
// A small log with everything that a passport can rest on, and a unit's passport from it.
import { type Bytes, base64, hex, utf8 } from "../../console/src/verify/bytes";
import { type Value, encode } from "./encode";
import { type Change, DAY, House, KEYS, type Members, type Name, ORIGIN, PEOPLE, UNIT } from "./forge_log";
import { WITNESS_KEY, type Written, leaf, members, path, person, root, rule } from "./forge_log";
import { type Key, certificate, cosignatureLine, noteLine, sha256 } from "./keys";

const CA_CERTIFICATE = certificate({
  ...{ product: "CA", serial: "1", subject: KEYS.ca, issuer: KEYS.ca, issuerName: "CA", twice: false },
});

function charterMap(change: Change): Members {
  const charter = members([
    [1, 1],
    [3, ORIGIN],
    [4, 0],
    [5, "ledger.example"],
    [
      7,
      [
        person("ann", ["all"]),
        person("ben", ["all", "security"]),
        person("cleo", ["all"]),
        person("erin", ["all"]),
      ],
    ],
    [8, [rule("*", 2)]],
    [9, []],
    [10, 0],
    [11, 2],
    [12, [WITNESS_KEY]],
  ]);
  change.charter?.(charter);
  return charter;
}

function begin(house: House, change: Change, charter: Bytes): void {
  const founders = Object.entries(PEOPLE).map(([principal, { key }]) => ({
    principal,
    public_key: key.spki,
  }));
  house.log(
    "ledger.started",
    {
      mode: "founded",
      relying_party: "ledger.example",
      checkpoint_key: KEYS.log.raw,
      ca_certificate: sha256(change.ca ?? CA_CERTIFICATE),
      founders,
      charter,
    },
    ["charter", "", "1"],
  );
  house.person("erin", "key.enrolled", { principal: "ST-1", public_key: KEYS.station.spki }, [
    "key",
    "",
    "ST-1",
  ]);
}

/** Dora comes: one more than the rule says must agree. */
function revise(house: House, change: Change, first: Bytes): void {
  const next = charterMap(change);
  next.set(1, 2);
  next.set(2, sha256(first));
  next.set(7, [...(next.get(7) as Value[]), person("dora", ["all"])]);
  change.revised?.(next);
  const record = house.person(
    "erin",
    "charter.revised",
    { charter: encode(next) },
    ["charter", "", "1"],
    [1],
  );
  house.admit(
    record,
    (["ann", "ben", "cleo"] as const).map((name) => house.approve(name, record)),
    "charter",
    1,
  );
}

const IMAGE = sha256(utf8("image"));

function release(house: House): void {
  const body = { release: "FW-1", product: "GW", environment: "production", version: "1.0", image: IMAGE };
  const all = { ...body, image_size: 1000, security_version: 3 };
  const record = house.person("erin", "firmware.released", all, ["firmware_release", "GW", "FW-1"], [1]);
  for (const name of ["ben", "dora", "ann"] as const) house.approve(name, record);
  const document = house.document(
    "firmware manifest",
    KEYS.firmware,
    members([
      [1, 1],
      [2, ORIGIN],
      [3, record],
      [4, "FW-1"],
      [5, "GW"],
      [6, "production"],
      [7, "1.0"],
      [8, IMAGE],
      [9, 1000],
      [10, 3],
      [12, []],
      [13, house.now],
    ]),
  );
  house.log("signer.admitted", { record, document }, ["approval", "", hex(record).slice(0, 32)]);
}

function authorize(house: House): Bytes {
  const body = { authorization: "BA-1", product: "GW", quantity: 5, release: "FW-1" };
  const record = house.person("erin", "build.authorized", body, ["build_authorization", "", "BA-1"], [1]);
  const votes = (["cleo", "ben"] as const).map((name) => house.approve(name, record));
  house.admit(record, votes, "build.authorize", 2);
  return record;
}

function issue(house: House, change: Change, authorization: Bytes): void {
  const unit: [string, string, string] = ["unit", UNIT.product, UNIT.serial];
  const request = house.record({
    type: "unit.requested",
    author: "ST-1",
    body: { product: UNIT.product, serial: UNIT.serial, authorization: "BA-1" },
    key: KEYS.station,
    subject: unit,
    outputs: { spki: KEYS.unit.spki },
  });
  const issued = deviceCertificate(change);
  const receipt = house.document(
    "issue receipt",
    KEYS.log,
    members([
      [1, 1],
      [2, ORIGIN],
      [3, request],
      [4, authorization],
      [5, 2],
      [6, 5],
      [7, sha256(issued)],
      [8, house.now],
      [9, 0],
    ]),
  );
  house.log("certificate.issued", { certificate: issued, receipt }, unit);
  house.record({
    ...{ type: "unit.programmed", author: "ST-1", key: KEYS.station, subject: unit },
    body: { station: "ST-1", release: "FW-1", image: IMAGE },
  });
  house.record({
    ...{ type: "boot.proved", author: `${UNIT.product}/${UNIT.serial}`, key: KEYS.unit, subject: unit },
    body: { image: IMAGE, boot_count: 1, measurements: [{ digest: commitment() }] },
  });
}

const SALT = sha256(utf8("salt")).slice(0, 16);
export const SHOWN = "Acme Wind Parks";
function commitment(): Bytes {
  return sha256(SALT, utf8(SHOWN));
}

function deviceCertificate(change: Change): Bytes {
  return certificate({
    ...{ product: UNIT.product, serial: UNIT.serial, subject: KEYS.unit, issuer: KEYS.ca, twice: false },
    ...{ issuerName: "CA" },
    ...change.certificate,
  });
}

function testedBy(house: House, author: Name, key: Key): void {
  const body = { verdict: "pass", procedure: "FUNCTION", sequence: 1, station: "ST-1" };
  house.record({ type: "test.recorded", author, body, key, subject: ["unit", UNIT.product, UNIT.serial] });
}

/** Ann opens a shift with her passkey; the browser's key speaks for her until it ends. */
function shift(house: House, change: Change): void {
  const about: [string, string, string] = ["key", "", "S1"];
  const body = { shift: "S1", station: "ST-1", public_key: KEYS.shift.spki, not_after: house.now + DAY / 2 };
  house.person("ann", "shift.opened", body, about);
  testedBy(house, "ann", KEYS.shift);
  if (change.more === "opener_revoked") {
    house.person("erin", "key.revoked", { key_id: PEOPLE.ann.key.id }, ["key", "", "ann"]);
  } else {
    house.record({
      type: "shift.closed",
      author: "ann",
      body: { shift: "S1" },
      key: KEYS.shift,
      subject: about,
    });
  }
  if (change.more === "shift_after_its_end" || change.more === "opener_revoked")
    testedBy(house, "ann", KEYS.shift);
}

/** Cleo lost every key: others agree, and the new one speaks after it waited. */
function recover(house: House, change: Change): void {
  const about: [string, string, string] = ["key", "", "R1"];
  const body = {
    recovery: "R1",
    principal: "cleo",
    public_key: KEYS.recovered.spki,
    usable_from: house.now + DAY,
  };
  const asked = house.written.length;
  const record = house.person("ben", "recovery.requested", body, about, [1]);
  house.person("erin", "approval.given", { record }, ["approval", "", "R1"], [2, asked]);
  if (change.more === "recovery_stopped") house.person("ben", "recovery.stopped", { recovery: "R1" }, about);
  if (change.more !== "recovery_at_once") house.wait(2 * DAY);
  testedBy(house, "cleo", KEYS.recovered);
}

export const NEXT_ORIGIN = "ledger.example/next";

/** The log goes on under another name: the record says from where on, and to what. */
function succeed(house: House): void {
  const size = house.written.length;
  const hash = sha256(utf8("x"));
  const body = { origin: NEXT_ORIGIN, used_up: true, old_root: hash, old_size: size, recovered: size };
  const all = { ...body, old_origin: ORIGIN, checkpoint_key: KEYS.log.raw, recovered_root: hash };
  house.log("ledger.succeeded", all, ["log", "", "1"]);
}

export interface Forged {
  bytes: Bytes;
  written: Written[];
  checkpoint: string;
  leaves: Bytes[];
}

export function checkpointOf(leaves: Bytes[], time = 1800000100n): string {
  const text = `${ORIGIN}\n${leaves.length}\n${base64(root(leaves))}\n`;
  const lines =
    noteLine(ORIGIN, KEYS.log, text) + cosignatureLine("witness.example/w", KEYS.witness, text, time);
  return `${text}\n${lines}`;
}

export function forge(change: Change = {}): Forged {
  const house = new House(change);
  const charter = encode(charterMap(change));
  begin(house, change, charter);
  revise(house, change, charter);
  release(house);
  issue(house, change, authorize(house));
  shift(house, change);
  recover(house, change);
  if (change.more === "succession") succeed(house);
  const leaves = house.written.map((one) => leaf(one.bytes));
  const checkpoint = change.note?.(checkpointOf(leaves)) ?? checkpointOf(leaves);
  const kept = house.written.filter((one) => !one.omitted);
  const last = kept.findLast((one) => one.ofUnit)?.sequence ?? 0;
  const file = members([
    [1, 2],
    [2, checkpoint],
    [3, ["unit", UNIT.product, UNIT.serial]],
    [4, kept.map((one) => [one.sequence, one.bytes, path(leaves, one.sequence)])],
    [5, [[SALT, SHOWN]]],
    [6, []],
    [7, []],
    [8, change.ca ?? CA_CERTIFICATE],
    [9, last],
  ]);
  change.file?.(file);
  return { bytes: encode(file), written: house.written, checkpoint, leaves };
}

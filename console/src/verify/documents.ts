// SPDX-License-Identifier: Apache-2.0
// What the signer signs beside certificates and checkpoints (docs/formats/signer.cddl): admissions, issue
// receipts, firmware manifests, programming permits.
import { type Bytes, compare, hex } from "./bytes";
import { type Item, type Members, decode } from "./cbor";
import { type Sign1, sign1Of } from "./cose";
import { Fields, SEQUENCE_MAX } from "./fields";

const DOCUMENT_MAX = 16384;
const UNITS_MAX = 10000000;
const PERMIT_LIFE = 3600 * 1000;

export const DOCUMENT_NAMES = {
  admission: "sealwright admission",
  receipt: "sealwright issue receipt",
  manifest: "sealwright firmware manifest",
  permit: "sealwright programming permit",
} as const;

interface Signed {
  sign1: Sign1;
  payload: Bytes;
  origin: string;
}

/** Digests are in hex. */
export interface Admission extends Signed {
  claim: string;
  approvalClass: string;
  charter: bigint;
  approvals: string[];
  at: number;
}

export interface Receipt extends Signed {
  request: string;
  authorization: string;
  n: number;
  of: number;
  certificate: string;
  at: number;
}

export interface Manifest extends Signed {
  claim: string;
  release: string;
  product: string;
  environment: string;
  version: string;
  image: string;
  imageSize: bigint;
  securityVersion: bigint;
  configuration: string | null;
  revisions: string[];
  at: number;
  emergency: boolean;
}

export interface Permit extends Signed {
  claim: string;
  product: string;
  serial: string;
  unitKey: string;
  image: string;
  securityVersion: bigint;
  environment: string;
  stationKey: string;
  from: number;
  until: number;
}

const f = new Fields("verify.wrong.document");

interface Opened {
  m: Members;
  signed: Signed;
}

function open(data: Bytes, name: string, required: readonly number[], optional: readonly number[]): Opened {
  f.need(data.length <= DOCUMENT_MAX, name);
  const sign1 = sign1Of(decode(data));
  const { payload } = sign1;
  if (payload === null) return f.wrong(name);
  const m = f.members(decode(payload), name, required, optional);
  f.need(f.uint(m.get(1), `${name}.1`) === 1n, `${name}.1`);
  return { m, signed: { sign1, payload, origin: f.text(m.get(2), `${name}.2`, 1, 255) } };
}

function environmentOf(item: Item, member: string): string {
  const text = f.id(item, member);
  f.need(["development", "staging", "production"].includes(text), member);
  return text;
}

function approvalsOf(item: Item): string[] {
  const digests = f.array(item, "admission.6", 0, 64).map((one) => f.digest(one, "admission.6"));
  digests.forEach((digest, i) => {
    const last = digests[i - 1];
    f.need(last === undefined || compare(last, digest) < 0, "admission.6");
  });
  return digests.map(hex);
}

function checkAnchor(m: Members, member: string, anchor: number): void {
  f.small(m.get(anchor), `${member}.${anchor}`, 2);
  const value = m.maybe(anchor + 1);
  if (value !== undefined) f.uint(value, `${member}.${anchor + 1}`);
}

export function parseAdmission(data: Bytes): Admission {
  const { m, signed } = open(data, "admission", [1, 2, 3, 4, 5, 6, 7, 8], [9]);
  checkAnchor(m, "admission", 8);
  return {
    ...signed,
    claim: hex(f.digest(m.get(3), "admission.3")),
    approvalClass: f.id(m.get(4), "admission.4"),
    charter: f.sequence(m.get(5), "admission.5"),
    approvals: approvalsOf(m.get(6)),
    at: f.instant(m.get(7), "admission.7"),
  };
}

export function parseReceipt(data: Bytes): Receipt {
  const { m, signed } = open(data, "receipt", [1, 2, 3, 4, 5, 6, 7, 8, 9], [10]);
  checkAnchor(m, "receipt", 9);
  const receipt = {
    ...signed,
    request: hex(f.digest(m.get(3), "receipt.3")),
    authorization: hex(f.digest(m.get(4), "receipt.4")),
    n: f.small(m.get(5), "receipt.5", UNITS_MAX),
    of: f.small(m.get(6), "receipt.6", UNITS_MAX),
    certificate: hex(f.digest(m.get(7), "receipt.7")),
    at: f.instant(m.get(8), "receipt.8"),
  };
  f.need(receipt.n > 0 && receipt.n <= receipt.of, "receipt.5");
  return receipt;
}

export function parseManifest(data: Bytes): Manifest {
  const { m, signed } = open(data, "manifest", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13], [11, 14]);
  const configuration = m.maybe(11);
  const emergency = m.maybe(14);
  // An emergency release says so, or nothing.
  f.need(emergency === undefined || f.bool(emergency, "manifest.14"), "manifest.14");
  return {
    ...signed,
    claim: hex(f.digest(m.get(3), "manifest.3")),
    release: f.id(m.get(4), "manifest.4"),
    product: f.id(m.get(5), "manifest.5"),
    environment: environmentOf(m.get(6), "manifest.6"),
    version: f.text(m.get(7), "manifest.7", 1, 255),
    image: hex(f.digest(m.get(8), "manifest.8")),
    imageSize: f.uint(m.get(9), "manifest.9", SEQUENCE_MAX),
    securityVersion: f.uint(m.get(10), "manifest.10", SEQUENCE_MAX),
    configuration: configuration === undefined ? null : hex(f.digest(configuration, "manifest.11")),
    revisions: f.array(m.get(12), "manifest.12", 0, 64).map((one) => f.id(one, "manifest.12")),
    at: f.instant(m.get(13), "manifest.13"),
    emergency: emergency !== undefined,
  };
}

export function parsePermit(data: Bytes): Permit {
  const { m, signed } = open(data, "permit", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], []);
  f.bytes(m.get(7), "permit.7", 16, 32);
  const permit = {
    ...signed,
    claim: hex(f.digest(m.get(3), "permit.3")),
    product: f.id(m.get(4), "permit.4"),
    serial: f.id(m.get(5), "permit.5"),
    unitKey: hex(f.digest(m.get(6), "permit.6")),
    image: hex(f.digest(m.get(8), "permit.8")),
    securityVersion: f.uint(m.get(9), "permit.9", SEQUENCE_MAX),
    environment: environmentOf(m.get(10), "permit.10"),
    stationKey: hex(f.digest(m.get(11), "permit.11")),
    from: f.instant(m.get(12), "permit.12"),
    until: f.instant(m.get(13), "permit.13"),
  };
  f.need(permit.until > permit.from && permit.until - permit.from <= PERMIT_LIFE, "permit.13");
  return permit;
}

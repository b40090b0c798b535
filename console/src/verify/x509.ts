// SPDX-License-Identifier: Apache-2.0
// The unit's certificate (RFC 5280): for which key, of which unit, and whether its CA made it.
import { type Bytes, equal, hex, textOf } from "./bytes";
import { keySigned } from "./crypto";
import { Der, OID, SEQUENCE, SET, bitString, derSignature, whole } from "./der";
import { need } from "./wrong";

const CODE = "verify.wrong.certificate";
const CONTEXT_VERSION = 0xa0;
const CONTEXT_EXTENSIONS = 0xa3;
const INTEGER = 0x02;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const BOOLEAN = 0x01;
const OCTET_STRING = 0x04;

// Object identifiers, as their bytes.
const ORGANIZATIONAL_UNIT = "55040b";
const SERIAL_NUMBER = "550405";
const ECDSA_SHA256 = "2a8648ce3d040302";
const ED25519 = "2b6570";

interface Attribute {
  oid: string;
  value: Bytes;
}

export interface Certificate {
  signed: Bytes;
  algorithm: Bytes;
  /** The same once more, within what is signed. */
  innerAlgorithm: Bytes;
  signature: Bytes;
  number: string;
  issuer: Bytes;
  issuerAttributes: Attribute[];
  subject: Bytes;
  subjectAttributes: Attribute[];
  spki: Bytes;
  notBefore: string;
  notAfter: string;
}

function nameOf(der: Der): { raw: Bytes; attributes: Attribute[] } {
  const name = der.next(SEQUENCE);
  const attributes: Attribute[] = [];
  for (const sets = new Der(name.value); !sets.isEnd; ) {
    for (const set = sets.inside(SET); !set.isEnd; ) {
      const one = set.inside(SEQUENCE);
      attributes.push({ oid: hex(one.next(OID).value), value: one.next().value });
      one.end();
    }
  }
  return { raw: name.raw, attributes };
}

function timeOf(der: Der): string {
  const time = der.next();
  need(time.tag === UTC_TIME || time.tag === GENERALIZED_TIME, CODE);
  const text = textOf(time.value) ?? "";
  const digits = time.tag === UTC_TIME ? (Number(text.slice(0, 2)) < 50 ? "20" : "19") + text : text;
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits) ?? [];
  need(second !== undefined, CODE);
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}

function checkExtensions(der: Der): void {
  for (const list = der.inside(CONTEXT_EXTENSIONS).inside(SEQUENCE); !list.isEnd; ) {
    const one = list.inside(SEQUENCE);
    one.next(OID);
    if (one.peek === BOOLEAN) one.next(BOOLEAN);
    one.next(OCTET_STRING);
    one.end();
  }
}

/** Throws Wrong. What the extensions allow is the CA's affair: the log says what this certificate is for. */
export function parseCertificate(data: Bytes): Certificate {
  const outer = new Der(whole(data, SEQUENCE).value);
  const signed = outer.next(SEQUENCE);
  const algorithm = outer.next(SEQUENCE);
  const signature = bitString(outer);
  outer.end();
  const tbs = new Der(signed.value);
  if (tbs.peek === CONTEXT_VERSION) tbs.next();
  const number = hex(tbs.next(INTEGER).value);
  const inner = tbs.next(SEQUENCE).value;
  const issuer = nameOf(tbs);
  const validity = tbs.inside(SEQUENCE);
  const notBefore = timeOf(validity);
  const notAfter = timeOf(validity);
  validity.end();
  const subject = nameOf(tbs);
  const spki = tbs.next(SEQUENCE).raw;
  if (!tbs.isEnd) checkExtensions(tbs);
  tbs.end();
  return {
    signed: signed.raw,
    algorithm: algorithm.value,
    innerAlgorithm: inner,
    signature,
    number,
    issuer: issuer.raw,
    issuerAttributes: issuer.attributes,
    subject: subject.raw,
    subjectAttributes: subject.attributes,
    spki,
    notBefore,
    notAfter,
  };
}

/** What the subject says once, and only once. */
export function subjectSays(certificate: Certificate, oid: string): Bytes | null {
  const [found, ...more] = certificate.subjectAttributes.filter((one) => one.oid === oid);
  return found === undefined || more.length > 0 ? null : found.value;
}

/** Whether the CA, whose certificate this is, made it. */
export async function madeBy(certificate: Certificate, ca: Certificate): Promise<boolean> {
  if (!equal(certificate.algorithm, certificate.innerAlgorithm)) return false;
  const algorithm = new Der(certificate.algorithm);
  const oid = hex(algorithm.next(OID).value);
  if (!equal(certificate.issuer, ca.subject) || !algorithm.isEnd) return false;
  const signature = oid === ECDSA_SHA256 ? derSignature(certificate.signature) : certificate.signature;
  if (signature === null || (oid !== ECDSA_SHA256 && oid !== ED25519)) return false;
  return keySigned(ca.spki, certificate.signed, signature);
}

function saysText(value: Bytes | null, text: string): boolean {
  return value !== null && textOf(value) === text;
}

function opened(data: Bytes): Certificate | null {
  try {
    return parseCertificate(data);
  } catch {
    return null;
  }
}

/** Null, or what is wrong: without the CA's certificate only whether it is for the key. */
export async function certificateWrong(
  data: Bytes,
  ca: Bytes,
  spki: Bytes,
  unit: { within: string; id: string },
): Promise<string | null> {
  const certificate = opened(data);
  if (certificate === null) return CODE;
  if (!equal(certificate.spki, spki)) return "verify.wrong.certificate.key";
  if (ca.length === 0) return null;
  const issuer = opened(ca);
  if (issuer === null || !(await madeBy(certificate, issuer))) return "verify.wrong.certificate.ca";
  const isOfUnit =
    saysText(subjectSays(certificate, ORGANIZATIONAL_UNIT), unit.within) &&
    saysText(subjectSays(certificate, SERIAL_NUMBER), unit.id);
  return isOfUnit ? null : "verify.wrong.certificate.unit";
}

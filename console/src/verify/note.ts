// SPDX-License-Identifier: Apache-2.0
// C2SP signed notes, checkpoints (tlog-checkpoint), verifier keys and cosignatures (tlog-cosignature).
import {
  type Bytes,
  base64,
  bigOf,
  bytes,
  concat,
  equal,
  fromBase64,
  fromHex,
  hex,
  textOf,
  utf8,
} from "./bytes";
import { keySigned, sha256, spkiOfEd25519 } from "./crypto";
import type { Head } from "./merkle";
import { need } from "./wrong";

const NOTE_MAX = 16384;
const SIGNATURES_MAX = 64;
const NAME_MAX = 255;
const COSIGNED_MAX = 4096;
const PLAIN = 0x01;
const COSIGNATURE = 0x04;
const DASH = "\u2014 ";

export interface NoteKey {
  name: string;
  id: string;
  type: number;
  raw: Bytes;
}

interface NoteSignature {
  name: string;
  id: string;
  blob: Bytes;
}

export interface Note {
  text: string;
  signatures: NoteSignature[];
}

export interface Checkpoint {
  origin: string;
  head: Head;
}

// Unicode's White_Space beyond ASCII.
const WIDE_SPACE = /[\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

function nameIsValid(name: string): boolean {
  const size = utf8(name).length;
  // eslint-disable-next-line no-control-regex
  return size > 0 && size <= NAME_MAX && !/[\x00-\x20+\x7f]/.test(name) && !WIDE_SPACE.test(name);
}

async function keyId(name: string, type: number, raw: Bytes): Promise<string> {
  return hex((await sha256(concat(utf8(name), bytes(0x0a, type), raw))).subarray(0, 4));
}

/** A verifier key `name+hex(id)+base64(type, public key)` of Ed25519, or null. */
export async function parseNoteKey(text: string): Promise<NoteKey | null> {
  const [, name, id, rest] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
  if (name === undefined || id === undefined || rest === undefined || !nameIsValid(name)) return null;
  const typed = fromBase64(rest);
  if (fromHex(id)?.length !== 4 || typed?.length !== 33) return null;
  const type = typed[0] ?? 0;
  const raw = typed.slice(1);
  if (type !== PLAIN && type !== COSIGNATURE) return null;
  return (await keyId(name, type, raw)) === id.toLowerCase()
    ? { name, id: id.toLowerCase(), type, raw }
    : null;
}

export async function noteKeyText(name: string, raw: Bytes): Promise<string> {
  return `${name}+${await keyId(name, PLAIN, raw)}+${base64(concat(bytes(PLAIN), raw))}`;
}

// ---- notes ----

function parseSignature(line: string): NoteSignature {
  need(line.startsWith(DASH), "verify.wrong.note.signature");
  const space = line.indexOf(" ", DASH.length);
  need(space >= 0, "verify.wrong.note.signature");
  const name = line.slice(DASH.length, space);
  const blob = fromBase64(line.slice(space + 1));
  need(nameIsValid(name) && blob !== null && blob.length > 4, "verify.wrong.note.signature");
  return { name, id: hex(blob.subarray(0, 4)), blob: blob.subarray(4) };
}

/** Strict: no control characters but line feeds, at least one signature, each a whole line. */
export function parseNote(text: string): Note {
  need(utf8(text).length <= NOTE_MAX, "verify.wrong.note.large");
  // eslint-disable-next-line no-control-regex
  need(!/[\x00-\x09\x0b-\x1f]/.test(text), "verify.wrong.note.plain");
  const end = text.lastIndexOf("\n\n");
  need(end >= 0, "verify.wrong.note.empty_line");
  const lines = text.slice(end + 2).split("\n");
  need(lines.length > 1 && lines.pop() === "", "verify.wrong.note.signature");
  need(lines.length <= SIGNATURES_MAX, "verify.wrong.note.large");
  return { text: text.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

function cosignedTime(key: NoteKey, signature: NoteSignature): bigint {
  return key.type === COSIGNATURE ? bigOf(signature.blob.subarray(0, 8)) : 0n;
}

async function lineHolds(note: Note, key: NoteKey, signature: NoteSignature): Promise<boolean> {
  const spki = spkiOfEd25519(key.raw);
  const text = utf8(note.text);
  if (key.type === PLAIN) return keySigned(spki, text, signature.blob);
  if (signature.blob.length !== 72 || text.length > COSIGNED_MAX) return false;
  const message = concat(utf8(`cosignature/v1\ntime ${cosignedTime(key, signature)}\n`), text);
  return keySigned(spki, message, signature.blob.subarray(8));
}

/**
 * Whether the key signed the note. Others' lines are passed over; a line of this key that does not hold makes it
 * "bad". `time`: the latest unix second of this key's cosignatures, 0 for a plain signature.
 */
export async function noteVerdict(
  note: Note,
  key: NoteKey,
): Promise<{ verdict: "unsigned" | "bad" | "good"; time: bigint }> {
  let time = 0n;
  const own = note.signatures.filter((s) => s.id === key.id && s.name === key.name);
  for (const signature of own) {
    if (!(await lineHolds(note, key, signature))) return { verdict: "bad", time: 0n };
    const at = cosignedTime(key, signature);
    if (at > time) time = at;
  }
  return { verdict: own.length === 0 ? "unsigned" : "good", time };
}

// ---- checkpoints ----

/** Origin, size, root: three lines, and no extension. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, digits, root64, end, ...more] = text.split("\n");
  need(end === "" && more.length === 0, "verify.wrong.checkpoint.lines");
  need(origin !== undefined && digits !== undefined && root64 !== undefined, "verify.wrong.checkpoint.lines");
  const originSize = utf8(origin).length;
  need(originSize > 0 && originSize <= NAME_MAX, "verify.wrong.checkpoint.origin");
  need(/^(0|[1-9][0-9]{0,19})$/.test(digits), "verify.wrong.checkpoint.size");
  const size = BigInt(digits);
  need(size < 1n << 64n, "verify.wrong.checkpoint.size");
  const root = fromBase64(root64);
  need(root !== null && root.length === 32, "verify.wrong.checkpoint.root");
  return { origin, head: { size, root } };
}

/** A signed checkpoint as it comes: the note, and what it says. */
export function openCheckpoint(data: Bytes): { note: Note; checkpoint: Checkpoint } {
  const text = textOf(data);
  need(text !== null, "verify.wrong.note.plain");
  const note = parseNote(text);
  return { note, checkpoint: parseCheckpoint(note.text) };
}

export function sameHead(a: Head, b: Head): boolean {
  return a.size === b.size && equal(a.root, b.root);
}

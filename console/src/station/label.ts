// SPDX-License-Identifier: Apache-2.0
// What a label says: one of our commands, a link, the fields of an ISO/IEC 15434 envelope (as src/format/label.c reads
// them), a GS1 element string, or a bare number. Where separators were dropped on the way there may be several readings;
// who knows the records decides which one there is.
import { elements } from "./gs1";
import { fields } from "./envelope";

export const COMMANDS = ["NEXT", "PASS", "FAIL", "PAUSE", "SWITCH", "END"] as const;
export type CommandName = (typeof COMMANDS)[number];
/** What the keys 1 to 9 choose. */
export const CHOICES = ["1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;
export type Spoken = CommandName | (typeof CHOICES)[number];

export interface Reading {
  /** Serial of a unit, and its product where the label says it. */
  serial?: string;
  product?: string;
  part_lot?: string;
  supplier?: string;
  part?: string;
  manufacturer_part?: string;
  quantity?: number;
}

export type Label =
  | { kind: "command"; command: Spoken }
  | { kind: "readings"; readings: Reading[] }
  /** `why` names a text: station.label.WHY, and its fix. */
  | { kind: "refused"; why: "empty" | "long" | "format" | "separators" | "characters" };

const LONGEST = 1000;
const ID = /^[!"%-?A-Z_a-z]{1,64}$/;

/** Separators, however they came. */
const NOTATIONS: [RegExp, string][] = [
  [/\^\]|\{GS\}|<GS>|\u241d/g, "\x1d"],
  [/\^\^|\{RS\}|<RS>|\u241e/g, "\x1e"],
  [/\^D|\{EOT\}|<EOT>|\u2404/g, "\x04"],
];

/** Symbologies whose data begins with FNC1 are GS1's (ISO/IEC 15424): Code 128, Data Matrix, QR, DataBar. */
const GS1_SYMBOLOGY = /^\](?:C1|d2|Q3|e0|J1)/;
const SYMBOLOGY = /^\][A-Za-z][0-9A-Za-z]/;

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function linkOf(text: string): Reading | undefined {
  const [, kind, within = "", id = ""] = /^https?:\/\/[^/]+\/(unit|part-lot)\/([^/?#]+)\/([^/?#]+)/i.exec(text) ?? [];
  const [first, second] = [decoded(within), decoded(id)];
  if (kind === undefined || first === undefined || second === undefined || !ID.test(first) || !ID.test(second)) return undefined;
  return kind.toLowerCase() === "unit" ? { product: first, serial: second } : { supplier: first, part_lot: second };
}

/** A number alone may be a unit's or a part lot's; with a slash it may be PRODUCT/SERIAL. */
function plain(text: string): Reading[] {
  if (!ID.test(text)) return [];
  const [product, serial, more] = text.split("/");
  const pair = serial !== undefined && more === undefined && product && serial ? [{ product, serial }] : [];
  return [...pair, { serial: text, part_lot: text }];
}

function answer(readings: Reading[] | undefined): Label {
  const useful = (readings ?? []).filter((r) => r.serial !== undefined || r.part_lot !== undefined);
  if (useful.length > 0) return { kind: "readings", readings: useful };
  return { kind: "refused", why: readings === undefined ? "separators" : "format" };
}

export function readLabel(scanned: string): Label {
  if (scanned.length > LONGEST) return { kind: "refused", why: "long" };
  let text = scanned.trim();
  const command = [...COMMANDS, ...CHOICES].find((name) => text.toUpperCase() === `SW:${name}`);
  if (command !== undefined) return { kind: "command", command };
  for (const [written, meant] of NOTATIONS) text = text.replace(written, meant);
  const named = GS1_SYMBOLOGY.test(text);
  text = text.replace(SYMBOLOGY, "");
  if (text === "") return { kind: "refused", why: "empty" };
  if (/^>?\[\)>/.test(text)) return answer(fields(text.replace(/^>?\[\)>/, "")));
  // eslint-disable-next-line no-control-regex
  text = text.replace(/[\x00-\x1c\x1e\x1f]+$/, "");
  if (named || text.includes("\x1d")) return answer(elements(text.replace(/^\x1d/, "")));
  if (/^\(\d{2,4}\)/.test(text)) return answer(elements(text.replace(/\((\d{2,4})\)/g, "\x1d$1").slice(1)));
  const link = linkOf(text);
  if (link !== undefined) return { kind: "readings", readings: [link] };
  // Digits alone may be a GS1 string whose scanner says nothing of it.
  const readings = [...plain(text), ...(/^\d{2}/.test(text) ? (elements(text) ?? []) : [])];
  return readings.length > 0 ? { kind: "readings", readings } : { kind: "refused", why: "characters" };
}

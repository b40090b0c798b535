// SPDX-License-Identifier: Apache-2.0
// What stands in a form, and the record's body that it means. Everything in a draft is text until it is looked at.
import type { Body, Json } from "./record";
import { number, plural, t } from "./text";
import type { Field } from "./types";

export type Draft = { [name: string]: string | Draft[] };
/** By the path of the field, as the server names it: "parts[2].part_lot". */
export type Wrongs = Map<string, string>;

const ID = /^[!"%-?A-Z_a-z]{1,64}$/;
const encoder = new TextEncoder();

export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

/** Number and length limits, for help and for refusals. */
export function limits(field: Field): { least?: number; most?: number } {
  const { least, most } = field;
  if (least === undefined || most === undefined) return {};
  return field.kind === "number" || field.kind === "list" || field.kind === "text" ||
    field.kind === "blob" || field.kind === "commitment"
    ? { least, most }
    : {};
}

function numberOf(field: Field, text: string): Json | undefined {
  const value = Number(text);
  if (!/^-?(0|[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(value)) return undefined;
  const { least, most } = limits(field);
  return (least !== undefined && value < least) || (most !== undefined && value > most) ? undefined : value;
}

function sized(field: Field, text: string, size: number): Json | undefined {
  const { least, most } = limits(field);
  return (least !== undefined && size < least) || (most !== undefined && size > most) ? undefined : text;
}

/** The field's value; undefined if the text is none. */
function valueOf(field: Field, given: string): Json | undefined {
  const text = given.trim();
  switch (field.kind) {
    case "id":
      if (field.choices !== undefined && !field.choices.split("|").includes(text)) return undefined;
      return ID.test(text) ? text : undefined;
    case "hash":
      return /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined;
    case "instant":
      return Number.isNaN(Date.parse(text)) ? undefined : new Date(text).toISOString();
    case "number":
      return numberOf(field, text);
    case "bool":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "blob":
      if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
      return sized(field, text, Math.floor((text.length * 3) / 4));
    default:
      return sized(field, given, utf8Length(given));
  }
}

/** What the field expects, in words. */
export function expects(field: Field): string {
  const { least, most } = limits(field);
  if (field.kind === "number" && least !== undefined && most !== undefined) {
    return t("form.expects.number", { least: number(least), most: number(most) });
  }
  if (field.kind === "list" && most !== undefined) return plural("form.expects.list", most);
  if (field.kind === "id" && field.choices !== undefined) return t("form.expects.choice");
  if (most !== undefined) {
    return least === most ? plural("form.expects.exactly", most) : plural("form.expects.bytes", most);
  }
  return t(`form.expects.${field.kind}`);
}

function listOf(field: Field, rows: Draft[], path: string, wrongs: Wrongs): Json | undefined {
  const { most } = limits(field);
  if (most !== undefined && rows.length > most) wrongs.set(path, expects(field));
  return rows.map((row, i) => bodyOf(field.of ?? [], row, `${path}[${i}].`, wrongs));
}

/** The body; what is wrong with the draft goes into `wrongs`. Empty fields are left out. */
export function bodyOf(fields: Field[], draft: Draft, prefix: string, wrongs: Wrongs): Body {
  const body: Body = {};
  for (const field of fields) {
    const given = draft[field.name] ?? "";
    const path = prefix + field.name;
    if (given.length === 0) {
      if (field.required) wrongs.set(path, t("form.missing"));
      continue;
    }
    const value = typeof given === "string" ? valueOf(field, given) : listOf(field, given, path, wrongs);
    if (value === undefined) wrongs.set(path, expects(field));
    else body[field.name] = value;
  }
  return body;
}

/** Values from an address: ?field=value, ?list[0].member=value. Names that the type has not are left out. */
export function draftOf(fields: Field[], query: URLSearchParams): Draft {
  const draft: Draft = {};
  for (const [name, value] of query) {
    const parts = /^([a-z0-9_]+)(?:\[(\d{1,3})\]\.([a-z0-9_]+))?$/.exec(name);
    const field = fields.find((f) => f.name === parts?.[1]);
    if (parts === null || field === undefined) continue;
    const [, , index, member] = parts;
    if (index === undefined || member === undefined) {
      if (field.kind !== "list") draft[field.name] = value;
      continue;
    }
    if (field.of?.some((f) => f.name === member) !== true) continue;
    const rows = draft[field.name];
    const list = Array.isArray(rows) ? rows : [];
    while (list.length <= Number(index) && list.length < (field.most ?? 0)) list.push({});
    const row = list[Number(index)];
    if (row !== undefined) row[member] = value;
    draft[field.name] = list;
  }
  return draft;
}

/** The path that our fields use for what the server names. */
export function pathOf(field: string): string {
  return field.replace(/^body\./, "");
}

// SPDX-License-Identifier: Apache-2.0
// Record types as GET /v1/types tells them, and what they and their fields are called.
import { get } from "./api";
import { loadMore, named, spoken } from "./text";

export type Kind = "id" | "hash" | "instant" | "number" | "bool" | "text" | "blob" | "commitment" | "list";

export interface Field {
  name: string;
  kind: Kind;
  required: boolean;
  help: string;
  personal?: boolean;
  confidential?: boolean;
  /** A digest that names stored evidence. */
  stored?: boolean;
  choices?: string;
  least?: number;
  most?: number;
  of?: Field[];
}

export interface RecordType {
  name: string;
  area: string;
  version: number;
  nature: "decision" | "event";
  help: string;
  signed: boolean;
  fields: Field[];
  permission?: string;
  approval?: string;
  gate?: string;
  subject?: string;
  /** Only the server's own services write it. */
  system?: boolean;
}

/** Both with the texts that name them. */
export async function readTypes(signal?: AbortSignal): Promise<RecordType[]> {
  const [answer] = await Promise.all([get<{ types: RecordType[] }>("/v1/types", undefined, signal), loadMore()]);
  return answer.types;
}

export async function readType(name: string, signal?: AbortSignal): Promise<RecordType> {
  const to = `/v1/types/${encodeURIComponent(name)}`;
  const [type] = await Promise.all([get<RecordType>(to, undefined, signal), loadMore()]);
  return type;
}

/** What a record of this type does, in a short line. */
export function typeName(type: { name: string; help: string }): string {
  return named(`short.${type.name}`, spoken(`type.${type.name}`, type.help));
}

/** A field's sentence; `path` with the lists it stands in: "parts.part_lot". */
export function fieldHelp(type: string, path: string, field: Field): string {
  return spoken(`field.${type}.${path}`, field.help);
}

/** A field's name: the column's, where there is one. */
export function fieldName(field: { name: string }): string {
  return named(`column.${field.name}`, field.name.replaceAll("_", " "));
}

/** A word of a choice: a state, or a kind of thing. */
export function wordName(word: string): string {
  return named(`state.${word}`, named(`kind.${word}`, word));
}

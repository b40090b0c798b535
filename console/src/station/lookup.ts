// SPDX-License-Identifier: Apache-2.0
// What was scanned, as the records know it: a unit, a part lot, several of them, or nothing.
import { type Row, view } from "../base/api";
import { readLabel, type Reading, type Spoken } from "./label";

export interface UnitName {
  product: string;
  serial: string;
}

export type Thing = { kind: "unit"; unit: UnitName } | { kind: "part_lot"; row: Row; quantity?: number };

export type Found =
  | { kind: "command"; command: Spoken }
  | { kind: "things"; things: Thing[]; text: string }
  /** Texts station.label.WHY and station.label.WHY.fix. */
  | { kind: "refused"; why: string; text: string };

const NUMBERS_MOST = 12;
const ROWS_MOST = 10;

async function units(reading: Reading): Promise<Thing[]> {
  const { serial, product } = reading;
  if (serial === undefined) return [];
  const { rows } = await view("unit.list", { serial, product, limit: ROWS_MOST });
  return rows.map((row) => ({ kind: "unit", unit: { product: String(row["product"]), serial: String(row["serial"]) } }));
}

async function partLots(reading: Reading): Promise<Thing[]> {
  const { part_lot, supplier, part, manufacturer_part, quantity } = reading;
  if (part_lot === undefined) return [];
  const { rows } = await view("part_lot.list", { part_lot, supplier, limit: ROWS_MOST });
  const same = rows.filter(
    (row) =>
      (part === undefined || row["part"] === part) &&
      (manufacturer_part === undefined || row["manufacturer_part"] === null || row["manufacturer_part"] === manufacturer_part),
  );
  return same.map((row) => ({ kind: "part_lot", row, ...(quantity === undefined ? {} : { quantity }) }));
}

export function nameOf(thing: Thing): string {
  return thing.kind === "unit"
    ? `unit ${thing.unit.product}/${thing.unit.serial}`
    : `part_lot ${String(thing.row["supplier"])}/${String(thing.row["part_lot"])}`;
}

/** Each thing once, in the order of the readings. */
async function known(readings: Reading[]): Promise<Thing[]> {
  const found = await Promise.all(readings.flatMap((reading) => [units(reading), partLots(reading)]));
  const all = new Map<string, Thing>();
  for (const thing of found.flat()) if (!all.has(nameOf(thing))) all.set(nameOf(thing), thing);
  return [...all.values()];
}

function distinct(readings: Reading[]): Reading[] {
  const all = new Map(readings.map((reading) => [JSON.stringify([reading.product, reading.serial, reading.supplier, reading.part_lot]), reading]));
  return [...all.values()];
}

/** `texts`: what the scan may mean, the likeliest first. The first that the records know counts. */
export async function lookUp(texts: string[]): Promise<Found> {
  let refused: Found | undefined;
  const text = texts[0] ?? "";
  for (const one of texts) {
    const label = readLabel(one);
    if (label.kind === "command") return label;
    if (label.kind === "refused") {
      refused ??= { kind: "refused", why: label.why, text };
      continue;
    }
    const readings = distinct(label.readings);
    if (readings.length > NUMBERS_MOST) {
      refused ??= { kind: "refused", why: "separators", text };
      continue;
    }
    const things = await known(readings);
    if (things.length > 0) return { kind: "things", things, text };
    refused ??= { kind: "refused", why: readings.length > 2 ? "separators" : "unknown", text };
  }
  return refused ?? { kind: "refused", why: "empty", text };
}

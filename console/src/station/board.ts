// SPDX-License-Identifier: Apache-2.0
// The unit in work, as the records know it now: its steps, which is next, and what stands in its way.
import { type Failure, get, path, Problem, type Query, type Row, view } from "../base/api";
import type { UnitName } from "./lookup";

export interface Part {
  part: string;
  quantity: number;
  designators: string;
}

export interface Limit {
  measurement: string;
  unit: string;
  low: number | null;
  high: number | null;
}

export interface Procedure {
  procedure: string;
  digest: string;
  leastMs: number;
  limits: Limit[];
  sequence: number;
}

export interface Board {
  unit: Row;
  steps: Row[];
  /** The first open one. */
  next?: Row;
  /** What people call the steps. */
  names: Map<string, string>;
  holds: Row[];
  containments: Row[];
  /** What somebody wrote who paused it. */
  concerns: Row[];
  failures: Failure[];
  /** Still to be fitted, where that is next. */
  parts: Part[];
  procedure?: Procedure;
}

/** What one may not see is left out: that a unit is held, its own row says. */
async function rows(name: string, query: Query, signal: AbortSignal): Promise<Row[]> {
  try {
    return (await view(name, { ...query, limit: 1000 }, signal)).rows;
  } catch (e) {
    if (e instanceof Problem && e.document.status === 403) return [];
    throw e;
  }
}

async function holdsOf(unit: Row, station: string, signal: AbortSignal): Promise<Row[]> {
  const places: [kind: string, within: string, id: string][] = [
    ["unit", String(unit["product"]), String(unit["serial"])],
    ["product", "", String(unit["product"])],
    ["station", "", station],
    ["line", String(unit["site"]), String(unit["line"])],
    ["site", "", String(unit["site"])],
  ];
  const found = await Promise.all(
    places.map(([kind, within, id]) => rows("hold.open", { kind, id, ...(within === "" ? {} : { within }) }, signal)),
  );
  return found.flat();
}

/** It has left the line. */
export function isGone(unit: Row): boolean {
  return ["packed", "shipped", "scrapped"].includes(String(unit["state"]));
}

/** The next gate of its way, if somebody may ask it here. */
async function failuresOf(unit: UnitName, work: string, signal: AbortSignal): Promise<Failure[]> {
  if (work !== "test" && work !== "program") return [];
  try {
    const to = `/v1/gates${path(work, "unit", unit.product, unit.serial)}`;
    return (await get<{ failures: Failure[] }>(to, undefined, signal)).failures;
  } catch (e) {
    // The record itself asks the gate, whoever may look at it.
    if (e instanceof Problem && e.document.status === 403) return [];
    throw e;
  }
}

async function partsOf(unit: UnitName, revision: string, signal: AbortSignal): Promise<Part[]> {
  const [lines, fitted] = await Promise.all([
    rows("bom.lines", { product: unit.product, revision }, signal),
    rows("unit.parts", { ...unit }, signal),
  ]);
  const inside = new Map<string, number>();
  for (const row of fitted) {
    if (row["until"] !== null) continue;
    const part = String(row["part"]);
    inside.set(part, (inside.get(part) ?? 0) + Number(row["quantity"]));
  }
  return lines
    .map((row) => {
      const part = String(row["part"]);
      const there = Math.min(inside.get(part) ?? 0, Number(row["quantity"]));
      inside.set(part, (inside.get(part) ?? 0) - there);
      return { part, quantity: Number(row["quantity"]) - there, designators: String(row["designators"] ?? "") };
    })
    .filter((part) => part.quantity > 0);
}

function limitOf(row: Row): Limit {
  const bound = (name: string) => (row[name] === null ? null : Number(row[name]));
  return {
    measurement: String(row["measurement"]),
    unit: String(row["unit"]),
    low: bound("low_micro"),
    high: bound("high_micro"),
  };
}

/** Where the station's counter of tests goes on. */
export async function nextTest(station: string, signal?: AbortSignal): Promise<number> {
  const { rows: counters } = await view("test.counters", { station }, signal);
  return Number(counters[0]?.["sequence"] ?? 0) + 1;
}

async function procedureOf(product: string, procedure: string, station: string, signal: AbortSignal): Promise<Procedure | undefined> {
  const [all, limits, sequence] = await Promise.all([
    rows("procedure.list", { product, procedure }, signal),
    rows("procedure.limits", { procedure }, signal),
    nextTest(station, signal),
  ]);
  const row = all.find((one) => one["state"] === "in_force");
  if (row === undefined) return undefined;
  return {
    procedure,
    digest: String(row["digest"]),
    leastMs: Number(row["least_ms"] ?? 0),
    limits: limits.map(limitOf),
    sequence,
  };
}

async function travelerOf(traveler: string, signal: AbortSignal): Promise<{ revision: string; names: Map<string, string> }> {
  const [one, steps] = await Promise.all([
    rows("traveler.list", { traveler }, signal),
    rows("traveler.steps", { traveler }, signal),
  ]);
  const names = new Map(steps.filter((row) => row["name"] !== null).map((row) => [String(row["step"]), String(row["name"])]));
  return { revision: String(one[0]?.["revision"] ?? ""), names };
}

/** Undefined: there is no such unit, or none that one may see. */
export async function readBoard(name: UnitName, station: string, signal: AbortSignal): Promise<Board | undefined> {
  const { product, serial } = name;
  const unit = (await view("unit.one", { product, serial }, signal)).rows[0];
  if (unit === undefined) return undefined;
  const steps = await rows("unit.steps", { product, serial }, signal);
  const next = steps.find((row) => row["seq"] === null);
  const work = String(next?.["work"] ?? "");
  const procedure = String(next?.["procedure"] ?? "");
  const [traveler, holds, containments, concerns, failures, test] = await Promise.all([
    travelerOf(String(unit["traveler"] ?? ""), signal),
    holdsOf(unit, station, signal),
    rows("containment.of_unit", { product, serial }, signal),
    rows("concern.list", { kind: "unit", within: product, id: serial }, signal),
    isGone(unit) ? [] : failuresOf(name, work, signal),
    work === "test" ? procedureOf(product, procedure, station, signal) : undefined,
  ]);
  const parts = work === "fit" || work === "build" ? await partsOf(name, traveler.revision, signal) : [];
  return {
    unit,
    steps,
    names: traveler.names,
    holds,
    containments,
    concerns: concerns.filter((row) => row["is_open"] === 1),
    failures,
    parts,
    ...(next === undefined ? {} : { next }),
    ...(test === undefined ? {} : { procedure: test }),
  };
}

export type Signal = "go" | "stop" | "wait" | "done";

/** What the color, the word and the sign say. */
export function signalOf(board: Board, station: string): Signal {
  const { unit, next } = board;
  if (board.holds.length + board.containments.length + board.failures.length > 0 || isGone(unit)) return "stop";
  if (Number(unit["holds"]) > 0) return "stop";
  if (next === undefined) return board.steps.length === 0 ? "wait" : "done";
  if (next["planned_station"] !== null && next["planned_station"] !== station) return "stop";
  if (next["work"] === "test" && board.procedure === undefined) return "stop";
  // One record of parts completes the step; what is missing from the bill is still fitted by hand.
  if (next["work"] === "build") return board.parts.length > 0 ? "go" : "wait";
  return next["work"] === "program" ? "wait" : "go";
}

// SPDX-License-Identifier: Apache-2.0
// Where a source went, as a graph: source, part lots, units, shipments, sites. What would be too many is bundled, so that
// a hundred thousand units are still a few hundred boxes.
import { path, type Row } from "../base/api";
import { named, plural, t } from "../base/text";
import { addressOf, type Subject } from "./bits";
import type { GraphEdge, GraphNode } from "./graph";

/** So many of a kind are drawn one by one. */
export const SINGLY = 40;

/** Units that are as far, at one place, and came by the same. */
export interface Flow {
  product: string;
  serial?: string;
  state: string;
  site: string;
  shipment: string;
  via?: Subject;
  possible: boolean;
  units: number;
}

export interface Picture {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

class Sketch {
  readonly nodes = new Map<string, GraphNode>();
  readonly edges = new Map<string, GraphEdge>();

  node(node: GraphNode): string {
    if (!this.nodes.has(node.key)) this.nodes.set(node.key, node);
    return node.key;
  }

  edge(from: string, to: string, units: number | undefined, possible: boolean): void {
    if (from === to || !this.nodes.has(from) || !this.nodes.has(to)) return;
    const key = `${from}\n${to}`;
    const before = this.edges.get(key);
    if (before === undefined) {
      this.edges.set(key, { from, to, possible, ...(units === undefined ? {} : { units }) });
    } else {
      if (units !== undefined) before.units = (before.units ?? 0) + units;
      before.possible = (before.possible ?? false) && possible;
    }
  }
}

function word(state: string): string {
  return named(`state.${state}`, state);
}

function text(row: Row, name: string): string {
  return String(row[name] ?? "");
}

/** Rows of recall.affected_flow. */
export function flowOf(row: Row): Flow {
  const kind = text(row, "via_kind");
  return {
    product: text(row, "product"),
    state: text(row, "state"),
    site: text(row, "site"),
    shipment: text(row, "shipment"),
    ...(kind === "" ? {} : { via: { kind, within: text(row, "via_within"), id: text(row, "via_id") } }),
    possible: row["certainty"] === "possible",
    units: Number(row["units"] ?? 0),
  };
}

export interface AffectedUnit {
  [name: string]: unknown;
  path?: Subject[];
}

/** A unit with the way that it was found by. */
export function flowOfUnit(unit: AffectedUnit): Flow {
  const via = unit.path?.at(-2);
  const said = (name: string) => (typeof unit[name] === "string" ? unit[name] : "");
  return {
    product: said("product"),
    serial: said("serial"),
    state: said("state") === "" ? "unknown" : said("state"),
    site: said("site"),
    shipment: said("shipment"),
    ...(via === undefined ? {} : { via }),
    possible: unit["certainty"] === "possible",
    units: 1,
  };
}

function same(a: Subject, b: Subject): boolean {
  return a.kind === b.kind && a.within === b.within && a.id === b.id;
}

const lotKey = (supplier: string, lot: string) => `part_lot ${supplier} ${lot}`;
const bundleKey = (product: string, state: string) => `units ${product} ${state}`;
const unitKey = (product: string, serial: string) => `unit ${product} ${serial}`;

/** What each part lot is drawn as: itself, or its supplier's bundle. */
function drawLots(sketch: Sketch, source: Subject, sourceKey: string, lots: Row[]): (supplier: string, lot: string) => string {
  const names = new Map(lots.map((row) => [lotKey(text(row, "supplier"), text(row, "part_lot")), row]));
  const bundled = names.size > SINGLY;
  const drawn = (supplier: string, lot: string): string => {
    if (same(source, { kind: "part_lot", within: supplier, id: lot })) return sourceKey;
    return bundled ? `part_lots ${supplier}` : lotKey(supplier, lot);
  };
  const counts = new Map<string, number>();
  for (const row of names.values()) {
    const supplier = text(row, "supplier");
    counts.set(supplier, (counts.get(supplier) ?? 0) + 1);
  }
  for (const row of names.values()) {
    const supplier = text(row, "supplier");
    const lot = text(row, "part_lot");
    if (drawn(supplier, lot) === sourceKey) continue;
    sketch.node(bundled
      ? { key: drawn(supplier, lot), kind: "part_lot", title: supplier, note: plural("graph.part_lots", counts.get(supplier) ?? 0),
          to: `/part-lots?supplier=${encodeURIComponent(supplier)}` }
      : { key: drawn(supplier, lot), kind: "part_lot", title: lot, data: `${supplier} ${text(row, "part")}`, note: "",
          to: path("part-lot", supplier, lot) });
  }
  const split = new Set(lots.filter((r) => text(r, "from_part_lot") !== "").map((r) => lotKey(text(r, "supplier"), text(r, "part_lot"))));
  for (const row of lots) {
    const supplier = text(row, "supplier");
    const to = drawn(supplier, text(row, "part_lot"));
    const from = text(row, "from_part_lot");
    if (from !== "") sketch.edge(drawn(supplier, from), to, undefined, false);
    else if (!split.has(lotKey(supplier, text(row, "part_lot")))) sketch.edge(sourceKey, to, undefined, false);
  }
  return drawn;
}

/** Where units are now: their shipment and its site, or the site alone. */
function drawPlaces(sketch: Sketch, flows: Flow[], nodeOf: (flow: Flow) => string): void {
  const shipped = flows.filter((flow) => flow.shipment !== "");
  const bundled = new Set(shipped.map((flow) => flow.shipment)).size > SINGLY;
  const at = new Map<string, Set<string>>();
  for (const flow of shipped) at.set(flow.site, (at.get(flow.site) ?? new Set()).add(flow.shipment));
  for (const { units, ...flow } of flows) {
    let from = nodeOf({ ...flow, units });
    if (flow.shipment !== "") {
      const key = bundled ? `shipments ${flow.site}` : `shipment ${flow.shipment}`;
      sketch.node(bundled
        ? { key, kind: "shipment", title: flow.site, note: plural("graph.shipments", at.get(flow.site)?.size ?? 0) }
        : { key, kind: "shipment", title: flow.shipment, note: t("kind.shipment"), to: path("shipment", flow.shipment) });
      sketch.edge(from, key, units, false);
      from = key;
    }
    if (flow.site === "") continue;
    const site = sketch.node({ key: `site ${flow.site}`, kind: "site", title: flow.site, note: t("kind.site"),
      to: `/units?site=${encodeURIComponent(flow.site)}` });
    sketch.edge(from, site, units, false);
  }
}

function unitNode(flow: Flow, units: number): GraphNode {
  const tone = flow.possible ? ({ tone: "warn" } as const) : {};
  if (flow.serial !== undefined) {
    return { key: unitKey(flow.product, flow.serial), kind: "unit", title: flow.serial, data: flow.product, note: word(flow.state),
      to: path("unit", flow.product, flow.serial), ...tone };
  }
  const query = new URLSearchParams({ product: flow.product, state: flow.state });
  return { key: bundleKey(flow.product, flow.state), kind: "unit", title: flow.product,
    note: t("graph.bundle", { units: plural("graph.n_units", units), state: word(flow.state) }), to: `/units?${query.toString()}` };
}

/** The whole picture. `ways`: what units came by, one by one or in bundles; `places`: where they are, each once. */
export function genealogy(source: Subject, lots: Row[], ways: Flow[], places: Flow[]): Picture {
  const sketch = new Sketch();
  const to = addressOf(source);
  const sourceKey = sketch.node({ key: "source", kind: source.kind, title: source.id,
    data: source.within, note: named(`kind.${source.kind}`, source.kind), tone: "source", ...(to === undefined ? {} : { to }) });
  const drawnLot = drawLots(sketch, source, sourceKey, lots);
  const isSource = (flow: Flow) =>
    flow.serial !== undefined && same(source, { kind: "unit", within: flow.product, id: flow.serial });
  const nodeOf = (flow: Flow): string => {
    if (isSource(flow)) return sourceKey;
    return flow.serial === undefined ? bundleKey(flow.product, flow.state) : unitKey(flow.product, flow.serial);
  };
  const sums = new Map<string, number>();
  for (const flow of places) sums.set(nodeOf(flow), (sums.get(nodeOf(flow)) ?? 0) + flow.units);
  for (const flow of places) if (!isSource(flow)) sketch.node(unitNode(flow, sums.get(nodeOf(flow)) ?? 0));
  const viaOf = ({ via, serial }: Flow): string => {
    if (via?.kind === "part_lot") return drawnLot(via.within, via.id);
    if (via?.kind !== "unit" || same(via, source)) return sourceKey;
    const key = serial === undefined ? bundleKey(via.within, via.id) : unitKey(via.within, via.id);
    return sketch.nodes.has(key) ? key : sourceKey;
  };
  for (const flow of ways) if (!isSource(flow)) sketch.edge(viaOf(flow), nodeOf(flow), flow.units, flow.possible);
  drawPlaces(sketch, places, nodeOf);
  return { nodes: [...sketch.nodes.values()], edges: [...sketch.edges.values()] };
}

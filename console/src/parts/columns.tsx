// SPDX-License-Identifier: Apache-2.0
// Cells that lead to the thing that they name, and the columns of lists that stand on several pages.
import type { ComponentChildren } from "preact";
import { path, type Row } from "../base/api";
import { named, t } from "../base/text";
import type { Column } from "./list";

export const UNIT_STATES = [
  "requested", "certified", "refused", "declared", "built", "programmed", "packed", "shipped", "received", "commissioned", "scrapped",
];
export const GRADES = ["signed", "uploaded", "vouched", "missing"];

/** A cell whose text leads somewhere. */
export function leading(name: string, to: (value: string, row: Row) => string): (row: Row) => ComponentChildren {
  return (row) => {
    const value = row[name];
    if (typeof value !== "string" || value === "") return <span class="nothing">{t("none")}</span>;
    return <a href={to(value, row)} data-raw>{value}</a>;
  };
}

export const authorizationLink = leading("build_authorization", (id) => path("authorization", id));
export const shipmentLink = leading("shipment", (id) => path("shipment", id));
export const supplierLink = leading("supplier", (id) => path("supplier", id));
export const unitLink = leading("serial", (serial, row) => path("unit", String(row["product"]), serial));
export const partLotLink = leading("part_lot", (id, row) => path("part-lot", String(row["supplier"]), id));
export const firmwareLink = leading("firmware_release", (id, row) => path("firmware", String(row["product"]), id));

export function Holds(props: { n: unknown }) {
  const n = Number(props.n ?? 0);
  if (n === 0) return <span class="nothing">{t("none")}</span>;
  return <span class="state bad">{t("units.held", { n })}</span>;
}

export function Grade(props: { of: unknown }) {
  const word = String(props.of ?? "missing");
  const tone = word === "missing" ? "warn" : word === "signed" ? "good" : "plain";
  return <span class={`state ${tone}`}>{named(`state.${word}`, word)}</span>;
}

export function Certainty(props: { of: unknown }) {
  const word = String(props.of ?? "");
  return <span class={`state ${word === "possible" ? "warn" : "plain"}`}>{named(`state.${word}`, word)}</span>;
}

const holds: Column = { name: "holds", show: (row) => <Holds n={row["holds"]} /> };

export const UNIT_COLUMNS: Column[] = [
  { name: "serial", filter: "has", sort: true, show: unitLink },
  { name: "product", filter: "is", sort: true },
  { name: "state", filter: UNIT_STATES, sort: true },
  holds,
  { name: "site", filter: "is", sort: true },
  { name: "line", wide: true },
  { name: "build_authorization", filter: "is", sort: true, wide: true, show: authorizationLink },
  { name: "firmware_release", wide: true, show: firmwareLink },
  { name: "shipment", filter: "is", wide: true, show: shipmentLink },
];

export const PART_LOT_COLUMNS: Column[] = [
  { name: "part_lot", filter: "has", sort: true, show: partLotLink },
  { name: "supplier", filter: "is", sort: true, show: supplierLink },
  { name: "part", filter: "has", sort: true },
  { name: "date_code", filter: "is", wide: true },
  { name: "site", filter: "is", wide: true },
  { name: "grade", filter: GRADES, show: (row) => <Grade of={row["grade"]} /> },
  holds,
  { name: "remaining", sort: true },
  { name: "received", sort: true, wide: true },
  { name: "shipment", wide: true, show: shipmentLink },
  { name: "since", sort: true, wide: true },
];

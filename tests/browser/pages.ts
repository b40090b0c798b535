// SPDX-License-Identifier: Apache-2.0
// Every page of the console, as a person reaches it in the demo's house. `{unit}` and the like are filled from its state.
import type { Page } from "playwright-core";
import type { Person } from "./kit";
import { must } from "./kit";

export interface PageRow {
  name: string;
  path: string;
  /** Something that is there when the page is drawn with its data. */
  ready: string;
}

type Row = Record<string, string | number | null>;

async function first(page: Page, view: string, query = ""): Promise<Row> {
  const found = (await page.evaluate(
    async (to) => (await (await fetch(to)).json()) as unknown,
    `/v1/views/${view}?limit=1${query}`,
  )) as { rows?: Row[] };
  const row = found.rows?.[0];
  must(row !== undefined, `the demo's house has no row of ${view}`);
  return row;
}

const e = (value: string | number | null | undefined) => encodeURIComponent(String(value ?? ""));

export async function allPages(person: Person): Promise<PageRow[]> {
  const page = person.page;
  const unit = await first(page, "unit.list", "&state=commissioned");
  const lot = await first(page, "part_lot.list");
  const build = await first(page, "build.list");
  const release = await first(page, "firmware.releases");
  const shipment = await first(page, "shipment.outbound");
  const unitPath = `/unit/${e(unit["product"])}/${e(unit["serial"])}`;
  const lotQuery = `kind=part_lot&within=${e(lot["supplier"])}&id=${e(lot["part_lot"])}`;
  const rows: [string, string, string][] = [
    ["now", "/", ".tile .count"],
    ["start", "/start", "main li"],
    ["units", "/units", "table"],
    ["unit", unitPath, ".timeline"],
    ["part_lots", "/part-lots", "table"],
    ["part_lot", `/part-lot/${e(lot["supplier"])}/${e(lot["part_lot"])}`, ".facts"],
    ["affected", `/affected?${lotQuery}`, "svg"],
    ["suppliers", "/suppliers", "table"],
    ["supplier", `/supplier/${e(lot["supplier"])}`, ".facts"],
    ["authorizations", "/authorizations", "table"],
    ["authorization", `/authorization/${e(build["build_authorization"] ?? build["authorization"])}`, ".facts"],
    ["firmware", "/firmware", "table"],
    ["firmware_release", `/firmware/${e(release["product"])}/${e(release["firmware_release"] ?? release["release"])}`, ".facts"],
    ["approvals", "/approvals", "main h1"],
    ["shipments", "/shipments", "table"],
    ["shipment", `/shipment/${e(shipment["shipment"])}`, ".facts"],
    ["nonconformances", "/nonconformances", ".held"],
    ["policy", "/policy", "table"],
    ["evidence", "/evidence", "main h1"],
    ["entry", "/entry/1", ".facts"],
    ["verify", `/verify?product=${e(unit["product"])}&serial=${e(unit["serial"])}`, "main ol li"],
    ["doctor", "/doctor", "main li"],
    ["attacks", "/attacks", "main h1"],
    ["people", "/people", "table"],
    ["account", "/account", "[data-testid=passkey-register]"],
    ["records", "/records", "main a[href^='/record/']"],
    ["record", "/record/supplier.registered", "form"],
    ["view", "/view/site.list", "table"],
    ["station", "/station", "main h1"],
  ];
  return rows.map(([name, path, ready]) => ({ name, path, ready }));
}

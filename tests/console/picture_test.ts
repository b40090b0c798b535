// SPDX-License-Identifier: Apache-2.0
// What the picture of a source's way says in its boxes. usage: picture_test.mjs
import "./page";
import { type Flow, genealogy } from "../../console/src/parts/genealogy";
import { runAll, same, test } from "./suite";

Object.assign(globalThis, { sealwright_text: { "graph.shipments.one": "{n}", "graph.shipments.other": "{n}" } });

const LOT = { kind: "part_lot", within: "ACME", id: "LOT-1" };

function flow(site: string, n: number): Flow {
  return { product: "P", state: "shipped", site, shipment: `SH-${site}-${n}`, via: LOT, possible: false, units: 2 };
}

test("shipments_in_a_bundle_are_those_of_its_site", () => {
  const flows = [...Array.from({ length: 50 }, (_, i) => flow("FAB", i)), flow("HUB", 1), flow("HUB", 2)];
  const lots = [{ supplier: "ACME", part_lot: "LOT-1", part: "X", from_part_lot: "" }];
  const { nodes, edges } = genealogy(LOT, lots, flows, flows);
  const notes = nodes.filter((node) => node.kind === "shipment").map((node) => [node.title, node.note]);
  same(notes, [["FAB", "50"], ["HUB", "2"]], "bundles");
  same(edges.find((edge) => edge.to === "shipments HUB")?.units, 4, "units");
});

await runAll();

// SPDX-License-Identifier: Apache-2.0
// What leaves, what comes, and the seals in stock: three lists, one at a time.
import { usePlace } from "../base/router";
import { t } from "../base/text";
import { Empty, Title } from "../parts/bits";
import { Holds, shipmentLink } from "../parts/columns";
import { type Column, List } from "../parts/list";

const STATES = ["planned", "packed", "sealed", "dispatched", "handed_over", "in_transit", "arrived", "received", "admitted"];
const SEAL_STATES = ["stocked", "issued", "applied", "broken", "destroyed"];

function columns(other: "to_site" | "from_site"): Column[] {
  return [
    { name: "shipment", filter: "has", sort: true, show: shipmentLink },
    { name: "state", filter: STATES, sort: true },
    { name: "holds", show: (row) => <Holds n={row["holds"]} /> },
    { name: "site", filter: "is", sort: true },
    { name: other, filter: "is", sort: true },
    { name: "seen_at", sort: true },
    { name: "holder", filter: "is", wide: true },
    { name: "freight_carrier", filter: "is", wide: true },
    { name: "since", sort: true, wide: true },
  ];
}

const SEALS: Column[] = [
  { name: "seal", filter: "has", sort: true },
  { name: "maker", filter: "is", sort: true },
  { name: "state", filter: SEAL_STATES, sort: true },
  { name: "class", filter: "is", wide: true },
  { name: "site", filter: "is", sort: true },
  { name: "holder", filter: "is", wide: true },
  { name: "shipment", filter: "is", show: shipmentLink },
  { name: "since", sort: true, wide: true },
];

const TABS = ["outbound", "inbound", "seals"] as const;

export default function Shipments(_: { arguments: string[] }) {
  const place = usePlace();
  const asked = place.query.get("tab");
  const tab = TABS.find((name) => name === asked) ?? "outbound";
  const concerns = ({ subject }: { subject?: { kind: string } }) => subject?.kind === "shipment" || subject?.kind === "seal";
  return (
    <>
      <Title actions={<a href="/record/shipment.planned">{t("shipments.plan")}</a>}>{t("nav.shipments")}</Title>
      <nav class="tabs" aria-label={t("nav.shipments")}>
        {TABS.map((name) => (
          <a key={name} href={`/shipments?tab=${name}`} aria-current={name === tab ? "page" : undefined}>{t(`shipments.${name}`)}</a>
        ))}
      </nav>
      {tab === "seals" ? (
        <List key={tab} view="seal.stock" columns={SEALS} caption={t("shipments.seals")} concerns={concerns}
          empty={<Empty title={t("shipments.no_seals")}><a href="/record/seal.received">{t("shipments.seals_first")}</a></Empty>} />
      ) : (
        <List key={tab} view={`shipment.${tab}`} columns={columns(tab === "outbound" ? "to_site" : "from_site")} order="-since"
          caption={t(`shipments.${tab}`)} concerns={concerns}
          empty={<Empty title={t("shipments.empty")}><a href="/record/shipment.planned">{t("shipments.plan")}</a></Empty>} />
      )}
    </>
  );
}

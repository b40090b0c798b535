// SPDX-License-Identifier: Apache-2.0
// Affected units one by one: with the way by which each was found; or filtered and sorted, as any other list.
import { type Page } from "../base/api";
import { useLoad } from "../base/load";
import { changed, go, usePlace } from "../base/router";
import { plural, t } from "../base/text";
import { type AffectedUnit, ask } from "./affected_tree";
import { addressOf, Busy, Empty, Raw, State, type Subject, Time } from "./bits";
import { Certainty, firmwareLink, Holds, shipmentLink, UNIT_STATES, unitLink } from "./columns";
import { Export } from "./export";
import { type Column, List } from "./list";
import { Trouble } from "./refusal";

const PAGE = 50;

function Way(props: { of: AffectedUnit }) {
  const path = (props.of.path ?? []).slice(0, -1);
  if (path.length === 0) return <span class="nothing">{t("none")}</span>;
  return (
    <>
      {path.map((step, i) => {
        const to = addressOf(step);
        return (
          <span key={i}>
            {i > 0 && " → "}
            {to === undefined ? <Raw>{step.id}</Raw> : <a href={to} data-raw>{step.id}</a>}
          </span>
        );
      })}
    </>
  );
}

function cells(unit: AffectedUnit) {
  const row = unit as Record<string, string | number | null>;
  const contained = unit.contained ?? [];
  return [
    unitLink(row),
    <Raw>{row["product"]}</Raw>,
    <Certainty of={row["certainty"]} />,
    <State of={row["state"] as string | null} />,
    <Raw>{row["site"] ?? row["shipment_site"]}</Raw>,
    shipmentLink(row),
    <>
      <Holds n={row["holds"]} /> {contained.length > 0 && <span class="state bad">{t("held.contained")}</span>}
    </>,
    <Way of={unit} />,
  ];
}

const HEADS = ["serial", "product", "certainty", "state", "site", "shipment", "holds"];

const COLUMNS = [
  "product", "serial", "certainty", "state", "site", "line", "build_authorization", "firmware_release", "shipment",
  "shipment_state", "shipment_site", "shipment_holder", "last_seen", "holds", "contained", "way",
];

/** Every unit, page by page. */
async function everything(of: Subject, progress: (n: number) => void): Promise<Page> {
  const all: Page = { columns: COLUMNS, rows: [] };
  let cursor: string | undefined;
  do {
    const answer = await ask(of, { limit: 1000, cursor });
    for (const { path, contained, ...unit } of answer.units) {
      const way = (path ?? []).map((step) => `${step.kind} ${step.within} ${step.id}`.replace("  ", " ")).join(" > ");
      all.rows.push({ ...(unit as Record<string, string | number | null>), contained: (contained ?? []).join(" "), way });
    }
    progress(all.rows.length);
    cursor = answer.next;
  } while (cursor !== undefined);
  return all;
}

function ByWay(props: { of: Subject; changes: number; total: number }) {
  const { of } = props;
  const place = usePlace();
  const cursor = place.query.get("from") ?? "";
  const loaded = useLoad(`list ${of.kind} ${of.within} ${of.id} ${cursor}`,
    (signal) => ask(of, { limit: PAGE, cursor }, signal), props.changes);
  const units = loaded.value?.units ?? [];
  const next = loaded.value?.next;
  return (
    <div class="list" aria-busy={loaded.loading}>
      <div class="filters"><Export name={`affected-${of.id}`} rows={(progress) => everything(of, progress)} total={props.total} /></div>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value === undefined && loaded.loading && <Busy text={t("loading")} />}
      <div class="scroll" tabIndex={0} role="region" aria-label={t("affected.list")}>
        <table>
          <caption class="unseen">{t("affected.list")}</caption>
          <thead>
            <tr>
              {HEADS.map((name) => <th key={name} scope="col">{t(`column.${name}`)}</th>)}
              <th scope="col">{t("affected.way")}</th>
            </tr>
          </thead>
          <tbody>
            {units.map((unit) => (
              <tr key={`${String(unit["product"])} ${String(unit["serial"])}`}>
                {cells(unit).map((cell, i) => <td key={i}>{cell}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <footer>
        <span>{plural("list.rows", units.length)}</span>
        {cursor !== "" && (
          <button type="button" onClick={() => go(changed(place, { from: "" }))}>{t("list.first")}</button>
        )}
        {next !== undefined && (
          <button type="button" onClick={() => go(changed(place, { from: next }))}>{t("list.next")}</button>
        )}
      </footer>
    </div>
  );
}

const FILTERED: Column[] = [
  { name: "serial", filter: "has", sort: true, show: unitLink },
  { name: "product", filter: "is", sort: true },
  { name: "certainty", filter: ["certain", "possible"], sort: true, show: (row) => <Certainty of={row["certainty"]} /> },
  { name: "state", filter: UNIT_STATES, sort: true },
  { name: "site", filter: "is", sort: true },
  { name: "shipment", filter: "is", show: shipmentLink },
  { name: "firmware_release", filter: "is", wide: true, show: firmwareLink },
  { name: "last_seen", sort: true, wide: true, show: (row) => <Time at={row["last_seen"]} /> },
  { name: "holds", show: (row) => <Holds n={row["holds"]} /> },
];

export function AffectedList(props: { of: Subject; changes: number; total: number }) {
  const place = usePlace();
  const filtered = place.query.get("list") === "filtered";
  const { kind, within, id } = props.of;
  const fixed = { kind, id, ...(within === "" ? {} : { within }) };
  return (
    <section aria-labelledby="list-title">
      <h2 id="list-title">{t("affected.list")}</h2>
      <div class="tabs">
        <a href={changed(place, { list: "", from: "" })} aria-current={filtered ? undefined : "true"}>{t("affected.with_way")}</a>
        <a href={changed(place, { list: "filtered", from: "" })} aria-current={filtered ? "true" : undefined}>
          {t("affected.filtered")}
        </a>
      </div>
      {filtered ? (
        <List view="recall.affected_units" prefix="u." columns={FILTERED} fixed={fixed} caption={t("affected.list")}
          empty={<Empty title={t("affected.none")} />} />
      ) : (
        <ByWay of={props.of} changes={props.changes} total={props.total} />
      )}
    </section>
  );
}

// SPDX-License-Identifier: Apache-2.0
// What is not as it should be, and what is held: each with its sentence, and what to do next.
import { type Query, type Row, view, viewAll } from "../base/api";
import { useLoad } from "../base/load";
import { changed, go, type Place, usePlace } from "../base/router";
import { useChanges } from "../base/stream";
import { named, plural, t } from "../base/text";
import { Act, answered } from "../parts/act";
import { Busy, Empty, Title } from "../parts/bits";
import { codeName, useSentences } from "../parts/code";
import { ContainmentLine, Held, HELD_KINDS } from "../parts/held";
import { Export } from "../parts/export";
import { Trouble } from "../parts/refusal";
import { Typed } from "../parts/typed";

const TABS = ["nonconformances", "holds", "containments"] as const;
type Tab = (typeof TABS)[number];
const VIEWS: Record<Tab, string> = {
  nonconformances: "nonconformance.open",
  holds: "hold.open",
  containments: "containment.open",
};
const PAGE = 20;
const WHOLE = new Set(["unit", "part_lot", "seal", "line"]);

function HoldSomething(props: { onDone: () => void }) {
  return (
    <Act type="hold.placed" title={t("nonconformances.hold")} button={t("nonconformances.hold")} permission="recall.hold" danger
      asks={[
        { name: "kind", label: t("column.kind"), kind: "choice", choices: HELD_KINDS, prefix: "kind" },
        { name: "within", label: t("nonconformances.within"), kind: "id", optional: true, help: t("nonconformances.within_help") },
        { name: "id", label: t("affected.id"), kind: "id" },
        { name: "reason", label: t("held.reason"), kind: "text" },
      ]}
      body={({ within = "", ...answers }) => ({
        ...answered(answers),
        ...(WHOLE.has(answers["kind"] ?? "") && within !== "" ? { within } : {}),
      })}
      onDone={props.onDone} />
  );
}

/** What there is of each code: the first glance, and the filter. */
function Codes(props: { tab: Tab; place: Place; chosen: string; changes: number }) {
  const { tab, place, chosen } = props;
  const loaded = useLoad(`codes ${tab}`, (signal) => view(VIEWS[tab], { group: "code", limit: 1000 }, signal), props.changes);
  const rows = loaded.value?.rows ?? [];
  if (rows.length === 0) return null;
  return (
    <div class="chips" role="group" aria-label={t("column.code")}>
      {rows.map((row) => {
        const code = String(row["code"]);
        return (
          <a key={code} href={changed(place, { code: code === chosen ? "" : code, cursor: "" })}
            aria-current={code === chosen ? "true" : undefined}>
            {codeName(code)} <b data-raw>{String(row["count"])}</b>
          </a>
        );
      })}
    </div>
  );
}

function Kinds(props: { place: Place; tab: Tab; query: Query }) {
  const { place } = props;
  return (
    <div class="filters">
      <label>
        {t("column.kind")}
        <select value={place.query.get("kind") ?? ""}
          onChange={(e) => go(changed(place, { kind: e.currentTarget.value, cursor: "" }))}>
          <option value="">{t("list.any")}</option>
          {HELD_KINDS.map((word) => <option key={word} value={word}>{named(`kind.${word}`, word)}</option>)}
        </select>
      </label>
      <label>
        {t("affected.id")}
        <Typed type="search" value={place.query.get("id") ?? ""} set={(id) => go(changed(place, { id, cursor: "" }))} />
      </label>
      <label>
        {t("nonconformances.order")}
        <select value={place.query.get("order") ?? ""}
          onChange={(e) => go(changed(place, { order: e.currentTarget.value, cursor: "" }))}>
          <option value="">{t("nonconformances.newest")}</option>
          <option value="oldest">{t("nonconformances.oldest")}</option>
        </select>
      </label>
      <Export name={VIEWS[props.tab]} rows={(progress) => viewAll(VIEWS[props.tab], props.query, progress)} />
    </div>
  );
}

function question(place: Place, tab: Tab): Query {
  const query: Query = { limit: PAGE, cursor: place.query.get("cursor") ?? "" };
  for (const name of ["kind", "id", ...(tab === "containments" ? [] : ["code"])]) {
    const value = place.query.get(name) ?? "";
    if (value !== "") query[`where.${name}`] = value;
  }
  const sign = place.query.get("order") === "oldest" ? "" : "-";
  return { ...query, sort: sign + (tab === "containments" ? "since" : "seq") };
}

function Cards(props: { tab: Tab; rows: Row[]; again: () => void }) {
  const { tab, rows } = props;
  return (
    <>
      {rows.map((row) => tab === "containments" ? (
        <ContainmentLine key={String(row["containment"])} row={row} />
      ) : (
        <Held key={`${String(row["seq"])}.${String(row["n"])}.${String(row["id"])}`} row={row} holds={tab === "holds"} about
          onDone={props.again} />
      ))}
    </>
  );
}

export default function Nonconformances(_: { arguments: string[] }) {
  const place = usePlace();
  useSentences();
  const asked = place.query.get("tab");
  const tab = TABS.find((name) => name === asked) ?? "nonconformances";
  const changes = useChanges((h) => h.raised > 0 || /^(hold|nonconformance|containment)\./.test(h.type));
  const query = question(place, tab);
  const loaded = useLoad(JSON.stringify([tab, query]), (signal) => view(VIEWS[tab], query, signal), changes);
  const rows = loaded.value?.rows ?? [];
  const next = loaded.value?.next;
  return (
    <>
      <Title actions={<HoldSomething onDone={loaded.again} />}>{t("nav.nonconformances")}</Title>
      <nav class="tabs" aria-label={t("nav.nonconformances")}>
        {TABS.map((name) => (
          <a key={name} href={`/nonconformances?tab=${name}`} aria-current={name === tab ? "page" : undefined}>
            {t(`nonconformances.${name}`)}
          </a>
        ))}
      </nav>
      {tab !== "containments" && <Codes tab={tab} place={place} chosen={place.query.get("code") ?? ""} changes={changes} />}
      <Kinds place={place} tab={tab} query={query} />
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.away && <p class="away" role="status">{t("server.away")}</p>}
      {loaded.value === undefined && loaded.loading && <Busy text={t("loading")} />}
      {loaded.value !== undefined && rows.length === 0 && <Empty title={t(`nonconformances.no_${tab}`)} />}
      <Cards tab={tab} rows={rows} again={loaded.again} />
      <footer class="pages">
        {rows.length > 0 && <span>{plural("list.rows", rows.length)}</span>}
        {(place.query.get("cursor") ?? "") !== "" && (
          <button type="button" onClick={() => go(changed(place, { cursor: "" }))}>{t("list.first")}</button>
        )}
        {next !== undefined && (
          <button type="button" onClick={() => go(changed(place, { cursor: next }))}>{t("list.next")}</button>
        )}
      </footer>
    </>
  );
}

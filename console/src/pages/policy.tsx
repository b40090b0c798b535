// SPDX-License-Identifier: Apache-2.0
// What the policy says, and whether something really keeps it: what is not covered comes first.
import { type Row, view } from "../base/api";
import { useLoad } from "../base/load";
import { may, useMe } from "../base/me";
import { usePlace } from "../base/router";
import { useChanges } from "../base/stream";
import { number, t } from "../base/text";
import { Busy, Empty, EntryLink, Raw, State, SubjectLink, Time, Title } from "../parts/bits";
import { concernsPolicy, ControlName, Controls, form } from "../parts/controls";
import { type Column, List } from "../parts/list";
import { Trouble } from "../parts/refusal";

const TABS = ["coverage", "evidence", "exceptions", "glass"] as const;
type Tab = (typeof TABS)[number];

function text(row: Row, name: string): string {
  return String(row[name] ?? "");
}

// ---- coverage ----

function Covered(props: { row: Row }) {
  const live = Number(props.row["live"]);
  const controls = Number(props.row["controls"]);
  if (live > 0) return <span class="state good">{t("policy.live", { live, controls })}</span>;
  return <span class="state bad">{t(controls === 0 ? "policy.no_control" : "policy.none_live")}</span>;
}

function Uncovered(props: { rows: Row[] }) {
  const open = props.rows.filter((row) => Number(row["live"]) === 0);
  const overdue = props.rows.filter((row) => Number(row["review_overdue"]) === 1);
  return (
    <div class="tiles">
      <section class={`tile${open.length > 0 ? " alert" : ""}`}>
        <h2>{t("policy.uncovered")}</h2>
        <p class="count" data-raw>{number(open.length)}</p>
        <small>{t("policy.of_statements", { n: props.rows.length })}</small>
      </section>
      <section class={`tile${overdue.length > 0 ? " alert" : ""}`}>
        <h2>{t("policy.overdue")}</h2>
        <p class="count" data-raw>{number(overdue.length)}</p>
      </section>
    </div>
  );
}

function Statement(props: { row: Row }) {
  const { row } = props;
  const statement = text(row, "statement");
  return (
    <tr>
      <td><b data-raw>{statement}</b></td>
      <td data-raw>{text(row, "wording")}</td>
      <td>
        <Covered row={row} />{" "}
        {Number(row["live"]) === 0 && <a href={form("control.adopted", { statement })}>{t("policy.adopt_control")}</a>}
      </td>
      <td class="wide"><Raw>{text(row, "owner")}</Raw></td>
      <td>
        <Time at={row["review_by"]} />{" "}
        {Number(row["review_overdue"]) === 1 && <span class="state bad">{t("policy.is_overdue")}</span>}
      </td>
    </tr>
  );
}

function Coverage() {
  const changes = useChanges(concernsPolicy);
  const loaded = useLoad("coverage", (signal) => view("policy.coverage", { limit: 1000 }, signal), changes);
  if (loaded.problem !== undefined) return <Trouble error={loaded.problem} />;
  if (loaded.value === undefined) return <Busy text={t("loading")} />;
  // What nothing keeps stands first.
  const rows = [...loaded.value.rows].sort((a, b) => Number(Number(a["live"]) > 0) - Number(Number(b["live"]) > 0));
  if (rows.length === 0) {
    return (
      <Empty title={t("policy.no_statements")}>
        <a href="/record/statement.adopted">{t("policy.adopt_statement")}</a>
      </Empty>
    );
  }
  return (
    <>
      <Uncovered rows={rows} />
      <h2>{t("policy.statements")}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("policy.statements")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("column.statement")}</th>
              <th scope="col">{t("column.wording")}</th>
              <th scope="col">{t("policy.kept")}</th>
              <th scope="col" class="wide">{t("column.owner")}</th>
              <th scope="col">{t("column.review_by")}</th>
            </tr>
          </thead>
          <tbody>{rows.map((row) => <Statement key={text(row, "statement")} row={row} />)}</tbody>
        </table>
      </div>
    </>
  );
}

// ---- what has an end ----

const CONTROL: Column = { name: "control", filter: "is", sort: true, show: (row) => <ControlName id={text(row, "control")} /> };
const ABOUT: Column = {
  name: "id",
  filter: "has",
  show: (row) => <SubjectLink of={{ kind: text(row, "kind"), within: text(row, "within"), id: text(row, "id") }} />,
};

const EVIDENCE: Column[] = [
  CONTROL,
  { name: "result", filter: ["pass", "fail"], show: (row) => <State of={text(row, "result")} /> },
  ABOUT,
  { name: "until_at", sort: true, show: (row) => <Time at={row["until_at"]} relative /> },
  { name: "from_at", wide: true, show: (row) => <Time at={row["from_at"]} /> },
  { name: "site", filter: "is", wide: true },
  { name: "author", wide: true },
  { name: "since", wide: true, show: (row) => <EntryLink sequence={Number(row["since"])} /> },
];

const EXCEPTIONS: Column[] = [
  { name: "exception", sort: true, filter: "has" },
  CONTROL,
  ABOUT,
  { name: "state", filter: ["open", "ended", "expired"] },
  { name: "until_at", sort: true, show: (row) => <Time at={row["until_at"]} relative /> },
  { name: "reason", wide: true },
  { name: "author", wide: true },
  {
    name: "actions",
    show: (row) => (text(row, "state") === "open" ? <a href={form("exception.ended", { exception: text(row, "exception") })}>{t("policy.end")}</a> : null),
  },
];

const GLASS: Column[] = [
  { name: "glass", sort: true, filter: "has" },
  { name: "gate", filter: "is" },
  { name: "site", filter: "is" },
  { name: "from_at", sort: true, show: (row) => <Time at={row["from_at"]} /> },
  { name: "until_at", wide: true, show: (row) => <Time at={row["until_at"]} /> },
  { name: "used", show: (row) => <a href={`/view/policy.glass_units?glass=${encodeURIComponent(text(row, "glass"))}`} data-raw>{number(Number(row["used"]))} / {number(Number(row["units"]))}</a> },
  { name: "reason", wide: true },
  {
    name: "verdict",
    show: (row) =>
      row["verdict"] === null ? (
        <>
          {Number(row["review_overdue"]) === 1 && <span class="state bad">{t("policy.is_overdue")}</span>}{" "}
          <a href={form("glass.reviewed", { glass: text(row, "glass") })}>{t("firmware.review_now")}</a>
        </>
      ) : (
        <State of={text(row, "verdict")} />
      ),
  },
];

function TimedList(props: { tab: "evidence" | "exceptions" | "glass"; columns: Column[]; make: string; order: string }) {
  const { tab, columns, make, order } = props;
  return (
    <>
      <p><a href={`/record/${make}`}>{t(`policy.make.${tab}`)}</a></p>
      <List key={tab} view={`policy.${tab}`} columns={columns} order={order} caption={t(`policy.tab.${tab}`)}
        concerns={concernsPolicy} empty={<Empty title={t(`policy.empty.${tab}`)} />} />
    </>
  );
}

function Shown(props: { tab: Tab }) {
  switch (props.tab) {
    case "coverage":
      return <Coverage />;
    case "evidence":
      return <TimedList tab="evidence" columns={EVIDENCE} make="control.evidence_given" order="until_at" />;
    case "exceptions":
      return <TimedList tab="exceptions" columns={EXCEPTIONS} make="exception.granted" order="until_at" />;
    case "glass":
      return <TimedList tab="glass" columns={GLASS} make="glass.broken" order="-from_at" />;
  }
}

export default function PolicyPage() {
  const place = usePlace();
  const me = useMe();
  const asked = place.query.get("tab");
  const tab = TABS.find((name) => name === asked) ?? "coverage";
  const make = may(me, "policy.write") ? <a href="/record/statement.adopted">{t("policy.adopt_statement")}</a> : undefined;
  return (
    <>
      <Title actions={make}>{t("nav.policy")}</Title>
      <div class="tabs" role="navigation" aria-label={t("nav.policy")}>
        {TABS.map((name) => (
          <a key={name} href={name === "coverage" ? "/policy" : `/policy?tab=${name}`} aria-current={name === tab ? "page" : undefined}>
            {t(`policy.tab.${name}`)}
          </a>
        ))}
      </div>
      <Shown tab={tab} />
      {tab === "coverage" && (
        <>
          <h2>{t("policy.controls")}</h2>
          <Controls />
        </>
      )}
    </>
  );
}

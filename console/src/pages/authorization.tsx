// SPDX-License-Identifier: Apache-2.0
// One build authorization: how much of its number is used up and by what, who may build, and how it ends.
import { type Row, view } from "../base/api";
import { chain } from "../base/chain";
import { useLoad } from "../base/load";
import { useChanges } from "../base/stream";
import { number, t } from "../base/text";
import { Act } from "../parts/act";
import { Digest, Empty, Facts, Raw, State, type Subject, Time, Title } from "../parts/bits";
import { firmwareLink, UNIT_COLUMNS } from "../parts/columns";
import { HeldBy, HoldAct } from "../parts/held";
import { List } from "../parts/list";
import { Trouble } from "../parts/refusal";
import { Share } from "../parts/share";
import { Story } from "../parts/chain_story";

function numberOf(row: Row, name: string): number {
  return Number(row[name] ?? 0);
}

/** authorized = built + scrapped + in work + returned + unused: in numbers, and whether it comes out even. */
function Reconciliation(props: { row: Row }) {
  const n = (name: string) => numberOf(props.row, name);
  const unexplained = n("unexplained");
  const reserved = n("reserved");
  return (
    <section aria-labelledby="reconciliation-title">
      <h2 id="reconciliation-title">{t("authorization.reconciliation")}</h2>
      <Share label={t("authorization.reconciliation")} whole={n("authorized")} parts={[
        { name: t("column.built"), n: n("built"), tone: "good" },
        { name: t("column.in_work"), n: n("in_work"), tone: "accent" },
        { name: t("column.returned"), n: n("returned"), tone: "warn" },
        { name: t("column.scrapped"), n: n("scrapped"), tone: "bad" },
        { name: t("column.unused"), n: n("unused"), tone: "plain",
          ...(reserved > 0 ? { note: t("authorization.reserved", { n: reserved }) } : {}) },
      ]} />
      <p>
        {unexplained === 0 ? (
          <span class="state good">{t("authorization.balanced", { n: number(n("authorized")) })}</span>
        ) : (
          <span class="state bad">{t("authorization.unexplained", { n: number(unexplained) })}</span>
        )}
      </p>
    </section>
  );
}

function Close(props: { row: Row; onDone: () => void }) {
  const { row } = props;
  const n = (name: string) => numberOf(row, name);
  if (row["state"] !== "open") return null;
  return (
    <>
      {n("in_work") > 0 && <p>{t("authorization.in_work", { n: n("in_work") })}</p>}
      <Act type="build.closed" title={t("authorization.close")} button={t("authorization.close")} permission="line.close" asks={[]}
        body={() => ({
          authorization: String(row["build_authorization"]),
          built: n("built"),
          scrapped: n("scrapped"),
          returned: n("returned"),
          unused: n("unused"),
        })}
        onDone={props.onDone}>
        <p>{t("authorization.close_means")}</p>
      </Act>
    </>
  );
}

function Stations(props: { id: string; changes: number }) {
  const loaded = useLoad(`stations ${props.id}`, (signal) =>
    view("build.stations", { authorization: props.id, limit: 1000 }, signal), props.changes);
  const rows = loaded.value?.rows ?? [];
  return (
    <section aria-labelledby="stations-title">
      <h2 id="stations-title">{t("authorization.stations")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value !== undefined && rows.length === 0 && <p>{t("authorization.any_station")}</p>}
      <ul>
        {rows.map((row) => (
          <li key={`${String(row["station"])} ${String(row["key"])}`}>
            <Raw>{row["station"]}</Raw> <small>{t("column.key")}</small> <Digest of={row["key"] as string | null} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Allowances(props: { id: string; changes: number }) {
  const loaded = useLoad(`allowances ${props.id}`, (signal) =>
    view("allowance.list", { authorization: props.id, limit: 1000 }, signal), props.changes);
  const rows = loaded.value?.rows ?? [];
  if (rows.length === 0) return null;
  const heads = ["allowance", "station", "quantity", "used", "unused", "valid_until", "reconcile_by", "state"];
  return (
    <section aria-labelledby="allowances-title">
      <h2 id="allowances-title">{t("view.allowance.list")}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("view.allowance.list")}>
        <table>
          <thead>
            <tr>{heads.map((name) => <th key={name} scope="col">{t(`column.${name}`)}</th>)}</tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={String(row["allowance"])}>
                {heads.slice(0, 5).map((name) => <td key={name}><Raw>{row[name]}</Raw></td>)}
                <td><Time at={row["valid_until"]} relative /></td>
                <td><Time at={row["reconcile_by"]} /></td>
                <td><State of={String(row["state"])} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Head(props: { row: Row }) {
  const { row } = props;
  return (
    <Facts of={[
      [t("column.product"), <Raw>{row["product"]}</Raw>],
      [t("column.state"), <State of={String(row["state"])} />],
      [t("column.quantity"), <Raw>{number(numberOf(row, "quantity"))}</Raw>],
      [t("column.valid_until"), <Time at={row["valid_until"]} relative />],
      [t("column.site"), <Raw>{row["site"]}</Raw>],
      [t("column.line"), <Raw>{row["line"]}</Raw>],
      [t("column.revision"), <Raw>{row["revision"]}</Raw>],
      [t("column.firmware_release"), firmwareLink(row)],
      [t("column.permits"), t(row["permits"] === 1 ? "authorization.permits" : "authorization.no_permits")],
      [t("column.purchase_order"), <Raw>{row["purchase_order"] ?? t("none")}</Raw>],
      [t("column.work_order"), <Raw>{row["work_order"] ?? t("none")}</Raw>],
      [t("column.author"), <Raw>{row["author"]}</Raw>],
    ]} />
  );
}

export default function Authorization(props: { arguments: string[] }) {
  const id = props.arguments[0] ?? "";
  const subject: Subject = { kind: "build_authorization", within: "", id };
  const changes = useChanges(({ subject: s }) => s?.kind === "unit" || (s?.kind === "build_authorization" && s.id === id));
  const one = useLoad(`authorization ${id}`, (signal) => view("build.list", { authorization: id }, signal), changes);
  const balance = useLoad(`balance ${id}`, (signal) => view("build.reconciliation", { authorization: id }, signal), changes);
  const told = useLoad(`story ${id}`, (signal) => chain("build_authorization", "", id, signal), changes);
  const row = one.value?.rows[0];
  const sums = balance.value?.rows[0];
  return (
    <>
      <Title actions={<HoldAct of={subject} onDone={one.again} />}><span data-raw>{id}</span></Title>
      {one.problem !== undefined && <Trouble error={one.problem} />}
      {one.value !== undefined && row === undefined && (
        <Empty title={t("authorization.unknown")}><a href="/authorizations">{t("nav.authorizations")}</a></Empty>
      )}
      {row !== undefined && (
        <>
          <Head row={row} />
          <HeldBy of={subject} changes={changes} />
          {balance.problem !== undefined && <Trouble error={balance.problem} />}
          {sums !== undefined && <Reconciliation row={sums} />}
          {sums !== undefined && <Close row={sums} onDone={one.again} />}
          <Stations id={id} changes={changes} />
          <Allowances id={id} changes={changes} />
          <h2>{t("nav.units")}</h2>
          <List view="unit.list" prefix="u." fixed={{ authorization: id }} caption={t("nav.units")}
            concerns={({ subject: s }) => s?.kind === "unit"}
            columns={UNIT_COLUMNS.filter((c) => c.name !== "build_authorization")}
            empty={<Empty title={t("authorization.no_units")} />} />
          <Story of={told} about={subject} />
        </>
      )}
    </>
  );
}

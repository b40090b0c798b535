// SPDX-License-Identifier: Apache-2.0
// What waits for approval, and what became of what waited.
import { type Row } from "../base/api";
import { may, type Me, useMe } from "../base/me";
import { usePlace } from "../base/router";
import type { Happening } from "../base/stream";
import { named, t } from "../base/text";
import { Empty, EntryLink, Raw, State, Time, Title } from "../parts/bits";
import { type Column, List } from "../parts/list";

/** Whose turn it is, as seen by the reader. */
function Turn(props: { row: Row; me: Me }) {
  const approvalClass = String(props.row["class"]);
  if (props.row["author"] === props.me.principal) return <>{t("approvals.yours")}</>;
  const allowed = may(props.me, `${approvalClass}.approve`);
  return allowed ? (
    <span class="state warn">{t("approvals.you_may")}</span>
  ) : (
    <small>{t("approvals.not_you", { permission: named(`permission.${approvalClass}.approve`, approvalClass) })}</small>
  );
}

function What(props: { row: Row }) {
  const type = String(props.row["type"]);
  const sequence = String(props.row["seq"]);
  return (
    <a href={`/approval/${sequence}`} data-raw>
      {named(`short.${type}`, type)} #{sequence}
    </a>
  );
}

function columns(me: Me, waiting: boolean): Column[] {
  const first: Column[] = [
    { name: "seq", sort: true, show: (row) => <What row={row} /> },
    { name: "author", sort: true, filter: "is" },
    { name: "votes", show: (row) => t("now.votes", { votes: Number(row["votes"]), need: Number(row["need"]) }) },
  ];
  const class_: Column = { name: "class", filter: "is", wide: true, show: (row) => <Raw>{row["class"]}</Raw> };
  const at: Column = { name: "at", sort: true, wide: true, show: (row) => <Time at={Number(row["at"])} /> };
  if (waiting) {
    return [
      ...first,
      { name: "expires", sort: true, show: (row) => <Time at={Number(row["expires"])} relative /> },
      { name: "turn", show: (row) => <Turn row={row} me={me} /> },
      class_,
      at,
    ];
  }
  return [
    ...first,
    { name: "state", filter: ["open", "executed", "denied", "withdrawn", "expired"], show: (row) => <State of={String(row["state"])} /> },
    { name: "closed_by", wide: true, show: (row) => (row["closed_by"] === null ? t("none") : <EntryLink sequence={Number(row["closed_by"])} />) },
    class_,
    at,
  ];
}

function concerns(happening: Happening): boolean {
  return happening.outcome === "pending" || happening.outcome === "executes" || happening.type.startsWith("approval.");
}

export default function ApprovalsPage() {
  const me = useMe();
  const place = usePlace();
  const all = place.query.get("all") === "yes";
  return (
    <>
      <Title>{t("nav.approvals")}</Title>
      <div class="tabs" role="navigation" aria-label={t("nav.approvals")}>
        <a href="/approvals" aria-current={all ? undefined : "page"}>{t("approvals.waiting")}</a>
        <a href="/approvals?all=yes" aria-current={all ? "page" : undefined}>{t("approvals.all")}</a>
      </div>
      {all ? (
        <List key="all" view="approval.list" columns={columns(me, false)} order="-seq" caption={t("approvals.all")}
          concerns={concerns} empty={<Empty title={t("approvals.none_ever")} />} />
      ) : (
        <List key="waiting" view="approval.pending" columns={columns(me, true)} order="expires"
          caption={t("approvals.waiting")} concerns={concerns} empty={<Empty title={t("approvals.none")} />} />
      )}
    </>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Who is known here, with which keys and rights; which passkeys wait; who is being recovered.
import type { ComponentChildren } from "preact";
import { type Query, type Row, view } from "../base/api";
import { readOffers } from "../base/accounts";
import { useLoad } from "../base/load";
import { may, useMe } from "../base/me";
import { go, usePlace } from "../base/router";
import { type Happening, useChanges } from "../base/stream";
import { named, t } from "../base/text";
import { Act, answered } from "../parts/act";
import { Digest, Empty, EntryLink, Facts, Raw, State, Time, Title } from "../parts/bits";
import { Closed } from "../parts/closed";
import { Invite } from "../parts/invite";
import { type Column, List } from "../parts/list";
import { Offers } from "../parts/offers";
import { Trouble } from "../parts/refusal";
import { Sessions } from "../parts/sessions";

const TABS = ["people", "accounts", "keys", "grants", "roles", "recoveries"] as const;
type Tab = (typeof TABS)[number];

function text(row: Row, name: string): string {
  return String(row[name] ?? "");
}

function concerns(happening: Happening): boolean {
  return /^(principal|key|role|grant|duty|recovery|shift|credential)\./.test(happening.type);
}

const REASON = { name: "reason", kind: "text" } as const;

/** Suspended at once by one; back only by who enters people. */
function Standing(props: { row: Row }) {
  const { row } = props;
  const principal = text(row, "id");
  const asks = [{ ...REASON, label: t("people.reason") }];
  const suspended = text(row, "state") === "suspended";
  const type = suspended ? "principal.reinstated" : "principal.suspended";
  const button = t(suspended ? "people.reinstate" : "people.suspend");
  return (
    <Act type={type} title={`${button}: ${principal}`} button={button} danger={!suspended}
      permission={suspended ? "access.admin" : "access.suspend"} asks={asks}
      body={(answers) => ({ ...answered(answers), principal })} />
  );
}

function AccountActions(props: { row: Row }) {
  const me = useMe();
  const { row } = props;
  const person = text(row, "kind") === "person";
  const state = text(row, "state");
  return (
    <span class="actions">
      {person && state === "active" && may(me, "access.admin") && <Invite principal={text(row, "id")} />}
      {(state === "active" || state === "suspended") && <Standing row={row} />}
    </span>
  );
}

const ACCOUNTS: Column[] = [
  { name: "id", sort: true, filter: "has", show: (row) => <a href={`/people?who=${encodeURIComponent(text(row, "id"))}`} data-raw>{text(row, "id")}</a> },
  { name: "name", filter: "has", wide: true },
  { name: "kind", sort: true, filter: ["person", "station", "supplier", "service", "device"], show: (row) => named(`kind.${text(row, "kind")}`, text(row, "kind")) },
  { name: "state", filter: ["active", "suspended", "left"] },
  { name: "natural_id", wide: true },
  { name: "at", sort: true, wide: true },
];

function KeyEnd(props: { row: Row }) {
  if (props.row["until"] !== null) return <State of="revoked" />;
  return (
    <Act type="key.revoked" title={t("people.revoke_key")} button={t("people.revoke_key")} permission="access.suspend" danger
      asks={[{ ...REASON, label: t("people.reason") }]}
      body={(answers) => ({ ...answered(answers), key_id: text(props.row, "key") })} />
  );
}

const KEYS: Column[] = [
  { name: "principal", filter: "is", sort: true },
  { name: "form", filter: ["key", "passkey", "shift"], show: (row) => <State of={text(row, "form")} /> },
  { name: "label", wide: true },
  { name: "key", show: (row) => <Digest of={text(row, "key")} /> },
  { name: "since", wide: true, show: (row) => <EntryLink sequence={Number(row["since"])} /> },
  { name: "usable_from", wide: true, show: (row) => <Time at={row["usable_from"]} /> },
  { name: "not_after", wide: true, show: (row) => <Time at={row["not_after"]} /> },
  { name: "actions", show: (row) => <KeyEnd row={row} /> },
];

const SCOPES = ["site", "line", "station", "product", "environment", "supplier"];

/** Where the grant holds; without any of them, everywhere. */
function Where(props: { row: Row }) {
  const said = SCOPES.filter((name) => text(props.row, name) !== "");
  if (said.length === 0) return <>{t("people.everywhere")}</>;
  return (
    <>
      {said.map((name) => (
        <div key={name}>{named(`column.${name}`, name)} <Raw>{text(props.row, name)}</Raw></div>
      ))}
    </>
  );
}

function GrantEnd(props: { row: Row }) {
  if (props.row["revoked_at"] !== null) return <State of="revoked" />;
  return (
    <Act type="grant.revoked" title={t("people.revoke_grant")} button={t("people.revoke_grant")} permission="access.suspend"
      danger asks={[{ ...REASON, label: t("people.reason") }]}
      body={(answers) => ({ ...answered(answers), grant_id: text(props.row, "id") })} />
  );
}

const GRANTS: Column[] = [
  { name: "principal", filter: "is", sort: true },
  { name: "role", filter: "is", sort: true },
  { name: "where", show: (row) => <Where row={row} /> },
  { name: "not_after", sort: true, show: (row) => <Time at={row["not_after"]} /> },
  { name: "author", wide: true },
  { name: "actions", show: (row) => <GrantEnd row={row} /> },
];

const ROLES: Column[] = [
  { name: "role", filter: "is", sort: true },
  { name: "permission", filter: "has", show: (row) => <>{named(`permission.${text(row, "permission")}`, text(row, "permission"))} <small><Raw>{text(row, "permission")}</Raw></small></> },
];

function RecoveryEnd(props: { row: Row }) {
  if (text(props.row, "state") !== "open") return null;
  return (
    <Act type="recovery.stopped" title={t("people.stop_recovery")} button={t("people.stop_recovery")}
      permission="access.recover" danger asks={[{ ...REASON, label: t("people.reason") }]}
      body={(answers) => ({ ...answered(answers), recovery: text(props.row, "id") })} />
  );
}

const RECOVERIES: Column[] = [
  { name: "principal", filter: "is", sort: true },
  { name: "state", filter: ["open", "in_force", "stopped"] },
  { name: "author" },
  { name: "usable_from", sort: true, show: (row) => <Time at={row["usable_from"]} relative /> },
  { name: "stopped_by", wide: true },
  { name: "actions", show: (row) => <RecoveryEnd row={row} /> },
];

interface Listed {
  view: string;
  columns: Column[];
  make: string;
  fixed?: Query;
}

const LISTS: Record<Tab, Listed> = {
  people: {
    view: "access.principals",
    columns: ACCOUNTS.filter((c) => c.name !== "kind"),
    make: "principal.registered",
    fixed: { "where.kind": "person" },
  },
  accounts: { view: "access.principals", columns: ACCOUNTS, make: "principal.registered" },
  keys: { view: "access.keys", columns: KEYS, make: "key.enrolled" },
  grants: { view: "access.grants", columns: GRANTS, make: "role.granted" },
  roles: { view: "access.roles", columns: ROLES, make: "role.defined" },
  recoveries: { view: "access.recoveries", columns: RECOVERIES, make: "recovery.requested" },
};

function Waiting() {
  const changes = useChanges(concerns);
  const offers = useLoad("offers", readOffers, changes);
  if (offers.problem !== undefined) return <Trouble error={offers.problem} />;
  if (offers.value === undefined || offers.value.length === 0) return null;
  return (
    <section>
      <h2>{t("people.offers")}</h2>
      <p>{t("people.offers_how")}</p>
      <Offers offers={offers.value} again={offers.again} />
    </section>
  );
}

/** One account: its keys, its grants, and where it is signed in. */
function One(props: { principal: string }) {
  const me = useMe();
  const { principal } = props;
  const changes = useChanges(concerns);
  const account = useLoad(principal, (signal) => view("access.principals", { "where.id": principal }, signal), changes);
  const row = account.value?.rows[0];
  return (
    <>
      <Title actions={<a href="/people">{t("nav.people")}</a>}><Raw>{principal}</Raw></Title>
      {account.problem !== undefined && <Trouble error={account.problem} />}
      {account.value !== undefined && row === undefined && <Empty title={t("people.unknown")} />}
      {row !== undefined && (
        <>
          <Facts of={[
            [t("column.kind"), named(`kind.${text(row, "kind")}`, text(row, "kind"))],
            [t("column.state"), <State of={text(row, "state")} />],
            ...(account.value?.closed === true
              ? []
              : [[t("column.name"), row["name"] === null ? t("none") : <Raw>{row["name"]}</Raw>] as [string, ComponentChildren]]),
            [t("column.natural_id"), row["natural_id"] === null ? t("none") : <Raw>{row["natural_id"]}</Raw>],
          ]} />
          <Closed page={account.value} again={account.again} />
          <AccountActions row={row} />
        </>
      )}
      <h2>{t("people.tab.keys")}</h2>
      <List view="access.keys" columns={KEYS.filter((c) => c.name !== "principal")} fixed={{ principal }} prefix="k."
        concerns={concerns} caption={t("people.tab.keys")} empty={<Empty title={t("people.no_keys")} />} />
      <h2>{t("people.tab.grants")}</h2>
      <List view="access.grants" columns={GRANTS.filter((c) => c.name !== "principal")} fixed={{ principal }} prefix="g."
        concerns={concerns} caption={t("people.tab.grants")} empty={<Empty title={t("people.no_grants")} />} />
      <p><a href={`/record/role.granted?principal=${encodeURIComponent(principal)}`}>{t("people.make.grants")}</a></p>
      {may(me, "access.suspend") && (
        <>
          <h2>{t("people.sessions")}</h2>
          <Sessions principal={principal} />
        </>
      )}
    </>
  );
}

export default function PeoplePage() {
  const place = usePlace();
  const who = place.query.get("who");
  if (who !== null && who !== "") return <One key={who} principal={who} />;
  const asked = place.query.get("tab");
  const tab = TABS.find((name) => name === asked) ?? "people";
  const listed = LISTS[tab];
  return (
    <>
      <Title actions={<a href={`/record/${listed.make}`}>{t(`people.make.${tab}`)}</a>}>{t("nav.people")}</Title>
      <Waiting />
      <div class="tabs" role="navigation" aria-label={t("nav.people")}>
        {TABS.map((name) => (
          <a key={name} href={`/people?tab=${name}`} aria-current={name === tab ? "page" : undefined}
            onClick={(e) => { e.preventDefault(); go(`/people?tab=${name}`); }}>
            {t(`people.tab.${name}`)}
          </a>
        ))}
      </div>
      <List key={tab} view={listed.view} columns={listed.columns} {...(listed.fixed ? { fixed: listed.fixed } : {})}
        concerns={concerns} caption={t(`people.tab.${tab}`)} empty={<Empty title={t(`people.empty.${tab}`)} />} />
    </>
  );
}

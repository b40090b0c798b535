// SPDX-License-Identifier: Apache-2.0
// One supplier: whether we may use what it makes, until when; its places, links and part lots.
import { useEffect, useState } from "preact/hooks";
import { view } from "../base/api";
import { sha256, toBase64url, toHex } from "../base/base64";
import { chain } from "../base/chain";
import { useLoad } from "../base/load";
import { useChanges } from "../base/stream";
import { t } from "../base/text";
import { toInput } from "../base/time";
import { Act, answered } from "../parts/act";
import { Empty, Facts, Raw, State, type Subject, Time, Title } from "../parts/bits";
import { PART_LOT_COLUMNS } from "../parts/columns";
import { HeldBy, HoldAct } from "../parts/held";
import { List } from "../parts/list";
import { Trouble } from "../parts/refusal";
import { Story } from "../parts/chain_story";

const TOKEN_SIZE = 32;
const DAY_MS = 86400_000;
const LINK_DAYS = 30;

interface Token {
  text: string;
  digest: string;
}

async function newToken(): Promise<Token> {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_SIZE));
  return { text: toBase64url(bytes), digest: toHex(await sha256(bytes)) };
}

/** The token is made here and shown once; the evidence log gets its digest only. */
function UploadLink(props: { supplier: string }) {
  const [token, setToken] = useState<Token>();
  const [given, setGiven] = useState("");
  useEffect(() => void newToken().then(setToken), [given]);
  return (
    <section aria-labelledby="link-title">
      <h2 id="link-title">{t("supplier.link")}</h2>
      <p>{t("supplier.link_means")}</p>
      {token !== undefined && (
        <Act type="conformance.link_given" title={t("supplier.link_give")} button={t("supplier.link_give")}
          permission="conformance.link"
          asks={[
            { name: "part_lot", label: t("supplier.link_part_lot"), kind: "id", optional: true },
            { name: "expires", label: t("supplier.link_until"), kind: "time",
              start: toInput(new Date(Date.now() + LINK_DAYS * DAY_MS)).slice(0, 16) },
          ]}
          body={(answers) => ({ link: token.digest, supplier: props.supplier, ...answered(answers, ["expires"]) })}
          onDone={() => setGiven(`${location.origin}/upload/${token.text}`)} />
      )}
      {given !== "" && (
        <div role="status">
          <p>{t("supplier.link_once")}</p>
          <pre data-raw tabIndex={0}>{given}</pre>
          <button type="button" onClick={() => void navigator.clipboard.writeText(given)}>{t("supplier.link_copy")}</button>
        </div>
      )}
    </section>
  );
}

function Links(props: { supplier: string; changes: number }) {
  const { supplier, changes } = props;
  const loaded = useLoad(`links ${supplier}`, (signal) => view("conformance.links", { supplier, limit: 1000 }, signal), changes);
  const rows = loaded.value?.rows ?? [];
  if (rows.length === 0) return null;
  return (
    <ul>
      {rows.map((row) => (
        <li key={String(row["link"])}>
          {row["part_lot"] === null ? t("supplier.any_lot") : <Raw>{row["part_lot"]}</Raw>} · {t("column.expires")}{" "}
          <Time at={row["expires"]} /> · {t("supplier.uploads")} <Raw>{row["uploads"]}</Raw> · <Raw>{row["author"]}</Raw>
        </li>
      ))}
    </ul>
  );
}

function Sites(props: { supplier: string; changes: number }) {
  const { supplier, changes } = props;
  const loaded = useLoad(`sites ${supplier}`, (signal) => view("supplier.sites", { supplier, limit: 1000 }, signal), changes);
  const rows = loaded.value?.rows ?? [];
  return (
    <section aria-labelledby="sites-title">
      <h2 id="sites-title">{t("supplier.sites")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value !== undefined && rows.length === 0 && <p>{t("supplier.no_sites")}</p>}
      <ul>
        {rows.map((row) => (
          <li key={String(row["supplier_site"])}>
            <Raw>{row["supplier_site"]} {row["country"]} {row["address"] ?? ""}</Raw>
          </li>
        ))}
      </ul>
    </section>
  );
}

export default function Supplier(props: { arguments: string[] }) {
  const supplier = props.arguments[0] ?? "";
  const subject: Subject = { kind: "supplier", within: "", id: supplier };
  const changes = useChanges(({ subject: s }) => s?.kind === "supplier" && s.id === supplier);
  const one = useLoad(`supplier ${supplier}`, (signal) => view("supplier.list", { supplier }, signal), changes);
  const told = useLoad(`story ${supplier}`, (signal) => chain("supplier", "", supplier, signal), changes);
  const row = one.value?.rows[0];
  const over = row?.["state"] === "approved" && Number(row["expires"]) < Date.now();
  return (
    <>
      <Title actions={<HoldAct of={subject} onDone={one.again} />}><span data-raw>{supplier}</span></Title>
      {one.problem !== undefined && <Trouble error={one.problem} />}
      {one.value !== undefined && row === undefined && (
        <Empty title={t("supplier.unknown")}><a href="/suppliers">{t("nav.suppliers")}</a></Empty>
      )}
      {row !== undefined && (
        <>
          {over && <p class="banner" role="status">{t("supplier.over")}</p>}
          <Facts of={[
            [t("column.name"), <Raw>{row["name"]}</Raw>],
            [t("column.state"), <State of={String(row["state"])} />],
            [t("column.expires"), <Time at={row["expires"]} relative />],
            [t("column.tier"), <Raw>{row["tier"] ?? t("none")}</Raw>],
            [t("column.class"), <Raw>{row["class"]}</Raw>],
            [t("column.country"), <Raw>{row["country"]}</Raw>],
            [t("column.approver"), <Raw>{row["approver"] ?? t("none")}</Raw>],
          ]} />
          <HeldBy of={subject} changes={changes} />
          <p class="actions">
            <a href={`/affected?${new URLSearchParams({ kind: "supplier", id: supplier }).toString()}`}>{t("supplier.where")}</a>
            <a href={`/record/supplier.approved?${new URLSearchParams({ supplier }).toString()}`}>{t("supplier.approve")}</a>
            <a href={`/record/supplier.suspended?${new URLSearchParams({ supplier }).toString()}`}>{t("supplier.suspend")}</a>
          </p>
          <Sites supplier={supplier} changes={changes} />
          <UploadLink supplier={supplier} />
          <Links supplier={supplier} changes={changes} />
          <h2>{t("nav.part_lots")}</h2>
          <List view="part_lot.list" prefix="l." fixed={{ supplier }} caption={t("nav.part_lots")}
            columns={PART_LOT_COLUMNS.filter((c) => c.name !== "supplier")} empty={<Empty title={t("part_lots.empty")} />} />
          <Story of={told} about={subject} />
        </>
      )}
    </>
  );
}

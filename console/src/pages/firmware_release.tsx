// SPDX-License-Identifier: Apache-2.0
// One firmware release: what it is, who agreed, what is known against its software, where it runs, what it changed.
import { type Row, view } from "../base/api";
import { useLoad } from "../base/load";
import { useChanges } from "../base/stream";
import { bytes, number, plural, t } from "../base/text";
import { wordName } from "../base/types";
import { Act, answered } from "../parts/act";
import { Busy, Digest, Empty, EntryLink, Facts, Raw, State, Time, Title } from "../parts/bits";
import { comparedRow, FirmwareDifference } from "../parts/firmware_difference";
import { List } from "../parts/list";
import { Trouble } from "../parts/refusal";
import { concernsFirmware } from "./firmware";

function text(row: Row, name: string): string {
  return String(row[name] ?? "");
}


function What(props: { row: Row }) {
  const { row } = props;
  return (
    <Facts of={[
      [t("column.state"), <State of={text(row, "state")} />],
      [t("column.product"), <Raw>{text(row, "product")}</Raw>],
      [t("column.version"), <Raw>{text(row, "version")}</Raw>],
      [t("column.environment"), wordName(text(row, "environment"))],
      [t("column.security_version"), <Raw>{number(Number(row["security_version"]))}</Raw>],
      [t("column.image"), <><Digest of={text(row, "image")} /> <Raw>{bytes(Number(row["image_size"]))}</Raw></>],
      [t("column.configuration"), <Digest of={text(row, "configuration")} />],
      [t("column.sbom"), <Digest of={text(row, "sbom")} />],
      [t("column.conformance"), <Digest of={text(row, "conformance")} />],
      [t("column.author"), <Raw>{text(row, "author")}</Raw>],
      [t("column.at"), <Time at={row["at"]} />],
      [t("firmware.entry"), <EntryLink sequence={Number(row["since"])} />],
    ]} />
  );
}

/** Where it runs, by the devices' own boot evidence, and which other images run on the same product. */
function Running(props: { product: string; release: string; changes: number }) {
  const { product, release } = props;
  const loaded = useLoad(
    `running ${product} ${release}`,
    (signal) => view("inventory.running", { product, release, group: "site", limit: 1000 }, signal),
    props.changes,
  );
  const rows = loaded.value?.rows ?? [];
  const all = rows.reduce((sum, row) => sum + Number(row["count"]), 0);
  return (
    <section>
      <h2>{t("firmware.running")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value !== undefined && <p>{plural("firmware.devices", all)}</p>}
      <ul class="names">
        {rows.map((row) => (
          <li key={text(row, "site")}>
            <Raw>{text(row, "site") === "" ? t("none") : text(row, "site")}</Raw> <Raw>{number(Number(row["count"]))}</Raw>
          </li>
        ))}
      </ul>
      {all > 0 && (
        <a href={`/view/inventory.running?firmware_release=${encodeURIComponent(release)}`}>{t("firmware.which")}</a>
      )}
    </section>
  );
}

function Sbom(props: { product: string; release: string; sbom: string }) {
  const { product, release } = props;
  if (props.sbom === "") return <section><h2>{t("sbom.checks")}</h2><Empty title={t("difference.no_sbom")} /></section>;
  return (
    <section>
      <h2>{t("sbom.checks")}</h2>
      <List view="sbom.checks" fixed={{ product, release }} prefix="c." caption={t("sbom.checks")}
        concerns={concernsFirmware} columns={[
          { name: "at", sort: true },
          { name: "components", sort: true },
          { name: "affected", show: (row) => <Affected n={Number(row["affected"])} /> },
          { name: "decided" },
          { name: "unknown_components", wide: true },
          { name: "feed_at", wide: true },
          { name: "author", wide: true },
          { name: "since", wide: true },
        ]}
        empty={<Empty title={t("sbom.unchecked")}><pre data-raw>sealwright sbom check FILE --osv FILE --product {product}</pre></Empty>} />
      <h2>{t("sbom.findings")}</h2>
      <List view="sbom.findings" fixed={{ product, release }} prefix="f." caption={t("sbom.findings")}
        concerns={concernsFirmware} columns={[
          { name: "advisory", filter: "has", sort: true },
          { name: "component", filter: "has", sort: true },
          { name: "version" },
          { name: "severity", sort: true },
          { name: "state", filter: ["affected", "accepted", "not_affected"] },
          { name: "reason", wide: true },
        ]} empty={<Empty title={t("sbom.no_findings")} />} />
    </section>
  );
}

function Affected(props: { n: number }) {
  return <span class={`state ${props.n > 0 ? "bad" : "good"}`} data-raw>{number(props.n)}</span>;
}

/** Its way through the approvals: the record that waited, found by the claim's digest. */
function Approved(props: { row: Row; changes: number }) {
  const digest = text(props.row, "digest");
  const loaded = useLoad(
    `approved ${digest}`,
    (signal) => view("approval.list", { "where.digest": digest, limit: 1 }, signal),
    props.changes,
  );
  const waited = loaded.value?.rows[0];
  return (
    <section>
      <h2>{t("approval.voices")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value !== undefined && waited === undefined && <p>{t("firmware.no_approvals")}</p>}
      {waited !== undefined && (
        <p>
          {t("now.votes", { votes: Number(waited["votes"]), need: Number(waited["need"]) })}{" "}
          <a href={`/approval/${text(waited, "seq")}`}>{t("firmware.approval")}</a>
        </p>
      )}
    </section>
  );
}

function Shown(props: { row: Row; changes: number; again: () => void }) {
  const { row, changes } = props;
  const product = text(row, "product");
  const release = text(row, "firmware_release");
  const unreviewed = Number(row["emergency"]) === 1 && row["reviewed"] === null;
  return (
    <>
      {unreviewed && (
        <p class="banner" role="status">
          {t("firmware.review")} <a href={`/record/firmware.reviewed?release=${encodeURIComponent(release)}`}>{t("firmware.review_now")}</a>
        </p>
      )}
      <What row={row} />
      {text(row, "state") === "released" && (
        <div class="actions">
          <Act type="firmware.withdrawn" title={t("firmware.withdraw")} button={t("firmware.withdraw")}
            permission="firmware.withdraw" danger onDone={props.again}
            asks={[{ name: "reason", label: t("approval.reason"), kind: "text" }]}
            body={(answers) => ({ ...answered(answers), release })}>
            <p>{t("firmware.withdraw_means")} <b data-raw>{release}</b></p>
          </Act>
        </div>
      )}
      <Approved row={row} changes={changes} />
      <Running product={product} release={release} changes={changes} />
      <Sbom product={product} release={release} sbom={text(row, "sbom")} />
      <FirmwareDifference of={comparedRow(row)} />
    </>
  );
}

export default function FirmwareReleasePage(props: { arguments: string[] }) {
  const [product = "", release = ""] = props.arguments;
  const changes = useChanges((h) => concernsFirmware(h) || h.type === "boot.proved");
  const loaded = useLoad(
    `${product} ${release}`,
    (signal) => view("firmware.releases", { product, release }, signal),
    changes,
  );
  const row = loaded.value?.rows[0];
  return (
    <>
      <Title actions={<a href="/firmware">{t("nav.firmware")}</a>}><Raw>{release}</Raw></Title>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value === undefined && loaded.loading && <Busy text={t("loading")} />}
      {loaded.value !== undefined && row === undefined && <Empty title={t("firmware.missing")} />}
      {row !== undefined && <Shown row={row} changes={changes} again={loaded.again} />}
    </>
  );
}

// SPDX-License-Identifier: Apache-2.0
// One unit: how it stands, what is in its way, how it came to be, what it is made of, and what proves it.
import { useState } from "preact/hooks";
import { path, type Row, view } from "../base/api";
import { chain, type Chain, merged } from "../base/chain";
import { useLoad } from "../base/load";
import { useChanges } from "../base/stream";
import { t } from "../base/text";
import { Digest, Empty, Facts, Raw, State, type Subject, Time, Title } from "../parts/bits";
import { Certainty, firmwareLink, Holds, partLotLink, shipmentLink, supplierLink } from "../parts/columns";
import { Gates } from "../parts/gates";
import { HeldBy, HoldAct } from "../parts/held";
import { Trouble } from "../parts/refusal";
import { Story } from "../parts/chain_story";
import { DeviceCertificate, Passport, Proofs } from "../parts/unit_proof";

const MOST_SEALS = 20;
/** So many lines of parts before somebody asks for all. */
const FEW = 12;

/** Its own records, and those of the shipments and seals that it traveled under, as far as one may see them. */
async function story(product: string, serial: string, signal: AbortSignal): Promise<Chain> {
  const own = await chain("unit", product, serial, signal);
  const none: Chain = { entries: [], more: false };
  const related = await view("passport.related", { product, serial, limit: 1000 }, signal).catch(() => undefined);
  const rows = related?.rows ?? [];
  const shipments = rows.filter((row) => row["kind"] === "shipment").map((row) => String(row["id"]));
  const seals = rows.filter((row) => row["kind"] === "seal").slice(0, MOST_SEALS);
  const raised = own.entries.flatMap((e) => e.witness.raised.map((_, n) => [String(e.witness.sequence), String(n)] as const));
  const custody = await Promise.all([
    ...shipments.map((id) => chain("shipment", "", id, signal).catch(() => none)),
    ...seals.map((row) => chain("seal", String(row["within"]), String(row["id"]), signal).catch(() => none)),
    ...raised.map(([sequence, n]) => chain("nonconformance", sequence, n, signal).catch(() => none)),
  ]);
  // A seal number may have been misused elsewhere: that is another story.
  const here = custody.map((one) => ({
    ...one,
    entries: one.entries.filter((e) => {
      const shipment = e.claim.body["shipment"];
      return shipment === undefined || shipments.includes(String(shipment));
    }),
  }));
  return merged([own, ...here]);
}

function Head(props: { row: Row }) {
  const { row } = props;
  return (
    <Facts of={[
      [t("column.state"), <State of={String(row["state"])} />],
      [t("column.holds"), <Holds n={row["holds"]} />],
      [t("column.site"), <Raw>{row["site"]}</Raw>],
      [t("unit.place"), row["line"] ? <Raw>{row["line"]} {row["station"]}</Raw> : <Raw>{row["station"] ?? t("none")}</Raw>],
      [t("column.build_authorization"), row["build_authorization"] ? (
        <a href={path("authorization", String(row["build_authorization"]))} data-raw>{row["build_authorization"]}</a>
      ) : t("none")],
      [t("column.firmware_release"), firmwareLink(row)],
      [t("column.shipment"), shipmentLink(row)],
      [t("column.address"), row["address"] ? <Raw>{row["address"]}</Raw> : t("none")],
      [t("column.boot_count"), <Raw>{row["boot_count"] ?? t("none")}</Raw>],
      [t("column.key_id"), <Digest of={row["key_id"] as string | null} />],
    ]} />
  );
}

/** How far along its traveler it is. */
function Steps(props: { product: string; serial: string; changes: number }) {
  const { product, serial, changes } = props;
  const loaded = useLoad(`steps ${product} ${serial}`,
    (signal) => view("unit.steps", { product, serial, limit: 1000 }, signal), changes);
  const rows = loaded.value?.rows ?? [];
  if (rows.length === 0) return null;
  const next = rows.findIndex((row) => row["seq"] === null);
  return (
    <ol class="steps" aria-label={t("unit.steps")}>
      {rows.map((row, i) => (
        <li key={String(row["position"])} class={row["seq"] === null ? (i === next ? "next" : "later") : "done"}
          aria-current={i === next ? "step" : undefined}>
          <b data-raw>{row["step"]}</b>{" "}
          <small>
            {row["seq"] !== null ? <Time at={row["at"]} /> : t(i === next ? "unit.step_next" : "unit.step_later")}
          </small>
        </li>
      ))}
    </ol>
  );
}

function PartsTable(props: { rows: Row[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("unit.parts")}>
      <table>
        <caption class="unseen">{t("unit.parts")}</caption>
        <thead>
          <tr>
            {["part", "part_lot", "supplier", "quantity", "designators", "certainty"].map((name) => (
              <th key={name} scope="col">{t(`column.${name}`)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={`${String(row["since"])} ${String(row["item"])}`} class={row["until"] === null ? undefined : "gone"}>
              <td><Raw>{row["part"]}</Raw></td>
              <td>{partLotLink(row)}</td>
              <td>{supplierLink(row)}</td>
              <td><Raw>{row["quantity"]}</Raw></td>
              <td><Raw>{row["designators"] ?? ""}</Raw></td>
              <td>
                <Certainty of={row["certainty"]} />{" "}
                {row["until"] !== null && (
                  <a href={`/entry/${String(row["until"])}`}>{t("unit.taken_out")}</a>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Parts(props: { product: string; serial: string; changes: number }) {
  const { product, serial, changes } = props;
  const key = `parts ${product} ${serial}`;
  const parts = useLoad(key, (signal) => view("unit.parts", { product, serial, limit: 1000 }, signal), changes);
  const components = useLoad(key, (signal) => view("unit.components", { product, serial, limit: 1000 }, signal), changes);
  const [all, setAll] = useState(false);
  const rows = parts.value?.rows ?? [];
  const units = components.value?.rows ?? [];
  return (
    <section aria-labelledby="parts-title">
      <h2 id="parts-title">{t("unit.parts")}</h2>
      {parts.problem !== undefined && <Trouble error={parts.problem} />}
      {parts.value !== undefined && rows.length + units.length === 0 && <Empty title={t("unit.no_parts")} />}
      {units.length > 0 && (
        <ul>
          {units.map((row) => (
            <li key={String(row["component_serial"])}>
              {t("unit.component")}{" "}
              <a href={path("unit", String(row["component_product"]), String(row["component_serial"]))} data-raw>
                {row["component_product"]} {row["component_serial"]}
              </a>{" "}
              {row["until"] !== null && <a href={`/entry/${String(row["until"])}`}>{t("unit.taken_out")}</a>}
            </li>
          ))}
        </ul>
      )}
      {rows.length > 0 && <PartsTable rows={all ? rows : rows.slice(0, FEW)} />}
      {rows.length > FEW && !all && (
        <button type="button" onClick={() => setAll(true)}>{t("unit.all_parts", { n: rows.length })}</button>
      )}
    </section>
  );
}

export default function Unit(props: { arguments: string[] }) {
  const [product = "", serial = ""] = props.arguments;
  const subject: Subject = { kind: "unit", within: product, id: serial };
  const changes = useChanges(({ subject: s }) =>
    s?.kind === "unit" ? s.within === product && s.id === serial : s?.kind === "shipment" || s?.kind === "nonconformance");
  const one = useLoad(`unit ${product} ${serial}`, (signal) => view("unit.one", { product, serial }, signal), changes);
  const told = useLoad(`story ${product} ${serial}`, (signal) => story(product, serial, signal), changes);
  const row = one.value?.rows[0];
  return (
    <>
      <Title actions={<HoldAct of={subject} onDone={one.again} />}>
        <span data-raw>{serial}</span> <small data-raw>{product}</small>
      </Title>
      {one.problem !== undefined && <Trouble error={one.problem} />}
      {one.value !== undefined && row === undefined && (
        <Empty title={t("unit.unknown")}><a href="/units">{t("nav.units")}</a></Empty>
      )}
      {row !== undefined && <Head row={row} />}
      {row !== undefined && (
        <>
          <HeldBy of={subject} changes={changes} unit />
          <Steps product={product} serial={serial} changes={changes} />
          <Gates of={subject} gates={["program", "test", "ship", "commission"]} />
          <Story of={told} about={subject} />
          <Parts product={product} serial={serial} changes={changes} />
          <DeviceCertificate product={product} serial={serial} changes={changes} />
          <Proofs of={told.value} product={product} serial={serial} />
          <Passport product={product} serial={serial} />
        </>
      )}
    </>
  );
}

// SPDX-License-Identifier: Apache-2.0
// One shipment: where it is and who has it, its seals, what is in it and what was found, and every hand-over.
import { type Row, view } from "../base/api";
import { chain, type Chain, merged } from "../base/chain";
import { useLoad } from "../base/load";
import { useChanges } from "../base/stream";
import { number, t } from "../base/text";
import { Digest, Empty, EntryLink, Facts, Raw, State, type Subject, SubjectLink, Time, Title } from "../parts/bits";
import { Holds } from "../parts/columns";
import { Gates } from "../parts/gates";
import { HeldBy, HoldAct, subjectOf } from "../parts/held";
import { Trouble } from "../parts/refusal";
import { Story } from "../parts/chain_story";

/** From the side that sees it. */
async function find(shipment: string, signal: AbortSignal): Promise<Row | undefined> {
  const out = await view("shipment.outbound", { shipment }, signal);
  const found = out.rows[0] ?? (await view("shipment.inbound", { shipment }, signal)).rows[0];
  if (found === undefined) return undefined;
  return { ...found, from_site: found["from_site"] ?? found["site"] ?? null, to_site: found["to_site"] ?? found["site"] ?? null };
}

async function story(shipment: string, signal: AbortSignal): Promise<Chain> {
  const none: Chain = { entries: [], more: false };
  const own = await chain("shipment", "", shipment, signal);
  const seals = await view("seal.by_shipment", { shipment, limit: 50 }, signal).catch(() => undefined);
  const others = await Promise.all(
    (seals?.rows ?? []).map((row) => chain("seal", String(row["maker"]), String(row["seal"]), signal).catch(() => none)),
  );
  const here = others.map((one) => ({
    ...one,
    entries: one.entries.filter((e) => (e.claim.body["shipment"] ?? shipment) === shipment),
  }));
  return merged([own, ...here]);
}

const WAY = ["planned", "packed", "sealed", "dispatched", "handed_over", "in_transit", "arrived", "received", "admitted"];

function Progress(props: { state: string }) {
  const at = WAY.indexOf(props.state);
  return (
    <ol class="steps" aria-label={t("shipment.way")}>
      {WAY.map((word, i) => (
        <li key={word} class={i <= at ? "done" : "later"} aria-current={i === at ? "step" : undefined}>
          <span>{t(`state.${word}`)}</span>
        </li>
      ))}
    </ol>
  );
}

function Seals(props: { shipment: string; changes: number }) {
  const loaded = useLoad(`seals ${props.shipment}`, (signal) =>
    view("seal.by_shipment", { shipment: props.shipment, limit: 1000 }, signal), props.changes);
  const rows = loaded.value?.rows ?? [];
  return (
    <section aria-labelledby="seals-title">
      <h2 id="seals-title">{t("shipment.seals")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value !== undefined && rows.length === 0 && <p>{t("shipment.no_seals")}</p>}
      <ul>
        {rows.map((row) => (
          <li key={`${String(row["maker"])} ${String(row["seal"])}`}>
            <Raw>{row["maker"]} {row["seal"]}</Raw> <State of={String(row["state"])} />{" "}
            {row["checked"] !== null && <>{t("shipment.checked")} <EntryLink sequence={Number(row["checked"])} /> <Raw>{row["checked_site"]}</Raw></>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Compared(props: { rows: Row[]; counted: boolean }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("shipment.contents")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("shipment.thing")}</th>
            <th scope="col">{t("column.expected")}</th>
            {props.counted && <th scope="col">{t("column.found")}</th>}
            {props.counted && <th scope="col">{t("column.result")}</th>}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={`${String(row["kind"])} ${String(row["within"])} ${String(row["id"])}`}>
              <td><SubjectLink of={subjectOf(row)} /></td>
              <td data-raw>{number(Number(row["expected"] ?? row["quantity"]))}</td>
              {props.counted && <td data-raw>{number(Number(row["found"]))}</td>}
              {props.counted && (
                <td>
                  <span class={`state ${row["result"] === "match" ? "good" : "bad"}`}>{t(`state.${String(row["result"])}`)}</span>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const COUNTED = new Set(["arrived", "received", "admitted"]);

/** Before it arrived, what was packed; then the count against it. */
function Contents(props: { shipment: string; state: string; changes: number }) {
  const { shipment, changes } = props;
  const counted = COUNTED.has(props.state);
  const loaded = useLoad(`contents ${shipment} ${String(counted)}`, (signal) =>
    view(counted ? "shipment.arrival" : "shipment.contents", { shipment, limit: 1000 }, signal), changes);
  const rows = loaded.value?.rows ?? [];
  return (
    <section aria-labelledby="contents-title">
      <h2 id="contents-title">{t(counted ? "shipment.arrival" : "shipment.contents")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value !== undefined && rows.length === 0 && <p>{t("shipment.nothing")}</p>}
      {rows.length > 0 && <Compared rows={rows} counted={counted} />}
      {loaded.value?.next !== undefined && (
        <p><a href={`/view/shipment.contents?shipment=${encodeURIComponent(shipment)}`}>{t("shipment.more")}</a></p>
      )}
    </section>
  );
}

export default function Shipment(props: { arguments: string[] }) {
  const id = props.arguments[0] ?? "";
  const subject: Subject = { kind: "shipment", within: "", id };
  const changes = useChanges(({ subject: s }) => s?.kind === "seal" || (s?.kind === "shipment" && s.id === id));
  const one = useLoad(`shipment ${id}`, async (signal) => ({ row: await find(id, signal) }), changes);
  const told = useLoad(`story ${id}`, (signal) => story(id, signal), changes);
  const route = told.value?.entries.find((e) => e.claim.type === "shipment.planned")?.claim.body["route"];
  const row = one.value?.row;
  return (
    <>
      <Title actions={<HoldAct of={subject} onDone={one.again} />}><span data-raw>{id}</span></Title>
      {one.problem !== undefined && <Trouble error={one.problem} />}
      {one.value !== undefined && row === undefined && (
        <Empty title={t("shipment.unknown")}><a href="/shipments">{t("nav.shipments")}</a></Empty>
      )}
      {row !== undefined && (
        <>
          <Facts of={[
            [t("column.state"), <State of={String(row["state"])} />],
            [t("column.holds"), <Holds n={row["holds"]} />],
            [t("column.from_site"), <Raw>{row["from_site"]}</Raw>],
            [t("column.to_site"), <Raw>{row["to_site"]}</Raw>],
            [t("column.seen_at"), <Raw>{row["seen_at"]}</Raw>],
            [t("column.holder"), <Raw>{row["holder"] ?? t("none")}</Raw>],
            [t("column.freight_carrier"), <Raw>{row["freight_carrier"] ?? t("none")}</Raw>],
            [t("shipment.route"), <Raw>{typeof route === "string" ? route : t("none")}</Raw>],
            [t("column.manifest"), <Digest of={row["manifest"] as string | null} />],
            [t("shipment.last"), <Time at={told.value?.entries.at(-1)?.witness.at} relative />],
          ]} />
          <HeldBy of={subject} changes={changes} />
          <Progress state={String(row["state"])} />
          <Gates of={subject} gates={COUNTED.has(String(row["state"])) ? ["receive"] : ["ship"]} />
          <Seals shipment={id} changes={changes} />
          <Contents shipment={id} state={String(row["state"])} changes={changes} />
          <Story of={told} about={subject} />
        </>
      )}
    </>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Where did it go? One question, the answer in numbers, as a picture and as a list; and the one action that stops it.
import { useState } from "preact/hooks";
import { type Row, view } from "../base/api";
import { useLoad } from "../base/load";
import { newId } from "../base/record";
import { go, type Place, usePlace } from "../base/router";
import { useChanges } from "../base/stream";
import { number, t } from "../base/text";
import { Act, answered, type Ask } from "../parts/act";
import { AffectedList } from "../parts/affected_list";
import { type Answer, ask, Tree } from "../parts/affected_tree";
import { Busy, Empty, Raw, type Subject, Time, Title } from "../parts/bits";
import { Holds, partLotLink } from "../parts/columns";
import { Trouble } from "../parts/refusal";

const KINDS = ["part_lot", "supplier", "date_code", "unit", "station", "operator", "firmware_release", "build_authorization"];
const WHOLE: Record<string, string> = { part_lot: "column.supplier", date_code: "column.supplier", unit: "column.product" };
const TOUCHING = new Set(["station", "operator"]);

function questionOf(place: Place): Subject | undefined {
  const kind = place.query.get("kind") ?? "";
  const id = place.query.get("id") ?? "";
  return kind === "" || id === "" ? undefined : { kind, within: place.query.get("within") ?? "", id };
}

function addressOfQuestion(kind: string, within: string, id: string): string {
  const query = new URLSearchParams({ kind, ...(WHOLE[kind] === undefined ? {} : { within }), id });
  return `/affected?${query.toString()}`;
}

/** `whole/id` in one field, as a label says it, is enough; an id may have a slash of its own. */
function Question(props: { asked: Subject | undefined }) {
  const [kind, setKind] = useState(props.asked?.kind ?? "part_lot");
  const [within, setWithin] = useState(props.asked?.within ?? "");
  const [id, setId] = useState(props.asked?.id ?? "");
  const whole = WHOLE[kind];
  const split = (said: string) => {
    const slash = whole === undefined || within !== "" ? -1 : said.indexOf("/");
    if (slash < 1) setId(said);
    else {
      setWithin(said.slice(0, slash));
      setId(said.slice(slash + 1));
    }
  };
  return (
    <form class="find" role="search"
      onSubmit={(e) => {
        e.preventDefault();
        go(addressOfQuestion(kind, within.trim(), id.trim()));
      }}>
      <label>
        {t("affected.kind")}
        <select value={kind} onChange={(e) => setKind(e.currentTarget.value)}>
          {KINDS.map((word) => <option key={word} value={word}>{t(`kind.${word}`)}</option>)}
        </select>
      </label>
      {whole !== undefined && (
        <label>
          {t(whole)}
          <input value={within} required maxLength={64} autocomplete="off" onInput={(e) => setWithin(e.currentTarget.value)} />
        </label>
      )}
      <label>
        {t(whole === undefined ? "affected.id" : "affected.id_or_both")}
        <input value={id} required maxLength={129} autocomplete="off" onInput={(e) => split(e.currentTarget.value)} />
      </label>
      <button class="primary">{t("affected.ask")}</button>
    </form>
  );
}

async function unitsInAll(signal: AbortSignal): Promise<number> {
  const page = await view("unit.states", { limit: 1000 }, signal);
  return page.rows.reduce((sum, row) => sum + Number(row["units"] ?? 0), 0);
}

function Counts(props: { of: Answer; all: number | undefined }) {
  const { certain, possible } = props.of;
  const tiles: [name: string, n: number | undefined][] = [
    ["certain", certain],
    ["possible", possible],
    ["excluded", props.all === undefined ? undefined : Math.max(0, props.all - certain - possible)],
  ];
  return (
    <>
      <div class="tiles">
        {tiles.map(([name, n]) => (
          <section key={name} class={`tile${name !== "excluded" && (n ?? 0) > 0 ? " alert" : ""}`}>
            <h2>{t(`state.${name}`)}</h2>
            <p class="count" data-raw>{n === undefined ? "…" : number(n)}</p>
            <p><small>{t(`affected.${name}`)}</small></p>
          </section>
        ))}
      </div>
      <p><small>{t("affected.as_of", { sequence: props.of.sequence })}</small></p>
    </>
  );
}

function Stock(props: { rows: Row[] }) {
  return (
    <section aria-labelledby="stock-title">
      <h2 id="stock-title">{t("affected.stock")}</h2>
      {props.rows.length === 0 && <p>{t("affected.no_stock")}</p>}
      {props.rows.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("affected.stock")}>
          <table>
            <thead>
              <tr>
                {["part_lot", "part", "site", "in_stock", "at_line", "holds"].map((name) => (
                  <th key={name} scope="col">{t(`column.${name}`)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {props.rows.map((row) => (
                <tr key={`${String(row["supplier"])} ${String(row["part_lot"])}`}>
                  <td>{partLotLink(row)}</td>
                  <td><Raw>{row["part"]}</Raw></td>
                  <td><Raw>{row["site"]}</Raw></td>
                  <td data-raw>{number(Number(row["in_stock"]))}</td>
                  <td data-raw>{number(Number(row["at_line"]))}</td>
                  <td><Holds n={row["holds"]} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Contain(props: { of: Subject; reached: number; onDone: () => void }) {
  const [name, setName] = useState(() => newId("C"));
  const asks: Ask[] = [{ name: "reason", label: t("held.reason"), kind: "text" }];
  if (TOUCHING.has(props.of.kind)) {
    asks.push({ name: "since", label: t("affected.since"), kind: "time", optional: true },
      { name: "until", label: t("affected.until"), kind: "time", optional: true });
  }
  return (
    <Act type="containment.started" title={t("affected.contain")} button={t("affected.contain")} permission="recall.hold" danger
      asks={asks}
      body={(answers) => ({
        containment: name,
        kind: props.of.kind,
        ...(props.of.within === "" ? {} : { within: props.of.within }),
        id: props.of.id,
        ...answered(answers, ["since", "until"]),
      })}
      onDone={() => {
        setName(newId("C"));
        props.onDone();
      }}>
      <p>{t("affected.contain_means", { n: props.reached })}</p>
    </Act>
  );
}

function Containments(props: { of: Subject; changes: number; reached: number }) {
  const { kind, within, id } = props.of;
  const loaded = useLoad(`contained ${kind} ${within} ${id}`, (signal) =>
    view("containment.open", { kind, within, id, limit: 1000 }, signal), props.changes);
  const rows = loaded.value?.rows ?? [];
  return (
    <section aria-labelledby="contained-title">
      <h2 id="contained-title">{t("affected.containments")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value !== undefined && rows.length === 0 && <p>{t("affected.not_contained")}</p>}
      {rows.map((row) => (
        <article key={String(row["containment"])} class="held">
          <h3 data-raw>{row["containment"]}</h3>
          <p data-raw>{row["reason"]}</p>
          <p><small><Time at={row["at"]} relative /> · {t("timeline.by")} <Raw>{row["author"]}</Raw></small></p>
          <Act type="containment.ended" title={t("affected.end")} button={t("affected.end")} permission="recall.lift"
            asks={[{ name: "reason", label: t("held.why_go_on"), kind: "text" }]}
            body={(answers) => ({ containment: String(row["containment"]), ...answered(answers) })} onDone={loaded.again} />
        </article>
      ))}
      <Contain of={props.of} reached={props.reached} onDone={loaded.again} />
    </section>
  );
}

function Found(props: { of: Subject }) {
  const { kind, within, id } = props.of;
  const changes = useChanges(({ subject }) => ["unit", "part_lot", "containment", "shipment"].includes(subject?.kind ?? ""));
  const loaded = useLoad(`affected ${kind} ${within} ${id}`, (signal) => ask(props.of, { limit: 100 }, signal), changes);
  const all = useLoad("units in all", unitsInAll, changes);
  const answer = loaded.value;
  if (loaded.problem) return <Trouble error={loaded.problem} />;
  if (answer === undefined) return <Busy text={t("loading")} />;
  const reached = answer.certain + answer.possible;
  return (
    <>
      <Counts of={answer} all={all.value} />
      <Containments of={props.of} changes={changes} reached={reached} />
      {reached === 0 && <Empty title={t("affected.none")} />}
      {reached > 0 && <Tree of={props.of} answer={answer} changes={changes} />}
      <Stock rows={answer.stock} />
      {reached > 0 && <AffectedList of={props.of} changes={changes} total={reached} />}
    </>
  );
}

export default function Affected(_: { arguments: string[] }) {
  const place = usePlace();
  const asked = questionOf(place);
  const key = asked === undefined ? "" : `${asked.kind} ${asked.within} ${asked.id}`;
  return (
    <>
      <Title>{t("nav.affected")}</Title>
      <Question key={key} asked={asked} />
      {asked === undefined ? <Empty title={t("affected.first")} /> : <Found key={key} of={asked} />}
    </>
  );
}

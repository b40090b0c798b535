// SPDX-License-Identifier: Apache-2.0
// What stands in the way of a thing: holds, nonconformances, containments; what each means, and what lifts it.
import { type Row, view } from "../base/api";
import { useLoad } from "../base/load";
import { named, t } from "../base/text";
import { Act, answered } from "./act";
import { EntryLink, Raw, State, type Subject, SubjectLink, Time } from "./bits";
import { codeName, codeSentence, useSentences } from "./code";
import { Trouble } from "./refusal";

export const HELD_KINDS = [
  "unit", "part_lot", "shipment", "seal", "supplier", "site", "line", "station", "product", "firmware_release",
  "build_authorization",
];

export function subjectOf(row: Row): Subject | undefined {
  const { kind, within, id } = row;
  return typeof kind === "string" ? { kind, within: String(within ?? ""), id: String(id ?? "") } : undefined;
}

const WITHIN = new Set(["unit", "part_lot", "seal", "line"]);

/** `within` only where the kind has a whole. */
function bodyOf(subject: Subject): { kind: string; id: string; within?: string } {
  const { kind, within, id } = subject;
  return WITHIN.has(kind) ? { kind, within, id } : { kind, id };
}

export function HoldAct(props: { of: Subject; onDone: () => void }) {
  return (
    <Act type="hold.placed" title={t("held.place")} button={t("held.place")} permission="recall.hold" danger
      asks={[{ name: "reason", label: t("held.reason"), kind: "text" }]}
      body={(answers) => ({ ...bodyOf(props.of), ...answered(answers) })} onDone={props.onDone}>
      <p><SubjectLink of={props.of} /> {t("held.place_means")}</p>
    </Act>
  );
}

export function DisposeAct(props: { row: Row; onDone: () => void }) {
  const { row } = props;
  return (
    <Act type="nonconformance.disposed" title={t("held.dispose")} button={t("held.dispose")} permission="recall.dispose"
      asks={[
        { name: "disposition", label: t("held.disposition"), kind: "choice", choices: ["use_as_is", "rework", "scrap", "return"] },
        { name: "reason", label: t("held.reason"), kind: "text" },
      ]}
      body={(answers) => ({ raised_seq: Number(row["seq"]), raised_n: Number(row["n"]), ...answered(answers) })}
      onDone={props.onDone}>
      <p><SubjectLink of={subjectOf(row)} />: {codeName(String(row["code"]))}</p>
    </Act>
  );
}

export function LiftAct(props: { row: Row; onDone: () => void }) {
  const { row } = props;
  const subject = subjectOf(row);
  if (subject === undefined) return null;
  return (
    <Act type="hold.lifted" title={t("held.lift")} button={t("held.lift")} permission="recall.lift"
      asks={[{ name: "reason", label: t("held.why_go_on"), kind: "text" }]}
      body={(answers) => ({
        ...bodyOf(subject),
        raised_seq: Number(row["seq"]),
        raised_n: Number(row["n"]),
        ...answered(answers),
      })}
      onDone={props.onDone}>
      <p><SubjectLink of={subject} />: {codeName(String(row["code"]))}</p>
    </Act>
  );
}

/** What must happen before it may go on: name of the text. */
export function lifts(row: Row): string {
  if (row["state"] === "open") return "held.first_dispose";
  return row["disposition"] === "scrap" || row["disposition"] === "return" ? "held.stays" : "held.then_lift";
}

/** One hold or nonconformance, whole. */
export function Held(props: { row: Row; holds: boolean; about?: boolean; onDone: () => void }) {
  const { row } = props;
  const subject = subjectOf(row);
  const said = codeSentence(String(row["code"]), subject);
  const disposition = row["disposition"];
  return (
    <article class="held">
      <h3>
        {codeName(String(row["code"]))} {props.holds && <span class="state bad">{t("held.hold")}</span>}{" "}
        {typeof row["state"] === "string" && <State of={row["state"]} />}
      </h3>
      {props.about === true && subject !== undefined && <p><SubjectLink of={subject} /></p>}
      {said.text !== "" && <p>{said.text}</p>}
      <p>
        <small>
          <Time at={row["at"]} relative /> · {t("timeline.by")} <Raw>{row["author"]}</Raw> ·{" "}
          <EntryLink sequence={Number(row["seq"])} />
          {typeof disposition === "string" && <> · {named(`state.${disposition}`, disposition)}</>}
        </small>
      </p>
      <p class="fix">
        {t(lifts(row))} {said.fix !== "" && t("refusal.fix", { fix: said.fix })}
      </p>
      <div class="actions">
        {row["state"] === "open" && <DisposeAct row={row} onDone={props.onDone} />}
        {props.holds && row["state"] !== "open" && lifts(row) === "held.then_lift" && (
          <LiftAct row={row} onDone={props.onDone} />
        )}
      </div>
    </article>
  );
}

function keyOf(row: Row): string {
  return `${String(row["seq"])}.${String(row["n"])}`;
}

export function ContainmentLine(props: { row: Row }) {
  const { row } = props;
  const subject = subjectOf(row);
  const query = new URLSearchParams({ kind: subject?.kind ?? "", within: subject?.within ?? "", id: subject?.id ?? "" });
  return (
    <article class="held">
      <h3>
        <a href={`/affected?${query.toString()}`}>{t("held.contained")}</a> <Raw>{row["containment"]}</Raw>
      </h3>
      <p><SubjectLink of={subject} />: <Raw>{row["reason"]}</Raw></p>
      <p><small><Time at={row["at"]} relative /> · {t("timeline.by")} <Raw>{row["author"]}</Raw></small></p>
      <p class="fix">{t("held.until_ended")}</p>
    </article>
  );
}

/** Everything open about one thing; nothing to see when there is nothing. */
export function HeldBy(props: { of: Subject; changes: number; unit?: boolean }) {
  const { kind, within, id } = props.of;
  useSentences();
  const key = `held ${kind} ${within} ${id}`;
  const holds = useLoad(key, (signal) => view("hold.open", { kind, within, id, limit: 1000 }, signal), props.changes);
  const raised = useLoad(key, (signal) => view("nonconformance.open", { kind, within, id, limit: 1000 }, signal), props.changes);
  const contained = useLoad(
    key,
    props.unit === true
      ? (signal) => view("containment.of_unit", { product: within, serial: id, limit: 1000 }, signal)
      : (signal) => view("containment.open", { kind, within, id, limit: 1000 }, signal),
    props.changes,
  );
  const again = () => {
    holds.again();
    raised.again();
  };
  const held = holds.value?.rows ?? [];
  const keys = new Set(held.map(keyOf));
  const more = (raised.value?.rows ?? []).filter((row) => !keys.has(keyOf(row)));
  const containments = contained.value?.rows ?? [];
  if (holds.problem) return <Trouble error={holds.problem} />;
  if (held.length + more.length + containments.length === 0) return null;
  return (
    <section aria-labelledby="held-title" class="trouble">
      <h2 id="held-title">{t("held.title")}</h2>
      {containments.map((row) => <ContainmentLine key={String(row["containment"])} row={row} />)}
      {held.map((row) => <Held key={keyOf(row)} row={row} holds onDone={again} />)}
      {more.map((row) => <Held key={keyOf(row)} row={row} holds={false} onDone={again} />)}
    </section>
  );
}

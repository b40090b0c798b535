// SPDX-License-Identifier: Apache-2.0
// How the unit in work stands: go or stop in a color, a word and a sign; why it is held and what releases it; its steps, and
// who did which.
import { failureSentence, type Row } from "../base/api";
import { t } from "../base/text";
import { EntryLink, State, Time } from "../parts/bits";
import { codeName, codeSentence, useSentences } from "../parts/code";
import { lifts, subjectOf } from "../parts/held";
import { type Board, isGone, type Signal } from "./board";
import type { UnitName } from "./lookup";

const SIGNS: Record<Signal, string> = { go: "▶", stop: "✖", wait: "◷", done: "✔" };

export function Light(props: { signal: Signal; children: string }) {
  return (
    <p class={`signal ${props.signal}`} role="status">
      <span aria-hidden="true">{SIGNS[props.signal]}</span> <b>{t(`station.signal.${props.signal}`)}</b> <span>{props.children}</span>
    </p>
  );
}

export function UnitHead(props: { name: UnitName; board: Board | undefined }) {
  const { name, board } = props;
  return (
    <header class="unit-head">
      <h2><span data-raw>{name.serial}</span> <small data-raw>{name.product}</small></h2>
      {board !== undefined && <State of={String(board.unit["state"])} />}
    </header>
  );
}

/** Who may: by the right that it takes, since names are none of an operator's business. */
function whoMay(row: Row): string {
  const lift = lifts(row);
  if (lift === "held.stays") return t("station.who.nobody");
  return t("station.who", { right: t(`permission.${lift === "held.first_dispose" ? "recall.dispose" : "recall.lift"}`) });
}

function HeldLine(props: { row: Row; unit: UnitName; concern: Row | undefined }) {
  const { row, concern } = props;
  const subject = subjectOf(row);
  const said = codeSentence(String(row["code"]), subject);
  const elsewhere = subject !== undefined && subject.kind !== "unit";
  return (
    <li>
      <h3>{codeName(String(row["code"]))} {elsewhere && <small data-raw>{subject.kind} {subject.id}</small>}</h3>
      {said.text !== "" && <p>{said.text}</p>}
      {concern !== undefined && <p><q data-raw>{concern["text"]}</q> <small data-raw>{concern["author"]}</small></p>}
      <p class="fix">{t(lifts(row))} {said.fix !== "" && t("refusal.fix", { fix: said.fix })}</p>
      <p>{whoMay(row)}</p>
      <p><small><Time at={row["at"]} relative /> <EntryLink sequence={Number(row["seq"])} /></small></p>
    </li>
  );
}

/** Everything that stops it. */
export function Stops(props: { name: UnitName; board: Board; station: string }) {
  const there = useSentences();
  const { board, name } = props;
  const { unit, next } = board;
  const elsewhere = next !== undefined && next["planned_station"] !== null && next["planned_station"] !== props.station;
  const noProcedure = next?.["work"] === "test" && board.procedure === undefined;
  const gone = isGone(unit);
  if (!there) return null;
  return (
    <section class="panel stops" aria-labelledby="stops-title">
      <h2 id="stops-title">{t("station.why")}</h2>
      <ul>
        {board.containments.map((row) => (
          <li key={String(row["containment"])}>
            <h3>{t("held.contained")} <small data-raw>{row["containment"]}</small></h3>
            <p data-raw>{row["reason"]}</p>
            <p class="fix">{t("held.until_ended")}</p>
            <p>{t("station.who", { right: t("permission.recall.lift") })}</p>
          </li>
        ))}
        {board.holds.map((row) => (
          <HeldLine key={`${String(row["seq"])}.${String(row["n"])}`} row={row} unit={name}
            concern={board.concerns.find((one) => one["seq"] === row["seq"])} />
        ))}
        {board.holds.length === 0 && Number(unit["holds"]) > 0 && (
          <li>
            <h3>{t("column.holds")}: {t("units.held", { n: Number(unit["holds"]) })}</h3>
            <p>{t("station.who", { right: t("permission.recall.lift") })}</p>
          </li>
        )}
        {board.failures.map((failure, i) => {
          const said = failureSentence(failure);
          return (
            <li key={i}>
              <h3>{said.text}</h3>
              {said.fix !== undefined && <p class="fix">{t("refusal.fix", { fix: said.fix })}</p>}
            </li>
          );
        })}
        {gone && <li><h3>{t("station.gone")}</h3><p class="fix">{t("station.gone_fix")}</p></li>}
        {elsewhere && !gone && (
          <li><h3>{t("station.elsewhere", { station: String(next["planned_station"]) })}</h3><p class="fix">{t("station.elsewhere_fix")}</p></li>
        )}
        {noProcedure && <li><h3>{t("station.no_procedure", { procedure: String(next["procedure"]) })}</h3><p class="fix">{t("station.no_procedure_fix")}</p></li>}
      </ul>
    </section>
  );
}

export function stepName(board: Board, row: Row): string {
  const step = String(row["step"]);
  return board.names.get(step) ?? step;
}

export function StepList(props: { board: Board }) {
  const { board } = props;
  if (board.steps.length === 0) return null;
  return (
    <section aria-labelledby="steps-title">
      <h2 id="steps-title">{t("unit.steps")}</h2>
      <ol class="station-steps">
        {board.steps.map((row) => {
          const done = row["seq"] !== null;
          const isNext = row === board.next;
          return (
            <li key={String(row["position"])} class={done ? "done" : isNext ? "next" : "later"} aria-current={isNext ? "step" : undefined}>
              <b data-raw>{stepName(board, row)}</b> · <span>{t(`station.work.${String(row["work"])}`)}</span> ·{" "}
              {done ? (
                <span>
                  {row["operator"] !== null && <>{t("timeline.by")} <b data-raw>{row["operator"]}</b> </>}
                  <Time at={row["at"]} /> <EntryLink sequence={Number(row["seq"])} />
                </span>
              ) : (
                <span>{t(isNext ? "unit.step_next" : "unit.step_later")}</span>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

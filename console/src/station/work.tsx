// SPDX-License-Identifier: Apache-2.0
// What to do next with the unit, in words, and the buttons for it.
import type { Body } from "../base/record";
import { t } from "../base/text";
import type { Board, Signal } from "./board";
import { type Collected, Fit } from "./fit";
import { Command } from "./commands";
import { Test } from "./test";
import { stepName } from "./unit";

export interface WorkProps {
  board: Board;
  signal: Signal;
  collected: Collected[];
  busy: boolean;
  onFitted: () => void;
  onDrop: () => void;
  onRecord: (type: string, body: Body) => void;
  onFail: () => void;
}

/** The sentence beside the light. */
export function nextText(board: Board, signal: Signal): string {
  const { next } = board;
  if (signal === "stop") return t("station.say.stop");
  if (signal === "done") return t("station.say.done");
  if (next === undefined) return t("station.say.no_steps");
  const work = String(next["work"]);
  if (signal === "wait") return t(`station.say.wait_${work}`, { station: String(next["planned_station"] ?? t("station.any")) });
  const named = board.names.get(String(next["step"]));
  return named === undefined ? t(`station.work.${work}`) : t("station.say.go", { work: t(`station.work.${work}`), step: named });
}

function Inspect(props: { board: Board; step: string; busy: boolean; onPass: () => void; onFail: () => void }) {
  return (
    <>
      <p class="say">{t("station.inspect.look", { step: props.step })}</p>
      <p>{t("station.inspect.how")}</p>
      <div class="grid-large">
        <Command name="PASS" class="primary" disabled={props.busy} run={props.onPass}>{t("station.inspect.pass")}</Command>
        <Command name="FAIL" class="danger" disabled={props.busy} run={props.onFail}>{t("station.inspect.fail")}</Command>
      </div>
    </>
  );
}

export function Work(props: WorkProps) {
  const { board, signal } = props;
  const { next } = board;
  if (signal !== "go" || next === undefined) return null;
  const work = String(next["work"]);
  return (
    <section class="panel" aria-labelledby="work-title">
      <h2 id="work-title">{t("station.now")} <span data-raw>{stepName(board, next)}</span></h2>
      {(work === "fit" || work === "build") && (
        <Fit board={board} collected={props.collected} busy={props.busy} onRecord={props.onFitted} onDrop={props.onDrop} />
      )}
      {work === "inspect" && (
        <Inspect board={board} step={stepName(board, next)} busy={props.busy} onFail={props.onFail}
          onPass={() => props.onRecord("step.completed", { step: String(next["step"]) })} />
      )}
      {work === "test" && board.procedure !== undefined && (
        <Test key={String(next["position"])} procedure={board.procedure} busy={props.busy}
          onRecord={(body) => props.onRecord("test.recorded", body)} />
      )}
    </section>
  );
}

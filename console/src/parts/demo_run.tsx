// SPDX-License-Identifier: Apache-2.0
// What happened in a run of the demo: who tried what, where, what came back, and the record behind it.
import { type Failure, type ProblemDocument, sentence } from "../base/api";
import { named, spoken, t } from "../base/text";
import { EntryLink, Raw, State, type Subject, SubjectLink, Time } from "./bits";
import { Failures } from "./refusal";

export interface Attack {
  id: string;
  ends: "refused" | "detected";
  by: string;
  control: string | null;
  on_copy: boolean;
}

export interface Step {
  at: string;
  act: "record" | "gate" | "device" | "copy";
  copy: boolean;
  who?: string;
  type?: string;
  station?: string;
  subject?: Subject;
  sequence?: number;
  outcome?: string;
  raised?: { code: string; detail: string; values?: Record<string, string> }[];
  problem?: Omit<ProblemDocument, "status">;
  gate?: string;
  verdict?: string;
  failures?: Failure[];
}

export interface SlippedUnit {
  product: string;
  serial: string;
  gate: string;
  sequence: number;
  state?: string;
}

export interface DemoRun {
  run: string;
  kind: "attack" | "without" | "build";
  attack?: string;
  units?: number;
  state: "running" | "done" | "failed";
  steps: Step[];
  subjects: Subject[];
  outcome?: { stopped: boolean; expected: boolean; by: string; said: string; through: string; sequence?: number };
  slipped?: SlippedUnit[];
  problem?: Omit<ProblemDocument, "status">;
}

function typeName(type: string): string {
  return named(`short.${type}`, spoken(`type.${type}`, type));
}

function gateName(gate: string): string {
  return named(`attacks.gate.${gate}`, gate);
}

/* ---- steps ---- */

function Refused(props: { problem: Omit<ProblemDocument, "status"> }) {
  const said = sentence({ ...props.problem, status: 0 });
  return (
    <div class="bad-text">
      <b>{t("attacks.step.refused")}</b> {said.text} <small data-raw>{props.problem.code}</small>
      {said.fix !== undefined && <div class="fix">{t("refusal.fix", { fix: said.fix })}</div>}
      {props.problem.failures !== undefined && <Failures of={props.problem.failures} />}
    </div>
  );
}

/** One thing that is wrong may hold several: it is said once. */
function Raised(props: { of: NonNullable<Step["raised"]> }) {
  const said = new Map(props.of.map((one) => [`${one.code} ${one.detail}`, sentence({ ...one, status: 0 })]));
  return (
    <>
      {[...said].map(([key, { text, fix }]) => (
        <div key={key} class="bad-text">
          {text}
          {fix !== undefined && <div class="fix">{t("refusal.fix", { fix })}</div>}
        </div>
      ))}
    </>
  );
}

function Did(props: { step: Step }) {
  const { step } = props;
  if (step.act === "copy") return <b>{t("attacks.step.copy")}</b>;
  if (step.act === "gate") {
    return (
      <>
        <b>{t("attacks.step.gate", { gate: gateName(step.gate ?? "") })}</b> <State of={step.verdict} />
        {step.failures !== undefined && step.failures.length > 0 && <Failures of={step.failures} />}
      </>
    );
  }
  return <b>{step.act === "device" ? t("attacks.step.device") : typeName(step.type ?? "")}</b>;
}

function OneStep(props: { step: Step; copied: boolean }) {
  const { step } = props;
  const bad = step.problem !== undefined || step.raised !== undefined || step.verdict === "fail";
  return (
    <li class={bad ? "raised" : undefined}>
      <span class="when">
        <Time at={step.at} />
        {step.copy && !props.copied && <small> {t("attacks.step.in_copy")}</small>}
      </span>
      <div>
        <Did step={step} /> {step.subject !== undefined && (step.copy ? <Raw>{step.subject.id}</Raw> : <SubjectLink of={step.subject} />)}
        <div class="told">
          {step.who !== undefined && <>{t("attacks.step.who")} <b data-raw>{step.who}</b> </>}
          {step.station !== undefined && <>{t("attacks.step.station")} <b data-raw>{step.station}</b> </>}
          {step.outcome !== undefined && step.outcome !== "folded" && <State of={step.outcome} />}{" "}
          {step.sequence !== undefined && !step.copy && <EntryLink sequence={step.sequence} />}
        </div>
        {step.raised !== undefined && <Raised of={step.raised} />}
        {step.problem !== undefined && <Refused problem={step.problem} />}
      </div>
    </li>
  );
}

export function Steps(props: { run: DemoRun }) {
  const { run } = props;
  if (run.steps.length === 0) return null;
  const copied = run.kind === "without";
  return (
    <details open={run.state === "running" || run.kind === "attack"}>
      <summary>{t("attacks.steps", { n: run.steps.length })}</summary>
      <ol class="timeline" data-testid="steps">
        {run.steps.map((step, i) => (
          <OneStep key={i} step={step} copied={copied} />
        ))}
      </ol>
    </details>
  );
}

/* ---- what came of it ---- */

/** A control or a refusal by its code; what is none of them by its name. */
export function stopper(attack: string | undefined, by: string): string {
  return named(`attacks.${attack ?? ""}.by`, by);
}

export function Outcome(props: { run: DemoRun }) {
  const { run } = props;
  const outcome = run.outcome;
  if (outcome === undefined) return null;
  if (run.kind === "without") {
    return (
      <p role="status" class={outcome.stopped ? undefined : "bad-text"}>
        <b>{outcome.stopped ? t("attacks.still_stopped", { by: stopper(run.attack, outcome.by) }) : t(`attacks.${run.attack ?? ""}.without`)}</b>
      </p>
    );
  }
  return (
    <p role="status" class={outcome.stopped ? "told-good" : "bad-text"}>
      <b>{outcome.stopped ? t("attacks.stopped", { by: stopper(run.attack, outcome.by) }) : t("attacks.through")}</b>{" "}
      {outcome.sequence !== undefined && (
        <a href={`/entry/${outcome.sequence}`}>{t("attacks.record", { sequence: String(outcome.sequence) })}</a>
      )}
    </p>
  );
}

/** Units of a copy that is gone by now: there is no page of them. */
export function Slipped(props: { of: SlippedUnit[] }) {
  if (props.of.length === 0) return null;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("attacks.slipped")}>
      <table>
        <caption>{t("attacks.slipped")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("attacks.slipped.product")}</th>
            <th scope="col">{t("attacks.slipped.serial")}</th>
            <th scope="col">{t("attacks.slipped.state")}</th>
            <th scope="col">{t("attacks.slipped.gate")}</th>
            <th scope="col">{t("attacks.slipped.sequence")}</th>
          </tr>
        </thead>
        <tbody>
          {props.of.map((unit) => (
            <tr key={`${unit.serial} ${unit.gate}`}>
              <td data-raw>{unit.product}</td>
              <td data-raw>{unit.serial}</td>
              <td><span class="state bad">{named(`state.${unit.state ?? ""}`, unit.state ?? t("none"))}</span></td>
              <td>{gateName(unit.gate)}</td>
              <td data-raw>{unit.sequence}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

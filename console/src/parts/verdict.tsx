// SPDX-License-Identifier: Apache-2.0
// What the verifier in the browser says: steps, each with its verdict and what it means, and the whole.
import type { ComponentChildren } from "preact";
import { t } from "../base/text";
import type { Step } from "../verify/passport";
import { Unable, Wrong } from "../verify/wrong";

const TONE = { good: "good", bad: "bad", unknown: "warn", skipped: "plain" } as const;

/** In words and color; never color alone. */
export function Verdict(props: { of: keyof typeof TONE }) {
  return <span class={`state ${TONE[props.of]}`}>{t(`verdict.${props.of}`)}</span>;
}

export function StepLine(props: { of: Step }) {
  const { id, verdict, at, code, values } = props.of;
  return (
    <li class={verdict}>
      <h3>
        <Verdict of={verdict} /> {t(`verify.step.${id}`)}
      </h3>
      <p>
        {at !== undefined && <b>{t("verify.at", { record: String(at.sequence) })} </b>}
        {t(code, values)}
      </p>
      <small>{t(`verify.means.${id}`)}</small>
    </li>
  );
}

/** A line of its own, for what was verified without steps. */
export function Proved(props: { verdict: keyof typeof TONE; children: ComponentChildren }) {
  return (
    <p class={props.verdict === "bad" ? "bad-text" : undefined} role={props.verdict === "bad" ? "alert" : "status"}>
      <Verdict of={props.verdict} /> {props.children}
    </p>
  );
}

/** What kept something from being verified, in words; undefined: no word of the verifier's. */
export function saidOf(error: unknown): { verdict: "bad" | "unknown"; text: string } | undefined {
  if (error instanceof Wrong) return { verdict: "bad", text: t(error.code, error.values) };
  if (error instanceof Unable) return { verdict: "unknown", text: t(error.code) };
  return undefined;
}

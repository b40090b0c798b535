// SPDX-License-Identifier: Apache-2.0
// "Would it pass now?": asks a gate, and shows every control that fails and what mends each.
import { useState } from "preact/hooks";
import { type Failure, get, path } from "../base/api";
import { t } from "../base/text";
import { shownExactly } from "../base/time";
import type { Subject } from "./bits";
import { useSentences } from "./code";
import { Failures, Trouble } from "./refusal";

interface Verdict {
  gate: string;
  verdict: "pass" | "fail";
  failures: Failure[];
  let_pass: Failure[];
}

export function Gates(props: { of: Subject; gates: string[] }) {
  const [asked, setAsked] = useState<{ answer: Verdict; at: Date }>();
  const [error, setError] = useState<unknown>();
  useSentences();
  const ask = async (gate: string) => {
    setError(undefined);
    setAsked(undefined);
    try {
      const { kind, within, id } = props.of;
      const answer = await get<Verdict>("/v1/gates" + path(gate, kind, within === "" ? "-" : within, id));
      setAsked({ answer, at: new Date() });
    } catch (e) {
      setError(e);
    }
  };
  return (
    <section aria-labelledby="gates-title">
      <h2 id="gates-title">{t("gates.title")}</h2>
      <div class="actions">
        {props.gates.map((gate) => (
          <button key={gate} type="button" aria-pressed={asked?.answer.gate === gate} onClick={() => void ask(gate)}>
            {t(`gates.${gate}`)}
          </button>
        ))}
      </div>
      <div role="status">
        {asked !== undefined && (
          <>
            <p>
              <span class={`state ${asked.answer.verdict === "pass" ? "good" : "bad"}`}>
                {t(`gates.${asked.answer.verdict}`, { gate: t(`gates.${asked.answer.gate}`) })}
              </span>{" "}
              <small data-raw>{shownExactly(asked.at)}</small>
            </p>
            <Failures of={asked.answer.failures} />
            {asked.answer.let_pass.length > 0 && (
              <>
                <p>{t("gates.let_pass")}</p>
                <Failures of={asked.answer.let_pass} />
              </>
            )}
          </>
        )}
      </div>
      {error !== undefined && <Trouble error={error} />}
    </section>
  );
}

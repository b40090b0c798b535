// SPDX-License-Identifier: Apache-2.0
// What the server refused, whole: the sentence, the field, every control that failed, and what mends each.
import { useMemo } from "preact/hooks";
import { type Failure, Away, failureSentence, type ProblemDocument, problemFrom, sentence } from "../base/api";
import { t } from "../base/text";
import { Raw } from "./bits";

/** Every control that failed, in words, with what lifts each. */
export function Failures(props: { of: Failure[] }) {
  return (
    <ul class="failures">
      {props.of.map((failure, i) => {
        const said = failureSentence(failure);
        return (
          <li key={i}>
            <b data-raw>{failure.control}</b> {said.text}
            {said.fix !== undefined && <div class="fix">{t("refusal.fix", { fix: said.fix })}</div>}
          </li>
        );
      })}
    </ul>
  );
}

export function Refusal(props: { problem: ProblemDocument }) {
  const { problem } = props;
  const { text, fix } = sentence(problem);
  return (
    <section class="refusal" role="alert">
      <p>
        <strong>{text}</strong>
      </p>
      {problem.field !== undefined && <p>{t("refusal.field", { field: problem.field })}</p>}
      {fix !== undefined && <p class="fix">{t("refusal.fix", { fix })}</p>}
      {(problem.failures ?? []).length > 0 && <Failures of={problem.failures ?? []} />}
      <p>
        <small>
          {t("refusal.code")} <Raw>{problem.code}</Raw>
        </small>
      </p>
    </section>
  );
}

/** Whatever went wrong: a refusal, no answer, or a fault of the page itself. */
export function Trouble(props: { error: unknown }) {
  const { error } = props;
  const problem = useMemo(() => (error instanceof Away ? undefined : problemFrom(error)), [error]);
  if (problem !== undefined) return <Refusal problem={problem.document} />;
  return (
    <section class="refusal" role="alert">
      <p>{t("server.away")}</p>
    </section>
  );
}

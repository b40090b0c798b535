// SPDX-License-Identifier: Apache-2.0
// What became of the last thing that the operator did: recorded, refused, not sent, or not understood.
import { typeName } from "../parts/timeline";
import { Problem } from "../base/api";
import { t } from "../base/text";
import { EntryLink } from "../parts/bits";
import { codeName, useSentences } from "../parts/code";
import { Trouble } from "../parts/refusal";
import type { Sent } from "./sending";

export type Said =
  | { kind: "sent"; sent: Sent; type: string }
  | { kind: "good" | "bad"; text: string; values?: Record<string, string>; fix?: string };

function Recorded(props: { sent: Sent & { said: "done" }; type: string }) {
  const { receipt } = props.sent;
  const raised = receipt.raised;
  return (
    <div class={`said ${raised.length > 0 || receipt.outcome === "unverified" ? "bad" : "good"}`} role="status">
      <p>
        <span aria-hidden="true">{raised.length > 0 ? "✖" : "✔"}</span> <b>{t("station.recorded")}</b> {typeName(props.type)}{" "}
        <EntryLink sequence={receipt.sequence} />
      </p>
      {receipt.outcome === "unverified" && <p>{t("station.unverified")}</p>}
      {raised.length > 0 && <p>{t("station.raised")}</p>}
      {raised.map((one, i) => (
        <p key={i}><b>{codeName(one.code)}</b> <span data-raw>{one.detail}</span></p>
      ))}
    </div>
  );
}

export function LastSaid(props: { of: Said | undefined }) {
  useSentences();
  const { of } = props;
  if (of === undefined) return null;
  if (of.kind === "sent") {
    if (of.sent.said === "done") return <Recorded sent={of.sent} type={of.type} />;
    const { said, error } = of.sent;
    return (
      <div class="said bad">
        {said === "refused" && <p><b>✖ {t("station.refused")}</b></p>}
        {said === "unsent" || error instanceof Problem ? <Trouble error={error} /> : <p role="alert">{t("station.not_asked")}</p>}
      </div>
    );
  }
  return (
    <div class={`said ${of.kind}`} role={of.kind === "bad" ? "alert" : "status"}>
      <p><span aria-hidden="true">{of.kind === "bad" ? "✖" : "✔"}</span> {t(of.text, of.values)}</p>
      {of.fix !== undefined && <p class="fix">{t("refusal.fix", { fix: t(of.fix, of.values) })}</p>}
    </div>
  );
}

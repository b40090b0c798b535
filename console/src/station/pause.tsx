// SPDX-License-Identifier: Apache-2.0
// "Pause and verify": somebody has a doubt, and what it is about waits until somebody has looked. It counts against nobody.
import { useState } from "preact/hooks";
import { t } from "../base/text";
import { Choice, Command } from "./commands";

const REASONS = ["looks_wrong", "part_wrong", "instruction_unclear", "damaged", "equipment", "other"] as const;
const TEXT_MOST = 400;

export function Pause(props: { about: string; first?: string; busy: boolean; onRaise: (text: string) => void; onCancel: () => void }) {
  const [reason, setReason] = useState<string>(props.first ?? "");
  const [text, setText] = useState("");
  const said = [reason === "" ? "" : t(`station.reason.${reason}`), text.trim()].filter((part) => part !== "").join(": ");
  return (
    <section class="panel pause" aria-labelledby="pause-title">
      <h2 id="pause-title">{t("station.pause")} <small data-raw>{props.about}</small></h2>
      <p>{t("station.pause_means")}</p>
      <div class="grid-large" role="group" aria-label={t("station.pause_why")}>
        {REASONS.map((name, i) => (
          <Choice key={name} number={i + 1} class={name === reason ? "chosen" : ""} run={() => setReason(name)}>
            {name === reason && <span aria-hidden="true">✔ </span>}
            {t(`station.reason.${name}`)}
          </Choice>
        ))}
      </div>
      <p aria-live="polite">{reason === "" ? t("station.pause_no_reason") : t("station.pause_chosen", { reason: t(`station.reason.${reason}`) })}</p>
      <label class="field">
        {t("station.pause_text")}
        <textarea rows={2} maxLength={TEXT_MOST} value={text} onInput={(e) => setText(e.currentTarget.value)} />
      </label>
      <div class="grid-large">
        <Command name="PAUSE" class="warn" disabled={props.busy}
          run={() => props.onRaise(said === "" ? t("station.reason.none") : said)}>
          {t("station.pause_now")}
        </Command>
        <Command name="NEXT" run={props.onCancel}>{t("station.pause_cancel")}</Command>
      </div>
    </section>
  );
}

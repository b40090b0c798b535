// SPDX-License-Identifier: Apache-2.0
// Parts of the operator's screen: who works, who comes next, what was not sent, what is typed by hand, which of several.
import { useRef, useState } from "preact/hooks";
import { t } from "../base/text";
import { Time } from "../parts/bits";
import { SignInButton } from "../pages/sign_in";
import { Choice, Command } from "./commands";
import { nameOf, type Thing } from "./lookup";
import type { Sending } from "./sending";
import type { Shift } from "./shift";

export function Bar(props: { shift: Shift; busy: boolean; leave: (how: "switch" | "end") => void }) {
  const { shift } = props;
  return (
    <div class="bar">
      <p>
        <b data-raw>{shift.principal}</b> <span>{t("station.at")}</span> <b data-raw>{shift.station}</b>{" "}
        <span>{t("station.until")}</span> <Time at={shift.until} />
      </p>
      <div class="bar-actions">
        <Command name="SWITCH" disabled={props.busy} run={() => props.leave("switch")}>{t("station.command.switch")}</Command>
        <Command name="END" disabled={props.busy} run={() => props.leave("end")}>{t("station.command.end")}</Command>
      </div>
    </div>
  );
}

/** The next operator signs in; the unit in work stays below. */
export function NextOperator(props: { last: string; onDone: () => Promise<void> }) {
  const place = useRef<HTMLDivElement>(null);
  const press = () => place.current?.querySelector("button")?.click();
  return (
    <section class="panel" aria-labelledby="switch-title">
      <h2 id="switch-title">{t("station.next_operator")}</h2>
      <p>{t("station.next_operator_means", { person: props.last })}</p>
      <div ref={place}><SignInButton onDone={props.onDone} /></div>
      <Command name="PASS" class="primary" run={press}>{t("station.next_operator_now")}</Command>
    </section>
  );
}

export function Unsent(props: { sending: Sending; run: () => void }) {
  return (
    <section class="panel unsent" role="alert">
      <h2>✖ {t("station.unsent")}</h2>
      <p>{t("station.unsent_means")}</p>
      <Command name="PASS" class="primary" disabled={props.sending.busy} run={props.run}>{t("station.unsent_again")}</Command>
    </section>
  );
}

export function ByHand(props: { look: (text: string) => void }) {
  const [text, setText] = useState("");
  return (
    <form class="by-hand" onSubmit={(e) => { e.preventDefault(); if (text.trim() !== "") props.look(text.trim()); setText(""); }}>
      <label>
        {t("station.by_hand")}
        <input value={text} maxLength={200} autocomplete="off" spellcheck={false} onInput={(e) => setText(e.currentTarget.value)} />
      </label>
      <button class="action">{t("station.by_hand_go")} <kbd data-raw>Enter</kbd></button>
    </form>
  );
}

export function Which(props: { things: Thing[]; choose: (thing: Thing) => void }) {
  return (
    <section class="panel" aria-labelledby="which-title">
      <h2 id="which-title">{t("station.which_one")}</h2>
      <div class="grid-large">
        {props.things.slice(0, 9).map((thing, i) => (
          <Choice key={nameOf(thing)} number={i + 1} run={() => props.choose(thing)}>
            {t(`kind.${thing.kind}`)} <b data-raw>{thing.kind === "unit" ? `${thing.unit.product} ${thing.unit.serial}`
              : `${String(thing.row["part_lot"])} ${String(thing.row["part"])}`}</b>
          </Choice>
        ))}
      </div>
    </section>
  );
}

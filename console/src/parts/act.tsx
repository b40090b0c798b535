// SPDX-License-Identifier: Apache-2.0
// A button that becomes a record: asks what the record needs to say, then has it signed. Closing a refusal leads back to
// the form with what was typed.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { may, useMe } from "../base/me";
import type { Body, Receipt } from "../base/record";
import { named, t } from "../base/text";
import { fromInput } from "../base/time";
import { Dialog } from "./dialog";
import { showDialog } from "./dialogs";
import { Sign } from "./sign";

export interface Ask {
  name: string;
  label: string;
  kind: "text" | "id" | "choice" | "time" | "number" | "check";
  choices?: string[];
  /** What is chosen; a choice's words are texts named `PREFIX.WORD`. */
  prefix?: string;
  start?: string;
  optional?: boolean;
  help?: string;
}

export type Answers = Record<string, string>;

export interface ActProps {
  type: string;
  title: string;
  button: string;
  /** Not offered to whoever lacks it everywhere; the server asks again. */
  permission: string;
  asks: Ask[];
  body: (answers: Answers) => Body;
  children?: ComponentChildren;
  danger?: boolean;
  onDone?: (receipt: Receipt) => void;
}

const REASON_MOST = 500;

function Field(props: { ask: Ask; value: string; set: (value: string) => void }) {
  const { ask, value, set } = props;
  const common = { value, required: ask.optional !== true };
  return (
    <div class="field">
      <label class={ask.kind === "check" ? "check" : undefined}>
        {ask.kind === "check" && (
          <input type="checkbox" checked={value === "yes"} onChange={(e) => set(e.currentTarget.checked ? "yes" : "")} />
        )}
        {ask.label}
        {ask.kind === "text" && (
          <textarea {...common} rows={3} maxLength={REASON_MOST} onInput={(e) => set(e.currentTarget.value)} />
        )}
        {ask.kind === "id" && <input {...common} maxLength={64} onInput={(e) => set(e.currentTarget.value.trim())} />}
        {ask.kind === "number" && (
          <input {...common} type="number" min={0} step={1} onInput={(e) => set(e.currentTarget.value)} />
        )}
        {ask.kind === "time" && <input {...common} type="datetime-local" onInput={(e) => set(e.currentTarget.value)} />}
        {ask.kind === "choice" && (
          <select {...common} onChange={(e) => set(e.currentTarget.value)}>
            {(ask.choices ?? []).map((word) => (
              <option key={word} value={word}>{named(`${ask.prefix ?? "state"}.${word}`, word)}</option>
            ))}
          </select>
        )}
      </label>
      {ask.help !== undefined && <p class="help">{ask.help}</p>}
    </div>
  );
}

function started(asks: Ask[]): Answers {
  return Object.fromEntries(asks.map((a) => [a.name, a.start ?? (a.kind === "choice" ? (a.choices?.[0] ?? "") : "")]));
}

function Asking(props: ActProps & { answers: Answers; set: (answers: Answers) => void; next: () => void; close: () => void }) {
  return (
    <Dialog title={props.title} onClose={props.close}>
      {props.children}
      <form
        onSubmit={(e) => {
          e.preventDefault();
          props.next();
        }}
      >
        {props.asks.map((ask) => (
          <Field key={ask.name} ask={ask} value={props.answers[ask.name] ?? ""}
            set={(value) => props.set({ ...props.answers, [ask.name]: value })} />
        ))}
        <div class="actions">
          <button type="button" onClick={props.close}>{t("cancel")}</button>
          <button class="primary">{t("act.next")}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** Times of the answers as RFC 3339; what stayed empty is left out. */
export function answered(answers: Answers, times: string[] = []): Body {
  const body: Body = {};
  for (const [name, value] of Object.entries(answers)) {
    const said = times.includes(name) ? fromInput(value) : value.trim();
    if (said !== undefined && said !== "") body[name] = said;
  }
  return body;
}

function Acting(props: ActProps & { close: () => void }) {
  const { asks, close } = props;
  const [signing, setSigning] = useState(asks.length === 0);
  const [answers, setAnswers] = useState<Answers>(() => started(asks));
  const [done, setDone] = useState(false);
  if (!signing) return <Asking {...props} answers={answers} set={setAnswers} next={() => setSigning(true)} />;
  return (
    <Sign type={props.type} body={props.body(answers)} title={props.title}
      onClose={() => (done || asks.length === 0 ? close() : setSigning(false))}
      onDone={(receipt) => {
        setDone(true);
        props.onDone?.(receipt);
      }}>
      {props.children}
    </Sign>
  );
}

export function Act(props: ActProps) {
  const me = useMe();
  if (!may(me, props.permission)) return null;
  return (
    <button type="button" class={props.danger ? "danger" : undefined}
      onClick={() => showDialog((close) => <Acting {...props} close={close} />)}>
      {props.button}
    </button>
  );
}

// SPDX-License-Identifier: Apache-2.0
// A test whose values a person reads off: each is compared with the procedure's limits, and they decide the verdict.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Body } from "../base/record";
import { locale, t } from "../base/text";
import type { Limit, Procedure } from "./board";
import { Command } from "./commands";

const MICRO = 1_000_000;
const DECIMALS = 6;

/** Millionths, exactly; undefined: no such number. A comma is a decimal point, too. */
export function micro(text: string): number | undefined {
  const [, sign = "", whole = "", fraction = ""] = /^([+-]?)(\d{1,9})(?:[.,](\d{1,6}))?$/.exec(text.trim()) ?? [];
  if (whole === "") return undefined;
  const value = Number(whole) * MICRO + Number(fraction.padEnd(DECIMALS, "0"));
  return sign === "-" && value !== 0 ? -value : value;
}

const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: DECIMALS });

function range(limit: Limit): string {
  const low = limit.low === null ? "" : numbers.format(limit.low / MICRO);
  const high = limit.high === null ? "" : numbers.format(limit.high / MICRO);
  const within = limit.low === null ? `≤ ${high}` : limit.high === null ? `≥ ${low}` : `${low} – ${high}`;
  return `${within} ${limit.unit}`;
}

type Verdict = "pass" | "fail" | "empty" | "no_number";

function judged(limit: Limit, text: string): Verdict {
  if (text.trim() === "") return "empty";
  const value = micro(text);
  if (value === undefined) return "no_number";
  return (limit.low !== null && value < limit.low) || (limit.high !== null && value > limit.high) ? "fail" : "pass";
}

const SIGNS: Record<Verdict, string> = { pass: "✔", fail: "✖", empty: "…", no_number: "?" };

function Measurement(props: { limit: Limit; text: string; first: boolean; set: (text: string) => void }) {
  const { limit, text } = props;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (props.first) input.current?.focus();
  }, []);
  const verdict = judged(limit, text);
  return (
    <label class={`measurement is-${verdict}`}>
      <span><b data-raw>{limit.measurement}</b> <small data-raw>{range(limit)}</small></span>
      <input ref={input} data-measured inputMode="decimal" autocomplete="off" maxLength={20} value={text} onInput={(e) => props.set(e.currentTarget.value)}
        aria-invalid={verdict === "fail" || verdict === "no_number"} />
      <span class="verdict">
        <span aria-hidden="true">{SIGNS[verdict]}</span> {t(`station.test.${verdict}`)}
      </span>
    </label>
  );
}

/** Enter goes to the next value, and then to the button: nobody needs the mouse. */
function enterMoves(event: KeyboardEvent) {
  if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("input, button.primary")];
  all[all.indexOf(event.target) + 1]?.focus();
}

export interface TestProps {
  procedure: Procedure;
  busy: boolean;
  onRecord: (body: Body) => void;
}

export function Test(props: TestProps) {
  const { procedure } = props;
  const began = useRef(new Date());
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [early, setEarly] = useState(false);
  const all = procedure.limits.map((limit) => ({ limit, text: texts[limit.measurement] ?? "" }));
  const verdicts = all.map(({ limit, text }) => judged(limit, text));
  const passes = verdicts.every((verdict) => verdict === "pass");
  const readable = !verdicts.includes("no_number");
  const record = (verdict: "pass" | "fail") => {
    const ended = new Date();
    if (verdict === "pass" && ended.getTime() - began.current.getTime() < procedure.leastMs) return setEarly(true);
    props.onRecord({
      procedure: procedure.procedure,
      procedure_digest: procedure.digest,
      sequence: procedure.sequence,
      started: began.current.toISOString(),
      ended: ended.toISOString(),
      verdict,
      measurements: all.flatMap(({ limit, text }) => {
        const value = micro(text);
        return value === undefined ? [] : [{ measurement: limit.measurement, value_micro: value }];
      }),
    });
  };
  const seconds = Math.ceil(procedure.leastMs / 1000);
  return (
    <form onSubmit={(e) => e.preventDefault()} onKeyDown={enterMoves}>
      <p class="say">{t("station.test.measure", { procedure: procedure.procedure })}</p>
      {seconds > 0 && <p class={early ? "refusal" : undefined} role={early ? "alert" : undefined}>{t("station.test.least", { seconds })}</p>}
      <div class="measurements">
        {all.map(({ limit, text }, i) => (
          <Measurement key={limit.measurement} limit={limit} text={text} first={i === 0}
            set={(value) => setTexts({ ...texts, [limit.measurement]: value })} />
        ))}
      </div>
      <div class="grid-large">
        <Command name="PASS" class="primary" disabled={props.busy || !passes} run={() => record("pass")}>{t("station.test.passed")}</Command>
        <Command name="FAIL" class="danger" disabled={props.busy || !readable} run={() => record("fail")}>{t("station.test.failed")}</Command>
      </div>
    </form>
  );
}

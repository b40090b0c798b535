// SPDX-License-Identifier: Apache-2.0
// Fitting parts: the part lot's label is scanned, and the bill of material says what it is for. What was scanned is recorded
// together, by whoever scanned it.
import type { Row } from "../base/api";
import type { Body } from "../base/record";
import { number, plural, t } from "../base/text";
import type { Board, Part } from "./board";
import { Command } from "./commands";

export interface Collected {
  supplier: string;
  part_lot: string;
  part: string;
  quantity: number;
  designators: string;
}

/** What is needed and was not scanned yet. */
export function missing(board: Board, collected: Collected[]): Part[] {
  const there = new Map<string, number>();
  for (const one of collected) there.set(one.part, (there.get(one.part) ?? 0) + 1);
  return board.parts.filter((part) => {
    const n = there.get(part.part) ?? 0;
    there.set(part.part, n - 1);
    return n <= 0;
  });
}

/** What a scanned part lot is for; or why it is not taken: the name of a text, and what it shows. */
export function collect(board: Board, collected: Collected[], row: Row): Collected | { why: string; values: Record<string, string> } {
  const [part, part_lot] = [String(row["part"]), String(row["part_lot"])];
  const wanted = missing(board, collected).find((one) => one.part === part);
  if (wanted === undefined) {
    const needed = collected.some((one) => one.part === part);
    return { why: needed ? "station.fit.twice" : "station.fit.not_needed", values: { part, part_lot } };
  }
  if (Number(row["holds"]) > 0) return { why: "station.fit.held", values: { part, part_lot } };
  if (Number(row["issued"]) === 0) return { why: "station.fit.not_issued", values: { part, part_lot } };
  return { supplier: String(row["supplier"]), part_lot, part, quantity: wanted.quantity, designators: wanted.designators };
}

export function fittedBody(parts: Collected[]): Body {
  return {
    parts: parts.map(({ designators, ...one }) => ({ ...one, ...(designators === "" ? {} : { designators }) })),
  };
}

const SHOWN = 12;

export function Fit(props: { board: Board; collected: Collected[]; busy: boolean; onRecord: () => void; onDrop: () => void }) {
  const open = missing(props.board, props.collected);
  const complete = open.length === 0;
  return (
    <>
      <p class="say">{complete ? t("station.fit.complete") : t("station.fit.scan")}</p>
      {props.collected.length > 0 && (
        <ul class="scanned" aria-label={t("station.fit.scanned")}>
          {props.collected.map((one, i) => (
            <li key={i} data-raw>✔ {one.part} · {one.part_lot} · {number(one.quantity)} {one.designators}</li>
          ))}
        </ul>
      )}
      {!complete && (
        <>
          <p>{plural("station.fit.open", open.length)}</p>
          <ul class="scanned" aria-label={t("station.fit.missing")}>
            {open.slice(0, SHOWN).map((one, i) => (
              <li key={i} data-raw>{one.part} · {number(one.quantity)} {one.designators}</li>
            ))}
          </ul>
        </>
      )}
      <div class="grid-large">
        <Command name="PASS" class={complete ? "primary" : ""} disabled={props.busy || (props.collected.length === 0 && !complete)}
          run={props.onRecord}>
          {t("station.fit.record")}
        </Command>
        {props.collected.length > 0 && <Command name="FAIL" run={props.onDrop}>{t("station.fit.drop")}</Command>}
      </div>
    </>
  );
}

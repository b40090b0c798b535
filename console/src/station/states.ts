// SPDX-License-Identifier: Apache-2.0
// What the screen knows: the shift of this browser, and the unit in work as the records have it now.
import { useEffect, useState } from "preact/hooks";
import { useLoad } from "../base/load";
import { type Happening, useChanges, useStream } from "../base/stream";
import { readBoard } from "./board";
import type { UnitName } from "./lookup";
import type { Said } from "./said";
import { forgetShift, isOpen, keptShift, type Shift } from "./shift";

/** Undefined: not known yet. Null: none. */
export function useShift(principal: string, say: (said: Said) => void): [Shift | null | undefined, (shift: Shift | null) => void] {
  const [shift, setShift] = useState<Shift | null>();
  useEffect(() => {
    const find = async () => {
      const kept = await keptShift().catch(() => undefined);
      if (kept === undefined) return setShift(null);
      if (kept.principal !== principal) {
        say({ kind: "bad", text: "station.other", values: { person: kept.principal }, fix: "station.other_fix" });
        return setShift(null);
      }
      if (await isOpen(kept).catch(() => true)) return setShift(kept);
      await forgetShift();
      say({ kind: "bad", text: "station.over", fix: "station.over_fix" });
      setShift(null);
    };
    void find();
  }, [principal]);
  useEffect(() => {
    if (!shift) return;
    const timer = setTimeout(() => {
      void forgetShift();
      say({ kind: "bad", text: "station.over", fix: "station.over_fix" });
      setShift(null);
    }, Math.max(0, shift.until - Date.now()));
    return () => clearTimeout(timer);
  }, [shift]);
  return [shift, setShift];
}

const AGAIN_MS = 4000;
const AROUND = new Set(["nonconformance", "station", "line", "site", "product", "containment"]);

export function useBoard(unit: UnitName | undefined, station: string, reading: boolean) {
  const line = useStream(() => undefined);
  const [turn, setTurn] = useState(0);
  const watched = unit !== undefined && reading;
  // Who may not hear the evidence log live asks again from time to time: a machine's step ends without a key being pressed.
  useEffect(() => {
    if (!watched || line === "live") return;
    const timer = setInterval(() => setTurn((n) => n + 1), AGAIN_MS);
    return () => clearInterval(timer);
  }, [watched, line]);
  const changes = useChanges(({ subject }: Happening) =>
    subject?.kind === "unit" ? subject.within === unit?.product && subject.id === unit.serial : AROUND.has(subject?.kind ?? ""));
  const key = `board ${station} ${unit?.product ?? ""} ${unit?.serial ?? ""}`;
  return useLoad(key, unit && reading ? (signal) => readBoard(unit, station, signal) : undefined, changes + turn);
}

// SPDX-License-Identifier: Apache-2.0
// The screen itself: who works where until when, the unit in work, what was scanned, and what comes of it.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { remove } from "../base/api";
import { useKnown, useMe } from "../base/me";
import { type Body, newId } from "../base/record";
import { endStream } from "../base/stream";
import { t } from "../base/text";
import { Busy, Title } from "../parts/bits";
import { Trouble } from "../parts/refusal";
import { nextTest, signalOf } from "./board";
import { ActionsContext, Command, pressInDialog, useKeyboard } from "./commands";
import { collect, type Collected, fittedBody } from "./fit";
import { Bar, ByHand, NextOperator, Unsent, Which } from "./floor_parts";
import { useKept } from "./kept";
import { type Calibration, calibrationOf, textsOf } from "./layout";
import { type Found, lookUp, type Thing, type UnitName } from "./lookup";
import { OpenShift } from "./open_shift";
import { Pause } from "./pause";
import { LastSaid, type Said } from "./said";
import { type Press } from "./scanner";
import { type Sent, useSending } from "./sending";
import { forgetShift } from "./shift";
import { useBoard, useShift } from "./states";
import { Light, Stops, StepList, UnitHead } from "./unit";
import { nextText, Work } from "./work";

export function Floor() {
  const me = useMe();
  const { reload } = useKnown();
  const actions = useMemo(() => new Map<string, () => void>(), []);
  const [said, say] = useState<Said>();
  const [shift, setShift] = useShift(me.principal, say);
  /** Who left; the next one signs in when that session is over, not before. */
  const [left, setLeft] = useState<{ person: string; over: boolean }>();
  const [unit, setUnit] = useKept<UnitName>(sessionStorage, "station.unit");
  const [collected = [], setCollected] = useKept<Collected[]>(sessionStorage, "station.collected");
  const [calibration, setCalibration] = useKept<Calibration>(localStorage, "station.calibration");
  const [pausing, setPausing] = useState<string>();
  const [things, setThings] = useState<Thing[]>();
  const [station, setStation] = useState("");
  const board = useBoard(unit, station, left === undefined);
  const latestType = useRef("");
  // What was shown when the last record was sent is over: until it is read again, no key means the step after it.
  const [sentAt, setSentAt] = useState<number>();
  const unread = sentAt !== undefined && board.at === sentAt;
  const sending = useSending(me.origin, (sent: Sent) => {
    say({ kind: "sent", sent, type: latestType.current });
    if (sent.said === "done") setSentAt(board.at);
    board.again();
  });
  useEffect(() => { if (shift) setStation(shift.station); }, [shift]);

  const send = (what: string, body: Body): Promise<Sent | undefined> => {
    if (!shift) return Promise.resolve(undefined);
    latestType.current = what;
    return sending.send(shift, what, body);
  };
  const about = (): Body => ({ product: unit?.product ?? "", serial: unit?.serial ?? "", station, operator: me.principal });
  const fitted = async () => {
    const sent = await send("unit.fitted", { ...about(), ...fittedBody(collected) });
    if (sent?.said === "done") setCollected(undefined);
    return sent;
  };
  const done = async (what: string, body: Body) => {
    // Others count at this station, too: the number is read when it is needed.
    const next = what === "test.recorded" ? { sequence: await nextTest(station).catch(() => body["sequence"] ?? 1) } : {};
    await send(what, { ...about(), ...body, ...next });
  };
  const closed = async () => {
    await forgetShift();
    setShift(null);
  };
  const leave = async (how: "switch" | "end") => {
    if (!shift) return;
    // What was scanned is the record of whoever scanned it.
    if (collected.length > 0 && (await fitted())?.said !== "done") return;
    const sent = await send("shift.closed", { shift: shift.shift });
    if (sent === undefined || sent.said === "unsent") return;
    await closed();
    if (how === "end") return;
    setLeft({ person: shift.principal, over: false });
    await remove("/v1/sessions").catch(() => undefined);
    endStream();
    setLeft({ person: shift.principal, over: true });
  };
  const raise = async (text: string) => {
    const what: Body = unit
      ? { kind: "unit", within: unit.product, id: unit.serial }
      : { kind: "station", id: station };
    const step = board.value?.next?.["step"];
    const sent = await send("concern.raised", {
      concern: newId("CO"), ...what, station, text, ...(unit && typeof step === "string" ? { step } : {}),
    });
    if (sent?.said === "done") setPausing(undefined);
  };

  // ---- what was scanned ----

  const takeUnit = (name: UnitName) => {
    if (collected.length > 0 && (name.serial !== unit?.serial || name.product !== unit.product)) {
      return say({ kind: "bad", text: "station.fit.first", values: { serial: unit?.serial ?? "" }, fix: "station.fit.first_fix" });
    }
    say(undefined);
    setPausing(undefined);
    setUnit(name);
  };
  const takePartLot = (thing: Thing & { kind: "part_lot" }) => {
    const here = board.value;
    const fits = here !== undefined && unit !== undefined && signalOf(here, station) === "go" && here.parts.length > 0;
    const part_lot = String(thing.row["part_lot"]);
    if (!fits) return say({ kind: "bad", text: "station.label.part_lot", values: { part_lot }, fix: "station.label.part_lot.fix" });
    const one = collect(here, collected, thing.row);
    if ("why" in one) return say({ kind: "bad", text: one.why, values: one.values, fix: `${one.why}_fix` });
    setCollected([...collected, one]);
    say({ kind: "good", text: "station.fit.taken", values: { part: one.part, part_lot } });
  };
  const take = (all: Thing[]) => {
    setThings(undefined);
    const parts = board.value?.parts ?? [];
    const wanted = all.filter((thing) => thing.kind === "part_lot" && parts.some((part) => part.part === thing.row["part"]));
    const units = all.filter((thing) => thing.kind === "unit");
    const few = wanted.length > 0 ? wanted : units.length > 0 ? units : all;
    const [first] = few;
    if (few.length > 1) setThings(few);
    else if (first?.kind === "unit") takeUnit(first.unit);
    else if (first !== undefined) takePartLot(first);
  };
  const hear = (found: Found) => {
    if (pressInDialog(found.kind === "command" ? found.command : undefined)) return;
    if (found.kind === "command") {
      const run = actions.get(found.command);
      if (run === undefined) say({ kind: "bad", text: "station.label.not_now", values: { command: found.command }, fix: "station.label.not_now.fix" });
      else run();
    } else if (found.kind === "refused") {
      say({ kind: "bad", text: `station.label.${found.why}`, values: { text: found.text.replace(/[\x00-\x1f]/g, "␣") }, fix: `station.label.${found.why}.fix` });
    } else if (!shift) say({ kind: "bad", text: "station.no_shift", fix: "station.no_shift_fix" });
    else if (sending.pending === undefined) take(found.things);
  };
  const latestHear = useRef(hear);
  latestHear.current = hear;
  const look = async (texts: string[]) => {
    try {
      latestHear.current(await lookUp(texts));
    } catch (error) {
      say({ kind: "sent", sent: { said: "unsent", error }, type: "" });
    }
  };
  const turn = useRef(Promise.resolve());
  useKeyboard(actions, (run: Press[]) => {
    const shown = calibrationOf(run);
    if (shown === "lost") return say({ kind: "bad", text: "station.calibration_lost", fix: "station.calibration_lost_fix" });
    if (shown !== undefined) {
      setCalibration(shown);
      return say({ kind: "good", text: "station.calibrated" });
    }
    turn.current = turn.current.then(() => look(textsOf(run, calibration)));
  });

  const here = board.value;
  const signal = here && signalOf(here, station);
  const working = shift && sending.pending === undefined && things === undefined;
  const drop = () => { setUnit(undefined); setCollected(undefined); say(undefined); };
  return (
    <ActionsContext.Provider value={actions}>
      <div class="station">
        <Title actions={<a href="/station?sheet">{t("station.sheet.link")}</a>}>{t("nav.station")}</Title>
        {shift && <Bar shift={shift} busy={sending.busy} leave={(how) => void leave(how)} />}
        <LastSaid of={said} />
        {sending.busy && <Busy text={t("station.sending")} />}
        {left?.over && <NextOperator last={left.person} onDone={async () => { await reload(); setLeft(undefined); say(undefined); }} />}
        {shift === null && left === undefined && <OpenShift onOpen={(opened) => { say(undefined); setShift(opened); }} />}
        {shift && sending.pending !== undefined && (
          <Unsent sending={sending} run={() => void sending.again(shift).then(async (sent) => {
            if (sending.pending?.type === "unit.fitted" && sent?.said === "done") setCollected(undefined);
            if (sending.pending?.type === "shift.closed" && sent !== undefined && sent.said !== "unsent") await closed();
          })} />
        )}
        {shift && things !== undefined && <Which things={things} choose={(thing) => take([thing])} />}
        {unit && <UnitHead name={unit} board={here} />}
        {unit && board.away && <p class="said bad" role="alert">✖ {t("server.away")}</p>}
        {unit && board.problem && <Trouble error={board.problem} />}
        {working && !unit && pausing === undefined && <Light signal="go">{t("station.say.scan")}</Light>}
        {working && unit && here === undefined && board.loading && <Busy text={t("loading")} />}
        {unit && !board.loading && here === undefined && board.problem === undefined && left === undefined && <p class="refusal">{t("unit.unknown")}</p>}
        {shift && unit && here && signal && <Light signal={signal}>{nextText(here, signal)}</Light>}
        {unit && here && signal === "stop" && <Stops name={unit} board={here} station={station} />}
        {working && pausing !== undefined && (
          <Pause key={pausing} about={unit ? `${unit.product} ${unit.serial}` : station} first={pausing} busy={sending.busy}
            onRaise={(text) => void raise(text)} onCancel={() => setPausing(undefined)} />
        )}
        {working && unit && here && signal && pausing === undefined && (
          <Work board={here} signal={signal} collected={collected} busy={sending.busy || unread} onFitted={() => void fitted()}
            onDrop={() => setCollected(undefined)} onRecord={(what, body) => void done(what, body)}
            onFail={() => setPausing("looks_wrong")} />
        )}
        {working && pausing === undefined && (
          <div class="grid-large">
            <Command name="PAUSE" class="warn" run={() => setPausing("")}><span aria-hidden="true">‖</span> {t("station.pause")}</Command>
            {unit && <Command name="NEXT" run={drop}>{t("station.command.next")}</Command>}
          </div>
        )}
        {working && pausing === undefined && <ByHand look={(text) => void look([text])} />}
        {unit && here && <StepList board={here} />}
      </div>
    </ActionsContext.Provider>
  );
}

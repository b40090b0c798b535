// SPDX-License-Identifier: Apache-2.0
// The beginning of a shift: which station, how long, and one touch of the passkey.
import { useState } from "preact/hooks";
import { useLoad } from "../base/load";
import { may, useMe } from "../base/me";
import { t } from "../base/text";
import { Busy, Empty } from "../parts/bits";
import { Trouble } from "../parts/refusal";
import { Sign } from "../parts/sign";
import { Command } from "./commands";
import { HOURS, keepShift, type Opening, opening, type Shift, type Station, stationsOf } from "./shift";

const REMEMBERED = "station.station";
const USUAL_HOURS = 8;

function Stations(props: { of: Station[]; chosen: string; choose: (station: string) => void }) {
  return (
    <fieldset class="choices-large">
      <legend>{t("station.which")}</legend>
      {props.of.map(({ station, site, line }) => (
        <label key={station}>
          <input type="radio" name="station" value={station} checked={station === props.chosen} onChange={() => props.choose(station)} />
          <b data-raw>{station}</b> <small data-raw>{site} {line}</small>
        </label>
      ))}
    </fieldset>
  );
}

function Hours(props: { chosen: number; choose: (hours: number) => void }) {
  return (
    <fieldset class="choices-large">
      <legend>{t("station.how_long")}</legend>
      {HOURS.map((hours) => (
        <label key={hours}>
          <input type="radio" name="hours" value={hours} checked={hours === props.chosen} onChange={() => props.choose(hours)} />
          {t("station.hours", { hours })}
        </label>
      ))}
    </fieldset>
  );
}

export function OpenShift(props: { onOpen: (shift: Shift) => void }) {
  const me = useMe();
  const loaded = useLoad(`stations ${me.principal}`, (signal) => stationsOf(me, signal));
  const [chosen, setChosen] = useState(localStorage.getItem(REMEMBERED) ?? "");
  const [hours, setHours] = useState(USUAL_HOURS);
  const [opens, setOpens] = useState<Opening>();
  const [error, setError] = useState<unknown>();
  const [done, setDone] = useState(false);
  const stations = loaded.value ?? [];
  const station = stations.find((one) => one.station === chosen) ?? stations[0];
  const begin = async () => {
    if (station === undefined) return;
    setError(undefined);
    try {
      setOpens(await opening(me, station, hours));
    } catch (e) {
      setError(e);
    }
  };
  const close = () => {
    const opened = opens;
    setOpens(undefined);
    if (done && opened !== undefined) props.onOpen(opened.shift);
  };
  if (loaded.value === undefined) return loaded.problem ? <Trouble error={loaded.problem} /> : <Busy text={t("loading")} />;
  if (station === undefined) return <Empty title={t(may(me, "line.shift") ? "station.none_visible" : "station.none")} />;
  return (
    <section class="panel" aria-labelledby="open-title">
      <h2 id="open-title">{t("station.open")}</h2>
      <p>{t("station.open_means")}</p>
      <Stations of={stations} chosen={station.station} choose={setChosen} />
      <Hours chosen={hours} choose={setHours} />
      <Command name="PASS" class="primary" run={() => void begin()}>{t("station.open_now")}</Command>
      {error !== undefined && <p class="refusal" role="alert">{t("station.no_key")}</p>}
      {opens !== undefined && (
        <Sign type="shift.opened" body={opens.body} title={t("station.open")} onClose={close}
          onDone={(receipt) => {
            if (receipt.outcome !== "folded") return;
            localStorage.setItem(REMEMBERED, station.station);
            setDone(true);
            void keepShift(opens.shift);
          }}>
          <p>{t("station.open_signs", { station: station.station, hours })}</p>
        </Sign>
      )}
    </section>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Attacks on the demo's house, to try: what is attacked, what stops it, and what would happen if that were off.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, post, Problem } from "../base/api";
import { useLoad } from "../base/load";
import { useMe } from "../base/me";
import { changed, go, usePlace } from "../base/router";
import { loadMore, named, t } from "../base/text";
import { Busy, Empty, Title } from "../parts/bits";
import { type Attack, type DemoRun, Outcome, Slipped, Steps, stopper } from "../parts/demo_run";
import { Refusal, Trouble } from "../parts/refusal";

interface Demo {
  attacks: Attack[];
  units_left: number;
  running: string | null;
}

const LOOK_MS = 400;
const UNITS_MAX = 25;

/** The run that the address names, read until it is over. */
function useRun(number: string | undefined): { run?: DemoRun; error?: unknown } {
  const [found, setFound] = useState<{ number?: string; run?: DemoRun; error?: unknown }>({});
  useEffect(() => {
    if (number === undefined) return;
    let timer: number | undefined;
    let over = false;
    const look = () =>
      get<DemoRun>(`/v1/demo/runs/${encodeURIComponent(number)}`).then(
        (run) => {
          if (over) return;
          setFound({ number, run });
          if (run.state === "running") timer = window.setTimeout(look, LOOK_MS);
        },
        (error: unknown) => {
          if (over) return;
          setFound((before) => ({ ...(before.number === number ? before : { number }), error }));
          if (!(error instanceof Problem)) timer = window.setTimeout(look, LOOK_MS * 10);
        },
      );
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [number]);
  return found.number === number ? found : {};
}

function Running(props: { run: DemoRun }) {
  const { run } = props;
  const section = useRef<HTMLElement>(null);
  const [, setSpoken] = useState(false);
  useEffect(() => {
    // What was refused is said in the words of the server, which a page loads when it needs them.
    loadMore().then(() => setSpoken(true), () => undefined);
    section.current?.scrollIntoView({ block: "nearest" });
  }, [run.run]);
  return (
    <section class="run" ref={section} aria-label={t("attacks.run")}>
      {run.state === "running" && (
        <Busy text={t(run.kind === "without" ? "attacks.under_way_without" : "attacks.under_way", { n: run.steps.length })} />
      )}
      {run.problem !== undefined && (
        <>
          <p>{t("attacks.broke_off")}</p>
          <Refusal problem={{ ...run.problem, status: 0 }} />
        </>
      )}
      {run.outcome !== undefined && <Outcome run={run} />}
      {run.slipped !== undefined && <Slipped of={run.slipped} />}
      {run.kind === "build" && run.state === "done" && <p class="told-good">{t("attacks.build.done", { n: run.units ?? 0 })}</p>}
      <Steps run={run} />
    </section>
  );
}

interface CardProps {
  attack: Attack;
  run: DemoRun | undefined;
  busy: boolean;
  begin: (to: string) => void;
}

function Card(props: CardProps) {
  const { attack, run, busy } = props;
  const name = t(`attacks.${attack.id}.name`);
  return (
    <article class={`card${run === undefined ? "" : " open"}`} aria-labelledby={`attack-${attack.id}`}>
      <h2 id={`attack-${attack.id}`}>{name}</h2>
      <p>{t(`attacks.${attack.id}.what`)}</p>
      <p class="stops">
        <small>{t("attacks.stopped_by")}</small> <b data-raw>{stopper(attack.id, attack.by)}</b>
        {attack.control !== null && <> {named(`control.${attack.control}`, "")}</>}
        <br />
        {t(`attacks.${attack.id}.stops`)}
      </p>
      <div class="actions">
        <button type="button" class="primary" disabled={busy} aria-label={t("attacks.try_name", { name })}
          onClick={() => props.begin(`/v1/demo/attacks/${attack.id}`)}>
          {t("attacks.try")}
        </button>
        {attack.control === null ? (
          <small>{t("attacks.no_switch")}</small>
        ) : (
          <button type="button" disabled={busy} aria-label={t("attacks.without_name", { control: attack.control, name })}
            onClick={() => props.begin(`/v1/demo/attacks/${attack.id}/without`)}>
            {t("attacks.without", { control: attack.control })}
          </button>
        )}
      </div>
      {attack.on_copy && <p><small>{t("attacks.on_copy")}</small></p>}
      {run !== undefined && <Running run={run} />}
    </article>
  );
}

function Build(props: { left: number; busy: boolean; run: DemoRun | undefined; begin: (to: string, body: unknown) => void }) {
  const [units, setUnits] = useState(5);
  return (
    <article class={`card${props.run === undefined ? "" : " open"}`} aria-labelledby="build">
      <h2 id="build">{t("attacks.build.name")}</h2>
      <p>{t("attacks.build.what", { left: props.left })}</p>
      <form
        class="actions"
        onSubmit={(e) => {
          e.preventDefault();
          props.begin("/v1/demo/build", { units });
        }}
      >
        <label>
          {t("attacks.build.units")}{" "}
          <input type="number" min={1} max={UNITS_MAX} required value={units}
            onInput={(e) => setUnits(e.currentTarget.valueAsNumber)} />
        </label>
        <button type="submit" class="primary" disabled={props.busy}>{t("attacks.build.go")}</button>
        <a href="/">{t("attacks.build.watch")}</a>
      </form>
      {props.run !== undefined && <Running run={props.run} />}
    </article>
  );
}

export default function Attacks(_: { arguments: string[] }) {
  const place = usePlace();
  const me = useMe();
  const demo = useLoad("demo", (signal) => get<Demo>("/v1/demo", undefined, signal));
  const [error, setError] = useState<unknown>();
  const number = place.query.get("run") ?? demo.value?.running ?? undefined;
  const { run, error: lost } = useRun(number);
  const busy = run?.state === "running";
  const begin = (to: string, body?: unknown) => {
    setError(undefined);
    post<{ run: string }>(to, body).then(
      (begun) => go(changed(place, { run: begun.run }), { replace: true }),
      (e: unknown) => setError(e),
    );
  };
  const over = run !== undefined && run.state !== "running";
  useEffect(() => {
    if (over) demo.again();
  }, [over, run?.run]);
  if (demo.problem?.code === "DEMO_NOT_HERE") {
    return (
      <>
        <Title>{t("nav.attacks")}</Title>
        <Empty title={t("attacks.nowhere")}><p>{t("attacks.nowhere_how")} <code data-raw>sealwright demo --http</code></p></Empty>
      </>
    );
  }
  return (
    <>
      <Title>{t("nav.attacks")}</Title>
      <p>{t("attacks.intro")}</p>
      {me?.session?.strength !== "passkey" && <p class="banner">{t("attacks.passkey")} <a href="/account">{t("attacks.account")}</a></p>}
      {demo.problem !== undefined && <Trouble error={demo.problem} />}
      {demo.away && <p class="away" role="status">{t("server.away")}</p>}
      {error !== undefined && <Trouble error={error} />}
      {lost !== undefined && <Trouble error={lost} />}
      {demo.value === undefined && demo.loading && <Busy text={t("loading")} />}
      {demo.value !== undefined && (
        <div class="cards">
          <Build left={demo.value.units_left} busy={busy} run={run?.kind === "build" ? run : undefined} begin={begin} />
          {demo.value.attacks.map((attack) => (
            <Card key={attack.id} attack={attack} busy={busy} begin={begin}
              run={run?.attack === attack.id ? run : undefined} />
          ))}
        </div>
      )}
    </>
  );
}

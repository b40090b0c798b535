// SPDX-License-Identifier: Apache-2.0
// What do I do first? Each step says whether it is done, by what the log and the server say now.
import { get, Problem, sentence, view } from "../base/api";
import { useLoad } from "../base/load";
import { type Me, useMe } from "../base/me";
import { useChanges } from "../base/stream";
import { number, t } from "../base/text";
import { Busy, State, Title } from "../parts/bits";
import { Copy } from "../parts/copy";
import { useSentences } from "../parts/code";

interface Step {
  name: string;
  /** Whether it is done. */
  done: (signal: AbortSignal, me: Me) => Promise<boolean>;
  /** Where, in the console. */
  to?: string;
  /** Or what to type. */
  type?: string;
}

type Found = boolean | Problem;

async function any(name: string, query: Record<string, string>, signal: AbortSignal, least = 1): Promise<boolean> {
  return (await view(name, { ...query, limit: least }, signal)).rows.length >= least;
}

/** True unless the server's doctor has this complaint. */
async function withoutComplaint(code: string, signal: AbortSignal): Promise<boolean> {
  const { checks } = await get<{ checks: { code: string }[] }>("/v1/doctor", undefined, signal);
  return !checks.some((check) => check.code === code);
}

async function isCovered(signal: AbortSignal): Promise<boolean> {
  const { rows } = await view("policy.coverage", { limit: 1000 }, signal);
  return rows.length > 0 && rows.every((row) => Number(row["live"]) > 0);
}

const STEPS: Step[] = [
  { name: "authenticators", done: async (_, me) => me.set_up !== false, to: "/account" },
  { name: "people", done: (s) => any("access.principals", { "where.kind": "person" }, s, 2), to: "/record/principal.registered?kind=person" },
  { name: "site", done: (s) => any("site.list", {}, s), to: "/record/site.defined" },
  { name: "line", done: (s) => any("line.list", {}, s), to: "/record/line.defined" },
  { name: "station", done: (s) => any("station.list", {}, s), to: "/record/station.defined" },
  { name: "product", done: (s) => any("product.list", {}, s), to: "/record/product.defined" },
  { name: "supplier", done: (s) => any("supplier.list", { state: "approved" }, s), to: "/suppliers" },
  { name: "bom", done: (s) => any("bom.list", { "where.state": "released" }, s), type: "sealwright bom import FILE --product PRODUCT --revision REVISION --release --as YOU --key FILE" },
  { name: "part_lot", done: (s) => any("part_lot.list", {}, s), to: "/record/part_lot.received" },
  { name: "policy", done: isCovered, to: "/policy" },
  { name: "firmware", done: (s) => any("firmware.releases", { "where.state": "released" }, s), to: "/record/firmware.released" },
  { name: "authorization", done: (s) => any("build.list", {}, s), to: "/record/build.authorized" },
  { name: "backup", done: (s) => withoutComplaint("DOCTOR_BACKUP_NONE", s), type: "sealwright backup DIR FILE --to NAME=KEY --custodian NAME=KEY" },
  { name: "witness", done: (s) => withoutComplaint("DOCTOR_WITNESS_NONE", s), to: "/doctor" },
];

/** A step that cannot be looked at says so; the others stand. */
async function look(me: Me, signal: AbortSignal): Promise<Found[]> {
  return Promise.all(
    STEPS.map((step) =>
      step.done(signal, me).catch((e: unknown) => {
        if (e instanceof Problem) return e;
        throw e;
      }),
    ),
  );
}

function Way(props: { step: Step }) {
  const { step } = props;
  return (
    <>
      {step.to !== undefined && <a href={step.to}>{t(`start.${step.name}.do`)}</a>}
      {step.type !== undefined && <Copy text={step.type} />}
    </>
  );
}

function One(props: { step: Step; found: Found; next: boolean }) {
  const { step, found, next } = props;
  const state = found instanceof Problem ? "unseen" : found ? "done" : next ? "next" : "todo";
  return (
    <li class={`start ${state}`} aria-current={next ? "step" : undefined}>
      <h2>
        <State of={state} /> {t(`start.${step.name}`)}
      </h2>
      {state !== "done" && <p>{t(`start.${step.name}.why`)}</p>}
      {found instanceof Problem && <p><small>{sentence(found.document).text}</small></p>}
      {state !== "done" && <Way step={step} />}
    </li>
  );
}

export default function StartPage() {
  const me = useMe();
  useSentences();
  const changes = useChanges((h) => h.outcome !== "unfolded");
  const loaded = useLoad("start", (signal) => look(me, signal), changes);
  const found = loaded.value ?? [];
  const done = found.filter((one) => one === true).length;
  const next = found.findIndex((one) => one === false);
  return (
    <>
      <Title>{t("start.title")}</Title>
      {loaded.value === undefined && loaded.loading && <Busy text={t("start.looking")} />}
      {loaded.away && <p class="away" role="status">{t("server.away")}</p>}
      {loaded.value !== undefined && (
        <>
          <p>
            <progress value={done} max={STEPS.length} aria-label={t("start.title")} />{" "}
            {t(next < 0 ? "start.all" : "start.so_far", { done: number(done), of: number(STEPS.length) })}
          </p>
          <ol class="checklist">
            {STEPS.map((step, i) => (
              <One key={step.name} step={step} found={found[i] ?? false} next={i === next} />
            ))}
          </ol>
        </>
      )}
    </>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Now: what is going on, what stands still, and what waits for somebody.
import { useState } from "preact/hooks";
import { get, type Page, view } from "../base/api";
import { useLoad } from "../base/load";
import { may, useMe } from "../base/me";
import { type Happening, heardSoFar, useChanges, useStream } from "../base/stream";
import { named, number, spoken, t } from "../base/text";
import { Empty, EntryLink, State, SubjectLink, Time, Title } from "../parts/bits";
import { Trouble } from "../parts/refusal";

interface Count {
  word: string;
  n: number;
}

function counts(page: Page | undefined, column: string, weight: string): Count[] {
  const sums = new Map<string, number>();
  for (const row of page?.rows ?? []) {
    const word = String(row[column] ?? "");
    sums.set(word, (sums.get(word) ?? 0) + Number(row[weight] ?? 0));
  }
  return [...sums].map(([word, n]) => ({ word, n })).sort((a, b) => b.n - a.n);
}

const SHOWN = 6;

interface TileProps {
  title: string;
  to: string;
  view: string;
  column: string;
  /** A view that counts by itself names the column; else the server groups. */
  weight?: string;
  alert?: boolean;
  changes: number;
  word: (word: string) => string;
  link?: (word: string) => string;
}

/** One count, and what it is made of. Each is read by itself: a slow one holds up none of the others. */
function Tile(props: TileProps) {
  const { column, weight } = props;
  const loaded = useLoad(
    props.view,
    (signal) =>
      view(props.view, weight === undefined ? { group: column, limit: 1000 } : { limit: 1000 }, signal),
    props.changes,
  );
  const parts = counts(loaded.value, column, weight ?? "count");
  const all = parts.reduce((sum, part) => sum + part.n, 0);
  return (
    <section class={`tile${props.alert && all > 0 ? " alert" : ""}`} aria-busy={loaded.loading}>
      <h2><a href={props.to}>{props.title}</a></h2>
      <p class="count" data-raw>{loaded.value === undefined ? "…" : number(all)}</p>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      <ul>
        {parts.slice(0, SHOWN).map((part) => (
          <li key={part.word}>
            <a href={props.link?.(part.word) ?? props.to}>{props.word(part.word)}</a> <span data-raw>{number(part.n)}</span>
          </li>
        ))}
        {parts.length > SHOWN && (
          <li>
            <a href={props.to}>{t("now.more", { n: parts.length - SHOWN })}</a>
          </li>
        )}
      </ul>
    </section>
  );
}

const KEPT = 50;

function typeName(type: string): string {
  return named(`short.${type}`, spoken(`type.${type}`, type));
}

function Stream() {
  const [heard, setHeard] = useState<Happening[]>(heardSoFar);
  const [paused, setPaused] = useState(false);
  const state = useStream((happening) => {
    if (!paused) setHeard((before) => [happening, ...before].slice(0, KEPT));
  });
  return (
    <section class="stream" aria-labelledby="stream-title">
      <header>
        <h2 id="stream-title">{t("now.stream")}</h2>
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>{t("now.pause")}</button>
      </header>
      {state === "refused" && <p>{t("now.stream_refused", { permission: named("permission.ledger.read", "ledger.read") })}</p>}
      {heard.length === 0 && state !== "refused" && <Empty title={t("now.quiet")} />}
      <ol aria-live="off">
        {heard.map((h) => (
          <li key={h.sequence} class={h.raised > 0 ? "raised" : undefined}>
            <EntryLink sequence={h.sequence} /> <Time at={h.at} /> <b data-raw>{typeName(h.type)}</b>{" "}
            {h.outcome !== "folded" && <State of={h.outcome} />} <SubjectLink of={h.subject} />
            {h.raised > 0 && <span class="state bad">{t("now.raised", { n: h.raised })}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Pending(props: { changes: number }) {
  const loaded = useLoad("pending", (signal) => view("approval.pending", { limit: 5 }, signal), props.changes);
  if (loaded.value === undefined || loaded.value.rows.length === 0) return null;
  return (
    <section class="waiting">
      <h2><a href="/approvals">{t("now.waiting")}</a></h2>
      <ul>
        {loaded.value.rows.map((row) => (
          <li key={String(row["seq"])}>
            <a href={`/approval/${String(row["seq"])}`}>{typeName(String(row["type"]))}</a>{" "}
            {t("now.votes", { votes: Number(row["votes"]), need: Number(row["need"]) })}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Ready {
  status?: string;
}

export function Now() {
  const me = useMe();
  const changes = useChanges(() => true);
  const ready = useLoad("ready", (signal) => get<Ready>("/readyz", undefined, signal), changes);
  const state = (word: string) => named(`state.${word}`, word);
  const code = (word: string) => named(`code.${word}`, word.toLowerCase().replaceAll("_", " "));
  return (
    <>
      <Title actions={<a href="/start">{t("now.start")}</a>}>{t("nav.now")}</Title>
      {ready.problem !== undefined && <Trouble error={ready.problem} />}
      <div class="now">
        <div class="tiles">
          {may(me, "identity.read") && (
            <Tile title={t("nav.units")} to="/units" view="unit.states" column="state" weight="units" changes={changes}
              word={state} link={(word) => `/units?state=${encodeURIComponent(word)}`} />
          )}
          {may(me, "recall.read") && (
            <>
              <Tile title={t("now.holds")} to="/nonconformances?tab=holds" view="hold.open" column="code" alert
                changes={changes} word={code} />
              <Tile title={t("now.nonconformances")} to="/nonconformances" view="nonconformance.open" column="code" alert
                changes={changes} word={code} />
            </>
          )}
          {may(me, "line.read") && (
            <Tile title={t("nav.authorizations")} to="/authorizations" view="build.list" column="state" changes={changes}
              word={state} />
          )}
          {may(me, "custody.read") && (
            <Tile title={t("nav.shipments")} to="/shipments" view="shipment.outbound" column="state" changes={changes}
              word={state} />
          )}
        </div>
        <div>
          {may(me, "approval.read") && <Pending changes={changes} />}
          <Stream />
        </div>
      </div>
    </>
  );
}

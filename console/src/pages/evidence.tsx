// SPDX-License-Identifier: Apache-2.0
// The evidence log: its last checkpoint, verified in this browser; a record looked up; the newest ones.
import { useState } from "preact/hooks";
import { useLoad } from "../base/load";
import { lookAtLog, type Looked, readEntries, trustKey } from "../base/log";
import { may, useMe } from "../base/me";
import { changed, go, usePlace } from "../base/router";
import { useChanges } from "../base/stream";
import { named, spoken, t } from "../base/text";
import { hex } from "../verify/bytes";
import type { Entry } from "../verify/entry";
import { Wrong } from "../verify/wrong";
import { Busy, Digest, Empty, EntryLink, Facts, Raw, State, SubjectLink, Time, Title } from "../parts/bits";
import { FindByThing, FindRecord } from "../parts/evidence_find";
import { Trouble } from "../parts/refusal";
import { Proved, saidOf } from "../parts/verdict";

const SHOWN = 50n;

/** Neither good nor bad: a log goes on under another key lawfully, too, but only a person can know. */
function OtherKey(props: { trust: () => void }) {
  return (
    <>
      <Proved verdict="unknown">{t("evidence.other_key")}</Proved>
      <p><button type="button" onClick={props.trust}>{t("evidence.trust_key")}</button></p>
    </>
  );
}

function Growth(props: { of: Looked["grown"]; trust: () => void }) {
  const { of } = props;
  if (of === undefined) return null;
  if (of === "other_key") return <OtherKey trust={props.trust} />;
  if (of instanceof Wrong) return <Proved verdict="bad">{saidOf(of)?.text}</Proved>;
  if (of === "first") return <p>{t("evidence.first")}</p>;
  if (of === "same") return <Proved verdict="good">{t("evidence.same")}</Proved>;
  return <Proved verdict="good">{t("evidence.grown", { from: String(of.from) })}</Proved>;
}

function LastCheckpoint(props: { of: Looked; newest: Entry | undefined; again: () => void }) {
  const { checkpoint, problem, key, others } = props.of;
  const said = saidOf(problem);
  return (
    <section aria-labelledby="checkpoint-title">
      <h2 id="checkpoint-title">{t("evidence.checkpoint")}</h2>
      {said === undefined
        ? <Proved verdict="good">{t("evidence.signed")}</Proved>
        : <Proved verdict={said.verdict}>{said.text}</Proved>}
      <Growth of={props.of.grown} trust={() => { trustKey(key); props.again(); }} />
      {checkpoint !== undefined && (
        <Facts of={[
          [t("log.name"), <Raw>{checkpoint.origin}</Raw>],
          [t("evidence.size"), <Raw>{String(checkpoint.head.size)}</Raw>],
          [t("evidence.root"), <Digest of={hex(checkpoint.head.root)} />],
          [t("evidence.newest_at"), <Time at={props.newest?.witness.at} relative />],
          [t("evidence.witnesses"), others.length === 0 ? t("none") : <Raw>{others.join(", ")}</Raw>],
          [t("evidence.key"), <span class="long" data-raw>{key}</span>],
        ]} />
      )}
    </section>
  );
}

function Row(props: { of: Entry }) {
  const { claim, witness } = props.of;
  return (
    <tr>
      <td><EntryLink sequence={Number(witness.sequence)} /></td>
      <td><Time at={witness.at} /></td>
      <td data-raw>{named(`short.${claim.type}`, spoken(`type.${claim.type}`, claim.type))}</td>
      <td class="wide"><Raw>{claim.author}</Raw></td>
      <td><SubjectLink of={witness.subject ?? undefined} /></td>
      <td>
        {witness.outcome !== "folded" && <State of={witness.outcome} />}
        {witness.raised.length > 0 && <span class="state bad">{t("now.raised", { n: witness.raised.length })}</span>}
      </td>
    </tr>
  );
}

function Newest(props: { entries: Entry[]; size: bigint; before: bigint }) {
  const place = usePlace();
  const first = props.before > SHOWN ? props.before - SHOWN : 0n;
  const to = (before: bigint) => go(changed(place, { before: before >= props.size ? "" : String(before) }));
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("evidence.newest")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("evidence.record")}</th>
              <th scope="col">{t("evidence.at")}</th>
              <th scope="col">{t("evidence.type")}</th>
              <th scope="col" class="wide">{t("evidence.author")}</th>
              <th scope="col">{t("evidence.about")}</th>
              <th scope="col">{t("evidence.outcome")}</th>
            </tr>
          </thead>
          <tbody>{[...props.entries].reverse().map((entry) => <Row key={String(entry.witness.sequence)} of={entry} />)}</tbody>
        </table>
      </div>
      <p class="actions">
        {props.before < props.size && <button type="button" onClick={() => to(props.before + SHOWN)}>{t("evidence.newer")}</button>}
        {first > 0n && <button type="button" onClick={() => to(first)}>{t("evidence.older")}</button>}
      </p>
    </>
  );
}

function Records(props: { looked: Looked; newest: (entries: Entry[]) => void }) {
  const { query } = usePlace();
  const size = props.looked.checkpoint?.head.size ?? 0n;
  const wanted = query.get("before") ?? "";
  const asked = /^[1-9][0-9]{0,18}$/.test(wanted) ? BigInt(wanted) : size;
  const before = asked < size ? asked : size;
  const from = before > SHOWN ? before - SHOWN : 0n;
  const loaded = useLoad(`entries ${before} ${size}`, async (signal) => {
    const entries = await readEntries(from, before, size, signal).catch((e: unknown) => {
      if (e instanceof Wrong) return e;
      throw e;
    });
    if (!(entries instanceof Wrong) && before === size) props.newest(entries);
    return entries;
  });
  const found = loaded.value;
  return (
    <section aria-labelledby="newest-title" aria-busy={loaded.loading}>
      <h2 id="newest-title">{t("evidence.newest")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {found === undefined && loaded.loading && <Busy text={t("loading")} />}
      {found instanceof Wrong && <Proved verdict="bad">{saidOf(found)?.text}</Proved>}
      {Array.isArray(found) && found.length === 0 && <Empty title={t("evidence.empty")} />}
      {Array.isArray(found) && found.length > 0 && <Newest entries={found} size={size} before={before} />}
    </section>
  );
}

export default function EvidencePage() {
  const me = useMe();
  const changes = useChanges(() => true);
  const [newest, setNewest] = useState<Entry>();
  const looked = useLoad("checkpoint", lookAtLog, changes);
  const mayRead = may(me, "ledger.read");
  return (
    <>
      <Title>{t("nav.evidence")}</Title>
      <p>{t("evidence.what")}</p>
      {looked.problem !== undefined && <Trouble error={looked.problem} />}
      {looked.away && <p class="away" role="status">{t("server.away")}</p>}
      {looked.value === undefined && looked.loading && <Busy text={t("loading")} />}
      {looked.value !== undefined && <LastCheckpoint of={looked.value} newest={newest} again={looked.again} />}
      {mayRead && <FindRecord />}
      <FindByThing />
      {mayRead && looked.value !== undefined && (
        <Records looked={looked.value} newest={(entries) => setNewest(entries.at(-1))} />
      )}
      {!mayRead && <p class="banner" role="status">{t("evidence.not_allowed", { permission: named("permission.ledger.read", "ledger.read") })}</p>}
    </>
  );
}

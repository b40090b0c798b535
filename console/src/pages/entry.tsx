// SPDX-License-Identifier: Apache-2.0
// One record, read in this browser from the very bytes that the evidence log keeps; and the proof that it stands there.
import { get, getBytes, path } from "../base/api";
import { useLoad } from "../base/load";
import { type Opened, openedIn } from "../base/opened";
import { named, spoken, t } from "../base/text";
import { readType, type RecordType } from "../base/types";
import { hex } from "../verify/bytes";
import { sha256 } from "../verify/crypto";
import { type Entry, type Gate, parseEntry, type Raised, type Subject } from "../verify/entry";
import { Wrong } from "../verify/wrong";
import { Busy, Digest, Empty, EntryLink, Facts, Raw, State, SubjectLink, Time, Title } from "../parts/bits";
import { codeName, codeSentence, useSentences } from "../parts/code";
import { Decoded } from "../parts/decoded";
import { EntryProof } from "../parts/entry_proof";
import { Trouble } from "../parts/refusal";
import { Proved, saidOf } from "../parts/verdict";

interface Read {
  bytes: Uint8Array<ArrayBuffer>;
  entry: Entry;
  digest: string;
  type: RecordType | undefined;
  opened: Opened;
}

async function read(sequence: string, signal: AbortSignal): Promise<Read | Wrong> {
  const to = path("v1", "entries", sequence);
  const bytes = await getBytes(to, undefined, signal, "application/cbor");
  try {
    const entry = parseEntry(bytes);
    const [json, type] = await Promise.all([
      get<unknown>(to, undefined, signal),
      // What this program does not know is shown without its words.
      readType(entry.claim.type, signal).catch(() => undefined),
    ]);
    return { bytes, entry, digest: hex(await sha256(entry.claimBytes)), type, opened: openedIn(json) };
  } catch (e) {
    if (e instanceof Wrong) return e;
    throw e;
  }
}

/** Without the words of a type: every field as it stands. */
function asType(name: string): RecordType {
  return { name, area: "", version: 1, nature: "event", help: "", signed: true, fields: [] };
}

function About(props: { of: Subject | null; previous: bigint | null }) {
  return (
    <>
      <SubjectLink of={props.of ?? undefined} />
      {props.previous !== null && <> · {t("entry.previous")} <EntryLink sequence={Number(props.previous)} /></>}
    </>
  );
}

function What(props: { of: Read }) {
  const { entry, digest } = props.of;
  const { claim, witness, proof } = entry;
  const outcome = witness.target === null ? null : <EntryLink sequence={Number(witness.target)} />;
  return (
    <Facts of={[
      [t("evidence.type"), <Raw>{claim.type}</Raw>],
      [t("evidence.author"), <Raw>{claim.author}</Raw>],
      [t("entry.made"), <Time at={claim.made} />],
      ...(claim.occurred === null ? [] : [[t("entry.occurred"), <Time at={claim.occurred} />] as [string, preact.JSX.Element]]),
      [t("evidence.at"), <Time at={witness.at} relative />],
      [t("evidence.about"), <About of={witness.subject} previous={witness.previous} />],
      [t("evidence.outcome"), <><State of={witness.outcome} /> {outcome}</>],
      [t("entry.proof"), t(`entry.proof.${proof.kind}`)],
      [t("entry.key"), <Digest of={claim.key === null ? null : hex(claim.key)} />],
      [t("entry.channel"), t(`entry.channel.${witness.channel}`)],
      [t("entry.source"), t(`entry.source.${claim.source}`)],
      [t("entry.digest"), <Digest of={digest} />],
    ]} />
  );
}

function GateSaid(props: { of: Gate }) {
  return (
    <section aria-labelledby="gate-title">
      <h2 id="gate-title">{t("entry.gate")}</h2>
      <p>{t("entry.policy")} <EntryLink sequence={Number(props.of.policyRevision)} /></p>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("entry.gate")}>
        <table>
          <thead><tr><th scope="col">{t("entry.control")}</th><th scope="col">{t("entry.result")}</th></tr></thead>
          <tbody>
            {props.of.controls.map(({ control, result }) => (
              <tr key={control}>
                <td><Raw>{control}</Raw> {named(`control.${control}`, "")}</td>
                <td><State of={result} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function RaisedList(props: { of: Raised[] }) {
  useSentences();
  return (
    <section aria-labelledby="raised-title">
      <h2 id="raised-title">{t("entry.raised")}</h2>
      <ul>
        {props.of.map(({ code, subject }, i) => (
          <li key={i}>
            <b>{codeName(code)}</b> {codeSentence(code, subject ?? undefined).text}{" "}
            {subject !== null && <>{t("entry.holds")} <SubjectLink of={subject} /></>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Outputs(props: { of: Entry["witness"]["outputs"] }) {
  return (
    <section aria-labelledby="outputs-title">
      <h2 id="outputs-title">{t("entry.outputs")}</h2>
      <dl class="decoded">
        {props.of.map(({ name, value }) => (
          <div key={name}>
            <dt data-raw>{name}</dt>
            <dd data-raw class="long">{value instanceof Uint8Array ? hex(value) : String(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Shown(props: { of: Read }) {
  const { entry, type, opened } = props.of;
  const { claim, witness } = entry;
  return (
    <>
      <What of={props.of} />
      <section aria-labelledby="body-title">
        <h2 id="body-title">{t("entry.body")}</h2>
        <Decoded type={type ?? asType(claim.type)} body={claim.body} opened={opened} />
      </section>
      {witness.raised.length > 0 && <RaisedList of={witness.raised} />}
      {witness.gate !== null && <GateSaid of={witness.gate} />}
      {witness.outputs.length > 0 && <Outputs of={witness.outputs} />}
      <EntryProof sequence={witness.sequence} bytes={props.of.bytes} />
    </>
  );
}

export default function EntryPage(props: { arguments: string[] }) {
  const sequence = props.arguments[0] ?? "";
  const isNumber = /^(0|[1-9][0-9]{0,18})$/.test(sequence);
  const loaded = useLoad(`entry ${sequence}`, isNumber ? (signal) => read(sequence, signal) : undefined);
  const found = loaded.value;
  const name = found === undefined || found instanceof Wrong ? "" : found.entry.claim.type;
  if (!isNumber) {
    return (
      <>
        <Title>{t("missing.title")}</Title>
        <Empty title={t("missing.text")}><a href="/evidence">{t("nav.evidence")}</a></Empty>
      </>
    );
  }
  return (
    <>
      <Title actions={<a href="/evidence">{t("nav.evidence")}</a>}>
        {t("entry.title", { record: sequence })}
        {name !== "" && <small> {named(`short.${name}`, spoken(`type.${name}`, name))}</small>}
      </Title>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.away && <p class="away" role="status">{t("server.away")}</p>}
      {found === undefined && loaded.loading && <Busy text={t("loading")} />}
      {found instanceof Wrong && <Proved verdict="bad">{saidOf(found)?.text}</Proved>}
      {found !== undefined && !(found instanceof Wrong) && <Shown of={found} />}
    </>
  );
}

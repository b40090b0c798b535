// SPDX-License-Identifier: Apache-2.0
// One thing that waits: what exactly would take effect, read here from its own bytes; who agreed; and one's own voice.
import type { ComponentChildren } from "preact";
import { view } from "../base/api";
import { useLoad } from "../base/load";
import { may, useMe } from "../base/me";
import { useChanges } from "../base/stream";
import { named, plural, t } from "../base/text";
import { typeName } from "../base/types";
import { type Demand, isOutside, readDemand, readVoices, readWaiting, verdict, type Voice, type Waiting } from "../base/waiting";
import { hex } from "../verify/bytes";
import { digestField, numberField, textField } from "../verify/fields";
import { Act, answered } from "../parts/act";
import { Busy, Empty, EntryLink, Facts, Raw, State, Time, Title } from "../parts/bits";
import { codeSentence, useSentences } from "../parts/code";
import { Decoded, plain } from "../parts/decoded";
import { type Compared, FirmwareDifference } from "../parts/firmware_difference";
import { Trouble } from "../parts/refusal";

/** The firmware release that waits, as its claim says. */
function comparedClaim(waiting: Waiting): Compared {
  const { body } = waiting.entry.claim;
  const digest = (name: string) => {
    const found = digestField(body, name);
    return found === null ? "" : hex(found);
  };
  return {
    product: textField(body, "product"),
    environment: textField(body, "environment"),
    id: textField(body, "release"),
    version: textField(body, "version"),
    image: digest("image"),
    imageSize: Number(numberField(body, "image_size")),
    securityVersion: Number(numberField(body, "security_version")),
    configuration: digest("configuration"),
    sbom: digest("sbom"),
    since: waiting.row["closed_by"] === null ? Infinity : Number(waiting.row["closed_by"]),
  };
}

function Exactly(props: { waiting: Waiting }) {
  const { waiting } = props;
  const { claim } = waiting.entry;
  const isFirmware = claim.type === "firmware.released" || claim.type === "firmware.emergency";
  return (
    <>
      <section>
        <h2>{t("approval.what")}</h2>
        <p>{t("approval.decoded")} <EntryLink sequence={Number(waiting.row["seq"])} /></p>
        <Decoded type={waiting.type} body={claim.body} opened={waiting.opened} />
        <p>
          {t("approval.digest")} <span data-raw class="long">{waiting.digest}</span>
        </p>
      </section>
      {isFirmware && <FirmwareDifference of={comparedClaim(waiting)} />}
    </>
  );
}

function Voices(props: { voices: Voice[]; demand: Demand | null }) {
  const { voices, demand } = props;
  if (voices.length === 0) return <Empty title={t("approval.no_voices")} />;
  const where = (voice: Voice): string => {
    if (demand === null) return "";
    const outside = isOutside(demand, voice);
    return t(outside === null ? "approval.voice_unknown" : outside ? "approval.voice_outside" : "approval.voice_inside");
  };
  return (
    <ul class="voices">
      {voices.map((voice) => (
        <li key={voice.sequence}>
          <b data-raw>{voice.voter}</b> <EntryLink sequence={voice.sequence} /> <Time at={voice.at} />{" "}
          {t("approval.voice_until")} <Time at={voice.expires} /> {where(voice)}
          {voice.claim !== null && textField(voice.claim.body, "reason") !== "" && (
            <blockquote data-raw>{plain(textField(voice.claim.body, "reason"))}</blockquote>
          )}
        </li>
      ))}
    </ul>
  );
}

/** What the charter wants beside the rule of the evidence log, and the way to give it. */
function Outside(props: { waiting: Waiting; demand: Demand; voices: Voice[]; changes: number }) {
  const { waiting, demand, voices } = props;
  const me = useMe();
  useSentences();
  const { rule } = demand;
  const said = verdict(demand, waiting.entry.claim, voices, Date.now());
  const answers = useLoad(
    `signer ${waiting.digest}`,
    (signal) => view("signer.decisions", { digest: waiting.digest }, signal),
    props.changes,
  );
  return (
    <section>
      <h2>{t("approval.signer")}</h2>
      {answers.problem !== undefined && <Trouble error={answers.problem} />}
      {answers.value?.rows.map((row) => (
        <p key={String(row["since"])}>
          {t("approval.signer_said")} <State of={String(row["verdict"])} />{" "}
          {row["code"] && <span>{codeSentence(String(row["code"])).text}</span>} <EntryLink sequence={Number(row["since"])} />
        </p>
      ))}
      <p>
        {plural("approval.signer_need", rule.need)} <Raw>{rule.from.join(", ")}</Raw>
        {rule.must.map((must) => (
          <span key={must.group}> · {plural("approval.signer_must", must.need)} <Raw>{must.group}</Raw></span>
        ))}
      </p>
      <p><State of={said === "agreed" ? "ok" : "waiting"} /> {t(`approval.verdict.${said}`)}</p>
      {said !== "agreed" && waiting.entry.claim.author !== me.principal && (
        <>
          <p>{t("approval.outside")}</p>
          <pre data-raw tabIndex={0}>
            sealwright approve {String(waiting.row["seq"])} --as {me.principal} --key FILE --server {location.origin}
          </pre>
        </>
      )}
    </section>
  );
}

function Own(props: { waiting: Waiting; onDone: () => void }) {
  return (
    <section class="act">
      <p class="banner" role="status">{t("approval.yours")}</p>
      <Act type="approval.withdrawn" title={t("approval.withdraw")} button={t("approval.withdraw")}
        permission={props.waiting.type.permission ?? "approval.vote"} onDone={props.onDone}
        asks={[{ name: "reason", label: t("approval.reason"), kind: "text" }]}
        body={(answers) => ({ ...answered(answers), record: props.waiting.digest })} />
    </section>
  );
}

function Vote(props: { waiting: Waiting; onDone: () => void }) {
  const me = useMe();
  const { waiting } = props;
  const permission = `${String(waiting.row["class"])}.approve`;
  if (waiting.row["author"] === me.principal) return <Own {...props} />;
  if (!may(me, permission)) {
    return <p class="banner" role="status">{t("approval.not_allowed", { permission: named(`permission.${permission}`, permission) })}</p>;
  }
  const shown = (
    <>
      <p>{t("approval.for")} <b>{typeName(waiting.type)}</b> <EntryLink sequence={Number(waiting.row["seq"])} /></p>
      <p>{t("approval.digest")} <span data-raw class="long">{waiting.digest}</span></p>
    </>
  );
  return (
    <section class="act actions">
      <Act type="approval.given" title={t("approval.approve")} button={t("approval.approve")} permission={permission}
        onDone={props.onDone}
        asks={[
          { name: "reason", label: t("approval.looked_at"), kind: "text", optional: true },
          { name: "not_after", label: t("approval.not_after"), kind: "time", optional: true, help: t("approval.not_after_help") },
        ]}
        body={(answers) => ({ ...answered(answers, ["not_after"]), record: waiting.digest })}>
        {shown}
      </Act>
      <Act type="approval.denied" title={t("approval.deny")} button={t("approval.deny")} permission={permission} danger
        onDone={props.onDone} asks={[{ name: "reason", label: t("approval.reason"), kind: "text" }]}
        body={(answers) => ({ ...answered(answers), record: waiting.digest })}>
        {shown}
        <p>{t("approval.deny_means")}</p>
      </Act>
    </section>
  );
}

/** How it stands, in one sentence. */
function Standing(props: { waiting: Waiting }): ComponentChildren {
  const { row } = props.waiting;
  const state = String(row["state"]);
  const closed = row["closed_by"];
  return (
    <p>
      <State of={state} /> {t(`approval.state.${state}`)}{" "}
      {closed !== null && closed !== undefined && <EntryLink sequence={Number(closed)} />}
    </p>
  );
}

function Shown(props: { waiting: Waiting; sequence: number; changes: number; again: () => void }) {
  const { waiting, sequence } = props;
  const { row } = waiting;
  const approvalClass = String(row["class"]);
  const voices = useLoad(`voices ${sequence}`, (signal) => readVoices(sequence, waiting.digest, signal), props.changes);
  const demand = useLoad(`demand ${approvalClass}`, async (signal) => ({ of: await readDemand(approvalClass, signal) }));
  const open = row["state"] === "open";
  const { claim } = waiting.entry;
  // The signer may want more voices than the rule here did.
  const late = row["state"] === "executed" && demand.value?.of;
  const wanted = late && voices.value !== undefined && verdict(late, claim, voices.value, Date.now()) !== "agreed";
  return (
    <>
      <Standing waiting={waiting} />
      <Facts of={[
        [t("column.author"), <Raw>{claim.author}</Raw>],
        [t("column.at"), <Time at={Number(row["at"])} />],
        [t("column.votes"), t("now.votes", { votes: Number(row["votes"]), need: Number(row["need"]) })],
        [t("column.expires"), <Time at={Number(row["expires"])} relative={open} />],
        [t("column.class"), <Raw>{approvalClass}</Raw>],
      ]} />
      <Exactly waiting={waiting} />
      <section>
        <h2>{t("approval.voices")}</h2>
        {voices.problem !== undefined && <Trouble error={voices.problem} />}
        {voices.value !== undefined && <Voices voices={voices.value} demand={demand.value?.of ?? null} />}
      </section>
      {demand.problem !== undefined && (
        <section>
          <h2>{t("approval.signer")}</h2>
          <p>{t("approval.charter_unseen")}</p>
          <pre data-raw tabIndex={0}>sealwright approve {sequence} --as YOU --key FILE --server {location.origin}</pre>
        </section>
      )}
      {demand.value?.of && voices.value !== undefined && (
        <Outside waiting={waiting} demand={demand.value.of} voices={voices.value} changes={props.changes} />
      )}
      {(open || wanted) && <Vote waiting={waiting} onDone={() => { props.again(); voices.again(); }} />}
    </>
  );
}

export default function ApprovalPage(props: { arguments: string[] }) {
  const given = props.arguments[0] ?? "";
  const sequence = /^[0-9]{1,15}$/.test(given) ? Number(given) : undefined;
  const changes = useChanges((h) => h.outcome === "executes" || h.type.startsWith("approval."));
  const loaded = useLoad(given, sequence === undefined ? undefined : (signal) => readWaiting(sequence, signal), changes);
  if (sequence === undefined || loaded.value === "none") {
    return (
      <>
        <Title>{t("nav.approvals")}</Title>
        <Empty title={t("approval.none")}><a href="/approvals?all=yes">{t("approvals.all")}</a></Empty>
      </>
    );
  }
  if (loaded.problem !== undefined) return <><Title>{t("nav.approvals")}</Title><Trouble error={loaded.problem} /></>;
  if (loaded.value === undefined) return <Busy text={t("loading")} />;
  if (loaded.value === "wrong") {
    return <><Title>{t("nav.approvals")}</Title><p class="refusal" role="alert">{t("approval.wrong")}</p></>;
  }
  return (
    <>
      <Title actions={<a href="/approvals">{t("nav.approvals")}</a>}>{typeName(loaded.value.type)}</Title>
      <Shown waiting={loaded.value} sequence={sequence} changes={changes} again={loaded.again} />
    </>
  );
}

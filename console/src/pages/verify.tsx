// SPDX-License-Identifier: Apache-2.0
// A passport verified in this browser, step by step: a file, or one that the server makes for a unit. Open to whoever
// has one: the server is asked for nothing but its log's key, which another one may replace.
import { useEffect, useRef, useState } from "preact/hooks";
import { getBytes, path } from "../base/api";
import { useLoad } from "../base/load";
import { serversKey } from "../base/log";
import { usePlace } from "../base/router";
import { bytes as size, t } from "../base/text";
import { type Step, type Verified, verifyPassport } from "../verify/passport";
import { PASSPORT_MAX } from "../verify/passport_file";
import { type StoryLine, tellStory } from "../verify/story";
import { Busy, Facts, Raw, Title } from "../parts/bits";
import { Trouble } from "../parts/refusal";
import { Story } from "../parts/story";
import { Typed } from "../parts/typed";
import { Proved, StepLine } from "../parts/verdict";

interface Given {
  name: string;
  data: Uint8Array;
}

interface Result {
  verified: Verified;
  story: StoryLine[];
}

function useUnit(set: (given: Given) => void, fail: (error: unknown) => void): string {
  const { query } = usePlace();
  const product = query.get("product") ?? "";
  const serial = query.get("serial") ?? "";
  useEffect(() => {
    if (product === "" || serial === "") return;
    const stop = new AbortController();
    getBytes("/v1/passport" + path(product, serial), undefined, stop.signal).then(
      (data) => set({ name: `${product} ${serial}`, data }),
      (e: unknown) => stop.signal.aborted || fail(e),
    );
    return () => stop.abort();
  }, [product, serial]);
  return product === "" || serial === "" ? "" : `${product} ${serial}`;
}

function Choose(props: { set: (given: Given | undefined) => void }) {
  const [large, setLarge] = useState(false);
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    setLarge(file.size > PASSPORT_MAX);
    props.set(file.size > PASSPORT_MAX ? undefined : { name: file.name, data: new Uint8Array(await file.arrayBuffer()) });
  };
  return (
    <div class="drop" onDragOver={(e) => e.preventDefault()}
      onDrop={(e) => { e.preventDefault(); void take(e.dataTransfer?.files[0]); }}>
      <label>
        {t("verify.choose")}
        <input type="file" onChange={(e) => void take(e.currentTarget.files?.[0])} />
      </label>
      {large && <p class="refusal" role="alert">{t("verify.large", { most: size(PASSPORT_MAX) })}</p>}
    </div>
  );
}

function Trust(props: { servers: string | undefined; own: string; set: (key: string) => void }) {
  const { servers, own } = props;
  return (
    <details class="trust">
      <summary>{t(own === "" ? "verify.trusts_server" : "verify.trusts_own")}</summary>
      <p>{t("verify.trust_means")}</p>
      {servers !== undefined && <p>{t("verify.servers_key")} <span class="long" data-raw>{servers}</span></p>}
      <label>
        {t("verify.own_key")}
        <Typed type="text" value={own} set={props.set} />
      </label>
    </details>
  );
}

function Whole(props: { of: Verified; byServer: boolean }) {
  const { verdict, remarks } = props.of;
  return (
    <section aria-labelledby="verdict-title">
      <h2 id="verdict-title">{t("verify.verdict")}</h2>
      <Proved verdict={verdict}>{t(`verify.verdict.${verdict}`)}</Proved>
      {remarks.map((remark, i) => <p key={i}>{t("verify.but")} {t(remark.code, remark.values)}</p>)}
      {verdict === "good" && props.byServer && <p>{t("verify.but")} {t("verify.by_servers_key")}</p>}
      {verdict === "good" && <p>{t("verify.whole_log")}</p>}
    </section>
  );
}

function Told(props: { of: Result }) {
  const { verified, story } = props.of;
  const { file, authors } = verified.passport;
  if (verified.verdict !== "good" || file === undefined) return null;
  return (
    <section aria-labelledby="story-title">
      <h2 id="story-title">{t("verify.story")}</h2>
      <Facts of={[
        [t("kind.unit"), <Raw>{file.subject.within} {file.subject.id}</Raw>],
        [t("verify.records"), <Raw>{file.entries.length}</Raw>],
      ]} />
      <Story lines={story} byShift={authors?.byShift ?? new Map()} />
    </section>
  );
}

function ByProgram(props: { logKey: string }) {
  return (
    <section>
      <h2>{t("verify.elsewhere")}</h2>
      <p>{t("verify.elsewhere_means")}</p>
      <pre data-raw tabIndex={0}>sealwright-verify PASSPORT --key '{props.logKey === "" ? "LOGKEY" : props.logKey}'</pre>
    </section>
  );
}

async function run(given: Given, logKey: string, each: (step: Step) => void): Promise<Result> {
  const verified = await verifyPassport(given.data, { logKey }, each);
  const { file, found } = verified.passport;
  const holds = verified.verdict === "good" && file !== undefined && found !== undefined;
  return { verified, story: holds ? await tellStory(file, found) : [] };
}

/** Verifies again when the file or the key changes; an earlier run is of no more use then. */
function useVerifying(given: Given | undefined, logKey: string | undefined, fail: (error: unknown) => void) {
  const [steps, setSteps] = useState<Step[]>([]);
  const [result, setResult] = useState<Result>();
  const turn = useRef(0);
  useEffect(() => {
    setSteps([]);
    setResult(undefined);
    const now = ++turn.current;
    if (given === undefined || logKey === undefined) return;
    void run(given, logKey, (step) => turn.current === now && setSteps((before) => [...before, step])).then(
      (found) => turn.current === now && setResult(found),
      (e: unknown) => turn.current === now && fail(e),
    );
  }, [given, logKey]);
  return { steps, result };
}

export default function VerifyPage() {
  const [given, setGiven] = useState<Given>();
  const [error, setError] = useState<unknown>();
  const [own, setOwn] = useState("");
  const unit = useUnit(setGiven, setError);
  const servers = useLoad("vkey", serversKey);
  const asked = servers.value !== undefined || servers.problem !== undefined || servers.away;
  const logKey = own !== "" ? own : asked ? (servers.value ?? "") : undefined;
  const { steps, result } = useVerifying(given, logKey, setError);
  const choose = (next: Given | undefined) => {
    setError(undefined);
    setGiven(next);
  };
  return (
    <>
      <Title>{t("nav.verify")}</Title>
      <p>{t("verify.what")}</p>
      <Choose set={choose} />
      <Trust servers={servers.value} own={own} set={setOwn} />
      {error !== undefined && <Trouble error={error} />}
      {unit !== "" && given === undefined && error === undefined && <Busy text={t("verify.fetching")} />}
      {result !== undefined && <Whole of={result.verified} byServer={own === ""} />}
      {given !== undefined && (
        <section aria-labelledby="steps-title" aria-busy={result === undefined && error === undefined}>
          <h2 id="steps-title">{t("verify.steps")} <Raw>{given.name}</Raw></h2>
          <ol class="proof-steps">{steps.map((step) => <StepLine key={step.id} of={step} />)}</ol>
          {result === undefined && error === undefined && <Busy text={t("verify.working")} />}
        </section>
      )}
      {result !== undefined && <Told of={result} />}
      <ByProgram logKey={logKey ?? ""} />
    </>
  );
}

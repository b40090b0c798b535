// SPDX-License-Identifier: Apache-2.0
// What the server can say of itself: what is wrong comes first, each with what mends it.
import { get, sentence } from "../base/api";
import { useLoad } from "../base/load";
import { plural, t } from "../base/text";
import { Busy, Raw, State, Time, Title } from "../parts/bits";
import { useSentences } from "../parts/code";
import { Trouble } from "../parts/refusal";

interface Check {
  verdict: "ok" | "warn" | "fail";
  code: string;
  text: string;
  values: Record<string, string>;
  fix?: string;
}

const ORDER: Check["verdict"][] = ["fail", "warn", "ok"];

function One(props: { check: Check }) {
  const { check } = props;
  const said = sentence({
    status: 0,
    code: check.code,
    detail: check.text,
    values: check.values,
    ...(check.fix === undefined ? {} : { fix: check.fix }),
  });
  return (
    <li class={`check ${check.verdict}`}>
      <State of={check.verdict} /> {said.text}
      {said.fix !== undefined && check.verdict !== "ok" && <p class="fix">{t("refusal.fix", { fix: said.fix })}</p>}
      <div><small><Raw>{check.code}</Raw></small></div>
    </li>
  );
}

export default function DoctorPage() {
  useSentences();
  const loaded = useLoad("doctor", (signal) => get<{ checks: Check[] }>("/v1/doctor", undefined, signal));
  const checks = loaded.value?.checks ?? [];
  const count = (verdict: Check["verdict"]) => checks.filter((c) => c.verdict === verdict).length;
  const again = <button type="button" disabled={loaded.loading} onClick={loaded.again}>{t("doctor.again")}</button>;
  return (
    <>
      <Title actions={again}>{t("nav.doctor")}</Title>
      <p>{t("doctor.what")}</p>
      {loaded.away && <p class="away" role="status">{t("server.away")}</p>}
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.loading && <Busy text={t("doctor.looking")} />}
      {loaded.value !== undefined && (
        <p role="status">
          {ORDER.filter((v) => count(v) > 0).map((v) => plural(`doctor.${v}`, count(v))).join(" · ")}
          {" · "}{t("doctor.at")} <Time at={loaded.at} />
        </p>
      )}
      {ORDER.filter((v) => count(v) > 0).map((verdict) => (
        <section key={verdict}>
          <h2>{t(`doctor.title.${verdict}`)}</h2>
          <ul class="checklist">
            {checks.filter((c) => c.verdict === verdict).map((check, i) => <One key={i} check={check} />)}
          </ul>
        </section>
      ))}
      <p><small>{t("doctor.terminal")} <Raw>sealwright doctor</Raw></small></p>
    </>
  );
}

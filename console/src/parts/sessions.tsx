// SPDX-License-Identifier: Apache-2.0
// Where somebody is signed in, each with a button that ends it.
import { endSession, readSessions, type SessionRow } from "../base/accounts";
import { useLoad } from "../base/load";
import { t } from "../base/text";
import { Busy, Empty, Raw, Time } from "./bits";
import { Doing } from "./button";
import { Trouble } from "./refusal";

/** The browser's own name for itself is long: its product tokens say enough (RFC 9110 section 10.1.5). */
function agentName(agent: string): string {
  const known = /(Firefox|Edg|Chrome|Safari|sealwright)\/[0-9.]+/.exec(agent);
  return known?.[0] ?? agent.slice(0, 40);
}

function One(props: { session: SessionRow; principal: string | undefined; again: () => void }) {
  const { session, principal, again } = props;
  const end = async () => {
    await endSession(session.id, principal);
    if (session.current) location.assign("/");
    else again();
  };
  return (
    <tr>
      <td>
        {t(`session.${session.strength}`)} {session.current && <span class="state good">{t("session.current")}</span>}
      </td>
      <td title={session.agent} data-raw>{agentName(session.agent)}</td>
      <td><Raw>{session.peer}</Raw></td>
      <td><Time at={session.issued} /></td>
      <td><Time at={session.expires} /></td>
      <td><Doing work={end}>{t("session.end")}</Doing></td>
    </tr>
  );
}

export function Sessions(props: { principal?: string }) {
  const { principal } = props;
  const loaded = useLoad(`sessions ${principal ?? ""}`, (signal) => readSessions(signal, principal));
  const others = (loaded.value ?? []).filter((s) => !s.current);
  const endOthers = async () => {
    for (const session of others) await endSession(session.id, principal);
    loaded.again();
  };
  if (loaded.problem !== undefined) return <Trouble error={loaded.problem} />;
  if (loaded.value === undefined) return <Busy text={t("loading")} />;
  if (loaded.value.length === 0) return <Empty title={t("session.none")} />;
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("session.title")}>
        <table>
          <thead>
            <tr>
              {["how", "agent", "peer", "issued", "expires"].map((name) => (
                <th key={name} scope="col">{t(`session.column.${name}`)}</th>
              ))}
              <th scope="col"><span class="unseen">{t("session.end")}</span></th>
            </tr>
          </thead>
          <tbody>
            {loaded.value.map((session) => (
              <One key={session.id} session={session} principal={principal} again={loaded.again} />
            ))}
          </tbody>
        </table>
      </div>
      {others.length > 0 && (
        <div class="actions below">
          <Doing work={endOthers}>{t("session.end_others")}</Doing>
        </div>
      )}
    </>
  );
}

// SPDX-License-Identifier: Apache-2.0
// Oneself: with what one signs and signs in, what is still missing, and where one is signed in.
import { useEffect, useRef } from "preact/hooks";
import { dropOffer, type OfferRow, readOffers } from "../base/accounts";
import { useLoad } from "../base/load";
import { type Authenticator, type Me, useKnown, useMe } from "../base/me";
import { useChanges } from "../base/stream";
import { locale, named, t } from "../base/text";
import { Digest, Empty, Raw, State, Time, Title } from "../parts/bits";
import { Doing } from "../parts/button";
import { Choices } from "../parts/layout";
import { Trouble } from "../parts/refusal";
import { OfferNext, Register } from "../parts/register";
import { Sessions } from "../parts/sessions";
import { Totp } from "../parts/totp";

function Own(props: { of: Authenticator }) {
  const a = props.of;
  return (
    <tr>
      <td><State of={a.form} /></td>
      <td>{a.label === undefined ? <span class="nothing">{t("none")}</span> : <Raw>{a.label}</Raw>}</td>
      <td><Digest of={a.key} /></td>
      {/* A founder's key is of no time: it was there when the log began. */}
      <td>{a.since !== undefined && Date.parse(a.since) > 0 ? <Time at={a.since} /> : t("account.from_start")}</td>
    </tr>
  );
}

function Authenticators(props: { me: Me }) {
  const own = props.me.authenticators ?? [];
  if (own.length === 0) return <Empty title={t("account.no_authenticators")} />;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("account.authenticators")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("column.form")}</th>
            <th scope="col">{t("column.label")}</th>
            <th scope="col">{t("column.key")}</th>
            <th scope="col">{t("account.since")}</th>
          </tr>
        </thead>
        <tbody>{own.map((a) => <Own key={a.key} of={a} />)}</tbody>
      </table>
    </div>
  );
}

function Step(props: { done: boolean; children: preact.ComponentChildren }) {
  return (
    <li>
      <State of={props.done ? "ok" : "waiting"} /> {props.children}
    </li>
  );
}

/** Two authenticators, so that nobody's single loss locks anybody out. */
function SetUp(props: { me: Me; offers: OfferRow[] }) {
  const { me } = props;
  const own = (me.authenticators ?? []).filter((a) => a.form !== "shift");
  return (
    <ul class="checklist">
      <Step done={own.length > 0}>{t("account.step.first")}</Step>
      <Step done={own.length > 1}>
        {t("account.step.second")} {own.length === 1 && props.offers.length > 0 && t("account.step.waits")}
      </Step>
      <Step done={own.some((a) => a.form === "passkey")}>{t("account.step.passkey")}</Step>
    </ul>
  );
}

function Waiting(props: { offers: OfferRow[]; again: () => void }) {
  return (
    <>
      {props.offers.map((offer) => (
        <section key={offer.key} class="card">
          <h3 data-raw>{offer.label === "" ? offer.key.slice(0, 12) : offer.label}</h3>
          <OfferNext offer={offer} origin={location.origin} />
          <Doing work={async () => { await dropOffer(offer.key); props.again(); }}>{t("account.drop")}</Doing>
        </section>
      ))}
    </>
  );
}

const LOOK_MS = 5000;

/** Not everybody may listen to the evidence log: while something waits, it is looked at from time to time. */
function useConfirmation(waiting: number, again: () => void) {
  const latest = useRef(again);
  latest.current = again;
  useEffect(() => {
    if (waiting === 0) return undefined;
    const timer = window.setInterval(() => latest.current(), LOOK_MS);
    return () => clearInterval(timer);
  }, [waiting]);
}

export default function AccountPage() {
  const me = useMe();
  const { reload } = useKnown();
  const changes = useChanges((h) => h.type.startsWith("key.") || h.type.startsWith("recovery."));
  const offers = useLoad("offers", readOffers, changes);
  const mine = (offers.value ?? []).filter((offer) => offer.principal === me.principal);
  const again = () => {
    offers.again();
    void reload();
  };
  useConfirmation(mine.length, again);
  // A key that was confirmed is one's own from now on.
  useEffect(() => {
    if (changes > 0) void reload();
  }, [changes]);
  return (
    <>
      <Title>{t("account.title")} <span data-raw>{me.principal}</span></Title>
      <SetUp me={me} offers={mine} />
      <section>
        <h2>{t("account.authenticators")}</h2>
        <Authenticators me={me} />
      </section>
      {offers.problem !== undefined && <Trouble error={offers.problem} />}
      {mine.length > 0 && (
        <section>
          <h2>{t("account.waiting")}</h2>
          <Waiting offers={mine} again={again} />
        </section>
      )}
      <section>
        <h2>{t("register.title")}</h2>
        <p>{t("register.why")}</p>
        <Register me={me} onDone={again} />
      </section>
      <section>
        <h2>{t("totp.title")}</h2>
        <Totp me={me} onDone={() => void reload()} />
      </section>
      <section>
        <h2>{t("session.title")}</h2>
        <Sessions />
      </section>
      <section>
        <h2>{t("account.choices")}</h2>
        <Choices />
      </section>
      <section>
        <details>
          <summary>{t("account.rights")}</summary>
          <ul class="names">
            {[...new Set(me.permissions.map((right) => named(`permission.${right.permission}`, right.permission)))]
              .sort((a, b) => a.localeCompare(b, locale))
              .map((right) => <li key={right}>{right}</li>)}
          </ul>
        </details>
      </section>
    </>
  );
}

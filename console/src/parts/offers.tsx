// SPDX-License-Identifier: Apache-2.0
// Passkeys that wait: the code is compared with the person over another line, then it becomes a key, or goes away.
import { useState } from "preact/hooks";
import { dropOffer, offerBody, type OfferRow } from "../base/accounts";
import { may, useMe } from "../base/me";
import { type Body, newId } from "../base/record";
import { t } from "../base/text";
import { fromInput, toInput } from "../base/time";
import { Raw, Time } from "./bits";
import { Doing } from "./button";
import { Dialog } from "./dialog";
import { showDialog } from "./dialogs";
import { Sign } from "./sign";

const HOUR_MS = 3_600_000;
/** A recovery's key speaks 24 hours later at the earliest; an hour more for who has to say yes. */
const RECOVERY_HOURS = 25;

interface Asked {
  type: "key.enrolled" | "recovery.requested";
  body: Body;
}

/** The value of a datetime-local input so many hours from now. */
function later(hours: number): string {
  return toInput(new Date(Date.now() + hours * HOUR_MS)).slice(0, 16);
}

/** What a recovery says beside the key: since when it counts, and why. */
function Recover(props: { offer: OfferRow; onClose: () => void; onAsked: (asked: Asked) => void }) {
  const [reason, setReason] = useState("");
  const [from, setFrom] = useState(later(RECOVERY_HOURS));
  const ask = async () => {
    const usable_from = fromInput(from);
    if (usable_from === undefined) return;
    const body = await offerBody(props.offer.key);
    props.onAsked({ type: "recovery.requested", body: { ...body, recovery: newId("REC"), usable_from, reason } });
  };
  return (
    <Dialog title={t("people.recover")} onClose={props.onClose}>
      <p>{t("people.recover_means")}</p>
      <form onSubmit={(e) => e.preventDefault()}>
        <div class="field">
          <label for="usable-from">{t("people.usable_from")}</label>
          <input id="usable-from" type="datetime-local" required value={from} onInput={(e) => setFrom(e.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="recovery-reason">{t("people.reason")}</label>
          <textarea id="recovery-reason" rows={2} required maxLength={500} value={reason}
            onInput={(e) => setReason(e.currentTarget.value)} />
        </div>
        <div class="actions">
          <button type="button" onClick={props.onClose}>{t("cancel")}</button>
          {reason.trim() !== "" && <Doing class="primary" work={ask}>{t("act.next")}</Doing>}
        </div>
      </form>
    </Dialog>
  );
}

function One(props: { offer: OfferRow; again: () => void }) {
  const me = useMe();
  const { offer, again } = props;
  const [recovering, setRecovering] = useState(false);
  const own = offer.principal === me.principal;
  const ask = ({ type, body }: Asked) =>
    showDialog((close) => (
      <Sign type={type} body={body} title={t(type === "key.enrolled" ? "people.confirm" : "people.recover")}
        onClose={() => { close(); again(); }}>
        <p>{t("people.compared")} <span class="code" data-raw>{offer.code}</span></p>
      </Sign>
    ));
  const confirm = async () => ask({ type: "key.enrolled", body: await offerBody(offer.key) });
  const drop = async () => {
    await dropOffer(offer.key);
    again();
  };
  return (
    <section class="card">
      <h3>
        <Raw>{offer.principal}</Raw>: <Raw>{offer.label}</Raw>
      </h3>
      <p>{t("people.offer_code")}</p>
      <p class="code" data-raw>{offer.code}</p>
      <p><small>{t("people.offer_until")} <Time at={offer.expires} relative /></small></p>
      {own && <p>{t("people.offer_own")}</p>}
      <div class="actions">
        {!own && may(me, "access.admin") && <Doing class="primary" work={confirm}>{t("people.confirm")}</Doing>}
        {!own && may(me, "access.recover") && (
          <button type="button" onClick={() => setRecovering(true)}>{t("people.recover")}</button>
        )}
        <Doing class="danger" work={drop}>{t("people.refuse")}</Doing>
      </div>
      {recovering && (
        <Recover offer={offer} onClose={() => setRecovering(false)}
          onAsked={(next) => { setRecovering(false); ask(next); }} />
      )}
    </section>
  );
}

export function Offers(props: { offers: OfferRow[]; again: () => void }) {
  return <>{props.offers.map((offer) => <One key={offer.key} offer={offer} again={props.again} />)}</>;
}

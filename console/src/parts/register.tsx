// SPDX-License-Identifier: Apache-2.0
// Registering a passkey: the browser makes it, a second touch proves possession, and then somebody else confirms it.
import { useState } from "preact/hooks";
import { type Me, passkeys } from "../base/me";
import { obstacle, obstacleOf, type Offer, register } from "../base/passkey";
import { t } from "../base/text";
import { Time } from "./bits";
import { Copy } from "./copy";
import { Trouble } from "./refusal";

/** What happens next: the code is compared over another line, and somebody else signs the record. */
export function OfferNext(props: { offer: { key: string; code: string; expires: string }; origin: string }) {
  const { offer } = props;
  return (
    <div role="status">
      <p>{t("register.waits")} <Time at={offer.expires} relative /></p>
      <p class="code" data-raw>{offer.code}</p>
      <ol>
        <li>{t("register.call")}</li>
        <li>{t("register.confirm_here")}</li>
        <li>
          {t("register.confirm_there")}
          <Copy text={`sealwright passkey confirm ${offer.key} --as YOU --key FILE --server ${props.origin}`} />
        </li>
      </ol>
    </div>
  );
}

const LABEL_MOST = 60;

export function Register(props: { me: Me; onDone: () => void }) {
  const { me } = props;
  const [label, setLabel] = useState("");
  const [busy, setBusy] = useState(false);
  const [hint, setHint] = useState(obstacle(me.web));
  const [error, setError] = useState<unknown>();
  const [offer, setOffer] = useState<Offer>();
  const run = async () => {
    if (me.web === undefined) return;
    setBusy(true);
    setHint(undefined);
    setError(undefined);
    try {
      const credentials = passkeys(me).flatMap((a) => (a.credential === undefined ? [] : [a.credential]));
      setOffer(await register(me.web, { principal: me.principal, origin: me.origin, credentials }, label.trim()));
      setLabel("");
      props.onDone();
    } catch (e) {
      if (e instanceof DOMException) setHint(obstacleOf(e));
      else setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <form onSubmit={(e) => { e.preventDefault(); void run(); }}>
        <div class="field">
          <label for="passkey-label">{t("register.label")}</label>
          <input id="passkey-label" data-testid="passkey-label" type="text" required maxLength={LABEL_MOST} value={label}
            onInput={(e) => setLabel(e.currentTarget.value)} />
          <small class="help">{t("register.label_help")}</small>
        </div>
        <button class="primary" data-testid="passkey-register" disabled={busy}>{t("register.button")}</button>
      </form>
      {busy && <p role="status">{t("register.touch_twice")}</p>}
      {hint !== undefined && <p class="refusal" role="alert">{t(hint, { origin: me.web?.origin ?? "" })}</p>}
      {error !== undefined && <Trouble error={error} />}
      {offer !== undefined && <OfferNext offer={offer} origin={location.origin} />}
    </>
  );
}

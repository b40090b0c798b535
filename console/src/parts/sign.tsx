// SPDX-License-Identifier: Apache-2.0
// Signing a record: what exactly will be signed is shown first, then the passkey is asked, then the receipt is shown.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, type ProblemDocument } from "../base/api";
import { onAgain } from "../base/load";
import { type Authenticator, type Me, passkeys, useMe } from "../base/me";
import { obstacle, obstacleOf } from "../base/passkey";
import { type Body, NoPasskey, type Prepared, prepare, type Receipt, submit, usual } from "../base/record";
import { named, t } from "../base/text";
import { Busy, EntryLink } from "./bits";
import { Dialog } from "./dialog";
import { Refusal, Trouble } from "./refusal";

type Step =
  | { at: "preparing" }
  | { at: "shown"; prepared: Prepared }
  | { at: "signing"; prepared: Prepared }
  | { at: "done"; receipt: Receipt };

/** What became of it: also that it waits for others, or raised something. */
export function ReceiptSaid(props: { receipt: Receipt }) {
  const { receipt } = props;
  return (
    <div role="status">
      <p>
        {t(receipt.outcome === "pending" ? "sign.pending" : receipt.executes === undefined ? "sign.done" : "sign.executes")}{" "}
        <EntryLink sequence={receipt.sequence} />
      </p>
      {receipt.blocked !== undefined && <p>{t("sign.blocked")}</p>}
      {receipt.blocked !== undefined && (
        <Refusal problem={{ status: 0, ...receipt.blocked, ...(receipt.failures ? { failures: receipt.failures } : {}) }} />
      )}
      {receipt.raised.length > 0 && (
        <ul>
          {receipt.raised.map((raised, i) => (
            <li key={i}>{named(`fault.${raised.code}`, raised.detail)}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

export interface SignProps {
  type: string;
  body: Body;
  title: string;
  /** Shown above the bytes: what it means, in the page's words. */
  children?: ComponentChildren;
  onClose: () => void;
  onDone?: (receipt: Receipt) => void;
  /** A form hears which field was refused. */
  onRefused?: (problem: ProblemDocument) => void;
}

/** A record names its key, so who has several passkeys chooses before signing. */
function Which(props: { me: Me; passkey: Authenticator | undefined; choose: (passkey: Authenticator) => void }) {
  const own = passkeys(props.me);
  if (own.length < 2) return null;
  return (
    <p>
      <label>
        {t("sign.with")}
        <select value={props.passkey?.key ?? ""} onChange={(e) => {
          const chosen = own.find((passkey) => passkey.key === e.currentTarget.value);
          if (chosen !== undefined) props.choose(chosen);
        }}>
          {own.map((passkey) => (
            <option key={passkey.key} value={passkey.key} data-raw>
              {passkey.label ?? ""} {passkey.key.slice(0, 8)}
            </option>
          ))}
        </select>
      </label>
    </p>
  );
}

/** The dialog. It prepares when it opens. */
export function Sign(props: SignProps) {
  const me = useMe();
  const [step, setStep] = useState<Step>();
  const [error, setError] = useState<unknown>();
  const [hint, setHint] = useState<string | undefined>(obstacle(me.web));
  const [passkey, setPasskey] = useState(usual(me));
  const begin = async (with_: Authenticator | undefined) => {
    setPasskey(with_);
    setStep({ at: "preparing" });
    setError(undefined);
    try {
      setStep({ at: "shown", prepared: await prepare(with_, props.type, props.body) });
    } catch (e) {
      setStep(undefined);
      if (e instanceof NoPasskey) setHint("passkey.none");
      else setError(e);
      if (e instanceof Problem) props.onRefused?.(e.document);
    }
  };
  const sign = async (prepared: Prepared) => {
    setStep({ at: "signing", prepared });
    setError(undefined);
    setHint(undefined);
    try {
      const receipt = await submit(me, passkey, props.type, prepared);
      setStep({ at: "done", receipt });
      props.onDone?.(receipt);
    } catch (e) {
      setStep({ at: "shown", prepared });
      if (e instanceof DOMException) setHint(obstacleOf(e));
      else setError(e);
      if (e instanceof Problem) props.onRefused?.(e.document);
    }
  };
  const again = useRef(() => undefined as void);
  again.current = () => {
    if (step === undefined && hint === undefined) void begin(passkey);
    else setError(undefined);
  };
  useEffect(() => {
    if (hint === undefined) void begin(passkey);
    return onAgain(() => again.current());
  }, []);
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {props.children}
      {hint !== undefined && <p class="refusal" role="alert">{t(hint, { origin: me.web?.origin ?? "" })}</p>}
      {error !== undefined && <Trouble error={error} />}
      {step?.at === "preparing" && <Busy text={t("sign.preparing")} />}
      {(step?.at === "shown" || step?.at === "signing") && (
        <>
          <p>{t("sign.shown")}</p>
          <pre class="claim" data-raw tabIndex={0}>{step.prepared.text}</pre>
          <p>
            <small>{t("sign.digest")} <span data-raw class="long">{step.prepared.digest}</span></small>
          </p>
          <Which me={me} passkey={passkey} choose={(chosen) => void begin(chosen)} />
          <div class="actions">
            <button type="button" onClick={props.onClose}>{t("cancel")}</button>
            <button type="button" class="primary" disabled={step.at === "signing"}
              onClick={() => void sign(step.prepared)}>
              {t("sign.now")}
            </button>
          </div>
          {step.at === "signing" && <Busy text={t("sign.touch")} />}
        </>
      )}
      {step?.at === "done" && (
        <>
          <ReceiptSaid receipt={step.receipt} />
          <div class="actions">
            <button type="button" class="primary" onClick={props.onClose}>{t("close")}</button>
          </div>
        </>
      )}
    </Dialog>
  );
}

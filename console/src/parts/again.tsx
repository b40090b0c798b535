// SPDX-License-Identifier: Apache-2.0
// The dialogs that a refusal opens by itself: the session is over, or something needs a fresh proof of who is here.
import { useEffect, useState } from "preact/hooks";
import { onProblem, post, Problem } from "../base/api";
import { readAgain } from "../base/load";
import { type Me, passkeys, useKnown } from "../base/me";
import { obstacleOf, stepUp } from "../base/passkey";
import { t } from "../base/text";
import { SignInButton } from "../pages/sign_in";
import { Dialog } from "./dialog";
import { Trouble } from "./refusal";

function StepUp(props: { me: Me; onClose: () => void }) {
  const [code, setCode] = useState("");
  const [error, setError] = useState<unknown>();
  const [hint, setHint] = useState<string>();
  const own = passkeys(props.me).flatMap((a) => (a.credential === undefined ? [] : [a.credential]));
  const attempt = async (work: () => Promise<unknown>) => {
    setError(undefined);
    setHint(undefined);
    try {
      await work();
      props.onClose();
    } catch (e) {
      if (e instanceof DOMException) setHint(obstacleOf(e));
      else setError(e);
    }
  };
  const web = props.me.web;
  return (
    <Dialog title={t("step_up.title")} onClose={props.onClose}>
      <p>{t("step_up.why")}</p>
      {own.length > 0 && web !== undefined && (
        <button type="button" class="primary" onClick={() => void attempt(() => stepUp(web, own))}>
          {t("step_up.passkey")}
        </button>
      )}
      {props.me.totp === "on" && (
        <form onSubmit={(e) => { e.preventDefault(); void attempt(() => post("/v1/step-up", { code })); }}>
          <label>
            {t("step_up.code")}
            <input inputMode="numeric" autocomplete="one-time-code" pattern="[0-9]{8}" maxLength={8} required
              value={code} onInput={(e) => setCode(e.currentTarget.value)} />
          </label>
          <button>{t("step_up.send")}</button>
        </form>
      )}
      {hint !== undefined && <p class="refusal" role="alert">{t(hint, { origin: web?.origin ?? "" })}</p>}
      {error !== undefined && !(error instanceof Problem && error.code === "API_STEP_UP_NEEDED") && <Trouble error={error} />}
    </Dialog>
  );
}

/** Listens to every refusal. What was on the screen, forms too, stays behind the dialog. */
export function Again() {
  const { known, reload } = useKnown();
  const [ask, setAsk] = useState<"sign_in" | "step_up">();
  useEffect(
    () =>
      onProblem((problem) => {
        if (problem.code === "API_STEP_UP_NEEDED") setAsk("step_up");
        else if (problem.document.status === 401) setAsk("sign_in");
      }),
    [],
  );
  if (known.state !== "known" || ask === undefined) return null;
  const close = () => {
    setAsk(undefined);
    void reload().then(readAgain);
  };
  if (ask === "step_up") return <StepUp me={known.me} onClose={close} />;
  return (
    <Dialog title={t("sign_in.again")} onClose={close}>
      <p>{t("sign_in.over")}</p>
      <SignInButton onDone={async () => close()} />
    </Dialog>
  );
}

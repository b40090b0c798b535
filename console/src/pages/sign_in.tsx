// SPDX-License-Identifier: Apache-2.0
// For whoever is not signed in: a passkey, or how to get in the first time.
import { useState } from "preact/hooks";
import { Away, Problem } from "../base/api";
import { useKnown } from "../base/me";
import { obstacle, obstacleOf, signIn, type Web } from "../base/passkey";
import { askAgain } from "../base/stream";
import { t } from "../base/text";
import { Choices } from "../parts/layout";
import { Refusal } from "../parts/refusal";

export function shellWeb(): Web {
  const { origin, party } = document.documentElement.dataset;
  return { origin: origin ?? "", relying_party: party ?? "" };
}

/** The button, and what became of it. Also in the dialog to sign in again. */
export function SignInButton(props: { onDone: () => Promise<void> }) {
  const web = shellWeb();
  const [hint, setHint] = useState(obstacle(web));
  const [problem, setProblem] = useState<Problem>();
  const [waiting, setWaiting] = useState(false);
  const run = async () => {
    setWaiting(true);
    setHint(undefined);
    setProblem(undefined);
    try {
      await signIn(web);
      askAgain();
      await props.onDone();
    } catch (e) {
      if (e instanceof Problem) setProblem(e);
      else setHint(e instanceof Away ? "server.away" : obstacleOf(e));
    } finally {
      setWaiting(false);
    }
  };
  return (
    <>
      <button type="button" class="primary large" disabled={waiting} onClick={() => void run()}>{t("sign_in.passkey")}</button>
      {hint !== undefined && <p class="refusal" role="alert">{t(hint, { origin: web.origin })}</p>}
      {problem !== undefined && <Refusal problem={problem.document} />}
    </>
  );
}

export function SignIn() {
  const { reload } = useKnown();
  const { log } = document.documentElement.dataset;
  return (
    <div class="sign-in">
      <Choices />
      <main>
        <h1 data-raw>Sealwright</h1>
        <p>
          {t("sign_in.log")} <b data-raw>{log}</b>
        </p>
        <SignInButton onDone={reload} />
        <h2>{t("sign_in.first")}</h2>
        <p>{t("sign_in.how")}</p>
        <pre data-raw tabIndex={0}>sealwright sign-in-link --as YOU --key FILE --server {location.origin}</pre>
        <p>{t("sign_in.lost")}</p>
        <p>
          <a href="/verify">{t("sign_in.verify")}</a>
        </p>
      </main>
    </div>
  );
}

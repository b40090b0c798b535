// SPDX-License-Identifier: Apache-2.0
// An app for codes: a second way to show who is here, for what needs a fresh proof. It signs nothing.
import { useState } from "preact/hooks";
import { post, remove } from "../base/api";
import type { Me } from "../base/me";
import { t } from "../base/text";
import { Doing } from "./button";
import { Copy } from "./copy";
import { Code } from "./qr";
import { Trouble } from "./refusal";

interface Secret {
  secret: string;
  uri: string;
}

function First(props: { secret: Secret; onDone: () => void }) {
  const [code, setCode] = useState("");
  const [error, setError] = useState<unknown>();
  const send = async () => {
    setError(undefined);
    try {
      await post("/v1/totp/confirm", { code });
      props.onDone();
    } catch (e) {
      setError(e);
    }
  };
  return (
    <>
      <p>{t("totp.scan")}</p>
      <Code text={props.secret.uri} label={t("totp.qr")} />
      <p>{t("totp.type")}</p>
      <Copy text={props.secret.secret} />
      <form onSubmit={(e) => { e.preventDefault(); void send(); }}>
        <label>
          {t("totp.first")}
          <input inputMode="numeric" autocomplete="one-time-code" pattern="[0-9]{8}" maxLength={8} required value={code}
            onInput={(e) => setCode(e.currentTarget.value)} />
        </label>{" "}
        <button class="primary">{t("totp.confirm")}</button>
      </form>
      {error !== undefined && <Trouble error={error} />}
    </>
  );
}

export function Totp(props: { me: Me; onDone: () => void }) {
  const [secret, setSecret] = useState<Secret>();
  const done = () => {
    setSecret(undefined);
    props.onDone();
  };
  const begin = async () => setSecret(await post<Secret>("/v1/totp"));
  const end = async () => {
    await remove("/v1/totp");
    done();
  };
  const there = props.me.totp === "on" || props.me.totp === "locked";
  if (secret !== undefined) return <First secret={secret} onDone={done} />;
  return (
    <>
      <p>{t(there ? `totp.${props.me.totp ?? "on"}` : "totp.off")}</p>
      <div class="actions">
        {there ? (
          <Doing class="danger" work={end}>{t("totp.end")}</Doing>
        ) : (
          <Doing work={begin}>{t("totp.begin")}</Doing>
        )}
      </div>
    </>
  );
}

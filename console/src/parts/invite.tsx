// SPDX-License-Identifier: Apache-2.0
// A link for somebody else, good once, to register passkeys and nothing else.
import { useState } from "preact/hooks";
import { invite } from "../base/accounts";
import { t } from "../base/text";
import { Time } from "./bits";
import { Doing } from "./button";
import { Copy } from "./copy";
import { Dialog } from "./dialog";

export function Invite(props: { principal: string }) {
  const [made, setMade] = useState<{ link: string; expires: string }>();
  return (
    <>
      <Doing work={async () => setMade(await invite(props.principal))}>{t("people.invite")}</Doing>
      {made !== undefined && (
        <Dialog title={t("people.invite")} onClose={() => setMade(undefined)}>
          <p>{t("people.invite_once", { principal: props.principal })}</p>
          <Copy text={made.link} />
          <p>{t("people.invite_until")} <Time at={made.expires} relative /></p>
        </Dialog>
      )}
    </>
  );
}

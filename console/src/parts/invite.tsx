// SPDX-License-Identifier: Apache-2.0
// A link for somebody else, good once, to register passkeys and nothing else.
import { invite } from "../base/accounts";
import { t } from "../base/text";
import { Time } from "./bits";
import { Doing } from "./button";
import { Copy } from "./copy";
import { Dialog } from "./dialog";
import { showDialog } from "./dialogs";

export function Invite(props: { principal: string }) {
  const { principal } = props;
  const work = async () => {
    const made = await invite(principal);
    showDialog((close) => (
      <Dialog title={t("people.invite")} onClose={close}>
        <p>{t("people.invite_once", { principal })}</p>
        <Copy text={made.link} />
        <p>{t("people.invite_until")} <Time at={made.expires} relative /></p>
      </Dialog>
    ));
  };
  return <Doing work={work}>{t("people.invite")}</Doing>;
}

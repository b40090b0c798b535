// SPDX-License-Identifier: Apache-2.0
// Names and confidential values are left out until the person proves again to be there.
import { useEffect, useRef } from "preact/hooks";
import { askWhoIsThere, type Page } from "../base/api";
import { useMe } from "../base/me";
import { t } from "../base/text";

export function Closed(props: { page: Page | undefined; again: () => void }) {
  const session = useMe().session;
  const until = session?.stepped_up_until;
  const before = useRef(until);
  useEffect(() => {
    if (until !== before.current) props.again();
    before.current = until;
  }, [until]);
  if (props.page?.closed !== true) return null;
  return (
    <p role="note">
      {t("closed.text")}{" "}
      {session?.strength === "passkey" && <button type="button" onClick={askWhoIsThere}>{t("closed.show")}</button>}
    </p>
  );
}

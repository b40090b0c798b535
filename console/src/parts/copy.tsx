// SPDX-License-Identifier: Apache-2.0
// Something to type or to hand on, with a button that copies it.
import { useState } from "preact/hooks";
import { t } from "../base/text";

export function Copy(props: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(props.text);
    setCopied(true);
  };
  return (
    <div class="copy">
      <pre data-raw tabIndex={0}>{props.text}</pre>
      <button type="button" onClick={() => void copy()}>{t("copy")}</button>
      {copied && <span role="status">{t("copied")}</span>}
    </div>
  );
}

// SPDX-License-Identifier: Apache-2.0
// A button that does one thing at the server, and says what was refused.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Trouble } from "./refusal";

export function Doing(props: { work: () => Promise<unknown>; class?: string; children: ComponentChildren }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await props.work();
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" class={props.class} disabled={busy} onClick={() => void run()}>{props.children}</button>
      {error !== undefined && <Trouble error={error} />}
    </>
  );
}

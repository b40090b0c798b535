// SPDX-License-Identifier: Apache-2.0
// A field that counts when it is left, or with Enter. What is typed stays while the page around it is drawn again.
import { useEffect, useState } from "preact/hooks";

export function Typed(props: { type: "search" | "text"; value: string; set: (value: string) => void }) {
  const { type, value, set } = props;
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <input type={type} value={text} spellcheck={false} autocomplete="off" onInput={(e) => setText(e.currentTarget.value)}
      onChange={(e) => set(e.currentTarget.value.trim())} />
  );
}

// SPDX-License-Identifier: Apache-2.0
// Dialogs that outlive what opened them: the row of a hold goes away when the hold is lifted, its receipt must not. What a
// dialog is about stays what it was when it was opened, whatever becomes of the page behind it.
import { type ComponentChildren, Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import { usePlace } from "../base/router";

interface Shown {
  draw: (close: () => void) => ComponentChildren;
  turn: number;
}

let put: ((shown: Shown) => void) | undefined;
let turn = 0;

export function showDialog(draw: Shown["draw"]): void {
  put?.({ draw, turn: ++turn });
}

/** Stands once, beside the page; another page has other dialogs. */
export function Dialogs() {
  const [shown, setShown] = useState<Shown>();
  const { path } = usePlace();
  useEffect(() => {
    put = setShown;
    return () => {
      put = undefined;
    };
  }, []);
  useEffect(() => setShown(undefined), [path]);
  return shown === undefined ? null : <Fragment key={shown.turn}>{shown.draw(() => setShown(undefined))}</Fragment>;
}

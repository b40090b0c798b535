// SPDX-License-Identifier: Apache-2.0
// A dialog: the browser's own, which keeps the focus inside and closes with Escape.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../base/text";

export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  const over = useRef(false);
  const title = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // What is asked for has the focus, else the heading: not the button that closes.
    const asked = dialog?.querySelector<HTMLElement>("form input, form textarea, form select");
    (asked ?? dialog?.querySelector("h2"))?.focus();
    return () => {
      over.current = true;
      dialog?.close();
    };
  }, []);
  // The browser tells of a close a moment later: when this dialog made way for another, that is nobody's wish to close.
  const close = () => {
    if (!over.current) props.onClose();
  };
  return (
    <dialog ref={element} aria-labelledby={title} onCancel={close} onClose={close}>
      <header>
        <h2 id={title} tabIndex={-1}>{props.title}</h2>
        <button type="button" class="quiet" onClick={props.onClose} aria-label={t("close")}>
          ×
        </button>
      </header>
      {props.children}
    </dialog>
  );
}

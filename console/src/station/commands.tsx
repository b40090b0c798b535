// SPDX-License-Identifier: Apache-2.0
// What the operator can do now: by a button, by the key that is shown on it, or by scanning a label. Also the keys 1 to 9
// for choices. And the keyboard itself, on which a scanner may be typing.
import { type ComponentChildren, createContext } from "preact";
import { useContext, useLayoutEffect, useRef } from "preact/hooks";
import type { CommandName } from "./label";
import { type Press, Scanner } from "./scanner";

export const KEYS: Record<CommandName, string> = { PASS: "F2", FAIL: "F4", SWITCH: "F7", NEXT: "F8", PAUSE: "F9", END: "F10" };

type Actions = Map<string, () => void>;
export const ActionsContext = createContext<Actions>(new Map());

function useAction(name: string, run: (() => void) | undefined) {
  const actions = useContext(ActionsContext);
  const latest = useRef(run);
  latest.current = run;
  useLayoutEffect(() => {
    const here = () => latest.current?.();
    actions.set(name, here);
    return () => {
      if (actions.get(name) === here) actions.delete(name);
    };
  }, [actions, name]);
}

export interface ActionProps {
  run: () => void;
  children: ComponentChildren;
  class?: string;
  disabled?: boolean;
}

function Action(props: ActionProps & { name: string; keyName: string }) {
  useAction(props.name, props.disabled === true ? undefined : props.run);
  return (
    <button type="button" class={`action ${props.class ?? ""}`} disabled={props.disabled === true} onClick={props.run}
      aria-keyshortcuts={props.keyName}>
      <span>{props.children}</span> <kbd data-raw>{props.keyName}</kbd>
    </button>
  );
}

export function Command(props: ActionProps & { name: CommandName }) {
  return <Action {...props} keyName={KEYS[props.name]} />;
}

/** `number`: 1 to 9. */
export function Choice(props: ActionProps & { number: number }) {
  return <Action {...props} name={String(props.number)} keyName={String(props.number)} />;
}

// ---- the keyboard ----

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function focusedField(): Field | undefined {
  const e = document.activeElement;
  const isField = e instanceof HTMLInputElement || e instanceof HTMLTextAreaElement || e instanceof HTMLSelectElement;
  return isField ? e : undefined;
}

/** A scan's first keys reach the page before it is known for a scan: what they changed is put back. */
function putBack(field: Field, value: string): void {
  if (field.value === value) return;
  field.value = value;
  field.dispatchEvent(new Event(field instanceof HTMLSelectElement ? "change" : "input", { bubbles: true }));
}

function pressOf(event: KeyboardEvent): Press {
  return {
    key: event.key,
    code: event.code,
    shift: event.shiftKey,
    control: event.ctrlKey,
    alt: event.altKey,
    graph: event.getModifierState("AltGraph"),
    at: event.timeStamp,
  };
}

/** An instrument that plays a keyboard, too, sends its value into the field that waits for one. */
function takeValue(field: Field, text: string): boolean {
  if (field.dataset["measured"] === undefined || !/^[+-]?\d{1,9}([.,]\d{1,6})?$/.test(text)) return false;
  putBack(field, text);
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  return true;
}

/** A key alone is a choice only when no scan follows it. */
const ALONE_MS = 200;

/** An open dialog has the keys; its main button can be pressed by the key and the label for "good", too. */
export function pressInDialog(name: string | undefined): boolean {
  const dialog = document.querySelector("dialog[open]");
  if (dialog === null) return false;
  if (name === "PASS") dialog.querySelector<HTMLButtonElement>("button.primary:not(:disabled)")?.click();
  return true;
}

export function useKeyboard(actions: Actions, onScan: (run: Press[]) => void): void {
  const hear = useRef(onScan);
  hear.current = onScan;
  useLayoutEffect(() => {
    const scanner = new Scanner();
    let before: { field: Field; value: string } | undefined;
    let alone: number | undefined;
    const keep = (event: KeyboardEvent) => {
      event.preventDefault();
      event.stopPropagation();
    };
    const command = (event: KeyboardEvent): boolean => {
      const name = Object.entries(KEYS).find(([, key]) => key === event.key)?.[0];
      if (name === undefined || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return false;
      keep(event);
      if (!event.repeat && !pressInDialog(name)) actions.get(name)?.();
      return true;
    };
    const down = (event: KeyboardEvent) => {
      if (event.isComposing || command(event) || event.repeat) return;
      clearTimeout(alone);
      const taken = scanner.take(pressOf(event));
      const field = focusedField();
      if (scanner.length === 1) before = field && { field, value: field.value };
      if (taken === "typing") {
        if (!/^[1-9]$/.test(event.key) || field !== undefined || scanner.length !== 1) return;
        const choose = actions.get(event.key);
        if (choose !== undefined) alone = window.setTimeout(choose, ALONE_MS);
        return;
      }
      keep(event);
      if (taken === "scanning") return;
      if (before !== undefined && takeValue(before.field, taken.map((press) => press.key).join(""))) return;
      if (before !== undefined) putBack(before.field, before.value);
      hear.current(taken);
    };
    addEventListener("keydown", down, { capture: true });
    return () => {
      clearTimeout(alone);
      removeEventListener("keydown", down, { capture: true });
    };
  }, [actions]);
}

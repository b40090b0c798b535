// SPDX-License-Identifier: Apache-2.0
// What a scanner meant by its key presses. It plays a keyboard of one layout, and the computer may read another one: then
// what is typed differs from what is on the label. Known are what was typed, what a US keyboard would have typed, and what
// a calibration label showed.
import type { Press } from "./scanner";

/** Which press stands for which character. */
export type Calibration = Record<string, string>;

/** All characters of labels that stand elsewhere on some layout: QWERTZ and AZERTY letters, digits, punctuation. */
export const CALIBRATION_LABEL = "SW-CAL:QWAZYMqwazym0123456789!\"%&'()*+,./;<=>?_[]^{}$#@";

/** A US keyboard, by the names of its keys: alone, and with Shift. */
const US: Record<string, string> = {
  Digit1: "1!", Digit2: "2@", Digit3: "3#", Digit4: "4$", Digit5: "5%", Digit6: "6^", Digit7: "7&", Digit8: "8*",
  Digit9: "9(", Digit0: "0)", Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}", Backslash: "\\|",
  Semicolon: ";:", Quote: "'\"", Backquote: "`~", Comma: ",<", Period: ".>", Slash: "/?", IntlBackslash: "\\|",
  Space: "  ", NumpadAdd: "++", NumpadSubtract: "--", NumpadMultiply: "**", NumpadDivide: "//", NumpadDecimal: "..",
};

/** Control characters as a keyboard makes them: Ctrl with this key. */
const CONTROLS: Record<string, string> = {
  BracketRight: "\x1d", "]": "\x1d", Digit6: "\x1e", "^": "\x1e", KeyD: "\x04", Backslash: "\x1c", Minus: "\x1f", _: "\x1f",
};

export function usCharacter(code: string, shift: boolean): string | undefined {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter !== undefined) return shift ? letter : letter.toLowerCase();
  return /^Numpad\d$/.test(code) ? code.at(-1) : US[code]?.[shift ? 1 : 0];
}

function typedOne(press: Press): string {
  return [...press.key].length === 1 ? press.key : "\uFFFD";
}

function nameOf(press: Press): string {
  return (press.code === "" ? press.key : press.code) + (press.shift ? "+shift" : "") + (press.graph ? "+graph" : "");
}

/** The text of a run, each character by `one`; Alt and digits of the number pad are one character by its number. */
function textOf(run: Press[], one: (press: Press) => string): string {
  let text = "";
  let number = "";
  for (const press of run) {
    const digit = press.alt ? /^Numpad(\d)$/.exec(press.code)?.[1] : undefined;
    if (digit !== undefined) number += digit;
    if (number.length === 4 || (digit === undefined && number !== "")) {
      text += String.fromCharCode(Number(number) & 0x7f);
      number = "";
    }
    if (digit !== undefined) continue;
    const control = press.control && !press.graph ? (CONTROLS[press.key] ?? CONTROLS[press.code]) : undefined;
    text += control ?? one(press);
  }
  return number === "" ? text : text + String.fromCharCode(Number(number) & 0x7f);
}

/** What the run may mean, the likeliest first. */
export function textsOf(run: Press[], calibration: Calibration | undefined): string[] {
  if (calibration !== undefined) return [textOf(run, (press) => calibration[nameOf(press)] ?? typedOne(press))];
  const typed = textOf(run, typedOne);
  const coded = textOf(run, (press) => usCharacter(press.code, press.shift) ?? typedOne(press));
  return typed === coded ? [typed] : [typed, coded];
}

/** Undefined: another label. "lost": two characters came as the same key press, so that nothing can tell them apart. */
export function calibrationOf(run: Press[]): Calibration | "lost" | undefined {
  const wanted = [...CALIBRATION_LABEL];
  if (run.length !== wanted.length) return undefined;
  const found: Calibration = {};
  const back = new Map<string, string>();
  let lost = 0;
  for (const [i, press] of run.entries()) {
    const character = wanted[i] ?? "";
    const name = nameOf(press);
    // The letters of the beginning come twice, which no other label of this length repeats.
    if (back.has(character) && back.get(character) !== name) return undefined;
    if ((found[name] ?? character) !== character) lost++;
    found[name] = character;
    back.set(character, name);
  }
  return lost === 0 ? found : lost < 6 ? "lost" : undefined;
}

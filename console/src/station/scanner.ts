// SPDX-License-Identifier: Apache-2.0
// A scanner in keyboard mode: a fast run of keys that ends with Enter or Tab, wherever the focus is. Knows no page and
// no clock: each key press says when it was.

export interface Press {
  /** What the computer's layout made of it, and which key it was (UI Events, KeyboardEvent key and code). */
  key: string;
  code: string;
  shift: boolean;
  control: boolean;
  alt: boolean;
  graph: boolean;
  /** Milliseconds, from any beginning. */
  at: number;
}

/** A longer pause begins another run, and a run whose usual pause is longer was typed by a person. */
const PAUSE_MS = 150;
const USUAL_MS = 50;
/** Fewer keys may be chance. */
const LEAST = 3;
const MOST = 4096;

const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock"]);

/** "typing": the page's own business. "scanning": keep it from the page. Else all of a scan, without its end. */
export type Taken = "typing" | "scanning" | Press[];

function isFast(run: Press[]): boolean {
  if (run.length < LEAST) return false;
  const pauses = run.slice(1).map((press, i) => press.at - (run[i]?.at ?? 0));
  pauses.sort((a, b) => a - b);
  return (pauses[pauses.length >> 1] ?? PAUSE_MS) < USUAL_MS;
}

/** Enter, Tab, or the control characters that some scanners send for them. */
function isEnd(press: Press): boolean {
  return press.key === "Enter" || press.key === "Tab" || (press.control && (press.code === "KeyM" || press.code === "KeyJ"));
}

function isCharacter(press: Press): boolean {
  return [...press.key].length === 1 || press.key === "Dead" || press.key === "Unidentified";
}

export class Scanner {
  #run: Press[] = [];

  take(press: Press): Taken {
    if (MODIFIERS.has(press.key)) return isFast(this.#run) ? "scanning" : "typing";
    const last = this.#run.at(-1);
    if (last !== undefined && (press.at - last.at > PAUSE_MS || press.at < last.at)) this.#run = [];
    if (isEnd(press)) {
      const run = this.#run;
      this.#run = [];
      return isFast(run) ? run : "typing";
    }
    if (!isCharacter(press) || this.#run.length === MOST) {
      this.#run = [];
      return "typing";
    }
    this.#run.push(press);
    return isFast(this.#run) ? "scanning" : "typing";
  }

  /** How many keys of a run there are so far: the first ones reached the page. */
  get length(): number {
    return this.#run.length;
  }
}

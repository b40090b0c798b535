// SPDX-License-Identifier: Apache-2.0
// An operator for the tests: a scanner that plays a keyboard, units whose steps people do by hand, and a second operator.
import { execFileSync } from "node:child_process";
import path from "node:path";
import type { CDPSession, Page } from "playwright-core";
import { usCharacter } from "../../console/src/station/layout";
import { type Kit, must, type Person } from "./kit";

export const PRODUCT = "SENSOR-1";
export const STATION = "ST-1";

// ---- the scanner ----

const CODES = [
  ...[..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].map((letter) => `Key${letter}`),
  ...[..."0123456789"].map((digit) => `Digit${digit}`),
  ...["Minus", "Equal", "BracketLeft", "BracketRight", "Backslash", "Semicolon", "Quote", "Backquote", "Comma", "Period", "Slash"],
];

/** What a computer with the German layout makes of a US keyboard's keys: alone, and with Shift. Empty: a dead key. */
const GERMAN: Record<string, [string, string]> = {
  KeyY: ["z", "Z"], KeyZ: ["y", "Y"], Minus: ["ß", "?"], Equal: ["", ""], BracketLeft: ["ü", "Ü"], BracketRight: ["+", "*"],
  Semicolon: ["ö", "Ö"], Quote: ["ä", "Ä"], Backslash: ["#", "'"], Slash: ["-", "_"], Backquote: ["", "°"],
  Comma: [",", ";"], Period: [".", ":"], Digit2: ["2", '"'], Digit3: ["3", "§"], Digit6: ["6", "&"], Digit7: ["7", "/"],
  Digit8: ["8", "("], Digit9: ["9", ")"], Digit0: ["0", "="],
};

const SHIFT = 8;
/** A scanner's pace. The time stands in the events, so that a slow machine does not slow the scanner. */
const PACE_S = 0.006;

function keyOf(character: string): { code: string; shift: boolean } {
  for (const code of CODES) {
    for (const shift of [false, true]) if (usCharacter(code, shift) === character) return { code, shift };
  }
  throw new Error(`no key for ${character}`);
}

export class Gun {
  readonly #session: CDPSession;
  readonly layout: "us" | "german";

  private constructor(session: CDPSession, layout: "us" | "german") {
    this.#session = session;
    this.layout = layout;
  }

  static async of(page: Page, layout: "us" | "german" = "us"): Promise<Gun> {
    return new Gun(await page.context().newCDPSession(page), layout);
  }

  /** Types what is on the label, as a US scanner does, and Enter. */
  async scan(label: string): Promise<void> {
    let at = Date.now() / 1000;
    for (const character of label) {
      const { code, shift } = keyOf(character);
      const german = GERMAN[code]?.[shift ? 1 : 0];
      const key = this.layout === "us" ? character : german === undefined ? character : german === "" ? "Dead" : german;
      await this.#press({ key, code, text: key === "Dead" ? "" : key, modifiers: shift ? SHIFT : 0 }, (at += PACE_S));
    }
    await this.#press({ key: "Enter", code: "Enter", text: "\r", modifiers: 0 }, at + PACE_S);
  }

  async #press(key: { key: string; code: string; text: string; modifiers: number }, timestamp: number): Promise<void> {
    await this.#session.send("Input.dispatchKeyEvent", { type: "keyDown", ...key, timestamp });
    await this.#session.send("Input.dispatchKeyEvent", { type: "keyUp", ...key, text: "", timestamp });
  }
}

// ---- by keyboard alone ----

/** Tab until this has the focus. */
export async function tabTo(page: Page, selector: string, text = ""): Promise<void> {
  for (let i = 0; i < 60; i++) {
    const there = await page.evaluate(
      ([wanted, words]) => {
        const e = document.activeElement;
        return e?.matches(wanted ?? "") === true && (e.textContent ?? "").includes(words ?? "");
      },
      [selector, text],
    );
    if (there) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${selector} ${text}`);
}

export async function openShift(page: Page): Promise<void> {
  await page.getByRole("heading", { name: "Open a shift" }).waitFor();
  await page.keyboard.press("F2");
  await page.locator("dialog[open] pre").waitFor();
  await tabTo(page, "dialog[open] button.primary", "Sign with passkey");
  await page.keyboard.press("Enter");
  await page.locator("dialog[open]").getByText("Recorded.").waitFor();
  await page.keyboard.press("F2");
  await page.locator(".bar").waitFor();
}

// ---- units ----

async function record(kit: Kit, person: string, type: string, ...fields: string[]): Promise<void> {
  await kit.house.as(person, "record", "--yes", type, ...fields);
}

async function rows(kit: Kit, view: string, ...query: string[]): Promise<Record<string, unknown>[]> {
  const said = await kit.house.as("ada", "view", view, ...query, "--json");
  return (JSON.parse(said) as { rows: Record<string, unknown>[] }).rows;
}

export { rows };

function request(kit: Kit, serial: string): string {
  const [key, csr] = [path.join(kit.house.folder, `${serial}.key`), path.join(kit.house.folder, `${serial}.csr`)];
  execFileSync("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key]);
  execFileSync("openssl", ["req", "-new", "-key", key, "-subj", `/CN=${serial}`, "-outform", "DER", "-out", csr]);
  return csr;
}

const BY_HAND = [
  { step: "see", work: "inspect", station: STATION, name: "Solder joints of U2" },
  { step: "measure", work: "test", station: STATION, procedure: "FUNCTION" },
  { step: "close", work: "inspect", name: "Box is closed" },
];

async function release(kit: Kit, traveler: string, revision: string, steps: object[]): Promise<void> {
  await record(kit, "erin", "traveler.released", `traveler=${traveler}`, `product=${PRODUCT}`, `revision=${revision}`,
    `steps=${JSON.stringify(steps)}`);
}

/** Units of a traveler whose steps are all done by hand. What the demo builds later has the demo's traveler again. */
export async function unitsByHand(kit: Kit, serials: string[]): Promise<void> {
  const travelers = await rows(kit, "traveler.list", `product=${PRODUCT}`);
  const usual = travelers.find((row) => row["state"] === "in_force");
  const open = (await rows(kit, "build.open")).find((row) => String(row["build_authorization"]).includes("LIVE"));
  must(usual !== undefined && open !== undefined, "the demo's house has no traveler or no build authorization in force");
  const [id, revision] = [String(usual["traveler"]), String(usual["revision"])];
  const steps = (await rows(kit, "traveler.steps", `traveler=${id}`)).map((row) => ({
    step: row["step"],
    work: row["work"],
    station: row["planned_station"],
    ...(row["procedure"] === null ? {} : { procedure: row["procedure"] }),
  }));
  await release(kit, `HAND-${serials[0] ?? ""}`, revision, BY_HAND);
  for (const serial of serials) {
    const fields = [`product=${PRODUCT}`, `serial=${serial}`, `authorization=${String(open["build_authorization"])}`];
    await record(kit, STATION, "unit.requested", ...fields, `csr=@${request(kit, serial)}`);
  }
  await release(kit, `BACK-${serials[0] ?? ""}`, revision, steps);
}

// ---- people ----

/** A second operator at the same station. */
export async function hire(kit: Kit, name: string): Promise<void> {
  const key = kit.house.key(name);
  await run(kit, "keys", "make", key, "--no-passphrase");
  const possession = (await kit.house.as(name, "keys", "possession")).trim().split("\n").at(-1) ?? "";
  const known = ["principal", "add", name, "--public", `${key}.pub`, "--possession", possession];
  await kit.house.as("ada", ...known, "--station", STATION, "--may", "line.shift line.build line.concern test.record gate.ask");
  await kit.house.as("ada", ...known, "--role", `${name}-anywhere`, "--may",
    "line.read identity.read test.read part.read firmware.read recall.read");
}

function run(kit: Kit, ...words: string[]): Promise<void> {
  execFileSync(kit.house.program, words, { stdio: "ignore" });
  return Promise.resolve();
}

export async function atStation(person: Person): Promise<Gun> {
  await person.go("/station");
  return Gun.of(person.page);
}

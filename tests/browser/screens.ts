// SPDX-License-Identifier: Apache-2.0
// Pictures of every page for docs/console.md: SEALWRIGHT_BROWSER_MAIN=screens tests/browser/run PROGRAM FOLDER
import { mkdirSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { House } from "./house";
import { asPerson, CHROMIUM, type Kit } from "./kit";
import { atStation, openShift, unitsByHand } from "./operator";
import { allPages } from "./pages";

/** Drawn on a phone and in the dark, too: what people look at standing up. */
const ALSO_NARROW = new Set(["now", "unit"]);

async function draw(kit: Kit, folder: string): Promise<void> {
  await asPerson(kit, "ada", async (ada) => {
    await ada.page.goto(`${kit.house.url}/`);
    await ada.page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
    await ada.page.screenshot({ path: path.join(folder, "sign_in.png") });
    await ada.withPasskey();
    for (const row of await allPages(ada)) {
      if (row.name === "station") continue; // the operator's own is drawn below
      await ada.page.setViewportSize({ width: 1280, height: 800 });
      await ada.page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
      await ada.go(row.path);
      await ada.page.locator(row.ready).first().waitFor();
      await ada.page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
      await ada.page.screenshot({ path: path.join(folder, `${row.name}.png`) });
      process.stdout.write(`${row.name}\n`);
      if (!ALSO_NARROW.has(row.name)) continue;
      await ada.page.setViewportSize({ width: 390, height: 844 });
      await ada.page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
      await ada.page.screenshot({ path: path.join(folder, `${row.name}_narrow.png`) });
    }
  });
}

/** A unit in the operator's hands, and the same held. */
async function drawStation(kit: Kit, folder: string): Promise<void> {
  await unitsByHand(kit, ["HAND-1"]);
  await asPerson(kit, "olga", async (olga) => {
    const { page } = olga;
    await olga.withPasskey();
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    const gun = await atStation(olga);
    await openShift(page);
    await gun.scan("HAND-1");
    await page.locator(".signal.go").waitFor();
    await page.locator(".station-steps").waitFor();
    await page.screenshot({ path: path.join(folder, "station.png") });
    await page.keyboard.press("F9");
    await page.locator(".panel.pause").waitFor();
    await page.keyboard.press("F9");
    await page.locator(".stops li").waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await page.screenshot({ path: path.join(folder, "station_narrow.png") });
  });
}

async function main(): Promise<void> {
  const [program, folder] = process.argv.slice(2);
  if (program === undefined || folder === undefined) throw new Error("usage: PROGRAM FOLDER");
  mkdirSync(folder, { recursive: true });
  const house = new House(program);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    await house.start(12);
    await draw({ house, browser }, folder);
    await drawStation({ house, browser }, folder);
  } finally {
    await browser.close();
    await house.stop();
  }
}

main().catch((e: unknown) => {
  process.stderr.write(`${e instanceof Error ? (e.stack ?? e.message) : String(e)}\n`);
  process.exitCode = 1;
});

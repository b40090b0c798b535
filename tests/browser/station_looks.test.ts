// SPDX-License-Identifier: Apache-2.0
// How the operator's screen looks in each of its states: large, whole, in every language, for everybody.
import type { Page } from "playwright-core";
import { asPerson, type Kit, must, same, type Test } from "./kit";
import { atStation, openShift, unitsByHand } from "./operator";
import { accessible, fits, untranslated } from "./pages.test";

const OPERATOR = "olga";

/** At an arm's length, with gloves: letters of 18 pixels at least, and targets of 56. */
function tooSmall(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const wrong: string[] = [];
    for (const e of document.querySelectorAll(".station button, .station input:not([type=radio]), .station textarea, .choices-large label")) {
      const height = e.getBoundingClientRect().height;
      if (height > 0 && height < 55.5 && e.closest("dialog") === null) wrong.push(`${height} px: ${e.outerHTML.slice(0, 80)}`);
    }
    const walker = document.createTreeWalker(document.querySelector(".station") ?? document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const e = node.parentElement;
      if (e === null || (node.nodeValue ?? "").trim() === "" || e.closest("svg, .unseen") !== null) continue;
      if (parseFloat(getComputedStyle(e).fontSize) < 17.99) wrong.push(`${getComputedStyle(e).fontSize}: ${(node.nodeValue ?? "").slice(0, 40)}`);
    }
    return wrong.length === 0 ? undefined : wrong.slice(0, 8).join(" | ");
  });
}

async function looked(page: Page, where: string, language: string): Promise<string[]> {
  // The pseudo-language is none that a screen reader knows.
  const more = language === "xx" ? await untranslated(page) : await accessible(page);
  const found = [await fits(page), await tooSmall(page), more];
  return found.flatMap((one) => (one === undefined ? [] : [`${where}: ${one}`]));
}

/** Through every state of the screen, by keys, so that the language does not matter. */
async function everyState(kit: Kit, options: { width: number; height: number; language: string; light: "light" | "dark" }): Promise<void> {
  const serial = `HAND-${options.language}-${options.width}`;
  await unitsByHand(kit, [serial]);
  await asPerson(kit, OPERATOR, async (olga) => {
    const { page } = olga;
    await olga.withPasskey();
    await page.emulateMedia({ colorScheme: options.light, reducedMotion: "reduce" });
    const english = await atStation(olga);
    await openShift(page);
    await olga.context.addCookies([{ name: "language", value: options.language, url: kit.house.url }]);
    await page.setViewportSize({ width: options.width, height: options.height });
    await page.reload();
    await page.locator(".bar").waitFor();
    const wrong = await looked(page, "nothing scanned", options.language);
    await english.scan(serial);
    await page.locator(".signal.go").waitFor();
    await page.locator(".station-steps").waitFor();
    wrong.push(...await looked(page, "to look at", options.language));
    await page.keyboard.press("F2");
    await page.locator(".measurements").waitFor();
    wrong.push(...await looked(page, "to test", options.language));
    await page.keyboard.press("F9");
    await page.locator(".panel.pause").waitFor();
    wrong.push(...await looked(page, "to pause", options.language));
    await page.keyboard.press("F9");
    await page.locator(".signal.stop").waitFor();
    await page.locator(".stops li").waitFor();
    wrong.push(...await looked(page, "held", options.language));
    await page.keyboard.press("F7");
    await page.locator(".panel button").first().waitFor();
    wrong.push(...await looked(page, "next operator", options.language));
    must(wrong.length === 0, wrong.join("\n"));
  });
}

const LOOKS = [
  { width: 1280, height: 800, language: "en", light: "light" },
  { width: 390, height: 844, language: "xx", light: "dark" },
  { width: 390, height: 844, language: "zh", light: "light" },
] as const;

const looks: Test[] = LOOKS.map((options) => ({
  name: `station: every state fits, is large, and can be used by everybody, at ${options.width} pixels in ${options.language}, ${options.light}`,
  run: (kit) => everyState(kit, options),
}));

const sheet: Test = {
  name: "station: the labels to print are there, each with its bars",
  run: (kit) =>
    asPerson(kit, OPERATOR, async (olga) => {
      await olga.signInByLink();
      await olga.go("/station?sheet");
      same(await olga.page.locator(".labels svg path").count(), 15, "labels of commands and choices");
      await olga.page.locator(".calibration svg path").waitFor();
      const found = await looked(olga.page, "sheet", "en");
      must(found.length === 0, found.join("\n"));
    }, { width: 390, height: 844 }),
};

export const tests: Test[] = [sheet, ...looks];

// SPDX-License-Identifier: Apache-2.0
// What holds for every page: it fits at both widths, can be used by everybody, and says nothing outside the catalog.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { asPerson, type Kit, must, type Person, type Test } from "./kit";
import { allPages, type PageRow } from "./pages";

/** Who may see everything in the demo's house. */
const READER = "ada";
const WIDTHS = [
  [1280, 800],
  [390, 844],
] as const;

async function open(person: Person, row: PageRow): Promise<void> {
  await person.go(row.path);
  await person.page.locator(row.ready).first().waitFor();
  // Whatever is still being read is part of the page.
  await person.page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
}

/** Runs the check on every page, and names every page that fails. */
async function everyPage(
  kit: Kit,
  check: (page: Page, row: PageRow) => Promise<string | undefined>,
  options: { width?: number; height?: number; language?: string; light?: "light" | "dark" } = {},
): Promise<void> {
  const wrong: string[] = [];
  await asPerson(
    kit,
    READER,
    async (person) => {
      await person.signInByLink();
      // What is still fading in is nobody's contrast.
      await person.page.emulateMedia({ reducedMotion: "reduce", colorScheme: options.light ?? null });
      for (const row of await allPages(person)) {
        try {
          await open(person, row);
          const found = await check(person.page, row);
          if (found !== undefined) wrong.push(`${row.name}: ${found}`);
        } catch (e) {
          wrong.push(`${row.name} (${row.path}): ${e instanceof Error ? (e.message.split("\n")[0] ?? "") : String(e)}`);
        }
      }
    },
    options,
  );
  must(wrong.length === 0, wrong.join("\n"));
}

export function fits(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over <= 0) return undefined;
    const widest = [...document.querySelectorAll("main *")].find(
      (e) => e.getBoundingClientRect().right > innerWidth + 1 && e.closest(".scroll") === null,
    );
    return `${over} px too wide, at <${widest?.tagName ?? "?"} class="${widest?.className ?? ""}">`;
  });
}

interface AxeResult {
  violations: { id: string; impact: string; nodes: { html: string }[] }[];
}

const AXE = readFileSync(path.join(process.env["NODE_PATH"] ?? "", "axe-core", "axe.min.js"), "utf8");

/** axe-core, within the page's own world, as the security policy lets no script be added to the page. */
export async function accessible(page: Page): Promise<string | undefined> {
  const context = await page.context().newCDPSession(page);
  const frame = await context.send("Page.getFrameTree");
  const world = await context.send("Page.createIsolatedWorld", { frameId: frame.frameTree.frame.id });
  const contextId = world.executionContextId;
  await context.send("Runtime.evaluate", { expression: AXE, contextId });
  const answer = await context.send("Runtime.evaluate", {
    expression: "axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r))",
    contextId,
    awaitPromise: true,
    returnByValue: true,
  });
  await context.detach();
  const result = JSON.parse(String(answer.result.value)) as AxeResult;
  const serious = result.violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  if (serious.length === 0) return undefined;
  return serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).slice(0, 3).join(" | ")}`).join("; ");
}

/** Texts outside the brackets of the pseudo-language, and texts that are cut off. */
export function untranslated(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const wrong: string[] = [];
    const isWord = (text: string) => /[A-Za-z]{2}/.test(text);
    const hidden = (e: Element) => e.closest("[data-raw], pre, code, script, style, svg title") !== null;
    const bare = (text: string) => text.replace(/\[[^[\]]*(\[[^[\]]*\][^[\]]*)*\]/g, "");
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = node.nodeValue ?? "";
      const parent = node.parentElement;
      if (parent === null || hidden(parent) || !isWord(bare(text))) continue;
      wrong.push(text.trim().slice(0, 60));
    }
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
      if (hidden(element)) continue;
      for (const name of ["aria-label", "title", "placeholder"]) {
        const text = element.getAttribute(name) ?? "";
        if (isWord(bare(text))) wrong.push(`${name}: ${text.slice(0, 60)}`);
      }
    }
    if (document.body.textContent?.includes("⟦") === true) wrong.push("a text that is in no catalog");
    for (const element of document.querySelectorAll("button, a, h1, h2, h3, th, label, dt, legend, option")) {
      const style = getComputedStyle(element);
      if (style.overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1 && !element.closest(".unseen")) {
        wrong.push(`cut off: ${(element.textContent ?? "").slice(0, 60)}`);
      }
    }
    return wrong.length === 0 ? undefined : [...new Set(wrong)].slice(0, 12).join(" | ");
  });
}

export const tests: Test[] = [
  ...WIDTHS.map(
    ([width, height]): Test => ({
      name: `no page scrolls sideways at ${width} pixels`,
      run: (kit) => everyPage(kit, fits, { width, height }),
    }),
  ),
  {
    name: "no page has a serious fault of accessibility, in light",
    run: (kit) => everyPage(kit, accessible, { light: "light" }),
  },
  {
    name: "no page has a serious fault of accessibility, in the dark and on a phone",
    run: (kit) => everyPage(kit, accessible, { light: "dark", width: 390, height: 844 }),
  },
  {
    name: "no page says anything outside the catalog, or cuts a longer text off",
    run: (kit) => everyPage(kit, untranslated, { language: "xx" }),
  },
  {
    name: "every page has all its texts in Chinese",
    run: (kit) =>
      everyPage(
        kit,
        (page) =>
          page.evaluate(() => (document.body.textContent?.includes("⟦") === true ? "a text is missing" : undefined)),
        { language: "zh" },
      ),
  },
];

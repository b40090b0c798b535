// SPDX-License-Identifier: Apache-2.0
// How soon "Now" is painted, with a million units in the store: SEALWRIGHT_BROWSER_MAIN=bench tests/browser/run PROGRAM [N]
// Each load is a new browser context with a session and an empty cache. The limit is what the same browser takes to paint
// a page of the same server that has no script at all. Lines as tests/bench/bench.h says.
import { execFileSync } from "node:child_process";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { House } from "./house";
import { CHROMIUM, must } from "./kit";

const LOADS = 15;

/** Rows as a line leaves them, beside those of the story: every state, two sites, a hundred production batches. */
function units(state: string, n: number): void {
  const sql = `
    PRAGMA journal_mode=WAL; BEGIN;
    WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < ${n})
    INSERT INTO unit (product, serial, state, build_authorization, site, line, station, environment, key_id, since)
    SELECT 'BENCH', printf('B%08d', i),
      CASE i % 10 WHEN 0 THEN 'built' WHEN 1 THEN 'programmed' WHEN 2 THEN 'packed' ELSE 'commissioned' END,
      'BA-BENCH-' || (i % 100), CASE i % 2 WHEN 0 THEN 'FAB' ELSE 'HUB' END, 'L1', 'ST-1', 'production', randomblob(32), 1
    FROM number;
    COMMIT; PRAGMA wal_checkpoint(TRUNCATE);`;
  execFileSync("sqlite3", [path.join(state, "state", "store.db")], { input: sql, stdio: ["pipe", "ignore", "inherit"] });
}

function paint(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((found) => {
        const look = () => {
          const entry = performance.getEntriesByName("first-contentful-paint")[0];
          if (entry === undefined) requestAnimationFrame(look);
          else found(entry.startTime);
        };
        look();
      }),
  );
}

/** Since the navigation began, until every count is on the screen. */
async function counted(page: Page): Promise<number> {
  await page.waitForFunction(() => {
    const counts = [...document.querySelectorAll(".tile .count")];
    return counts.length >= 4 && counts.every((c) => /\d/.test(c.textContent ?? ""));
  });
  return page.evaluate(() => performance.now());
}

function scriptBytes(page: Page): Promise<number> {
  return page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter((e) => e.name.includes("/console/") && e.name.endsWith(".js"))
      .reduce((sum, e) => sum + (e as PerformanceResourceTiming).decodedBodySize, 0),
  );
}

interface Figures {
  plain: number[];
  paint: number[];
  counted: number[];
  script: number;
}

async function measure(house: House, browser: Browser): Promise<Figures> {
  const first = await browser.newContext();
  const door = await first.newPage();
  await door.goto(await house.link("quinn"));
  await door.getByRole("button").click();
  await door.locator("#console h1").first().waitFor();
  await door.goto(`${house.url}/`);
  await door.locator(".tile .count").first().waitFor();
  const cookies = await first.cookies();
  const found: Figures = { plain: [], paint: [], counted: [], script: 0 };
  for (let i = 0; i < LOADS; i++) {
    const context = await browser.newContext();
    await context.addCookies(cookies);
    const page = await context.newPage();
    await page.goto(`${house.url}/sign-in/nothing`);
    found.plain.push(await paint(page));
    await page.goto(`${house.url}/`);
    found.paint.push(await paint(page));
    found.counted.push(await counted(page));
    found.script = await scriptBytes(page);
    await context.close();
  }
  return found;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function line(variant: string, n: number, value: number, unit: string, limit: number, name: string): void {
  process.stdout.write(
    `C2 ${variant} n=${n} value=${value.toFixed(1)} unit=${unit} limit=${name} limit_value=${limit.toFixed(1)} ratio=${(value / limit).toFixed(3)}\n`,
  );
}

async function main(): Promise<void> {
  const [program, size = "1000000"] = process.argv.slice(2);
  must(program !== undefined, "usage: PROGRAM [N]");
  const n = Number(size);
  const house = new House(program);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    await house.startServer(
      (port) => ["tls=machines", `web_origin=http://localhost:${port}`],
      () => units(house.state, n),
    );
    const found = await measure(house, browser);
    line("now_first_paint", n, median(found.paint), "ms", median(found.plain), "page_without_script");
    line("now_all_counts", n, median(found.counted), "ms", median(found.plain), "page_without_script");
    line("now_script", n, found.script / 1000, "kB", 150, "goal");
  } finally {
    await browser.close();
    await house.stop();
  }
}

main().catch((e: unknown) => {
  process.stderr.write(`${e instanceof Error ? (e.stack ?? e.message) : String(e)}\n`);
  process.exitCode = 1;
});

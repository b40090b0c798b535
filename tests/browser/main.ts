// SPDX-License-Identifier: Apache-2.0
// Every test of the console in headless Chromium against a real house. The last line is `N passed, M failed`.
// usage: main PROGRAM [WORD]: only tests whose name holds the word.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { House } from "./house";
import { CHROMIUM, type Kit, type Test } from "./kit";
import { tests as attacks } from "./attacks.test";
import { tests as decide } from "./decide.test";
import { tests as line } from "./line.test";
import { tests as live } from "./live.test";
import { tests as pages } from "./pages.test";
import { tests as proofs } from "./proofs.test";
import { tests as sign_in } from "./sign_in.test";
import { tests as station } from "./station.test";
import { tests as station_looks } from "./station_looks.test";
import { tests as steady } from "./steady.test";
import { tests as supply } from "./supply.test";

// Attacks come before what contains part lots and holds stations, which stops some of them in another way.
const ALL: Test[] = [...sign_in, ...live, ...attacks, ...supply, ...line, ...decide, ...pages, ...proofs, ...station, ...station_looks, ...steady];

const LIMIT_MS = 180_000;

async function limited(test: Test, kit: Kit): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, failed) => {
    timer = setTimeout(() => failed(new Error("took too long")), LIMIT_MS);
  });
  try {
    await Promise.race([test.run(kit), over]);
  } finally {
    clearTimeout(timer);
  }
}

async function runAll(kit: Kit, word: string): Promise<number> {
  let failed = 0;
  const wanted = ALL.filter((test) => test.name.includes(word));
  for (const test of wanted) {
    const started = Date.now();
    let said = "ok";
    try {
      await limited(test, kit);
    } catch (e) {
      failed++;
      said = `FAILED\n${e instanceof Error ? (e.stack ?? e.message) : String(e)}`;
    }
    process.stdout.write(`${test.name} (${((Date.now() - started) / 1000).toFixed(1)} s): ${said}\n`);
  }
  process.stdout.write(`${wanted.length - failed} passed, ${failed} failed\n`);
  return failed;
}

async function main(): Promise<void> {
  const [program, word = ""] = process.argv.slice(2);
  if (program === undefined || !existsSync(CHROMIUM)) {
    throw new Error("usage: main PROGRAM [WORD]; and Debian's chromium must be installed");
  }
  const house = new House(program);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    await house.start();
    process.exitCode = (await runAll({ house, browser }, word)) === 0 ? 0 : 1;
  } finally {
    await browser.close();
    await house.stop();
  }
}

main().catch((e: unknown) => {
  process.stderr.write(`${e instanceof Error ? (e.stack ?? e.message) : String(e)}\n`);
  process.stdout.write("0 passed, 1 failed\n");
  process.exitCode = 1;
});

// SPDX-License-Identifier: Apache-2.0
// The way to the server: TLS that is trusted or not, names and addresses, and many who listen at once. Nothing here makes
// the browser overlook a fault of TLS: it is told what to trust, or a person goes on past its warning by hand.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";
import { House } from "./house";
import { CHROMIUM, type Kit, must, type Test, WAIT_MS } from "./kit";

const NAME = "house.test";
const STREAMS = 1000;

/** A second house, with TLS, under a name. */
async function withNamedHouse(kit: Kit, work: (house: House) => Promise<void>): Promise<void> {
  const house = new House(kit.house.program);
  try {
    await house.startServer((port) => [
      `relying_party=${NAME}`,
      `web_origin=https://${NAME}:${port}`,
      "streams_per_principal=2000",
    ]);
    await work(house);
  } finally {
    await house.stop();
  }
}

async function withBrowser(home: string | undefined, work: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", `--host-resolver-rules=MAP ${NAME} 127.0.0.1`],
    ...(home === undefined ? {} : { env: { ...process.env, HOME: home } }),
  });
  try {
    await work(browser);
  } finally {
    await browser.close();
  }
}

/** A home whose browser trusts this one TLS certificate, as the demo tells people to make it. */
function trusting(certificate: string): string {
  const home = mkdtempSync(path.join(os.tmpdir(), "sealwright-home-"));
  const store = path.join(home, ".pki", "nssdb");
  mkdirSync(store, { recursive: true });
  execFileSync("certutil", ["-d", `sql:${store}`, "-N", "--empty-password"]);
  execFileSync("certutil", ["-d", `sql:${store}`, "-A", "-t", "P,,", "-n", "house", "-i", certificate]);
  return home;
}

async function untrusted(kit: Kit): Promise<void> {
  await withNamedHouse(kit, (house) =>
    withBrowser(undefined, async (browser) => {
      const page = await (await browser.newContext()).newPage();
      page.setDefaultTimeout(WAIT_MS);
      const port = new URL(house.url).port;
      let refused = false;
      await page.goto(`https://${NAME}:${port}/`).catch(() => (refused = true));
      must(refused, "the browser should have warned of a TLS certificate that nobody vouches for");
      // What a person types who goes on past Chromium's warning, once it is there.
      await page.locator("#details-button").waitFor();
      await page.keyboard.type("thisisunsafe");
      await page.getByRole("button", { name: "Sign in with a passkey" }).click();
      await page.getByText("does not trust this server's TLS certificate").waitFor();
    }),
  );
}

async function byAddress(kit: Kit): Promise<void> {
  await withNamedHouse(kit, async (house) => {
    const home = trusting(house.certificate);
    try {
      await withBrowser(home, async (browser) => {
        const page = await (await browser.newContext()).newPage();
        page.setDefaultTimeout(WAIT_MS);
        await page.goto(`https://127.0.0.1:${new URL(house.url).port}/`);
        await page.getByText(`Open it as https://${NAME}`).waitFor();
        await page.goto(house.url);
        await page.getByText("opened under another name").waitFor();
      });
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
}

/** Opens one stream; resolves when its first bytes are there. */
function listen(agent: https.Agent, url: string, cookie: string): Promise<() => void> {
  return new Promise((found, failed) => {
    const request = https.get(
      `${url}/v1/stream`,
      { agent, headers: { Accept: "text/event-stream", Cookie: cookie } },
      (response) => {
        if (response.statusCode !== 200) return failed(new Error(`a stream was answered ${response.statusCode}`));
        response.once("data", () => found(() => request.destroy()));
        response.on("error", () => undefined);
      },
    );
    request.on("error", failed);
  });
}

/** The cookie of a session, as a browser gets it by a link. */
function cookieOf(agent: https.Agent, link: string): Promise<string> {
  return new Promise((found, failed) => {
    const headers = { "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded" };
    const request = https.request(link, { method: "POST", agent, headers }, (response) => {
      response.resume();
      const cookie = response.headers["set-cookie"]?.[0]?.split(";")[0];
      if (cookie === undefined) failed(new Error(`signing in was answered ${response.statusCode}`));
      else found(cookie);
    });
    request.on("error", failed);
    request.end();
  });
}

async function manyStreams(kit: Kit): Promise<void> {
  await withNamedHouse(kit, async (house) => {
    const agent = new https.Agent({ ca: readFileSync(house.certificate), maxSockets: STREAMS + 8 });
    const home = trusting(house.certificate);
    try {
      const cookie = await cookieOf(agent, await house.link("quinn"));
      const open: (() => void)[] = [];
      while (open.length < STREAMS) {
        open.push(...(await Promise.all(Array.from({ length: 50 }, () => listen(agent, house.url, cookie)))));
      }
      await withBrowser(home, async (browser) => {
        const page = await (await browser.newContext({ locale: "en-US" })).newPage();
        page.setDefaultTimeout(WAIT_MS);
        await page.goto(await house.link("quinn"));
        await page.getByRole("button").click();
        await page.goto(`${house.url}/`);
        await page.locator(".tile .count").first().waitFor();
        await page.locator(".line.live").waitFor();
      });
      for (const close of open) close();
    } finally {
      agent.destroy();
      rmSync(home, { recursive: true, force: true });
    }
  });
}

export const tests: Test[] = [
  { name: "where TLS is not trusted the console says why passkeys do not work, and the fix", run: untrusted },
  { name: "opened by an address, or under another name, the console says which name to open", run: byAddress },
  { name: "a page loads and goes live while a thousand others listen", run: manyStreams },
];

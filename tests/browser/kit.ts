// SPDX-License-Identifier: Apache-2.0
// What tests of the console share: a browser, people in it with their passkeys, and waiting for what is meant to be seen.
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import type { House } from "./house";

export const WAIT_MS = 20_000;

/** Debian's. */
export const CHROMIUM = "/usr/bin/chromium";

export interface Kit {
  house: House;
  browser: Browser;
}

export interface Test {
  name: string;
  run: (kit: Kit) => Promise<void>;
}

export function must(what: unknown, said: string): asserts what {
  if (!what) throw new Error(said);
}

export function same<T>(found: T, expected: T, what: string): void {
  if (found !== expected) throw new Error(`${what}: ${String(found)} instead of ${String(expected)}`);
}

/** A person's browser: a context of its own, with a virtual authenticator (W3C WebAuthn level 2, section 11). */
export class Person {
  readonly name: string;
  readonly page: Page;
  readonly context: BrowserContext;
  readonly #house: House;
  readonly #errors: string[] = [];
  #cdp: CDPSession | undefined;
  #authenticator = "";

  private constructor(house: House, name: string, context: BrowserContext, page: Page) {
    this.#house = house;
    this.name = name;
    this.context = context;
    this.page = page;
    page.setDefaultTimeout(WAIT_MS);
    page.on("pageerror", (e) => this.#errors.push(String(e)));
    page.on("console", (m) => {
      // A refusal is an answer that the page shows, and so is none; everything else that the browser complains of is a fault.
      if (m.type() === "error" && !/status of 4\d\d|status of 503|ERR_INTERNET_DISCONNECTED/.test(m.text())) this.#errors.push(m.text());
    });
  }

  static async open(kit: Kit, name: string, options: { width?: number; height?: number; language?: string } = {}) {
    const context = await kit.browser.newContext({
      viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
      locale: "en-US",
      timezoneId: "Europe/Berlin",
      acceptDownloads: true,
      // What fades in would be looked at half faded.
      reducedMotion: "reduce",
    });
    if (options.language !== undefined) {
      await context.addCookies([{ name: "language", value: options.language, url: kit.house.url }]);
    }
    return new Person(kit.house, name, context, await context.newPage());
  }

  /** An authenticator that verifies its user by itself, as one with a fingerprint does. */
  async authenticator(): Promise<void> {
    this.#cdp = await this.context.newCDPSession(this.page);
    await this.#cdp.send("WebAuthn.enable");
    const { authenticatorId } = await this.#cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    this.#authenticator = authenticatorId;
  }

  /** Somebody else brings their own authenticator to this browser; the one that was here is taken away. */
  async takesAuthenticatorOf(other: Person): Promise<void> {
    must(this.#cdp !== undefined && other.#cdp !== undefined, "both need an authenticator");
    const { credentials } = await other.#cdp.send("WebAuthn.getCredentials", { authenticatorId: other.#authenticator });
    await this.#cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: this.#authenticator });
    await this.authenticator();
    for (const credential of credentials) {
      await this.#cdp.send("WebAuthn.addCredential", { authenticatorId: this.#authenticator, credential });
    }
  }

  async go(path: string): Promise<void> {
    await this.page.goto(this.#house.url + path);
    await this.page.locator("h1").first().waitFor();
  }

  /** By the link of the person's own key: may look, and register passkeys. */
  async signInByLink(): Promise<void> {
    await this.page.goto(await this.#house.link(this.name));
    await this.page.getByRole("button").click();
    await this.page.locator("#console h1").first().waitFor();
  }

  /** By link, then a passkey is registered on the account's page, and ada confirms it from her terminal. */
  async withPasskey(confirmer = "ada"): Promise<void> {
    await this.authenticator();
    await this.signInByLink();
    await this.go("/account");
    await this.page.getByTestId("passkey-label").fill(`${this.name}'s token`);
    const answer = this.page.waitForResponse((r) => r.url().endsWith("/v1/passkeys") && r.request().method() === "POST");
    await this.page.getByTestId("passkey-register").click();
    const offer = (await (await answer).json()) as { key?: string; code?: string };
    must(offer.key !== undefined, `no offer: ${JSON.stringify(offer)}`);
    await this.#house.as(confirmer, "passkey", "confirm", offer.key, "--yes");
    await this.signOut();
    await this.signIn();
  }

  async signIn(): Promise<void> {
    await this.page.goto(this.#house.url + "/");
    await this.page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await this.page.locator("header.top .who").waitFor();
  }

  async signOut(): Promise<void> {
    await this.page.goto(this.#house.url + "/");
    await this.page.getByRole("button", { name: "Sign out" }).click();
    await this.page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
  }

  /** Ends the browser; whatever it complained of fails the test. */
  async close(): Promise<void> {
    await this.context.close();
    must(this.#errors.length === 0, `the browser complained:\n${this.#errors.join("\n")}`);
  }
}

/** Opens the person, works, and closes it, however the work ended. */
export async function asPerson(
  kit: Kit,
  name: string,
  work: (person: Person) => Promise<void>,
  options: { width?: number; height?: number; language?: string } = {},
): Promise<void> {
  const person = await Person.open(kit, name, options);
  try {
    await work(person);
  } catch (e) {
    await person.context.close();
    throw e;
  }
  await person.close();
}

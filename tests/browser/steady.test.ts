// SPDX-License-Identifier: Apache-2.0
// A page that somebody works in stays as it is: whatever happens in the house, to the session, or on the way there.
import type { Page } from "playwright-core";
import { asPerson, type Kit, must, type Person, same, type Test } from "./kit";

type Row = Record<string, string | number | null>;

async function rows(page: Page, view: string): Promise<Row[]> {
  const to = `/v1/views/${view}?limit=1000`;
  const found = (await page.evaluate(async (at) => (await (await fetch(at)).json()) as unknown, to)) as { rows?: Row[] };
  return found.rows ?? [];
}

/** Something happens to this unit. */
async function hold(kit: Kit, unit: Row): Promise<void> {
  const words = ["kind=unit", `within=${String(unit["product"])}`, `id=${String(unit["serial"])}`, "reason=looked at"];
  await kit.house.as("quinn", "record", "--yes", "hold.placed", ...words);
}

async function freeUnit(page: Page): Promise<Row> {
  const unit = (await rows(page, "unit.list")).find((row) => Number(row["holds"]) === 0);
  must(unit !== undefined, "every unit is held");
  return unit;
}

const skip: Test = {
  name: "keys alone lead past what stands on every page, and a heading names each page",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      const { page } = ada;
      await ada.signInByLink();
      await ada.go("/units");
      await page.locator("a.skip").focus();
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      must(await page.evaluate(() => document.activeElement?.closest("main") !== null), "the focus is in the content");
      for (const path of ["/record/supplier.registered", "/view/site.list", "/entry/none", "/record/no.such"]) {
        await ada.go(path);
        const heading = (await page.locator("h1").textContent()) ?? "";
        await page.waitForFunction((name) => document.title === `${name} · Sealwright`, heading);
        same(await page.evaluate(() => document.activeElement?.tagName), "H1", `focus on ${path}`);
      }
    }),
};

const top: Test = {
  name: "another page begins at its top",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      const { page } = ada;
      await ada.signInByLink();
      await ada.go("/records");
      await page.locator("ul.types a").last().scrollIntoViewIfNeeded();
      must(await page.evaluate(() => scrollY > 0), "the list is long");
      await page.evaluate(() => document.querySelector<HTMLElement>("nav a[href='/policy']")?.click());
      same(await page.evaluate(() => scrollY), 0, "place on the page");
    }),
};

const typing: Test = {
  name: "what is being typed into a filter stays while the list is read again",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      const { page } = ada;
      await ada.signInByLink();
      await ada.go("/units");
      await page.locator("table").waitFor();
      const filter = page.locator(".filters input[type=search]").first();
      await filter.pressSequentially("S1Y");
      const again = page.waitForResponse((r) => r.url().includes("/v1/views/unit.list"));
      await hold(kit, await freeUnit(page));
      await again;
      await page.locator(".list[aria-busy=false]").waitFor();
      same(await filter.inputValue(), "S1Y", "what was typed");
    }),
};

const over: Test = {
  name: "a session that is over takes nothing from the screen, and signing in again reads what was refused",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      const { page } = ada;
      await ada.withPasskey("ben");
      await ada.go("/units");
      const shown = page.locator("table tbody tr").first();
      await shown.waitFor();
      await ada.context.clearCookies();
      await hold(kit, await freeUnit(page).catch(() => ({ product: "SENSOR-1", serial: "S1Y99T-001" })));
      await page.evaluate(() => document.querySelector<HTMLElement>("button.sort")?.click());
      const dialog = page.locator("dialog[open]");
      await dialog.getByText("Your session is over").waitFor();
      await dialog.getByRole("button", { name: "Sign in with a passkey" }).click();
      await dialog.waitFor({ state: "detached" });
      await shown.waitFor();
      same(await page.locator("main .refusal").count(), 0, "refusals that are left");
    }),
};

const signing: Test = {
  name: "a dialog begins at what it asks for, and a signature that the session's end prevented is asked for again",
  run: (kit) =>
    asPerson(kit, "quinn", async (quinn) => {
      const { page } = quinn;
      await quinn.withPasskey("ada");
      const unit = await freeUnit(page);
      await quinn.go(`/unit/${String(unit["product"])}/${String(unit["serial"])}`);
      await page.getByRole("button", { name: "Hold it" }).focus();
      await page.keyboard.press("Enter");
      const dialog = page.locator("dialog[open]");
      await dialog.waitFor();
      await page.keyboard.type("typed by keys alone");
      same(await dialog.getByLabel("Why").inputValue(), "typed by keys alone", "what was typed");
      await quinn.context.clearCookies();
      await dialog.getByRole("button", { name: "Next" }).click();
      const again = page.locator("dialog[open]", { hasText: "Your session is over" });
      await again.getByRole("button", { name: "Sign in with a passkey" }).click();
      await again.waitFor({ state: "detached" });
      await dialog.getByRole("button", { name: "Sign with passkey" }).click();
      await dialog.getByText("Recorded.").waitFor();
    }),
};

async function dispose(quinn: Person): Promise<void> {
  const { page } = quinn;
  const dialog = page.locator("dialog[open]");
  await dialog.getByLabel("Why").fill("looked at");
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Sign with passkey" }).click();
  await dialog.getByText("Recorded.").waitFor();
}

const receipt: Test = {
  name: "the receipt of a record stays, though what it was about goes from the page",
  run: (kit) =>
    asPerson(kit, "quinn", async (quinn) => {
      const { page } = quinn;
      await quinn.withPasskey("ada");
      const open = (await rows(page, "nonconformance.open")).filter((row) => row["kind"] === "unit");
      const once = open.find((row) => row["state"] === "open" && open.filter((other) => other["id"] === row["id"]).length === 1);
      must(once !== undefined, "no unit has just one nonconformance");
      await quinn.go(`/unit/${String(once["within"])}/${String(once["id"])}`);
      await page.getByRole("button", { name: "Decide what is done" }).click();
      await dispose(quinn);
      await page.getByRole("button", { name: "Lift the hold" }).waitFor();
      await page.locator("dialog[open]").getByText("Recorded.").waitFor();
      await page.locator("dialog[open] .actions").getByRole("button", { name: "Close" }).click();
      await page.getByRole("button", { name: "Lift the hold" }).click();
      await page.locator("dialog[open]").getByLabel("Why it may go on").fill("nothing was found");
      await page.locator("dialog[open]").getByRole("button", { name: "Next" }).click();
      await page.locator("dialog[open]").getByRole("button", { name: "Sign with passkey" }).click();
      // Its own card: what else stands in the unit's way, other tests left there.
      await page.locator("main .held", { has: page.getByRole("button", { name: "Lift the hold" }) }).waitFor({ state: "detached" });
      await page.locator("dialog[open]").getByText("Recorded.").waitFor();
    }),
};

const slash: Test = {
  name: "an id with a slash in it is one id",
  run: (kit) =>
    asPerson(kit, "quinn", async (quinn) => {
      const { page } = quinn;
      await quinn.signInByLink();
      await quinn.go("/affected");
      await page.getByRole("textbox", { name: "Supplier" }).fill("ACME");
      await page.getByLabel("Number; or both").pressSequentially("LOT/7");
      same(await page.getByRole("textbox", { name: "Supplier" }).inputValue(), "ACME", "the supplier");
      same(await page.getByLabel("Number; or both").inputValue(), "LOT/7", "the part lot");
    }),
};

const gone: Test = {
  name: "a file that cannot be had, since the server is away, is said so",
  run: (kit) =>
    asPerson(kit, "quinn", async (quinn) => {
      const { page } = quinn;
      await quinn.signInByLink();
      await quinn.go("/units");
      await page.locator("table").waitFor();
      await quinn.context.setOffline(true);
      await page.getByRole("button", { name: "CSV", exact: true }).click();
      await page.locator(".export").getByText("The server does not answer.").waitFor();
    }),
};

const times: Test = {
  name: "an instant in a list is a time, not a number",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      const { page } = ada;
      await ada.signInByLink();
      for (const path of ["/authorizations", "/view/build.list", "/view/access.grants"]) {
        await ada.go(path);
        await page.locator("tbody tr").first().waitFor();
        const cells = await page.locator("td").allTextContents();
        same(cells.find((text) => /^[\d,]{15,}$/.test(text)), undefined, path);
      }
    }),
};

export const tests: Test[] = [skip, top, typing, over, signing, receipt, slash, gone, times];

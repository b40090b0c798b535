// SPDX-License-Identifier: Apache-2.0
// Units and their stories, where a source went, and what is held: read, asked, stopped and told at once.
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { asPerson, type Kit, must, type Person, same, type Test } from "./kit";

type Row = Record<string, string | number | null>;

async function rows(page: Page, view: string, query = ""): Promise<Row[]> {
  const found = await page.evaluate(async (to) => (await (await fetch(to)).json()) as unknown, `/v1/views/${view}?limit=1000${query}`);
  const { rows: all } = found as { rows?: Row[] };
  must(all !== undefined, `${view}: ${JSON.stringify(found)}`);
  return all;
}

async function one(page: Page, view: string, query = ""): Promise<Row> {
  const row = (await rows(page, view, query))[0];
  must(row !== undefined, `the demo's house has no row of ${view}${query}`);
  return row;
}

const section = (page: Page, title: string) => page.locator("section", { has: page.getByRole("heading", { name: title, exact: true }) }).last();

async function download(page: Page, button: string): Promise<{ name: string; file: Buffer }> {
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: button, exact: true }).first().click();
  const got = await coming;
  return { name: got.suggestedFilename(), file: readFileSync(await got.path()) };
}

function reader(kit: Kit, work: (person: Person) => Promise<void>): Promise<void> {
  return asPerson(kit, "quinn", async (quinn) => {
    await quinn.signInByLink();
    await work(quinn);
  });
}

/** A part lot that went into units, and is not contained. */
async function usedLot(page: Page): Promise<Row> {
  const lots = await rows(page, "part_lot.list", "&sort=-consumed");
  const contained = new Set((await rows(page, "containment.open")).map((row) => row["id"]));
  const lot = lots.find((row) => Number(row["consumed"]) > 0 && !contained.has(row["part_lot"] ?? ""));
  must(lot !== undefined, "no part lot was used");
  return lot;
}

const affectedPath = (lot: Row) =>
  `/affected?kind=part_lot&within=${encodeURIComponent(String(lot["supplier"]))}&id=${encodeURIComponent(String(lot["part_lot"]))}`;

const story: Test = {
  name: "units: a serial leads to the unit, which tells its story from start to first boot, each line with its record",
  run: (kit) =>
    reader(kit, async (quinn) => {
      const { page } = quinn;
      const unit = await one(page, "unit.list", "&state=commissioned");
      await quinn.go("/units");
      await page.getByLabel("Serial, or product/serial").fill(String(unit["serial"]));
      await page.keyboard.press("Enter");
      await page.locator("h1", { hasText: String(unit["serial"]) }).waitFor();
      const told = section(page, "Its story");
      for (const said of ["Started", "Device certificate issued", "Parts fitted", "Built", "Programmed", "Tested", "Boot evidence"]) {
        await told.getByText(said, { exact: true }).first().waitFor();
      }
      const texts = await told.locator("li").allTextContents();
      must(texts.findIndex((s) => s.includes("Started")) < texts.findIndex((s) => s.includes("Boot evidence")), "sequence of the story");
      same(await told.locator("li a[href^='/entry/']").count() >= texts.length, true, "a record behind each line");
      await section(page, "Proofs").getByText("covered by the checkpoint").waitFor();
      await section(page, "Device certificate").getByText("device CA").waitFor();
    }),
};

const unknown: Test = {
  name: "units: what is not there is said so, and what to do; a wrong number breaks nothing",
  run: (kit) =>
    reader(kit, async (quinn) => {
      const { page } = quinn;
      await quinn.go("/units");
      await page.getByLabel("Serial, or product/serial").fill("NO-SUCH");
      await page.keyboard.press("Enter");
      await page.getByText("There is no unit NO-SUCH").waitFor();
      await page.getByLabel("Serial, or product/serial").fill("a b");
      await page.keyboard.press("Enter");
      await page.locator(".refusal").waitFor();
      await quinn.go("/unit/SENSOR-1/NO-SUCH");
      await page.getByText("There is no such unit").waitFor();
      await quinn.go("/affected?kind=part_lot&id=R1");
      await page.locator(".refusal", { hasText: "AFFECTED_WITHIN_WRONG" }).waitFor();
      await quinn.go("/part-lot/nobody/R1");
      await page.getByText("There is no such part lot").waitFor();
    }),
};

const gates: Test = {
  name: "units: a gate is asked, and says every control that fails and what mends it",
  run: (kit) =>
    reader(kit, async (quinn) => {
      const { page } = quinn;
      const held = (await rows(page, "hold.open")).find((row) => row["kind"] === "unit" && row["state"] === "open");
      must(held !== undefined, "no unit is held");
      await quinn.go(`/unit/${String(held["within"])}/${String(held["id"])}`);
      const way = section(page, "In its way");
      await way.getByText("then the hold can be lifted").first().waitFor();
      await way.locator("a[href^='/entry/']").first().waitFor();
      await page.getByRole("button", { name: "Ship", exact: true }).click();
      await page.getByText("Ship: no, it would be stopped").waitFor();
      await page.locator(".failures li", { hasText: "SHP-01" }).first().getByText("What to do").waitFor();
    }),
};

const passport: Test = {
  name: "units: the passport that is downloaded is the unit's, and holds",
  run: (kit) =>
    reader(kit, async (quinn) => {
      const { page } = quinn;
      const unit = await one(page, "unit.list", "&state=commissioned");
      await quinn.go(`/unit/${String(unit["product"])}/${String(unit["serial"])}`);
      const { name, file } = await download(page, "Download passport");
      same(name, `${String(unit["product"])}-${String(unit["serial"])}.passport`, "name");
      await quinn.go("/verify");
      await page.locator("main input[type=file]").setInputFiles({ name, mimeType: "application/octet-stream", buffer: file });
      await page.getByText("The passport holds.").waitFor();
      await page.locator("dd", { hasText: String(unit["serial"]) }).first().waitFor();
    }),
};

const answer: Test = {
  name: "affected units: certain, possible and excluded, the way as picture and table, and every unit in the export",
  run: (kit) =>
    reader(kit, async (quinn) => {
      const { page } = quinn;
      const lot = await usedLot(page);
      await quinn.go("/affected");
      await page.getByLabel("Number; or both").fill(`${String(lot["supplier"])}/${String(lot["part_lot"])}`);
      await page.keyboard.press("Enter");
      await page.locator(".graph svg a").first().waitFor();
      const counts = await page.locator(".tile .count").allTextContents();
      const [certain = 0, possible = 0, excluded = 0] = counts.map((text) => Number(text.replaceAll(",", "")));
      same(certain + possible + excluded, (await rows(page, "unit.list")).length, "every unit is counted once");
      must(certain > 0, "nothing is affected");
      const link = page.locator(".graph svg a").first();
      await link.focus();
      must((await link.getAttribute("aria-label"))?.includes(String(lot["part_lot"])) === true, "the source can be reached by keyboard");
      await page.getByText("The same as a table").click();
      await page.locator("details[open] tbody tr").first().waitFor();
      const { file } = await download(page, "JSON");
      same((JSON.parse(file.toString()) as unknown[]).length, certain + possible, "rows of the export");
      await page.getByRole("link", { name: "Filter and sort" }).click();
      await page.getByLabel("Serial").last().waitFor();
      same(await section(page, "Affected units").locator("tbody tr").count() > 0, true, "rows in the filtered list");
    }),
};

const contain: Test = {
  name: "affected units: one record contains a part lot, and everybody who looks sees it at once",
  run: (kit) =>
    asPerson(kit, "quinn", async (quinn) => {
      await quinn.withPasskey();
      const { page } = quinn;
      const lot = await usedLot(page);
      await reader(kit, async (other) => {
        await other.go(`/part-lot/${String(lot["supplier"])}/${String(lot["part_lot"])}`);
        await other.page.locator("header.top .line.live").waitFor();
        same(await other.page.getByRole("heading", { name: "In its way" }).count(), 0, "before");
        await quinn.go(affectedPath(lot));
        await page.getByRole("button", { name: "Contain", exact: true }).click();
        const dialog = page.locator("dialog[open]");
        await dialog.getByRole("button", { name: "Next" }).click();
        same(await dialog.locator("textarea:invalid").count(), 1, "a reason is asked for");
        await dialog.getByLabel("Why").fill("cracks under the mold compound");
        await dialog.getByRole("button", { name: "Next" }).click();
        await page.locator("dialog[open] pre.claim", { hasText: "cracks under the mold compound" }).waitFor();
        await page.getByRole("button", { name: "Sign with passkey" }).click();
        await page.getByText("Recorded.").waitFor();
        await page.locator("dialog[open]").getByRole("button", { name: "Close" }).last().click();
        await section(page, "Containment").getByText("cracks under the mold compound").waitFor();
        await other.go(`/part-lot/${String(lot["supplier"])}/${String(lot["part_lot"])}`);
        await section(other.page, "In its way").getByText("cracks under the mold compound").waitFor();
        await other.page.getByRole("button", { name: "Kit", exact: true }).click();
        await other.page.getByText("Kit: no, it would be stopped").waitFor();
      });
    }),
};

const hold: Test = {
  name: "holds: who holds something sees it held; a hold on half a name is told to be none",
  run: (kit) =>
    asPerson(kit, "quinn", async (quinn) => {
      await quinn.withPasskey();
      const { page } = quinn;
      const unit = (await rows(page, "unit.list")).find((row) => row["holds"] === 0);
      must(unit !== undefined, "every unit is held");
      await quinn.go("/nonconformances?tab=holds");
      await page.getByRole("button", { name: "Hold something" }).click();
      const dialog = page.locator("dialog[open]");
      await dialog.getByLabel("Product, supplier, maker or site").fill(String(unit["product"]));
      await dialog.getByLabel("Number or name").fill(String(unit["serial"]));
      await dialog.getByLabel("Why").fill("rattles");
      await dialog.getByRole("button", { name: "Next" }).click();
      await page.getByRole("button", { name: "Sign with passkey" }).click();
      await page.getByText("Recorded.").waitFor();
      await page.locator("dialog[open]").getByRole("button", { name: "Close" }).last().click();
      await page.locator(".held", { hasText: String(unit["serial"]) }).first().waitFor();
      await page.getByRole("button", { name: "Hold something" }).click();
      await dialog.getByLabel("Number or name").fill("HALF");
      await dialog.getByLabel("Why").fill("half a name");
      await dialog.getByRole("button", { name: "Next" }).click();
      await page.getByRole("button", { name: "Sign with passkey" }).click();
      await page.locator("dialog[open] ul li").first().waitFor();
    }),
};

const balance: Test = {
  name: "build authorizations: the numbers of the reconciliation add up to what was authorized",
  run: (kit) =>
    reader(kit, async (quinn) => {
      const { page } = quinn;
      for (const row of await rows(page, "build.reconciliation")) {
        await quinn.go(`/authorization/${String(row["build_authorization"])}`);
        await page.getByText("all accounted for").waitFor();
        const numbers = await section(page, "Reconciliation").locator("li b").allTextContents();
        const sum = numbers.reduce((all, text) => all + Number(text.replaceAll(",", "")), 0);
        same(sum, Number(row["authorized"]), `what ${String(row["build_authorization"])} accounts for`);
      }
    }),
};

const shipment: Test = {
  name: "shipments: one shows its seals, the count against the manifest and every hand-over with both sides",
  run: (kit) =>
    reader(kit, async (quinn) => {
      const { page } = quinn;
      const row = await one(page, "shipment.inbound", "&state=admitted");
      await quinn.go(`/shipment/${String(row["shipment"])}`);
      await section(page, "Manifest and count").getByText("as in the manifest").first().waitFor();
      const told = section(page, "Its story");
      await told.getByText("Hand-over: given").first().waitFor();
      await told.getByText("Hand-over: taken").first().waitFor();
      await section(page, "Seals").locator("li .state").first().waitFor();
    }),
};

const partly: Test = {
  name: "pages of supply: who may not see a part gets the server's refusal for it, and the rest stays",
  run: (kit) =>
    asPerson(kit, "olga", async (olga) => {
      await olga.signInByLink();
      await olga.go("/suppliers");
      await olga.page.locator(".refusal", { hasText: "VIEW_NOT_ALLOWED" }).first().waitFor();
      await olga.page.getByRole("link", { name: "Units" }).first().waitFor();
    }),
};

export const tests: Test[] = [story, unknown, gates, passport, answer, balance, shipment, partly, contain, hold];

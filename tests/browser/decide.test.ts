// SPDX-License-Identifier: Apache-2.0
// Where people decide: forms of any record, approvals, firmware releases, people, one's own account.
import { createHash, createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { asPerson, type Kit, must, type Person, same, type Test } from "./kit";

function field(page: Page, name: string) {
  return page.locator(`[data-path="${name}"]`);
}

function input(page: Page, name: string) {
  return field(page, name).locator("input, select, textarea").first();
}

/** Signs what the open dialog shows, and closes it when the receipt is there. */
async function sign(page: Page, said: string): Promise<void> {
  const dialog = page.locator("dialog[open]");
  await dialog.getByRole("button", { name: "Sign with passkey" }).click();
  await dialog.getByText(said).first().waitFor();
  await dialog.locator(".actions").getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "detached" });
}

async function rows(kit: Kit, person: string, view: string, ...words: string[]): Promise<string> {
  return kit.house.as(person, "view", view, ...words, "--csv");
}

// ---- forms ----

const wrongs: Test = {
  name: "forms: what is wrong stands at its field, and nothing that was typed is lost",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      const { page } = ada;
      await ada.signInByLink();
      await ada.go("/record/bom.lines_added?product=SENSOR-1&lines%5B0%5D.line=10&nonsense=1");
      same(await input(page, "product").inputValue(), "SENSOR-1", "what the address brought");
      same(await input(page, "lines[0].line").inputValue(), "10", "what the address brought into a list");
      await page.getByRole("button", { name: "Look at it and sign" }).click();
      await field(page, "revision").getByText("This must be filled in.").waitFor();
      await field(page, "lines[0].part").getByText("This must be filled in.").waitFor();
      same(await page.evaluate(() => document.activeElement?.closest("[data-path]")?.getAttribute("data-path")), "revision", "focus");
      await input(page, "revision").fill("a b");
      await input(page, "lines[0].part").fill("R-1");
      await input(page, "lines[0].quantity").fill("0");
      await page.getByRole("button", { name: "Add a row" }).click();
      await page.getByRole("button", { name: "Look at it and sign" }).click();
      await field(page, "revision").getByText("without spaces").waitFor();
      await field(page, "lines[0].quantity").locator(".wrong").waitFor();
      await field(page, "lines[1].line").getByText("This must be filled in.").waitFor();
      await page.reload();
      same(await input(page, "lines[0].part").inputValue(), "R-1", "what was typed before the reload");
      await page.getByRole("button", { name: "Remove row 2" }).click();
      same(await field(page, "lines[1].line").count(), 0, "rows that were removed");
    }),
};

const bytes: Test = {
  name: "forms: text is counted in bytes, and a time is of the reader's zone",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      const { page } = ada;
      await ada.signInByLink();
      await ada.go("/record/principal.suspended");
      await input(page, "reason").fill("封签");
      await field(page, "reason").getByText("6 / ").waitFor();
      await input(page, "reason").fill("封".repeat(400));
      await page.getByRole("button", { name: "Look at it and sign" }).click();
      await field(page, "reason").locator(".wrong").waitFor();
      await ada.go("/record/statement.adopted?review_by=2027-01-15T12:00:00Z");
      same(await input(page, "review_by").inputValue(), "2027-01-15T13:00", "noon UTC in Berlin");
      await field(page, "review_by").getByText("2027-01-15 12:00:00 UTC").waitFor();
    }),
};

const evidence: Test = {
  name: "forms: evidence is hashed in the browser and uploaded in pieces",
  run: (kit) =>
    asPerson(kit, "erin", async (erin) => {
      const { page } = erin;
      await erin.withPasskey();
      await erin.go("/record/firmware.released");
      // Three pieces, the last one short.
      const content = Buffer.alloc((9 << 20) + 17, "sealwright");
      const file = path.join(kit.house.folder, "image.bin");
      writeFileSync(file, content);
      await field(page, "image").locator("input[type=file]").setInputFiles(file);
      await field(page, "image").getByText("Uploaded:").waitFor();
      const digest = createHash("sha256").update(content).digest("hex");
      same(await input(page, "image").inputValue(), digest, "digest");
      const size = await page.evaluate(
        async (to) => (await fetch(to, { method: "HEAD" })).headers.get("Upload-Offset"),
        `/v1/blobs/${digest}`,
      );
      same(size, String(content.length), "size of what is stored");
    }),
};

const signed: Test = {
  name: "forms: a record is shown from its bytes, signed, and refused at the field that is wrong",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      const { page } = ada;
      await ada.withPasskey("ben");
      await ada.go("/record/principal.registered?principal=zoe&kind=person&natural_person=P-zoe");
      await page.getByRole("button", { name: "Look at it and sign" }).click();
      await page.locator("dialog[open] pre").getByText("principal: zoe").waitFor();
      await sign(page, "Recorded.");
      must((await rows(kit, "ada", "access.principals")).includes("zoe"), "zoe is not registered");
      // What was signed is no draft any more, and the same again is refused with its reason.
      await ada.go("/record/principal.registered?principal=zoe&kind=person&natural_person=P-zoe");
      await page.getByRole("button", { name: "Look at it and sign" }).click();
      const dialog = page.locator("dialog[open]");
      await dialog.getByRole("button", { name: "Sign with passkey" }).click();
      await dialog.locator(".refusal").getByText("What to do").waitFor();
    }),
};

// ---- approvals ----

const SBOM = (components: object[]) =>
  JSON.stringify({
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    components: components.map((component) => ({ type: "library", ...component })),
  });

/** A firmware release that erin asks for; the sequence of its record. */
async function asked(kit: Kit, release: string, sbom: string): Promise<string> {
  const image = path.join(kit.house.folder, `${release}.bin`);
  const bill = path.join(kit.house.folder, `${release}.json`);
  const advisories = path.join(kit.house.folder, "osv.json");
  writeFileSync(image, release);
  writeFileSync(bill, sbom);
  writeFileSync(advisories, "[]");
  await kit.house.as("erin", "blob", "put", image);
  await kit.house.as("erin", "blob", "put", bill);
  const day = ["--feed-at", new Date(Date.now() - 3_600_000).toISOString()];
  await kit.house.as("quinn", "sbom", "check", bill, "--product", "SENSOR-1", "--osv", advisories, "--yes", ...day);
  const words = [`release=${release}`, "product=SENSOR-1", `version=${release}`, "environment=production"];
  words.push(`image=@${image}`, `image_size=${release.length}`, "security_version=5", `sbom=@${bill}`, "notes=<b>new</b>\u202e");
  await kit.house.as("erin", "record", "--yes", "firmware.released", ...words);
  const waiting = (await rows(kit, "ada", "approval.pending")).split("\n").filter((line) => line.includes("firmware.released"));
  const sequence = waiting.at(-1)?.split(",")[0];
  must(sequence !== undefined && /^\d+$/.test(sequence), `nothing waits: ${waiting.join("\n")}`);
  return sequence;
}

const approved: Test = {
  name: "approvals: what takes effect is read from its bytes, compared, approved, and takes effect",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      const { page } = ada;
      const first = await asked(kit, "AP-1", SBOM([{ name: "zlib", version: "1.2" }, { name: "openssl", version: "3.0" }]));
      await kit.house.as("ben", "approve", first, "--yes");
      await kit.house.as("cleo", "approve", first, "--yes");
      const second = await asked(kit, "AP-2", SBOM([{ name: "mbedtls", version: "3.5" }, { name: "openssl", version: "3.1" }]));
      await ada.withPasskey("ben");
      await ada.go("/approvals");
      await page.locator(`a[href="/approval/${second}"]`).click();
      await page.getByText("1 component came").waitFor();
      await page.getByText("mbedtls 3.5").waitFor();
      await page.getByText("zlib 1.2").waitFor();
      await page.getByText("openssl 3.0 → 3.1").waitFor();
      // Text of others is text.
      await page.getByText("<b>new</b><U+202E>").waitFor();
      const digest = await digestOf(page, second);
      await page.getByText(digest).first().waitFor();
      await page.getByText("0 of 2").waitFor();
      await page.getByRole("button", { name: "Approve" }).click();
      await page.getByLabel("What you looked at").fill("the difference");
      await page.locator("dialog[open]").getByRole("button", { name: "Next" }).click();
      await page.locator("dialog[open] pre").getByText(`record: ${digest}`).waitFor();
      await sign(page, "Recorded.");
      await page.getByText("1 of 2").waitFor();
      await page.getByText("signed on our screens").or(page.getByText("the signer does not know this key")).first().waitFor();
      await kit.house.as("ben", "approve", second, "--yes");
      await page.getByText("It took effect with").waitFor();
      await ada.go("/firmware/SENSOR-1/AP-2");
      await page.getByText("openssl 3.0 → 3.1").waitFor();
    }),
};

/** The digest of the claim, from the list of what waits. */
async function digestOf(page: Page, sequence: string): Promise<string> {
  const found = (await page.evaluate(
    async (to) => (await (await fetch(to)).json()) as unknown,
    `/v1/views/approval.list?seq=${sequence}`,
  )) as { rows: { digest: string }[] };
  return found.rows[0]?.digest ?? "";
}

const denied: Test = {
  name: "approvals: a denial ends it, and an author is told at once that others must approve",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      const { page } = ada;
      const words = ["statement=DENY-1", "owner=ada", "wording=Nobody smokes.", "review_by=+30d"];
      await kit.house.as("ada", "record", "--yes", "statement.adopted", ...words);
      const own = (await rows(kit, "ada", "approval.pending")).split("\n").find((line) => line.includes("statement.adopted"));
      const other = await asked(kit, "AP-3", SBOM([]));
      await ada.withPasskey("ben");
      await ada.go(`/approval/${own?.split(",")[0] ?? ""}`);
      await page.getByText("You asked for this yourself").waitFor();
      same(await page.getByRole("button", { name: "Approve" }).count(), 0, "buttons to approve one's own");
      await ada.go(`/approval/${other}`);
      await page.getByRole("button", { name: "Deny for good" }).click();
      await page.getByLabel("Why").fill("not this one");
      await page.locator("dialog[open]").getByRole("button", { name: "Next" }).click();
      await sign(page, "Recorded.");
      await page.getByText("It was denied, for good, with").waitFor();
      same(await page.getByRole("button", { name: "Approve" }).count(), 0, "buttons to approve what was denied");
      await ada.go("/approval/999999");
      await page.getByText("Nothing with this number ever waited").waitFor();
    }),
};

// ---- people and oneself ----

/** A link for somebody else is shown once. */
async function invited(ada: Person): Promise<void> {
  await ada.go("/people?who=rita");
  await ada.page.getByRole("button", { name: "Invite" }).click();
  const link = (await ada.page.locator("dialog[open] pre").textContent()) ?? "";
  must(/^http:\/\/localhost:\d+\/sign-in\/[A-Za-z0-9_-]{20,}$/.test(link), `no link: ${link}`);
}

const recovered: Test = {
  name: "people: a recovery is asked for from the passkey that waits, and waits for others itself",
  run: (kit) =>
    asPerson(kit, "sara", async (sara) => {
      await sara.authenticator();
      await sara.signInByLink();
      await sara.go("/account");
      await sara.page.getByTestId("passkey-label").fill("sara's new token");
      await sara.page.getByTestId("passkey-register").click();
      await sara.page.locator(".code").first().waitFor();
      await asPerson(kit, "ada", async (ada) => {
        const { page } = ada;
        await ada.withPasskey("ben");
        await ada.go("/people");
        const card = page.locator("section.card", { hasText: "sara's new token" });
        await card.getByRole("button", { name: "It is a recovery" }).click();
        await page.getByLabel("Why").fill("lost the bag");
        await page.locator("dialog[open]").getByRole("button", { name: "Next" }).click();
        await sign(page, "It takes effect when enough others approve.");
        await ada.go("/approvals");
        await page.getByText("You asked for it: others must approve").first().waitFor();
      });
    }),
};

const confirmed: Test = {
  name: "people: a passkey that waits shows the same code on both sides, is confirmed in the console, and signs in",
  run: (kit) =>
    asPerson(kit, "paul", async (paul) => {
      await paul.authenticator();
      await paul.signInByLink();
      await paul.go("/account");
      await paul.page.getByTestId("passkey-label").fill("paul's blue token");
      await paul.page.getByTestId("passkey-register").click();
      const code = (await paul.page.locator(".code").first().textContent()) ?? "";
      must(code.length > 5, `no code: ${code}`);
      await asPerson(kit, "ada", async (ada) => {
        await ada.withPasskey("ben");
        await ada.go("/people");
        const card = ada.page.locator("section.card", { hasText: "paul's blue token" });
        same(await card.locator(".code").textContent(), code, "code on the other side");
        await card.getByRole("button", { name: "The code is the same" }).click();
        await sign(ada.page, "Recorded.");
        await card.waitFor({ state: "detached" });
        await invited(ada);
      });
      await paul.page.getByRole("cell", { name: "paul's blue token" }).waitFor();
      await paul.signOut();
      await paul.signIn();
      same(await paul.page.locator("header.top .who").textContent(), "paul", "who");
    }),
};

/** RFC 6238 with SHA-256 and 8 digits. */
function codeOf(secret: string, at: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha256", key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 100_000_000).padStart(8, "0");
}

const oneself: Test = {
  name: "account: an app for codes is set up with its picture, and another session is ended",
  run: (kit) =>
    asPerson(kit, "erin", async (erin) => {
      const { page } = erin;
      await erin.withPasskey();
      await erin.go("/account");
      await page.getByRole("button", { name: "Set up an app for codes" }).click();
      await page.locator("svg.qr path").waitFor();
      const secret = (await page.locator(".copy pre").first().textContent()) ?? "";
      await page.getByLabel("First code").fill("00000000");
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.locator(".refusal").first().waitFor();
      await page.getByLabel("First code").fill(codeOf(secret, Date.now()));
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.getByText("An app for codes is set up.").waitFor();
      await second(kit, erin);
    }),
};

/** The same person elsewhere, ended from here. */
async function second(kit: Kit, erin: Person): Promise<void> {
  await asPerson(kit, "erin", async (elsewhere) => {
    await elsewhere.signInByLink();
    await erin.go("/account");
    const row = erin.page.locator("tr", { hasText: "by a one-time link" }).last();
    await row.getByRole("button", { name: "Sign out there" }).click();
    await row.waitFor({ state: "detached" });
    await elsewhere.page.goto(kit.house.url + "/account");
    await elsewhere.page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
  });
}

const first: Test = {
  name: "start: says what is done and what comes next; the doctor names what to mend",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      await ada.signInByLink();
      await ada.go("/start");
      await ada.page.locator("li.start.done", { hasText: "A product" }).waitFor();
      same(await ada.page.locator("li.start.next").count(), 1, "steps that come next");
      await ada.page.locator("li.start.todo", { hasText: "A backup" }).getByText("sealwright backup").waitFor();
      await ada.go("/doctor");
      const warning = ada.page.locator("li.check.warn", { hasText: "DOCTOR_BACKUP_NONE" });
      await warning.getByText("What to do").waitFor();
    }),
};

export const tests: Test[] = [wrongs, bytes, evidence, signed, approved, denied, confirmed, recovered, oneself, first];

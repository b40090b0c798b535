// SPDX-License-Identifier: Apache-2.0
// Attacks on the demo's house from its page: watched step by step, with the record behind it, and without the control.
import { connect } from "node:net";
import path from "node:path";
import { asPerson, type Kit, must, same, type Test } from "./kit";

/** As the demo's own door is asked, past the server. */
async function ask<T>(kit: Kit, request: object): Promise<T> {
  const said = await new Promise<string>((done, failed) => {
    let text = "";
    const door = connect(path.join(kit.house.state, "demo.sock"), () => door.write(JSON.stringify(request) + "\n"));
    door.on("data", (piece: Buffer) => (text += piece.toString()));
    door.on("end", () => done(text));
    door.on("error", failed);
  });
  const reply = JSON.parse(said) as { body?: T };
  must(reply.body !== undefined, `the demo refused: ${said}`);
  return reply.body;
}

async function begin(kit: Kit, request: object): Promise<string> {
  for (;;) {
    const { running } = await ask<{ running: string | null }>(kit, { do: "list" });
    if (running === null) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  return (await ask<{ run: string }>(kit, request)).run;
}

const watched: Test = {
  name: "attacks: a run is watched, with the record behind it",
  run: (kit) =>
    asPerson(kit, "quinn", async (person) => {
      const { page } = person;
      const run = await begin(kit, { do: "attack", attack: "skipped_step" });
      await person.signInByLink();
      await page.getByRole("link", { name: "Attacks", exact: true }).click();
      await page.getByRole("heading", { name: "A unit shipped with a skipped step" }).waitFor();
      await person.go(`/attacks?run=${run}`);
      const card = page.locator("article.card.open");
      await card.getByText("Stopped, by SHP-01.").waitFor();
      must((await card.locator("ol.timeline > li").count()) > 10, "hardly any step is shown");
      await card.getByText("ST-1").first().waitFor();
      await card.locator("li.raised").getByText("SHP-01").first().waitFor();
      const record = card.getByRole("link", { name: /Open the record behind it/ });
      must(/^\/entry\/\d+$/.test((await record.getAttribute("href")) ?? ""), "the record has no address");
    }),
};

const without: Test = {
  name: "attacks: without the control, the units that would have slipped through",
  run: (kit) =>
    asPerson(kit, "quinn", async (person) => {
      const { page } = person;
      const run = await begin(kit, { do: "without", attack: "counterfeit_reel" });
      await person.signInByLink();
      await person.go(`/attacks?run=${run}`);
      const rows = page.locator("article.card.open table tbody tr");
      await rows.first().waitFor({ timeout: 60_000 });
      same(await rows.count(), 2, "units that slipped through");
      await rows.first().getByText("SENSOR-1").waitFor();
      await rows.first().getByText("commissioned").waitFor();
      // Nothing of the copy can be opened: it is gone.
      same(await page.locator("article.card.open table a").count(), 0, "links into the copy");
    }),
};

const tried: Test = {
  name: "attacks: a person with a passkey tries one, and builds more",
  run: (kit) =>
    asPerson(kit, "quinn", async (person) => {
      await person.withPasskey();
      await person.go("/attacks");
      const card = person.page.locator("article.card", { hasText: "A seal that was cut on the way" });
      await card.getByRole("button", { name: /^Try/ }).click();
      await card.getByText("Stopped, by RCV-01.").waitFor({ timeout: 60_000 });
      await person.page.getByLabel("Units", { exact: true }).fill("2");
      await person.page.getByRole("button", { name: "Build", exact: true }).click();
      await person.page.getByText("2 built, shipped, and started for the first time.").waitFor({ timeout: 60_000 });
    }),
};

export const tests: Test[] = [watched, without, tried];

// SPDX-License-Identifier: Apache-2.0
// Watching the line: nobody touches the page, and it shows what happens.
import { asPerson, must, type Person, type Test } from "./kit";

/** The person asks the demo for one unit more, which it builds, ships and starts. */
async function buildOne(person: Person): Promise<void> {
  const status = await person.page.evaluate(async () => {
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ units: 1 }) };
    return (await fetch("/v1/demo/build", init)).status;
  });
  must(status === 201 || status === 202 || status === 200, `the demo answered ${status}`);
}

/** The serial of the unit that the stream told of first. */
async function startedSerial(watcher: Person): Promise<string> {
  const line = watcher.page.locator(".stream li", { hasText: "Built" }).first();
  await line.waitFor({ timeout: 60_000 });
  const href = await line.locator("a[href^='/unit/']").first().getAttribute("href");
  const serial = decodeURIComponent(href?.split("/").at(-1) ?? "");
  must(serial !== "", "the line names no unit");
  return serial;
}

const watched: Test = {
  name: "live: a unit is watched while it is built, on Now and on its own page, which nobody reloads",
  run: (kit) =>
    asPerson(kit, "ada", async (ada) => {
      await ada.withPasskey();
      await asPerson(kit, "quinn", async (quinn) => {
        await quinn.signInByLink();
        await quinn.go("/");
        await quinn.page.locator(".line.live").waitFor();
        const units = quinn.page.locator(".tile", { hasText: "Units" }).locator(".count");
        await units.filter({ hasText: /\d/ }).waitFor();
        const before = Number((await units.textContent())?.replaceAll(",", ""));
        await buildOne(ada);
        const serial = await startedSerial(quinn);
        await quinn.page.waitForFunction(
          (least) => Number(document.querySelector(".tile .count")?.textContent?.replaceAll(",", "")) >= least,
          before + 1,
        );
        await quinn.page.locator(`.stream a[href$='/${serial}']`).first().click();
        await quinn.page.locator(".facts .state", { hasText: "commissioned" }).waitFor({ timeout: 60_000 });
        await quinn.page.locator(".timeline").getByText("Programmed").first().waitFor();
      });
    }),
};

export const tests: Test[] = [watched];

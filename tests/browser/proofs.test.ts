// SPDX-License-Identifier: Apache-2.0
// What the browser proves by itself: passports, the last checkpoint, one record's place in the log.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { asPerson, type Kit, must, type Person, same, type Test } from "./kit";

const READER = "ada";

function passports(kit: Kit): string[] {
  const folder = path.join(kit.house.state, "passports");
  return readdirSync(folder).map((name) => path.join(folder, name));
}

function passport(kit: Kit): Buffer {
  const file = passports(kit)[0];
  must(file !== undefined, "the demo leaves no passport");
  return readFileSync(file);
}

async function give(person: Person, name: string, buffer: Buffer): Promise<string[]> {
  const input = person.page.locator("main input[type=file]");
  await input.setInputFiles({ name, mimeType: "application/octet-stream", buffer });
  await person.page.getByRole("heading", { name: "Verdict" }).waitFor();
  return person.page.locator(".proof-steps li h3").allTextContents();
}

/** A bit inside an entry: its author signed something else. */
function changed(file: Buffer): Buffer {
  const out = Buffer.from(file);
  const at = out.indexOf("unit.built");
  must(at > 0, "the passport tells of no unit that was built");
  out[at + 5] = (out[at + 5] ?? 0) ^ 1;
  return out;
}

export const tests: Test[] = [
  {
    name: "a passport is verified without signing in, step by step, and tells its story",
    run: (kit) =>
      asPerson(kit, "nobody", async (guest) => {
        await guest.go("/verify");
        const steps = await give(guest, "unit.passport", passport(kit));
        same(steps.length, 10, "steps");
        same(steps.filter((step) => step.includes("verified")).length, 9, "good steps");
        await guest.page.getByText("The passport holds.").waitFor();
        await guest.page.getByText("All of it rests on the key that this server names.").waitFor();
        await guest.page.getByRole("heading", { name: "What it is made of" }).waitFor();
        must((await guest.page.locator("pre").allTextContents()).join().includes("sealwright-verify"), "the command");
      }),
  },
  {
    name: "a tampered passport fails at its step and record, and the steps behind it are not guessed",
    run: (kit) =>
      asPerson(kit, "nobody", async (guest) => {
        await guest.go("/verify");
        const steps = await give(guest, "unit.passport", changed(passport(kit)));
        same(steps.filter((step) => step.includes("does not hold")).length, 1, "bad steps");
        must(steps[2]?.includes("does not hold") === true, `inclusion: ${steps.join("; ")}`);
        same(steps.slice(3).filter((step) => step.includes("not looked at")).length, steps.length - 3, "left out");
        await guest.page.locator(".proof-steps li.bad").getByText(/Record \d+:/).waitFor();
        await guest.page.getByText("The passport does not hold.").waitFor();
        same(await guest.page.getByRole("heading", { name: "What it is made of" }).count(), 0, "a story");
      }),
  },
  {
    name: "a passport is not good by another log's key, and without one it is not judged",
    run: (kit) =>
      asPerson(kit, "nobody", async (guest) => {
        await guest.go("/verify");
        await guest.page.locator("summary").click();
        const key = guest.page.getByLabel("Verifier key of the log");
        await key.fill("test.example/log+a88ea54c+AQtgjitIrdDlP/RDQRQUbJVGJuFjACkoQ+2gWhrt6VmW");
        await key.blur();
        await give(guest, "unit.passport", passport(kit));
        await guest.page.getByText("test.example/log did not sign the checkpoint.").waitFor();
        await key.fill("no key");
        await key.blur();
        await guest.page.getByText("It could not be verified here").waitFor();
      }),
  },
  {
    name: "what is no passport is refused in words",
    run: (kit) =>
      asPerson(kit, "nobody", async (guest) => {
        await guest.go("/verify");
        const steps = await give(guest, "notes.txt", Buffer.from("not a passport"));
        must(steps[0]?.includes("does not hold") === true, steps.join());
        await guest.page.getByText("The passport does not hold.").waitFor();
      }),
  },
  {
    name: "the last checkpoint is verified in the browser, and so is that the log only grew",
    run: (kit) =>
      asPerson(kit, READER, async (ada) => {
        await ada.signInByLink();
        await ada.go("/evidence");
        await ada.page.getByText("Its signature matches the log's key").waitFor();
        await ada.page.getByText("looks at this log for the first time").waitFor();
        await ada.page.reload();
        await ada.page.getByText(/It is the same log|It has only grown/).first().waitFor();
        // As if it had been another log then.
        await ada.page.evaluate(() => {
          for (const name of Object.keys(localStorage).filter((one) => one.startsWith("log.seen."))) {
            localStorage.setItem(name, `5 ${"ab".repeat(32)}`);
          }
        });
        await ada.page.reload();
        await ada.page.getByText("The log was rewritten since this browser saw it last.").waitFor();
      }),
  },
  {
    name: "a log under another key is not met as a new one, until a person says so",
    run: (kit) =>
      asPerson(kit, READER, async (ada) => {
        await ada.signInByLink();
        await ada.page.evaluate(() => localStorage.setItem("log.key", "another/log+a88ea54c+AQtgjitIrdDlP/RDQRQUbJVGJuFjACkoQ+2gWhrt6VmW"));
        await ada.go("/evidence");
        await ada.page.getByText("signed with another key than when this browser looked last").waitFor();
        same(await ada.page.getByText("for the first time").count(), 0, "a first look");
        await ada.page.reload();
        await ada.page.getByText("signed with another key than when this browser looked last").waitFor();
        await ada.page.getByRole("button", { name: "The key is right" }).click();
        await ada.page.getByText("for the first time").waitFor();
        await ada.page.reload();
        await ada.page.getByText(/It is the same log|It has only grown/).first().waitFor();
      }),
  },
  {
    name: "a record is found by its number and by its digest, and proves its place",
    run: (kit) =>
      asPerson(kit, READER, async (ada) => {
        await ada.signInByLink();
        await ada.go("/evidence");
        await ada.page.locator("table tbody tr").first().waitFor();
        await ada.page.getByLabel("Number of a record").fill("3");
        await ada.page.getByRole("button", { name: "Look up" }).first().click();
        await ada.page.getByRole("heading", { name: /Record 3/ }).waitFor();
        const digest = await ada.page.locator(".facts .digest").last().getAttribute("title");
        await ada.page.getByRole("button", { name: "Verify inclusion" }).click();
        await ada.page.getByText(/Record 3 stands in the signed log of/).waitFor();
        must((await ada.page.locator(".proof-steps li").count()) > 5, "steps of the proof");
        await ada.go("/evidence");
        await ada.page.getByLabel("Number of a record").fill(/[0-9a-f]{64}/.exec(digest ?? "")?.[0] ?? "");
        await ada.page.getByRole("button", { name: "Look up" }).first().click();
        await ada.page.getByRole("heading", { name: /Record 3/ }).waitFor();
      }),
  },
  {
    name: "a digest that no record has, and what is none, are answered in words",
    run: (kit) =>
      asPerson(kit, READER, async (ada) => {
        await ada.signInByLink();
        await ada.go("/evidence");
        await ada.page.getByLabel("Number of a record").fill("ab".repeat(32));
        await ada.page.getByRole("button", { name: "Look up" }).first().click();
        await ada.page.getByText("No record of this log has that digest.").waitFor();
        await ada.page.getByLabel("Number of a record").fill("xyz");
        await ada.page.getByRole("button", { name: "Look up" }).first().click();
        await ada.page.getByText("Neither a number nor a SHA-256").waitFor();
        await ada.page.goto(`${kit.house.url}/entry/99999999`);
        await ada.page.locator(".refusal").waitFor();
      }),
  },
];

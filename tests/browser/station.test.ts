// SPDX-License-Identifier: Apache-2.0
// The operator's screen, worked by keyboard and scanner alone.
import type { Page } from "playwright-core";
import { asPerson, must, Person, same, type Test } from "./kit";
import { atStation, Gun, hire, openShift, PRODUCT, rows, STATION, tabTo, unitsByHand } from "./operator";
import { CALIBRATION_LABEL } from "../../console/src/station/layout";

const OPERATOR = "olga";

/** Counts the browser's assertions from now on. */
async function countAssertions(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const real = navigator.credentials.get.bind(navigator.credentials);
    const box = window as unknown as { asserted: number };
    box.asserted = 0;
    navigator.credentials.get = (options) => {
      box.asserted++;
      return real(options);
    };
  });
  return () => page.evaluate(() => (window as unknown as { asserted: number }).asserted);
}

async function onSignal(page: Page, word: string, serial: string): Promise<void> {
  await page.locator(".unit-head h2").getByText(serial, { exact: true }).waitFor();
  await page.locator(".signal b").getByText(word, { exact: true }).waitFor();
}

async function atWork(person: Person): Promise<Gun> {
  await person.withPasskey();
  const gun = await atStation(person);
  await openShift(person.page);
  return gun;
}

const whole: Test = {
  name: "station: one passkey assertion opens a shift, and a unit goes through its steps by scanner and keyboard alone",
  run: (kit) =>
    asPerson(kit, OPERATOR, async (olga) => {
      const { page } = olga;
      await unitsByHand(kit, ["HAND-1"]);
      await olga.withPasskey();
      const gun = await atStation(olga);
      const asserted = await countAssertions(page);
      await openShift(page);
      same(await asserted(), 1, "assertions to open the shift");
      await gun.scan("HAND-1");
      await onSignal(page, "Go", "HAND-1");
      await page.getByRole("heading", { name: "Now: Solder joints of U2" }).waitFor();
      await gun.scan("SW:PASS");
      await page.getByRole("heading", { name: "Now: measure" }).waitFor();
      await tabTo(page, ".measurements input");
      await page.keyboard.type("9");
      await page.locator(".measurement.is-fail").waitFor();
      same(await page.getByRole("button", { name: "Passed: record" }).isDisabled(), true, "what is outside its limits cannot pass");
      await page.keyboard.press("Backspace");
      for (const value of ["3.3", "0,005", "1.5"]) {
        await page.keyboard.type(value);
        await page.keyboard.press("Enter");
      }
      await page.keyboard.press("F2");
      await page.getByRole("heading", { name: "Now: Box is closed" }).waitFor();
      await page.keyboard.press("F2");
      await onSignal(page, "Done", "HAND-1");
      same(await asserted(), 1, "assertions of the whole shift");
      const steps = await rows(kit, "unit.steps", `product=${PRODUCT}`, "serial=HAND-1");
      same(steps.map((row) => `${String(row["operator"])}@${String(row["done_at_station"])}`).join(" "),
        Array(3).fill(`${OPERATOR}@${STATION}`).join(" "), "who did the steps");
      const results = await rows(kit, "test.results", `product=${PRODUCT}`, "serial=HAND-1");
      same(`${String(results[0]?.["verdict"])} ${String(results[0]?.["counts"])}`, "pass 1", "the test's result");
      // The shift outlives a reload, and ends by a label.
      await page.reload();
      await onSignal(page, "Done", "HAND-1");
      await gun.scan("SW:END");
      await page.getByRole("heading", { name: "Open a shift" }).waitFor();
      const shifts = await rows(kit, "shift.list", `principal=${OPERATOR}`);
      same(shifts.filter((row) => row["is_open"] === 1).length, 0, "open shifts");
    }),
};

const held: Test = {
  name: "station: a held unit says stop, why, and what releases it",
  run: (kit) =>
    asPerson(kit, OPERATOR, async (olga) => {
      const { page } = olga;
      const gun = await atWork(olga);
      const evil = (await rows(kit, "hold.open", "kind=unit")).find((row) => row["code"] === "IMAGE_NOT_RELEASED");
      must(evil !== undefined, "the demo's house holds no unit");
      await gun.scan(String(evil["id"]));
      await onSignal(page, "Stop", String(evil["id"]));
      const why = page.locator(".stops");
      await why.getByText("Why, and what releases it").waitFor();
      await why.getByText("What to do:").first().waitFor();
      await why.getByText("Who may: somebody other than its cause").first().waitFor();
      await gun.scan("SW:PASS");
      await page.locator(".said.bad").getByText("SW:PASS means nothing at this moment").waitFor();
      await gun.scan("NOBODY-KNOWS-IT");
      await page.locator(".said.bad").getByText("Nothing known is called NOBODY-KNOWS-IT").waitFor();
    }),
};

const pause: Test = {
  name: "station: pause and verify holds the unit and costs nobody's yield",
  run: (kit) =>
    asPerson(kit, OPERATOR, async (olga) => {
      const { page } = olga;
      await unitsByHand(kit, ["HAND-2"]);
      const gun = await atWork(olga);
      const before = (await rows(kit, "station.yield", `station=${STATION}`))[0];
      await gun.scan(`${PRODUCT}/HAND-2`);
      await onSignal(page, "Go", "HAND-2");
      await page.keyboard.press("F9");
      await page.getByText("This costs nobody's yield").waitFor();
      await page.keyboard.press("4");
      await page.getByText("Chosen: Damaged").waitFor();
      await gun.scan("SW:PAUSE");
      await onSignal(page, "Stop", "HAND-2");
      await page.locator(".stops q").getByText("Damaged").waitFor();
      const after = (await rows(kit, "station.yield", `station=${STATION}`))[0];
      for (const name of ["tested", "first_pass"]) same(after?.[name], before?.[name], name);
      const concern = (await rows(kit, "concern.list", "kind=unit", "id=HAND-2"))[0];
      same(`${String(concern?.["author"])} ${String(concern?.["step"])} ${String(concern?.["text"])}`, "olga see Damaged", "concern");
    }),
};

const pressed: Test = {
  name: "station: a key that is pressed twice completes one step, not the next one unseen",
  run: (kit) =>
    asPerson(kit, OPERATOR, async (olga) => {
      const { page } = olga;
      await unitsByHand(kit, ["HAND-8"]);
      const gun = await atWork(olga);
      await gun.scan("HAND-8");
      await onSignal(page, "Go", "HAND-8");
      let release: (() => void) | undefined;
      const held = new Promise<void>((done) => (release = done));
      await page.route("**/v1/views/unit.steps**", (route) => held.then(() => route.continue()));
      const sent: string[] = [];
      page.on("request", (r) => r.url().endsWith("/v1/records/step.completed") && sent.push(r.url()));
      await page.keyboard.press("F2");
      await page.locator(".said.good").waitFor();
      await page.keyboard.press("F2");
      await page.keyboard.press("F2");
      // The keyboard is read in turn: what it did was done before the next scan is.
      await gun.scan("SW:PAUSE");
      await page.getByText("No reason chosen").waitFor();
      release?.();
      await page.keyboard.press("F8");
      await page.getByRole("heading", { name: "Now: measure" }).waitFor();
      await onSignal(page, "Go", "HAND-8");
      same(sent.length, 1, "records of steps");
    }),
};

const switched: Test = {
  name: "station: the operator changes in mid-unit, and both names stand in the evidence log",
  run: async (kit) => {
    await unitsByHand(kit, ["HAND-3"]);
    await hire(kit, "oleg");
    const oleg = await Person.open(kit, "oleg");
    try {
      await oleg.withPasskey();
      await asPerson(kit, OPERATOR, async (olga) => {
        const { page } = olga;
        const gun = await atWork(olga);
        await gun.scan("HAND-3");
        await onSignal(page, "Go", "HAND-3");
        await page.keyboard.press("F2");
        await page.getByRole("heading", { name: "Now: measure" }).waitFor();
        await gun.scan("SW:PAUSE");
        await page.getByText("No reason chosen").waitFor();
        await page.keyboard.press("F8");
        await page.keyboard.press("F7");
        await page.getByRole("heading", { name: "Next operator" }).waitFor();
        await page.locator(".unit-head h2").getByText("HAND-3").waitFor();
        await olga.takesAuthenticatorOf(oleg);
        await page.keyboard.press("F2");
        await openShift(page);
        await page.locator(".bar").getByText("oleg").waitFor();
        await onSignal(page, "Go", "HAND-3");
        await tabTo(page, ".measurements input");
        for (const value of ["3.3", "0.006", "-1"]) {
          await page.keyboard.type(value);
          await page.keyboard.press("Enter");
        }
        await page.keyboard.press("F2");
        await page.getByRole("heading", { name: "Now: Box is closed" }).waitFor();
        const steps = await rows(kit, "unit.steps", `product=${PRODUCT}`, "serial=HAND-3");
        same(steps.map((row) => row["operator"]).join(" "), "olga oleg ", "operators");
        await asPerson(kit, "ada", async (ada) => {
          await ada.signInByLink();
          for (const [i, name] of ["olga", "oleg"].entries()) {
            await ada.go(`/entry/${String(steps[i]?.["seq"])}`);
            await ada.page.locator("main .facts").getByText(name, { exact: true }).first().waitFor();
          }
        });
      });
    } finally {
      await oleg.close();
    }
  },
};

interface Answer {
  status: number;
  code: string;
}

/** Prepares, signs with the browser's own shift key, and sends: as somebody would who sits at the station. */
function withKey(page: Page, type: string, body: object): Promise<Answer> {
  return page.evaluate(
    async ([name, fields]) => {
      interface Kept { key: CryptoKey; keyId: string }
      const box = window as unknown as { stolen?: Kept };
      box.stolen ??= await new Promise<Kept>((found, failed) => {
        const request = indexedDB.open("sealwright-station", 1);
        request.onerror = () => failed(request.error);
        request.onsuccess = () => {
          const got = request.result.transaction("shift").objectStore("shift").get("current") as IDBRequest<Kept>;
          got.onsuccess = () => found(got.result);
        };
      });
      const { key, keyId } = box.stolen;
      const headers = { "Content-Type": "application/json" };
      const to = `/v1/records/${name}`;
      const prepared = await fetch(`${to}/prepare`, { method: "POST", headers, body: JSON.stringify({ body: fields, key: keyId }) });
      const made = (await prepared.json()) as { claim?: string; code?: string };
      if (made.claim === undefined) return { status: prepared.status, code: made.code ?? "" };
      const bytes = (text: string) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
      const head = (major: number, n: number) => (n < 24 ? [major | n] : n < 256 ? [major | 24, n] : [major | 25, n >> 8, n & 255]);
      const string = (value: Uint8Array) => [...head(0x40, value.length), ...value];
      const claim = bytes(made.claim);
      const id = Uint8Array.from((keyId.match(/../g) ?? []).map((pair) => parseInt(pair, 16)));
      const header = Uint8Array.from([0xa2, 1, 0x26, 4, ...string(id)]);
      const context = [...new TextEncoder().encode("Signature1")];
      const covered = [0x84, ...head(0x60, context.length), ...context, ...string(header), ...string(new TextEncoder().encode(name)), ...string(claim)];
      const signature = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, Uint8Array.from(covered)));
      const proof = Uint8Array.from([0xd2, 0x84, ...string(header), 0xa0, 0xf6, ...string(signature)]);
      const text = btoa(String.fromCharCode(...proof)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
      const answer = await fetch(to, { method: "POST", headers, body: JSON.stringify({ claim: made.claim, proof: text }) });
      return { status: answer.status, code: ((await answer.json()) as { code?: string }).code ?? "" };
    },
    [type, body] as const,
  );
}

const limits: Test = {
  name: "station: a shift's key approves nothing, works at no other station, and speaks no more after its end",
  run: (kit) =>
    asPerson(kit, OPERATOR, async (olga) => {
      const { page } = olga;
      await unitsByHand(kit, ["HAND-4"]);
      await kit.house.as("erin", "record", "--yes", "station.defined", "station=ST-OTHER", "site=FAB", "line=L1", "environment=production");
      await kit.house.as("ada", "record", "--yes", "role.granted", "grant_id=G-olga-other", `principal=${OPERATOR}`, `role=${OPERATOR}`,
        "station=ST-OTHER", "reason=works there, too");
      const gun = await atWork(olga);
      await page.getByText("Scan a unit").first().waitFor();
      const step = { product: PRODUCT, serial: "HAND-4", station: STATION, step: "see", operator: OPERATOR };
      const vote = await withKey(page, "approval.given", { record: "0".repeat(64), not_after: new Date(Date.now() + 3_600_000).toISOString() });
      same(vote.code, "SHIFT_SIGNS_EVENTS", "an approval");
      same((await withKey(page, "step.completed", { ...step, station: "ST-OTHER" })).code, "SHIFT_AT_OTHER_STATION", "another station");
      same((await withKey(page, "permit.requested", { product: PRODUCT, serial: "HAND-4", release: "X", nonce: "AAAA" })).status >= 400, true, "a decision");
      same((await withKey(page, "step.completed", step)).status, 201, "its own station");
      const exportable = await page.evaluate(async () => {
        const { key } = (window as unknown as { stolen: { key: CryptoKey } }).stolen;
        return crypto.subtle.exportKey("pkcs8", key).then(() => "exported", (e: unknown) => (e as DOMException).name);
      });
      same(exportable, "InvalidAccessError", "the key");
      await gun.scan("SW:END");
      await page.getByRole("heading", { name: "Open a shift" }).waitFor();
      const after = await withKey(page, "step.completed", { ...step, step: "close" });
      must(after.status >= 400 && after.code !== "", `after the end: ${JSON.stringify(after)}`);
      const left = await page.evaluate(
        () => new Promise<unknown>((found) => {
          const request = indexedDB.open("sealwright-station", 1);
          request.onsuccess = () => {
            const got = request.result.transaction("shift").objectStore("shift").get("current");
            got.onsuccess = () => found(got.result ?? "nothing");
          };
        }),
      );
      same(left, "nothing", "what is left of the key");
    }),
};

const labels: Test = {
  name: "station: a scanner with another keyboard layout, and labels without separators, are understood or refused with the fix",
  run: (kit) =>
    asPerson(kit, OPERATOR, async (olga) => {
      const { page } = olga;
      await unitsByHand(kit, ["HAND-YZ"]);
      await atWork(olga);
      const german = await Gun.of(page, "german");
      const us = await Gun.of(page);
      await german.scan("HAND-YZ");
      await onSignal(page, "Go", "HAND-YZ");
      await german.scan("SW:NEXT");
      await page.getByText("Scan a unit.").first().waitFor();
      await german.scan(CALIBRATION_LABEL);
      await page.locator(".said.good").getByText("read as they are printed").waitFor();
      await german.scan(`${PRODUCT}/HAND-YZ`);
      await onSignal(page, "Go", "HAND-YZ");
      await page.keyboard.press("F8");
      await page.evaluate(() => localStorage.removeItem("station.calibration"));
      await page.reload();
      await page.locator(".bar").waitFor();
      // What was to come after the serial lost its separator: of all readings the records know one.
      await us.scan("]d2010950600013435221HAND-YZ10L77");
      await onSignal(page, "Go", "HAND-YZ");
      await us.scan("[)>06SHAND-YZ1TL77");
      await onSignal(page, "Go", "HAND-YZ");
      await us.scan("]d2010950600013435221NONE-110L7721");
      await page.locator(".said.bad").waitFor();
      await page.locator(".said.bad .fix").getByText("What to do:").waitFor();
      await us.scan("[)>061PQ1TQ4KQ1PQ1TQ4KQ9PK4K1K10KQ");
      await page.locator(".said.bad").getByText("lost its separators").waitFor();
      await page.locator(".said.bad .fix").getByText("send GS as Ctrl+]").waitFor();
      // A scan while the focus is in a field leaves nothing in it.
      await tabTo(page, ".by-hand input");
      await us.scan("HAND-YZ");
      await onSignal(page, "Go", "HAND-YZ");
      same(await page.locator(".by-hand input").inputValue(), "", "what the scan left in the field");
    }),
};

const lost: Test = {
  name: "station: a record whose answer is lost stays on the screen, and is recorded once however often it is sent",
  run: (kit) =>
    asPerson(kit, OPERATOR, async (olga) => {
      const { page } = olga;
      await unitsByHand(kit, ["HAND-5"]);
      const gun = await atWork(olga);
      await gun.scan("HAND-5");
      await onSignal(page, "Go", "HAND-5");
      let recorded = 0;
      await page.route("**/v1/records/step.completed", async (route) => {
        recorded = (await route.fetch()).status();
        await route.fulfill({ status: 503, body: "the proxy gave up" });
      });
      await page.keyboard.press("F2");
      await page.getByRole("heading", { name: "Not sent yet" }).waitFor();
      same(recorded, 201, "the first time it arrived");
      await page.reload();
      await page.getByRole("heading", { name: "Not sent yet" }).waitFor();
      await page.unroute("**/v1/records/step.completed");
      await page.keyboard.press("F2");
      await page.locator(".said.good").getByText("Recorded:").waitFor();
      const touches = await rows(kit, "unit.touches", `product=${PRODUCT}`, "serial=HAND-5", `operator=${OPERATOR}`);
      same(touches.length, 1, "records of the step");
      await page.getByRole("heading", { name: "Now: measure" }).waitFor();
    }),
};

/** A label of the trade: an ISO/IEC 15434 envelope, its control characters written out as scanners do. */
function envelope(part: string, partLot: string): string {
  return `[)>^^06^]P${part}^]1T${partLot}^]Q500^^^D`;
}

const fit: Test = {
  name: "station: parts are fitted by their part lots' labels, and what does not belong there is refused",
  run: (kit) =>
    asPerson(kit, OPERATOR, async (olga) => {
      const { page } = olga;
      const unit = (await rows(kit, "unit.list", "state=certified")).find((row) => /ONE$/.test(String(row["serial"])));
      must(unit !== undefined, "the demo's house has no unit that waits for its parts");
      const serial = String(unit["serial"]);
      const lines = await rows(kit, "bom.lines", `product=${PRODUCT}`, "revision=R1");
      const lots = (await rows(kit, "part_lot.list", "site=FAB")).filter((row) => row["holds"] === 0 && Number(row["issued"]) > 0);
      const lot = lots.find((row) => lines.some((line) => line["part"] === row["part"]));
      must(lot !== undefined, "no part lot of a part of the bill of material was issued");
      const [part, partLot] = [String(lot["part"]), String(lot["part_lot"])];
      const gun = await atWork(olga);
      await gun.scan(partLot);
      await page.locator(".said.bad").getByText("no part is to be fitted now").waitFor();
      await gun.scan(serial);
      await onSignal(page, "Go", serial);
      await gun.scan(envelope(part, partLot));
      await page.locator(".scanned").first().getByText(partLot).waitFor();
      await gun.scan(envelope(part, partLot));
      await page.locator(".said.bad").getByText("was scanned already").waitFor();
      await gun.scan("HAND-1");
      await page.locator(".said.bad").getByText("is not recorded yet").waitFor();
      // A reload loses nothing of what was scanned.
      await page.reload();
      await page.locator(".scanned").first().getByText(partLot).waitFor();
      await gun.scan("SW:PASS");
      await page.locator(".said.good").getByText("Recorded:").waitFor();
      const fitted = await rows(kit, "unit.parts", `product=${PRODUCT}`, `serial=${serial}`);
      same(`${String(fitted[0]?.["part_lot"])} ${fitted.length}`, `${partLot} 1`, "parts in the unit");
      await gun.scan(envelope(part, partLot));
      await page.locator(".said.bad").getByText("does not belong into this unit, or is in it already").waitFor();
    }),
};

const twice: Test = {
  name: "station: where two products have the same serial, the operator is asked, and answers by a key",
  run: (kit) =>
    asPerson(kit, OPERATOR, async (olga) => {
      const { page } = olga;
      await unitsByHand(kit, ["HAND-6"]);
      const record = (who: string, ...words: string[]) => kit.house.as(who, "record", "--yes", ...words);
      await record("erin", "product.defined", "product=GADGET", "name=Gadget", "hardware_type=1.3.6.1.4.1.32473.9");
      await record("ada", "role.defined", "role=importer", 'permissions=[{"permission":"line.import"}]');
      await record("ada", "role.granted", "grant_id=G-importer", "principal=erin", "role=importer", "reason=declares what exists");
      await record("erin", "unit.declared", "product=GADGET", "serial=HAND-6", "site=FAB");
      const gun = await atWork(olga);
      await gun.scan("HAND-6");
      await page.getByRole("heading", { name: "Which one is it?" }).waitFor();
      const second = page.locator(".grid-large button").nth(1);
      const product = (await second.textContent())?.includes("GADGET") === true ? "GADGET" : PRODUCT;
      await page.keyboard.press("2");
      await page.locator(".unit-head").getByText(product).waitFor();
      await gun.scan("HAND-6");
      await page.getByRole("heading", { name: "Which one is it?" }).waitFor();
      await gun.scan("SW:1");
      await page.locator(".unit-head").getByText(product === PRODUCT ? "GADGET" : PRODUCT).waitFor();
      // The label that says the product asks nothing.
      await gun.scan(`${PRODUCT}/HAND-6`);
      await onSignal(page, "Go", "HAND-6");
      await page.locator(".unit-head").getByText(PRODUCT).waitFor();
    }),
};

export const tests: Test[] = [whole, twice, held, pause, pressed, switched, limits, labels, lost, fit];

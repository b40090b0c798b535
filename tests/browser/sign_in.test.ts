// SPDX-License-Identifier: Apache-2.0
import { asPerson, must, same, type Test } from "./kit";

export const tests: Test[] = [
  {
    name: "a link signs in once, to look and to register",
    run: (kit) =>
      asPerson(kit, "quinn", async (quinn) => {
        await quinn.signInByLink();
        await quinn.go("/");
        same(await quinn.page.locator("header.top .who").textContent(), "quinn", "who");
        await quinn.page.getByText("Your set-up is not finished").waitFor();
      }),
  },
  {
    name: "names of people are for who was there a moment ago, and the page says so",
    run: (kit) =>
      asPerson(kit, "ada", async (ada) => {
        await ada.signInByLink();
        await ada.go("/people");
        await ada.page.getByRole("cell", { name: "quinn" }).first().waitFor();
        await ada.page.getByText("Names and confidential values are left out").waitFor();
        same(await ada.page.getByRole("button", { name: "Prove it" }).count(), 0, "what a link cannot do");
        await ada.withPasskey("ben");
        await ada.go("/people");
        await ada.page.getByRole("cell", { name: "quinn" }).first().waitFor();
        same(await ada.page.getByText("are left out").count(), 0, "after a passkey");
      }),
  },
  {
    name: "a passkey is registered, confirmed from a terminal, and signs in",
    run: (kit) =>
      asPerson(kit, "quinn", async (quinn) => {
        await quinn.withPasskey();
        await quinn.go("/");
        must(
          (await quinn.page.getByText("Your set-up is not finished").count()) === 0,
          "with a key and a passkey the set-up is finished",
        );
      }),
  },
];

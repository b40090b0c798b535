// SPDX-License-Identifier: Apache-2.0
// Where the browser cannot verify Ed25519, or gives no cryptography at all, nothing is ever called good.
import { verifyPassport } from "../../console/src/verify/passport";
import { FAULTS, KEY } from "./faults";
import { forge } from "./forge";
import { runAll, same, test } from "./suite";

// Before it is taken away.
const subtle = globalThis.crypto.subtle;
const importKey = subtle.importKey.bind(subtle);
const old: Pick<SubtleCrypto, "digest" | "importKey" | "verify"> = {
  digest: subtle.digest.bind(subtle),
  verify: subtle.verify.bind(subtle),
  importKey: ((...given: Parameters<typeof importKey>) => {
    const name = (given[2] as { name: string }).name;
    const refusal = new DOMException("not supported", "NotSupportedError");
    return name === "Ed25519" ? Promise.reject(refusal) : importKey(...given);
  }) as typeof importKey,
};
function browser(has: object | undefined): void {
  Object.defineProperty(globalThis, "crypto", { value: { subtle: has }, configurable: true });
}

test("without_ed25519_the_checkpoint_is_not_verified", async () => {
  browser(old);
  const { verdict, steps } = await verifyPassport(forge().bytes, { logKey: KEY });
  same([verdict, steps[1]?.code], ["unknown", "verify.unable.ed25519"], "verdict");
  same(
    steps.slice(2).every((step) => step.verdict === "skipped"),
    true,
    "later steps",
  );
});

test("without_ed25519_no_fault_is_called_good", async () => {
  for (const faults of Object.values(FAULTS)) {
    for (const change of Object.values(faults)) {
      const { verdict } = await verifyPassport(forge(change).bytes, { logKey: KEY });
      same(verdict === "good", false, "verdict");
    }
  }
});

test("without_cryptography_nothing_is_verified", async () => {
  browser(undefined);
  const { verdict, steps } = await verifyPassport(forge().bytes, { logKey: KEY });
  same([verdict, steps[0]?.code], ["unknown", "verify.unable.crypto"], "verdict");
});

await runAll();

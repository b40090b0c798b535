// SPDX-License-Identifier: Apache-2.0
// WebCrypto as browsers have it, where Node keeps it to itself (before version 19).
import { webcrypto } from "node:crypto";

if ((globalThis.crypto as Crypto | undefined) === undefined) {
  Object.defineProperty(globalThis, "crypto", { value: webcrypto, configurable: true });
}

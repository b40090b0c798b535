// SPDX-License-Identifier: Apache-2.0
// As much of a page as the console's texts ask for: imported before them. A text without a catalog shows its name.
Object.assign(globalThis, { document: { documentElement: { lang: "en", dataset: {} } } });

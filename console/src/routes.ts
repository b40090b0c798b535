// SPDX-License-Identifier: Apache-2.0
// Which page belongs to which address. Every pattern stands in src/server/routes.c, too, or a reload finds nothing.
import type { Route } from "./base/router";

export const ROUTES: Route[] = [
  { pattern: "/view/{view}", load: () => import("./pages/view") },
];

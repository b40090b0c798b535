// SPDX-License-Identifier: Apache-2.0
// Which page belongs to which address. Every pattern stands in src/server/routes.c, too, or a reload finds nothing.
import type { Route } from "./base/router";

export const ROUTES: Route[] = [
  { pattern: "/units", load: () => import("./pages/units") },
  { pattern: "/unit/{product}/{serial}", load: () => import("./pages/unit") },
  { pattern: "/part-lots", load: () => import("./pages/part_lots") },
  { pattern: "/account", load: () => import("./pages/account") },
  { pattern: "/approvals", load: () => import("./pages/approvals") },
  { pattern: "/approval/{sequence}", load: () => import("./pages/approval") },
  { pattern: "/attacks", load: () => import("./pages/attacks") },
  { pattern: "/part-lot/{supplier}/{part_lot}", load: () => import("./pages/part_lot") },
  { pattern: "/suppliers", load: () => import("./pages/suppliers") },
  { pattern: "/supplier/{supplier}", load: () => import("./pages/supplier") },
  { pattern: "/authorizations", load: () => import("./pages/authorizations") },
  { pattern: "/authorization/{id}", load: () => import("./pages/authorization") },
  { pattern: "/shipments", load: () => import("./pages/shipments") },
  { pattern: "/shipment/{id}", load: () => import("./pages/shipment") },
  { pattern: "/nonconformances", load: () => import("./pages/nonconformances") },
  { pattern: "/affected", load: () => import("./pages/affected") },
  { pattern: "/firmware", load: () => import("./pages/firmware") },
  { pattern: "/firmware/{product}/{release}", load: () => import("./pages/firmware_release") },
  { pattern: "/start", load: () => import("./pages/start") },
  { pattern: "/policy", load: () => import("./pages/policy") },
  { pattern: "/doctor", load: () => import("./pages/doctor") },
  { pattern: "/people", load: () => import("./pages/people") },
  { pattern: "/records", load: () => import("./pages/records") },
  { pattern: "/record/{type}", load: () => import("./pages/record") },
  { pattern: "/evidence", load: () => import("./pages/evidence") },
  { pattern: "/entry/{sequence}", load: () => import("./pages/entry") },
  { pattern: "/verify", load: () => import("./pages/verify") },
  { pattern: "/view/{view}", load: () => import("./pages/view") },
];

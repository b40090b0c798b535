// SPDX-License-Identifier: Apache-2.0
// Confidential values that still exist, by their commitments: the server's word, beside what was signed.
export type Opened = Map<string, string>;

/** From GET /v1/entries/{sequence}: {commitment, value} wherever it stands. */
export function openedIn(json: unknown, into: Opened = new Map()): Opened {
  if (typeof json !== "object" || json === null) return into;
  const { commitment, value } = json as { commitment?: unknown; value?: unknown };
  if (typeof commitment === "string" && typeof value === "string") into.set(commitment, value);
  for (const inside of Object.values(json)) openedIn(inside, into);
  return into;
}

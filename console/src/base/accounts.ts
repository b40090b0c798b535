// SPDX-License-Identifier: Apache-2.0
// Passkeys that wait, sessions, and links that let somebody in.
import { get, path, post, remove } from "./api";
import type { Body } from "./record";

export interface OfferRow {
  key: string;
  principal: string;
  label: string;
  transports: string;
  /** What both sides of a telephone line compare. */
  code: string;
  created: string;
  expires: string;
}

export interface SessionRow {
  id: string;
  strength: "link" | "invitation" | "passkey" | "program";
  issued: string;
  expires: string;
  longest: string;
  peer: string;
  agent: string;
  current: boolean;
}

export async function readOffers(signal: AbortSignal): Promise<OfferRow[]> {
  return (await get<{ offers: OfferRow[] }>("/v1/passkeys/offers", undefined, signal)).offers;
}

/** The body of the key.enrolled that would confirm it. */
export async function offerBody(key: string): Promise<Body> {
  return (await get<OfferRow & { body: Body }>(`/v1/passkeys/offers${path(key)}`)).body;
}

export function dropOffer(key: string): Promise<void> {
  return remove(`/v1/passkeys/offers${path(key)}`);
}

export async function readSessions(signal: AbortSignal, principal?: string): Promise<SessionRow[]> {
  return (await get<{ sessions: SessionRow[] }>("/v1/sessions", { principal }, signal)).sessions;
}

export function endSession(id: string, principal?: string): Promise<void> {
  const query = principal === undefined ? "" : `?principal=${encodeURIComponent(principal)}`;
  return remove(`/v1/sessions${path(id)}${query}`);
}

/** A link that works once, whole, with when it ends. */
export async function invite(principal: string): Promise<{ link: string; expires: string }> {
  const made = await post<{ path: string; expires: string }>("/v1/links", { principal });
  return { link: location.origin + made.path, expires: made.expires };
}

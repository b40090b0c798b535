// SPDX-License-Identifier: Apache-2.0
// A record on its way: signed once, and kept until the server has answered. What was signed is sent again as it is, so
// that it is the same record however often it arrives.
import { Away, post, Problem } from "../base/api";
import { fromBase64url, sha256, toBase64url, toHex } from "../base/base64";
import type { Body, Prepared, Receipt } from "../base/record";
import { keyIdBytes, type Shift } from "./shift";
import { checkClaim, NotAsked, sign1 } from "./sign1";

export interface Pending {
  type: string;
  body: Body;
  /** Whose shift it belongs to. */
  shift: string;
  signed?: { claim: string; proof: string; openings: Prepared["openings"] };
}

const KEPT = "station.pending";

export function keptPending(): Pending | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Pending | null ?? undefined;
  } catch {
    return undefined;
  }
}

export function keepPending(pending: Pending | undefined): void {
  if (pending === undefined) sessionStorage.removeItem(KEPT);
  else sessionStorage.setItem(KEPT, JSON.stringify(pending));
}

/** True if nobody knows whether it was recorded: it stays, to be sent again. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof Away) return true;
  if (!(error instanceof Problem)) return false;
  const { status, code } = error.document;
  return status >= 500 || status === 401 || status === 408 || status === 429 || code === "CONSOLE_NOT_OURS";
}

async function signed(origin: string, shift: Shift, pending: Pending): Promise<NonNullable<Pending["signed"]>> {
  const to = `/v1/records/${encodeURIComponent(pending.type)}/prepare`;
  const prepared = await post<Prepared>(to, { body: pending.body, key: shift.keyId });
  const claim = fromBase64url(prepared.claim);
  checkClaim(claim, {
    origin,
    author: shift.principal,
    keyId: shift.keyId,
    type: pending.type,
    body: pending.body,
  });
  if (toHex(await sha256(claim)) !== prepared.digest) throw new NotAsked(pending.type);
  const proof = await sign1(shift.key, keyIdBytes(shift), pending.type, claim);
  return { claim: prepared.claim, proof: toBase64url(proof), openings: prepared.openings };
}

/** Sends it, signed by the shift's key. Only an answer takes it off the list. */
export async function deliver(origin: string, shift: Shift, pending: Pending): Promise<Receipt> {
  keepPending(pending);
  try {
    pending.signed ??= await signed(origin, shift, pending);
    keepPending(pending);
    const receipt = await post<Receipt>(`/v1/records/${encodeURIComponent(pending.type)}`, pending.signed);
    keepPending(undefined);
    return receipt;
  } catch (error) {
    if (!isUnanswered(error)) keepPending(undefined);
    throw error;
  }
}

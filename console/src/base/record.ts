// SPDX-License-Identifier: Apache-2.0
// Making a record in the browser: the server prepares the canonical bytes, the person's passkey signs their digest.
import { post } from "./api";
import { fromBase64url, sha256, toHex } from "./base64";
import { type Authenticator, type Me, passkeys } from "./me";
import { proof } from "./passkey";

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type Body = { [name: string]: Json };

export interface Prepared {
  claim: string;
  digest: string;
  text: string;
  openings: Record<string, { salt: string; value: string }>;
}

export interface Receipt {
  sequence: number;
  at: string;
  outcome: string;
  digest: string;
  raised: { code: string; detail: string; holds?: { kind: string; within: string; id: string } }[];
  executes?: number;
  blocked?: { code: string; detail?: string; values?: Record<string, string>; fix?: string };
  failures?: { control: string; expected: string; found: string }[];
}

/** No passkey of this person can sign here. */
export class NoPasskey extends Error {}

/** The passkey that signs, unless the person chooses another: the one that signed in here, as it is at hand. */
export function usual(me: Me): Authenticator | undefined {
  const own = passkeys(me);
  return own.find((passkey) => passkey.key === me.key) ?? own[0];
}

/** The bytes to sign, made for this passkey's key. The digest is computed here and must be the server's. */
export async function prepare(passkey: Authenticator | undefined, type: string, body: Body): Promise<Prepared> {
  if (passkey === undefined) throw new NoPasskey();
  const { key } = passkey;
  const prepared = await post<Prepared>(`/v1/records/${encodeURIComponent(type)}/prepare`, { body, key });
  const digest = toHex(await sha256(fromBase64url(prepared.claim)));
  if (digest !== prepared.digest) throw new Error("the digest is not the claim's");
  return prepared;
}

/** Signs what was prepared and sends it. May be called again after a failure: it is the same record. */
export async function submit(
  me: Me,
  passkey: Authenticator | undefined,
  type: string,
  prepared: Prepared,
): Promise<Receipt> {
  if (passkey?.credential === undefined || me.web === undefined) throw new NoPasskey();
  return post<Receipt>(`/v1/records/${encodeURIComponent(type)}`, {
    claim: prepared.claim,
    proof: await proof(me.web, fromBase64url(prepared.claim), passkey.credential),
    openings: prepared.openings,
  });
}

/** A record that an authenticated session may report without a signature; `key` makes a repeat the same record. */
export function report(type: string, body: Body, key: string): Promise<Receipt> {
  return post<Receipt>(`/v1/records/${encodeURIComponent(type)}`, { body }, key);
}

/** An id for a new thing, readable and unique enough to be typed nowhere: PREFIX-YYMMDD-XXXXXX. */
export function newId(prefix: string): string {
  const day = new Date().toISOString().slice(2, 10).replaceAll("-", "");
  const random = crypto.getRandomValues(new Uint8Array(4));
  return `${prefix}-${day}-${toHex(random).toUpperCase()}`;
}

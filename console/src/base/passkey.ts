// SPDX-License-Identifier: Apache-2.0
// Passkeys (W3C WebAuthn level 2): registering one, asserting with one, and the proofs that records carry.
import { post } from "./api";
import { type Bytes, fromBase64url, sha256, toBase64url } from "./base64";

export interface Web {
  origin: string;
  relying_party: string;
}

export interface Assertion {
  credential: string;
  client_data: string;
  authenticator_data: string;
  signature: string;
}

/** Why a passkey cannot work here: name of the text that says so and how to mend it. */
export function obstacle(web: Web | undefined): string | undefined {
  if (/^(\d+\.){3}\d+$|^\[/.test(location.hostname)) return "passkey.by_address";
  if (!window.isSecureContext) return "passkey.not_secure";
  if (!("credentials" in navigator) || !("PublicKeyCredential" in window)) return "passkey.no_browser";
  if (web !== undefined && web.origin !== "" && web.origin !== location.origin) return "passkey.other_origin";
  return undefined;
}

/** What the browser said when it made no assertion: name of the text. */
export function obstacleOf(error: unknown): string {
  if (!(error instanceof DOMException)) return "passkey.failed";
  if (error.name === "SecurityError") return "passkey.other_origin";
  if (error.name === "InvalidStateError") return "passkey.already";
  // Chromium: "WebAuthn is not supported on sites with TLS certificate errors."
  if (error.name === "NotAllowedError" && /certificate/i.test(error.message)) return "passkey.untrusted";
  return error.name === "NotAllowedError" ? "passkey.not_allowed" : "passkey.failed";
}

async function get(challenge: Bytes, web: Web, credentials: string[]): Promise<Assertion> {
  const found = await navigator.credentials.get({
    publicKey: {
      challenge,
      rpId: web.relying_party,
      userVerification: "required",
      allowCredentials: credentials.map((id) => ({ type: "public-key", id: fromBase64url(id) })),
    },
  });
  const response = found instanceof PublicKeyCredential ? found.response : undefined;
  if (!(found instanceof PublicKeyCredential) || !(response instanceof AuthenticatorAssertionResponse)) {
    throw new DOMException("no assertion", "NotAllowedError");
  }
  return {
    credential: toBase64url(new Uint8Array(found.rawId)),
    client_data: toBase64url(new Uint8Array(response.clientDataJSON)),
    authenticator_data: toBase64url(new Uint8Array(response.authenticatorData)),
    signature: toBase64url(new Uint8Array(response.signature)),
  };
}

async function nonce(): Promise<string> {
  return (await post<{ nonce: string }>("/v1/challenges", { for: "passkey" })).nonce;
}

/** Signs in: the cookie is set. */
export async function signIn(web: Web): Promise<void> {
  const challenge = await nonce();
  const assertion = await get(fromBase64url(challenge), web, []);
  await post("/v1/sessions/passkey", { nonce: challenge, ...assertion });
}

export async function stepUp(web: Web, credentials: string[]): Promise<void> {
  const challenge = await nonce();
  const assertion = await get(fromBase64url(challenge), web, credentials);
  await post("/v1/step-up", { nonce: challenge, ...assertion });
}

export interface Offer {
  key: string;
  code: string;
  expires: string;
}

const ES256 = -7;
const EDDSA = -8;

/** Makes a passkey and touches it once more, so that the log's record can prove that its owner holds it. `origin` is
 * the log's name, which the possession message carries (src/domain/access/access_area.h). */
export async function register(
  web: Web,
  person: { principal: string; origin: string; credentials: string[] },
  label: string,
): Promise<Offer> {
  const challenge = await nonce();
  const user = await sha256(new TextEncoder().encode(`${person.origin}\n${person.principal}`));
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: fromBase64url(challenge),
      rp: { id: web.relying_party, name: "Sealwright" },
      user: { id: user, name: person.principal, displayName: `${person.principal} · ${person.origin}` },
      pubKeyCredParams: [ES256, EDDSA].map((alg) => ({ type: "public-key", alg })),
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      attestation: "none",
      excludeCredentials: person.credentials.map((id) => ({ type: "public-key", id: fromBase64url(id) })),
    },
  });
  const response = made instanceof PublicKeyCredential ? made.response : undefined;
  if (!(made instanceof PublicKeyCredential) || !(response instanceof AuthenticatorAttestationResponse)) {
    throw new DOMException("no credential", "NotAllowedError");
  }
  const credential = toBase64url(new Uint8Array(made.rawId));
  const message = `sealwright key possession\n${person.origin}\n${person.principal}\n`;
  const digest = await sha256(new TextEncoder().encode(message));
  const held = await get(digest, web, [credential]);
  return post<Offer>("/v1/passkeys", {
    nonce: challenge,
    label,
    transports: response.getTransports(),
    client_data: toBase64url(new Uint8Array(response.clientDataJSON)),
    attestation: toBase64url(new Uint8Array(response.attestationObject)),
    possession: {
      client_data: held.client_data,
      authenticator_data: held.authenticator_data,
      signature: held.signature,
    },
  });
}

/** CBOR of a byte string (RFC 8949 section 3.1), at most 65,535 bytes. */
function cborBytes(bytes: Bytes): number[] {
  const head =
    bytes.length < 24
      ? [0x40 | bytes.length]
      : bytes.length < 256
        ? [0x58, bytes.length]
        : [0x59, bytes.length >> 8, bytes.length & 0xff];
  return [...head, ...bytes];
}

/** A record's proof: the assertion whose challenge is the claim's digest (docs/formats/entry.cddl, webauthn-proof). */
export async function proof(web: Web, claim: Bytes, credential: string): Promise<string> {
  const assertion = await get(await sha256(claim), web, [credential]);
  const parts = [assertion.authenticator_data, assertion.client_data, assertion.signature];
  return toBase64url(Uint8Array.from([0x83, ...parts.flatMap((p) => cborBytes(fromBase64url(p)))]));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* passkey.h — whether a browser's registration or assertion of a passkey holds (W3C WebAuthn level 2, sections 7.1 and
 * 7.2): the person verified, on our page, for our relying party, about this challenge. libfido2 and our own judge must
 * both say so. Pure functions over bytes of anybody's; ES256 and EdDSA only. */
#ifndef SERVER_PASSKEY_H
#define SERVER_PASSKEY_H

#include "crypto/proof.h"

enum {
	CREDENTIAL_MIN = 16,
	CREDENTIAL_MAX = 255,
	ATTESTATION_MAX = 8192, /* with a chain of X.509 */
	ASSERTION_SIGNATURE_MAX = 96,
	OFFER_CODE_SIZE = 30, /* 6 groups of 4 hexadecimal digits */
};

struct passkey {
	struct public_key *key;
	struct bytes credential; /* within the attestation */
	uint32_t counter;
};
/* API_PASSKEY_REGISTRATION_WRONG, with the field. `attestation` is an attestation object with none, or with a packed
 * one, which is verified and not trusted. The key is the caller's to close. */
MUST_CHECK err passkey_registration_check(const struct proof_party *party, struct hash challenge,
					  struct bytes client_data, struct bytes attestation,
					  struct passkey *out, struct fault *f);

struct passkey_assertion {
	struct bytes client_data, authenticator_data, signature;
};
/* API_PASSKEY_WRONG. The counter is for the caller to compare. */
MUST_CHECK err passkey_assertion_check(const struct proof_party *party, struct hash challenge,
				       const struct public_key *key,
				       const struct passkey_assertion *assertion, uint32_t *counter,
				       struct fault *f);
/* libfido2's half of it alone: rpIdHash, flags and signature. */
MUST_CHECK bool passkey_fido_agrees(struct bytes relying_party, const struct public_key *key,
				    const struct passkey_assertion *assertion);

/* What people compare before they confirm a key: `ab12 …`, the same on every screen and in every program. */
void passkey_code(struct bytes spki, char out[static OFFER_CODE_SIZE]);

#endif

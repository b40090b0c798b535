/* SPDX-License-Identifier: Apache-2.0 */
/* passkey_sign.h — what authenticators and browsers make (W3C WebAuthn level 2), for tests that need authors who sign
 * so: right, or wrong in one thing. P-256 or Ed25519. */
#ifndef PASSKEY_SIGN_H
#define PASSKEY_SIGN_H

#include "crypto/crypto.h"

/* A proof over `claim`, as an item of CBOR in the arena: for this relying party, on this web page,
 * with the person present and verified. */
MUST_CHECK err passkey_prove(struct arena *a, const struct private_key *key, const char *party,
			     const char *origin, struct bytes claim, struct bytes *out,
			     struct fault *f);

/* What stays zero is as it should be. */
struct passkey_wish {
	const char *party, *origin;
	struct hash challenge;
	uint32_t counter;
	const char *type;  /* of the client data */
	const char *cross; /* JSON; false */
	const char *more;  /* members of the client data, after a comma */
	const char *
		flags; /* one character per letter: P present, V verified, C credential, X extensions */
	struct bytes cose_key;  /* instead of the key's */
	struct bytes tail;      /* after the authenticator data */
	struct bytes after;     /* after the attestation object */
	const char *format;     /* none; or packed, which the key itself then signs */
	struct bytes statement; /* instead of what belongs to the format */
};

struct passkey_words {
	struct bytes client_data, authenticator_data, signature;
};
MUST_CHECK err passkey_assert(struct arena *a, const struct private_key *key,
			      const struct passkey_wish *wish, struct passkey_words *out,
			      struct fault *f);

struct passkey_registration {
	struct bytes client_data, attestation;
};
MUST_CHECK err passkey_register(struct arena *a, const struct private_key *key,
				struct bytes credential, const struct passkey_wish *wish,
				struct passkey_registration *out, struct fault *f);

#endif

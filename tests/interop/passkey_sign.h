/* SPDX-License-Identifier: Apache-2.0 */
/* passkey_sign.h — assertions as an authenticator and a browser make them (W3C WebAuthn level 2), for
 * tests that need authors who sign so. */
#ifndef PASSKEY_SIGN_H
#define PASSKEY_SIGN_H

#include "crypto/crypto.h"

/* What the browser sends; it lives in the arena. */
struct passkey_assertion {
	struct bytes authenticator_data, client_data, signature;
};
/* Over this challenge, for this relying party, on this web page, with the person present and
 * verified. P-256 or Ed25519. */
MUST_CHECK err passkey_assert(struct arena *a, const struct private_key *key, const char *party,
			      const char *origin, struct hash challenge,
			      struct passkey_assertion *out, struct fault *f);
/* A proof over `claim`, as an item of CBOR in the arena. */
MUST_CHECK err passkey_prove(struct arena *a, const struct private_key *key, const char *party,
			     const char *origin, struct bytes claim, struct bytes *out,
			     struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* passkey_request.h — what requests about passkeys have in common: members in base64url, the nonce that is spent, and
 * whose passkey it is. */
#ifndef SERVER_PASSKEY_REQUEST_H
#define SERVER_PASSKEY_REQUEST_H

#include "server/passkey.h"
#include "server/server_internal.h"

/* For whom and where passkeys are made here. */
struct passkey_place {
	struct bytes origin;
	struct proof_party party;
};
/* API_PASSKEYS_OFF unless both are configured. `out` must stay where it is. */
MUST_CHECK err passkey_place(const struct call *c, struct passkey_place *out, struct fault *f);

/* A member in base64url without padding, of 1 to `most` bytes, into the request's arena. */
MUST_CHECK err passkey_member(struct call *c, const json_t *json, const char *name, size_t most,
			      struct bytes *out, struct fault *f);
/* The member `nonce`, taken away whatever becomes of the request. API_NONCE_OVER. */
MUST_CHECK err passkey_nonce(struct call *c, const json_t *json, struct hash *out, struct fault *f);
MUST_CHECK err passkey_assertion_read(struct call *c, const json_t *json,
				      struct passkey_assertion *out, struct fault *f);

/* Whose it is: {nonce, credential, client_data, authenticator_data, signature}, all of which hold. API_PASSKEY_UNKNOWN,
 * API_PASSKEY_WRONG, API_PASSKEY_COUNTER. Failures count against the address. */
struct passkey_owner {
	char principal[ID_SIZE_MAX + 1];
	struct hash key;
};
MUST_CHECK err passkey_prove_owner(struct call *c, const json_t *json, struct passkey_owner *out,
				   struct fault *f);

#endif

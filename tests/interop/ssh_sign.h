/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_sign.h — SSH signatures as ssh-keygen and a FIDO token make them, for tests that need authors
 * who sign so. */
#ifndef SSH_SIGN_H
#define SSH_SIGN_H

#include "core/sshsig.h"
#include "crypto/crypto.h"

/* Over `message`, for approvals, with SHA-512, into the arena. `application` NULL: a plain key;
 * otherwise as a token signs that was touched. */
MUST_CHECK err ssh_sign(struct arena *a, const struct private_key *key, const char *application,
			struct bytes message, struct bytes *out, struct fault *f);
/* The same as an item of CBOR: a proof. */
MUST_CHECK err ssh_prove(struct arena *a, const struct private_key *key, const char *application,
			 struct bytes claim, struct bytes *out, struct fault *f);

#endif

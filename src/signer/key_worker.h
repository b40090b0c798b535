/* SPDX-License-Identifier: Apache-2.0 */
/* key_worker.h — a key by its address: a file, or a PKCS #11 URI (key_uri.h). A key in an HSM signs
 * in workers, one session each, side by side; signatures are verified before anybody sees them.
 * A worker that dies is started again, and what it had in hand is asked once more. A wrong PIN is
 * tried once, and then never again by this key. */
#ifndef SIGNER_KEY_WORKER_H
#define SIGNER_KEY_WORKER_H

#include "crypto/crypto.h"
#include "signer/key_uri.h"

/* `sessions` 0: as the address says, or KEY_SESSIONS. Forks, so before the sandbox. Signs a
 * rehearsal with every session. `passphrase` is of a file. Messages KEY_*. */
MUST_CHECK err key_address_open(const char *address, struct bytes passphrase, unsigned sessions,
				struct private_key **out, struct fault *f);

/* Makes a key pair in the token that `uri` names, which it never leaves, under the URI's object
 * and id. KEY_HSM_EXISTS if there is one already. */
MUST_CHECK err key_hsm_generate(const char *uri, enum key_algorithm algorithm,
				struct public_key **out, struct fault *f);

#endif

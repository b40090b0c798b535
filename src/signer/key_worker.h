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
 * and id. KEY_HSM_EXISTS if there is one already. `out` may be NULL. */
MUST_CHECK err key_hsm_generate(const char *uri, enum key_algorithm algorithm,
				struct public_key **out, struct fault *f);

/* ---- in the signer's folder, a key is a file: the key itself, or one line with its address ---- */

/* `out` is empty where the file is a key. KEY_FILE_* as private_key_load. */
MUST_CHECK err key_file_address(const char *path, char out[static KEY_ADDRESS_MAX + 1],
				struct fault *f);
/* Replaces or creates the file, 0600, with an address (of an HSM only). */
MUST_CHECK err key_file_point(const char *path, const char *address, struct fault *f);
/* Opens the key that the file is, or points to. */
MUST_CHECK err key_file_open(const char *path, struct bytes passphrase, struct private_key **out,
			     struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* cipher.h — AES-256-GCM (NIST SP 800-38D) with a fresh random 96-bit nonce in front and the
 * 128-bit tag behind: nonce ‖ ciphertext ‖ tag. */
#ifndef BLOB_CIPHER_H
#define BLOB_CIPHER_H

#include "base/error.h"

enum { CIPHER_KEY_SIZE = 32, CIPHER_NONCE_SIZE = 12, CIPHER_TAG_SIZE = 16, CIPHER_EXTRA = 28 };

/* `out` takes plain.n + CIPHER_EXTRA bytes. */
MUST_CHECK err cipher_lock(const uint8_t key[static CIPHER_KEY_SIZE], struct bytes aad,
			   struct bytes plain, uint8_t *out, struct fault *f);
/* `out` takes sealed.n - CIPHER_EXTRA bytes, and is wiped unless all of it is authentic. */
MUST_CHECK bool cipher_unlock(const uint8_t key[static CIPHER_KEY_SIZE], struct bytes aad,
			      struct bytes locked, uint8_t *out);

#endif

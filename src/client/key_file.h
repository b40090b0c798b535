/* SPDX-License-Identifier: Apache-2.0 */
/* key_file.h — public keys as files (SubjectPublicKeyInfo in PEM, RFC 7468), and the proof that
 * somebody holds the private half. */
#ifndef CLIENT_KEY_FILE_H
#define CLIENT_KEY_FILE_H

#include "crypto/crypto.h"

/* KEY_FILE_EXISTS unless the path is free. */
MUST_CHECK err public_key_file_write(const struct public_key *key, const char *path,
				     struct fault *f);
MUST_CHECK err public_key_file_read(const char *path, struct public_key **out, struct fault *f);
/* The first PEM block with this label, strict base64 between its marks; false if there is none. */
MUST_CHECK bool pem_decode(struct arena *a, struct bytes text, const char *label,
			   struct bytes *der);
/* What key.enrolled carries, base64url; `message` is what key_possession_message() wrote. */
struct possession {
	char public_key[2 * SPKI_SIZE_MAX], signature[96];
};
MUST_CHECK err possession_make(const struct private_key *key, struct bytes message,
			       struct possession *out, struct fault *f);

#endif

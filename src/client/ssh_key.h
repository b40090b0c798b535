/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_key.h — public keys as OpenSSH writes them (`id_ed25519_sk.pub`), for people whose key lives in a
 * token or an agent. */
#ifndef CLIENT_SSH_KEY_H
#define CLIENT_SSH_KEY_H

#include "crypto/crypto.h"

/* Reads the first line of a .pub file: ssh-ed25519, ecdsa-sha2-nistp256 or their sk- forms. The
 * `application` of a FIDO token lies in the arena; n is 0 for others. SSH_KEY_WRONG. */
MUST_CHECK err ssh_public_key_read(struct arena *a, const char *path, struct public_key **out,
				   struct bytes *application, struct fault *f);
/* Whether the file looks like one of OpenSSH's, and not like PEM. */
bool ssh_public_key_file(const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* rotate.h — a new key in the place of an old one, here or in an HSM, in the signer's folder, while no
 * signer runs. The old key signs the new one, the new one signs the old, and the log's own key both;
 * the journal names the new key before it takes its place. What the old key signed still counts.
 *
 * Not the checkpoint key: by that the log is known, and it changes with the log's name (succeed.h). */
#ifndef SIGNER_ROTATE_H
#define SIGNER_ROTATE_H

#include "signer/key_change.h"

struct rotation {
	const char *folder;
	struct bytes passphrase; /* of key files */
	enum signer_key which;
	const char *address; /* of an HSM, where the new key is made; NULL: a file */
	uint64_t now_ms;
};
enum { ROTATED_PATH_MAX = 4096 };
struct rotated {
	bool finished; /* an earlier attempt that was interrupted after its journal record */
	struct note_key log;
	struct bytes statement;      /* key_change_check() reads it */
	struct bytes ca_certificate; /* in force now, DER */
	/* The old key's file; empty where it was an address. */
	char kept[ROTATED_PATH_MAX];
};
/* SIGNER_KEY_IS_THE_LOG, SIGNER_KEYS_MANY. Interrupted before its journal record it has done nothing; after
 * it, no signer starts until the same is asked again. */
MUST_CHECK err signer_rotate(const struct rotation *rotation, struct arena *a, struct rotated *out,
			     struct fault *f);
/* Overwrites and removes the file of a key that was replaced. Copies elsewhere stay. */
MUST_CHECK err signer_destroy_old(const char *path, struct fault *f);

#endif

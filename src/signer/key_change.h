/* SPDX-License-Identifier: Apache-2.0 */
/* key_change.h — the statement that one key of a signer follows another (docs/formats/signer.cddl): signed
 * by the old key, by the new one, and by the log's own, so that whoever knows the log believes it. */
#ifndef SIGNER_KEY_CHANGE_H
#define SIGNER_KEY_CHANGE_H

#include "signer/signer.h"

#define KEY_CHANGE_CONTEXT "sealwright key change"
enum { KEY_CHANGE_MAX = 2048 };

/* By the name that people use: checkpoint, ca, firmware.development, …, permit. SIGNER_KEYS: none. */
extern const char *const SIGNER_KEY_NAME[SIGNER_KEYS];
enum signer_key signer_key_named(const char *name, size_t n);

struct key_change {
	enum signer_key which;
	struct bytes old_spki, new_spki;
	struct hash old_key, new_key;
	struct hash ca_certificate; /* digest of the one that is in force with the new key */
	uint64_t at;
};
/* What the three sign. */
void key_change_put(struct writer *w, const char *origin, const struct key_change *change);
/* Strict: spans of `*out` point into the statement. KEY_CHANGE_WRONG. */
MUST_CHECK err key_change_check(struct bytes statement, const struct note_key *log,
				struct key_change *out, struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* index.h — what was issued, in memory, found by request, by unit and by key. Rebuilt from the
 * journal at start. Takes 160 to 320 bytes a certificate (it doubles when full), and half as much
 * again in the moment it grows: a million units stay under 340 MB. */
#ifndef SIGNER_INDEX_H
#define SIGNER_INDEX_H

#include "base/error.h"

/* Spans of the journal file instead of their content. */
struct journal_span {
	uint64_t at;
	uint32_t n; /* 0: not there yet */
};

struct issued {
	struct hash request; /* digest of the claim that asked for it */
	struct hash unit;    /* SHA-256 over (product, serial) */
	struct hash key;     /* key id */
	struct journal_span intent;
	struct journal_span certificate; /* with the issue receipt behind it: two byte strings */
	uint32_t authorization;          /* place in the list of build authorizations */
};

enum index_by { INDEX_REQUEST, INDEX_UNIT, INDEX_KEY, INDEXES };

struct issue_index {
	struct issued *all;
	size_t n, cap;
	uint32_t *tables[INDEXES]; /* place in `all` plus one; 0: free */
	size_t slots;              /* a power of two, at least twice `n` */
	struct hash seed;          /* nobody outside can choose digests that collide */
};

/* Zero-initialise and set `seed` from random bytes. */
void index_done(struct issue_index *index);
/* False if memory is short. Nobody checks here that the keys are new. */
MUST_CHECK bool index_add(struct issue_index *index, const struct issued *issued);
/* NULL if there is none. Valid until the next index_add. */
struct issued *index_find(struct issue_index *index, enum index_by by, const struct hash *key);

#endif

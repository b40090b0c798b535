/* SPDX-License-Identifier: Apache-2.0 */
/* known.h — digests that the journal knows, in memory: decisions, ids, approvals that were spent,
 * denials, permits. Rebuilt at start. Takes 80 to 160 bytes each, and half as much again in the
 * moment it grows: a million permits stay under 240 MB, and there are at most four. */
#ifndef SIGNER_KNOWN_H
#define SIGNER_KNOWN_H

#include "base/error.h"
#include "signer/index.h"

enum known_kind {
	KNOWN_DECISION,         /* by digest of the claim; value: DECIDED_CHARTER or 0 */
	KNOWN_AUTHORIZATION,    /* the same; value: place in the list */
	KNOWN_AUTHORIZATION_ID, /* by SHA-256 of the id; value: place in the list */
	KNOWN_RELEASE_ID,       /* the same */
	KNOWN_CREDENTIAL_ID,
	KNOWN_SPENT,  /* an approval, by digest of its claim */
	KNOWN_DENIED, /* what was denied, by digest of its claim */
	KNOWN_PERMIT, /* by digest of the claim that asked */
};
enum { DECIDED_CHARTER = 1 };

struct known {
	struct hash digest;
	uint64_t value;
	struct journal_span span; /* of the document, or until it is signed of the record */
	uint16_t kind;            /* enum known_kind */
	bool is_signed;           /* `span` is the document */
};

struct known_index {
	struct known *all;
	size_t n, cap;
	uint32_t *table;  /* place in `all` plus one; 0: free */
	size_t slots;     /* a power of two, at least twice `n` */
	struct hash seed; /* nobody outside can choose digests that collide */
};

/* Zero-initialise and set `seed` from random bytes. */
void known_done(struct known_index *index);
/* False if memory is short. Nobody checks here that it is new. */
MUST_CHECK bool known_add(struct known_index *index, const struct known *known);
/* NULL if there is none. Valid until the next known_add. */
struct known *known_find(const struct known_index *index, enum known_kind kind, struct hash digest);

#endif

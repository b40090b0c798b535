/* SPDX-License-Identifier: Apache-2.0 */
/* authority_internal.h — what was gathered of a passport, and how it is found. */
#ifndef CLIENT_AUTHORITY_INTERNAL_H
#define CLIENT_AUTHORITY_INTERNAL_H

#include "client/authority_check.h"

/* A decision, or an approval of one. */
struct claim_seen {
	struct bytes origin, type, body, author;
	struct hash digest, key;
	bool has_key;
	uint64_t made;
	struct claim_seen *next; /* in the order of the log */
};

/* A record signer.admitted: whose document, and what stands in it. */
struct answer_seen {
	struct hash record;
	struct bytes document;
	struct answer_seen *next;
};

/* Members of a claim's body; empty or 0 when absent. */
struct bytes seen_text(struct bytes body, const char *name);
uint64_t seen_number(struct bytes body, const char *name);
bool seen_hash(struct bytes body, const char *name, struct hash *out);

bool seen_is(const struct claim_seen *claim, const char *type);
/* NULL if it is not in the passport. */
const struct claim_seen *seen_claim(const struct authority_check *c, struct hash digest);
const struct answer_seen *seen_answer(const struct authority_check *c, struct hash record);

#endif

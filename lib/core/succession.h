/* SPDX-License-Identifier: Apache-2.0 */
/* succession.h — the one way in which a log goes on under another name (docs/authority.md): an entry
 * `ledger.succeeded`, the first that carries the new origin, which names the old one, the last head
 * that was signed there, and how much of it was recovered. Portable. */
#ifndef CORE_SUCCESSION_H
#define CORE_SUCCESSION_H

#include "core/entry.h"
#include "core/merkle.h"

#define SUCCESSION_TYPE "ledger.succeeded"

enum { SUCCESSIONS_MAX = 16 };

/* Spans point into the claim. */
struct succession {
	struct bytes origin, old_origin;
	struct merkle_head last;      /* that the old log's key signed */
	struct merkle_head recovered; /* with which the new one begins */
	struct hash checkpoint_key;   /* the new Ed25519 key itself */
	bool used_up;                 /* every build authorization of before counts as used up */
};

/* Reads the claim of a `ledger.succeeded`, strictly. False with `*why`, a static sentence. */
MUST_CHECK bool succession_read(const struct claim *claim, struct succession *out,
				const char **why);

/* Follows the origins of a log's entries, in order; not all of them need to be there.
 * Zero-initialise. */
struct origin_line {
	char now[ORIGIN_SIZE_MAX + 1]; /* empty at first */
	uint64_t since;                /* the first entry that carried it */
	struct hash before[SUCCESSIONS_MAX];
	size_t n; /* how often the log was succeeded */
};
/* Whether the entry at `sequence` may have the origin that it has: that of those before it, or, once,
 * at its place and in order, a new one by a `ledger.succeeded`, which then is `*succession` (its
 * origin.p is NULL otherwise). */
MUST_CHECK bool origin_follow(struct origin_line *line, uint64_t sequence,
			      const struct entry *entry, struct succession *succession,
			      const char **why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* passport_check.h — a unit's passport, verified offline to the last signature. */
#ifndef CLIENT_PASSPORT_CHECK_H
#define CLIENT_PASSPORT_CHECK_H

#include "base/arena.h"
#include "core/passport.h"

struct passport_report {
	char kind[ID_SIZE_MAX + 1], within[ID_SIZE_MAX + 1], id[ID_SIZE_MAX + 1];
	struct merkle_head head;
	size_t entries, signed_by_author, reported;
	uint64_t first_at, last_at;
};

/* What is said of one entry after it was verified. */
typedef void passport_each(void *context, const struct passport_entry *entry,
			   const struct entry *parsed);
/* The checkpoint, every inclusion, the chain of records of each subject, and every author's
 * signature with the key that the passport itself shows to be theirs. PASSPORT_WRONG. `each` may
 * be NULL. */
MUST_CHECK err passport_check(struct bytes file, const struct note_key *log, passport_each *each,
			      void *context, struct passport_report *out, struct fault *f);

#endif

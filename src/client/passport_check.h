/* SPDX-License-Identifier: Apache-2.0 */
/* passport_check.h — a unit's passport, verified offline to the last signature. */
#ifndef CLIENT_PASSPORT_CHECK_H
#define CLIENT_PASSPORT_CHECK_H

#include "base/arena.h"
#include "core/passport.h"
#include "record/registry.h"

struct passport_report {
	char kind[ID_SIZE_MAX + 1], within[ID_SIZE_MAX + 1], id[ID_SIZE_MAX + 1];
	struct merkle_head head;
	size_t entries, signed_by_author, reported;
	size_t passkeys; /* assertions not verified: the log was started without a relying party */
	uint64_t first_at, last_at;
	char mode[16]; /* of the log, by its first entry: founded, bootstrap or trial */
	struct passport_failure failure; /* at which step, if it does not hold */
};

/* What is said of one entry after it was verified. */
typedef void passport_each(void *context, const struct passport_entry *entry,
			   const struct entry *parsed);
/* The checkpoint, every inclusion, the chain of records of each subject, the openings, and every
 * author's signature with a key that an earlier entry of the passport gave to that author, and that no
 * earlier one ended; it begins with the first entry of the log, which names founders and mode; the
 * unit's certificate is for the key that it asked with, and its CA's where that is here. PASSPORT_WRONG,
 * AUDIT_SIGNATURE_WRONG. `each` may be NULL. */
MUST_CHECK err passport_check(struct bytes file, const struct note_key *log,
			      const struct registry *registry, passport_each *each, void *context,
			      struct passport_report *out, struct fault *f);

#endif

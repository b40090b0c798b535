/* SPDX-License-Identifier: Apache-2.0 */
/* passport.h — one file per unit that proves itself offline (docs/formats/passport.cddl): the
 * entries of the unit and of what it is made of, each with its inclusion path in one signed
 * checkpoint. Portable: no allocation, no I/O, no cryptography of its own. */
#ifndef CORE_PASSPORT_H
#define CORE_PASSPORT_H

#include "core/entry.h"
#include "core/note.h"

enum { PASSPORT_VERSION = 1, PASSPORT_SIZE_MAX = 1 << 22, PASSPORT_ENTRIES_MAX = 4096 };

/* Spans point into the input. */
struct passport {
	struct bytes note;      /* signed checkpoint */
	struct subject subject; /* what the passport is about */
	struct bytes entries;   /* checked list; walk it with passport_entries() */
	struct bytes openings;
	struct bytes notices;
};

struct passport_entry {
	uint64_t sequence;
	struct bytes bytes; /* the whole entry */
	struct hash path[MERKLE_DEPTH_MAX];
	size_t path_n;
};

struct passport_opening {
	struct hash commitment; /* computed from the two */
	struct bytes salt, value;
};

/* Strict: unknown keys and trailing bytes are refused; entries strictly ascend by sequence. */
MUST_CHECK bool passport_parse(struct bytes in, struct passport *out, const char **why);
struct reader passport_entries(const struct passport *p, size_t *n);
bool passport_next_entry(struct reader *at, struct passport_entry *out);
struct reader passport_openings(const struct passport *p, size_t *n);
bool passport_next_opening(struct reader *at, struct passport_opening *out);
struct reader passport_notices(const struct passport *p, size_t *n);
bool passport_next_notice(struct reader *at, struct bytes *out);

/* Where a passport failed: a static sentence, and the entry if it is about one. */
struct passport_failure {
	const char *why;
	bool has_sequence;
	uint64_t sequence;
};

/* The checkpoint is signed by `key`; every entry is in its tree, of its log, and where it says it
 * is; between two entries of one subject nothing was left out; the unit is there at all. Author
 * signatures are the caller's to check: whose key is whose follows from the entries, in order. */
MUST_CHECK bool passport_verify(const struct passport *p, const struct note_key *key,
				note_verify_fn *verify, struct passport_failure *failure);

/* ---- making one ---- */

void passport_put_entry(struct writer *w, uint64_t sequence, struct bytes entry,
			const struct hash *path, size_t path_n);

#endif

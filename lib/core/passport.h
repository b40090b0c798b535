/* SPDX-License-Identifier: Apache-2.0 */
/* passport.h — one file per unit that proves itself offline (docs/formats/passport.cddl): the
 * entries of the unit and of what it is made of, each with its inclusion path in one signed
 * checkpoint. Portable: no allocation, no I/O, no cryptography of its own. */
#ifndef CORE_PASSPORT_H
#define CORE_PASSPORT_H

#include "core/entry.h"
#include "core/note.h"

enum {
	PASSPORT_VERSION = 2, /* files of version 1 verify as well */
	PASSPORT_SIZE_MAX = 1 << 22,
	PASSPORT_ENTRIES_MAX = 4096,
	PASSPORT_OPENINGS_MAX = 256,
	PASSPORT_NOTICES_MAX = 32,
	PASSPORT_WITHHELD_MAX = 32,
	PASSPORT_CA_MAX = 4096,
};

/* Spans point into the input. */
struct passport {
	uint64_t version;
	struct bytes note;      /* signed checkpoint */
	struct subject subject; /* what the passport is about */
	struct bytes entries;   /* checked list; walk it with passport_entries() */
	struct bytes openings;
	struct bytes notices;
	struct bytes withheld; /* kinds of chains that were left out; version 2 */
	struct bytes ca;       /* certificate of the device CA, DER; empty: not here; version 2 */
	uint64_t last;         /* sequence of the unit's last record; version 2 */
};

struct passport_entry {
	uint64_t sequence;
	struct bytes bytes; /* the whole entry */
	struct hash path[MERKLE_DEPTH_MAX];
	size_t path_n;
};

struct passport_opening {
	struct hash commitment; /* computed from the two; they ascend by it */
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
struct reader passport_withheld(const struct passport *p, size_t *n);
bool passport_next_withheld(struct reader *at, struct bytes *kind);
/* Whether chains of this kind may be left out at all: not the unit's own, nor those that tell whose
 * key is whose, who agreed, and what became of a nonconformance. */
bool passport_may_withhold(struct bytes kind);

/* The steps of verifying, in their sequence. The first four are of this file. */
enum passport_step {
	PASSPORT_HOLDS = 0,
	PASSPORT_FILE,       /* it can be read, to its last byte */
	PASSPORT_CHECKPOINT, /* the log's key signed it */
	PASSPORT_INCLUSION,  /* every entry stands in the log where it says */
	PASSPORT_CHAIN,      /* nothing was left out between records; what was, is said */
	PASSPORT_OPENING,    /* every value shown is the one that was committed to */
	PASSPORT_SIGNATURE,  /* every author signed with a key that was theirs then */
	PASSPORT_DEVICE,     /* the unit's certificate is its CA's, and for its key */
	PASSPORT_AGREEMENT,  /* those agreed who had to */
};
const char *passport_step_name(enum passport_step step);

/* Where a passport failed: a static sentence, and the entry if it is about one. */
struct passport_failure {
	enum passport_step step;
	const char *why;
	bool has_sequence;
	uint64_t sequence;
};

/* The checkpoint is signed by `key`; every entry is in its tree, of its log, and where it says it
 * is; between two entries of one subject nothing was left out; the unit is there at all; openings
 * open something, and the CA's certificate is the one that the log's start names. Author
 * signatures are the caller's to check: whose key is whose follows from the entries, in order. That
 * nothing came after the unit's last record, only the whole log can prove. */
MUST_CHECK bool passport_verify(const struct passport *p, const struct note_key *key,
				note_verify_fn *verify, struct passport_failure *failure);

/* ---- making one ---- */

/* Version 2, but for its lists: each is one item, or empty for none. */
void passport_put(struct writer *w, const struct passport *p);
void passport_put_entry(struct writer *w, uint64_t sequence, struct bytes entry,
			const struct hash *path, size_t path_n);

#endif

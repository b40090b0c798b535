/* SPDX-License-Identifier: Apache-2.0 */
/* sections.h — splits an area's .sql file at its `-- kind …` headers (docs/record-types.md).
 * Pure: no database. */
#ifndef RECORD_SECTIONS_H
#define RECORD_SECTIONS_H

#include "base/arena.h"

enum section_kind {
	SECTION_TABLE = 1,
	SECTION_SCOPE,
	SECTION_REFUSE,
	SECTION_FLAG,
	SECTION_FOLD,
	SECTION_CONTROL,
	SECTION_VIEW,
	SECTION_POLICY,
};

enum { SECTION_WORDS_MAX = 16, SECTIONS_MAX = 512, SECTION_FILE_MAX = 1 << 20 };

struct section {
	enum section_kind kind;
	const char *words[SECTION_WORDS_MAX]; /* of the header, after the kind */
	size_t words_n;
	size_t types_n;  /* of a rule: so many words, the first ones, are types */
	const char *sql; /* zero-terminated, without its last semicolon; for a table its lines */
	unsigned line;   /* of the header, from 1 */
};

/* Splits the whole text into the arena. Message SQL_SECTION_BAD with {area}, {line}, {detail}. */
MUST_CHECK err sections_split(struct arena *a, const char *area, struct bytes text,
			      struct section **out, size_t *n, struct fault *f);

#endif

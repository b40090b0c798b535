/* SPDX-License-Identifier: Apache-2.0 */
/* parameters.h — finds the :names of one statement and rewrites them to numbered markers, which
 * both stores know. It reads SQL only as far as strings, quoted names and comments go, and
 * refuses what the two stores would read differently. */
#ifndef DB_PARAMETERS_H
#define DB_PARAMETERS_H

#include "db/db.h"

enum { PARAMETERS_MAX = 1000, SQL_SIZE_MAX = 1 << 20 };

struct rewritten {
	char *sql;      /* zero-terminated, in the arena */
	uint16_t *used; /* marker k, from 1, stands for the caller's parameter used[k - 1] */
	size_t used_n;
};

/* `mark` is '?' (SQLite) or '$' (PostgreSQL). Every :name must be one of the `n` parameters.
 * Faults DB_SQL_INVALID and DB_PARAMETER_UNKNOWN; `*out` is untouched then. */
MUST_CHECK err parameters_rewrite(struct arena *a, struct bytes sql, char mark,
				  const struct parameter *parameters, size_t n,
				  struct rewritten *out, struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* allowance_internal.h — what the files of the allowances share. */
#ifndef STATION_ALLOWANCE_INTERNAL_H
#define STATION_ALLOWANCE_INTERNAL_H

#include "station/allowance.h"
#include "station/row_file.h"

enum {
	ALLOWANCES_MAX = 64,
	STARTED_MAX = 100000,
	STARTED_ROW = 3 * ID_SIZE_MAX + 8,
	FILE_MAX = 1 << 20
};

struct known {
	char id[ID_SIZE_MAX + 1], authorization[ID_SIZE_MAX + 1];
	uint64_t quantity, used; /* used: that came to the server */
	uint64_t valid_until;
};
struct started {
	char allowance[ID_SIZE_MAX + 1], product[ID_SIZE_MAX + 1], serial[ID_SIZE_MAX + 1];
	uint64_t counter; /* of its record in the spool */
};

struct allowances {
	char path[512];
	struct known known[ALLOWANCES_MAX];
	size_t known_n;
	struct row_file file;
	struct started *started;
	size_t started_n, started_cap;
};

/* started.c: units that were started under an allowance, in the file `started`. */
err started_seen_row(void *context, struct bytes row, struct fault *f);
MUST_CHECK err started_rewrite(struct allowances *a, struct fault *f);
const struct started *started_find(const struct allowances *a, const char *product,
				   const char *serial);
bool started_is_returned(const struct allowances *a, const char *allowance);

#endif

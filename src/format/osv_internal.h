/* SPDX-License-Identifier: Apache-2.0 */
/* osv_internal.h — what the files of the advisories share. */
#ifndef FORMAT_OSV_INTERNAL_H
#define FORMAT_OSV_INTERNAL_H

#include "format/json_text.h"
#include "format/osv.h"

enum { OSV_PATH_SIZE = 128 };

struct osv_reading {
	struct arena scratch; /* of one advisory */
	osv_each *each;
	void *context;
	struct osv_feed *out;
	struct fault *fault;
	struct json_place place;  /* where the advisory begins */
	char path[OSV_PATH_SIZE]; /* of what is being read */
};

/* OSV_WRONG about a member of what is being read, or about all of it when `name` is empty. */
err osv_wrong(struct osv_reading *r, const char *name, const char *expected);
/* A member that must be a list of at most so many; NULL where it is absent or null. */
MUST_CHECK err osv_take_list(struct osv_reading *r, const json_t *object, const char *name,
			     size_t most, const json_t **out);
/* Reads one advisory and passes it on. */
MUST_CHECK err osv_take_advisory(struct osv_reading *r, const json_t *object);

#endif

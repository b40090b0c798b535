/* SPDX-License-Identifier: Apache-2.0 */
/* claim_make.h — builds a claim from JSON, wherever its author is. Needs no engine. */
#ifndef RECORD_CLAIM_MAKE_H
#define RECORD_CLAIM_MAKE_H

#include "record/codec.h"

struct claim_maker {
	const struct registry *registry;
	const char *origin; /* of the log it is for */
	const char *author;
	const struct hash *key; /* the author's, or NULL for a claim without a proof */
	struct bytes secret; /* 32 bytes from which salts follow; empty: no confidential values */
	uint64_t now_ms;     /* for a fresh id */
	const char *spool;   /* offline spool that it goes into, or NULL */
	uint64_t spool_counter;
};

struct prepared {
	struct bytes claim;
	struct hash digest;
	struct opening *openings;
	size_t openings_n;
};

/* `json` is {"id", "made", "occurred", "source", "body"}, of which only body is required. Without a
 * `made`, it is the id's own time, so that a repeated submission is the same claim. */
MUST_CHECK err claim_make(const struct claim_maker *maker, struct arena *a, struct bytes type,
			  const json_t *json, struct prepared *out, struct fault *f);

/* Reading JSON envelopes. */
MUST_CHECK err json_only_keys(const json_t *json, const char *const *allowed, size_t n,
			      struct fault *f);
/* OCCURRED_AFTER_MADE: nobody reports what is still to come. */
MUST_CHECK err claim_times_check(const struct claim *claim, struct fault *f);
/* TYPE_NOT_OF_PATH if the member `type` is there and says another type. */
MUST_CHECK err json_same_type(const json_t *json, struct bytes type, struct fault *f);
err envelope_wrong(struct fault *f, const char *field, const char *expected);
struct bytes member_text(const json_t *json, const char *name); /* empty unless it is a string */

#endif

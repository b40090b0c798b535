/* SPDX-License-Identifier: Apache-2.0 */
/* result_internal.h — what both forms of a result file have. */
#ifndef STATION_RESULT_INTERNAL_H
#define STATION_RESULT_INTERNAL_H

#include "station/result.h"

struct result_field {
	const char *name;
	bool required;
	bool (*valid)(struct bytes text);
	const char *expected;
};
enum { RESULT_FIELDS_N = 10 };
extern const struct result_field RESULT_FIELDS[RESULT_FIELDS_N];

json_t *result_body(const char *station);
MUST_CHECK err result_put(json_t *body, const struct result_field *field, struct bytes text,
			  unsigned line, struct fault *f);
MUST_CHECK err result_measure(json_t *body, struct bytes name, struct bytes value, unsigned line,
			      struct fault *f);
err result_wrong(unsigned line, const char *field, const char *expected, struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* result.h — test results as testers write them to files: one as JSON, or one measurement a row as CSV.
 * Measured values are decimal text ("3.3012") and become whole millionths: no floating point on the way.
 * Strict and bounded; what is wrong is named with its line, field, what was expected, and a fix. */
#ifndef STATION_RESULT_H
#define STATION_RESULT_H

#include "base/arena.h"

#include <jansson.h>

enum { RESULT_FILE_MAX = 1 << 20, RESULTS_MAX = 1000, RESULT_MEASUREMENTS_MAX = 200 };

/* Bodies of test.recorded, in the sequence of the file, as a new array; `station` is filled in.
 * RESULT_WRONG, RESULT_JSON_WRONG, RESULT_TOO_LARGE, and messages of csv.h. */
MUST_CHECK err result_from_json(struct bytes text, const char *station, json_t **bodies,
				struct fault *f);
MUST_CHECK err result_from_csv(struct arena *a, struct bytes text, const char *station,
			       json_t **bodies, struct fault *f);
/* "-12.345678": digits, perhaps a point and at most six decimals. Millionths, within ±(2^53 - 1). */
MUST_CHECK bool micro_parse(struct bytes text, int64_t *out);

#endif

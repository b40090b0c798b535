/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a result file, JSON or CSV by the first one: refused with a message that is in the catalog, or
 * bodies within their limits, whose values are whole millionths. */
#include "station/result.h"

#include "base/catalog.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const json_t *bodies)
{
	size_t i, k;
	json_t *body, *one;

	if (json_array_size(bodies) == 0 || json_array_size(bodies) > RESULTS_MAX)
		abort();
	json_array_foreach(bodies, i, body)
	{
		const json_t *list = json_object_get(body, "measurements");
		if (json_array_size(list) > RESULT_MEASUREMENTS_MAX ||
		    !json_is_integer(json_object_get(body, "sequence")) ||
		    !json_is_string(json_object_get(body, "serial")))
			abort();
		json_array_foreach(list, k, one)
		{
			json_int_t v = json_integer_value(json_object_get(one, "value_micro"));
			if (v > 9007199254740991 || v < -9007199254740991)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = {0};
	struct fault f = {0};
	json_t *bodies = NULL;

	if (n == 0)
		return 0;
	struct bytes text = bytes_of(data + 1, n - 1);
	err e = data[0] % 2 == 0 ? result_from_json(text, "st1", &bodies, &f)
				 : result_from_csv(&arena, text, "st1", &bodies, &f);
	if (e.code == OK)
		check(bodies);
	else if (bodies != NULL || f.message == NULL || catalog_find(f.message) == NULL)
		abort();
	json_decref(bodies);
	arena_done(&arena);
	return 0;
}

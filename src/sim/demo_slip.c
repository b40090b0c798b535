/* SPDX-License-Identifier: Apache-2.0 */
/* demo_slip.c — what would have slipped through: in the copy of the house, the units that passed a gate while the
 * control only observed, as the house's own hold list names them. */
#include "sim/demo_live.h"

#include <string.h>

err demo_slipped(struct demo *copy, const char *control, uint64_t from, struct fault *f)
{
	const char *query[] = {"control", control, "reason", "observe", NULL};
	json_t *rows = NULL, *row;
	size_t i;

	if (copy->live == NULL)
		return ERR_OK;
	TRY(demo_rows(copy, "ada", "policy.units_while_ineffective", query, &rows, f));
	json_array_foreach(rows, i, row)
	{
		const char *serial = json_string_value(json_object_get(row, "serial"));
		const char *gate = json_string_value(json_object_get(row, "gate"));
		uint64_t sequence = (uint64_t)json_integer_value(json_object_get(row, "sequence"));
		if (serial != NULL && gate != NULL && sequence > from)
			demo_live_slipped(copy->live, serial, gate, sequence);
	}
	json_decref(rows);
	return ERR_OK;
}

/* How far it came in the end. */
err demo_slipped_states(struct demo *copy, json_t *slipped, struct fault *f)
{
	json_t *one;
	size_t i;

	json_array_foreach(slipped, i, one)
	{
		const char *query[] = {"product", PRODUCT, "serial",
				       json_string_value(json_object_get(one, "serial")), NULL};
		json_t *rows = NULL;
		TRY(demo_rows(copy, "quinn", "unit.one", query, &rows, f));
		json_t *state = json_object_get(json_array_get(rows, 0), "state");
		if (state != NULL)
			json_object_set(one, "state", state);
		json_decref(rows);
	}
	return ERR_OK;
}

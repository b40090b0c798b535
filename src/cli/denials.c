/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/denials.h"

#include <inttypes.h>
#include <stdio.h>

static size_t count(const struct charter_report *r, bool before)
{
	size_t n = 0;

	for (size_t i = 0; i < r->denied_n; i++)
		n += r->denied[i].before == before;
	return n;
}

static void print_each(const struct charter_report *r, bool before, const char *what)
{
	for (size_t i = 0; i < r->denied_n; i++)
		if (r->denied[i].before == before)
			printf("%s: entry %" PRIu64 " (the decision is entry %" PRIu64 ")\n", what,
			       r->denied[i].sequence, r->denied[i].decision);
}

void denials_print(const struct charter_report *r)
{
	size_t late = count(r, false), before = count(r, true);

	if (late > 0)
		printf("%zu denial%s came too late for the signer:\n", late, late == 1 ? "" : "s");
	print_each(r, false, "  denied while the signer was answering");
	if (before > 0)
		printf("Warning: %zu denial%s stood in the log up to %d minutes before the signer "
		       "admitted what was denied; the no may have been held back from it:\n",
		       before, before == 1 ? "" : "s", DENIAL_CLOCKS_MS / 60000);
	print_each(r, true, "  denied just before the signer admitted it");
}

static json_t *list(const struct charter_report *r, bool before)
{
	json_t *out = json_array();

	for (size_t i = 0; i < r->denied_n; i++)
		if (r->denied[i].before == before)
			json_array_append_new(out, json_pack("{s:I, s:I}", "entry",
							     (json_int_t)r->denied[i].sequence,
							     "decision",
							     (json_int_t)r->denied[i].decision));
	return out;
}

void denials_to_json(const struct charter_report *r, json_t *into)
{
	json_object_set_new(into, "denied_while_answering", list(r, false));
	json_object_set_new(into, "denied_just_before", list(r, true));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* status.c — how the box stands, from its folder alone: it may run meanwhile. */
#include "station/station_internal.h"

#include <stdio.h>

static err newest_answer(void *context, const struct answer *answer, struct fault *f)
{
	uint64_t *last = context;

	(void)f;
	if (answer->counter > *last)
		*last = answer->counter;
	return ERR_OK;
}

static err look(const char *folder, char name[static ID_SIZE_MAX + 1], uint64_t *written,
		uint64_t *answered, struct fault *f)
{
	char path[STATION_PATH_SIZE];

	*answered = 0;
	int n = snprintf(path, sizeof path, "%s/spool/answers", folder);
	if (n < 0 || (size_t)n >= sizeof path)
		return fail(f, "STATION_PATH_TOO_LONG", NULL);
	TRY(answers_look(path, newest_answer, answered, f));
	snprintf(path, sizeof path, "%s/spool", folder);
	return spool_look(path, name, written, f);
}

err station_status(const char *folder, json_t **out, struct fault *f)
{
	char name[ID_SIZE_MAX + 1];
	uint64_t written, answered;
	json_t *refused = NULL, *allowances = NULL;

	TRY(look(folder, name, &written, &answered, f));
	if (name[0] == '\0')
		return fail(f, "STATION_FOLDER_EMPTY", "path", folder, NULL);
	TRY(refused_read(folder, &refused, f));
	err e = allowances_look(folder, &allowances, f);
	if (e.code == OK)
		*out = json_pack("{s:s, s:I, s:I, s:I, s:O, s:O}", "spool", name, "written",
				 (json_int_t)written, "answered", (json_int_t)answered, "waiting",
				 (json_int_t)(written > answered ? written - answered : 0),
				 "allowances", allowances, "refused", refused);
	json_decref(refused);
	json_decref(allowances);
	return e;
}

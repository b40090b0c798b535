/* SPDX-License-Identifier: Apache-2.0 */
#include "station/allowance_internal.h"

#include "base/clock.h"
#include "base/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- known ---- */

static bool read_word(const json_t *row, const char *name, char out[static ID_SIZE_MAX + 1])
{
	const char *text = json_string_value(json_object_get(row, name));

	if (text == NULL || !id_valid(bytes_text(text)))
		return false;
	snprintf(out, ID_SIZE_MAX + 1, "%s", text);
	return true;
}

static bool read_number(const json_t *row, const char *name, uint64_t *out)
{
	const json_t *number = json_object_get(row, name);

	*out = (uint64_t)json_integer_value(number);
	return json_is_integer(number) && json_integer_value(number) >= 0;
}

static void learn(struct allowances *a, const json_t *rows)
{
	size_t i;
	json_t *row;

	a->known_n = 0;
	json_array_foreach(rows, i, row)
	{
		struct known *k = &a->known[a->known_n];
		if (a->known_n < ALLOWANCES_MAX && read_word(row, "allowance", k->id) &&
		    read_word(row, "authorization", k->authorization) &&
		    read_number(row, "quantity", &k->quantity) &&
		    read_number(row, "used", &k->used) &&
		    read_number(row, "valid_until", &k->valid_until))
			a->known_n++;
	}
}

static const struct known *known_find(const struct allowances *a, const char *id)
{
	for (size_t i = 0; i < a->known_n; i++)
		if (strcmp(a->known[i].id, id) == 0)
			return &a->known[i];
	return NULL;
}

/* Units of allowances that ended are the server's alone to count. */
static err forget_ended(struct allowances *a, struct fault *f)
{
	size_t left = 0;

	for (size_t i = 0; i < a->started_n; i++)
		if (known_find(a, a->started[i].allowance) != NULL)
			a->started[left++] = a->started[i];
	if (left == a->started_n)
		return ERR_OK;
	a->started_n = left;
	return started_rewrite(a, f);
}

err allowances_learn(struct allowances *a, const json_t *rows, bool all_delivered, struct fault *f)
{
	char *text = json_dumps(rows, JSON_COMPACT);

	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = file_write(a->path, bytes_text(text), 0600, f);
	free(text);
	TRY(e);
	learn(a, rows);
	return all_delivered ? forget_ended(a, f) : ERR_OK;
}

static err load_known(struct allowances *a, struct fault *f)
{
	struct arena arena = {0};
	struct bytes text;

	if (!file_exists(a->path))
		return ERR_OK;
	err e = file_read(&arena, a->path, FILE_MAX, &text, f);
	if (e.code == OK) {
		json_t *rows =
			json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
		learn(a, rows);
		json_decref(rows);
	}
	arena_done(&arena);
	return e;
}

static err paths(struct allowances *a, const char *folder, char started[static 512],
		 struct fault *f)
{
	int n = snprintf(a->path, sizeof a->path, "%s/allowances.json", folder);
	int m = snprintf(started, 512, "%s/started", folder);

	return n < 0 || (size_t)n >= sizeof a->path || m < 0 || m >= 512
		       ? fail(f, "STATION_PATH_TOO_LONG", NULL)
		       : ERR_OK;
}

static err open_files(struct allowances *a, const char *folder, bool only_look, struct fault *f)
{
	char started[512];

	a->file.fd = -1;
	TRY(paths(a, folder, started, f));
	if (only_look)
		TRY(row_file_look(started, STARTED_ROW, started_seen_row, a, f));
	else
		TRY(row_file_open(started, STARTED_ROW, started_seen_row, a, &a->file, f));
	return load_known(a, f);
}

err allowances_open(const char *folder, struct allowances **out, struct fault *f)
{
	struct allowances *a = calloc(1, sizeof *a);

	if (a == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = open_files(a, folder, false, f);
	if (e.code != OK)
		allowances_close(a);
	else
		*out = a;
	return e;
}

err allowances_look(const char *folder, json_t **out, struct fault *f)
{
	struct allowances *a = calloc(1, sizeof *a);

	if (a == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = open_files(a, folder, true, f);
	if (e.code == OK)
		*out = allowances_json(a);
	allowances_close(a);
	return e;
}

void allowances_close(struct allowances *a)
{
	if (a == NULL)
		return;
	row_file_close(&a->file);
	free(a->started);
	free(a);
}

/* ---- choosing ---- */

static uint64_t used_of(const struct allowances *a, const struct known *k)
{
	size_t here = allowances_used(a, k->id);

	return here > k->used ? here : k->used;
}

static err why_not(const struct allowances *a, const struct known *k, uint64_t now_ms,
		   struct fault *f)
{
	char quantity[24];

	snprintf(quantity, sizeof quantity, "%" PRIu64, k->quantity);
	if (started_is_returned(a, k->id))
		return fail(f, "ALLOWANCE_NOT_OPEN", "allowance", k->id, NULL);
	if (now_ms > k->valid_until)
		return fail(f, "ALLOWANCE_OVER", "allowance", k->id, NULL);
	if (used_of(a, k) >= k->quantity)
		return fail(f, "ALLOWANCE_USED_UP", "allowance", k->id, "quantity", quantity, NULL);
	return ERR_OK;
}

err allowances_choose(const struct allowances *a, const char *authorization, const char *wanted,
		      const char *product, const char *serial, uint64_t now_ms,
		      const char **allowance, struct fault *f)
{
	err e = fail(f, "STATION_NO_ALLOWANCE", "authorization", authorization, NULL);

	if (started_find(a, product, serial) != NULL)
		return fail(f, "STATION_UNIT_STARTED", "product", product, "serial", serial, NULL);
	for (size_t i = 0; i < a->known_n; i++) {
		const struct known *k = &a->known[i];
		if (strcmp(k->authorization, authorization) != 0 ||
		    (wanted != NULL && strcmp(k->id, wanted) != 0))
			continue;
		e = why_not(a, k, now_ms, f);
		if (e.code == OK) {
			*allowance = k->id;
			return ERR_OK;
		}
	}
	return e;
}

bool allowances_cover(const struct allowances *a, const char *product, const char *serial,
		      uint64_t now_ms)
{
	const struct started *one = started_find(a, product, serial);
	const struct known *k = one == NULL ? NULL : known_find(a, one->allowance);

	return k != NULL && product[0] != '\0' && now_ms <= k->valid_until &&
	       !started_is_returned(a, k->id);
}

const char *allowances_of(const struct allowances *a, const char *product, const char *serial)
{
	const struct started *one = started_find(a, product, serial);

	return one == NULL ? NULL : one->allowance;
}

bool allowances_know(const struct allowances *a, const char *allowance)
{
	return known_find(a, allowance) != NULL;
}

json_t *allowances_json(const struct allowances *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->known_n; i++) {
		const struct known *k = &a->known[i];
		char until[TIME_TEXT_SIZE];
		time_text(k->valid_until, until);
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:I, s:I, s:s, s:b}", "allowance",
						k->id, "authorization", k->authorization,
						"quantity", (json_int_t)k->quantity, "used",
						(json_int_t)used_of(a, k), "valid_until", until,
						"returned", started_is_returned(a, k->id)));
	}
	return list;
}

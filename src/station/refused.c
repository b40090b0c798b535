/* SPDX-License-Identifier: Apache-2.0 */
/* refused.c — what the server refused for good: kept with the record and the reason, one file each, until
 * somebody has looked at it. */
#include "station/station_internal.h"

#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REFUSED_FILE_MAX = 1 << 20 };

static json_t *refused_json(const struct answer *answer, const json_t *problem,
			    struct bytes submission)
{
	char hex[65], at[TIME_TEXT_SIZE];
	char *text = malloc(base64_size(submission.n) + 1);

	if (text == NULL)
		return NULL;
	base64url_encode(submission, text);
	hex_encode(hash_bytes(&answer->digest), hex);
	time_text(answer->at, at);
	json_t *json = json_pack("{s:I, s:s, s:s, s:s, s:O, s:s}", "counter",
				 (json_int_t)answer->counter, "type", answer->type, "digest", hex,
				 "at", at, "problem", problem, "submission", text);
	free(text);
	return json;
}

err refused_keep(struct station *s, const struct answer *answer, const json_t *problem,
		 struct bytes submission, struct fault *f)
{
	char name[64], path[STATION_PATH_SIZE];
	json_t *json = refused_json(answer, problem, submission);
	char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(2));

	json_decref(json);
	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	snprintf(name, sizeof name, "refused/%016" PRIu64 ".json", answer->counter);
	err e = station_path(s, name, path, f);
	bool there = e.code == OK && file_exists(path);
	if (e.code == OK)
		e = file_write(path, bytes_text(text), 0600, f);
	free(text);
	s->refused += e.code == OK && !there;
	return e;
}

/* ---- looking ---- */

static int only_refusals(const struct dirent *d)
{
	return strlen(d->d_name) == 21 && strspn(d->d_name, "0123456789") == 16 &&
	       strcmp(d->d_name + 16, ".json") == 0;
}

/* Oldest first; the caller frees the list and its entries. */
static err refused_list(const char *folder, struct dirent ***out, size_t *n, struct fault *f)
{
	char path[STATION_PATH_SIZE];

	snprintf(path, sizeof path, "%s/refused", folder);
	int found = scandir(path, out, only_refusals, alphasort);
	*n = found < 0 ? 0 : (size_t)found;
	if (found >= 0 || errno == ENOENT)
		return ERR_OK;
	return fail(f, "FILE_READ_FAILED", "path", path, "why", strerror(errno), NULL);
}

static void list_free(struct dirent **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	if (n > 0)
		free(list);
}

err refused_count(const char *folder, size_t *n, struct fault *f)
{
	struct dirent **list = NULL;

	TRY(refused_list(folder, &list, n, f));
	list_free(list, *n);
	return ERR_OK;
}

err refused_read(const char *folder, json_t **out, struct fault *f)
{
	struct dirent **list = NULL;
	size_t n;
	json_t *all = json_array();

	TRY(refused_list(folder, &list, &n, f));
	for (size_t i = 0; i < n && i < STATION_REFUSED_MAX; i++) {
		char path[STATION_PATH_SIZE + 300];
		struct arena a = {0};
		struct bytes text;
		snprintf(path, sizeof path, "%s/refused/%s", folder, list[i]->d_name);
		if (file_read(&a, path, REFUSED_FILE_MAX, &text, f).code == OK) {
			json_t *one = json_loadb((const char *)text.p, text.n, 0, NULL);
			json_object_del(one, "submission");
			if (one != NULL)
				json_array_append_new(all, one);
		}
		arena_done(&a);
	}
	list_free(list, n);
	*out = all;
	return ERR_OK;
}

err station_seen(const char *folder, uint64_t counter, size_t *n, struct fault *f)
{
	struct dirent **list = NULL;
	size_t all;

	*n = 0;
	TRY(refused_list(folder, &list, &all, f));
	for (size_t i = 0; i < all; i++) {
		char path[STATION_PATH_SIZE + 300];
		snprintf(path, sizeof path, "%s/refused/%s", folder, list[i]->d_name);
		if (counter == 0 || strtoull(list[i]->d_name, NULL, 10) == counter)
			*n += unlink(path) == 0;
	}
	list_free(list, all);
	return *n > 0 || counter == 0 ? ERR_OK : fail(f, "STATION_NOTHING_REFUSED", NULL);
}

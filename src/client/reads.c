/* SPDX-License-Identifier: Apache-2.0 */
/* reads.c — views and blobs. */
#include "client/client_internal.h"

#include "core/sha256.h"

#include <stdio.h>
#include <string.h>

enum { QUERY_MAX = 4096, ROWS_DEFAULT = 100000 };

/* "name=value&…", escaped; false if it does not fit. */
static bool put_query(struct client *c, struct arena *a, const char *const *query, char *out,
		      size_t cap)
{
	size_t n = strlen(out);
	char separator = strchr(out, '?') == NULL ? '?' : '&';

	for (; query != NULL && query[0] != NULL; query += 2, separator = '&') {
		const char *name = client_escape(c, a, query[0]);
		const char *value = client_escape(c, a, query[1]);
		if (name == NULL || value == NULL)
			return false;
		int wrote = snprintf(out + n, cap - n, "%c%s=%s", separator, name, value);
		if (wrote < 0 || (size_t)wrote >= cap - n)
			return false;
		n += (size_t)wrote;
	}
	return true;
}

static err view_page(struct client *c, const char *view, const char *const *query,
		     const char *cursor, json_t **page, struct fault *f)
{
	char path[QUERY_MAX];
	struct arena a = {0};
	const char *more[] = {"cursor", cursor, NULL};
	const char *name = client_escape(c, &a, view);
	bool fits = name != NULL &&
		    (size_t)snprintf(path, sizeof path, "/v1/views/%s", name) < sizeof path &&
		    put_query(c, &a, query, path, sizeof path) &&
		    (cursor == NULL || put_query(c, &a, more, path, sizeof path));

	arena_done(&a);
	if (!fits)
		return fail(f, "CLIENT_PATH_TOO_LONG", NULL);
	return client_json(c, "GET", path, NULL, page, f);
}

err client_view(struct client *c, const char *view, const char *const *query, json_t **page,
		struct fault *f)
{
	return view_page(c, view, query, NULL, page, f);
}

err client_view_all(struct client *c, const char *view, const char *const *query, size_t rows_max,
		    json_t **out, struct fault *f)
{
	json_t *all = NULL;
	char cursor[2048] = "";

	if (rows_max == 0)
		rows_max = ROWS_DEFAULT;
	do {
		json_t *page = NULL;
		err e = view_page(c, view, query, cursor[0] == '\0' ? NULL : cursor, &page, f);
		const char *next = json_string_value(json_object_get(page, "next"));
		snprintf(cursor, sizeof cursor, "%s", next == NULL ? "" : next);
		if (e.code == OK && all == NULL)
			all = json_incref(page);
		else if (e.code == OK)
			json_array_extend(json_object_get(all, "rows"),
					  json_object_get(page, "rows"));
		json_decref(page);
		if (e.code == OK && json_array_size(json_object_get(all, "rows")) > rows_max)
			e = fail(f, "VIEW_TOO_LONG", "view", view, NULL);
		if (e.code != OK) {
			json_decref(all);
			return e;
		}
	} while (cursor[0] != '\0');
	json_object_del(all, "next");
	*out = all;
	return ERR_OK;
}

/* ---- blobs ---- */

static void blob_path(struct hash digest, const char *class_name, char out[static 160])
{
	char hex[65];

	hex_encode(hash_bytes(&digest), hex);
	snprintf(out, 160, "/v1/blobs/%s%s%s", hex,
		 class_name == NULL ? "" : "?class=", class_name == NULL ? "" : class_name);
}

err client_blob_put(struct client *c, struct bytes content, const char *class_name,
		    struct hash *digest, struct fault *f)
{
	char path[160];
	json_t *reply = NULL;

	*digest = sha256(content);
	blob_path(*digest, class_name, path);
	err e = client_send(c, "PUT", path, "application/octet-stream", content, NULL, &reply, f);
	json_decref(reply);
	return e;
}

err client_blob_get(struct client *c, struct arena *a, struct hash digest, size_t max,
		    struct bytes *out, struct fault *f)
{
	char path[160];

	blob_path(digest, NULL, path);
	TRY(client_get(c, a, path, "application/octet-stream", max, out, f));
	if (!hash_equal(sha256(*out), digest))
		return fail(f, "CLIENT_BLOB_DIFFERS", NULL);
	return ERR_OK;
}

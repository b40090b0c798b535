/* SPDX-License-Identifier: Apache-2.0 */
/* reads.c — views and blobs. */
#include "client/client_internal.h"

#include "core/sha256.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

/* How much of it is there already: another upload may have brought it, or been cut off. */
static err blob_offset(struct client *c, const char *path, uint64_t size, uint64_t *offset,
		       struct fault *f)
{
	char full[256];
	struct exchange x = {.method = "HEAD", .path = full};

	snprintf(full, sizeof full, "%s&size=%" PRIu64, path, size);
	err e = client_exchange(c, &x, f);
	*offset = x.offset;
	free(x.reply);
	if (e.code == OK && *offset > size)
		e = fail(f, "CLIENT_REPLY_BAD", "path", path, NULL);
	return e;
}

err client_blob_put(struct client *c, struct bytes content, const char *class_name,
		    struct hash *digest, struct fault *f)
{
	char path[160];
	uint64_t offset = 0;
	struct exchange x = {
		.method = "PUT", .path = path, .type = "application/octet-stream", .max = 65536};

	*digest = sha256(content);
	blob_path(*digest, class_name == NULL ? "evidence" : class_name, path);
	if (content.n > 0) {
		err asked = blob_offset(c, path, content.n, &offset, f);
		/* The answer to a HEAD has no body: the upload's says which right is missing. */
		if (asked.code != OK && asked.code != ERR_FORBIDDEN)
			return asked;
		if (offset == content.n)
			return ERR_OK;
	}
	x.body = bytes_of(content.p + offset, content.n - offset);
	snprintf(x.extra[0], sizeof x.extra[0], "Upload-Offset: %" PRIu64, offset);
	snprintf(x.extra[1], sizeof x.extra[1], "Upload-Length: %zu", content.n);
	err e = client_exchange(c, &x, f);
	free(x.reply);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* api_log.c — the log as C2SP tlog-tiles serves it. Checkpoint and hash tiles are public; entries
 * need a permission. */
#include "server/server_internal.h"

#include <string.h>

static const char FOREVER[] = "public, max-age=31536000, immutable";
static const char FOREVER_PRIVATE[] = "private, max-age=31536000, immutable";

/* The path behind /log/. A segment that hides a slash in an escape would be read as more than one,
 * and so get around the rows of the route table: it names nothing. */
static err resource_path(struct call *c, const char **out, struct fault *f)
{
	const char *path = NULL;

	for (size_t i = 1; i < http_segment_count(c->request); i++) {
		const char *segment = http_segment(c->request, i);
		if (strchr(segment, '/') != NULL)
			return fail(f, "API_NO_ROUTE", NULL);
		path = path == NULL ? segment
				    : arena_printf(c->request->arena, "%s/%s", path, segment);
		if (path == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
	}
	*out = path;
	return path == NULL ? fail(f, "API_NO_ROUTE", NULL) : ERR_OK;
}

/* A partial tile is replaced by the full one some day, but never changes. */
static err reply_resource(struct call *c, const char *type, const char *cache, struct fault *f)
{
	struct reader_session *r;
	struct bytes content;
	const char *path;

	TRY(resource_path(c, &path, f));
	TRY(reader_take(c->server->engine, &r, f));
	err result = ledger_resource(reader_ledger(r), c->request->arena, path, &content, f);
	reader_give(r);
	TRY(result);
	http_header_set(c->request, "Cache-Control", cache);
	reply_bytes(c, 200, type, content);
	return ERR_OK;
}

err handle_checkpoint(struct call *c, struct fault *f)
{
	http_header_set(c->request, "Access-Control-Allow-Origin", "*");
	return reply_resource(c, "text/plain; charset=utf-8", "no-cache", f);
}

/* For whoever looks at what this server says of itself; trust takes the same key from somebody else. */
err handle_log_key(struct call *c, struct fault *f)
{
	enum { LINE_MAX = 512 };
	uint8_t *room = arena_alloc(c->request->arena, LINE_MAX);
	struct writer w = writer_of(room, room == NULL ? 0 : LINE_MAX);
	struct bytes line;

	note_key_put(&w, signing_key(c->server->signing));
	put_u8(&w, '\n');
	if (!writer_done(&w, &line))
		return fail(f, "OUT_OF_MEMORY", NULL);
	http_header_set(c->request, "Access-Control-Allow-Origin", "*");
	reply_bytes(c, 200, "text/plain; charset=utf-8", line);
	return ERR_OK;
}

err handle_tile(struct call *c, struct fault *f)
{
	/* `tile/entries/…` has its own row; a row order that changed must not open it. */
	if (strcmp(http_segment(c->request, c->rest), "entries") == 0)
		return fail(f, "API_NO_ROUTE", NULL);
	http_header_set(c->request, "Access-Control-Allow-Origin", "*");
	return reply_resource(c, "application/octet-stream", FOREVER, f);
}

err handle_entries(struct call *c, struct fault *f)
{
	return reply_resource(c, "application/octet-stream", FOREVER_PRIVATE, f);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A request's way: target, headers, begin, body, handler, reply.
 *
 * libmicrohttpd 0.9.75 refuses before we see anything, with a page of its own: request lines that
 * are not three words, versions other than HTTP/1.x, lines without a colon, no Host in HTTP/1.1, a
 * malformed or huge Content-Length, malformed chunks, and what does not fit into HTTP_POOL_SIZE
 * (414, 431). Two or more spaces before the version make it close without a word. It takes, and we
 * refuse by http_layout_whole(): folded lines, lines without a name, zero bytes, bare line feeds.
 * Between chunks it takes a bare line feed too, and chunk extensions, which nobody can see. An end
 * of the connection that arrives together with the last data is noticed by the idle limit. */
#include "server/http_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what handlers ask ---- */

const char *http_query(const struct http_request *r, const char *name)
{
	const struct http_exchange *x = http_exchange_of(r);

	for (size_t i = 0; i < x->target.query_n; i++)
		if (strcmp(x->target.query[i].name, name) == 0)
			return x->target.query[i].value;
	return NULL;
}

size_t http_query_count(const struct http_request *r)
{
	return http_exchange_of(r)->target.query_n;
}

const char *http_query_at(const struct http_request *r, size_t i, const char **value)
{
	const struct http_exchange *x = http_exchange_of(r);

	if (i >= x->target.query_n)
		return NULL;
	*value = x->target.query[i].value;
	return x->target.query[i].name;
}

size_t http_segment_count(const struct http_request *r)
{
	return http_exchange_of(r)->target.segments_n;
}

const char *http_segment(const struct http_request *r, size_t i)
{
	const struct http_exchange *x = http_exchange_of(r);

	return i < x->target.segments_n ? x->target.segments[i] : NULL;
}

const char *http_header(const struct http_request *r, const char *name)
{
	const struct http_exchange *x = http_exchange_of(r);

	for (size_t i = 0; i < x->fields_n; i++)
		if (strcasecmp(x->fields[i].name, name) == 0)
			return x->fields[i].value;
	return NULL;
}

/* ---- an exchange ---- */

void http_exchange_release(struct http_exchange *x)
{
	if (atomic_fetch_sub(&x->references, 1) != 1)
		return;
	arena_done(&x->arena);
	arena_done(&x->spare);
	(void)pthread_mutex_destroy(&x->lock);
	free(x);
}

static struct http_exchange *exchange_open(struct http_listener *l)
{
	struct http_exchange *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	if (pthread_mutex_init(&x->lock, NULL) != 0) {
		free(x);
		return NULL;
	}
	x->server = l->server;
	x->references = 1;
	x->arena.limit = HTTP_ARENA_BASE;
	x->request.arena = &x->arena;
	x->request.port = l->port;
	x->request.path = "";
	x->request.internal = x;
	return x;
}

/* libmicrohttpd shows the target only here as it came, before its own decoding. */
void *http_target_arrived(void *listener, const char *target, struct MHD_Connection *mhd)
{
	struct http_exchange *x = exchange_open(listener);
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	size_t n = strlen(target), kept = n <= HTTP_TARGET_MAX ? n : HTTP_TARGET_MAX + 1;

	if (!x)
		return NULL;
	x->mhd = mhd;
	x->connection = info ? info->socket_context : NULL;
	x->target_at = (uintptr_t)target;
	x->target_n = n;
	x->raw_target = arena_copy(&x->arena, bytes_of(target, kept));
	if (x->connection)
		memcpy(x->request.peer, x->connection->peer, sizeof x->request.peer);
	return x;
}

/* ---- headers ---- */

struct collector {
	struct http_exchange *x;
	struct http_layout layout;
	size_t n;
	bool failed;
};

static enum MHD_Result collect(void *context, enum MHD_ValueKind kind, const char *name,
			       size_t name_n, const char *value, size_t value_n)
{
	struct collector *c = context;
	struct http_pair *pair;

	(void)kind;
	if (c->n++ >= HTTP_HEADER_COUNT_MAX)
		return MHD_NO;
	if (!value)
		value = "";
	pair = &c->x->fields[c->n - 1];
	c->layout.names[c->n - 1] = (struct http_place){(uintptr_t)name, name_n};
	c->layout.values[c->n - 1] = (struct http_place){(uintptr_t)value, value_n};
	while (value_n > 0 && (value[value_n - 1] == ' ' || value[value_n - 1] == '\t'))
		value_n--;
	/* A zero byte would hide what follows it. */
	if (memchr(name, 0, name_n) || (value_n > 0 && memchr(value, 0, value_n)))
		c->layout.header_size = 0;
	pair->name = arena_text(&c->x->arena, bytes_of(name, name_n));
	pair->value = arena_text(&c->x->arena, bytes_of(value, value_n));
	c->failed = c->failed || !pair->name || !pair->value;
	return MHD_YES;
}

static err read_fields(struct http_exchange *x, const char *method, const char *version,
		       struct fault *f)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct collector *c = arena_alloc(&x->arena, sizeof *c);

	x->fields = arena_array(&x->arena, HTTP_HEADER_COUNT_MAX, sizeof *x->fields);
	if (!c || !x->fields || !info)
		return fail(f, "HTTP_NO_MEMORY", NULL);
	c->x = x;
	c->layout.method = (struct http_place){(uintptr_t)method, strlen(method)};
	c->layout.target = (struct http_place){x->target_at, x->target_n};
	c->layout.version = (struct http_place){(uintptr_t)version, strlen(version)};
	c->layout.header_size = info->header_size;
	if (info->header_size > HTTP_HEADERS_MAX + x->target_n)
		return fail(f, "HTTP_HEADERS_TOO_LARGE", NULL);
	(void)MHD_get_connection_values_n(x->mhd, MHD_HEADER_KIND, collect, c);
	if (c->failed)
		return fail(f, "HTTP_NO_MEMORY", NULL);
	if (c->n > HTTP_HEADER_COUNT_MAX)
		return fail(f, "HTTP_HEADERS_TOO_LARGE", NULL);
	x->fields_n = c->layout.n = c->n;
	if (c->layout.header_size == 0 ||
	    (x->server->layout_visible && !http_layout_whole(&c->layout)))
		return fail(f, "HTTP_LINES_INVALID", NULL);
	return ERR_OK;
}

static err check_request(struct http_exchange *x, const char *method, const char *version,
			 struct fault *f)
{
	if (!x->raw_target.p)
		return fail(f, "HTTP_NO_MEMORY", NULL);
	TRY(http_version_parse(version, &x->version_1_1, f));
	TRY(http_method_parse(method, &x->request.method, f));
	TRY(http_target_parse(&x->arena, x->raw_target, &x->target, f));
	x->request.path = x->target.path;
	TRY(read_fields(x, method, version, f));
	TRY(http_head_check(x->fields, x->fields_n, x->version_1_1, &x->head, f));
	if ((x->head.chunked || x->head.length > 0) &&
	    (x->request.method == HTTP_GET || x->request.method == HTTP_HEAD))
		return fail(f, "HTTP_BODY_UNEXPECTED", NULL);
	if (!http_client_key(x, f))
		return (err){f->code};
	if (atomic_load(&x->server->closing))
		return fail(f, "HTTP_STOPPING", NULL);
	return ERR_OK;
}

/* ---- from the headers to the handler ---- */

static void count_in(struct http_exchange *x)
{
	(void)pthread_mutex_lock(&x->server->lock);
	x->counted = true;
	x->server->active++;
	(void)pthread_mutex_unlock(&x->server->lock);
}

/* A reply is made while the body is still to come. Sent at once it costs the connection; a small
 * body that comes anyway is rather read and forgotten. */
static enum MHD_Result reply_early(struct http_exchange *x)
{
	bool body = x->head.chunked || x->head.length > 0;
	bool asks = body && x->head.expects_continue;

	if (!x->head.chunked && x->head.length <= HTTP_DRAIN_KEEPS && !asks && !x->close_after) {
		x->stage = STAGE_DRAIN;
		return MHD_YES;
	}
	x->close_after = true;
	return http_queue(x);
}

static void call_begin(struct http_exchange *x)
{
	const struct http_handlers *h = &x->server->handlers;
	uint64_t limit = HTTP_ARENA_BASE;
	struct fault f;
	char text[24];

	x->body_limit = h->begin ? h->begin(&x->request, &x->upload, h->context) : 0;
	if (x->response || x->head.length <= x->body_limit) {
		/* Doubling leaves behind less than the last piece is long. */
		if (!x->upload.chunk && x->body_limit < SIZE_MAX / 4)
			limit += 3 * (uint64_t)x->body_limit;
		x->arena.limit = limit;
		return;
	}
	x->upload_ended = true;
	if (x->upload.chunk && x->upload.aborted)
		x->upload.aborted(&x->request, x->upload.context);
	(void)snprintf(text, sizeof text, "%zu", x->body_limit);
	(void)fail(&f, "HTTP_BODY_TOO_LARGE", "limit", text, NULL);
	http_problem(x, &f, true);
}

static enum MHD_Result headers_arrived(struct http_exchange *x, const char *method,
				       const char *version)
{
	struct fault f = {0};

	x->stage = STAGE_BODY;
	count_in(x);
	if (check_request(x, method, version, &f).code != OK) {
		x->upload_ended = true;
		http_problem(x, &f, true);
		return http_queue(x);
	}
	call_begin(x);
	return x->response ? reply_early(x) : MHD_YES;
}

/* Runs until there is a reply or something to wait for. */
static enum MHD_Result settle(struct http_exchange *x)
{
	struct fault f;

	while (!x->response) {
		struct http_continue_at next = x->ticket.next;

		if (!next.run) {
			(void)fail(&f, "HTTP_NO_REPLY", NULL);
			http_problem(x, &f, true);
			break;
		}
		switch (http_park(x)) {
		case PARKED:
			return MHD_YES;
		case RUNNABLE:
			x->ticket.next.run = NULL;
			next.run(&x->request, next.context);
			break;
		case STOPPING:
			http_lend(x);
			(void)fail(&f, "HTTP_STOPPING", NULL);
			http_problem(x, &f, true);
			break;
		}
	}
	return http_queue(x);
}

static enum MHD_Result body_arrived(struct http_exchange *x)
{
	const struct http_handlers *h = &x->server->handlers;

	http_deadline_end(x->connection);
	x->stage = STAGE_HANDLED;
	if (x->upload.chunk) {
		x->upload_ended = true;
		x->upload.done(&x->request, x->upload.context);
	} else {
		x->request.body = bytes_of(x->body, x->body_n);
		h->handle(&x->request, h->context);
	}
	return settle(x);
}

static enum MHD_Result piece_arrived(struct http_exchange *x, struct bytes piece)
{
	http_deadline_extend(x->connection, piece.n);
	if (x->stage == STAGE_BODY) {
		if (!http_body_take(x, piece))
			x->stage = STAGE_DRAIN;
		return MHD_YES;
	}
	x->body_seen += piece.n;
	return x->body_seen > (uint64_t)x->body_limit + HTTP_DRAIN_MAX ? MHD_NO : MHD_YES;
}

enum MHD_Result http_access(void *listener, struct MHD_Connection *mhd, const char *url,
			    const char *method, const char *version, const char *data,
			    size_t *data_n, void **context)
{
	struct http_exchange *x = *context;
	struct bytes piece = bytes_of(data, *data_n);

	(void)listener, (void)mhd, (void)url;
	if (!x || !x->connection)
		return MHD_NO;
	if (x->stage == STAGE_TARGET)
		return headers_arrived(x, method, version);
	if (piece.n > 0 && x->stage != STAGE_HANDLED) {
		*data_n = 0;
		return piece_arrived(x, piece);
	}
	switch (x->stage) {
	case STAGE_BODY:
		return body_arrived(x);
	case STAGE_DRAIN:
		return http_queue(x);
	case STAGE_HANDLED:
		return settle(x);
	case STAGE_TARGET:
		break;
	}
	return MHD_NO;
}

void http_completed(void *listener, struct MHD_Connection *mhd, void **context,
		    enum MHD_RequestTerminationCode code)
{
	struct http_exchange *x = *context;

	(void)listener, (void)mhd, (void)code;
	*context = NULL;
	if (!x)
		return;
	if (x->connection)
		http_deadline_start(x->connection);
	http_response_drop(x);
	if (x->upload.chunk && !x->upload_ended) {
		x->upload_ended = true;
		if (x->upload.aborted)
			x->upload.aborted(&x->request, x->upload.context);
	}
	atomic_fetch_sub(&x->server->bodies, x->body_reserved);
	http_detach(x);
	http_exchange_release(x);
}

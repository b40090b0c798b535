/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: made by a handler, kept until the request is whole, then queued with our headers. */
#include "server/http_internal.h"

#include "base/files.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

void http_header_set(struct http_request *r, const char *name, const char *value)
{
	struct http_exchange *x = http_exchange_of(r);
	struct http_set_header *h = arena_alloc(r->arena, sizeof *h);

	if (!h || !http_header_sound(name, value)) {
		x->header_unsound = true;
		return;
	}
	h->name = arena_text(r->arena, bytes_text(name));
	h->value = arena_text(r->arena, bytes_text(value));
	h->next = x->set_headers;
	if (h->name && h->value)
		x->set_headers = h;
	else
		x->header_unsound = true;
}

static const char *set_value(const struct http_exchange *x, const char *name)
{
	for (const struct http_set_header *h = x->set_headers; h; h = h->next)
		if (strcasecmp(h->name, name) == 0)
			return h->value;
	return NULL;
}

static void accept_response(struct http_exchange *x, struct MHD_Response *response, int status,
			    const char *content_type)
{
	x->response = response;
	x->status = status >= 200 && status <= 599 ? status : 500;
	if (content_type)
		http_header_set(http_request_of(x), "Content-Type", content_type);
}

static void no_memory(struct http_exchange *x)
{
	struct fault f;

	(void)fail(&f, "HTTP_NO_MEMORY", NULL);
	http_problem(x, &f, true);
}

static struct MHD_Response *response_of(struct bytes body)
{
	uint8_t nothing = 0;

	/* The library takes no const, and copies. */
	union {
		const void *from;
		void *to;
	} p = {.from = body.n > 0 ? body.p : &nothing};

	return MHD_create_response_from_buffer(body.n, p.to, MHD_RESPMEM_MUST_COPY);
}

void http_reply(struct http_request *r, int status, const char *content_type, struct bytes body)
{
	struct http_exchange *x = http_exchange_of(r);
	struct MHD_Response *response;

	if (x->response)
		return;
	response = response_of(body);
	if (response)
		accept_response(x, response, status, content_type);
	else
		no_memory(x);
}

/* ---- problems ---- */

/* For a server whose handlers write no problem documents. The id needs no escaping. */
static void plain_problem(struct http_exchange *x, const struct fault *f, int status)
{
	char text[160];
	int n = snprintf(text, sizeof text,
			 "{\"type\":\"about:blank\",\"status\":%d,\"message\":\"%.60s\"}\n", status,
			 f->message ? f->message : "");
	struct MHD_Response *response =
		n > 0 && (size_t)n < sizeof text ? response_of(bytes_of(text, (size_t)n)) : NULL;

	if (response)
		accept_response(x, response, status, "application/problem+json");
}

void http_problem(struct http_exchange *x, const struct fault *f, bool close_after)
{
	const struct http_handlers *h = &x->server->handlers;
	int status = http_fault_status(f);

	http_response_drop(x);
	x->close_after = x->close_after || close_after;
	x->forced_status = status ? status : err_info(f->code)->http_status;
	if (x->forced_status == 405)
		http_header_set(http_request_of(x), "Allow", "GET, HEAD, POST, PUT, DELETE");
	if (h->problem)
		h->problem(http_request_of(x), f, h->context);
	if (!x->response || x->stream || x->header_unsound) {
		http_response_drop(x);
		plain_problem(x, f, x->forced_status);
	}
}

void http_response_drop(struct http_exchange *x)
{
	struct MHD_Response *response = x->response;

	x->response = NULL;
	x->stream = NULL;
	x->set_headers = NULL;
	x->header_unsound = false;
	if (response)
		MHD_destroy_response(response);
}

/* ---- files ---- */

/* A part may only be sent of the state of the file that the client has part of. */
static bool range_applies(const struct http_exchange *x)
{
	const char *condition = http_header(&x->request, "If-Range");
	const char *tag = set_value(x, "ETag");

	if (!condition)
		return true;
	return tag && strncmp(condition, "W/", 2) != 0 && strcmp(condition, tag) == 0;
}

static void unsatisfiable(struct http_exchange *x, uint64_t size)
{
	const char *value = arena_printf(&x->arena, "bytes */%llu", (unsigned long long)size);

	if (value)
		http_header_set(&x->request, "Content-Range", value);
	http_reply(&x->request, 416, NULL, (struct bytes){0});
}

static void file_failed(struct http_exchange *x, const char *detail)
{
	struct fault f;

	(void)fail(&f, "HTTP_FILE_FAILED", "detail", detail, NULL);
	http_problem(x, &f, false);
}

static void note_part(struct http_exchange *x, uint64_t first, uint64_t count, uint64_t size)
{
	const char *value =
		arena_printf(&x->arena, "bytes %llu-%llu/%llu", (unsigned long long)first,
			     (unsigned long long)(first + count - 1), (unsigned long long)size);

	if (value)
		http_header_set(&x->request, "Content-Range", value);
	else
		x->header_unsound = true;
}

void http_reply_file(struct http_request *r, int status, const char *content_type, int fd)
{
	struct http_exchange *x = http_exchange_of(r);
	const char *wanted = http_header(r, "Range");
	enum http_range range = HTTP_RANGE_NONE;
	AUTO(fd_close) int file = fd;
	struct MHD_Response *response;
	uint64_t first = 0, size, count;
	struct stat st;

	if (x->response)
		return;
	if (fstat(file, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0) {
		file_failed(x, "it is no regular file");
		return;
	}
	size = count = (uint64_t)st.st_size;
	http_header_set(r, "Accept-Ranges", "bytes");
	if (wanted && r->method == HTTP_GET && status == 200 && range_applies(x))
		range = http_range_parse(wanted, size, &first, &count);
	if (range == HTTP_RANGE_UNSATISFIABLE) {
		unsatisfiable(x, size);
		return;
	}
	response = MHD_create_response_from_fd_at_offset64(count, file, first);
	if (!response) {
		no_memory(x);
		return;
	}
	file = -1;
	accept_response(x, response, range == HTTP_RANGE_PART ? 206 : status, content_type);
	if (range == HTTP_RANGE_PART)
		note_part(x, first, count, size);
}

/* ---- queueing ---- */

static bool add_headers(struct http_exchange *x)
{
	bool sound = !x->header_unsound;
	struct MHD_Response *response = x->response;

#define ADD(name, value) (sound = sound && MHD_add_response_header(response, name, value))
	for (const struct http_set_header *h = x->set_headers; h; h = h->next)
		ADD(h->name, h->value);
	ADD("X-Content-Type-Options", "nosniff");
	ADD("Referrer-Policy", "no-referrer");
	if (!set_value(x, "Cache-Control"))
		ADD("Cache-Control", "no-store");
	if (x->server->listeners[x->request.port].tls)
		ADD("Strict-Transport-Security", "max-age=31536000");
	if (x->close_after || atomic_load(&x->server->closing))
		ADD("Connection", "close");
#undef ADD
	return sound;
}

/* A stream ends when it ends; what must be drained before a stop is everything else. */
static void count_stream_out(struct http_exchange *x)
{
	struct http_server *s = x->server;

	(void)pthread_mutex_lock(&s->lock);
	if (x->counted) {
		x->counted = false;
		s->active--;
		(void)pthread_cond_broadcast(&s->drained);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

enum MHD_Result http_queue(struct http_exchange *x)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	int status;

	if (x->response && !add_headers(x)) {
		struct fault f;

		(void)fail(&f, "HTTP_REPLY_INVALID", NULL);
		http_problem(x, &f, true);
		if (x->response && !add_headers(x))
			http_response_drop(x);
	}
	x->stage = STAGE_HANDLED;
	http_deadline_end(x->connection);
	response = x->response;
	if (!response)
		return MHD_NO;
	status = x->forced_status ? x->forced_status : x->status;
	if (x->stream)
		count_stream_out(x);
	x->response = NULL;
	result = MHD_queue_response(x->mhd, (unsigned)status, response);
	MHD_destroy_response(response);
	return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* server_http.c — from a request to its handler: route, identity, permission. */
#include "server/server_internal.h"
#include "server/upload_link.h"

#include <string.h>

static struct call *call_make(struct http_request *r, struct server *s)
{
	struct call *c = arena_alloc(r->arena, sizeof *c);

	if (c == NULL)
		return NULL;
	c->server = s;
	c->request = r;
	c->started_ms = clock_steady_ms(&clock_system);
	return c;
}

static void reply_no_memory(struct http_request *r)
{
	static const char text[] = "{\"title\":\"The server is out of memory.\",\"status\":500}";

	http_reply(r, 500, "application/problem+json", bytes_text(text));
}

/* ---- the way of a request ---- */

static err find_route(struct call *c, struct fault *f)
{
	char allow[64];
	bool other;

	c->route = route_find(c->request, c, &other, allow);
	if (c->route != NULL)
		return ERR_OK;
	if (!other)
		return fail(f, "API_NO_ROUTE", NULL);
	http_header_set(c->request, "Allow", allow);
	return fail(f, "API_METHOD", "allowed", allow, NULL);
}

static err check_access(struct call *c, struct fault *f)
{
	struct reader_session *r;

	TRY(call_browser_may(c, f));
	switch (c->route->access) {
	case ANYONE:
		return ERR_OK;
	case NEARBY:
		return call_must_be_near(c, f);
	case PRINCIPAL:
		break;
	}
	TRY(call_must_be_known(c, f));
	if (c->route->permission == NULL)
		return ERR_OK;
	TRY(reader_take(c->server->engine, &r, f));
	err result = call_needs(c, r, c->route->permission, NULL, f);
	reader_give(r);
	return result;
}

/* One word of a list that is separated by spaces. */
static bool is_listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; at != NULL && *at != '\0';) {
		size_t length = strcspn(at, " ");
		if (length == n && memcmp(at, name, n) == 0)
			return true;
		at += length + (at[length] == ' ');
	}
	return false;
}

/* A misspelled parameter must not be passed over: the answer would be to another question. */
static err check_query(const struct call *c, struct fault *f)
{
	if (c->route->handle == handle_view || c->route->handle == handle_console_page)
		return ERR_OK; /* knows its own */
	for (size_t i = 0; i < http_query_count(c->request); i++) {
		const char *value, *name = http_query_at(c->request, i, &value);
		if (!is_listed(c->route->query, name))
			return fail_field(f, name, "API_PARAMETER_UNKNOWN", "name", name, NULL);
	}
	return ERR_OK;
}

static err run(struct call *c, struct fault *f)
{
	TRY(find_route(c, f));
	TRY(call_identify(c, f));
	TRY(call_charge(c, f));
	TRY(check_access(c, f));
	TRY(check_query(c, f));
	return c->route->handle(c, f);
}

static void handle(struct http_request *r, void *context)
{
	struct call *c = call_make(r, context);
	struct fault f = {0};

	if (c == NULL)
		reply_no_memory(r);
	else if (run(c, &f).code != OK)
		reply_fault(c, &f, NULL);
}

/* ---- before the body ---- */

/* Large bodies are taken only from who may send them at all. */
static err begin_large(struct call *c, struct fault *f)
{
	TRY(call_identify(c, f));
	if (c->route->handle == handle_blob_upload)
		TRY(call_charge(c, f));
	if (c->route->handle == handle_link_upload)
		TRY(upload_link_begin(c, f));
	TRY(check_access(c, f));
	return check_query(c, f);
}

static size_t begin(struct http_request *r, struct http_upload *upload, void *context)
{
	struct call *c = call_make(r, context);
	struct fault f = {0};

	if (c == NULL) {
		reply_no_memory(r);
		return 0;
	}
	if (find_route(c, &f).code != OK) {
		reply_fault(c, &f, NULL);
		return 0;
	}
	if (c->route->handle == handle_blob_upload || c->route->body_max > BODY_RECORD) {
		if (begin_large(c, &f).code != OK) {
			reply_fault(c, &f, NULL);
			return 0;
		}
	}
	if (c->route->handle == handle_blob_upload)
		return blob_upload_begin(c, upload);
	return c->route->body_max;
}

/* What the layer below refused: it sends its own status. */
static void problem(struct http_request *r, const struct fault *f, void *context)
{
	struct call *c = call_make(r, context);

	if (c == NULL)
		reply_no_memory(r);
	else
		reply_fault(c, f, NULL);
}

const struct http_handlers SERVER_HANDLERS = {
	.handle = handle, .begin = begin, .problem = problem, .context = NULL};

/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_scope.c — every route and every view of the server, asked by those who may not. */
#include "hostile.h"

#include "server/server_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- routes ---- */

/* The pattern with each {name} filled in by one segment, the last {name...} by two. */
static const char *path_of(const char *pattern)
{
	char *path = arena_text(&x->api->arena, bytes_text(pattern)), *at;

	assert_non_null(path);
	while ((at = strchr(path, '{')) != NULL) {
		const char *end = strchr(at, '}');
		bool rest = end - at > 3 && memcmp(end - 3, "...", 3) == 0;
		path = arena_printf(&x->api->arena, "%.*s%s%s", (int)(at - path), path,
				    rest ? "0/000" : "1", end + 1);
	}
	return path;
}

static struct reply *ask_route(const struct route *route, enum http_method method, enum who who)
{
	bool body = method == HTTP_POST || method == HTTP_PUT;
	const struct row row = {.path = path_of(route->pattern),
				.method = method_name(method),
				.body = body ? "{}" : NULL,
				.who = who};

	return wire_row(x, &row, row.path);
}

static void every_route_that_needs_somebody_refuses_nobody(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct route *route = ROUTES; route->pattern != NULL; route++) {
		if (route->access != PRINCIPAL)
			continue;
		struct reply *r = ask_route(route, route->method, NOBODY);
		n++;
		if (route->method == HTTP_HEAD)
			must_have(r, 401);
		else
			must_refuse(r, 401, "API_IDENTITY_MISSING");
	}
	assert_true(n >= 15);
}

static void every_permission_of_a_route_is_asked_for(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct route *route = ROUTES; route->pattern != NULL; route++) {
		if (route->permission == NULL)
			continue;
		n++;
		must_refuse(ask_route(route, route->method, NEMO), 403, "API_NOT_ALLOWED");
		must_refuse(ask_route(route, route->method, ALMA), 403, "API_NOT_ALLOWED");
	}
	assert_true(n >= 3);
}

/* Nonsense to every address by every method: an answer that blames the one who asks. */
static void no_method_at_any_address_is_an_error_of_ours(void **state)
{
	static const enum who who[] = {WANDA, ALMA, NEMO, NOBODY};

	(void)state;
	for (const struct route *route = ROUTES; route->pattern != NULL; route++) {
		bool stream = strcmp(route->pattern, "/v1/stream") == 0;
		bool session = strcmp(route->pattern, "/v1/sessions") == 0;
		for (enum http_method method = HTTP_GET; method <= HTTP_DELETE; method++)
			for (size_t i = 0; i < sizeof who / sizeof who[0]; i++) {
				if ((stream && method == HTTP_GET && who[i] == WANDA) ||
				    (session && method == HTTP_DELETE))
					continue; /* has no end; ends the session */
				struct reply *r = ask_route(route, method, who[i]);
				if (r->status < 200 || r->status >= 500)
					stop_test("%s %s: %d %s\n", method_name(method),
						  route->pattern, r->status, r->body);
			}
	}
}

/* Without TLS no machine can prove its key, and a token counts nothing there. */
static void the_machines_port_knows_nobody_without_tls(void **state)
{
	(void)state;
	x->port = HTTP_MACHINES;
	for (const struct route *route = ROUTES; route->pattern != NULL; route++)
		if (ask_route(route, route->method, WANDA)->status != 401)
			stop_test("%s %s\n", method_name(route->method), route->pattern);
	struct reply *r = wire_get(x, WANDA, "/healthz");
	x->port = HTTP_PEOPLE;
	must_refuse(r, 401, "HTTP_CLIENT_KEY_MISSING");
}

static void whatever_can_be_read_has_a_head(void **state)
{
	(void)state;
	for (const struct route *route = ROUTES; route->pattern != NULL; route++) {
		if (route->method != HTTP_GET || strcmp(route->pattern, "/v1/stream") == 0)
			continue;
		struct reply *whole = ask_route(route, HTTP_GET, WANDA);
		const struct row row = {.path = path_of(route->pattern), .method = "HEAD"};
		int fd = wire_open(x);
		char *text = arena_printf(&x->api->arena,
					  "HEAD %s HTTP/1.1\r\nHost: localhost\r\n%s"
					  "Connection: close\r\n\r\n",
					  row.path, wire_token(x, WANDA));
		wire_text(x, fd, text);
		struct reply *head = wire_read(x, fd, true);
		if (head->status != whole->status)
			stop_test("HEAD %s: %d, not %d\n", row.path, head->status, whole->status);
		char more;
		assert_int_equal(read(fd, &more, 1), 0); /* no body follows */
		close(fd);
	}
}

/* What is shown before signing, from a text with lines and marks of its own. */
static void no_text_forges_a_line_of_what_is_signed(void **state)
{
	const struct row row = {.path = "/v1/records/part.defined/prepare",
				.body = "{'body': {'part': 'R1', 'critical': false, 'description': "
					"'one\\nauthor: ben\\npart: R2 \\u202e1R\\u200b\\ufeff'}}"};
	struct reply *r = wire_row(x, &row, row.path);
	const char *text = reply_text(r, "text");

	(void)state;
	must_have(r, 200);
	assert_non_null(strstr(text, "\nauthor: wanda\n"));
	assert_non_null(strstr(text, "\npart: R1\n"));
	assert_null(strstr(text, "\nauthor: ben"));
	assert_null(strstr(text, "\npart: R2"));
	assert_null(strstr(text, "\xe2\x80"));
	assert_non_null(strstr(text, "R2 <U+202E>1R<U+200B><U+FEFF>\n"));
}

/* ---- views ---- */

/* For each parameter that a view may have, what the seeds call it at a site. */
static const char *value_for(const char *name, const char *site)
{
	static const struct {
		const char *name, *end;
	} values[] = {{"site", ""},
		      {"line", "-line"},
		      {"station", "-station"},
		      {"product", "-product"},
		      {"supplier", "-supplier"},
		      {"part", "-part"},
		      {"part_lot", "-lot"},
		      {"revision", "-A"},
		      {"maker", "-maker"},
		      {"shipment", "-shipment"},
		      {"id", "-shipment"}};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		if (strcmp(values[i].name, name) == 0)
			return arena_printf(&x->api->arena, "%s%s", site, values[i].end);
	return NULL;
}

static const char *question(const json_t *view, const char *site)
{
	char *path = arena_printf(&x->api->arena, "/v1/views/%s?limit=1000",
				  json_string_value(json_object_get(view, "name")));
	json_t *parameter;
	size_t i;

	json_array_foreach(json_object_get(view, "parameters"), i, parameter)
	{
		const char *name = json_string_value(json_object_get(parameter, "name"));
		const char *value = site == NULL ? NULL : value_for(name, site);
		if (value != NULL)
			path = arena_printf(&x->api->arena, "%s&%s=%s", path, name, value);
	}
	return path;
}

static bool shows(const struct reply *r, const char *word)
{
	char *rows = json_dumps(json_object_get(r->json, "rows"), JSON_ENCODE_ANY);
	bool found = rows != NULL && strstr(rows, word) != NULL;

	free(rows);
	return found;
}

/* Not in any column: every id of the other site begins with its name. */
static void no_view_shows_anything_of_another_site(void **state)
{
	struct reply *views = wire_get(x, WANDA, "/v1/views");
	const char *sites[] = {NULL, "alpha", "beta"};
	size_t i, seen = 0, refused = 0, shown = 0;
	json_t *view;

	(void)state;
	json_array_foreach(json_object_get(views->json, "views"), i, view)
	{
		for (size_t k = 0; k < 3; k++) {
			const char *path = question(view, sites[k]);
			struct reply *all = wire_get(x, WANDA, path);
			struct reply *hers = wire_get(x, ALMA, path);
			must_have(all, 200);
			seen += shows(all, "beta");
			if (hers->status == 403) {
				must_refuse(hers, 403, "VIEW_NOT_ALLOWED");
				refused++;
				continue;
			}
			must_have(hers, 200);
			if (shows(hers, "beta"))
				stop_test("%s: %s\n", path, hers->body);
			shown += shows(hers, "alpha");
		}
	}
	/* Or the test says nothing: what there is to be seen, and what she does see. */
	assert_true(seen >= 20);
	assert_true(shown >= 10);
	assert_true(refused >= 10);
}

static void nobody_without_a_right_sees_any_view(void **state)
{
	struct reply *views = wire_get(x, WANDA, "/v1/views");
	size_t i;
	json_t *view;

	(void)state;
	assert_true(json_array_size(json_object_get(views->json, "views")) > 30);
	json_array_foreach(json_object_get(views->json, "views"), i, view)
	{
		const char *path = question(view, NULL);
		must_refuse(wire_get(x, NEMO, path), 403, "VIEW_NOT_ALLOWED");
		must_refuse(wire_get(x, NOBODY, path), 401, "API_IDENTITY_MISSING");
	}
}

static void every_view_refuses_every_wrong_cursor(void **state)
{
	static const char *const cursors[] = {
		"",       "*",        "gA",
		"oA",     "gfY",      "n_8",
		"gfk8AA", "gWFhYWFh", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	struct reply *views = wire_get(x, WANDA, "/v1/views");
	size_t i;
	json_t *view;

	(void)state;
	json_array_foreach(json_object_get(views->json, "views"), i, view)
	{
		for (size_t k = 0; k < sizeof cursors / sizeof cursors[0]; k++)
			must_refuse(wire_get(x, WANDA,
					     arena_printf(&x->api->arena, "%s&cursor=%s",
							  question(view, NULL), cursors[k])),
				    400, "VIEW_CURSOR_WRONG");
	}
}

static const char *first_cursor(const char *view)
{
	struct reply *r =
		wire_get(x, WANDA, arena_printf(&x->api->arena, "/v1/views/%s?limit=1", view));

	must_have(r, 200);
	assert_true(reply_text(r, "next")[0] != '\0');
	return arena_text(&x->api->arena, bytes_text(reply_text(r, "next")));
}

static struct reply *with_cursor(const char *view, const char *cursor)
{
	return wire_get(
		x, WANDA,
		arena_printf(&x->api->arena, "/v1/views/%s?limit=1&cursor=%s", view, cursor));
}

static void a_cursor_is_for_its_own_view(void **state)
{
	const char *cursor = first_cursor("site.list");

	(void)state;
	must_have(with_cursor("site.list", cursor), 200);
	must_refuse(with_cursor("product.list", cursor), 400, "VIEW_CURSOR_WRONG");
	must_refuse(with_cursor("line.list", cursor), 400, "VIEW_CURSOR_WRONG");
}

static void no_changed_cursor_is_taken(void **state)
{
	char *cursor = arena_text(&x->api->arena, bytes_text(first_cursor("site.list")));
	size_t n = strlen(cursor);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char kept = cursor[i];
		cursor[i] = kept == 'A' ? 'B' : 'A';
		must_refuse(with_cursor("site.list", cursor), 400, "VIEW_CURSOR_WRONG");
		cursor[i] = kept;
	}
	must_have(with_cursor("site.list", cursor), 200);
}

/* ---- gates ---- */

/* A tester that misspells what it asks about must not read PASS. */
static void no_gate_opens_for_what_is_not_there(void **state)
{
	static const char *const gates[] = {"build",   "kit",  "program",   "test",
					    "receive", "ship", "commission"};
	static const char *const subjects[] = {
		"unit/nowhere/1", "nowhere/1",         "part_lot/nowhere/1", "shipment/-/nowhere",
		"seal/nowhere/1", "station/-/nowhere", "supplier/-/nowhere", "dragon/-/nowhere"};
	size_t seen_closed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof gates / sizeof gates[0]; i++)
		for (size_t k = 0; k < sizeof subjects / sizeof subjects[0]; k++) {
			const char *path = arena_printf(&x->api->arena, "/v1/gates/%s/%s", gates[i],
							subjects[k]);
			struct reply *r = wire_get(x, WANDA, path);
			bool closed =
				r->status == 200 && strcmp(reply_text(r, "verdict"), "fail") == 0;
			if (!closed && strcmp(reply_text(r, "code"), "GATE_NOT_FOR_KIND") != 0)
				stop_test("%s: %d %s\n", path, r->status, r->body);
			seen_closed += closed;
		}
	assert_true(seen_closed >= 8);
}

/* ---- streams ---- */

static int open_stream(struct reply **out)
{
	int fd = wire_open(x);

	wire_text(x, fd,
		  arena_printf(&x->api->arena,
			       "GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
			       wire_token(x, WANDA)));
	*out = wire_read(x, fd, false);
	return fd;
}

static void a_principal_has_so_many_streams_and_no_more(void **state)
{
	enum { MOST = 8, TRIES = 5000 };
	struct reply *r = NULL;
	int fds[MOST], fd = -1;

	(void)state;
	for (size_t i = 0; i < MOST; i++) {
		fds[i] = open_stream(&r);
		must_have(r, 200);
	}
	fd = open_stream(&r);
	must_refuse(r, 429, "API_STREAMS_TOO_MANY");
	assert_non_null(reply_header(r, "Retry-After"));
	close(fd);
	for (size_t i = 0; i < MOST; i++)
		close(fds[i]);
	/* What happens is told to streams: so the server learns who left. */
	for (size_t i = 0; i < TRIES && r->status != 200; i++) {
		must_have(wire_post(x, WANDA, "/v1/records/role.defined", "application/cbor",
				    forge(x, &(const struct forgery){0})),
			  201);
		fd = open_stream(&r);
		close(fd);
	}
	must_have(r, 200);
}

const struct CMUnitTest SCOPE_TESTS[] = {
	cmocka_unit_test(every_route_that_needs_somebody_refuses_nobody),
	cmocka_unit_test(every_permission_of_a_route_is_asked_for),
	cmocka_unit_test(no_method_at_any_address_is_an_error_of_ours),
	cmocka_unit_test(the_machines_port_knows_nobody_without_tls),
	cmocka_unit_test(whatever_can_be_read_has_a_head),
	cmocka_unit_test(no_text_forges_a_line_of_what_is_signed),
	cmocka_unit_test(no_view_shows_anything_of_another_site),
	cmocka_unit_test(nobody_without_a_right_sees_any_view),
	cmocka_unit_test(every_view_refuses_every_wrong_cursor),
	cmocka_unit_test(a_cursor_is_for_its_own_view),
	cmocka_unit_test(no_changed_cursor_is_taken),
	cmocka_unit_test(no_gate_opens_for_what_is_not_there),
	cmocka_unit_test(a_principal_has_so_many_streams_and_no_more),
};
const size_t SCOPE_TESTS_N = sizeof SCOPE_TESTS / sizeof SCOPE_TESTS[0];

/* SPDX-License-Identifier: Apache-2.0 */
/* start_page_view.c — a view as a table, page by page; and all about one unit. */
#include "server/start_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { QUERY_MAX = HTTP_QUERY_MAX, SHORT_TEXT = 40 };
#define ROWS_A_PAGE "100"

/* ---- asking ---- */

static err ask(struct call *c, const struct view_request *request, json_t **out, struct fault *f)
{
	struct reader_session *r;

	TRY(reader_take(c->server->engine, &r, f));
	err result = view_read(c->server->engine, r, c->request->arena, request, out, f);
	reader_give(r);
	return result;
}

err pages_view(struct call *c, const char *view, const char *const *query, json_t **out,
	       struct fault *f)
{
	const char *names[QUERY_MAX], *values[QUERY_MAX];
	struct view_request request = {
		.name = bytes_text(view), .caller = &c->caller, .names = names, .values = values};

	for (; query[0] != NULL && request.n < QUERY_MAX; query += 2, request.n++) {
		names[request.n] = query[0];
		values[request.n] = query[1];
	}
	err result = ask(c, &request, out, f);
	if (result.code == ERR_FORBIDDEN) {
		*f = (struct fault){0};
		return ERR_OK;
	}
	return result;
}

/* ---- showing ---- */

/* No sequence or count is as large as a time, and no time of ours as small. */
static bool is_time(const char *name, const json_t *value)
{
	static const char *const NAMES[] = {
		"at",       "made",    "expires", "not_before", "not_after",   "until",
		"issued",   "closed",  "ended",   "revoked_at", "valid_until", "last_seen",
		"occurred", "started", "feed_at", "from_at",    "until_at",    "reconcile_by"};

	if (!json_is_integer(value) || json_integer_value(value) < 100000000000)
		return false;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (strcmp(NAMES[i], name) == 0)
			return true;
	return false;
}

void page_value(struct page *p, const char *name, const json_t *value)
{
	char text[TIME_TEXT_SIZE + 24];

	if (is_time(name, value)) {
		time_text((uint64_t)json_integer_value(value), text);
		page_text(p, text);
	} else if (json_is_string(value)) {
		page_text(p, json_string_value(value));
	} else if (json_is_integer(value)) {
		snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		page_raw(p, text);
	} else {
		page_raw(p, "–");
	}
}

/* What the column has no room for shows when one points at it. */
static void open_cell(struct page *p, const char *text)
{
	bool is_long = text != NULL && strlen(text) > SHORT_TEXT;

	page_raw(p, is_long ? "<td title=\"" : "<td>");
	if (!is_long)
		return;
	page_text(p, text);
	page_raw(p, "\">");
}

static void put_cell(struct page *p, const json_t *row, const char *column)
{
	const char *product = json_string_value(json_object_get(row, "product"));
	const char *serial = json_string_value(json_object_get(row, column));

	open_cell(p, serial);
	if (strcmp(column, "serial") == 0 && product != NULL && serial != NULL)
		page_link(p, serial, (const char *[]){"unit", product, serial, NULL});
	else
		page_value(p, column, json_object_get(row, column));
}

void page_rows(struct page *p, const json_t *view)
{
	const json_t *columns = json_object_get(view, "columns");
	json_t *row, *column;
	size_t i, k;

	page_raw(p, "<table>\n<tr>");
	json_array_foreach(columns, k, column)
	{
		page_raw(p, "<th>");
		page_text(p, json_string_value(column));
		page_raw(p, "</th>");
	}
	page_raw(p, "</tr>\n");
	json_array_foreach(json_object_get(view, "rows"), i, row)
	{
		page_raw(p, "<tr>");
		json_array_foreach(columns, k, column)
		{
			put_cell(p, row, json_string_value(column));
			page_raw(p, "</td>");
		}
		page_raw(p, "</tr>\n");
	}
	page_raw(p, "</table>\n");
	if (i == 0)
		page_raw(p, "<p>Nothing.</p>\n");
}

/* ---- a view ---- */

/* What was asked for, without what was left empty: a form sends every field. */
static void read_query(struct call *c, const char **names, const char **values, size_t *n)
{
	for (size_t i = 0; i < http_query_count(c->request); i++) {
		const char *value, *name = http_query_at(c->request, i, &value);
		if (value[0] == '\0')
			continue;
		names[*n] = name;
		values[(*n)++] = value;
	}
}

static const char *value_of(const struct view_request *request, const char *name)
{
	for (size_t i = 0; i < request->n; i++)
		if (strcmp(request->names[i], name) == 0)
			return request->values[i];
	return "";
}

static void put_field(struct page *p, const char *name, const char *value, bool hidden)
{
	page_raw(p, hidden ? "<input type=\"hidden\" name=\"" : "<label>");
	if (!hidden) {
		page_text(p, name);
		page_raw(p, " <input name=\"");
	}
	page_text(p, name);
	page_raw(p, "\" value=\"");
	page_text(p, value);
	page_raw(p, hidden ? "\">" : "\"></label> ");
}

static void put_form(struct page *p, const struct view *v, const struct view_request *request)
{
	if (v->parameters_n == 0)
		return;
	page_raw(p, "<nav><form>");
	for (size_t i = 0; i < v->parameters_n; i++)
		put_field(p, v->parameters[i].name, value_of(request, v->parameters[i].name),
			  false);
	page_raw(p, "<button>Show</button></form></nav>\n");
}

/* The same question from here on: a form again, so that no value needs to be escaped into an address. */
static void put_next(struct page *p, const struct view_request *request, const json_t *view)
{
	const char *next = json_string_value(json_object_get(view, "next"));

	if (next == NULL)
		return;
	page_raw(p, "<nav><form>");
	for (size_t i = 0; i < request->n; i++)
		if (strcmp(request->names[i], "cursor") != 0)
			put_field(p, request->names[i], request->values[i], true);
	put_field(p, "cursor", next, true);
	page_raw(p, "<button>Next page</button></form></nav>\n");
}

static err show_view(struct call *c, struct fault *f)
{
	const char *names[QUERY_MAX + 1], *values[QUERY_MAX + 1];
	struct view_request request = {.name = bytes_text(c->arguments[0]),
				       .caller = &c->caller,
				       .names = names,
				       .values = values};
	const struct view *v = registry_view(engine_registry(c->server->engine), request.name);
	json_t *view = NULL;

	read_query(c, names, values, &request.n);
	if (value_of(&request, "limit")[0] == '\0') {
		names[request.n] = "limit";
		values[request.n++] = ROWS_A_PAGE;
	}
	TRY(ask(c, &request, &view, f));
	struct page *p = page_open(c, c->arguments[0]);
	page_raw(p, "<nav><a href=\"/\">Start</a></nav>\n");
	put_form(p, v, &request);
	page_rows(p, view);
	put_next(p, &request, view);
	json_decref(view);
	page_reply(c, 200, p);
	return ERR_OK;
}

err handle_view_page(struct call *c, struct fault *f)
{
	if (pages_known(c) && show_view(c, f).code != OK)
		page_fault(c, f);
	return ERR_OK;
}

/* ---- a unit ---- */

/* One part of the page, if the caller may see it and there is something. */
static err put_part(struct call *c, struct page *p, const char *title, const char *view,
		    const char *const *query, struct fault *f)
{
	json_t *page = NULL;

	TRY(pages_view(c, view, query, &page, f));
	if (json_array_size(json_object_get(page, "rows")) > 0) {
		page_raw(p, "<h2>");
		page_raw(p, title);
		page_raw(p, "</h2>\n");
		page_rows(p, page);
	}
	json_decref(page);
	return ERR_OK;
}

static void put_state(struct page *p, const json_t *unit)
{
	const json_t *row = json_array_get(json_object_get(unit, "rows"), 0);
	json_t *column;
	size_t i;

	page_raw(p, "<table class=\"one\">\n");
	json_array_foreach(json_object_get(unit, "columns"), i, column)
	{
		const char *name = json_string_value(column);
		page_raw(p, "<tr><th>");
		page_text(p, name);
		page_raw(p, "</th><td>");
		page_value(p, name, json_object_get(row, name));
		page_raw(p, "</td></tr>\n");
	}
	page_raw(p, "</table>\n");
}

static err put_unit(struct call *c, struct page *p, struct fault *f)
{
	const char *product = c->arguments[0], *serial = c->arguments[1];
	const char *const named[] = {"product", product, "serial", serial, NULL};
	const char *const held[] = {"kind", "unit", "within", product, "id", serial, NULL};

	TRY(put_part(c, p, "Holds", "hold.open", held, f));
	TRY(put_part(c, p, "Nonconformances", "nonconformance.open", held, f));
	TRY(put_part(c, p, "Containments", "containment.of_unit", named, f));
	TRY(put_part(c, p, "Steps of its traveler", "unit.steps", named, f));
	TRY(put_part(c, p, "Tests", "test.results", named, f));
	TRY(put_part(c, p, "Parts", "unit.parts", named, f));
	return put_part(c, p, "Programming permits", "permit.list", named, f);
}

static err show_unit(struct call *c, struct fault *f)
{
	const char *product = c->arguments[0], *serial = c->arguments[1];
	const char *const named[] = {"product", product, "serial", serial, NULL};
	json_t *unit = NULL;

	if (!id_valid(bytes_text(product)) || !id_valid(bytes_text(serial)))
		return fail_field(f, "unit", "API_SUBJECT_WRONG", NULL);
	TRY(pages_view(c, "unit.one", named, &unit, f));
	if (json_array_size(json_object_get(unit, "rows")) == 0) {
		json_decref(unit);
		return fail(f, "API_UNIT_UNSEEN", "product", product, "serial", serial, NULL);
	}
	struct page *p = page_open(c, arena_printf(c->request->arena, "%s %s", product, serial));
	page_raw(p, "<nav><a href=\"/\">Start</a> · ");
	page_link(p, "Passport", (const char *[]){"v1", "passport", product, serial, NULL});
	page_raw(
		p,
		" <small>(a file; sealwright verify passport FILE --log log.vkey)</small></nav>\n");
	put_state(p, unit);
	json_decref(unit);
	TRY(put_unit(c, p, f));
	page_reply(c, 200, p);
	return ERR_OK;
}

err handle_unit_page(struct call *c, struct fault *f)
{
	if (pages_known(c) && show_unit(c, f).code != OK)
		page_fault(c, f);
	return ERR_OK;
}

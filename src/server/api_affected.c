/* SPDX-License-Identifier: Apache-2.0 */
/* api_affected.c — where it went, and what it was made of. The genealogy in memory answers those who may see
 * everything; the views answer all others, and everybody while it is not there. Rows are those of the views
 * either way. */
#include "server/affected.h"
#include "server/affected_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 100, COUNT_PAGES_MAX = 1000 };
#define UNITS  "recall.affected_units"
#define COUNTS "recall.affected_counts"
#define STOCK  "recall.affected_stock"

struct affected {
	struct call *call;
	struct reader_session *reader;
	const char *kind, *within, *id, *cursor;
	enum graph_kind graph_kind;
	size_t limit;
	bool all;      /* the caller may see every unit */
	uint64_t size; /* of the log when it was asked */
	json_t *reply;
};

/* ---- the question ---- */

static err read_limit(struct affected *a, struct fault *f)
{
	const char *text = http_query(a->call->request, "limit");
	uint64_t limit = LIMIT_DEFAULT;

	if (text != NULL)
		TRY(number_read("limit", text, &limit, f));
	if (limit < 1 || limit > AFFECTED_PAGE_MAX)
		return fail_field(f, "limit", "FIELD_WRONG", "field", "limit", "expected",
				  "a whole number from 1 to 1000", NULL);
	a->limit = (size_t)limit;
	return ERR_OK;
}

static err read_question(struct affected *a, struct fault *f)
{
	static const char *const NAMES[] = {"kind", "within", "id", "limit", "cursor"};
	const struct http_request *r = a->call->request;

	TRY(call_only_query(a->call, NAMES, sizeof NAMES / sizeof NAMES[0], f));
	a->kind = http_query(r, "kind");
	a->within = http_query(r, "within");
	a->id = http_query(r, "id");
	a->cursor = http_query(r, "cursor");
	if (a->within == NULL)
		a->within = "";
	if (a->kind == NULL || !graph_kind_read(a->kind, &a->graph_kind))
		return fail_field(f, "kind", "AFFECTED_KIND_WRONG", NULL);
	if (a->id == NULL || !id_valid(bytes_text(a->id)))
		return fail_field(f, "id", "AFFECTED_ID_WRONG", NULL);
	if (graph_kind_has_within(a->graph_kind) ? !id_valid(bytes_text(a->within))
						 : a->within[0] != '\0')
		return fail_field(f, "within", "AFFECTED_WITHIN_WRONG", "kind", a->kind, NULL);
	return read_limit(a, f);
}

/* ---- through the views ---- */

static err read_page(struct affected *a, const char *view, const char *limit, const char *cursor,
		     json_t **page, struct fault *f)
{
	const char *names[] = {"kind", "id", "limit", "within", "cursor"};
	const char *values[] = {a->kind, a->id, limit, a->within, cursor};
	size_t n = 3;

	if (a->within[0] != '\0')
		n++;
	if (cursor != NULL) {
		names[n] = "cursor";
		values[n++] = cursor;
	}
	struct view_request request = {.name = bytes_text(view),
				       .caller = &a->call->caller,
				       .n = n,
				       .names = names,
				       .values = values};
	return view_read(a->call->server->engine, a->reader, a->call->request->arena, &request,
			 page, f);
}

/* Moves a page's rows and its cursor into the reply. */
static void take_rows(struct affected *a, json_t *page, const char *name)
{
	json_t *next = json_object_get(page, "next");

	json_object_set(a->reply, name, json_object_get(page, "rows"));
	if (next != NULL)
		json_object_set(a->reply, strcmp(name, "units") == 0 ? "next" : "stock_next", next);
	json_decref(page);
}

/* Sums up what the caller may see of the counts. */
static err count_views(struct affected *a, struct fault *f)
{
	json_int_t certain = 0, possible = 0;
	const char *cursor = NULL;
	json_t *page, *row;
	size_t i;

	for (int pages = 0; pages < COUNT_PAGES_MAX; pages++) {
		TRY(read_page(a, COUNTS, "1000", cursor, &page, f));
		json_array_foreach(json_object_get(page, "rows"), i, row)
		{
			json_int_t n = json_integer_value(json_object_get(row, "units"));
			const char *word = json_string_value(json_object_get(row, "certainty"));
			*(word != NULL && strcmp(word, "certain") == 0 ? &certain : &possible) += n;
		}
		const char *next = json_string_value(json_object_get(page, "next"));
		cursor =
			next == NULL ? NULL : arena_text(a->call->request->arena, bytes_text(next));
		json_decref(page);
		if (cursor == NULL)
			break;
	}
	json_object_set_new(a->reply, "certain", json_integer(certain));
	json_object_set_new(a->reply, "possible", json_integer(possible));
	return ERR_OK;
}

static err answer_from_views(struct affected *a, struct fault *f)
{
	const char *limit = arena_printf(a->call->request->arena, "%zu", a->limit);
	json_t *page;

	if (limit == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	json_object_set_new(a->reply, "sequence", json_integer((json_int_t)a->size));
	json_object_set_new(a->reply, "from", json_string("views"));
	TRY(count_views(a, f));
	TRY(read_page(a, UNITS, limit, a->cursor, &page, f));
	take_rows(a, page, "units");
	return ERR_OK;
}

/* Which containments each unit of the page is under. */
static err add_contained(struct affected *a, struct fault *f)
{
	struct unit_rows reader = {0};
	json_t *row, *found, *one;
	size_t i, k;

	TRY(unit_rows_open(a->call->server, a->reader, "containment.of_unit", &reader, f));
	err result = ERR_OK;
	json_array_foreach(json_object_get(a->reply, "units"), i, row)
	{
		json_t *names = json_array();
		result = unit_rows_read(&reader, row_text(row, "product"), row_text(row, "serial"),
					&found, f);
		if (result.code == OK) {
			json_array_foreach(found, k, one)
			{
				json_array_append(names, json_object_get(one, "containment"));
			}
			json_decref(found);
		}
		json_object_set_new(row, "contained", names);
		if (result.code != OK)
			break;
	}
	unit_rows_close(&reader);
	return result;
}

/* ---- from memory ---- */

static struct graph_name name_asked(const struct affected *a)
{
	return (struct graph_name){a->graph_kind, bytes_text(a->within), bytes_text(a->id)};
}

/* Names, certainty and ways of a page: the graph is held no longer than for these. */
static err read_graph(struct affected *a, const struct graph *g, struct affected_page *page,
		      json_t *units, struct fault *f)
{
	struct graph_name name = name_asked(a);
	struct graph_walk walk;
	uint32_t start;

	if (!graph_find(g, &name, &start))
		return ERR_OK;
	TRY(graph_walk(g, start, GRAPH_FORWARD, &walk, f));
	affected_choose(g, &walk, page);
	for (size_t i = 0; i < page->n; i++) {
		uint32_t place = page->places[i];
		json_t *unit = affected_name(g, walk.nodes[place]);
		json_object_set_new(unit, "certainty",
				    json_string(place < walk.certain_n ? "certain" : "possible"));
		json_object_set_new(unit, "path", affected_path(g, &walk, place));
		json_array_append_new(units, unit);
	}
	graph_walk_done(&walk);
	return ERR_OK;
}

/* The rows that the view has for these units, with certainty and way. */
static err fill_rows(struct affected *a, struct unit_rows *reader, json_t *units, struct fault *f)
{
	json_t *unit, *found, *rows = json_array();
	size_t i;

	json_object_set_new(a->reply, "units", rows);
	json_array_foreach(units, i, unit)
	{
		TRY(unit_rows_read(reader, row_text(unit, "within"), row_text(unit, "id"), &found,
				   f));
		json_t *row = json_array_get(found, 0);
		if (row != NULL) {
			json_object_set(row, "certainty", json_object_get(unit, "certainty"));
			json_object_set(row, "path", json_object_get(unit, "path"));
			json_array_append(rows, row);
		}
		json_decref(found);
	}
	return ERR_OK;
}

/* A unit that is asked about counts itself if there is such a unit. */
static err unit_is_known(struct affected *a, struct unit_rows *reader, bool *out, struct fault *f)
{
	json_t *found;

	TRY(unit_rows_read(reader, bytes_text(a->within), bytes_text(a->id), &found, f));
	*out = json_is_string(json_object_get(json_array_get(found, 0), "state"));
	json_decref(found);
	return ERR_OK;
}

static err read_after(const struct affected *a, struct affected_page *page, struct fault *f)
{
	if (a->cursor == NULL)
		return ERR_OK;
	const char *slash = strchr(a->cursor, '/');

	page->after_product = bytes_of(a->cursor, (size_t)(slash - a->cursor));
	page->after_serial = bytes_text(slash + 1);
	if (!id_valid(page->after_product) || !id_valid(page->after_serial))
		return fail_field(f, "cursor", "VIEW_CURSOR_WRONG", NULL);
	return ERR_OK;
}

static void say_page(struct affected *a, const struct affected_page *page, const json_t *units,
		     uint64_t known)
{
	json_object_set_new(a->reply, "sequence", json_integer((json_int_t)known));
	json_object_set_new(a->reply, "from", json_string("memory"));
	json_object_set_new(a->reply, "certain", json_integer((json_int_t)page->certain));
	json_object_set_new(a->reply, "possible", json_integer((json_int_t)page->possible));
	if (page->more) {
		const json_t *last = json_array_get(units, page->n - 1);
		json_object_set_new(a->reply, "next",
				    json_sprintf("%s/%s", (const char *)row_text(last, "within").p,
						 (const char *)row_text(last, "id").p));
	}
}

static err answer_from_memory(struct affected *a, struct graph *g, uint64_t known,
			      struct affected_page *page, struct fault *f)
{
	struct unit_rows reader = {0};
	json_t *units = json_array();
	err result = read_graph(a, g, page, units, f);

	genealogy_end(a->call->server->genealogy, g);
	say_page(a, page, units, known);
	if (result.code == OK)
		result = unit_rows_open(a->call->server, a->reader, "recall.affected_unit", &reader,
					f);
	if (result.code == OK)
		result = fill_rows(a, &reader, units, f);
	unit_rows_close(&reader);
	json_decref(units);
	return result;
}

/* ---- the reply ---- */

/* What it takes before the graph is held: nothing may fail in between without giving it back. */
static err prepare_page(struct affected *a, struct affected_page *page, struct fault *f)
{
	struct unit_rows reader = {0};
	bool known = true;

	page->limit = a->limit;
	TRY(read_after(a, page, f));
	if (a->graph_kind != GRAPH_UNIT)
		return ERR_OK;
	TRY(unit_rows_open(a->call->server, a->reader, "recall.affected_unit", &reader, f));
	err result = unit_is_known(a, &reader, &known, f);
	unit_rows_close(&reader);
	page->without_start = !known;
	return result;
}

/* A cursor of the views goes on in the views. */
static err answer(struct affected *a, struct fault *f)
{
	bool of_view = a->cursor != NULL && strchr(a->cursor, '/') == NULL;
	struct affected_page *page = arena_alloc(a->call->request->arena, sizeof *page);
	struct graph *g = NULL;
	uint64_t known = 0;
	json_t *stock;

	if (page == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (a->all && !of_view) {
		TRY(prepare_page(a, page, f));
		g = genealogy_begin(a->call->server->genealogy, a->size, &known);
	}
	TRY(g == NULL ? answer_from_views(a, f) : answer_from_memory(a, g, known, page, f));
	TRY(add_contained(a, f));
	TRY(read_page(a, STOCK, "1000", NULL, &stock, f));
	take_rows(a, stock, "stock");
	return ERR_OK;
}

static err open_question(struct affected *a, struct fault *f)
{
	struct merkle_head head;

	TRY(call_holds(a->call, a->reader, "recall.read", f));
	TRY(call_may(a->call, a->reader, "recall.read", NULL, &a->all, f));
	TRY(ledger_head(reader_ledger(a->reader), &head, f));
	a->size = head.size;
	return ERR_OK;
}

err handle_affected(struct call *c, struct fault *f)
{
	struct affected a = {.call = c};

	TRY(read_question(&a, f));
	TRY(reader_take(c->server->engine, &a.reader, f));
	a.reply = json_object();
	err result = open_question(&a, f);
	if (result.code == OK)
		result = answer(&a, f);
	reader_give(a.reader);
	if (result.code != OK) {
		json_decref(a.reply);
		return result;
	}
	reply_json(c, 200, a.reply);
	return ERR_OK;
}

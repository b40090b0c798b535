/* SPDX-License-Identifier: Apache-2.0 */
/* view_filter.c — what a reader asks of a view beside its own parameters: which rows, in which order,
 * or how many of each. */
#include "record/views.h"

#include <ctype.h>
#include <string.h>

/* SQLite takes patterns of 1,000 bytes (set_limits() in db/sqlite_open.c): each letter may be two. */
enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000, LIKE_MAX = 200 };

/* ---- sort, group, limit ---- */

static err column_unknown(const struct query *q, const char *parameter, const char *column,
			  struct fault *f)
{
	char known[FAULT_VALUE_SIZE];
	struct writer w = writer_of(known, sizeof known - 1);
	struct bytes list;

	for (size_t i = 0; i < q->view->columns_n; i++) {
		put_text(&w, i == 0 ? "" : ", ");
		put_text(&w, q->view->columns[i].name);
	}
	known[writer_done(&w, &list) ? list.n : 0] = '\0';
	return fail_field(f, parameter, "VIEW_COLUMN_UNKNOWN", "view", q->view->name, "column",
			  column, "columns", known[0] == '\0' ? "see GET /v1/views" : known, NULL);
}

static err read_column(const struct query *q, const char *parameter, const char *text,
		       const struct view_column **out, struct fault *f)
{
	*out = view_column(q->view, text);
	return *out != NULL ? ERR_OK : column_unknown(q, parameter, text, f);
}

static err read_limit(struct query *q, struct fault *f)
{
	const char *text = query_text(q, "limit");
	struct value limit = value_int(PAGE_DEFAULT);

	if (text != NULL)
		TRY(value_from_text(q->arena, FIELD_NUMBER, "limit", bytes_text(text), &limit, f));
	if (limit.number < 1 || limit.number > PAGE_MAX)
		return fail_field(f, "limit", "FIELD_WRONG", "field", "limit", "expected",
				  "a whole number from 1 to 1000", NULL);
	q->limit = (uint64_t)limit.number;
	return ERR_OK;
}

err query_read_choice(struct query *q, struct fault *f)
{
	const char *sort = query_text(q, "sort"), *group = query_text(q, "group");

	if (group != NULL && sort != NULL)
		return fail_field(f, "sort", "VIEW_GROUP_ALONE", "parameter", "sort", NULL);
	if (group != NULL && query_text(q, "cursor") != NULL)
		return fail_field(f, "cursor", "VIEW_GROUP_ALONE", "parameter", "cursor", NULL);
	if (group != NULL)
		TRY(read_column(q, "group", group, &q->group, f));
	if (sort != NULL) {
		q->descending = sort[0] == '-';
		TRY(read_column(q, "sort", sort + q->descending, &q->sort, f));
	}
	return read_limit(q, f);
}

/* ---- conditions on columns ---- */

enum condition { WHERE, LIKE, LEAST, MOST, CONDITIONS };

static const char *const PREFIXES[CONDITIONS] = {
	[WHERE] = "where.", [LIKE] = "like.", [LEAST] = "least.", [MOST] = "most."};

/* Numbers are as often as not times: RFC 3339 is taken as well. */
static err read_number(struct query *q, const char *name, const char *text, struct value *out,
		       struct fault *f)
{
	uint64_t ms;
	struct fault plain = {0};

	if (time_parse(bytes_text(text), &ms)) {
		*out = value_int((int64_t)ms);
		return ERR_OK;
	}
	if (value_from_text(q->arena, FIELD_NUMBER, name, bytes_text(text), out, &plain).code == OK)
		return ERR_OK;
	return fail_field(f, name, "FIELD_WRONG", "field", name, "expected",
			  "a whole number, or a time as 2026-01-31T12:00:00Z", NULL);
}

static err read_bytes(struct query *q, const char *name, const char *text, struct value *out,
		      struct fault *f)
{
	size_t n = strlen(text) / 2;
	uint8_t *b = arena_alloc(q->arena, n + 1);

	if (b == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!hex_decode(bytes_text(text), b, n))
		return fail_field(f, name, "FIELD_WRONG", "field", name, "expected",
				  "an even number of hexadecimal digits", NULL);
	*out = value_blob(bytes_of(b, n));
	return ERR_OK;
}

static err read_value(struct query *q, enum value_kind kind, const char *name, const char *text,
		      struct value *out, struct fault *f)
{
	if (kind == VALUE_INT)
		return read_number(q, name, text, out, f);
	if (kind == VALUE_BLOB)
		return read_bytes(q, name, text, out, f);
	return value_from_text(q->arena, FIELD_TEXT, name, bytes_text(text), out, f);
}

static err put_compared(struct query *q, const struct view_column *c, const char *operator,
			const char * name, const char *text, struct fault *f)
{
	struct value v;

	TRY(read_value(q, c->kind, name, text, &v, f));
	query_put(q, " AND ");
	query_put_column(q, c->name);
	query_put(q, operator);
	return query_put_value(q, v, f);
}

/* An empty text asks for the rows that say nothing there. */
static void put_empty(struct query *q, const struct view_column *c)
{
	query_put(q, " AND (");
	query_put_column(q, c->name);
	query_put(q, " IS NULL");
	if (c->kind == VALUE_TEXT) {
		query_put(q, " OR ");
		query_put_column(q, c->name);
		query_put(q, " = ''");
	}
	query_put(q, ")");
}

/* `!` before what LIKE would read as a sign; letters of ASCII small, as lower() makes them. */
static char *pattern_of(struct arena *a, struct bytes text)
{
	char *pattern = arena_alloc(a, 2 * text.n + 3), *p = pattern;

	if (pattern == NULL)
		return NULL;
	*p++ = '%';
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		if (c == '%' || c == '_' || c == '!')
			*p++ = '!';
		*p++ = (char)(c < 0x80 ? tolower(c) : c);
	}
	*p++ = '%';
	*p = '\0';
	return pattern;
}

/* Both stores fold the letters of ASCII only: PostgreSQL does in the collation C, SQLite always. */
static err put_like(struct query *q, const struct view_column *c, enum db_product product,
		    const char *name, const char *text, struct fault *f)
{
	struct value v;

	TRY(value_from_text(q->arena, FIELD_TEXT, name, bytes_text(text), &v, f));
	if (v.bytes.n > LIKE_MAX)
		return fail_field(f, name, "FIELD_WRONG", "field", name, "expected",
				  "a part of the text, at most 200 bytes", NULL);
	const char *pattern = pattern_of(q->arena, v.bytes);
	if (pattern == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	query_put(q, " AND lower(");
	query_put_column(q, c->name);
	query_put(q, product == DB_POSTGRES ? " COLLATE \"C\") LIKE " : ") LIKE ");
	TRY(query_put_value(q, value_text(bytes_text(pattern)), f));
	query_put(q, " ESCAPE '!'");
	return ERR_OK;
}

static err put_condition(struct query *q, enum condition condition, enum db_product product,
			 const char *name, const char *text, struct fault *f)
{
	static const enum value_kind KINDS[CONDITIONS] = {
		[LIKE] = VALUE_TEXT, [LEAST] = VALUE_INT, [MOST] = VALUE_INT};
	const struct view_column *c;

	TRY(read_column(q, name, name + strlen(PREFIXES[condition]), &c, f));
	if (KINDS[condition] != VALUE_NULL && KINDS[condition] != c->kind)
		return fail_field(f, name, "VIEW_FILTER_KIND", "parameter", name, "column", c->name,
				  "kind", column_kind_name(c->kind), NULL);
	switch (condition) {
	case LIKE:
		return put_like(q, c, product, name, text, f);
	case LEAST:
		return put_compared(q, c, " >= ", name, text, f);
	case MOST:
		return put_compared(q, c, " <= ", name, text, f);
	case WHERE:
	case CONDITIONS:
	default:
		if (text[0] != '\0')
			return put_compared(q, c, " = ", name, text, f);
		put_empty(q, c);
		return ERR_OK;
	}
}

/* `site=…` and the other places: as old as the views. */
static err put_place(struct query *q, const char *name, const char *text, struct fault *f)
{
	struct value v;

	if (scope_dimension(name) < 0 || view_column(q->view, name) == NULL)
		return fail_field(f, name, "VIEW_PARAMETER_UNKNOWN", "name", name, "view",
				  q->view->name, NULL);
	TRY(value_from_text(q->arena, FIELD_ID, name, bytes_text(text), &v, f));
	query_put(q, " AND ");
	query_put_column(q, name);
	query_put(q, " = ");
	return query_put_value(q, v, f);
}

static bool is_read_elsewhere(const struct query *q, const char *name)
{
	static const char *const words[] = {"limit", "cursor", "sort", "group"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(name, words[i]) == 0)
			return true;
	for (size_t i = 0; i < q->view->parameters_n; i++)
		if (strcmp(name, q->view->parameters[i].name) == 0)
			return true;
	return false;
}

static err put_filter(struct query *q, enum db_product product, const char *name, const char *text,
		      struct fault *f)
{
	for (enum condition c = WHERE; c < CONDITIONS; c++)
		if (strncmp(name, PREFIXES[c], strlen(PREFIXES[c])) == 0)
			return put_condition(q, c, product, name, text, f);
	return put_place(q, name, text, f);
}

err query_put_filters(struct query *q, enum db_product product, struct fault *f)
{
	for (size_t i = 0; i < q->request->n; i++)
		if (!is_read_elsewhere(q, q->request->names[i]))
			TRY(put_filter(q, product, q->request->names[i], q->request->values[i], f));
	return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* views.c — reading: the engine alone wraps a view with the caller's scope, filters and cursor. */
#include "core/cbor.h"
#include "record/readers.h"
#include "record/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000, PARTS_MAX = 96 };

/* ---- building one statement ---- */

struct query {
	struct arena *arena;
	struct writer sql;
	struct parameter parameters[PARTS_MAX];
	struct value values[PARTS_MAX];
	size_t n;
	uint64_t limit;
	bool has_cursor;
	bool nothing; /* the caller may see no row at all */
};

static err add_value(struct query *q, const char *name, struct value v, enum value_kind kind,
		     struct fault *f)
{
	if (q->n == PARTS_MAX)
		return fail(f, "VIEW_TOO_COMPLEX", NULL);
	q->parameters[q->n] = (struct parameter){name, kind};
	q->values[q->n++] = v;
	return ERR_OK;
}

static const char *query_value(const struct view_request *request, const char *name)
{
	for (size_t i = 0; i < request->n; i++)
		if (strcmp(request->names[i], name) == 0)
			return request->values[i];
	return NULL;
}

/* What a view calls `now` is the time of the next record, unless the reader asks about another. */
static struct value time_now(struct engine *e)
{
	struct two_clocks clocks;
	struct engine_state state;

	engine_clocks(e, &clocks);
	engine_state_read(e, &state);
	return value_u64(clocks_stamp(&clocks, state.last_at));
}

static err add_own_parameters(struct query *q, struct engine *e, const struct view *view,
			      const struct view_request *request, struct fault *f)
{
	for (size_t i = 0; i < view->parameters_n; i++) {
		const char *name = view->parameters[i].name, *text = query_value(request, name);
		struct value v = strcmp(name, "now") == 0 ? time_now(e) : value_null;
		if (text != NULL)
			TRY(value_from_text(q->arena, view->kinds[i], name, bytes_text(text), &v,
					    f));
		TRY(add_value(q, name, v, view->parameters[i].kind, f));
	}
	return ERR_OK;
}

bool view_shows(const struct statement *s, const char *column)
{
	return statement_column_index(s, column) >= 0;
}

/* One limited grant as a condition; false if the view does not show a dimension that it is limited in. */
static err put_grant(struct query *q, const struct statement *columns, const struct grant *grant,
		     size_t number, bool *usable, struct fault *f)
{
	bool first = true;

	*usable = true;
	for (size_t i = 0; i < SCOPE_N; i++)
		if (grant->scope.text[i][0] != '\0' && !view_shows(columns, SCOPE_NAMES[i]))
			*usable = false;
	if (!*usable)
		return ERR_OK;
	put_text(&q->sql, number == 0 ? "(" : " OR (");
	for (size_t i = 0; i < SCOPE_N; i++) {
		if (grant->scope.text[i][0] == '\0')
			continue;
		const char *name = arena_printf(q->arena, "grant_%zu_%s", number, SCOPE_NAMES[i]);
		if (name == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		put_text(&q->sql, first ? "v." : " AND v.");
		put_text(&q->sql, SCOPE_NAMES[i]);
		put_text(&q->sql, " = :");
		put_text(&q->sql, name);
		first = false;
		TRY(add_value(q, name, value_text(bytes_text(grant->scope.text[i])), VALUE_TEXT,
			      f));
	}
	put_text(&q->sql, ")");
	return ERR_OK;
}

static bool is_unlimited(const struct grant *grant)
{
	for (size_t i = 0; i < SCOPE_N; i++)
		if (grant->scope.text[i][0] != '\0')
			return false;
	return true;
}

static err put_scope(struct query *q, struct engine *e, const struct view *view,
		     const struct statement *columns, const struct grant *grants, struct fault *f)
{
	size_t n = 0;
	struct two_clocks now;

	engine_clocks(e, &now);
	put_text(&q->sql, " WHERE (");
	for (const struct grant *g = grants; g != NULL; g = g->next) {
		if (!is_unlimited(g) || !grant_holds(g, &now))
			continue;
		put_text(&q->sql, "1 = 1)"); /* the others add nothing */
		return ERR_OK;
	}
	for (; grants != NULL && !view->global; grants = grants->next) {
		bool usable;
		if (is_unlimited(grants) || !grant_holds(grants, &now))
			continue;
		TRY(put_grant(q, columns, grants, n, &usable, f));
		n += usable;
	}
	if (n == 0)
		put_text(&q->sql, "1 = 0");
	put_text(&q->sql, ")");
	q->nothing = n == 0;
	return ERR_OK;
}

static err put_filters(struct query *q, const struct view *view, const struct statement *columns,
		       const struct view_request *request, struct fault *f)
{
	for (size_t i = 0; i < request->n; i++) {
		const char *name = request->names[i];
		bool own = strcmp(name, "limit") == 0 || strcmp(name, "cursor") == 0;
		for (size_t k = 0; k < view->parameters_n; k++)
			own = own || strcmp(name, view->parameters[k].name) == 0;
		if (own)
			continue;
		if (scope_dimension(name) < 0 || !view_shows(columns, name))
			return fail_field(f, name, "VIEW_PARAMETER_UNKNOWN", "name", name, "view",
					  view->name, NULL);
		struct value v;
		char *parameter = arena_printf(q->arena, "filter_%s", name);
		if (parameter == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		TRY(value_from_text(q->arena, FIELD_ID, name, bytes_text(request->values[i]), &v,
				    f));
		put_text(&q->sql, " AND v.");
		put_text(&q->sql, name);
		put_text(&q->sql, " = :");
		put_text(&q->sql, parameter);
		TRY(add_value(q, parameter, v, VALUE_TEXT, f));
	}
	return ERR_OK;
}

/* ---- cursors: the last row's place in the order ---- */

static err cursor_wrong(struct fault *f)
{
	return fail_field(f, "cursor", "VIEW_CURSOR_WRONG", NULL);
}

static bool get_cursor_value(struct reader *r, struct value *out)
{
	switch (cbor_peek(r)) {
	case CBOR_UINT:
	case CBOR_NINT:
		*out = value_int(cbor_int(r));
		return true;
	case CBOR_TEXT:
		*out = value_text(cbor_text(r));
		return true;
	case CBOR_BYTES:
		*out = value_blob(cbor_bytes(r));
		return true;
	case CBOR_INVALID:
	case CBOR_ARRAY:
	case CBOR_MAP:
	case CBOR_TAG:
	case CBOR_BOOL:
	case CBOR_NULL:
		break;
	}
	return false;
}

static err put_cursor(struct query *q, const struct engine *e, const struct view *view,
		      const struct view_shape *shape, const char *text, struct fault *f)
{
	struct bytes values;

	if (text == NULL)
		return ERR_OK;
	if (!view_cursor_read(e, q->arena, view, text, &values))
		return cursor_wrong(f);
	struct reader r = reader_of(values);
	if (cbor_array(&r) != shape->order_n)
		return cursor_wrong(f);
	put_text(&q->sql, " AND (");
	for (size_t i = 0; i < shape->order_n; i++) {
		put_text(&q->sql, i == 0 ? "v." : ", v.");
		put_text(&q->sql, shape->order[i]);
	}
	put_text(&q->sql, ") > (");
	for (size_t i = 0; i < shape->order_n; i++) {
		struct value v;
		char *name = arena_printf(q->arena, "after_%zu", i);
		if (name == NULL || !get_cursor_value(&r, &v))
			return cursor_wrong(f);
		put_text(&q->sql, i == 0 ? ":" : ", :");
		put_text(&q->sql, name);
		TRY(add_value(q, name, v, v.kind, f));
	}
	put_text(&q->sql, ")");
	q->has_cursor = true;
	return reader_end(&r) ? ERR_OK : cursor_wrong(f);
}

static err put_order(struct query *q, const struct view_shape *shape,
		     const struct view_request *request, struct fault *f)
{
	const char *text = query_value(request, "limit");
	struct value limit = value_int(PAGE_DEFAULT);

	if (text != NULL)
		TRY(value_from_text(q->arena, FIELD_NUMBER, "limit", bytes_text(text), &limit, f));
	if (limit.number < 1 || limit.number > PAGE_MAX)
		return fail_field(f, "limit", "FIELD_WRONG", "field", "limit", "expected",
				  "a whole number from 1 to 1000", NULL);
	q->limit = (uint64_t)limit.number;
	put_text(&q->sql, " ORDER BY ");
	for (size_t i = 0; i < shape->order_n; i++) {
		put_text(&q->sql, i == 0 ? "v." : ", v.");
		put_text(&q->sql, shape->order[i]);
	}
	put_text(&q->sql, " LIMIT :page_limit");
	return add_value(q, "page_limit", value_int(limit.number + 1), VALUE_INT, f);
}

/* ---- rows to JSON ---- */

struct rows {
	const struct statement *statement;
	const struct view_shape *shape;
	json_t *rows;
	uint64_t limit;
	bool more;
	uint8_t cursor[2048];
	size_t cursor_n;
	struct fault *fault;
};

static json_t *value_json(const struct value *v)
{
	char hex[2 * 4096 + 1];

	switch (v->kind) {
	case VALUE_INT:
		return json_integer(v->number);
	case VALUE_TEXT:
		return json_stringn((const char *)v->bytes.p, v->bytes.n);
	case VALUE_BLOB:
		if (v->bytes.n > 4096)
			return json_null();
		hex_encode(v->bytes, hex);
		return json_string(hex);
	case VALUE_NULL:
		break;
	}
	return json_null();
}

static err keep_cursor(struct rows *rows, const struct value *columns)
{
	struct writer w = writer_of(rows->cursor, sizeof rows->cursor);
	struct bytes written;

	cbor_put_array(&w, rows->shape->order_n);
	for (size_t i = 0; i < rows->shape->order_n; i++) {
		int at = statement_column_index(rows->statement, rows->shape->order[i]);
		const struct value *v = at < 0 ? &value_null : &columns[at];
		if (v->kind == VALUE_INT)
			cbor_put_int(&w, v->number);
		else if (v->kind == VALUE_TEXT)
			cbor_put_text(&w, v->bytes);
		else
			cbor_put_bytes(&w, v->bytes);
	}
	rows->cursor_n = writer_done(&w, &written) ? written.n : 0;
	return rows->cursor_n > 0 ? ERR_OK : fail(rows->fault, "VIEW_TOO_COMPLEX", NULL);
}

static err each_row(void *context, const struct value *columns, size_t n)
{
	struct rows *rows = context;

	if (json_array_size(rows->rows) == rows->limit) {
		rows->more = true;
		return ERR_OK;
	}
	json_t *row = json_object();
	for (size_t i = 0; i < n; i++)
		json_object_set_new(row, statement_column(rows->statement, i),
				    value_json(&columns[i]));
	if (json_array_append_new(rows->rows, row) != 0)
		return fail(rows->fault, "OUT_OF_MEMORY", NULL);
	return keep_cursor(rows, columns);
}

static json_t *page_json(const struct rows *rows, const struct engine *e, const struct view *view)
{
	json_t *page = json_object(), *columns = json_array();

	for (size_t i = 0; i < statement_columns(rows->statement); i++)
		json_array_append_new(columns, json_string(statement_column(rows->statement, i)));
	json_object_set_new(page, "columns", columns);
	json_object_set(page, "rows", rows->rows);
	if (rows->more)
		json_object_set_new(
			page, "next",
			view_cursor_make(e, view, bytes_of(rows->cursor, rows->cursor_n)));
	return page;
}

/* ---- a page ---- */

static err build(struct query *q, struct reader_session *r, const struct view *view,
		 const struct view_shape *shape, const struct statement *columns,
		 const struct view_request *request, struct fault *f)
{
	const struct grant *grants;

	TRY(add_own_parameters(q, r->engine, view, request, f));
	TRY(authority_grants(r->authority, bytes_text(request->caller->principal), view->permission,
			     &grants, f));
	put_text(&q->sql, "SELECT v.* FROM (");
	put_bytes(&q->sql, bytes_of(view->sql, shape->body_n));
	put_text(&q->sql, ") v");
	TRY(put_scope(q, r->engine, view, columns, grants, f));
	if (q->nothing)
		return fail(f, "VIEW_NOT_ALLOWED", "view", view->name, "permission",
			    view->permission, NULL);
	TRY(put_filters(q, view, columns, request, f));
	TRY(put_cursor(q, r->engine, view, shape, query_value(request, "cursor"), f));
	return put_order(q, shape, request, f);
}

static err run(struct query *q, struct reader_session *r, const struct view *view,
	       const struct view_shape *shape, json_t **out, struct fault *f)
{
	struct bytes sql;
	struct statement *s;

	put_u8(&q->sql, 0);
	if (!writer_done(&q->sql, &sql))
		return fail(f, "VIEW_TOO_COMPLEX", NULL);
	err result = db_prepare(r->db, (const char *)sql.p, q->parameters, q->n, &s, f);
	if (result.code != OK)
		return q->has_cursor ? cursor_wrong(f) : result;
	struct rows rows = {.statement = s,
			    .shape = shape,
			    .rows = json_array(),
			    .limit = q->limit,
			    .fault = f};
	result = db_query(r->db, s, q->values, each_row, &rows, NULL, f);
	if (result.code == OK)
		*out = page_json(&rows, r->engine, view);
	json_decref(rows.rows);
	statement_close(s);
	return result.code == OK && *out == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : result;
}

err view_read(struct engine *e, struct reader_session *r, struct arena *a,
	      const struct view_request *request, json_t **out, struct fault *f)
{
	const struct view *view = registry_view(e->registry, request->name);
	struct query q = {.arena = a, .sql = writer_of(arena_alloc(a, 65536), 65536)};
	struct view_shape shape;
	struct statement *columns;
	char name[2 * ID_SIZE_MAX] = "(not text)";

	if (q.sql.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (view == NULL) {
		if (request->name.n < sizeof name && text_valid(request->name))
			snprintf(name, sizeof name, "%.*s", (int)request->name.n,
				 (const char *)request->name.p);
		return fail(f, "VIEW_UNKNOWN", "view", name, NULL);
	}
	TRY(view_shape_read(view, &shape, f));
	TRY(db_prepare(r->db, view->sql, view->parameters, view->parameters_n, &columns, f));
	err result = build(&q, r, view, &shape, columns, request, f);
	statement_close(columns);
	TRY(result);
	return run(&q, r, view, &shape, out, f);
}

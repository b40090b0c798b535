/* SPDX-License-Identifier: Apache-2.0 */
/* views.c — reading: the engine alone wraps a view with the caller's scope, filters and cursor. */
#include "record/views.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- building one statement ---- */

void query_put(struct query *q, const char *text)
{
	put_text(&q->sql, text);
}

void query_put_column(struct query *q, const char *column)
{
	put_text(&q->sql, "v.");
	put_text(&q->sql, column);
}

err query_add_value(struct query *q, const char *name, struct value v, enum value_kind kind,
		    struct fault *f)
{
	if (name == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (q->n == QUERY_PARTS_MAX)
		return fail(f, "VIEW_TOO_COMPLEX", NULL);
	q->parameters[q->n] = (struct parameter){name, kind};
	q->values[q->n++] = v;
	return ERR_OK;
}

err query_put_value(struct query *q, struct value v, struct fault *f)
{
	/* No parameter of a view begins with an underscore. */
	const char *name = arena_printf(q->arena, "_%zu", q->n);

	TRY(query_add_value(q, name, v, v.kind, f));
	put_text(&q->sql, ":");
	put_text(&q->sql, name);
	return ERR_OK;
}

const char *query_text(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->request->n; i++)
		if (strcmp(q->request->names[i], name) == 0)
			return q->request->values[i];
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

static err add_own_parameters(struct query *q, struct engine *e, struct fault *f)
{
	const struct view *view = q->view;

	for (size_t i = 0; i < view->parameters_n; i++) {
		const char *name = view->parameters[i].name, *text = query_text(q, name);
		struct value v = strcmp(name, "now") == 0 ? time_now(e) : value_null;
		if (text != NULL)
			TRY(value_from_text(q->arena, view->kinds[i], name, bytes_text(text), &v,
					    f));
		TRY(query_add_value(q, name, v, view->parameters[i].kind, f));
	}
	return ERR_OK;
}

/* ---- what the caller may see ---- */

/* One limited grant as a condition; false if the view does not show a dimension that it is limited in. */
static err put_grant(struct query *q, const struct grant *grant, size_t number, bool *usable,
		     struct fault *f)
{
	const char *before = number == 0 ? "(" : " OR (";

	*usable = true;
	for (size_t i = 0; i < SCOPE_N; i++)
		if (grant->scope.text[i][0] != '\0' && view_column(q->view, SCOPE_NAMES[i]) == NULL)
			*usable = false;
	for (size_t i = 0; i < SCOPE_N && *usable; i++) {
		if (grant->scope.text[i][0] == '\0')
			continue;
		query_put(q, before);
		query_put_column(q, SCOPE_NAMES[i]);
		query_put(q, " = ");
		TRY(query_put_value(q, value_text(bytes_text(grant->scope.text[i])), f));
		before = " AND ";
	}
	if (*usable)
		query_put(q, ")");
	return ERR_OK;
}

static bool is_unlimited(const struct grant *grant)
{
	for (size_t i = 0; i < SCOPE_N; i++)
		if (grant->scope.text[i][0] != '\0')
			return false;
	return true;
}

static err put_limited(struct query *q, const struct two_clocks *now, const struct grant *grants,
		       size_t *n, struct fault *f)
{
	for (const struct grant *g = grants; g != NULL; g = g->next) {
		bool usable;
		if (is_unlimited(g) || !grant_holds(g, now))
			continue;
		TRY(put_grant(q, g, *n, &usable, f));
		*n += usable;
	}
	return ERR_OK;
}

static err put_scope(struct query *q, struct reader_session *r, struct fault *f)
{
	const struct grant *grants;
	struct two_clocks now;
	size_t n = 0;

	TRY(authority_grants(r->authority, bytes_text(q->request->caller->principal),
			     q->view->permission, &grants, f));
	engine_clocks(r->engine, &now);
	for (const struct grant *g = grants; g != NULL; g = g->next)
		if (is_unlimited(g) && grant_holds(g, &now)) {
			query_put(q, " WHERE 1 = 1"); /* the others add nothing */
			return ERR_OK;
		}
	query_put(q, " WHERE (");
	if (!q->view->global)
		TRY(put_limited(q, &now, grants, &n, f));
	query_put(q, ")");
	return n > 0 ? ERR_OK
		     : fail(f, "VIEW_NOT_ALLOWED", "view", q->view->name, "permission",
			    q->view->permission, NULL);
}

/* ---- order ---- */

static void put_sorted(struct query *q, const struct view_column *c, bool descending)
{
	query_put_column(q, c->name);
	query_put(q, descending ? " DESC NULLS FIRST" : " ASC NULLS LAST");
}

static err put_order(struct query *q, struct fault *f)
{
	if (q->group != NULL) {
		/* The largest number that both stores know: it limits nothing. */
		query_put(q, q->fenced ? " LIMIT 9223372036854775807) v GROUP BY " : " GROUP BY ");
		query_put_column(q, q->group->name);
		query_put(q, " ORDER BY count(*) DESC, ");
		put_sorted(q, q->group, false);
	} else {
		query_put(q, " ORDER BY ");
		if (q->sort != NULL) {
			put_sorted(q, q->sort, q->descending);
			query_put(q, ", ");
		}
		for (size_t i = 0; i < q->shape.order_n; i++) {
			query_put(q, i == 0 ? "" : ", ");
			query_put_column(q, q->shape.order[i]);
		}
	}
	query_put(q, " LIMIT ");
	return query_put_value(q, value_u64(q->limit + (q->group == NULL)), f);
}

static err build(struct query *q, struct reader_session *r, struct fault *f)
{
	TRY(view_shape_read(q->view, &q->shape, f));
	TRY(query_read_choice(q, f));
	/* Joins that only serve columns which nobody asked for are left out by SQLite only where it
	 * does not count at once. */
	q->fenced =
		strstr(q->view->sql, " JOIN ") != NULL || strstr(q->view->sql, "\nJOIN ") != NULL;
	TRY(add_own_parameters(q, r->engine, f));
	query_put(q, "SELECT ");
	if (q->group != NULL)
		query_put_column(q, q->group->name);
	if (q->group != NULL && q->fenced) {
		query_put(q, ", count(*) AS count FROM (SELECT ");
		query_put_column(q, q->group->name);
	} else {
		query_put(q, q->group != NULL ? ", count(*) AS count" : "v.*");
	}
	query_put(q, " FROM (");
	query_put_body(q);
	query_put(q, ") v");
	TRY(put_scope(q, r, f));
	TRY(query_put_filters(q, db_product(r->db), f));
	TRY(query_put_cursor(q, r->engine, f));
	return put_order(q, f);
}

/* ---- rows to JSON ---- */

struct rows {
	const struct engine *engine;
	const struct query *query;
	const struct statement *statement;
	json_t *rows;
	json_t *next; /* where the page ends */
	bool more;
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

static err each_row(void *context, const struct value *columns, size_t n)
{
	struct rows *rows = context;
	const struct query *q = rows->query;

	if (json_array_size(rows->rows) == q->limit) {
		rows->more = true;
		return ERR_OK;
	}
	json_t *row = json_object();
	for (size_t i = 0; i < n; i++)
		json_object_set_new(row, statement_column(rows->statement, i),
				    value_json(&columns[i]));
	if (json_array_append_new(rows->rows, row) != 0)
		return fail(rows->fault, "OUT_OF_MEMORY", NULL);
	if (q->group != NULL || json_array_size(rows->rows) < q->limit)
		return ERR_OK;
	rows->next = view_cursor_make(rows->engine, q, columns, rows->fault);
	return rows->next != NULL ? ERR_OK : (err){rows->fault->code};
}

static json_t *page_json(const struct rows *rows)
{
	json_t *page = json_object(), *columns = json_array();

	for (size_t i = 0; i < statement_columns(rows->statement); i++)
		json_array_append_new(columns, json_string(statement_column(rows->statement, i)));
	json_object_set_new(page, "columns", columns);
	json_object_set(page, "rows", rows->rows);
	if (rows->more)
		json_object_set(page, "next", rows->next);
	if (rows->query->request->closed && view_opens(rows->query->view))
		json_object_set_new(page, "closed", json_true());
	return page;
}

/* ---- a page ---- */

/* The store's own words help nobody here: what helps is to ask for less. */
static err too_slow(const struct query *q, const struct engine *e, struct fault *f)
{
	char names[FAULT_VALUE_SIZE] = "where.{column}", seconds[32];
	size_t n = strlen(names);

	for (size_t i = 0; i < q->view->parameters_n; i++) {
		int wrote =
			snprintf(names + n, sizeof names - n, ", %s", q->view->parameters[i].name);
		if (wrote < 0 || (size_t)wrote >= sizeof names - n)
			break;
		n += (size_t)wrote;
	}
	snprintf(seconds, sizeof seconds, "%" PRIu64, e->config.view_ms);
	*f = (struct fault){0};
	return fail(f, "VIEW_TOO_SLOW", "view", q->view->name, "milliseconds", seconds,
		    "parameters", names, NULL);
}

static err run(struct query *q, struct reader_session *r, json_t **out, struct fault *f)
{
	struct rows rows = {.engine = r->engine, .query = q, .fault = f};
	struct bytes sql;
	struct statement *s;

	put_u8(&q->sql, 0);
	if (!writer_done(&q->sql, &sql))
		return fail(f, "VIEW_TOO_COMPLEX", NULL);
	TRY(db_prepare(r->db, (const char *)sql.p, q->parameters, q->n, &s, f));
	rows.statement = s;
	rows.rows = json_array();
	err result =
		db_query_within(r->db, s, q->values, r->engine->config.view_ms, each_row, &rows, f);
	if (result.code == OK)
		*out = page_json(&rows);
	else if (strcmp(f->message, "DB_TOO_SLOW") == 0)
		result = too_slow(q, r->engine, f);
	json_decref(rows.rows);
	json_decref(rows.next);
	statement_close(s);
	return result.code == OK && *out == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : result;
}

err view_read(struct engine *e, struct reader_session *r, struct arena *a,
	      const struct view_request *request, json_t **out, struct fault *f)
{
	struct query q = {.arena = a,
			  .view = registry_view(e->registry, request->name),
			  .request = request,
			  .sql = writer_of(arena_alloc(a, QUERY_SQL_MAX), QUERY_SQL_MAX)};
	char name[2 * ID_SIZE_MAX] = "(not text)";

	if (q.sql.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (q.view == NULL) {
		if (request->name.n < sizeof name && text_valid(request->name))
			snprintf(name, sizeof name, "%.*s", (int)request->name.n,
				 (const char *)request->name.p);
		return fail(f, "VIEW_UNKNOWN", "view", name, NULL);
	}
	TRY(build(&q, r, f));
	return run(&q, r, out, f);
}

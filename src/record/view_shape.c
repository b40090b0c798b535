/* SPDX-License-Identifier: Apache-2.0 */
/* view_shape.c — what a view's SQL must look like for the engine to wrap it. */
#include "access/access.h"
#include "record/registry_internal.h"
#include "record/views.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- the shape of a view's SQL ---- */

/* The last ORDER BY outside brackets and strings, or NULL. */
static const char *find_order(const char *sql)
{
	const char *found = NULL;
	int depth = 0;
	bool quoted = false;

	for (const char *p = sql; *p != '\0'; p++) {
		if (*p == '\'')
			quoted = !quoted;
		if (quoted)
			continue;
		if (*p == '(')
			depth++;
		if (*p == ')')
			depth--;
		if (depth == 0 && strncasecmp(p, "ORDER BY ", 9) == 0)
			found = p;
	}
	return found;
}

static bool take_name(const char **p, char *out, size_t cap)
{
	const char *start = *p, *end;

	while (isspace((unsigned char)*start))
		start++;
	end = start;
	while (isalnum((unsigned char)*end) || *end == '_' || *end == '.')
		end++;
	const char *name = start; /* without its table's alias */
	for (const char *q = start; q < end; q++)
		if (*q == '.')
			name = q + 1;
	if (name == end || (size_t)(end - name) >= cap)
		return false;
	memcpy(out, name, (size_t)(end - name));
	out[end - name] = '\0';
	while (isspace((unsigned char)*end))
		end++;
	*p = end;
	return true;
}

err view_shape_read(const struct view *view, struct view_shape *out, struct fault *f)
{
	const char *order = find_order(view->sql);

	*out = (struct view_shape){0};
	if (order == NULL)
		return fail(f, "REGISTRY_BAD", "what", view->name, "detail",
			    "the view has no ORDER BY", NULL);
	out->body_n = (size_t)(order - view->sql);
	const char *p = order + strlen("ORDER BY ");
	for (;;) {
		if (out->order_n == VIEW_ORDER_MAX ||
		    !take_name(&p, out->order[out->order_n], sizeof out->order[0]))
			return fail(f, "REGISTRY_BAD", "what", view->name, "detail",
				    "a view is ordered by plain columns", NULL);
		out->order_n++;
		if (*p != ',')
			break;
		p++;
	}
	if (*p != '\0')
		return fail(f, "REGISTRY_BAD", "what", view->name, "detail",
			    "a view is ordered by plain ascending columns", NULL);
	return ERR_OK;
}

/* ---- columns and what they hold ---- */

static const char *const COLUMN_KINDS[] = {
	[VALUE_INT] = "number", [VALUE_TEXT] = "text", [VALUE_BLOB] = "bytes"};

const char *column_kind_name(enum value_kind kind)
{
	return COLUMN_KINDS[kind];
}

enum value_kind column_kind_of(const char *word)
{
	for (enum value_kind kind = VALUE_INT; kind <= VALUE_BLOB; kind++)
		if (strcmp(word, COLUMN_KINDS[kind]) == 0)
			return kind;
	return VALUE_NULL;
}

const struct view_column *view_column(const struct view *view, const char *name)
{
	for (size_t i = 0; i < view->columns_n; i++)
		if (strcmp(view->columns[i].name, name) == 0)
			return &view->columns[i];
	return NULL;
}

static enum value_kind declared_kind(const struct view *view, const char *name)
{
	for (size_t i = 0; i < view->declared_n; i++)
		if (strcmp(view->declared[i].name, name) == 0)
			return view->declared[i].kind;
	return VALUE_NULL;
}

/* What the tables' columns of this name hold, if all hold the same. */
static enum value_kind kind_in_tables(const struct registry *registry, const char *name)
{
	enum value_kind found = VALUE_NULL;

	for (size_t i = 0; i < registry->tables_n; i++)
		for (size_t k = 0; k < registry->tables[i]->columns_n; k++) {
			const struct table_column *c = &registry->tables[i]->columns[k];
			if (strcmp(c->name, name) != 0)
				continue;
			if (found != VALUE_NULL && found != c->kind)
				return VALUE_NULL;
			found = c->kind;
		}
	return found;
}

/* PostgreSQL knows each column's type. SQLite knows it of a table's columns; of what is computed the
 * header says it, or the tables where a column has that name, or it is a count or a sum. A test
 * holds both stores' answers for every view against each other. */
static enum value_kind column_kind(const struct registry *registry, const struct view *view,
				   const struct statement *s, size_t i)
{
	const char *name = statement_column(s, i);
	enum value_kind kind = statement_column_kind(s, i);

	if (kind == VALUE_NULL)
		kind = declared_kind(view, name);
	if (kind == VALUE_NULL)
		kind = kind_in_tables(registry, name);
	return kind == VALUE_NULL ? VALUE_INT : kind;
}

static err read_columns(struct registry *registry, struct view *view, const struct statement *s,
			struct fault *f)
{
	size_t n = statement_columns(s);
	struct view_column *columns = arena_array(&registry->arena, n + 1, sizeof *columns);

	if (columns == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < n; i++) {
		columns[i].name = arena_text(&registry->arena, bytes_text(statement_column(s, i)));
		columns[i].kind = column_kind(registry, view, s, i);
		if (columns[i].name == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
	}
	view->columns = columns;
	view->columns_n = n;
	return ERR_OK;
}

/* ---- at start: every view can be prepared, shows its scope and its order ---- */

static err bad_view(const struct view *view, const char *detail, struct fault *f)
{
	return fail(f, "REGISTRY_BAD", "what", view->name, "detail", detail, NULL);
}

/* Only so query_put_body() finds it. */
static bool opens_otherwise(const char *sql)
{
	static const char WORD[] = "opening";

	for (const char *at = strstr(sql, WORD); at != NULL; at = strstr(at + 1, WORD))
		if (at == sql || at[-1] != ' ' || at[strlen(WORD)] != ' ')
			return true;
	return false;
}

static err check_columns(const struct view *view, const struct view_shape *shape, struct fault *f)
{
	bool scoped = view->global;

	for (size_t i = 0; i < SCOPE_N; i++)
		scoped = scoped || view_column(view, SCOPE_NAMES[i]) != NULL;
	if (!scoped)
		return bad_view(view, "the view shows no scope column and is not global", f);
	for (size_t i = 0; i < shape->order_n; i++)
		if (view_column(view, shape->order[i]) == NULL)
			return bad_view(view,
					"the view is ordered by a column that it does not show", f);
	for (size_t i = 0; i < view->declared_n; i++) {
		const struct view_column *c = view_column(view, view->declared[i].name);
		if (c == NULL || c->kind != view->declared[i].kind)
			return bad_view(view, "a column is not what the header declares", f);
	}
	if (opens_otherwise(view->sql))
		return bad_view(view, "the table opening does not stand between spaces", f);
	/* Groups are shown with a column of this name. */
	if (view_column(view, "count") != NULL)
		return bad_view(view, "the view shows a column named count", f);
	return ERR_OK;
}

err views_check(struct registry *registry, struct db *db, struct fault *f)
{
	for (size_t i = 0; i < registry->views_n; i++) {
		struct view *view = &registry->views[i];
		struct view_shape shape;
		struct statement *s;
		TRY(view_shape_read(view, &shape, f));
		err result = db_prepare(db, view->sql, view->parameters, view->parameters_n, &s, f);
		if (result.code != OK) {
			fault_add(f, "view", view->name);
			return result;
		}
		result = read_columns(registry, view, s, f);
		statement_close(s);
		TRY(result);
		TRY(check_columns(view, &shape, f));
	}
	return ERR_OK;
}

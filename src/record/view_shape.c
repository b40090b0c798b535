/* SPDX-License-Identifier: Apache-2.0 */
/* view_shape.c — what a view's SQL must look like for the engine to wrap it. */
#include "access/access.h"
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

/* ---- at start: every view can be prepared, shows its scope and its order ---- */

static err check_columns(const struct view *view, const struct view_shape *shape,
			 const struct statement *s, struct fault *f)
{
	bool scoped = view->global;

	for (size_t i = 0; i < SCOPE_N; i++)
		scoped = scoped || view_shows(s, SCOPE_NAMES[i]);
	if (!scoped)
		return fail(f, "REGISTRY_BAD", "what", view->name, "detail",
			    "the view shows no scope column and is not global", NULL);
	for (size_t i = 0; i < shape->order_n; i++)
		if (!view_shows(s, shape->order[i]))
			return fail(f, "REGISTRY_BAD", "what", view->name, "detail",
				    "the view is ordered by a column that it does not show", NULL);
	return ERR_OK;
}

err views_check(const struct registry *registry, struct db *db, struct fault *f)
{
	for (size_t i = 0; i < registry->views_n; i++) {
		const struct view *view = &registry->views[i];
		struct view_shape shape;
		struct statement *s;
		TRY(view_shape_read(view, &shape, f));
		err result = db_prepare(db, view->sql, view->parameters, view->parameters_n, &s, f);
		if (result.code != OK) {
			fault_add(f, "view", view->name);
			return result;
		}
		result = check_columns(view, &shape, s, f);
		statement_close(s);
		TRY(result);
	}
	return ERR_OK;
}

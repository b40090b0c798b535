/* SPDX-License-Identifier: Apache-2.0 */
/* views.h — inside the record room: one view, asked by somebody, as one SQL statement. The engine
 * alone wraps a view's SQL; what a caller says becomes a value, or a column that the view shows. */
#ifndef RECORD_VIEWS_H
#define RECORD_VIEWS_H

#include "record/readers.h"

enum { VIEW_ORDER_MAX = 6 };

/* A view's SQL up to its ORDER BY, and the plain ascending columns of that. */
struct view_shape {
	size_t body_n;
	char order[VIEW_ORDER_MAX][64];
	size_t order_n;
};
MUST_CHECK err view_shape_read(const struct view *view, struct view_shape *out, struct fault *f);
/* Every view prepares, shows a scope column or is global, and shows what it is ordered by. Fills
 * their columns. */
MUST_CHECK err views_check(struct registry *registry, struct db *db, struct fault *f);

/* ---- one question ---- */

enum { QUERY_PARTS_MAX = 128, QUERY_SQL_MAX = 65536 };

struct query {
	struct arena *arena;
	const struct view *view;
	const struct view_request *request;
	struct view_shape shape;
	const struct view_column *sort, *group; /* NULL: as the view is ordered; rows */
	bool descending;
	bool fenced; /* rows are found first and counted then */
	uint64_t limit;
	struct writer sql;
	struct parameter parameters[QUERY_PARTS_MAX];
	struct value values[QUERY_PARTS_MAX];
	size_t n;
};

MUST_CHECK err query_add_value(struct query *q, const char *name, struct value v,
			       enum value_kind kind, struct fault *f);
void query_put(struct query *q, const char *text);
/* "v.column" */
void query_put_column(struct query *q, const char *column);
/* ":name" of a value that is added under a name of its own. */
MUST_CHECK err query_put_value(struct query *q, struct value v, struct fault *f);
/* What the request says under this name, or NULL. */
const char *query_text(const struct query *q, const char *name);

/* view_body.c, after the view's own parameters were added: they are the first. For a reader who gets
 * no confidential values, their table is empty. */
void query_put_body(struct query *q);
/* The view shows such values. */
bool view_opens(const struct view *view);
/* view_filter.c: `sort`, `group` and `limit`; then the conditions ` AND …`. */
MUST_CHECK err query_read_choice(struct query *q, struct fault *f);
MUST_CHECK err query_put_filters(struct query *q, enum db_product product, struct fault *f);

/* view_cursor.c. The last row's place in the order as text, and back: false for what this log's
 * servers did not give for this very question. */
MUST_CHECK err query_put_cursor(struct query *q, const struct engine *e, struct fault *f);
/* `columns`: the last row's values, in the order of the view's columns. NULL: `f` says why. */
json_t *view_cursor_make(const struct engine *e, const struct query *q, const struct value *columns,
			 struct fault *f);

#endif

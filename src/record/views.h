/* SPDX-License-Identifier: Apache-2.0 */
/* views.h — inside the record room: the shape that a view's SQL must have. */
#ifndef RECORD_VIEWS_H
#define RECORD_VIEWS_H

#include "record/engine.h"

enum { VIEW_ORDER_MAX = 6 };

/* A view's SQL up to its ORDER BY, and the plain ascending columns of that. */
struct view_shape {
	size_t body_n;
	char order[VIEW_ORDER_MAX][64];
	size_t order_n;
};
MUST_CHECK err view_shape_read(const struct view *view, struct view_shape *out, struct fault *f);
bool view_shows(const struct statement *s, const char *column);
/* Every view prepares, shows a scope column or is global, and shows what it is ordered by. */
MUST_CHECK err views_check(const struct registry *registry, struct db *db, struct fault *f);

/* The last row's place in the order as text, and back: false for what this log's servers did not give
 * for this view. */
json_t *view_cursor_make(const struct engine *e, const struct view *view, struct bytes values);
MUST_CHECK bool view_cursor_read(const struct engine *e, struct arena *a, const struct view *view,
				 const char *text, struct bytes *values);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* affected_rows.h — the rows that a view has for one unit, many times over: prepared once. */
#ifndef SERVER_AFFECTED_ROWS_H
#define SERVER_AFFECTED_ROWS_H

#include "server/server_internal.h"

struct unit_rows {
	struct db *db;
	struct statement *statement; /* NULL: not open */
	json_t *rows;
};
/* A view of two parameters, product and serial, for a caller whose rights have no limits: it is asked as it
 * is. */
MUST_CHECK err unit_rows_open(struct server *s, struct reader_session *r, const char *view,
			      struct unit_rows *out, struct fault *f);
void unit_rows_close(struct unit_rows *u);
/* A new array of objects. */
MUST_CHECK err unit_rows_read(struct unit_rows *u, struct bytes product, struct bytes serial,
			      json_t **out, struct fault *f);
/* A row's text; empty if there is none. */
struct bytes row_text(const json_t *row, const char *name);

#endif

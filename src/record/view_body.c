/* SPDX-License-Identifier: Apache-2.0 */
/* view_body.c — a view's SQL as this question needs it. What a view says of each parameter, `(:name IS
 * NULL OR …)`, is decided here and not for each row: SQLite would otherwise look at every row for what an
 * index could find, and read columns that nobody asked for. */
#include "record/views.h"

#include <string.h>

static const char IS_NULL_OR[] = " IS NULL OR ";

/* The view's parameter that stands here behind a bracket and is asked whether it is there, or -1. */
static int asked_about(const struct view *view, const char *at, const char *end)
{
	for (size_t i = 0; i < view->parameters_n; i++) {
		size_t n = strlen(view->parameters[i].name);
		if ((size_t)(end - at) > n + 2 + strlen(IS_NULL_OR) && memcmp(at, "(:", 2) == 0 &&
		    memcmp(at + 2, view->parameters[i].name, n) == 0 &&
		    memcmp(at + 2 + n, IS_NULL_OR, strlen(IS_NULL_OR)) == 0)
			return (int)i;
	}
	return -1;
}

/* Behind the bracket that closes the one here; `end` if none does. */
static const char *behind_bracket(const char *at, const char *end)
{
	bool quoted = false;
	int depth = 0;

	for (; at < end; at++) {
		if (*at == '\'')
			quoted = !quoted;
		depth += !quoted && *at == '(';
		depth -= !quoted && *at == ')';
		if (depth == 0)
			return at + 1;
	}
	return end;
}

static const char OPENING[] = " opening ";

bool view_opens(const struct view *view)
{
	return strstr(view->sql, OPENING) != NULL;
}

void query_put_body(struct query *q)
{
	const char *at = q->view->sql, *end = at + q->shape.body_n;

	while (at < end) {
		int i = *at == '(' ? asked_about(q->view, at, end) : -1;
		if (q->request->closed && strncmp(at, OPENING, strlen(OPENING)) == 0) {
			query_put(q, " (SELECT * FROM opening WHERE 1 = 0) ");
			at += strlen(OPENING);
		} else if (i < 0) {
			put_u8(&q->sql, (uint8_t)*at++);
		} else if (q->values[i].kind == VALUE_NULL) {
			query_put(q, "1 = 1");
			at = behind_bracket(at, end);
		} else {
			query_put(q, "(");
			at += 2 + strlen(q->view->parameters[i].name) + strlen(IS_NULL_OR);
		}
	}
}

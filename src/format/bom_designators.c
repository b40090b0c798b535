/* SPDX-License-Identifier: Apache-2.0 */
#include "format/bom_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_separator(uint8_t c)
{
	return c == ',' || c == ';' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* The next name of the list, or an empty span at its end. */
static struct bytes next_token(struct bytes *rest)
{
	size_t n = 0;

	while (rest->n > 0 && is_separator(rest->p[0]))
		*rest = bytes_of(rest->p + 1, rest->n - 1);
	if (rest->n == 0) /* perhaps there is no text at all */
		return (struct bytes){0};
	while (n < rest->n && !is_separator(rest->p[n]))
		n++;
	struct bytes token = bytes_of(rest->p, n);

	*rest = bytes_of(rest->p + n, rest->n - n);
	return token;
}

/* A letter, then letters, digits and a few signs: R12, U3A, TP_5V, J1.2 */
static bool is_designator(struct bytes t)
{
	if (t.n == 0 || t.n > BOM_DESIGNATOR_SIZE_MAX || !is_letter(t.p[0]))
		return false;
	for (size_t i = 1; i < t.n; i++)
		if (!is_letter(t.p[i]) && !is_digit(t.p[i]) && strchr("_.+-/", t.p[i]) == NULL)
			return false;
	return true;
}

enum { NUMBER_TOO_LARGE = 1000000 };

/* A prefix of letters and a number, both non-empty. A number that no range may have, because it is
 * too large or begins with a zero, is NUMBER_TOO_LARGE. */
static bool split(struct bytes t, struct bytes *prefix, unsigned *number)
{
	size_t n = 0;

	while (n < t.n && (is_letter(t.p[n]) || t.p[n] == '_'))
		n++;
	*prefix = bytes_of(t.p, n);
	if (n == 0 || n == t.n)
		return false;
	*number = t.p[n] == '0' && t.n - n > 1 ? NUMBER_TOO_LARGE : 0;
	for (; n < t.n && is_digit(t.p[n]); n++)
		if (*number < NUMBER_TOO_LARGE)
			*number = *number * 10 + (unsigned)(t.p[n] - '0');
	return n == t.n;
}

struct range {
	struct bytes prefix;
	unsigned first, last;
};

/* R3-R7: both ends with the same prefix. Anything else with a dash is one name. */
static bool is_range(struct bytes t, struct range *out)
{
	const uint8_t *dash = t.n > 0 ? memchr(t.p, '-', t.n) : NULL;
	struct bytes prefix;

	if (dash == NULL)
		return false;
	size_t n = (size_t)(dash - t.p);

	return split(bytes_of(t.p, n), &out->prefix, &out->first) &&
	       split(bytes_of(dash + 1, t.n - n - 1), &prefix, &out->last) &&
	       bytes_equal(out->prefix, prefix);
}

/* How many designators a token stands for; 0 if it is wrong, which is reported. */
static size_t token_count(struct bom_reading *r, struct bytes token)
{
	struct range range;

	if (is_range(token, &range)) {
		if (range.first < range.last && range.last < NUMBER_TOO_LARGE &&
		    range.last - range.first < BOM_RANGE_MAX &&
		    range.prefix.n + 6 <= BOM_DESIGNATOR_SIZE_MAX)
			return range.last - range.first + 1;
		bom_say(r, BOM_DESIGNATORS, "BOM_RANGE", "range", token);
		return 0;
	}
	if (is_designator(token))
		return 1;
	bom_say(r, BOM_DESIGNATORS,
		memchr(token.p, '?', token.n) != NULL ? "BOM_NOT_ANNOTATED" : "BOM_DESIGNATOR",
		"designator", token);
	return 0;
}

static err token_put(struct bom_reading *r, struct bytes token, struct bom_line *line,
		     struct fault *f)
{
	struct range range;

	if (!is_range(token, &range)) {
		line->designators[line->designators_n++] = token;
		return ERR_OK;
	}
	for (unsigned i = range.first; i <= range.last; i++) {
		char *name = arena_printf(r->table.arena, "%.*s%u", (int)range.prefix.n,
					  (const char *)range.prefix.p, i);

		if (name == NULL)
			return fail(f, "BOM_MEMORY", NULL);
		line->designators[line->designators_n++] = bytes_text(name);
	}
	return ERR_OK;
}

err bom_designators_read(struct bom_reading *r, struct bom_line *line, bool *good, struct fault *f)
{
	struct bytes list = line->text[BOM_DESIGNATORS], rest = list, token;
	size_t count = 0, wrong = 0;

	while (token = next_token(&rest), token.n > 0) {
		size_t n = token_count(r, token);

		count += n;
		wrong += n == 0;
	}
	if (count == 0 && wrong == 0 && r->table.place[BOM_QUANTITY] == 0)
		bom_say(r, BOM_DESIGNATORS, "BOM_NO_DESIGNATOR", NULL, (struct bytes){0});
	*good = wrong == 0 && count > 0;
	if (!*good)
		return ERR_OK;
	if (count > BOM_DESIGNATORS_MAX - r->bom->designators_n)
		return fail(f, "BOM_TOO_MANY_DESIGNATORS", NULL);
	line->designators = arena_array(r->table.arena, count, sizeof(*line->designators));
	if (line->designators == NULL)
		return fail(f, "BOM_MEMORY", NULL);
	rest = list;
	while (token = next_token(&rest), token.n > 0)
		TRY(token_put(r, token, line, f));
	r->bom->designators_n += count;
	return ERR_OK;
}

/* ---- each stands once ---- */

struct mark {
	struct bytes name;
	const struct bom_line *line;
};

static int mark_order(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	int order = bytes_compare(x->name, y->name);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static void say_twice(struct bom_reading *r, const struct mark *again, const struct mark *first)
{
	char name[BOM_DESIGNATOR_SIZE_MAX + 1], line[32];
	struct fault f = {0};

	snprintf(name, sizeof(name), "%.*s", (int)again->name.n, (const char *)again->name.p);
	snprintf(line, sizeof(line), "line %u", first->line->line);
	(void)fail(&f, "BOM_DESIGNATOR_TWICE", "designator", name, "first",
		   first->line->path != NULL ? first->line->path : line, NULL);
	r->path = again->line->path;
	r->cells[BOM_DESIGNATORS].line = again->line->line;
	r->cells[BOM_DESIGNATORS].column = 1;
	bom_fault(r, BOM_DESIGNATORS, &f);
}

err bom_designators_unique(struct bom_reading *r, struct fault *f)
{
	size_t n = 0;
	struct mark *marks = arena_array(r->table.arena, r->bom->designators_n + 1, sizeof(*marks));

	if (marks == NULL)
		return fail(f, "BOM_MEMORY", NULL);
	for (size_t i = 0; i < r->bom->lines_n; i++)
		for (size_t k = 0; k < r->bom->lines[i].designators_n; k++)
			marks[n++] =
				(struct mark){r->bom->lines[i].designators[k], &r->bom->lines[i]};
	qsort(marks, n, sizeof(*marks), mark_order);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (bytes_equal(marks[i].name, marks[first].name))
			say_twice(r, &marks[i], &marks[first]);
		else
			first = i;
	}
	return ERR_OK;
}

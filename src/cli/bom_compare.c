/* SPDX-License-Identifier: Apache-2.0 */
/* bom_compare.c — two bills of materials: what came, what went, what is another. */
#include "cli/bill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One part in one of the bills, with the lines of it added up. */
struct sum {
	const struct bill_part *part;
	size_t quantity;
	bool critical;
	struct bytes *designators;
	size_t designators_n;
};

struct side {
	struct sum *sums; /* by part number */
	size_t n;
};

struct comparing {
	struct cli *cli;
	struct side before, after;
	json_t *rows;
};

/* ---- adding up ---- */

static int sum_order(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return strcmp(x->part->part, y->part->part);
}

static size_t count_words(const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p += strcspn(p, " "), p += *p == ' ')
		n++;
	return n;
}

static void take_words(struct sum *e, const char *text)
{
	for (const char *p = text; *p != '\0'; p += strcspn(p, " "), p += *p == ' ')
		e->designators[e->designators_n++] = bytes_of(p, strcspn(p, " "));
}

static err add_up(struct cli *cli, const struct bill *bill, struct side *out, struct fault *f)
{
	size_t *words = arena_array(&cli->arena, bill->parts_n + 1, sizeof *words);

	out->sums = arena_array(&cli->arena, bill->parts_n + 1, sizeof *out->sums);
	if (words == NULL || out->sums == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < bill->lines_n; i++)
		words[bill->lines[i].part] += count_words(bill->lines[i].designators);
	for (size_t i = 0; i < bill->parts_n; i++) {
		struct sum *e = &out->sums[i];

		e->part = &bill->parts[i];
		e->designators = arena_array(&cli->arena, words[i] + 1, sizeof *e->designators);
		if (e->designators == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
	}
	for (size_t i = 0; i < bill->lines_n; i++) {
		struct sum *e = &out->sums[bill->lines[i].part];

		e->quantity += bill->lines[i].quantity;
		e->critical = e->critical || bill->lines[i].critical;
		take_words(e, bill->lines[i].designators);
	}
	out->n = bill->parts_n;
	for (size_t i = 0; i < out->n; i++)
		qsort(out->sums[i].designators, out->sums[i].designators_n, sizeof(struct bytes),
		      designator_order);
	qsort(out->sums, out->n, sizeof *out->sums, sum_order);
	return ERR_OK;
}

/* ---- rows ---- */

struct list_text {
	char *p;
	size_t n, cap;
};

static void put_word(struct list_text *t, char sign, struct bytes word)
{
	int n = snprintf(t->p + t->n, t->cap - t->n, "%s%.1s%.*s", t->n > 0 ? " " : "", &sign,
			 (int)word.n, (const char *)word.p);

	if (n > 0 && (size_t)n < t->cap - t->n)
		t->n += (size_t)n;
}

/* +R3 -R7, in the sequence of their names. */
static char *changes_of(struct comparing *c, const struct sum *x, const struct sum *y)
{
	struct list_text t = {.cap = 36 * (x->designators_n + y->designators_n) + 1};
	size_t i = 0, k = 0;

	t.p = arena_alloc(&c->cli->arena, t.cap);
	if (t.p == NULL)
		return NULL;
	while (i < x->designators_n || k < y->designators_n) {
		int order = i == x->designators_n ? 1
			    : k == y->designators_n
				    ? -1
				    : designator_order(&x->designators[i], &y->designators[k]);
		if (order < 0)
			put_word(&t, '-', x->designators[i]);
		else if (order > 0)
			put_word(&t, '+', y->designators[k]);
		i += order <= 0;
		k += order >= 0;
	}
	return t.p;
}

static err put_row(struct comparing *c, const char *change, const struct sum *x,
		   const struct sum *y, const char *designators, struct fault *f)
{
	const struct bill_part *p = y->part != NULL ? y->part : x->part;
	json_t *row = designators == NULL
			      ? NULL
			      : json_pack("{s:s, s:s, s:s*, s:s*, s:I, s:I, s:s}", "change", change,
					  "part", p->part, "manufacturer", p->manufacturer,
					  "manufacturer_part", p->manufacturer_part, "before",
					  (json_int_t)x->quantity, "after", (json_int_t)y->quantity,
					  "designators", designators);

	return row != NULL && json_array_append_new(c->rows, row) == 0
		       ? ERR_OK
		       : fail(f, "OUT_OF_MEMORY", NULL);
}

static err compare_part(struct comparing *c, const struct sum *x, const struct sum *y,
			struct fault *f)
{
	char *designators = changes_of(c, x, y);

	if (designators == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (x->part == NULL)
		return put_row(c, "added", x, y, designators, f);
	if (y->part == NULL)
		return put_row(c, "removed", x, y, designators, f);
	if (x->quantity != y->quantity)
		TRY(put_row(c, "quantity", x, y, designators, f));
	else if (designators[0] != '\0')
		TRY(put_row(c, "designators", x, y, designators, f));
	if (x->critical != y->critical)
		TRY(put_row(c, y->critical ? "critical" : "not critical", x, y, "", f));
	return ERR_OK;
}

static err compare_parts(struct comparing *c, struct fault *f)
{
	static const struct sum none;
	size_t i = 0, k = 0;

	while (i < c->before.n || k < c->after.n) {
		const struct sum *x = i < c->before.n ? &c->before.sums[i] : &none;
		const struct sum *y = k < c->after.n ? &c->after.sums[k] : &none;
		int order = x == &none ? 1 : y == &none ? -1 : sum_order(x, y);

		TRY(compare_part(c, order > 0 ? &none : x, order < 0 ? &none : y, f));
		i += order <= 0;
		k += order >= 0;
	}
	return ERR_OK;
}

/* ---- places that got another part ---- */

struct place {
	struct bytes designator;
	const struct sum *before, *after;
};

static int place_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return designator_order(&x->designator, &y->designator);
}

static size_t take_places(const struct side *side, bool before, struct place *out)
{
	size_t n = 0;

	for (size_t i = 0; i < side->n; i++)
		for (size_t k = 0; k < side->sums[i].designators_n; k++)
			out[n++] = (struct place){side->sums[i].designators[k],
						  before ? &side->sums[i] : NULL,
						  before ? NULL : &side->sums[i]};
	return n;
}

static size_t places_of(const struct side *side)
{
	size_t n = 0;

	for (size_t i = 0; i < side->n; i++)
		n += side->sums[i].designators_n;
	return n;
}

static err compare_places(struct comparing *c, struct fault *f)
{
	size_t n = places_of(&c->before) + places_of(&c->after);
	struct place *places = arena_array(&c->cli->arena, n + 1, sizeof *places);

	if (places == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	n = take_places(&c->before, true, places);
	n += take_places(&c->after, false, places + n);
	qsort(places, n, sizeof *places, place_order);
	for (size_t i = 1; i < n; i++) {
		const struct place *x = &places[i - 1], *y = &places[i];
		const struct sum *before = x->before != NULL ? x->before : y->before;
		const struct sum *after = x->after != NULL ? x->after : y->after;

		if (place_order(x, y) != 0 || before == NULL || after == NULL ||
		    sum_order(before, after) == 0)
			continue;
		const char *text = arena_printf(&c->cli->arena, "%.*s: %s -> %s",
						(int)x->designator.n, (const char *)x->designator.p,
						before->part->part, after->part->part);
		TRY(put_row(c, "part", before, after, text, f));
	}
	return ERR_OK;
}

/* ---- the command ---- */

static err read_file(struct cli *cli, const char *path, struct bill *out, struct fault *f)
{
	TRY(bill_read(cli, path, out, f));
	return bill_resolve(cli, out, NULL, f);
}

static err fetch(struct cli *cli, const char *product, const char *revision, struct bill *out,
		 struct fault *f)
{
	struct client *client;

	TRY(cli_client(cli, true, &client, f));
	TRY(bill_fetch(cli, client, product, revision, out, f));
	return out->lines_n > 0
		       ? ERR_OK
		       : fail(f, "BILL_UNKNOWN", "product", product, "revision", revision, NULL);
}

static err read_both(struct cli *cli, struct bill *before, struct bill *after, struct fault *f)
{
	if (cli->words_n == 2) {
		TRY(read_file(cli, cli->words[0], before, f));
		return read_file(cli, cli->words[1], after, f);
	}
	TRY(fetch(cli, cli->words[0], cli->words[1], before, f));
	return fetch(cli, cli->words[0], cli->words[2], after, f);
}

static err compare(struct comparing *c, struct fault *f)
{
	struct bill before, after;

	TRY(read_both(c->cli, &before, &after, f));
	TRY(add_up(c->cli, &before, &c->before, f));
	TRY(add_up(c->cli, &after, &c->after, f));
	TRY(compare_parts(c, f));
	return compare_places(c, f);
}

err command_bom_compare(struct cli *cli, struct fault *f)
{
	struct comparing c = {.cli = cli, .rows = json_array()};
	json_t *page =
		json_pack("{s:[s,s,s,s,s,s,s], s:o}", "columns", "change", "part", "manufacturer",
			  "manufacturer_part", "before", "after", "designators", "rows", c.rows);
	err e = page == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : compare(&c, f);

	if (e.code == OK)
		e = cli_table(cli, page, f);
	json_decref(page);
	return e;
}

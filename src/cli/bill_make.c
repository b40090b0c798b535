/* SPDX-License-Identifier: Apache-2.0 */
/* bill_make.c — from the lines of a file to those of the record. */
#include "cli/bill.h"
#include "format/part_id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct making {
	struct cli *cli;
	const struct bom *bom;
	struct bill *bill;
	size_t *place;          /* of a part of the file in the bill, plus one */
	struct bytes *gathered; /* designators of one part */
};

static err out_of_memory(struct fault *f)
{
	return fail(f, "OUT_OF_MEMORY", NULL);
}

/* ---- designators ---- */

static size_t prefix_of(struct bytes t)
{
	size_t n = 0;

	while (n < t.n && (t.p[n] < '0' || t.p[n] > '9'))
		n++;
	return n;
}

int designator_order(const void *a, const void *b)
{
	struct bytes x = *(const struct bytes *)a, y = *(const struct bytes *)b;
	size_t x_n = prefix_of(x), y_n = prefix_of(y);
	int order = bytes_compare(bytes_of(x.p, x_n), bytes_of(y.p, y_n));

	if (order != 0)
		return order;
	if (x.n != y.n) /* the same letters before: the longer number is the larger one */
		return x.n > y.n ? 1 : -1;
	return bytes_compare(x, y);
}

/* ---- parts ---- */

/* As much of the text as fits; an ellipsis says that there was more. */
static const char *description_of(struct making *m, struct bytes text, const char *otherwise)
{
	size_t n = text.n;
	char *out;

	if (n == 0)
		return otherwise;
	if (n > BILL_DESCRIPTION_MAX) {
		n = BILL_DESCRIPTION_MAX - 3;
		while (n > 0 && (text.p[n] & 0xc0) == 0x80)
			n--;
	}
	out = arena_printf(&m->cli->arena, "%.*s%s", (int)n, (const char *)text.p,
			   n < text.n ? "…" : "");
	for (char *p = out; p != NULL && *p != '\0'; p++)
		if (*p == '\r' || *p == '\t')
			*p = ' ';
	return out;
}

/* A maker's number may be an id as it is; else in the characters of ids. */
static const char *number_of(struct making *m, struct bytes text)
{
	if (text.n > 0 && id_valid(text))
		return arena_text(&m->cli->arena, text);
	return part_id_text(&m->cli->arena, text, NULL);
}

static err add_part(struct making *m, const struct bom_line *line, struct fault *f)
{
	struct arena *a = &m->cli->arena;
	struct bill_part *out = &m->bill->parts[m->bill->parts_n];
	struct bytes value = line->text[BOM_VALUE], footprint = line->text[BOM_FOOTPRINT];
	struct bytes own = line->text[BOM_PART], mpn = line->text[BOM_MPN];
	const char *otherwise = arena_printf(a, "PART-%zu", m->bill->parts_n + 1);
	const char *both = arena_printf(a, "%.*s-%.*s", (int)value.n, (const char *)value.p,
					(int)footprint.n, (const char *)footprint.p);

	if (otherwise == NULL || both == NULL)
		return out_of_memory(f);
	out->fixed = own.n > 0;
	out->part = own.n > 0 ? arena_text(a, own)
			      : part_id_text(a, mpn.n > 0 ? mpn : bytes_text(both), otherwise);
	out->manufacturer = part_id_text(a, line->text[BOM_MANUFACTURER], NULL);
	out->manufacturer_part = number_of(m, mpn);
	out->supplier = part_id_text(a, line->text[BOM_SUPPLIER], NULL);
	out->description = description_of(m, line->text[BOM_DESCRIPTION],
					  arena_text(a, value.n > 0 ? value : bytes_text(both)));
	if (out->part == NULL || out->description == NULL)
		return out_of_memory(f);
	if (out->description[0] == '\0' || strcmp(out->description, "-") == 0)
		out->description = out->part;
	m->place[line->part] = ++m->bill->parts_n;
	return ERR_OK;
}

/* ---- lines ---- */

/* signed > uploaded > vouched > none */
static int rank(const char *grade)
{
	static const char *const GRADES[] = {"none", "vouched", "uploaded", "signed"};

	for (int i = 0; grade != NULL && i < 4; i++)
		if (strcmp(GRADES[i], grade) == 0)
			return i + 1;
	return 0;
}

static struct bill_line *new_line(struct making *m, size_t part)
{
	struct bill_line *line = &m->bill->lines[m->bill->lines_n++];

	*line = (struct bill_line){.part = part, .designators = ""};
	line->line = arena_printf(&m->cli->arena, "%zu", m->bill->lines_n);
	return line;
}

/* Lines of `n` designators, each line with as many as fit. */
static err put_lines(struct making *m, size_t part, size_t n, struct fault *f)
{
	for (size_t at = 0; at < n;) {
		char text[BILL_DESIGNATORS_MAX + 1];
		size_t length = 0, from = at;

		for (; at < n && length + (length > 0) + m->gathered[at].n <= BILL_DESIGNATORS_MAX;
		     at++) {
			if (length > 0)
				text[length++] = ' ';
			memcpy(text + length, m->gathered[at].p, m->gathered[at].n);
			length += m->gathered[at].n;
		}
		struct bill_line *line = new_line(m, part);
		line->quantity = at - from;
		line->designators = arena_text(&m->cli->arena, bytes_of(text, length));
		if (line->line == NULL || line->designators == NULL)
			return out_of_memory(f);
	}
	return ERR_OK;
}

struct gathering {
	size_t designators_n, others; /* pieces with a place on the board, and without */
	bool critical;
	const char *conformance;
};

static void gather(struct making *m, size_t first, struct gathering *g)
{
	for (size_t i = first; i < m->bom->lines_n; i++) {
		const struct bom_line *line = &m->bom->lines[i];
		const char *grade = NULL;

		if (line->part != m->bom->lines[first].part)
			continue;
		for (size_t k = 0; k < line->designators_n; k++)
			m->gathered[g->designators_n++] = line->designators[k];
		g->others += line->designators_n == 0 ? line->quantity : 0;
		g->critical = g->critical || line->critical;
		if (line->text[BOM_CONFORMANCE].n > 0)
			grade = arena_text(&m->cli->arena, line->text[BOM_CONFORMANCE]);
		if (rank(grade) > rank(g->conformance))
			g->conformance = grade;
	}
}

static err add_lines(struct making *m, size_t first, struct fault *f)
{
	struct gathering g = {0};
	size_t part = m->place[m->bom->lines[first].part] - 1, from = m->bill->lines_n;

	gather(m, first, &g);
	qsort(m->gathered, g.designators_n, sizeof *m->gathered, designator_order);
	TRY(put_lines(m, part, g.designators_n, f));
	if (g.others > 0) {
		struct bill_line *line = new_line(m, part);
		if (line->line == NULL)
			return out_of_memory(f);
		line->quantity = g.others;
	}
	for (size_t i = from; i < m->bill->lines_n; i++) {
		m->bill->lines[i].critical = g.critical;
		m->bill->lines[i].conformance = g.conformance;
	}
	return ERR_OK;
}

err bill_make(struct cli *cli, const struct bom *bom, struct bill *out, struct fault *f)
{
	struct arena *a = &cli->arena;
	struct making m = {.cli = cli, .bom = bom, .bill = out};
	/* At 32 bytes a designator at most, fifteen fit in a line of the record. */
	size_t lines = 2 * bom->lines_n + bom->designators_n / 15 + 1;

	*out = (struct bill){.skipped = bom->skipped, .pieces = bom->pieces};
	out->parts = arena_array(a, bom->parts_n + 1, sizeof *out->parts);
	out->lines = arena_array(a, lines, sizeof *out->lines);
	m.place = arena_array(a, bom->parts_n + 1, sizeof *m.place);
	m.gathered = arena_array(a, bom->designators_n + 1, sizeof *m.gathered);
	if (out->parts == NULL || out->lines == NULL || m.place == NULL || m.gathered == NULL)
		return out_of_memory(f);
	for (size_t i = 0; i < bom->lines_n; i++) {
		if (m.place[bom->lines[i].part] != 0)
			continue;
		TRY(add_part(&m, &bom->lines[i], f));
		TRY(add_lines(&m, i, f));
	}
	return ERR_OK;
}

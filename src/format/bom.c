/* SPDX-License-Identifier: Apache-2.0 */
#include "format/bom_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the report ---- */

void bom_fault_add(struct bom_reading *r, unsigned line, unsigned column, const struct fault *f)
{
	struct bom_report *report = r->report;
	char text[16];

	if (report->faults == NULL)
		report->faults = arena_array(r->arena, BOM_FAULTS_MAX, sizeof(*report->faults));
	if (report->faults == NULL || report->n == BOM_FAULTS_MAX) {
		report->more++;
		return;
	}
	struct bom_fault *out = &report->faults[report->n++];

	*out = (struct bom_fault){.line = line, .column = column, .fault = *f};
	if (fault_value(f, "line") == NULL) {
		snprintf(text, sizeof(text), "%u", line);
		fault_add(&out->fault, "line", text);
	}
	if (fault_value(f, "column") == NULL) {
		snprintf(text, sizeof(text), "%u", column);
		fault_add(&out->fault, "column", text);
	}
}

void bom_say(struct bom_reading *r, const struct csv_field *at, const char *id, const char *name,
	     struct bytes value)
{
	char text[FAULT_VALUE_SIZE];
	struct fault f = {0};

	(void)fail(&f, id, NULL);
	if (name != NULL) {
		snprintf(text, sizeof(text), "%.*s",
			 (int)(value.n < sizeof(text) ? value.n : sizeof(text)),
			 value.p != NULL ? (const char *)value.p : "");
		fault_add(&f, name, text);
	}
	bom_fault_add(r, at->line, at->column, &f);
}

static int fault_order(const void *a, const void *b)
{
	const struct bom_fault *x = a, *y = b;

	if (x->line != y->line)
		return x->line > y->line ? 1 : -1;
	return (x->column > y->column) - (x->column < y->column);
}

/* ---- one line ---- */

struct bytes bom_trim(struct bytes t)
{
	while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t'))
		t = bytes_of(t.p + 1, t.n - 1);
	while (t.n > 0 && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t'))
		t.n--;
	return t;
}

/* The field of a column in the current row; an empty one if the table has no such column. */
static struct csv_field field_of(const struct bom_reading *r, enum bom_column column)
{
	if (r->place[column] == 0)
		return (struct csv_field){.line = r->row.line, .column = 1};
	return r->row.fields[r->place[column] - 1];
}

static bool has_line_break(struct bytes t)
{
	return t.n > 0 && (memchr(t.p, '\n', t.n) != NULL || memchr(t.p, '\r', t.n) != NULL);
}

static bool is_word(struct bytes text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == text.n &&
		    strncasecmp(*words, (const char *)text.p, text.n) == 0)
			return true;
	return false;
}

/* True if the line is not to be fitted. A word we do not know is reported: guessing either way
 * would change the board. */
static bool is_skipped(struct bom_reading *r)
{
	static const char *const YES[] = {"dnp", "dnf", "1", "x", "yes", "y", "true", NULL};
	static const char *const NO[] = {"0", "no", "n", "false", NULL};
	struct csv_field field = field_of(r, BOM_DNP);
	struct bytes text = bom_trim(field.text);

	if (text.n == 0 || is_word(text, NO))
		return false;
	if (is_word(text, YES))
		return true;
	bom_say(r, &field, "BOM_DNP_UNKNOWN", "found", text);
	return false;
}

static void take_texts(struct bom_reading *r, struct bom_line *line)
{
	for (enum bom_column i = 0; i < BOM_COLUMNS; i++) {
		struct csv_field field = field_of(r, i);

		line->text[i] = bom_trim(field.text);
		if (bytes_equal(line->text[i], bytes_text("~"))) /* KiCad's way to say nothing */
			line->text[i] = (struct bytes){0};
		if (i != BOM_DESIGNATORS && i != BOM_DESCRIPTION && has_line_break(field.text))
			bom_say(r, &field, "BOM_LINE_BREAK", "name",
				bytes_text(bom_column_name(i)));
	}
}

/* 1 to 999999, digits only; 0 for anything else. */
static size_t quantity_parse(struct bytes t)
{
	size_t v = 0;

	if (t.n == 0 || t.n > 6)
		return 0;
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return 0;
		v = v * 10 + (size_t)(t.p[i] - '0');
	}
	return v;
}

static void check_quantity(struct bom_reading *r, const struct bom_line *line, bool counted)
{
	struct csv_field field = field_of(r, BOM_QUANTITY);
	size_t quantity = quantity_parse(line->text[BOM_QUANTITY]);
	char said[24], found[24];
	struct fault f = {0};

	if (r->place[BOM_QUANTITY] == 0)
		return;
	if (quantity == 0) {
		bom_say(r, &field, "BOM_QUANTITY", "found", line->text[BOM_QUANTITY]);
		return;
	}
	if (!counted || quantity == line->designators_n)
		return;
	snprintf(said, sizeof(said), "%zu", quantity);
	snprintf(found, sizeof(found), "%zu", line->designators_n);
	(void)fail(&f, "BOM_QUANTITY_DIFFERS", "quantity", said, "designators", found, NULL);
	bom_fault_add(r, field.line, field.column, &f);
}

static void check_part(struct bom_reading *r, const struct bom_line *line)
{
	struct csv_field number = field_of(r, BOM_MPN), maker = field_of(r, BOM_MANUFACTURER);
	bool has_number = line->text[BOM_MPN].n > 0;

	if (!has_number && r->config->numbers_needed && r->place[BOM_MPN] != 0)
		bom_say(r, &number, "BOM_NO_MPN", NULL, (struct bytes){0});
	else if (!has_number && line->text[BOM_VALUE].n == 0)
		bom_say(r, &number, "BOM_NO_PART", NULL, (struct bytes){0});
	if (has_number && line->text[BOM_MANUFACTURER].n == 0 && r->place[BOM_MANUFACTURER] != 0)
		bom_say(r, &maker, "BOM_NO_MANUFACTURER", "mpn", line->text[BOM_MPN]);
}

static err read_line(struct bom_reading *r, struct fault *f)
{
	struct csv_field designators = field_of(r, BOM_DESIGNATORS);
	struct csv_field whole = {.line = r->row.line, .column = 1};
	struct bom_line *line = &r->bom->lines[r->bom->lines_n];
	bool counted = false;
	char expected[24];

	if (r->row.n != r->header_n) {
		snprintf(expected, sizeof(expected), "%zu", r->header_n);
		bom_say(r, &whole, "BOM_FIELD_COUNT", "expected", bytes_text(expected));
		return ERR_OK;
	}
	if (is_skipped(r)) {
		r->bom->skipped++;
		return ERR_OK;
	}
	*line = (struct bom_line){.line = r->row.line};
	take_texts(r, line);
	if (r->place[BOM_DESIGNATORS] != 0)
		TRY(bom_designators_read(r, &designators, line, &counted, f));
	check_quantity(r, line, counted);
	check_part(r, line);
	r->bom->lines_n++;
	return ERR_OK;
}

/* ---- parts ---- */

/* Where there is a number, value and footprint do not tell parts apart. */
static int line_order(const struct bom_line *x, const struct bom_line *y)
{
	int order = bytes_compare(x->text[BOM_MANUFACTURER], y->text[BOM_MANUFACTURER]);

	if (order == 0)
		order = bytes_compare(x->text[BOM_MPN], y->text[BOM_MPN]);
	if (order != 0 || x->text[BOM_MPN].n > 0)
		return order;
	order = bytes_compare(x->text[BOM_VALUE], y->text[BOM_VALUE]);
	return order != 0 ? order : bytes_compare(x->text[BOM_FOOTPRINT], y->text[BOM_FOOTPRINT]);
}

static int line_pointer_order(const void *a, const void *b)
{
	const struct bom_line *x = *(const struct bom_line *const *)a;
	const struct bom_line *y = *(const struct bom_line *const *)b;
	int order = line_order(x, y);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static err group_parts(struct bom_reading *r, struct fault *f)
{
	struct bom *bom = r->bom;
	const struct bom_line **lines = arena_array(r->arena, bom->lines_n + 1, sizeof(*lines));

	bom->parts = arena_array(r->arena, bom->lines_n + 1, sizeof(*bom->parts));
	if (lines == NULL || bom->parts == NULL)
		return fail(f, "BOM_MEMORY", NULL);
	for (size_t i = 0; i < bom->lines_n; i++)
		lines[i] = &bom->lines[i];
	qsort(lines, bom->lines_n, sizeof(const struct bom_line *), line_pointer_order);
	for (size_t i = 0; i < bom->lines_n; i++) {
		if (i == 0 || line_order(lines[i - 1], lines[i]) != 0)
			bom->parts[bom->parts_n++] = (struct bom_part){
				.manufacturer = lines[i]->text[BOM_MANUFACTURER],
				.mpn = lines[i]->text[BOM_MPN],
				.value = lines[i]->text[BOM_VALUE],
				.footprint = lines[i]->text[BOM_FOOTPRINT],
			};
		bom->parts[bom->parts_n - 1].quantity += lines[i]->designators_n;
		bom->parts[bom->parts_n - 1].lines++;
	}
	return ERR_OK;
}

/* ---- the whole ---- */

static err lines_allocate(struct bom_reading *r, struct bytes file, struct fault *f)
{
	size_t n = 1; /* no more rows than line feeds, and one */

	for (size_t i = 0; i < file.n && n < BOM_LINES_MAX; i++)
		n += file.p[i] == '\n';
	r->bom->lines = arena_array(r->arena, n + 1, sizeof(*r->bom->lines));
	return r->bom->lines != NULL ? ERR_OK : fail(f, "BOM_MEMORY", NULL);
}

static err read_rows(struct bom_reading *r, struct csv *csv, struct fault *f)
{
	TRY(csv_next(csv, &r->row, f));
	if (r->row.n == 0)
		return ERR_OK;
	bom_columns_read(r);
	for (;;) {
		TRY(csv_next(csv, &r->row, f));
		if (r->row.n == 0)
			return ERR_OK;
		TRY(read_line(r, f));
	}
}

static unsigned value_number(const struct fault *f, const char *name)
{
	const char *text = fault_value(f, name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 0;
}

static err wrong(struct bom_reading *r, struct fault *f)
{
	struct bom_report *report = r->report;
	char count[24];

	if (report->n > 1)
		qsort(report->faults, report->n, sizeof(*report->faults), fault_order);
	*r->bom = (struct bom){0};
	snprintf(count, sizeof(count), "%zu", report->n + report->more);
	return fail(f, "BOM_WRONG", "count", count, NULL);
}

static err read_all(struct bom_reading *r, struct bytes file, struct fault *f)
{
	struct csv csv;

	TRY(csv_open(&csv, r->arena, file, r->config->separator, f));
	TRY(lines_allocate(r, file, f));
	TRY(read_rows(r, &csv, f));
	if (r->bom->lines_n == 0 && r->report->n == 0)
		return fail(f, "BOM_EMPTY", NULL);
	TRY(bom_designators_unique(r, f));
	return group_parts(r, f);
}

err bom_read(struct arena *a, struct bytes file, const struct bom_config *config, struct bom *out,
	     struct bom_report *report, struct fault *f)
{
	struct bom_reading *r = arena_alloc(a, sizeof(*r));
	struct fault stopped = {0};

	*out = (struct bom){0};
	*report = (struct bom_report){0};
	if (r == NULL)
		return fail(f, "BOM_MEMORY", NULL);
	*r = (struct bom_reading){.arena = a, .config = config, .bom = out, .report = report};
	err e = read_all(r, file, &stopped);

	if (e.code == OK && report->n + report->more == 0)
		return ERR_OK;
	if (e.code == ERR_MEMORY) {
		*out = (struct bom){0};
		if (f != NULL)
			*f = stopped;
		return e;
	}
	if (e.code != OK) /* reading could not go on: the last fault of the list */
		bom_fault_add(r, value_number(&stopped, "line"), value_number(&stopped, "column"),
			      &stopped);
	return wrong(r, f);
}

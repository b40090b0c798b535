/* SPDX-License-Identifier: Apache-2.0 */
#include "format/table_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the report ---- */

static void add_number(struct fault *f, const char *name, unsigned value)
{
	char text[16];

	if (fault_value(f, name) != NULL)
		return;
	snprintf(text, sizeof(text), "%u", value);
	fault_add(f, name, text);
}

void table_report_add(struct arena *a, struct table_report *report, unsigned line, unsigned column,
		      const struct fault *f)
{
	if (report->faults == NULL)
		report->faults = arena_array(a, TABLE_FAULTS_MAX, sizeof(*report->faults));
	if (report->faults == NULL || report->n == TABLE_FAULTS_MAX) {
		report->more++;
		return;
	}
	struct table_fault *out = &report->faults[report->n++];

	*out = (struct table_fault){.line = line, .column = column, .fault = *f};
	add_number(&out->fault, "line", line);
	add_number(&out->fault, "column", column);
}

static int fault_order(const void *a, const void *b)
{
	const struct table_fault *x = a, *y = b;

	if (x->line != y->line)
		return x->line > y->line ? 1 : -1;
	return (x->column > y->column) - (x->column < y->column);
}

void table_report_sort(struct table_report *report)
{
	if (report->n > 1)
		qsort(report->faults, report->n, sizeof(*report->faults), fault_order);
}

static void add_span(struct fault *f, const char *name, struct bytes value)
{
	char text[FAULT_VALUE_SIZE];

	snprintf(text, sizeof(text), "%.*s", (int)(value.n < sizeof(text) ? value.n : sizeof(text)),
		 value.p != NULL ? (const char *)value.p : "");
	fault_add(f, name, text);
}

void table_say(struct table_reading *r, const struct csv_field *at, const char *id,
	       const char *name, struct bytes value)
{
	struct fault f = {0};

	(void)fail(&f, id, NULL);
	if (name != NULL)
		add_span(&f, name, value);
	table_report_add(r->arena, r->report, at->line, at->column, &f);
}

static unsigned value_number(const struct fault *f, const char *name)
{
	const char *text = fault_value(f, name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 0;
}

err table_result(struct arena *a, struct table_report *report, err stopped, const struct fault *why,
		 const char *wrong, struct fault *f)
{
	char count[24];

	if (stopped.code == ERR_MEMORY) {
		if (f != NULL)
			*f = *why;
		return stopped;
	}
	if (stopped.code != OK) /* reading could not go on: the last fault of the list */
		table_report_add(a, report, value_number(why, "line"), value_number(why, "column"),
				 why);
	if (report->n + report->more == 0)
		return ERR_OK;
	table_report_sort(report);
	snprintf(count, sizeof(count), "%zu", report->n + report->more);
	return fail(f, wrong, "count", count, NULL);
}

/* ---- rows ---- */

struct bytes table_trim(struct bytes t)
{
	while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t'))
		t = bytes_of(t.p + 1, t.n - 1);
	while (t.n > 0 && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t'))
		t.n--;
	return t;
}

struct csv_field table_field(const struct table_reading *r, size_t column)
{
	if (r->place[column] == 0)
		return (struct csv_field){.line = r->row.line, .column = 1};
	struct csv_field field = r->row.fields[r->place[column] - 1];

	field.text = table_trim(field.text);
	return field;
}

/* Nothing at all, or a line drawn under the header. */
static bool says_nothing(const struct csv_row *row)
{
	size_t drawn = 0;

	for (size_t i = 0; i < row->n; i++) {
		struct bytes t = table_trim(row->fields[i].text);

		for (size_t k = 0; k < t.n; k++)
			if (t.p[k] != '_' && t.p[k] != '=' && t.p[k] != '-')
				return false;
		drawn += t.n;
	}
	return drawn == 0 || drawn >= 3;
}

err table_next(struct table_reading *r, struct fault *f)
{
	struct csv_field whole = {.column = 1};
	char expected[24];

	for (;;) {
		TRY(csv_next(&r->csv, &r->row, f));
		if (r->row.n == 0)
			return ERR_OK;
		if (says_nothing(&r->row))
			continue;
		if (r->row.n == r->header_n)
			return ERR_OK;
		whole.line = r->row.line;
		snprintf(expected, sizeof(expected), "%zu", r->header_n);
		table_say(r, &whole, "TABLE_FIELD_COUNT", "expected", bytes_text(expected));
	}
}

/* ---- all at once ---- */

/* The cell of a column as its kind writes it; what is wrong goes to the report. */
static err read_cell(struct table_reading *r, size_t i, struct bytes *out, struct fault *f)
{
	const struct table_column *column = &r->config->columns[i];
	const char *preset = r->config->presets != NULL ? r->config->presets[i] : NULL;
	struct csv_field field = table_field(r, i);
	struct fault wrong = {0};

	*out = field.text;
	if (out->n == 0 && preset != NULL)
		*out = bytes_text(preset);
	if (out->n == 0) {
		if (column->required && r->place[i] != 0)
			table_say(r, &field, "TABLE_CELL_MISSING", "name",
				  bytes_text(column->name));
		return ERR_OK;
	}
	err e = table_cell(r->arena, column, out, &wrong);
	if (e.code == ERR_MEMORY) {
		*f = wrong;
		return e;
	}
	if (e.code != OK)
		table_report_add(r->arena, r->report, field.line, field.column, &wrong);
	return ERR_OK;
}

static err read_rows(struct table_reading *r, struct table *out, size_t cap, struct fault *f)
{
	for (;;) {
		TRY(table_next(r, f));
		if (r->row.n == 0)
			return ERR_OK;
		if (out->n == cap)
			return fail(f, "TABLE_MEMORY", NULL);
		struct table_row *row = &out->rows[out->n++];

		row->line = r->row.line;
		row->cells = arena_array(r->arena, r->config->columns_n, sizeof(*row->cells));
		if (row->cells == NULL)
			return fail(f, "TABLE_MEMORY", NULL);
		for (size_t i = 0; i < r->config->columns_n; i++)
			TRY(read_cell(r, i, &row->cells[i], f));
	}
}

static err read_all(struct table_reading *r, struct arena *a, struct bytes file,
		    const struct table_config *config, struct table *out,
		    struct table_report *report, struct fault *f)
{
	size_t cap = 1; /* no more rows than line feeds, and one */

	TRY(table_open(r, a, file, config, report, f));
	for (size_t i = 0; i < file.n && cap < config->rows_max; i++)
		cap += file.p[i] == '\n';
	out->rows = arena_array(a, cap, sizeof(*out->rows));
	if (out->rows == NULL)
		return fail(f, "TABLE_MEMORY", NULL);
	TRY(read_rows(r, out, cap, f));
	return out->n > 0 || report->n > 0 ? ERR_OK : fail(f, "TABLE_EMPTY", NULL);
}

err table_read(struct arena *a, struct bytes file, const struct table_config *config,
	       struct table *out, struct table_report *report, struct fault *f)
{
	struct table_reading *r = arena_alloc(a, sizeof(*r));
	struct fault stopped = {0};

	*out = (struct table){0};
	*report = (struct table_report){0};
	if (r == NULL)
		return fail(f, "TABLE_MEMORY", NULL);
	err e = read_all(r, a, file, config, out, report, &stopped);

	e = table_result(a, report, e, &stopped, "TABLE_WRONG", f);
	if (e.code != OK)
		*out = (struct table){0};
	return e;
}

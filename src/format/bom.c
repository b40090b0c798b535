/* SPDX-License-Identifier: Apache-2.0 */
#include "format/bom_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- faults ---- */

void bom_fault(struct bom_reading *r, enum bom_column column, struct fault *f)
{
	const struct csv_field *at = &r->cells[column];
	char place[64];

	snprintf(place, sizeof(place), "Line %u, column %u", at->line, at->column);
	fault_add(f, "place", r->path != NULL ? r->path : place);
	table_report_add(r->table.arena, r->table.report, at->line, at->column, f);
}

void bom_say(struct bom_reading *r, enum bom_column column, const char *id, const char *name,
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
	bom_fault(r, column, &f);
}

/* ---- the header ---- */

static void need(struct bom_reading *r, enum bom_column column)
{
	const struct csv_field whole = {.line = r->table.row.line, .column = 1};

	if (r->table.place[column] == 0)
		table_say(&r->table, &whole, "TABLE_COLUMN_MISSING", "name",
			  bytes_text(bom_column_name(column)));
}

static void check_columns(struct bom_reading *r)
{
	const size_t *place = r->table.place;

	if (place[BOM_QUANTITY] == 0)
		need(r, BOM_DESIGNATORS);
	if (r->config->numbers_needed || (place[BOM_VALUE] == 0 && place[BOM_PART] == 0))
		need(r, BOM_MPN);
	if (place[BOM_MPN] != 0)
		need(r, BOM_MANUFACTURER);
}

/* ---- rows ---- */

static void take_cells(struct bom_reading *r)
{
	for (size_t i = 0; i < BOM_COLUMNS; i++)
		r->cells[i] = table_field(&r->table, i);
}

/* OrCAD breaks a long list of designators: the next row holds nothing but its rest. */
static bool is_continued(const struct bom_reading *r)
{
	const struct csv_row *row = &r->table.row;
	struct bytes list = r->cells[BOM_DESIGNATORS].text;
	size_t place = r->table.place[BOM_DESIGNATORS];

	if (list.n == 0 || list.p[list.n - 1] != ',' || row->n == 0 || place == 0)
		return false;
	for (size_t i = 0; i < row->n; i++)
		if ((table_trim(row->fields[i].text).n > 0) != (i == place - 1))
			return false;
	return true;
}

static err continue_list(struct bom_reading *r, struct fault *f)
{
	struct bytes *list = &r->cells[BOM_DESIGNATORS].text;
	struct bytes rest = table_field(&r->table, BOM_DESIGNATORS).text;
	uint8_t *whole;

	if (list->n + rest.n > (size_t)BOM_DESIGNATORS_MAX * BOM_DESIGNATOR_SIZE_MAX)
		return fail(f, "BOM_TOO_MANY_DESIGNATORS", NULL);
	whole = arena_alloc(r->table.arena, list->n + rest.n);
	if (whole == NULL)
		return fail(f, "BOM_MEMORY", NULL);
	memcpy(whole, list->p, list->n);
	memcpy(whole + list->n, rest.p, rest.n);
	*list = bytes_of(whole, list->n + rest.n);
	return table_next(&r->table, f);
}

/* To the row of the next line. */
static err go_on(struct bom_reading *r, struct fault *f)
{
	TRY(table_next(&r->table, f));
	while (is_continued(r))
		TRY(continue_list(r, f));
	return ERR_OK;
}

static err read_rows(struct bom_reading *r, struct fault *f)
{
	struct fault ahead;

	TRY(table_next(&r->table, f));
	while (r->table.row.n > 0) {
		take_cells(r);
		err next = go_on(r, &ahead);
		TRY(bom_line_read(r, f)); /* whatever follows, this one was read */
		if (next.code != OK) {
			*f = ahead;
			return next;
		}
	}
	return ERR_OK;
}

static size_t rows_at_most(struct bytes file)
{
	size_t n = 1; /* no more rows than line feeds, and one */

	for (size_t i = 0; i < file.n && n < BOM_LINES_MAX; i++)
		n += file.p[i] == '\n';
	return n;
}

static err read_all(struct bom_reading *r, struct arena *a, struct bytes file,
		    const struct table_config *table, struct table_report *report, struct fault *f)
{
	TRY(table_open(&r->table, a, file, table, report, f));
	TRY(bom_lines_allocate(r, rows_at_most(file), f));
	if (r->table.header_n > 0) {
		check_columns(r);
		TRY(read_rows(r, f));
	}
	if (r->bom->lines_n == 0 && report->n == 0)
		return fail(f, "BOM_EMPTY", NULL);
	TRY(bom_designators_unique(r, f));
	return bom_parts_group(a, r->bom, f);
}

err bom_read(struct arena *a, struct bytes file, const struct bom_config *config, struct bom *out,
	     struct table_report *report, struct fault *f)
{
	struct bom_reading *r = arena_alloc(a, sizeof(*r));
	struct table_config table = {.columns = BOM_COLUMN_TABLE,
				     .columns_n = BOM_COLUMNS,
				     .separator = config->separator,
				     .rows_max = BOM_LINES_MAX,
				     .maps = config->maps,
				     .maps_n = config->maps_n};
	struct fault stopped = {0};

	*out = (struct bom){0};
	*report = (struct table_report){0};
	if (r == NULL)
		return fail(f, "BOM_MEMORY", NULL);
	*r = (struct bom_reading){.config = config, .bom = out};
	err e = read_all(r, a, file, &table, report, &stopped);

	e = table_result(a, report, e, &stopped, "BOM_WRONG", f);
	if (e.code != OK)
		*out = (struct bom){0};
	return e;
}

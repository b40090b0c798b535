/* SPDX-License-Identifier: Apache-2.0 */
/* table_header.c — which row is the header, and which of its fields is which column. */
#include "format/table_map.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { REDUCED_SIZE = 64 };

/* Lower-case letters and digits only: "Mfr. Part-Number" is "mfrpartnumber". */
static void reduce(struct bytes text, char out[static REDUCED_SIZE])
{
	size_t n = 0;

	for (size_t i = 0; i < text.n && n < REDUCED_SIZE - 1; i++) {
		uint8_t c = text.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
			out[n++] = (char)c;
	}
	out[n] = 0;
}

static bool same_header(struct bytes text, const char *said)
{
	char a[REDUCED_SIZE], b[REDUCED_SIZE];

	text = table_trim(text);
	if (bytes_equal(text, bytes_text(said)))
		return true;
	reduce(text, a);
	reduce(bytes_text(said), b);
	return a[0] != '\0' && strcmp(a, b) == 0;
}

static const struct table_mapping *mapping_of(const struct table_config *config, const char *column)
{
	for (size_t i = 0; i < config->maps_n; i++)
		if (strcasecmp(config->maps[i].column, column) == 0)
			return &config->maps[i];
	return NULL;
}

static bool is_mapped(const struct table_config *config, struct bytes header)
{
	for (size_t i = 0; i < config->maps_n; i++)
		if (same_header(header, config->maps[i].header))
			return true;
	return false;
}

enum strength { NOT_IT, WEAK, STRONG };

/* How well a header names a column. */
static enum strength names(const struct table_config *config, const struct table_column *column,
			   struct bytes header)
{
	const struct table_mapping *map = mapping_of(config, column->name);
	char reduced[REDUCED_SIZE];

	if (map != NULL)
		return same_header(header, map->header) ? STRONG : NOT_IT;
	if (is_mapped(config, header))
		return NOT_IT;
	reduce(header, reduced);
	if (reduced[0] == '\0')
		return NOT_IT;
	for (size_t i = 0; i < TABLE_NAMES_MAX && column->names[i] != NULL; i++) {
		const char *name = column->names[i];
		bool weak = name[0] == '?';

		if (strcmp(name + weak, reduced) == 0)
			return weak ? WEAK : STRONG;
	}
	return NOT_IT;
}

/* ---- which row ---- */

static size_t fields_known(const struct table_config *config, const struct csv_row *row)
{
	size_t known = 0;

	for (size_t i = 0; i < row->n; i++) {
		bool any = false;

		for (size_t k = 0; k < config->columns_n && !any; k++)
			any = names(config, &config->columns[k], row->fields[i].text) != NOT_IT;
		known += any;
	}
	return known;
}

static err begin(struct table_reading *r, struct bytes file, char separator, struct fault *f)
{
	TRY(csv_open(&r->csv, r->arena, file, separator, f));
	if (r->config->rows_max != 0)
		r->csv.rows_max = r->config->rows_max + 1;
	return csv_next(&r->csv, &r->row, f);
}

/* Two names that we know make a header; or one, where the table has no other column. */
static bool find_header(struct table_reading *r, struct bytes file, char separator)
{
	struct fault ignored;
	err e = begin(r, file, separator, &ignored);

	for (size_t i = 0; i < TABLE_PREAMBLE_MAX && e.code == OK && r->row.n > 0; i++) {
		size_t known = fields_known(r->config, &r->row);

		if (known >= 2 || (known == 1 && r->row.n == 1)) {
			r->csv.rows = 1; /* what stands above does not count */
			return true;
		}
		e = csv_next(&r->csv, &r->row, &ignored);
	}
	return false;
}

static err go_to_header(struct table_reading *r, struct bytes file, struct fault *f)
{
	static const char OTHERS[] = {',', ';', '\t'};

	TRY(csv_open(&r->csv, r->arena, file, r->config->separator, f));
	char first = r->csv.separator;

	if (find_header(r, file, first))
		return ERR_OK;
	for (size_t i = 0; i < sizeof(OTHERS) && r->config->separator == 0; i++)
		if (OTHERS[i] != first && find_header(r, file, OTHERS[i]))
			return ERR_OK;
	return begin(r, file, first,
		     f); /* the first row will have to do, and say what is missing */
}

/* ---- which column ---- */

static void say_twice(struct table_reading *r, const struct table_column *column,
		      const struct csv_field *first, const struct csv_field *second)
{
	char a[96], b[96];
	struct fault f = {0};

	snprintf(a, sizeof(a), "%.*s", (int)first->text.n, (const char *)first->text.p);
	snprintf(b, sizeof(b), "%.*s", (int)second->text.n, (const char *)second->text.p);
	(void)fail(&f, "TABLE_COLUMN_TWICE", "name", column->name, "first", a, "second", b, NULL);
	table_report_add(r->arena, r->report, second->line, second->column, &f);
}

static void find_column(struct table_reading *r, size_t i)
{
	const struct table_column *column = &r->config->columns[i];
	enum strength best = NOT_IT;

	for (size_t k = 0; k < r->row.n; k++) {
		enum strength s = names(r->config, column, r->row.fields[k].text);

		if (s > best) {
			best = s;
			r->place[i] = k + 1;
		} else if (s == best && s != NOT_IT) {
			say_twice(r, column, &r->row.fields[r->place[i] - 1], &r->row.fields[k]);
		}
	}
}

static void say_whole(struct table_reading *r, const char *id, const char *name, const char *value)
{
	const struct csv_field whole = {.line = r->row.line, .column = 1};

	table_say(r, &whole, id, name, bytes_text(value));
}

/* Every mapping must name a column of ours and a header of the table. */
static void check_maps(struct table_reading *r)
{
	for (size_t i = 0; i < r->config->maps_n; i++) {
		const struct table_mapping *map = &r->config->maps[i];
		bool column = false, header = false;

		for (size_t k = 0; k < r->config->columns_n; k++)
			column = column || strcasecmp(r->config->columns[k].name, map->column) == 0;
		for (size_t k = 0; k < r->row.n; k++)
			header = header || same_header(r->row.fields[k].text, map->header);
		if (!column)
			say_whole(r, "TABLE_MAP_COLUMN_UNKNOWN", "name", map->column);
		else if (!header)
			say_whole(r, "TABLE_MAP_HEADER_UNKNOWN", "name", map->header);
		else if (mapping_of(r->config, map->column) != map)
			say_whole(r, "TABLE_MAP_TWICE", "name", map->column);
	}
}

static void check_required(struct table_reading *r)
{
	for (size_t i = 0; i < r->config->columns_n; i++) {
		const struct table_column *column = &r->config->columns[i];
		bool preset = r->config->presets != NULL && r->config->presets[i] != NULL;

		if (column->required && r->place[i] == 0 && !preset &&
		    mapping_of(r->config, column->name) == NULL)
			say_whole(r, "TABLE_COLUMN_MISSING", "name", column->name);
	}
}

err table_open(struct table_reading *r, struct arena *a, struct bytes file,
	       const struct table_config *config, struct table_report *report, struct fault *f)
{
	*r = (struct table_reading){.arena = a, .config = config, .report = report};
	TRY(go_to_header(r, file, f));
	r->header_n = r->row.n;
	if (r->row.n == 0)
		return ERR_OK;
	for (size_t i = 0; i < config->columns_n; i++)
		find_column(r, i);
	check_maps(r);
	check_required(r);
	return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import.h"

#include "base/catalog.h"
#include "base/clock.h"
#include "base/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- cells ---- */

struct bytes import_cell(const struct import_row *row, size_t column)
{
	return row->row->cells[column];
}

void import_put(json_t *body, const char *name, const struct import_row *row, size_t column)
{
	struct bytes text = import_cell(row, column);

	if (text.n > 0)
		json_object_set_new(body, name, json_stringn((const char *)text.p, text.n));
}

static const char *cut(struct bytes text, char out[static 96])
{
	snprintf(out, 96, "%.*s", (int)(text.n < 90 ? text.n : 90), (const char *)text.p);
	return out;
}

bool import_member_differs(const struct import_row *row, size_t column, const json_t *there,
			   const char *member, struct fault *f)
{
	struct bytes said = import_cell(row, column);
	const json_t *value = json_object_get(there, member);
	char found[96] = "nothing", expected[96];
	uint64_t ms;

	if (said.n == 0)
		return false;
	if (json_is_string(value))
		snprintf(found, sizeof found, "%.90s", json_string_value(value));
	else if (json_is_integer(value))
		time_text((uint64_t)json_integer_value(value), found);
	if (json_is_integer(value)
		    ? time_parse(said, &ms) && ms == (uint64_t)json_integer_value(value)
		    : bytes_equal(said, bytes_text(found)))
		return false;
	(void)fail(f, "IMPORT_DIFFERS", "key", row->key, "member", member, "found", found, "said",
		   cut(said, expected), NULL);
	return true;
}

/* ---- reading ---- */

err import_maps(struct cli *cli, struct table_mapping *maps, size_t *n, struct fault *f)
{
	const char *said;

	for (*n = 0; (said = cli_option_at(cli, "map", *n)) != NULL; *n += 1) {
		size_t length = strcspn(said, "=");
		if (said[length] != '=' || length == 0 || said[length + 1] == '\0' ||
		    *n == TABLE_MAPS_MAX)
			return fail(f, "IMPORT_MAP_FORM", "word", said, NULL);
		maps[*n].column = arena_text(&cli->arena, bytes_of(said, length));
		maps[*n].header = said + length + 1;
		if (maps[*n].column == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
	}
	return ERR_OK;
}

void import_print_columns(const struct table_column *columns, size_t n)
{
	printf("\ncolumns, for --map, and the headers that mean them:\n");
	for (size_t i = 0; i < n; i++) {
		printf("  %-22s", columns[i].name);
		for (size_t k = 0; k < TABLE_NAMES_MAX && columns[i].names[k] != NULL; k++) {
			const char *name = columns[i].names[k];
			printf("%s%s", k > 0 ? ", " : " ", name + (name[0] == '?'));
		}
		printf("%s\n", columns[i].required ? " (needed)" : "");
	}
}

static void report_line(const char *file, const struct fault *fault)
{
	const struct message *message = catalog_find(fault->message);
	char text[1024], safe[2048];

	catalog_render(message->text, fault, text, sizeof text);
	cli_safe_text(text, safe, sizeof safe);
	fprintf(stderr, "%s: %s\n", file, safe);
	if (message->fix[0] == '\0')
		return;
	catalog_render(message->fix, fault, text, sizeof text);
	cli_safe_text(text, safe, sizeof safe);
	fprintf(stderr, "  fix: %s\n", safe);
}

static void report_json(const char *file, const struct table_report *report)
{
	json_t *wrong = json_array();

	for (size_t i = 0; i < report->n; i++) {
		const struct table_fault *one = &report->faults[i];
		char text[1024];

		catalog_render(catalog_find(one->fault.message)->text, &one->fault, text,
			       sizeof text);
		json_array_append_new(wrong, json_pack("{s:i, s:i, s:s, s:s}", "line",
						       (int)one->line, "column", (int)one->column,
						       "code", one->fault.message, "text", text));
	}
	json_t *json = json_pack("{s:s, s:o, s:I}", "file", file, "wrong", wrong, "more",
				 (json_int_t)report->more);
	cli_json(json);
	json_decref(json);
}

void import_report(const struct cli *cli, const char *file, const struct table_report *report)
{
	char safe[512];

	if (report->n == 0)
		return;
	if (cli->json) {
		report_json(file, report);
		return;
	}
	cli_safe_text(file, safe, sizeof safe);
	for (size_t i = 0; i < report->n; i++)
		report_line(safe, &report->faults[i].fault);
	if (report->more > 0)
		fprintf(stderr, "%s: and %zu more\n", safe, report->more);
}

/* An option of the column's name says it for every line that does not. */
static void take_presets(struct import *im)
{
	for (size_t i = 0; i < im->kind->columns_n; i++) {
		const struct option_row *row = im->cli->command->options;

		for (; row->name != NULL; row++)
			if (strcmp(row->name, im->kind->columns[i].name) == 0)
				im->presets[i] = cli_option(im->cli, row->name);
	}
}

err import_read(struct import *im, struct bytes content, struct fault *f)
{
	struct table_mapping maps[TABLE_MAPS_MAX];
	struct table_config config = {.columns = im->kind->columns,
				      .columns_n = im->kind->columns_n,
				      .rows_max = IMPORT_ROWS_MAX,
				      .maps = maps,
				      .presets = im->presets};

	TRY(import_maps(im->cli, maps, &config.maps_n, f));
	take_presets(im);
	err e = table_read(&im->cli->arena, content, &config, &im->table, &im->report, f);
	if (e.code != OK)
		import_report(im->cli, im->file, &im->report);
	TRY(e);
	im->n = im->table.n;
	im->rows = arena_array(&im->cli->arena, im->n, sizeof *im->rows);
	if (im->rows == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < im->n; i++)
		im->rows[i].row = &im->table.rows[i];
	return ERR_OK;
}

static const char *key_of(struct import *im, const struct import_row *row)
{
	struct bytes a = import_cell(row, 0), b = import_cell(row, 1);

	if (im->kind->key_members[1] == NULL)
		return arena_text(&im->cli->arena, a);
	return arena_printf(&im->cli->arena, "%.*s/%.*s", (int)a.n, (const char *)a.p, (int)b.n,
			    (const char *)b.p);
}

err import_index(struct import *im, struct fault *f)
{
	im->index = json_object();
	for (size_t i = 0; i < im->n; i++) {
		struct import_row *row = &im->rows[i];
		char first[16];

		row->key = key_of(im, row);
		if (row->key == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		const json_t *other = json_object_get(im->index, row->key);
		if (other == NULL) {
			json_object_set_new(im->index, row->key, json_integer((json_int_t)i));
			continue;
		}
		struct fault twice = {0};
		snprintf(first, sizeof first, "%u", im->rows[json_integer_value(other)].row->line);
		(void)fail(&twice, "IMPORT_LINE_TWICE", "key", row->key, "first", first, NULL);
		table_report_add(&im->cli->arena, &im->report, row->row->line, 1, &twice);
	}
	err e = table_result(&im->cli->arena, &im->report, ERR_OK, NULL, "TABLE_WRONG", f);
	if (e.code != OK) {
		import_report(im->cli, im->file, &im->report);
		json_decref(im->index); /* only a finished import has one */
		im->index = NULL;
	}
	return e;
}

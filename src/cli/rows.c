/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c — rows for people, for spreadsheets and for programs. */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { COLUMNS_MAX = 64, CELL_SIZE = 512 };
/* 1973: no sequence or count is as large, and no time of ours is as small. */
static const json_int_t TIME_LEAST = 100000000000;

static bool is_time_name(const char *name)
{
	static const char *const NAMES[] = {
		"at",     "made",  "expires", "not_before", "not_after",   "until",     "issued",
		"closed", "since", "ended",   "revoked_at", "valid_until", "last_seen", "occurred"};

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (strcmp(NAMES[i], name) == 0)
			return true;
	return false;
}

static void cell(const json_t *row, const char *name, bool people, char out[static CELL_SIZE])
{
	const json_t *value = json_object_get(row, name);

	out[0] = '\0';
	if (json_is_integer(value) && people && is_time_name(name) &&
	    json_integer_value(value) >= TIME_LEAST)
		cli_time((uint64_t)json_integer_value(value), out);
	else if (json_is_integer(value))
		snprintf(out, CELL_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		snprintf(out, CELL_SIZE, "%s", json_is_true(value) ? "yes" : "no");
	else if (json_is_string(value) && people && json_string_length(value) == 64)
		snprintf(out, CELL_SIZE, "%.16s…", json_string_value(value));
	else if (json_is_string(value))
		cli_safe_text(json_string_value(value), out, CELL_SIZE);
}

/* Columns on the terminal, not bytes. */
static size_t width_of(const char *text)
{
	wchar_t wide[CELL_SIZE];
	size_t n = mbstowcs(wide, text, CELL_SIZE);
	int width = n == (size_t)-1 ? -1 : wcswidth(wide, n);

	return width < 0 ? strlen(text) : (size_t)width;
}

static const char *column_name(const json_t *column)
{
	const char *name = json_string_value(column);

	if (name == NULL)
		name = json_string_value(json_object_get(column, "name"));
	return name == NULL ? "?" : name;
}

static void print_cells(const json_t *columns, const json_t *row, const size_t *widths, size_t n)
{
	char text[CELL_SIZE];

	for (size_t i = 0; i < n; i++) {
		const char *name = column_name(json_array_get(columns, i));
		if (row == NULL)
			snprintf(text, sizeof text, "%s", name);
		else
			cell(row, name, true, text);
		printf("%s", text);
		size_t width = width_of(text);
		if (i + 1 < n)
			printf("%*s", (int)(widths[i] - width + 2), "");
	}
	printf("\n");
}

static void print_table(const json_t *columns, const json_t *rows)
{
	size_t widths[COLUMNS_MAX] = {0}, n = json_array_size(columns), i;
	char text[CELL_SIZE];
	json_t *row;

	if (n > COLUMNS_MAX)
		n = COLUMNS_MAX;
	for (size_t k = 0; k < n; k++)
		widths[k] = width_of(column_name(json_array_get(columns, k)));
	json_array_foreach(rows, i, row)
	{
		for (size_t k = 0; k < n; k++) {
			cell(row, column_name(json_array_get(columns, k)), true, text);
			size_t width = width_of(text);
			if (width > widths[k])
				widths[k] = width;
		}
	}
	print_cells(columns, NULL, widths, n);
	json_array_foreach(rows, i, row)
	{
		print_cells(columns, row, widths, n);
	}
	printf("%zu row%s\n", json_array_size(rows), json_array_size(rows) == 1 ? "" : "s");
}

/* RFC 4180; a leading =, +, - or @ of a text gets an apostrophe, or a spreadsheet runs it. */
static void print_csv_cell(const char *text, bool is_text)
{
	bool quoted = text[strcspn(text, ",\"\r\n")] != '\0';

	if (quoted)
		putchar('"');
	if (is_text && strchr("=+-@\t\r", text[0]) != NULL && text[0] != '\0')
		putchar('\'');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	if (quoted)
		putchar('"');
}

static void print_csv(const json_t *columns, const json_t *rows)
{
	size_t i, k;
	json_t *row, *column;
	char text[CELL_SIZE];

	json_array_foreach(columns, k, column)
	{
		printf("%s", k > 0 ? "," : "");
		print_csv_cell(column_name(column), true);
	}
	printf("\r\n");
	json_array_foreach(rows, i, row)
	{
		json_array_foreach(columns, k, column)
		{
			const json_t *value = json_object_get(row, column_name(column));
			printf("%s", k > 0 ? "," : "");
			if (json_is_string(value)) {
				print_csv_cell(json_string_value(value), true);
				continue;
			}
			cell(row, column_name(column), false, text);
			print_csv_cell(text, false);
		}
		printf("\r\n");
	}
}

err cli_table(struct cli *cli, const json_t *page, struct fault *f)
{
	const json_t *columns = json_object_get(page, "columns");
	const json_t *rows = json_object_get(page, "rows");

	(void)f;
	if (cli->json)
		cli_json(page);
	else if (cli->command->options != NULL && cli_flag(cli, "csv"))
		print_csv(columns, rows);
	else
		print_table(columns, rows);
	return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/csv_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_formula(const char *text)
{
	return text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL;
}

static void put_value(FILE *out, const char *text)
{
	bool formula = is_formula(text);

	if (!formula && strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	if (formula)
		fputc('\'', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_cell(FILE *out, const json_t *cell)
{
	if (json_is_integer(cell))
		fprintf(out, "%lld", (long long)json_integer_value(cell));
	else if (json_is_string(cell))
		put_value(out, json_string_value(cell));
}

static void put_page(FILE *out, const json_t *columns, const json_t *rows)
{
	size_t i, k;
	json_t *row, *column;

	json_array_foreach(columns, i, column)
	{
		fputs(i > 0 ? "," : "", out);
		put_value(out, json_string_value(column));
	}
	fputs("\r\n", out);
	json_array_foreach(rows, k, row)
	{
		json_array_foreach(columns, i, column)
		{
			fputs(i > 0 ? "," : "", out);
			put_cell(out, json_object_get(row, json_string_value(column)));
		}
		fputs("\r\n", out);
	}
}

err csv_from_page(const json_t *page, char **out, size_t *n, struct fault *f)
{
	FILE *text = open_memstream(out, n);

	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	put_page(text, json_object_get(page, "columns"), json_object_get(page, "rows"));
	bool whole = ferror(text) == 0;
	if (fclose(text) == 0 && whole)
		return ERR_OK;
	free(*out);
	*out = NULL;
	return fail(f, "OUT_OF_MEMORY", NULL);
}

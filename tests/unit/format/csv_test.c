/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "format/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_SIZE = 4096 };

/* Reads everything and writes it as [field|field]…; on a fault "MESSAGE line:column". */
static void show(struct bytes file, char separator, char out[static SHOWN_SIZE])
{
	struct arena arena = {0};
	struct fault f = {0};
	struct csv csv;
	struct csv_row *row = calloc(1, sizeof(*row));
	size_t n = 0;
	err e = csv_open(&csv, &arena, file, separator, &f);

	assert_non_null(row);
	out[0] = 0;
	while (e.code == OK) {
		e = csv_next(&csv, row, &f);
		if (e.code != OK || row->n == 0)
			break;
		for (size_t i = 0; i < row->n; i++) {
			assert_true(utf8_valid(row->fields[i].text));
			n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%c%.*s", i ? '|' : '[',
					      (int)row->fields[i].text.n,
					      (const char *)row->fields[i].text.p);
		}
		n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "]");
	}
	if (e.code != OK) {
		const char *line = fault_value(&f, "line"), *column = fault_value(&f, "column");
		char text[1024];

		fault_text(&f, text, sizeof(text));
		assert_null(strchr(text, '{'));
		snprintf(out, SHOWN_SIZE, "%s %s:%s", f.message, line ? line : "",
			 column ? column : "");
		/* There is nothing after an error. */
		if (line != NULL) {
			assert_int_equal(csv_next(&csv, row, &f).code, OK);
			assert_int_equal(row->n, 0);
		}
	}
	free(row);
	arena_done(&arena);
}

struct sample {
	const char *what, *in;
	size_t n; /* 0: up to the zero */
	char separator;
	const char *out;
};

static void assert_samples(const struct sample *samples, size_t n)
{
	char shown[SHOWN_SIZE];

	for (size_t i = 0; i < n; i++) {
		size_t size = samples[i].n ? samples[i].n : strlen(samples[i].in);
		uint8_t *exact = malloc(size + 1);

		assert_non_null(exact);
		exact = realloc(exact, size ? size : 1); /* so that a read past the end is seen */
		memcpy(exact, samples[i].in, size);
		show(bytes_of(exact, size), samples[i].separator, shown);
		if (strcmp(shown, samples[i].out) != 0)
			print_error("%s: got %s\n", samples[i].what, shown);
		assert_string_equal(shown, samples[i].out);
		free(exact);
	}
}

static void tables_as_tools_export_them_are_read(void **state)
{
	static const struct sample SAMPLES[] = {
		{"commas", "a,b\n1,2\n", 0, 0, "[a|b][1|2]"},
		{"CRLF", "a,b\r\n1,2\r\n", 0, 0, "[a|b][1|2]"},
		{"no last line end", "a,b\n1,2", 0, 0, "[a|b][1|2]"},
		{"semicolons are found", "a;b\n1,5;2\n", 0, 0, "[a|b][1,5|2]"},
		{"tabs are found", "a\tb\n1\t2\n", 0, 0, "[a|b][1|2]"},
		{"the separator is given", "a,b;c\n", 0, ';', "[a,b|c]"},
		{"quoted separators do not count", "\"a,,,,\";b\n", 0, 0, "[a,,,,|b]"},
		{"Excel's hint", "sep=;\r\na,b,c;d\r\n", 0, 0, "[a,b,c|d]"},
		{"a byte-order mark",
		 "\xef\xbb\xbf"
		 "a,b\n",
		 0, 0, "[a|b]"},
		{"mark and hint", "\xef\xbb\xbfsep=;\na;b\n", 0, 0, "[a|b]"},
		{"quotes", "\"a\",\"b\"\n", 0, 0, "[a|b]"},
		{"doubled quotes", "\"say \"\"ah\"\"\",b\n", 0, 0, "[say \"ah\"|b]"},
		{"only doubled quotes", "\"\"\"\"\"\"\n", 0, 0, "[\"\"]"},
		{"quoted line break", "\"a\r\nb\",c\n", 0, 0, "[a\r\nb|c]"},
		{"quoted separator", "\"a,b\",c\n", 0, 0, "[a,b|c]"},
		{"empty fields", ",,\n", 0, 0, "[||]"},
		{"empty quoted field", "\"\",a\n", 0, 0, "[|a]"},
		{"one column", "a\nb\n", 0, 0, "[a][b]"},
		{"blank lines", "\n\na,b\n\r\n\n1,2\n\n", 0, 0, "[a|b][1|2]"},
		{"spaces stay", " a , b \n", 0, 0, "[ a | b ]"},
		{"UTF-8",
		 "4.7k\xce\xa9,\xc2\xb5"
		 "F\n",
		 0, 0,
		 "[4.7k\xce\xa9|\xc2\xb5"
		 "F]"},
		{"nothing", "", 0, 0, ""},
		{"only a mark", "\xef\xbb\xbf", 0, 0, ""},
		{"only blank lines", "\n\r\n", 0, 0, ""},
		{"tab inside a field", "a\tb,c,d\n", 0, ',', "[a\tb|c|d]"},
		{"a hint without a line end is a field", "sep=;", 0, ',', "[sep=;]"},
	};

	(void)state;
	assert_samples(SAMPLES, sizeof(SAMPLES) / sizeof(SAMPLES[0]));
}

static void hostile_tables_are_refused_with_their_place(void **state)
{
	static const struct sample SAMPLES[] = {
		{"quote never closed", "a,\"b\n1,2\n", 0, 0, "CSV_QUOTE_OPEN 1:3"},
		{"quote never closed, last", "a\n\"", 0, 0, "CSV_QUOTE_OPEN 2:1"},
		{"closed only by a doubled quote", "\"a\"\"", 0, 0, "CSV_QUOTE_OPEN 1:1"},
		{"quote in a plain field", "a,b\n1,2\"\n", 0, 0, "CSV_STRAY_QUOTE 2:4"},
		{"space before a quote", "a, \"b\"\n", 0, 0, "CSV_STRAY_QUOTE 1:4"},
		{"text after a quote", "\"a\"b,c\n", 0, 0, "CSV_AFTER_QUOTE 1:4"},
		{"space after a quote", "\"a\" ,c\n", 0, 0, "CSV_AFTER_QUOTE 1:4"},
		{"three quotes", "\"\"\"\n", 0, 0, "CSV_QUOTE_OPEN 1:1"},
		{"old Macintosh line ends", "a,b\r1,2\r", 0, 0, "CSV_LONE_RETURN 1:4"},
		{"a return at the end", "a,b\r", 0, 0, "CSV_LONE_RETURN 1:4"},
		{"a return at the start", "\ra", 0, 0, "CSV_LONE_RETURN 1:1"},
		{"a return after a quote", "\"a\"\rb", 0, 0, "CSV_LONE_RETURN 1:4"},
		{"zero byte", "a,b\0c\n", 6, 0, "CSV_CONTROL_CHARACTER 1:4"},
		{"zero byte in quotes", "\"b\0c\"\n", 6, 0, "CSV_CONTROL_CHARACTER 1:3"},
		{"escape", "a\n\x1b[2J\n", 0, 0, "CSV_CONTROL_CHARACTER 2:1"},
		{"delete", "a\x7f\n", 0, 0, "CSV_CONTROL_CHARACTER 1:2"},
		{"vertical tab in quotes", "\"\x0b\"\n", 0, 0, "CSV_CONTROL_CHARACTER 1:2"},
		{"Latin-1",
		 "a\nbc,4,7 \xb5"
		 "F\n",
		 0, 0, "CSV_NOT_UTF8 2:8"},
		{"Latin-1 after UTF-8", "\xce\xa9\xce\xa9\xe9\n", 0, 0, "CSV_NOT_UTF8 1:3"},
		{"Latin-1 on a later line of a field", "\"\xce\xa9\nab\xe9\"\n", 0, 0,
		 "CSV_NOT_UTF8 2:3"},
		{"overlong", "\xc0\xaf\n", 0, 0, "CSV_NOT_UTF8 1:1"},
		{"surrogate", "x\xed\xa0\x80\n", 0, 0, "CSV_NOT_UTF8 1:2"},
		{"beyond Unicode", "\xf4\x90\x80\x80\n", 0, 0, "CSV_NOT_UTF8 1:1"},
		{"cut character", "a,\xe2\x82\n", 0, 0, "CSV_NOT_UTF8 1:3"},
		{"cut character at the end", "a,\xe2\x82", 0, 0, "CSV_NOT_UTF8 1:3"},
		{"stray continuation", "\x80\n", 0, 0, "CSV_NOT_UTF8 1:1"},
		{"UTF-16, little",
		 "\xff\xfe"
		 "a\0",
		 4, 0, "CSV_UTF16 :"},
		{"UTF-16, big", "\xfe\xff\0a", 4, 0, "CSV_UTF16 :"},
		{"strange hint", "sep=|\na|b\n", 0, 0, "CSV_SEPARATOR :"},
		{"quote as hint", "sep=\"\na\n", 0, 0, "CSV_SEPARATOR :"},
		{"line feed as hint", "sep=\n\na\n", 0, 0, "CSV_SEPARATOR :"},
		{"strange separator", "a\n", 0, '|', "CSV_SEPARATOR :"},
		{"quote as separator", "a\n", 0, '"', "CSV_SEPARATOR :"},
		{"zip file", "PK\x03\x04\x14\0\x06", 7, 0, "CSV_CONTROL_CHARACTER 1:3"},
	};

	(void)state;
	assert_samples(SAMPLES, sizeof(SAMPLES) / sizeof(SAMPLES[0]));
}

static uint8_t *filled(size_t n, char c)
{
	uint8_t *out = malloc(n);

	assert_non_null(out);
	memset(out, c, n);
	return out;
}

static void limits_hold_to_the_byte(void **state)
{
	char shown[SHOWN_SIZE];
	uint8_t *big = filled(CSV_FILE_MAX + 1, '\n');

	(void)state;
	show(bytes_of(big, CSV_FILE_MAX), 0, shown);
	assert_string_equal(shown, "");
	show(bytes_of(big, CSV_FILE_MAX + 1), 0, shown);
	assert_string_equal(shown, "CSV_TOO_LARGE :");
	memset(big, ',', CSV_COLUMNS_MAX);
	show(bytes_of(big, CSV_COLUMNS_MAX - 1), 0, shown);
	assert_int_equal(strlen(shown), CSV_COLUMNS_MAX + 1);
	show(bytes_of(big, CSV_COLUMNS_MAX), 0, shown);
	assert_string_equal(shown, "CSV_TOO_MANY_COLUMNS 1:257");
	free(big);
}

static void field_limit_counts_bytes_without_quotes(void **state)
{
	static char shown[SHOWN_SIZE];
	uint8_t *plain = filled(CSV_FIELD_MAX + 1, 'x');
	uint8_t *quoted = filled(2 * CSV_FIELD_MAX + 4, '"');
	struct arena arena = {0};
	struct csv_row *row = calloc(1, sizeof(*row));
	struct csv csv;

	(void)state;
	assert_int_equal(csv_open(&csv, &arena, bytes_of(plain, CSV_FIELD_MAX), 0, NULL).code, OK);
	assert_int_equal(csv_next(&csv, row, NULL).code, OK);
	assert_int_equal(row->fields[0].text.n, CSV_FIELD_MAX);
	show(bytes_of(plain, CSV_FIELD_MAX + 1), 0, shown);
	assert_string_equal(shown, "CSV_FIELD_TOO_LONG 1:1");
	struct bytes whole = bytes_of(quoted, 2 * CSV_FIELD_MAX + 2);
	assert_int_equal(csv_open(&csv, &arena, whole, 0, NULL).code, OK);
	assert_int_equal(csv_next(&csv, row, NULL).code, OK);
	assert_int_equal(row->fields[0].text.n, CSV_FIELD_MAX);
	show(bytes_of(quoted, 2 * CSV_FIELD_MAX + 4), 0, shown);
	assert_string_equal(shown, "CSV_FIELD_TOO_LONG 1:1");
	free(row);
	free(plain);
	free(quoted);
	arena_done(&arena);
}

static void row_limit_counts_rows_and_not_lines(void **state)
{
	enum { ROW = 5 }; /* "a,b\n\n" */
	size_t n = (CSV_ROWS_MAX + 1) * ROW;
	uint8_t *file = malloc(n);
	struct arena arena = {0};
	struct csv_row *row = calloc(1, sizeof(*row));
	struct fault f = {0};
	struct csv csv;
	size_t rows = 0;
	err e;

	(void)state;
	for (size_t i = 0; i < n; i += ROW)
		memcpy(file + i, "a,b\n\n", ROW);
	assert_int_equal(csv_open(&csv, &arena, bytes_of(file, n), 0, &f).code, OK);
	while (e = csv_next(&csv, row, &f), e.code == OK && row->n > 0)
		assert_int_equal(row->line, 2 * rows++ + 1);
	assert_int_equal(rows, CSV_ROWS_MAX);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	assert_string_equal(f.message, "CSV_TOO_MANY_ROWS");
	assert_int_equal(csv_open(&csv, &arena, bytes_of(file, n - ROW), 0, &f).code, OK);
	while (e = csv_next(&csv, row, &f), e.code == OK && row->n > 0)
		continue;
	assert_int_equal(e.code, OK);
	free(row);
	free(file);
	arena_done(&arena);
}

static void places_count_lines_and_characters(void **state)
{
	const char *text = "\xc2\xb5"
			   "F,\"two\nlines\",c\nd,e,f\n";
	struct arena arena = {0};
	struct csv_row *row = calloc(1, sizeof(*row));
	struct csv csv;

	(void)state;
	assert_int_equal(csv_open(&csv, &arena, bytes_text(text), 0, NULL).code, OK);
	assert_int_equal(csv_next(&csv, row, NULL).code, OK);
	assert_int_equal(row->line, 1);
	assert_int_equal(row->fields[1].column, 4); /* a character of two bytes is one */
	assert_int_equal(row->fields[2].line, 2);
	assert_int_equal(row->fields[2].column, 8);
	assert_int_equal(csv_next(&csv, row, NULL).code, OK);
	assert_int_equal(row->line, 3);
	free(row);
	arena_done(&arena);
}

static void full_arena_is_an_error(void **state)
{
	uint8_t *file = filled(4096, '"');
	struct arena arena = {.limit = 1024};
	struct csv_row *row = calloc(1, sizeof(*row));
	struct fault f = {0};
	struct csv csv;

	(void)state;
	assert_int_equal(csv_open(&csv, &arena, bytes_of(file, 4096), 0, &f).code, OK);
	assert_int_equal(csv_next(&csv, row, &f).code, ERR_MEMORY);
	assert_string_equal(f.message, "CSV_MEMORY");
	free(row);
	free(file);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_as_tools_export_them_are_read),
		cmocka_unit_test(hostile_tables_are_refused_with_their_place),
		cmocka_unit_test(limits_hold_to_the_byte),
		cmocka_unit_test(field_limit_counts_bytes_without_quotes),
		cmocka_unit_test(row_limit_counts_rows_and_not_lines),
		cmocka_unit_test(places_count_lines_and_characters),
		cmocka_unit_test(full_arena_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

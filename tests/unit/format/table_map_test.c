/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "format/part_id.h"
#include "format/table_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_SIZE = 8192, COLUMNS = 8 };

/* One column of each kind. */
static const struct table_column TABLE[COLUMNS] = {
	{.name = "serial", .names = {"serial", "sn", "?id"}, .required = true, .kind = TABLE_ID},
	{.name = "class",
	 .names = {"class"},
	 .kind = TABLE_CHOICE,
	 .choices = "maker|broker|distributor"},
	{.name = "built-on", .names = {"builton", "built"}, .kind = TABLE_DAY},
	{.name = "image", .names = {"image"}, .kind = TABLE_DIGEST},
	{.name = "address", .names = {"address", "mac"}, .kind = TABLE_ADDRESS},
	{.name = "country", .names = {"country"}, .kind = TABLE_COUNTRY},
	{.name = "name", .names = {"name", "fullname"}, .most = 10},
	{.name = "note", .names = {"note"}, .kind = TABLE_LINES},
};

struct sample {
	const char *in, *out;
	const char *map_column, *map_header; /* one mapping, or NULL */
	const char *serial;                  /* preset, or NULL */
};

/* Accepted: "a|b; c|d" of what is said; refused: "MESSAGE@line.column …". */
static void show(const struct sample *s, char out[static SHOWN_SIZE])
{
	struct arena arena = {.limit = 64 << 20};
	const struct table_mapping map = {s->map_column, s->map_header};
	const char *presets[COLUMNS] = {s->serial};
	struct table_config config = {.columns = TABLE,
				      .columns_n = COLUMNS,
				      .rows_max = 5,
				      .maps = &map,
				      .maps_n = s->map_column != NULL,
				      .presets = presets};
	struct table_report report;
	struct table table;
	struct fault f = {0};
	char text[1024];
	size_t n = 0;
	err e = table_read(&arena, bytes_text(s->in), &config, &table, &report, &f);

	out[0] = '\0';
	assert_int_equal(e.code == OK, report.n + report.more == 0);
	assert_int_equal(e.code == OK, table.n > 0);
	for (size_t i = 0; i < report.n; i++) {
		fault_text(&report.faults[i].fault, text, sizeof(text));
		assert_null(strchr(text, '{'));
		n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%s%s@%u.%u", i ? " " : "",
				      report.faults[i].fault.message, report.faults[i].line,
				      report.faults[i].column);
	}
	for (size_t i = 0; i < table.n; i++) {
		bool first = true;

		n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%s", i ? "; " : "");
		for (size_t k = 0; k < COLUMNS; k++) {
			struct bytes cell = table.rows[i].cells[k];

			if (cell.n == 0)
				continue;
			n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%s%.*s", first ? "" : "|",
					      (int)cell.n, (const char *)cell.p);
			first = false;
		}
	}
	arena_done(&arena);
}

static void assert_samples(const struct sample *samples, size_t n)
{
	char shown[SHOWN_SIZE];

	for (size_t i = 0; i < n; i++) {
		show(&samples[i], shown);
		if (strcmp(shown, samples[i].out) != 0)
			print_error("%s: got %s\n", samples[i].in, shown);
		assert_string_equal(shown, samples[i].out);
	}
}

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static void columns_are_found_by_their_header(void **state)
{
	static const struct sample SAMPLES[] = {
		{.in = "serial,name\nA1,one\nA2,two\n", .out = "A1|one; A2|two"},
		{.in = "S/N;Full Name\nA1;one\n", .out = "A1|one"},
		{.in = "\xef\xbb\xbf"
		       "Name\tSERIAL\r\none\tA1\r\n",
		 .out = "A1|one"},
		{.in = "id,name\nA1,one\n", .out = "A1|one"},
		{.in = "id,serial\n7,A1\n", .out = "A1"}, /* the weaker name gives way */
		{.in = "serial\nA1\n", .out = "A1"},
		{.in = "serial,other,name\n A1 ,x, one \n", .out = "A1|one"},
		{.in = "Report of today, 1\n\nserial;name\n----;----\nA1;one\n;\n",
		 .out = "A1|one"},
		/* what stands above does not count as lines */
		{.in = "a\nb\nc\nserial,name\nA1,1\nA2,2\nA3,3\nA4,4\nA5,5\n",
		 .out = "A1|1; A2|2; A3|3; A4|4; A5|5"},
		{.in = "Kennung,name\nA1,one\n",
		 .out = "A1|one",
		 .map_column = "serial",
		 .map_header = "Kennung"},
		/* a mapping takes the column away from every other header */
		{.in = "serial,real\nA1,B1\n",
		 .out = "B1",
		 .map_column = "SERIAL",
		 .map_header = "real"},
		{.in = "name,note\none,A1\n",
		 .out = "A1|one",
		 .map_column = "serial",
		 .map_header = "note"},
		/* a preset is for lines and tables that say nothing */
		{.in = "name,class\none,maker\n", .out = "P1|maker|one", .serial = "P1"},
		{.in = "serial,name\nA1,one\n,two\n", .out = "A1|one; P1|two", .serial = "P1"},
	};

	(void)state;
	assert_samples(SAMPLES, sizeof(SAMPLES) / sizeof(SAMPLES[0]));
}

static void cells_are_given_out_as_records_write_them(void **state)
{
	static const struct sample SAMPLES[] = {
		{.in = "serial,class\nA1,MAKER\n", .out = "A1|maker"},
		{.in = "serial,built\nA1,2024-02-29\n", .out = "A1|2024-02-29T00:00:00.000Z"},
		{.in = "serial,built\nA1,2024-02-29T10:00:00+02:00\n",
		 .out = "A1|2024-02-29T08:00:00.000Z"},
		{.in = "serial,image\nA1," DIGEST "\n",
		 .out = "A1|00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
		{.in = "serial,mac\nA1,00:1a:2b:3c:4d:5e\n", .out = "A1|001A2B3C4D5E"},
		{.in = "serial,mac\nA1,00-1A-2B-3C-4D-5E-6F-70\n", .out = "A1|001A2B3C4D5E6F70"},
		{.in = "serial,mac\nA1,001a2b3c4d5e\n", .out = "A1|001A2B3C4D5E"},
		{.in = "serial,country\nA1,de\n", .out = "A1|DE"},
		{.in = "serial,note\nA1,\"a\nb\"\n", .out = "A1|a\nb"},
	};

	(void)state;
	assert_samples(SAMPLES, sizeof(SAMPLES) / sizeof(SAMPLES[0]));
}

static const struct sample HOSTILE_TABLES[] = {
	{.in = "", .out = "TABLE_EMPTY@0.0"},
	{.in = "\n\n", .out = "TABLE_EMPTY@0.0"},
	{.in = "serial,name\n", .out = "TABLE_EMPTY@0.0"},
	{.in = "serial,name\n,\n", .out = "TABLE_EMPTY@0.0"},
	{.in = "name,note\none,x\n", .out = "TABLE_COLUMN_MISSING@1.1"},
	{.in = "A1,one\nA2,two\n", .out = "TABLE_COLUMN_MISSING@1.1"},
	{.in = "serial,sn\nA1,A2\n", .out = "TABLE_COLUMN_TWICE@1.8"},
	{.in = "serial,name,Name\nA1,one,two\n", .out = "TABLE_COLUMN_TWICE@1.13"},
	{.in = "serial,name\nA1\n", .out = "TABLE_FIELD_COUNT@2.1"},
	{.in = "serial,name\nA1,one,two\n", .out = "TABLE_FIELD_COUNT@2.1"},
	{.in = "serial,name\nA1,one;\nA2\n", .out = "TABLE_FIELD_COUNT@3.1"},
	{.in = "serial,name\n,one\n", .out = "TABLE_CELL_MISSING@2.1"},
	{.in = "serial,name\nA 1,one\n", .out = "TABLE_CELL_WRONG@2.1"},
	{.in = "serial,name\nA\xc3\xa9,one\n", .out = "TABLE_CELL_WRONG@2.1"},
	{.in = "serial,name\n=cmd|calc,one\n", .out = "TABLE_CELL_WRONG@2.1"},
	{.in = "serial,name\n0123456789012345678901234567890123456789012345678901234567890"
	       "1234,one\n",
	 .out = "TABLE_CELL_WRONG@2.1"},
	{.in = "serial,name\nA1,eleven char\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,name\nA1,\"a\nb\"\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,class\nA1,thief\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,class\nA1,maker|broker\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,class\nA1,make\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,built\nA1,2023-02-29\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,built\nA1,29.02.2024\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,built\nA1,2024-2-9\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,built\nA1,2024-02-29T00:00:00.000Z 2024-02-29T00:00:00.000Z\n",
	 .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,image\nA1," DIGEST "0\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,image\nA1,abc\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,image\nA1,g0112233445566778899aabbccddeeff00112233445566778899AABBC"
	       "CDDEEFF\n",
	 .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,mac\nA1,00:1a:2b:3c:4d\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,mac\nA1,00:1a-2b:3c:4d:5e\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,mac\nA1,00:1a:2b:3c:4d:5e:\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,mac\nA1,0:01a:2b:3c:4d:5e\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,mac\nA1,001a2b3c4d5g\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,mac\nA1,001a2b3c4d5e6f7\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,mac\nA1,001a2b3c4d5e6f7080\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,country\nA1,DEU\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,country\nA1,D1\n", .out = "TABLE_CELL_WRONG@2.4"},
	{.in = "serial,country\nA1,D\n", .out = "TABLE_CELL_WRONG@2.4"},
	/* several at once, in the order of the file */
	{.in = "serial,class,country\n,x,y\nA1,z,DE\n",
	 .out = "TABLE_CELL_MISSING@2.1 TABLE_CELL_WRONG@2.2 TABLE_CELL_WRONG@2.4 "
		"TABLE_CELL_WRONG@3.4"},
	/* mappings */
	{.in = "serial,name\nA1,one\n",
	 .out = "TABLE_MAP_COLUMN_UNKNOWN@1.1",
	 .map_column = "color",
	 .map_header = "name"},
	{.in = "serial,name\nA1,one\n",
	 .out = "TABLE_MAP_HEADER_UNKNOWN@1.1",
	 .map_column = "note",
	 .map_header = "nowhere"},
	{.in = "serial,serial\nA1,A2\n",
	 .out = "TABLE_COLUMN_TWICE@1.8",
	 .map_column = "serial",
	 .map_header = "serial"},
	/* a preset is judged like a cell */
	{.in = "name,note\none,x\n", .out = "TABLE_CELL_WRONG@2.1", .serial = "P 1"},
	/* the table itself */
	{.in = "serial,name\nA1,\"one\n", .out = "CSV_QUOTE_OPEN@2.4"},
	{.in = "serial,name\nA1,o\x01ne\n", .out = "CSV_CONTROL_CHARACTER@2.5"},
	{.in = "serial,name\nA1,\xe9\n", .out = "CSV_NOT_UTF8@2.4"},
	{.in = "\xff\xfes\x01", .out = "CSV_UTF16@0.0"},
	{.in = "serial,name\nA1,1\nA2,2\nA3,3\nA4,4\nA5,5\nA6,6\n", .out = "CSV_TOO_MANY_ROWS@7.1"},
};

static void hostile_tables_are_refused_by_line_and_column(void **state)
{
	(void)state;
	assert_samples(HOSTILE_TABLES, sizeof(HOSTILE_TABLES) / sizeof(HOSTILE_TABLES[0]));
}

static void mapping_that_is_said_twice_is_refused(void **state)
{
	static const struct table_mapping maps[] = {{"serial", "sn"}, {"Serial", "name"}};
	struct table_config config = {
		.columns = TABLE, .columns_n = COLUMNS, .rows_max = 5, .maps = maps, .maps_n = 2};
	struct arena arena = {0};
	struct table_report report;
	struct table table;
	struct fault f = {0};

	(void)state;
	err e = table_read(&arena, bytes_text("sn,name\nA1,x\n"), &config, &table, &report, &f);
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(report.faults[0].fault.message, "TABLE_MAP_TWICE");
	arena_done(&arena);
}

static void full_arena_is_an_error_and_leaves_nothing(void **state)
{
	const char *text = "serial,mac,built\nA1,00:1a:2b:3c:4d:5e,2024-02-29\nA2,,\n";
	bool succeeded = false;

	(void)state;
	for (size_t limit = 100; limit < 60000; limit += 97) {
		struct table_config config = {
			.columns = TABLE, .columns_n = COLUMNS, .rows_max = 5};
		struct arena arena = {.limit = limit};
		struct table_report report;
		struct table table;
		struct fault f = {0};
		err e = table_read(&arena, bytes_text(text), &config, &table, &report, &f);

		assert_true(e.code == OK || e.code == ERR_MEMORY);
		assert_true(e.code == OK || table.rows == NULL);
		succeeded = e.code == OK;
		arena_done(&arena);
	}
	assert_true(succeeded);
}

static void ids_are_made_of_what_people_write(void **state)
{
	static const struct {
		const char *in, *out;
	} SAMPLES[] = {
		{"STM32L4", "STM32L4"},
		{"LM317/NOPB", "LM317-NOPB"},
		{"Acme, Inc.", "Acme,-Inc."},
		{"  two  words ", "two-words"},
		{"M\xc3\xbcller", "M-ller"},
		{"\xe6\x97\xa5", ""},
		{"###", ""},
		{"", ""},
		{"-", ""},
		{"a#", "a"},
	};
	char out[PART_ID_MAX + 1], longest[200];

	(void)state;
	for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
		assert_int_equal(part_id(bytes_text(SAMPLES[i].in), out), strlen(SAMPLES[i].out));
		assert_string_equal(out, SAMPLES[i].out);
		assert_true(out[0] == '\0' || id_valid(bytes_text(out)));
	}
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(part_id(bytes_of(longest, sizeof(longest)), out), PART_ID_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_found_by_their_header),
		cmocka_unit_test(cells_are_given_out_as_records_write_them),
		cmocka_unit_test(hostile_tables_are_refused_by_line_and_column),
		cmocka_unit_test(mapping_that_is_said_twice_is_refused),
		cmocka_unit_test(full_arena_is_an_error_and_leaves_nothing),
		cmocka_unit_test(ids_are_made_of_what_people_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "base/files.h"
#include "format/bom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_SIZE = 8192 };

struct reading {
	struct arena arena;
	struct bom bom;
	struct table_report report;
	struct fault fault;
	err result;
};

static void read_text(struct reading *r, struct bytes file, bool numbers_needed)
{
	struct bom_config config = {.numbers_needed = numbers_needed};

	*r = (struct reading){.arena = {.limit = 64 << 20}};
	r->result = bom_read(&r->arena, file, &config, &r->bom, &r->report, &r->fault);
	/* Whole or not at all. */
	assert_int_equal(r->result.code == OK, r->report.n + r->report.more == 0);
	if (r->result.code != OK) {
		assert_int_equal(r->bom.lines_n + r->bom.parts_n + r->bom.designators_n, 0);
		assert_null(r->bom.lines);
	}
	for (size_t i = 0; i < r->report.n; i++) {
		char text[1024];

		fault_text(&r->report.faults[i].fault, text, sizeof(text));
		assert_null(strchr(text, '{'));
		assert_true(i == 0 || r->report.faults[i - 1].line <= r->report.faults[i].line);
	}
}

/* Accepted: "R1+R2 = 10k [0402] Yageo RC-1; …"; refused: "MESSAGE@line …" in order. */
static void show(const char *in, bool numbers_needed, char out[static SHOWN_SIZE])
{
	struct reading r;
	size_t n = 0;

	out[0] = 0;
	read_text(&r, bytes_text(in), numbers_needed);
	for (size_t i = 0; i < r.report.n; i++)
		n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%s%s@%u", i ? " " : "",
				      r.report.faults[i].fault.message, r.report.faults[i].line);
	for (size_t i = 0; i < r.bom.lines_n; i++) {
		const struct bom_line *line = &r.bom.lines[i];

		n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%s", i ? "; " : "");
		for (size_t k = 0; k < line->designators_n; k++)
			n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%s%.*s", k ? "+" : "",
					      (int)line->designators[k].n,
					      (const char *)line->designators[k].p);
		if (line->designators_n == 0)
			n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%zux", line->quantity);
		n += (size_t)snprintf(
			out + n, SHOWN_SIZE - n, "=%.*s/%.*s", (int)line->text[BOM_VALUE].n,
			line->text[BOM_VALUE].n ? (const char *)line->text[BOM_VALUE].p : "",
			(int)line->text[BOM_MPN].n,
			line->text[BOM_MPN].n ? (const char *)line->text[BOM_MPN].p : "");
	}
	arena_done(&r.arena);
}

struct sample {
	const char *in, *out;
	bool numbers_needed;
};

static void assert_samples(const struct sample *samples, size_t n)
{
	char shown[SHOWN_SIZE];

	for (size_t i = 0; i < n; i++) {
		show(samples[i].in, samples[i].numbers_needed, shown);
		if (strcmp(shown, samples[i].out) != 0)
			print_error("%s: got %s\n", samples[i].in, shown);
		assert_string_equal(shown, samples[i].out);
	}
}

static void bills_as_tools_export_them_are_read(void **state)
{
	static const struct sample SAMPLES[] = {
		{"\"Reference\",\"Value\",\"Datasheet\",\"Footprint\",\"Qty\",\"DNP\"\n"
		 "\"C1,C2\",\"100n\",\"~\",\"Capacitor_SMD:C_0402_1005Metric\",\"2\",\"\"\n"
		 "\"R1\",\"0R\",\"~\",\"R_0402\",\"1\",\"DNP\"\n",
		 "C1+C2=100n/", false},
		{"Designator;Comment;Quantity\nU1;STM32;1\n", "U1=STM32/", false},
		{"References,Value\nR1-R4,10k\n", "R1+R2+R3+R4=10k/", false},
		{"Ref,MPN,Manufacturer\nU1,STM32L4,ST\n", "U1=/STM32L4", true},
		{"RefDes,Manufacturer Part Number,Manufacturer\nU1,STM32L4,ST\n", "U1=/STM32L4",
		 true},
		{"refdes,Mfr. Part_Number,MFR\nU1,STM32L4,ST\n", "U1=/STM32L4", true},
		{"Value,Reference\n 10k , R1 \n", "R1=10k/", false},
		{"Reference,Value\n\"R1,\nR2;R3 R4\",10k\n", "R1+R2+R3+R4=10k/", false},
		{"Reference,Value\nTP_5V,testpoint\nJ1.2,pin\nU3A,gate\n",
		 "TP_5V=testpoint/; J1.2=pin/; U3A=gate/", false},
		{"Reference,Value\nX-1,header\n", "X-1=header/", false},
		{"Reference,Value,Unknown\nR1,1k,whatever\n", "R1=1k/", false},
		{"Reference,Value,DNP\nR1,1k,0\nR2,1k,no\nR3,1k,FALSE\nR4,1k,x\n",
		 "R1=1k/; R2=1k/; R3=1k/", false},
		{"Reference,Value,DNP\nR1,1k,\nR1,2k,DNP\n", "R1=1k/", false},
		/* what stands above the header, and a line drawn under it */
		{"Source:,x.sch\nReference,Value\nR1,1k\n", "R1=1k/", false},
		{"Report, of 1, 2\n\nReference;Value\nR1;1k\n", "R1=1k/", false},
		{"Reference,Value\n_________,_____\nR1,1k\n,\n", "R1=1k/", false},
		/* without a place on the board */
		{"Reference,Value,Qty\nR1,1k,1\n,M3 screw,4\n", "R1=1k/; 4x=M3 screw/", false},
		{"Qty,MPN,Manufacturer\n3,SCREW,ACME\n", "3x=/SCREW", true},
		/* the inverse column */
		{"Reference,Value,Fitted\nR1,1k,Fitted\nR2,1k,Not Fitted\nR3,1k,no\n", "R1=1k/",
		 false},
		{"Reference,Value,Populate\nR1,1k,1\nR2,1k,0\nR3,1k,DNP\n", "R1=1k/", false},
		{"Reference,Value,DNP,Fitted\nR1,1k,,no\nR2,1k,,yes\nR3,1k,DNP,\n", "R2=1k/",
		 false},
		/* the weaker name gives way */
		{"Designator,Comment,Value\nR1,RES,1k\n", "R1=1k/", false},
		{"Reference,Part Number,Mfr. Part #,Mfr\nR1,17,RC-1,Yageo\n", "R1=/RC-1", false},
		{"Reference,IPN\nR1,RES-1\n", "R1=/", false},
		/* a list that goes on in the next row */
		{"Qty\tReference\tPart\n3\tC1,C2,\t100n\n\tC3\t\n", "C1+C2+C3=100n/", false},
		{"Reference,Value\r\nR1,\"4,7 k\xce\xa9\"\r\n", "R1=4,7 k\xce\xa9/", false},
	};

	(void)state;
	assert_samples(SAMPLES, sizeof(SAMPLES) / sizeof(SAMPLES[0]));
}

#define HEAD "Reference,Value,Qty,DNP,MPN,Manufacturer\n"

static const struct sample HOSTILE_BILLS[] = {
	/* the header */
	{"", "BOM_EMPTY@0", false},
	{"\n\n", "BOM_EMPTY@0", false},
	{"Reference,Value\n", "BOM_EMPTY@0", false},
	{"Reference,Value,DNP\nR1,1k,DNP\n", "BOM_EMPTY@0", false},
	{"Value\n10k\n", "TABLE_COLUMN_MISSING@1", false},
	{"Reference\nR1\n", "TABLE_COLUMN_MISSING@1 BOM_NO_PART@2", false},
	{"Reference,Value\nR1,10k\n", "TABLE_COLUMN_MISSING@1", true},
	{"Reference,MPN\nR1,X\n", "TABLE_COLUMN_MISSING@1", false},
	{"Reference,Designator,Value\nR1,R1,1k\n", "TABLE_COLUMN_TWICE@1", false},
	{"Reference,Value,value\nR1,1k,1k\n", "TABLE_COLUMN_TWICE@1", false},
	{"R1,10k\nR2,10k\n", "TABLE_COLUMN_MISSING@1 TABLE_COLUMN_MISSING@1 BOM_NO_PART@2", false},
	/* the number of fields */
	{"Reference,Value\nR1\nR2,1k\n", "TABLE_FIELD_COUNT@2", false},
	{"Reference,Value\nR1,1k,extra\n", "TABLE_FIELD_COUNT@2", false},
	{"Reference,Value\nR1,R2,10k\n", "TABLE_FIELD_COUNT@2", false},
	/* designators */
	{"Reference,Value\n,1k\n", "BOM_NO_DESIGNATOR@2", false},
	{"Reference,Value\n\" , \",1k\n", "BOM_NO_DESIGNATOR@2", false},
	{HEAD ",1k,,,X,Y\n", "BOM_QUANTITY@2", false},
	{HEAD "R?,1k,1,,X,Y\n", "BOM_NOT_ANNOTATED@2", false},
	{HEAD "REF**,1k,1,,X,Y\n", "BOM_DESIGNATOR@2", false},
	{HEAD "1R,1k,1,,X,Y\n", "BOM_DESIGNATOR@2", false},
	{HEAD "#PWR1,1k,1,,X,Y\n", "BOM_DESIGNATOR@2", false},
	{HEAD "R\xc3\x84,1k,1,,X,Y\n", "BOM_DESIGNATOR@2", false},
	{HEAD "R1=R2,1k,1,,X,Y\n", "BOM_DESIGNATOR@2", false},
	{HEAD "=HYPERLINK(A1),1k,1,,X,Y\n", "BOM_DESIGNATOR@2", false},
	{HEAD "R12345678901234567890123456789012,1k,1,,X,Y\n", "BOM_DESIGNATOR@2", false},
	{HEAD "\"R?,R1,R*\",1k,3,,X,Y\n", "BOM_NOT_ANNOTATED@2 BOM_DESIGNATOR@2", false},
	{HEAD "R1,1k,1,,X,Y\nR1,1k,1,,X,Y\n", "BOM_DESIGNATOR_TWICE@3", false},
	{HEAD "\"R1,R1\",1k,2,,X,Y\n", "BOM_DESIGNATOR_TWICE@2", false},
	{HEAD "R1-R3,1k,3,,X,Y\nR2,1k,1,,X,Y\n", "BOM_DESIGNATOR_TWICE@3", false},
	{HEAD "R1,1k,1,,X,Y\nR1,1k,1,,X,Y\nR1,1k,1,,X,Y\n",
	 "BOM_DESIGNATOR_TWICE@3 BOM_DESIGNATOR_TWICE@4", false},
	{HEAD "R4-R1,1k,4,,X,Y\n", "BOM_RANGE@2", false},
	{HEAD "R1-R1,1k,1,,X,Y\n", "BOM_RANGE@2", false},
	{HEAD "R1-R999999,1k,1,,X,Y\n", "BOM_RANGE@2", false},
	{HEAD "R1-R1001,1k,1,,X,Y\n", "BOM_RANGE@2", false},
	{HEAD "R1-R99999999999999999999,1k,1,,X,Y\n", "BOM_RANGE@2", false},
	{HEAD "R01-R05,1k,5,,X,Y\n", "BOM_RANGE@2", false},
	{HEAD "R5-R1000000,1k,5,,X,Y\n", "BOM_RANGE@2", false},
	/* quantities */
	{HEAD "R1,1k,2,,X,Y\n", "BOM_QUANTITY_DIFFERS@2", false},
	{HEAD "\"R1,R2\",1k,1,,X,Y\n", "BOM_QUANTITY_DIFFERS@2", false},
	{HEAD "R1,1k,,,X,Y\n", "BOM_QUANTITY@2", false},
	{HEAD "R1,1k,0,,X,Y\n", "BOM_QUANTITY@2", false},
	{HEAD "R1,1k,-1,,X,Y\n", "BOM_QUANTITY@2", false},
	{HEAD "R1,1k,+1,,X,Y\n", "BOM_QUANTITY@2", false},
	{HEAD "R1,1k,1.0,,X,Y\n", "BOM_QUANTITY@2", false},
	{HEAD "R1,1k,0x1,,X,Y\n", "BOM_QUANTITY@2", false},
	{HEAD "R1,1k,1e3,,X,Y\n", "BOM_QUANTITY@2", false},
	{HEAD "R1,1k,4294967297,,X,Y\n", "BOM_QUANTITY@2", false},
	{HEAD "R1,1k,one,,X,Y\n", "BOM_QUANTITY@2", false},
	/* parts */
	{HEAD "R1,1k,1,,X,\n", "BOM_NO_MANUFACTURER@2", false},
	{HEAD "R1,1k,1,,,\n", "BOM_NO_MPN@2", true},
	{HEAD "R1,,1,,,\n", "BOM_NO_PART@2", false},
	{HEAD "R1,~,1,,~,~\n", "BOM_NO_PART@2", false},
	{HEAD "R1,1k,1,,\"X\nY\",Z\n", "BOM_LINE_BREAK@2", false},
	{HEAD "R1,\"1k\nR2,2k\",1,,X,Y\n", "BOM_LINE_BREAK@2", false},
	{HEAD "R1,1k,1,maybe,X,Y\n", "BOM_DNP_UNKNOWN@2", false},
	{HEAD "R1,1k,1,2,X,Y\n", "BOM_DNP_UNKNOWN@2", false},
	/* the table itself: what was found before it stays in the list */
	{HEAD "R?,1k,1,,X,Y\nR1,\"1k,1,,X,Y\n", "BOM_NOT_ANNOTATED@2 CSV_QUOTE_OPEN@3", false},
	{HEAD "R1,4k7 \xb5,1,,X,Y\n", "CSV_NOT_UTF8@2", false},
	{"\xff\xfeR\x01", "CSV_UTF16@0", false},
	{"sep=|\nReference|Value\n", "CSV_SEPARATOR@0", false},
	{"\"broken\nReference;Value\nR1;1k\n", "CSV_QUOTE_OPEN@1", false},
	/* several at once, in the order of the file */
	{HEAD "R1,1k,3,,X,\n,1k,0,,X,Y\nR1,1k,1,,X,Y\n",
	 "BOM_QUANTITY_DIFFERS@2 BOM_NO_MANUFACTURER@2 BOM_QUANTITY@3 "
	 "BOM_DESIGNATOR_TWICE@4",
	 false},
	/* fitted or not */
	{"Reference,Value,Fitted\nR1,1k,perhaps\n", "BOM_DNP_UNKNOWN@2", false},
	{"Reference,Value,Fitted\nR1,1k,\n", "BOM_DNP_UNKNOWN@2", false},
	{"Reference,Value,DNP,Fitted\nR1,1k,DNP,yes\n", "BOM_FITTED_CONTRADICTS@2", false},
	{"Reference,Value,DNP,Fitted\nR1,1k,no,no\n", "BOM_FITTED_CONTRADICTS@2", false},
	/* our own words */
	{"Reference,IPN\nR1,1k 5\n", "BOM_PART_UNFIT@2", false},
	{"Reference,Value,Critical\nR1,1k,maybe\n", "BOM_CRITICAL_UNKNOWN@2", false},
	{"Reference,Value,Conformance\nR1,1k,best\n", "BOM_CONFORMANCE@2", false},
	/* two headers of one meaning */
	{"Reference,Value,Mfr,Manufacturer,MPN\nR1,1k,A,B,C\n", "TABLE_COLUMN_TWICE@1", false},
	{"Reference,Comment,Part\nR1,1k,2k\n", "TABLE_COLUMN_TWICE@1", false},
	/* a list that goes on where nothing is to go on */
	{"Reference\tValue\tQty\nR1\t1k\t1\nR2\t\t\n", "BOM_NO_PART@3 BOM_QUANTITY@3", false},
	{"Reference\tValue\tQty\nR1,\t1k\t1\nR2\t2k\t\n", "BOM_QUANTITY@3", false},
};

static void hostile_bills_are_refused_line_by_line(void **state)
{
	(void)state;
	assert_samples(HOSTILE_BILLS, sizeof(HOSTILE_BILLS) / sizeof(HOSTILE_BILLS[0]));
}

static void lines_of_one_part_are_counted_together(void **state)
{
	struct reading r;

	(void)state;
	read_text(&r,
		  bytes_text(HEAD "R3,10k,1,,RC0402-10K,Yageo\nC1,100n,1,,,\n"
				  "\"R1,R2\",10K,2,,RC0402-10K,Yageo\nC2,100n,1,,,\n"
				  "C9,1u,1,DNP,,\n"),
		  false);
	assert_int_equal(r.result.code, OK);
	assert_int_equal(r.bom.lines_n, 4);
	assert_int_equal(r.bom.designators_n, 5);
	assert_int_equal(r.bom.skipped, 1);
	assert_int_equal(r.bom.parts_n, 2);
	assert_int_equal(r.bom.parts[0].mpn.n, 0);
	assert_int_equal(r.bom.parts[0].quantity, 2);
	assert_true(bytes_equal(r.bom.parts[1].mpn, bytes_text("RC0402-10K")));
	assert_int_equal(r.bom.parts[1].quantity, 3);
	assert_int_equal(r.bom.parts[1].lines, 2);
	assert_true(bytes_equal(r.bom.parts[1].value, bytes_text("10k"))); /* of its first line */
	arena_done(&r.arena);
}

static void own_number_says_which_part_it_is(void **state)
{
	struct reading r;

	(void)state;
	read_text(
		&r,
		bytes_text("Reference,IPN,MPN,Manufacturer\nR1,P-1,A,X\nR2,P-1,B,Y\nR3,P-2,A,X\n"),
		true);
	assert_int_equal(r.result.code, OK);
	assert_int_equal(r.bom.parts_n, 2);
	assert_int_equal(r.bom.lines[0].part, r.bom.lines[1].part);
	assert_int_not_equal(r.bom.lines[0].part, r.bom.lines[2].part);
	assert_int_equal(r.bom.parts[r.bom.lines[0].part].quantity, 2);
	arena_done(&r.arena);
}

/* `n` lines "<prefix><i><rest>" below a header. */
static struct bytes many(const char *header, const char *prefix, size_t n, const char *rest)
{
	size_t cap = strlen(header) + n * (strlen(prefix) + strlen(rest) + 24) + 1;
	char *out = malloc(cap);
	size_t at = (size_t)snprintf(out, cap, "%s", header);

	assert_non_null(out);
	for (size_t i = 1; i <= n; i++)
		at += (size_t)snprintf(out + at, cap - at, "%s%zu%s\n", prefix, i, rest);
	return bytes_of(out, at);
}

static void free_text(struct bytes b)
{
	free((void *)(uintptr_t)b.p);
}

static void list_of_faults_is_bounded_and_counts_the_rest(void **state)
{
	struct bytes file = many("Reference,Value\n", "1R", 1000, ",1k");
	struct reading r;

	(void)state;
	read_text(&r, file, false);
	assert_int_equal(r.report.n, BOM_FAULTS_MAX);
	assert_int_equal(r.report.more, 1000 - BOM_FAULTS_MAX);
	assert_string_equal(r.fault.message, "BOM_WRONG");
	assert_string_equal(fault_value(&r.fault, "count"), "1000");
	arena_done(&r.arena);
	free_text(file);
}

static void limit_of_lines_holds(void **state)
{
	struct bytes file = many("Reference,Value\n", "R", BOM_LINES_MAX, ",1k");
	struct reading r;

	(void)state;
	read_text(&r, file, false);
	assert_int_equal(r.result.code, OK);
	assert_int_equal(r.bom.lines_n, BOM_LINES_MAX);
	assert_int_equal(r.bom.parts_n, 1);
	assert_int_equal(r.bom.parts[0].quantity, BOM_LINES_MAX);
	arena_done(&r.arena);
	free_text(file);
	file = many("Reference,Value\n", "R", BOM_LINES_MAX + 1, ",1k");
	read_text(&r, file, false);
	assert_string_equal(r.report.faults[0].fault.message, "CSV_TOO_MANY_ROWS");
	arena_done(&r.arena);
	free_text(file);
}

static void limit_of_designators_holds(void **state)
{
	struct bytes file = many("Reference,Value\n", "R1-R1000,", 201, "k");
	struct reading r;

	(void)state;
	read_text(&r, file, false);
	assert_int_not_equal(r.result.code, OK);
	arena_done(&r.arena);
	free_text(file);
	file = many("Reference,Value\n", "R1-R1000,", 200, "k");
	read_text(&r, file, false); /* all but a thousand are there twice */
	assert_int_equal(r.report.n + r.report.more, 199000);
	arena_done(&r.arena);
	free_text(file);
}

static void full_arena_is_an_error_and_leaves_nothing(void **state)
{
	struct bytes file = many("Reference,Value\n", "R", 1000, ",1k");
	struct bom_config config = {0};

	(void)state;
	for (size_t limit = 1000; limit < 300000; limit += 7919) {
		struct arena arena = {.limit = limit};
		struct table_report report;
		struct fault f = {0};
		struct bom bom;
		err e = bom_read(&arena, file, &config, &bom, &report, &f);

		if (e.code != OK) {
			assert_int_equal(e.code, ERR_MEMORY);
			assert_null(bom.lines);
		}
		arena_done(&arena);
	}
	free_text(file);
}

static void every_cut_of_a_bill_is_handled(void **state)
{
	const char *text = HEAD "\"R1,R2\",\"1k \"\"x\"\"\",2,,X,Y\r\nC1-C3,100n,3,,Z,W\r\n";
	struct reading r;

	(void)state;
	for (size_t n = 0; n <= strlen(text); n++) {
		uint8_t *exact = malloc(n ? n : 1);

		memcpy(exact, text, n);
		read_text(&r, bytes_of(exact, n), false);
		arena_done(&r.arena);
		free(exact);
	}
	assert_int_equal(r.result.code, OK);
}

static void example_of_this_project_is_accepted(void **state)
{
	struct arena arena = {0};
	struct bytes file;
	struct reading r;
	struct fault f = {0};

	(void)state;
	assert_int_equal(file_read(&arena, EXAMPLE_BOM, CSV_FILE_MAX, &file, &f).code, OK);
	read_text(&r, file, true);
	assert_int_equal(r.result.code, OK);
	assert_in_range(r.bom.lines_n, 50, 70);
	assert_in_range(r.bom.skipped, 1, 10);
	assert_int_equal(r.bom.parts_n, r.bom.lines_n);
	arena_done(&r.arena);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bills_as_tools_export_them_are_read),
		cmocka_unit_test(hostile_bills_are_refused_line_by_line),
		cmocka_unit_test(lines_of_one_part_are_counted_together),
		cmocka_unit_test(own_number_says_which_part_it_is),
		cmocka_unit_test(list_of_faults_is_bounded_and_counts_the_rest),
		cmocka_unit_test(limit_of_lines_holds),
		cmocka_unit_test(limit_of_designators_holds),
		cmocka_unit_test(full_arena_is_an_error_and_leaves_nothing),
		cmocka_unit_test(every_cut_of_a_bill_is_handled),
		cmocka_unit_test(example_of_this_project_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

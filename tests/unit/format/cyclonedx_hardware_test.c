/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/cyclonedx_hardware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_SIZE = 8192 };

#define HEAD               "{'bomFormat':'CycloneDX','specVersion':'1.6','version':1"
#define PARTS              HEAD ",'components':["
#define END                "]}"
#define MAKER              "'manufacturer':{'name':'Acme'}"
#define P(name, value)     "{'name':'" name "','value':'" value "'}"
#define DEVICE(name, rest) "{'type':'device','name':'" name "'," MAKER rest "}"

/* Accepted: "R1+R2=MPN; 4x=MPN"; refused: "MESSAGE@place …"; ' stands for ". */
static void show(const char *in, char out[static SHOWN_SIZE])
{
	struct arena arena = {.limit = 64 << 20};
	struct table_report report;
	struct fault f = {0};
	struct bom bom;
	char *json = strdup(in);
	size_t n = 0;

	assert_non_null(json);
	for (char *p = json; *p != '\0'; p++)
		*p = *p == '\'' ? '"' : *p;
	err e = cyclonedx_hardware_read(&arena, bytes_text(json), &bom, &report, &f);
	free(json); /* nothing of the result points into the file */
	out[0] = '\0';
	assert_int_equal(e.code == OK, report.n + report.more == 0);
	for (size_t i = 0; i < report.n; i++) {
		const char *place = fault_value(&report.faults[i].fault, "place");

		n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%s%s@%s", i ? " " : "",
				      report.faults[i].fault.message, place ? place : "");
	}
	for (size_t i = 0; i < bom.lines_n; i++) {
		const struct bom_line *line = &bom.lines[i];

		n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%s", i ? "; " : "");
		for (size_t k = 0; k < line->designators_n; k++)
			n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%s%.*s", k ? "+" : "",
					      (int)line->designators[k].n,
					      (const char *)line->designators[k].p);
		if (line->designators_n == 0)
			n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "%zux", line->quantity);
		n += (size_t)snprintf(out + n, SHOWN_SIZE - n, "=%.*s", (int)line->text[BOM_MPN].n,
				      (const char *)line->text[BOM_MPN].p);
	}
	arena_done(&arena);
}

struct sample {
	const char *in, *out;
};

static void assert_samples(const struct sample *samples, size_t n)
{
	char shown[SHOWN_SIZE];

	for (size_t i = 0; i < n; i++) {
		show(samples[i].in, shown);
		if (strcmp(shown, samples[i].out) != 0)
			print_error("%s: got %s\n", samples[i].in, shown);
		assert_string_equal(shown, samples[i].out);
	}
}

static void hardware_bills_are_read(void **state)
{
	static const struct sample SAMPLES[] = {
		{PARTS DEVICE("STM32L4", "") END, "1x=STM32L4"},
		{PARTS DEVICE("RC1", ",'properties':[" P("cdx:device:quantity", "2") "," P(
					     "cdx:device:location", "R1,R2") "]") END,
		 "R1+R2=RC1"},
		{PARTS DEVICE("RC1", ",'properties':[" P("cdx:device:location", "R1-R3") "]") END,
		 "R1+R2+R3=RC1"},
		{PARTS DEVICE("RC1", ",'properties':[" P("cdx:device:location", "R1") "," P(
					     "cdx:device:location",
					     "R7") "," P("cdx:device:quantity", "2") "]") END,
		 "R1+R7=RC1"},
		{PARTS DEVICE("M3", ",'properties':[" P("cdx:device:quantity", "4") "]") END,
		 "4x=M3"},
		/* what is no device is passed over, and so is a device that is not fitted */
		{PARTS "{'type':'firmware','name':'boot'}," DEVICE("U", "") "," DEVICE(
			 "X", ",'properties':[" P("sealwright:dnp", "yes") "]") END,
		 "1x=U"},
		/* an assembly: twice three is six */
		{PARTS "{'type':'device','name':'board','properties':[" P(
			 "cdx:device:quantity",
			 "2") "],'components':[" DEVICE("RC1",
							",'properties':[" P(
								"cdx:device:quantity",
								"3") "," P("cdx:device:location",
									   "R1-R3") "]") "]}" END,
		 "6x=RC1"},
		{PARTS "{'type':'device','name':'board','components':[" DEVICE(
			 "RC1", ",'properties':[" P("cdx:device:location", "R1") "]") "]}" END,
		 "R1=RC1"},
		/* a device may hold its firmware */
		{PARTS DEVICE("MCU", ",'components':[{'type':'firmware','name':'rom'}]") END,
		 "1x=MCU"},
		/* before 1.6 there was no manufacturer */
		{"{'bomFormat':'CycloneDX','specVersion':'1.4','components':[{'type':'device',"
		 "'name':'U','publisher':'Acme'}]}",
		 "1x=U"},
		{"\xef\xbb\xbf" PARTS DEVICE("U", "") END, "1x=U"},
		{HEAD ",'metadata':{'component':{'type':'device','name':'GW','bom-ref':'a'}},"
		      "'components':[" DEVICE("U", ",'bom-ref':'b'") END,
		 "1x=U"},
	};

	(void)state;
	assert_samples(SAMPLES, sizeof(SAMPLES) / sizeof(SAMPLES[0]));
}

static const struct sample HOSTILE_DOCUMENTS[] = {
	{"", "CYCLONEDX_HARDWARE_NOT_JSON@"},
	{"{", "CYCLONEDX_HARDWARE_NOT_JSON@"},
	{PARTS DEVICE("U", "") END "x", "CYCLONEDX_HARDWARE_NOT_JSON@"},
	{PARTS DEVICE("U", "") END "{}", "CYCLONEDX_HARDWARE_NOT_JSON@"},
	{PARTS DEVICE("U", ",'name':'V'") END, "CYCLONEDX_HARDWARE_NOT_JSON@"},
	{PARTS DEVICE("U\xff", "") END, "CYCLONEDX_HARDWARE_NOT_JSON@"},
	{PARTS DEVICE("U\\u0000", "") END, "CYCLONEDX_HARDWARE_NOT_JSON@"},
	{"[]", "CYCLONEDX_HARDWARE_WRONG@$"},
	{"{}", "CYCLONEDX_HARDWARE_WRONG@$.bomFormat "
	       "CYCLONEDX_HARDWARE_WRONG@$.specVersion"},
	{HEAD "}", "CYCLONEDX_HARDWARE_EMPTY@"},
	{PARTS END, "CYCLONEDX_HARDWARE_EMPTY@"},
	{PARTS "{'type':'library','name':'zlib'}" END, "CYCLONEDX_HARDWARE_EMPTY@"},
	{"{'bomFormat':'SPDX','specVersion':'1.6','components':[" DEVICE("U", "") END,
	 "CYCLONEDX_HARDWARE_WRONG@$.bomFormat"},
	{"{'bomFormat':'CycloneDX','specVersion':'1.2','components':[" DEVICE("U", "") END,
	 "CYCLONEDX_HARDWARE_WRONG@$.specVersion"},
	{"{'bomFormat':'CycloneDX','specVersion':1.6,'components':[" DEVICE("U", "") END,
	 "CYCLONEDX_HARDWARE_WRONG@$.specVersion CYCLONEDX_HARDWARE_WRONG@$.specVersion"},
	{HEAD ",'components':{}}", "CYCLONEDX_HARDWARE_WRONG@$.components"},
	{PARTS "1" END, "CYCLONEDX_HARDWARE_WRONG@$.components[0]"},
	{PARTS DEVICE("U", "") ",{'name':'x'}" END,
	 "CYCLONEDX_HARDWARE_WRONG@$.components[1].type"},
	{PARTS "{'type':'device'," MAKER "}" END, "BOM_NO_MPN@$.components[0]"},
	{PARTS "{'type':'device','name':5," MAKER "}" END, NULL},
	{PARTS "{'type':'device','name':'U'}" END, "BOM_NO_MANUFACTURER@$.components[0]"},
	{PARTS "{'type':'device','name':'U','manufacturer':'Acme'}" END, NULL},
	{PARTS "{'type':'device','name':'U','manufacturer':{'name':7}}" END, NULL},
	{PARTS DEVICE("U\\n2", "") END, "BOM_LINE_BREAK@$.components[0]"},
	{PARTS DEVICE("U\\u001b[2J", "") END, NULL},
	{PARTS DEVICE("U", ",'properties':{}") END,
	 "CYCLONEDX_HARDWARE_WRONG@$.components[0].properties"},
	{PARTS DEVICE("U", ",'properties':[1]") END,
	 "CYCLONEDX_HARDWARE_WRONG@$.components[0].properties[0]"},
	{PARTS DEVICE("U", ",'properties':[{'name':'cdx:device:quantity','value':2}]") END, NULL},
	{PARTS DEVICE("U", ",'properties':[" P("cdx:device:quantity", "0") "]") END,
	 "BOM_QUANTITY@$.components[0]"},
	{PARTS DEVICE("U", ",'properties':[" P("cdx:device:quantity", "-1") "]") END,
	 "BOM_QUANTITY@$.components[0]"},
	{PARTS DEVICE("U", ",'properties':[" P("cdx:device:quantity", "1.5") "]") END,
	 "BOM_QUANTITY@$.components[0]"},
	{PARTS DEVICE("U", ",'properties':[" P("cdx:device:quantity", "99999999") "]") END,
	 "BOM_QUANTITY@$.components[0]"},
	{PARTS DEVICE("U", ",'properties':[" P("cdx:device:quantity",
					       "1") "," P("cdx:device:quantity", "1") "]") END,
	 "CYCLONEDX_HARDWARE_TWICE@$.components[0].properties[1]"},
	{PARTS DEVICE("U", ",'properties':[" P("cdx:device:quantity",
					       "2") "," P("cdx:device:location", "U1") "]") END,
	 "BOM_QUANTITY_DIFFERS@$.components[0]"},
	{PARTS DEVICE("U", ",'properties':[" P("cdx:device:location", "U?") "]") END,
	 "BOM_NOT_ANNOTATED@$.components[0]"},
	{PARTS DEVICE("U", ",'properties':[" P("cdx:device:location", "U1") "]") "," DEVICE(
		 "V", ",'properties':[" P("cdx:device:location", "U1") "]") END,
	 "BOM_DESIGNATOR_TWICE@$.components[1]"},
	{PARTS DEVICE("U", ",'bom-ref':'a'") "," DEVICE("V", ",'bom-ref':'a'") END,
	 "CYCLONEDX_HARDWARE_REFERENCE@$.components[1].bom-ref"},
	{HEAD ",'metadata':{'component':{'type':'device','name':'GW','bom-ref':'a'}},"
	      "'components':[" DEVICE("U", ",'bom-ref':'a'") END,
	 "CYCLONEDX_HARDWARE_REFERENCE@$.metadata.component.bom-ref"},
	{PARTS "{'type':'device','name':'board','properties':[" P(
		 "cdx:device:quantity", "x") "],'components':[" DEVICE("RC1", "") "]}" END,
	 "BOM_QUANTITY@$.components[0]"},
	{PARTS "{'type':'device','name':'board','properties':[" P(
		 "cdx:device:quantity",
		 "900000") "],'components':[" DEVICE("RC1",
						     ",'properties':[" P("cdx:device:quantity",
									 "900000") "]") "]}" END,
	 "BOM_QUANTITY@$.components[0].components[0]"},
	{PARTS DEVICE("U", ",'properties':[" P("sealwright:critical", "perhaps") "]") END,
	 "BOM_CRITICAL_UNKNOWN@$.components[0]"},
	{PARTS DEVICE("U", ",'properties':[" P("sealwright:conformance", "best") "]") END,
	 "BOM_CONFORMANCE@$.components[0]"},
};

static void hostile_documents_are_refused_with_the_path_of_the_fault(void **state)
{
	char shown[SHOWN_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(HOSTILE_DOCUMENTS) / sizeof(HOSTILE_DOCUMENTS[0]); i++) {
		show(HOSTILE_DOCUMENTS[i].in, shown);
		if (HOSTILE_DOCUMENTS[i].out == NULL) /* several faults of the same member */
			assert_non_null(strstr(shown, "CYCLONEDX_HARDWARE_WRONG@$.components[0]."));
		else if (strcmp(shown, HOSTILE_DOCUMENTS[i].out) != 0)
			fail_msg("%s: got %s", HOSTILE_DOCUMENTS[i].in, shown);
	}
}

/* `n` times `open`, then the same of `close`. */
static char *nested(size_t n, const char *open, const char *close)
{
	char *out = malloc(n * (strlen(open) + strlen(close)) + 1);
	char *p = out;

	assert_non_null(out);
	for (size_t i = 0; i < 2 * n; i++)
		p = stpcpy(p, i < n ? open : close);
	return out;
}

static void depth_is_bounded_before_anything_is_built(void **state)
{
	char shown[SHOWN_SIZE];
	char *deep = nested(65, "[", "]"),
	     *devices = nested(40, "{'type':'device','components':[", "]}");
	char *more = nested(100000, "[", "]");

	(void)state;
	show(deep, shown);
	assert_string_equal(shown, "CYCLONEDX_HARDWARE_TOO_DEEP@");
	show(devices, shown);
	assert_string_equal(shown, "CYCLONEDX_HARDWARE_TOO_DEEP@");
	show(more, shown);
	assert_string_equal(shown, "CYCLONEDX_HARDWARE_TOO_DEEP@");
	free(deep);
	free(devices);
	free(more);
}

static void every_cut_of_a_document_is_refused(void **state)
{
	char shown[SHOWN_SIZE];
	const char *whole =
		PARTS DEVICE("RC1", ",'properties':[" P("cdx:device:location", "R1") "]") END;
	char *text = strdup(whole);

	(void)state;
	for (size_t n = strlen(whole); n-- > 0;) {
		text[n] = '\0';
		show(text, shown);
		assert_string_equal(shown, "CYCLONEDX_HARDWARE_NOT_JSON@");
	}
	free(text);
}

static void full_arena_is_an_error_and_leaves_nothing(void **state)
{
	char *json = strdup(PARTS DEVICE(
		"RC1", ",'properties':[" P("cdx:device:location",
					   "R1-R9") "]") "," DEVICE("U", ",'bom-ref':'x'") END);
	bool succeeded = false;

	(void)state;
	for (char *p = json; *p != '\0'; p++)
		*p = *p == '\'' ? '"' : *p;
	for (size_t limit = 100; limit < 60000; limit += 211) {
		struct arena arena = {.limit = limit};
		struct table_report report;
		struct fault f = {0};
		struct bom bom;
		err e = cyclonedx_hardware_read(&arena, bytes_text(json), &bom, &report, &f);

		assert_true(e.code == OK || e.code == ERR_MEMORY);
		assert_true(e.code == OK || bom.lines == NULL);
		succeeded = e.code == OK;
		arena_done(&arena);
	}
	assert_true(succeeded);
	free(json);
}

static void json_is_told_from_a_table(void **state)
{
	(void)state;
	assert_true(cyclonedx_hardware_like(bytes_text(" \r\n{}")));
	assert_true(cyclonedx_hardware_like(bytes_text("\xef\xbb\xbf{")));
	assert_false(cyclonedx_hardware_like(bytes_text("Reference,Value\n")));
	assert_false(cyclonedx_hardware_like(bytes_text("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hardware_bills_are_read),
		cmocka_unit_test(hostile_documents_are_refused_with_the_path_of_the_fault),
		cmocka_unit_test(depth_is_bounded_before_anything_is_built),
		cmocka_unit_test(every_cut_of_a_document_is_refused),
		cmocka_unit_test(full_arena_is_an_error_and_leaves_nothing),
		cmocka_unit_test(json_is_told_from_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

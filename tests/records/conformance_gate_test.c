/* SPDX-License-Identifier: Apache-2.0 */
/* A part lot reaches the line with the conformance certificate that the bills of material need, and the
 * passport shows who brought it. */
#include "conformance_world.h"

#include "record/passport.h"

#include <stdio.h>

/* ---- the gate ---- */

/* One line for each need, of a part of its own: what part lots of which grade pass. */
static const struct {
	const char *part, *need, *passes;
} NEEDS[] = {
	{"N1", ",'conformance':'signed'", "signed"},
	{"N2", ",'conformance':'uploaded'", "uploaded signed"},
	{"N3", ",'conformance':'vouched'", "vouched uploaded signed"},
	{"N4", ",'conformance':'none'", "missing vouched uploaded signed"},
	{"N5", "", "missing vouched uploaded signed"},
	{"N6", ",'critical':true", "vouched uploaded signed"},
	{"N7", ",'critical':true,'conformance':'none'", "missing vouched uploaded signed"},
};
enum { NEEDS_N = sizeof NEEDS / sizeof NEEDS[0] };

static void releases_needs(struct world *w)
{
	char lines[2048];
	size_t n = 0;

	for (size_t i = 0; i < NEEDS_N; i++) {
		n += (size_t)snprintf(lines + n, sizeof lines - n,
				      "%s{'line':'%zu','part':'%s','quantity':1%s}",
				      i > 0 ? "," : "", i, NEEDS[i].part, NEEDS[i].need);
		assert_says("", w, "anna", "part.defined",
			    "{'part':'%s','description':'it','critical':false}", NEEDS[i].part);
		assert_says("", w, "anna", "part.source_approved",
			    "{'part':'%s','supplier':'acme'}", NEEDS[i].part);
	}
	assert_says("", w, "anna", "bom.released",
		    "{'product':'GW','revision':'A','line_count':%d,'lines':[%s]}", (int)NEEDS_N,
		    lines);
}

/* A part lot of that part with a certificate of that grade. */
static void arrives(struct world *w, const char *lot, const char *part, const char *grade)
{
	if (strcmp(grade, "signed") == 0)
		assert_says("", w, "sam", "conformance.declared",
			    "{'supplier':'acme','part_lot':'%s','part':'%s','document':" PAPER "}",
			    lot, part);
	if (strcmp(grade, "uploaded") == 0)
		assert_string_equal(system_says(w, "conformance.uploaded",
						"{'link':'" LINK "','supplier':'acme',"
						"'part_lot':'%s','document':" PAPER "}",
						lot),
				    "");
	assert_string_equal(
		receives(w, lot, part,
			 strcmp(grade, "vouched") == 0 ? ",'conformance_certificate':" PAPER : ""),
		"");
	assert_string_equal(grade_of(w, lot), grade);
}

static void part_lot_reaches_the_line_with_the_grade_that_its_line_needs(void **state)
{
	static const char *const grades[] = {"missing", "vouched", "uploaded", "signed"};
	struct world *w = stocked(state);

	gives_link(w, "");
	releases_needs(w);
	for (size_t i = 0; i < NEEDS_N; i++)
		for (size_t k = 0; k < 4; k++) {
			char lot[16], stopped[32];
			snprintf(lot, sizeof lot, "%s-%zu", NEEDS[i].part, k);
			snprintf(stopped, sizeof stopped, "SRC-02: %s", grades[k]);
			arrives(w, lot, NEEDS[i].part, grades[k]);
			assert_string_equal(kit_says(w, lot),
					    strstr(NEEDS[i].passes, grades[k]) ? "" : stopped);
		}
	assert_string_equal(shows(w, "bom.uses", "conformance", "part=N1"), "signed");
	assert_string_equal(shows(w, "bom.uses", "conformance", "part=N6"), "vouched");
	assert_string_equal(shows(w, "bom.lines", "conformance", "product=GW&revision=A"),
			    "signed");
}

static void strictest_of_all_bills_counts_until_it_is_replaced(void **state)
{
	struct world *w = stocked(state);
	static const char form[] = "{'product':'%s','revision':'%s','line_count':1,'lines':[{"
				   "'line':'1','part':'R10K','quantity':1,'conformance':'%s'}]}";

	assert_says("", w, "anna", "product.defined",
		    "{'product':'GX','hardware_type':'1.3.6.1.4.1.32473.8','name':'Other'}");
	arrives(w, "R1", "R10K", "vouched");
	assert_says("", w, "anna", "bom.released", form, "GW", "A", "none");
	assert_string_equal(kit_says(w, "R1"), "");
	assert_says("", w, "anna", "bom.released", form, "GX", "A", "signed");
	assert_string_equal(kit_says(w, "R1"), "SRC-02: vouched");
	assert_says("", w, "anna", "bom.released", form, "GX", "B", "vouched");
	assert_string_equal(kit_says(w, "R1"), "");
}

/* Revision A is replaced by one without the part, and BA1 still builds by A. */
static void bill_that_is_still_built_by_counts(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "anna", "bom.released",
		    "{'product':'GW','revision':'B','line_count':1,'lines':[{'line':'1',"
		    "'part':'MCU2','quantity':1}]}");
	assert_string_equal(receives(w, "R2", "MCU1", ""), "CONFORMANCE_CERTIFICATE_MISSING");
	world_clear(w); /* used as it is: the gate asks all the same */
	assert_string_equal(kit_says(w, "R2"), "SRC-02: missing");
	assert_says("!GATE_CLOSED", w, "bert", "part_lot.issued",
		    "{'supplier':'acme','part_lot':'R2','authorization':'BA1','site':'VN',"
		    "'line':'L1','quantity':1}");
	assert_says("", w, "bert", "conformance.vouched", VOUCHED("R2"));
	assert_string_equal(kit_says(w, "R2"), "");
}

static void what_was_split_off_has_what_it_was_split_from(void **state)
{
	struct world *w = stocked(state);
	static const char form[] = "{'supplier':'acme','part_lot':'%s','from_part_lot':'%s',"
				   "'site':'VN','quantity':%d}";

	assert_says("", w, "anna", "bom.released",
		    "{'product':'GW','revision':'A','line_count':1,'lines':[{'line':'1',"
		    "'part':'R10K','quantity':1,'conformance':'uploaded'}]}");
	arrives(w, "R1", "R10K", "vouched");
	assert_says("", w, "bert", "part_lot.split", form, "R1b", "R1", 50);
	assert_says("", w, "bert", "part_lot.split", form, "R1c", "R1b", 10);
	assert_string_equal(grade_of(w, "R1c"), "vouched");
	assert_string_equal(kit_says(w, "R1c"), "SRC-02: vouched");
	gives_link(w, "");
	assert_string_equal(system_says(w, "conformance.uploaded", UPLOADED(LINK, "acme", "R1")),
			    "");
	assert_string_equal(grade_of(w, "R1c"), "uploaded");
	assert_string_equal(kit_says(w, "R1c"), "");
	/* Not the other way round. */
	assert_says("", w, "sam", "conformance.declared",
		    "{'supplier':'acme','part_lot':'R1c','part':'R10K','document':" PAPER "}");
	assert_string_equal(grade_of(w, "R1c"), "signed");
	assert_string_equal(grade_of(w, "R1b"), "uploaded");
	assert_int_equal(rows_of(w, "conformance.of", "supplier=acme&part_lot=R1c"), 3);
}

static void policy_switches_between_stopping_and_warning(void **state)
{
	struct world *w = *state;
	static const char issue[] = "{'supplier':'acme','part_lot':'R2','authorization':'BA1',"
				    "'site':'VN','line':'L1','quantity':1}";

	world_ready_to_build(w);
	assert_string_equal(receives(w, "R2", "MCU1", ""), "CONFORMANCE_CERTIFICATE_MISSING");
	world_clear(w);
	assert_says("!GATE_CLOSED", w, "anna", "part_lot.issued", "%s", issue);
	assert_decided("", w, "control.mode_set",
		       "{'control':'SRC-02','mode':'warn','reason':'papers are late'}");
	assert_says("CONTROL_WARNED", w, "anna", "part_lot.issued", "%s", issue);
	assert_decided("", w, "control.mode_set",
		       "{'control':'SRC-02','mode':'observe','reason':'papers are late'}");
	assert_says("", w, "anna", "part_lot.issued", "%s", issue);
	assert_decided("", w, "control.mode_set",
		       "{'control':'SRC-02','mode':'enforce','reason':'they came'}");
	assert_says("!GATE_CLOSED", w, "anna", "part_lot.issued", "%s", issue);
}

/* ---- the passport ---- */

static void passport_carries_who_brought_the_certificate(void **state)
{
	struct world *w = *state;
	struct caller caller = {.principal = "anna", .channel = CHANNEL_KEY};
	struct passport_request request = {.caller = &caller, .product = "GW", .serial = "S1"};
	static const char *const types[] = {"conformance.uploaded", "conformance.vouched"};
	struct reader_session *r;
	struct bytes passport;

	world_ready_to_build(w);
	gives_link(w, "");
	assert_string_equal(system_says(w, "conformance.uploaded", UPLOADED(LINK, "acme", "R1")),
			    "");
	assert_says("", w, "bert", "conformance.vouched", VOUCHED("R1"));
	world_unit(w, "S1");
	ok(reader_take(w->house.engine, &r, &w->fault), &w->fault);
	ok(passport_build(w->house.engine, r, &w->house.arena, &request, &passport, &w->fault),
	   &w->fault);
	reader_give(r);
	for (size_t i = 0; i < 2; i++)
		assert_non_null(memmem(passport.p, passport.n, types[i], strlen(types[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(part_lot_reaches_the_line_with_the_grade_that_its_line_needs),
		WORLD_TEST(strictest_of_all_bills_counts_until_it_is_replaced),
		WORLD_TEST(bill_that_is_still_built_by_counts),
		WORLD_TEST(what_was_split_off_has_what_it_was_split_from),
		WORLD_TEST(passport_carries_who_brought_the_certificate),
		POLICY_TEST(policy_switches_between_stopping_and_warning),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

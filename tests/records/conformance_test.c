/* SPDX-License-Identifier: Apache-2.0 */
/* What a conformance certificate is worth follows from who brought it; what arrives is compared with what
 * the supplier declared. */
#include "conformance_world.h"

#include <stdio.h>

/* ---- grades ---- */

static void grade_follows_from_who_brings_it_and_only_rises(void **state)
{
	struct world *w = stocked(state);

	assert_string_equal(receives(w, "R1", "R10K", ""), "");
	assert_string_equal(grade_of(w, "R1"), "missing");
	assert_says("", w, "bert", "conformance.vouched", VOUCHED("R1"));
	assert_string_equal(grade_of(w, "R1"), "vouched");
	gives_link(w, "");
	assert_string_equal(system_says(w, "conformance.uploaded", UPLOADED(LINK, "acme", "R1")),
			    "");
	assert_string_equal(grade_of(w, "R1"), "uploaded");
	assert_says("", w, "sam", "conformance.declared",
		    "{'supplier':'acme','part_lot':'R1','part':'R10K','document':" PAPER "}");
	assert_string_equal(grade_of(w, "R1"), "signed");
	assert_says("", w, "bert", "conformance.vouched", VOUCHED("R1"));
	assert_string_equal(grade_of(w, "R1"), "signed");
	assert_int_equal(rows_of(w, "conformance.of", "supplier=acme&part_lot=R1"), 4);
	assert_string_equal(shows(w, "conformance.of", "author", "supplier=acme&part_lot=R1"),
			    "sam"); /* the best first */
	assert_string_equal(shows(w, "conformance.links", "uploads", "supplier=acme"), "1");
	assert_string_equal(shows(w, "supplier.list", "tier", "supplier=acme"), "1");
}

static void paper_that_came_with_the_part_lot_is_vouched_for(void **state)
{
	struct world *w = stocked(state);

	assert_string_equal(receives(w, "R1", "MCU1", ",'conformance_certificate':" PAPER), "");
	assert_string_equal(grade_of(w, "R1"), "vouched");
	assert_string_equal(receives(w, "R2", "MCU1", ""), "CONFORMANCE_CERTIFICATE_MISSING");
}

static void certificate_that_came_before_its_part_lot_is_not_missing(void **state)
{
	struct world *w = stocked(state);

	assert_says("", w, "sam", "conformance.declared", DECLARED("R1"));
	assert_string_equal(receives(w, "R1", "MCU1", ""), "");
	assert_string_equal(grade_of(w, "R1"), "signed");
	gives_link(w, "");
	assert_string_equal(system_says(w, "conformance.uploaded", UPLOADED(LINK, "acme", "R2")),
			    "");
	assert_string_equal(receives(w, "R2", "MCU1", ""), "");
	/* … and of another supplier's part lot with that number it says nothing. */
	assert_says("SUPPLIER_NOT_APPROVED PART_SOURCE_NOT_APPROVED "
		    "CONFORMANCE_CERTIFICATE_MISSING",
		    w, "bert", "part_lot.received",
		    "{'supplier':'other','part_lot':'R1','part':'MCU1','quantity':1,'site':'VN',"
		    "'packaging':'intact'}");
}

static void only_the_suppliers_own_principal_declares(void **state)
{
	struct world *w = stocked(state);

	assert_says("!CONFORMANCE_NOT_BY_SUPPLIER", w, "anna", "conformance.declared",
		    DECLARED("R1"));
	assert_says("!CONFORMANCE_NOT_BY_SUPPLIER", w, "sue", "conformance.declared",
		    DECLARED("R1"));
	assert_says("!CONFORMANCE_NOT_BY_SUPPLIER", w, "pete", "conformance.declared",
		    DECLARED("R1"));
	assert_says("!CONFORMANCE_NOT_BY_SUPPLIER", w, "sam", "conformance.declared",
		    "{'supplier':'other','part_lot':'R1','part':'MCU1','document':" PAPER "}");
	assert_says("!SUPPLIER_UNKNOWN", w, "sam", "conformance.declared",
		    "{'supplier':'none','part_lot':'R1','part':'MCU1','document':" PAPER "}");
	assert_says("!PART_UNKNOWN", w, "sam", "conformance.declared",
		    "{'supplier':'acme','part_lot':'R1','part':'NONE','document':" PAPER "}");
	assert_says("!NOT_ALLOWED", w, "sam", "conformance.vouched", VOUCHED("R1"));
	assert_says("!NOT_ALLOWED", w, "sam", "conformance.link_given",
		    "{'link':'" LINK "','supplier':'acme','expires':'%s'}", from_now(w, DAYS(1)));
	assert_int_equal(rows_of(w, "conformance.of", "supplier=acme&part_lot=R1"), 0);
	assert_says("", w, "anna", "principal.left", "{'principal':'sam','reason':'contract'}");
	assert_string_not_equal(says(w, "sam", "conformance.declared", DECLARED("R1")), "");
	assert_int_equal(rows_of(w, "conformance.of", "supplier=acme&part_lot=R1"), 0);
}

/* ---- links ---- */

static void link_must_make_sense(void **state)
{
	struct world *w = stocked(state);
	static const char form[] = "{'link':'" LINK "','supplier':'%s','expires':'%s'}";

	assert_says("!SUPPLIER_UNKNOWN", w, "anna", "conformance.link_given", form, "none",
		    from_now(w, DAYS(1)));
	assert_says("!CONFORMANCE_LINK_TIME_WRONG", w, "anna", "conformance.link_given", form,
		    "acme", from_now(w, -MINUTE_MS));
	assert_says("!CONFORMANCE_LINK_TIME_WRONG", w, "anna", "conformance.link_given", form,
		    "acme", from_now(w, DAYS(93)));
	gives_link(w, "");
	assert_says("!CONFORMANCE_LINK_EXISTS", w, "anna", "conformance.link_given", form, "other",
		    from_now(w, DAYS(1)));
	assert_int_equal(rows_of(w, "conformance.links", ""), 1);
}

static void what_came_through_no_open_link_counts_for_nothing(void **state)
{
	struct world *w = stocked(state);

	gives_link(w, ",'part_lot':'R1'");
	assert_string_equal(receives(w, "R1", "R10K", ""), "");
	assert_string_equal(system_says(w, "conformance.uploaded", UPLOADED(OTHER, "acme", "R1")),
			    "CONFORMANCE_LINK_NOT_OPEN");
	assert_string_equal(system_says(w, "conformance.uploaded", UPLOADED(LINK, "other", "R1")),
			    "CONFORMANCE_LINK_NOT_OPEN");
	assert_string_equal(system_says(w, "conformance.uploaded", UPLOADED(LINK, "acme", "R2")),
			    "CONFORMANCE_LINK_NOT_OPEN");
	assert_string_equal(grade_of(w, "R1"), "missing");
	assert_says("!TYPE_IS_SYSTEM", w, "anna", "conformance.uploaded",
		    UPLOADED(LINK, "acme", "R1"));
	assert_string_equal(system_says(w, "conformance.uploaded", UPLOADED(LINK, "acme", "R1")),
			    "");
	assert_string_equal(system_says(w, "conformance.uploaded", UPLOADED(LINK, "acme", "R1")),
			    "CONFORMANCE_LINK_NOT_OPEN");
	assert_int_equal(rows_of(w, "conformance.of", "supplier=acme&part_lot=R1"), 1);
	assert_int_equal(rows_of(w, "hold.open", ""), 0);
}

static void link_that_ended_is_not_open(void **state)
{
	struct world *w = stocked(state);

	gives_link(w, "");
	world_later(w, (uint64_t)DAYS(14) + MINUTE_MS);
	assert_string_equal(system_says(w, "conformance.uploaded", UPLOADED(LINK, "acme", "R1")),
			    "CONFORMANCE_LINK_NOT_OPEN");
	assert_int_equal(rows_of(w, "conformance.of", "supplier=acme&part_lot=R1"), 0);
}

static void link_takes_a_hundred_part_lots_and_no_more(void **state)
{
	struct world *w = stocked(state);

	gives_link(w, "");
	for (unsigned i = 0; i < 101; i++)
		assert_string_equal(system_says(w, "conformance.uploaded",
						"{'link':'" LINK
						"','supplier':'acme','part_lot':'R%u',"
						"'document':" PAPER "}",
						i),
				    i < 100 ? "" : "CONFORMANCE_LINK_NOT_OPEN");
	assert_string_equal(shows(w, "conformance.links", "uploads", ""), "100");
}

static void paper_of_a_part_lot_that_never_came_counts_for_nothing(void **state)
{
	struct world *w = stocked(state);

	assert_says("PART_LOT_UNKNOWN", w, "bert", "conformance.vouched", VOUCHED("R9"));
	assert_string_equal(receives(w, "R9", "MCU1", ""), "CONFORMANCE_CERTIFICATE_MISSING");
	assert_says("!NOT_ALLOWED", w, "hugo", "conformance.vouched", VOUCHED("R9"));
}

/* ---- what arrived beside what was declared ---- */

static void arrival_is_compared_with_the_declaration(void **state)
{
	struct world *w = stocked(state);
	static const struct {
		const char *rest, *raised;
	} rows[] = {
		{",'date_code':'2431','seal':'S7'", ""},
		{",'date_code':'2431','seal':'S7','manufacturer_part':'MCU1-X'", ""},
		{",'date_code':'2431'", "PART_LOT_SEAL_DIFFERS"},
		{",'date_code':'2431','seal':'S8'", "PART_LOT_SEAL_DIFFERS"},
		{",'date_code':'2430','seal':'S7'", "PART_LOT_DIFFERS_FROM_DECLARED"},
		{",'seal':'S7'", "PART_LOT_DIFFERS_FROM_DECLARED"},
		{",'date_code':'2431','seal':'S7','manufacturer_part':'MCU1-Y'",
		 "PART_LOT_OTHER_PART"},
		{"", "PART_LOT_SEAL_DIFFERS PART_LOT_DIFFERS_FROM_DECLARED"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char lot[8];
		snprintf(lot, sizeof lot, "R%zu", i);
		assert_says("", w, "sam", "conformance.declared",
			    "{'supplier':'acme','part_lot':'%s','part':'MCU1','quantity':100,"
			    "'date_code':'2431','seal':'S7','document':" PAPER "}",
			    lot);
		assert_string_equal(receives(w, lot, "MCU1", rows[i].rest), rows[i].raised);
		assert_int_equal(strcmp(kit_says(w, lot), "") == 0, rows[i].raised[0] == '\0');
	}
}

static void other_part_or_quantity_than_declared_is_held(void **state)
{
	struct world *w = stocked(state);

	assert_says(
		"", w, "sam", "conformance.declared",
		"{'supplier':'acme','part_lot':'R1','part':'MCU1','quantity':99,'document':" PAPER
		"}");
	assert_says("", w, "sam", "conformance.declared", DECLARED("R2"));
	assert_string_equal(receives(w, "R1", "MCU1", ""), "PART_LOT_DIFFERS_FROM_DECLARED");
	assert_string_equal(receives(w, "R2", "R10K", ""), "PART_LOT_DIFFERS_FROM_DECLARED");
	assert_int_equal(rows_of(w, "hold.open", "kind=part_lot"), 2);
}

static void newest_declaration_holds_and_late_ones_are_compared_too(void **state)
{
	struct world *w = stocked(state);
	static const char form[] = "{'supplier':'acme','part_lot':'R1','part':'MCU1',"
				   "'quantity':%d,'seal':'%s','document':" PAPER "}";

	assert_says("", w, "sam", "conformance.declared", form, 50, "S1");
	assert_says("", w, "sam", "conformance.declared", form, 100, "S2");
	assert_string_equal(receives(w, "R1", "MCU1", ",'seal':'S2'"), "");
	assert_says("PART_LOT_DIFFERS_FROM_DECLARED", w, "sam", "conformance.declared", form, 99,
		    "S2");
	assert_says("PART_LOT_SEAL_DIFFERS", w, "sam", "conformance.declared", form, 100, "S3");
	assert_string_not_equal(kit_says(w, "R1"), "");
}

/* Nobody lifts a grade by a record that is out of order, or from another site. */
static void grade_is_not_raised_by_a_detour(void **state)
{
	struct world *w = stocked(state);
	static const char split[] = "{'supplier':'acme','part_lot':'R1','from_part_lot':'R2',"
				    "'site':'VN','quantity':5}";

	assert_string_equal(receives(w, "R1", "R10K", ""), "");
	assert_string_equal(receives(w, "R2", "R10K", ",'conformance_certificate':" PAPER), "");
	/* Received a second time, with paper. */
	assert_string_equal(receives(w, "R1", "R10K", ",'conformance_certificate':" PAPER),
			    "PART_LOT_RECEIVED_TWICE");
	assert_string_equal(grade_of(w, "R1"), "missing");
	/* Split into, from one that has a certificate. */
	assert_says("PART_LOT_RECEIVED_TWICE", w, "bert", "part_lot.split", "%s", split);
	assert_string_equal(grade_of(w, "R1"), "missing");
	assert_int_equal(rows_of(w, "conformance.of", "supplier=acme&part_lot=R1"), 0);
	/* Hugo, at HH, never saw what lies in VN. */
	assert_says("PART_LOT_UNKNOWN", w, "hugo", "conformance.vouched",
		    "{'supplier':'acme','part_lot':'R1','site':'HH','document':" PAPER "}");
	assert_string_equal(grade_of(w, "R1"), "missing");
	assert_says("", w, "bert", "conformance.vouched", VOUCHED("R1"));
	assert_string_equal(grade_of(w, "R1"), "vouched");
	house_must_rebuild(&w->house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(grade_follows_from_who_brings_it_and_only_rises),
		WORLD_TEST(paper_that_came_with_the_part_lot_is_vouched_for),
		WORLD_TEST(certificate_that_came_before_its_part_lot_is_not_missing),
		WORLD_TEST(only_the_suppliers_own_principal_declares),
		WORLD_TEST(link_must_make_sense),
		WORLD_TEST(what_came_through_no_open_link_counts_for_nothing),
		WORLD_TEST(link_that_ended_is_not_open),
		WORLD_TEST(link_takes_a_hundred_part_lots_and_no_more),
		WORLD_TEST(paper_of_a_part_lot_that_never_came_counts_for_nothing),
		WORLD_TEST(arrival_is_compared_with_the_declaration),
		WORLD_TEST(other_part_or_quantity_than_declared_is_held),
		WORLD_TEST(newest_declaration_holds_and_late_ones_are_compared_too),
		WORLD_TEST(grade_is_not_raised_by_a_detour),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

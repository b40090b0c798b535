/* SPDX-License-Identifier: Apache-2.0 */
/* Conformance certificates: what one is worth follows from who brought it, and decides whether its part
 * lot reaches the line. */
#include "policy_world.h"

#include "record/passport.h"

#include <stdio.h>

#define PAPER         "'2222222222222222222222222222222222222222222222222222222222222222'"
#define LINK          "5555555555555555555555555555555555555555555555555555555555555555"
#define OTHER         "6666666666666666666666666666666666666666666666666666666666666666"
#define DECLARED(lot) "{'supplier':'acme','part_lot':'" lot "','part':'MCU1','document':" PAPER "}"
#define UPLOADED(link, supplier, lot) \
	"{'link':'" link "','supplier':'" supplier "','part_lot':'" lot "','document':" PAPER "}"
#define VOUCHED(lot) "{'supplier':'acme','part_lot':'" lot "','site':'VN','document':" PAPER "}"

static const char *grade_of(struct world *w, const char *lot)
{
	char query[80];

	snprintf(query, sizeof query, "part_lot=%s", lot);
	return shows(w, "part_lot.list", "grade", query);
}

static const char *kit_says(struct world *w, const char *lot)
{
	return gate_says(w, "kit", "part_lot", "acme", lot);
}

static void enters(struct world *w, const char *name, const char *kind, const char *supplier)
{
	assert_says("", w, "anna", "principal.registered",
		    "{'principal':'%s','kind':'%s','natural_person':'%s','supplier':'%s'}", name,
		    kind, name, supplier);
	world_enroll_key(w, name, world_actor(w, name));
	assert_says("", w, "anna", "role.granted",
		    "{'grant_id':'g-%s','principal':'%s','role':'supplier'}", name, name);
}

/* Suppliers acme, approved, and other; MCU1 is critical, R10K is not; sam speaks for acme, sue for other,
 * and pete is a person of acme's. */
static struct world *stocked(void **state)
{
	struct world *w = *state;
	static const char *const parts[] = {"MCU1", "R10K"};

	for (size_t i = 0; i < 2; i++)
		assert_says("", w, "anna", "supplier.registered",
			    "{'supplier':'%s','class':'manufacturer','country':'DE','name':'It',"
			    "'tier':1}",
			    i == 0 ? "acme" : "other");
	assert_says("", w, "anna", "supplier.approved",
		    "{'supplier':'acme','expires':'2099-01-01T00:00:00.000Z'}");
	for (size_t i = 0; i < 2; i++) {
		assert_says("", w, "anna", "part.defined",
			    "{'part':'%s','description':'it','critical':%s,"
			    "'manufacturer_part':'%s-X'}",
			    parts[i], i == 0 ? "true" : "false", parts[i]);
		assert_says("", w, "anna", "part.source_approved",
			    "{'part':'%s','supplier':'acme'}", parts[i]);
	}
	assert_says("", w, "anna", "role.defined",
		    "{'role':'supplier','permissions':[{'permission':'conformance.declare'}]}");
	enters(w, "sam", "supplier", "acme");
	enters(w, "sue", "supplier", "other");
	enters(w, "pete", "person", "acme");
	return w;
}

static const char *receives(struct world *w, const char *lot, const char *part, const char *rest)
{
	return says(w, "bert", "part_lot.received",
		    "{'supplier':'acme','part_lot':'%s','part':'%s','quantity':100,'site':'VN',"
		    "'packaging':'intact'%s}",
		    lot, part, rest);
}

static void gives_link(struct world *w, const char *part_lot)
{
	assert_says("", w, "anna", "conformance.link_given",
		    "{'link':'" LINK "','supplier':'acme','expires':'%s'%s}", from_now(w, DAYS(14)),
		    part_lot);
}

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
		WORLD_TEST(part_lot_reaches_the_line_with_the_grade_that_its_line_needs),
		WORLD_TEST(strictest_of_all_bills_counts_until_it_is_replaced),
		WORLD_TEST(bill_that_is_still_built_by_counts),
		WORLD_TEST(what_was_split_off_has_what_it_was_split_from),
		WORLD_TEST(passport_carries_who_brought_the_certificate),
		POLICY_TEST(policy_switches_between_stopping_and_warning),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A seal's life, and every step outside it. Each world is folded again when a test ends. */
#include "world.h"

#include <string.h>

#define ISSUE(number, holder) "{'maker':'M','seal':'" number "','holder':'" holder "','site':'VN'}"
#define APPLY(number, shipment) \
	"{'maker':'M','seal':'" number "','shipment':'" shipment "','site':'VN'}"
#define CHECK(number, read, rest) \
	"{'maker':'M','seal':'" number "','read':'" read "','shipment':'SH1','site':'HH'," rest "}"
#define WELL "'viewed':true,'tugged':true,'twisted':true,'intact':true"
#define BREAK(number, authorized)                                                                \
	"{'maker':'M','seal':'" number "','site':'VN','shipment':'SH1','authorized':" authorized \
	",'reason':'seen'}"

static void packed_shipment(struct world *w, const char *shipment)
{
	assert_says("", w, "bert", "shipment.planned",
		    "{'shipment':'%s','from_site':'VN','to_site':'HH'}", shipment);
	assert_says("", w, "bert", "shipment.packed",
		    "{'shipment':'%s','site':'VN','contents':[{'kind':'item','id':'cable',"
		    "'quantity':2}]}",
		    shipment);
}

static void seal_goes_from_stock_to_its_end(void **state)
{
	struct world *w = *state;

	world_seals(w);
	packed_shipment(w, "SH1");
	assert_string_equal(shows(w, "seal.stock", "state", "maker=M&state=stocked"), "stocked");
	assert_says("", w, "bert", "seal.issued", ISSUE("1", "carl"));
	assert_says("", w, "carl", "seal.applied", APPLY("1", "SH1"));
	assert_string_equal(shows(w, "seal.by_shipment", "state", "shipment=SH1"), "applied");
	assert_string_equal(shows(w, "shipment.outbound", "state", "shipment=SH1"), "sealed");
	assert_says("", w, "dora", "seal.checked", CHECK("1", "1", WELL));
	assert_string_equal(shows(w, "seal.by_shipment", "checked_site", "shipment=SH1"), "HH");
	assert_says("", w, "carl", "seal.broken", BREAK("1", "true"));
	assert_string_equal(shows(w, "shipment.outbound", "state", "shipment=SH1"), "packed");
	assert_says("", w, "carl", "seal.destroyed",
		    "{'maker':'M','seal':'1','site':'VN','seen_by':'dora'}");
	assert_string_equal(shows(w, "seal.by_shipment", "state", "shipment=SH1"), "destroyed");
	assert_int_equal(rows_of(w, "hold.open", ""), 0);
}

static void seal_is_issued_once_to_another_person_from_its_own_stock(void **state)
{
	struct world *w = *state;

	world_seals(w);
	assert_says("!SEAL_UNKNOWN", w, "bert", "seal.issued", ISSUE("9", "carl"));
	assert_says("!SEAL_ISSUED_TO_ONESELF", w, "bert", "seal.issued", ISSUE("1", "bert"));
	assert_says("!SEAL_ISSUED_TO_ONESELF", w, "anna", "seal.issued", ISSUE("1", "emil"));
	assert_says("!SEAL_HOLDER_UNKNOWN", w, "bert", "seal.issued", ISSUE("1", "nobody"));
	assert_says("!SEAL_HOLDER_UNKNOWN", w, "bert", "seal.issued", ISSUE("1", "st1"));
	assert_says("!SEAL_AT_OTHER_SITE", w, "bert", "seal.issued",
		    "{'maker':'M','seal':'1','holder':'carl','site':'HH'}");
	assert_says("", w, "bert", "seal.issued", ISSUE("1", "carl"));
	assert_says("!SEAL_ALREADY_ISSUED", w, "bert", "seal.issued", ISSUE("1", "dora"));
	assert_string_equal(shows(w, "seal.stock", "holder", "state=issued"), "carl");
}

static void number_received_twice_is_never_issued_and_never_trusted(void **state)
{
	struct world *w = *state;

	world_seals(w);
	packed_shipment(w, "SH1");
	assert_says("", w, "bert", "seal.issued", ISSUE("1", "carl"));
	assert_says(
		"", w, "bert", "seal.received",
		"{'maker':'M','purchase_lot':'P2','class':'H','site':'VN','seals':[{'seal':'1'},"
		"{'seal':'2'}]}");
	assert_says("!SEAL_RECEIVED_TWICE", w, "bert", "seal.issued", ISSUE("2", "carl"));
	assert_says("SEAL_RECEIVED_TWICE", w, "carl", "seal.applied", APPLY("1", "SH1"));
	assert_int_equal(rows_of(w, "hold.open", "kind=shipment&id=SH1"), 1);
	assert_int_equal(rows_of(w, "hold.open", "kind=seal&within=M&id=1"), 1);
}

static void seal_that_nobody_issued_holds_shipment_and_seal(void **state)
{
	struct world *w = *state;

	world_seals(w);
	packed_shipment(w, "SH1");
	assert_says("SEAL_NOT_ISSUED", w, "carl", "seal.applied", APPLY("2", "SH1"));
	assert_says("SEAL_NOT_ISSUED", w, "carl", "seal.applied", APPLY("77", "SH1"));
	assert_int_equal(rows_of(w, "hold.open", "kind=shipment&id=SH1"), 2);
	assert_int_equal(rows_of(w, "hold.open", "kind=seal&within=M&id=2"), 1);
	assert_int_equal(rows_of(w, "seal.by_shipment", "shipment=SH1"), 0);
	assert_says("!SEAL_HELD", w, "bert", "seal.issued", ISSUE("2", "carl"));
}

static void one_number_cannot_be_in_two_places(void **state)
{
	struct world *w = *state;

	world_seals(w);
	packed_shipment(w, "SH1");
	packed_shipment(w, "SH2");
	assert_says("", w, "bert", "seal.issued", ISSUE("1", "carl"));
	assert_says("", w, "carl", "seal.applied", APPLY("1", "SH1"));
	assert_says("SEAL_APPLIED_TWICE", w, "carl", "seal.applied", APPLY("1", "SH2"));
	assert_int_equal(rows_of(w, "hold.open", "kind=shipment&id=SH1"), 1);
	assert_int_equal(rows_of(w, "hold.open", "kind=shipment&id=SH2"), 1);
	assert_string_equal(shows(w, "seal.by_shipment", "seal", "shipment=SH1"), "1");
	assert_int_equal(rows_of(w, "seal.by_shipment", "shipment=SH2"), 0);
	world_clear(w);
	assert_says("SEAL_APPLIED_TWICE", w, "carl", "seal.applied", APPLY("1", "SH1"));
}

static void seal_is_applied_by_whom_it_was_issued_to_and_only_when_packed(void **state)
{
	struct world *w = *state;

	world_seals(w);
	packed_shipment(w, "SH1");
	assert_says("", w, "bert", "seal.issued", ISSUE("1", "carl"));
	assert_says("", w, "bert", "seal.issued", ISSUE("2", "carl"));
	assert_says("SEAL_APPLIED_BY_OTHER", w, "dora", "seal.applied", APPLY("1", "SH1"));
	assert_says("SHIPMENT_NOT_READY_FOR_SEAL", w, "carl", "seal.applied", APPLY("2", "SH7"));
	assert_says("SEAL_APPLIED_TWICE SHIPMENT_NOT_READY_FOR_SEAL", w, "carl", "seal.applied",
		    "{'maker':'M','seal':'2','shipment':'SH1','site':'HH'}");
}

static void check_compares_what_was_read_and_done(void **state)
{
	struct world *w = *state;

	world_seals(w);
	packed_shipment(w, "SH1");
	assert_says("", w, "bert", "seal.issued", ISSUE("1", "carl"));
	assert_says("", w, "carl", "seal.applied", APPLY("1", "SH1"));
	assert_says("SEAL_NUMBER_DIFFERS", w, "dora", "seal.checked", CHECK("1", "2", WELL));
	assert_int_equal(rows_of(w, "hold.open", "kind=seal"), 1);
	assert_says("SEAL_CHECK_INCOMPLETE", w, "dora", "seal.checked",
		    CHECK("1", "1", "'viewed':true,'tugged':false,'twisted':true,'intact':true"));
	assert_says("SEAL_TAMPERED", w, "dora", "seal.checked",
		    CHECK("1", "1", "'viewed':true,'tugged':true,'twisted':true,'intact':false"));
	assert_says("SEAL_NOT_ON_SHIPMENT", w, "dora", "seal.checked", CHECK("2", "2", WELL));
	assert_string_equal(shows(w, "seal.by_shipment", "checked", "shipment=SH1"), "(null)");
	assert_says("", w, "dora", "seal.checked", CHECK("1", "1", WELL));
	assert_says("SEAL_BROKEN_WHILE_HELD", w, "carl", "seal.broken", BREAK("1", "true"));
	assert_says("SEAL_CHECKED_AFTER_BREAKING", w, "dora", "seal.checked",
		    CHECK("1", "1", WELL));
}

static void seal_found_broken_holds_what_it_closed(void **state)
{
	struct world *w = *state;

	world_seals(w);
	packed_shipment(w, "SH1");
	assert_says("", w, "bert", "seal.issued", ISSUE("1", "carl"));
	assert_says("", w, "carl", "seal.applied", APPLY("1", "SH1"));
	assert_says("SEAL_FOUND_BROKEN SEAL_BROKEN_OUT_OF_PLACE", w, "dora", "seal.broken",
		    "{'maker':'M','seal':'1','site':'VN','shipment':'SH9','authorized':false,"
		    "'reason':'on the floor'}");
	assert_int_equal(rows_of(w, "hold.open", "kind=shipment&id=SH1"), 1);
	assert_int_equal(rows_of(w, "hold.open", "kind=shipment&id=SH9"), 1);
	assert_says("SEAL_BROKEN_OUT_OF_PLACE", w, "dora", "seal.broken", BREAK("1", "true"));
	assert_says("SEAL_USED_UP", w, "carl", "seal.applied", APPLY("1", "SH1"));
}

/* A station has no business with seals, but what it saw enters the evidence. */
static void broken_seal_may_be_reported_by_anyone_and_changes_nothing(void **state)
{
	struct world *w = *state;

	world_seals(w);
	packed_shipment(w, "SH1");
	assert_says("", w, "bert", "seal.issued", ISSUE("1", "carl"));
	assert_says("", w, "carl", "seal.applied", APPLY("1", "SH1"));
	assert_non_null(strstr(says(w, "st1", "seal.broken", BREAK("1", "false")), "(unverified)"));
	assert_string_equal(shows(w, "seal.by_shipment", "state", "shipment=SH1"), "applied");
	assert_says("!NOT_ALLOWED", w, "st1", "seal.checked", CHECK("1", "1", WELL));
}

static void what_is_destroyed_was_broken_and_seen_by_two(void **state)
{
	struct world *w = *state;

	world_seals(w);
	assert_says("SEAL_DESTROYED_UNKNOWN", w, "carl", "seal.destroyed",
		    "{'maker':'M','seal':'9','site':'VN','seen_by':'dora'}");
	assert_says("SEAL_DESTROYED_UNBROKEN SEAL_DESTROYED_ALONE", w, "carl", "seal.destroyed",
		    "{'maker':'M','seal':'1','site':'VN','seen_by':'carl'}");
	assert_says("SEAL_DESTROYED_UNBROKEN SEAL_DESTROYED_ALONE", w, "anna", "seal.destroyed",
		    "{'maker':'M','seal':'2','site':'VN','seen_by':'emil'}");
}

static void malformed_seals_are_refused_by_field(void **state)
{
	struct world *w = *state;

	assert_says(
		"!FIELD_WRONG", w, "bert", "seal.received",
		"{'maker':'M','purchase_lot':'P1','class':'X','site':'VN','seals':[{'seal':'1'}]}");
	assert_says("!FIELD_WRONG", w, "bert", "seal.received",
		    "{'maker':'M','purchase_lot':'P1','class':'H','site':'VN','seals':[]}");
	assert_says("!FIELD_MISSING", w, "bert", "seal.received",
		    "{'maker':'M','class':'H','site':'VN','seals':[{'seal':'1'}]}");
	assert_says("!FIELD_UNKNOWN", w, "bert", "seal.issued",
		    "{'maker':'M','seal':'1','holder':'carl','site':'VN','color':'red'}");
	assert_says("!FIELD_WRONG", w, "bert", "seal.issued",
		    "{'maker':'M M','seal':'1','holder':'carl','site':'VN'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(seal_goes_from_stock_to_its_end),
		WORLD_TEST(seal_is_issued_once_to_another_person_from_its_own_stock),
		WORLD_TEST(number_received_twice_is_never_issued_and_never_trusted),
		WORLD_TEST(seal_that_nobody_issued_holds_shipment_and_seal),
		WORLD_TEST(one_number_cannot_be_in_two_places),
		WORLD_TEST(seal_is_applied_by_whom_it_was_issued_to_and_only_when_packed),
		WORLD_TEST(check_compares_what_was_read_and_done),
		WORLD_TEST(seal_found_broken_holds_what_it_closed),
		WORLD_TEST(broken_seal_may_be_reported_by_anyone_and_changes_nothing),
		WORLD_TEST(what_is_destroyed_was_broken_and_seen_by_two),
		WORLD_TEST(malformed_seals_are_refused_by_field),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

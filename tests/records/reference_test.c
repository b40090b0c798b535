/* SPDX-License-Identifier: Apache-2.0 */
/* What other systems call the same thing: found from either side, said once, and ended. */
#include "world.h"

#define SAP_LOT "'kind':'part_lot','within':'acme','id':'R1','system':'sap','number':'4500 017/3'"

static const char *add(struct world *w, const char *who, const char *body)
{
	return says(w, who, "reference.added", "{%s}", body);
}

static const char *end(struct world *w, const char *who, const char *body)
{
	return says(w, who, "reference.ended", "{%s,'reason':'typed wrong'}", body);
}

static void thing_is_found_by_the_number_that_another_system_has(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(add(w, "anna", SAP_LOT), "");
	assert_string_equal(add(w, "anna",
				"'kind':'build_authorization','id':'BA1',"
				"'system':'mes','number':'4500 017/3'"),
			    "");
	assert_int_equal(rows_of(w, "reference.find", "number=4500 017/3"), 2);
	assert_int_equal(rows_of(w, "reference.find", "number=4500 017/3&system=sap"), 1);
	assert_int_equal(rows_of(w, "reference.find", "number=4500 017"), 0);
	assert_string_equal(shows(w, "reference.find", "id", "number=4500 017/3&system=sap"), "R1");
	assert_string_equal(shows(w, "reference.find", "site", "number=4500 017/3&system=sap"),
			    "VN");
	assert_string_equal(shows(w, "reference.of", "number", "kind=part_lot&within=acme&id=R1"),
			    "4500 017/3");
	assert_int_equal(rows_of(w, "reference.of", "kind=build_authorization&id=BA1"), 1);
	assert_int_equal(rows_of(w, "reference.of", "kind=part_lot&within=acme&id=R2"), 0);
	house_must_rebuild(&w->house);
}

static void every_kind_of_thing_can_have_one(void **state)
{
	static const char *const things[] = {
		"'kind':'unit','within':'GW','id':'S1'",
		"'kind':'shipment','id':'SH1'",
		"'kind':'seal','within':'M','id':'1'",
		"'kind':'supplier','id':'acme'",
		"'kind':'site','id':'VN'",
		"'kind':'line','within':'VN','id':'L1'",
		"'kind':'station','id':'st1'",
		"'kind':'product','id':'GW'",
		"'kind':'firmware_release','id':'FW1'",
		"'kind':'procedure','id':'P1'",
		"'kind':'traveler','id':'T1'",
		"'kind':'bom','within':'GW','id':'A'",
		"'kind':'part','id':'MCU1'",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof things / sizeof things[0]; i++)
		assert_says("", w, "anna", "reference.added", "{%s,'system':'plm','number':'N-17'}",
			    things[i]);
	assert_int_equal(rows_of(w, "reference.find", "number=N-17"),
			 sizeof things / sizeof things[0]);
}

static void what_is_said_already_is_refused(void **state)
{
	struct world *w = *state;

	assert_string_equal(add(w, "anna", SAP_LOT), "");
	assert_string_equal(add(w, "anna", SAP_LOT), "!REFERENCE_EXISTS");
	assert_string_equal(add(w, "bert", SAP_LOT), "!REFERENCE_EXISTS");
	/* Another number in the same system is another one. */
	assert_string_equal(add(w, "anna",
				"'kind':'part_lot','within':'acme','id':'R1',"
				"'system':'sap','number':'2'"),
			    "");
	assert_int_equal(rows_of(w, "reference.of", "kind=part_lot&within=acme&id=R1"), 2);
}

static void number_that_holds_no_more_can_be_given_again(void **state)
{
	struct world *w = *state;

	assert_string_equal(end(w, "anna", SAP_LOT), "!REFERENCE_UNKNOWN");
	assert_string_equal(add(w, "anna", SAP_LOT), "");
	assert_says("!FIELD_MISSING", w, "anna", "reference.ended", "{" SAP_LOT "}");
	assert_string_equal(end(w, "anna",
				"'kind':'part_lot','within':'acme','id':'R1',"
				"'system':'mes','number':'4500 017/3'"),
			    "!REFERENCE_UNKNOWN");
	assert_string_equal(end(w, "anna", SAP_LOT), "");
	assert_int_equal(rows_of(w, "reference.find", "number=4500 017/3"), 0);
	assert_string_equal(end(w, "anna", SAP_LOT), "!REFERENCE_UNKNOWN");
	assert_string_equal(add(w, "anna", SAP_LOT), "");
	house_must_rebuild(&w->house);
}

static void half_a_name_and_blank_numbers_are_refused(void **state)
{
	static const char *const bodies[][2] = {
		{"'kind':'part_lot','id':'R1','system':'sap','number':'1'",
		 "!REFERENCE_NAMES_NOTHING"},
		{"'kind':'bom','id':'A','system':'sap','number':'1'", "!REFERENCE_NAMES_NOTHING"},
		{"'kind':'product','within':'GW','id':'GW','system':'sap','number':'1'",
		 "!REFERENCE_NAMES_NOTHING"},
		{"'kind':'supplier','id':'acme','system':'sap','number':' '", "!REFERENCE_BLANK"},
		{"'kind':'supplier','id':'acme','system':'sap','number':' 1'", "!REFERENCE_BLANK"},
		{"'kind':'supplier','id':'acme','system':'sap','number':'1 '", "!REFERENCE_BLANK"},
		{"'kind':'supplier','id':'acme','system':'sap','number':''", "!FIELD_WRONG"},
		{"'kind':'supplier','id':'acme','system':'','number':'1'", "!FIELD_WRONG"},
		{"'kind':'planet','id':'Mars','system':'sap','number':'1'", "!FIELD_WRONG"},
		{"'kind':'supplier','id':'acme','number':'1'", "!FIELD_MISSING"},
		{"'kind':'supplier','id':'acme','system':'sap'", "!FIELD_MISSING"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		assert_string_equal(add(w, "anna", bodies[i][0]), bodies[i][1]);
}

/* Hugo may do everything, but only at site HH. */
static void whoever_has_a_limit_writes_and_reads_within_it(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(add(w, "hugo", SAP_LOT), "!NOT_ALLOWED");
	assert_string_equal(add(w, "hugo",
				"'kind':'supplier','id':'acme','system':'sap',"
				"'number':'1'"),
			    "!NOT_ALLOWED");
	assert_string_equal(add(w, "hugo",
				"'kind':'unit','within':'GW','id':'NEVER-SEEN',"
				"'system':'sap','number':'1'"),
			    "!NOT_ALLOWED");
	assert_string_equal(add(w, "anna", SAP_LOT), "");
	assert_string_equal(end(w, "hugo", SAP_LOT), "!NOT_ALLOWED");
	assert_int_equal(rows_for(w, "hugo", "reference.find", "number=4500 017/3"), 0);
	assert_string_equal(add(w, "hugo", "'kind':'site','id':'HH','system':'sap','number':'W1'"),
			    "");
	assert_int_equal(rows_for(w, "hugo", "reference.find", "number=W1"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(thing_is_found_by_the_number_that_another_system_has),
		WORLD_TEST(every_kind_of_thing_can_have_one),
		WORLD_TEST(what_is_said_already_is_refused),
		WORLD_TEST(number_that_holds_no_more_can_be_given_again),
		WORLD_TEST(half_a_name_and_blank_numbers_are_refused),
		WORLD_TEST(whoever_has_a_limit_writes_and_reads_within_it),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

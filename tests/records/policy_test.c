/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy does with a control that failed: modes, exceptions, broken glass; and what it never
 * lets pass. */
#include "policy_world.h"

#include <stdio.h>

/* SRC-01 at the gate `kit` fails: the supplier may no longer deliver. */
static struct world *without_supplier(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "anna", "supplier.suspended", "{'supplier':'acme','reason':'audit'}");
	assert_string_equal(issues(w), "!GATE_CLOSED");
	return w;
}

static const char *mode(struct world *w, const char *control, const char *mode, const char *more)
{
	return decided(w, "control.mode_set", "{'control':'%s','mode':'%s','reason':'start'%s}",
		       control, mode, more);
}

static void control_that_was_never_set_stops(void **state)
{
	struct world *w = without_supplier(state);

	assert_string_equal(gate_says(w, "kit", "part_lot", "acme", "R1"), "SRC-01: suspended");
	assert_int_equal(rows_of(w, "policy.modes", ""), 0);
}

static void warning_lets_pass_and_raises_what_holds_nothing(void **state)
{
	struct world *w = without_supplier(state);

	assert_string_equal(mode(w, "SRC-01", "warn", ""), "");
	assert_string_equal(issues(w), "CONTROL_WARNED");
	assert_int_equal(rows_of(w, "hold.open", ""), 0);
	assert_string_equal(gate_says(w, "kit", "part_lot", "acme", "R1"), "");
	assert_string_equal(mode(w, "SRC-01", "enforce", ""), "");
	assert_string_equal(issues(w), "!GATE_CLOSED");
}

static void observed_control_lets_pass_and_is_kept_in_the_entry(void **state)
{
	struct world *w = without_supplier(state);

	assert_string_equal(mode(w, "SRC-01", "observe", ""), "");
	assert_string_equal(issues(w), "");
	assert_int_equal(rows_of(w, "policy.units_while_ineffective", "control=SRC-01"), 0);
	assert_int_equal(rows_of(w, "nonconformance.open", ""), 0);
	assert_string_equal(shows(w, "policy.passages", "site", "gate=kit&id=R1"), "VN");
}

static void mode_is_of_one_site_and_begins_at_its_date(void **state)
{
	struct world *w = without_supplier(state);
	char later[128];

	assert_string_equal(mode(w, "SRC-01", "observe", ",'site':'HH'"), "");
	assert_string_equal(issues(w), "!GATE_CLOSED");
	snprintf(later, sizeof later, ",'site':'VN','from':'%s'", from_now(w, DAYS(2)));
	assert_string_equal(mode(w, "SRC-01", "observe", later), "");
	assert_string_equal(issues(w), "!GATE_CLOSED");
	world_later(w, (uint64_t)DAYS(3));
	assert_string_equal(issues(w), "");
	assert_string_equal(mode(w, "SRC-01", "enforce", ""), ""); /* elsewhere: VN has its own */
	assert_string_equal(issues(w), "");
	assert_string_equal(mode(w, "SRC-01", "enforce", ",'site':'VN'"), "");
	assert_string_equal(issues(w), "!GATE_CLOSED");
	assert_string_equal(mode(w, "SRC-01", "warn", ",'site':'QQ'"), "!SITE_UNKNOWN");
}

static void policy_is_not_changed_by_one_person(void **state)
{
	struct world *w = without_supplier(state);

	assert_says("(waits)", w, "anna", "control.mode_set",
		    "{'control':'SRC-01','mode':'observe','reason':'quick'}");
	assert_string_equal(issues(w), "!GATE_CLOSED");
	assert_says("!NOT_ALLOWED", w, "carl", "control.mode_set",
		    "{'control':'SRC-01','mode':'observe','reason':'quick'}");
	assert_says(
		"!NOT_ALLOWED", w, "anna", "control.evidence_given",
		"{'control':'SRC-01','result':'pass','valid_until':'2099-01-01T00:00:00.000Z'}");
}

static void controls_without_a_switch_take_none(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(mode(w, "PRG-01", "observe", ""), "!CONTROL_HAS_NO_SWITCH");
	assert_string_equal(mode(w, "PRG-03", "warn", ""), "!CONTROL_HAS_NO_SWITCH");
	assert_string_equal(mode(w, "QQQ-99", "warn", ""), "!CONTROL_UNKNOWN");
	assert_says("!CONTROL_HAS_NO_SWITCH", w, "anna", "exception.granted",
		    "{'exception':'E1','control':'PRG-01','kind':'product','id':'GW',"
		    "'reason':'hurry','until':'%s'}",
		    from_now(w, DAYS(9)));
	world_unit(w, "S1");
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW1','reason':'hole'}");
	assert_string_equal(glass(w, "G1", "ship", 60, 10), "");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "PRG-01: S1 FW1");
}

static void words_of_the_policy_are_checked(void **state)
{
	struct world *w = *state;
	const char *later = from_now(w, DAYS(30)), *before = from_now(w, -HOUR_MS);

	assert_says("!REVIEW_ALREADY_OVER", w, "anna", "statement.adopted",
		    "{'statement':'P','owner':'anna','wording':'x','review_by':'%s'}", before);
	assert_says("!STATEMENT_UNKNOWN", w, "anna", "control.adopted",
		    "{'control':'INC-01','statement':'P','owner':'anna','review_by':'%s'}", later);
	assert_says("!STATEMENT_UNKNOWN", w, "anna", "statement.retired",
		    "{'statement':'P','reason':'x'}");
	assert_says("!CONTROL_NOT_ADOPTED", w, "anna", "control.retired",
		    "{'control':'INC-01','reason':'x'}");
	assert_says("!CONTROL_PARAMETER_UNKNOWN", w, "anna", "control.parameter_set",
		    "{'control':'INC-01','parameter':'weeks','value':7}");
	assert_says("!CONTROL_PARAMETER_UNKNOWN", w, "anna", "control.parameter_set",
		    "{'control':'GOV-02','parameter':'days','value':7}");
	assert_says("!CONTROL_PARAMETER_OUT_OF_RANGE", w, "anna", "control.parameter_set",
		    "{'control':'INC-01','parameter':'days','value':801}");
	assert_says("!EXCEPTION_OVER", w, "anna", "exception.granted",
		    "{'exception':'E1','control':'SRC-01','kind':'part_lot','within':'acme',"
		    "'id':'R1','reason':'x','until':'%s'}",
		    before);
	assert_says("!EXCEPTION_TOO_LONG", w, "anna", "exception.granted",
		    "{'exception':'E1','control':'SRC-01','kind':'part_lot','within':'acme',"
		    "'id':'R1','reason':'x','until':'%s'}",
		    from_now(w, DAYS(400)));
	assert_says("!EXCEPTION_NAMES_NOTHING", w, "anna", "exception.granted",
		    "{'exception':'E1','control':'SRC-01','kind':'part_lot','id':'R1',"
		    "'reason':'x','until':'%s'}",
		    later);
	assert_says("!EXCEPTION_NOT_OPEN", w, "anna", "exception.ended",
		    "{'exception':'E1','reason':'x'}");
	assert_string_equal(evidence(w, "QQQ-99", "pass", 9, ""), "EVIDENCE_FOR_NO_CONTROL");
	assert_string_equal(evidence(w, "INC-01", "pass", 9, ",'kind':'unit','id':'S1'"),
			    "EVIDENCE_NAMES_NOTHING");
	assert_string_equal(evidence(w, "INC-01", "pass", 9, ",'id':'S1'"),
			    "EVIDENCE_NAMES_NOTHING");
	assert_int_equal(rows_of(w, "policy.evidence", ""), 0);
}

static void exception_is_for_one_thing_until_its_end(void **state)
{
	struct world *w = without_supplier(state);

	assert_decided("", w, "exception.granted",
		       "{'exception':'E0','control':'SRC-01','kind':'part_lot','within':'acme',"
		       "'id':'R2','reason':'another reel','until':'%s'}",
		       from_now(w, DAYS(9)));
	assert_decided("", w, "exception.granted",
		       "{'exception':'E9','control':'RCV-01','kind':'part_lot','within':'acme',"
		       "'id':'R1','reason':'another control','until':'%s'}",
		       from_now(w, DAYS(9)));
	assert_string_equal(issues(w), "!GATE_CLOSED");
	assert_decided("", w, "exception.granted",
		       "{'exception':'E1','control':'SRC-01','kind':'part_lot','within':'acme',"
		       "'id':'R1','reason':'the last reel of this year','until':'%s'}",
		       from_now(w, DAYS(9)));
	assert_string_equal(issues(w), "");
	assert_says("!EXCEPTION_EXISTS", w, "anna", "exception.granted",
		    "{'exception':'E1','control':'SRC-01','kind':'site','id':'VN',"
		    "'reason':'x','until':'%s'}",
		    from_now(w, DAYS(9)));
	world_later(w, (uint64_t)DAYS(10));
	assert_string_equal(issues(w), "!GATE_CLOSED");
	assert_string_equal(shows(w, "policy.exceptions", "state", "control=SRC-01"), "expired");
}

static void exception_that_ended_lets_nothing_pass(void **state)
{
	struct world *w = without_supplier(state);

	assert_decided("", w, "exception.granted",
		       "{'exception':'E1','control':'SRC-01','kind':'site','id':'VN',"
		       "'reason':'a whole site','until':'%s'}",
		       from_now(w, DAYS(9)));
	assert_string_equal(issues(w), "");
	assert_decided("", w, "exception.ended", "{'exception':'E1','reason':'done'}");
	assert_string_equal(issues(w), "!GATE_CLOSED");
}

/* ---- broken glass ---- */

/* The gate `build` is closed: INC-01 was adopted and nobody gave evidence. */
static struct world *without_exercise(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	adopted(w, "INC-01");
	assert_string_equal(world_request_says(w, "st1", "S1"), "!GATE_CLOSED");
	return w;
}

static void broken_glass_lets_so_many_units_pass_and_marks_them(void **state)
{
	struct world *w = without_exercise(state);

	assert_string_equal(glass(w, "G1", "build", 30, 2), "");
	assert_string_equal(world_request_says(w, "st1", "S1"), "BROKEN_GLASS_USED");
	assert_string_equal(world_request_says(w, "st1", "S2"), "BROKEN_GLASS_USED");
	assert_string_equal(world_request_says(w, "st1", "S3"), "!GATE_CLOSED");
	assert_int_equal(rows_of(w, "policy.glass_units", "glass=G1"), 2);
	assert_string_equal(shows(w, "policy.glass", "used", ""), "2");
	assert_int_equal(rows_of(w, "hold.open", ""), 0);
	assert_int_equal(rows_of(w, "policy.units_while_ineffective", "control=INC-01"), 2);
	assert_string_equal(shows(w, "policy.units_while_ineffective", "reason", "control=INC-01"),
			    "glass");
}

static void broken_glass_is_over_after_its_minutes(void **state)
{
	struct world *w = without_exercise(state);

	assert_string_equal(glass(w, "G1", "build", 30, 2), "");
	world_later(w, 31 * MINUTE_MS);
	assert_string_equal(world_request_says(w, "st1", "S1"), "!GATE_CLOSED");
	assert_int_equal(rows_of(w, "policy.glass_units", ""), 0);
}

static void broken_glass_opens_its_own_gate_at_its_own_site(void **state)
{
	struct world *w = without_exercise(state);

	assert_string_equal(glass(w, "G1", "ship", 30, 2), "");
	assert_string_equal(world_request_says(w, "st1", "S1"), "!GATE_CLOSED");
	assert_decided("", w, "glass.broken",
		       "{'glass':'G2','gate':'build','site':'HH','minutes':30,'units':2,"
		       "'reason':'The customer stands still until it has spares.'}");
	assert_string_equal(world_request_says(w, "st1", "S1"), "!GATE_CLOSED");
	assert_decided("", w, "glass.broken",
		       "{'glass':'G3','gate':'build','site':'VN','minutes':30,'units':2,"
		       "'reason':'The customer stands still until it has spares.'}");
	assert_string_equal(world_request_says(w, "st1", "S1"), "BROKEN_GLASS_USED");
}

static void glass_is_broken_by_two_for_a_reason(void **state)
{
	struct world *w = without_exercise(state);

	assert_says("!GLASS_REASON_SHORT", w, "anna", "glass.broken",
		    "{'glass':'G1','gate':'build','minutes':30,'units':2,"
		    "'reason':'.                                  '}");
	assert_says("!FIELD_WRONG", w, "anna", "glass.broken",
		    "{'glass':'G1','gate':'build','minutes':61,'units':2,"
		    "'reason':'The customer stands still until it has spares.'}");
	assert_says("!FIELD_WRONG", w, "anna", "glass.broken",
		    "{'glass':'G1','gate':'build','minutes':30,'units':0,"
		    "'reason':'The customer stands still until it has spares.'}");
	assert_says("(waits)", w, "anna", "glass.broken",
		    "{'glass':'G1','gate':'build','minutes':30,'units':2,"
		    "'reason':'The customer stands still until it has spares.'}");
	assert_string_equal(world_request_says(w, "st1", "S1"), "!GATE_CLOSED");
	assert_string_equal(glass(w, "G2", "build", 30, 2), "");
	assert_says("!GLASS_EXISTS", w, "anna", "glass.broken",
		    "{'glass':'G2','gate':'build','minutes':30,'units':2,"
		    "'reason':'The customer stands still until it has spares.'}");
}

static void what_passed_on_glass_leaves_only_after_a_review_by_somebody_else(void **state)
{
	struct world *w = without_exercise(state);

	assert_string_equal(glass(w, "G1", "build", 30, 1), "");
	assert_string_equal(world_request_says(w, "st1", "S1"), "BROKEN_GLASS_USED");
	assert_string_equal(evidence(w, "INC-01", "pass", 100, ""), "");
	world_certify(w, "S1");
	assert_says("", w, "st1", "unit.fitted",
		    "{'product':'GW','serial':'S1','station':'st1','parts':[{'supplier':'acme',"
		    "'part_lot':'R1','part':'MCU1','quantity':2}]}");
	assert_says("", w, "st1", "unit.built", "{'product':'GW','serial':'S1','station':'st1'}");
	assert_says("", w, "st1", "unit.programmed",
		    "{'product':'GW','serial':'S1','station':'st1','release':'FW1','image':'%s'}",
		    IMAGE);
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), ""); /* 24 hours for it */
	world_later(w, (uint64_t)DAYS(1));
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "CHG-04: G1 S1 not reviewed");
	assert_string_equal(shows(w, "policy.glass", "review_overdue", ""), "1");
	assert_says("!GLASS_UNKNOWN", w, "anna", "glass.reviewed",
		    "{'glass':'G9','verdict':'accepted','reason':'seen'}");
	assert_says("!GLASS_REVIEWED_BY_ITS_CAUSE", w, "anna", "glass.reviewed",
		    "{'glass':'G1','verdict':'accepted','reason':'seen'}");
	assert_says("(waits)", w, "bert", "glass.reviewed",
		    "{'glass':'G1','verdict':'rejected','reason':'the part was not looked at'}");
	assert_string_equal(approved(w), "");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "CHG-04: G1 S1 rejected");
	assert_says("(waits)", w, "bert", "glass.reviewed",
		    "{'glass':'G1','verdict':'accepted','reason':'looked at and found good'}");
	assert_string_equal(approved(w), "");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "");
	assert_says("!GLASS_REVIEWED_BEFORE", w, "bert", "glass.reviewed",
		    "{'glass':'G1','verdict':'rejected','reason':'no'}");
}

static void shipment_takes_as_many_units_as_it_holds(void **state)
{
	struct world *w = *state;
	char manifest[65];

	world_ready_to_build(w);
	world_unit(w, "S1");
	world_sealed_shipment(w, "S1", "SH1", manifest);
	adopted(w, "INC-01");
	assert_string_equal(glass(w, "G1", "ship", 30, 1), "");
	assert_says("BROKEN_GLASS_USED", w, "bert", "shipment.dispatched",
		    "{'shipment':'SH1','manifest':'%s'}", manifest);
	assert_string_equal(shows(w, "policy.glass_units", "kind", "glass=G1"), "unit");
	assert_string_equal(shows(w, "policy.glass_units", "id", "glass=G1"), "S1");
	assert_string_equal(shows(w, "policy.units_while_ineffective", "serial", "control=INC-01"),
			    "S1");
	assert_string_equal(shows(w, "policy.units_while_ineffective", "gate", "control=INC-01"),
			    "build");
}

/* ---- what is kept ---- */

static void passage_names_the_policy_that_was_in_force(void **state)
{
	struct world *w = *state;
	char revision[32];

	world_ready_to_build(w);
	assert_string_equal(shows(w, "policy.passages", "policy", "gate=kit"), "0");
	adopted(w, "INC-01");
	snprintf(revision, sizeof revision, "%llu", (unsigned long long)w->sequence);
	assert_string_equal(evidence(w, "INC-01", "pass", 100, ""), "");
	world_request(w, "S1");
	assert_string_equal(shows(w, "policy.passages", "policy", "gate=build&id=S1"), revision);
	assert_string_equal(shows(w, "policy.passages", "author", "gate=build&id=S1"), "st1");
}

static void units_that_passed_before_a_failure_was_found_are_listed(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_request(w, "S1");
	adopted(w, "FAB-06");
	assert_string_equal(evidence(w, "FAB-06", "pass", 100, ",'kind':'station','id':'st1'"), "");
	world_request(w, "S2");
	assert_string_equal(shows(w, "policy.units_while_ineffective", "reason", "control=FAB-06"),
			    "not_adopted");
	assert_int_equal(rows_of(w, "policy.units_while_ineffective", "control=FAB-06"), 1);
	world_later(w, 2 * HOUR_MS);
	world_request(w, "S3");
	world_later(w, 2 * HOUR_MS);
	failed_since(w, "FAB-06", 3 * HOUR_MS, "station", "st1");
	assert_string_equal(world_request_says(w, "st1", "S4"), "!GATE_CLOSED");
	assert_int_equal(rows_of(w, "policy.units_while_ineffective", "control=FAB-06"), 2);
	assert_string_equal(shows(w, "policy.units_while_ineffective", "serial",
				  "control=FAB-06&reason=failed"),
			    "S3");
}

static void coverage_shows_what_nothing_keeps(void **state)
{
	struct world *w = *state;

	assert_decided("", w, "statement.adopted",
		       "{'statement':'P','owner':'anna','wording':'We look.','review_by':'%s'}",
		       from_now(w, DAYS(10)));
	assert_string_equal(shows(w, "policy.coverage", "controls", ""), "0");
	adopted(w, "INC-01");
	assert_string_equal(shows(w, "policy.coverage", "controls", ""), "1");
	assert_string_equal(shows(w, "policy.coverage", "live", ""), "0");
	assert_string_equal(shows(w, "policy.controls", "state", "control=INC-01"), "failed");
	assert_string_equal(evidence(w, "INC-01", "pass", 20, ""), "");
	assert_string_equal(shows(w, "policy.coverage", "live", ""), "1");
	assert_string_equal(shows(w, "policy.controls", "state", "control=INC-01"), "effective");
	assert_string_equal(mode(w, "INC-01", "warn", ""), "");
	assert_string_equal(shows(w, "policy.controls", "state", "control=INC-01"), "degraded");
	adopted(w, "TST-03");
	assert_string_equal(shows(w, "policy.controls", "state", "control=TST-03"),
			    "not_implemented");
	world_later(w, (uint64_t)DAYS(11));
	assert_string_equal(shows(w, "policy.coverage", "review_overdue", ""), "1");
	world_later(w, (uint64_t)DAYS(10));
	assert_string_equal(shows(w, "policy.controls", "state", "control=INC-01"), "failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY_TEST(control_that_was_never_set_stops),
		POLICY_TEST(warning_lets_pass_and_raises_what_holds_nothing),
		POLICY_TEST(observed_control_lets_pass_and_is_kept_in_the_entry),
		POLICY_TEST(mode_is_of_one_site_and_begins_at_its_date),
		POLICY_TEST(policy_is_not_changed_by_one_person),
		POLICY_TEST(controls_without_a_switch_take_none),
		POLICY_TEST(words_of_the_policy_are_checked),
		POLICY_TEST(exception_is_for_one_thing_until_its_end),
		POLICY_TEST(exception_that_ended_lets_nothing_pass),
		POLICY_TEST(broken_glass_lets_so_many_units_pass_and_marks_them),
		POLICY_TEST(broken_glass_is_over_after_its_minutes),
		POLICY_TEST(broken_glass_opens_its_own_gate_at_its_own_site),
		POLICY_TEST(glass_is_broken_by_two_for_a_reason),
		POLICY_TEST(what_passed_on_glass_leaves_only_after_a_review_by_somebody_else),
		POLICY_TEST(shipment_takes_as_many_units_as_it_holds),
		POLICY_TEST(passage_names_the_policy_that_was_in_force),
		POLICY_TEST(units_that_passed_before_a_failure_was_found_are_listed),
		POLICY_TEST(coverage_shows_what_nothing_keeps),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

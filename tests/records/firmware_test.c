/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware: emergency releases and their review, what it fits, permits for each programming. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#define NEWER "2222222222222222222222222222222222222222222222222222222222222222"
#define NONCE "AAAAAAAAAAAAAAAAAAAAAA"
#define BUILD "'product':'GW','revision':'A','site':'VN','line':'L1','quantity':1"
enum { HOUR = 3600 * 1000 };

static const char *released(struct world *w, const char *type, const char *release, int security,
			    const char *image, const char *more)
{
	return says(w, "anna", type,
		    "{'release':'%s','product':'GW','version':'2','environment':'production',"
		    "'image':'%s','image_size':1,'security_version':%d%s}",
		    release, image, security, more);
}

/* FW2 in an emergency, and build authorization BA2 for it with a unit S9 that is built. */
static void emergency(struct world *w)
{
	world_ready_to_build(w);
	assert_string_equal(
		released(w, "firmware.emergency", "FW2", 2, NEWER, ",'reason':'exploited'"),
		"(waits)");
	assert_string_equal(approved(w), "");
}

/* ---- releases ---- */

static const char *programmed(struct world *w, const char *serial, const char *release,
			      const char *image)
{
	return says(w, "st1", "unit.programmed",
		    "{'product':'GW','serial':'%s','station':'st1','release':'%s','image':'%s'}",
		    serial, release, image);
}

static void release_names_what_it_fits(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(released(w, "firmware.released", "FW2", 2, NEWER,
				     ",'hardware_revisions':[{'revision':'B'},{'revision':'C'}]"),
			    "(waits)");
	assert_string_equal(approved(w), "");
	assert_says("!HARDWARE_REVISION_UNFIT", w, "anna", "build.authorized",
		    "{" BUILD ",'authorization':'BA2','release':'FW2',%s}", world_build_terms(w));
	assert_string_equal(released(w, "firmware.released", "FW3", 2, NEWER,
				     ",'hardware_revisions':[{'revision':'B'},{'revision':'A'}]"),
			    "(waits)");
	assert_string_equal(approved(w), "");
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{" BUILD ",'authorization':'BA2','release':'FW3',%s}", world_build_terms(w));
	assert_string_equal(
		released(w, "firmware.emergency", "FW4", 2, NEWER,
			 ",'reason':'exploited','hardware_revisions':[{'revision':'B'}]"),
		"(waits)");
	assert_string_equal(approved(w), "");
	assert_says("!HARDWARE_REVISION_UNFIT", w, "anna", "build.authorized",
		    "{" BUILD ",'authorization':'BA3','release':'FW4',%s}", world_build_terms(w));
}

static void emergency_release_keeps_the_rules_of_a_release(void **state)
{
	struct world *w = *state;

	emergency(w);
	assert_string_equal(released(w, "firmware.emergency", "FW4", 3, NEWER, ""),
			    "!FIELD_MISSING");
	assert_string_equal(
		released(w, "firmware.emergency", "FW2", 3, NEWER, ",'reason':'exploited'"),
		"!FIRMWARE_RELEASE_EXISTS");
	assert_string_equal(
		released(w, "firmware.emergency", "FW4", 1, NEWER, ",'reason':'exploited'"),
		"!SECURITY_VERSION_LOWER");
	assert_says("!PRODUCT_UNKNOWN", w, "anna", "firmware.emergency",
		    "{'release':'FW4','product':'XX','version':'2','environment':'production',"
		    "'image':'%s','image_size':1,'security_version':9,'reason':'exploited'}",
		    NEWER);
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW2','reason':'hole'}");
	assert_string_equal(
		released(w, "firmware.emergency", "FW4", 3, NEWER, ",'reason':'exploited'"),
		"!IMAGE_WITHDRAWN");
}

static const char *reviewed(struct world *w, const char *who, const char *verdict)
{
	return says(w, who, "firmware.reviewed",
		    "{'release':'FW2','verdict':'%s','reason':'looked at it'}", verdict);
}

static void emergency_release_is_reviewed_once_by_somebody_else(void **state)
{
	struct world *w = *state;

	emergency(w);
	assert_says("!FIRMWARE_NOT_TO_REVIEW", w, "bert", "firmware.reviewed",
		    "{'release':'FW1','verdict':'accepted','reason':'looked at it'}");
	assert_string_equal(reviewed(w, "anna", "accepted"), "!DECISION_ABOUT_ONESELF");
	assert_string_equal(reviewed(w, "emil", "accepted"), "!DECISION_ABOUT_ONESELF");
	assert_string_equal(reviewed(w, "bert", "accepted"), "(waits)");
	assert_string_equal(approved(w), "");
	assert_string_equal(shows(w, "firmware.releases", "verdict", "release=FW2"), "accepted");
	assert_string_equal(shows(w, "firmware.releases", "state", "release=FW2"), "released");
	assert_string_equal(reviewed(w, "bert", "rejected"), "!FIRMWARE_NOT_TO_REVIEW");
}

static void rejected_emergency_release_is_withdrawn(void **state)
{
	struct world *w = *state;

	emergency(w);
	assert_string_equal(reviewed(w, "bert", "rejected"), "(waits)");
	assert_string_equal(approved(w), "");
	assert_string_equal(shows(w, "firmware.releases", "state", "release=FW2"), "withdrawn");
	assert_says("!FIRMWARE_RELEASE_NOT_USABLE", w, "anna", "build.authorized",
		    "{" BUILD ",'authorization':'BA2','release':'FW2',%s}", world_build_terms(w));
	/* … and then for the signer, which knows nothing of reviews. */
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW2','reason':'rejected'}");
}

static void emergency_without_review_closes_the_gates_after_a_day(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW1','reason':'hole'}");
	assert_string_equal(
		released(w, "firmware.emergency", "FW2", 2, NEWER, ",'reason':'exploited'"),
		"(waits)");
	assert_string_equal(approved(w), "");
	world_builds_with(w, "BA2", "FW2", NEWER, "");
	world_unit(w, "S1");
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "");
	world_later(w, 23ull * HOUR);
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "");
	world_later(w, 2ull * HOUR);
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "CHG-04: FW2");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "CHG-04: S1 FW2");
	assert_string_equal(reviewed(w, "bert", "accepted"), "(waits)");
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "CHG-04: FW2");
	assert_string_equal(approved(w), "");
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "");
}

static void configuration_is_read_back_where_the_release_has_one(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(
		released(w, "firmware.released", "FW2", 2, NEWER, ",'configuration':'" NEWER "'"),
		"(waits)");
	assert_string_equal(approved(w), "");
	world_builds_with(w, "BA2", "FW2", NEWER, "");
	world_built(w, "S1");
	assert_string_equal(programmed(w, "S1", "FW2", NEWER), "CONFIGURATION_NOT_OF_RELEASE");
	world_clear(w);
	assert_says("CONFIGURATION_NOT_OF_RELEASE", w, "st1", "unit.programmed",
		    "{'product':'GW','serial':'S1','station':'st1','release':'FW2',"
		    "'image':'" NEWER "','configuration':'%s'}",
		    IMAGE);
	world_clear(w);
	assert_says("", w, "st1", "unit.programmed",
		    "{'product':'GW','serial':'S1','station':'st1','release':'FW2',"
		    "'image':'" NEWER "','configuration':'" NEWER "'}");
}

/* ---- permits ---- */

static const char *permit_asked(struct world *w, const char *station, const char *serial,
				const char *release, const char *nonce)
{
	return says(w, station, "permit.requested",
		    "{'product':'GW','serial':'%s','release':'%s','nonce':'%s'}", serial, release,
		    nonce);
}

static const char *permit_given(struct world *w, const char *serial, const char *request)
{
	return system_says(w, "permit.issued",
			   "{'product':'GW','serial':'%s','permit':'AAAA','request':'%s'}", serial,
			   request);
}

static void with_permits(struct world *w)
{
	world_ready_to_build(w);
	world_builds_with(w, "BA2", "FW1", IMAGE, ",'permits':true");
	world_built(w, "S1");
}

static void unit_is_programmed_once_with_a_permit(void **state)
{
	struct world *w = *state;
	char request[65];

	with_permits(w);
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", NONCE), "");
	memcpy(request, w->digest, sizeof request);
	assert_int_equal(rows_of(w, "permit.waiting", ""), 1);
	assert_string_equal(permit_given(w, "S1", request), "");
	assert_int_equal(rows_of(w, "permit.waiting", ""), 0);
	assert_string_equal(shows(w, "permit.list", "used", "serial=S1"), "(null)");
	assert_string_equal(programmed(w, "S1", "FW1", IMAGE), "");
	assert_string_not_equal(shows(w, "permit.list", "used", "serial=S1"), "(null)");
	assert_string_equal(programmed(w, "S1", "FW1", IMAGE), "PROGRAMMED_WITHOUT_PERMIT");
	assert_string_equal(shows(w, "unit.one", "holds", "product=GW&serial=S1"), "1");
	world_clear(w);
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", NONCE), "!NONCE_USED_BEFORE");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", "BBBBBBBBBBBBBBBBBBBBBA"), "");
	assert_string_equal(permit_given(w, "S1", w->digest), "");
	assert_string_equal(programmed(w, "S1", "FW1", IMAGE), "");
}

static void permit_is_for_one_unit_and_one_image(void **state)
{
	struct world *w = *state;
	char request[65];

	with_permits(w);
	world_built(w, "S2");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", NONCE), "");
	memcpy(request, w->digest, sizeof request);
	assert_string_equal(permit_given(w, "S2", request), "PERMIT_NOT_REQUESTED");
	world_clear(w);
	assert_string_equal(permit_given(w, "S1", request), "");
	assert_string_equal(permit_given(w, "S1", request), "PERMIT_NOT_REQUESTED");
	world_clear(w);
	assert_string_equal(programmed(w, "S2", "FW1", IMAGE), "PROGRAMMED_WITHOUT_PERMIT");
	assert_string_equal(programmed(w, "S1", "FW1", NEWER),
			    "IMAGE_NOT_RELEASED IMAGE_NOT_OF_RELEASE PROGRAMMED_WITHOUT_PERMIT");
}

static void without_a_permit_nothing_is_programmed_where_permits_are_due(void **state)
{
	struct world *w = *state;

	with_permits(w);
	assert_string_equal(programmed(w, "S1", "FW1", IMAGE), "PROGRAMMED_WITHOUT_PERMIT");
	world_builds_with(w, "BA3", "FW1", IMAGE, "");
	world_unit(w, "S5");
}

static void refused_permit_waits_no_more(void **state)
{
	struct world *w = *state;
	char request[65];

	with_permits(w);
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", NONCE), "");
	memcpy(request, w->digest, sizeof request);
	assert_string_equal(system_says(w, "permit.refused",
					"{'product':'GW','serial':'S1','request':'%s',"
					"'code':'SIGNER_ADMITTED'}",
					request),
			    "");
	assert_int_equal(rows_of(w, "permit.waiting", ""), 0);
	assert_string_equal(permit_given(w, "S1", request), "PERMIT_NOT_REQUESTED");
	assert_string_equal(programmed(w, "S1", "FW1", IMAGE),
			    "PROGRAMMED_WITHOUT_PERMIT UNIT_PROGRAMMED_WHILE_HELD");
}

static void permit_is_asked_for_by_a_named_station_for_the_authorized_release(void **state)
{
	struct world *w = *state;

	with_permits(w);
	assert_string_equal(permit_asked(w, "st1", "S9", "FW1", NONCE), "!GATE_CLOSED");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW9", NONCE),
			    "!FIRMWARE_RELEASE_NOT_USABLE");
	world_enroll(w, "st2", "station", NULL);
	assert_says("", w, "anna", "station.defined",
		    "{'station':'st2','site':'VN','line':'L1','environment':'production'}");
	assert_says("", w, "anna", "role.granted",
		    "{'grant_id':'g-st2','principal':'st2','role':'station','station':'st2'}");
	assert_string_equal(permit_asked(w, "st2", "S1", "FW1", NONCE),
			    "!STATION_KEY_NOT_AUTHORIZED");
	assert_string_equal(permit_asked(w, "anna", "S1", "FW1", NONCE), "!NOT_ALLOWED");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", "AAAA"), "!FIELD_WRONG");
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW1','reason':'hole'}");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", NONCE),
			    "!FIRMWARE_RELEASE_NOT_USABLE");
}

/* FW1 is authorized; FW3 came later, in an emergency. */
static void later_release_takes_the_place_of_the_authorized_one_by_permit(void **state)
{
	struct world *w = *state;

	with_permits(w);
	world_builds_with(w, "BA3", "FW1", IMAGE, "");
	world_built(w, "S2");
	world_later(w, 1000);
	assert_string_equal(
		released(w, "firmware.emergency", "FW3", 2, NEWER, ",'reason':'exploited'"),
		"(waits)");
	assert_string_equal(approved(w), "");
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW1','reason':'hole'}");
	assert_string_equal(permit_asked(w, "st1", "S2", "FW3", NONCE),
			    "!FIRMWARE_RELEASE_NOT_AUTHORIZED");
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S2"), "PRG-01: FW1");
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW3", NONCE), "");
	assert_string_equal(permit_given(w, "S1", w->digest), "");
	assert_string_equal(programmed(w, "S1", "FW3", NEWER), "");
	assert_string_equal(shows(w, "unit.one", "firmware_release", "product=GW&serial=S1"),
			    "FW3");
	world_later(w, 25ull * HOUR);
	assert_string_equal(permit_asked(w, "st1", "S1", "FW3", "BBBBBBBBBBBBBBBBBBBBBA"),
			    "!FIRMWARE_NOT_REVIEWED");
}

static void release_for_other_hardware_or_of_before_gets_no_permit(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_later(w, 1000);
	assert_string_equal(released(w, "firmware.released", "FW3", 2, NEWER, ""), "(waits)");
	assert_string_equal(approved(w), "");
	world_builds_with(w, "BA2", "FW3", NEWER, ",'permits':true");
	world_built(w, "S1");
	world_later(w, 1000);
	assert_string_equal(released(w, "firmware.released", "FW4", 2, IMAGE,
				     ",'hardware_revisions':[{'revision':'B'}]"),
			    "(waits)");
	assert_string_equal(approved(w), "");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", NONCE),
			    "!FIRMWARE_RELEASE_NOT_AUTHORIZED");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW4", NONCE), "!HARDWARE_REVISION_UNFIT");
}

static void unit_gets_no_permit_for_less_than_it_ran(void **state)
{
	struct world *w = *state;

	with_permits(w);
	world_later(w, 1000);
	assert_string_equal(released(w, "firmware.released", "FW3", 3, NEWER, ""), "(waits)");
	assert_string_equal(approved(w), "");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW3", NONCE), "");
	assert_string_equal(permit_given(w, "S1", w->digest), "");
	assert_string_equal(programmed(w, "S1", "FW3", NEWER), "");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", "BBBBBBBBBBBBBBBBBBBBBA"),
			    "!IMAGE_OLDER_THAN_UNIT");
}

static void station_of_another_environment_gets_no_permit(void **state)
{
	struct world *w = *state;

	with_permits(w);
	world_enroll(w, "lab", "station", NULL);
	assert_says("", w, "anna", "station.defined",
		    "{'station':'lab','site':'VN','line':'L1','environment':'staging'}");
	assert_says("", w, "anna", "role.granted",
		    "{'grant_id':'g-lab','principal':'lab','role':'station','station':'lab'}");
	assert_string_equal(permit_asked(w, "lab", "S1", "FW1", NONCE), "!ENVIRONMENT_DIFFERS");
}

static void station_of_another_line_gets_no_permit(void **state)
{
	struct world *w = *state;

	with_permits(w);
	world_enroll(w, "far", "station", NULL);
	assert_says("", w, "anna", "line.defined", "{'site':'VN','line':'L2'}");
	assert_says("", w, "anna", "station.defined",
		    "{'station':'far','site':'VN','line':'L2','environment':'production'}");
	assert_says("", w, "anna", "role.granted",
		    "{'grant_id':'g-far','principal':'far','role':'station','station':'far'}");
	assert_string_equal(permit_asked(w, "far", "S1", "FW1", NONCE), "!STATION_NOT_AUTHORIZED");
}

static void older_image_than_the_unit_ran_is_a_nonconformance(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(released(w, "firmware.released", "FW3", 3, NEWER, ""), "(waits)");
	assert_string_equal(approved(w), "");
	world_builds_with(w, "BA2", "FW3", NEWER, "");
	world_unit(w, "S1");
	assert_string_equal(programmed(w, "S1", "FW1", IMAGE),
			    "FIRMWARE_RELEASE_NOT_AUTHORIZED IMAGE_OLDER_THAN_UNIT");
}

static void contained_firmware_gets_no_permit(void **state)
{
	struct world *w = *state;

	with_permits(w);
	assert_says("", w, "anna", "containment.started",
		    "{'containment':'C1','kind':'firmware_release','id':'FW1','reason':'r'}");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", NONCE),
			    "!CONTAINMENT_STOPS_PROGRAMMING");
	assert_says("", w, "bert", "containment.ended", "{'containment':'C1','reason':'r'}");
	assert_string_equal(permit_asked(w, "st1", "S1", "FW1", NONCE), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(release_names_what_it_fits),
		WORLD_TEST(emergency_release_keeps_the_rules_of_a_release),
		WORLD_TEST(emergency_release_is_reviewed_once_by_somebody_else),
		WORLD_TEST(rejected_emergency_release_is_withdrawn),
		WORLD_TEST(emergency_without_review_closes_the_gates_after_a_day),
		WORLD_TEST(configuration_is_read_back_where_the_release_has_one),
		WORLD_TEST(unit_is_programmed_once_with_a_permit),
		WORLD_TEST(permit_is_for_one_unit_and_one_image),
		WORLD_TEST(without_a_permit_nothing_is_programmed_where_permits_are_due),
		WORLD_TEST(refused_permit_waits_no_more),
		WORLD_TEST(permit_is_asked_for_by_a_named_station_for_the_authorized_release),
		WORLD_TEST(later_release_takes_the_place_of_the_authorized_one_by_permit),
		WORLD_TEST(release_for_other_hardware_or_of_before_gets_no_permit),
		WORLD_TEST(unit_gets_no_permit_for_less_than_it_ran),
		WORLD_TEST(station_of_another_environment_gets_no_permit),
		WORLD_TEST(station_of_another_line_gets_no_permit),
		WORLD_TEST(older_image_than_the_unit_ran_is_a_nonconformance),
		WORLD_TEST(contained_firmware_gets_no_permit),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

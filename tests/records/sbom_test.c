/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of software bills: which one counts, what a firmware release asks of it, and what views say. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#define BILL  "5555555555555555555555555555555555555555555555555555555555555555"
#define OTHER "6666666666666666666666666666666666666666666666666666666666666666"
#define FEED  "7777777777777777777777777777777777777777777777777777777777777777"
#define NEWER "2222222222222222222222222222222222222222222222222222222222222222"
#define FOUND(advisory, state, more)                                                    \
	"{'component':'pkg:deb/debian/libssl3','version':'3.0.1','advisory':'" advisory \
	"','state':'" state "'" more "}"
enum { DAY = 24 * 3600 * 1000 };

/* A time of the world's own clock, so many days from now. */
static const char *days(struct world *w, int n)
{
	char *text = arena_alloc(&w->house.arena, TIME_TEXT_SIZE);

	assert_non_null(text);
	time_text((uint64_t)((int64_t)clock_wall_ms(&w->house.clock) + (int64_t)n * DAY), text);
	return text;
}

static const char *checked_at(struct world *w, const char *who, const char *bill, int feed_days,
			      const char *findings)
{
	return says(w, who, "sbom.checked",
		    "{'product':'GW','sbom':'%s','feed':'" FEED "','feed_at':'%s','components':2,"
		    "'unknown':0,'findings':[%s]}",
		    bill, days(w, feed_days), findings);
}

static const char *checked(struct world *w, const char *who, const char *findings)
{
	return checked_at(w, who, BILL, 0, findings);
}

static const char *clean(struct world *w, const char *who)
{
	return says(w, who, "sbom.checked",
		    "{'product':'GW','sbom':'" BILL "','feed':'" FEED
		    "','feed_at':'%s','components':2,'unknown':0}",
		    days(w, 0));
}

static const char *released(struct world *w, const char *release, const char *bill)
{
	return says(w, "anna", "firmware.released",
		    "{'release':'%s','product':'GW','version':'2','environment':'production',"
		    "'image':'" NEWER "','image_size':1,'security_version':2,'sbom':'%s'}",
		    release, bill);
}

/* ---- what a firmware release asks ---- */

static void release_without_a_software_bill_asks_for_no_check(void **state)
{
	world_ready_to_build(*state); /* FW1 has none */
}

static void release_needs_a_check_of_its_own_software_bill(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_NOT_CHECKED");
	assert_string_equal(
		checked_at(w, "bert", OTHER, 0, FOUND("A-1", "accepted", ",'reason':'r'")), "");
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_NOT_CHECKED");
	assert_string_equal(clean(w, "bert"), "");
	assert_string_equal(released(w, "FW2", BILL), "(waits)");
	assert_string_equal(approved(w), "");
}

static void check_for_another_product_does_not_count(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "anna", "product.defined",
		    "{'product':'HUB','hardware_type':'1.3.6.1.4.1.32473.8','name':'Hub'}");
	assert_says("", w, "bert", "sbom.checked",
		    "{'product':'HUB','sbom':'" BILL "','feed':'" FEED
		    "','feed_at':'%s','components':2,'unknown':0}",
		    days(w, 0));
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_NOT_CHECKED");
}

static void check_is_good_for_thirty_days(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(clean(w, "bert"), "");
	world_later(w, 29ull * DAY);
	assert_string_equal(released(w, "FW2", BILL), "(waits)");
	world_later(w, 2ull * DAY);
	assert_string_equal(released(w, "FW3", BILL), "!SBOM_NOT_CHECKED");
	assert_string_equal(clean(w, "bert"), "");
	assert_string_equal(released(w, "FW3", BILL), "(waits)");
}

static void affected_component_stops_the_release(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(checked(w, "bert", FOUND("A-1", "affected", "")), "");
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_AFFECTED");
	assert_string_equal(checked(w, "bert",
				    FOUND("A-1", "accepted", ",'reason':'no network'") "," FOUND(
					    "A-2", "affected", "")),
			    "");
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_AFFECTED");
	assert_string_equal(
		checked(w, "bert",
			FOUND("A-1", "accepted", ",'reason':'no network'") "," FOUND(
				"A-2", "not_affected",
				",'reason':'code not built'") "," FOUND("A-3", "unknown", "")),
		"");
	assert_string_equal(released(w, "FW2", BILL), "(waits)");
	assert_string_equal(approved(w), "");
}

/* Between the request and the last approval an advisory may come out. */
static void what_is_found_while_a_release_waits_stops_it(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(clean(w, "bert"), "");
	assert_string_equal(released(w, "FW2", BILL), "(waits)");
	char digest[65];
	memcpy(digest, w->digest, sizeof digest);
	assert_string_equal(checked(w, "bert", FOUND("A-1", "affected", "")), "");
	memcpy(w->digest, digest, sizeof digest);
	assert_string_not_equal(approved(w), "");
	assert_int_equal(rows_of(w, "firmware.releases", "release=FW2"), 0);
}

static void author_of_a_release_does_not_check_its_software_bill(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(clean(w, "anna"), "");
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_CHECKED_BY_AUTHOR");
	assert_string_equal(clean(w, "emil"), ""); /* the same human being */
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_CHECKED_BY_AUTHOR");
	assert_string_equal(clean(w, "bert"), "");
	assert_string_equal(released(w, "FW2", BILL), "(waits)");
}

static void emergency_release_does_not_wait_for_a_check(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("(waits)", w, "anna", "firmware.emergency",
		    "{'release':'FW2','product':'GW','version':'2','environment':'production',"
		    "'image':'" NEWER "','image_size':1,'security_version':2,'sbom':'" BILL
		    "','reason':'exploited'}");
}

/* ---- which check counts ---- */

static void decision_without_a_reason_does_not_count(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(checked(w, "bert", FOUND("A-1", "accepted", "")),
			    "SBOM_REASON_MISSING");
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_NOT_CHECKED");
	assert_string_equal(checked(w, "bert", FOUND("A-1", "not_affected", "")),
			    "SBOM_REASON_MISSING");
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_NOT_CHECKED");
	/* Said once for all of them. */
	assert_string_equal(
		checked(w, "bert", FOUND("A-1", "accepted", "") "," FOUND("A-2", "accepted", "")),
		"SBOM_REASON_MISSING");
}

static void feed_that_is_old_or_from_the_future_does_not_count(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(checked_at(w, "bert", BILL, -31, FOUND("A-1", "unknown", "")),
			    "SBOM_FEED_OLD");
	assert_string_equal(checked_at(w, "bert", BILL, 2, FOUND("A-1", "unknown", "")),
			    "SBOM_FEED_AHEAD");
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_NOT_CHECKED");
	assert_string_equal(checked_at(w, "bert", BILL, -29, FOUND("A-1", "unknown", "")), "");
	assert_string_equal(released(w, "FW2", BILL), "(waits)");
}

static void older_feed_does_not_take_back_what_a_newer_one_found(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(checked(w, "bert", FOUND("A-1", "affected", "")), "");
	assert_string_equal(checked_at(w, "bert", BILL, -1, FOUND("A-2", "unknown", "")),
			    "SBOM_FEED_OLDER");
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_AFFECTED");
}

static void counts_that_do_not_fit_are_noticed(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("SBOM_COUNTS_DIFFER", w, "bert", "sbom.checked",
		    "{'product':'GW','sbom':'" BILL "','feed':'" FEED
		    "','feed_at':'%s','components':2,'unknown':3}",
		    days(w, 0));
	assert_says("SBOM_COUNTS_DIFFER", w, "bert", "sbom.checked",
		    "{'product':'GW','sbom':'" BILL "','feed':'" FEED
		    "','feed_at':'%s','components':0,'unknown':0,'findings':[" FOUND(
			    "A-1", "affected", "") "]}",
		    days(w, 0));
	assert_string_equal(released(w, "FW2", BILL), "!SBOM_NOT_CHECKED");
}

static void check_for_a_product_that_nobody_defined_is_noticed(void **state)
{
	struct world *w = *state;

	assert_says("SBOM_PRODUCT_UNKNOWN", w, "bert", "sbom.checked",
		    "{'product':'XX','sbom':'" BILL "','feed':'" FEED
		    "','feed_at':'%s','components':2,'unknown':0}",
		    days(w, 0));
}

static void only_who_may_check_checks(void **state)
{
	struct world *w = *state;

	assert_says("!NOT_ALLOWED", w, "st1", "sbom.checked",
		    "{'product':'GW','sbom':'" BILL "','feed':'" FEED
		    "','feed_at':'%s','components':2,'unknown':0}",
		    days(w, 0));
	assert_string_equal(checked(w, "bert", FOUND("A-1", "fixed", "")), "!FIELD_WRONG");
}

/* ---- views ---- */

static void view_says_which_firmware_releases_carry_an_advisory(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(checked(w, "bert", FOUND("A-1", "accepted", ",'reason':'no network'")),
			    "");
	assert_string_equal(rows_of(w, "sbom.findings", "advisory=A-1") == 1 ? "one" : "", "one");
	assert_string_equal(shows(w, "sbom.findings", "firmware_release", "advisory=A-1"), "");
	assert_string_equal(released(w, "FW2", BILL), "(waits)");
	assert_string_equal(approved(w), "");
	assert_string_equal(released(w, "FW3", BILL), "(waits)");
	assert_string_equal(approved(w), "");
	assert_int_equal(rows_of(w, "sbom.findings", "advisory=A-1"), 2);
	assert_int_equal(rows_of(w, "sbom.findings", "advisory=A-2"), 0);
	assert_int_equal(rows_of(w, "sbom.findings", "release=FW3&state=accepted"), 1);
	assert_int_equal(rows_of(w, "sbom.findings", "release=FW1"), 0);
	assert_string_equal(shows(w, "sbom.findings", "reason", "release=FW2"), "no network");
	/* What came out since is what counts, and for both. */
	assert_string_equal(checked(w, "bert", FOUND("A-2", "affected", "")), "");
	assert_int_equal(rows_of(w, "sbom.findings", "advisory=A-1"), 0);
	assert_int_equal(rows_of(w, "sbom.findings", "advisory=A-2&state=affected"), 2);
	assert_int_equal(rows_of(w, "sbom.checks", "release=FW2"), 2);
	assert_string_equal(shows(w, "sbom.checks", "decided", "product=GW"), "1");
	assert_int_equal(rows_of(w, "sbom.checks", "product=HUB"), 0);
}

static void check_goes_into_the_passport_of_a_unit(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(clean(w, "bert"), "");
	assert_string_equal(released(w, "FW2", BILL), "(waits)");
	assert_string_equal(approved(w), "");
	world_builds_with(w, "BA2", "FW2", NEWER, "");
	world_request(w, "S1");
	size_t n = rows_of(w, "passport.related", "product=GW&serial=S1");
	assert_string_equal(shows(w, "passport.related", "id", "product=GW&serial=S1"), "BA2");
	assert_string_equal(clean(w, "bert"), ""); /* the same software bill: one chain */
	assert_int_equal(rows_of(w, "passport.related", "product=GW&serial=S1"), n);
	w->authorization = "BA1"; /* FW1, without a software bill */
	world_request(w, "S2");
	assert_int_equal(rows_of(w, "passport.related", "product=GW&serial=S2"), n - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(release_without_a_software_bill_asks_for_no_check),
		WORLD_TEST(release_needs_a_check_of_its_own_software_bill),
		WORLD_TEST(check_for_another_product_does_not_count),
		WORLD_TEST(check_is_good_for_thirty_days),
		WORLD_TEST(affected_component_stops_the_release),
		WORLD_TEST(what_is_found_while_a_release_waits_stops_it),
		WORLD_TEST(author_of_a_release_does_not_check_its_software_bill),
		WORLD_TEST(emergency_release_does_not_wait_for_a_check),
		WORLD_TEST(decision_without_a_reason_does_not_count),
		WORLD_TEST(feed_that_is_old_or_from_the_future_does_not_count),
		WORLD_TEST(older_feed_does_not_take_back_what_a_newer_one_found),
		WORLD_TEST(counts_that_do_not_fit_are_noticed),
		WORLD_TEST(check_for_a_product_that_nobody_defined_is_noticed),
		WORLD_TEST(only_who_may_check_checks),
		WORLD_TEST(view_says_which_firmware_releases_carry_an_advisory),
		WORLD_TEST(check_goes_into_the_passport_of_a_unit),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

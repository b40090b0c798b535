/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static const uint64_t LAST_MS = UINT64_C(253402300799999);

static uint64_t parsed(const char *text)
{
	uint64_t ms = 0;

	if (!time_parse(bytes_text(text), &ms))
		fail_msg("'%s' is not accepted", text);
	return ms;
}

static void known_instants_are_written_and_read(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} KNOWN[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{951782400000, "2000-02-29T00:00:00.000Z"},
		{1709251199999, "2024-02-29T23:59:59.999Z"},
		{4107542400000, "2100-03-01T00:00:00.000Z"},
		{1795148906000, "2026-11-20T04:28:26.000Z"},
		{253402300799999, "9999-12-31T23:59:59.999Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
		char text[TIME_TEXT_SIZE];

		time_text(KNOWN[i].ms, text);
		assert_string_equal(text, KNOWN[i].text);
		assert_int_equal(parsed(KNOWN[i].text), KNOWN[i].ms);
	}
}

/* The C library's calendar is the foreign oracle: every day of 8,030 years. */
static void every_day_is_the_one_of_the_c_library(void **state)
{
	(void)state;
	for (uint64_t ms = 0; ms <= LAST_MS; ms += 86400000) {
		char ours[TIME_TEXT_SIZE], theirs[TIME_TEXT_SIZE];
		time_t t = (time_t)(ms / 1000);
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		time_text(ms, ours);
		assert_int_equal(strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S.000Z", &tm),
				 24);
		assert_string_equal(ours, theirs);
		assert_int_equal(parsed(ours), ms);
	}
}

static void beyond_the_year_9999_the_last_instant_is_written(void **state)
{
	char text[TIME_TEXT_SIZE];

	(void)state;
	time_text(LAST_MS + 1, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	time_text(UINT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

static void decimals_and_offsets_are_read(void **state)
{
	(void)state;
	assert_int_equal(parsed("1970-01-01T00:00:01Z"), 1000);
	assert_int_equal(parsed("1970-01-01T00:00:01.5Z"), 1500);
	assert_int_equal(parsed("1970-01-01T00:00:01.05Z"), 1050);
	assert_int_equal(parsed("1970-01-01T00:00:01.005Z"), 1005);
	assert_int_equal(parsed("1970-01-01T02:00:00+02:00"), 0);
	assert_int_equal(parsed("1969-12-31T19:00:00-05:00"), 0);
	assert_int_equal(parsed("1969-12-31T00:01:00-23:59"), 0);
	assert_int_equal(parsed("1970-01-01T05:45:00.250+05:45"), 250);
	assert_int_equal(parsed("1970-01-01T00:00:00-00:00"), 0);
	assert_int_equal(parsed("9999-12-31T23:59:59.999+00:00"), LAST_MS);
}

static void what_is_not_an_instant_is_refused(void **state)
{
	static const char *const WRONG[] = {
		"",
		"2026",
		"2026-11-20",
		"2026-11-20T04:28",
		"2026-11-20T04:28:26", /* whose time? */
		"2026-11-20 04:28:26Z",
		"2026-11-20t04:28:26Z",
		"2026-11-20T04:28:26z",
		"2026-11-20T04:28:26Z ",
		" 2026-11-20T04:28:26Z",
		"2026-11-20T04:28:26.Z",
		"2026-11-20T04:28:26.1234Z",
		"2026-11-20T04:28:26,5Z",
		"2026-11-20T04:28:26.-1Z",
		"2026-11-20T24:00:00Z",
		"2026-11-20T04:60:00Z",
		"2026-11-20T04:28:60Z", /* Unix time has no leap second */
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"2026-01-32T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z", /* a century is no leap year */
		"2026-11-20T04:28:26+24:00",
		"2026-11-20T04:28:26+01:60",
		"2026-11-20T04:28:26+0100",
		"2026-11-20T04:28:26+01",
		"2026-11-20T04:28:26Z+01:00",
		"1969-12-31T23:59:59.999Z", /* before Unix time */
		"1970-01-01T00:00:00+00:01",
		"1968-12-31T00:00:00-23:59",
		"0000-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999-00:01",
		"12026-11-20T04:28:26Z",
		"+026-11-20T04:28:26Z",
		"20 6-11-20T04:28:26Z",
		"2026-11-20T04:28:26\xd9\xa0Z", /* an Arabic zero */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
		uint64_t ms = 42;

		if (time_parse(bytes_text(WRONG[i]), &ms))
			fail_msg("'%s' is accepted", WRONG[i]);
		assert_int_equal(ms, 42);
	}
}

static void every_shortened_instant_is_refused(void **state)
{
	static const char WHOLE[] = "2026-11-20T04:28:26.123+05:30";
	uint64_t ms = 0;

	(void)state;
	assert_true(time_parse(bytes_text(WHOLE), &ms));
	for (size_t n = 0; n < sizeof(WHOLE) - 1; n++)
		assert_false(time_parse(bytes_of(WHOLE, n), &ms));
}

static void no_changed_byte_gives_a_value_out_of_range(void **state)
{
	static const char WHOLE[] = "1970-01-01T00:00:00.000Z";

	(void)state;
	for (size_t i = 0; i < sizeof(WHOLE) - 1; i++) {
		for (unsigned c = 0; c < 256; c++) {
			char text[sizeof(WHOLE)];
			uint64_t ms = 0;

			memcpy(text, WHOLE, sizeof(text));
			text[i] = (char)c;
			if (time_parse(bytes_of(text, sizeof(text) - 1), &ms))
				assert_true(ms <= LAST_MS);
		}
	}
}

static void the_system_clocks_run(void **state)
{
	(void)state;
	uint64_t wall = clock_wall_ms(&clock_system), steady = clock_steady_ms(&clock_system);

	assert_true(wall > UINT64_C(1700000000000));
	assert_true(clock_steady_ms(&clock_system) >= steady);
}

static uint64_t always(void *context)
{
	return *(uint64_t *)context;
}

static void a_test_can_step_the_clock(void **state)
{
	uint64_t now = 5;
	struct clock c = {always, always, &now};

	(void)state;
	assert_int_equal(clock_wall_ms(&c), 5);
	now = 3;
	assert_int_equal(clock_wall_ms(&c), 3);
	assert_int_equal(clock_steady_ms(&c), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_instants_are_written_and_read),
		cmocka_unit_test(every_day_is_the_one_of_the_c_library),
		cmocka_unit_test(beyond_the_year_9999_the_last_instant_is_written),
		cmocka_unit_test(decimals_and_offsets_are_read),
		cmocka_unit_test(what_is_not_an_instant_is_refused),
		cmocka_unit_test(every_shortened_instant_is_refused),
		cmocka_unit_test(no_changed_byte_gives_a_value_out_of_range),
		cmocka_unit_test(the_system_clocks_run),
		cmocka_unit_test(a_test_can_step_the_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#undef fail
/* clang-format on */

#include "core/sha256.h"
#include "server/retry.h"

#include <stdio.h>
#include <string.h>

static struct hash thing(unsigned i)
{
	return sha256(bytes_of(&i, sizeof i));
}

static int setup(void **state)
{
	struct retry *r;
	struct fault f = {0};

	assert_int_equal(retry_open(&r, &f).code, OK);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	retry_close(*state);
	return 0;
}

static void what_was_never_refused_is_due(void **state)
{
	assert_true(retry_due(*state, thing(1), 0));
	assert_int_equal(retry_count(*state), 0);
	assert_true(retry_next_ms(*state) == UINT64_MAX);
}

static void a_pause_doubles_up_to_a_minute(void **state)
{
	struct retry *r = *state;
	uint64_t now = 1000, pause = RETRY_FIRST_MS;

	for (int i = 0; i < 20; i++) {
		retry_later(r, thing(1), now);
		assert_false(retry_due(r, thing(1), now));
		assert_false(retry_due(r, thing(1), now + pause - 1));
		assert_true(retry_due(r, thing(1), now + pause));
		assert_int_equal(retry_next_ms(r), now + pause);
		now += pause;
		pause = 2 * pause < RETRY_LAST_MS ? 2 * pause : RETRY_LAST_MS;
	}
	assert_int_equal(pause, RETRY_LAST_MS);
	assert_int_equal(retry_count(r), 1);
}

static void what_was_answered_begins_anew(void **state)
{
	struct retry *r = *state;

	for (int i = 0; i < 5; i++)
		retry_later(r, thing(1), 0);
	retry_forget(r, thing(1));
	retry_forget(r, thing(2)); /* was never there */
	assert_int_equal(retry_count(r), 0);
	assert_true(retry_due(r, thing(1), 0));
	retry_later(r, thing(1), 0);
	assert_true(retry_due(r, thing(1), RETRY_FIRST_MS));
}

static void one_thing_does_not_hold_up_another(void **state)
{
	struct retry *r = *state;

	retry_later(r, thing(1), 5000);
	retry_later(r, thing(2), 1000);
	assert_true(retry_due(r, thing(3), 0));
	assert_int_equal(retry_next_ms(r), 1000 + RETRY_FIRST_MS);
	assert_true(retry_due(r, thing(2), 1000 + RETRY_FIRST_MS));
	assert_false(retry_due(r, thing(1), 1000 + RETRY_FIRST_MS));
	retry_drop(r, 1000 + RETRY_FIRST_MS - 1); /* nothing was due */
	assert_int_equal(retry_count(r), 2);
	retry_drop(r, 1000 + RETRY_FIRST_MS);
	assert_int_equal(retry_count(r), 1);
	assert_int_equal(retry_next_ms(r), 5000 + RETRY_FIRST_MS);
}

/* However many are refused, and however they are named: nothing is written past the table, and what
 * there was no room for is only asked again too soon. */
static void more_than_there_is_room_for_are_kept_as_far_as_they_go(void **state)
{
	struct retry *r = *state;
	struct hash same = thing(0);

	for (unsigned i = 0; i < 5 * RETRIES_MAX; i++)
		retry_later(r, thing(i), i);
	assert_in_range(retry_count(r), RETRIES_MAX, 2 * RETRIES_MAX);
	for (unsigned i = 0; i < 200; i++) { /* all in one run */
		same.b[31] = (uint8_t)i;
		retry_later(r, same, 1000000 + i);
	}
	assert_in_range(retry_count(r), RETRIES_MAX, 2 * RETRIES_MAX);
	assert_false(retry_due(r, same, 1000000));
	for (unsigned i = 0; i < 5 * RETRIES_MAX; i++)
		retry_forget(r, thing(i));
	assert_in_range(retry_count(r), 1, 200);
}

int main(void)
{
#define RETRY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		RETRY_TEST(what_was_never_refused_is_due),
		RETRY_TEST(a_pause_doubles_up_to_a_minute),
		RETRY_TEST(what_was_answered_begins_anew),
		RETRY_TEST(one_thing_does_not_hold_up_another),
		RETRY_TEST(more_than_there_is_room_for_are_kept_as_far_as_they_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

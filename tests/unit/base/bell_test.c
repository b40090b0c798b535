/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bell.h"

enum { FOR_EVER_MS = 3600000 };

static void what_rang_before_ends_the_next_wait(void **state)
{
	struct bell bell;

	(void)state;
	bell_open(&bell);
	bell_ring(&bell);
	assert_true(bell_wait(&bell, FOR_EVER_MS));
	bell_close(&bell);
}

static void ringing_twice_is_heard_once(void **state)
{
	struct bell bell;

	(void)state;
	bell_open(&bell);
	bell_ring(&bell);
	bell_ring(&bell);
	assert_true(bell_wait(&bell, FOR_EVER_MS));
	assert_false(bell.rung);
	assert_true(bell_wait(&bell, 1)); /* the time is over, and it goes on */
	bell_close(&bell);
}

static void a_pause_leaves_what_rang_to_the_next_wait(void **state)
{
	struct bell bell;

	(void)state;
	bell_open(&bell);
	bell_ring(&bell);
	assert_true(bell_pause(&bell, 1));
	assert_true(bell.rung);
	assert_true(bell_wait(&bell, FOR_EVER_MS));
	bell_close(&bell);
}

static void the_end_ends_every_wait_and_every_pause(void **state)
{
	struct bell bell;

	(void)state;
	bell_open(&bell);
	assert_false(bell_ending(&bell));
	bell_end(&bell);
	assert_true(bell_ending(&bell));
	assert_false(bell_wait(&bell, FOR_EVER_MS));
	assert_false(bell_pause(&bell, FOR_EVER_MS));
	bell_close(&bell);
}

static void *ring_later(void *bell)
{
	bell_ring(bell);
	return NULL;
}

static void another_thread_is_heard(void **state)
{
	struct bell bell;
	pthread_t thread;

	(void)state;
	bell_open(&bell);
	assert_int_equal(pthread_create(&thread, NULL, ring_later, &bell), 0);
	assert_true(bell_wait(&bell, FOR_EVER_MS));
	assert_int_equal(pthread_join(thread, NULL), 0);
	bell_close(&bell);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_rang_before_ends_the_next_wait),
		cmocka_unit_test(ringing_twice_is_heard_once),
		cmocka_unit_test(a_pause_leaves_what_rang_to_the_next_wait),
		cmocka_unit_test(the_end_ends_every_wait_and_every_pause),
		cmocka_unit_test(another_thread_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

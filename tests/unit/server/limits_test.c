/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include "server/limits.h"

#include <stdio.h>

static uint64_t now;

static uint64_t clock_now(void *context)
{
	(void)context;
	return now;
}

static const struct clock steps = {clock_now, clock_now, NULL};

static struct limits *open_limits(void)
{
	struct limits *l;

	now = 1000;
	assert_int_equal(limits_open(&steps, 10, &l, NULL).code, OK);
	return l;
}

static unsigned takes(struct limits *l, enum limit limit, const char *who)
{
	struct fault f;
	unsigned n = 0;

	while (n < 100000 && limits_take(l, limit, who, &f).code == OK)
		n++;
	return n;
}

static void bucket_holds_two_seconds(void **state)
{
	struct limits *l = open_limits();

	(void)state;
	assert_int_equal(takes(l, LIMIT_PRINCIPAL, "ada"), 20);
	assert_int_equal(takes(l, LIMIT_PRINCIPAL, "ada"), 0);
	limits_close(l);
}

static void bucket_fills_with_time_and_not_over_its_brim(void **state)
{
	struct limits *l = open_limits();

	(void)state;
	(void)takes(l, LIMIT_PRINCIPAL, "ada");
	now += 500;
	assert_int_equal(takes(l, LIMIT_PRINCIPAL, "ada"), 5);
	now += 1000 * 3600 * 24;
	assert_int_equal(takes(l, LIMIT_PRINCIPAL, "ada"), 20);
	limits_close(l);
}

/* Who asks every millisecond loses no fraction of what fills up. */
static void hammering_does_not_starve(void **state)
{
	struct limits *l = open_limits();
	struct fault f;
	unsigned got = 0;

	(void)state;
	(void)takes(l, LIMIT_FAILURE, "::1");
	for (unsigned i = 0; i < 10000; i++, now++)
		got += limits_take(l, LIMIT_FAILURE, "::1", &f).code == OK;
	assert_in_range(got, 4, 5); /* one every two seconds */
	limits_close(l);
}

static void buckets_are_of_one_person_and_one_kind(void **state)
{
	struct limits *l = open_limits();

	(void)state;
	(void)takes(l, LIMIT_PRINCIPAL, "ada");
	assert_int_equal(takes(l, LIMIT_PRINCIPAL, "ben"), 20);
	assert_int_equal(takes(l, LIMIT_PEER, "ada"), 200);
	assert_int_equal(takes(l, LIMIT_FAILURE, "ada"), 10);
	limits_close(l);
}

static void refusal_says_how_long_to_wait(void **state)
{
	struct limits *l = open_limits();
	struct fault f;

	(void)state;
	(void)takes(l, LIMIT_FAILURE, "::1");
	assert_int_equal(limits_take(l, LIMIT_FAILURE, "::1", &f).code, ERR_LIMIT);
	assert_string_equal(fault_value(&f, "seconds"), "2");
	assert_int_equal(limits_look(l, LIMIT_FAILURE, "::1", &f).code, ERR_LIMIT);
	limits_close(l);
}

static void looking_takes_nothing(void **state)
{
	struct limits *l = open_limits();
	struct fault f;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(limits_look(l, LIMIT_FAILURE, "::1", &f).code, OK);
	assert_int_equal(takes(l, LIMIT_FAILURE, "::1"), 10);
	limits_close(l);
}

static void clock_that_runs_back_gives_nothing_away(void **state)
{
	struct limits *l = open_limits();

	(void)state;
	(void)takes(l, LIMIT_PRINCIPAL, "ada");
	now -= 500;
	assert_int_equal(takes(l, LIMIT_PRINCIPAL, "ada"), 0);
	limits_close(l);
}

static void one_network_of_ipv6_is_one_peer(void **state)
{
	struct limits *l = open_limits();

	(void)state;
	assert_int_equal(takes(l, LIMIT_FAILURE, "2001:db8:0:1::1"), 10);
	assert_int_equal(takes(l, LIMIT_FAILURE, "2001:db8:0:1:ffff:1:2:3"), 0);
	assert_int_equal(takes(l, LIMIT_FAILURE, "2001:db8:0:2::1"), 10);
	assert_int_equal(takes(l, LIMIT_FAILURE, "192.0.2.1"), 10);
	assert_int_equal(takes(l, LIMIT_FAILURE, "192.0.2.2"), 10);
	/* A principal may be called so. */
	assert_int_equal(takes(l, LIMIT_PRINCIPAL, "2001:db8::1"), 20);
	assert_int_equal(takes(l, LIMIT_PRINCIPAL, "2001:db8::2"), 20);
	limits_close(l);
}

static void a_crowd_does_not_make_memory_grow(void **state)
{
	struct limits *l = open_limits();
	char who[32];
	struct fault f;

	(void)state;
	for (unsigned i = 0; i < 100000; i++, now++) {
		snprintf(who, sizeof who, "10.%u.%u.%u", i >> 16, (i >> 8) & 255, i & 255);
		assert_int_equal(limits_take(l, LIMIT_PEER, who, &f).code, OK);
	}
	limits_close(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bucket_holds_two_seconds),
		cmocka_unit_test(bucket_fills_with_time_and_not_over_its_brim),
		cmocka_unit_test(hammering_does_not_starve),
		cmocka_unit_test(buckets_are_of_one_person_and_one_kind),
		cmocka_unit_test(refusal_says_how_long_to_wait),
		cmocka_unit_test(looking_takes_nothing),
		cmocka_unit_test(clock_that_runs_back_gives_nothing_away),
		cmocka_unit_test(one_network_of_ipv6_is_one_peer),
		cmocka_unit_test(a_crowd_does_not_make_memory_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

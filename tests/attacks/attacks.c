/* SPDX-License-Identifier: Apache-2.0 */
/* Every attack and its control. In the product's build the first half of each pair runs, and both where
 * there is a lawful switch; in the build with leave_out both halves of all. With a letter as
 * argument: only those. */
#include "attack.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES_MAX = 400, NAME_MAX_SIZE = 200 };

static const struct attack *const LISTS[] = {
	PEOPLE_ATTACKS, UNIT_ATTACKS, TIME_ATTACKS, LOSS_ATTACKS,    VOTER_ATTACKS,
	RIGHT_ATTACKS,  LINE_ATTACKS, KEY_ATTACKS,  STORAGE_ATTACKS,
};

#ifdef SEALWRIGHT_LEAVE_OUT
static const bool CAN_LEAVE_OUT = true;

static void leave_out(enum check check, const char *code, enum check too)
{
	check_leave_out(check, code);
	check_leave_out_too(too);
}
#else
static const bool CAN_LEAVE_OUT = false;

static void leave_out(enum check check, const char *code, enum check too)
{
	(void)check;
	(void)code;
	(void)too;
}
#endif

/* ---- the halves ---- */

static void is_stopped(void **state)
{
	const struct attack *a = *state;

	leave_out(CHECK_NONE, NULL, a->before);
	const char *message = a->run();
	leave_out(CHECK_NONE, NULL, CHECK_NONE);
	if (message == NULL)
		fail_msg("(%c) %s: had success", a->letter, a->name);
	assert_string_equal(message, a->stopped_by);
}

static void has_success(const struct attack *a, const char *message)
{
	if (message != NULL)
		fail_msg("(%c) %s: without its control stopped by %s all the same", a->letter,
			 a->name, message);
}

static void succeeds_without_the_check(void **state)
{
	const struct attack *a = *state;

	leave_out(a->check, a->code, a->before);
	const char *message = a->run();
	leave_out(CHECK_NONE, NULL, CHECK_NONE);
	has_success(a, message);
}

static void succeeds_with_the_switch_off(void **state)
{
	const struct attack *a = *state;

	has_success(a, a->without());
}

/* ---- all of them ---- */

struct cases {
	struct CMUnitTest tests[CASES_MAX];
	char names[CASES_MAX][NAME_MAX_SIZE];
	size_t n;
};

static void add(struct cases *c, const struct attack *a, CMUnitTestFunction half, const char *what)
{
	if (c->n == CASES_MAX)
		abort();
	(void)snprintf(c->names[c->n], NAME_MAX_SIZE, "(%c) %s: %s", a->letter, a->name, what);
	union { /* cmocka hands it to the test as it is */
		const struct attack *in;
		void *out;
	} state = {a};
	c->tests[c->n] = (struct CMUnitTest){
		.name = c->names[c->n], .test_func = half, .initial_state = state.out};
	c->n++;
}

static void add_pair(struct cases *c, const struct attack *a)
{
	char what[NAME_MAX_SIZE];

	if (a->before == CHECK_NONE || CAN_LEAVE_OUT) {
		(void)snprintf(what, sizeof what, "stopped by %s", a->stopped_by);
		add(c, a, is_stopped, what);
	}
	if (a->without != NULL)
		add(c, a, succeeds_with_the_switch_off, "succeeds without");
	else if (CAN_LEAVE_OUT)
		add(c, a, succeeds_without_the_check, "succeeds without its check");
}

int main(int argc, char **argv)
{
	static struct cases cases;

	for (size_t i = 0; i < sizeof LISTS / sizeof LISTS[0]; i++)
		for (const struct attack *a = LISTS[i]; a->name != NULL; a++)
			if (argc < 2 || strchr(argv[1], a->letter) != NULL)
				add_pair(&cases, a);
	return _cmocka_run_group_tests("attacks", cases.tests, cases.n, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The testers of examples/testers, as they are, against a box. */
#include "station_kit.h"

#include "base/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 30 };

static int run(struct kit *k, const char *const *arguments)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setenv("BOX", kit_printf(k, "http://127.0.0.1:%u", k->port), 1);
		execvp(arguments[0], (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define RUN(k, ...) run((k), (const char *const[]){__VA_ARGS__, NULL})

static void await_done(struct kit *k, const char *name)
{
	const char *path = kit_printf(k, "%s/done/%s", k->folder, name);
	time_t end = time(NULL) + PATIENCE_S;

	while (!file_exists(path))
		if (time(NULL) > end)
			stop_test("%s is never taken\n", name);
}

static size_t results(struct kit *k)
{
	struct reply *r = api_get(k->x, &k->x->erin, "/v1/views/test.results?serial=S1");

	must_have(r, 200);
	return json_array_size(json_object_get(r->json, "rows"));
}

static int open_kit(void **state)
{
	struct kit *k = test_malloc(sizeof *k);

	kit_open(k);
	(void)api_must(k->x, &k->x->ada, "role.defined",
		       "{'role':'tests','permissions':[{'permission':'test.read'}]}");
	(void)api_must(k->x, &k->x->ada, "role.granted",
		       "{'grant_id':'grant-tests','principal':'erin','role':'tests'}");
	kit_box(k);
	kit_whole(k);
	struct said s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "S1"));
	must_say(&s, 201, NULL);
	*state = k;
	return 0;
}

static int close_kit(void **state)
{
	kit_close(*state);
	test_free(*state);
	return 0;
}

static void asks_posts_and_drops(struct kit *k, const char *tester)
{
	/* Its serial is used: nobody builds it again. A gate that is not there is closed, too. */
	assert_int_equal(RUN(k, tester, "gate", "build", "GW", "S1"), 1);
	assert_int_equal(RUN(k, tester, "gate", "nowhere", "GW", "S1"), 1);
	assert_int_equal(RUN(k, tester, "post", TESTERS "/posted.json"), 0);
	assert_int_equal(RUN(k, tester, "post", TESTERS "/README.md"), 1);
	assert_int_equal(RUN(k, tester, "drop", TESTERS "/result.json",
			     kit_printf(k, "%s/inbox", k->folder)),
			 0);
	await_done(k, "result.json");
	assert_int_equal(
		RUN(k, tester, "drop", TESTERS "/result.csv", kit_printf(k, "%s/inbox", k->folder)),
		0);
	await_done(k, "result.csv");
	kit_await_delivered(k);
	assert_int_equal(results(k), 3);
	kit_cut(k);
	assert_int_equal(RUN(k, tester, "gate", "test", "GW", "S1"), 1);
	assert_int_equal(RUN(k, tester, "post", TESTERS "/posted.json"), 0); /* it waits */
	kit_box_off(k);
	assert_int_equal(RUN(k, tester, "gate", "test", "GW", "S1"), 1);
}

static void the_one_in_a_shell_does_what_it_says(void **state)
{
	asks_posts_and_drops(*state, TESTERS "/curl.sh");
}

static void the_one_in_python_does_what_it_says(void **state)
{
	asks_posts_and_drops(*state, TESTERS "/result.py");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_one_in_a_shell_does_what_it_says, open_kit,
						close_kit),
		cmocka_unit_test_setup_teardown(the_one_in_python_does_what_it_says, open_kit,
						close_kit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of the demo: where none runs the server there is nothing, and whatever stands behind the socket, the
 * server answers in its own words. The demo itself is asked in tests/cli/demo_test.py. */
#include "fixture.h"

#include "base/files.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct api *x;

/* ---- what stands behind the socket: it takes one request, and answers what the test says ---- */

enum { LINE_MAX_N = 1024, LARGE = (4 << 20) + 1 };

static struct behind {
	int fd; /* listens */
	char path[128];
	pthread_t thread;
	const char *reply; /* NULL: none, until the server hangs up */
	size_t reply_n;
	char line[LINE_MAX_N];
} behind = {.fd = -1};

static void read_request(int fd)
{
	size_t n = 0;

	while (n < sizeof behind.line - 1 && memchr(behind.line, '\n', n) == NULL) {
		ssize_t got = read(fd, behind.line + n, sizeof behind.line - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	behind.line[n] = '\0';
}

static void *answer(void *context)
{
	char byte;
	int fd = accept(behind.fd, NULL, NULL);

	(void)context;
	read_request(fd);
	if (behind.reply == NULL)
		while (read(fd, &byte, 1) > 0)
			continue;
	for (size_t at = 0; behind.reply != NULL && at < behind.reply_n;) {
		ssize_t n = send(fd, behind.reply + at, behind.reply_n - at, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	close(fd);
	return NULL;
}

static struct reply *asking(const char *reply, size_t n, const struct ask *ask)
{
	behind.reply = reply;
	behind.reply_n = n;
	memset(behind.line, 0, sizeof behind.line);
	assert_int_equal(pthread_create(&behind.thread, NULL, answer, NULL), 0);
	struct reply *r = api_ask(x, ask);
	assert_int_equal(pthread_join(behind.thread, NULL), 0);
	return r;
}

static struct reply *asked(const char *reply, const char *method, const char *path)
{
	return asking(reply, strlen(reply),
		      &(struct ask){.method = method, .path = path, .who = &x->ada});
}

static void listen_there(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(behind.path, sizeof behind.path, "%s/demo.sock", x->folder);
	assert_true(strlen(behind.path) < sizeof address.sun_path);
	memcpy(address.sun_path, behind.path, strlen(behind.path));
	behind.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(behind.fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(behind.fd, 4), 0);
}

static void restart_with(const char *socket_path)
{
	api_stop(x);
	snprintf(x->config.demo_socket, sizeof x->config.demo_socket, "%s", socket_path);
	api_start(x);
	api_sign_in(x, &x->ada);
}

static int open_house(void **state)
{
	(void)state;
	x = api_open();
	listen_there();
	restart_with(behind.path);
	return 0;
}

static int close_house(void **state)
{
	(void)state;
	fd_close(&behind.fd);
	api_close(x);
	return 0;
}

/* ---- the five addresses ---- */

static const struct address {
	const char *method, *path, *request;
	int status;
} ADDRESSES[] = {
	{"GET", "/v1/demo", "{\"do\":\"list\"}\n", 200},
	{"POST", "/v1/demo/attacks/cloned_key", "{\"do\":\"attack\",\"attack\":\"cloned_key\"}\n",
	 202},
	{"POST", "/v1/demo/attacks/a%22b/without", "{\"do\":\"without\",\"attack\":\"a\\\"b\"}\n",
	 202},
	{"GET", "/v1/demo/runs/7", "{\"do\":\"show\",\"run\":\"7\"}\n", 200},
};
enum { ADDRESSES_N = sizeof ADDRESSES / sizeof ADDRESSES[0] };

static void request_goes_there_as_a_line_and_the_answer_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ADDRESSES_N; i++) {
		struct reply *r = asked("{\"body\":{\"run\":\"7\"}}\n", ADDRESSES[i].method,
					ADDRESSES[i].path);
		must_have(r, ADDRESSES[i].status);
		assert_string_equal(behind.line, ADDRESSES[i].request);
		assert_string_equal(reply_text(r, "run"), "7");
	}
	struct reply *r = asking(
		"{\"body\":{}}\n", 12,
		&(struct ask){.path = "/v1/demo/build", .body = "{\"units\": 25}", .who = &x->ada});
	must_have(r, 202);
	assert_string_equal(behind.line, "{\"do\":\"build\",\"units\":25}\n");
}

static void refusal_of_the_demo_is_told_in_our_words(void **state)
{
	struct reply *r = asked("{\"problem\":{\"code\":\"DEMO_BUSY\",\"detail\":\"their words\","
				"\"values\":{\"run\":\"41\"}}}\n",
				"POST", "/v1/demo/attacks/cloned_key");

	(void)state;
	must_refuse(r, 409, "DEMO_BUSY");
	assert_non_null(strstr(reply_text(r, "detail"), "Run 41"));
	assert_null(strstr(r->body, "their words"));
	must_refuse(
		asked("{\"problem\":{\"code\":\"DEMO_RUN_UNKNOWN\",\"values\":{\"run\":\"9\"}}}\n",
		      "GET", "/v1/demo/runs/9"),
		404, "DEMO_RUN_UNKNOWN");
	must_refuse(asked("{\"problem\":{\"code\":\"DEMO_USED_UP\"}}\n", "POST",
			  "/v1/demo/attacks/cloned_key"),
		    429, "DEMO_USED_UP");
}

static void whatever_else_comes_back_is_no_answer(void **state)
{
	static const char *const WRONG[] = {
		"",
		"\n",
		"hello\n",
		"{\"body\":{}}",
		"{\"body\":{}}\n{\"body\":{}}\n",
		"{\"body\":[]}\n",
		"{\"body\":null}\n",
		"[{\"body\":{}}]\n",
		"{\"body\":{},\"body\":{}}\n",
		"{\"body\":{}} \x01\n",
		"{}\n",
		"{\"problem\":{}}\n",
		"{\"problem\":\"DEMO_BUSY\"}\n",
		"{\"problem\":{\"code\":7}}\n",
		"{\"problem\":{\"code\":\"OUT_OF_MEMORY\"}}\n",
		"{\"problem\":{\"code\":\"NO_SUCH_CODE\"}}\n",
		"{\"problem\":{\"code\":\"API_NOT_ALLOWED\"}}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		must_refuse(asked(WRONG[i], "GET", "/v1/demo"), 503, "DEMO_AWAY");
}

static void answer_without_end_is_cut(void **state)
{
	char *large = malloc(LARGE);

	(void)state;
	assert_non_null(large);
	memset(large, ' ', LARGE);
	must_refuse(asking(large, LARGE, &(struct ask){.path = "/v1/demo", .who = &x->ada}), 503,
		    "DEMO_AWAY");
	free(large);
}

static void demo_that_says_nothing_is_not_waited_for_for_ever(void **state)
{
	(void)state;
	must_refuse(asking(NULL, 0, &(struct ask){.path = "/v1/demo", .who = &x->ada}), 503,
		    "DEMO_AWAY");
	assert_string_equal(behind.line, "{\"do\":\"list\"}\n");
}

static void wrong_number_of_units_does_not_even_go_there(void **state)
{
	static const char *const WRONG[] = {"{}",
					    "{'units': '3'}",
					    "{'units': 2.5}",
					    "{'units': null}",
					    "{'units': [1]}",
					    "{'units': true}"};

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		must_refuse(api_post(x, &x->ada, "/v1/demo/build", WRONG[i]), 400,
			    "DEMO_UNITS_WRONG");
	must_refuse(api_post(x, &x->ada, "/v1/demo/build", "{'units': 3, 'pace': 1}"), 400,
		    "FIELD_UNKNOWN");
	must_refuse(api_post(x, &x->ada, "/v1/demo/build", "[3]"), 400, "API_JSON_BAD");
}

static void who_may_not_read_the_log_learns_nothing_of_the_demo(void **state)
{
	struct person olga = api_person(x, "olga", "person", "line.read", NULL);

	(void)state;
	for (size_t i = 0; i < ADDRESSES_N; i++) {
		struct ask ask = {.method = ADDRESSES[i].method, .path = ADDRESSES[i].path};
		must_refuse(api_ask(x, &ask), 401, "API_IDENTITY_MISSING");
		ask.who = &olga;
		must_refuse(api_ask(x, &ask), 403, "API_NOT_ALLOWED");
	}
	person_done(&olga);
}

/* A link is for looking. */
static void browser_without_a_passkey_may_only_watch(void **state)
{
	struct reply *made = api_post(x, &x->ada, "/v1/links", "{}");
	struct ask spend = {.method = "POST",
			    .path = reply_text(made, "path"),
			    .body = "",
			    .type = "application/x-www-form-urlencoded",
			    .headers = {"Sec-Fetch-Site: same-origin"}};
	struct reply *in = api_ask(x, &spend);
	const char *set = reply_header(in, "Set-Cookie");

	(void)state;
	must_have(made, 201);
	assert_non_null(set);
	const char *cookie = arena_printf(&x->arena, "Cookie: %.*s", (int)strcspn(set, ";"), set);
	must_have(asking("{\"body\":{}}\n", 12,
			 &(struct ask){.path = "/v1/demo", .headers = {cookie}}),
		  200);
	struct reply *r = api_ask(x, &(struct ask){.method = "POST",
						   .path = "/v1/demo/attacks/cloned_key",
						   .headers = {cookie, "Sec-Fetch-Site: "
								       "same-origin"}});
	assert_int_equal(r->status, 403);
}

/* ---- without ---- */

static void without_a_demo_there_is_nothing(void **state)
{
	(void)state;
	restart_with("");
	for (size_t i = 0; i < ADDRESSES_N; i++) {
		struct reply *r = api_ask(x, &(struct ask){.method = ADDRESSES[i].method,
							   .path = ADDRESSES[i].path,
							   .who = &x->ada});
		must_refuse(r, 404, "DEMO_NOT_HERE");
		assert_non_null(strstr(reply_text(r, "fix"), "sealwright demo"));
	}
	assert_non_null(strstr(api_get(x, &x->ada, "/v1/me")->body, "\"demo\":false"));
	restart_with(behind.path);
	assert_non_null(strstr(api_get(x, &x->ada, "/v1/me")->body, "\"demo\":true"));
}

static void demo_that_has_ended_is_away(void **state)
{
	char path[sizeof behind.path + 8];

	(void)state;
	snprintf(path, sizeof path, "%s.none", behind.path);
	restart_with(path);
	must_refuse(api_get(x, &x->ada, "/v1/demo"), 503, "DEMO_AWAY");
	/* It left its socket behind. */
	fd_close(&behind.fd);
	restart_with(behind.path);
	must_refuse(api_get(x, &x->ada, "/v1/demo"), 503, "DEMO_AWAY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_goes_there_as_a_line_and_the_answer_comes_back),
		cmocka_unit_test(refusal_of_the_demo_is_told_in_our_words),
		cmocka_unit_test(whatever_else_comes_back_is_no_answer),
		cmocka_unit_test(answer_without_end_is_cut),
		cmocka_unit_test(demo_that_says_nothing_is_not_waited_for_for_ever),
		cmocka_unit_test(wrong_number_of_units_does_not_even_go_there),
		cmocka_unit_test(who_may_not_read_the_log_learns_nothing_of_the_demo),
		cmocka_unit_test(browser_without_a_passkey_may_only_watch),
		cmocka_unit_test(without_a_demo_there_is_nothing),
		cmocka_unit_test(demo_that_has_ended_is_away),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}

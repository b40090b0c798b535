/* SPDX-License-Identifier: Apache-2.0 */
/* A worker answers, says what went wrong, and dies without taking the signer along. Requests of these tests are one letter and what it needs. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "signer/sandbox.h"
#include "signer/worker.h"
#include "signer_testing.h"

/* Shared with the workers: how often one was opened, and answered. */
struct counts {
	int opened, answered, counted, pid;
	int fail_from; /* opening number n and later fails; 0: never */
};
static struct counts *counts;

static int setup(void **state)
{
	(void)state;
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return counts == MAP_FAILED;
}

static err open_it(const void *config, void **context, struct fault *f)
{
	(void)config;
	counts->opened++;
	counts->pid = getpid();
	if (counts->fail_from != 0 && counts->opened >= counts->fail_from)
		return fail(f, "KEY_FILE_NOT_FOUND", "path", "/nowhere", NULL);
	*context = NULL;
	return ERR_OK;
}

static err answer_it(void *context, struct bytes request, struct writer *reply, struct fault *f)
{
	uint8_t letter = request.n > 0 ? request.p[0] : 0;

	(void)context;
	counts->answered++;
	switch (letter) {
	case 'e': /* echo */
		put_bytes(reply, request);
		return ERR_OK;
	case 'c':
		counts->counted++;
		put_u32(reply, (uint32_t)counts->counted);
		return ERR_OK;
	case 'C': /* counts, and dies before it can say so */
		counts->counted++;
		abort();
	case 'x':
		_exit(7);
	case 'b': /* too long an answer */
		for (int i = 0; i <= WORKER_FRAME_MAX; i++)
			put_u8(reply, 'b');
		return ERR_OK;
	case 'q':
		return fail(f, "KEY_FILE_EXISTS", "path", "/a/key", NULL);
	default:
		return fail(f, "SIGNER_REQUEST_MALFORMED", "why", "no such letter", NULL);
	}
}

static struct worker start(void)
{
	struct worker w = {.fd = -1};
	struct fault f = {0};

	*counts = (struct counts){0};
	if (worker_start(open_it, answer_it, NULL, false, &w, &f).code != OK)
		stop_test("%s: %s\n", f.message, fault_value(&f, "why"));
	return w;
}

static err ask(struct worker *w, const char *request, struct bytes *reply, struct fault *f)
{
	static uint8_t buffer[WORKER_FRAME_MAX];

	return worker_ask(w, bytes_text(request), buffer, sizeof(buffer), reply, f);
}

static uint32_t ask_number(struct worker *w, const char *request)
{
	struct bytes reply = {0};
	struct fault f = {0};

	if (ask(w, request, &reply, &f).code != OK)
		stop_test("%s: %s %s\n", request, f.message, fault_value(&f, "why"));
	struct reader r = reader_of(reply);
	uint32_t n = get_u32(&r);
	assert_true(reader_end(&r));
	return n;
}

static void assert_dies(struct worker *w, const char *request, const char *why)
{
	struct bytes reply;
	struct fault f = {0};

	assert_int_equal(ask(w, request, &reply, &f).code, ERR_UNAVAILABLE);
	assert_string_equal(f.message, "SIGNER_WORKER_FAILED");
	assert_non_null(strstr(fault_value(&f, "why"), why));
}

static void it_answers_in_order(void **state)
{
	struct worker w = start();
	struct bytes reply;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(worker_send(&w, bytes_text("c"), NULL).code, OK);
	for (uint32_t i = 1; i <= 100; i++) {
		uint8_t buffer[4];

		assert_int_equal(worker_receive(&w, buffer, sizeof(buffer), &reply, NULL).code, OK);
		struct reader r = reader_of(reply);
		assert_int_equal(get_u32(&r), i);
	}
	assert_int_equal(ask(&w, "echo", &reply, NULL).code, OK);
	assert_true(bytes_equal(reply, bytes_text("echo")));
	assert_int_equal(counts->opened, 1);
	worker_stop(&w);
}

static void its_faults_arrive_with_their_values(void **state)
{
	struct worker w = start();
	struct bytes reply;
	struct fault f = {0};

	(void)state;
	assert_int_equal(ask(&w, "q", &reply, &f).code, ERR_CONFLICT);
	assert_string_equal(f.message, "KEY_FILE_EXISTS");
	assert_string_equal(fault_value(&f, "path"), "/a/key");
	worker_stop(&w);
}

static void one_that_cannot_open_says_why(void **state)
{
	struct worker w = {.fd = -1};
	struct fault f = {0};

	(void)state;
	*counts = (struct counts){.fail_from = 1};
	assert_int_equal(worker_start(open_it, answer_it, NULL, false, &w, &f).code, ERR_NOT_FOUND);
	assert_string_equal(f.message, "KEY_FILE_NOT_FOUND");
	assert_string_equal(fault_value(&f, "path"), "/nowhere");
	assert_int_equal(w.fd, -1);
	worker_stop(&w); /* does nothing */
}

static err dies_opening(const void *config, void **context, struct fault *f)
{
	(void)config;
	(void)context;
	(void)f;
	abort();
}

static void one_that_dies_opening_is_an_error(void **state)
{
	struct worker w = {.fd = -1};
	struct fault f = {0};

	(void)state;
	assert_int_equal(worker_start(dies_opening, answer_it, NULL, false, &w, &f).code,
			 ERR_UNAVAILABLE);
	assert_string_equal(fault_value(&f, "why"), "signal 6 ended it");
}

static void one_that_dies_is_started_again_for_the_next_request(void **state)
{
	struct worker w = start();

	(void)state;
	for (uint32_t i = 1; i <= 5; i++) {
		assert_dies(&w, "C", "signal 6");
		assert_dies(&w, "x", "ended with 7");
		assert_int_equal(counts->counted, 2 * i - 1); /* given to no other */
		assert_int_equal(ask_number(&w, "c"), 2 * i);
	}
	assert_int_equal(counts->opened, 11);
	worker_stop(&w);
}

static void one_killed_while_idle_costs_no_request(void **state)
{
	struct worker w = start();
	int first = counts->pid;

	(void)state;
	assert_int_equal(ask_number(&w, "c"), 1);
	assert_int_equal(kill(counts->pid, SIGKILL), 0);
	assert_int_equal(ask_number(&w, "c"), 2);
	assert_int_not_equal(counts->pid, first);
	worker_stop(&w);
}

static void requests_on_their_way_survive_the_one_that_kills(void **state)
{
	struct worker w = start();
	uint8_t buffer[16];
	struct bytes reply;
	struct fault f = {0};

	(void)state;
	assert_int_equal(worker_send(&w, bytes_text("c"), NULL).code, OK);
	assert_int_equal(worker_send(&w, bytes_text("C"), NULL).code, OK);
	assert_int_equal(worker_send(&w, bytes_text("c"), NULL).code, OK);
	assert_int_equal(worker_receive(&w, buffer, sizeof(buffer), &reply, &f).code, OK);
	assert_int_equal(buffer[3], 1);
	assert_int_equal(worker_receive(&w, buffer, sizeof(buffer), &reply, &f).code,
			 ERR_UNAVAILABLE);
	assert_int_equal(worker_receive(&w, buffer, sizeof(buffer), &reply, &f).code, OK);
	assert_int_equal(buffer[3], 3);
	worker_stop(&w);
}

static void one_that_cannot_open_again_fails_each_request_and_recovers(void **state)
{
	struct worker w = start();
	struct bytes reply;
	struct fault f = {0};

	(void)state;
	counts->fail_from = 2;
	assert_dies(&w, "x", "ended with 7");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(&w, "c", &reply, &f).code, ERR_NOT_FOUND);
		assert_string_equal(f.message, "KEY_FILE_NOT_FOUND");
	}
	counts->fail_from = 0;
	assert_int_equal(ask_number(&w, "c"), 1);
	worker_stop(&w);
}

static void sizes_are_bounded_both_ways(void **state)
{
	static uint8_t large[WORKER_FRAME_MAX + 1], back[WORKER_FRAME_MAX];
	struct worker w = start();
	struct bytes reply;
	struct fault f = {0};

	(void)state;
	memset(large, 'e', sizeof(large));
	assert_int_equal(worker_send(&w, bytes_of(large, sizeof(large)), &f).code, ERR_UNAVAILABLE);
	assert_int_equal(
		worker_ask(&w, bytes_of(large, WORKER_FRAME_MAX), back, sizeof(back), &reply, &f)
			.code,
		OK);
	assert_true(bytes_equal(reply, bytes_of(large, WORKER_FRAME_MAX)));
	assert_int_equal(worker_ask(&w, bytes_text("eee"), back, 2, &reply, &f).code,
			 ERR_UNAVAILABLE);
	assert_dies(&w, "b", "too long");
	assert_int_equal(ask_number(&w, "c"), 1); /* nothing came out of step */
	assert_int_equal(counts->opened, 1);
	worker_stop(&w);
}

static void receiving_what_was_not_asked_is_an_error(void **state)
{
	struct worker w = start(), none = {.fd = -1};
	uint8_t buffer[16];
	struct bytes reply;

	(void)state;
	assert_int_equal(worker_receive(&w, buffer, sizeof(buffer), &reply, NULL).code,
			 ERR_UNAVAILABLE);
	assert_int_equal(worker_send(&none, bytes_text("c"), NULL).code, ERR_UNAVAILABLE);
	worker_stop(&w);
	assert_int_equal(worker_send(&w, bytes_text("c"), NULL).code, ERR_UNAVAILABLE);
}

/* A process that has ended, as a pidfd says it. */
static bool ends(int pidfd)
{
	struct pollfd fds = {.fd = pidfd, .events = POLLIN};

	return poll(&fds, 1, TIMEOUT_MS) == 1;
}

static void stopping_ends_the_worker_too(void **state)
{
	struct worker w = start();
	int pidfd = (int)syscall(SYS_pidfd_open, counts->pid, 0);

	(void)state;
	assert_true(pidfd >= 0);
	worker_stop(&w);
	assert_true(ends(pidfd));
	close(pidfd);
}

static void both_end_with_a_killed_signer(void **state)
{
	int worker = 0, status = 0, ready[2];
	pid_t pid;
	char byte;

	(void)state;
	*counts = (struct counts){0};
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct worker w = {.fd = -1};
		bool ok = worker_start(open_it, answer_it, NULL, false, &w, NULL).code == OK;

		if (write(ready[1], &ok, 1) == 1)
			pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 1);
	worker = (int)syscall(SYS_pidfd_open, counts->pid, 0);
	assert_true(worker >= 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(ends(worker));
	close(worker);
	close(ready[0]);
	close(ready[1]);
}

static void a_signer_that_locked_itself_in_can_still_ask(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	*counts = (struct counts){0};
	pid = fork();
	if (pid == 0) {
		struct worker w = {.fd = -1};
		struct bytes reply;
		uint8_t buffer[8];

		if (sandbox_begin(-1, NULL).code != OK ||
		    worker_start(open_it, answer_it, NULL, false, &w, NULL).code != OK ||
		    sandbox_enter(NULL).code != OK)
			_exit(1);
		if (worker_ask(&w, bytes_text("x"), buffer, 8, &reply, NULL).code !=
		    ERR_UNAVAILABLE)
			_exit(2);
		if (worker_ask(&w, bytes_text("c"), buffer, 8, &reply, NULL).code != OK)
			_exit(3);
		worker_stop(&w);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(counts->opened, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_answers_in_order),
		cmocka_unit_test(its_faults_arrive_with_their_values),
		cmocka_unit_test(one_that_cannot_open_says_why),
		cmocka_unit_test(one_that_dies_opening_is_an_error),
		cmocka_unit_test(one_that_dies_is_started_again_for_the_next_request),
		cmocka_unit_test(one_killed_while_idle_costs_no_request),
		cmocka_unit_test(requests_on_their_way_survive_the_one_that_kills),
		cmocka_unit_test(one_that_cannot_open_again_fails_each_request_and_recovers),
		cmocka_unit_test(sizes_are_bounded_both_ways),
		cmocka_unit_test(receiving_what_was_not_asked_is_an_error),
		cmocka_unit_test(stopping_ends_the_worker_too),
		cmocka_unit_test(both_end_with_a_killed_signer),
		cmocka_unit_test(a_signer_that_locked_itself_in_can_still_ask),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

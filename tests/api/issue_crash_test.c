/* SPDX-License-Identifier: Apache-2.0 */
/* Server and signer end at every change that they make while units get their certificates, and at random
 * moments: both are real processes over a real store. Whatever happened, each request has one certificate,
 * the same for ever; none is lost; and the signer's count has no gap. CRASH_ROUNDS asks for more or fewer. */
#include "issue_crash.h"

#include "base/log.h"
#include "crash/cut.h"
#include "stores.h"
#undef fail

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RANDOM_EVENTS = 24 }; /* changes of files that a round always makes */

/* ---- the signer's ---- */

/* Nobody outlives a test that failed. */
static pid_t fork_bound(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void start_signer(struct crash *c, unsigned long cut)
{
	char folder[CONFIG_PATH_SIZE], byte;
	int ready[2];

	snprintf(folder, sizeof folder, "%.400s/signer", c->x->config.folder);
	struct signer_config config = {
		.folder = folder, .socket = c->x->config.signer_socket, .peer_uid = geteuid()};
	assert_int_equal(pipe(ready), 0);
	c->signer = fork_bound();
	if (c->signer == 0) {
		struct fault f = {0};
		close(ready[0]);
		log_set_level(LOG_ERROR_LEVEL);
		config.ready_fd = ready[1];
		if (cut > 0)
			cut_arm_all(cut);
		_exit(signer_run(&config, &f).code == OK ? 0 : 1);
	}
	close(ready[1]);
	ssize_t n = read(ready[0], &byte, 1);
	close(ready[0]);
	if (n == 1)
		return;
	/* It was cut before it was ready, and must come up again as it is. */
	int status;
	assert_int_equal(waitpid(c->signer, &status, 0), c->signer);
	assert_true(cut > 0 && WIFEXITED(status) && WEXITSTATUS(status) == CUT_STATUS);
	c->signers_ended++;
	start_signer(c, 0);
}

static void stop_signer(struct crash *c)
{
	int status;

	if (c->signer <= 0)
		return;
	(void)kill(c->signer, SIGTERM);
	assert_int_equal(waitpid(c->signer, &status, 0), c->signer);
	c->signer = 0;
}

/* ---- rounds ---- */

enum victim { SERVER_CUT, SIGNER_CUT, SERVER_KILLED, SIGNER_KILLED, NOBODY };

static void watch_folder(int watch, const struct crash *c, const char *name)
{
	char path[CONFIG_PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s", c->x->folder, name);
	assert_true(inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) >= 0);
}

/* As many events as a buffer holds, each with the name of its file behind it. */
static unsigned count_events(int watch)
{
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t n = read(watch, buffer, sizeof buffer);
	unsigned events = 0;

	for (ssize_t at = 0; at < n; events++)
		at += (ssize_t)sizeof(struct inotify_event) +
		      ((const struct inotify_event *)(const void *)(buffer + at))->len;
	return n > 0 ? events : 1;
}

/* Kills at the `after`-th change of a file that it sees, wherever the victim has come to by then. */
static pid_t start_killer(const struct crash *c, pid_t victim, unsigned after)
{
	int watch = inotify_init1(IN_CLOEXEC);

	assert_true(watch >= 0);
	watch_folder(watch, c, "");
	watch_folder(watch, c, "signer");
	pid_t pid = fork_bound();
	if (pid > 0) {
		(void)close(watch);
		return pid;
	}
	for (unsigned seen = 0; seen < after;)
		seen += count_events(watch);
	(void)kill(victim, SIGKILL);
	_exit(0);
}

/* The server's status. A signer that ends is started again at once, as the service manager does. */
static int watch_processes(struct crash *c, pid_t server)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);
		assert_true(pid > 0);
		if (pid == server)
			return status;
		if (pid != c->signer)
			continue;
		c->signers_ended++;
		start_signer(c, 0);
	}
}

static void run_round(struct crash *c, size_t round, enum victim victim, unsigned long cut)
{
	unsigned after = 1 + (c->random >> 8) % RANDOM_EVENTS;
	pid_t killer = 0;

	c->random = c->random * 1664525u + 1013904223u; /* Numerical Recipes: enough to choose */
	if (victim == SIGNER_CUT) {
		stop_signer(c);
		start_signer(c, cut);
	}
	pid_t server = fork_bound();
	if (server == 0)
		run_server(c, round, victim == SERVER_CUT ? cut : 0);
	if (victim == SERVER_KILLED || victim == SIGNER_KILLED)
		killer = start_killer(c, victim == SERVER_KILLED ? server : c->signer, after);
	int status = watch_processes(c, server);
	if (killer > 0) {
		(void)kill(killer, SIGKILL);
		(void)waitpid(killer, NULL, 0);
	}
	if (c->seen->wrong[0] != '\0')
		stop_test("round %zu, victim %d, cut %lu: %s\n", round, (int)victim, cut,
			  c->seen->wrong);
	c->servers_ended += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	bool ended = WIFEXITED(status) &&
		     (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CUT_STATUS);
	if (!ended && !(killed && victim == SERVER_KILLED))
		stop_test("round %zu: the server ended with %x\n", round, (unsigned)status);
}

/* ---- before and after ---- */

static size_t wanted_rounds(enum db_product product)
{
	const char *text = getenv("CRASH_ROUNDS");
	size_t rounds = text != NULL ? strtoul(text, NULL, 10) : product == DB_SQLITE ? 252 : 64;

	return rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX;
}

static void prepare(struct crash *c)
{
	size_t n = PER_ROUND * (c->rounds + 1);

	for (size_t i = 0; i < n; i++) {
		struct private_key *key;
		assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
		c->requests[i] =
			api_signed(c->x, &c->company.st1, "unit.requested",
				   company_request_body(&c->company, "BA1", serial_of(i), key));
		private_key_close(key);
	}
}

static struct crash *crash_open(const struct store_test *store)
{
	struct crash *c = calloc(1, sizeof *c);
	const char *seed = getenv("SEED");

	assert_non_null(c);
	c->random = seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)getpid();
	print_message("SEED=%u\n", c->random);
	c->rounds = wanted_rounds(store->product);
	c->seen = mmap(NULL, sizeof *c->seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_true(c->seen != MAP_FAILED);
	c->x = api_open_on(store->address);
	company_open(&c->company, c->x);
	company_authorize(&c->company, "BA1", REQUESTS_MAX, "");
	prepare(c);
	api_stop(c->x); /* from here on there is one thread, and we may fork */
	api_signer_away(c->x);
	snprintf(c->x->config.tls, sizeof c->x->config.tls, "off");
	start_signer(c, 0);
	return c;
}

static void crash_close(struct crash *c)
{
	stop_signer(c);
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		json_decref(c->requests[i]);
	company_done(&c->company);
	api_close(c->x);
	munmap(c->seen, sizeof *c->seen);
	free(c);
}

static void each_request_has_one_certificate_whoever_ends_whenever(void **state)
{
	struct crash *c = crash_open(*state);
	unsigned long signer_cut = 0;

	run_round(c, 0, NOBODY, 0); /* counts the changes */
	unsigned long changes = c->seen->changes;
	size_t cuts = c->rounds / 2;
	print_message("%lu changes of the server\n", changes);
	assert_in_range(changes, 20, 100000);
	for (size_t round = 1; round < c->rounds; round++) {
		enum victim victim = round <= cuts   ? SERVER_CUT
				     : round % 5 < 2 ? SIGNER_CUT
				     : round % 5 < 4 ? SERVER_KILLED
						     : SIGNER_KILLED;
		unsigned long cut =
			victim == SIGNER_CUT ? 1 + signer_cut++ % 24 : 1 + round * changes / cuts;
		run_round(c, round, victim, cut);
	}
	run_round(c, c->rounds, NOBODY, 0);
	print_message("%zu servers and %zu signers ended before their time\n", c->servers_ended,
		      c->signers_ended);
	assert_in_range(c->servers_ended, cuts / 2, c->rounds);
	assert_in_range(c->signers_ended, c->rounds / 8, c->rounds);
	verify_all(c);
	crash_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(each_request_has_one_certificate_whoever_ends_whenever),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

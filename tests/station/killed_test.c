/* SPDX-License-Identifier: Apache-2.0 */
/* The box as it is installed, a process of its own, killed at random changes of its files while testers go
 * on: what was answered is in the log, once, and what was repeated is one record. SEED chooses. */
#include "station_kit.h"

#include "record/readers.h"
#include "server/server_internal.h"
#undef fail

#include "base/files.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 16, EVENTS_MAX = 60, RECORDS_MAX = 4096, TRIES = 400 };

struct box {
	struct kit k;
	pid_t pid;
	unsigned random;
	struct hash answered[RECORDS_MAX]; /* digests that testers were told */
	size_t answered_n, asked;
};

static unsigned chance(struct box *b, unsigned most)
{
	b->random = b->random * 1664525u + 1013904223u;
	return 1 + (b->random >> 8) % most;
}

/* ---- the process ---- */

static void write_profile(struct kit *k)
{
	const char *text = kit_printf(
		k,
		"server = %s\nca = ../tls.crt\nas = st1\nkey = st1.key\nlog = ../log.vkey\n"
		"proxy = %s\nproxy-credentials = proxy.credentials\n",
		k->server, k->proxy_url);
	struct fault f = {0};

	assert_int_equal(
		file_write(kit_printf(k, "%s/profile", k->folder), bytes_text(text), 0600, &f).code,
		OK);
}

static void box_on(struct box *b)
{
	char port[16] = "", fd[16];
	int ready[2];
	size_t n = 0;

	assert_int_equal(pipe(ready), 0);
	snprintf(fd, sizeof fd, "%d", ready[1]);
	b->pid = fork();
	assert_true(b->pid >= 0);
	if (b->pid == 0) {
		close(ready[0]);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(SEALWRIGHT, "sealwright", "station", b->k.folder, "--port", "0", "--ready-fd",
		      fd, (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	while (n < sizeof port - 1 && read(ready[0], port + n, 1) == 1)
		if (port[n++] == '\n')
			break;
	close(ready[0]);
	b->k.port = (unsigned)strtoul(port, NULL, 10);
	assert_true(b->k.port > 0);
}

/* Kills it at the `after`-th change of a file that it sees. */
static pid_t killer(struct box *b, unsigned after)
{
	int watch = inotify_init1(IN_CLOEXEC);
	_Alignas(struct inotify_event) char events[4096];

	assert_true(watch >= 0);
	assert_true(inotify_add_watch(watch, kit_printf(&b->k, "%s/spool", b->k.folder),
				      IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE) >= 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		close(watch);
		return pid;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned seen = 0; seen < after; seen++)
		if (read(watch, events, sizeof(struct inotify_event) + 256) <= 0)
			_exit(1);
	(void)kill(b->pid, SIGKILL);
	_exit(0);
}

/* ---- testers ---- */

/* Repeats itself with the same id until it is answered, or the box is gone. */
static bool says(struct box *b, const char *header, const char *body)
{
	for (int i = 0; i < TRIES; i++) {
		struct said s = kit_ask(&b->k, "POST", "/v1/records/unit.fitted", body, header);
		if (s.status == 0)
			return false;
		if (s.status != 201 && s.status != 202)
			stop_test("%d %s\n", s.status, s.text);
		assert_true(hex_decode(bytes_text(said_text(&s, "digest")),
				       b->answered[b->answered_n].b, 32));
		b->answered_n++;
		return true;
	}
	return false;
}

static void round_of(struct box *b)
{
	char id[37], header[80];

	pid_t dog = killer(b, chance(b, EVENTS_MAX));
	for (;;) {
		int status;
		api_uuid(b->k.x, id);
		snprintf(header, sizeof header, "Idempotency-Key: %s", id);
		const char *body = kit_printf(
			&b->k,
			"{'product':'GW','serial':'K1','station':'st1','parts':[{'supplier':'acme',"
			"'part_lot':'R1','part':'MCU1','quantity':%zu}]}",
			b->asked + 1);
		b->asked++;
		if (says(b, header, body))
			continue;
		assert_int_equal(waitpid(b->pid, &status, 0), b->pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_int_equal(waitpid(dog, NULL, 0), dog);
		box_on(b);
		if (!says(b, header, body))
			stop_test("it does not answer after it was killed\n");
		return;
	}
}

/* ---- afterwards ---- */

static size_t times_in(const struct hash *list, size_t n, struct hash one)
{
	size_t times = 0;

	for (size_t i = 0; i < n; i++)
		times += hash_equal(list[i], one);
	return times;
}

static size_t read_log(struct kit *k, struct hash *out)
{
	struct reader_session *r;
	struct merkle_head head;
	size_t n = 0;

	assert_int_equal(reader_take(k->x->server->engine, &r, NULL).code, OK);
	assert_int_equal(ledger_head(reader_ledger(r), &head, NULL).code, OK);
	for (uint64_t i = 0; i < head.size; i++) {
		struct entry *entry = arena_alloc(&k->x->arena, sizeof *entry);
		struct bytes bytes;
		const char *why;
		assert_int_equal(ledger_entry(reader_ledger(r), &k->x->arena, i, &bytes, NULL).code,
				 OK);
		assert_true(entry_parse(bytes, entry, &why));
		if (entry->claim.spool.p == NULL)
			continue;
		assert_true(n < RECORDS_MAX);
		assert_int_equal(entry->claim.spool_counter, n + 1);
		out[n++] = claim_digest(entry->claim_bytes);
	}
	reader_give(r);
	return n;
}

static void a_box_that_is_killed_at_any_moment_loses_nothing_and_doubles_nothing(void **state)
{
	static struct hash log[RECORDS_MAX];
	struct box *b = *state;
	const char *seed = getenv("SEED");

	b->random = seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)getpid();
	print_message("SEED=%u\n", b->random);
	box_on(b);
	struct said s = kit_post(&b->k, "unit.requested", kit_unit(&b->k, "BA1", "K1"));
	assert_true(s.status == 201 || s.status == 202 || s.status == 422);
	if (s.status == 422) { /* it had not found the server yet, and has no allowance */
		kit_whole(&b->k);
		s = kit_post(&b->k, "unit.requested", kit_unit(&b->k, "BA1", "K1"));
		assert_true(s.status == 201 || s.status == 202);
	}
	for (int i = 0; i < ROUNDS; i++)
		round_of(b);
	kit_await_delivered(&b->k);
	size_t n = read_log(&b->k, log);
	assert_int_equal(n, b->asked + 1);
	for (size_t i = 0; i < b->answered_n; i++)
		assert_int_equal(times_in(log, n, b->answered[i]), 1);
	assert_true(b->answered_n >= ROUNDS);
}

static int open_box(void **state)
{
	struct box *b = test_calloc(1, sizeof *b);

	kit_open(&b->k);
	assert_int_equal(folder_make(kit_printf(&b->k, "%s/spool", b->k.folder), NULL).code, OK);
	write_profile(&b->k);
	*state = b;
	return 0;
}

static int close_box(void **state)
{
	struct box *b = *state;

	if (b->pid > 0) {
		(void)kill(b->pid, SIGTERM);
		(void)waitpid(b->pid, NULL, 0);
	}
	kit_close(&b->k);
	test_free(b);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_box_that_is_killed_at_any_moment_loses_nothing_and_doubles_nothing,
			open_box, close_box),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* On PostgreSQL: the engine's process ends at what it sends or writes, and the server ends the
 * engine's connections. CRASH_CUTS (100) asks for more. */
#include "crash/crash_kit.h"
#include "crash/cut.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 12, SENT = 24, PATIENCE_MS = 30000 };

static unsigned long cuts_wanted(void)
{
	const char *text = getenv("CRASH_CUTS");

	return text == NULL ? 100 : strtoul(text, NULL, 10);
}

static int cut_once(struct crash *c, unsigned long cut, unsigned long number)
{
	char name[32];

	snprintf(name, sizeof name, "n%lu-", number);
	crash_steps(c, name, 1);
	crash_begin(c);
	int status = crash_run(c, cut, 0);
	if (status != 0 && status != CUT_STATUS)
		fail_msg("at cut %lu the child ended with %d", cut, status);
	crash_verify(c);
	return status;
}

static void nothing_is_lost_when_the_client_ends(void **state)
{
	struct crash *c = crash_new(*state);
	unsigned long cuts = cuts_wanted(), happened = 0;

	assert_int_equal(cut_once(c, 0, 0), 0);
	unsigned long changes = c->others->changes;
	crash_resume(c);
	assert_true(changes > 0);
	for (unsigned long i = 1; i <= cuts; i++) {
		unsigned long cut = 1 + (i * changes / cuts + i) % changes;
		happened += cut_once(c, cut, i) == CUT_STATUS;
		crash_resume(c);
	}
	print_message("%lu cuts of %lu changes\n", happened, changes);
	/* A busy machine makes fewer changes than the first run counted. */
	assert_in_range(happened, cuts / 2, cuts);
	crash_free(c);
}

/* ---- the server ends the connections ---- */

struct sending {
	pthread_mutex_t lock;
	pthread_cond_t now;
	bool done;
};

static void arrived(void *context)
{
	struct sending *s = context;

	pthread_mutex_lock(&s->lock);
	s->done = true;
	pthread_cond_signal(&s->now);
	pthread_mutex_unlock(&s->lock);
}

static void wait_for(struct sending *s)
{
	pthread_mutex_lock(&s->lock);
	while (!s->done)
		pthread_cond_wait(&s->now, &s->lock);
	s->done = false;
	pthread_mutex_unlock(&s->lock);
}

static void end_connections(void)
{
	server_command("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		       " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
}

static struct submission *note(struct trial *t, int round, int i)
{
	char body[96];
	struct fault f = {0};

	snprintf(body, sizeof body, "{'item':'r%d-%d','site':'VN'}", round, i);
	struct submission *s =
		house_make(&t->house, &t->house.arena, &t->maya, "trial.noted", body, NULL, &f);
	ok((err){s == NULL ? f.code : OK}, &f);
	return s;
}

/* In the end the connections are there again. */
static void works_again(struct trial *t, int round)
{
	uint64_t until = clock_steady_ms(&clock_system) + PATIENCE_MS;
	struct fault f = {0};
	struct arena a = {.limit = (size_t)1 << 30};

	for (int i = 0; clock_steady_ms(&clock_system) < until; i++) {
		char body[96];
		snprintf(body, sizeof body, "{'item':'again%d-%d','site':'VN'}", round, i);
		arena_reset(&a);
		struct submission *s =
			house_make(&t->house, &a, &t->maya, "trial.noted", body, NULL, &f);
		if (s != NULL && record_submit_wait(t->house.engine, &s, 1, false, &f).code == OK) {
			if (submission_result(s)->state == RESULT_CERTIFIED) {
				arena_done(&a);
				return;
			}
			f = submission_result(s)->fault;
		}
		(void)sched_yield();
	}
	ok((err){f.code == OK ? ERR_UNAVAILABLE : f.code}, &f);
}

/* Opens the engine as soon as the server lets it. */
static void start_again(struct trial *t)
{
	uint64_t until = clock_steady_ms(&clock_system) + PATIENCE_MS;
	struct house *h = &t->house;
	struct fault f = {0};

	house_stop(h);
	while (engine_open(&h->config, &h->engine, &f).code != OK)
		if (clock_steady_ms(&clock_system) >= until)
			ok((err){f.code}, &f);
}

/* What was answered is there; a whole batch is there whole or not at all. */
static void answers_hold(struct trial *t, struct submission *const *sent, bool whole)
{
	struct reader_session *r;
	struct fault f = {0};
	size_t recorded = 0;

	ok(reader_take(t->house.engine, &r, &f), &f);
	for (int i = 0; i < SENT; i++) {
		const struct result *answered = submission_result(sent[i]);
		struct result now;
		if (answered->state == RESULT_REFUSED)
			continue;
		recorded++;
		ok(receipt_read(t->house.engine, r, &t->house.arena, answered->sequence, &now, &f),
		   &f);
		assert_true(hash_equal(now.digest, answered->digest));
	}
	reader_give(r);
	if (whole)
		assert_true(recorded == 0 || recorded == SENT);
}

static void send_while(struct trial *t, int round, struct submission **sent, void (*harm)(void))
{
	struct sending sending = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
	struct fault f = {0};

	for (int i = 0; i < SENT; i++)
		sent[i] = note(t, round, i);
	ok(record_submit(t->house.engine, sent, SENT, round % 2 == 0, arrived, &sending, &f), &f);
	harm();
	wait_for(&sending);
	works_again(t, round);
}

static void nothing_is_lost_when_the_server_ends_the_connections(void **state)
{
	struct trial *t = *state;
	struct submission *sent[ROUNDS][SENT];

	for (int round = 0; round < ROUNDS; round++)
		send_while(t, round, sent[round], end_connections);
	start_again(t);
	for (int round = 0; round < ROUNDS; round++)
		answers_hold(t, sent[round], round % 2 == 0);
}

static bool view_works(struct trial *t, struct fault *f)
{
	struct caller caller = {.principal = "maya", .channel = CHANNEL_SESSION};
	struct view_request request = {.name = bytes_text("trial.items"), .caller = &caller};
	struct reader_session *r;
	struct arena a = {0};
	json_t *page = NULL;

	*f = (struct fault){0};
	if (reader_take(t->house.engine, &r, f).code != OK)
		return false;
	bool good = view_read(t->house.engine, r, &a, &request, &page, f).code == OK;
	reader_give(r);
	json_decref(page);
	arena_done(&a);
	return good;
}

static void readers_find_their_way_back(void **state)
{
	struct trial *t = *state;
	struct fault f;

	for (int round = 0; round < 4; round++) {
		uint64_t until = clock_steady_ms(&clock_system) + PATIENCE_MS;
		while (!view_works(t, &f))
			if (clock_steady_ms(&clock_system) >= until)
				ok((err){f.code}, &f);
		end_connections();
	}
	works_again(t, 0);
}

/* A process of the server dies: it ends all others, too, and recovers. */
static pid_t victim;

static void kill_one(void)
{
	(void)kill(victim, SIGKILL);
	while (kill(victim, 0) == 0) /* until the server has seen it */
		(void)sched_yield();
}

static err pid_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(int64_t *)context = columns[0].number;
	return ERR_OK;
}

/* The server notices the death, ends every process, recovers, and only then lets anybody in: that
 * has happened when a connection of before is served by another process than it was. */
static void wait_until_it_is_back(struct db *bystander, struct statement *who, int64_t before)
{
	uint64_t until = clock_steady_ms(&clock_system) + PATIENCE_MS;
	int64_t now = before;

	while (now == before) {
		struct fault f = {0};
		if (db_query(bystander, who, NULL, pid_row, &now, NULL, &f).code != OK)
			now = before;
		assert_true(clock_steady_ms(&clock_system) < until);
	}
}

/* Even then it may refuse newcomers for a moment. */
static void open_patiently(const char *address, struct db **out)
{
	uint64_t until = clock_steady_ms(&clock_system) + PATIENCE_MS;
	struct fault f = {0};

	while (db_open(address, out, &f).code != OK)
		assert_true(clock_steady_ms(&clock_system) < until);
}

static void nothing_is_lost_when_the_server_crashes(void **state)
{
	struct trial *t = *state;
	struct submission *sent[2][SENT];

	for (int round = 0; round < 2; round++) {
		char address[512];
		struct db *db, *bystander;
		struct fault f = {0};
		server_address(address, sizeof address, "application_name=victims");
		open_patiently(address, &db);
		victim = (pid_t)number_of(db, "SELECT pid FROM pg_stat_activity"
					      " WHERE pid = pg_backend_pid()");
		if (kill(victim, 0) != 0) {
			print_message("the server's processes belong to somebody else\n");
			db_close(db);
			skip();
		}
		ok(db_open(address, &bystander, &f), &f);
		struct statement *who = prepared(bystander, "SELECT pg_backend_pid()", NULL, 0);
		int64_t before = number_of(bystander, "SELECT pg_backend_pid()");
		send_while(t, round, sent[round], kill_one);
		db_close(db);
		wait_until_it_is_back(bystander, who, before);
		statement_close(who);
		db_close(bystander);
		open_patiently(address, &db);
		db_close(db);
		start_again(t);
	}
	start_again(t);
	for (int round = 0; round < 2; round++)
		answers_hold(t, sent[round], round % 2 == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(nothing_is_lost_when_the_client_ends),
		TRIAL_TEST(nothing_is_lost_when_the_server_ends_the_connections),
		TRIAL_TEST(readers_find_their_way_back),
		TRIAL_TEST(nothing_is_lost_when_the_server_crashes),
	};

	/* A server of its own: it is crashed, and others share the one that the variable names. */
	const char *named = getenv("SEALWRIGHT_TEST_POSTGRES");
	if (named != NULL && strcmp(named, "none") != 0)
		unsetenv("SEALWRIGHT_TEST_POSTGRES");
	return run_on_postgres(tests, sizeof tests / sizeof tests[0]);
}

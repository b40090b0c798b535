/* SPDX-License-Identifier: Apache-2.0 */
/* The store beneath the engine: two servers on one log, many workers, receipts of a long run, and
 * tables that a newer version makes anew. */
#include "records/trial.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "ledger/audit.h"

enum { LONG_RUN = 300, RACERS = 8, ROUNDS = 25 };

/* ---- the whole log ---- */

static void audit_is_clean(struct trial *t)
{
	struct audit_options options = {.key = t->house.checkpoint_public,
					.verify = ed25519_verify};
	struct audit_report report;
	struct fault f = {0};

	/* Stopping the engine shows the last head in the folder. */
	house_stop(&t->house);
	ok(audit_run(audit_folder(t->house.tiles), &options, &report, &f), &f);
	house_start(&t->house);
	assert_int_equal(report.head.size, trial_size(t));
}

static void every_receipt_of_a_long_run_proves_its_record(void **state)
{
	struct trial *t = *state;
	char body[96];

	for (int i = 0; i < LONG_RUN; i++) {
		snprintf(body, sizeof body, "{'item':'i%d','site':'VN'}", i);
		const struct result *r = house_report(&t->house, &t->maya, "trial.noted", body);
		struct note note;
		struct checkpoint checkpoint;
		const char *why;
		assert_int_equal(r->state, RESULT_CERTIFIED);
		assert_true(merkle_includes(r->head, r->sequence, r->leaf, r->path, r->path_n));
		assert_true(note_parse(r->note, &note, &why));
		assert_int_equal(
			note_verify(&note, &t->house.checkpoint_public, ed25519_verify, NULL),
			NOTE_VALID);
		assert_true(checkpoint_parse(note.text, &checkpoint, &why));
		assert_int_equal(checkpoint.head.size, r->head.size);
		assert_true(hash_equal(checkpoint.head.root, r->head.root));
	}
	audit_is_clean(t);
}

/* ---- many at once ---- */

struct racer {
	struct trial *t;
	pthread_barrier_t *start;
	const struct actor *who;
	struct engine *engine;
	const char *type;
	char item[16], body[64];
	bool recorded;
	struct fault fault;
	struct arena arena;
};

static void *race(void *context)
{
	struct racer *r = context;
	struct house mine = r->t->house; /* its arena is not shared */
	struct submission *s;

	mine.engine = r->engine;
	snprintf(r->body, sizeof r->body, "{'item':'%s'}", r->item);
	s = house_make(&mine, &r->arena, r->who, r->type, r->body, NULL, &r->fault);
	(void)pthread_barrier_wait(r->start);
	if (s == NULL || record_submit_wait(r->engine, &s, 1, false, &r->fault).code != OK)
		return NULL;
	r->recorded = submission_result(s)->state == RESULT_CERTIFIED;
	r->fault = submission_result(s)->fault;
	return NULL;
}

/* All ask for the same at the same moment; true for exactly one of them, else why. */
static void one_of_them_wins(struct trial *t, struct engine *const *engines, size_t engines_n,
			     const char *item)
{
	struct racer racers[RACERS];
	pthread_t threads[RACERS];
	pthread_barrier_t start;
	size_t winners = 0;

	assert_int_equal(pthread_barrier_init(&start, NULL, RACERS), 0);
	for (size_t i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){.t = t,
					   .start = &start,
					   .who = &t->maya,
					   .engine = engines[i % engines_n],
					   .type = "trial.decided"};
		snprintf(racers[i].item, sizeof racers[i].item, "%s", item);
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		winners += racers[i].recorded;
		if (!racers[i].recorded)
			assert_string_equal(racers[i].fault.message, "SEAL_ALREADY_ISSUED");
		arena_done(&racers[i].arena);
	}
	(void)pthread_barrier_destroy(&start);
	assert_int_equal(winners, 1);
}

static void of_conflicting_decisions_one_is_recorded(void **state)
{
	struct trial *t = *state;
	char item[16];

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(item, sizeof item, "i%d", i);
		trial_item(t, item, "VN");
		one_of_them_wins(t, &t->house.engine, 1, item);
	}
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item WHERE state = 'decided'"),
			 ROUNDS);
	audit_is_clean(t);
}

/* ---- two servers ---- */

/* One signer for both, as strict as the real one: it extends what it signed last, and nothing
 * else. */
struct shared_signer {
	pthread_mutex_t lock;
	struct trial *t;
};

static err shared_sign(void *context, struct merkle_head old, struct merkle_head now,
		       const struct hash *path, size_t path_n, struct arena *a, struct bytes *note,
		       struct fault *f)
{
	struct shared_signer *s = context;
	struct house *h = &s->t->house;
	err result;

	pthread_mutex_lock(&s->lock);
	if (old.size != h->signed_last.size || !hash_equal(old.root, h->signed_last.root))
		result = (fail)(f, "SIGNER_UNAVAILABLE", NULL);
	else
		result = h->config.sign(h, old, now, path, path_n, a, note, f);
	pthread_mutex_unlock(&s->lock);
	return result;
}

static err shared_last(void *context, struct merkle_head *out, struct fault *f)
{
	struct shared_signer *s = context;

	(void)f;
	pthread_mutex_lock(&s->lock);
	*out = s->t->house.signed_last;
	pthread_mutex_unlock(&s->lock);
	return ERR_OK;
}

struct two_servers {
	struct shared_signer signer;
	struct engine *engines[2];
};

static void open_two(struct trial *t, struct two_servers *two)
{
	struct engine_config config = t->house.config;
	struct fault f = {0};

	house_stop(&t->house);
	*two = (struct two_servers){.signer = {.lock = PTHREAD_MUTEX_INITIALIZER, .t = t}};
	config.sign = shared_sign;
	config.last_signed = shared_last;
	config.sign_context = &two->signer;
	for (size_t i = 0; i < 2; i++)
		ok(engine_open(&config, &two->engines[i], &f), &f);
	t->house.engine = two->engines[0];
}

static void close_two(struct trial *t, struct two_servers *two)
{
	engine_close(two->engines[0]);
	engine_close(two->engines[1]);
	t->house.engine = NULL;
	house_start(&t->house);
}

static const char *asks_at(struct trial *t, struct engine *engine, const struct actor *who,
			   const char *type, const char *body)
{
	struct engine *own = t->house.engine;

	t->house.engine = engine;
	const char *answer = asks(t, who, type, "%s", body);
	t->house.engine = own;
	return answer;
}

static void two_servers_on_one_store_make_one_log(void **state)
{
	struct trial *t = *state;
	struct two_servers two;
	uint64_t next = trial_size(t);
	char body[96];

	open_two(t, &two);
	for (int i = 0; i < 20; i++) {
		snprintf(body, sizeof body, "{'item':'i%d','site':'VN'}", i);
		assert_string_equal(asks_at(t, two.engines[i % 2], &t->maya, "trial.noted", body),
				    "");
		assert_int_equal(t->result->sequence, next++);
		assert_true(merkle_includes(t->result->head, t->result->sequence, t->result->leaf,
					    t->result->path, t->result->path_n));
	}
	close_two(t, &two);
	audit_is_clean(t);
}

static void a_right_that_one_server_took_is_gone_at_the_other(void **state)
{
	struct trial *t = *state;
	struct two_servers two;

	open_two(t, &two);
	assert_string_equal(asks_at(t, two.engines[1], &t->maya, "trial.ruled", "{'item':'a'}"),
			    "");
	assert_string_equal(asks_at(t, two.engines[0], &t->house.ada, "grant.revoked",
				    "{'grant_id':'grant-maya','reason':'r'}"),
			    "");
	assert_string_equal(asks_at(t, two.engines[1], &t->maya, "trial.ruled", "{'item':'b'}"),
			    "!NOT_ALLOWED");
	close_two(t, &two);
}

static void of_conflicting_decisions_at_two_servers_one_is_recorded(void **state)
{
	struct trial *t = *state;
	struct two_servers two;
	char item[16];

	open_two(t, &two);
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(item, sizeof item, "i%d", i);
		trial_item(t, item, "VN");
		one_of_them_wins(t, two.engines, 2, item);
	}
	close_two(t, &two);
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item WHERE state = 'decided'"),
			 ROUNDS);
	audit_is_clean(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(every_receipt_of_a_long_run_proves_its_record),
		TRIAL_TEST(of_conflicting_decisions_one_is_recorded),
		TRIAL_TEST(two_servers_on_one_store_make_one_log),
		TRIAL_TEST(a_right_that_one_server_took_is_gone_at_the_other),
		TRIAL_TEST(of_conflicting_decisions_at_two_servers_one_is_recorded),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

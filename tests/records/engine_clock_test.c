/* SPDX-License-Identifier: Apache-2.0 */
/* Time: a stepped clock grants nothing that is limited in time, and loses no order. The signer: what
 * it has not signed is committed, and certified when it is back. */
#include "records/trial.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "base/clock.h"

static const char *decides(struct trial *t, const struct actor *who, const char *item)
{
	return asks(t, who, "trial.decided", "{'item':'%s'}", item);
}

/* zoe may decide for the next two hours. */
static struct actor limited(struct trial *t)
{
	struct actor zoe = house_actor(&t->house, "zoe", "person", NULL);
	char until[TIME_TEXT_SIZE];

	time_text(clock_wall_ms(&t->house.clock) + 2 * HOUR_MS, until);
	assert_string_equal(asks(t, &t->house.ada, "role.granted",
				 "{'grant_id':'g1','principal':'zoe','role':'role-maya',"
				 "'not_after':'%s'}",
				 until),
			    "");
	for (const char *const *item = (const char *const[]){"a", "b", "c", "d", NULL}; *item;
	     item++)
		trial_item(t, *item, "VN");
	return zoe;
}

static void nothing_limited_after_a_step_of(struct trial *t, int64_t step)
{
	struct actor zoe = limited(t);

	assert_string_equal(decides(t, &zoe, "a"), "");
	house_step(&t->house, step, 0);
	assert_string_equal(decides(t, &zoe, "b"), "!NOT_ALLOWED");
	assert_string_equal(decides(t, &t->maya, "c"), ""); /* hers has no end */
	house_step(&t->house, -step, 0);
	assert_string_equal(decides(t, &zoe, "d"), "");
	actor_done(&zoe);
}

static void a_clock_put_back_grants_nothing_that_is_limited_in_time(void **state)
{
	nothing_limited_after_a_step_of(*state, -HOUR_MS);
}

static void a_clock_put_forward_grants_nothing_that_is_limited_in_time(void **state)
{
	nothing_limited_after_a_step_of(*state, HOUR_MS);
}

static void a_clock_stepped_forward_ends_no_right_for_good(void **state)
{
	struct trial *t = *state;
	struct actor zoe = limited(t);

	house_step(&t->house, 3ll * HOUR_MS, 0);
	assert_string_equal(decides(t, &zoe, "a"), "!NOT_ALLOWED");
	house_step(&t->house, -3ll * HOUR_MS, 0);
	assert_string_equal(decides(t, &zoe, "a"), "");
	/* Both clocks: the time has really come. */
	house_step(&t->house, 3ll * HOUR_MS, 3ll * HOUR_MS);
	assert_string_equal(decides(t, &zoe, "b"), "!NOT_ALLOWED");
	/* Turning the wall clock back does not bring the right back. */
	house_step(&t->house, -3ll * HOUR_MS, 0);
	assert_string_equal(decides(t, &zoe, "c"), "!NOT_ALLOWED");
	actor_done(&zoe);
}

static void a_step_is_recorded_once(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	house_step(&t->house, -HOUR_MS, 0);
	for (int i = 0; i < 5; i++)
		trial_item(t, "a", "VN");
	assert_string_equal(decides(t, &t->maya, "unheard"), "!NOT_ALLOWED");
	assert_int_equal(trial_entries(t, "clock.stepped"), 1);
	assert_int_equal(
		trial_number(t, "SELECT count(*) FROM nonconformance WHERE code = 'CLOCK_STEPPED'"),
		1);
	house_step(&t->house, HOUR_MS, 0);
	trial_item(t, "a", "VN");
	house_step(&t->house, HOUR_MS, 0);
	trial_item(t, "a", "VN");
	assert_int_equal(trial_entries(t, "clock.stepped"), 2); /* it agreed in between */
}

static void a_step_is_recorded_once_though_a_record_behind_it_fails(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.fragile", "{'item':'a'}"), "");
	house_step(&t->house, HOUR_MS, 0);
	assert_string_equal(asks(t, &t->maya, "trial.fragile", "{'item':'a'}"),
			    "unfolded FOLD_FAILED");
	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.fragile", "{'item':'a'}"),
			    "unfolded FOLD_FAILED");
	trial_item(t, "a", "VN");
	assert_int_equal(trial_entries(t, "clock.stepped"), 1);
}

static void time_never_runs_backwards(void **state)
{
	struct trial *t = *state;
	static const int64_t steps[] = {0, HOUR_MS, -2 * HOUR_MS, 5000, -90000, 3 * HOUR_MS, -1};
	uint64_t last = 0, sequence = 0;

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		house_step(&t->house, steps[i], 0);
		trial_item(t, "a", "VN");
		assert_true(t->result->at >= last);
		assert_true(t->result->sequence > sequence);
		/* A clock that was put forward does not put the log forward. */
		uint64_t steady = clock_wall_ms(&clock_system) + DAY_MS + HOUR_MS;
		assert_true(t->result->at <= steady + 2000);
		last = t->result->at;
		sequence = t->result->sequence;
	}
}

static void a_small_difference_is_no_step(void **state)
{
	struct trial *t = *state;
	struct actor zoe = limited(t);

	house_step(&t->house, 1500, 0);
	assert_string_equal(decides(t, &zoe, "a"), "");
	assert_int_equal(trial_entries(t, "clock.stepped"), 0);
	actor_done(&zoe);
}

static void a_log_whose_last_time_is_ahead_is_not_turned_back_by_a_restart(void **state)
{
	struct trial *t = *state;
	struct actor zoe = limited(t);

	house_step(&t->house, 3ll * HOUR_MS, 3ll * HOUR_MS);
	trial_item(t, "x", "VN");
	uint64_t last = t->result->at;
	assert_string_equal(decides(t, &zoe, "a"), "!NOT_ALLOWED");
	house_stop(&t->house);
	house_step(&t->house, -3ll * HOUR_MS, 0); /* while nobody looks */
	house_start(&t->house);
	assert_string_equal(decides(t, &zoe, "a"), "!NOT_ALLOWED");
	trial_item(t, "x", "VN");
	assert_true(t->result->at >= last);
	house_step(&t->house, 3ll * HOUR_MS, 0);
	actor_done(&zoe);
}

/* ---- the signer ---- */

struct sent {
	pthread_mutex_t lock;
	pthread_cond_t now;
	bool done;
};

static void arrived(void *context)
{
	struct sent *s = context;

	pthread_mutex_lock(&s->lock);
	s->done = true;
	pthread_cond_signal(&s->now);
	pthread_mutex_unlock(&s->lock);
}

/* Submits, and waits for the answer while the patience with the signer runs out. */
static const struct result *sends_unsigned(struct trial *t, const struct actor *who,
					   const char *type, const char *body)
{
	struct sent sent = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
	struct fault f = {0};
	struct submission *s = house_make(&t->house, &t->house.arena, who, type, body, NULL, &f);
	uint64_t size = trial_size(t);

	assert_non_null(s);
	ok(record_submit(t->house.engine, &s, 1, false, arrived, &sent, &f), &f);
	while (trial_size(t) == size) /* committed, but not answered */
		sched_yield();
	house_step(&t->house, 3000, 3000);
	pthread_mutex_lock(&sent.lock);
	while (!sent.done)
		pthread_cond_wait(&sent.now, &sent.lock);
	pthread_mutex_unlock(&sent.lock);
	return submission_result(s);
}

static err receipt(struct trial *t, uint64_t sequence, struct result *out)
{
	struct reader_session *r;
	struct fault f = {0};

	ok(reader_take(t->house.engine, &r, &f), &f);
	err result = receipt_read(t->house.engine, r, &t->house.arena, sequence, out, &f);
	reader_give(r);
	return result;
}

static void without_the_signer_records_are_committed_and_later_certified(void **state)
{
	struct trial *t = *state;
	struct result read;
	struct engine_state now;

	house_signer_away(&t->house, true);
	const struct result *r =
		sends_unsigned(t, &t->maya, "trial.noted", "{'item':'a','site':'VN'}");
	assert_int_equal(r->state, RESULT_COMMITTED);
	engine_state_read(t->house.engine, &now);
	assert_false(now.ready);
	assert_int_equal(now.certified + 1, now.size);
	assert_int_equal(receipt(t, r->sequence, &read).code, OK);
	assert_int_equal(read.state, RESULT_COMMITTED);
	house_signer_away(&t->house, false);
	do
		engine_state_read(t->house.engine, &now);
	while (now.certified < now.size && sched_yield() == 0);
	assert_int_equal(receipt(t, r->sequence, &read).code, OK);
	assert_int_equal(read.state, RESULT_CERTIFIED);
	assert_true(merkle_includes(read.head, r->sequence, read.leaf, read.path, read.path_n));
	assert_true(hash_equal(read.leaf, r->leaf));
}

static void beyond_a_bound_decisions_wait_for_the_signer_and_events_do_not(void **state)
{
	struct trial *t = *state;
	struct fault f = {0};
	struct submission *s;

	house_stop(&t->house);
	t->house.config.unsigned_max = 2;
	house_start(&t->house);
	house_signer_away(&t->house, true);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			sends_unsigned(t, &t->maya, "trial.noted", "{'item':'a','site':'VN'}")
				->state,
			RESULT_COMMITTED);
	s = house_make(&t->house, &t->house.arena, &t->maya, "trial.ruled", "{'item':'a'}", NULL,
		       &f);
	refused(record_submit_wait(t->house.engine, &s, 1, false, &f), &f, "ENGINE_UNSIGNED");
	assert_int_equal(
		sends_unsigned(t, &t->maya, "trial.noted", "{'item':'a','site':'VN'}")->state,
		RESULT_COMMITTED);
	house_signer_away(&t->house, false);
	struct engine_state now;
	do
		engine_state_read(t->house.engine, &now);
	while (now.certified < now.size && sched_yield() == 0);
	ok(record_submit_wait(t->house.engine, &s, 1, false, &f), &f);
	assert_int_equal(submission_result(s)->state, RESULT_CERTIFIED);
}

static void what_is_committed_when_the_engine_stops_is_certified_by_the_next(void **state)
{
	struct trial *t = *state;
	struct result read;

	house_signer_away(&t->house, true);
	uint64_t sequence =
		sends_unsigned(t, &t->maya, "trial.noted", "{'item':'a','site':'VN'}")->sequence;
	house_stop(&t->house);
	house_signer_away(&t->house, false);
	house_start(&t->house);
	assert_int_equal(receipt(t, sequence, &read).code, OK);
	assert_int_equal(read.state, RESULT_CERTIFIED);
}

static void who_waits_for_the_signer_is_answered_when_the_engine_stops(void **state)
{
	struct trial *t = *state;
	struct sent sent = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
	struct fault f = {0};
	struct submission *s = house_make(&t->house, &t->house.arena, &t->maya, "trial.noted",
					  "{'item':'a','site':'VN'}", NULL, &f);

	assert_non_null(s);
	house_signer_away(&t->house, true);
	ok(record_submit(t->house.engine, &s, 1, false, arrived, &sent, &f), &f);
	house_stop(&t->house);
	assert_true(sent.done);
	assert_int_equal(submission_result(s)->state, RESULT_COMMITTED);
	house_signer_away(&t->house, false);
	house_start(&t->house);
	struct result read;
	assert_int_equal(receipt(t, submission_result(s)->sequence, &read).code, OK);
	assert_int_equal(read.state, RESULT_CERTIFIED);
}

/* The signer's word was lost on its way: it signed, and nobody published. */
static void a_checkpoint_that_was_signed_but_not_kept_is_made_good(void **state)
{
	struct trial *t = *state;
	struct fault f = {0};
	char id[37];

	house_id(&t->house, id);
	for (int i = 0; i < 2; i++) {
		struct submission *s = house_make(&t->house, &t->house.arena, &t->maya,
						  "trial.ruled", "{'item':'a'}", id, &f);
		assert_string_equal(submits(t, s, &f), "");
		assert_int_equal(t->result->state, RESULT_CERTIFIED);
		if (i == 1)
			break;
		house_stop(&t->house);
		run(t->store->db, "DELETE FROM checkpoint");
		house_start(&t->house);
	}
	struct engine_state now;
	engine_state_read(t->house.engine, &now);
	assert_int_equal(now.certified, now.size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(a_clock_put_back_grants_nothing_that_is_limited_in_time),
		TRIAL_TEST(a_clock_put_forward_grants_nothing_that_is_limited_in_time),
		TRIAL_TEST(a_clock_stepped_forward_ends_no_right_for_good),
		TRIAL_TEST(a_step_is_recorded_once),
		TRIAL_TEST(a_step_is_recorded_once_though_a_record_behind_it_fails),
		TRIAL_TEST(time_never_runs_backwards),
		TRIAL_TEST(a_small_difference_is_no_step),
		TRIAL_TEST(a_log_whose_last_time_is_ahead_is_not_turned_back_by_a_restart),
		TRIAL_TEST(without_the_signer_records_are_committed_and_later_certified),
		TRIAL_TEST(beyond_a_bound_decisions_wait_for_the_signer_and_events_do_not),
		TRIAL_TEST(what_is_committed_when_the_engine_stops_is_certified_by_the_next),
		TRIAL_TEST(who_waits_for_the_signer_is_answered_when_the_engine_stops),
		TRIAL_TEST(a_checkpoint_that_was_signed_but_not_kept_is_made_good),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

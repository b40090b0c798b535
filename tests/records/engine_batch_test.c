/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals, gates, whole batches, and folds that fail: what is left behind, and what is not. */
#include "records/trial.h"

#include <stdio.h>

enum { MANY = 40, LARGE = 900 };

static struct submission *makes(struct trial *t, const char *type, const char *body)
{
	struct fault f = {0};
	struct submission *s =
		house_make(&t->house, &t->house.arena, &t->maya, type, body, NULL, &f);

	if (s == NULL)
		ok((err){f.code}, &f);
	return s;
}

static const char *fate(const struct submission *s)
{
	const struct result *r = submission_result(s);

	return r->state == RESULT_REFUSED ? r->fault.message : "";
}

/* ---- gates and refusals ---- */

static void a_gate_reports_every_failure_at_once(void **state)
{
	struct trial *t = *state;

	assert_string_equal(asks(t, &t->maya, "trial.noted", "{'item':'a','site':'VN','size':101}"),
			    "SEAL_NOT_ISSUED");
	assert_string_equal(asks(t, &t->maya, "trial.blocked", "{'item':'a'}"), "");
	assert_string_equal(asks(t, &t->maya, "trial.decided", "{'item':'a'}"), "!GATE_CLOSED");
	const struct control_failure *c = t->result->failures;
	assert_non_null(c);
	assert_string_equal(c->control, "TRI-01");
	assert_string_equal(c->expected, "open");
	assert_string_equal(c->found, "blocked");
	c = c->next;
	assert_non_null(c);
	assert_string_equal(c->control, "TRI-02");
	assert_string_equal(c->found, "101");
	assert_null(c->next);
}

static void asking_a_gate_records_nothing(void **state)
{
	struct trial *t = *state;
	struct caller caller = {.principal = "maya", .channel = CHANNEL_SESSION};
	struct control_failure *failures;
	struct reader_session *r;
	struct fault f = {0};

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.blocked", "{'item':'a'}"), "");
	uint64_t size = trial_size(t);
	ok(reader_take(t->house.engine, &r, &f), &f);
	ok(gate_ask(t->house.engine, r, &t->house.arena, &caller, "trial", "item", "", "a",
		    &failures, &f),
	   &f);
	assert_string_equal(failures->control, "TRI-01");
	assert_null(failures->next);
	refused(gate_ask(t->house.engine, r, &t->house.arena, &caller, "unheard", "item", "", "a",
			 &failures, &f),
		&f, "GATE_UNKNOWN");
	reader_give(r);
	assert_int_equal(trial_size(t), size);
}

static void a_refused_decision_is_recorded_once_and_repeats_are_counted(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.decided", "{'item':'a'}"), "");
	for (int i = 0; i < 5; i++)
		assert_string_equal(asks(t, &t->maya, "trial.decided", "{'item':'a'}"),
				    "!SEAL_ALREADY_ISSUED");
	assert_int_equal(trial_entries(t, "decision.refused"), 1);
	assert_int_equal(trial_number(t, "SELECT times FROM refusal"), 5);
	/* Another subject is another refusal; so is another author. */
	assert_string_equal(asks(t, &t->maya, "trial.decided", "{'item':'b'}"), "!NOT_ALLOWED");
	assert_string_equal(asks(t, &t->nils, "trial.decided", "{'item':'a'}"), "!NOT_ALLOWED");
	assert_int_equal(trial_entries(t, "decision.refused"), 3);
	/* After a day it is worth saying again. */
	house_step(&t->house, DAY_MS, DAY_MS);
	assert_string_equal(asks(t, &t->maya, "trial.decided", "{'item':'a'}"),
			    "!SEAL_ALREADY_ISSUED");
	assert_int_equal(trial_entries(t, "decision.refused"), 4);
}

static void a_refused_event_leaves_nothing(void **state)
{
	struct trial *t = *state;
	uint64_t size = trial_size(t);

	assert_string_equal(asks(t, &t->nils, "trial.noted", "{'item':'a','site':'VN'}"),
			    "!NOT_ALLOWED");
	assert_string_equal(reports(t, &t->nils, "trial.noted", "{'item':'a','site':'VN'}"),
			    "!NOT_ALLOWED");
	assert_int_equal(trial_size(t), size);
}

/* ---- batches ---- */

static void a_whole_batch_sees_its_own_records_and_is_kept(void **state)
{
	struct trial *t = *state;
	struct submission *three[] = {
		makes(t, "trial.noted", "{'item':'a','site':'VN'}"),
		makes(t, "trial.decided", "{'item':'a'}"),
		makes(t, "trial.blocked", "{'item':'a'}"),
	};
	struct fault f = {0};

	ok(record_submit_wait(t->house.engine, three, 3, true, &f), &f);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(submission_result(three[i])->state, RESULT_CERTIFIED);
		assert_int_equal(submission_result(three[i])->sequence,
				 submission_result(three[0])->sequence + i);
	}
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item WHERE state = 'decided'"
					 " AND blocked = 1"),
			 1);
}

static void a_whole_batch_undoes_everything_and_names_every_failure(void **state)
{
	struct trial *t = *state;
	struct submission *five[] = {
		makes(t, "trial.noted", "{'item':'a','site':'VN'}"),
		makes(t, "trial.decided", "{'item':'a'}"),
		makes(t, "trial.decided", "{'item':'a'}"),
		makes(t, "trial.decided", "{'item':'b'}"),
		makes(t, "trial.noted", "{'item':'c','site':'VN'}"),
	};
	struct fault f = {0};
	uint64_t size = trial_size(t);

	ok(record_submit_wait(t->house.engine, five, 5, true, &f), &f);
	assert_string_equal(fate(five[0]), "BATCH_UNDONE");
	assert_string_equal(fate(five[1]), "BATCH_UNDONE");
	assert_string_equal(fate(five[2]), "SEAL_ALREADY_ISSUED");
	assert_string_equal(fate(five[3]), "NOT_ALLOWED");
	assert_string_equal(fate(five[4]), "BATCH_UNDONE");
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item"), 0);
	assert_int_equal(trial_entries(t, "decision.refused"), 2);
	assert_int_equal(trial_size(t), size + 2);
	/* What was undone may be sent again, with the same ids. */
	ok(record_submit_wait(t->house.engine, five, 2, true, &f), &f);
	assert_string_equal(fate(five[0]), "");
	assert_string_equal(fate(five[1]), "");
}

static void rights_given_in_a_batch_that_is_undone_are_gone(void **state)
{
	struct trial *t = *state;
	struct house *h = &t->house;
	struct fault f = {0};
	struct submission *three[] = {
		house_make(h, &h->arena, &h->ada, "role.granted",
			   "{'grant_id':'g','principal':'nils','role':'role-maya'}", NULL, &f),
		house_make(h, &h->arena, &t->nils, "trial.ruled", "{'item':'a'}", NULL, &f),
		house_make(h, &h->arena, &t->pia, "trial.ruled", "{'item':'a'}", NULL, &f),
	};

	ok(record_submit_wait(h->engine, three, 3, true, &f), &f);
	assert_string_equal(fate(three[1]), "BATCH_UNDONE");
	assert_string_equal(fate(three[2]), "NOT_ALLOWED");
	assert_string_equal(asks(t, &t->nils, "trial.ruled", "{'item':'a'}"), "!NOT_ALLOWED");
	ok(record_submit_wait(h->engine, three, 2, true, &f), &f);
	assert_string_equal(fate(three[1]), "");
}

static void records_that_do_not_belong_together_fail_alone(void **state)
{
	struct trial *t = *state;
	struct submission *many[MANY];
	struct fault f = {0};
	char body[96];

	for (size_t i = 0; i < MANY; i++) {
		snprintf(body, sizeof body, "{'item':'i%zu'%s}", i % 3 == 2 ? 1000 : i / 3,
			 i % 3 == 0 ? ",'site':'VN'" : "");
		many[i] = makes(t, i % 3 == 0 ? "trial.noted" : "trial.decided", body);
	}
	ok(record_submit_wait(t->house.engine, many, MANY, false, &f), &f);
	for (size_t i = 0; i < MANY; i++)
		assert_string_equal(fate(many[i]), i % 3 == 2 ? "NOT_ALLOWED" : "");
}

static void a_batch_has_a_size(void **state)
{
	struct trial *t = *state;
	static struct submission *many[1001];
	struct fault f = {0};

	many[0] = makes(t, "trial.ruled", "{'item':'a'}");
	for (size_t i = 1; i < 1001; i++)
		many[i] = many[0];
	refused(record_submit_wait(t->house.engine, many, 0, true, &f), &f, "BATCH_SIZE");
	refused(record_submit_wait(t->house.engine, many, 1001, true, &f), &f, "BATCH_SIZE");
}

/* Together more than one transaction takes. */
static void large_records(struct trial *t, struct submission **out, size_t n)
{
	char *body = arena_alloc(&t->house.arena, 31000);
	struct fault f = {0};

	for (size_t i = 0; i < n; i++) {
		int at = snprintf(body, 100, "{'item':'large%zu','why':'", i);
		memset(body + at, 'x', 30000);
		memcpy(body + at + 30000, "'}", 3);
		out[i] = house_make(&t->house, &t->house.arena, &t->maya, "trial.ruled", body, NULL,
				    &f);
		ok((err){out[i] == NULL ? f.code : OK}, &f);
	}
}

static void large_records_that_do_not_belong_together_are_all_recorded(void **state)
{
	struct trial *t = *state;
	static struct submission *many[LARGE];
	struct fault f = {0};

	large_records(t, many, LARGE);
	ok(record_submit_wait(t->house.engine, many, LARGE, false, &f), &f);
	for (size_t i = 0; i < LARGE; i++)
		assert_string_equal(fate(many[i]), "");
}

static void a_whole_batch_too_large_for_one_transaction_is_refused_or_recorded(void **state)
{
	struct trial *t = *state;
	static struct submission *many[LARGE];
	struct fault f = {0};
	uint64_t size = trial_size(t);
	size_t recorded = 0;

	large_records(t, many, LARGE);
	ok(record_submit_wait(t->house.engine, many, LARGE, true, &f), &f);
	for (size_t i = 0; i < LARGE; i++) {
		const struct result *r = submission_result(many[i]);
		recorded += r->state == RESULT_CERTIFIED;
		if (r->state == RESULT_REFUSED)
			assert_true(r->fault.code == ERR_TOO_LARGE || r->fault.code == ERR_LIMIT);
	}
	assert_true(recorded == 0 || recorded == LARGE);
	assert_int_equal(trial_size(t), size + recorded);
	trial_item(t, "a", "VN");
}

/* ---- folds that fail ---- */

static void an_event_whose_fold_fails_is_kept_as_evidence(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.fragile", "{'item':'a'}"), "");
	assert_string_equal(asks(t, &t->maya, "trial.fragile", "{'item':'a'}"),
			    "unfolded FOLD_FAILED");
	assert_int_equal(t->result->state, RESULT_CERTIFIED);
	assert_int_equal(trial_number(t, "SELECT count(*) FROM hold WHERE code = 'FOLD_FAILED'"
					 " AND kind = 'item' AND id = 'a'"),
			 1);
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_fragile"), 1);
}

static void a_fold_that_fails_takes_nobody_with_it(void **state)
{
	struct trial *t = *state;
	struct submission *many[MANY];
	struct fault f = {0};
	char body[96];

	trial_item(t, "a", "VN");
	for (size_t i = 0; i < MANY; i++) {
		snprintf(body, sizeof body, "{'item':'i%zu'%s}", i % 4 == 3 ? (size_t)0 : i,
			 i % 4 == 3 ? "" : ",'site':'VN'");
		many[i] = makes(t, i % 4 == 3 ? "trial.fragile" : "trial.noted", body);
	}
	ok(record_submit_wait(t->house.engine, many, MANY, false, &f), &f);
	for (size_t i = 0; i < MANY; i++) {
		const struct result *r = submission_result(many[i]);
		assert_int_equal(r->state, RESULT_CERTIFIED);
		assert_int_equal(r->outcome,
				 i % 4 == 3 && i > 3 ? OUTCOME_UNFOLDED : OUTCOME_FOLDED);
		assert_true(merkle_includes(r->head, r->sequence, r->leaf, r->path, r->path_n));
	}
}

static void a_decision_whose_fold_fails_is_refused_and_leaves_nothing(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.brittle", "{'item':'a'}"), "");
	uint64_t size = trial_size(t);
	const char *answer = asks(t, &t->maya, "trial.brittle", "{'item':'a'}");
	assert_int_equal(answer[0], '!');
	assert_int_equal(trial_size(t), size);
	assert_string_equal(asks(t, &t->maya, "trial.decided", "{'item':'a'}"), "");
}

static void a_whole_batch_with_a_fold_that_fails_is_refused(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.fragile", "{'item':'a'}"), "");
	struct submission *two[] = {
		makes(t, "trial.noted", "{'item':'b','site':'VN'}"),
		makes(t, "trial.fragile", "{'item':'a'}"),
	};
	struct fault f = {0};
	uint64_t size = trial_size(t);
	ok(record_submit_wait(t->house.engine, two, 2, true, &f), &f);
	assert_int_equal(submission_result(two[0])->state, RESULT_REFUSED);
	assert_int_equal(submission_result(two[1])->state, RESULT_REFUSED);
	assert_int_equal(trial_size(t), size);
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(a_gate_reports_every_failure_at_once),
		TRIAL_TEST(asking_a_gate_records_nothing),
		TRIAL_TEST(a_refused_decision_is_recorded_once_and_repeats_are_counted),
		TRIAL_TEST(a_refused_event_leaves_nothing),
		TRIAL_TEST(a_whole_batch_sees_its_own_records_and_is_kept),
		TRIAL_TEST(a_whole_batch_undoes_everything_and_names_every_failure),
		TRIAL_TEST(rights_given_in_a_batch_that_is_undone_are_gone),
		TRIAL_TEST(records_that_do_not_belong_together_fail_alone),
		TRIAL_TEST(a_batch_has_a_size),
		TRIAL_TEST(large_records_that_do_not_belong_together_are_all_recorded),
		TRIAL_TEST(a_whole_batch_too_large_for_one_transaction_is_refused_or_recorded),
		TRIAL_TEST(an_event_whose_fold_fails_is_kept_as_evidence),
		TRIAL_TEST(a_fold_that_fails_takes_nobody_with_it),
		TRIAL_TEST(a_decision_whose_fold_fails_is_refused_and_leaves_nothing),
		TRIAL_TEST(a_whole_batch_with_a_fold_that_fails_is_refused),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

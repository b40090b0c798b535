/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: what stands in the log, in which log, and when it is believed. */
#include <string.h>

#include "log_testing.h"

static struct test_log *start(void)
{
	struct signer_test *t = signer_test_new();

	signer_start(t);
	return log_new(t);
}

static void stop(struct test_log *l)
{
	signer_test_done(l->t);
}

/* ---- evidence ---- */

static void evidence_must_stand_in_a_head_that_was_signed(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1),
		 vote = put_approval(l, BEN, release);
	struct bytes document;
	struct fault f = {0};

	(void)state;
	log_sign(l);
	struct evidence evidence = log_show(l, AT(release, vote));
	struct proved_entry *entries = arena_array(&l->t->arena, 2, sizeof(*entries));
	memcpy(entries, evidence.entries, 2 * sizeof(*entries));
	evidence.entries = entries;
	evidence.size++;
	assert_int_equal(signer_decide(l->t->client, DECISION_FIRMWARE, &evidence, &l->t->arena,
				       &document, &f)
				 .code,
			 ERR_CONFLICT);
	assert_string_equal(f.message, "SIGNER_HEAD_UNKNOWN");
	assert_string_equal(fault_value(&f, "last_size"), "2");
	assert_false(signer_final(&f));
	evidence.size--;
	entries[1].sequence = 0; /* not where it says */
	assert_int_not_equal(signer_decide(l->t->client, DECISION_FIRMWARE, &evidence, &l->t->arena,
					   &document, &f)
				     .code,
			     OK);
	assert_string_equal(f.message, "SIGNER_NOT_INCLUDED");
	entries[1] = log_prove(l, vote);
	entries[1].path_n = 0;
	assert_int_not_equal(signer_decide(l->t->client, DECISION_FIRMWARE, &evidence, &l->t->arena,
					   &document, &f)
				     .code,
			     OK);
	assert_string_equal(f.message, "SIGNER_NOT_INCLUDED");
	stop(l);
}

static void earlier_heads_count_as_long_as_they_are_remembered(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1),
		 vote = put_approval(l, BEN, release);
	struct bytes document;

	(void)state;
	log_sign(l);
	struct evidence early = log_show(l, AT(release, vote));
	(void)put_release(l, "R2", "production", 1);
	log_sign(l);
	assert_int_equal(signer_decide(l->t->client, DECISION_FIRMWARE, &early, &l->t->arena,
				       &document, NULL)
				 .code,
			 OK);
	stop(l);
}

static void record_of_another_log_counts_nowhere_else(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1);
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[release]))};
	struct made made = {.key = person_key(BEN),
			    .author = "ben",
			    .type = "approval.given",
			    .origin = "trial.example/log",
			    .body = body_make(&l->t->arena, fields, 1)};

	(void)state;
	refused(l, DECISION_FIRMWARE, AT(release, log_put(l, &made)), "SIGNER_OTHER_LOG");
	stop(l);
}

static void each_operation_takes_its_own_types(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1),
		 vote = put_approval(l, BEN, release);

	(void)state;
	refused(l, DECISION_AUTHORIZE, AT(release, vote), "SIGNER_TYPE_UNKNOWN");
	refused(l, DECISION_POLICY, AT(release, vote), "SIGNER_TYPE_UNKNOWN");
	refused(l, DECISION_CREDENTIAL, AT(release, vote), "SIGNER_TYPE_UNKNOWN");
	refused(l, DECISION_FIRMWARE, AT(vote), "SIGNER_TYPE_UNKNOWN");
	stop(l);
}

/* ---- the clock ---- */

static void nothing_is_decided_while_the_clock_cannot_be_believed(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1),
		 vote = put_approval(l, BEN, release);

	(void)state;
	l->t->moved->wall_ahead += 5000;
	refused(l, DECISION_FIRMWARE, AT(release, vote), "SIGNER_CLOCK_STEPPED");
	l->t->moved->wall_ahead -= 10000;
	refused(l, DECISION_FIRMWARE, AT(release, vote), "SIGNER_CLOCK_STEPPED");
	l->t->moved->wall_ahead += 5000;
	(void)decided(l, DECISION_FIRMWARE, AT(release, vote));
	stop(l);
}

static void clock_behind_the_journal_is_noticed_after_a_start(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1);
	uint64_t vote = put_approval(l, BEN, release);

	(void)state;
	struct bytes document = decided(l, DECISION_FIRMWARE, AT(release, vote));
	assert_int_equal(signer_stop(l->t), 0);
	l->t->moved->wall_ahead -= 10000;
	signer_start(l->t);
	uint64_t build = put_authorization(l, "A1", "R1", 1);
	refused(l, DECISION_AUTHORIZE, AT(build, put_approval(l, BEN, build)), "SIGNER_CLOCK_BACK");
	/* What does not depend on time goes on. */
	assert_true(bytes_equal(document, decided(l, DECISION_FIRMWARE, AT(release, vote))));
	stop(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_must_stand_in_a_head_that_was_signed),
		cmocka_unit_test(earlier_heads_count_as_long_as_they_are_remembered),
		cmocka_unit_test(record_of_another_log_counts_nowhere_else),
		cmocka_unit_test(each_operation_takes_its_own_types),
		cmocka_unit_test(nothing_is_decided_while_the_clock_cannot_be_believed),
		cmocka_unit_test(clock_behind_the_journal_is_noticed_after_a_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

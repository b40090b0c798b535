/* SPDX-License-Identifier: Apache-2.0 */
/* A denial of what the signer admitted counts by its time, not by its place: nobody makes a right decision
 * wrong by saying no while the signer answers. */
#include "charter_log.h"

static const uint64_t MINUTE = 60000; /* that an entry takes */

static void denies(int by, struct hash decision)
{
	holds(tell(&(struct said){"approval.denied", by, naming(&decision), OUTCOME_FOLDED, 0, 0}));
}

static void assert_denied(size_t place, uint64_t sequence, uint64_t decision, bool before)
{
	struct charter_report r = report();

	assert_true(place < r.denied_n);
	assert_int_equal(r.denied[place].sequence, sequence);
	assert_int_equal(r.denied[place].decision, decision);
	assert_int_equal(r.denied[place].before, before);
}

static void what_was_denied_is_not_admitted(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(ANN, d);

	(void)state;
	denies(CID, d);
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now + MINUTE + 1), "1",
			    "somebody whom the charter names had denied it");
	assert_int_equal(report().agreed, 0);
	assert_int_equal(report().denied_n, 0);
}

static void a_denial_while_the_signer_answers_is_named_and_no_fault(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(ANN, d);
	uint64_t admitted_at = now; /* when the denial is written, and not after it */

	(void)state;
	denies(CID, d);
	denies(BOB, d);
	holds(ADMITTED(d, &vote, 1, .at = admitted_at));
	assert_int_equal(report().agreed, 1);
	assert_int_equal(report().denied_n, 2);
	assert_denied(0, 3, 1, false);
	assert_denied(1, 4, 1, false);
}

static void a_denial_just_before_may_have_been_held_back(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(ANN, d);
	uint64_t denied_at = now;

	(void)state;
	denies(CID, d);
	holds(ADMITTED(d, &vote, 1, .at = denied_at + DENIAL_CLOCKS_MS));
	assert_int_equal(report().denied_n, 1);
	assert_denied(0, 3, 1, true);
	d = asks_to_build(DEE);
	vote = approves(ANN, d);
	denied_at = now;
	denies(CID, d);
	holds(ADMITTED(d, &vote, 1, .at = denied_at + 1));
	assert_int_equal(report().agreed, 2);
	assert_int_equal(report().denied_n, 2);
	assert_denied(1, 7, 5, true);
}

static void one_denial_in_time_is_enough(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(ANN, d);
	uint64_t denied_at = now;

	(void)state;
	denies(CID, d);
	now += MINUTE;
	denies(BOB, d);
	denies(CID, d);
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = denied_at + DENIAL_CLOCKS_MS + 1), "1",
			    "somebody whom the charter names had denied it");
	assert_int_equal(report().denied_n, 0);
}

static void a_denial_too_late_makes_no_wrong_decision_right(void **state)
{
	struct hash d = asks_to_build(DEE);
	uint64_t admitted_at = now;

	(void)state;
	denies(CID, d);
	assert_unauthorized(ADMITTED(d, NULL, 0, .at = admitted_at), "1",
			    "too few of those who may had agreed");
	assert_int_equal(report().denied_n, 0);
}

static void a_denial_by_nobody_changes_nothing(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(ANN, d);

	(void)state;
	denies(EVE, d);
	holds(ADMITTED(d, &vote, 1, .at = now + HOUR));
	assert_int_equal(report().denied_n, 0); /* and is not named either */
}

static void a_denial_of_a_release_counts_by_the_manifests_time(void **state)
{
	static const struct {
		uint64_t after; /* that the denial was written, the signer decided */
		bool holds, before;
	} CASES[] = {{0, true, false},
		     {1, true, true},
		     {DENIAL_CLOCKS_MS, true, true},
		     {DENIAL_CLOCKS_MS + 1, false, false}};

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		uint64_t first_entry = next_sequence, denied_at;
		struct hash d =
			asks("firmware.released", DEE, bytes_of("\xa0", 1), OUTCOME_PENDING);

		approves(ANN, d);
		approves(BOB, d);
		denied_at = now;
		denies(CID, d);
		err e = tell_manifest(d, denied_at + CASES[i].after);
		if (CASES[i].holds) {
			holds(e);
			assert_int_equal(report().denied_n, i + 1);
			assert_denied(i, first_entry + 3, first_entry, CASES[i].before);
		} else {
			assert_unauthorized(e, "16",
					    "somebody whom the charter names had denied it");
		}
	}
	assert_int_equal(report().denied_n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_TEST(what_was_denied_is_not_admitted),
		CHECK_TEST(a_denial_while_the_signer_answers_is_named_and_no_fault),
		CHECK_TEST(a_denial_just_before_may_have_been_held_back),
		CHECK_TEST(one_denial_in_time_is_enough),
		CHECK_TEST(a_denial_too_late_makes_no_wrong_decision_right),
		CHECK_TEST(a_denial_by_nobody_changes_nothing),
		CHECK_TEST(a_denial_of_a_release_counts_by_the_manifests_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

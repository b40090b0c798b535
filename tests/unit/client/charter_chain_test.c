/* SPDX-License-Identifier: Apache-2.0 */
/* One charter after another, from the log alone: who comes, who stays, and who recovers. */
#include "charter_log.h"

/* The next revision, with what `change` does to it. */
static struct bytes second_charter(void (*change)(struct charter *c))
{
	struct charter c = first_charter();

	c.revision = 2;
	c.has_previous = true;
	c.previous = first.digest;
	if (change != NULL)
		change(&c);
	return written(&c);
}

static struct hash asks_for_charter(int by, struct bytes document)
{
	return asks("charter.revised", by, body_with("charter", document), OUTCOME_PENDING);
}

static void eve_joins(struct charter *c)
{
	add_person(c, EVE, "founders");
}

static void bob_gets_another_key(struct charter *c)
{
	add_key(c, BOB, EVE, true);
}

static void a_person_comes_with_one_more_and_waits(void **state)
{
	struct hash d = asks_for_charter(DEE, second_charter(eve_joins)), votes[2], b, vote;

	(void)state;
	votes[0] = approves(ANN, d);
	votes[1] = approves(CID, d);
	holds(ADMITTED(d, votes, 2, .approval_class = "charter"));
	assert_int_equal(report().revisions, 2);
	b = asks_to_build(DEE);
	vote = approves(EVE, b);
	assert_unauthorized(ADMITTED(b, &vote, 1, .charter = 2), "5",
			    "too few of those who may had agreed");
	now += 24 * HOUR; /* no newcomer any more */
	b = asks_to_build(DEE);
	vote = approves(EVE, b);
	holds(ADMITTED(b, &vote, 1, .charter = 2));
}

static void a_person_does_not_come_by_the_rule_alone(void **state)
{
	struct hash d = asks_for_charter(DEE, second_charter(eve_joins)), vote = approves(ANN, d);

	(void)state;
	assert_unauthorized(ADMITTED(d, &vote, 1, .approval_class = "charter"), "1",
			    "too few of those who may had agreed");
	assert_int_equal(report().revisions, 1);
}

static void keys_that_stay_are_no_newcomers(void **state)
{
	struct hash d = asks_for_charter(DEE, second_charter(bob_gets_another_key)),
		    vote = approves(ANN, d), b;

	(void)state;
	holds(ADMITTED(d, &vote, 1, .approval_class = "charter"));
	b = asks_to_build(DEE);
	vote = approves(CID, b);
	holds(ADMITTED(b, &vote, 1, .charter = 2));
}

static void a_charter_that_does_not_follow_is_named(void **state)
{
	struct charter c = first_charter();
	struct hash d, vote;

	(void)state;
	c.revision = 3;
	c.has_previous = true;
	c.previous = first.digest;
	d = asks_for_charter(DEE, written(&c));
	vote = approves(ANN, d);
	assert_unauthorized(ADMITTED(d, &vote, 1, .approval_class = "charter"), "1",
			    "it is not the next revision");
	d = asks_for_charter(DEE, bytes_text("no charter"));
	vote = approves(ANN, d);
	assert_int_equal(ADMITTED(d, &vote, 1, .approval_class = "charter").code, ERR_CORRUPT);
}

static void keepers_recover_the_charter_and_nothing_else(void **state)
{
	struct hash d = asks_for_charter(EVE, second_charter(eve_joins)), vote;

	(void)state;
	vote = approves(KEEPER, d);
	holds(ADMITTED(d, &vote, 1, .approval_class = "charter"));
	assert_int_equal(report().revisions, 2);
	d = asks_to_build(DEE);
	vote = approves(KEEPER, d);
	assert_unauthorized(ADMITTED(d, &vote, 1, .charter = 2), "4",
			    "too few of those who may had agreed");
}

static void a_succession_at_the_end_of_the_log_is_weighed_too(void **state)
{
	(void)state;
	holds(charter_check_end(check, &fault));
	holds(tell(&(struct said){"ledger.succeeded", -1, body_with("x", bytes_text("y")),
				  OUTCOME_FOLDED, 0, 0}));
	assert_unauthorized(charter_check_end(check, &fault), "1",
			    "too few of those who may had agreed");
}

static void a_log_that_starts_with_another_logs_charter_is_named(void **state)
{
	struct charter_check *all = check;
	struct charter c = first_charter();

	(void)state;
	c.origin = bytes_text("other.example/log");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(charter_check_open(&log_key, &check, &fault).code, OK);
		next_sequence = 0;
		assert_unauthorized(start_with(&c), "0",
				    i == 0 ? "its charter is of another log"
					   : "its charter is not the first");
		charter_check_close(check);
		c = first_charter();
		c.revision = 2;
		c.has_previous = true;
	}
	check = all;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_TEST(a_person_comes_with_one_more_and_waits),
		CHECK_TEST(a_person_does_not_come_by_the_rule_alone),
		CHECK_TEST(keys_that_stay_are_no_newcomers),
		CHECK_TEST(a_charter_that_does_not_follow_is_named),
		CHECK_TEST(keepers_recover_the_charter_and_nothing_else),
		CHECK_TEST(a_succession_at_the_end_of_the_log_is_weighed_too),
		CHECK_TEST(a_log_that_starts_with_another_logs_charter_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

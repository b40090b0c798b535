/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a decision has its approvals: every judgement stops what it is there for, and nothing
 * else does (left out, the same question is agreed). */
#include "charter_parts.h"

static const uint64_t NOW = UINT64_C(1795149506000);

static struct charter charter;
static struct charter_vote votes[CHARTER_VOTES_MAX + 1];
static struct charter_question question;
static struct charter_answer answer;

/* dee asks for a firmware release: bob and cid (of security) have to agree. */
static int ask(void **state)
{
	struct charter made = house();

	(void)state;
	assert_null(reads_back(&made, &charter));
	question = (struct charter_question){.approval_class = bytes_text("firmware.release"),
					     .author = &charter.keys[DEE_COSE],
					     .author_made = NOW - HOUR_MS,
					     .votes = votes,
					     .now = NOW};
	memset(votes, 0, sizeof votes);
	return 0;
}

static struct charter_vote *vote(size_t key)
{
	struct charter_vote *v = &votes[question.votes_n++];

	*v = (struct charter_vote){.key = &charter.keys[key], .made = NOW - 60000};
	return v;
}

static enum charter_verdict weigh(void)
{
	charter_weigh(&charter, &question, &answer);
	return answer.verdict;
}

static void assert_only(enum charter_judgement left_out)
{
	question.ignore = left_out;
	assert_int_equal(weigh(), CHARTER_AGREED);
	question.ignore = 63u & ~(unsigned)left_out; /* all others do not matter */
	assert_int_not_equal(weigh(), CHARTER_AGREED);
	question.ignore = 0;
}

static void two_persons_agree_to_what_a_third_asks(void **state)
{
	(void)state;
	vote(BOB_TOKEN);
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_AGREED);
	assert_int_equal(answer.need, 2);
	assert_int_equal(answer.counted, 2);
	assert_int_equal(answer.used, 3);
	assert_int_equal(answer.of_author | answer.again | answer.not_eligible | answer.expired |
				 answer.newcomer,
			 0);
}

static void one_person_is_too_few(void **state)
{
	(void)state;
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.counted, 1);
	assert_int_equal(answer.need, 2);
}

static void the_authors_own_approval_does_not_count(void **state)
{
	(void)state;
	question.author = &charter.keys[BOB_TOKEN];
	vote(BOB_TOKEN);
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.of_author, 1);
	assert_int_equal(answer.used, 2);
	assert_only(CHARTER_JUDGE_AUTHOR);
}

static void the_authors_other_key_is_the_same_person(void **state)
{
	(void)state;
	question.author = &charter.keys[BOB_TOKEN];
	vote(BOB_PASSKEY);
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.of_author, 1);
	assert_only(CHARTER_JUDGE_AUTHOR);
}

static void two_keys_of_one_person_are_one_person(void **state)
{
	(void)state;
	question.approval_class = bytes_text("build.authorize");
	charter.rules[RULE_ANY].need = 2;
	vote(ANN_PASSKEY);
	vote(ANN_COSE);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.counted, 1);
	/* What was made outside is preferred. */
	assert_int_equal(answer.used, 2);
	assert_int_equal(answer.again, 1);
	assert_only(CHARTER_JUDGE_DISTINCT);
}

static void the_same_vote_twice_is_one(void **state)
{
	(void)state;
	vote(CID_SSH);
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.used, 1);
	assert_int_equal(answer.again, 2);
	assert_only(CHARTER_JUDGE_DISTINCT);
}

static void who_is_of_no_group_of_the_rule_does_not_count(void **state)
{
	(void)state;
	question.author = &charter.keys[ANN_COSE];
	vote(DEE_COSE);
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.not_eligible, 1);
	assert_only(CHARTER_JUDGE_ELIGIBLE);
}

/* Groups are compared by their full name, and they do not nest. */
static void a_group_of_almost_the_same_name_is_another(void **state)
{
	static const char *const NAMES[] = {"Founders", "founder", "foundersx", "founders/security",
					    "authors"};

	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
		ask(state);
		question.author = &charter.keys[ANN_COSE];
		charter.persons[DEE].groups[0] = bytes_text(NAMES[i]);
		vote(DEE_COSE);
		vote(CID_SSH);
		assert_int_equal(weigh(), CHARTER_TOO_FEW);
		assert_int_equal(answer.not_eligible, 1);
	}
}

static void a_vote_of_a_key_that_is_nobodys_does_not_count(void **state)
{
	(void)state;
	vote(BOB_TOKEN)->key = NULL;
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.not_eligible, 1);
	question.ignore = 63;
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
}

static void a_newcomer_waits(void **state)
{
	struct charter_vote *v;

	(void)state;
	v = vote(BOB_TOKEN);
	vote(CID_SSH);
	v->key_since = NOW - 24 * HOUR_MS + 1;
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.newcomer, 1);
	assert_only(CHARTER_JUDGE_NEWCOMER);
	v->key_since = NOW + 1; /* of the future */
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	v->key_since = NOW - 24 * HOUR_MS;
	assert_int_equal(weigh(), CHARTER_AGREED);
}

static void an_approval_ends(void **state)
{
	struct charter_vote *v;

	(void)state;
	v = vote(BOB_TOKEN);
	vote(CID_SSH);
	v->made = NOW - 4 * HOUR_MS;
	assert_int_equal(weigh(), CHARTER_AGREED);
	v->made--;
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.expired, 1);
	assert_only(CHARTER_JUDGE_EXPIRY);
	v->made = NOW + 120000;
	assert_int_equal(weigh(), CHARTER_AGREED);
	v->made++; /* of the future */
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	v->made = UINT64_MAX;
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	v->made = 0;
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	v->made = NOW;
	v->not_after = NOW;
	assert_int_equal(weigh(), CHARTER_AGREED);
	v->not_after = NOW - 1;
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_only(CHARTER_JUDGE_EXPIRY);
}

static void a_decision_does_not_wait_for_ever(void **state)
{
	(void)state;
	vote(BOB_TOKEN);
	vote(CID_SSH);
	question.author_made = NOW - 72 * HOUR_MS;
	assert_int_equal(weigh(), CHARTER_AGREED);
	question.author_made--;
	assert_int_equal(weigh(), CHARTER_REQUEST_OVER);
	assert_only(CHARTER_JUDGE_EXPIRY);
	question.author_made = NOW + 120001;
	assert_int_equal(weigh(), CHARTER_REQUEST_OVER);
}

static void a_must_sign_group_must_sign(void **state)
{
	(void)state;
	vote(BOB_TOKEN);
	vote(ANN_COSE);
	assert_int_equal(weigh(), CHARTER_MUST_MISSING);
	assert_bytes(answer.missing, bytes_text("security"));
	question.ignore = 63; /* no judgement of its own: it is a part of the rule */
	assert_int_equal(weigh(), CHARTER_MUST_MISSING);
}

static void the_author_is_not_the_must_sign_group(void **state)
{
	(void)state;
	question.author = &charter.keys[CID_SSH];
	vote(CID_SSH);
	vote(BOB_TOKEN);
	vote(ANN_COSE);
	assert_int_equal(weigh(), CHARTER_MUST_MISSING);
}

static void screens_of_our_server_alone_agree_to_nothing(void **state)
{
	(void)state;
	question.approval_class = bytes_text("build.authorize");
	charter.rules[RULE_ANY].need = 2;
	vote(ANN_PASSKEY);
	vote(BOB_PASSKEY);
	assert_int_equal(weigh(), CHARTER_NONE_OUTSIDE);
	assert_only(CHARTER_JUDGE_OUTSIDE);
	vote(BOB_TOKEN); /* the same two persons, one of them away from our screen too */
	assert_int_equal(weigh(), CHARTER_AGREED);
	assert_int_equal(answer.used, 5);
	assert_int_equal(answer.again, 2);
}

static void the_authors_key_outside_does_not_help_the_approvers(void **state)
{
	(void)state;
	question.approval_class = bytes_text("build.authorize");
	assert_true(question.author->outside);
	vote(ANN_PASSKEY);
	assert_int_equal(weigh(), CHARTER_NONE_OUTSIDE);
}

static void who_is_not_in_the_charter_asks_for_nothing(void **state)
{
	(void)state;
	vote(BOB_TOKEN);
	vote(CID_SSH);
	question.author = NULL;
	assert_int_equal(weigh(), CHARTER_AUTHOR_UNKNOWN);
	assert_int_equal(answer.used, 0);
}

static void a_class_without_a_rule_is_not_decided(void **state)
{
	(void)state;
	vote(BOB_TOKEN);
	vote(CID_SSH);
	charter.rules[RULE_ANY].name = bytes_text("build.authorize");
	question.approval_class = bytes_text("credential");
	assert_int_equal(weigh(), CHARTER_NO_RULE);
	question.approval_class = bytes_text("");
	assert_int_equal(weigh(), CHARTER_NO_RULE);
}

static void one_more_is_capped_by_who_is_there(void **state)
{
	(void)state;
	question.approval_class = bytes_text("charter");
	question.more = 1;
	vote(BOB_TOKEN);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.need, 2);
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_AGREED);
	question.more = 9; /* ann is missing */
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.need, 3);
	question.author = &charter.keys[ANN_COSE]; /* only bob and cid are left */
	assert_int_equal(weigh(), CHARTER_AGREED);
	assert_int_equal(answer.need, 2);
}

static void one_more_is_never_less(void **state)
{
	(void)state;
	question.author = &charter.keys[ANN_COSE];
	charter.rules[RULE_CHARTER].need = 3; /* more than there are beside ann */
	question.approval_class = bytes_text("charter");
	question.more = 1;
	vote(BOB_TOKEN);
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.need, 3);
}

/* ---- rules that need nobody beside the author ---- */

static void alone(size_t author)
{
	charter.mode = CHARTER_BOOTSTRAP;
	charter.rules[RULE_ANY].need = 0;
	question.approval_class = bytes_text("build.authorize");
	question.author = &charter.keys[author];
}

static void a_founder_decides_alone_where_the_rule_says_so(void **state)
{
	(void)state;
	alone(ANN_COSE);
	assert_int_equal(weigh(), CHARTER_AGREED);
	assert_int_equal(answer.need, 0);
}

static void but_not_on_our_screen(void **state)
{
	(void)state;
	alone(ANN_PASSKEY);
	assert_int_equal(weigh(), CHARTER_NONE_OUTSIDE);
	assert_only(CHARTER_JUDGE_OUTSIDE);
	vote(BOB_PASSKEY);
	assert_int_equal(weigh(), CHARTER_NONE_OUTSIDE);
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_AGREED);
}

static void and_not_who_may_only_ask(void **state)
{
	(void)state;
	alone(DEE_COSE);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	assert_int_equal(answer.need, 1);
	vote(DEE_COSE);
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	vote(ANN_PASSKEY);
	assert_int_equal(weigh(), CHARTER_NONE_OUTSIDE);
	vote(BOB_TOKEN);
	assert_int_equal(weigh(), CHARTER_AGREED);
}

static void and_one_more_than_nobody_is_one(void **state)
{
	(void)state;
	alone(ANN_COSE);
	question.more = 1;
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	vote(CID_SSH);
	assert_int_equal(weigh(), CHARTER_AGREED);
}

static void votes_beyond_the_last_bit_do_not_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHARTER_VOTES_MAX; i++)
		vote(DEE_COSE);
	vote(CID_SSH);
	question.approval_class = bytes_text("build.authorize");
	assert_int_equal(weigh(), CHARTER_TOO_FEW);
	votes[CHARTER_VOTES_MAX - 1].key = &charter.keys[CID_SSH];
	assert_int_equal(weigh(), CHARTER_AGREED);
	assert_true(answer.used == UINT64_C(1) << 63);
}

#define WEIGH_TEST(name) cmocka_unit_test_setup(name, ask)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WEIGH_TEST(two_persons_agree_to_what_a_third_asks),
		WEIGH_TEST(one_person_is_too_few),
		WEIGH_TEST(the_authors_own_approval_does_not_count),
		WEIGH_TEST(the_authors_other_key_is_the_same_person),
		WEIGH_TEST(two_keys_of_one_person_are_one_person),
		WEIGH_TEST(the_same_vote_twice_is_one),
		WEIGH_TEST(who_is_of_no_group_of_the_rule_does_not_count),
		WEIGH_TEST(a_group_of_almost_the_same_name_is_another),
		WEIGH_TEST(a_vote_of_a_key_that_is_nobodys_does_not_count),
		WEIGH_TEST(a_newcomer_waits),
		WEIGH_TEST(an_approval_ends),
		WEIGH_TEST(a_decision_does_not_wait_for_ever),
		WEIGH_TEST(a_must_sign_group_must_sign),
		WEIGH_TEST(the_author_is_not_the_must_sign_group),
		WEIGH_TEST(screens_of_our_server_alone_agree_to_nothing),
		WEIGH_TEST(the_authors_key_outside_does_not_help_the_approvers),
		WEIGH_TEST(who_is_not_in_the_charter_asks_for_nothing),
		WEIGH_TEST(a_class_without_a_rule_is_not_decided),
		WEIGH_TEST(one_more_is_capped_by_who_is_there),
		WEIGH_TEST(one_more_is_never_less),
		WEIGH_TEST(a_founder_decides_alone_where_the_rule_says_so),
		WEIGH_TEST(but_not_on_our_screen),
		WEIGH_TEST(and_not_who_may_only_ask),
		WEIGH_TEST(and_one_more_than_nobody_is_one),
		WEIGH_TEST(votes_beyond_the_last_bit_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

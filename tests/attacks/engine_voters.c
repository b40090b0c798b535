/* SPDX-License-Identifier: Apache-2.0 */
/* (b) in the server itself: whose approval counts, and when. */
#include "engine_attack.h"

#include <stdio.h>

static const char *GIVEN = "approval.given";

static const char *author_votes(void)
{
	struct trial *t = trial_new();
	struct hash waiting = trial_waits(t, 1);

	return trial_over(t, votes(t, &t->maya, GIVEN, waiting), "executes");
}

static const char *author_votes_with_another_account(void)
{
	struct trial *t = trial_new();
	struct actor second = house_account(&t->house, "maya2", "maya", "trial.release.approve");

	house_step(&t->house, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS);
	struct hash waiting = trial_waits(t, 1);
	const char *answer = votes(t, &second, GIVEN, waiting);
	actor_done(&second);
	return trial_over(t, answer, "executes");
}

static const char *one_person_two_accounts(void)
{
	struct trial *t = trial_new();
	struct hash waiting = trial_waits(t, 2);

	assert_string_equal(votes(t, &t->olga, GIVEN, waiting), "");
	return trial_over(t, votes(t, &t->olga2, GIVEN, waiting), "executes");
}

static const char *one_person_two_keys(void)
{
	struct trial *t = trial_new();
	struct actor second = house_key(&t->house, "olga");

	house_step(&t->house, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS);
	struct hash waiting = trial_waits(t, 2);
	assert_string_equal(votes(t, &t->olga, GIVEN, waiting), "");
	const char *answer = votes(t, &second, GIVEN, waiting);
	actor_done(&second);
	return trial_over(t, answer, "executes");
}

static const char *who_may_not_approve(void)
{
	struct trial *t = trial_new();
	struct hash waiting = trial_waits(t, 1);

	return trial_over(t, votes(t, &t->house.ben, GIVEN, waiting), "executes");
}

/* The same role, and it is his: for another site. */
static const char *role_of_another_site(void)
{
	struct trial *t = trial_new();
	struct actor zoe = house_actor(&t->house, "zoe", "person", NULL);

	trial_grants(t, "g1", "zoe", "role-nils", ",'site':'HH'");
	house_step(&t->house, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS);
	struct hash waiting = trial_waits(t, 1);
	const char *answer = votes(t, &zoe, GIVEN, waiting);
	actor_done(&zoe);
	return trial_over(t, answer, "executes");
}

static const char *approver_of_a_minute_ago(void)
{
	struct trial *t = trial_new();
	struct hash waiting = trial_waits(t, 1);
	struct actor quin = house_actor(&t->house, "quin", "person", "trial.release.approve");
	const char *answer = votes(t, &quin, GIVEN, waiting);

	actor_done(&quin);
	return trial_over(t, answer, "executes");
}

/* Known for long, in a role of long ago: that now includes one that may approve. */
static const char *role_within_a_role_of_a_minute_ago(void)
{
	struct trial *t = trial_new();
	struct actor yan = house_actor(&t->house, "yan", "person", "trial.read");

	house_step(&t->house, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS);
	struct hash waiting = trial_waits(t, 1);
	assert_string_equal(asks(t, &t->house.ada, "role.defined",
				 "{'role':'role-yan','includes':[{'role':'role-nils'}]}"),
			    "");
	const char *answer = votes(t, &yan, GIVEN, waiting);
	actor_done(&yan);
	return trial_over(t, answer, "executes");
}

static const char *approvers_key_of_a_minute_ago(void)
{
	struct trial *t = trial_new();
	struct hash waiting = trial_waits(t, 1);
	struct actor key = house_key(&t->house, "nils");
	const char *answer = votes(t, &key, GIVEN, waiting);

	actor_done(&key);
	return trial_over(t, answer, "executes");
}

static const char *vote_after_the_request_ended(void)
{
	struct trial *t = trial_new();

	trial_rule(t, 1, 2 * HOUR_MS, HOUR_MS);
	struct hash waiting = trial_waits(t, 1);
	house_step(&t->house, 2 * HOUR_MS, 2 * HOUR_MS);
	return trial_over(t, votes(t, &t->nils, GIVEN, waiting), "executes");
}

static const char *vote_that_says_it_is_over(void)
{
	struct trial *t = trial_new();
	struct hash waiting = trial_waits(t, 1);
	char hex[65];

	hex_encode(hash_bytes(&waiting), hex);
	return trial_over(t,
			  asks(t, &t->nils, GIVEN, "{'record':'%s','not_after':'%s'}", hex,
			       trial_time(t, -1)),
			  "executes");
}

static const char *vote_while_the_clock_is_put_forward(void)
{
	struct trial *t = trial_new();
	struct hash waiting = trial_waits(t, 1);

	house_step(&t->house, HOUR_MS, 0);
	return trial_over(t, votes(t, &t->nils, GIVEN, waiting), "executes");
}

const struct attack VOTER_ATTACKS[] = {
	{'b', "the author votes for his own request", author_votes, "APPROVAL_NOT_ELIGIBLE",
	 CHECK_ENGINE_VOTER_AUTHOR, NULL, 0, NULL},
	{'b', "the author votes with another account of his", author_votes_with_another_account,
	 "APPROVAL_NOT_ELIGIBLE", CHECK_ENGINE_VOTER_AUTHOR, NULL, 0, NULL},
	{'b', "one person with two accounts votes twice", one_person_two_accounts,
	 "APPROVAL_GIVEN_BEFORE", CHECK_ENGINE_VOTER_DISTINCT, NULL, 0, NULL},
	{'b', "one person with two keys votes twice", one_person_two_keys, "APPROVAL_GIVEN_BEFORE",
	 CHECK_ENGINE_VOTER_DISTINCT, NULL, 0, NULL},
	{'b', "somebody votes who may not approve", who_may_not_approve, "APPROVAL_NOT_ELIGIBLE",
	 CHECK_ENGINE_VOTER_ELIGIBLE, NULL, 0, NULL},
	{'b', "the approvers' role, held for another site", role_of_another_site,
	 "APPROVAL_NOT_ELIGIBLE", CHECK_ENGINE_GRANT_SCOPE, NULL, 0, NULL},
	{'b', "an approver who was added a minute ago", approver_of_a_minute_ago,
	 "APPROVAL_NOT_ELIGIBLE", CHECK_ENGINE_VOTER_NEWCOMER, NULL, 0, NULL},
	{'b', "the approvers' role, nested into another a minute ago",
	 role_within_a_role_of_a_minute_ago, "APPROVAL_NOT_ELIGIBLE", CHECK_ENGINE_VOTER_NEWCOMER,
	 NULL, 0, NULL},
	{'b', "a vote with a key that was enrolled a minute ago", approvers_key_of_a_minute_ago,
	 "APPROVAL_KEY_NEW", CHECK_ENGINE_VOTER_NEWCOMER, NULL, 0, NULL},
	{'b', "a vote after the request ended", vote_after_the_request_ended, "APPROVAL_EXPIRED",
	 CHECK_ENGINE_VOTE_EXPIRY, NULL, 0, NULL},
	{'b', "a vote that is over by its own word", vote_that_says_it_is_over, "APPROVAL_OVER",
	 CHECK_ENGINE_VOTE_EXPIRY, NULL, 0, NULL},
	{'j', "a vote while the server's clock is put forward", vote_while_the_clock_is_put_forward,
	 "CLOCK_DISAGREES", CHECK_ENGINE_CLOCK, NULL, 0, NULL},
	{0},
};

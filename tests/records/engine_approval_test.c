/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals: who counts, for how long, and what is asked again when the last vote comes. */
#include "records/trial.h"

#include <stdio.h>

static struct hash asks_release(struct trial *t, const char *item)
{
	trial_item(t, item, "VN");
	assert_string_equal(asks(t, &t->maya, "trial.released", "{'item':'%s'}", item), "pending");
	return t->digest;
}

/* Two approvals, a request for a week, a vote for an hour. */
static struct hash asks_two(struct trial *t, const char *item)
{
	trial_rule(t, 2, 7ull * DAY_MS, HOUR_MS);
	return asks_release(t, item);
}

#define GIVES(who) votes(t, &t->who, "approval.given", waiting)

static const char *sets(struct trial *t, const char *class, unsigned need)
{
	return asks(t, &t->house.ada, "approval.rule_set",
		    "{'class':'%s','need':%u,'newcomer_ms':0,'request_ttl_ms':3600000,"
		    "'vote_ttl_ms':3600000}",
		    class, need);
}

static void the_last_vote_executes_with_its_own_place_and_time(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_two(t, "a");
	uint64_t asked = t->result->sequence;

	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item WHERE released > 0"), 0);
	assert_string_equal(GIVES(nils), "");
	assert_string_equal(GIVES(olga), "executes");
	assert_int_equal(t->result->target, asked);
	assert_int_equal(trial_number(t, "SELECT released FROM trial_item"), t->result->sequence);
	assert_int_equal(trial_number(t, "SELECT released_at FROM trial_item"), t->result->at);
}

static void nobody_approves_what_he_asked_for(void **state)
{
	struct trial *t = *state;
	struct actor maya2 = house_account(&t->house, "maya2", "maya", "trial.release.approve");

	house_step(&t->house, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS);
	struct hash waiting = asks_release(t, "a");
	assert_string_equal(GIVES(maya), "!APPROVAL_NOT_ELIGIBLE");
	assert_string_equal(votes(t, &maya2, "approval.given", waiting), "!APPROVAL_NOT_ELIGIBLE");
	actor_done(&maya2);
}

static void two_accounts_of_one_person_count_once(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_two(t, "a");

	assert_string_equal(GIVES(olga), "");
	assert_string_equal(GIVES(olga2), "!APPROVAL_GIVEN_BEFORE");
	assert_string_equal(GIVES(olga), "!APPROVAL_GIVEN_BEFORE");
	assert_string_equal(GIVES(pia), "executes");
}

static void the_other_account_counts_when_the_first_no_longer_does(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_two(t, "a");

	assert_string_equal(GIVES(olga), "");
	assert_string_equal(asks(t, &t->house.ben, "grant.revoked",
				 "{'grant_id':'grant-olga','reason':'old account'}"),
			    "");
	assert_string_equal(GIVES(olga2), "");
	assert_string_equal(GIVES(nils), "executes");
}

static void a_newcomers_vote_does_not_count_at_once(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");
	struct actor quin = house_actor(&t->house, "quin", "person", "trial.release.approve");

	assert_string_equal(votes(t, &quin, "approval.given", waiting), "!APPROVAL_NOT_ELIGIBLE");
	house_step(&t->house, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS);
	assert_string_equal(votes(t, &quin, "approval.given", waiting), "executes");
	actor_done(&quin);
}

static void a_role_that_may_now_approve_makes_newcomers_of_those_who_hold_it(void **state)
{
	struct trial *t = *state;
	struct actor zoe = house_actor(&t->house, "zoe", "person", "trial.read");
	struct actor yan = house_actor(&t->house, "yan", "person", "trial.read");

	house_step(&t->house, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS);
	struct hash waiting = asks_release(t, "a");
	assert_string_equal(asks(t, &t->house.ada, "role.defined",
				 "{'role':'role-zoe','permissions':[{'permission':"
				 "'trial.release.approve'}]}"),
			    "");
	assert_string_equal(asks(t, &t->house.ada, "role.defined",
				 "{'role':'role-yan','includes':[{'role':'role-nils'}]}"),
			    "");
	assert_string_equal(votes(t, &zoe, "approval.given", waiting), "!APPROVAL_NOT_ELIGIBLE");
	assert_string_equal(votes(t, &yan, "approval.given", waiting), "!APPROVAL_NOT_ELIGIBLE");
	assert_string_equal(GIVES(nils), "executes");
	actor_done(&zoe);
	actor_done(&yan);
}

static void only_persons_with_the_right_for_this_place_count(void **state)
{
	struct trial *t = *state;
	struct actor desk = house_actor(&t->house, "desk", "station", "trial.release.approve");
	struct actor zoe = house_actor(&t->house, "zoe", "person", NULL);

	assert_string_equal(asks(t, &t->house.ada, "role.granted",
				 "{'grant_id':'g','principal':'zoe','role':'role-nils',"
				 "'site':'HH'}"),
			    "");
	house_step(&t->house, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS);
	struct hash waiting = asks_release(t, "a");
	assert_string_equal(votes(t, &desk, "approval.given", waiting), "!APPROVAL_NOT_ELIGIBLE");
	assert_string_equal(votes(t, &zoe, "approval.given", waiting), "!APPROVAL_NOT_ELIGIBLE");
	assert_string_equal(votes(t, &t->house.ben, "approval.given", waiting),
			    "!APPROVAL_NOT_ELIGIBLE");
	assert_string_equal(votes(t, &t->house.ben, "approval.denied", waiting),
			    "!APPROVAL_NOT_ELIGIBLE");
	actor_done(&desk);
	actor_done(&zoe);
}

static void a_request_ends_in_time(void **state)
{
	struct trial *t = *state;

	trial_rule(t, 1, 2 * HOUR_MS, 14ull * DAY_MS);
	struct hash waiting = asks_release(t, "a");
	house_step(&t->house, 2 * HOUR_MS, 2 * HOUR_MS);
	assert_string_equal(GIVES(nils), "!APPROVAL_EXPIRED");
	assert_string_equal(votes(t, &t->nils, "approval.denied", waiting), "!APPROVAL_EXPIRED");
	waiting = asks_release(t, "a");
	house_step(&t->house, HOUR_MS, HOUR_MS);
	assert_string_equal(GIVES(nils), "executes");
}

static void a_vote_ends_in_time_and_may_be_given_again(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_two(t, "a");

	assert_string_equal(GIVES(nils), "");
	house_step(&t->house, HOUR_MS, HOUR_MS);
	assert_string_equal(GIVES(olga), "");
	assert_string_equal(GIVES(nils), "executes");
}

static const char *gives_until(struct trial *t, const struct actor *who, struct hash digest,
			       int64_t ms_from_now)
{
	char hex[65], until[TIME_TEXT_SIZE];

	time_text((uint64_t)((int64_t)clock_wall_ms(&t->house.clock) + ms_from_now), until);
	hex_encode(hash_bytes(&digest), hex);
	return asks(t, who, "approval.given", "{'record':'%s','not_after':'%s'}", hex, until);
}

static void a_vote_counts_no_longer_than_it_says_and_never_longer_than_its_rule(void **state)
{
	struct trial *t = *state;

	trial_rule(t, 2, 72 * HOUR_MS, 4 * HOUR_MS);
	struct hash waiting = asks_release(t, "a");
	assert_string_equal(gives_until(t, &t->nils, waiting, -1), "!APPROVAL_OVER");
	assert_string_equal(gives_until(t, &t->nils, waiting, HOUR_MS), "");
	house_step(&t->house, 2 * HOUR_MS, 2 * HOUR_MS);
	assert_string_equal(GIVES(olga), ""); /* the first has ended */
	assert_string_equal(gives_until(t, &t->nils, waiting, 48 * (int64_t)HOUR_MS), "executes");

	struct hash other = asks_release(t, "b");
	waiting = other;
	assert_string_equal(gives_until(t, &t->nils, waiting, 48 * (int64_t)HOUR_MS), "");
	house_step(&t->house, 5 * HOUR_MS, 5 * HOUR_MS);
	assert_string_equal(GIVES(olga), ""); /* by the rule it has ended */
	assert_string_equal(GIVES(pia), "executes");
}

static void a_denial_wins(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_two(t, "a");

	assert_string_equal(GIVES(nils), "");
	assert_string_equal(votes(t, &t->pia, "approval.denied", waiting), "");
	assert_string_equal(GIVES(olga), "!APPROVAL_CLOSED");
	assert_string_equal(votes(t, &t->maya, "approval.withdrawn", waiting), "!APPROVAL_CLOSED");
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item WHERE released > 0"), 0);
}

static void the_author_may_take_a_request_back_and_nobody_else(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");

	assert_string_equal(votes(t, &t->nils, "approval.withdrawn", waiting),
			    "!APPROVAL_NOT_YOURS");
	assert_string_equal(votes(t, &t->maya, "approval.withdrawn", waiting), "");
	assert_string_equal(GIVES(nils), "!APPROVAL_CLOSED");
}

static void an_approval_is_spent_once(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");

	assert_string_equal(GIVES(nils), "executes");
	assert_string_equal(GIVES(olga), "!APPROVAL_CLOSED");
	assert_int_equal(trial_number(t, "SELECT count(*) FROM vote"), 1);
}

static void two_votes_in_one_batch_execute_once(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");
	struct fault f = {0};
	struct submission *two[2];
	char body[128], hex[65];

	hex_encode(hash_bytes(&waiting), hex);
	snprintf(body, sizeof body, "{'record':'%s'}", hex);
	for (int i = 0; i < 2; i++)
		two[i] = house_make(&t->house, &t->house.arena, i == 0 ? &t->nils : &t->olga,
				    "approval.given", body, NULL, &f);
	ok(record_submit_wait(t->house.engine, two, 2, false, &f), &f);
	assert_int_equal(submission_result(two[0])->outcome, OUTCOME_EXECUTES);
	assert_int_equal(submission_result(two[1])->state, RESULT_REFUSED);
	assert_string_equal(submission_result(two[1])->fault.message, "APPROVAL_CLOSED");
}

static void rules_are_asked_again_when_the_last_vote_comes(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");

	assert_string_equal(asks(t, &t->maya, "trial.released", "{'item':'a','why':'again'}"),
			    "pending");
	struct hash second = t->digest;
	assert_string_equal(GIVES(nils), "executes");
	uint64_t released = t->result->sequence;
	assert_string_equal(votes(t, &t->nils, "approval.given", second),
			    "blocked SEAL_ALREADY_ISSUED");
	assert_string_equal(votes(t, &t->olga, "approval.given", second),
			    "blocked SEAL_ALREADY_ISSUED");
	assert_int_equal(trial_number(t, "SELECT released FROM trial_item"), released);
}

static void a_vote_that_a_gate_blocks_stands_until_another_opens_it(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");

	assert_string_equal(asks(t, &t->maya, "trial.blocked", "{'item':'a'}"), "");
	assert_string_equal(GIVES(nils), "blocked GATE_CLOSED");
	assert_non_null(t->result->failures);
	assert_string_equal(t->result->failures->control, "TRI-01");
	assert_string_equal(asks(t, &t->maya, "trial.unblocked", "{'item':'a'}"), "");
	assert_string_equal(GIVES(nils), "!APPROVAL_GIVEN_BEFORE");
	assert_string_equal(GIVES(olga), "executes");
}

static void a_decision_that_is_refused_already_does_not_wait(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.blocked", "{'item':'a'}"), "");
	assert_string_equal(asks(t, &t->maya, "trial.released", "{'item':'a'}"), "!GATE_CLOSED");
	assert_int_equal(trial_number(t, "SELECT count(*) FROM pending WHERE state = 'open'"), 0);
}

static void a_vote_counts_only_while_its_voter_may_vote(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_two(t, "a");

	assert_string_equal(GIVES(nils), "");
	assert_string_equal(asks(t, &t->house.ben, "principal.suspended",
				 "{'principal':'nils','reason':'key lost'}"),
			    "");
	assert_string_equal(GIVES(olga), "");
	assert_string_equal(GIVES(pia), "executes");
}

static void what_somebody_asked_for_who_may_no_longer_ask_is_blocked(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");

	assert_string_equal(asks(t, &t->house.ben, "principal.suspended",
				 "{'principal':'maya','reason':'key lost'}"),
			    "");
	assert_string_equal(GIVES(nils), "blocked NOT_ALLOWED");
	assert_string_equal(asks(t, &t->house.ben, "principal.reinstated",
				 "{'principal':'maya','reason':'found'}"),
			    "");
	assert_string_equal(GIVES(olga), "executes");
}

static void a_rule_that_became_stricter_counts(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");

	trial_rule(t, 2, 7ull * DAY_MS, HOUR_MS);
	assert_string_equal(GIVES(nils), "");
	assert_string_equal(GIVES(olga), "executes");
}

static void a_rule_that_became_milder_does_not_count(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->house.ada, "role.defined",
				 "{'role':'ruler','permissions':[{'permission':"
				 "'approval.rule.approve'}]}"),
			    "");
	assert_string_equal(asks(t, &t->house.ada, "role.granted",
				 "{'grant_id':'g','principal':'nils','role':'ruler'}"),
			    "");
	house_step(&t->house, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS);
	trial_rule(t, 2, 7ull * DAY_MS, HOUR_MS);
	assert_string_equal(asks(t, &t->maya, "trial.released", "{'item':'a'}"), "pending");
	struct hash waiting = t->digest;
	assert_string_equal(sets(t, "trial.release", 1), "pending");
	struct hash rule = t->digest;
	assert_string_equal(votes(t, &t->house.ben, "approval.given", rule), "");
	assert_string_equal(votes(t, &t->house.cleo, "approval.given", rule), "");
	assert_string_equal(votes(t, &t->nils, "approval.given", rule), "executes");
	assert_string_equal(GIVES(nils), "");
	assert_string_equal(GIVES(olga), "executes");
}

static void changing_a_rule_takes_one_more_than_the_rule(void **state)
{
	struct trial *t = *state;

	trial_rule(t, 2, 7ull * DAY_MS, HOUR_MS); /* it stood at one: two had to agree */
	assert_string_equal(sets(t, "trial.release", 1), "pending");
	struct hash rule = t->digest;
	assert_string_equal(votes(t, &t->house.ben, "approval.given", rule), "");
	assert_string_equal(votes(t, &t->house.cleo, "approval.given", rule), "");
	assert_int_equal(
		trial_number(t, "SELECT need FROM approval_rule WHERE class = 'trial.release'"), 2);
}

static void a_rule_that_cannot_be_met_is_refused(void **state)
{
	struct trial *t = *state;

	/* maya, nils, pia and olga with her two accounts: four persons. */
	assert_string_equal(sets(t, "trial.release", 4), "!RULE_CANNOT_BE_MET");
	assert_string_equal(sets(t, "unheard.of", 1), "!RULE_CANNOT_BE_MET");
	assert_string_equal(sets(t, "trial.release", 0), "!FIELD_WRONG");
	assert_string_equal(sets(t, "trial.release", 3), "pending");
}

static const char *state_shown(struct trial *t, uint64_t sequence)
{
	char query[48];

	snprintf(query, sizeof query, "seq=%llu", (unsigned long long)sequence);
	json_t *page = house_view(&t->house, "ada", "approval.list", query);
	json_t *rows = json_object_get(page, "rows");

	assert_int_equal(json_array_size(rows), 1);
	const char *shown = json_string_value(json_object_get(json_array_get(rows, 0), "state"));
	const char *kept = arena_text(&t->house.arena, bytes_text(shown));
	json_decref(page);
	return kept;
}

static void what_waited_is_shown_with_how_it_ended(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");
	uint64_t first = t->result->sequence;

	assert_string_equal(state_shown(t, first), "open");
	assert_string_equal(GIVES(nils), "executes");
	assert_string_equal(state_shown(t, first), "executed");
	waiting = asks_release(t, "b");
	uint64_t second = t->result->sequence;
	assert_string_equal(votes(t, &t->nils, "approval.denied", waiting), "");
	assert_string_equal(state_shown(t, second), "denied");
	asks_release(t, "c");
	uint64_t third = t->result->sequence;
	house_step(&t->house, 15 * DAY_MS, 15 * DAY_MS);
	trial_item(t, "d", "VN"); /* so that a later record has a later time */
	assert_string_equal(state_shown(t, third), "expired");
	/* What it ended as is not overtaken by its time. */
	assert_string_equal(state_shown(t, first), "executed");
}

static void votes_have_no_place_in_a_whole_batch(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");
	struct fault f = {0};
	struct submission *two[2];
	char body[128], hex[65];

	hex_encode(hash_bytes(&waiting), hex);
	snprintf(body, sizeof body, "{'record':'%s'}", hex);
	two[0] = house_make(&t->house, &t->house.arena, &t->maya, "trial.ruled", "{'item':'a'}",
			    NULL, &f);
	two[1] = house_make(&t->house, &t->house.arena, &t->nils, "approval.given", body, NULL, &f);
	refused(record_submit_wait(t->house.engine, two, 2, true, &f), &f, "VOTE_IN_BATCH");
}

static void a_vote_on_nothing_is_refused(void **state)
{
	struct trial *t = *state;
	struct hash waiting = {{1, 2, 3}};

	assert_string_equal(GIVES(nils), "!APPROVAL_NOTHING_WAITS");
	assert_string_equal(asks(t, &t->maya, "trial.ruled", "{'item':'a'}"), "");
	assert_string_equal(votes(t, &t->nils, "approval.given", t->digest),
			    "!APPROVAL_NOTHING_WAITS");
	assert_string_equal(reports(t, &t->nils, "approval.given", "{'record':'%064d'}", 0),
			    "!PROOF_MISSING");
}

static void nothing_is_approved_while_the_clocks_disagree(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_release(t, "a");

	house_step(&t->house, HOUR_MS, 0);
	assert_string_equal(GIVES(nils), "!CLOCK_DISAGREES");
	house_step(&t->house, -HOUR_MS, 0);
	assert_string_equal(GIVES(nils), "executes");
}

static void what_waits_still_waits_after_a_restart(void **state)
{
	struct trial *t = *state;
	struct hash waiting = asks_two(t, "a");

	assert_string_equal(GIVES(nils), "");
	house_stop(&t->house);
	house_start(&t->house);
	assert_string_equal(GIVES(nils), "!APPROVAL_GIVEN_BEFORE");
	assert_string_equal(GIVES(olga), "executes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(the_last_vote_executes_with_its_own_place_and_time),
		TRIAL_TEST(nobody_approves_what_he_asked_for),
		TRIAL_TEST(two_accounts_of_one_person_count_once),
		TRIAL_TEST(the_other_account_counts_when_the_first_no_longer_does),
		TRIAL_TEST(a_newcomers_vote_does_not_count_at_once),
		TRIAL_TEST(a_role_that_may_now_approve_makes_newcomers_of_those_who_hold_it),
		TRIAL_TEST(only_persons_with_the_right_for_this_place_count),
		TRIAL_TEST(a_request_ends_in_time),
		TRIAL_TEST(a_vote_ends_in_time_and_may_be_given_again),
		TRIAL_TEST(a_vote_counts_no_longer_than_it_says_and_never_longer_than_its_rule),
		TRIAL_TEST(a_denial_wins),
		TRIAL_TEST(the_author_may_take_a_request_back_and_nobody_else),
		TRIAL_TEST(an_approval_is_spent_once),
		TRIAL_TEST(two_votes_in_one_batch_execute_once),
		TRIAL_TEST(rules_are_asked_again_when_the_last_vote_comes),
		TRIAL_TEST(a_vote_that_a_gate_blocks_stands_until_another_opens_it),
		TRIAL_TEST(a_decision_that_is_refused_already_does_not_wait),
		TRIAL_TEST(a_vote_counts_only_while_its_voter_may_vote),
		TRIAL_TEST(what_somebody_asked_for_who_may_no_longer_ask_is_blocked),
		TRIAL_TEST(a_rule_that_became_stricter_counts),
		TRIAL_TEST(a_rule_that_became_milder_does_not_count),
		TRIAL_TEST(changing_a_rule_takes_one_more_than_the_rule),
		TRIAL_TEST(a_rule_that_cannot_be_met_is_refused),
		TRIAL_TEST(what_waited_is_shown_with_how_it_ended),
		TRIAL_TEST(votes_have_no_place_in_a_whole_batch),
		TRIAL_TEST(a_vote_on_nothing_is_refused),
		TRIAL_TEST(nothing_is_approved_while_the_clocks_disagree),
		TRIAL_TEST(what_waits_still_waits_after_a_restart),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* may? — grants, scopes, roles within roles, standing, separated duties. The answer is no unless
 * everything says yes. */
#include "records/trial.h"

#include <stdio.h>

#include "base/clock.h"

/* A role with these permissions and these included roles, lists as JSON. */
static void defines(struct trial *t, const char *role, const char *permissions,
		    const char *includes)
{
	char lists[256];

	snprintf(lists, sizeof lists, "%s%s%s%s%s%s",
		 permissions[0] != '\0' ? ",'permissions':[" : "", permissions,
		 permissions[0] != '\0' ? "]" : "", includes[0] != '\0' ? ",'includes':[" : "",
		 includes, includes[0] != '\0' ? "]" : "");
	assert_string_equal(asks(t, &t->house.ada, "role.defined", "{'role':'%s'%s}", role, lists),
			    "");
}

/* `more` is further members, each after a comma. */
static const char *grants(struct trial *t, const char *id, const char *who, const char *role,
			  const char *more)
{
	return asks(t, &t->house.ada, "role.granted",
		    "{'grant_id':'%s','principal':'%s','role':'%s'%s}", id, who, role, more);
}

static const char *at(struct trial *t, int64_t ms)
{
	char text[TIME_TEXT_SIZE];

	time_text(clock_wall_ms(&t->house.clock) + (uint64_t)ms, text);
	return arena_text(&t->house.arena, bytes_text(text));
}

static const char *decides(struct trial *t, const struct actor *who, const char *item)
{
	return asks(t, who, "trial.decided", "{'item':'%s'}", item);
}

/* zoe has a key and no right. */
static struct actor newcomer(struct trial *t)
{
	return house_actor(&t->house, "zoe", "person", NULL);
}

static void without_a_grant_the_answer_is_no(void **state)
{
	struct trial *t = *state;
	struct actor zoe = newcomer(t);

	trial_item(t, "a", "VN");
	assert_string_equal(decides(t, &zoe, "a"), "!NOT_ALLOWED");
	assert_string_equal(asks(t, &zoe, "trial.blocked", "{'item':'a'}"), "!NOT_ALLOWED");
	assert_string_equal(reports(t, &zoe, "trial.noted", "{'item':'b','site':'VN'}"),
			    "!NOT_ALLOWED");
	actor_done(&zoe);
}

static void a_scope_that_cannot_be_determined_means_no(void **state)
{
	struct trial *t = *state;

	assert_string_equal(decides(t, &t->maya, "nothing"), "!NOT_ALLOWED");
	trial_item(t, "nothing", "VN");
	assert_string_equal(decides(t, &t->maya, "nothing"), "");
}

static void a_grant_counts_only_in_its_scope(void **state)
{
	struct trial *t = *state;
	struct actor zoe = newcomer(t);

	defines(t, "decider", "{'permission':'trial.decide'}", "");
	assert_string_equal(grants(t, "g1", "zoe", "decider", ",'site':'VN'"), "");
	trial_item(t, "a", "VN");
	trial_item(t, "b", "HH");
	assert_string_equal(decides(t, &zoe, "b"), "!NOT_ALLOWED");
	assert_string_equal(decides(t, &zoe, "a"), "");
	/* A type without a scope is for those who are not limited at all. */
	assert_string_equal(asks(t, &zoe, "trial.ruled", "{'item':'a'}"), "!NOT_ALLOWED");
	assert_string_equal(asks(t, &t->maya, "trial.ruled", "{'item':'a'}"), "");
	actor_done(&zoe);
}

static void a_grant_limited_twice_wants_both(void **state)
{
	struct trial *t = *state;
	struct actor zoe = newcomer(t);

	defines(t, "decider", "{'permission':'trial.decide'}", "");
	/* The scope of an item says nothing of a line, so a grant for one line never covers it. */
	assert_string_equal(grants(t, "g1", "zoe", "decider", ",'site':'VN','line':'L1'"), "");
	trial_item(t, "a", "VN");
	assert_string_equal(decides(t, &zoe, "a"), "!NOT_ALLOWED");
	actor_done(&zoe);
}

static void a_limited_grantor_gives_no_more_than_he_may(void **state)
{
	struct trial *t = *state;
	struct actor zoe = newcomer(t), yan = house_actor(&t->house, "yan", "person", NULL);

	defines(t, "grantor", "{'permission':'access.grant'}", "");
	defines(t, "decider", "{'permission':'trial.decide'}", "");
	assert_string_equal(grants(t, "g1", "zoe", "grantor", ",'site':'VN'"), "");
	assert_string_equal(
		asks(t, &zoe, "role.granted",
		     "{'grant_id':'g2','principal':'yan','role':'decider','site':'HH'}"),
		"!NOT_ALLOWED");
	assert_string_equal(asks(t, &zoe, "role.granted",
				 "{'grant_id':'g2','principal':'yan','role':'decider'}"),
			    "!NOT_ALLOWED");
	assert_string_equal(
		asks(t, &zoe, "role.granted",
		     "{'grant_id':'g2','principal':'yan','role':'decider','site':'VN'}"),
		"");
	actor_done(&zoe);
	actor_done(&yan);
}

static void a_grant_counts_between_its_times(void **state)
{
	struct trial *t = *state;
	struct actor zoe = newcomer(t);
	char more[160];

	for (const char *const *item = (const char *const[]){"a", "b", "c", NULL}; *item; item++)
		trial_item(t, *item, "VN");
	defines(t, "decider", "{'permission':'trial.decide'}", "");
	snprintf(more, sizeof more, ",'not_before':'%s','not_after':'%s'", at(t, HOUR_MS),
		 at(t, 3ll * HOUR_MS));
	assert_string_equal(grants(t, "g1", "zoe", "decider", more), "");
	assert_string_equal(decides(t, &zoe, "a"), "!NOT_ALLOWED");
	house_step(&t->house, 2ll * HOUR_MS, 2ll * HOUR_MS);
	assert_string_equal(decides(t, &zoe, "a"), "");
	house_step(&t->house, 2ll * HOUR_MS, 2ll * HOUR_MS);
	assert_string_equal(decides(t, &zoe, "b"), "!NOT_ALLOWED");
	actor_done(&zoe);
}

static void a_grant_that_ends_before_it_begins_is_refused(void **state)
{
	struct trial *t = *state;
	char more[160];

	defines(t, "decider", "{'permission':'trial.decide'}", "");
	snprintf(more, sizeof more, ",'not_before':'%s','not_after':'%s'", at(t, HOUR_MS),
		 at(t, HOUR_MS));
	assert_string_equal(grants(t, "g1", "nils", "decider", more), "!GRANT_TIMES_WRONG");
	snprintf(more, sizeof more, ",'not_after':'%s'", at(t, -HOUR_MS));
	assert_string_equal(grants(t, "g1", "nils", "decider", more), "!GRANT_TIMES_WRONG");
}

static void a_revoked_grant_ends_at_once(void **state)
{
	struct trial *t = *state;
	struct actor zoe = newcomer(t);

	trial_item(t, "a", "VN");
	trial_item(t, "b", "VN");
	defines(t, "decider", "{'permission':'trial.decide'}", "");
	assert_string_equal(grants(t, "g1", "zoe", "decider", ""), "");
	assert_string_equal(decides(t, &zoe, "a"), "");
	assert_string_equal(
		asks(t, &t->house.ben, "grant.revoked", "{'grant_id':'g1','reason':'moved'}"), "");
	assert_string_equal(decides(t, &zoe, "b"), "!NOT_ALLOWED");
	assert_string_equal(
		asks(t, &t->house.ben, "grant.revoked", "{'grant_id':'g1','reason':'again'}"),
		"!GRANT_NOT_IN_FORCE");
	actor_done(&zoe);
}

static void a_role_has_what_the_roles_within_it_have(void **state)
{
	struct trial *t = *state;
	struct actor zoe = newcomer(t);

	trial_item(t, "a", "VN");
	trial_item(t, "b", "VN");
	defines(t, "inner", "{'permission':'trial.decide'}", "");
	defines(t, "middle", "", "{'role':'inner'}");
	defines(t, "outer", "", "{'role':'middle'}");
	assert_string_equal(grants(t, "g1", "zoe", "outer", ""), "");
	assert_string_equal(decides(t, &zoe, "a"), "");
	defines(t, "middle", "{'permission':'trial.read'}", "");
	assert_string_equal(decides(t, &zoe, "b"), "!NOT_ALLOWED");
	actor_done(&zoe);
}

static void roles_that_include_each_other_come_to_an_end(void **state)
{
	struct trial *t = *state;
	struct actor zoe = newcomer(t);

	trial_item(t, "a", "VN");
	defines(t, "one", "", "{'role':'two'}");
	defines(t, "two", "", "{'role':'three'}");
	defines(t, "three", "{'permission':'trial.decide'}", "{'role':'one'},{'role':'three'}");
	assert_string_equal(grants(t, "g1", "zoe", "one", ""), "");
	assert_string_equal(decides(t, &zoe, "a"), "");
	actor_done(&zoe);
}

static void a_role_that_is_not_defined_is_not_granted(void **state)
{
	struct trial *t = *state;

	assert_string_equal(grants(t, "g1", "nils", "dreamer", ""), "!ROLE_UNKNOWN");
	assert_string_equal(grants(t, "g1", "nobody", "role-maya", ""), "!PRINCIPAL_UNKNOWN");
	assert_string_equal(grants(t, "grant-nils", "pia", "role-maya", ""), "!GRANT_EXISTS");
}

static void somebody_suspended_may_do_nothing_until_reinstated(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.released", "{'item':'a'}"), "pending");
	struct hash waiting = t->digest;
	assert_string_equal(asks(t, &t->house.ben, "principal.suspended",
				 "{'principal':'maya','reason':'away'}"),
			    "");
	assert_string_equal(decides(t, &t->maya, "a"), "!NOT_ALLOWED");
	assert_string_equal(asks(t, &t->maya, "trial.seen", "{'item':'a'}"), "!NOT_ALLOWED");
	assert_string_equal(votes(t, &t->maya, "approval.withdrawn", waiting), "!NOT_ALLOWED");
	assert_string_equal(asks(t, &t->house.ben, "principal.reinstated",
				 "{'principal':'maya','reason':'back'}"),
			    "");
	assert_string_equal(decides(t, &t->maya, "a"), "");
	assert_string_equal(votes(t, &t->maya, "approval.withdrawn", waiting), "");
}

static void nobody_reinstates_himself_or_grants_himself(void **state)
{
	struct trial *t = *state;

	assert_string_equal(asks(t, &t->house.ada, "role.granted",
				 "{'grant_id':'g1','principal':'ada','role':'role-maya'}"),
			    "!DECISION_ABOUT_ONESELF");
	assert_string_equal(asks(t, &t->house.ben, "principal.suspended",
				 "{'principal':'ada','reason':'test'}"),
			    "");
	assert_string_equal(
		asks(t, &t->house.ada, "principal.reinstated", "{'principal':'ada','reason':'me'}"),
		"!NOT_ALLOWED");
}

static void somebody_who_left_does_not_come_back(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->house.ada, "principal.left",
				 "{'principal':'maya','reason':'another job'}"),
			    "");
	assert_string_equal(decides(t, &t->maya, "a"), "!KEY_NOT_AUTHORS");
	assert_string_equal(reports(t, &t->maya, "trial.seen", "{'item':'a'}"), "!NOT_ALLOWED");
	assert_string_equal(asks(t, &t->house.ben, "principal.reinstated",
				 "{'principal':'maya','reason':'back'}"),
			    "!PRINCIPAL_NOT_SUSPENDED");
	assert_string_equal(grants(t, "g1", "maya", "role-nils", ""), "!PRINCIPAL_UNKNOWN");
}

/* ---- what anybody may report ---- */

static void a_report_outside_of_the_permission_enters_as_unverified(void **state)
{
	struct trial *t = *state;
	struct actor zoe = newcomer(t);

	trial_item(t, "a", "VN");
	assert_string_equal(reports(t, &zoe, "trial.seen", "{'item':'a'}"),
			    "unverified REPORT_UNVERIFIED");
	assert_false(t->result->raised->holds); /* she has no right anywhere */
	assert_string_equal(reports(t, &t->maya, "trial.seen", "{'item':'a'}"), "");
	/* What cannot be placed is still evidence. */
	assert_string_equal(reports(t, &zoe, "trial.seen", "{'item':'unheard of'}"),
			    "!FIELD_WRONG");
	assert_string_equal(reports(t, &zoe, "trial.seen", "{'item':'unheard'}"),
			    "unverified REPORT_UNVERIFIED");
	actor_done(&zoe);
}

static void an_unverified_report_holds_inside_the_authors_scope_only(void **state)
{
	struct trial *t = *state;
	struct actor zoe = newcomer(t);

	defines(t, "guard", "{'permission':'report.hold'}", "");
	assert_string_equal(grants(t, "g1", "zoe", "guard", ",'site':'VN'"), "");
	trial_item(t, "a", "VN");
	trial_item(t, "b", "HH");
	assert_string_equal(reports(t, &zoe, "trial.seen", "{'item':'b'}"),
			    "unverified REPORT_UNVERIFIED");
	assert_int_equal(trial_number(t, "SELECT count(*) FROM hold"), 0);
	assert_string_equal(reports(t, &zoe, "trial.seen", "{'item':'a'}"),
			    "unverified REPORT_UNVERIFIED");
	assert_int_equal(trial_number(t, "SELECT count(*) FROM hold WHERE id = 'a'"), 1);
	actor_done(&zoe);
}

static void somebody_unknown_reports_nothing(void **state)
{
	struct trial *t = *state;
	struct actor nobody = {.id = "nobody"};

	trial_item(t, "a", "VN");
	assert_string_equal(reports(t, &nobody, "trial.seen", "{'item':'a'}"), "!NOT_ALLOWED");
}

/* ---- separated duties ---- */

static void separates(struct trial *t, const char *role, const char *other)
{
	assert_string_equal(asks(t, &t->house.ada, "duty.separated",
				 "{'duty':'d-%s-%s','role':'%s','other':'%s'}", role, other, role,
				 other),
			    "");
}

static void two_duties(struct trial *t)
{
	defines(t, "buyer", "{'permission':'trial.write'}", "");
	defines(t, "payer", "{'permission':'trial.decide'}", "");
	separates(t, "buyer", "payer");
}

static void nobody_holds_both_of_two_separated_duties(void **state)
{
	struct trial *t = *state;

	two_duties(t);
	assert_string_equal(grants(t, "g1", "nils", "buyer", ""), "");
	assert_string_equal(grants(t, "g2", "nils", "payer", ""), "!DUTIES_CONFLICT");
	assert_string_equal(grants(t, "g3", "pia", "payer", ""), "");
	assert_string_equal(grants(t, "g4", "pia", "buyer", ""), "!DUTIES_CONFLICT");
}

static void two_accounts_of_one_person_do_not_share_separated_duties(void **state)
{
	struct trial *t = *state;

	two_duties(t);
	assert_string_equal(grants(t, "g1", "olga", "buyer", ""), "");
	assert_string_equal(grants(t, "g2", "olga2", "payer", ""), "!DUTIES_CONFLICT");
}

static void duties_are_separated_through_the_roles_that_include_them(void **state)
{
	struct trial *t = *state;

	two_duties(t);
	defines(t, "chief", "", "{'role':'payer'}");
	defines(t, "boss", "", "{'role':'chief'}");
	assert_string_equal(grants(t, "g1", "nils", "buyer", ""), "");
	assert_string_equal(grants(t, "g2", "nils", "boss", ""), "!DUTIES_CONFLICT");
	assert_string_equal(grants(t, "g3", "pia", "boss", ""), "");
	assert_string_equal(grants(t, "g4", "pia", "buyer", ""), "!DUTIES_CONFLICT");
}

static void a_role_that_includes_both_duties_is_not_granted(void **state)
{
	struct trial *t = *state;

	two_duties(t);
	defines(t, "both", "", "{'role':'buyer'},{'role':'payer'}");
	assert_string_equal(grants(t, "g1", "nils", "both", ""), "!DUTIES_CONFLICT");
}

static void a_held_role_takes_in_no_other_where_duties_are_separated(void **state)
{
	struct trial *t = *state;
	struct actor zoe = house_actor(&t->house, "zoe", "person", NULL);

	two_duties(t);
	assert_string_equal(grants(t, "g1", "zoe", "buyer", ""), "");
	assert_string_equal(asks(t, &t->house.ada, "role.defined",
				 "{'role':'buyer','includes':[{'role':'payer'}]}"),
			    "!ROLE_IS_HELD");
	defines(t, "clerk", "", "{'role':'buyer'}");
	assert_string_equal(
		asks(t, &t->house.ada, "grant.revoked", "{'grant_id':'g1','reason':'r'}"), "");
	defines(t, "buyer", "", "{'role':'payer'}");
	actor_done(&zoe);
}

static void duties_that_somebody_holds_already_cannot_be_separated(void **state)
{
	struct trial *t = *state;

	defines(t, "buyer", "{'permission':'trial.write'}", "");
	defines(t, "payer", "{'permission':'trial.decide'}", "");
	defines(t, "chief", "", "{'role':'payer'}");
	assert_string_equal(grants(t, "g1", "nils", "buyer", ""), "");
	assert_string_equal(grants(t, "g2", "nils", "chief", ""), "");
	assert_string_equal(asks(t, &t->house.ada, "duty.separated",
				 "{'duty':'d','role':'payer','other':'buyer'}"),
			    "!DUTIES_ALREADY_HELD");
	assert_string_equal(
		asks(t, &t->house.ada, "grant.revoked", "{'grant_id':'g2','reason':'test'}"), "");
	separates(t, "payer", "buyer");
}

static void duties_that_two_accounts_of_one_person_hold_cannot_be_separated(void **state)
{
	struct trial *t = *state;

	defines(t, "buyer", "{'permission':'trial.write'}", "");
	defines(t, "payer", "{'permission':'trial.decide'}", "");
	assert_string_equal(grants(t, "g1", "olga", "buyer", ""), "");
	assert_string_equal(grants(t, "g2", "olga2", "payer", ""), "");
	assert_string_equal(asks(t, &t->house.ada, "duty.separated",
				 "{'duty':'d','role':'payer','other':'buyer'}"),
			    "!DUTIES_ALREADY_HELD");
}

/* ---- keys ---- */

/* Whoever stole an authenticator and voted with it has no voice once the key is revoked. */
static void a_vote_ends_with_the_key_that_gave_it(void **state)
{
	struct trial *t = *state;
	struct hash key = public_key_id(private_key_public(t->olga.key));
	char hex[65];

	hex_encode(hash_bytes(&key), hex);
	trial_rule(t, 2, 7ull * DAY_MS, DAY_MS);
	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.released", "{'item':'a'}"), "pending");
	struct hash waiting = t->digest;
	assert_string_equal(votes(t, &t->olga, "approval.given", waiting), "");
	assert_string_equal(
		asks(t, &t->house.ben, "key.revoked", "{'key_id':'%s','reason':'stolen'}", hex),
		"");
	assert_string_equal(votes(t, &t->pia, "approval.given", waiting), "");
	/* The person's voice is still theirs, with a key that is. */
	assert_string_equal(votes(t, &t->olga2, "approval.given", waiting), "executes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(without_a_grant_the_answer_is_no),
		TRIAL_TEST(a_scope_that_cannot_be_determined_means_no),
		TRIAL_TEST(a_grant_counts_only_in_its_scope),
		TRIAL_TEST(a_grant_limited_twice_wants_both),
		TRIAL_TEST(a_limited_grantor_gives_no_more_than_he_may),
		TRIAL_TEST(a_grant_counts_between_its_times),
		TRIAL_TEST(a_grant_that_ends_before_it_begins_is_refused),
		TRIAL_TEST(a_revoked_grant_ends_at_once),
		TRIAL_TEST(a_role_has_what_the_roles_within_it_have),
		TRIAL_TEST(roles_that_include_each_other_come_to_an_end),
		TRIAL_TEST(a_role_that_is_not_defined_is_not_granted),
		TRIAL_TEST(somebody_suspended_may_do_nothing_until_reinstated),
		TRIAL_TEST(nobody_reinstates_himself_or_grants_himself),
		TRIAL_TEST(somebody_who_left_does_not_come_back),
		TRIAL_TEST(a_report_outside_of_the_permission_enters_as_unverified),
		TRIAL_TEST(an_unverified_report_holds_inside_the_authors_scope_only),
		TRIAL_TEST(somebody_unknown_reports_nothing),
		TRIAL_TEST(nobody_holds_both_of_two_separated_duties),
		TRIAL_TEST(two_accounts_of_one_person_do_not_share_separated_duties),
		TRIAL_TEST(duties_are_separated_through_the_roles_that_include_them),
		TRIAL_TEST(a_role_that_includes_both_duties_is_not_granted),
		TRIAL_TEST(a_held_role_takes_in_no_other_where_duties_are_separated),
		TRIAL_TEST(duties_that_somebody_holds_already_cannot_be_separated),
		TRIAL_TEST(duties_that_two_accounts_of_one_person_hold_cannot_be_separated),
		TRIAL_TEST(a_vote_ends_with_the_key_that_gave_it),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

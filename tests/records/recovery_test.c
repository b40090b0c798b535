/* SPDX-License-Identifier: Apache-2.0 */
/* Passkeys as keys; and what becomes of somebody who lost every authenticator. */
#include "shown.h"

#include "access/access.h"

#include <stdio.h>

static struct world *with_console(void **state)
{
	struct world *w = *state;

	shown_console(w);
	return w;
}

/* ---- a passkey becomes a key ---- */

static const char *enrolls(struct world *w, const char *principal, const char *shown)
{
	return says(w, "anna", "key.enrolled", "{'principal':'%s',%s}", principal, shown);
}

/* How many of carl's keys are passkeys with this label; the others are keys without one. */
static size_t passkeys_called(struct world *w, const char *label)
{
	json_t *page = house_view(&w->house, "anna", "access.keys", "principal=carl"), *row;
	size_t i, n = 0;

	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		const char *form = json_string_value(json_object_get(row, "form"));
		const char *called = json_string_value(json_object_get(row, "label"));
		bool is_passkey = strcmp(form, "passkey") == 0;
		assert_true(is_passkey || strcmp(form, "key") == 0);
		assert_true(is_passkey ? strcmp(called, label) == 0 : called == NULL);
		n += is_passkey;
	}
	json_decref(page);
	return n;
}

static void passkey_becomes_a_key_of_its_owner(void **state)
{
	struct world *w = with_console(state);
	struct actor passkey = shown_new("carl", KEY_P256), other = shown_new("carl", KEY_ED25519);

	assert_string_equal(
		enrolls(w, "carl", shown_passkey(w, &passkey, &(struct shown_passkey){0})), "");
	assert_string_equal(
		enrolls(w, "carl",
			shown_passkey(w, &other, &(struct shown_passkey){.credential = "b3RoZXI"})),
		"");
	assert_int_equal(rows_of(w, "access.keys", "principal=carl"), 3);
	assert_int_equal(passkeys_called(w, "blue one"), 2);
	assert_string_equal(
		says_with(w, &passkey, "site.defined", "{'site':'XX','country':'DE','name':'x'}"),
		"");
	actor_done(&passkey);
	actor_done(&other);
}

static void passkey_whose_assertion_is_about_something_else_is_refused(void **state)
{
	struct world *w = with_console(state);
	struct actor passkey = shown_new("carl", KEY_P256), other = shown_new("carl", KEY_P256);
	const struct shown_passkey wrong[] = {
		{.origin = "https://evil.example"}, {.origin = SHOWN_ORIGIN ":8443"},
		{.party = "evil.example"},          {.principal = "dora"},
		{.log = "other.example/log"},       {.signer = &other},
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_string_equal(enrolls(w, "carl", shown_passkey(w, &passkey, &wrong[i])),
				    "!KEY_NOT_HELD");
	/* What is right about carl gives nobody else a key. */
	assert_string_equal(
		enrolls(w, "dora", shown_passkey(w, &passkey, &(struct shown_passkey){0})),
		"!KEY_NOT_HELD");
	actor_done(&passkey);
	actor_done(&other);
}

/* One member less than a passkey says, and one more than a key says. */
static void passkey_that_is_not_whole_is_refused(void **state)
{
	struct world *w = with_console(state);
	struct actor passkey = shown_new("carl", KEY_P256);
	static const char *const members[] = {"credential", "authenticator_data", "client_data"};
	const char *whole = shown_passkey(w, &passkey, &(struct shown_passkey){0});

	for (size_t i = 0; i < 3; i++) {
		char *shown = arena_text(&w->house.arena, bytes_text(whole));
		char *at = strstr(shown, arena_printf(&w->house.arena, ",'%s':'", members[i]));
		assert_non_null(at);
		char *end = strchr(strstr(at, "':'") + 3, '\'') + 1;
		memmove(at, end, strlen(end) + 1);
		assert_string_equal(enrolls(w, "carl", shown), "!PASSKEY_INCOMPLETE");
	}
	const char *key = shown_key(w, &passkey, "carl");
	assert_string_equal(
		enrolls(w, "carl", arena_printf(&w->house.arena, "%s,'label':'mine'", key)),
		"!PASSKEY_INCOMPLETE");
	assert_string_equal(
		enrolls(w, "carl", arena_printf(&w->house.arena, "%s,'credential':'AAAA'", key)),
		"!PASSKEY_INCOMPLETE");
	actor_done(&passkey);
}

static void passkey_is_enrolled_once(void **state)
{
	struct world *w = with_console(state);
	struct actor passkey = shown_new("carl", KEY_P256), copy = shown_new("carl", KEY_P256);

	assert_string_equal(
		enrolls(w, "carl", shown_passkey(w, &passkey, &(struct shown_passkey){0})), "");
	assert_string_equal(
		enrolls(w, "carl",
			shown_passkey(w, &passkey, &(struct shown_passkey){.credential = "BBBB"})),
		"!KEY_ALREADY_ENROLLED");
	assert_string_equal(enrolls(w, "carl", shown_passkey(w, &copy, &(struct shown_passkey){0})),
			    "!CREDENTIAL_ALREADY_ENROLLED");
	actor_done(&passkey);
	actor_done(&copy);
}

static void without_a_relying_party_no_passkey_becomes_a_key(void **state)
{
	struct world *w = *state;
	struct actor passkey = shown_new("carl", KEY_P256);

	assert_string_equal(
		enrolls(w, "carl", shown_passkey(w, &passkey, &(struct shown_passkey){0})),
		"!KEY_NOT_HELD");
	actor_done(&passkey);
}

static void counter_that_fell_is_a_nonconformance_and_suspends_nobody(void **state)
{
	struct world *w = *state;
	char key[65];

	snprintf(key, sizeof key, "%s", shows(w, "access.keys", "key", "principal=carl"));
	assert_string_equal(
		system_says(w, "key.counter_fell", "{'key_id':'%s','seen':4,'stored':9}", key),
		"COUNTER_FELL");
	assert_int_equal(rows_of(w, "nonconformance.open", ""), 1);
	assert_int_equal(rows_of(w, "hold.open", ""), 0);
	assert_says("", w, "carl", "site.defined", "{'site':'XX','country':'DE','name':'x'}");
	assert_says("!TYPE_IS_SYSTEM", w, "carl", "key.counter_fell",
		    "{'key_id':'%s','seen':4,'stored':9}", key);
}

/* ---- recovery ---- */

static const char *requests(struct world *w, const char *who, const char *recovery,
			    const char *principal, const struct actor *key, int64_t from_ms)
{
	return says(w, who, "recovery.requested",
		    "{'recovery':'%s','principal':'%s',%s,'usable_from':'%s','reason':'both lost'}",
		    recovery, principal, shown_key(w, key, principal), shown_time(w, from_ms));
}

/* carl's new key, asked for by dora, agreed to by a founder. */
static struct actor recovered(struct world *w)
{
	struct actor key = shown_new("carl", KEY_P256);

	assert_string_equal(requests(w, "dora", "r1", "carl", &key, DAY + HOUR), "(waits)");
	assert_string_equal(approved(w), "");
	return key;
}

static const char *acts(struct world *w, const struct actor *key)
{
	static unsigned n;

	return says_with(w, key, "site.defined", "{'site':'X%u','country':'DE','name':'x'}", n++);
}

static const char *state_of(struct world *w)
{
	return shows(w, "access.recoveries", "state", "");
}

static void recovered_key_speaks_after_its_waiting_time(void **state)
{
	struct world *w = *state;

	shown_freeze(w);
	struct actor key = recovered(w);
	assert_string_equal(state_of(w), "open");
	assert_string_equal(acts(w, &key), "!KEY_WAITS");
	world_later(w, DAY + HOUR - 1000);
	assert_string_equal(acts(w, &key), "!KEY_WAITS");
	house_step(&w->house, 1500, 0); /* the wall clock alone says it is time */
	assert_string_equal(acts(w, &key), "!KEY_WAITS");
	house_step(&w->house, -1500, 1500); /* the steady clock alone */
	assert_string_equal(acts(w, &key), "!KEY_WAITS");
	house_step(&w->house, 1500, 0);
	assert_string_equal(acts(w, &key), "");
	assert_string_equal(state_of(w), "in_force");
	house_step(&w->house, HOUR, 0); /* the clocks disagree: nobody knows what time it is */
	assert_string_equal(acts(w, &key), "!KEY_WAITS");
	house_step(&w->house, -HOUR, 0);
	actor_done(&key);
}

/* Who agrees late does not shorten the time in which somebody can stop it. */
static void waiting_time_starts_when_it_is_agreed_to(void **state)
{
	struct world *w = *state;
	struct actor key = shown_new("carl", KEY_P256);

	shown_freeze(w);
	uint64_t from = clock_wall_ms(&w->house.clock) + 2 * DAY;
	assert_string_equal(requests(w, "dora", "r1", "carl", &key, DAY + 10), "(waits)");
	world_later(w, DAY);
	assert_string_equal(approved(w), "");
	assert_in_range(strtoull(shows(w, "access.recoveries", "usable_from", ""), NULL, 10),
			from - 5, from + 5);
	world_later(w, DAY - 10);
	assert_string_equal(acts(w, &key), "!KEY_WAITS");
	world_later(w, 20);
	assert_string_equal(acts(w, &key), "");
	actor_done(&key);
}

static void time_that_was_asked_for_stands_when_it_is_longer(void **state)
{
	struct world *w = *state;
	struct actor key = shown_new("carl", KEY_P256);

	shown_freeze(w);
	uint64_t from = clock_wall_ms(&w->house.clock) + 30ull * DAY - 10;
	assert_string_equal(requests(w, "dora", "r1", "carl", &key, 30ll * DAY - 10), "(waits)");
	world_later(w, DAY);
	assert_string_equal(approved(w), "");
	assert_in_range(strtoull(shows(w, "access.recoveries", "usable_from", ""), NULL, 10),
			from - 5, from + 5);
	actor_done(&key);
}

static void recovery_that_is_not_as_it_should_be_is_refused(void **state)
{
	struct world *w = *state;
	struct actor key = shown_new("carl", KEY_P256), next = shown_new("carl", KEY_P256);

	shown_freeze(w);
	assert_string_equal(requests(w, "dora", "r1", "carl", &key, DAY - 10),
			    "!RECOVERY_TOO_SOON");
	assert_string_equal(requests(w, "dora", "r1", "carl", &key, 30ll * DAY + 10),
			    "!RECOVERY_TOO_LATE");
	assert_string_equal(requests(w, "dora", "r1", "nobody", &key, DAY + HOUR),
			    "!PRINCIPAL_UNKNOWN");
	assert_string_equal(requests(w, "dora", "r1", "st1", &key, DAY + HOUR),
			    "!RECOVERY_NOT_OF_PERSON");
	assert_string_equal(requests(w, "carl", "r1", "carl", &key, DAY + HOUR),
			    "!DECISION_ABOUT_ONESELF");
	/* anna and emil are the same human being. */
	assert_string_equal(requests(w, "anna", "r1", "emil", &key, DAY + HOUR),
			    "!DECISION_ABOUT_ONESELF");
	assert_string_equal(requests(w, "hugo", "r1", "carl", &key, DAY + HOUR), "!NOT_ALLOWED");
	assert_string_equal(requests(w, "st1", "r1", "carl", &key, DAY + HOUR), "!NOT_ALLOWED");
	assert_string_equal(requests(w, "dora", "r1", "carl", world_actor(w, "anna"), DAY + HOUR),
			    "!KEY_ALREADY_ENROLLED");
	assert_string_equal(says(w, "dora", "recovery.requested",
				 "{'recovery':'r1','principal':'carl',%s,'usable_from':'%s',"
				 "'reason':'x'}",
				 shown_key(w, &key, "bert"), shown_time(w, DAY + HOUR)),
			    "!KEY_NOT_HELD");
	assert_says("", w, "anna", "principal.suspended", "{'principal':'carl','reason':'look'}");
	assert_string_equal(requests(w, "dora", "r1", "carl", &key, DAY + HOUR),
			    "!PRINCIPAL_UNKNOWN");
	assert_says("", w, "anna", "principal.reinstated", "{'principal':'carl','reason':'ok'}");
	actor_done(&key);
	key = recovered(w);
	assert_string_equal(requests(w, "dora", "r1", "carl", &next, DAY + HOUR),
			    "!RECOVERY_EXISTS");
	actor_done(&key);
	actor_done(&next);
}

static void nobody_agrees_to_his_own_recovery_and_he_may_deny_it(void **state)
{
	struct world *w = *state;
	struct house *h = &w->house;
	struct actor key = shown_new("ben", KEY_P256);
	char waits[65];

	assert_string_equal(requests(w, "dora", "r1", "ben", &key, DAY + HOUR), "(waits)");
	snprintf(waits, sizeof waits, "%s", w->digest);
	assert_string_equal(approved(w), "!APPROVAL_NOT_ELIGIBLE"); /* ben agrees */
	assert_string_equal(says_with(w, &h->ben, "approval.denied",
				      "{'record':'%s','reason':'I have my keys'}", waits),
			    "");
	assert_string_equal(says_with(w, &h->cleo, "approval.given", "{'record':'%s'}", waits),
			    "!APPROVAL_CLOSED");
	assert_int_equal(rows_of(w, "access.recoveries", ""), 0);
	actor_done(&key);
}

static void whoever_may_approve_nothing_still_says_no_to_his_own_recovery(void **state)
{
	struct world *w = *state;
	struct actor key = shown_new("carl", KEY_P256);
	char waits[65];

	assert_string_equal(requests(w, "dora", "r1", "carl", &key, DAY + HOUR), "(waits)");
	snprintf(waits, sizeof waits, "%s", w->digest);
	assert_says("!APPROVAL_NOT_ELIGIBLE", w, "bert", "approval.denied",
		    "{'record':'%s','reason':'x'}", waits);
	assert_says("!APPROVAL_NOT_ELIGIBLE", w, "carl", "approval.given", "{'record':'%s'}",
		    waits);
	assert_says("", w, "carl", "approval.denied", "{'record':'%s','reason':'not me'}", waits);
	actor_done(&key);
}

/* ---- stopping ---- */

static const char *stops(struct world *w, const char *who)
{
	return says(w, who, "recovery.stopped", "{'recovery':'r1','reason':'not asked for'}");
}

static void recovery_is_stopped_by_whoever_may_ask_for_one(void **state)
{
	struct world *w = *state;
	struct actor key = recovered(w);

	assert_string_equal(stops(w, "bert"), "");
	assert_string_equal(state_of(w), "stopped");
	world_later(w, 2 * DAY);
	assert_string_equal(acts(w, &key), "!KEY_NOT_AUTHORS");
	assert_string_equal(stops(w, "bert"), "!RECOVERY_OVER");
	actor_done(&key);
}

static void recovery_is_stopped_by_the_person_with_a_key_that_is_left(void **state)
{
	struct world *w = *state;
	struct actor key = recovered(w);

	assert_says("", w, "anna", "grant.revoked", "{'grant_id':'g-carl','reason':'moved'}");
	assert_string_equal(stops(w, "hugo"), "!NOT_ALLOWED");
	assert_string_equal(stops(w, "st1"), "!NOT_ALLOWED");
	assert_string_equal(
		says_with(w, &key, "recovery.stopped", "{'recovery':'r1','reason':'x'}"),
		"!KEY_WAITS");
	assert_string_equal(stops(w, "carl"), "");
	assert_string_equal(shows(w, "access.recoveries", "stopped_by", ""), "carl");
	actor_done(&key);
}

static void recovery_in_force_or_unknown_is_not_stopped(void **state)
{
	struct world *w = *state;

	assert_string_equal(stops(w, "bert"), "!RECOVERY_UNKNOWN");
	struct actor key = recovered(w);
	world_later(w, DAY + HOUR);
	assert_string_equal(stops(w, "bert"), "!RECOVERY_OVER");
	assert_string_equal(acts(w, &key), "");
	actor_done(&key);
}

/* ---- who is asked elsewhere ---- */

static void recovered_key_is_no_authenticator_before_its_time(void **state)
{
	struct world *w = *state;
	struct actor key = recovered(w);
	struct hash id = public_key_id(private_key_public(key.key));
	char owner[ID_SIZE_MAX + 1];
	struct reader_session *r;
	struct two_clocks now;
	size_t n[2];

	for (size_t i = 0; i < 2; i++) {
		engine_clocks(w->house.engine, &now);
		ok(reader_take(w->house.engine, &r, &w->fault), &w->fault);
		ok(authority_key_owner(reader_authority(r), id, &now, owner, &w->fault), &w->fault);
		ok(authority_authenticators(reader_authority(r), bytes_text("carl"), &now, &n[i],
					    &w->fault),
		   &w->fault);
		reader_give(r);
		assert_string_equal(owner, i == 0 ? "" : "carl");
		world_later(w, 2 * DAY);
	}
	assert_int_equal(n[0], 1);
	assert_int_equal(n[1], 2);
	actor_done(&key);
}

static void recovered_key_gets_no_credential_before_its_time(void **state)
{
	struct world *w = *state;
	struct actor key = recovered(w);

	assert_string_equal(shown_credential(w, &key), "!CREDENTIAL_KEY_NOT_ENROLLED");
	world_later(w, DAY + HOUR);
	assert_string_equal(shown_credential(w, &key), "(waits)");
	actor_done(&key);
}

static void recovered_key_is_a_newcomer_from_when_it_speaks(void **state)
{
	struct world *w = *state;
	struct actor key = shown_new("ben", KEY_P256);
	char waits[65];

	assert_string_equal(requests(w, "dora", "r1", "ben", &key, DAY + HOUR), "(waits)");
	snprintf(waits, sizeof waits, "%s", w->digest);
	assert_string_equal(
		says_with(w, &w->house.cleo, "approval.given", "{'record':'%s'}", waits), "");
	world_later(w, DAY + HOUR);
	struct actor next = shown_new("carl", KEY_P256);
	assert_string_equal(requests(w, "dora", "r2", "carl", &next, DAY + HOUR), "(waits)");
	snprintf(waits, sizeof waits, "%s", w->digest);
	assert_string_equal(says_with(w, &key, "approval.given", "{'record':'%s'}", waits),
			    "!APPROVAL_KEY_NEW");
	world_later(w, DAY);
	assert_string_equal(says_with(w, &key, "approval.given", "{'record':'%s'}", waits), "");
	actor_done(&key);
	actor_done(&next);
}

/* A passkey, a shift that it opened, and a recovered key have all spoken about the unit. */
static void passport_says_why_each_key_could_sign(void **state)
{
	struct world *w = with_console(state);
	struct actor passkey = shown_new("dora", KEY_P256), browser = shown_new("dora", KEY_P256);
	static const char concerned[] = "{'concern':'c1','kind':'unit','within':'GW','id':'S1',"
					"'station':'st1','text':'smells'}";

	world_ready_to_build(w);
	world_request(w, "S1");
	world_certify(w, "S1");
	assert_string_equal(
		enrolls(w, "dora", shown_passkey(w, &passkey, &(struct shown_passkey){0})), "");
	assert_string_equal(says_with(w, &passkey, "shift.opened",
				      "{'shift':'s1','station':'st1',%s,'not_after':'%s',"
				      "'permissions':[{'permission':'line.concern'}]}",
				      shown_key(w, &browser, "dora"), shown_time(w, HOUR)),
			    "");
	assert_string_equal(says_with(w, &browser, "concern.raised", concerned), "CONCERN_RAISED");
	struct actor key = recovered(w);
	world_later(w, DAY + HOUR);
	assert_string_equal(says_with(w, &key, "concern.raised", concerned), "CONCERN_RAISED");
	assert_int_equal(shown_passport(w, "concern.raised"), 2);
	assert_int_equal(shown_passport(w, "shift.opened"), 1);
	assert_int_equal(shown_passport(w, "recovery.requested"), 1);
	assert_int_equal(shown_passport(w, "recovery.stopped"), 0);
	actor_done(&passkey);
	actor_done(&browser);
	actor_done(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(passkey_becomes_a_key_of_its_owner),
		WORLD_TEST(passkey_whose_assertion_is_about_something_else_is_refused),
		WORLD_TEST(passkey_that_is_not_whole_is_refused),
		WORLD_TEST(passkey_is_enrolled_once),
		WORLD_TEST(without_a_relying_party_no_passkey_becomes_a_key),
		WORLD_TEST(counter_that_fell_is_a_nonconformance_and_suspends_nobody),
		WORLD_TEST(recovered_key_speaks_after_its_waiting_time),
		WORLD_TEST(waiting_time_starts_when_it_is_agreed_to),
		WORLD_TEST(time_that_was_asked_for_stands_when_it_is_longer),
		WORLD_TEST(recovery_that_is_not_as_it_should_be_is_refused),
		WORLD_TEST(nobody_agrees_to_his_own_recovery_and_he_may_deny_it),
		WORLD_TEST(whoever_may_approve_nothing_still_says_no_to_his_own_recovery),
		WORLD_TEST(recovery_is_stopped_by_whoever_may_ask_for_one),
		WORLD_TEST(recovery_is_stopped_by_the_person_with_a_key_that_is_left),
		WORLD_TEST(recovery_in_force_or_unknown_is_not_stopped),
		WORLD_TEST(recovered_key_is_no_authenticator_before_its_time),
		WORLD_TEST(recovered_key_gets_no_credential_before_its_time),
		WORLD_TEST(recovered_key_is_a_newcomer_from_when_it_speaks),
		WORLD_TEST(passport_says_why_each_key_could_sign),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

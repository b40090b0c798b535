/* SPDX-License-Identifier: Apache-2.0 */
/* What a second look at the engine found: each was wrong once. */
#include "records/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- checkpoints ---- */

static void a_checkpoint_whose_answer_was_lost_is_followed_by_the_next(void **state)
{
	struct place *p = *state;
	struct sent sent = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
	struct item a = {.s = NULL}, b = {.s = NULL};

	decided(p, "a", &a);
	decided(p, "b", &b);
	p->line.loses = true;
	send_off(p->house.engine, &sent, &a);
	pthread_mutex_lock(&p->line.lock);
	while (p->line.lost == 0)
		pthread_cond_wait(&p->line.signs, &p->line.lock);
	pthread_mutex_unlock(&p->line.lock);
	send_off(p->house.engine, &sent, &b);
	pthread_mutex_lock(&p->line.lock);
	p->line.loses = false;
	pthread_mutex_unlock(&p->line.lock);
	wait_for_all(&sent);
	assert_int_equal(submission_result(a.s)->state, RESULT_CERTIFIED);
	assert_int_equal(submission_result(b.s)->state, RESULT_CERTIFIED);
	arena_done(&a.arena);
	arena_done(&b.arena);
}

static void an_engine_that_stops_while_answers_are_lost_lets_go_of_everything(void **state)
{
	struct place *p = *state;
	struct item a = {.s = NULL};
	struct sent sent = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
	struct engine_state now;

	decided(p, "a", &a);
	p->line.loses = true;
	send_off(p->house.engine, &sent, &a);
	house_stop(&p->house);
	wait_for_all(&sent);
	assert_int_equal(submission_result(a.s)->state, RESULT_COMMITTED);
	arena_done(&a.arena);
	p->line.loses = false;
	house_start(&p->house);
	engine_state_read(p->house.engine, &now);
	assert_int_equal(now.certified, now.size); /* though the signer had signed it */
}

/* ---- two servers on one store ---- */

static void two_servers_on_one_store_take_turns(void **state)
{
	enum { EACH = 60 };
	struct place *p = *state;
	struct house *h = &p->house;
	struct engine *here = h->engine, *there;
	struct sent sent = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
	struct engine_config config = h->config;
	static struct item all[2 * EACH];
	struct fault f = {0};

	config.tiles = NULL;
	ok(engine_open(&config, &there, &f), &f);
	for (size_t i = 0; i < 2 * EACH; i++) {
		char name[16];
		snprintf(name, sizeof name, "item-%zu", i);
		h->engine = i % 2 == 0 ? here : there;
		decided(p, name, &all[i]);
		send_off(h->engine, &sent, &all[i]);
	}
	wait_for_all(&sent);
	h->engine = here;
	for (size_t i = 0; i < 2 * EACH; i++) {
		const struct result *r = submission_result(all[i].s);
		if (r->state == RESULT_REFUSED)
			fail_msg("%s", r->fault.message);
		assert_int_equal(r->outcome, OUTCOME_FOLDED);
		arena_done(&all[i].arena);
	}
	engine_close(there);
}

static void a_right_taken_through_one_server_is_gone_at_the_other(void **state)
{
	struct place *p = *state;
	struct house *h = &p->house;
	struct engine *here = h->engine, *there;
	struct engine_config config = h->config;
	struct fault f = {0};

	config.tiles = NULL;
	ok(engine_open(&config, &there, &f), &f);
	house_must(h, &p->mo, "review.decided", "{'item':'a','size':1}"); /* it knows the right */
	h->engine = there;
	house_must(h, &h->ben, "grant.revoked", "{'grant_id':'grant-mo','reason':'left'}");
	h->engine = here;
	house_must_refuse(h, &p->mo, "review.decided", "{'item':'b','size':1}", "NOT_ALLOWED");
	assert_string_equal(sees(p, "mo", "review.items"), "VIEW_NOT_ALLOWED");
	engine_close(there);
}

/* ---- votes ---- */

enum { DAYS_2 = 2 * 24 * 3600 * 1000 };

static void sets_rule(struct place *p, struct hash *waits)
{
	const struct result *r = house_sign(
		&p->house, &p->house.ada, "approval.rule_set",
		"{'class':'approval.rule','need':1,'newcomer_ms':86400000,'request_ttl_ms':1000000,"
		"'vote_ttl_ms':1000000}");

	assert_int_equal(r->state, RESULT_CERTIFIED);
	assert_int_equal(r->outcome, OUTCOME_PENDING);
	*waits = r->digest;
}

static void a_role_that_is_defined_again_makes_nobody_a_newcomer(void **state)
{
	struct place *p = *state;
	struct house *h = &p->house;
	struct actor kim = house_actor(h, "kim", "person", "approval.rule.approve");
	struct hash waits;

	house_step(h, DAYS_2, DAYS_2);
	house_must(h, &h->ada, "role.defined",
		   "{'role':'role-kim','permissions':[{'permission':'approval.rule.approve'},"
		   "{'permission':'build.authorize.approve'}]}");
	sets_rule(p, &waits);
	assert_int_equal(house_approve(h, &kim, waits)->state, RESULT_CERTIFIED);
	assert_int_equal(house_approve(h, &h->cleo, waits)->outcome, OUTCOME_EXECUTES);
	actor_done(&kim);
}

static void a_role_that_had_a_permission_once_makes_newcomers_when_it_gets_it_back(void **state)
{
	struct place *p = *state;
	struct house *h = &p->house;
	struct actor kim = house_actor(h, "kim", "person", "approval.rule.approve");
	struct hash waits;

	house_step(h, DAYS_2, DAYS_2);
	house_must(h, &h->ada, "role.defined", "{'role':'role-kim'}");
	house_step(h, 10, 10);
	house_must(h, &h->ada, "role.defined",
		   "{'role':'role-kim','permissions':[{'permission':'approval.rule.approve'}]}");
	sets_rule(p, &waits);
	assert_string_equal(house_approve(h, &kim, waits)->fault.message, "APPROVAL_NOT_ELIGIBLE");
	actor_done(&kim);
}

static void a_key_that_was_just_enrolled_does_not_vote_for_its_owner(void **state)
{
	struct place *p = *state;
	struct house *h = &p->house;
	struct hash waits;

	/* ada, who enrolls keys, enrolls one that she holds as ben's. */
	struct actor false_ben = house_key(h, "ben");
	sets_rule(p, &waits);
	const struct result *r = house_approve(h, &false_ben, waits);
	assert_int_equal(r->state, RESULT_REFUSED);
	assert_string_equal(r->fault.message, "APPROVAL_KEY_NEW");
	assert_int_equal(house_approve(h, &h->ben, waits)->state, RESULT_CERTIFIED);
	actor_done(&false_ben);
}

static void a_denial_wins_though_the_clocks_disagree(void **state)
{
	struct place *p = *state;
	struct house *h = &p->house;
	struct hash waits;
	char hex[65], body[160];

	sets_rule(p, &waits);
	house_step(h, 3600 * 1000, 0);
	assert_string_equal(house_approve(h, &h->ben, waits)->fault.message, "CLOCK_DISAGREES");
	hex_encode(hash_bytes(&waits), hex);
	snprintf(body, sizeof body, "{'record':'%s','reason':'no'}", hex);
	house_must(h, &h->ben, "approval.denied", body);
	house_step(h, -3600 * 1000, 0);
	assert_string_equal(house_approve(h, &h->cleo, waits)->fault.message, "APPROVAL_CLOSED");
}

/* ---- the start of a log ---- */

static void submits_system(struct engine *e, struct arena *a, const char *type, json_t *body,
			   const char *code)
{
	static const struct uuid fresh;
	struct submission *s;
	struct fault f = {0};

	ok(submission_system(e, a, type, fresh, body, &s, &f), &f);
	json_decref(body);
	ok(record_submit_wait(e, &s, 1, false, &f), &f);
	assert_int_equal(submission_result(s)->state, RESULT_REFUSED);
	assert_string_equal(submission_result(s)->fault.message, code);
}

static void an_empty_log_takes_nothing_but_its_start(void **state)
{
	struct place *p = *state;
	struct house *empty = calloc(1, sizeof *empty);
	char store[512];
	struct fault f = {0};
	struct engine_state now;

	assert_non_null(empty);
	*empty = p->house;
	empty->signed_last = (struct merkle_head){0};
	snprintf(store, sizeof store, "sqlite:%s/empty", p->house.folder);
	struct line line = {.house = empty,
			    .sign = p->line.sign,
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .signs = PTHREAD_COND_INITIALIZER};
	struct engine_config config = p->house.config;
	config.store = store;
	config.tiles = NULL;
	config.sign_context = &line;
	ok(engine_open(&config, &empty->engine, &f), &f);
	submits_system(empty->engine, &p->house.arena, "clock.stepped",
		       json_pack("{s:s, s:s}", "wall", "2026-11-20T04:28:26.000Z", "expected",
				 "2026-11-20T04:28:26.000Z"),
		       "LOG_NOT_STARTED");
	engine_state_read(empty->engine, &now);
	assert_int_equal(now.size, 0);
	engine_close(empty->engine); /* and it ends */
	free(empty);
}

static void a_log_starts_once(void **state)
{
	struct place *p = *state;
	const struct public_key *key = private_key_public(p->mo.key);
	struct hash id = public_key_id(key);
	char hex[65], spki[512];

	hex_encode(hash_bytes(&id), hex);
	base64url_encode(public_key_spki(key), spki);
	submits_system(p->house.engine, &p->house.arena, "ledger.started",
		       json_pack("{s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:s}], s:[{s:s}]}",
				 "mode", "trial", "origin", HOUSE_ORIGIN, "ca_key", hex,
				 "ca_certificate", hex, "checkpoint_key", hex, "founders",
				 "principal", "eve", "key", hex, "public_key", spki,
				 "founder_permissions", "permission", "access.admin"),
		       "LOG_STARTED_BEFORE");
}

/* ---- what a claim may say ---- */

static void a_key_that_signs_nothing_is_not_named(void **state)
{
	struct place *p = *state;
	struct hash key = public_key_id(private_key_public(p->house.ben.key));

	assert_string_equal(writes(p, (struct written){.key = &key, .channel = CHANNEL_KEY}),
			    "KEY_WITHOUT_PROOF");
	assert_string_equal(writes(p, (struct written){.channel = CHANNEL_KEY}), "");
}

static void only_a_spool_that_a_machine_brings_may_be_old(void **state)
{
	enum { DAY = 24 * 3600 * 1000 };
	struct place *p = *state;

	assert_string_equal(writes(p, (struct written){.made = -3 * DAY, .channel = CHANNEL_KEY}),
			    "MADE_OUT_OF_WINDOW");
	assert_string_equal(writes(p, (struct written){.spool = "spool-1",
						       .made = -3 * DAY,
						       .channel = CHANNEL_SESSION}),
			    "SPOOL_WITHOUT_KEY");
	assert_string_equal(writes(p, (struct written){.spool = "spool-1",
						       .counter = 1,
						       .made = 3 * DAY,
						       .channel = CHANNEL_KEY}),
			    "MADE_OUT_OF_WINDOW");
	assert_string_equal(writes(p, (struct written){.spool = "spool-1",
						       .counter = 2,
						       .made = -3 * DAY,
						       .channel = CHANNEL_KEY}),
			    "");
}

/* ---- limits ---- */

static void more_keys_than_are_kept_still_sign(void **state)
{
	struct place *p = *state;
	struct house *h = &p->house;

	house_stop(h);
	h->config.keys_max = 1;
	house_start(h);
	for (int i = 0; i < 2; i++) {
		house_must(h, &p->mo, "review.decided", "{'item':'a','size':1}");
		house_must_refuse(h, &h->ada, "review.decided", "{'item':'a','size':1}",
				  "NOT_ALLOWED");
	}
}

static void asking_for_one_thing_after_the_other_leaves_one_refusal(void **state)
{
	struct place *p = *state;
	struct house *h = &p->house;
	struct engine_state before, after;

	engine_state_read(h->engine, &before);
	house_must_refuse(h, &h->ada, "review.decided", "{'item':'a','size':1}", "NOT_ALLOWED");
	house_must_refuse(h, &h->ada, "review.decided", "{'item':'b','size':1}", "NOT_ALLOWED");
	house_must_refuse(h, &h->ada, "review.decided", "{'item':'c','size':1}", "NOT_ALLOWED");
	engine_state_read(h->engine, &after);
	assert_int_equal(after.size, before.size + 1);
}

/* ---- reading ---- */

static void a_clock_put_back_shows_nothing_that_has_ended(void **state)
{
	struct place *p = *state;
	struct house *h = &p->house;
	char until[TIME_TEXT_SIZE], body[256];

	struct actor lou = house_actor(h, "lou", "person", NULL);
	time_text(clock_wall_ms(&h->clock) + 60000, until);
	snprintf(body, sizeof body,
		 "{'grant_id':'g','principal':'lou','role':'role-mo','not_after':'%s'}", until);
	house_must(h, &h->ada, "role.granted", body);
	assert_string_equal(sees(p, "lou", "review.items"), "");
	house_step(h, 120000, 120000);
	assert_string_equal(sees(p, "lou", "review.items"), "VIEW_NOT_ALLOWED");
	house_step(h, -120000, 0); /* somebody turns back the machine's clock */
	assert_string_equal(sees(p, "lou", "review.items"), "VIEW_NOT_ALLOWED");
	house_step(h, 120000, 0);
	actor_done(&lou);
}

static void many_limited_grants_do_not_hide_one_without_limits(void **state)
{
	struct place *p = *state;
	struct house *h = &p->house;
	struct actor lou = house_actor(h, "lou", "person", "access.read");
	char body[256];

	for (int i = 0; i < 100; i++) {
		snprintf(body, sizeof body,
			 "{'grant_id':'g-%d','principal':'lou','role':'role-lou','site':'S%d'}", i,
			 i);
		house_must(h, &h->ada, "role.granted", body);
	}
	assert_string_equal(sees(p, "lou", "access.grants"), "");
	actor_done(&lou);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_checkpoint_whose_answer_was_lost_is_followed_by_the_next),
		PLACE_TEST(an_engine_that_stops_while_answers_are_lost_lets_go_of_everything),
		PLACE_TEST(two_servers_on_one_store_take_turns),
		PLACE_TEST(a_right_taken_through_one_server_is_gone_at_the_other),
		PLACE_TEST(a_role_that_is_defined_again_makes_nobody_a_newcomer),
		PLACE_TEST(a_role_that_had_a_permission_once_makes_newcomers_when_it_gets_it_back),
		PLACE_TEST(a_key_that_was_just_enrolled_does_not_vote_for_its_owner),
		PLACE_TEST(a_denial_wins_though_the_clocks_disagree),
		PLACE_TEST(an_empty_log_takes_nothing_but_its_start),
		PLACE_TEST(a_log_starts_once),
		PLACE_TEST(a_key_that_signs_nothing_is_not_named),
		PLACE_TEST(only_a_spool_that_a_machine_brings_may_be_old),
		PLACE_TEST(more_keys_than_are_kept_still_sign),
		PLACE_TEST(asking_for_one_thing_after_the_other_leaves_one_refusal),
		PLACE_TEST(a_clock_put_back_shows_nothing_that_has_ended),
		PLACE_TEST(many_limited_grants_do_not_hide_one_without_limits),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

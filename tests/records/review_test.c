/* SPDX-License-Identifier: Apache-2.0 */
/* What a second look at the engine found: each was wrong once. */
#include "records/house.h"
#include "stores.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cbor.h"
#include "record/evidence.h"

/* ---- a small area ---- */

struct noted {
	struct id item;
	int64_t size;
};
static const struct field noted[] = {
	FIELD(noted, item, REQUIRED, "id of the item"),
	NUMBER(noted, size, REQUIRED, 0, 1000, "how large it is"),
	{0},
};
static const struct record_type types[] = {
	{.name = "review.noted",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "review.write",
	 .origin = REPORTED,
	 .subject = {"item", NULL, "item"},
	 .size = sizeof(struct noted),
	 .fields = noted,
	 .help = "an item is known"},
	{.name = "review.decided",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "review.write",
	 .origin = SIGNED,
	 .subject = {"item", NULL, "item"},
	 .size = sizeof(struct noted),
	 .fields = noted,
	 .help = "something is decided about an item"},
	{0},
};
static const char sql[] =
	"-- table review_item key item\nitem TEXT NOT NULL\nsize BIGINT NOT NULL\n"
	"-- fold review.noted\nINSERT INTO review_item (item, size) VALUES (:item, :size)\n"
	"ON CONFLICT DO NOTHING;\n"
	"-- view review.items review.read global\nSELECT item, size FROM review_item ORDER BY "
	"item;\n";

static const struct area review_area = {.name = "review", .types = types, .sql = sql};
extern const struct area access_area;
static const struct area *const REVIEW_AREAS[] = {&evidence_area, &access_area, &review_area, NULL};

/* ---- a signer that may lose its answers, and says so of a proof that starts elsewhere ---- */

struct line {
	struct house *house;
	sign_checkpoint *sign;
	pthread_mutex_t lock;
	pthread_cond_t signs;
	bool loses;
	unsigned lost;
};

static bool same_head(struct merkle_head a, struct merkle_head b)
{
	return a.size == b.size && hash_equal(a.root, b.root);
}

static err line_sign(void *context, struct merkle_head old, struct merkle_head now,
		     const struct hash *path, size_t path_n, struct arena *a, struct bytes *note,
		     struct fault *f)
{
	struct line *l = context;

	pthread_mutex_lock(&l->lock);
	struct merkle_head last = l->house->signed_last;
	bool again = same_head(now, last);
	err result = same_head(old, last) || again
			     ? l->sign(l->house, again ? now : old, now, path, again ? 0 : path_n,
				       a, note, f)
			     : (fail)(f, "SIGNER_PROOF_STARTS_ELSEWHERE", NULL);
	if (result.code == OK && l->loses) {
		l->lost++;
		pthread_cond_broadcast(&l->signs);
		result = (fail)(f, "SIGNER_UNAVAILABLE", NULL);
	}
	pthread_mutex_unlock(&l->lock);
	return result;
}

static err line_last(void *context, struct merkle_head *out, struct fault *f)
{
	struct line *l = context;

	(void)f;
	pthread_mutex_lock(&l->lock);
	*out = l->house->signed_last;
	pthread_mutex_unlock(&l->lock);
	return ERR_OK;
}

/* ---- the house ---- */

struct place {
	struct store_test *store;
	struct house house;
	struct line line;
	struct actor mo;
};

static int place_setup(void **state)
{
	if (store_setup(state) != 0)
		return -1;
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->store = *state;
	*state = p;
	house_open_with(&p->house, p->store->address, REVIEW_AREAS);
	p->mo = house_actor(&p->house, "mo", "person", "review.write,review.read");
	pthread_mutex_init(&p->line.lock, NULL);
	pthread_cond_init(&p->line.signs, NULL);
	p->line.house = &p->house;
	p->line.sign = p->house.config.sign;
	house_stop(&p->house);
	p->house.config.sign = line_sign;
	p->house.config.last_signed = line_last;
	p->house.config.sign_context = &p->line;
	house_start(&p->house);
	return 0;
}

static int place_teardown(void **state)
{
	struct place *p = *state;
	struct store_test *store = p->store;

	house_must_rebuild(&p->house);
	actor_done(&p->mo);
	house_close(&p->house);
	pthread_mutex_destroy(&p->line.lock);
	pthread_cond_destroy(&p->line.signs);
	free(p);
	*state = store;
	return store_teardown(state);
}

static const char *sees(struct place *p, const char *who, const char *view)
{
	struct caller caller = {.channel = CHANNEL_SESSION};
	struct view_request request = {.name = bytes_text(view), .caller = &caller};
	struct reader_session *r;
	struct fault f = {0};
	json_t *page = NULL;

	snprintf(caller.principal, sizeof caller.principal, "%s", who);
	ok(reader_take(p->house.engine, &r, &f), &f);
	err result = view_read(p->house.engine, r, &p->house.arena, &request, &page, &f);
	reader_give(r);
	json_decref(page);
	return result.code == OK ? "" : f.message;
}

/* ---- several submissions on their way at once ---- */

struct sent {
	pthread_mutex_t lock;
	pthread_cond_t came;
	unsigned open;
};

struct item {
	struct arena arena; /* nobody else's while it is under way */
	struct submission *s;
};

static void came(void *context)
{
	struct sent *s = context;

	pthread_mutex_lock(&s->lock);
	s->open--;
	pthread_cond_broadcast(&s->came);
	pthread_mutex_unlock(&s->lock);
}

static void send_off(struct engine *e, struct sent *s, struct item *one)
{
	struct fault f = {0};

	pthread_mutex_lock(&s->lock);
	s->open++;
	pthread_mutex_unlock(&s->lock);
	ok(record_submit(e, &one->s, 1, false, came, s, &f), &f);
}

static void wait_for_all(struct sent *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->open > 0)
		pthread_cond_wait(&s->came, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void decided(struct place *p, const char *name, struct item *out)
{
	struct house *h = &p->house;
	struct fault f = {0};
	char body[128];

	snprintf(body, sizeof body, "{'item':'%s','size':1}", name);
	out->s = house_make(h, &out->arena, &p->mo, "review.decided", body, NULL, &f);
	if (out->s == NULL)
		fail_msg("%s", f.message);
}

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

struct written {
	const struct hash *key;
	const char *spool;
	int64_t made; /* ms from now */
	enum channel_kind channel;
};

/* A claim of mo's that nobody signed, written by hand; the code it is refused with, or "". */
static const char *writes(struct place *p, struct written how)
{
	struct house *h = &p->house;
	struct arena *a = &h->arena;
	struct caller caller = {.principal = "mo", .channel = how.channel};
	uint64_t made = (uint64_t)((int64_t)clock_wall_ms(&h->clock) + how.made);
	struct claim claim = {.origin = bytes_text(HOUSE_ORIGIN),
			      .type = bytes_text("review.noted"),
			      .version = 1,
			      .author = bytes_text("mo"),
			      .has_key = how.key != NULL,
			      .made = made};
	struct writer w = writer_of(arena_alloc(a, 1024), 1024), whole;
	struct submission *s;
	struct fault f = {0};
	struct bytes bytes;
	uint8_t body[64];

	if (how.key != NULL)
		claim.key = *how.key;
	if (how.spool != NULL)
		claim.spool = bytes_text(how.spool);
	ok(random_bytes(claim.id.b, 16, &f), &f);
	for (size_t i = 0; i < 6; i++)
		claim.id.b[i] = (uint8_t)(made >> (8 * (5 - i)));
	claim.id.b[6] = (uint8_t)(0x70 | (claim.id.b[6] & 0x0f));
	claim.id.b[8] = (uint8_t)(0x80 | (claim.id.b[8] & 0x3f));
	whole = writer_of(body, sizeof body);
	cbor_put_map(&whole, 2);
	cbor_put_text(&whole, bytes_text("item"));
	cbor_put_text(&whole, bytes_text("a"));
	cbor_put_text(&whole, bytes_text("size"));
	cbor_put_uint(&whole, 1);
	assert_true(writer_done(&whole, &claim.body));
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &bytes));
	whole = writer_of(arena_alloc(a, 2048), 2048);
	cbor_put_array(&whole, 3);
	cbor_put_bytes(&whole, bytes);
	cbor_put_null(&whole);
	cbor_put_map(&whole, 0);
	assert_true(writer_done(&whole, &bytes));
	err result = submission_from_cbor(h->engine, a, &caller, bytes_of("", 0), bytes, &s, &f);
	/* What was sent may go away once it has been read. */
	memset((uint8_t *)(uintptr_t)bytes.p, 0xff, bytes.n);
	if (result.code != OK)
		return f.message;
	ok(record_submit_wait(h->engine, &s, 1, false, &f), &f);
	return submission_result(s)->state == RESULT_REFUSED ? submission_result(s)->fault.message
							     : "";
}

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
						       .made = 3 * DAY,
						       .channel = CHANNEL_KEY}),
			    "MADE_OUT_OF_WINDOW");
	assert_string_equal(writes(p, (struct written){.spool = "spool-1",
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
	h->clock_state.wall += 120000;
	h->clock_state.steady += 120000;
	assert_string_equal(sees(p, "lou", "review.items"), "VIEW_NOT_ALLOWED");
	h->clock_state.wall -= 120000; /* somebody turns back the machine's clock */
	assert_string_equal(sees(p, "lou", "review.items"), "VIEW_NOT_ALLOWED");
	h->clock_state.wall += 120000;
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

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

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

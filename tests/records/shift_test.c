/* SPDX-License-Identifier: Apache-2.0 */
/* A shift's key is no authenticator: what it may, and by name everything that it may not. */
#include "line_world.h"
#include "shown.h"

#include "access/access.h"
#include "core/cbor.h"
#include "record/claim_make.h"
#undef fail

#include <stdio.h>

static struct actor browser;

#define LISTED MAY("line.concern") "," MAY("line.build") "," MAY("line.scrap")

/* carl works at st1 with a browser's key. */
static struct world *shift_ready(void **state)
{
	struct world *w = line_ready(state);

	browser = shown_new("carl", KEY_P256);
	assert_string_equal(shown_shift(w, "carl", &browser, "s1", LISTED), "");
	return w;
}

static int done(void **state)
{
	actor_done(&browser);
	return world_teardown(state);
}
#define SHIFT_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, done)

static const char *concern(struct world *w, const struct actor *key, const char *station)
{
	return says_with(w, key, "concern.raised",
			 "{'concern':'c1','kind':'station','id':'st2','station':'%s',"
			 "'text':'smells'}",
			 station);
}

/* ---- what it may ---- */

static void shift_signs_what_was_listed_about_its_station(void **state)
{
	struct world *w = shift_ready(state);

	line_started(w, "S1");
	assert_string_equal(concern(w, &browser, "st1"), "CONCERN_RAISED");
	assert_string_equal(says_with(w, &browser, "unit.fitted",
				      "{'product':'GW','serial':'S1','station':'st1','parts':[{"
				      "'supplier':'acme','part_lot':'R1','part':'MCU1',"
				      "'quantity':2}]}"),
			    "");
	assert_string_equal(shows(w, "concern.list", "author", ""), "carl");
	assert_string_equal(shows(w, "shift.list", "is_open", "principal=carl"), "1");
	assert_int_equal(rows_of(w, "shift.permissions", "shift=s1"), 3);
}

static void shift_closes_itself_and_is_over(void **state)
{
	struct world *w = shift_ready(state);

	assert_string_equal(says_with(w, &browser, "shift.closed", "{'shift':'s1'}"), "");
	assert_string_equal(shows(w, "shift.list", "is_open", ""), "0");
	assert_string_equal(concern(w, &browser, "st1"), "!SHIFT_OVER");
	assert_string_equal(says_with(w, &browser, "shift.closed", "{'shift':'s1'}"),
			    "!SHIFT_OVER");
	assert_says("SHIFT_NOT_OPEN", w, "carl", "shift.closed", "{'shift':'s1'}");
}

/* Whoever may open no shift any more can still end his own. */
static void shift_is_closed_by_whoever_opened_it_and_nobody_else(void **state)
{
	struct world *w = shift_ready(state);
	struct actor other = shown_new("carl", KEY_P256);

	assert_string_equal(shown_shift(w, "carl", &other, "s2", LISTED), "");
	assert_string_equal(says_with(w, &other, "shift.closed", "{'shift':'s1'}"),
			    "!SHIFT_NOT_LISTED");
	assert_says("SHIFT_NOT_OPEN", w, "dora", "shift.closed", "{'shift':'s1'}");
	assert_says("!NOT_ALLOWED", w, "hugo", "shift.closed", "{'shift':'s1'}");
	assert_says("!NOT_ALLOWED", w, "carl", "shift.closed", "{'shift':'none'}");
	assert_string_equal(concern(w, &browser, "st1"), "CONCERN_RAISED");
	assert_says("", w, "anna", "grant.revoked", "{'grant_id':'g-carl','reason':'moved'}");
	assert_says("", w, "carl", "shift.closed", "{'shift':'s1'}");
	assert_string_equal(concern(w, &browser, "st1"), "!SHIFT_OVER");
	actor_done(&other);
}

/* ---- what it may not ---- */

static void shift_signs_no_decision(void **state)
{
	struct world *w = shift_ready(state);

	assert_string_equal(says_with(w, &browser, "product.defined",
				      "{'product':'AB','hardware_type':'1.3.6.1.4.1.32473.8',"
				      "'name':'other'}"),
			    "!SHIFT_SIGNS_EVENTS");
	assert_string_equal(
		says_with(w, &browser, "principal.suspended", "{'principal':'dora','reason':'no'}"),
		"!SHIFT_SIGNS_EVENTS");
}

static void shift_votes_on_nothing_that_waits_or_took_effect(void **state)
{
	struct world *w = shift_ready(state);
	struct actor hers = shown_new("dora", KEY_P256);
	char waits[65];

	assert_string_equal(shown_shift(w, "dora", &hers, "s2", MAY("approval.vote")), "");
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{'authorization':'BA9','product':'GW','revision':'A','release':'FW1',"
		    "'site':'VN','line':'L1','quantity':1,%s}",
		    world_build_terms(w));
	snprintf(waits, sizeof waits, "%s", w->digest);
	static const char *const votes[] = {"approval.given", "approval.denied",
					    "approval.withdrawn"};
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(
			says_with(w, &hers, votes[i], "{'record':'%s','reason':'x'}", waits),
			"!SHIFT_SIGNS_EVENTS");
	assert_string_equal(approved(w), "");
	assert_string_equal(says_with(w, &hers, "approval.given", "{'record':'%s'}", waits),
			    "!SHIFT_SIGNS_EVENTS");
	actor_done(&hers);
}

static void shift_speaks_about_no_other_station_and_about_nothing_without_one(void **state)
{
	struct world *w = shift_ready(state);

	assert_string_equal(concern(w, &browser, "st2"), "!SHIFT_AT_OTHER_STATION");
	assert_string_equal(concern(w, &browser, "st9"), "!SHIFT_STATION_UNDETERMINED");
	line_started(w, "S1");
	assert_string_equal(says_with(w, &browser, "unit.scrapped",
				      "{'product':'GW','serial':'S1','reason':'burnt'}"),
			    "!SHIFT_STATION_UNDETERMINED");
}

static void shift_uses_no_permission_that_was_not_listed(void **state)
{
	struct world *w = shift_ready(state);

	line_started(w, "S1");
	assert_string_equal(
		says_with(w, &browser, "test.recorded",
			  "{'product':'GW','serial':'S1','station':'st1','procedure':'P1',"
			  "'procedure_digest':'%s','sequence':1,'started':'%s','ended':'%s',"
			  "'verdict':'pass'}",
			  IMAGE, shown_time(w, 0), shown_time(w, 0)),
		"!SHIFT_NOT_LISTED");
}

/* Not even as a report that changes nothing. */
static void shift_uses_no_permission_that_its_person_lost(void **state)
{
	struct world *w = shift_ready(state);

	assert_string_equal(concern(w, &browser, "st1"), "CONCERN_RAISED");
	assert_says("", w, "anna", "grant.revoked", "{'grant_id':'g-carl','reason':'moved'}");
	assert_string_equal(concern(w, &browser, "st1"), "!NOT_ALLOWED");
}

static void shift_of_somebody_suspended_signs_nothing(void **state)
{
	struct world *w = shift_ready(state);

	assert_says("", w, "anna", "principal.suspended", "{'principal':'carl','reason':'look'}");
	assert_string_equal(concern(w, &browser, "st1"), "!NOT_ALLOWED");
	assert_string_equal(says_with(w, &browser, "shift.closed", "{'shift':'s1'}"),
			    "!NOT_ALLOWED");
}

static void shift_key_signs_in_nobody_elses_name(void **state)
{
	struct world *w = shift_ready(state);
	struct actor borrowed = browser;

	snprintf(borrowed.id, sizeof borrowed.id, "dora");
	assert_string_equal(concern(w, &borrowed, "st1"), "!KEY_NOT_AUTHORS");
}

/* ---- until when ---- */

static void shift_is_over_as_soon_as_one_of_the_clocks_says_so(void **state)
{
	struct world *w = line_ready(state);

	browser = shown_new("carl", KEY_P256);
	shown_freeze(w);
	assert_string_equal(shown_shift(w, "carl", &browser, "s1", LISTED), "");
	world_later(w, 8 * HOUR - 1000);
	assert_string_equal(concern(w, &browser, "st1"), "CONCERN_RAISED");
	house_step(&w->house, 1500, 0);
	assert_string_equal(concern(w, &browser, "st1"), "!SHIFT_OVER");
	house_step(&w->house, -1500, 1500);
	assert_string_equal(concern(w, &browser, "st1"), "!SHIFT_OVER");
	house_step(&w->house, 0, -1500);
	assert_string_equal(concern(w, &browser, "st1"), "CONCERN_RAISED");
	house_step(&w->house, 1000, 1000);
	assert_string_equal(concern(w, &browser, "st1"), "!SHIFT_OVER");
}

static void shift_says_nothing_while_the_clocks_disagree(void **state)
{
	struct world *w = shift_ready(state);

	house_step(&w->house, -HOUR, 0);
	assert_string_equal(concern(w, &browser, "st1"), "!CLOCK_DISAGREES");
	house_step(&w->house, HOUR, 0);
	assert_string_equal(concern(w, &browser, "st1"), "CONCERN_RAISED");
}

static void shift_ends_with_the_key_that_opened_it_and_with_its_own(void **state)
{
	struct world *w = shift_ready(state);
	struct actor other = shown_new("dora", KEY_P256);
	char key[65];

	assert_string_equal(shown_shift(w, "dora", &other, "s2", LISTED), "");
	snprintf(key, sizeof key, "%s", shows(w, "shift.list", "opened_by", "principal=carl"));
	assert_says("", w, "anna", "key.revoked", "{'key_id':'%s','reason':'lost'}", key);
	assert_string_equal(concern(w, &browser, "st1"), "!SHIFT_OVER");
	assert_string_equal(concern(w, &other, "st1"), "CONCERN_RAISED");
	snprintf(key, sizeof key, "%s", shows(w, "shift.list", "key", "principal=dora"));
	assert_says("", w, "anna", "key.revoked", "{'key_id':'%s','reason':'seen elsewhere'}", key);
	assert_string_equal(concern(w, &other, "st1"), "!SHIFT_OVER");
	actor_done(&other);
}

/* ---- by every way in ---- */

static void whole_batch_with_one_record_that_a_shift_may_not_sign_is_refused(void **state)
{
	struct world *w = shift_ready(state);
	struct house *h = &w->house;
	static const char body[] = "{'concern':'c%d','kind':'station','id':'st2','station':'st%d',"
				   "'text':'smells'}";
	struct submission *both[2];

	for (int i = 0; i < 2; i++)
		both[i] = house_make(h, &h->arena, &browser, "concern.raised",
				     arena_printf(&h->arena, body, i, i + 1), NULL, &w->fault);
	ok(record_submit_wait(h->engine, both, 2, true, &w->fault), &w->fault);
	assert_int_equal(submission_result(both[0])->state, RESULT_REFUSED);
	assert_string_equal(submission_result(both[1])->fault.message, "SHIFT_AT_OTHER_STATION");
	assert_int_equal(rows_of(w, "concern.list", ""), 0);
}

/* What a spool brings may be older than a day: by a shift's key it counts only while the shift lasts. */
static const char *from_spool(struct world *w, const char *type, const char *body)
{
	struct house *h = &w->house;
	struct arena *a = &h->arena;
	struct hash key = public_key_id(private_key_public(browser.key));
	struct claim_maker maker = {.registry = engine_registry(h->engine),
				    .origin = HOUSE_ORIGIN,
				    .author = "carl",
				    .key = &key,
				    .now_ms = clock_wall_ms(&h->clock),
				    .spool = "sp",
				    .spool_counter = 1};
	struct caller caller = {.principal = "st1", .channel = CHANNEL_KEY, .has_reference = true};
	json_t *envelope = json_pack("{s:o}", "body", json_loads(house_json(a, body), 0, NULL));
	struct prepared prepared;
	struct bytes proof, whole;
	struct submission *s = NULL;

	ok(claim_make(&maker, a, bytes_text(type), envelope, &prepared, &w->fault), &w->fault);
	json_decref(envelope);
	ok(cose_sign(a, browser.key, bytes_text(type), prepared.claim, &proof, &w->fault),
	   &w->fault);
	struct writer out = writer_of(arena_alloc(a, 65536), 65536);
	cbor_put_array(&out, 3);
	cbor_put_bytes(&out, prepared.claim);
	put_bytes(&out, proof);
	cbor_put_map(&out, 0);
	assert_true(writer_done(&out, &whole));
	ok(submission_from_cbor(h->engine, a, &caller, bytes_text(type), whole, &s, &w->fault),
	   &w->fault);
	ok(record_submit_wait(h->engine, &s, 1, false, &w->fault), &w->fault);
	const struct result *r = submission_result(s);
	return r->state == RESULT_REFUSED ? r->fault.message : "";
}

static void spool_brings_nothing_that_a_shift_may_not_sign(void **state)
{
	struct world *w = shift_ready(state);
	static const char concerned[] =
		"{'concern':'c1','kind':'station','id':'st2','station':'%s','text':'smells'}";
	const char *here = arena_printf(&w->house.arena, concerned, "st1");

	assert_string_equal(
		from_spool(w, "concern.raised", arena_printf(&w->house.arena, concerned, "st2")),
		"SHIFT_AT_OTHER_STATION");
	assert_string_equal(from_spool(w, "approval.given",
				       arena_printf(&w->house.arena, "{'record':'%s'}", IMAGE)),
			    "SHIFT_SIGNS_EVENTS");
	world_later(w, 9 * HOUR);
	assert_string_equal(from_spool(w, "concern.raised", here), "SHIFT_OVER");
}

/* ---- opening ---- */

static const char *opens(struct world *w, const char *who, const char *station, const char *key,
			 int64_t lasts)
{
	return says(w, who, "shift.opened",
		    "{'shift':'s9','station':'%s',%s,'not_after':'%s',"
		    "'permissions':[{'permission':'line.concern'}]}",
		    station, key, shown_time(w, lasts));
}

static void shift_is_opened_by_a_person_for_twelve_hours_at_most(void **state)
{
	struct world *w = line_ready(state);

	browser = shown_new("carl", KEY_P256);
	shown_freeze(w);
	const char *key = shown_key(w, &browser, "carl");
	assert_string_equal(opens(w, "carl", "st1", key, 12 * HOUR + 10), "!SHIFT_TIMES_WRONG");
	assert_string_equal(opens(w, "carl", "st1", key, -10), "!SHIFT_TIMES_WRONG");
	assert_string_equal(opens(w, "carl", "st1", key, -HOUR), "!SHIFT_TIMES_WRONG");
	assert_string_equal(opens(w, "carl", "st9", key, HOUR), "!NOT_ALLOWED");
	assert_string_equal(opens(w, "hugo", "st1", shown_key(w, &browser, "hugo"), HOUR),
			    "!NOT_ALLOWED");
	assert_string_equal(opens(w, "st1", "st1", shown_key(w, &browser, "st1"), HOUR),
			    "!NOT_ALLOWED");
	house_must(&w->house, &w->house.ada, "role.granted",
		   "{'grant_id':'g9','principal':'st1','role':'all'}");
	assert_string_equal(opens(w, "st1", "st1", shown_key(w, &browser, "st1"), HOUR),
			    "!SHIFT_NOT_OF_PERSON");
	assert_string_equal(opens(w, "carl", "st1", key, 12 * HOUR - 10), "");
}

static void shift_is_opened_with_a_fresh_p256_key_that_is_held(void **state)
{
	struct world *w = shift_ready(state);
	struct actor fresh = shown_new("carl", KEY_P256), curve = shown_new("carl", KEY_ED25519);
	const char *mine = shown_key(w, &fresh, "carl"), *hers = shown_key(w, &fresh, "dora");

	assert_string_equal(opens(w, "carl", "st1", shown_key(w, &curve, "carl"), HOUR),
			    "!SHIFT_KEY_NOT_P256");
	assert_string_equal(opens(w, "carl", "st1", hers, HOUR), "!KEY_NOT_HELD");
	assert_string_equal(opens(w, "carl", "st1", shown_key(w, &browser, "carl"), HOUR),
			    "!KEY_ALREADY_ENROLLED");
	assert_string_equal(
		opens(w, "carl", "st1", shown_key(w, world_actor(w, "dora"), "carl"), HOUR),
		"!KEY_ALREADY_ENROLLED");
	assert_string_equal(says(w, "anna", "key.enrolled", "{'principal':'carl',%s}",
				 shown_key(w, &browser, "carl")),
			    "!KEY_ALREADY_ENROLLED");
	assert_string_equal(shown_shift(w, "carl", &fresh, "s1", LISTED), "!SHIFT_EXISTS");
	assert_string_equal(opens(w, "carl", "st1", mine, HOUR), "");
	actor_done(&fresh);
	actor_done(&curve);
}

static void shift_opens_no_further_shift(void **state)
{
	struct world *w = shift_ready(state);
	struct actor fresh = shown_new("carl", KEY_P256);

	assert_string_equal(says_with(w, &browser, "shift.opened",
				      "{'shift':'s9','station':'st1',%s,'not_after':'%s',"
				      "'permissions':[{'permission':'line.shift'}]}",
				      shown_key(w, &fresh, "carl"), shown_time(w, HOUR)),
			    "!SHIFT_SIGNS_EVENTS");
	actor_done(&fresh);
}

/* ---- it is nobody's authenticator ---- */

static void shift_key_counts_as_no_authenticator(void **state)
{
	struct world *w = shift_ready(state);
	struct hash shift = public_key_id(private_key_public(browser.key));
	struct hash own = public_key_id(private_key_public(world_actor(w, "carl")->key));
	char owner[ID_SIZE_MAX + 1];
	struct reader_session *r;
	struct two_clocks now;
	size_t n;

	engine_clocks(w->house.engine, &now);
	ok(reader_take(w->house.engine, &r, &w->fault), &w->fault);
	ok(authority_key_owner(reader_authority(r), shift, &now, owner, &w->fault), &w->fault);
	assert_string_equal(owner, "");
	ok(authority_key_owner(reader_authority(r), own, &now, owner, &w->fault), &w->fault);
	assert_string_equal(owner, "carl");
	ok(authority_authenticators(reader_authority(r), bytes_text("carl"), &now, &n, &w->fault),
	   &w->fault);
	assert_int_equal(n, 1);
	reader_give(r);
	assert_int_equal(rows_of(w, "access.keys", "principal=carl"), 2);
}

/* It would outlive the shift. */
static void shift_key_gets_no_credential(void **state)
{
	struct world *w = shift_ready(state);

	assert_string_equal(shown_credential(w, &browser), "!CREDENTIAL_KEY_NOT_ENROLLED");
	assert_string_equal(shown_credential(w, world_actor(w, "carl")), "(waits)");
}

/* ---- in a passport ---- */

static void passport_says_why_a_shift_could_sign(void **state)
{
	struct world *w = shift_ready(state);

	line_started(w, "S1");
	assert_string_equal(says_with(w, &browser, "concern.raised",
				      "{'concern':'c1','kind':'unit','within':'GW','id':'S1',"
				      "'station':'st1','text':'smells'}"),
			    "CONCERN_RAISED");
	assert_int_equal(shown_passport(w, "concern.raised"), 1);
	assert_int_equal(shown_passport(w, "shift.opened"), 1);
	assert_int_equal(shown_passport(w, "shift.closed"), 0);
	assert_string_equal(says_with(w, &browser, "shift.closed", "{'shift':'s1'}"), "");
	assert_int_equal(shown_passport(w, "shift.closed"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHIFT_TEST(shift_signs_what_was_listed_about_its_station),
		SHIFT_TEST(shift_closes_itself_and_is_over),
		SHIFT_TEST(shift_is_closed_by_whoever_opened_it_and_nobody_else),
		SHIFT_TEST(shift_signs_no_decision),
		SHIFT_TEST(shift_votes_on_nothing_that_waits_or_took_effect),
		SHIFT_TEST(shift_speaks_about_no_other_station_and_about_nothing_without_one),
		SHIFT_TEST(shift_uses_no_permission_that_was_not_listed),
		SHIFT_TEST(shift_uses_no_permission_that_its_person_lost),
		SHIFT_TEST(shift_of_somebody_suspended_signs_nothing),
		SHIFT_TEST(shift_key_signs_in_nobody_elses_name),
		SHIFT_TEST(shift_is_over_as_soon_as_one_of_the_clocks_says_so),
		SHIFT_TEST(shift_says_nothing_while_the_clocks_disagree),
		SHIFT_TEST(shift_ends_with_the_key_that_opened_it_and_with_its_own),
		SHIFT_TEST(whole_batch_with_one_record_that_a_shift_may_not_sign_is_refused),
		SHIFT_TEST(spool_brings_nothing_that_a_shift_may_not_sign),
		SHIFT_TEST(shift_is_opened_by_a_person_for_twelve_hours_at_most),
		SHIFT_TEST(shift_is_opened_with_a_fresh_p256_key_that_is_held),
		SHIFT_TEST(shift_opens_no_further_shift),
		SHIFT_TEST(shift_key_counts_as_no_authenticator),
		SHIFT_TEST(shift_key_gets_no_credential),
		SHIFT_TEST(passport_says_why_a_shift_could_sign),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

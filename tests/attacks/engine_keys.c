/* SPDX-License-Identifier: Apache-2.0 */
/* (b), (d), (e) in the server itself: passkeys, shifts' keys and recovered keys, used for what they are not for. */
#include "attack.h"

#include "records/shown.h"

#include "core/cbor.h"
#include "interop/passkey_sign.h"

#include <stdio.h>

static struct world *company_new(void)
{
	void *state = NULL;

	assert_int_equal(world_setup(&state), 0);
	return state;
}

/* What was answered, if it was a refusal; NULL if it was `success`. */
static const char *company_over(struct world *w, const char *answer, const char *success)
{
	static char message[64];
	void *state = w;
	bool won = strcmp(answer, success) == 0;

	if (!won && answer[0] != '!')
		fail_msg("answered \"%s\"", answer);
	(void)snprintf(message, sizeof message, "%s", won ? "" : answer + 1);
	assert_int_equal(world_teardown(&state), 0);
	return won ? NULL : message;
}

/* ---- passkeys ---- */

static struct bytes claim_of(struct world *w, const char *site, struct hash key)
{
	struct caller caller = {.principal = "carl", .channel = CHANNEL_SESSION};
	json_t *json = json_pack("{s:{s:s, s:s, s:s}}", "body", "site", site, "country", "DE",
				 "name", "x");
	struct prepared prepared;

	ok(submission_prepare(w->house.engine, &w->house.arena, &caller, bytes_text("site.defined"),
			      json, key, &prepared, &w->fault),
	   &w->fault);
	json_decref(json);
	return prepared.claim;
}

/* carl's passkey says yes to the site A on this web page; what is sent is the record about `site`. */
static const char *passkey_signs(const char *origin, const char *site)
{
	struct world *w = company_new();
	struct actor passkey = shown_new("carl", KEY_P256);
	struct hash key = public_key_id(private_key_public(passkey.key));
	struct caller caller = {.principal = "carl", .channel = CHANNEL_SESSION};
	struct writer out = writer_of(arena_alloc(&w->house.arena, 8192), 8192);
	struct submission *s;
	struct bytes proof, whole;
	char answer[64] = "";

	shown_console(w);
	assert_says("", w, "anna", "key.enrolled", "{'principal':'carl',%s}",
		    shown_passkey(w, &passkey, &(struct shown_passkey){0}));
	struct bytes seen = claim_of(w, "A", key);
	ok(passkey_prove(&w->house.arena, passkey.key, SHOWN_PARTY, origin, seen, &proof,
			 &w->fault),
	   &w->fault);
	cbor_put_array(&out, 3);
	cbor_put_bytes(&out, strcmp(site, "A") == 0 ? seen : claim_of(w, site, key));
	put_bytes(&out, proof);
	cbor_put_map(&out, 0);
	assert_true(writer_done(&out, &whole));
	actor_done(&passkey);
	if (submission_from_cbor(w->house.engine, &w->house.arena, &caller,
				 bytes_text("site.defined"), whole, &s, &w->fault)
		    .code != OK) {
		(void)snprintf(answer, sizeof answer, "!%s", w->fault.message);
		return company_over(w, answer, "");
	}
	ok(record_submit_wait(w->house.engine, &s, 1, false, &w->fault), &w->fault);
	assert_int_equal(submission_result(s)->state, RESULT_CERTIFIED);
	return company_over(w, "", "");
}

static const char *assertion_for_another_record(void)
{
	return passkey_signs(SHOWN_ORIGIN, "B");
}

static const char *assertion_from_another_web_site(void)
{
	return passkey_signs("https://console.test.example.evil.example", "A");
}

/* ---- shifts ---- */

/* Nobody is a newcomer to agreeing to builds. */
static void no_newcomers(struct world *w)
{
	struct house *h = &w->house;
	char rule[65];

	assert_string_equal(says_with(w, &h->ada, "approval.rule_set",
				      "{'class':'build.authorize','need':1,'newcomer_ms':0,"
				      "'request_ttl_ms':86400000,'vote_ttl_ms':86400000}"),
			    "(waits)");
	(void)snprintf(rule, sizeof rule, "%s", w->digest);
	assert_string_equal(says_with(w, &h->ben, "approval.given", "{'record':'%s'}", rule), "");
	assert_string_equal(says_with(w, &h->cleo, "approval.given", "{'record':'%s'}", rule), "");
}

static const char *shift_votes(void)
{
	struct world *w = company_new();
	struct actor browser = shown_new("dora", KEY_P256);

	no_newcomers(w);
	world_ready_to_build(w);
	assert_string_equal(shown_shift(w, "dora", &browser, "s1", MAY("approval.vote")), "");
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{'authorization':'BA9','product':'GW','revision':'A','release':'FW1',"
		    "'site':'VN','line':'L1','quantity':1,%s}",
		    world_build_terms(w));
	const char *answer = says_with(w, &browser, "approval.given", "{'record':'%s'}", w->digest);
	actor_done(&browser);
	return company_over(w, answer, "");
}

static const char *concern(struct world *w, const struct actor *browser, const char *station)
{
	return says_with(w, browser, "concern.raised",
			 "{'concern':'c1','kind':'station','id':'st1','station':'%s','text':'x'}",
			 station);
}

static const char *shift_past_its_end(void)
{
	struct world *w = company_new();
	struct actor browser = shown_new("carl", KEY_P256);

	assert_string_equal(shown_shift(w, "carl", &browser, "s1", MAY("line.concern")), "");
	world_later(w, 9 * HOUR);
	const char *answer = concern(w, &browser, "st1");
	actor_done(&browser);
	return company_over(w, answer, "CONCERN_RAISED");
}

static const char *shift_at_another_station(void)
{
	struct world *w = company_new();
	struct actor browser = shown_new("carl", KEY_P256);

	assert_says("", w, "anna", "station.defined",
		    "{'station':'st2','site':'VN','line':'L1','environment':'production'}");
	assert_string_equal(shown_shift(w, "carl", &browser, "s1", MAY("line.concern")), "");
	const char *answer = concern(w, &browser, "st2");
	actor_done(&browser);
	return company_over(w, answer, "CONCERN_RAISED");
}

/* ---- recoveries ---- */

static struct actor asked_for(struct world *w, const char *who)
{
	struct actor key = shown_new(who, KEY_P256);

	assert_says("(waits)", w, "dora", "recovery.requested",
		    "{'recovery':'r1','principal':'%s',%s,'usable_from':'%s','reason':'lost'}", who,
		    shown_key(w, &key, who), shown_time(w, DAY + HOUR));
	return key;
}

static const char *recovery_before_its_waiting_time(void)
{
	struct world *w = company_new();
	struct actor key = asked_for(w, "carl");

	assert_string_equal(approved(w), "");
	world_later(w, DAY);
	const char *answer =
		says_with(w, &key, "site.defined", "{'site':'A','country':'DE','name':'x'}");
	actor_done(&key);
	return company_over(w, answer, "");
}

/* Whoever has ben's key asks nobody else. */
static const char *recovery_agreed_to_by_who_is_recovered(void)
{
	struct world *w = company_new();
	struct actor key = asked_for(w, "ben");
	const char *answer = approved(w);

	actor_done(&key);
	return company_over(w, answer, "");
}

const struct attack KEY_ATTACKS[] = {
	{'e', "a passkey's assertion, sent with another record", assertion_for_another_record,
	 "PROOF_WRONG", CHECK_ENGINE_PROOF, NULL, 0, NULL},
	{'e', "a passkey's assertion, made on another web site", assertion_from_another_web_site,
	 "PROOF_WRONG", CHECK_ENGINE_PROOF, NULL, 0, NULL},
	{'e', "a recovered key before its waiting time is over", recovery_before_its_waiting_time,
	 "KEY_WAITS", CHECK_ENGINE_KEY_WAITS, NULL, 0, NULL},
	{'b', "who is recovered agrees to it himself", recovery_agreed_to_by_who_is_recovered,
	 "APPROVAL_NOT_ELIGIBLE", CHECK_ENGINE_VOTER_AUTHOR, NULL, 0, NULL},
	{'b', "a shift's key votes", shift_votes, "SHIFT_SIGNS_EVENTS", CHECK_ENGINE_SHIFT_EVENTS,
	 NULL, 0, NULL},
	{'d', "a shift's key after the shift", shift_past_its_end, "SHIFT_OVER",
	 CHECK_ENGINE_SHIFT_TIME, NULL, 0, NULL},
	{'d', "a shift's key at another station", shift_at_another_station,
	 "SHIFT_AT_OTHER_STATION", CHECK_ENGINE_SHIFT_EVENTS, NULL, 0, NULL},
	{0},
};

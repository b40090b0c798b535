/* SPDX-License-Identifier: Apache-2.0 */
/* The disk is lost, and with it 500 records that people have receipts for. What a backup has goes on under
 * another name, when two agreed: the gap is in the log for everybody to see, and the unit beyond the
 * quota is refused, though the log has forgotten some of those before it. */
#include "fire.h"

#include "client/log.h"
#include "client/passport_check.h"
#include "fixture_internal.h"
#include "ledger/audit.h"
#include "stores.h"
#undef fail

#include <stdio.h>
#include <string.h>

enum { LOST_RECORDS = 500 };

extern const struct area *const AREAS[];

/* ---- what everybody sees ---- */

static void the_gap_is_shown(void)
{
	struct reply *r = api_get(fire.x, &fire.x->erin, "/v1/views/nonconformance.all?limit=1000");
	json_t *row;

	must_have(r, 200);
	assert_non_null(strstr(r->body, "LOG_RANGE_LOST"));
	row = company_row(&fire.c, "/v1/views/log.successions");
	assert_non_null(row);
	assert_int_equal(json_integer_value(json_object_get(row, "lost")), fire.plan.lost);
	assert_string_equal(json_string_value(json_object_get(row, "old_origin")), API_ORIGIN);
	assert_null(strstr(
		api_get(fire.x, &fire.x->erin, "/v1/views/access.principals?limit=1000")->body,
		"lost-7"));
}

static err audit(const struct note_key *key, struct audit_report *report)
{
	struct audit_options options = {
		.key = *key, .verify = ed25519_verify, .entry = audit_keys_entry};
	struct audit_keys keys = {.arena = {.limit = (size_t)1 << 28}};
	struct registry *registry;

	fire_check(registry_make(AREAS, &registry, &fire.f), "registry");
	keys.registry = registry;
	options.entry_context = &keys;
	fire_check(charter_check_open(key, &keys.charter, &fire.f), "charter");
	err e = audit_run(audit_folder(fire.x->config.tiles), &options, report, &fire.f);
	charter_check_close(keys.charter);
	audit_keys_done(&keys);
	registry_free(registry);
	return e;
}

static void the_whole_log_is_audited(void)
{
	struct audit_report report;

	api_stop(fire.x); /* shows the last head in the folder */
	fire_check(audit(&fire.key, &report), "audit");
	assert_int_equal(report.successions, 1);
	/* Under its old name nobody can pass it off as whole. */
	assert_int_not_equal(audit(&fire.old, &report).code, OK);
	api_start(fire.x);
	api_sign_in(fire.x, &fire.x->erin);
}

static void a_passport_of_before_is_verified(void)
{
	struct passport_report report;
	struct registry *registry;
	struct reply *r = api_get(fire.x, &fire.x->erin, "/v1/passport/GW/SN1");

	must_have(r, 200);
	fire_check(registry_make(AREAS, &registry, &fire.f), "registry");
	fire_check(passport_check(bytes_of(r->body, r->n), &fire.key, registry, NULL, NULL, &report,
				  &fire.f),
		   "passport");
	registry_free(registry);
}

static void end(void)
{
	company_done(&fire.c);
	api_close(fire.x);
}

/* Whoever refuses it: the server at once, or the signer, whose word the log then has. */
static const char *verdict_of(const char *serial)
{
	struct arena *a = &fire.x->arena;
	struct reply *r = fire_ask(serial);

	if (r->status != 201)
		return reply_text(r, "code");
	const json_t *row = company_wait(
		&fire.c,
		arena_printf(a, "/v1/views/unit.list?product=GW&serial=%s&state=refused", serial));
	r = api_get(fire.x, &fire.x->erin,
		    arena_printf(a, "/v1/entries/%d",
				 (int)json_integer_value(json_object_get(row, "since"))));
	must_have(r, 200);
	const json_t *body = json_object_get(json_object_get(r->json, "claim"), "body");
	return json_string_value(json_object_get(body, "code"));
}

/* ---- the tests ---- */

static void second_store(const struct store_test *test, char out[static 512])
{
	if (test->product == DB_POSTGRES) {
		server_command("DROP SCHEMA IF EXISTS restored CASCADE; CREATE SCHEMA restored");
		server_address(out, 512, "options=-csearch_path%3Drestored");
	} else {
		snprintf(out, 512, "sqlite:%s/restored.db", fire.x->folder);
	}
}

static void five_hundred_lost_records_are_shown_and_the_quota_holds(void **state)
{
	const struct store_test *test = *state;
	char store[512];

	fire_live(test->address, LOST_RECORDS);
	second_store(test, store);
	fire_restore(store, 0);
	fire_plan();
	assert_true(fire.plan.lost >= LOST_RECORDS);
	assert_false(fire.plan.used_up);
	fire_go_on(2);
	the_gap_is_shown();
	/* The signer remembers SN2, which the log does not; one is left of three. */
	fire_issue("SN3");
	assert_string_equal(verdict_of("SN4"), "SIGNER_QUOTA_SPENT");
	assert_string_equal(verdict_of("SN2"), "BUILD_QUOTA_EXCEEDED");
	the_whole_log_is_audited();
	a_passport_of_before_is_verified();
	end();
}

static void with_the_journal_lost_too_nothing_is_left_of_the_quota(void **state)
{
	const struct store_test *test = *state;
	char store[512];

	fire_live(test->address, 5);
	second_store(test, store);
	fire_restore(store, 2);
	fire_plan();
	assert_true(fire.plan.used_up);
	assert_true(fire.plan.facts.restored);
	fire_go_on(2);
	assert_string_equal(verdict_of("SN3"), "SIGNER_ENDED");
	the_whole_log_is_audited();
	end();
}

/* A server that is started with what was restored, as if nothing had happened, signs nothing. */
static void without_a_succession_the_signer_stays_away(void **state)
{
	const struct store_test *test = *state;
	char store[512];

	fire_live(test->address, 5);
	second_store(test, store);
	fire_restore(store, 0);
	api_signer_back(fire.x);
	assert_int_not_equal(server_open(&fire.x->config, &fire.x->server, &fire.f).code, OK);
	fire.x->server = NULL;
	end();
}

/* Whoever has a signer say yes still needs the people's own words in the log. */
static void a_succession_that_shows_too_few_who_agreed_is_found(void **state)
{
	const struct store_test *test = *state;
	struct audit_report report;
	char store[512];

	fire_live(test->address, 5);
	second_store(test, store);
	fire_restore(store, 0);
	fire_plan();
	fire_go_on(1);
	(void)api_must(fire.x, &fire.x->ada, "principal.registered",
		       "{'principal':'late','kind':'service'}");
	api_stop(fire.x);
	assert_int_not_equal(audit(&fire.key, &report).code, OK);
	assert_string_equal(fire.f.message, "AUDIT_DECISION_UNAUTHORIZED");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(five_hundred_lost_records_are_shown_and_the_quota_holds),
		STORE_TEST(with_the_journal_lost_too_nothing_is_left_of_the_quota),
		STORE_TEST(without_a_succession_the_signer_stays_away),
		STORE_TEST(a_succession_that_shows_too_few_who_agreed_is_found),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

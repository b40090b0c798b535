/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out of an offline spool, on both stores: sequence, gaps, refusals, and units that were started
 * under an offline allowance; and a rebuild gives the same. */
#include "records/world.h"

#include "core/cbor.h"
#include "crypto/x509.h"
#include "record/claim_make.h"
#undef fail

#include <stdio.h>
#include <string.h>

/* Somebody signs it for a place in a spool. */
static struct submission *spooled(struct world *w, const char *who, uint64_t counter,
				  const char *type, const char *body)
{
	struct house *h = &w->house;
	struct arena *a = &h->arena;
	const struct actor *author = world_actor(w, who);
	struct hash key = public_key_id(private_key_public(author->key));
	struct claim_maker maker = {.registry = engine_registry(h->engine),
				    .origin = HOUSE_ORIGIN,
				    .author = who,
				    .key = &key,
				    .now_ms = clock_wall_ms(&h->clock),
				    .spool = "sp",
				    .spool_counter = counter};
	struct caller caller = {.channel = CHANNEL_KEY, .has_reference = true, .reference = key};
	json_t *envelope = json_pack("{s:o}", "body", json_loads(house_json(a, body), 0, NULL));
	struct prepared prepared;
	struct bytes proof, whole;
	struct submission *s = NULL;
	struct fault f = {0};

	snprintf(caller.principal, sizeof caller.principal, "%s", who);
	ok(claim_make(&maker, a, bytes_text(type), envelope, &prepared, &f), &f);
	json_decref(envelope);
	ok(cose_sign(a, author->key, bytes_text(type), prepared.claim, &proof, &f), &f);
	struct writer out = writer_of(arena_alloc(a, 65536), 65536);
	cbor_put_array(&out, 3);
	cbor_put_bytes(&out, prepared.claim);
	put_bytes(&out, proof);
	cbor_put_map(&out, 0);
	assert_true(writer_done(&out, &whole));
	ok(submission_from_cbor(h->engine, a, &caller, bytes_text(type), whole, &s, &f), &f);
	return s;
}

/* … and brings it. The code of the refusal, or "". */
static const char *brings_as(struct world *w, const char *who, uint64_t counter, const char *type,
			     const char *body)
{
	struct submission *s = spooled(w, who, counter, type, body);

	ok(record_submit_wait(w->house.engine, &s, 1, false, &w->fault), &w->fault);
	const struct result *r = submission_result(s);
	return r->state == RESULT_REFUSED ? r->fault.message : "";
}

static const char *brings(struct world *w, uint64_t counter, const char *type, const char *body)
{
	return brings_as(w, "st1", counter, type, body);
}

static const char *request(struct world *w, const char *serial, const char *allowance)
{
	static char body[8192];
	char name[ID_SIZE_MAX + 1], csr[4096];
	struct arena a = {0};
	struct bytes der;

	snprintf(name, sizeof name, "GW/%s", serial);
	ok(csr_make(&a, world_actor(w, name)->key, serial, &der, &w->fault), &w->fault);
	base64url_encode(der, csr);
	arena_done(&a);
	snprintf(body, sizeof body,
		 "{'product':'GW','serial':'%s','authorization':'BA1','csr':'%s'%s%s%s}", serial,
		 csr, allowance == NULL ? "" : ",'allowance':'", allowance == NULL ? "" : allowance,
		 allowance == NULL ? "" : "'");
	return body;
}

static void grants(struct world *w, const char *allowance, unsigned quantity)
{
	char until[TIME_TEXT_SIZE], by[TIME_TEXT_SIZE];
	uint64_t now = clock_wall_ms(&w->house.clock);

	time_text(now + 3600000, until);
	time_text(now + 7200000, by);
	assert_says("", w, "anna", "allowance.granted",
		    "{'allowance':'%s','authorization':'BA1','station':'st1','quantity':%u,"
		    "'valid_until':'%s','reconcile_by':'%s'}",
		    allowance, quantity, until, by);
}

static const char BUILT[] = "{'product':'GW','serial':'1','station':'st1'}";
static const char FITTED[] = "{'product':'GW','serial':'1','station':'st1','parts':[{'supplier':"
			     "'acme','part_lot':'R1','part':'MCU1','quantity':2,'designators':"
			     "'U1 U2'}]}";

static void unit_that_was_built_while_cut_off_is_built_when_it_is_certified(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	grants(w, "OA1", 2);
	assert_string_equal(brings(w, 1, "unit.requested", request(w, "1", "OA1")), "");
	assert_string_equal(brings(w, 2, "unit.fitted", FITTED), "");
	assert_string_equal(brings(w, 3, "unit.built", BUILT), "");
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=1"), "requested");
	world_certify(w, "1");
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=1"), "built");
	assert_string_equal(shows(w, "unit.one", "holds", "product=GW&serial=1"), "0");
	assert_string_equal(shows(w, "allowance.list", "used", "authorization=BA1"), "1");
	house_must_rebuild(&w->house);
}

static void unit_that_was_not_started_while_cut_off_is_built_after_its_certificate(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(brings(w, 1, "unit.requested", request(w, "1", NULL)), "");
	assert_string_equal(brings(w, 2, "unit.fitted", FITTED), "");
	assert_string_equal(brings(w, 3, "unit.built", BUILT), "");
	assert_string_equal(shows(w, "unit.one", "holds", "product=GW&serial=1"), "1");
	world_certify(w, "1");
	assert_string_equal(shows(w, "unit.one", "state", "product=GW&serial=1"), "certified");
	house_must_rebuild(&w->house);
}

static void second_built_of_a_unit_without_a_certificate_is_out_of_turn(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	grants(w, "OA1", 2);
	assert_string_equal(brings(w, 1, "unit.requested", request(w, "1", "OA1")), "");
	assert_string_equal(brings(w, 2, "unit.fitted", FITTED), "");
	assert_string_equal(brings(w, 3, "unit.built", BUILT), "");
	assert_string_equal(brings(w, 4, "unit.built", BUILT), "");
	assert_string_equal(shows(w, "unit.one", "holds", "product=GW&serial=1"), "1");
	house_must_rebuild(&w->house);
}

/* Each refusal of a station's spool is written down; nobody else fills the log with them. */
static void whoever_is_no_station_uses_no_counters(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_enroll(w, "zoe", "supplier", NULL);
	for (uint64_t i = 2; i < 8; i += 2)
		assert_string_equal(brings_as(w, "zoe", i, "unit.fitted", FITTED), "NOT_ALLOWED");
	assert_int_equal(rows_of(w, "nonconformance.open", ""), 0);
	assert_int_equal(rows_of(w, "hold.open", ""), 0);
	house_must_rebuild(&w->house);
}

static void sequence_gaps_and_refusals_come_out_of_a_rebuild_as_they_were(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(brings(w, 2, "unit.requested", request(w, "1", NULL)), "");
	assert_string_equal(shows(w, "spool.gaps", "expected", "station=st1"), "1");
	assert_string_equal(brings(w, 3, "unit.requested", request(w, "1", NULL)), "BUILD_HELD");
	assert_string_equal(brings(w, 3, "unit.fitted", FITTED), "SPOOL_COUNTER_USED");
	assert_string_equal(brings(w, 7, "unit.requested", request(w, "1", NULL)), "BUILD_HELD");
	assert_string_equal(brings(w, 8, "unit.fitted", FITTED), "");
	assert_string_equal(shows(w, "spool.list", "counter", "station=st1"), "8");
	assert_string_equal(shows(w, "spool.list", "gaps", "station=st1"), "2");
	assert_string_equal(shows(w, "spool.list", "refused", "station=st1"), "2");
	house_must_rebuild(&w->house);
	assert_string_equal(brings(w, 8, "unit.fitted", FITTED), "SPOOL_COUNTER_USED");
}

static void allowance_that_was_given_back_reserves_nothing(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	grants(w, "OA1", 2);
	assert_string_equal(shows(w, "build.reconciliation", "reserved", "authorization=BA1"), "2");
	assert_says("!ALLOWANCE_WITHOUT_SPOOL", w, "st1", "unit.requested", "%s",
		    request(w, "1", "OA1"));
	assert_says("ALLOWANCE_COUNT_DIFFERS", w, "st1", "allowance.returned",
		    "{'allowance':'OA1','authorization':'BA1','station':'st1','used':1}");
	assert_says("", w, "anna", "allowance.returned",
		    "{'allowance':'OA1','authorization':'BA1','station':'st1','used':0}");
	assert_says("ALLOWANCE_NOT_OPEN", w, "anna", "allowance.returned",
		    "{'allowance':'OA1','authorization':'BA1','station':'st1','used':0}");
	assert_string_equal(shows(w, "build.reconciliation", "reserved", "authorization=BA1"), "0");
	house_must_rebuild(&w->house);
}

/* All or nothing, and nothing it was: none of it has used its counter. */
static void batch_that_was_undone_may_be_brought_again(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(brings(w, 1, "unit.requested", request(w, "1", NULL)), "");
	for (int again = 0; again < 2; again++) {
		struct submission *two[] = {
			spooled(w, "st1", 2, "unit.fitted", FITTED),
			spooled(w, "st1", 3, "unit.requested", request(w, "1", NULL))};
		ok(record_submit_wait(w->house.engine, two, 2, true, &w->fault), &w->fault);
		assert_string_equal(submission_result(two[0])->fault.message, "BATCH_UNDONE");
		assert_string_equal(submission_result(two[1])->fault.message,
				    "UNIT_SERIAL_ALREADY_USED");
	}
	assert_string_equal(shows(w, "spool.list", "counter", "station=st1"), "1");
	assert_int_equal(rows_of(w, "spool.gaps", "station=st1"), 0);
	assert_string_equal(brings(w, 2, "unit.fitted", FITTED), "");
	house_must_rebuild(&w->house);
}

/* Hugo may do everything, but only at site HH; heidi at VN, where st1 stands. */
static void whoever_answers_for_a_site_disposes_of_its_stations_gaps(void **state)
{
	struct world *w = *state;
	char seq[24];

	world_ready_to_build(w);
	assert_string_equal(brings(w, 2, "unit.requested", request(w, "1", NULL)), "");
	snprintf(seq, sizeof seq, "%s", shows(w, "hold.open", "seq", ""));
	assert_says("!NOT_ALLOWED", w, "hugo", "nonconformance.disposed",
		    "{'raised_seq':%s,'raised_n':0,'disposition':'use_as_is','reason':'r'}", seq);
	world_enroll(w, "heidi", "person", "p77");
	house_must(&w->house, &w->house.ada, "role.granted",
		   "{'grant_id':'g-heidi','principal':'heidi','role':'all','site':'VN'}");
	assert_says("", w, "heidi", "nonconformance.disposed",
		    "{'raised_seq':%s,'raised_n':0,'disposition':'use_as_is','reason':'r'}", seq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(unit_that_was_built_while_cut_off_is_built_when_it_is_certified),
		WORLD_TEST(unit_that_was_not_started_while_cut_off_is_built_after_its_certificate),
		WORLD_TEST(second_built_of_a_unit_without_a_certificate_is_out_of_turn),
		WORLD_TEST(sequence_gaps_and_refusals_come_out_of_a_rebuild_as_they_were),
		WORLD_TEST(allowance_that_was_given_back_reserves_nothing),
		WORLD_TEST(whoever_is_no_station_uses_no_counters),
		WORLD_TEST(batch_that_was_undone_may_be_brought_again),
		WORLD_TEST(whoever_answers_for_a_site_disposes_of_its_stations_gaps),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

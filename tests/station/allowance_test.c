/* SPDX-License-Identifier: Apache-2.0 */
/* The server's half, without a box between: the sequence of a spool, and what an offline allowance allows,
 * brought by somebody who holds the station's key and keeps no rules. */
#include "station_kit.h"

#include <stdio.h>
#include <string.h>

struct brought {
	const char *type, *body, *spool;
	uint64_t counter;
	int64_t made_hours; /* from now */
};

/* Signed with the station's key, brought over the port for machines. */
static struct reply *bring(struct kit *k, struct brought b)
{
	uint64_t made = (uint64_t)((int64_t)clock_wall_ms(&k->x->clock) + b.made_hours * 3600000);
	static const uint8_t secret[32];
	struct hash key = public_key_id(private_key_public(k->company.st1.key));
	struct claim_maker maker = {.registry = k->registry,
				    .origin = API_ORIGIN,
				    .author = "st1",
				    .key = &key,
				    .secret = bytes_of(secret, sizeof secret),
				    .now_ms = made,
				    .spool = b.spool,
				    .spool_counter = b.counter};
	json_t *body = json_loads(api_quoted(k->x, b.body), 0, NULL);
	json_t *envelope = json_pack("{s:o}", "body", body);
	struct prepared prepared;
	struct bytes submission;
	struct fault f = {0};

	assert_non_null(body);
	assert_int_equal(
		claim_make(&maker, &k->x->arena, bytes_text(b.type), envelope, &prepared, &f).code,
		OK);
	assert_int_equal(claim_submission(&k->x->arena, k->company.st1.key, b.type, &prepared,
					  &submission, &f)
				 .code,
			 OK);
	json_decref(envelope);
	struct ask ask = {.path = kit_printf(k, "/v1/records/%s", b.type),
			  .bytes = submission,
			  .type = "application/cbor",
			  .who = &k->company.st1,
			  .machine = true};
	return api_ask(k->x, &ask);
}

static const char *fitted(struct kit *k, const char *serial, unsigned quantity)
{
	return kit_printf(k,
			  "{'product':'GW','serial':'%s','station':'st1','parts':[{'supplier':"
			  "'acme','part_lot':'R1','part':'MCU1','quantity':%u}]}",
			  serial, quantity);
}

static const char *under(struct kit *k, const char *allowance, const char *serial)
{
	const char *body = kit_unit(k, "BA1", serial);

	return kit_printf(k, "%.*s,'allowance':'%s'}", (int)strlen(body) - 1, body, allowance);
}

static struct reply *fits(struct kit *k, const char *spool, uint64_t counter)
{
	return bring(k, (struct brought){"unit.fitted", fitted(k, "A1", 1 + (unsigned)counter),
					 spool, counter, 0});
}

static size_t rows(struct kit *k, const char *path)
{
	struct reply *r = api_get(k->x, &k->x->erin, path);

	must_have(r, 200);
	return json_array_size(json_object_get(r->json, "rows"));
}

static int open_kit(void **state)
{
	struct kit *k = test_malloc(sizeof *k);

	kit_open(k);
	*state = k;
	return 0;
}

static int close_kit(void **state)
{
	kit_close(*state);
	test_free(*state);
	return 0;
}

/* ---- sequence ---- */

static void a_counter_is_used_once_and_only_upwards(void **state)
{
	struct kit *k = *state;

	must_have(fits(k, "sp", 1), 201);
	must_have(fits(k, "sp", 2), 201);
	must_refuse(fits(k, "sp", 2), 409, "SPOOL_COUNTER_USED");
	must_refuse(fits(k, "sp", 1), 409, "SPOOL_COUNTER_USED");
	must_refuse(fits(k, "sp", 0), 409, "SPOOL_COUNTER_USED");
	must_have(fits(k, "other", 1), 201); /* another spool has its own */
	must_have(fits(k, "sp", 3), 201);
	assert_int_equal(rows(k, "/v1/views/spool.gaps"), 0);
}

static void the_identical_claim_gets_its_first_receipt_again(void **state)
{
	struct kit *k = *state;
	struct brought same = {"unit.fitted", fitted(k, "A1", 1), "sp", 1, 0};
	struct reply *first = bring(k, same);

	must_have(first, 201);
	(void)fits(k, "sp", 2);
	/* Another id each time: `bring` makes them at random. The box keeps the bytes; here a box is used. */
	kit_box(k);
	kit_whole(k);
	char id[37], header[80];
	api_uuid(k->x, id);
	snprintf(header, sizeof header, "Idempotency-Key: %s", id);
	const char *body = fitted(k, "A1", 5);
	struct said one = kit_ask(k, "POST", "/v1/records/unit.fitted", body, header);
	struct said two = kit_ask(k, "POST", "/v1/records/unit.fitted", body, header);
	must_say(&one, 201, NULL);
	must_say(&two, 201, NULL);
	assert_int_equal(said_number(&one, "sequence"), said_number(&two, "sequence"));
}

static void a_gap_holds_the_station_and_says_what_is_missing(void **state)
{
	struct kit *k = *state;

	must_have(fits(k, "sp", 1), 201);
	must_have(fits(k, "sp", 5), 201);
	json_t *gap = company_row(&k->company, "/v1/views/spool.gaps?station=st1");
	assert_int_equal(json_integer_value(json_object_get(gap, "expected")), 2);
	assert_int_equal(json_integer_value(json_object_get(gap, "found")), 5);
	json_t *hold = company_row(&k->company, "/v1/views/hold.all");
	assert_string_equal(json_string_value(json_object_get(hold, "code")), "SPOOL_GAP");
	assert_string_equal(json_string_value(json_object_get(hold, "kind")), "station");
	assert_string_equal(json_string_value(json_object_get(hold, "id")), "st1");
	must_refuse(company_request(&k->company, "BA1", "A9", k->company.st1.key), 422,
		    "BUILD_HELD");
}

static void a_spool_that_begins_late_has_a_gap(void **state)
{
	struct kit *k = *state;

	must_have(fits(k, "sp", 3), 201);
	json_t *gap = company_row(&k->company, "/v1/views/spool.gaps");
	assert_int_equal(json_integer_value(json_object_get(gap, "expected")), 1);
}

static void what_was_refused_has_used_its_counter(void **state)
{
	struct kit *k = *state;

	must_refuse(
		bring(k, (struct brought){"unit.requested", kit_unit(k, "BA7", "A1"), "sp", 1, 0}),
		422, "BUILD_AUTHORIZATION_UNKNOWN");
	must_have(fits(k, "sp", 2), 201);
	assert_int_equal(rows(k, "/v1/views/spool.gaps"), 0);
	assert_int_equal(rows(k, "/v1/views/hold.all"), 1); /* UNIT_UNKNOWN, of the unit */
	must_refuse(fits(k, "sp", 1), 409, "SPOOL_COUNTER_USED");
	json_t *spool = company_row(&k->company, "/v1/views/spool.list");
	assert_int_equal(json_integer_value(json_object_get(spool, "refused")), 1);
	/* Also when it was the last one, and after a start. */
	must_refuse(
		bring(k, (struct brought){"unit.requested", kit_unit(k, "BA7", "A2"), "sp", 3, 0}),
		422, "BUILD_AUTHORIZATION_UNKNOWN");
	api_stop(k->x);
	api_start(k->x);
	must_refuse(fits(k, "sp", 3), 409, "SPOOL_COUNTER_USED");
	must_have(fits(k, "sp", 4), 201);
}

/* ---- allowances ---- */

static const char *granted(struct kit *k, const char *id, const char *authorization,
			   const char *station, unsigned quantity, int until_hours, int by_hours)
{
	char until[TIME_TEXT_SIZE], by[TIME_TEXT_SIZE];
	uint64_t now = clock_wall_ms(&k->x->clock);

	time_text((uint64_t)((int64_t)now + until_hours * INT64_C(3600000)), until);
	time_text((uint64_t)((int64_t)now + by_hours * INT64_C(3600000)), by);
	return kit_printf(k,
			  "{'allowance':'%s','authorization':'%s','station':'%s','quantity':%u,"
			  "'valid_until':'%s','reconcile_by':'%s'}",
			  id, authorization, station, quantity, until, by);
}

static struct reply *grants(struct kit *k, const char *body)
{
	return api_sign(k->x, &k->x->erin, "allowance.granted", body);
}

static void an_allowance_is_granted_within_the_quota_to_a_named_station_for_a_time(void **state)
{
	struct kit *k = *state;
	const int years = 24 * 365 * 80;

	must_refuse(grants(k, granted(k, "O1", "BA9", "st1", 5, 10, 20)), 403, "NOT_ALLOWED");
	must_refuse(grants(k, granted(k, "O1", "BA1", "st2", 5, 10, 20)), 422,
		    "ALLOWANCE_STATION_UNFIT");
	must_refuse(grants(k, granted(k, "O1", "BA1", "st1", 101, 10, 20)), 422,
		    "ALLOWANCE_BEYOND_QUOTA");
	must_refuse(grants(k, granted(k, "O1", "BA1", "st1", 5, -1, 20)), 422,
		    "ALLOWANCE_TIMES_UNFIT");
	must_refuse(grants(k, granted(k, "O1", "BA1", "st1", 5, 20, 10)), 422,
		    "ALLOWANCE_TIMES_UNFIT");
	must_refuse(grants(k, granted(k, "O1", "BA1", "st1", 5, 10, years)), 422,
		    "ALLOWANCE_TIMES_UNFIT");
	must_have(grants(k, granted(k, "O1", "BA1", "st1", 60, 10, 20)), 201);
	must_refuse(grants(k, granted(k, "O1", "BA1", "st1", 1, 10, 20)), 409, "ALLOWANCE_EXISTS");
	must_refuse(grants(k, granted(k, "O2", "BA1", "st1", 41, 10, 20)), 422,
		    "ALLOWANCE_BEYOND_QUOTA");
	must_have(grants(k, granted(k, "O2", "BA1", "st1", 40, 10, 20)), 201);
	must_refuse(api_sign(k->x, &k->company.st1, "unit.requested", kit_unit(k, "BA1", "Q1")),
		    422, "BUILD_QUOTA_RESERVED");
}

static struct reply *starts(struct kit *k, const char *allowance, const char *serial,
			    uint64_t counter, int64_t made_hours)
{
	return bring(k, (struct brought){"unit.requested", under(k, allowance, serial), "sp",
					 counter, made_hours});
}

static void
what_is_started_under_an_allowance_comes_through_a_spool_counted_and_in_time(void **state)
{
	struct kit *k = *state;

	must_have(grants(k, granted(k, "O1", "BA1", "st1", 2, 10, 20)), 201);
	must_refuse(bring(k, (struct brought){"unit.requested", under(k, "O1", "U1"), NULL, 0, 0}),
		    422, "ALLOWANCE_WITHOUT_SPOOL");
	must_refuse(starts(k, "O9", "U1", 1, 0), 422, "ALLOWANCE_UNFIT");
	must_have(starts(k, "O1", "U1", 2, 0), 201);
	must_refuse(starts(k, "O1", "U2", 3, 11), 422, "ALLOWANCE_OVER");
	must_have(starts(k, "O1", "U2", 4, 0), 201);
	must_refuse(starts(k, "O1", "U3", 5, 0), 422, "ALLOWANCE_USED_UP");
	json_t *row = company_row(&k->company, "/v1/views/allowance.list?station=st1");
	assert_int_equal(json_integer_value(json_object_get(row, "used")), 2);
	assert_int_equal(rows(k, "/v1/views/spool.gaps"), 0);
}

static void
what_is_delivered_after_the_day_of_reconciliation_is_refused_and_stays_reserved(void **state)
{
	struct kit *k = *state;

	must_have(grants(k, granted(k, "O1", "BA1", "st1", 2, 10, 20)), 201);
	kit_later(k, 21);
	must_refuse(starts(k, "O1", "U1", 1, -15), 422, "ALLOWANCE_OVER");
	json_t *row = company_row(&k->company, "/v1/views/build.reconciliation?authorization=BA1");
	assert_int_equal(json_integer_value(json_object_get(row, "reserved")), 2);
	must_refuse(api_sign(k->x, &k->x->erin, "build.closed",
			     "{'authorization':'BA1','built':0,'scrapped':0,'returned':0,'unused':"
			     "100}"),
		    422, "ALLOWANCE_OPEN");
	(void)api_must(k->x, &k->x->erin, "allowance.returned",
		       "{'allowance':'O1','authorization':'BA1','station':'st1','used':0}");
	must_have(api_sign(k->x, &k->x->erin, "build.closed",
			   "{'authorization':'BA1','built':0,'scrapped':0,'returned':0,'unused':"
			   "100}"),
		  201);
}

static void a_return_with_another_count_holds_the_station_and_gives_nothing_back(void **state)
{
	struct kit *k = *state;

	must_have(grants(k, granted(k, "O1", "BA1", "st1", 5, 10, 20)), 201);
	must_have(starts(k, "O1", "U1", 1, 0), 201);
	must_have(bring(k, (struct brought){"allowance.returned",
					    "{'allowance':'O1','authorization':'BA1','station':"
					    "'st1','used':3}",
					    "sp", 2, 0}),
		  201);
	json_t *row = company_row(&k->company, "/v1/views/allowance.list?station=st1");
	assert_string_equal(json_string_value(json_object_get(row, "state")), "open");
	json_t *hold = company_row(&k->company, "/v1/views/hold.all");
	assert_string_equal(json_string_value(json_object_get(hold, "code")),
			    "ALLOWANCE_COUNT_DIFFERS");
	(void)api_must(k->x, &k->x->erin, "allowance.returned",
		       "{'allowance':'O1','authorization':'BA1','station':'st1','used':1}");
	row = company_row(&k->company, "/v1/views/allowance.list?station=st1");
	assert_string_equal(json_string_value(json_object_get(row, "state")), "returned");
	must_refuse(starts(k, "O1", "U2", 3, 0), 422, "BUILD_HELD");
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(a_counter_is_used_once_and_only_upwards),
		SERVED(the_identical_claim_gets_its_first_receipt_again),
		SERVED(a_gap_holds_the_station_and_says_what_is_missing),
		SERVED(a_spool_that_begins_late_has_a_gap),
		SERVED(what_was_refused_has_used_its_counter),
		SERVED(an_allowance_is_granted_within_the_quota_to_a_named_station_for_a_time),
		SERVED(what_is_started_under_an_allowance_comes_through_a_spool_counted_and_in_time),
		SERVED(what_is_delivered_after_the_day_of_reconciliation_is_refused_and_stays_reserved),
		SERVED(a_return_with_another_count_holds_the_station_and_gives_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

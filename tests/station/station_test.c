/* SPDX-License-Identifier: Apache-2.0 */
/* What the box takes, what it refuses at once, and what it says while the line is whole and while it is
 * cut. */
#include "station_kit.h"

#include <stdio.h>
#include <string.h>

static int open_kit(void **state)
{
	struct kit *k = test_malloc(sizeof *k);

	kit_open(k);
	kit_box(k);
	kit_whole(k);
	*state = k;
	return 0;
}

static int close_kit(void **state)
{
	kit_close(*state);
	test_free(*state);
	return 0;
}

static int64_t written(struct kit *k)
{
	struct said s = kit_ask(k, "GET", "/v1/station", NULL, NULL);

	must_say(&s, 200, NULL);
	return said_number(&s, "written");
}

static const char *line(struct kit *k, const char *path)
{
	struct said s = kit_ask(k, "GET", path, NULL, NULL);

	must_say(&s, 200, NULL);
	return s.text;
}

static struct said receipt(struct kit *k, const struct said *posted)
{
	return kit_ask(k, "GET", kit_printf(k, "/v1/receipts/%s", said_text(posted, "digest")),
		       NULL, NULL);
}

/* ---- the line is whole ---- */

static void what_is_posted_is_recorded_and_its_receipt_comes_back(void **state)
{
	struct kit *k = *state;
	struct said s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "W1"));

	must_say(&s, 201, NULL);
	assert_true(said_number(&s, "sequence") > 0);
	assert_non_null(json_object_get(s.json, "proof"));
	s = receipt(k, &s);
	must_say(&s, 200, NULL);
	assert_non_null(json_object_get(s.json, "proof"));
	(void)company_wait(&k->company, "/v1/views/unit.certificate?product=GW&serial=W1");
	assert_true(k->proxy.passed > 0);
}

static void what_a_station_does_not_decide_is_not_taken(void **state)
{
	struct kit *k = *state;
	struct said s = kit_post(k, "build.authorized", "{'authorization':'BA2'}");

	must_say(&s, 403, "STATION_TYPE_FOREIGN");
	s = kit_post(k, "role.granted", "{'role':'founder'}");
	must_say(&s, 403, "STATION_TYPE_FOREIGN");
	s = kit_post(k, "no.such", "{}");
	must_say(&s, 403, "STATION_TYPE_FOREIGN");
	assert_int_equal(written(k), 0);
}

static void a_bad_body_is_refused_with_its_field_and_takes_no_place_in_the_spool(void **state)
{
	static const struct {
		const char *body, *code, *field;
		int status;
	} cases[] = {
		{"{'product':'GW','serial':'B1','station':'st1','colour':'red'}", "FIELD_UNKNOWN",
		 "colour", 400},
		{"{'product':'GW','station':'st1'}", "FIELD_MISSING", "serial", 400},
		{"{'product':'GW','serial':7,'station':'st1'}", "FIELD_WRONG", "serial", 400},
		{"{'body':{'product':'GW','serial':'B1','station':'st1'},'made':'2020-01-01T00:00:"
		 "00.000Z'}",
		 "FIELD_UNKNOWN", "made", 400},
		{"{'body':{'product':'GW','serial':'B1','station':'st1'},'id':'7'}", "FIELD_WRONG",
		 "id", 400},
		{"[1]", "API_JSON_BAD", NULL, 400},
		{"{'product':'GW','product':'GW'}", "API_JSON_BAD", NULL, 400},
		{"nothing", "API_JSON_BAD", NULL, 400},
	};
	struct kit *k = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct said s = kit_post(k, "unit.built", cases[i].body);
		must_say(&s, cases[i].status, cases[i].code);
		if (cases[i].field != NULL)
			assert_string_equal(said_text(&s, "field"), cases[i].field);
	}
	assert_int_equal(written(k), 0);
}

static void a_request_that_nobody_signed_for_its_device_is_refused_at_the_box(void **state)
{
	struct kit *k = *state;
	struct said s =
		kit_post(k, "unit.requested",
			 "{'product':'GW','serial':'B1','authorization':'BA1','csr':'MAMCAQA'}");

	assert_int_equal(s.status, 400);
	assert_int_equal(written(k), 0);
}

static void what_the_server_refuses_comes_back_and_stays_in_the_list_until_it_was_seen(void **state)
{
	struct kit *k = *state;
	struct said s = kit_post(k, "unit.requested", kit_unit(k, "BA9", "R1"));
	struct fault f = {0};
	json_t *status = NULL;
	size_t n;

	must_say(&s, 422, "BUILD_AUTHORIZATION_UNKNOWN");
	assert_int_equal(station_status(k->folder, &status, &f).code, OK);
	const json_t *list = json_object_get(status, "refused");
	assert_int_equal(json_array_size(list), 1);
	const json_t *problem = json_object_get(json_array_get(list, 0), "problem");
	assert_string_equal(json_string_value(json_object_get(problem, "code")),
			    "BUILD_AUTHORIZATION_UNKNOWN");
	json_decref(status);
	assert_int_equal(station_seen(k->folder, 77, &n, &f).code, ERR_NOT_FOUND);
	assert_int_equal(station_seen(k->folder, 1, &n, &f).code, OK);
	assert_int_equal(n, 1);
	/* Delivery has gone on, and the refused counter is no gap. */
	s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "R2"));
	must_say(&s, 201, NULL);
	struct reply *gaps = api_get(k->x, &k->x->erin, "/v1/views/spool.gaps");
	must_have(gaps, 200);
	assert_int_equal(json_array_size(json_object_get(gaps->json, "rows")), 0);
	json_t *spool = company_row(&k->company, "/v1/views/spool.list");
	assert_int_equal(json_integer_value(json_object_get(spool, "counter")), 2);
	assert_int_equal(json_integer_value(json_object_get(spool, "refused")), 1);
}

static void the_same_id_is_the_same_record_and_another_body_a_conflict(void **state)
{
	struct kit *k = *state;
	char id[37], header[80];
	const char *unit = kit_unit(k, "BA1", "I1");

	api_uuid(k->x, id);
	snprintf(header, sizeof header, "Idempotency-Key: %s", id);
	struct said first = kit_ask(k, "POST", "/v1/records/unit.requested", unit, header);
	must_say(&first, 201, NULL);
	struct said again = kit_ask(k, "POST", "/v1/records/unit.requested", unit, header);
	must_say(&again, 201, NULL);
	assert_string_equal(said_text(&again, "digest"), said_text(&first, "digest"));
	assert_int_equal(said_number(&again, "sequence"), said_number(&first, "sequence"));
	struct said other =
		kit_ask(k, "POST", "/v1/records/unit.requested", kit_unit(k, "BA1", "I2"), header);
	must_say(&other, 409, "ID_USED");
	assert_int_equal(written(k), 1);
	/* After a start, too. */
	kit_box_off(k);
	kit_box(k);
	again = kit_ask(k, "POST", "/v1/records/unit.requested", unit, header);
	must_say(&again, 201, NULL);
	assert_string_equal(said_text(&again, "digest"), said_text(&first, "digest"));
	assert_int_equal(written(k), 1);
}

static void pages_in_a_browser_and_wrong_paths_are_refused(void **state)
{
	struct kit *k = *state;
	struct said s =
		kit_ask(k, "POST", "/v1/records/unit.built", "{}", "Origin: http://evil.example");

	must_say(&s, 403, "STATION_FROM_BROWSER");
	s = kit_ask(k, "GET", "/v1/station", NULL, "Host: evil.example:8447");
	must_say(&s, 401, "STATION_TOKEN_WRONG");
	s = kit_ask(k, "GET", "/v1/station", NULL, "Host: 127.evil.example");
	must_say(&s, 401, "STATION_TOKEN_WRONG");
	s = kit_ask(k, "GET", "/v1/station", NULL, "Host: localhost.evil.example");
	must_say(&s, 401, "STATION_TOKEN_WRONG");
	s = kit_ask(k, "GET", "/v1/station", NULL, "Host: localhost:8447");
	must_say(&s, 200, NULL);
	s = kit_ask(k, "GET", "/v1/views/unit.list", NULL, NULL);
	must_say(&s, 404, NULL);
	s = kit_ask(k, "GET", "/v1/records/unit.built", NULL, NULL);
	must_say(&s, 405, NULL);
	s = kit_ask(k, "GET", "/v1/receipts/xyz", NULL, NULL);
	must_say(&s, 400, "FIELD_WRONG");
	s = kit_ask(k, "GET",
		    "/v1/receipts/"
		    "0000000000000000000000000000000000000000000000000000000000000000",
		    NULL, NULL);
	must_say(&s, 404, "STATION_RECORD_UNKNOWN");
	assert_int_equal(written(k), 0);
}

static void a_gate_answers_in_one_line(void **state)
{
	struct kit *k = *state;
	struct said s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "G1"));

	must_say(&s, 201, NULL);
	/* Its serial is used now: nobody builds it a second time. */
	assert_memory_equal(line(k, "/v1/gates/build/GW/G1"), "FAIL PRG-03 ", 12);
	assert_memory_equal(line(k, "/v1/gates/nowhere/GW/G1"), "FAIL ", 5);
}

static void two_boxes_never_share_a_folder(void **state)
{
	struct kit *k = *state;
	struct station *other;
	struct fault f = {0};

	assert_int_equal(station_open(&k->config, &other, &f).code, ERR_CONFLICT);
	assert_string_equal(f.message, "STATION_RUNS");
}

/* ---- the line is cut ---- */

static void what_is_posted_while_cut_off_waits_and_is_delivered(void **state)
{
	struct kit *k = *state;
	struct said first = kit_post(k, "unit.requested", kit_unit(k, "BA1", "C1"));

	must_say(&first, 201, NULL);
	kit_cut(k);
	struct said s = kit_post(k, "unit.fitted",
				 "{'product':'GW','serial':'C1','station':'st1','parts':[{"
				 "'supplier':'acme','part_lot':'R1','part':'MCU1','quantity':2}]}");
	must_say(&s, 202, NULL);
	assert_int_equal(said_number(&s, "counter"), 2);
	struct said waits = receipt(k, &s);
	must_say(&waits, 202, NULL);
	kit_whole(k);
	kit_await_delivered(k);
	waits = receipt(k, &s);
	must_say(&waits, 200, NULL);
	assert_int_equal(said_number(&waits, "sequence") > said_number(&first, "sequence"), 1);
}

static void a_gate_that_cannot_be_asked_is_closed(void **state)
{
	struct kit *k = *state;

	kit_cut(k);
	assert_memory_equal(line(k, "/v1/gates/ship/GW/G1"), "FAIL OFFLINE ", 13);
	assert_memory_equal(line(k, "/v1/gates/build/GW/G1"), "FAIL OFFLINE ", 13);
}

static void without_an_allowance_no_unit_is_started_while_cut_off(void **state)
{
	struct kit *k = *state;

	kit_cut(k);
	struct said s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "N1"));
	must_say(&s, 422, "STATION_NO_ALLOWANCE");
	assert_int_equal(written(k), 0);
}

static void an_allowance_counts_units_and_hours_while_cut_off(void **state)
{
	struct kit *k = *state;

	kit_allow(k, "OA1", 2, 72);
	kit_cut(k);
	struct said s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "O1"));
	must_say(&s, 202, NULL);
	assert_string_equal(line(k, "/v1/gates/build/GW/O1"), "PASS\n");
	assert_string_equal(line(k, "/v1/gates/test/GW/O1"), "PASS\n");
	assert_memory_equal(line(k, "/v1/gates/program/GW/O1"), "FAIL OFFLINE ", 13);
	assert_memory_equal(line(k, "/v1/gates/build/GW/O2"), "FAIL OFFLINE ", 13);
	s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "O1"));
	must_say(&s, 409, "STATION_UNIT_STARTED");
	s = kit_post(k, "unit.requested", kit_unit(k, "BA2", "O2"));
	must_say(&s, 422, "STATION_NO_ALLOWANCE");
	s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "O2"));
	must_say(&s, 202, NULL);
	s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "O3"));
	must_say(&s, 422, "ALLOWANCE_USED_UP");
	kit_box_off(k); /* a power cut changes nothing */
	kit_box(k);
	s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "O3"));
	must_say(&s, 422, "ALLOWANCE_USED_UP");
	assert_string_equal(line(k, "/v1/gates/test/GW/O1"), "PASS\n");
	kit_later(k, 73);
	s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "O3"));
	must_say(&s, 422, "ALLOWANCE_OVER");
	assert_memory_equal(line(k, "/v1/gates/test/GW/O1"), "FAIL OFFLINE ", 13);
	kit_whole(k);
	kit_await_delivered(k);
	(void)company_wait(&k->company, "/v1/views/unit.certificate?product=GW&serial=O1");
	(void)company_wait(&k->company, "/v1/views/unit.certificate?product=GW&serial=O2");
}

static void what_is_left_of_an_allowance_is_given_back_by_its_count(void **state)
{
	static const char RETURN[] = "{'allowance':'OA1','authorization':'BA1','station':'st1','"
				     "used':%d}";
	struct kit *k = *state;

	kit_allow(k, "OA1", 5, 72);
	json_t *row = company_row(&k->company, "/v1/views/build.reconciliation?authorization=BA1");
	assert_int_equal(json_integer_value(json_object_get(row, "unused")), 100);
	assert_int_equal(json_integer_value(json_object_get(row, "reserved")), 5);
	assert_int_equal(json_integer_value(json_object_get(row, "unexplained")), 0);
	kit_cut(k);
	struct said s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "L1"));
	must_say(&s, 202, NULL);
	kit_whole(k);
	kit_await_delivered(k);
	s = kit_post(k, "allowance.returned", kit_printf(k, RETURN, 2));
	must_say(&s, 409, "STATION_ALLOWANCE_COUNT");
	s = kit_post(k, "allowance.returned", kit_printf(k, RETURN, 1));
	must_say(&s, 201, NULL);
	row = company_row(&k->company, "/v1/views/allowance.list?authorization=BA1");
	assert_string_equal(json_string_value(json_object_get(row, "state")), "returned");
	row = company_row(&k->company, "/v1/views/build.reconciliation?authorization=BA1");
	assert_int_equal(json_integer_value(json_object_get(row, "reserved")), 0);
	assert_int_equal(json_integer_value(json_object_get(row, "unused")), 99);
	kit_cut(k);
	s = kit_post(k, "unit.requested", kit_unit(k, "BA1", "L2"));
	assert_int_equal(s.status, 422);
}

static void a_box_without_the_proxys_password_reaches_nobody_and_says_so(void **state)
{
	struct kit *k = *state;

	kit_box_off(k);
	k->config.client.proxy_credentials = NULL;
	kit_box(k);
	while (k->proxy.refused == 0)
		(void)written(k);
	struct said s = kit_ask(k, "GET", "/v1/station", NULL, NULL);
	assert_true(json_is_false(json_object_get(s.json, "linked")));
	assert_memory_equal(line(k, "/v1/gates/build/GW/G1"), "FAIL OFFLINE ", 13);
}

#define BOX(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
	/* What changes nothing: one box for all. */
	const struct CMUnitTest refused[] = {
		cmocka_unit_test(what_a_station_does_not_decide_is_not_taken),
		cmocka_unit_test(
			a_bad_body_is_refused_with_its_field_and_takes_no_place_in_the_spool),
		cmocka_unit_test(a_request_that_nobody_signed_for_its_device_is_refused_at_the_box),
		cmocka_unit_test(pages_in_a_browser_and_wrong_paths_are_refused),
		cmocka_unit_test(two_boxes_never_share_a_folder),
		cmocka_unit_test(a_gate_that_cannot_be_asked_is_closed),
		cmocka_unit_test(without_an_allowance_no_unit_is_started_while_cut_off),
	};
	const struct CMUnitTest taken[] = {
		BOX(what_is_posted_is_recorded_and_its_receipt_comes_back),
		BOX(what_the_server_refuses_comes_back_and_stays_in_the_list_until_it_was_seen),
		BOX(the_same_id_is_the_same_record_and_another_body_a_conflict),
		BOX(a_gate_answers_in_one_line),
		BOX(what_is_posted_while_cut_off_waits_and_is_delivered),
		BOX(an_allowance_counts_units_and_hours_while_cut_off),
		BOX(what_is_left_of_an_allowance_is_given_back_by_its_count),
		BOX(a_box_without_the_proxys_password_reaches_nobody_and_says_so),
	};
	int failed = cmocka_run_group_tests(refused, open_kit, close_kit);

	return failed + cmocka_run_group_tests(taken, NULL, NULL);
}

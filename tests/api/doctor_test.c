/* SPDX-License-Identifier: Apache-2.0 */
/* What the server says of itself: to whom, and that each verdict is reached. */
#include "fixture.h"

#include "base/catalog.h"
#include "crypto/x509.h"
#include "server/doctor.h"

#include <stdio.h>
#include <string.h>

static struct api *x;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	return 0;
}

/* ---- reading checks ---- */

static const json_t *find(const json_t *checks, const char *code)
{
	json_t *check;
	size_t i;

	json_array_foreach(checks, i, check)
	{
		if (strcmp(json_string_value(json_object_get(check, "code")), code) == 0)
			return check;
	}
	return NULL;
}

/* "ok", "warn", "fail"; "" if there is no such check. */
static const char *verdict_in(const json_t *checks, const char *code)
{
	const json_t *check = find(checks, code);

	return check == NULL ? "" : json_string_value(json_object_get(check, "verdict"));
}

static const char *value_in(const json_t *checks, const char *code, const char *name)
{
	const json_t *values = json_object_get(find(checks, code), "values");
	const char *text = json_string_value(json_object_get(values, name));

	return text == NULL ? "" : text;
}

static const json_t *doctor(void)
{
	struct reply *r = api_get(x, &x->ada, "/v1/doctor");

	must_have(r, 200);
	assert_string_equal(reply_text(r, "origin"), API_ORIGIN);
	return json_object_get(r->json, "checks");
}

/* ---- who may ask ---- */

static void strangers_are_not_told(void **state)
{
	struct person some = api_person(x, "doctor-none", "person", "part.read", NULL);

	(void)state;
	must_refuse(api_get(x, NULL, "/v1/doctor"), 401, "API_IDENTITY_MISSING");
	must_refuse(api_get(x, &some, "/v1/doctor"), 403, "API_NOT_ALLOWED");
	must_refuse(api_post(x, &x->ada, "/v1/doctor", "{}"), 405, "API_METHOD");
	person_done(&some);
}

static void either_right_is_enough_wherever_it_holds(void **state)
{
	struct person log = api_person(x, "doctor-log", "person", "ledger.read", NULL);
	struct person rights =
		api_person(x, "doctor-rights", "person", "access.read", "'site':'berlin'");

	(void)state;
	must_have(api_get(x, &log, "/v1/doctor"), 200);
	must_have(api_get(x, &rights, "/v1/doctor"), 200);
	person_done(&log);
	person_done(&rights);
}

/* ---- the form ---- */

static void every_check_is_a_message_that_other_languages_can_say(void **state)
{
	const json_t *checks = doctor();
	json_t *check, *value;
	const char *name;
	size_t i;

	(void)state;
	assert_true(json_array_size(checks) > 12);
	json_array_foreach(checks, i, check)
	{
		const char *verdict = json_string_value(json_object_get(check, "verdict"));
		const struct message *m =
			catalog_find(json_string_value(json_object_get(check, "code")));
		assert_non_null(m);
		assert_non_null(strstr("ok warn fail", verdict));
		assert_null(strchr(json_string_value(json_object_get(check, "text")), '{'));
		json_object_foreach(json_object_get(check, "values"), name, value)
			assert_true(json_is_string(value));
		/* A fix where something is to be done, and only there. */
		assert_true((strcmp(verdict, "ok") != 0 && m->fix[0] != '\0') ==
			    json_is_string(json_object_get(check, "fix")));
	}
}

/* ---- a house in order, and one whose signer left ---- */

static void house_in_order_says_so(void **state)
{
	const json_t *checks = doctor();

	(void)state;
	assert_string_equal(verdict_in(checks, "DOCTOR_READY"), "ok");
	assert_string_equal(verdict_in(checks, "DOCTOR_CLOCK"), "ok");
	assert_string_equal(verdict_in(checks, "DOCTOR_CHECKPOINT"), "ok");
	assert_string_equal(verdict_in(checks, "DOCTOR_ALL_SIGNED"), "ok");
	assert_string_equal(verdict_in(checks, "DOCTOR_TASKS"), "ok");
	assert_string_equal(verdict_in(checks, "DOCTOR_SIGNER_CLOCK"), "ok");
	assert_string_equal(verdict_in(checks, "DOCTOR_ANCHOR_NONE"), "warn");
	assert_string_equal(verdict_in(checks, "DOCTOR_STORE"), "ok");
	assert_string_equal(value_in(checks, "DOCTOR_STORE", "store"), "SQLite");
	assert_string_equal(verdict_in(checks, "DOCTOR_WITNESS_NONE"), "warn");
	assert_string_equal(verdict_in(checks, "DOCTOR_BACKUP_NONE"), "warn");
	assert_string_equal(verdict_in(checks, "DOCTOR_TLS"), "warn"); /* a day */
	assert_string_not_equal(verdict_in(checks, "DOCTOR_RULE"), "fail");
	assert_string_equal(verdict_in(checks, "DOCTOR_SESSIONS"), "ok");
	assert_string_not_equal(value_in(checks, "DOCTOR_SESSIONS", "sessions"), "0");
	assert_string_equal(value_in(checks, "DOCTOR_STREAMS", "open"), "0");
}

static void signer_that_is_away_is_seen_from_every_side(void **state)
{
	const json_t *checks;
	struct reply *ready;

	(void)state;
	api_signer_away(x);
	must_have(api_sign(x, &x->ada, "role.defined",
			   "{'role':'away','permissions':[{'permission':'a.b'}]}"),
		  202);
	checks = doctor();
	assert_string_equal(verdict_in(checks, "DOCTOR_NOT_READY"), "fail");
	assert_string_equal(verdict_in(checks, "DOCTOR_READY"), "");
	assert_string_equal(verdict_in(checks, "SIGNER_UNAVAILABLE"), "fail");
	assert_string_equal(verdict_in(checks, "DOCTOR_SIGNER_SILENT"), "warn");
	assert_string_equal(verdict_in(checks, "DOCTOR_UNSIGNED"), "ok"); /* not for long yet */
	assert_string_equal(value_in(checks, "DOCTOR_UNSIGNED", "records"), "1");
	assert_string_equal(verdict_in(checks, "DOCTOR_RULE"), "");
	x->moved.ahead_ms += 60 * 1000;
	assert_string_equal(verdict_in(doctor(), "DOCTOR_UNSIGNED"), "warn");
	api_signer_back(x);
	do
		ready = api_get(x, NULL, "/readyz");
	while (ready->status == 503);
	checks = doctor();
	assert_string_equal(verdict_in(checks, "DOCTOR_READY"), "ok");
	assert_string_equal(verdict_in(checks, "DOCTOR_ALL_SIGNED"), "ok");
	/* Our clock went ahead of the signer's. */
	assert_string_equal(verdict_in(checks, "DOCTOR_SIGNER_CLOCK"), "warn");
}

static void key_of_the_charter_that_the_log_does_not_have_is_named(void **state)
{
	const json_t *checks = doctor();

	(void)state;
	/* erin is of the charter, and nobody has enrolled her. */
	assert_string_equal(verdict_in(checks, "DOCTOR_CHARTER_KEY_UNKNOWN"), "warn");
	assert_string_equal(value_in(checks, "DOCTOR_CHARTER_KEY_UNKNOWN", "person"), "erin");
	assert_string_equal(verdict_in(checks, "DOCTOR_CHARTER_KEYS"), "");
}

/* ---- disk and certificate ---- */

static const char *room(uint64_t free_blocks, uint64_t blocks)
{
	static char verdict[8];
	json_t *checks = json_array();

	check_room(checks, free_blocks, blocks);
	snprintf(verdict, sizeof verdict, "%s",
		 json_string_value(json_object_get(json_array_get(checks, 0), "verdict")));
	json_decref(checks);
	return verdict;
}

static void disk_that_fills_is_seen_in_time(void **state)
{
	(void)state;
	assert_string_equal(room(50, 100), "ok");
	assert_string_equal(room(10, 100), "ok");
	assert_string_equal(room(99, 1000), "warn");
	assert_string_equal(room(2, 100), "warn");
	assert_string_equal(room(19, 1000), "fail");
	assert_string_equal(room(0, 100), "fail");
	assert_string_equal(room(UINT64_MAX / 2, UINT64_MAX), "ok");
	assert_string_equal(room(0, 0), "warn"); /* not known */
}

enum { DAY_MS = 24 * 3600 * 1000 };

/* Of a certificate that ends `days` from now; 0 days: a text that is none. */
static void must_say_of_tls(int64_t days, const char *code, const char *verdict)
{
	static const char *const names[] = {"localhost"};
	const uint64_t now = UINT64_C(1800000000000);
	struct arena a = {0};
	struct private_key *key;
	struct fault f = {0};
	struct bytes der = {0}, pem;
	char text[4096];
	struct writer w = writer_of(text, sizeof text);
	json_t *checks = json_array();

	assert_int_equal(private_key_generate(KEY_P256, &key, &f).code, OK);
	uint64_t ends = (uint64_t)((int64_t)now + days * DAY_MS);
	assert_int_equal(
		certificate_make_tls(&a, key, names, 1, now - 900ull * DAY_MS, ends, &der, &f).code,
		OK);
	pem_put(&w, days == 0 ? "NOTHING" : "CERTIFICATE", der);
	assert_true(writer_done(&w, &pem));
	check_tls(checks, pem, now);
	assert_int_equal(json_array_size(checks), 1);
	assert_string_equal(verdict_in(checks, code), verdict);
	json_decref(checks);
	private_key_close(key);
	arena_done(&a);
}

static void certificate_that_ends_is_seen_in_time(void **state)
{
	(void)state;
	must_say_of_tls(90, "DOCTOR_TLS", "ok");
	must_say_of_tls(30, "DOCTOR_TLS", "ok");
	must_say_of_tls(29, "DOCTOR_TLS", "warn");
	must_say_of_tls(1, "DOCTOR_TLS", "warn");
	must_say_of_tls(-1, "DOCTOR_TLS_ENDED", "fail");
	must_say_of_tls(-400, "DOCTOR_TLS_ENDED", "fail");
	must_say_of_tls(0, "DOCTOR_TLS_UNREADABLE", "fail");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers_are_not_told),
		cmocka_unit_test(either_right_is_enough_wherever_it_holds),
		cmocka_unit_test(every_check_is_a_message_that_other_languages_can_say),
		cmocka_unit_test(house_in_order_says_so),
		cmocka_unit_test(key_of_the_charter_that_the_log_does_not_have_is_named),
		cmocka_unit_test(disk_that_fills_is_seen_in_time),
		cmocka_unit_test(certificate_that_ends_is_seen_in_time),
		cmocka_unit_test(signer_that_is_away_is_seen_from_every_side),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}

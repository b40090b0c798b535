/* SPDX-License-Identifier: Apache-2.0 */
/* What the server brings to the signer, and what it records of the answer: device certificates in three
 * steps, decisions, denials, permits; whatever fell asleep between the steps. */
#include "company.h"
#include "fixture_internal.h"

#include "core/sha256.h"
#include "core/signed_documents.h"
#include "server/server_internal.h"
#include "signer/signer.h"
#undef fail

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { QUANTITY = 20, HUNDRED = 130 };

static struct api *x;
static struct company c;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	company_open(&c, x);
	company_authorize(&c, "BA1", QUANTITY, ",'permits':true");
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	company_done(&c);
	api_close(x);
	return 0;
}

/* ---- reading what the signer signed ---- */

static struct bytes column(const json_t *row, const char *name)
{
	const char *hex = json_string_value(json_object_get(row, name));
	size_t n = hex == NULL ? 0 : strlen(hex) / 2;
	uint8_t *p = arena_alloc(&x->arena, n + 1);

	assert_non_null(hex);
	assert_true(hex_decode(bytes_text(hex), p, n));
	return bytes_of(p, n);
}

static bool by_the_log(const struct cose_sign1 *sign1, enum document_kind kind)
{
	struct public_key *key;
	struct fault f = {0};

	api_check(public_key_from_ed25519(x->public.checkpoint.public_key, &key, &f), &f, "key");
	bool good = cose_verify(sign1, key, document_name(kind), sign1->payload);
	public_key_close(key);
	return good;
}

static const char *path_of(const char *view, const char *serial)
{
	return arena_printf(&x->arena, "/v1/views/%s?product=GW&serial=%s", view, serial);
}

static json_t *wait_for_certificate(const char *serial)
{
	return company_wait(&c, path_of("unit.certificate", serial));
}

/* How many records of this type there are about the unit, by its passport's chain. */
static size_t rows_of(const char *path)
{
	struct reply *r = api_get(x, &x->erin, path);

	must_have(r, 200);
	return json_array_size(json_object_get(r->json, "rows"));
}

static uint64_t log_size(void)
{
	struct engine_state state;

	engine_state_read(x->server->engine, &state);
	return state.size;
}

static struct private_key *new_device_key(void)
{
	struct private_key *key;

	assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
	return key;
}

/* ---- decisions ---- */

static void admission_says_who_agreed_to_what(void **state)
{
	const json_t *row =
		company_row(&c, "/v1/views/signer.decisions?kind=build_authorization&id=BA1");
	struct admission a;
	struct cose_sign1 sign1;
	const char *why;

	(void)state;
	assert_true(admission_parse(column(row, "document"), &sign1, &a, &why));
	assert_true(by_the_log(&sign1, DOCUMENT_ADMISSION));
	assert_true(bytes_equal(hash_bytes(&a.claim), column(row, "digest")));
	assert_true(bytes_equal(a.approval_class, bytes_text("build.authorize")));
	assert_int_equal(a.charter, 1);
	assert_int_equal(a.approvals_n, 1);
	assert_int_equal(a.anchor, ANCHOR_NONE);
}

static void manifest_is_of_what_was_released(void **state)
{
	const json_t *row =
		company_row(&c, "/v1/views/signer.decisions?kind=firmware_release&id=FW1");
	struct firmware_manifest m;
	struct cose_sign1 sign1;
	struct hash image;
	const char *why;

	(void)state;
	assert_true(firmware_manifest_parse(column(row, "document"), &sign1, &m, &why));
	assert_true(hex_decode(bytes_text(COMPANY_IMAGE), image.b, 32));
	assert_true(hash_equal(m.image, image));
	assert_true(bytes_equal(m.environment, bytes_text("production")));
	assert_int_equal(m.security_version, 1);
	assert_false(m.emergency);
}

static void nothing_waits_when_everything_is_answered(void **state)
{
	(void)state;
	assert_int_equal(rows_of("/v1/views/signer.waiting"), 0);
}

static json_t *signer_state(void)
{
	struct reply *r = api_get(x, NULL, "/readyz");

	must_have(r, 200);
	return json_object_get(r->json, "signer");
}

/* Somebody whom the server lets ask, and the charter does not know: both must agree. The charter may yet
 * come to know them, so it is asked again; everybody sees that it waits, and units under it wait, too. */
static void decision_by_a_stranger_to_the_charter_waits_and_is_seen(void **state)
{
	struct person mallory = api_person(x, "mallory", "person", "line.authorize", NULL);
	struct reply *asked = api_sign(x, &mallory, "build.authorized",
				       company_authorization(&c, "BA-M", 1000, ""));
	time_t end = time(NULL) + 60;
	json_t *last;

	(void)state;
	must_have(asked, 201);
	must_have(api_sign(x, &x->ben, "approval.given",
			   arena_printf(&x->arena, "{'record':'%s'}", reply_text(asked, "digest"))),
		  201);
	const json_t *row = company_wait(&c, "/v1/views/signer.waiting");
	assert_string_equal(json_string_value(json_object_get(row, "id")), "BA-M");
	while ((last = json_object_get(signer_state(), "last")) == NULL)
		assert_true(time(NULL) < end);
	assert_string_equal(json_string_value(json_object_get(last, "code")),
			    "SIGNER_AUTHOR_UNKNOWN");
	assert_int_equal(json_integer_value(json_object_get(signer_state(), "waiting")), 1);
	/* Others are not held up. */
	company_authorize(&c, "BA-N", 2, "");
	person_done(&mallory);
}

static void denied_decision_is_over_at_the_signer_too(void **state)
{
	struct reply *asked =
		api_sign(x, &x->erin, "build.authorized", company_authorization(&c, "BA-D", 3, ""));
	const char *digest = reply_text(asked, "digest");

	(void)state;
	must_have(asked, 201);
	struct reply *denied =
		api_sign(x, &x->cleo, "approval.denied",
			 arena_printf(&x->arena, "{'record':'%s','reason':'not now'}", digest));
	must_have(denied, 201);
	assert_string_equal(company_verdict(&c, reply_text(denied, "digest")), "admitted");
	must_refuse(api_sign(x, &x->ben, "approval.given",
			     arena_printf(&x->arena, "{'record':'%s'}", digest)),
		    409, "APPROVAL_CLOSED");
}

/* What was withdrawn here can not be built by the signer's word either: it was told. */
static void withdrawn_release_is_over_at_the_signer_too(void **state)
{
	const char *released = company_decides(
		&c, "firmware.released",
		arena_printf(&x->arena,
			     "{'release':'FW-W','product':'GW','version':'1.1','environment':"
			     "'production','image':'%s','image_size':4096,'security_version':1}",
			     "2222222222222222222222222222222222222222222222222222222222222222"));

	(void)state;
	assert_string_equal(company_verdict(&c, released), "admitted");
	struct reply *withdrawn = api_sign(x, &x->erin, "firmware.withdrawn",
					   "{'release':'FW-W','reason':'it bricks'}");
	must_have(withdrawn, 201);
	assert_string_equal(company_verdict(&c, reply_text(withdrawn, "digest")), "admitted");
}

static void station_gets_a_credential_for_its_enrolled_key(void **state)
{
	struct bytes der;
	char text[4096], until[TIME_TEXT_SIZE];
	struct fault f = {0};

	(void)state;
	time_text(clock_wall_ms(&clock_system) + UINT64_C(30) * 24 * 3600 * 1000, until);
	api_check(csr_make(&x->arena, c.st1.key, "st1", &der, &f), &f, "csr");
	base64url_encode(der, text);
	const char *digest = company_decides(
		&c, "credential.requested",
		arena_printf(
			&x->arena,
			"{'credential':'CR-1','profile':'station','principal':'st1','csr':'%s',"
			"'not_after':'%s'}",
			text, until));
	assert_string_equal(company_verdict(&c, digest), "admitted");
	const json_t *row = company_row(&c, "/v1/views/credential.list?principal=st1");
	assert_string_equal(json_string_value(json_object_get(row, "state")), "issued");
	assert_true(column(row, "certificate").n > 100);
}

/* ---- certificates ---- */

static void unit_gets_a_certificate_and_a_receipt_that_counts_it(void **state)
{
	struct private_key *key = new_device_key();
	struct device_certificate read;
	struct issue_receipt receipt;
	struct cose_sign1 sign1;
	const char *why;

	(void)state;
	must_have(company_request(&c, "BA1", "live", key), 201);
	const json_t *row = wait_for_certificate("live");
	struct bytes der = column(row, "certificate");
	assert_int_equal(
		certificate_check_device(&x->arena, der, x->public.ca_certificate, &read, NULL)
			.code,
		OK);
	assert_true(bytes_equal(read.serial, bytes_text("live")));
	assert_true(hash_equal(read.key_id, public_key_id(private_key_public(key))));
	assert_true(issue_receipt_parse(column(row, "receipt"), &sign1, &receipt, &why));
	assert_true(by_the_log(&sign1, DOCUMENT_RECEIPT));
	assert_int_equal(receipt.n, 1);
	assert_int_equal(receipt.of, QUANTITY);
	assert_true(hash_equal(receipt.certificate, sha256(der)));
	private_key_close(key);
}

static void certified_device_is_known_by_its_key(void **state)
{
	struct person device = {.id = "GW/known", .key = new_device_key()};
	struct ask ask = {.path = "/v1/me", .who = &device, .machine = true};

	(void)state;
	must_have(company_request(&c, "BA1", "known", device.key), 201);
	(void)wait_for_certificate("known");
	struct reply *r = api_ask(x, &ask);
	must_have(r, 200);
	assert_string_equal(reply_text(r, "principal"), "GW/known");
	assert_string_equal(reply_text(r, "kind"), "device");
	person_done(&device);
}

static void same_key_gets_no_second_certificate(void **state)
{
	struct private_key *key = new_device_key();

	(void)state;
	must_have(company_request(&c, "BA1", "first", key), 201);
	(void)wait_for_certificate("first");
	must_refuse(company_request(&c, "BA1", "second", key), 409, "UNIT_KEY_ALREADY_USED");
	private_key_close(key);
}

/* All at once, as a station that was offline sends them. */
static void request_many(struct private_key **keys, size_t n)
{
	json_t *records = json_array();

	for (size_t i = 0; i < n; i++) {
		const char *serial = arena_printf(&x->arena, "h-%03zu", i);
		keys[i] = new_device_key();
		json_t *one = api_signed(x, &c.st1, "unit.requested",
					 company_request_body(&c, "BA-H", serial, keys[i]));
		json_object_set_new(one, "type", json_string("unit.requested"));
		json_array_append_new(records, one);
	}
	json_t *batch = json_pack("{s:b, s:o}", "whole", true, "records", records);
	char *text = json_dumps(batch, 0);
	struct ask ask = {.path = "/v1/records",
			  .who = &c.st1,
			  .machine = true,
			  .body = arena_text(&x->arena, bytes_text(text))};
	free(text);
	json_decref(batch);
	must_have(api_ask(x, &ask), 201);
}

/* More than one batch, and every number once. */
static void many_units_are_counted_without_a_gap(void **state)
{
	struct private_key *keys[HUNDRED];
	bool seen[HUNDRED + 1] = {false};

	(void)state;
	company_authorize(&c, "BA-H", HUNDRED, "");
	request_many(keys, HUNDRED);
	for (unsigned i = 0; i < HUNDRED; i++) {
		struct issue_receipt receipt;
		struct cose_sign1 sign1;
		const char *why;
		const json_t *row = wait_for_certificate(arena_printf(&x->arena, "h-%03u", i));
		assert_true(issue_receipt_parse(column(row, "receipt"), &sign1, &receipt, &why));
		assert_in_range(receipt.n, 1, HUNDRED);
		assert_false(seen[receipt.n]);
		seen[receipt.n] = true;
		private_key_close(keys[i]);
	}
}

/* ---- permits ---- */

static void permit_is_for_the_device_and_its_nonce(void **state)
{
	struct private_key *key = new_device_key();
	static const uint8_t nonce[32] = {1, 2, 3};
	struct programming_permit permit;
	struct cose_sign1 sign1;
	const char *why;
	char text[64];

	(void)state;
	must_have(company_request(&c, "BA1", "prog", key), 201);
	(void)wait_for_certificate("prog");
	company_build(&c, "BA1", "prog");
	base64url_encode(bytes_of(nonce, sizeof nonce), text);
	struct reply *r = api_sign(
		x, &c.st1, "permit.requested",
		arena_printf(&x->arena,
			     "{'product':'GW','serial':'prog','release':'FW1','nonce':'%s'}",
			     text));
	if (r->status != 201)
		stop_test("permit.requested: %s\n", r->body);
	const json_t *row = company_wait(&c, path_of("permit.list", "prog"));
	assert_true(programming_permit_parse(column(row, "permit"), &sign1, &permit, &why));
	assert_true(bytes_equal(permit.nonce, bytes_of(nonce, sizeof nonce)));
	assert_true(hash_equal(permit.unit_key, public_key_id(private_key_public(key))));
	assert_true(hash_equal(permit.station_key, public_key_id(private_key_public(c.st1.key))));
	private_key_close(key);
}

/* ---- whatever falls asleep ---- */

static void request_while_the_signer_is_away_is_issued_when_it_is_back(void **state)
{
	struct private_key *key = new_device_key();

	(void)state;
	api_signer_away(x);
	must_have(company_request(&c, "BA1", "away", key), 202);
	assert_null(company_row(&c, path_of("unit.certificate", "away")));
	api_signer_back(x);
	(void)wait_for_certificate("away");
	private_key_close(key);
}

static void what_a_stop_left_is_issued_at_start(void **state)
{
	struct private_key *key = new_device_key();

	(void)state;
	api_signer_away(x);
	must_have(company_request(&c, "BA1", "left", key), 202);
	struct reply *asked =
		api_sign(x, &x->erin, "build.authorized", company_authorization(&c, "BA-S", 3, ""));
	must_have(asked, 202);
	api_stop(x);
	api_signer_back(x);
	api_start(x);
	(void)wait_for_certificate("left");
	private_key_close(key);
}

/* Everything is answered: starting again asks nothing twice and records nothing twice. */
static void starting_again_records_nothing_twice(void **state)
{
	(void)state;
	company_authorize(&c, "BA-T", 2, ""); /* the signer has come so far */
	uint64_t before = log_size();
	for (int i = 0; i < 3; i++) {
		api_stop(x);
		api_start(x);
		struct reply *r = api_get(x, NULL, "/readyz");
		must_have(r, 200);
		assert_int_equal(log_size(), before);
	}
	company_authorize(&c, "BA-U", 2, "");
	assert_int_equal(log_size(), before + 3); /* decision, approval, admission */
}

static void what_waits_is_counted_where_the_operator_looks(void **state)
{
	struct ask ask = {.path = "/metrics", .who = &x->ada};
	const struct reply *metrics = api_ask(x, &ask);

	(void)state;
	must_have(metrics, 200);
	assert_non_null(strstr(metrics->body, "sealwright_signer_waiting 1\n")); /* BA-M */
	assert_non_null(strstr(metrics->body, "sealwright_certificate_failures_total 0\n"));
}

/* Between the two the engine still publishes, and so tells of requests. Under the address
 * sanitizer this is what it is about. */
static void work_may_be_told_of_until_it_is_closed(void **state)
{
	struct signer_work *work = x->server->signer_work;

	(void)state;
	signer_work_stop(work);
	x->server->signer_work = NULL;
	signer_work_tell(work, "unit.requested");
	signer_work_close(work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(admission_says_who_agreed_to_what),
		cmocka_unit_test(manifest_is_of_what_was_released),
		cmocka_unit_test(nothing_waits_when_everything_is_answered),
		cmocka_unit_test(decision_by_a_stranger_to_the_charter_waits_and_is_seen),
		cmocka_unit_test(denied_decision_is_over_at_the_signer_too),
		cmocka_unit_test(withdrawn_release_is_over_at_the_signer_too),
		cmocka_unit_test(station_gets_a_credential_for_its_enrolled_key),
		cmocka_unit_test(unit_gets_a_certificate_and_a_receipt_that_counts_it),
		cmocka_unit_test(certified_device_is_known_by_its_key),
		cmocka_unit_test(same_key_gets_no_second_certificate),
		cmocka_unit_test(many_units_are_counted_without_a_gap),
		cmocka_unit_test(permit_is_for_the_device_and_its_nonce),
		cmocka_unit_test(request_while_the_signer_is_away_is_issued_when_it_is_back),
		cmocka_unit_test(what_a_stop_left_is_issued_at_start),
		cmocka_unit_test(starting_again_records_nothing_twice),
		cmocka_unit_test(what_waits_is_counted_where_the_operator_looks),
		cmocka_unit_test(work_may_be_told_of_until_it_is_closed), /* the last */
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Device certificates: by which station, for which unit, how many. */
#include <string.h>

#include "core/sha256.h"
#include "log_testing.h"

static struct test_log *start(uint64_t quantity)
{
	struct signer_test *t = signer_test_new();
	struct test_log *l = log_new(t);

	signer_start(t);
	house_builds(l, quantity);
	return l;
}

static void stop(struct test_log *l)
{
	signer_test_done(l->t);
}

static struct issued_unit issued(struct test_log *l, uint64_t sequence)
{
	struct issued_unit unit = issue_one(l, sequence);

	if (unit.why_not.code != OK)
		stop_test("%s", unit.why_not.message);
	return unit;
}

static void not_issued(struct test_log *l, uint64_t sequence, const char *message, bool final)
{
	struct issued_unit unit = issue_one(l, sequence);

	assert_int_not_equal(unit.why_not.code, OK);
	assert_string_equal(unit.why_not.message, message);
	assert_null(unit.certificate.p);
	assert_int_equal(signer_final(&unit.why_not), final);
}

static void read_receipt(const struct test_log *l, struct bytes receipt, struct issue_receipt *out)
{
	struct cose_sign1 sign1;
	struct public_key *key;
	const char *why = NULL;

	if (!issue_receipt_parse(receipt, &sign1, out, &why))
		stop_test("%s", why);
	assert_int_equal(
		public_key_from_ed25519(l->t->public.checkpoint.public_key, &key, NULL).code, OK);
	assert_true(cose_verify(&sign1, key, document_name(DOCUMENT_RECEIPT), sign1.payload));
	public_key_close(key);
}

/* ---- certificates ---- */

static void station_gets_a_certificate_and_a_receipt_that_counts(void **state)
{
	struct test_log *l = start(5);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint64_t request = put_unit(l, i % 2, "A1", i);
		struct issued_unit unit = issued(l, request);
		struct device_certificate read;
		struct issue_receipt receipt;

		assert_int_equal(certificate_check_device(&l->t->arena, unit.certificate,
							  l->t->public.ca_certificate, &read, NULL)
					 .code,
				 OK);
		assert_true(bytes_equal(read.serial, bytes_text(unit_serial(i))));
		read_receipt(l, unit.receipt, &receipt);
		assert_int_equal(receipt.n, i + 1);
		assert_int_equal(receipt.of, 5);
		assert_true(hash_equal(receipt.request, l->digests[request]));
		assert_true(hash_equal(receipt.certificate, sha256(unit.certificate)));
		assert_int_equal(receipt.anchor, ANCHOR_NONE);
	}
	stop(l);
}

static void same_request_has_the_same_certificate_and_receipt_for_ever(void **state)
{
	struct test_log *l = start(5);
	uint64_t request = put_unit(l, 0, "A1", 0);

	(void)state;
	struct issued_unit first = issued(l, request), again = issued(l, request);
	assert_true(bytes_equal(first.certificate, again.certificate));
	assert_true(bytes_equal(first.receipt, again.receipt));
	assert_int_equal(signer_stop(l->t), 0);
	signer_start(l->t);
	(void)put_unit(l, 0, "A1", 1);
	again = issued(l, request);
	assert_true(bytes_equal(first.certificate, again.certificate));
	assert_true(bytes_equal(first.receipt, again.receipt));
	stop(l);
}

static void quantity_is_never_exceeded_also_in_one_batch(void **state)
{
	enum { ASKED = 70, QUANTITY = 66 };
	struct test_log *l = start(QUANTITY);
	uint64_t requests[ASKED];
	struct issued_unit *units = arena_array(&l->t->arena, ASKED, sizeof(*units));
	bool seen[QUANTITY + 1] = {false};
	size_t made = 0;

	(void)state;
	for (size_t i = 0; i < ASKED; i++)
		requests[i] = put_unit(l, 0, "A1", i);
	log_sign(l);
	struct evidence evidence = log_show(l, requests, ASKED);
	assert_int_equal(
		signer_issue_units(l->t->client, &evidence, &l->t->arena, units, NULL).code, OK);
	for (size_t i = 0; i < ASKED; i++) {
		struct issue_receipt receipt;

		if (units[i].why_not.code != OK) {
			assert_string_equal(units[i].why_not.message, "SIGNER_QUOTA_SPENT");
			continue;
		}
		read_receipt(l, units[i].receipt, &receipt);
		assert_in_range(receipt.n, 1, QUANTITY);
		assert_false(seen[receipt.n]);
		seen[receipt.n] = true;
		made++;
	}
	assert_int_equal(made, QUANTITY);
	assert_int_equal(signer_stop(l->t), 0);
	signer_start(l->t);
	not_issued(l, put_unit(l, 0, "A1", 100), "SIGNER_QUOTA_SPENT", true);
	stop(l);
}

static void station_that_is_not_named_gets_nothing(void **state)
{
	struct test_log *l = start(5);
	struct put fields[] = {TEXT("product", PRODUCT), TEXT("serial", unit_serial(0)),
			       TEXT("authorization", "A1"), BYTES("csr", unit_csr(0, 0))};
	struct made made = {.key = station_key(2),
			    .author = station_name(0), /* another's name */
			    .type = "unit.requested",
			    .body = body_make(&l->t->arena, fields, 4)};

	(void)state;
	not_issued(l, put_unit(l, 2, "A1", 0), "SIGNER_STATION_UNKNOWN", true);
	not_issued(l, log_put(l, &made), "SIGNER_STATION_UNKNOWN", true);
	made.author = "somebody"; /* the right key, another name */
	made.key = station_key(0);
	not_issued(l, log_put(l, &made), "SIGNER_STATION_UNKNOWN", true);
	made.author = station_name(0);
	made.spoiled = true;
	not_issued(l, log_put(l, &made), "PROOF_WRONG", false);
	made.key = NULL;
	not_issued(l, log_put(l, &made), "SIGNER_STATION_UNKNOWN", true);
	stop(l);
}

static void key_that_does_not_come_along_or_is_another_is_noticed(void **state)
{
	struct test_log *l = start(5);
	uint64_t request = put_unit(l, 0, "A1", 0);
	struct issued_unit unit;

	(void)state;
	log_sign(l);
	struct proved_entry entry = log_prove(l, request);
	struct evidence evidence = {.size = l->asked, .entries = &entry, .n = 1};
	entry.author_key = (struct bytes){0};
	assert_int_equal(
		signer_issue_units(l->t->client, &evidence, &l->t->arena, &unit, NULL).code, OK);
	assert_string_equal(unit.why_not.message, "SIGNER_STATION_KEY_MISSING");
	entry.author_key = public_key_spki(private_key_public(station_key(1)));
	assert_int_equal(
		signer_issue_units(l->t->client, &evidence, &l->t->arena, &unit, NULL).code, OK);
	assert_string_equal(unit.why_not.message, "SIGNER_STATION_KEY_MISSING");
	stop(l);
}

static void authorization_that_was_not_admitted_is_none(void **state)
{
	struct test_log *l = start(5);
	uint64_t request = put_unit(l, 0, "A2", 0), build = put_authorization(l, "A2", "R1", 1);

	(void)state;
	not_issued(l, request, "SIGNER_NOT_ADMITTED", false);
	(void)decided(l, DECISION_AUTHORIZE, AT(build, put_approval(l, BEN, build)));
	(void)issued(l, request);
	stop(l);
}

static void authorization_ends_with_its_time(void **state)
{
	struct test_log *l = start(5);
	uint64_t request = put_unit(l, 0, "A1", 0);

	(void)state;
	struct issued_unit first = issued(l, request);
	l->t->moved->wall_ahead += 2 * 3600000;
	l->t->moved->steady_ahead += 2 * 3600000;
	not_issued(l, put_unit(l, 0, "A1", 1), "SIGNER_AUTHORIZATION_OVER", true);
	struct issued_unit again = issued(l, request); /* what was promised stays */
	assert_true(bytes_equal(first.certificate, again.certificate));
	stop(l);
}

static void serial_and_key_are_used_once(void **state)
{
	struct test_log *l = start(5);
	struct put fields[] = {TEXT("product", PRODUCT), TEXT("serial", unit_serial(1)),
			       TEXT("authorization", "A1"), BYTES("csr", unit_csr(0, 1))};
	struct made made = {.key = station_key(0),
			    .author = station_name(0),
			    .type = "unit.requested",
			    .body = body_make(&l->t->arena, fields, 4)};

	(void)state;
	(void)issued(l, put_unit(l, 0, "A1", 0));
	not_issued(l, put_unit(l, 1, "A1", 0), "SIGNER_ALREADY_ISSUED", true);
	not_issued(l, log_put(l, &made), "SIGNER_ALREADY_ISSUED", true);
	fields[1].text = unit_serial(2); /* the request is for another serial */
	fields[3].bytes = unit_csr(2, 3);
	made.body = body_make(&l->t->arena, fields, 4);
	not_issued(l, log_put(l, &made), "SIGNER_SERIAL_DIFFERS", true);
	stop(l);
}

static void one_that_is_refused_does_not_keep_the_others_back(void **state)
{
	struct test_log *l = start(5);
	uint64_t requests[] = {put_unit(l, 0, "A1", 0), put_unit(l, 2, "A1", 1),
			       put_unit(l, 0, "A1", 0), put_unit(l, 1, "A1", 2)};
	struct issued_unit units[5];

	(void)state;
	log_sign(l);
	uint64_t all[] = {requests[0], requests[1], requests[2], requests[3], requests[0]};
	struct evidence evidence = log_show(l, all, 5);
	assert_int_equal(
		signer_issue_units(l->t->client, &evidence, &l->t->arena, units, NULL).code, OK);
	assert_int_equal(units[0].why_not.code, OK);
	assert_string_equal(units[1].why_not.message, "SIGNER_STATION_UNKNOWN");
	assert_string_equal(units[2].why_not.message, "SIGNER_ALREADY_ISSUED");
	assert_int_equal(units[3].why_not.code, OK);
	assert_true(bytes_equal(units[4].receipt, units[0].receipt));
	stop(l);
}

static void certificate_request_must_hold(void **state)
{
	struct test_log *l = start(5);
	struct bytes good = unit_csr(0, 0);
	uint8_t *forged = arena_alloc(&l->t->arena, good.n);
	struct put fields[] = {TEXT("product", PRODUCT), TEXT("serial", unit_serial(0)),
			       TEXT("authorization", "A1"), BYTES("csr", bytes_of(good.p, 100))};
	struct made made = {.key = station_key(0),
			    .author = station_name(0),
			    .type = "unit.requested",
			    .body = body_make(&l->t->arena, fields, 4)};

	(void)state;
	not_issued(l, log_put(l, &made), "CSR_MALFORMED", true);
	memcpy(forged, good.p, good.n);
	forged[good.n - 1] ^= 1;
	fields[3].bytes = bytes_of(forged, good.n);
	made.body = body_make(&l->t->arena, fields, 4);
	not_issued(l, log_put(l, &made), "CSR_NOT_POSSESSED", true);
	fields[3].bytes = (struct bytes){0};
	made.body = body_make(&l->t->arena, fields, 4);
	not_issued(l, log_put(l, &made), "SIGNER_BODY_WRONG", true);
	fields[3].bytes = good; /* nothing of the above used the serial up */
	made.body = body_make(&l->t->arena, fields, 4);
	(void)issued(l, log_put(l, &made));
	stop(l);
}

static void keys_and_serials_of_one_batch_are_compared_too(void **state)
{
	struct test_log *l = start(5);
	struct put fields[] = {TEXT("product", PRODUCT), TEXT("serial", unit_serial(3)),
			       TEXT("authorization", "A1"), BYTES("csr", unit_csr(0, 3))};
	struct made made = {.key = station_key(0),
			    .author = station_name(0),
			    .type = "unit.requested",
			    .body = body_make(&l->t->arena, fields, 4)};
	uint64_t first = put_unit(l, 0, "A1", 0), key = log_put(l, &made);
	struct issued_unit units[3];

	(void)state;
	uint64_t serial = put_unit(l, 1, "A1", 0), all[] = {first, key, serial};
	log_sign(l);
	struct evidence evidence = log_show(l, all, 3);
	assert_int_equal(
		signer_issue_units(l->t->client, &evidence, &l->t->arena, units, NULL).code, OK);
	assert_int_equal(units[0].why_not.code, OK);
	assert_string_equal(units[1].why_not.message, "SIGNER_ALREADY_ISSUED");
	assert_string_equal(fault_value(&units[1].why_not, "what"), "key");
	assert_string_equal(fault_value(&units[2].why_not, "what"), "serial");
	stop(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(station_gets_a_certificate_and_a_receipt_that_counts),
		cmocka_unit_test(same_request_has_the_same_certificate_and_receipt_for_ever),
		cmocka_unit_test(quantity_is_never_exceeded_also_in_one_batch),
		cmocka_unit_test(station_that_is_not_named_gets_nothing),
		cmocka_unit_test(key_that_does_not_come_along_or_is_another_is_noticed),
		cmocka_unit_test(authorization_that_was_not_admitted_is_none),
		cmocka_unit_test(authorization_ends_with_its_time),
		cmocka_unit_test(serial_and_key_are_used_once),
		cmocka_unit_test(certificate_request_must_hold),
		cmocka_unit_test(keys_and_serials_of_one_batch_are_compared_too),
		cmocka_unit_test(one_that_is_refused_does_not_keep_the_others_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

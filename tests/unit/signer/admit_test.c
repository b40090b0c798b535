/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions: who must have agreed before the signer signs. */
#include "core/sha256.h"
#include "log_testing.h"

static struct test_log *start(void)
{
	struct signer_test *t = signer_test_new();

	signer_start(t);
	return log_new(t);
}

static void stop(struct test_log *l)
{
	signer_test_done(l->t);
}

static struct hash digest_of_document(struct bytes document, struct admission *out)
{
	struct cose_sign1 sign1;
	const char *why = NULL;

	if (!admission_parse(document, &sign1, out, &why))
		stop_test("%s", why);
	return out->claim;
}

/* ---- what is admitted ---- */

static void what_people_agreed_to_is_admitted_and_said_in_a_signed_document(void **state)
{
	struct test_log *l = start();
	struct admission admission;
	struct cose_sign1 sign1;
	const char *why = NULL;

	(void)state;
	uint64_t release = put_release(l, "R1", "staging", 3);
	struct bytes manifest =
		decided(l, DECISION_FIRMWARE, AT(release, put_approval(l, BEN, release)));
	struct firmware_manifest read;
	assert_true(firmware_manifest_parse(manifest, &sign1, &read, &why));
	assert_true(bytes_equal(read.release, bytes_text("R1")));
	assert_true(bytes_equal(read.environment, bytes_text("staging")));
	assert_int_equal(read.security_version, 3);
	assert_true(hash_equal(read.claim, l->digests[release]));

	uint64_t build = put_authorization(l, "A1", "R1", 10), vote = put_approval(l, CLEO, build);
	struct bytes document = decided(l, DECISION_AUTHORIZE, AT(build, vote));
	struct hash claim = digest_of_document(document, &admission);
	assert_true(hash_equal(claim, l->digests[build]));
	assert_int_equal(admission.charter, 1);
	assert_int_equal(admission.approvals_n, 1);
	struct hash counted = admission_approval(&admission, 0);
	assert_true(hash_equal(counted, l->digests[vote]));
	stop(l);
}

static void manifest_is_signed_by_the_key_of_its_environment(void **state)
{
	struct test_log *l = start();
	struct signer_status status;

	(void)state;
	assert_int_equal(signer_status_read(l->t->client, &l->t->arena, &status, NULL).code, OK);
	for (size_t i = 0; i < SIGNER_ENVIRONMENTS; i++) {
		const char *id[] = {"R1", "R2", "R3"};
		uint64_t release = put_release(l, id[i], SIGNER_ENVIRONMENT[i], 1);
		struct bytes manifest =
			decided(l, DECISION_FIRMWARE, AT(release, put_approval(l, ADA, release)));
		struct firmware_manifest read;
		struct cose_sign1 sign1;
		struct public_key *key;
		const char *why = NULL;

		assert_true(firmware_manifest_parse(manifest, &sign1, &read, &why));
		assert_true(hash_equal(sign1.kid, status.firmware_keys[i]));
		assert_int_equal(public_key_parse(status.firmware_spki[i], &key, NULL).code, OK);
		assert_true(
			cose_verify(&sign1, key, document_name(DOCUMENT_MANIFEST), sign1.payload));
		assert_false(
			cose_verify(&sign1, key, document_name(DOCUMENT_PERMIT), sign1.payload));
		public_key_close(key);
	}
	stop(l);
}

static void asked_again_the_document_is_the_same_also_after_a_start(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1),
		 vote = put_approval(l, BEN, release);

	(void)state;
	struct bytes first = decided(l, DECISION_FIRMWARE, AT(release, vote));
	assert_true(bytes_equal(first, decided(l, DECISION_FIRMWARE, AT(release, vote))));
	assert_int_equal(signer_stop(l->t), 0);
	signer_start(l->t);
	assert_true(bytes_equal(first, decided(l, DECISION_FIRMWARE, AT(release, vote))));
	/* Also without what it took at first. */
	assert_true(bytes_equal(first, decided(l, DECISION_FIRMWARE, AT(release))));
	stop(l);
}

/* ---- who must agree ---- */

static void nobody_agreed(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1);

	(void)state;
	refused(l, DECISION_FIRMWARE, AT(release), "SIGNER_APPROVALS_MISSING");
	stop(l);
}

static void author_does_not_agree_with_himself(void **state)
{
	struct test_log *l = start();
	struct hash image = sha256(bytes_text("image"));
	struct put fields[] = {
		TEXT("release", "R1"),
		TEXT("product", PRODUCT),
		TEXT("version", "1.0"),
		TEXT("environment", "production"),
		BYTES("image", hash_bytes(&image)),
		NUMBER("image_size", 1),
		NUMBER("security_version", 1),
	};
	struct made made = {.key = person_key(ADA),
			    .author = "ada",
			    .type = "firmware.released",
			    .body = body_make(&l->t->arena, fields, 7)};

	(void)state;
	uint64_t release = log_put(l, &made);
	refused(l, DECISION_FIRMWARE, AT(release, put_approval(l, ADA, release)),
		"SIGNER_APPROVALS_MISSING");
	(void)decided(l, DECISION_FIRMWARE, AT(release, put_approval(l, BEN, release)));
	stop(l);
}

static void people_outside_the_rules_groups_do_not_count(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1);

	(void)state;
	refused(l, DECISION_FIRMWARE, AT(release, put_approval(l, ERIN, release)),
		"SIGNER_APPROVALS_MISSING");
	/* A recovery key is for the charter alone. */
	refused(l, DECISION_FIRMWARE, AT(release, put_approval(l, RITA, release)),
		"SIGNER_APPROVALS_MISSING");
	stop(l);
}

static void author_whom_the_charter_does_not_know_decides_nothing(void **state)
{
	struct test_log *l = start();
	struct put fields[] = {TEXT("authorization", "A1"),
			       TEXT("product", PRODUCT),
			       TEXT("release", "R1"),
			       NUMBER("quantity", 1),
			       NUMBER("valid_until", test_now(l->t) + 1000000),
			       TEXT("hardware_type", HARDWARE_TYPE),
			       ITEM("stations", stations_item(&l->t->arena, 1))};
	struct made made = {.key = station_key(2),
			    .author = "ada", /* her name is not her key */
			    .type = "build.authorized",
			    .version = 2,
			    .body = body_make(&l->t->arena, fields, 7)};

	(void)state;
	house_builds(l, 1);
	fields[0].text = "A2";
	made.body = body_make(&l->t->arena, fields, 7);
	uint64_t build = log_put(l, &made);
	refused(l, DECISION_AUTHORIZE, AT(build, put_approval(l, BEN, build)),
		"SIGNER_AUTHOR_UNKNOWN");
	stop(l);
}

static void approval_of_another_record_is_none(void **state)
{
	struct test_log *l = start();
	uint64_t one = put_release(l, "R1", "production", 1),
		 two = put_release(l, "R2", "production", 1);

	(void)state;
	refused(l, DECISION_FIRMWARE, AT(one, put_approval(l, BEN, two)), "SIGNER_APPROVAL_WRONG");
	refused(l, DECISION_FIRMWARE, AT(one, two), "SIGNER_APPROVAL_WRONG");
	refused(l, DECISION_FIRMWARE, AT(one, put_denial(l, BEN, one)), "SIGNER_APPROVAL_WRONG");
	stop(l);
}

static void proof_that_does_not_hold_is_none(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1);
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[release]))};
	struct made made = {.key = person_key(BEN),
			    .author = "ben",
			    .type = "approval.given",
			    .body = body_make(&l->t->arena, fields, 1),
			    .spoiled = true};

	(void)state;
	uint64_t wrong = log_put(l, &made);
	refused(l, DECISION_FIRMWARE, AT(release, wrong), "PROOF_WRONG");
	(void)decided(l, DECISION_FIRMWARE, AT(release, wrong, put_approval(l, CLEO, release)));
	stop(l);
}

static void old_approval_is_over(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1);
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[release])),
			       NUMBER("not_after", test_now(l->t) - 1)};
	struct made made = {.key = person_key(BEN),
			    .author = "ben",
			    .type = "approval.given",
			    .at = test_now(l->t) - 4 * 3600000 - 1000,
			    .body = body_make(&l->t->arena, fields, 1)};

	(void)state;
	refused(l, DECISION_FIRMWARE, AT(release, log_put(l, &made)), "SIGNER_APPROVALS_MISSING");
	made.at = 0; /* now, but it says until when */
	made.version = 2;
	made.body = body_make(&l->t->arena, fields, 2);
	refused(l, DECISION_FIRMWARE, AT(release, log_put(l, &made)), "SIGNER_APPROVALS_MISSING");
	made.at = test_now(l->t) + 600000; /* of the future */
	made.body = body_make(&l->t->arena, fields, 1);
	refused(l, DECISION_FIRMWARE, AT(release, log_put(l, &made)), "SIGNER_APPROVALS_MISSING");
	stop(l);
}

static void decision_that_waited_too_long_is_over_for_good(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1);
	struct fault f = {0};
	struct bytes document;

	(void)state;
	l->t->moved->wall_ahead += 25 * 3600000;
	l->t->moved->steady_ahead += 25 * 3600000;
	uint64_t vote = put_approval(l, BEN, release);
	assert_int_not_equal(decide(l, DECISION_FIRMWARE, AT(release, vote), &document, &f).code,
			     OK);
	assert_string_equal(f.message, "SIGNER_REQUEST_OVER");
	assert_true(signer_final(&f));
	stop(l);
}

/* Of an author's clock that runs ahead, or a signer's that runs behind. */
static void decision_of_the_future_waits(void **state)
{
	struct test_log *l = start();
	struct fault f = {0};
	struct bytes document;

	(void)state;
	l->t->moved->wall_ahead += 600000;
	uint64_t release = put_release(l, "R1", "production", 1);
	l->t->moved->wall_ahead -= 600000;
	uint64_t vote = put_approval(l, BEN, release);
	assert_int_not_equal(decide(l, DECISION_FIRMWARE, AT(release, vote), &document, &f).code,
			     OK);
	assert_string_equal(f.message, "SIGNER_REQUEST_EARLY");
	assert_false(signer_final(&f));
	l->t->moved->wall_ahead += 600000;
	l->t->moved->steady_ahead += 600000;
	(void)decided(l, DECISION_FIRMWARE, AT(release, vote));
	stop(l);
}

/* An empty list of hardware revisions means all of them: what is no list must not pass for one. */
static void list_that_is_none_is_not_read_as_empty(void **state)
{
	static const uint8_t digest[32] = {1};
	struct test_log *l = start();
	struct put fields[] = {
		TEXT("release", "R1"),
		TEXT("product", PRODUCT),
		TEXT("version", "1.0"),
		TEXT("environment", "production"),
		BYTES("image", bytes_of(digest, sizeof(digest))),
		NUMBER("image_size", 100),
		NUMBER("security_version", 1),
		TEXT("hardware_revisions", "A"),
	};
	struct made made = {.key = person_key(ERIN),
			    .author = "erin",
			    .type = "firmware.released",
			    .body = body_make(&l->t->arena, fields, 8)};

	(void)state;
	uint64_t release = log_put(l, &made);
	refused(l, DECISION_FIRMWARE, AT(release, put_approval(l, BEN, release)),
		"SIGNER_BODY_WRONG");
	stop(l);
}

/* ---- build authorizations ---- */

static void authorization_needs_a_release_that_was_let_go(void **state)
{
	struct test_log *l = start();
	uint64_t build = put_authorization(l, "A1", "R1", 10), vote = put_approval(l, BEN, build);

	(void)state;
	refused(l, DECISION_AUTHORIZE, AT(build, vote), "SIGNER_NOT_ADMITTED");
	uint64_t release = put_release(l, "R1", "production", 1);
	(void)decided(l, DECISION_FIRMWARE, AT(release, put_approval(l, BEN, release)));
	(void)decided(l, DECISION_AUTHORIZE, AT(build, vote));
	stop(l);
}

static void number_of_an_authorization_is_used_once(void **state)
{
	struct test_log *l = start();

	(void)state;
	house_builds(l, 10);
	uint64_t build = put_authorization(l, "A1", "R1", 1000);
	refused(l, DECISION_AUTHORIZE, AT(build, put_approval(l, BEN, build)), "SIGNER_ID_TAKEN");
	uint64_t release = put_release(l, "R1", "production", 9);
	refused(l, DECISION_FIRMWARE, AT(release, put_approval(l, BEN, release)),
		"SIGNER_ID_TAKEN");
	stop(l);
}

static void authorization_names_stations_type_and_time(void **state)
{
	struct test_log *l = start();
	struct put fields[] = {TEXT("authorization", "A2"),
			       TEXT("product", PRODUCT),
			       TEXT("release", "R1"),
			       NUMBER("quantity", 1),
			       NUMBER("valid_until", test_now(l->t) + 1000000),
			       TEXT("hardware_type", HARDWARE_TYPE),
			       ITEM("stations", stations_item(&l->t->arena, 1))};
	static const char *const message[] = {"SIGNER_BODY_WRONG",      "SIGNER_BODY_WRONG",
					      "SIGNER_BODY_WRONG",      "SIGNER_BODY_WRONG",
					      "SIGNER_BODY_WRONG",      "SIGNER_BODY_WRONG",
					      "SIGNER_STATIONS_MISSING"};
	struct made made = {.key = person_key(ERIN),
			    .author = "erin",
			    .type = "build.authorized",
			    .version = 2};

	(void)state;
	house_builds(l, 10);
	for (size_t i = 0; i < 7; i++) { /* each field is missing once */
		struct put kept = fields[i];

		fields[i] = (struct put)TEXT("a", "b");
		made.body = body_make(&l->t->arena, fields, 7);
		fields[i] = kept;
		uint64_t build = log_put(l, &made);
		refused(l, DECISION_AUTHORIZE, AT(build, put_approval(l, BEN, build)), message[i]);
	}
	fields[4].number = test_now(l->t) - 1;
	made.body = body_make(&l->t->arena, fields, 7);
	uint64_t build = log_put(l, &made);
	refused(l, DECISION_AUTHORIZE, AT(build, put_approval(l, BEN, build)),
		"SIGNER_AUTHORIZATION_OVER");
	stop(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_agreed_to_is_admitted_and_said_in_a_signed_document),
		cmocka_unit_test(manifest_is_signed_by_the_key_of_its_environment),
		cmocka_unit_test(asked_again_the_document_is_the_same_also_after_a_start),
		cmocka_unit_test(nobody_agreed),
		cmocka_unit_test(author_does_not_agree_with_himself),
		cmocka_unit_test(people_outside_the_rules_groups_do_not_count),
		cmocka_unit_test(author_whom_the_charter_does_not_know_decides_nothing),
		cmocka_unit_test(approval_of_another_record_is_none),
		cmocka_unit_test(proof_that_does_not_hold_is_none),
		cmocka_unit_test(old_approval_is_over),
		cmocka_unit_test(decision_that_waited_too_long_is_over_for_good),
		cmocka_unit_test(decision_of_the_future_waits),
		cmocka_unit_test(list_that_is_none_is_not_read_as_empty),
		cmocka_unit_test(authorization_needs_a_release_that_was_let_go),
		cmocka_unit_test(number_of_an_authorization_is_used_once),
		cmocka_unit_test(authorization_names_stations_type_and_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

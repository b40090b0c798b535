/* SPDX-License-Identifier: Apache-2.0 */
/* Denials, and programming permits: what ends, and what may be programmed. */
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

/* ---- denials ---- */

static void denial_ends_an_authorization_and_says_how_many_there_are(void **state)
{
	struct test_log *l = start(5);
	uint64_t build = 2, request = put_unit(l, 0, "A1", 0); /* release, approval, build */
	struct hash digest;
	uint64_t count = 0;
	struct fault f = {0};

	(void)state;
	struct issued_unit first = issued(l, request);
	uint64_t denial = put_denial(l, CLEO, build);
	assert_int_equal(signer_deny(l->t->client, l->entries[denial], &digest, &count, &f).code,
			 OK);
	assert_true(hash_equal(digest, l->digests[build]));
	assert_int_equal(count, 1);
	not_issued(l, put_unit(l, 0, "A1", 1), "SIGNER_ENDED", true);
	refused(l, DECISION_AUTHORIZE, AT(build, put_approval(l, BEN, build)), "SIGNER_DENIED");
	assert_int_equal(signer_stop(l->t), 0);
	signer_start(l->t);
	not_issued(l, put_unit(l, 0, "A1", 1), "SIGNER_ENDED", true);
	assert_int_equal(signer_deny(l->t->client, l->entries[denial], &digest, &count, &f).code,
			 OK);
	assert_int_equal(count, 1);
	struct issued_unit again = issued(l, request);
	assert_true(bytes_equal(first.certificate, again.certificate));
	stop(l);
}

static void denial_comes_by_any_path_and_before_the_decision(void **state)
{
	struct test_log *l = start(5);
	uint64_t release = put_release(l, "R2", "production", 1),
		 vote = put_approval(l, BEN, release);
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[release])),
			       TEXT("reason", "no")};
	struct made made = {.key = person_key(ERIN),
			    .author = "erin",
			    .type = "approval.denied",
			    .body = body_make(&l->t->arena, fields, 2)};
	struct hash digest;
	uint64_t count;

	(void)state;
	assert_int_equal(
		signer_deny(l->t->client, record_make(l, &made), &digest, &count, NULL).code, OK);
	refused(l, DECISION_FIRMWARE, AT(release, vote), "SIGNER_DENIED");
	assert_int_equal(signer_stop(l->t), 0);
	signer_start(l->t);
	refused(l, DECISION_FIRMWARE, AT(release, vote), "SIGNER_DENIED");
	stop(l);
}

static void only_people_of_the_charter_deny(void **state)
{
	struct test_log *l = start(5);
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[2])), TEXT("reason", "no")};
	struct made made = {.key = station_key(0),
			    .author = "ada",
			    .type = "approval.denied",
			    .body = body_make(&l->t->arena, fields, 2)};
	static const char garbage[] = "garbage";
	struct hash digest;
	uint64_t count;
	struct fault f = {0};

	(void)state;
	assert_int_equal(signer_deny(l->t->client, record_make(l, &made), &digest, &count, &f).code,
			 ERR_FORBIDDEN);
	assert_string_equal(f.message, "SIGNER_DENIER_UNKNOWN");
	made.key = person_key(ADA);
	made.spoiled = true;
	assert_int_not_equal(
		signer_deny(l->t->client, record_make(l, &made), &digest, &count, &f).code, OK);
	assert_string_equal(f.message, "PROOF_WRONG");
	made.spoiled = false;
	made.origin = "other.example/log";
	assert_int_not_equal(
		signer_deny(l->t->client, record_make(l, &made), &digest, &count, &f).code, OK);
	assert_string_equal(f.message, "SIGNER_OTHER_LOG");
	assert_int_not_equal(
		signer_deny(l->t->client, bytes_text(garbage), &digest, &count, &f).code, OK);
	assert_string_equal(f.message, "SIGNER_ENTRY_MALFORMED");
	assert_int_not_equal(signer_deny(l->t->client, l->entries[2], &digest, &count, &f).code,
			     OK);
	assert_string_equal(f.message, "SIGNER_TYPE_UNKNOWN");
	(void)issued(l, put_unit(l, 0, "A1", 0));
	stop(l);
}

static void closing_ends_by_number(void **state)
{
	struct test_log *l = start(5);
	struct put fields[] = {TEXT("authorization", "A1"), NUMBER("built", 1)};
	struct made made = {.key = person_key(ADA),
			    .author = "ada",
			    .type = "build.closed",
			    .body = body_make(&l->t->arena, fields, 2)};
	struct hash digest;
	uint64_t count = 0, closed = log_put(l, &made);

	(void)state;
	(void)issued(l, put_unit(l, 0, "A1", 0));
	assert_int_equal(signer_deny(l->t->client, l->entries[closed], &digest, &count, NULL).code,
			 OK);
	assert_int_equal(count, 1);
	not_issued(l, put_unit(l, 0, "A1", 1), "SIGNER_ENDED", true);
	stop(l);
}

/* ---- permits ---- */

static void permitted(struct test_log *l, uint64_t request, struct programming_permit *out)
{
	struct fault f = {0};
	struct cose_sign1 sign1;
	const char *why = NULL;
	struct bytes permit = permit_one(l, request, &f);

	if (f.code != OK)
		stop_test("%s", f.message);
	if (!programming_permit_parse(permit, &sign1, out, &why))
		stop_test("%s", why);
}

static void not_permitted(struct test_log *l, uint64_t request, const char *message)
{
	struct fault f = {0};
	struct bytes permit = permit_one(l, request, &f);

	assert_null(permit.p);
	assert_int_not_equal(f.code, OK);
	assert_string_equal(f.message, message);
}

static void permit_is_for_this_unit_this_image_and_an_hour(void **state)
{
	struct test_log *l = start(5);
	struct programming_permit permit, again;
	struct hash image = sha256(bytes_text("R1"));

	(void)state;
	(void)issued(l, put_unit(l, 0, "A1", 0));
	uint64_t request = put_permit(l, 1, 0, "R1", 7);
	permitted(l, request, &permit);
	assert_true(bytes_equal(permit.serial, bytes_text(unit_serial(0))));
	assert_true(hash_equal(permit.image, image));
	assert_int_equal(permit.until - permit.from, 3600000);
	assert_int_equal(permit.nonce.n, 16);
	assert_true(hash_equal(permit.claim, l->digests[request]));
	permitted(l, request, &again);
	assert_int_equal(permit.from, again.from);
	assert_int_equal(signer_stop(l->t), 0);
	signer_start(l->t);
	struct fault f = {0};
	assert_true(bytes_equal(permit_one(l, request, &f), permit_one(l, request, &f)));
	uint64_t next = put_permit(l, 1, 0, "R1", 8);
	permitted(l, next, &again);
	assert_false(hash_equal(again.claim, permit.claim));
	stop(l);
}

static void permit_needs_its_unit_station_and_release(void **state)
{
	struct test_log *l = start(5);
	uint64_t other = put_release(l, "R2", "staging", 1), older;

	(void)state;
	not_permitted(l, put_permit(l, 0, 0, "R1", 1), "SIGNER_UNIT_UNKNOWN");
	(void)issued(l, put_unit(l, 0, "A1", 0));
	not_permitted(l, put_permit(l, 2, 0, "R1", 1), "SIGNER_STATION_UNKNOWN");
	not_permitted(l, put_permit(l, 0, 0, "R2", 1), "SIGNER_NOT_ADMITTED");
	(void)decided(l, DECISION_FIRMWARE, AT(other, put_approval(l, BEN, other)));
	not_permitted(l, put_permit(l, 0, 0, "R2", 1), "SIGNER_OTHER_ENVIRONMENT");
	older = put_release(l, "R0", "production", 0);
	(void)decided(l, DECISION_FIRMWARE, AT(older, put_approval(l, BEN, older)));
	not_permitted(l, put_permit(l, 0, 0, "R0", 1), "SIGNER_RELEASE_OLDER");
	uint64_t newer = put_release(l, "R3", "production", 2);
	(void)decided(l, DECISION_FIRMWARE, AT(newer, put_approval(l, BEN, newer)));
	struct programming_permit permit;
	permitted(l, put_permit(l, 0, 0, "R3", 1), &permit);
	assert_int_equal(permit.security_version, 2);
	stop(l);
}

static void permit_that_was_asked_for_long_ago_is_not_given(void **state)
{
	struct test_log *l = start(5);

	(void)state;
	(void)issued(l, put_unit(l, 0, "A1", 0));
	uint64_t old = put_permit(l, 0, 0, "R1", 1);
	l->t->moved->wall_ahead += 25 * 3600000;
	l->t->moved->steady_ahead += 25 * 3600000;
	not_permitted(l, old, "SIGNER_REQUEST_OVER");
	struct programming_permit permit;
	permitted(l, put_permit(l, 0, 0, "R1", 1), &permit);
	stop(l);
}

/* The journal never goes back: a time that is years ahead must not come into it. */
static void denial_under_a_clock_that_runs_ahead_does_not_stop_the_signer(void **state)
{
	struct test_log *l = start(5);
	struct hash digest;
	uint64_t count, release = put_release(l, "R2", "production", 1),
			denial = put_denial(l, CLEO, release);

	(void)state;
	l->t->moved->wall_ahead += 100000000000;
	assert_int_equal(signer_deny(l->t->client, l->entries[denial], &digest, &count, NULL).code,
			 OK);
	l->t->moved->wall_ahead -= 100000000000;
	(void)issued(l, put_unit(l, 0, "A1", 0));
	assert_int_equal(signer_stop(l->t), 0);
	signer_start(l->t);
	(void)issued(l, put_unit(l, 0, "A1", 1));
	stop(l);
}

static void withdrawn_release_is_not_permitted_any_more(void **state)
{
	struct test_log *l = start(5);
	struct put fields[] = {TEXT("release", "R1"), TEXT("reason", "a hole")};
	struct made made = {.key = person_key(ERIN),
			    .author = "erin",
			    .type = "firmware.withdrawn",
			    .body = body_make(&l->t->arena, fields, 2)};
	struct programming_permit permit;
	struct hash digest;
	uint64_t count;

	(void)state;
	(void)issued(l, put_unit(l, 0, "A1", 0));
	uint64_t early = put_permit(l, 0, 0, "R1", 1);
	permitted(l, early, &permit);
	assert_int_equal(
		signer_deny(l->t->client, record_make(l, &made), &digest, &count, NULL).code, OK);
	not_permitted(l, put_permit(l, 0, 0, "R1", 2), "SIGNER_ENDED");
	not_permitted(l, early, "SIGNER_ENDED");
	uint64_t build = put_authorization(l, "A2", "R1", 1);
	refused(l, DECISION_AUTHORIZE, AT(build, put_approval(l, BEN, build)), "SIGNER_ENDED");
	stop(l);
}

static void request_that_was_denied_gets_nothing(void **state)
{
	struct test_log *l = start(5);
	struct hash digest;
	uint64_t count;

	(void)state;
	(void)issued(l, put_unit(l, 0, "A1", 0));
	uint64_t unit = put_unit(l, 0, "A1", 1), permit = put_permit(l, 0, 0, "R1", 1);
	uint64_t one = put_denial(l, CLEO, unit), other = put_denial(l, CLEO, permit);
	assert_int_equal(signer_deny(l->t->client, l->entries[one], &digest, &count, NULL).code,
			 OK);
	assert_int_equal(signer_deny(l->t->client, l->entries[other], &digest, &count, NULL).code,
			 OK);
	not_issued(l, unit, "SIGNER_DENIED", true);
	not_permitted(l, permit, "SIGNER_DENIED");
	stop(l);
}

static void permit_of_an_authorization_that_ended_is_not_repeated(void **state)
{
	struct test_log *l = start(5);
	struct programming_permit permit;
	struct hash digest;
	uint64_t count, build = 2;

	(void)state;
	(void)issued(l, put_unit(l, 0, "A1", 0));
	uint64_t early = put_permit(l, 0, 0, "R1", 1);
	permitted(l, early, &permit);
	uint64_t denial = put_denial(l, CLEO, build);
	assert_int_equal(signer_deny(l->t->client, l->entries[denial], &digest, &count, NULL).code,
			 OK);
	not_permitted(l, early, "SIGNER_ENDED");
	stop(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(denial_ends_an_authorization_and_says_how_many_there_are),
		cmocka_unit_test(denial_comes_by_any_path_and_before_the_decision),
		cmocka_unit_test(only_people_of_the_charter_deny),
		cmocka_unit_test(closing_ends_by_number),
		cmocka_unit_test(permit_is_for_this_unit_this_image_and_an_hour),
		cmocka_unit_test(permit_needs_its_unit_station_and_release),
		cmocka_unit_test(permit_that_was_asked_for_long_ago_is_not_given),
		cmocka_unit_test(denial_under_a_clock_that_runs_ahead_does_not_stop_the_signer),
		cmocka_unit_test(withdrawn_release_is_not_permitted_any_more),
		cmocka_unit_test(request_that_was_denied_gets_nothing),
		cmocka_unit_test(permit_of_an_authorization_that_ended_is_not_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

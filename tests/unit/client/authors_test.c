/* SPDX-License-Identifier: Apache-2.0 */
/* Whose signature counts: a key speaks for whom an earlier entry gave it to, until one ends it. */
#include "authors_log.h"

static void author_is_believed_with_an_enrolled_key(void **state)
{
	struct log *l = *state;

	enroll(l, "alice", l->alice);
	must(l, speaks(l, "alice", l->alice));
	assert_int_equal(l->keys.verified, 2); /* the enrolment, too */
}

static void key_that_nobody_enrolled_signs_nothing(void **state)
{
	assert_wrong(*state, speaks(*state, "alice", ((struct log *)*state)->alice),
		     "nobody had enrolled its key");
}

static void key_enrolled_later_does_not_count_before(void **state)
{
	struct log *l = *state;
	struct bytes early =
		make_entry(l, "principal.suspended", "alice", l->alice, OUTCOME_FOLDED,
			   json_pack("{s:s, s:s}", "principal", "somebody", "reason", "a test"));

	assert_wrong(l, audit_one(l, early), "nobody had enrolled its key");
	enroll(l, "alice", l->alice);
	must(l, audit_one(l, early));
}

static void key_of_another_does_not_speak_for_the_author(void **state)
{
	struct log *l = *state;

	enroll(l, "alice", l->alice);
	enroll(l, "mallory", l->mallory);
	assert_wrong(l, speaks(l, "alice", l->mallory),
		     "its key belongs to somebody else than its author");
}

static void key_that_stands_in_another_field_is_nobodys(void **state)
{
	struct log *l = *state;
	char spki[2 * SPKI_SIZE_MAX];

	base64url_encode(public_key_spki(private_key_public(l->mallory)), spki);
	must(l, happens(l, "principal.suspended", "ada", l->ada, OUTCOME_FOLDED,
			json_pack("{s:s, s:s}", "principal", "alice", "reason", spki)));
	assert_wrong(l, speaks(l, "alice", l->mallory), "nobody had enrolled its key");
}

static void enrolment_without_effect_gives_no_key(void **state)
{
	static const enum outcome none[] = {OUTCOME_PENDING, OUTCOME_UNFOLDED, OUTCOME_UNVERIFIED};
	struct log *l = *state;

	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		must(l, happens(l, "key.enrolled", "ada", l->ada, none[i],
				enrolment("mallory", l->mallory)));
	assert_wrong(l, speaks(l, "mallory", l->mallory), "nobody had enrolled its key");
}

static void first_owner_keeps_the_key(void **state)
{
	struct log *l = *state;

	enroll(l, "alice", l->alice);
	enroll(l, "mallory", l->alice);
	must(l, speaks(l, "alice", l->alice));
	assert_wrong(l, speaks(l, "mallory", l->alice),
		     "its key belongs to somebody else than its author");
}

static void revoked_key_speaks_no_more(void **state)
{
	struct log *l = *state;
	struct hash id = public_key_id(private_key_public(l->alice));
	char hex[65];

	hex_encode(hash_bytes(&id), hex);
	enroll(l, "alice", l->alice);
	must(l, speaks(l, "alice", l->alice));
	must(l, happens(l, "key.revoked", "ada", l->ada, OUTCOME_FOLDED,
			json_pack("{s:s, s:s}", "key_id", hex, "reason", "lost")));
	assert_wrong(l, speaks(l, "alice", l->alice), "its key had ended before");
}

static void revocation_that_only_waits_ends_nothing(void **state)
{
	struct log *l = *state;
	struct hash id = public_key_id(private_key_public(l->alice));
	char hex[65];

	hex_encode(hash_bytes(&id), hex);
	enroll(l, "alice", l->alice);
	must(l, happens(l, "key.revoked", "ada", l->ada, OUTCOME_PENDING,
			json_pack("{s:s, s:s}", "key_id", hex, "reason", "lost")));
	must(l, speaks(l, "alice", l->alice));
}

static void who_left_speaks_no_more_and_others_do(void **state)
{
	struct log *l = *state;

	enroll(l, "alice", l->alice);
	enroll(l, "mallory", l->mallory);
	must(l, happens(l, "principal.left", "ada", l->ada, OUTCOME_FOLDED,
			json_pack("{s:s, s:s}", "principal", "mallory", "reason", "moved on")));
	assert_wrong(l, speaks(l, "mallory", l->mallory), "its key had ended before");
	must(l, speaks(l, "alice", l->alice));
}

static void enrolment_that_nobody_signed_is_refused(void **state)
{
	struct log *l = *state;

	assert_wrong(l,
		     happens(l, "key.enrolled", "ada", NULL, OUTCOME_FOLDED,
			     enrolment("mallory", l->mallory)),
		     "records of its type are signed, and it is not");
	assert_wrong(l, speaks(l, "mallory", l->mallory), "nobody had enrolled its key");
}

static void log_does_not_start_again_with_other_founders(void **state)
{
	struct log *l = *state;

	assert_wrong(l,
		     happens(l, "ledger.started", "server", NULL, OUTCOME_FOLDED,
			     start_by("mallory", l->mallory, NULL)),
		     "a log starts once, with its first entry");
	assert_wrong(l, speaks(l, "mallory", l->mallory), "nobody had enrolled its key");
}

/* ---- SSH signatures and passkeys ---- */

static void ssh_signatures_are_verified_like_others(void **state)
{
	struct log *l = *state;

	enroll(l, "alice", l->alice);
	l->form = PROOF_SSHSIG;
	must(l, speaks(l, "alice", l->alice));
	must(l, speaks(l, "ada", l->ada));
	assert_int_equal(l->keys.verified, 3);
	assert_wrong(l, speaks(l, "mallory", l->mallory), "nobody had enrolled its key");
	assert_wrong(l, speaks(l, "alice", l->ada),
		     "its key belongs to somebody else than its author");
}

static void passkeys_are_verified_where_the_log_names_its_party(void **state)
{
	struct log *l = *state;

	enroll(l, "alice", l->alice);
	l->form = PROOF_WEBAUTHN;
	must(l, speaks(l, "alice", l->alice));
	must(l, speaks(l, "ada", l->ada));
	assert_int_equal(l->keys.verified, 3);
	assert_int_equal(l->keys.passkeys, 0);
	l->party = "evil.example";
	assert_wrong(l, speaks(l, "alice", l->alice), "the assertion is for another relying party");
}

static void passkeys_are_counted_where_the_log_names_no_party(void **state)
{
	struct log *l = *state;

	enroll(l, "alice", l->alice);
	l->form = PROOF_WEBAUTHN;
	must(l, speaks(l, "alice", l->alice));
	assert_int_equal(l->keys.verified, 1);
	assert_int_equal(l->keys.passkeys, 1);
	assert_wrong(l, speaks(l, "mallory", l->mallory), "nobody had enrolled its key");
}

/* A signature over one claim, shown with another. */
static void a_proof_of_another_record_is_refused(void **state)
{
	static const enum proof_kind forms[] = {PROOF_COSE, PROOF_SSHSIG, PROOF_WEBAUTHN};
	static const char *const details[] = {"the signature does not match the claim and its key",
					      "the signature does not match",
					      "the challenge is not this record's digest"};
	struct log *l = *state;

	for (size_t i = 0; i < 3; i++) {
		struct entry entry, other;
		const char *why;
		json_t *body = json_pack("{s:s, s:s}", "principal", "x", "reason", "one");
		struct bytes bytes;

		l->form = forms[i];
		bytes = make_entry(l, "principal.suspended", "ada", l->ada, OUTCOME_FOLDED, body);
		assert_true(entry_parse(bytes, &entry, &why));
		body = json_pack("{s:s, s:s}", "principal", "x", "reason", "another");
		bytes = make_entry(l, "principal.suspended", "ada", l->ada, OUTCOME_FOLDED, body);
		assert_true(entry_parse(bytes, &other, &why));
		entry.proof = other.proof;
		assert_wrong(l, audit_keys_entry(&l->keys, 5, bytes, &entry, &l->f), details[i]);
	}
}

#define PARTY_TEST(name) cmocka_unit_test_setup_teardown(name, log_with_passkeys, log_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(author_is_believed_with_an_enrolled_key),
		LOG_TEST(key_that_nobody_enrolled_signs_nothing),
		LOG_TEST(key_enrolled_later_does_not_count_before),
		LOG_TEST(key_of_another_does_not_speak_for_the_author),
		LOG_TEST(key_that_stands_in_another_field_is_nobodys),
		LOG_TEST(enrolment_without_effect_gives_no_key),
		LOG_TEST(first_owner_keeps_the_key),
		LOG_TEST(revoked_key_speaks_no_more),
		LOG_TEST(revocation_that_only_waits_ends_nothing),
		LOG_TEST(who_left_speaks_no_more_and_others_do),
		LOG_TEST(enrolment_that_nobody_signed_is_refused),
		LOG_TEST(log_does_not_start_again_with_other_founders),
		LOG_TEST(ssh_signatures_are_verified_like_others),
		LOG_TEST(passkeys_are_counted_where_the_log_names_no_party),
		PARTY_TEST(passkeys_are_verified_where_the_log_names_its_party),
		PARTY_TEST(a_proof_of_another_record_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

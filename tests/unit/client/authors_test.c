/* SPDX-License-Identifier: Apache-2.0 */
/* Whose signature counts: a key speaks for whom an earlier entry gave it to, until one ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "client/log.h"
#include "core/cbor.h"
#include "interop/passkey_sign.h"
#include "interop/ssh_sign.h"

#include <string.h>

#define ORIGIN "authors.example/log"

static const uint64_t MADE_MS = UINT64_C(1790000000123);

struct log {
	struct arena arena;
	struct registry *registry;
	struct audit_keys keys;
	struct private_key *ada, *alice, *mallory; /* ada founds */
	uint64_t next;
	enum proof_kind form; /* of the next signatures; PROOF_NONE: COSE */
	const char *party;    /* of passkeys */
	struct fault f;
};

static void must(struct log *l, err e)
{
	char text[512];

	if (e.code == OK)
		return;
	fault_text(&l->f, text, sizeof text);
	fail_msg("%s", text);
}

static struct bytes prove(struct log *l, const struct private_key *key, const char *type,
			  struct bytes claim)
{
	struct bytes out;

	if (l->form == PROOF_SSHSIG)
		must(l, ssh_prove(&l->arena, key, "ssh:any", claim, &out, &l->f));
	else if (l->form == PROOF_WEBAUTHN)
		must(l, passkey_prove(&l->arena, key, l->party, "https://anywhere.example", claim,
				      &out, &l->f));
	else
		must(l, cose_sign(&l->arena, key, bytes_text(type), claim, &out, &l->f));
	return out;
}

/* An entry as a log could hold it; without a key it was reported over a channel. */
static struct bytes make_entry(struct log *l, const char *type, const char *author,
			       const struct private_key *key, enum outcome outcome, json_t *body)
{
	size_t cap = ENTRY_SIZE_MAX;
	struct hash id = key == NULL ? (struct hash){{0}} : public_key_id(private_key_public(key));
	struct claim_maker maker = {.registry = l->registry,
				    .origin = ORIGIN,
				    .author = author,
				    .key = key == NULL ? NULL : &id,
				    .now_ms = MADE_MS};
	struct witness witness = {.sequence = l->next, .at = MADE_MS, .outcome = outcome};
	struct writer noted = writer_of(arena_alloc(&l->arena, cap), cap);
	struct writer w = writer_of(arena_alloc(&l->arena, cap), cap);
	struct bytes proof = bytes_of("\xf6", 1), witness_bytes, out; /* null */
	json_t *envelope = json_pack("{s:o}", "body", body);
	struct prepared p;

	assert_non_null(envelope);
	must(l, claim_make(&maker, &l->arena, bytes_text(type), envelope, &p, &l->f));
	json_decref(envelope);
	if (key != NULL)
		proof = prove(l, key, type, p.claim);
	witness_put(&noted, &witness);
	assert_true(writer_done(&noted, &witness_bytes));
	entry_put(&w, p.claim, proof, witness_bytes);
	assert_true(writer_done(&w, &out));
	l->next++;
	return out;
}

static err audit_one(struct log *l, struct bytes bytes)
{
	struct entry entry;
	const char *why = NULL;

	if (!entry_parse(bytes, &entry, &why))
		fail_msg("%s", why);
	return audit_keys_entry(&l->keys, entry.witness.sequence, bytes, &entry, &l->f);
}

static err happens(struct log *l, const char *type, const char *author,
		   const struct private_key *key, enum outcome outcome, json_t *body)
{
	return audit_one(l, make_entry(l, type, author, key, outcome, body));
}

static json_t *enrolment(const char *principal, const struct private_key *key)
{
	char spki[2 * SPKI_SIZE_MAX], possession[96];
	uint8_t nothing[64] = {0};

	base64url_encode(public_key_spki(private_key_public(key)), spki);
	base64url_encode(bytes_of(nothing, sizeof nothing), possession);
	return json_pack("{s:s, s:s, s:s}", "principal", principal, "public_key", spki,
			 "possession", possession);
}

static void enroll(struct log *l, const char *principal, const struct private_key *key)
{
	must(l,
	     happens(l, "key.enrolled", "ada", l->ada, OUTCOME_FOLDED, enrolment(principal, key)));
}

/* Any record will do. */
static err speaks(struct log *l, const char *author, const struct private_key *key)
{
	return happens(l, "principal.suspended", author, key, OUTCOME_FOLDED,
		       json_pack("{s:s, s:s}", "principal", "somebody", "reason", "a test"));
}

static void assert_wrong(struct log *l, err e, const char *detail)
{
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_string_equal(l->f.message, "AUDIT_SIGNATURE_WRONG");
	assert_string_equal(fault_value(&l->f, "detail"), detail);
	l->f = (struct fault){0};
}

static json_t *start_by(const char *principal, const struct private_key *key, const char *party)
{
	char spki[2 * SPKI_SIZE_MAX], hex[65];
	struct hash id = public_key_id(private_key_public(key));

	hex_encode(hash_bytes(&id), hex);
	base64url_encode(public_key_spki(private_key_public(key)), spki);
	json_t *json =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:s}], s:[{s:s}]}", "mode",
			  "bootstrap", "origin", ORIGIN, "ca_key", hex, "ca_certificate", hex,
			  "checkpoint_key", hex, "founders", "principal", principal, "key", hex,
			  "public_key", spki, "founder_permissions", "permission", "access.admin");
	if (party != NULL)
		json_object_set_new(json, "relying_party", json_string(party));
	return json;
}

static int open_with(void **state, const char *party)
{
	static struct log l;

	l = (struct log){.party = "relying.example"};
	must(&l, private_key_generate(KEY_ED25519, &l.ada, &l.f));
	must(&l, registry_make(AREAS, &l.registry, &l.f));
	must(&l, private_key_generate(KEY_P256, &l.alice, &l.f));
	must(&l, private_key_generate(KEY_ED25519, &l.mallory, &l.f));
	l.keys.registry = l.registry;
	must(&l, happens(&l, "ledger.started", "server", NULL, OUTCOME_FOLDED,
			 start_by("ada", l.ada, party)));
	assert_string_equal(l.keys.mode, "bootstrap");
	*state = &l;
	return 0;
}

static int log_open(void **state)
{
	return open_with(state, NULL);
}

static int log_with_passkeys(void **state)
{
	return open_with(state, "relying.example");
}

static int log_close(void **state)
{
	struct log *l = *state;

	audit_keys_done(&l->keys);
	private_key_close(l->ada);
	private_key_close(l->alice);
	private_key_close(l->mallory);
	registry_free(l->registry);
	arena_done(&l->arena);
	return 0;
}

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

#define LOG_TEST(name)   cmocka_unit_test_setup_teardown(name, log_open, log_close)
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

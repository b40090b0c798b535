/* SPDX-License-Identifier: Apache-2.0 */
/* Who says what, and how often: identity, proofs and repetition at the engine's door. */
#include "records/trial.h"

#include <stdio.h>

#include "core/cbor.h"

#define ID_1 "01890a5d-ac96-774b-bcce-b302099a8057"

/* A submission made by hand, where something may be wrong. */
struct forged {
	const char *origin, *aad; /* NULL: as they should be */
	const char *id;
	const struct actor *signer; /* NULL: the author */
	struct caller caller;
	bool unsigned_claim;
};

static struct bytes forge(struct trial *t, const struct actor *author, const char *type,
			  const char *body, const struct forged *how)
{
	struct arena *a = &t->house.arena;
	const struct actor *signer = how->signer == NULL ? author : how->signer;
	struct hash key = public_key_id(private_key_public(signer->key));
	char id[37];
	struct claim_maker maker = {.registry = engine_registry(t->house.engine),
				    .origin = how->origin == NULL ? HOUSE_ORIGIN : how->origin,
				    .author = author->id,
				    .key = how->unsigned_claim ? NULL : &key,
				    .now_ms = clock_wall_ms(&t->house.clock)};
	struct prepared made;
	struct fault f = {0};
	struct bytes proof = bytes_of("\xf6", 1), out;
	uint8_t *buffer = arena_alloc(a, 2 * (size_t)ENTRY_SIZE_MAX);
	struct writer w = writer_of(buffer, 2 * (size_t)ENTRY_SIZE_MAX);

	house_id(&t->house, id);
	json_t *json = json_pack("{s:s, s:o}", "id", how->id == NULL ? id : how->id, "body",
				 json_loads(house_json(a, body), 0, NULL));
	ok(claim_make(&maker, a, bytes_text(type), json, &made, &f), &f);
	json_decref(json);
	if (!how->unsigned_claim)
		ok(cose_sign(a, signer->key, bytes_text(how->aad == NULL ? type : how->aad),
			     made.claim, &proof, &f),
		   &f);
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, made.claim);
	put_bytes(&w, proof);
	cbor_put_map(&w, 0);
	assert_true(writer_done(&w, &out));
	return out;
}

static const char *sends(struct trial *t, struct bytes cbor, const struct caller *caller)
{
	struct submission *s = NULL;
	struct fault f = {0};

	if (submission_from_cbor(t->house.engine, &t->house.arena, caller, bytes_of("", 0), cbor,
				 &s, &f)
		    .code != OK)
		s = NULL;
	return submits(t, s, &f);
}

static const char *forges(struct trial *t, const struct actor *author, const char *type,
			  const char *body, const struct forged *how)
{
	return sends(t, forge(t, author, type, body, how), &how->caller);
}

static const char *again(struct trial *t, const char *id, const char *body)
{
	struct fault f = {0};

	return submits(
		t, house_make(&t->house, &t->house.arena, &t->maya, "trial.ruled", body, id, &f),
		&f);
}

static void the_same_submission_gets_its_first_receipt_even_after_a_restart(void **state)
{
	struct trial *t = *state;
	char id[37];

	house_id(&t->house, id);
	assert_string_equal(again(t, id, "{'item':'a'}"), "");
	struct result first = *t->result;
	uint64_t size = trial_size(t);
	assert_string_equal(again(t, id, "{'item':'a'}"), "");
	assert_true(t->result->repeated);
	house_stop(&t->house);
	house_start(&t->house);
	assert_string_equal(again(t, id, "{'item':'a'}"), "");
	assert_true(t->result->repeated);
	assert_int_equal(t->result->state, RESULT_CERTIFIED);
	assert_int_equal(t->result->sequence, first.sequence);
	assert_int_equal(t->result->at, first.at);
	assert_true(hash_equal(t->result->leaf, first.leaf));
	assert_true(merkle_includes(t->result->head, first.sequence, first.leaf, t->result->path,
				    t->result->path_n));
	assert_int_equal(trial_size(t), size);
}

static void a_repeated_waiting_record_says_that_it_waits(void **state)
{
	struct trial *t = *state;
	char id[37];
	struct fault f = {0};

	trial_item(t, "a", "VN");
	house_id(&t->house, id);
	for (int i = 0; i < 2; i++) {
		struct submission *s = house_make(&t->house, &t->house.arena, &t->maya,
						  "trial.released", "{'item':'a'}", id, &f);
		assert_string_equal(submits(t, s, &f), "pending");
		assert_int_equal(t->result->repeated, i == 1);
	}
}

static void the_same_id_with_another_claim_is_a_conflict(void **state)
{
	struct trial *t = *state;
	char id[37];

	house_id(&t->house, id);
	assert_string_equal(again(t, id, "{'item':'a'}"), "");
	assert_string_equal(again(t, id, "{'item':'b'}"), "!ID_USED");
	house_stop(&t->house);
	house_start(&t->house);
	assert_string_equal(again(t, id, "{'item':'b'}"), "!ID_USED");
}

static void the_same_submission_twice_in_one_batch_is_recorded_once(void **state)
{
	struct trial *t = *state;
	char id[37];
	struct fault f = {0};
	struct submission *two[2];

	house_id(&t->house, id);
	for (int i = 0; i < 2; i++)
		two[i] = house_make(&t->house, &t->house.arena, &t->maya, "trial.ruled",
				    "{'item':'a'}", id, &f);
	uint64_t size = trial_size(t);
	ok(record_submit_wait(t->house.engine, two, 2, false, &f), &f);
	assert_int_equal(trial_size(t), size + 1);
	assert_false(submission_result(two[0])->repeated);
	assert_true(submission_result(two[1])->repeated);
	assert_int_equal(submission_result(two[1])->state, RESULT_CERTIFIED);
	assert_int_equal(submission_result(two[0])->sequence, submission_result(two[1])->sequence);
}

static void two_authors_may_use_the_same_id(void **state)
{
	struct trial *t = *state;
	struct actor other = house_actor(&t->house, "zoe", "person", "trial.decide");
	struct fault f = {0};
	char id[37];

	house_id(&t->house, id);
	assert_string_equal(again(t, id, "{'item':'a'}"), "");
	assert_string_equal(submits(t,
				    house_make(&t->house, &t->house.arena, &other, "trial.ruled",
					       "{'item':'a'}", id, &f),
				    &f),
			    "");
	actor_done(&other);
}

static void a_claim_signed_by_the_key_of_another_is_refused(void **state)
{
	struct trial *t = *state;
	struct actor mask = {.key = t->nils.key};

	snprintf(mask.id, sizeof mask.id, "maya");
	assert_string_equal(asks(t, &mask, "trial.ruled", "{'item':'a'}"), "!KEY_NOT_AUTHORS");
	/* Whoever held that key, it was not maya: nothing is written down against her. */
	assert_int_equal(trial_entries(t, "decision.refused"), 0);
}

static void a_claim_signed_by_an_unknown_key_is_refused(void **state)
{
	struct trial *t = *state;
	struct actor stranger = {.id = "maya"};
	struct fault f = {0};

	ok(private_key_generate(KEY_P256, &stranger.key, &f), &f);
	assert_string_equal(asks(t, &stranger, "trial.ruled", "{'item':'a'}"), "!KEY_UNKNOWN");
	actor_done(&stranger);
}

static void a_revoked_key_signs_nothing_more(void **state)
{
	struct trial *t = *state;
	struct hash key = public_key_id(private_key_public(t->maya.key));
	char hex[65];

	hex_encode(hash_bytes(&key), hex);
	assert_string_equal(asks(t, &t->maya, "trial.ruled", "{'item':'a'}"), "");
	assert_string_equal(
		asks(t, &t->house.ben, "key.revoked", "{'key_id':'%s','reason':'lost'}", hex), "");
	assert_string_equal(asks(t, &t->maya, "trial.ruled", "{'item':'b'}"), "!KEY_NOT_AUTHORS");
	house_stop(&t->house);
	house_start(&t->house);
	assert_string_equal(asks(t, &t->maya, "trial.ruled", "{'item':'c'}"), "!KEY_NOT_AUTHORS");
}

static void a_claim_for_another_log_is_refused(void **state)
{
	struct trial *t = *state;

	assert_string_equal(forges(t, &t->maya, "trial.ruled", "{'item':'a'}",
				   &(struct forged){.origin = "test.example/trial"}),
			    "!ORIGIN_WRONG");
	assert_string_equal(forges(t, &t->maya, "trial.ruled", "{'item':'a'}", &(struct forged){0}),
			    "");
}

static void a_signature_made_for_another_type_is_refused(void **state)
{
	struct trial *t = *state;

	assert_string_equal(forges(t, &t->maya, "trial.ruled", "{'item':'a'}",
				   &(struct forged){.aad = "trial.decided"}),
			    "!PROOF_WRONG");
}

static void a_signature_of_the_wrong_key_behind_the_right_name_is_refused(void **state)
{
	struct trial *t = *state;
	struct arena *a = &t->house.arena;
	struct bytes mine = forge(t, &t->maya, "trial.ruled", "{'item':'a'}", &(struct forged){0});
	struct bytes theirs = forge(t, &t->maya, "trial.ruled", "{'item':'a'}",
				    &(struct forged){.signer = &t->nils});
	uint8_t *mixed = arena_alloc(a, ENTRY_SIZE_MAX);
	struct reader r = reader_of(mine), other = reader_of(theirs);
	struct writer w = writer_of(mixed, ENTRY_SIZE_MAX);
	struct bytes out;

	assert_int_equal(cbor_array(&r), 3);
	assert_int_equal(cbor_array(&other), 3);
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, cbor_bytes(&r));
	(void)cbor_bytes(&other);
	put_bytes(&w, cbor_item(&other));
	cbor_put_map(&w, 0);
	assert_true(writer_done(&w, &out));
	assert_string_equal(sends(t, out, &(struct caller){0}), "!PROOF_WRONG");
}

static void a_changed_claim_loses_its_signature(void **state)
{
	struct trial *t = *state;
	struct bytes cbor =
		forge(t, &t->maya, "trial.ruled", "{'item':'aaaa'}", &(struct forged){0});
	uint8_t *changed = arena_alloc(&t->house.arena, cbor.n);

	memcpy(changed, cbor.p, cbor.n);
	uint8_t *at = memmem(changed, cbor.n, "aaaa", 4);
	assert_non_null(at);
	at[3] = 'b';
	assert_string_equal(sends(t, bytes_of(changed, cbor.n), &(struct caller){0}),
			    "!PROOF_WRONG");
}

static void a_type_that_wants_a_proof_is_not_taken_over_a_channel(void **state)
{
	struct trial *t = *state;

	assert_string_equal(reports(t, &t->maya, "trial.ruled", "{'item':'a'}"), "!PROOF_MISSING");
	assert_string_equal(reports(t, &t->maya, "trial.noted", "{'item':'a','site':'VN'}"), "");
}

static void nobody_reports_in_the_name_of_another(void **state)
{
	struct trial *t = *state;
	struct forged how = {.unsigned_claim = true,
			     .caller = {.principal = "nils", .channel = CHANNEL_SESSION}};

	assert_string_equal(forges(t, &t->maya, "trial.noted", "{'item':'a','site':'VN'}", &how),
			    "!AUTHOR_NOT_CALLER");
	assert_string_equal(forges(t, &t->maya, "trial.noted", "{'item':'a','site':'VN'}",
				   &(struct forged){.unsigned_claim = true}),
			    "!AUTHOR_NOT_CALLER");
}

static void what_an_author_signed_may_be_brought_by_anybody(void **state)
{
	struct trial *t = *state;
	struct forged how = {.caller = {.principal = "nils", .channel = CHANNEL_SESSION}};

	assert_string_equal(forges(t, &t->maya, "trial.noted", "{'item':'a','site':'VN'}", &how),
			    "");
}

static void nobody_speaks_for_the_system(void **state)
{
	struct trial *t = *state;
	struct actor mask = {.id = "sealwright", .key = t->maya.key};
	const char *stepped = "{'wall':'2026-11-20T04:28:26.000Z',"
			      "'expected':'2026-11-20T04:28:26.000Z'}";

	assert_string_equal(asks(t, &t->maya, "clock.stepped", "%s", stepped), "!TYPE_IS_SYSTEM");
	assert_string_equal(asks(t, &mask, "trial.ruled", "{'item':'a'}"), "!TYPE_IS_SYSTEM");
	assert_string_equal(reports(t, &mask, "trial.noted", "{'item':'a','site':'VN'}"),
			    "!TYPE_IS_SYSTEM");
}

static void id_at(struct trial *t, int64_t ms, char out[static 37])
{
	struct house *h = &t->house;

	house_step(h, ms, 0);
	house_id(h, out);
	house_step(h, -ms, 0);
}

static void a_claim_made_outside_of_a_day_is_refused(void **state)
{
	struct trial *t = *state;
	char id[37];

	for (int sign = -1; sign <= 1; sign += 2) {
		id_at(t, sign * (DAY_MS + 60000), id);
		assert_string_equal(again(t, id, "{'item':'a'}"), "!MADE_OUT_OF_WINDOW");
		id_at(t, sign * (DAY_MS - 60000), id);
		assert_string_equal(again(t, id, "{'item':'a'}"), "");
	}
	/* Too old by its id alone. */
	assert_string_equal(
		forges(t, &t->maya, "trial.ruled", "{'item':'a'}", &(struct forged){.id = ID_1}),
		"!MADE_OUT_OF_WINDOW");
}

static void an_old_submission_that_was_recorded_is_still_recognised(void **state)
{
	struct trial *t = *state;
	char id[37];

	house_id(&t->house, id);
	assert_string_equal(again(t, id, "{'item':'a'}"), "");
	uint64_t sequence = t->result->sequence;
	house_step(&t->house, 3ll * DAY_MS, 3ll * DAY_MS);
	assert_string_equal(again(t, id, "{'item':'a'}"), "");
	assert_int_equal(t->result->sequence, sequence);
}

static const char *asks_at_length(struct trial *t, size_t n)
{
	char *why = arena_alloc(&t->house.arena, n + 1);

	memset(why, 'x', n);
	why[n] = '\0';
	return asks(t, &t->maya, "trial.ruled", "{'item':'a','why':'%s'}", why);
}

static void a_record_larger_than_an_entry_is_refused(void **state)
{
	struct trial *t = *state;

	assert_string_equal(asks_at_length(t, 32000), "");
	assert_string_equal(asks_at_length(t, 32500), "!RECORD_TOO_LARGE"); /* with its witness */
	assert_string_equal(asks_at_length(t, 32760), "!RECORD_TOO_LARGE"); /* its claim alone */
	assert_string_equal(asks_at_length(t, 33001), "!FIELD_WRONG");
	assert_string_equal(asks_at_length(t, 10), "");
}

static void an_unknown_type_is_not_found(void **state)
{
	struct trial *t = *state;

	assert_string_equal(asks(t, &t->maya, "trial.unheard", "{'item':'a'}"), "!TYPE_UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(the_same_submission_gets_its_first_receipt_even_after_a_restart),
		TRIAL_TEST(a_repeated_waiting_record_says_that_it_waits),
		TRIAL_TEST(the_same_id_with_another_claim_is_a_conflict),
		TRIAL_TEST(the_same_submission_twice_in_one_batch_is_recorded_once),
		TRIAL_TEST(two_authors_may_use_the_same_id),
		TRIAL_TEST(a_claim_signed_by_the_key_of_another_is_refused),
		TRIAL_TEST(a_claim_signed_by_an_unknown_key_is_refused),
		TRIAL_TEST(a_revoked_key_signs_nothing_more),
		TRIAL_TEST(a_claim_for_another_log_is_refused),
		TRIAL_TEST(a_signature_made_for_another_type_is_refused),
		TRIAL_TEST(a_signature_of_the_wrong_key_behind_the_right_name_is_refused),
		TRIAL_TEST(a_changed_claim_loses_its_signature),
		TRIAL_TEST(a_type_that_wants_a_proof_is_not_taken_over_a_channel),
		TRIAL_TEST(nobody_reports_in_the_name_of_another),
		TRIAL_TEST(what_an_author_signed_may_be_brought_by_anybody),
		TRIAL_TEST(nobody_speaks_for_the_system),
		TRIAL_TEST(a_claim_made_outside_of_a_day_is_refused),
		TRIAL_TEST(an_old_submission_that_was_recorded_is_still_recognised),
		TRIAL_TEST(a_record_larger_than_an_entry_is_refused),
		TRIAL_TEST(an_unknown_type_is_not_found),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

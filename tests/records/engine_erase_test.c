/* SPDX-License-Identifier: Apache-2.0 */
/* Values that can be erased: the claim carries a commitment, views and entries show the value while
 * it exists, and the log proves the same afterwards. Then: who could have done what, back then. */
#include "records/trial.h"

#include <stdio.h>

#include "base/clock.h"
#include "ledger/ledger.h"

static const char *shown(struct trial *t, const char *column)
{
	json_t *page = house_view(&t->house, "maya", "trial.items", NULL);
	const json_t *row = json_array_get(json_object_get(page, "rows"), 0);
	const json_t *value = json_object_get(row, column);
	char *text = json_is_null(value)
			     ? NULL
			     : arena_text(&t->house.arena, bytes_text(json_string_value(value)));

	json_decref(page);
	return text;
}

static json_t *entry_of(struct trial *t, uint64_t sequence)
{
	struct reader_session *r;
	struct fault f = {0};
	json_t *entry = NULL;

	ok(reader_take(t->house.engine, &r, &f), &f);
	ok(entry_to_json(t->house.engine, r, &t->house.arena, sequence, &entry, &f), &f);
	reader_give(r);
	return entry;
}

static const json_t *field_of(const json_t *entry, const char *name)
{
	return json_object_get(json_object_get(json_object_get(entry, "claim"), "body"), name);
}

static bool log_contains(struct trial *t, const char *secret)
{
	struct reader_session *r;
	struct fault f = {0};
	bool found = false;
	uint64_t size = trial_size(t);

	ok(reader_take(t->house.engine, &r, &f), &f);
	for (uint64_t i = 0; i < size; i++) {
		struct bytes entry;
		ok(ledger_entry(reader_ledger(r), &t->house.arena, i, &entry, &f), &f);
		found = found || memmem(entry.p, entry.n, secret, strlen(secret)) != NULL;
	}
	reader_give(r);
	return found;
}

/* Two openings in one submission, by hand: the house sends at most one. */
static const char *hides(struct trial *t, const char *name, const char *price)
{
	struct caller caller = {.principal = "maya", .channel = CHANNEL_KEY};
	struct arena *a = &t->house.arena;
	struct prepared made;
	struct fault f = {0};
	struct bytes proof;
	struct submission *s = NULL;
	char id[37], claim[8192], signature[1024];

	house_id(&t->house, id);
	json_t *json = json_pack("{s:s, s:{s:s, s:s, s:s}}", "id", id, "body", "item", "a", "name",
				 name, "price", price);
	ok(submission_prepare(t->house.engine, a, &caller, bytes_text("trial.hidden"), json,
			      public_key_id(private_key_public(t->maya.key)), &made, &f),
	   &f);
	json_decref(json);
	ok(cose_sign(a, t->maya.key, bytes_text("trial.hidden"), made.claim, &proof, &f), &f);
	base64url_encode(made.claim, claim);
	base64url_encode(proof, signature);
	json = json_pack("{s:s, s:s, s:{}}", "claim", claim, "proof", signature, "openings");
	for (size_t i = 0; i < made.openings_n; i++) {
		char salt[64];
		base64url_encode(bytes_of(made.openings[i].salt, SALT_SIZE), salt);
		json_object_set_new(json_object_get(json, "openings"), made.openings[i].field,
				    json_pack("{s:s, s:s%}", "salt", salt, "value",
					      made.openings[i].value.p, made.openings[i].value.n));
	}
	if (submission_from_json(t->house.engine, a, &caller, bytes_text("trial.hidden"), json, &s,
				 &f)
		    .code != OK)
		s = NULL;
	json_decref(json);
	return submits(t, s, &f);
}

static void a_hidden_value_stands_in_the_claim_as_a_commitment_only(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(hides(t, "Ada Lovelace", "hundred pounds"), "");
	assert_false(log_contains(t, "Lovelace"));
	assert_false(log_contains(t, "pounds"));
	assert_string_equal(shown(t, "name"), "Ada Lovelace");
	assert_string_equal(shown(t, "price"), "hundred pounds");
	json_t *entry = entry_of(t, t->result->sequence);
	const json_t *name = field_of(entry, "name");
	assert_string_equal(json_string_value(json_object_get(name, "value")), "Ada Lovelace");
	assert_int_equal(json_string_length(json_object_get(name, "commitment")), 64);
	json_decref(entry);
}

static void what_is_about_a_person_is_known_to_be(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(hides(t, "Ada Lovelace", "hundred pounds"), "");
	assert_int_equal(trial_number(t, "SELECT count(*) FROM opening WHERE personal = 1"
					 " AND value = 'Ada Lovelace'"),
			 1);
	assert_int_equal(trial_number(t, "SELECT count(*) FROM opening WHERE personal = 0"
					 " AND value = 'hundred pounds'"),
			 1);
}

static void an_erased_value_is_gone_and_nothing_else(void **state)
{
	struct trial *t = *state;

	trial_item(t, "a", "VN");
	assert_string_equal(hides(t, "Ada Lovelace", "hundred pounds"), "");
	uint64_t sequence = t->result->sequence;
	json_t *entry = entry_of(t, sequence);
	char commitment[65];
	snprintf(commitment, sizeof commitment, "%s",
		 json_string_value(json_object_get(field_of(entry, "name"), "commitment")));
	json_decref(entry);
	house_must_rebuild(&t->house);
	assert_string_equal(
		asks(t, &t->maya, "value.erased", "{'commitment':'%s','reason':'r'}", commitment),
		"!NOT_ALLOWED");
	assert_string_equal(asks(t, &t->house.ada, "value.erased",
				 "{'commitment':'%s','reason':'asked for'}", commitment),
			    "");
	assert_null(shown(t, "name"));
	assert_string_equal(shown(t, "price"), "hundred pounds");
	entry = entry_of(t, sequence);
	const json_t *name = field_of(entry, "name");
	assert_null(json_object_get(name, "value"));
	assert_string_equal(json_string_value(json_object_get(name, "commitment")), commitment);
	json_decref(entry);
	house_must_rebuild(&t->house);
	assert_null(shown(t, "name")); /* a rebuild does not bring it back */
	assert_int_equal(trial_number(t, "SELECT count(*) FROM opening"), 1);
}

static void an_opening_that_opens_nothing_is_refused(void **state)
{
	struct trial *t = *state;
	struct fault f = {0};
	struct caller caller = {.principal = "maya", .channel = CHANNEL_KEY};
	struct submission *s;
	struct bytes cbor = house_signed(&t->house, &t->house.arena, &t->maya, "trial.hidden",
					 "{'item':'a','name':'Ada'}");
	uint8_t *changed = arena_alloc(&t->house.arena, cbor.n);

	trial_item(t, "a", "VN");
	memcpy(changed, cbor.p, cbor.n);
	uint8_t *at = memmem(changed, cbor.n, "Ada", 3);
	assert_non_null(at);
	at[0] = 'I';
	refused(submission_from_cbor(t->house.engine, &t->house.arena, &caller,
				     bytes_text("trial.hidden"), bytes_of(changed, cbor.n), &s, &f),
		&f, "OPENING_WRONG");
	ok(submission_from_cbor(t->house.engine, &t->house.arena, &caller,
				bytes_text("trial.hidden"), cbor, &s, &f),
	   &f);
}

/* ---- who could have ---- */

static size_t could_have(struct trial *t, const char *when, const char *who)
{
	char query[256];
	size_t n = 0, i;
	json_t *row;

	snprintf(query, sizeof query, "permission=trial.decide&when=%s", when);
	json_t *page = house_view(&t->house, "ada", "access.could_have", query);
	json_array_foreach(json_object_get(page, "rows"), i, row) n +=
		strcmp(json_string_value(json_object_get(row, "principal")), who) == 0;
	json_decref(page);
	return n;
}

/* This moment; then an hour passes. */
static const char *moment(struct trial *t)
{
	char text[TIME_TEXT_SIZE];

	house_step(&t->house, HOUR_MS, HOUR_MS);
	time_text(clock_wall_ms(&t->house.clock), text);
	house_step(&t->house, HOUR_MS, HOUR_MS);
	return arena_text(&t->house.arena, bytes_text(text));
}

static void the_past_of_a_right_can_be_asked(void **state)
{
	struct trial *t = *state;
	struct actor zoe = house_actor(&t->house, "zoe", "person", NULL);
	const char *before = moment(t);

	assert_string_equal(asks(t, &t->house.ada, "role.defined",
				 "{'role':'inner','permissions':[{'permission':'trial.decide'}]}"),
			    "");
	assert_string_equal(asks(t, &t->house.ada, "role.defined",
				 "{'role':'outer','permissions':[{'permission':'trial.read'}]}"),
			    "");
	assert_string_equal(asks(t, &t->house.ada, "role.granted",
				 "{'grant_id':'g','principal':'zoe','role':'outer'}"),
			    "");
	const char *granted = moment(t);
	assert_string_equal(asks(t, &t->house.ada, "role.defined",
				 "{'role':'outer','includes':[{'role':'inner'}]}"),
			    "");
	const char *included = moment(t);
	assert_string_equal(asks(t, &t->house.ada, "role.defined",
				 "{'role':'inner','permissions':[{'permission':'trial.read'}]}"),
			    "");
	const char *emptied = moment(t);
	assert_string_equal(asks(t, &t->house.ada, "role.defined",
				 "{'role':'inner','permissions':[{'permission':'trial.decide'}]}"),
			    "");
	const char *again = moment(t);
	assert_string_equal(
		asks(t, &t->house.ada, "grant.revoked", "{'grant_id':'g','reason':'r'}"), "");
	const char *revoked = moment(t);

	assert_int_equal(could_have(t, before, "zoe"), 0);
	assert_int_equal(could_have(t, granted, "zoe"), 0);
	assert_int_equal(could_have(t, included, "zoe"), 1);
	assert_int_equal(could_have(t, emptied, "zoe"), 0);
	assert_int_equal(could_have(t, again, "zoe"), 1);
	assert_int_equal(could_have(t, revoked, "zoe"), 0);
	assert_int_equal(could_have(t, revoked, "maya"), 1);
	actor_done(&zoe);
}

static void somebody_without_a_key_or_suspended_could_not_have(void **state)
{
	struct trial *t = *state;
	struct hash key = public_key_id(private_key_public(t->maya.key));
	char hex[65];

	hex_encode(hash_bytes(&key), hex);
	const char *before = moment(t);
	assert_string_equal(
		asks(t, &t->house.ben, "principal.suspended", "{'principal':'maya','reason':'r'}"),
		"");
	const char *suspended = moment(t);
	assert_string_equal(
		asks(t, &t->house.ben, "principal.reinstated", "{'principal':'maya','reason':'r'}"),
		"");
	const char *back = moment(t);
	assert_string_equal(
		asks(t, &t->house.ben, "key.revoked", "{'key_id':'%s','reason':'r'}", hex), "");
	const char *keyless = moment(t);

	assert_int_equal(could_have(t, before, "maya"), 1);
	assert_int_equal(could_have(t, suspended, "maya"), 0);
	assert_int_equal(could_have(t, back, "maya"), 1);
	assert_int_equal(could_have(t, keyless, "maya"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(a_hidden_value_stands_in_the_claim_as_a_commitment_only),
		TRIAL_TEST(what_is_about_a_person_is_known_to_be),
		TRIAL_TEST(an_erased_value_is_gone_and_nothing_else),
		TRIAL_TEST(an_opening_that_opens_nothing_is_refused),
		TRIAL_TEST(the_past_of_a_right_can_be_asked),
		TRIAL_TEST(somebody_without_a_key_or_suspended_could_not_have),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

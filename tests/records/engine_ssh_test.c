/* SPDX-License-Identifier: Apache-2.0 */
/* People who sign with SSH keys and hardware tokens: their decisions and votes count like others, by
 * the enrolled key and for the claim as it stands, and not otherwise. */
#include "interop/ssh_sign.h"
#include "records/trial.h"

#include "core/cbor.h"
#include "core/entry.h"

/* What is not said is as it should be. */
struct ssh_form {
	const struct actor *by;     /* whose key signs; NULL: the author's */
	const char *application;    /* of a token; NULL: a plain key */
	bool over_another, as_json; /* the claim with one byte changed; the submission's form */
	size_t cut;                 /* bytes off the end of the signature */
};

static struct bytes proof_of(struct house *h, const struct actor *who, const struct ssh_form *how,
			     struct bytes claim)
{
	uint8_t *changed = arena_alloc(&h->arena, claim.n), *buffer = arena_alloc(&h->arena, 2048);
	struct writer w = writer_of(buffer, 2048);
	struct fault f = {0};
	struct bytes signature, out;

	memcpy(changed, claim.p, claim.n);
	changed[claim.n - 1] ^= how->over_another;
	ok(ssh_sign(&h->arena, how->by == NULL ? who->key : how->by->key, how->application,
		    bytes_of(changed, claim.n), &signature, &f),
	   &f);
	signature.n -= how->cut;
	cbor_put_bytes(&w, signature);
	assert_true(writer_done(&w, &out));
	return out;
}

static struct submission *from_json(struct house *h, const struct caller *caller,
				    struct bytes claim, struct bytes proof, struct fault *f)
{
	char *claim_text = arena_alloc(&h->arena, base64_size(claim.n) + 1);
	char *proof_text = arena_alloc(&h->arena, base64_size(proof.n) + 1);
	struct submission *s = NULL;

	base64url_encode(claim, claim_text);
	base64url_encode(proof, proof_text);
	json_t *json = json_pack("{s:s, s:s}", "claim", claim_text, "proof", proof_text);
	err e = submission_from_json(h->engine, &h->arena, caller, bytes_of("", 0), json, &s, f);
	json_decref(json);
	return e.code == OK ? s : NULL;
}

static struct submission *from_cbor(struct house *h, const struct caller *caller,
				    struct bytes claim, struct bytes proof, struct fault *f)
{
	uint8_t *buffer = arena_alloc(&h->arena, 8192);
	struct writer w = writer_of(buffer, 8192);
	struct submission *s = NULL;
	struct bytes cbor;

	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, claim);
	put_bytes(&w, proof);
	cbor_put_map(&w, 0);
	assert_true(writer_done(&w, &cbor));
	err e = submission_from_cbor(h->engine, &h->arena, caller, bytes_of("", 0), cbor, &s, f);
	return e.code == OK ? s : NULL;
}

/* The claim is made as the server prepares it, signed, and brought by maya's session. */
static const char *says(struct trial *t, const struct actor *who, const char *type, json_t *body,
			const struct ssh_form *how)
{
	struct house *h = &t->house;
	struct caller caller = {.principal = "maya", .channel = CHANNEL_SESSION}, author = caller;
	struct prepared made;
	struct fault f = {0};
	char id[37];

	house_id(h, id);
	snprintf(author.principal, sizeof author.principal, "%s", who->id);
	json_t *json = json_pack("{s:s, s:o}", "id", id, "body", body);
	ok(submission_prepare(h->engine, &h->arena, &author, bytes_text(type), json,
			      public_key_id(private_key_public(who->key)), &made, &f),
	   &f);
	json_decref(json);
	t->digest = made.digest;
	struct bytes proof = proof_of(h, who, how, made.claim);
	return submits(t,
		       how->as_json ? from_json(h, &caller, made.claim, proof, &f)
				    : from_cbor(h, &caller, made.claim, proof, &f),
		       &f);
}

#define SAYS(answer, who, ...)                                                           \
	assert_string_equal(says(t, who, "trial.ruled", json_pack("{s:s}", "item", "a"), \
				 &(struct ssh_form){__VA_ARGS__}),                       \
			    answer)

static void an_ssh_signature_over_the_claim_is_a_proof(void **state)
{
	struct trial *t = *state;

	SAYS("", &t->maya, .cut = 0);
	SAYS("", &t->maya, .as_json = true);
	SAYS("", &t->maya, .application = "ssh:");
	SAYS("", &t->maya, .application = "ssh:whatever it was made for", .as_json = true);
}

static void an_ssh_signature_by_somebody_else_is_refused(void **state)
{
	struct trial *t = *state;

	SAYS("!PROOF_WRONG", &t->maya, .by = &t->nils);
	SAYS("!PROOF_WRONG", &t->maya, .by = &t->nils, .application = "ssh:");
	SAYS("!PROOF_WRONG", &t->maya, .over_another = true);
	SAYS("!PROOF_WRONG", &t->maya, .over_another = true, .application = "ssh:");
	SAYS("!PROOF_WRONG", &t->maya, .cut = 1);
	SAYS("!PROOF_WRONG", &t->maya, .cut = 1, .as_json = true);
}

static json_t *vote_body(struct hash record)
{
	char hex[65];

	hex_encode(hash_bytes(&record), hex);
	return json_pack("{s:s}", "record", hex);
}

static void a_decision_takes_effect_by_ssh_votes(void **state)
{
	static const struct ssh_form plain = {.cut = 0}, token = {.application = "ssh:"};
	struct trial *t = *state;
	struct hash waiting;

	trial_rule(t, 2, 48 * (uint64_t)HOUR_MS, 4 * (uint64_t)HOUR_MS);
	trial_item(t, "a", "north");
	assert_string_equal(asks(t, &t->maya, "trial.released", "{'item':'a'}"), "pending");
	waiting = t->digest;
	assert_string_equal(says(t, &t->nils, "approval.given", vote_body(waiting), &plain), "");
	assert_string_equal(says(t, &t->olga, "approval.given", vote_body(waiting),
				 &(struct ssh_form){.by = &t->nils}),
			    "!PROOF_WRONG");
	assert_string_equal(says(t, &t->olga, "approval.given", vote_body(waiting), &token),
			    "executes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(an_ssh_signature_over_the_claim_is_a_proof),
		TRIAL_TEST(an_ssh_signature_by_somebody_else_is_refused),
		TRIAL_TEST(a_decision_takes_effect_by_ssh_votes),
	};

	return run_on_sqlite(tests, sizeof tests / sizeof tests[0]);
}

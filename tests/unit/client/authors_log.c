/* SPDX-License-Identifier: Apache-2.0 */
#include "authors_log.h"

#include "base/catalog.h"
#include "interop/passkey_sign.h"
#include "interop/ssh_sign.h"

void must(struct log *l, err e)
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
struct bytes make_entry(struct log *l, const char *type, const char *author,
			const struct private_key *key, enum outcome outcome, json_t *body)
{
	size_t cap = ENTRY_SIZE_MAX;
	struct hash id = key == NULL ? (struct hash){{0}} : public_key_id(private_key_public(key));
	struct claim_maker maker = {.registry = l->registry,
				    .origin = ORIGIN,
				    .author = author,
				    .key = key == NULL ? NULL : &id,
				    .now_ms = MADE_MS};
	struct witness witness = {.sequence = l->next,
				  .at = MADE_MS + l->later_ms,
				  .outcome = outcome,
				  .target = l->target,
				  .has_subject = l->subject.kind.n > 0,
				  .subject = l->subject};
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

err audit_one(struct log *l, struct bytes bytes)
{
	struct entry entry;
	const char *why = NULL;

	if (!entry_parse(bytes, &entry, &why))
		fail_msg("%s", why);
	return audit_keys_entry(&l->keys, entry.witness.sequence, bytes, &entry, &l->f);
}

err happens(struct log *l, const char *type, const char *author, const struct private_key *key,
	    enum outcome outcome, json_t *body)
{
	return audit_one(l, make_entry(l, type, author, key, outcome, body));
}

json_t *enrolment(const char *principal, const struct private_key *key)
{
	char spki[2 * SPKI_SIZE_MAX], possession[96];
	uint8_t nothing[64] = {0};

	base64url_encode(public_key_spki(private_key_public(key)), spki);
	base64url_encode(bytes_of(nothing, sizeof nothing), possession);
	return json_pack("{s:s, s:s, s:s}", "principal", principal, "public_key", spki,
			 "possession", possession);
}

void enroll(struct log *l, const char *principal, const struct private_key *key)
{
	must(l,
	     happens(l, "key.enrolled", "ada", l->ada, OUTCOME_FOLDED, enrolment(principal, key)));
}

/* Any record will do. */
err speaks(struct log *l, const char *author, const struct private_key *key)
{
	return happens(l, "principal.suspended", author, key, OUTCOME_FOLDED,
		       json_pack("{s:s, s:s}", "principal", "somebody", "reason", "a test"));
}

void assert_wrong(struct log *l, err e, const char *detail)
{
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_string_equal(l->f.message, "AUDIT_SIGNATURE_WRONG");
	assert_string_equal(fault_value(&l->f, "detail"), detail);
	l->f = (struct fault){0};
}

json_t *start_by(const char *principal, const struct private_key *key, const char *party)
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

int log_open(void **state)
{
	return open_with(state, NULL);
}

int log_with_passkeys(void **state)
{
	return open_with(state, "relying.example");
}

int log_close(void **state)
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

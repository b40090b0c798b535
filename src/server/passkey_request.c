/* SPDX-License-Identifier: Apache-2.0 */
#include "server/passkey_request.h"

#include "base/log.h"
#include "server/passkey_offers.h"

#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

err passkey_place(const struct call *c, struct passkey_place *out, struct fault *f)
{
	const struct server_config *config = &c->server->config;

	if (config->relying_party[0] == '\0' || config->web_origin[0] == '\0')
		return fail(f, "API_PASSKEYS_OFF", NULL);
	out->origin = bytes_text(config->web_origin);
	out->party = (struct proof_party){.relying_party = bytes_text(config->relying_party),
					  .origins = &out->origin,
					  .origins_n = 1};
	return ERR_OK;
}

err passkey_member(struct call *c, const json_t *json, const char *name, size_t most,
		   struct bytes *out, struct fault *f)
{
	const char *text;
	size_t n = 0;

	TRY(json_member(json, name, base64_size(most), &text, f));
	uint8_t *bytes = arena_alloc(c->request->arena, most);
	if (bytes == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!base64url_decode(bytes_text(text), bytes, most, &n) || n == 0)
		return fail_field(f, name, "FIELD_WRONG", "field", name, "expected",
				  "bytes in base64url without padding", NULL);
	*out = bytes_of(bytes, n);
	return ERR_OK;
}

err passkey_nonce(struct call *c, const json_t *json, struct hash *out, struct fault *f)
{
	struct bytes nonce;
	bool fresh = false;

	TRY(passkey_member(c, json, "nonce", NONCE_SIZE, &nonce, f));
	if (nonce.n == NONCE_SIZE)
		TRY(challenge_spend(c->server->operational, "passkey", nonce, &fresh, f));
	if (!fresh)
		return fail_field(f, "nonce", "API_NONCE_OVER", NULL);
	memcpy(out->b, nonce.p, sizeof out->b);
	return ERR_OK;
}

err passkey_assertion_read(struct call *c, const json_t *json, struct passkey_assertion *out,
			   struct fault *f)
{
	TRY(passkey_member(c, json, "client_data", CLIENT_DATA_MAX, &out->client_data, f));
	TRY(passkey_member(c, json, "authenticator_data", AUTHENTICATOR_DATA_MAX,
			   &out->authenticator_data, f));
	return passkey_member(c, json, "signature", ASSERTION_SIGNATURE_MAX, &out->signature, f);
}

/* ---- whose it is ---- */

struct found {
	size_t n;
	struct hash id;
	struct public_key *key;
};

static err take_passkey(void *context, const struct value *columns, size_t n)
{
	struct found *out = context;

	(void)n;
	/* One that cannot be read is as good as none. */
	if (columns[0].bytes.n != sizeof out->id.b || out->n > 0 ||
	    public_key_parse(columns[1].bytes, &out->key, NULL).code != OK)
		return ERR_OK;
	memcpy(out->id.b, columns[0].bytes.p, sizeof out->id.b);
	out->n = 1;
	return ERR_OK;
}

static err find_passkey(struct reader_session *r, struct bytes credential, struct found *out,
			struct fault *f)
{
	static const char sql[] =
		"SELECT k.key, k.spki FROM passkey p JOIN principal_key k ON k.key = p.key"
		" WHERE p.credential = :credential AND k.until IS NULL ORDER BY k.key";
	static const struct parameter parameters[] = {{"credential", VALUE_BLOB}};
	struct value values[] = {value_blob(credential)};
	struct statement *s;

	TRY(db_prepare(reader_db(r), sql, parameters, 1, &s, f));
	err result = db_query(reader_db(r), s, values, take_passkey, out, NULL, f);
	statement_close(s);
	TRY(result);
	return out->n == 1 ? ERR_OK : fail(f, "API_PASSKEY_UNKNOWN", NULL);
}

/* A person's who is active, and the key's waiting time is over. */
static err find_owner(struct call *c, struct reader_session *r, struct bytes credential,
		      struct found *found, char owner[static ID_SIZE_MAX + 1], struct fault *f)
{
	struct principal principal;
	struct two_clocks now;

	engine_clocks(c->server->engine, &now);
	TRY(find_passkey(r, credential, found, f));
	TRY(authority_key_owner(reader_authority(r), found->id, &now, owner, f));
	TRY(authority_principal(reader_authority(r), bytes_text(owner), &principal, f));
	if (owner[0] == '\0' || principal.state != PRINCIPAL_ACTIVE ||
	    strcmp(principal.kind, "person") != 0)
		return fail(f, "API_PASSKEY_UNKNOWN", NULL);
	return ERR_OK;
}

/* ---- a counter that fell ---- */

static err record_fall(struct call *c, struct hash key, uint32_t seen, uint32_t stored,
		       struct fault *f)
{
	struct submission *submission;
	char hex[65];

	hex_encode(hash_bytes(&key), hex);
	json_t *body = json_pack("{s:s, s:I, s:I}", "key_id", hex, "seen", (json_int_t)seen,
				 "stored", (json_int_t)stored);
	if (body == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err result = submission_system(c->server->engine, c->request->arena, "key.counter_fell",
				       (struct uuid){0}, body, &submission, f);
	json_decref(body);
	TRY(result);
	TRY(record_submit_wait(c->server->engine, &submission, 1, false, f));
	if (submission_result(submission)->state != RESULT_REFUSED)
		return ERR_OK;
	*f = submission_result(submission)->fault;
	return (err){f->code};
}

/* Refused even where nothing can be recorded now. */
static err counter_fell(struct call *c, struct hash key, uint32_t seen, uint32_t stored,
			struct fault *f)
{
	struct fault unrecorded = {0};

	TRY(session_end_key(c->server->operational, key, f));
	if (record_fall(c, key, seen, stored, &unrecorded).code != OK)
		log_event(LOG_ERROR_LEVEL, "counter_fell_unrecorded", "code",
			  unrecorded.message == NULL ? "-" : unrecorded.message, NULL);
	return fail(f, "API_PASSKEY_COUNTER", NULL);
}

static err check_counter(struct call *c, struct hash key, uint32_t counter, struct fault *f)
{
	uint32_t stored;
	bool grew;

	TRY(passkey_counter_set(c->server->operational, key, counter, &grew, &stored, f));
	return grew ? ERR_OK : counter_fell(c, key, counter, stored, f);
}

/* ---- all of it ---- */

static err prove(struct call *c, const json_t *json, struct passkey_owner *out, struct fault *f)
{
	struct passkey_assertion assertion;
	struct passkey_place place;
	struct found found = {0};
	struct reader_session *r;
	struct bytes credential;
	struct hash nonce;
	uint32_t counter = 0;

	TRY(passkey_place(c, &place, f));
	TRY(passkey_member(c, json, "credential", CREDENTIAL_MAX, &credential, f));
	TRY(passkey_assertion_read(c, json, &assertion, f));
	TRY(passkey_nonce(c, json, &nonce, f));
	TRY(reader_take(c->server->engine, &r, f));
	err result = find_owner(c, r, credential, &found, out->principal, f);
	reader_give(r);
	if (result.code == OK)
		result = passkey_assertion_check(&place.party, nonce, found.key, &assertion,
						 &counter, f);
	public_key_close(found.key);
	TRY(result);
	out->key = found.id;
	return check_counter(c, found.id, counter, f);
}

err passkey_prove_owner(struct call *c, const json_t *json, struct passkey_owner *out,
			struct fault *f)
{
	TRY(limits_look(c->server->limits, LIMIT_FAILURE, c->request->peer, f));
	return call_note_failure(c, prove(c, json, out, f), f);
}

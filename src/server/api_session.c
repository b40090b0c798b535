/* SPDX-License-Identifier: Apache-2.0 */
/* api_session.c — challenges, and a program that signs in and out. */
#include "core/sha256.h"
#include "crypto/crypto.h"
#include "server/server_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool session_message(struct bytes origin, struct bytes principal, struct bytes nonce,
		     struct writer *w, struct bytes *out)
{
	put_text(w, "sealwright session\n");
	put_bytes(w, origin);
	put_text(w, "\n");
	put_bytes(w, principal);
	put_text(w, "\n");
	put_bytes(w, nonce);
	put_text(w, "\n");
	return writer_done(w, out);
}

void set_time(json_t *json, const char *name, uint64_t ms)
{
	char text[TIME_TEXT_SIZE];

	time_text(ms, text);
	json_object_set_new(json, name, json_string(text));
}

/* ---- challenges ---- */

static err unit_challenge(struct call *c, const json_t *json, uint8_t nonce[static NONCE_SIZE],
			  uint64_t *expires, struct fault *f)
{
	const char *product, *serial;

	TRY(call_must_be_known(c, f));
	TRY(call_browser_needs(c, ACTING, f));
	TRY(json_member(json, "product", ID_SIZE_MAX, &product, f));
	TRY(json_member(json, "serial", ID_SIZE_MAX, &serial, f));
	if (!id_valid(bytes_text(product)))
		return fail_field(f, "product", "FIELD_WRONG", "field", "product", "expected",
				  "an id", NULL);
	if (!id_valid(bytes_text(serial)))
		return fail_field(f, "serial", "FIELD_WRONG", "field", "serial", "expected",
				  "an id", NULL);
	return challenge_make(c->server->operational, "unit", product, serial, nonce, expires, f);
}

static err make_challenge(struct call *c, const json_t *json, struct fault *f)
{
	static const char *const members[] = {"for", "product", "serial"};
	const struct server_config *config = &c->server->config;
	uint8_t nonce[NONCE_SIZE];
	uint64_t expires;
	char text[64];
	const char *purpose;

	TRY(json_only_keys(json, members, sizeof members / sizeof members[0], f));
	TRY(json_member(json, "for", 16, &purpose, f));
	if (strcmp(purpose, "session") == 0)
		TRY(challenge_make(c->server->operational, "session", "", "", nonce, &expires, f));
	else if (strcmp(purpose, "unit") == 0)
		TRY(unit_challenge(c, json, nonce, &expires, f));
	else if (strcmp(purpose, "passkey") == 0)
		TRY(challenge_make(c->server->operational, "passkey", "", "", nonce, &expires, f));
	else
		return fail_field(f, "for", "FIELD_WRONG", "field", "for", "expected",
				  "one of session|passkey|unit", NULL);
	base64url_encode(bytes_of(nonce, sizeof nonce), text);
	json_t *reply = json_pack("{s:s}", "nonce", text);
	/* A page that nobody signed in to yet must know whose passkeys to ask for. */
	if (strcmp(purpose, "passkey") == 0)
		json_object_set_new(reply, "web", web_json(config));
	set_time(reply, "expires", expires);
	reply_json(c, 201, reply);
	return ERR_OK;
}

err handle_challenge(struct call *c, struct fault *f)
{
	json_t *json;

	TRY(call_read_json(c, &json, f));
	err result = make_challenge(c, json, f);
	json_decref(json);
	return result;
}

/* ---- signing in ---- */

struct sign_in {
	const char *principal, *nonce;
	uint8_t nonce_bytes[NONCE_SIZE];
	struct hash key;
	uint8_t signature[64];
};

static err wrong_text(struct fault *f, const char *field, const char *expected)
{
	return fail_field(f, field, "FIELD_WRONG", "field", field, "expected", expected, NULL);
}

static err sign_in_read(const json_t *json, struct sign_in *out, struct fault *f)
{
	static const char *const members[] = {"principal", "nonce", "key", "signature"};
	const char *key, *signature;
	size_t n;

	TRY(json_only_keys(json, members, sizeof members / sizeof members[0], f));
	TRY(json_member(json, "principal", ID_SIZE_MAX, &out->principal, f));
	TRY(json_member(json, "nonce", 64, &out->nonce, f));
	TRY(json_member(json, "key", 64, &key, f));
	TRY(json_member(json, "signature", 128, &signature, f));
	if (!id_valid(bytes_text(out->principal)))
		return wrong_text(f, "principal", "an id");
	if (!base64url_decode(bytes_text(out->nonce), out->nonce_bytes, NONCE_SIZE, &n) ||
	    n != NONCE_SIZE)
		return wrong_text(f, "nonce", "the nonce of a challenge");
	if (!base64url_decode(bytes_text(signature), out->signature, 64, &n) || n != 64)
		return wrong_text(f, "signature", "64 bytes in base64url");
	return hash_read("key", key, &out->key, f);
}

static err spki_row(void *context, const struct value *columns, size_t n)
{
	struct public_key **out = context;

	(void)n;
	/* One that cannot be read is as good as none. */
	if (public_key_parse(columns[0].bytes, out, NULL).code != OK)
		*out = NULL;
	return ERR_OK;
}

static err read_key(struct reader_session *r, struct hash key, struct public_key **out,
		    struct fault *f)
{
	static const struct parameter parameters[] = {{"key", VALUE_BLOB}};
	struct value values[] = {value_blob(hash_bytes(&key))};
	struct statement *s;

	TRY(db_prepare(reader_db(r), "SELECT spki FROM principal_key WHERE key = :key", parameters,
		       1, &s, f));
	err result = db_query(reader_db(r), s, values, spki_row, out, NULL, f);
	statement_close(s);
	return result;
}

/* The key, if it speaks for the principal now, who is active; else NULL. */
static err enrolled_key(struct call *c, const struct sign_in *in, struct public_key **out,
			struct fault *f)
{
	char owner[ID_SIZE_MAX + 1];
	struct principal principal;
	struct two_clocks now;
	struct reader_session *r;

	*out = NULL;
	engine_clocks(c->server->engine, &now);
	TRY(reader_take(c->server->engine, &r, f));
	err result = authority_key_owner(reader_authority(r), in->key, &now, owner, f);
	if (result.code == OK)
		result = authority_principal(reader_authority(r), bytes_text(in->principal),
					     &principal, f);
	if (result.code == OK && strcmp(owner, in->principal) == 0 &&
	    principal.state == PRINCIPAL_ACTIVE)
		result = read_key(r, in->key, out, f);
	reader_give(r);
	return result;
}

/* One message for every reason: who tries does not learn which half was wrong. */
static err check_signature(struct call *c, const struct sign_in *in, struct fault *f)
{
	struct public_key *key;
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes message;
	bool fresh, holds;

	TRY(challenge_spend(c->server->operational, "session",
			    bytes_of(in->nonce_bytes, NONCE_SIZE), &fresh, f));
	TRY(enrolled_key(c, in, &key, f));
	holds = session_message(bytes_text(c->server->config.origin), bytes_text(in->principal),
				bytes_text(in->nonce), &w, &message) &&
		key != NULL && key_verify(key, message, in->signature);
	public_key_close(key);
	return fresh && holds ? ERR_OK : fail(f, "API_SIGN_IN_WRONG", NULL);
}

static err sign_in(struct call *c, const json_t *json, struct fault *f)
{
	struct sign_in in;
	struct session session;
	uint8_t token[TOKEN_SIZE];
	char text[64];

	TRY(sign_in_read(json, &in, f));
	TRY(limits_look(c->server->limits, LIMIT_FAILURE, c->request->peer, f));
	TRY(call_note_failure(c, check_signature(c, &in, f), f));
	session = (struct session){.key = in.key, .strength = SESSION_PROGRAM};
	snprintf(session.principal, sizeof session.principal, "%s", in.principal);
	snprintf(session.owner, sizeof session.owner, "%s", in.principal);
	TRY(call_session_begin(c, &session, token, f));
	base64url_encode(bytes_of(token, sizeof token), text);
	json_t *reply = json_pack("{s:s, s:s}", "principal", in.principal, "token", text);
	set_time(reply, "expires", session.expires);
	reply_json(c, 201, reply);
	bytes_wipe(token, sizeof token);
	bytes_wipe(text, sizeof text);
	return ERR_OK;
}

err handle_sign_in(struct call *c, struct fault *f)
{
	json_t *json;

	TRY(call_read_json(c, &json, f));
	err result = sign_in(c, json, f);
	json_decref(json);
	return result;
}

err handle_sign_out(struct call *c, struct fault *f)
{
	if (c->caller.channel != CHANNEL_SESSION)
		return fail(f, "API_NO_SESSION", NULL);
	if (c->by_cookie)
		TRY(browser_end(c, f));
	else
		TRY(session_end(c->server->operational, c->caller.reference, f));
	reply_nothing(c);
	return ERR_OK;
}

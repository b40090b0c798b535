/* SPDX-License-Identifier: Apache-2.0 */
/* api_passkeys.c — a browser registers a passkey; the offer waits until somebody signs its key.enrolled. */
#include "core/sha256.h"
#include "domain/access/access_area.h"
#include "record/codec.h"
#include "server/passkey_offers.h"
#include "server/passkey_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- registering ---- */

static err wrong_text(struct fault *f, const char *field, const char *expected)
{
	return fail_field(f, field, "FIELD_WRONG", "field", field, "expected", expected, NULL);
}

static err label_read(const json_t *json, struct bytes *out, struct fault *f)
{
	const char *text;

	TRY(json_member(json, "label", OFFER_LABEL_MAX, &text, f));
	*out = bytes_text(text);
	if (!text_valid(*out) || strpbrk(text, "\n\t") != NULL)
		return wrong_text(f, "label", "a name of 1 to 60 bytes on one line");
	return ERR_OK;
}

/* How the browser may reach the authenticator again: words of WebAuthn, and of whoever comes after it. */
static bool is_transport(const json_t *word)
{
	const char *text = json_string_value(word);

	return text != NULL && json_string_length(word) <= 16 && text[0] != '\0' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz-") == json_string_length(word);
}

static err transports_read(struct call *c, const json_t *json, struct bytes *out, struct fault *f)
{
	const json_t *list = json_object_get(json, "transports");
	uint8_t *buffer = arena_alloc(c->request->arena, OFFER_TRANSPORTS_MAX);
	struct writer w = writer_of(buffer, buffer == NULL ? 0 : OFFER_TRANSPORTS_MAX);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *word = json_array_get(list, i);
		if (!is_transport(word))
			return wrong_text(f, "transports", "words like usb, nfc, internal");
		put_text(&w, i > 0 ? " " : "");
		put_text(&w, json_string_value(word));
	}
	if (!json_is_array(list) || !writer_done(&w, out))
		return wrong_text(f, "transports", "a short list of words like usb, nfc, internal");
	return ERR_OK;
}

/* A second touch: the key signs that it is this person's, here. The record will carry it. */
static err possession_read(struct call *c, const json_t *json, const struct passkey_place *place,
			   const struct public_key *key, struct passkey_offer *out, struct fault *f)
{
	static const char *const members[] = {"client_data", "authenticator_data", "signature"};
	const json_t *possession = json_object_get(json, "possession");
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct passkey_assertion a;
	struct bytes message;
	struct fault why = {0};
	uint32_t counter;

	if (!json_is_object(possession))
		return wrong_text(f, "possession", "client_data, authenticator_data, signature");
	TRY(json_only_keys(possession, members, 3, f));
	TRY(passkey_assertion_read(c, possession, &a, f));
	if (!key_possession_message(bytes_text(c->server->config.origin),
				    bytes_text(c->caller.principal), &w, &message))
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (passkey_assertion_check(&place->party, sha256(message), key, &a, &counter, &why).code !=
	    OK)
		return fail_field(f, "possession", "API_PASSKEY_REGISTRATION_WRONG", "detail",
				  fault_value(&why, "detail"), NULL);
	out->possession = a.signature;
	out->authenticator_data = a.authenticator_data;
	out->client_data = a.client_data;
	return ERR_OK;
}

static err count_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(int64_t *)context = columns[0].number;
	return ERR_OK;
}

/* Each credential and each key is known once, whoever's it was. */
static err check_new(struct call *c, const struct passkey_offer *offer, struct fault *f)
{
	static const char sql[] =
		"SELECT (SELECT count(*) FROM principal_key WHERE key = :key)"
		" + (SELECT count(*) FROM passkey WHERE credential = :credential) AS n";
	static const struct parameter parameters[] = {{"key", VALUE_BLOB},
						      {"credential", VALUE_BLOB}};
	struct value values[] = {value_blob(hash_bytes(&offer->key)),
				 value_blob(offer->credential)};
	struct reader_session *r;
	struct statement *s;
	int64_t n = 0;

	TRY(reader_take(c->server->engine, &r, f));
	err result = db_prepare(reader_db(r), sql, parameters, 2, &s, f);
	if (result.code == OK) {
		result = db_query(reader_db(r), s, values, count_row, &n, NULL, f);
		statement_close(s);
	}
	reader_give(r);
	TRY(result);
	return n == 0 ? ERR_OK : fail(f, "API_PASSKEY_KNOWN", NULL);
}

/* `passkey` is open when it returns OK, and its key part of the offer. */
static err registration_read(struct call *c, const json_t *json, struct passkey_offer *offer,
			     struct passkey *passkey, struct fault *f)
{
	static const char *const members[] = {"nonce",       "label",       "transports",
					      "client_data", "attestation", "possession"};
	struct bytes client_data, attestation;
	struct passkey_place place;
	struct hash nonce;

	TRY(json_only_keys(json, members, sizeof members / sizeof members[0], f));
	TRY(passkey_place(c, &place, f));
	TRY(label_read(json, &offer->label, f));
	TRY(transports_read(c, json, &offer->transports, f));
	TRY(passkey_member(c, json, "client_data", CLIENT_DATA_MAX, &client_data, f));
	TRY(passkey_member(c, json, "attestation", ATTESTATION_MAX, &attestation, f));
	TRY(passkey_nonce(c, json, &nonce, f));
	TRY(passkey_registration_check(&place.party, nonce, client_data, attestation, passkey, f));
	err result = possession_read(c, json, &place, passkey->key, offer, f);
	if (result.code != OK)
		public_key_close(passkey->key);
	return result;
}

static err offer_make(struct call *c, struct passkey_offer *offer, const struct passkey *passkey,
		      struct fault *f)
{
	char hex[65], code[OFFER_CODE_SIZE], until[TIME_TEXT_SIZE];

	offer->key = public_key_id(passkey->key);
	offer->spki = public_key_spki(passkey->key);
	offer->credential = passkey->credential;
	offer->principal = bytes_text(c->caller.principal);
	TRY(check_new(c, offer, f));
	TRY(passkey_offer_add(c->server->operational, offer, f));
	hex_encode(hash_bytes(&offer->key), hex);
	passkey_code(offer->spki, code);
	time_text(offer->expires, until);
	reply_json(c, 201,
		   json_pack("{s:s, s:s, s:s}", "key", hex, "code", code, "expires", until));
	return ERR_OK;
}

static err make(struct call *c, const json_t *json, struct fault *f)
{
	struct passkey_offer offer = {0};
	struct passkey passkey;

	TRY(call_must_be_person(c, f));
	TRY(registration_read(c, json, &offer, &passkey, f));
	err result = offer_make(c, &offer, &passkey, f);
	public_key_close(passkey.key);
	return result;
}

err handle_passkey(struct call *c, struct fault *f)
{
	json_t *json;

	TRY(call_read_json(c, &json, f));
	err result = make(c, json, f);
	json_decref(json);
	return result;
}

/* ---- what waits ---- */

static json_t *text_json(struct bytes text)
{
	return json_stringn((const char *)text.p, text.n);
}

static json_t *bytes_json(struct bytes bytes)
{
	char *text = malloc(base64_size(bytes.n) + 1);

	if (text == NULL)
		return NULL;
	base64url_encode(bytes, text);
	json_t *json = json_string(text);
	free(text);
	return json;
}

static json_t *offer_json(const struct passkey_offer *offer)
{
	char hex[65], code[OFFER_CODE_SIZE], created[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];

	hex_encode(hash_bytes(&offer->key), hex);
	passkey_code(offer->spki, code);
	time_text(offer->created, created);
	time_text(offer->expires, until);
	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:s}", "key", hex, "principal",
			 text_json(offer->principal), "label", text_json(offer->label),
			 "transports", text_json(offer->transports), "code", code, "created",
			 created, "expires", until);
}

/* The body of the record that confirms it. */
static json_t *body_json(const struct passkey_offer *offer)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "principal",
			 text_json(offer->principal), "public_key", bytes_json(offer->spki),
			 "possession", bytes_json(offer->possession), "credential",
			 bytes_json(offer->credential), "label", text_json(offer->label),
			 "authenticator_data", bytes_json(offer->authenticator_data), "client_data",
			 bytes_json(offer->client_data));
}

/* NULL: everybody's; otherwise the caller's own. Who was invited sees no others', whatever they may otherwise. */
static err whose(struct call *c, const char **out, struct fault *f)
{
	struct reader_session *r;
	bool all = false;

	if (!c->by_cookie || c->session.strength >= SESSION_LINK) {
		TRY(reader_take(c->server->engine, &r, f));
		err result = call_may(c, r, "access.admin", NULL, &all, f);
		reader_give(r);
		TRY(result);
	}
	*out = all ? NULL : c->caller.principal;
	return ERR_OK;
}

static err list_offer(void *context, const struct passkey_offer *offer)
{
	return json_array_append_new(context, offer_json(offer)) == 0 ? ERR_OK : (err){ERR_MEMORY};
}

err handle_passkey_offers(struct call *c, struct fault *f)
{
	const char *principal;

	TRY(whose(c, &principal, f));
	json_t *list = json_array();
	err result =
		passkey_offer_each(c->server->operational, principal, NULL, list_offer, list, f);
	if (result.code == OK)
		reply_json(c, 200, json_pack("{s:O}", "offers", list));
	json_decref(list);
	return result;
}

static err show_offer(void *context, const struct passkey_offer *offer)
{
	json_t **out = context;

	*out = offer_json(offer);
	return json_object_set_new(*out, "body", body_json(offer)) == 0 ? ERR_OK
									: (err){ERR_MEMORY};
}

err handle_passkey_offer(struct call *c, struct fault *f)
{
	const char *principal;
	struct hash key;
	json_t *offer = NULL;

	TRY(hash_read("key", c->arguments[0], &key, f));
	TRY(whose(c, &principal, f));
	err result =
		passkey_offer_each(c->server->operational, principal, &key, show_offer, &offer, f);
	if (result.code != OK) {
		json_decref(offer);
		return result;
	}
	if (offer == NULL)
		return fail(f, "API_PASSKEY_OFFER_GONE", NULL);
	reply_json(c, 200, offer);
	return ERR_OK;
}

err handle_passkey_offer_drop(struct call *c, struct fault *f)
{
	const char *principal;
	struct hash key;
	bool found;

	TRY(hash_read("key", c->arguments[0], &key, f));
	TRY(whose(c, &principal, f));
	TRY(passkey_offer_drop(c->server->operational, c->caller.principal, key, &found, f));
	if (!found && principal == NULL) {
		/* Somebody else's: that is an act. */
		TRY(call_browser_needs(c, ACTING, f));
		TRY(passkey_offer_drop(c->server->operational, NULL, key, &found, f));
	}
	if (!found)
		return fail(f, "API_PASSKEY_OFFER_GONE", NULL);
	reply_nothing(c);
	return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "passkey_kit.h"

#include "core/sha256.h"
#include "domain/access/access_area.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(err result, const struct fault *f)
{
	if (result.code != OK)
		stop_test("%s\n", f->message == NULL ? "?" : f->message);
}

/* ---- a token ---- */

struct token token_make(enum key_algorithm algorithm)
{
	struct token t = {.counter = 1};
	struct fault f = {0};

	must(private_key_generate(algorithm, &t.key, &f), &f);
	must(random_bytes(t.id, sizeof t.id, &f), &f);
	struct hash id = public_key_id(private_key_public(t.key));
	hex_encode(hash_bytes(&id), t.hex);
	return t;
}

void token_done(struct token *t)
{
	private_key_close(t->key);
	t->key = NULL;
}

/* ---- a browser ---- */

struct api *kit_open(void)
{
	return api_open_wishing(&(struct api_wish){.settings = KIT_SETTINGS});
}

static struct reply *send_text(struct api *x, const char *cookie, const char *method,
			       const char *path, const char *body)
{
	struct ask ask = {
		.method = method, .path = path, .body = body, .headers = {KIT_OURS, NULL}};

	if (cookie != NULL)
		ask.headers[1] = arena_printf(&x->arena, "Cookie: %s", cookie);
	return api_ask(x, &ask);
}

struct reply *kit_web(struct api *x, const char *cookie, const char *method, const char *path,
		      const char *quoted)
{
	return send_text(x, cookie, method, path, quoted == NULL ? NULL : api_quoted(x, quoted));
}

const char *kit_text(struct api *x, json_t *body)
{
	char *text = json_dumps(body, 0);

	assert_non_null(text);
	const char *kept = arena_text(&x->arena, bytes_text(text));
	free(text);
	json_decref(body);
	return kept;
}

struct reply *kit_send(struct api *x, const char *cookie, const char *method, const char *path,
		       json_t *body)
{
	return send_text(x, cookie, method, path, kit_text(x, body));
}

const char *kit_cookie(struct api *x, const struct reply *r)
{
	const char *set = reply_header(r, "Set-Cookie");

	assert_non_null(set);
	return arena_printf(&x->arena, "%.*s", (int)strcspn(set, ";"), set);
}

static const char *spend(struct api *x, const struct reply *made)
{
	struct ask ask = {.method = "POST",
			  .body = "",
			  .type = "application/x-www-form-urlencoded",
			  .headers = {KIT_OURS}};

	must_have(made, 201);
	ask.path = arena_text(&x->arena, bytes_text(reply_text(made, "path")));
	struct reply *r = api_ask(x, &ask);
	must_have(r, 303);
	return kit_cookie(x, r);
}

const char *kit_by_link(struct api *x, const struct person *who)
{
	return spend(x, api_post(x, who, "/v1/links", "{}"));
}

const char *kit_invited(struct api *x, const char *principal)
{
	return spend(x, api_post(x, &x->ada, "/v1/links",
				 arena_printf(&x->arena, "{'principal':'%s'}", principal)));
}

struct hash kit_nonce(struct api *x)
{
	struct reply *r = api_post(x, NULL, "/v1/challenges", "{'for':'passkey'}");
	struct hash nonce;
	size_t n;

	must_have(r, 201);
	assert_true(
		base64url_decode(bytes_text(reply_text(r, "nonce")), nonce.b, sizeof nonce.b, &n));
	assert_int_equal(n, sizeof nonce.b);
	return nonce;
}

/* ---- what an authenticator says ---- */

static json_t *in_base64(struct api *x, struct bytes bytes)
{
	char *text = arena_alloc(&x->arena, base64_size(bytes.n) + 1);

	assert_non_null(text);
	base64url_encode(bytes, text);
	return json_string(text);
}

/* A wish's own words, and for the rest what is right here. */
static struct passkey_wish right(const struct passkey_wish *wish, struct hash challenge,
				 uint32_t counter)
{
	static const struct hash none;
	struct passkey_wish w = wish == NULL ? (struct passkey_wish){0} : *wish;

	w.party = w.party == NULL ? KIT_PARTY : w.party;
	w.origin = w.origin == NULL ? KIT_ORIGIN : w.origin;
	w.challenge = hash_equal(w.challenge, none) ? challenge : w.challenge;
	w.counter = w.counter == 0 ? counter : w.counter;
	return w;
}

static json_t *words_json(struct api *x, const struct passkey_words *words)
{
	return json_pack("{s:o, s:o, s:o}", "client_data", in_base64(x, words->client_data),
			 "authenticator_data", in_base64(x, words->authenticator_data), "signature",
			 in_base64(x, words->signature));
}

static json_t *possession(struct api *x, const struct token *t, const char *principal,
			  const struct passkey_wish *wish)
{
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct passkey_words words;
	struct bytes message;
	struct fault f = {0};

	assert_true(key_possession_message(bytes_text(x->config.origin), bytes_text(principal), &w,
					   &message));
	struct passkey_wish all = right(wish, sha256(message), t->counter);
	must(passkey_assert(&x->arena, t->key, &all, &words, &f), &f);
	return words_json(x, &words);
}

json_t *kit_registration(struct api *x, const struct token *t, const char *principal,
			 const struct kit_wish *wish)
{
	static const struct kit_wish none;
	const struct kit_wish *w = wish == NULL ? &none : wish;
	struct hash nonce = w->nonce == NULL ? kit_nonce(x) : *w->nonce;
	struct passkey_wish creation = right(&w->creation, nonce, t->counter);
	struct bytes credential =
		w->credential.p == NULL ? bytes_of(t->id, sizeof t->id) : w->credential;
	struct passkey_registration r;
	struct fault f = {0};

	must(passkey_register(&x->arena, t->key, credential, &creation, &r, &f), &f);
	json_t *json = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o}", "nonce", in_base64(x, hash_bytes(&nonce)),
		"label",
		json_loads(w->label == NULL ? "\"a key\"" : w->label, JSON_DECODE_ANY, NULL),
		"transports",
		json_loads(w->transports == NULL ? "[\"usb\"]" : w->transports, JSON_DECODE_ANY,
			   NULL),
		"client_data", in_base64(x, r.client_data), "attestation",
		in_base64(x, r.attestation), "possession",
		possession(x, w->possessor == NULL ? t : w->possessor,
			   w->of == NULL ? principal : w->of, &w->possession));
	assert_non_null(json);
	if (w->without != NULL)
		assert_int_equal(json_object_del(json, w->without), 0);
	return json;
}

struct reply *kit_register(struct api *x, const char *cookie, const struct token *t,
			   const char *principal, const struct kit_wish *wish)
{
	return kit_send(x, cookie, "POST", "/v1/passkeys", kit_registration(x, t, principal, wish));
}

void kit_confirm(struct api *x, const struct token *t)
{
	struct reply *r =
		api_get(x, &x->ada, arena_printf(&x->arena, "/v1/passkeys/offers/%s", t->hex));

	must_have(r, 200);
	char *body = json_dumps(json_object_get(r->json, "body"), 0);
	assert_non_null(body);
	(void)api_must(x, &x->ada, "key.enrolled", body);
	free(body);
}

void kit_enroll(struct api *x, const struct person *who, struct token *t)
{
	must_have(kit_register(x, kit_by_link(x, who), t, who->id, NULL), 201);
	kit_confirm(x, t);
}

/* ---- signing in ---- */

json_t *kit_assertion(struct api *x, struct token *t, const struct kit_wish *wish)
{
	static const struct kit_wish none;
	const struct kit_wish *w = wish == NULL ? &none : wish;
	struct hash nonce = w->nonce == NULL ? kit_nonce(x) : *w->nonce;
	struct passkey_wish assertion = right(&w->assertion, nonce, t->counter);
	struct bytes credential =
		w->credential.p == NULL ? bytes_of(t->id, sizeof t->id) : w->credential;
	struct passkey_words words;
	struct fault f = {0};

	t->counter += t->counter == 0 ? 0 : 1;
	must(passkey_assert(&x->arena, t->key, &assertion, &words, &f), &f);
	json_t *json = words_json(x, &words);
	json_object_set_new(json, "nonce", in_base64(x, hash_bytes(&nonce)));
	json_object_set_new(json, "credential", in_base64(x, credential));
	if (w->without != NULL)
		assert_int_equal(json_object_del(json, w->without), 0);
	return json;
}

struct reply *kit_sign_in(struct api *x, struct token *t, const struct kit_wish *wish)
{
	return kit_send(x, NULL, "POST", "/v1/sessions/passkey", kit_assertion(x, t, wish));
}

const char *kit_signed_in(struct api *x, struct token *t)
{
	struct reply *r = kit_sign_in(x, t, NULL);

	must_have(r, 201);
	return kit_cookie(x, r);
}

struct reply *kit_step_up(struct api *x, const char *cookie, struct token *t)
{
	return kit_send(x, cookie, "POST", "/v1/step-up", kit_assertion(x, t, NULL));
}

/* ---- codes ---- */

void kit_secret(const char *text, uint8_t out[static TOTP_SECRET_SIZE])
{
	static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	unsigned held = 0;
	size_t n = 0;

	for (; *text != '\0'; text++) {
		const char *at = strchr(ALPHABET, *text);
		assert_non_null(at);
		bits = (bits << 5 | (uint32_t)(at - ALPHABET)) & 0xffff;
		held += 5;
		if (held >= 8 && n < TOTP_SECRET_SIZE) {
			out[n++] = (uint8_t)(bits >> (held - 8));
			held -= 8;
		}
	}
	assert_int_equal(n, TOTP_SECRET_SIZE);
}

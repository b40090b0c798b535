/* SPDX-License-Identifier: Apache-2.0 */
/* session.c — a person signs in: the server's nonce, signed with an enrolled key. */
#include "client/client_internal.h"

#include <stdio.h>
#include <string.h>

static err keep_token(struct client *c, const json_t *session, struct fault *f)
{
	const char *token = json_string_value(json_object_get(session, "token"));

	if (token == NULL || strlen(token) >= sizeof c->token)
		return fail(f, "CLIENT_REPLY_BAD", "path", "/v1/sessions", NULL);
	snprintf(c->token, sizeof c->token, "%s", token);
	return ERR_OK;
}

/* Four lines: purpose, log, who, nonce. */
static err sign(struct client *c, const char *nonce, char signature[static 96], struct fault *f)
{
	uint8_t buffer[1024], raw[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes message;

	put_text(&w, "sealwright session\n");
	put_text(&w, c->config.origin);
	put_text(&w, "\n");
	put_text(&w, c->config.principal);
	put_text(&w, "\n");
	put_text(&w, nonce);
	put_text(&w, "\n");
	if (!writer_done(&w, &message))
		return fail(f, "CLIENT_REPLY_BAD", "path", "/v1/challenges", NULL);
	TRY(key_sign(c->config.key, message, raw, f));
	base64url_encode(bytes_of(raw, sizeof raw), signature);
	return ERR_OK;
}

static err begin(struct client *c, const char *nonce, struct fault *f)
{
	char signature[96], key[65];
	struct hash id = public_key_id(private_key_public(c->config.key));
	json_t *session = NULL;

	TRY(sign(c, nonce, signature, f));
	hex_encode(hash_bytes(&id), key);
	json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "principal", c->config.principal, "nonce",
				 nonce, "key", key, "signature", signature);
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : client_json(c, "POST", "/v1/sessions", body, &session, f);
	json_decref(body);
	if (e.code == OK)
		e = keep_token(c, session, f);
	json_decref(session);
	return e;
}

err client_sign_in(struct client *c, struct fault *f)
{
	json_t *body = json_pack("{s:s}", "for", "session"), *challenge = NULL;

	if (c->config.key == NULL || c->config.origin == NULL) {
		json_decref(body);
		return fail(f, "CLIENT_KEY_MISSING", NULL);
	}
	c->signing_in = true;
	err e = client_json(c, "POST", "/v1/challenges", body, &challenge, f);
	const char *nonce = json_string_value(json_object_get(challenge, "nonce"));
	if (e.code == OK && nonce == NULL)
		e = fail(f, "CLIENT_REPLY_BAD", "path", "/v1/challenges", NULL);
	if (e.code == OK)
		e = begin(c, nonce, f);
	c->signing_in = false;
	json_decref(challenge);
	json_decref(body);
	return e;
}

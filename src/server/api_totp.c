/* SPDX-License-Identifier: Apache-2.0 */
/* api_totp.c — an app for codes: set up with a first code, taken off again. A code steps a session up, and does nothing
 * else. */
#include "server/server_internal.h"
#include "server/totp_codes.h"

#include <stdio.h>
#include <string.h>

err call_code_holds(struct call *c, const json_t *json, bool confirmed, struct fault *f)
{
	static const char *const members[] = {"code"};
	struct server *s = c->server;
	const char *text;
	uint32_t code;

	TRY(json_only_keys(json, members, 1, f));
	TRY(json_member(json, "code", TOTP_DIGITS + 1, &text, f));
	if (!totp_read(bytes_text(text), &code))
		return fail_field(f, "code", "FIELD_WRONG", "field", "code", "expected",
				  "eight digits", NULL);
	TRY(limits_look(s->limits, LIMIT_FAILURE, c->request->peer, f));
	return call_note_failure(c,
				 totp_check(s->operational, blob_pool_key(s->blobs),
					    c->caller.principal, confirmed, code, f),
				 f);
}

/* Only a session can be stepped up: who has none has nothing to set up. */
static err must_have_session(const struct call *c, struct fault *f)
{
	return c->caller.channel == CHANNEL_SESSION ? ERR_OK : fail(f, "API_NO_SESSION", NULL);
}

/* ---- setting up ---- */

/* RFC 3986 section 2.3: everything else is escaped. */
static void put_escaped(struct writer *w, const char *text)
{
	static const char HEX[] = "0123456789ABCDEF", OWN[] = "-._~";

	for (; *text != '\0'; text++) {
		uint8_t c = (uint8_t)*text;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || strchr(OWN, *text) != NULL;
		if (!plain)
			put_u8(w, '%');
		put_u8(w, plain ? c : (uint8_t)HEX[c >> 4]);
		if (!plain)
			put_u8(w, (uint8_t)HEX[c & 0x0f]);
	}
}

enum { URI_SIZE = 64 + 6 * (ORIGIN_SIZE_MAX + ID_SIZE_MAX) + TOTP_BASE32_SIZE + 96 };

/* The "Key Uri Format" that apps read from a QR code. */
static bool put_uri(const struct call *c, const char *secret, char out[static URI_SIZE])
{
	struct writer w = writer_of(out, URI_SIZE);
	struct bytes written;

	put_text(&w, "otpauth://totp/");
	put_escaped(&w, c->server->config.origin);
	put_text(&w, ":");
	put_escaped(&w, c->caller.principal);
	put_text(&w, "?secret=");
	put_text(&w, secret);
	put_text(&w, "&issuer=");
	put_escaped(&w, c->server->config.origin);
	put_text(&w, "&algorithm=SHA256&digits=8&period=30");
	put_u8(&w, '\0');
	return writer_done(&w, &written);
}

static err begin(struct call *c, struct fault *f)
{
	struct server *s = c->server;
	uint8_t secret[TOTP_SECRET_SIZE];
	char text[TOTP_BASE32_SIZE], uri[URI_SIZE];

	TRY(must_have_session(c, f));
	TRY(totp_begin(s->operational, blob_pool_key(s->blobs), c->caller.principal, secret, f));
	totp_base32(secret, text);
	bytes_wipe(secret, sizeof secret);
	json_t *reply = put_uri(c, text, uri)
				? json_pack("{s:s, s:s, s:s, s:i, s:i}", "secret", text, "uri", uri,
					    "algorithm", "SHA256", "digits", TOTP_DIGITS, "seconds",
					    TOTP_STEP_MS / 1000)
				: NULL;
	bytes_wipe(text, sizeof text);
	bytes_wipe(uri, sizeof uri);
	reply_json(c, 201, reply);
	return ERR_OK;
}

err handle_totp(struct call *c, struct fault *f)
{
	json_t *json = NULL;

	if (c->request->body.n == 0)
		return begin(c, f);
	TRY(call_read_json(c, &json, f));
	err result = json_only_keys(json, NULL, 0, f);
	json_decref(json);
	return result.code == OK ? begin(c, f) : result;
}

err handle_totp_confirm(struct call *c, struct fault *f)
{
	json_t *json;

	TRY(must_have_session(c, f));
	TRY(call_read_json(c, &json, f));
	err result = call_code_holds(c, json, false, f);
	json_decref(json);
	if (result.code == OK)
		reply_nothing(c);
	return result;
}

/* ---- taking off ---- */

err handle_totp_end(struct call *c, struct fault *f)
{
	bool found;

	TRY(must_have_session(c, f));
	TRY(totp_end(c->server->operational, c->caller.principal, &found, f));
	if (!found)
		return fail(f, "API_TOTP_NONE", NULL);
	reply_nothing(c);
	return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sign_in_link.c — from a signed-in person's program into the same person's browser: a link that works once,
 * and the session that it begins. */
#include "core/sha256.h"
#include "server/cookie.h"
#include "server/page.h"

#include <stdio.h>
#include <string.h>

/* ---- making a link ---- */

/* A station's key is not for browsers, and a browser makes no further sessions. */
static err make_link(struct call *c, struct fault *f)
{
	uint8_t token[TOKEN_SIZE];
	char text[64], path[96], until[TIME_TEXT_SIZE];
	uint64_t expires;

	if (c->caller.channel != CHANNEL_SESSION)
		return fail(f, "API_LINK_FOR_PEOPLE", NULL);
	TRY(sign_in_link_make(c->server->operational, c->caller.principal, c->key, token, &expires,
			      f));
	base64url_encode(bytes_of(token, sizeof token), text);
	snprintf(path, sizeof path, "/sign-in/%s", text);
	time_text(expires, until);
	reply_json(c, 201, json_pack("{s:s, s:s}", "path", path, "expires", until));
	bytes_wipe(token, sizeof token);
	bytes_wipe(text, sizeof text);
	bytes_wipe(path, sizeof path);
	return ERR_OK;
}

/* There is nothing to say but that one wants it. */
err handle_sign_in_link(struct call *c, struct fault *f)
{
	json_t *json = NULL;

	if (c->request->body.n == 0)
		return make_link(c, f);
	TRY(call_read_json(c, &json, f));
	err result = json_only_keys(json, NULL, 0, f);
	json_decref(json);
	return result.code == OK ? make_link(c, f) : result;
}

/* ---- using it ---- */

static bool token_hash(const char *text, struct hash *out)
{
	uint8_t token[TOKEN_SIZE];
	size_t n = 0;
	bool sound =
		base64url_decode(bytes_text(text), token, sizeof token, &n) && n == sizeof token;

	if (sound)
		*out = sha256(bytes_of(token, sizeof token));
	bytes_wipe(token, sizeof token);
	return sound;
}

/* Mail programs and chats look at links before people do: only the button uses it up. */
err handle_sign_in_page(struct call *c, struct fault *f)
{
	struct page *p = page_open(c, "Sign in");

	(void)f;
	page_raw(p, "<p>To the evidence log <b>");
	page_text(p, c->server->config.origin);
	page_raw(p, "</b>. The link works once.</p>\n"
		    "<form method=\"post\"><button>Sign in</button></form>\n");
	page_reply(c, 200, p);
	return ERR_OK;
}

static void see_start(struct call *c, const char *cookie)
{
	char header[160];

	snprintf(header, sizeof header,
		 COOKIE_NAME "=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s", cookie,
		 cookie[0] == '\0' ? "; Max-Age=0" : "");
	http_header_set(c->request, "Set-Cookie", header);
	http_header_set(c->request, "Location", "/");
	reply_bytes(c, 303, NULL, (struct bytes){0});
	bytes_wipe(header, sizeof header);
}

static err from_here(const struct call *c, struct fault *f)
{
	const struct http_request *r = c->request;

	return request_is_same_origin(http_header(r, "Sec-Fetch-Site"), http_header(r, "Origin"),
				      http_header(r, "Host"))
		       ? ERR_OK
		       : fail(f, "API_FROM_ELSEWHERE", NULL);
}

/* Wrong, used and old links get the same answer, and whoever keeps trying is turned away. */
static err spend(struct call *c, struct session *out, struct fault *f)
{
	struct hash token;
	bool found = false;

	TRY(limits_look(c->server->limits, LIMIT_FAILURE, c->request->peer, f));
	if (token_hash(c->arguments[0], &token))
		TRY(sign_in_link_spend(c->server->operational, token, &found, out, f));
	if (found)
		return ERR_OK;
	TRY(limits_take(c->server->limits, LIMIT_FAILURE, c->request->peer, f));
	return fail(f, "API_LINK_OVER", NULL);
}

static err sign_in(struct call *c, struct fault *f)
{
	uint8_t token[TOKEN_SIZE];
	struct session of;
	char text[64];
	uint64_t expires;

	/* Else another site could sign somebody in as somebody else. */
	TRY(from_here(c, f));
	TRY(spend(c, &of, f));
	/* A key that was revoked since, or a person who left, is found at the first request. */
	TRY(session_make(c->server->operational, SESSION_BROWSER, of.principal, of.key, token,
			 &expires, f));
	base64url_encode(bytes_of(token, sizeof token), text);
	see_start(c, text);
	bytes_wipe(token, sizeof token);
	bytes_wipe(text, sizeof text);
	return ERR_OK;
}

/* What is wrong is shown as a page. */
static err as_page(struct call *c, err result, const struct fault *f)
{
	if (result.code != OK)
		page_fault(c, f);
	return ERR_OK;
}

err handle_sign_in_spend(struct call *c, struct fault *f)
{
	return as_page(c, sign_in(c, f), f);
}

static err leave(struct call *c, struct fault *f)
{
	TRY(from_here(c, f));
	if (c->by_cookie)
		TRY(session_end(c->server->operational, c->caller.reference, f));
	see_start(c, "");
	return ERR_OK;
}

err handle_leave(struct call *c, struct fault *f)
{
	return as_page(c, leave(c, f), f);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* browser.c — what a browser's session is good for, how it begins and how it leaves. */
#include "server/cookie.h"
#include "server/server_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- what it may ---- */

err call_from_here(const struct call *c, struct fault *f)
{
	const struct http_request *r = c->request;

	return request_is_same_origin(http_header(r, "Sec-Fetch-Site"), http_header(r, "Origin"),
				      http_header(r, "Host"))
		       ? ERR_OK
		       : fail(f, "API_FROM_ELSEWHERE", NULL);
}

err call_must_be_person(struct call *c, struct fault *f)
{
	struct principal principal;
	struct reader_session *r;

	if (c->caller.channel != CHANNEL_SESSION)
		return fail(f, "API_LINK_FOR_PEOPLE", NULL);
	TRY(reader_take(c->server->engine, &r, f));
	err result = authority_principal(reader_authority(r), bytes_text(c->caller.principal),
					 &principal, f);
	reader_give(r);
	TRY(result);
	return strcmp(principal.kind, "person") == 0 ? ERR_OK
						     : fail(f, "API_LINK_FOR_PEOPLE", NULL);
}

err call_authenticators(struct call *c, size_t *out, struct fault *f)
{
	struct reader_session *r;
	struct two_clocks now;

	engine_clocks(c->server->engine, &now);
	TRY(reader_take(c->server->engine, &r, f));
	err result = authority_authenticators(reader_authority(r), bytes_text(c->caller.principal),
					      &now, out, f);
	reader_give(r);
	return result;
}

static bool has_stepped_up(const struct call *c)
{
	uint64_t at = c->session.stepped_up;

	return at != 0 && server_now(c->server) < at + STEP_UP_MS;
}

err call_browser_needs(struct call *c, enum browser_needs needs, struct fault *f)
{
	size_t n = 0;

	if (!c->by_cookie || needs <= REGISTERING)
		return ERR_OK;
	if (c->session.strength < SESSION_LINK)
		return fail(f, "API_INVITATION_ONLY", NULL);
	if (needs == LOOKING)
		return ERR_OK;
	if (c->session.strength < SESSION_PASSKEY)
		return fail(f, "API_BROWSER_READS_ONLY", NULL);
	/* Who has one only would be locked out by its loss. */
	TRY(call_authenticators(c, &n, f));
	if (n < AUTHENTICATORS_LEAST)
		return fail(f, "API_SECOND_AUTHENTICATOR_NEEDED", NULL);
	if (needs == STEPPED_UP && !has_stepped_up(c))
		return fail(f, "API_STEP_UP_NEEDED", NULL);
	return ERR_OK;
}

/* A browser sends its cookie with whatever any page makes it send: reading is harmless. */
err call_browser_may(struct call *c, struct fault *f)
{
	enum http_method method = c->request->method;

	if (c->by_cookie && method != HTTP_GET && method != HTTP_HEAD)
		TRY(call_from_here(c, f));
	return call_browser_needs(c, c->route->browser, f);
}

/* ---- beginning and leaving ---- */

err call_session_begin(struct call *c, struct session *session, uint8_t token[static TOKEN_SIZE],
		       struct fault *f)
{
	snprintf(session->peer, sizeof session->peer, "%s", c->request->peer);
	session_agent(http_header(c->request, "User-Agent"), session->agent);
	return session_make(c->server->operational, session, token, f);
}

static void set_cookie(struct call *c, const char *value)
{
	char header[160];

	snprintf(header, sizeof header,
		 COOKIE_NAME "=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s", value,
		 value[0] == '\0' ? "; Max-Age=0" : "");
	http_header_set(c->request, "Set-Cookie", header);
	bytes_wipe(header, sizeof header);
}

err browser_begin(struct call *c, struct session *session, struct fault *f)
{
	uint8_t token[TOKEN_SIZE];
	char text[64];

	/* One browser, one session: what it had before ends. */
	if (c->by_cookie)
		TRY(session_end(c->server->operational, c->caller.reference, f));
	TRY(call_session_begin(c, session, token, f));
	base64url_encode(bytes_of(token, sizeof token), text);
	set_cookie(c, text);
	bytes_wipe(token, sizeof token);
	bytes_wipe(text, sizeof text);
	return ERR_OK;
}

err browser_end(struct call *c, struct fault *f)
{
	if (c->by_cookie)
		TRY(session_end(c->server->operational, c->caller.reference, f));
	set_cookie(c, "");
	return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sign_in_link.c — from a signed-in person's program into the same person's browser: a link that works once,
 * and the session that it begins. */
#include "core/sha256.h"
#include "server/page.h"

#include <stdio.h>
#include <string.h>

/* ---- making a link ---- */

/* Somebody whose program can say so is signed in; another person only by who manages people's access. */
static err invite(struct call *c, const char *principal, struct session *out, struct fault *f)
{
	struct principal found = {0};
	struct reader_session *r;

	TRY(reader_take(c->server->engine, &r, f));
	err result = call_needs(c, r, "access.admin", NULL, f);
	if (result.code == OK)
		result = authority_principal(reader_authority(r), bytes_text(principal), &found, f);
	reader_give(r);
	TRY(result);
	if (found.state != PRINCIPAL_ACTIVE || strcmp(found.kind, "person") != 0)
		return fail_field(f, "principal", "API_INVITED_UNKNOWN", "principal", principal,
				  NULL);
	out->strength = SESSION_INVITATION;
	snprintf(out->principal, sizeof out->principal, "%s", principal);
	return ERR_OK;
}

/* A station's key is not for browsers. */
static err make_link(struct call *c, const char *principal, struct fault *f)
{
	struct session of = {.key = c->key, .strength = SESSION_LINK};
	uint8_t token[TOKEN_SIZE];
	char text[64], path[96], until[TIME_TEXT_SIZE];
	uint64_t expires;

	TRY(call_must_be_person(c, f));
	snprintf(of.owner, sizeof of.owner, "%s", c->caller.principal);
	snprintf(of.principal, sizeof of.principal, "%s", c->caller.principal);
	if (principal != NULL && strcmp(principal, c->caller.principal) != 0)
		TRY(invite(c, principal, &of, f));
	TRY(one_time_link_make(c->server->operational, &of, token, &expires, f));
	base64url_encode(bytes_of(token, sizeof token), text);
	snprintf(path, sizeof path, "/sign-in/%s", text);
	time_text(expires, until);
	reply_json(c, 201,
		   json_pack("{s:s, s:s, s:s, s:s}", "path", path, "expires", until, "principal",
			     of.principal, "strength", session_strength_name(of.strength)));
	bytes_wipe(token, sizeof token);
	bytes_wipe(text, sizeof text);
	bytes_wipe(path, sizeof path);
	return ERR_OK;
}

static err link_read(const json_t *json, const char **principal, struct fault *f)
{
	static const char *const members[] = {"principal"};

	TRY(json_only_keys(json, members, 1, f));
	if (json_object_size(json) == 0)
		return ERR_OK;
	TRY(json_member(json, "principal", ID_SIZE_MAX, principal, f));
	return id_valid(bytes_text(*principal))
		       ? ERR_OK
		       : fail_field(f, "principal", "FIELD_WRONG", "field", "principal", "expected",
				    "an id", NULL);
}

err handle_sign_in_link(struct call *c, struct fault *f)
{
	const char *principal = NULL;
	json_t *json = NULL;

	if (c->request->body.n == 0)
		return make_link(c, NULL, f);
	TRY(call_read_json(c, &json, f));
	err result = link_read(json, &principal, f);
	if (result.code == OK)
		result = make_link(c, principal, f);
	json_decref(json);
	return result;
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

static void see(struct call *c, const char *where)
{
	http_header_set(c->request, "Location", where);
	reply_bytes(c, 303, NULL, (struct bytes){0});
}

/* Wrong, used and old links get the same answer, and whoever keeps trying is turned away. */
static err spend(struct call *c, struct session *out, struct fault *f)
{
	struct hash token;
	bool found = false;

	TRY(limits_look(c->server->limits, LIMIT_FAILURE, c->request->peer, f));
	if (token_hash(c->arguments[0], &token))
		TRY(one_time_link_spend(c->server->operational, token, &found, out, f));
	if (found)
		return ERR_OK;
	TRY(limits_take(c->server->limits, LIMIT_FAILURE, c->request->peer, f));
	return fail(f, "API_LINK_OVER", NULL);
}

static err sign_in(struct call *c, struct fault *f)
{
	struct session session;

	/* Else another site could sign somebody in as somebody else. */
	TRY(call_from_here(c, f));
	TRY(spend(c, &session, f));
	/* A key that was revoked since, or a person who left, is found at the first request. */
	TRY(browser_begin(c, &session, f));
	see(c, session.strength == SESSION_INVITATION ? "/account" : "/start");
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
	TRY(call_from_here(c, f));
	TRY(browser_end(c, f));
	see(c, "/");
	return ERR_OK;
}

err handle_leave(struct call *c, struct fault *f)
{
	return as_page(c, leave(c, f), f);
}

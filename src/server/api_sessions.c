/* SPDX-License-Identifier: Apache-2.0 */
/* api_sessions.c — signing in with a passkey, proving again to be there, and the list of sessions. */
#include "server/passkey_request.h"
#include "server/totp_codes.h"

#include <stdio.h>
#include <string.h>

static const char *const ASSERTION_MEMBERS[] = {"nonce", "credential", "client_data",
						"authenticator_data", "signature"};
enum { ASSERTION_MEMBERS_N = sizeof ASSERTION_MEMBERS / sizeof ASSERTION_MEMBERS[0] };

/* ---- signing in ---- */

static err sign_in(struct call *c, const json_t *json, struct fault *f)
{
	struct session session = {.strength = SESSION_PASSKEY};
	struct passkey_owner owner;

	/* Else another site could sign somebody in as somebody else. */
	TRY(call_from_here(c, f));
	TRY(json_only_keys(json, ASSERTION_MEMBERS, ASSERTION_MEMBERS_N, f));
	TRY(passkey_prove_owner(c, json, &owner, f));
	session.key = owner.key;
	snprintf(session.principal, sizeof session.principal, "%s", owner.principal);
	snprintf(session.owner, sizeof session.owner, "%s", owner.principal);
	TRY(browser_begin(c, &session, f));
	TRY(totp_unlock(c->server->operational, owner.principal, f));
	json_t *reply = json_pack("{s:s}", "principal", owner.principal);
	set_time(reply, "expires", session.expires);
	reply_json(c, 201, reply);
	return ERR_OK;
}

err handle_passkey_sign_in(struct call *c, struct fault *f)
{
	json_t *json;

	TRY(call_read_json(c, &json, f));
	err result = sign_in(c, json, f);
	json_decref(json);
	return result;
}

/* ---- stepping up ---- */

static err by_passkey(struct call *c, const json_t *json, struct fault *f)
{
	struct passkey_owner owner;

	TRY(json_only_keys(json, ASSERTION_MEMBERS, ASSERTION_MEMBERS_N, f));
	TRY(passkey_prove_owner(c, json, &owner, f));
	if (strcmp(owner.principal, c->caller.principal) != 0)
		return fail(f, "API_PASSKEY_WRONG", "detail", "it is another person's", NULL);
	return totp_unlock(c->server->operational, owner.principal, f);
}

static err step_up(struct call *c, const json_t *json, struct fault *f)
{
	uint64_t until;

	if (c->caller.channel != CHANNEL_SESSION)
		return fail(f, "API_NO_SESSION", NULL);
	TRY(json_object_get(json, "code") == NULL ? by_passkey(c, json, f)
						  : call_code_holds(c, json, true, f));
	TRY(session_step_up(c->server->operational, c->caller.reference, &until, f));
	json_t *reply = json_object();
	set_time(reply, "stepped_up_until", until);
	reply_json(c, 200, reply);
	return ERR_OK;
}

err handle_step_up(struct call *c, struct fault *f)
{
	json_t *json;

	TRY(call_read_json(c, &json, f));
	err result = step_up(c, json, f);
	json_decref(json);
	return result;
}

/* ---- which there are ---- */

json_t *session_json(const struct session *s, uint64_t now)
{
	json_t *json = json_pack("{s:s, s:s}", "id", s->id, "strength",
				 session_strength_name(s->strength));

	set_time(json, "issued", s->issued);
	set_time(json, "expires", s->expires);
	set_time(json, "longest", s->issued + SESSION_LONGEST_MS);
	if (s->stepped_up != 0 && s->stepped_up + STEP_UP_MS > now)
		set_time(json, "stepped_up_until", s->stepped_up + STEP_UP_MS);
	return json;
}

struct listing {
	const struct call *call;
	json_t *list;
};

static err list_session(void *context, const struct session *s)
{
	const struct listing *l = context;
	json_t *json = session_json(s, server_now(l->call->server));

	json_object_set_new(json, "peer", json_string(s->peer));
	json_object_set_new(json, "agent", json_string(s->agent));
	json_object_set_new(json, "current", json_boolean(strcmp(s->id, l->call->session.id) == 0));
	return json_array_append_new(l->list, json) == 0 ? ERR_OK : (err){ERR_MEMORY};
}

/* One's own; somebody else's for who may suspend people. */
static err whose(struct call *c, const char **out, struct fault *f)
{
	const char *asked = http_query(c->request, "principal");
	struct reader_session *r;

	*out = c->caller.principal;
	if (asked == NULL || strcmp(asked, c->caller.principal) == 0)
		return ERR_OK;
	if (!id_valid(bytes_text(asked)))
		return fail_field(f, "principal", "FIELD_WRONG", "field", "principal", "expected",
				  "an id", NULL);
	TRY(reader_take(c->server->engine, &r, f));
	err result = call_needs(c, r, "access.suspend", NULL, f);
	reader_give(r);
	*out = asked;
	return result;
}

err handle_sessions(struct call *c, struct fault *f)
{
	struct listing listing = {.call = c};
	const char *principal;

	TRY(whose(c, &principal, f));
	listing.list = json_array();
	err result = session_each(c->server->operational, principal, list_session, &listing, f);
	if (result.code == OK)
		reply_json(c, 200, json_pack("{s:O}", "sessions", listing.list));
	json_decref(listing.list);
	return result;
}

err handle_session_end(struct call *c, struct fault *f)
{
	const char *principal;
	bool found = false;

	TRY(whose(c, &principal, f));
	if (principal != c->caller.principal)
		TRY(call_browser_needs(c, STEPPED_UP, f));
	TRY(session_end_id(c->server->operational, principal, c->arguments[0], &found, f));
	if (!found)
		return fail(f, "API_SESSION_GONE", NULL);
	reply_nothing(c);
	return ERR_OK;
}

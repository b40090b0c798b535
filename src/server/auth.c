/* SPDX-License-Identifier: Apache-2.0 */
/* auth.c — who asks, and whether they may. On the machines port the key that the handshake proved
 * speaks for whom it is enrolled; on the people port a session's token. Both are looked up for each
 * request: a revoked key or a suspended principal ends at once. */
#include "core/sha256.h"
#include "server/cookie.h"
#include "server/server_internal.h"

#include <string.h>
#include <strings.h>

/* ---- who ---- */

/* The key must speak for this principal now, who must be active. */
static err check_owner(const struct engine *e, struct reader_session *r, struct hash key,
		       const char *expected, char owner[static ID_SIZE_MAX + 1], struct fault *f)
{
	struct principal principal;
	struct two_clocks now;
	char hex[65];

	engine_clocks(e, &now);
	TRY(authority_key_owner(reader_authority(r), key, &now, owner, f));
	hex_encode(hash_bytes(&key), hex);
	if (owner[0] == '\0' || (expected != NULL && strcmp(owner, expected) != 0))
		return fail(f, "API_KEY_NOT_ENROLLED", "key", hex, NULL);
	TRY(authority_principal(reader_authority(r), bytes_text(owner), &principal, f));
	if (principal.state != PRINCIPAL_ACTIVE)
		return fail(f, "API_PRINCIPAL_INACTIVE", "principal", owner, NULL);
	return ERR_OK;
}

static err with_owner(struct call *c, struct hash key, const char *expected, struct fault *f)
{
	char owner[ID_SIZE_MAX + 1];
	struct reader_session *r;

	TRY(reader_take(c->server->engine, &r, f));
	err result = check_owner(c->server->engine, r, key, expected, owner, f);
	reader_give(r);
	TRY(result);
	memcpy(c->caller.principal, owner, sizeof owner);
	c->caller.has_reference = true;
	c->key = key;
	c->known = true;
	return ERR_OK;
}

static err identify_key(struct call *c, struct fault *f)
{
	if (!c->request->has_client_key)
		return ERR_OK;
	c->caller.channel = CHANNEL_KEY;
	c->caller.reference = c->request->client_key;
	return with_owner(c, c->request->client_key, NULL, f);
}

static bool token_read(const char *header, struct hash *out)
{
	uint8_t token[TOKEN_SIZE];
	size_t n = 0;

	if (strncasecmp(header, "Bearer ", 7) != 0)
		return false;
	bool sound = base64url_decode(bytes_text(header + 7), token, sizeof token, &n) &&
		     n == sizeof token;
	if (sound)
		*out = session_digest(token, false);
	bytes_wipe(token, sizeof token);
	return sound;
}

/* An invitation is somebody else's word: it ends with their key, and no key speaks for who was invited. */
static err by_invitation(struct call *c, struct fault *f)
{
	struct principal principal;
	struct reader_session *r;

	TRY(reader_take(c->server->engine, &r, f));
	err result = authority_principal(reader_authority(r), bytes_text(c->session.principal),
					 &principal, f);
	reader_give(r);
	TRY(result);
	if (principal.state != PRINCIPAL_ACTIVE)
		return fail(f, "API_PRINCIPAL_INACTIVE", "principal", c->session.principal, NULL);
	memcpy(c->caller.principal, c->session.principal, sizeof c->caller.principal);
	c->key = (struct hash){0};
	return ERR_OK;
}

static err with_session(struct call *c, struct hash token, struct fault *f)
{
	TRY(session_find(c->server->operational, token, &c->session, f));
	c->caller.channel = CHANNEL_SESSION;
	c->caller.reference = token;
	c->expires = c->session.expires;
	TRY(with_owner(c, c->session.key, c->session.owner, f));
	return c->session.strength == SESSION_INVITATION ? by_invitation(c, f) : ERR_OK;
}

/* A browser sends what it has, also when that is over: then it is nobody, who can be shown how to sign in. */
static err identify_browser(struct call *c, struct fault *f)
{
	uint8_t token[COOKIE_TOKEN_SIZE];

	if (!cookie_token(http_header(c->request, "Cookie"), token))
		return ERR_OK;
	struct hash digest = session_digest(token, true);
	bytes_wipe(token, sizeof token);
	err result = with_session(c, digest, f);
	if (result.code == ERR_UNAUTHENTICATED || result.code == ERR_FORBIDDEN) {
		*f = (struct fault){0};
		c->known = false;
		c->caller = (struct caller){0};
		c->session = (struct session){0};
		c->expires = 0;
		return ERR_OK;
	}
	c->by_cookie = result.code == OK;
	return result;
}

static err identify_session(struct call *c, struct fault *f)
{
	const char *header = http_header(c->request, "Authorization");
	struct hash token;

	if (header == NULL)
		return identify_browser(c, f);
	if (!token_read(header, &token))
		return fail(f, "API_TOKEN_MALFORMED", NULL);
	return with_session(c, token, f);
}

err call_identify(struct call *c, struct fault *f)
{
	err result =
		c->request->port == HTTP_MACHINES ? identify_key(c, f) : identify_session(c, f);

	/* Whoever keeps trying is told so, and no longer whether it was right. */
	return call_note_failure(c, result, f);
}

err call_note_failure(const struct call *c, err result, struct fault *f)
{
	if (result.code == ERR_UNAUTHENTICATED || result.code == ERR_FORBIDDEN)
		TRY(limits_take(c->server->limits, LIMIT_FAILURE, c->request->peer, f));
	return result;
}

bool caller_is_known(struct server *s, const struct caller *caller)
{
	char owner[ID_SIZE_MAX + 1];
	struct session session = {.key = caller->reference};
	struct reader_session *r;

	memcpy(session.owner, caller->principal, sizeof session.owner);
	if ((caller->channel == CHANNEL_SESSION &&
	     session_look(s->operational, caller->reference, &session, NULL).code != OK) ||
	    reader_take(s->engine, &r, NULL).code != OK)
		return false;
	err result = check_owner(s->engine, r, session.key, session.owner, owner, NULL);
	reader_give(r);
	return result.code == OK;
}

err call_charge(const struct call *c, struct fault *f)
{
	return limits_take(c->server->limits, c->known ? LIMIT_PRINCIPAL : LIMIT_PEER,
			   c->known ? c->caller.principal : c->request->peer, f);
}

err call_must_be_known(const struct call *c, struct fault *f)
{
	return c->known ? ERR_OK : fail(f, "API_IDENTITY_MISSING", NULL);
}

err call_must_be_near(const struct call *c, struct fault *f)
{
	const char *peer = c->request->peer;

	if (c->request->port == HTTP_MACHINES)
		return call_must_be_known(c, f);
	if (strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 ||
	    strncmp(peer, "::ffff:127.", 11) == 0)
		return ERR_OK;
	return fail(f, "API_NOT_FROM_HERE", NULL);
}

/* ---- and whether they may ---- */

err call_may(struct call *c, struct reader_session *r, const char *permission,
	     const struct scope *scope, bool *out, struct fault *f)
{
	static const struct scope everything; /* nothing determined: only an unlimited grant */
	const struct grant *grants;
	struct two_clocks now;

	engine_clocks(c->server->engine, &now);
	TRY(authority_grants(reader_authority(r), bytes_text(c->caller.principal), permission,
			     &grants, f));
	*out = grants_cover(grants, scope == NULL ? &everything : scope, &now) != NULL;
	return ERR_OK;
}

static err not_allowed(const char *permission, struct fault *f)
{
	return fail(f, "API_NOT_ALLOWED", "permission", permission, NULL);
}

err call_needs(struct call *c, struct reader_session *r, const char *permission,
	       const struct scope *scope, struct fault *f)
{
	bool may;

	TRY(call_may(c, r, permission, scope, &may, f));
	return may ? ERR_OK : not_allowed(permission, f);
}

err call_holds(struct call *c, struct reader_session *r, const char *permission, struct fault *f)
{
	const struct grant *grant;
	struct two_clocks now;

	engine_clocks(c->server->engine, &now);
	TRY(authority_grants(reader_authority(r), bytes_text(c->caller.principal), permission,
			     &grant, f));
	for (; grant != NULL; grant = grant->next)
		if (grant_covers(grant, &grant->scope, &now))
			return ERR_OK;
	return not_allowed(permission, f);
}

/* ---- where something is ---- */

/* Kinds whose place the store knows; others need a grant without limits. */
static const struct place {
	const char *kind, *sql;
} PLACES[] = {
	{"unit", "SELECT site, line, station, product, environment FROM unit"
		 " WHERE product = :within AND serial = :id"},
	/* A unit that is still to be made stands where its station does. */
	{"unit", "SELECT site, line, id AS station, environment, :within AS product FROM station"
		 " WHERE id = :caller AND :id <> ''"},
	{"station", "SELECT site, line, id AS station, environment FROM station WHERE id = :id"},
	{"shipment", "SELECT site FROM shipment WHERE id = :id"},
	{"part_lot", "SELECT site, supplier FROM part_lot"
		     " WHERE supplier = :within AND part_lot = :id"},
	{"build_authorization", "SELECT site, line, product, environment FROM build_authorization"
				" WHERE id = :id"},
};

struct scope_row {
	const struct statement *statement;
	struct scope *scope;
	bool found;
};

static err take_scope(void *context, const struct value *columns, size_t n)
{
	struct scope_row *row = context;

	row->found = true;
	for (size_t i = 0; i < n; i++) {
		int dimension = scope_dimension(statement_column(row->statement, i));
		if (dimension < 0 || columns[i].kind != VALUE_TEXT ||
		    columns[i].bytes.n > ID_SIZE_MAX)
			continue;
		memcpy(row->scope->text[dimension], columns[i].bytes.p, columns[i].bytes.n);
		row->scope->text[dimension][columns[i].bytes.n] = '\0';
	}
	return ERR_OK;
}

err subject_scope(struct call *c, struct reader_session *r, const char *kind, const char *within,
		  const char *id, struct scope *out, struct fault *f)
{
	static const struct parameter parameters[] = {
		{"within", VALUE_TEXT}, {"id", VALUE_TEXT}, {"caller", VALUE_TEXT}};
	struct value values[] = {value_text(bytes_text(within)), value_text(bytes_text(id)),
				 value_text(bytes_text(c->caller.principal))};
	struct scope_row row = {.scope = out};

	*out = (struct scope){0};
	for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0] && !row.found; i++) {
		struct statement *s;
		if (strcmp(PLACES[i].kind, kind) != 0)
			continue;
		TRY(db_prepare(reader_db(r), PLACES[i].sql, parameters, 3, &s, f));
		row.statement = s;
		err result = db_query(reader_db(r), s, values, take_scope, &row, NULL, f);
		statement_close(s);
		TRY(result);
	}
	return ERR_OK;
}

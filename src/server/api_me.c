/* SPDX-License-Identifier: Apache-2.0 */
/* api_me.c — who asks, by which session and keys, and what they may do. */
#include "server/server_internal.h"
#include "server/totp_codes.h"

#include <string.h>

/* ---- what they may ---- */

static const char RIGHTS_SQL[] =
	"WITH RECURSIVE held(role, site, line, station, product, environment, supplier,"
	" not_before, not_after) AS ("
	" SELECT role, site, line, station, product, environment, supplier, not_before, not_after"
	" FROM role_grant WHERE principal = :principal AND revoked_at IS NULL"
	" AND (not_before IS NULL OR not_before <= :now)"
	" AND (not_after IS NULL OR not_after = 0 OR not_after > :now)"
	" UNION"
	" SELECT i.included, h.site, h.line, h.station, h.product, h.environment, h.supplier,"
	" h.not_before, h.not_after"
	" FROM held h JOIN role_include i ON i.role = h.role AND i.until IS NULL)"
	" SELECT DISTINCT p.permission, h.site, h.line, h.station, h.product, h.environment,"
	" h.supplier, h.not_after FROM held h"
	" JOIN role_permission p ON p.role = h.role AND p.until IS NULL"
	" ORDER BY p.permission, h.site, h.line, h.station, h.product, h.environment, h.supplier"
	" LIMIT 2000";

static err right_row(void *context, const struct value *columns, size_t n)
{
	json_t *list = context, *scope = json_object();
	json_t *right =
		json_pack("{s:o}", "permission",
			  json_stringn((const char *)columns[0].bytes.p, columns[0].bytes.n));

	(void)n;
	for (size_t i = 0; i < SCOPE_N; i++)
		if (columns[1 + i].kind == VALUE_TEXT && columns[1 + i].bytes.n > 0)
			json_object_set_new(scope, SCOPE_NAMES[i],
					    json_stringn((const char *)columns[1 + i].bytes.p,
							 columns[1 + i].bytes.n));
	json_object_set_new(right, "scope", scope);
	if (columns[7].kind == VALUE_INT && columns[7].number > 0)
		set_time(right, "until", (uint64_t)columns[7].number);
	return json_array_append_new(list, right) == 0 ? ERR_OK : (err){ERR_MEMORY};
}

static err read_rights(struct call *c, struct reader_session *r, json_t *rights,
		       struct principal *principal, struct fault *f)
{
	static const struct parameter parameters[] = {{"principal", VALUE_TEXT},
						      {"now", VALUE_INT}};
	struct bytes id = bytes_text(c->caller.principal);
	struct value values[] = {value_text(id), value_int((int64_t)server_now(c->server))};
	struct statement *s;

	TRY(authority_principal(reader_authority(r), id, principal, f));
	TRY(db_prepare(reader_db(r), RIGHTS_SQL, parameters, 2, &s, f));
	err result = db_query(reader_db(r), s, values, right_row, rights, NULL, f);
	statement_close(s);
	return result;
}

/* ---- the keys that speak for them ---- */

static const char AUTHENTICATORS_SQL[] =
	"SELECT k.key, p.label, p.credential, k.at, k.usable_from FROM principal_key k"
	" LEFT JOIN passkey p ON p.key = k.key"
	" WHERE k.principal = :principal AND k.until IS NULL AND k.shift IS NULL"
	" ORDER BY k.at, k.key LIMIT 100";

static err authenticator_row(void *context, const struct value *columns, size_t n)
{
	const struct bytes label = columns[1].bytes, credential = columns[2].bytes;
	bool passkey = columns[2].kind == VALUE_BLOB;
	char hex[65], text[512];

	(void)n;
	if (columns[0].bytes.n != sizeof(struct hash) || base64_size(credential.n) >= sizeof text)
		return ERR_OK;
	hex_encode(columns[0].bytes, hex);
	json_t *one = json_pack("{s:s, s:s}", "key", hex, "form", passkey ? "passkey" : "key");
	if (columns[1].kind == VALUE_TEXT)
		json_object_set_new(one, "label", json_stringn((const char *)label.p, label.n));
	if (passkey) {
		base64url_encode(credential, text);
		json_object_set_new(one, "credential", json_string(text));
	}
	set_time(one, "since", (uint64_t)columns[3].number);
	if (columns[4].kind == VALUE_INT)
		set_time(one, "usable_from", (uint64_t)columns[4].number);
	return json_array_append_new(context, one) == 0 ? ERR_OK : (err){ERR_MEMORY};
}

static err read_authenticators(struct call *c, struct reader_session *r, json_t *list,
			       struct fault *f)
{
	static const struct parameter parameters[] = {{"principal", VALUE_TEXT}};
	struct value values[] = {value_text(bytes_text(c->caller.principal))};
	struct statement *s;

	TRY(db_prepare(reader_db(r), AUTHENTICATORS_SQL, parameters, 1, &s, f));
	err result = db_query(reader_db(r), s, values, authenticator_row, list, NULL, f);
	statement_close(s);
	return result;
}

/* ---- all of it ---- */

static const char *totp_word(const struct totp_state *totp)
{
	if (!totp->there)
		return "none";
	if (totp->locked)
		return "locked";
	return totp->confirmed ? "on" : "unconfirmed";
}

json_t *web_json(const struct server_config *config)
{
	json_t *web = json_object();

	if (config->web_origin[0] != '\0')
		json_object_set_new(web, "origin", json_string(config->web_origin));
	if (config->relying_party[0] != '\0')
		json_object_set_new(web, "relying_party", json_string(config->relying_party));
	return web;
}

struct me {
	struct principal principal;
	struct totp_state totp;
	size_t authenticators;
	json_t *rights, *keys;
};

static err read_me(struct call *c, struct me *me, struct fault *f)
{
	struct reader_session *r;

	TRY(totp_state_read(c->server->operational, c->caller.principal, &me->totp, f));
	TRY(call_authenticators(c, &me->authenticators, f));
	TRY(reader_take(c->server->engine, &r, f));
	err result = read_rights(c, r, me->rights, &me->principal, f);
	if (result.code == OK)
		result = read_authenticators(c, r, me->keys, f);
	reader_give(r);
	return result;
}

static json_t *me_json(const struct call *c, const struct me *me)
{
	const struct server_config *config = &c->server->config;
	bool session = c->caller.channel == CHANNEL_SESSION;
	char hex[65];
	json_t *json =
		json_pack("{s:s, s:s, s:s, s:s, s:O, s:O, s:b, s:s, s:o, s:b}", "principal",
			  c->caller.principal, "kind", me->principal.kind, "channel",
			  session ? "session" : "key", "origin", config->origin, "permissions",
			  me->rights, "authenticators", me->keys, "set_up",
			  me->authenticators >= AUTHENTICATORS_LEAST, "totp", totp_word(&me->totp),
			  "web", web_json(config), "demo", config->demo_socket[0] != '\0');

	/* No key speaks for who was invited. */
	if (!session || c->session.strength != SESSION_INVITATION) {
		hex_encode(hash_bytes(&c->key), hex);
		json_object_set_new(json, "key", json_string(hex));
	}
	if (session)
		json_object_set_new(json, "session",
				    session_json(&c->session, server_now(c->server)));
	if (c->expires != 0)
		set_time(json, "expires", c->expires);
	return json;
}

err handle_me(struct call *c, struct fault *f)
{
	struct me me = {.rights = json_array(), .keys = json_array()};
	err result = read_me(c, &me, f);

	if (result.code == OK)
		reply_json(c, 200, me_json(c, &me));
	json_decref(me.rights);
	json_decref(me.keys);
	return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fixture_people.c — who signs in, and signs records. */
#include "fixture_internal.h"

#include "domain/access/access_area.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void api_check(err result, const struct fault *f, const char *what)
{
	if (result.code == OK)
		return;
	print_error("%s: %s", what, f->message == NULL ? "?" : f->message);
	for (size_t i = 0; i < f->n; i++)
		print_error(" %s=%s", f->values[i].name, f->values[i].value);
	stop_test("\n");
}

struct person api_make_person(const char *id)
{
	struct person p = {0};
	struct fault f = {0};

	snprintf(p.id, sizeof p.id, "%s", id);
	api_check(private_key_generate(KEY_ED25519, &p.key, &f), &f, "key");
	return p;
}

/* ---- signing in ---- */

void api_sign_in(struct api *x, struct person *who)
{
	uint8_t buffer[512], signature[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct hash key = public_key_id(private_key_public(who->key));
	char hex[65], text[128];
	struct bytes message;
	struct fault f = {0};
	struct reply *challenge = api_post(x, NULL, "/v1/challenges", "{'for': 'session'}");

	must_have(challenge, 201);
	assert_true(session_message(bytes_text(x->config.origin), bytes_text(who->id),
				    bytes_text(reply_text(challenge, "nonce")), &w, &message));
	api_check(key_sign(who->key, message, signature, &f), &f, "sign");
	hex_encode(hash_bytes(&key), hex);
	base64url_encode(bytes_of(signature, sizeof signature), text);
	struct reply *session =
		api_post(x, NULL, "/v1/sessions",
			 arena_printf(&x->arena,
				      "{'principal':'%s','nonce':'%s','key':'%s','signature':'%s'}",
				      who->id, reply_text(challenge, "nonce"), hex, text));
	must_have(session, 201);
	snprintf(who->token, sizeof who->token, "%s", reply_text(session, "token"));
}

/* ---- records ---- */

char *api_quoted(struct api *x, const char *text)
{
	char *json = arena_text(&x->arena, bytes_text(text));

	assert_non_null(json);
	for (char *p = json; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return json;
}

void api_uuid(struct api *x, char out[static 37])
{
	uint8_t b[16];
	uint64_t ms = clock_wall_ms(&x->clock);
	char hex[33];
	struct fault f = {0};

	api_check(random_bytes(b, sizeof b, &f), &f, "random");
	for (size_t i = 0; i < 6; i++)
		b[i] = (uint8_t)(ms >> (8 * (5 - i)));
	b[6] = (uint8_t)(0x70 | (b[6] & 0x0f));
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	hex_encode(bytes_of(b, 16), hex);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* {"claim", "proof", "openings"} from the reply of `prepare`. */
static json_t *sign_prepared(struct api *x, const struct person *who, const char *type,
			     const struct reply *prepared)
{
	const char *claim = reply_text(prepared, "claim");
	uint8_t *bytes = arena_alloc(&x->arena, strlen(claim) + 1);
	struct bytes proof;
	struct fault f = {0};
	size_t n;

	assert_true(base64url_decode(bytes_text(claim), bytes, strlen(claim), &n));
	api_check(cose_sign(&x->arena, who->key, bytes_text(type), bytes_of(bytes, n), &proof, &f),
		  &f, "cose_sign");
	char *text = arena_alloc(&x->arena, base64_size(proof.n) + 1);
	base64url_encode(proof, text);
	return json_pack("{s:s, s:s, s:O}", "claim", claim, "proof", text, "openings",
			 json_object_get(prepared->json, "openings"));
}

static struct reply *prepare(struct api *x, const struct person *who, const char *type,
			     const char *body)
{
	struct ask ask = {.path = arena_printf(&x->arena, "/v1/records/%s/prepare", type),
			  .body = arena_printf(&x->arena, "{\"body\": %s}", api_quoted(x, body)),
			  .who = who,
			  .machine = who->token[0] == '\0'};

	return api_ask(x, &ask);
}

json_t *api_signed(struct api *x, const struct person *who, const char *type, const char *body)
{
	struct reply *prepared = prepare(x, who, type, body);

	must_have(prepared, 200);
	return sign_prepared(x, who, type, prepared);
}

struct reply *api_sign(struct api *x, const struct person *who, const char *type, const char *body)
{
	struct reply *prepared = prepare(x, who, type, body);

	if (prepared->status != 200)
		return prepared;
	json_t *json = sign_prepared(x, who, type, prepared);
	char *text = json_dumps(json, 0);
	struct ask ask = {.path = arena_printf(&x->arena, "/v1/records/%s", type),
			  .body = arena_text(&x->arena, bytes_text(text)),
			  .who = who,
			  .machine = who->token[0] == '\0'};
	json_decref(json);
	free(text);
	return api_ask(x, &ask);
}

int64_t api_must(struct api *x, const struct person *who, const char *type, const char *body)
{
	struct reply *r = api_sign(x, who, type, body);

	if (r->status != 201)
		stop_test("%s: %d %s\n", type, r->status, r->body);
	return reply_number(r, "sequence");
}

/* ---- people ---- */

static void enroll(struct api *x, const struct person *p)
{
	const struct public_key *key = private_key_public(p->key);
	uint8_t buffer[512], signature[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes message;
	struct fault f = {0};
	char spki[512], possession[128];

	assert_true(key_possession_message(bytes_text(x->config.origin), bytes_text(p->id), &w,
					   &message));
	api_check(key_sign(p->key, message, signature, &f), &f, "possession");
	base64url_encode(public_key_spki(key), spki);
	base64url_encode(bytes_of(signature, 64), possession);
	api_must(x, &x->ada, "key.enrolled",
		 arena_printf(&x->arena, "{'principal':'%s','public_key':'%s','possession':'%s'}",
			      p->id, spki, possession));
}

static void grant(struct api *x, const char *id, const char *permissions, const char *limits)
{
	char list[3072] = "", *rest = arena_text(&x->arena, bytes_text(permissions)), *word;

	while ((word = strsep(&rest, ",")) != NULL) {
		size_t n = strlen(list);
		snprintf(list + n, sizeof list - n, "%s{'permission':'%s'}", n > 0 ? "," : "",
			 word);
	}
	api_must(x, &x->ada, "role.defined",
		 arena_printf(&x->arena, "{'role':'role-%s','permissions':[%s]}", id, list));
	api_must(x, &x->ada, "role.granted",
		 arena_printf(&x->arena,
			      "{'grant_id':'grant-%s','principal':'%s','role':'role-%s'%s%s}", id,
			      id, id, limits == NULL ? "" : ",", limits == NULL ? "" : limits));
}

struct person api_person_of(struct api *x, struct private_key *key, const char *id,
			    const char *kind, const char *permissions, const char *limits)
{
	struct person p = {.key = key};
	bool human = strcmp(kind, "person") == 0;

	snprintf(p.id, sizeof p.id, "%s", id);
	api_must(x, &x->ada, "principal.registered",
		 arena_printf(&x->arena, "{'principal':'%s','kind':'%s'%s%s%s}", id, kind,
			      human ? ",'natural_person':'" : "", human ? id : "",
			      human ? "'" : ""));
	enroll(x, &p);
	if (permissions != NULL)
		grant(x, id, permissions, limits);
	if (human)
		api_sign_in(x, &p);
	return p;
}

struct person api_person(struct api *x, const char *id, const char *kind, const char *permissions,
			 const char *limits)
{
	return api_person_of(x, api_make_person(id).key, id, kind, permissions, limits);
}

struct bytes person_certificate(struct api *x, const struct person *who)
{
	uint8_t buffer[8192];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes der, pem;
	struct fault f = {0};

	api_check(certificate_make_client(&x->arena, who->key, who->id, &der, &f), &f,
		  "certificate");
	pem_put(&w, "CERTIFICATE", der);
	assert_true(writer_done(&w, &pem));
	return arena_copy(&x->arena, pem);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_session.c — nonces, signatures and tokens that do not hold. */
#include "hostile.h"

#include "crypto/crypto.h"
#include "domain/access/access_area.h"

#include <stdlib.h>
#include <string.h>

#define NONCE        "/v1/challenges"
#define ENTER        "/v1/sessions"
#define ME           "/v1/me"
#define B43          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 32 bytes */
#define B86          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HEX          REPEAT8("01234567")
#define BEARER(text) .headers = "Authorization: " text "\r\n"

static const struct row ROWS[] = {
	{"a nonce for nothing", 400, "FIELD_MISSING", "for", NONCE, .body = "{}", .who = NOBODY},
	{"a nonce for a number", 400, "FIELD_WRONG", "for", NONCE, .body = "{'for': 1}",
	 .who = NOBODY},
	{"a nonce for anything", 400, "FIELD_WRONG", "for", NONCE, .body = "{'for': 'all'}",
	 .who = NOBODY},
	{"a nonce with a purpose that is too long", 400, "FIELD_WRONG", "for", NONCE,
	 .body = "{'for': 'sessionsessionsession'}", .who = NOBODY},
	{"a nonce with an unknown member", 400, "FIELD_UNKNOWN", "principal", NONCE,
	 .body = "{'for': 'session', 'principal': 'ada'}", .who = NOBODY},
	{"a unit's nonce for nobody", 401, "API_IDENTITY_MISSING", NULL, NONCE,
	 .body = "{'for': 'unit', 'product': 'p', 'serial': 's'}", .who = NOBODY},
	{"a unit's nonce without the unit", 400, "FIELD_MISSING", "product", NONCE,
	 .body = "{'for': 'unit'}"},
	{"a unit's nonce with a wrong serial", 400, "FIELD_WRONG", "serial", NONCE,
	 .body = "{'for': 'unit', 'product': 'p', 'serial': 'a b'}"},
	{"a nonce asked for with GET", 405, "API_METHOD", NULL, NONCE, .who = NOBODY,
	 .told = "Allow: POST"},

	{"signing in with nothing", 400, "FIELD_MISSING", "principal", ENTER, .body = "{}",
	 .who = NOBODY},
	{"signing in with a list", 400, "API_JSON_BAD", NULL, ENTER, .body = "[]", .who = NOBODY},
	{"a principal that is no id", 400, "FIELD_WRONG", "principal", ENTER,
	 .body = "{'principal': 'a da', 'nonce': '" B43 "', 'key': '" HEX "', 'signature': '" B86
		 "'}",
	 .who = NOBODY},
	{"a principal with a line feed", 400, "FIELD_WRONG", "principal", ENTER,
	 .body = "{'principal': 'ada\\nben', 'nonce': '" B43 "', 'key': '" HEX
		 "', 'signature': '" B86 "'}",
	 .who = NOBODY},
	{"a nonce that is too short", 400, "FIELD_WRONG", "nonce", ENTER,
	 .body = "{'principal': 'ada', 'nonce': 'AAAA', 'key': '" HEX "', 'signature': '" B86 "'}",
	 .who = NOBODY},
	{"a nonce that was never given", 401, "API_SIGN_IN_WRONG", NULL, ENTER,
	 .body = "{'principal': 'ada', 'nonce': '" B43 "', 'key': '" HEX "', 'signature': '" B86
		 "'}",
	 .who = NOBODY},
	{"a key that is no digest", 400, "FIELD_WRONG", "key", ENTER,
	 .body = "{'principal': 'ada', 'nonce': '" B43 "', 'key': '12', 'signature': '" B86 "'}",
	 .who = NOBODY},
	{"a signature that is too short", 400, "FIELD_WRONG", "signature", ENTER,
	 .body = "{'principal': 'ada', 'nonce': '" B43 "', 'key': '" HEX "', 'signature': 'AAAA'}",
	 .who = NOBODY},
	{"signing in with an unknown member", 400, "FIELD_UNKNOWN", "role", ENTER,
	 .body = "{'principal': 'ada', 'nonce': '" B43 "', 'key': '" HEX "', 'signature': '" B86
		 "', 'role': 'admin'}",
	 .who = NOBODY},
	{"signing in as a form", 415, "API_CONTENT_TYPE", NULL, ENTER, .body = "principal=ada",
	 .who = NOBODY, .type = "application/x-www-form-urlencoded"},

	{"no token", 401, "API_IDENTITY_MISSING", NULL, ME, .who = NOBODY,
	 .told = "WWW-Authenticate: Bearer"},
	{"an empty token", 401, "API_TOKEN_MALFORMED", NULL, ME, .who = NOBODY, BEARER("Bearer ")},
	{"the scheme alone", 401, "API_TOKEN_MALFORMED", NULL, ME, .who = NOBODY, BEARER("Bearer")},
	{"a scheme that only begins so", 401, "API_TOKEN_MALFORMED", NULL, ME, .who = NOBODY,
	 BEARER("Bearers " B43)},
	{"a name and a password", 401, "API_TOKEN_MALFORMED", NULL, ME, .who = NOBODY,
	 BEARER("Basic YWRhOmFkYQ==")},
	{"a token alone", 401, "API_TOKEN_MALFORMED", NULL, ME, .who = NOBODY, BEARER(B43)},
	{"two spaces", 401, "API_TOKEN_MALFORMED", NULL, ME, .who = NOBODY, BEARER("Bearer  " B43)},
	{"a token with padding", 401, "API_TOKEN_MALFORMED", NULL, ME, .who = NOBODY,
	 BEARER("Bearer " B43 "=")},
	{"a token that is too long", 401, "API_TOKEN_MALFORMED", NULL, ME, .who = NOBODY,
	 BEARER("Bearer " B43 B43)},
	{"a token with stray bits", 401, "API_TOKEN_MALFORMED", NULL, ME, .who = NOBODY,
	 BEARER("Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB")},
	{"two tokens in one header", 401, "API_TOKEN_MALFORMED", NULL, ME, .who = NOBODY,
	 BEARER("Bearer " B43 ", Bearer " B43)},
	{"a token that was never given", 401, "API_SESSION_UNKNOWN", NULL, ME, .who = NOBODY,
	 BEARER("Bearer " B43)},
	{"the header twice", 400, "HTTP_HEADER_REPEATED", NULL, ME, .who = WANDA,
	 BEARER("Bearer " B43)},
	{"a token in the query", 401, "API_IDENTITY_MISSING", NULL, ME "?access_token=" B43,
	 .who = NOBODY},
	{"a token in a cookie", 401, "API_IDENTITY_MISSING", NULL, ME, .who = NOBODY,
	 .headers = "Cookie: token=" B43 "\r\n"},
	{"a wrong token where none is needed", 401, "API_SESSION_UNKNOWN", NULL, "/v1/types",
	 .who = NOBODY, BEARER("Bearer " B43)},
	{"a client certificate said in a header", 401, "API_IDENTITY_MISSING", NULL, ME,
	 .who = NOBODY, .headers = "X-SSL-Client-Verify: SUCCESS\r\nX-Client-Key: " HEX "\r\n"},
	{"an address said in a header", 401, "API_IDENTITY_MISSING", NULL, ME, .who = NOBODY,
	 .headers = "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-User: ada\r\n"},
	{"ending a session by POST", 400, "FIELD_MISSING", "principal", ENTER, .body = "{}"},
	{"ending no session", 401, "API_IDENTITY_MISSING", NULL, ENTER, .method = "DELETE",
	 .who = NOBODY},
};

const struct table SESSION_TABLE = TABLE_OF("sessions", ROWS);

/* ---- signing in, with one thing wrong ---- */

struct attempt {
	const struct person *key; /* signs */
	const char *principal;
	const char *origin, *said; /* in the signed text; NULL: the right ones */
	const char *nonce;
	bool other_key; /* the id of another key */
};

static const char *fresh_nonce(enum who who, const char *body)
{
	const struct row row = {.path = NONCE, .body = body, .who = who};
	struct reply *r = wire_row(x, &row, NONCE);

	must_have(r, 201);
	return arena_text(&x->api->arena, bytes_text(reply_text(r, "nonce")));
}

static const char *session_nonce(void)
{
	return fresh_nonce(NOBODY, "{'for': 'session'}");
}

static struct reply *attempt(const struct attempt *t)
{
	uint8_t buffer[512], signature[64];
	char text[128], hex[65];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct hash key = public_key_id(private_key_public(t->key->key));
	struct bytes message;
	struct fault f;

	key.b[0] ^= t->other_key;
	assert_true(session_message(bytes_text(t->origin == NULL ? API_ORIGIN : t->origin),
				    bytes_text(t->said == NULL ? t->principal : t->said),
				    bytes_text(t->nonce), &w, &message));
	assert_int_equal(key_sign(t->key->key, message, signature, &f).code, OK);
	base64url_encode(bytes_of(signature, sizeof signature), text);
	hex_encode(hash_bytes(&key), hex);
	char *body = arena_printf(&x->api->arena,
				  "{\"principal\":\"%s\",\"nonce\":\"%s\",\"key\":\"%s\","
				  "\"signature\":\"%s\"}",
				  t->principal, t->nonce, hex, text);
	return wire_post(x, NOBODY, ENTER, NULL, bytes_text(body));
}

static void must_fail(const struct attempt *t)
{
	must_refuse(attempt(t), 401, "API_SIGN_IN_WRONG");
}

static void a_nonce_counts_once(void **state)
{
	struct attempt t = {&x->wanda, "wanda", .nonce = session_nonce()};

	(void)state;
	must_have(attempt(&t), 201);
	must_fail(&t);
}

static void a_nonce_is_spent_by_a_failure(void **state)
{
	struct attempt wrong = {&x->nemo, "wanda", .nonce = session_nonce()};
	struct attempt right = {&x->wanda, "wanda", .nonce = wrong.nonce};

	(void)state;
	must_fail(&wrong);
	must_fail(&right);
}

static void a_nonce_ends_after_five_minutes(void **state)
{
	struct attempt t = {&x->wanda, "wanda", .nonce = session_nonce()};

	(void)state;
	x->api->moved.ahead_ms += 5 * 60 * 1000 + 1;
	must_fail(&t);
}

static void a_nonce_for_a_unit_is_none_for_a_session(void **state)
{
	struct attempt t = {&x->wanda, "wanda",
			    .nonce = fresh_nonce(WANDA, "{'for': 'unit', 'product': 'p', "
							"'serial': 's'}")};

	(void)state;
	must_fail(&t);
}

static void a_signature_is_for_one_log_one_principal_and_one_nonce(void **state)
{
	struct attempt other_log = {&x->wanda, "wanda", .origin = "other.example/log",
				    .nonce = session_nonce()};
	struct attempt other_name = {&x->wanda, "wanda", .said = "ada", .nonce = session_nonce()};
	struct attempt other_person = {&x->wanda, "ada", .nonce = session_nonce()};

	(void)state;
	must_fail(&other_log);
	must_fail(&other_name);
	must_fail(&other_person);
}

/* Who tries does not learn whether a principal or a key exists. */
static void every_failure_to_sign_in_reads_the_same(void **state)
{
	struct attempt nobody = {&x->wanda, "nobody", .nonce = session_nonce()};
	struct attempt no_key = {&x->wanda, "wanda", .nonce = session_nonce(), .other_key = true};
	struct attempt wrong = {&x->nemo, "wanda", .nonce = session_nonce()};
	struct reply *first = attempt(&nobody);

	(void)state;
	assert_string_equal(attempt(&no_key)->body, first->body);
	assert_string_equal(attempt(&wrong)->body, first->body);
	must_refuse(first, 401, "API_SIGN_IN_WRONG");
}

static struct reply *with_token(const char *token, const char *method, const char *path)
{
	char *headers = arena_printf(&x->api->arena, "Authorization: Bearer %s\r\n", token);
	const struct row row = {.path = path, .method = method, .who = NOBODY, .headers = headers};

	return wire_row(x, &row, path);
}

static void a_session_ends_with_signing_out(void **state)
{
	struct attempt t = {&x->wanda, "wanda", .nonce = session_nonce()};
	struct reply *session = attempt(&t);
	const char *token;

	(void)state;
	must_have(session, 201);
	token = arena_text(&x->api->arena, bytes_text(reply_text(session, "token")));
	must_have(with_token(token, "GET", ME), 200);
	must_have(with_token(token, "DELETE", ENTER), 204);
	must_refuse(with_token(token, "GET", ME), 401, "API_SESSION_UNKNOWN");
	must_refuse(with_token(token, "DELETE", ENTER), 401, "API_SESSION_UNKNOWN");
}

/* One character less, and one that differs: no token. */
static void a_token_counts_as_a_whole(void **state)
{
	char token[64];
	size_t n = strlen(x->wanda.token);

	(void)state;
	memcpy(token, x->wanda.token, n + 1);
	token[n - 1] = '\0';
	must_refuse(with_token(token, "GET", ME), 401, "API_TOKEN_MALFORMED");
	memcpy(token, x->wanda.token, n + 1);
	for (size_t i = 0; i + 1 < n; i++) {
		token[i] = token[i] == 'A' ? 'B' : 'A';
		must_refuse(with_token(token, "GET", ME), 401, "API_SESSION_UNKNOWN");
		token[i] = x->wanda.token[i];
	}
}

static void a_revoked_key_ends_its_session_and_its_word(void **state)
{
	struct person rita = api_person(x->api, "rita", "person", NULL, NULL);
	struct hash key = public_key_id(private_key_public(rita.key));
	struct attempt again = {&rita, "rita", .nonce = session_nonce()};
	char hex[65];

	(void)state;
	must_have(with_token(rita.token, "GET", ME), 200);
	hex_encode(hash_bytes(&key), hex);
	json_t *early = api_signed(x->api, &rita, "role.defined", "{'role':'late'}");
	(void)api_must(x->api, &x->wanda, "key.revoked",
		       arena_printf(&x->api->arena, "{'key_id':'%s','reason':'lost'}", hex));
	must_refuse(with_token(rita.token, "GET", ME), 401, "API_KEY_NOT_ENROLLED");
	must_fail(&again);
	char *text = json_dumps(early, JSON_COMPACT);
	must_refuse(wire_post(x, WANDA, "/v1/records/role.defined", NULL, bytes_text(text)), 403,
		    "KEY_NOT_AUTHORS");
	free(text);
	json_decref(early);
	person_done(&rita);
}

static void a_suspended_principal_may_nothing(void **state)
{
	struct person sven = api_person(x->api, "sven", "person", "access.admin", NULL);
	struct attempt again = {&sven, "sven", .nonce = session_nonce()};

	(void)state;
	json_t *early = api_signed(x->api, &sven, "role.defined", "{'role':'late'}");
	(void)api_must(x->api, &x->wanda, "principal.suspended",
		       "{'principal':'sven','reason':'seen at night'}");
	must_refuse(with_token(sven.token, "GET", ME), 403, "API_PRINCIPAL_INACTIVE");
	must_fail(&again);
	char *text = json_dumps(early, JSON_COMPACT);
	must_refuse(wire_post(x, WANDA, "/v1/records/role.defined", NULL, bytes_text(text)), 403,
		    "NOT_ALLOWED");
	free(text);
	json_decref(early);
	person_done(&sven);
}

/* ---- names that would be taken for others ---- */

static const char *spki_and_possession(const struct private_key *key, const char *principal)
{
	uint8_t buffer[512], signature[64];
	char spki[512], possession[128];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes message;
	struct fault f;

	assert_true(key_possession_message(bytes_text(API_ORIGIN), bytes_text(principal), &w,
					   &message));
	assert_int_equal(key_sign(key, message, signature, &f).code, OK);
	base64url_encode(public_key_spki(private_key_public(key)), spki);
	base64url_encode(bytes_of(signature, 64), possession);
	return arena_printf(&x->api->arena,
			    "{'principal':'%s','public_key':'%s','possession':'%s'}", principal,
			    spki, possession);
}

static void nobody_takes_the_name_of_a_device_or_of_the_server(void **state)
{
	static const char *const names[] = {"sealwright", "alpha-product/1", "/", "a/", "/a"};
	struct private_key *key;
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		must_refuse(api_sign(x->api, &x->wanda, "principal.registered",
				     arena_printf(&x->api->arena,
						  "{'principal':'%s','kind':'device'}", names[i])),
			    422, "PRINCIPAL_NAME_RESERVED");
	assert_int_equal(private_key_generate(KEY_ED25519, &key, &f).code, OK);
	must_refuse(api_sign(x->api, &x->wanda, "key.enrolled",
			     spki_and_possession(key, "alpha-product/1")),
		    422, "KEY_OF_DEVICE");
	private_key_close(key);
}

/* From one address; the others, and who has a session at that address, do not notice. */
static void whoever_guesses_is_slowed_down(void **state)
{
	unsigned address = x->peers;
	const struct row guess = {.path = ME, .who = NOBODY, BEARER("Bearer " B43)};
	struct reply *r = NULL;

	(void)state;
	for (size_t i = 0; i < 60; i++) {
		x->peers = address;
		r = wire_row(x, &guess, ME);
		if (r->status == 429)
			break;
		must_refuse(r, 401, "API_SESSION_UNKNOWN");
	}
	must_refuse(r, 429, "API_TOO_MANY");
	assert_non_null(reply_header(r, "Retry-After"));
	assert_true(strtol(reply_header(r, "Retry-After"), NULL, 10) >= 1);
	x->peers = address;
	struct attempt t = {&x->wanda, "wanda", .nonce = session_nonce()};
	x->peers = address;
	must_refuse(attempt(&t), 429, "API_TOO_MANY");
	x->peers = address;
	must_have(wire_get(x, WANDA, ME), 200);
	x->peers = address + 1;
	must_refuse(wire_row(x, &guess, ME), 401, "API_SESSION_UNKNOWN");
}

const struct CMUnitTest SESSION_TESTS[] = {
	cmocka_unit_test(a_nonce_counts_once),
	cmocka_unit_test(a_nonce_is_spent_by_a_failure),
	cmocka_unit_test(a_nonce_ends_after_five_minutes),
	cmocka_unit_test(a_nonce_for_a_unit_is_none_for_a_session),
	cmocka_unit_test(a_signature_is_for_one_log_one_principal_and_one_nonce),
	cmocka_unit_test(every_failure_to_sign_in_reads_the_same),
	cmocka_unit_test(a_session_ends_with_signing_out),
	cmocka_unit_test(a_token_counts_as_a_whole),
	cmocka_unit_test(a_revoked_key_ends_its_session_and_its_word),
	cmocka_unit_test(a_suspended_principal_may_nothing),
	cmocka_unit_test(nobody_takes_the_name_of_a_device_or_of_the_server),
	cmocka_unit_test(whoever_guesses_is_slowed_down),
};
const size_t SESSION_TESTS_N = sizeof SESSION_TESTS / sizeof SESSION_TESTS[0];

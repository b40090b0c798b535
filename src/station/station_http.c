/* SPDX-License-Identifier: Apache-2.0 */
/* station_http.c — what testers, MES and PCs of the site ask the box for. */
#include "station/station_internal.h"

#include "base/catalog.h"
#include "base/log.h"
#include "core/sha256.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_TYPE    "application/json"
#define PROBLEM_TYPE "application/problem+json"
#define LINE_TYPE    "text/plain; charset=utf-8"

enum { ANSWER_MS = 2000, RECEIPT_MAX = 1 << 20 };

/* ---- answers ---- */

static json_t *safe_string(const char *text)
{
	json_t *json = json_string(text);

	return json == NULL ? json_string("?") : json;
}

json_t *station_problem(const struct fault *f, int *status)
{
	const char *id = f->message == NULL ? "UNKNOWN" : f->message;
	const struct message *message = catalog_find(id);
	char urn[128], text[2048];
	json_t *values = json_object();

	*status = strcmp(id, "API_METHOD") == 0 ? 405 : err_info(f->code)->http_status;
	snprintf(urn, sizeof urn, "urn:sealwright:problem:%s", id);
	for (size_t i = 0; i < f->n; i++)
		if (json_object_set_new(values, f->values[i].name,
					safe_string(f->values[i].value)) != 0)
			continue; /* a name that is no UTF-8 is left out */
	catalog_render(message == NULL ? err_info(f->code)->sentence : message->text, f, text,
		       sizeof text);
	json_t *json = json_pack("{s:s, s:s, s:i, s:s, s:o, s:o}", "type", urn, "title",
				 err_info(f->code)->sentence, "status", *status, "code", id,
				 "detail", safe_string(text), "values", values);
	if (message != NULL && message->fix[0] != '\0') {
		catalog_render(message->fix, f, text, sizeof text);
		json_object_set_new(json, "fix", safe_string(text));
	}
	if (f->field[0] != '\0')
		json_object_set_new(json, "field", safe_string(f->field));
	return json;
}

static void reply(struct http_request *r, int status, const char *type, json_t *json)
{
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

	json_decref(json);
	http_reply(r, text == NULL ? 500 : status, type, bytes_text(text == NULL ? "{}" : text));
	free(text);
}

static void reply_problem(struct http_request *r, const struct fault *f)
{
	int status;
	json_t *json = station_problem(f, &status);

	if (status >= 500)
		log_fault(LOG_ERROR_LEVEL, "station_request_failed", f);
	if (status == 503)
		http_header_set(r, "Retry-After", "1");
	if (status == 405)
		http_header_set(r, "Allow", fault_value(f, "allowed"));
	if (status == 401)
		http_header_set(r, "WWW-Authenticate", "Bearer");
	reply(r, status, PROBLEM_TYPE, json);
}

/* ---- who may ask ---- */

static bool is_here(const char *peer)
{
	return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 ||
	       strncmp(peer, "::ffff:127.", 11) == 0;
}

/* A page whose name was made to point here asks under that name, and is no program of this host. */
static bool asks_for_here(const struct http_request *r)
{
	static const char *const NAMES[] = {"localhost", "[::1]"};
	const char *host = http_header(r, "Host");

	for (size_t i = 0; host != NULL && i < sizeof NAMES / sizeof NAMES[0]; i++) {
		size_t n = strlen(NAMES[i]);
		if (strncmp(host, NAMES[i], n) == 0 && (host[n] == ':' || host[n] == '\0'))
			return true;
	}
	return host != NULL && strncmp(host, "127.", 4) == 0 &&
	       strspn(host, "0123456789.:") == strlen(host);
}

/* Equal without telling where they differ, nor how long the token is. */
static bool shows_token(const struct http_request *r, const char *token)
{
	static const char SCHEME[] = "Bearer ";
	const char *header = http_header(r, "Authorization");

	if (header == NULL || strncmp(header, SCHEME, sizeof SCHEME - 1) != 0)
		return false;
	struct hash shown = sha256(bytes_text(header + sizeof SCHEME - 1));
	struct hash wanted = sha256(bytes_text(token));
	return bytes_equal_secret(shown.b, wanted.b, sizeof shown.b);
}

/* A page in a browser on this host cannot write: it would be of another origin, and says so. */
static err check_asker(const struct station *s, const struct http_request *r, struct fault *f)
{
	if (http_header(r, "Origin") != NULL)
		return fail(f, "STATION_FROM_BROWSER", NULL);
	if (is_here(r->peer) && asks_for_here(r))
		return ERR_OK;
	if (s->config.token != NULL && shows_token(r, s->config.token))
		return ERR_OK;
	return fail(f, "STATION_TOKEN_WRONG", NULL);
}

/* ---- records ---- */

static json_t *accepted_json(struct hash digest, uint64_t counter)
{
	char hex[65];

	hex_encode(hash_bytes(&digest), hex);
	return json_pack("{s:s, s:I, s:s}", "digest", hex, "counter", (json_int_t)counter, "state",
			 "waiting");
}

static void set_location(struct http_request *r, struct hash digest)
{
	char hex[65], location[96];

	hex_encode(hash_bytes(&digest), hex);
	snprintf(location, sizeof location, "/v1/receipts/%s", hex);
	http_header_set(r, "Location", location);
}

static void finish_record(struct http_request *r, void *context)
{
	struct waiter *w = context;

	set_location(r, w->digest);
	if (w->status == 0)
		reply(r, 202, JSON_TYPE, accepted_json(w->digest, w->counter));
	else
		http_reply(r, w->status, w->status >= 400 ? PROBLEM_TYPE : JSON_TYPE, w->text);
}

/* With the lock held. */
static err wait_for_answer(struct station *s, struct http_request *r, const struct taken *taken,
			   struct fault *f)
{
	struct waiter *w = arena_alloc(r->arena, sizeof *w);
	unsigned ms = s->config.answer_ms == 0 ? ANSWER_MS : s->config.answer_ms;

	if (w == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*w = (struct waiter){.counter = taken->counter,
			     .until = clock_steady_ms(&clock_system) + ms,
			     .digest = taken->digest,
			     .arena = r->arena};
	w->ticket = http_suspend(r, finish_record, w);
	*s->waiters_end = w;
	s->waiters_end = &w->next;
	(void)pthread_cond_broadcast(&s->changed);
	return ERR_OK;
}

/* {"body", "id", "occurred"}, or the body alone. */
static err read_envelope(const struct http_request *r, json_t **out, struct fault *f)
{
	json_error_t error;
	const char *key = http_header(r, "Idempotency-Key");
	json_t *json =
		json_loadb((const char *)r->body.p, r->body.n, JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(json)) {
		json_decref(json);
		return fail(f, "API_JSON_BAD", "detail",
			    json == NULL ? error.text : "it is not an object", NULL);
	}
	if (json_object_get(json, "body") == NULL)
		json = json_pack("{s:o}", "body", json);
	if (key != NULL && json_object_get(json, "id") == NULL)
		json_object_set_new(json, "id", safe_string(key));
	*out = json;
	const json_t *id = json_object_get(json, "id");
	if (key == NULL || (json_is_string(id) && strcmp(json_string_value(id), key) == 0))
		return json != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
	json_decref(json);
	return fail_field(f, "Idempotency-Key", "API_KEY_DIFFERS", NULL);
}

/* The answer of then, as far as it is kept here. */
static void reply_answered(struct http_request *r, const struct answer *answer)
{
	char hex[65];

	hex_encode(hash_bytes(&answer->digest), hex);
	set_location(r, answer->digest);
	if (answer->refused)
		reply(r, 422, PROBLEM_TYPE,
		      json_pack("{s:s, s:i, s:s}", "digest", hex, "status", 422, "code",
				answer->code));
	else
		reply(r, 201, JSON_TYPE,
		      json_pack("{s:s, s:I, s:I, s:s}", "digest", hex, "counter",
				(json_int_t)answer->counter, "sequence",
				(json_int_t)answer->sequence, "state", "recorded"));
}

static err take_record(struct station *s, struct http_request *r, const json_t *envelope,
		       struct fault *f)
{
	struct taken taken;

	(void)pthread_mutex_lock(&s->lock);
	err e = station_take(s, r->arena, http_segment(r, 2), envelope, &taken, f);
	bool waits = e.code == OK && !taken.answered && s->linked;
	if (waits)
		e = wait_for_answer(s, r, &taken, f);
	(void)pthread_mutex_unlock(&s->lock);
	if (e.code != OK || waits)
		return e;
	if (taken.answered) {
		reply_answered(r, &taken.answer);
		return ERR_OK;
	}
	set_location(r, taken.digest);
	reply(r, 202, JSON_TYPE, accepted_json(taken.digest, taken.counter));
	return ERR_OK;
}

static err handle_record(struct station *s, struct http_request *r, struct fault *f)
{
	json_t *envelope = NULL;

	TRY(read_envelope(r, &envelope, f));
	err e = take_record(s, r, envelope, f);
	json_decref(envelope);
	return e;
}

/* ---- receipts, gates, state ---- */

static err fetch_receipt(struct station *s, struct http_request *r, const char *digest,
			 uint64_t sequence, struct fault *f)
{
	struct client *c;
	struct bytes text = {0};
	char path[160];

	snprintf(path, sizeof path, "/v1/receipts/%s?sequence=%" PRIu64, digest, sequence);
	TRY(asker_take(s, &c, f));
	err e = client_get(c, r->arena, path, JSON_TYPE, RECEIPT_MAX, &text, f);
	asker_give(s, c);
	TRY(e);
	http_reply(r, 200, JSON_TYPE, text);
	return ERR_OK;
}

static err handle_receipt(struct station *s, struct http_request *r, struct fault *f)
{
	const char *text = http_segment(r, 2);
	struct answer answer = {0};
	struct hash digest;

	if (strlen(text) != 64 || !hex_decode(bytes_text(text), digest.b, sizeof digest.b))
		return fail_field(f, "digest", "FIELD_WRONG", "field", "digest", "expected",
				  "64 hexadecimal digits", NULL);
	(void)pthread_mutex_lock(&s->lock);
	const struct spool_item *item = spool_find_digest(s->spool, digest);
	const struct answer *known = answers_find_digest(s->answers, digest);
	uint64_t waiting = item == NULL ? 0 : item->counter;
	if (known != NULL)
		answer = *known;
	(void)pthread_mutex_unlock(&s->lock);
	if (waiting != 0) {
		reply(r, 202, JSON_TYPE, accepted_json(digest, waiting));
		return ERR_OK;
	}
	if (answer.counter == 0)
		return fail(f, "STATION_RECORD_UNKNOWN", NULL);
	if (!answer.refused)
		return fetch_receipt(s, r, text, answer.sequence, f);
	reply_answered(r, &answer);
	return ERR_OK;
}

static err handle_gate(struct station *s, struct http_request *r, struct fault *f)
{
	const char *segments[4], *line;
	size_t n = http_segment_count(r) - 2;

	for (size_t i = 0; i < n; i++)
		segments[i] = http_segment(r, i + 2);
	TRY(station_gate(s, r->arena, segments, n, &line, f));
	http_reply(r, 200, LINE_TYPE, bytes_text(line));
	return ERR_OK;
}

static err handle_state(struct station *s, struct http_request *r, struct fault *f)
{
	(void)f;
	(void)pthread_mutex_lock(&s->lock);
	json_t *json =
		json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:o}", "station",
			  s->config.client.principal, "spool", spool_name(s->spool), "linked",
			  (int)s->linked, "written", (json_int_t)(spool_next(s->spool) - 1),
			  "waiting", (json_int_t)spool_waiting(s->spool), "refused",
			  (json_int_t)s->refused, "allowances", allowances_json(s->allowances));
	(void)pthread_mutex_unlock(&s->lock);
	reply(r, 200, JSON_TYPE, json);
	return ERR_OK;
}

/* ---- routes ---- */

static bool is(const struct http_request *r, size_t i, const char *word)
{
	const char *segment = http_segment(r, i);

	return segment != NULL && strcmp(segment, word) == 0;
}

typedef err station_route(struct station *s, struct http_request *r, struct fault *f);

static station_route *find(const struct http_request *r, enum http_method *method)
{
	size_t n = http_segment_count(r);

	*method = HTTP_GET;
	if (!is(r, 0, "v1"))
		return NULL;
	if (is(r, 1, "records") && n == 3) {
		*method = HTTP_POST;
		return handle_record;
	}
	if (is(r, 1, "receipts") && n == 3)
		return handle_receipt;
	if (is(r, 1, "gates") && (n == 5 || n == 6))
		return handle_gate;
	return is(r, 1, "station") && n == 2 ? handle_state : NULL;
}

static err route(struct station *s, struct http_request *r, struct fault *f)
{
	enum http_method method;
	station_route *handle = find(r, &method);

	if (handle == NULL)
		return fail(f, "API_NO_ROUTE", NULL);
	TRY(check_asker(s, r, f));
	if (r->method != method)
		return fail(f, "API_METHOD", "allowed", method == HTTP_GET ? "GET" : "POST", NULL);
	return handle(s, r, f);
}

static void handle(struct http_request *r, void *context)
{
	struct fault f = {0};

	if (route(context, r, &f).code != OK)
		reply_problem(r, &f);
}

static size_t begin(struct http_request *r, struct http_upload *upload, void *context)
{
	(void)upload;
	(void)context;
	return r->method == HTTP_POST ? STATION_BODY_MAX : 0;
}

static void problem(struct http_request *r, const struct fault *f, void *context)
{
	(void)context;
	reply_problem(r, f);
}

const struct http_handlers STATION_HANDLERS = {
	.handle = handle, .begin = begin, .problem = problem, .context = NULL};

/* SPDX-License-Identifier: Apache-2.0 */
/* api_read.c — views, gates, types, entries, receipts, passports, the stream. */
#include "base/files.h"
#include "core/passport.h"
#include "record/passport.h"
#include "server/server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs `read` with a reader session. */
typedef err with_reader(struct call *c, struct reader_session *r, struct fault *f);

static err reading(struct call *c, with_reader *read, struct fault *f)
{
	struct reader_session *r;

	TRY(reader_take(c->server->engine, &r, f));
	err result = read(c, r, f);
	reader_give(r);
	return result;
}

/* A browser shows confidential values and those about persons to who was there a moment ago. Asked before a
 * reader session is taken: it takes one itself. */
bool call_is_closed(struct call *c)
{
	struct fault why;

	return call_browser_needs(c, STEPPED_UP, &why).code != OK;
}

/* ---- gates ---- */

struct subject_asked {
	const char *kind, *within, *id;
};

static const char *or_empty(const char *segment)
{
	return strcmp(segment, "-") == 0 ? "" : segment;
}

/* kind/within/id, or product/serial of a unit. */
static err subject_read(const struct call *c, struct subject_asked *out, struct fault *f)
{
	const struct http_request *r = c->request;
	size_t n = http_segment_count(r) - c->rest;

	if (n == 2)
		*out = (struct subject_asked){"unit", http_segment(r, c->rest),
					      http_segment(r, c->rest + 1)};
	else if (n == 3)
		*out = (struct subject_asked){http_segment(r, c->rest),
					      or_empty(http_segment(r, c->rest + 1)),
					      http_segment(r, c->rest + 2)};
	else
		return fail_field(f, "subject", "API_SUBJECT_WRONG", NULL);
	if (!id_valid(bytes_text(out->kind)) || !id_valid(bytes_text(out->id)) ||
	    (out->within[0] != '\0' && !id_valid(bytes_text(out->within))))
		return fail_field(f, "subject", "API_SUBJECT_WRONG", NULL);
	return ERR_OK;
}

static void reply_gate_line(struct call *c, const struct control_failure *failure)
{
	char line[512] = "PASS\n";

	/* Testers read one line: the first control that failed. */
	if (failure != NULL)
		snprintf(line, sizeof line, "FAIL %s expected %.200s, found %.200s\n",
			 failure->control, failure->expected, failure->found);
	reply_bytes(c, 200, "text/plain; charset=utf-8", bytes_text(line));
}

static json_t *failed_json(const struct control_failure *failure)
{
	json_t *list = json_array();

	for (; failure != NULL; failure = failure->next)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s}", "control", failure->control,
						"expected", failure->expected, "found",
						failure->found, "result", failure->result));
	return list;
}

static json_t *gate_json(const char *gate, const struct subject_asked *s,
			 const struct control_failure *failure,
			 const struct control_failure *let_pass)
{
	const char *verdict = failure == NULL ? "pass" : "fail";

	return json_pack("{s:s, s:s, s:{s:s, s:s, s:s}, s:o, s:o}", "gate", gate, "verdict",
			 verdict, "subject", "kind", s->kind, "within", s->within, "id", s->id,
			 "failures", failed_json(failure), "let_pass", failed_json(let_pass));
}

static err ask_gate(struct call *c, struct reader_session *r, struct fault *f)
{
	struct subject_asked s = {0};
	struct control_failure *failures, *let_pass;
	struct scope scope;

	TRY(subject_read(c, &s, f));
	TRY(subject_scope(c, r, s.kind, s.within, s.id, &scope, f));
	TRY(call_needs(c, r, "gate.ask", &scope, f));
	TRY(gate_ask_all(c->server->engine, r, c->request->arena, &c->caller, c->arguments[0],
			 s.kind, s.within, s.id, &failures, &let_pass, f));
	http_header_set(c->request, "Vary", "Accept");
	if (call_accepts(c, "text/plain"))
		reply_gate_line(c, failures);
	else
		reply_json(c, 200, gate_json(c->arguments[0], &s, failures, let_pass));
	return ERR_OK;
}

err handle_gate(struct call *c, struct fault *f)
{
	return reading(c, ask_gate, f);
}

/* ---- types ---- */

err handle_types(struct call *c, struct fault *f)
{
	const struct registry *registry = engine_registry(c->server->engine);
	json_t *types = json_array();

	(void)f;
	for (size_t i = 0; i < registry->types_n; i++)
		json_array_append_new(types, type_to_json(&registry->types[i]));
	reply_json(c, 200, json_pack("{s:o}", "types", types));
	return ERR_OK;
}

err handle_type(struct call *c, struct fault *f)
{
	const struct compiled_type *t =
		registry_type(engine_registry(c->server->engine), bytes_text(c->arguments[0]));

	if (t == NULL)
		return fail_field(f, "type", "API_TYPE_MISSING", "type", c->arguments[0], NULL);
	reply_json(c, 200, type_to_json(t));
	return ERR_OK;
}

/* ---- entries and receipts ---- */

#define ENTRY_TYPE "application/cbor"

/* A sequence that the log has. */
static err sequence_read(struct call *c, struct reader_session *r, const char *field,
			 const char *text, uint64_t *out, struct fault *f)
{
	struct merkle_head head;

	TRY(number_read(field, text, out, f));
	TRY(ledger_head(reader_ledger(r), &head, f));
	if (*out >= head.size)
		return fail_field(f, field, "API_ENTRY_MISSING", "sequence", text, NULL);
	(void)c;
	return ERR_OK;
}

/* As JSON, with the values that still exist for who may see them; or the very bytes that the log keeps, for who decodes
 * them alone. */
static err read_entry(struct call *c, struct reader_session *r, bool closed, struct fault *f)
{
	uint64_t sequence;
	struct bytes bytes;
	json_t *json;

	TRY(sequence_read(c, r, "sequence", c->arguments[0], &sequence, f));
	http_header_set(c->request, "Vary", "Accept");
	if (call_accepts(c, ENTRY_TYPE)) {
		TRY(ledger_entry(reader_ledger(r), c->request->arena, sequence, &bytes, f));
		reply_bytes(c, 200, ENTRY_TYPE, bytes);
		return ERR_OK;
	}
	TRY((closed ? entry_closed_to_json : entry_to_json)(c->server->engine, r, c->request->arena,
							    sequence, &json, f));
	reply_json(c, 200, json);
	return ERR_OK;
}

err handle_entry(struct call *c, struct fault *f)
{
	struct reader_session *r;
	bool closed = call_is_closed(c);

	TRY(reader_take(c->server->engine, &r, f));
	err result = read_entry(c, r, closed, f);
	reader_give(r);
	return result;
}

static err read_receipt(struct call *c, struct reader_session *r, struct fault *f)
{
	const char *given = http_query(c->request, "sequence");
	struct result *result = arena_alloc(c->request->arena, sizeof *result);
	struct hash digest;
	uint64_t sequence;
	bool found = true;

	if (result == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(hash_read("digest", c->arguments[0], &digest, f));
	if (given != NULL)
		TRY(sequence_read(c, r, "sequence", given, &sequence, f));
	else
		TRY(receipt_wait_find(c->server->operational, digest, &found, &sequence, f));
	if (found)
		TRY(receipt_read(c->server->engine, r, c->request->arena, sequence, result, f));
	if (!found || !hash_equal(result->digest, digest))
		return fail(f, "API_RECEIPT_MISSING", "digest", c->arguments[0], NULL);
	reply_json(c, result->state == RESULT_CERTIFIED ? 200 : 202, receipt_to_json(result));
	return ERR_OK;
}

err handle_receipt(struct call *c, struct fault *f)
{
	static const char *const names[] = {"sequence"};

	TRY(call_only_query(c, names, 1, f));
	return reading(c, read_receipt, f);
}

/* ---- passports ---- */

struct showing {
	struct call *call;
	struct reader_session *reader;
};

/* Whoever may see a unit's confidential values may not yet see those of a supplier's part lot: each
 * record is asked about where it belongs. */
static err may_show(void *context, const struct subject *s, bool *may, struct fault *f)
{
	struct showing *showing = context;
	struct arena *a = showing->call->request->arena;
	const char *kind = arena_text(a, s->kind), *within = arena_text(a, s->within),
		   *id = arena_text(a, s->id);
	struct scope scope;

	if (kind == NULL || within == NULL || id == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(subject_scope(showing->call, showing->reader, kind, within, id, &scope, f));
	return call_may(showing->call, showing->reader, "passport.confidential", &scope, may, f);
}

/* The certificate of the device CA, if it stands in the folder: a passport proves more with it. */
static err read_ca(struct call *c, struct bytes *out, struct fault *f)
{
	char path[CONFIG_PATH_SIZE];
	struct fault missing = {0};

	TRY(config_path(&c->server->config, "ca.der", path, f));
	if (file_read(c->request->arena, path, PASSPORT_CA_MAX, out, &missing).code != OK)
		*out = (struct bytes){0};
	return ERR_OK;
}

static err read_passport(struct call *c, struct reader_session *r, struct fault *f)
{
	const char *product = c->arguments[0], *serial = c->arguments[1];
	const char *show = http_query(c->request, "show");
	struct showing showing = {c, r};
	struct passport_request request = {.caller = &c->caller,
					   .product = product,
					   .serial = serial,
					   .without = http_query(c->request, "without"),
					   .context = &showing};
	struct scope scope;
	struct bytes passport;

	if (!id_valid(bytes_text(product)) || !id_valid(bytes_text(serial)))
		return fail_field(f, "unit", "API_SUBJECT_WRONG", NULL);
	if (show != NULL && strcmp(show, "confidential") != 0)
		return fail_field(f, "show", "PASSPORT_SHOW_WRONG", "value", show, NULL);
	TRY(subject_scope(c, r, "unit", product, serial, &scope, f));
	TRY(call_needs(c, r, "passport.read", &scope, f));
	if (show != NULL)
		TRY(call_needs(c, r, "passport.confidential", &scope, f));
	request.may_show = show != NULL ? may_show : NULL;
	TRY(read_ca(c, &request.ca, f));
	TRY(passport_build(c->server->engine, r, c->request->arena, &request, &passport, f));
	reply_bytes(c, 200, "application/vnd.sealwright.passport+cbor", passport);
	return ERR_OK;
}

err handle_passport(struct call *c, struct fault *f)
{
	static const char *const names[] = {"show", "without"};

	TRY(call_only_query(c, names, 2, f));
	if (http_query(c->request, "show") != NULL)
		TRY(call_browser_needs(c, STEPPED_UP, f));
	return reading(c, read_passport, f);
}

/* ---- the stream ---- */

err handle_stream(struct call *c, struct fault *f)
{
	static const char *const names[] = {"after"};
	const char *last = http_header(c->request, "Last-Event-ID");
	uint64_t from = streams_next(c->server->streams);

	TRY(call_only_query(c, names, 1, f));
	if (last == NULL)
		last = http_query(c->request, "after");
	if (last != NULL) {
		uint64_t after;
		TRY(number_read("Last-Event-ID", last, &after, f));
		from = after + 1 < from ? after + 1 : from;
	}
	if (c->request->method == HTTP_HEAD) {
		http_header_set(c->request, "Allow", "GET");
		return fail(f, "API_METHOD", "allowed", "GET", NULL);
	}
	TRY(streams_listen(c->server->streams, c->request, &c->caller, from, f));
	reply_note(c, 200);
	return ERR_OK;
}

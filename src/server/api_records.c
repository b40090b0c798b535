/* SPDX-License-Identifier: Apache-2.0 */
/* api_records.c — records in. Decoding and proofs are checked on the request's thread; the writer
 * is not waited for: the request is suspended until its result is there. */
#include "base/log.h"
#include "server/server_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { BATCH_MAX = 1000, BATCHES_AT_ONCE = 4 };

/* What waits for the writer: in the request's arena, as the submissions are. */
struct waiting {
	struct call *call;
	struct http_ticket *ticket;
	size_t n;
	struct submission **items; /* NULL: decoding refused it */
	struct fault *faults;      /* of those */
	struct submission **sent;
	size_t sent_n;
	bool batch;
	struct fault fault; /* of the whole */
};

static void finished(void *context)
{
	struct waiting *w = context;

	if (w->batch)
		atomic_fetch_sub(&w->call->server->batches, 1);
	http_finish(w->ticket);
}

/* ---- the answer ---- */

static int status_of(const struct result *result)
{
	if (result->state == RESULT_REFUSED)
		return err_info(result->fault.code)->http_status;
	return result->state == RESULT_CERTIFIED ? 201 : 202;
}

/* The receipt will be asked for by the claim's digest. */
static void note_waiting(struct call *c, const struct result *result)
{
	struct fault f;

	if (receipt_wait_add(c->server->operational, result->digest, result->sequence, &f).code !=
	    OK)
		log_fault(LOG_WARNING_LEVEL, "receipt_not_noted", &f);
}

static void set_location(struct call *c, const struct result *result)
{
	char hex[65], location[96];

	hex_encode(hash_bytes(&result->digest), hex);
	snprintf(location, sizeof location, "/v1/receipts/%s", hex);
	http_header_set(c->request, "Location", location);
}

static void answer_one(struct call *c, const struct submission *s)
{
	const struct result *result = submission_result(s);

	metrics_record(&c->server->metrics, clock_steady_ms(&clock_system) - c->started_ms);
	if (result->state == RESULT_REFUSED) {
		reply_fault(c, &result->fault, result->failures);
		return;
	}
	if (result->state == RESULT_COMMITTED)
		note_waiting(c, result);
	set_location(c, result);
	reply_json(c, status_of(result), result_to_json(s));
}

static json_t *item_json(struct call *c, const struct waiting *w, size_t i, int *status)
{
	json_t *json;

	if (w->items[i] == NULL) {
		*status = err_info(w->faults[i].code)->http_status;
		return problem_json(&w->faults[i], NULL);
	}
	const struct result *result = submission_result(w->items[i]);
	*status = status_of(result);
	if (result->state == RESULT_REFUSED)
		return problem_of_submission(w->items[i]);
	if (result->state == RESULT_COMMITTED)
		note_waiting(c, result);
	json = result_to_json(w->items[i]);
	json_object_set_new(json, "status", json_integer(*status));
	return json;
}

/* 201 when all are certified, 202 when all are recorded; 200 when some were refused and 422 when
 * all were. Each item has its own status. */
static void answer_batch(struct call *c, const struct waiting *w)
{
	json_t *results = json_array();
	size_t refused = 0;
	bool waits = false;
	int status;

	metrics_record(&c->server->metrics, clock_steady_ms(&clock_system) - c->started_ms);
	for (size_t i = 0; i < w->n; i++) {
		json_array_append_new(results, item_json(c, w, i, &status));
		refused += status >= 400;
		waits = waits || status == 202;
	}
	status = refused == w->n ? 422 : refused > 0 ? 200 : waits ? 202 : 201;
	reply_json(c, status,
		   json_pack("{s:I, s:I, s:o}", "recorded", (json_int_t)(w->n - refused), "refused",
			     (json_int_t)refused, "results", results));
}

static void answer(struct http_request *r, void *context)
{
	struct waiting *w = context;

	(void)r;
	if (w->fault.code != OK)
		reply_fault(w->call, &w->fault, NULL);
	else if (w->batch)
		answer_batch(w->call, w);
	else
		answer_one(w->call, w->items[0]);
}

/* From here on the reply is made by answer(), whatever happens. */
static void submit(struct waiting *w, bool whole)
{
	struct call *c = w->call;

	w->ticket = http_suspend(c->request, answer, w);
	err result =
		record_submit(c->server->engine, w->sent, w->sent_n, whole, finished, w, &w->fault);
	if (result.code != OK)
		finished(w);
}

static struct waiting *waiting_make(struct call *c, size_t n)
{
	struct arena *a = c->request->arena;
	struct waiting *w = arena_alloc(a, sizeof *w);

	if (w == NULL)
		return NULL;
	w->call = c;
	w->n = n;
	w->items = arena_array(a, n, sizeof *w->items);
	w->sent = arena_array(a, n, sizeof *w->sent);
	w->faults = arena_array(a, n, sizeof *w->faults);
	return w->items == NULL || w->sent == NULL || w->faults == NULL ? NULL : w;
}

/* ---- one record ---- */

static err decode_json(struct call *c, struct submission **out, struct fault *f)
{
	json_t *json;

	TRY(call_read_json(c, &json, f));
	err result = call_apply_key(c, json, f);
	if (result.code == OK)
		result = submission_from_json(c->server->engine, c->request->arena, &c->caller,
					      bytes_text(c->arguments[0]), json, out, f);
	json_decref(json);
	return result;
}

static bool is_cbor(const struct call *c)
{
	const char *type = http_header(c->request, "Content-Type");

	return type != NULL && strcasecmp(type, "application/cbor") == 0;
}

err handle_record(struct call *c, struct fault *f)
{
	struct waiting *w = waiting_make(c, 1);

	if (w == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (is_cbor(c))
		TRY(submission_from_cbor(c->server->engine, c->request->arena, &c->caller,
					 bytes_text(c->arguments[0]), c->request->body,
					 &w->items[0], f));
	else
		TRY(decode_json(c, &w->items[0], f));
	w->sent[0] = w->items[0];
	w->sent_n = 1;
	submit(w, false);
	return ERR_OK;
}

/* ---- many ---- */

static void decode_item(struct waiting *w, size_t i, const json_t *json)
{
	struct call *c = w->call;
	const char *type;
	err result = json_is_object(json)
			     ? json_member(json, "type", TYPE_SIZE_MAX, &type, &w->faults[i])
			     : fail(&w->faults[i], "API_JSON_BAD", "detail",
				    "a record is not an object", NULL);

	if (result.code == OK)
		result = submission_from_json(c->server->engine, c->request->arena, &c->caller,
					      bytes_text(type), json, &w->items[i], &w->faults[i]);
	if (result.code != OK)
		w->items[i] = NULL;
	else
		w->sent[w->sent_n++] = w->items[i];
}

static err read_batch(const json_t *json, bool *whole, const json_t **records, struct fault *f)
{
	const json_t *flag = json_object_get(json, "whole");
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		if (strcmp(name, "whole") != 0 && strcmp(name, "records") != 0)
			return fail_field(f, name, "FIELD_UNKNOWN", "field", name, NULL);
	}
	*whole = json_is_true(flag);
	*records = json_object_get(json, "records");
	if (flag != NULL && !json_is_boolean(flag))
		return fail_field(f, "whole", "FIELD_WRONG", "field", "whole", "expected",
				  "true or false", NULL);
	if (!json_is_array(*records))
		return fail_field(f, "records", "FIELD_WRONG", "field", "records", "expected",
				  "a list of 1 to 1,000 records", NULL);
	size_t n = json_array_size(*records);
	return n >= 1 && n <= BATCH_MAX ? ERR_OK : fail(f, "BATCH_SIZE", NULL);
}

/* All or none: the records that would have been sound are said to be undone. */
static void refuse_rest(struct waiting *w)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->items[i] == NULL)
			continue;
		w->items[i] = NULL;
		(void)fail(&w->faults[i], "BATCH_UNDONE", NULL);
	}
}

/* A batch holds much memory while it waits. */
static err take_place(struct server *s, struct fault *f)
{
	if (atomic_fetch_add(&s->batches, 1) < BATCHES_AT_ONCE)
		return ERR_OK;
	atomic_fetch_sub(&s->batches, 1);
	return fail(f, "API_BUSY", NULL);
}

static err submit_batch(struct call *c, const json_t *json, struct fault *f)
{
	const json_t *records = NULL;
	bool whole = false;

	TRY(read_batch(json, &whole, &records, f));
	struct waiting *w = waiting_make(c, json_array_size(records));
	if (w == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(take_place(c->server, f));
	w->batch = true;
	for (size_t i = 0; i < w->n; i++)
		decode_item(w, i, json_array_get(records, i));
	if (whole && w->sent_n < w->n)
		refuse_rest(w);
	if (w->sent_n > 0 && (!whole || w->sent_n == w->n)) {
		submit(w, whole);
		return ERR_OK;
	}
	atomic_fetch_sub(&c->server->batches, 1);
	answer_batch(c, w);
	return ERR_OK;
}

err handle_records(struct call *c, struct fault *f)
{
	json_t *json;

	TRY(call_read_json(c, &json, f));
	err result = submit_batch(c, json, f);
	json_decref(json);
	return result;
}

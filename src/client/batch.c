/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c — many records in one request, and a receipt for each. */
#include "client/batch.h"
#include "client/client_internal.h"

#include <stdlib.h>
#include <string.h>

enum { REPLY_MAX = 64 << 20 };

struct client_batch {
	struct client *client;
	struct arena arena;
	json_t *records;
	struct bytes claims[CLIENT_BATCH_MAX];
	size_t n;
};

err client_batch_open(struct client *c, struct client_batch **out, struct fault *f)
{
	struct client_batch *b = calloc(1, sizeof *b);

	if (b == NULL || (b->records = json_array()) == NULL) {
		free(b);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	b->client = c;
	b->arena.limit = (size_t)64 << 20;
	*out = b;
	return ERR_OK;
}

void client_batch_close(struct client_batch *b)
{
	if (b == NULL)
		return;
	json_decref(b->records);
	arena_done(&b->arena);
	free(b);
}

size_t client_batch_size(const struct client_batch *b)
{
	return b->n;
}

static char *as_text(struct arena *a, struct bytes raw)
{
	char *text = arena_alloc(a, base64_size(raw.n) + 1);

	if (text != NULL)
		base64url_encode(raw, text);
	return text;
}

err client_batch_bring(struct client_batch *b, const char *type, struct bytes claim,
		       struct bytes proof, struct fault *f)
{
	if (b->n == CLIENT_BATCH_MAX)
		return fail(f, "BATCH_SIZE", NULL);
	const char *claim_text = as_text(&b->arena, claim), *proof_text = as_text(&b->arena, proof);
	struct bytes kept = arena_copy(&b->arena, claim);
	json_t *one = claim_text == NULL || proof_text == NULL || kept.p == NULL
			      ? NULL
			      : json_pack("{s:s, s:s, s:s}", "type", type, "claim", claim_text,
					  "proof", proof_text);

	if (one == NULL || json_array_append_new(b->records, one) != 0)
		return fail(f, "OUT_OF_MEMORY", NULL);
	b->claims[b->n++] = kept;
	return ERR_OK;
}

static err put_openings(struct client_batch *b, const struct prepared *p, struct fault *f)
{
	json_t *openings = json_object();

	for (size_t i = 0; i < p->openings_n; i++) {
		const struct opening *o = &p->openings[i];
		const char *salt = as_text(&b->arena, bytes_of(o->salt, sizeof o->salt));
		json_t *one = salt == NULL ? NULL
					   : json_pack("{s:s, s:s%}", "salt", salt, "value",
						       (const char *)o->value.p, o->value.n);
		if (json_object_set_new(openings, o->field, one) != 0) {
			json_decref(openings);
			return fail(f, "OUT_OF_MEMORY", NULL);
		}
	}
	json_object_set_new(json_array_get(b->records, b->n - 1), "openings", openings);
	return ERR_OK;
}

err client_batch_add_envelope(struct client_batch *b, const char *type, const json_t *envelope,
			      struct fault *f)
{
	struct client *c = b->client;
	struct prepared prepared;
	struct bytes proof;

	TRY(client_claim(c, &b->arena, type, envelope, &prepared, f));
	TRY(cose_sign(&b->arena, c->config.key, bytes_text(type), prepared.claim, &proof, f));
	TRY(client_batch_bring(b, type, prepared.claim, proof, f));
	return prepared.openings_n == 0 ? ERR_OK : put_openings(b, &prepared, f);
}

err client_batch_add(struct client_batch *b, const char *type, const json_t *body, struct fault *f)
{
	json_t *envelope = json_pack("{s:O}", "body", body);

	if (envelope == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = client_batch_add_envelope(b, type, envelope, f);
	json_decref(envelope);
	return e;
}

/* ---- the answer ---- */

static bool is_refusal(const json_t *result)
{
	return json_integer_value(json_object_get(result, "status")) >= 400;
}

/* The reply of a batch that was refused as a whole, or in part, is no problem document itself: the
 * first of its results that is one speaks for it. */
static err first_refusal(const json_t *results, struct fault *f)
{
	size_t i;
	json_t *one;

	json_array_foreach(results, i, one)
	{
		if (is_refusal(one))
			return client_fault((int)json_integer_value(json_object_get(one, "status")),
					    one, f);
	}
	return ERR_OK;
}

static err check(struct client_batch *b, json_t *results, struct fault *f)
{
	if (json_array_size(results) != b->n)
		return fail(f, "CLIENT_REPLY_BAD", "path", "/v1/records", NULL);
	for (size_t i = 0; i < b->n; i++) {
		if (is_refusal(json_array_get(results, i)))
			continue;
		json_t *receipt = json_incref(json_array_get(results, i));
		err e = client_receipt(b->client, &b->claims[i], &receipt, f);
		if (e.code == OK)
			json_array_set(results, i, receipt);
		json_decref(receipt);
		TRY(e);
	}
	return ERR_OK;
}

static err post(struct client_batch *b, const char *text, json_t **reply, struct fault *f)
{
	struct exchange x = {.method = "POST",
			     .path = "/v1/records",
			     .type = "application/json",
			     .body = bytes_text(text),
			     .accept = "application/json",
			     .max = REPLY_MAX};
	err e = client_exchange(b->client, &x, f);
	json_t *json = x.n == 0 ? NULL : json_loadb(x.reply, x.n, JSON_REJECT_DUPLICATES, NULL);

	free(x.reply);
	/* 422 when every one was refused: each says why. */
	if (e.code != OK && json_object_get(json, "results") != NULL) {
		*f = (struct fault){0};
		e = ERR_OK;
	} else if (e.code == OK && json == NULL) {
		e = fail(f, "CLIENT_REPLY_BAD", "path", "/v1/records", NULL);
	}
	*reply = json;
	return e;
}

err client_batch_results(struct client_batch *b, json_t **out, struct fault *f)
{
	json_t *reply = NULL, *batch = json_pack("{s:O}", "records", b->records);
	char *text = batch == NULL ? NULL : json_dumps(batch, JSON_COMPACT);

	*out = NULL;
	json_decref(batch);
	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = post(b, text, &reply, f);
	free(text);
	json_t *results = json_object_get(reply, "results");
	if (e.code == OK)
		e = check(b, results, f);
	if (e.code == OK)
		*out = json_incref(results);
	json_decref(reply);
	return e;
}

err client_batch_send(struct client_batch *b, json_t **receipts, struct fault *f)
{
	TRY(client_batch_results(b, receipts, f));
	err e = first_refusal(*receipts, f);
	if (e.code != OK) {
		json_decref(*receipts);
		*receipts = NULL;
	}
	return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* records.c — records out, receipts in; and the receipts are verified. */
#include "client/client_internal.h"

#include "core/cbor.h"

#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <time.h>

enum { RECEIPT_TRIES = 100, RECEIPT_WAIT_MS = 100 };

/* ---- making ---- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

err client_claim(struct client *c, struct arena *a, const char *type, const json_t *envelope,
		 struct prepared *out, struct fault *f)
{
	if (c->config.key == NULL || c->config.registry == NULL || c->config.origin == NULL)
		return fail(f, "CLIENT_KEY_MISSING", NULL);
	struct hash key = public_key_id(private_key_public(c->config.key));
	struct claim_maker maker = {.registry = c->config.registry,
				    .origin = c->config.origin,
				    .author = c->config.principal,
				    .key = &key,
				    .secret = bytes_of(c->secret, sizeof c->secret),
				    .now_ms = now_ms()};
	return claim_make(&maker, a, bytes_text(type), envelope, out, f);
}

/* The openings map has its keys in the order of their encoding. */
static void put_openings(struct writer *w, const struct prepared *p)
{
	bool done[OPENINGS_MAX] = {false};

	cbor_put_map(w, p->openings_n);
	for (size_t round = 0; round < p->openings_n; round++) {
		size_t best = SIZE_MAX;
		for (size_t i = 0; i < p->openings_n; i++)
			if (!done[i] &&
			    (best == SIZE_MAX ||
			     cbor_text_key_order(bytes_text(p->openings[i].field),
						 bytes_text(p->openings[best].field)) < 0))
				best = i;
		const struct opening *o = &p->openings[best];
		done[best] = true;
		cbor_put_text(w, bytes_text(o->field));
		cbor_put_array(w, 2);
		cbor_put_bytes(w, bytes_of(o->salt, sizeof o->salt));
		cbor_put_text(w, o->value);
	}
}

err claim_submission(struct arena *a, const struct private_key *key, const char *type,
		     const struct prepared *p, struct bytes *out, struct fault *f)
{
	size_t cap = 4 * (size_t)ENTRY_SIZE_MAX;
	uint8_t *buffer = arena_alloc(a, cap);
	struct writer w = writer_of(buffer, buffer == NULL ? 0 : cap);
	struct bytes proof;

	TRY(cose_sign(a, key, bytes_text(type), p->claim, &proof, f));
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, p->claim);
	put_bytes(&w, proof);
	put_openings(&w, p);
	return writer_done(&w, out) ? ERR_OK : fail(f, "RECORD_TOO_LARGE", NULL);
}

/* ---- receipts ---- */

static err receipt_wrong(struct fault *f, const char *detail)
{
	return fail(f, "RECEIPT_WRONG", "detail", detail, NULL);
}

static bool hash_member(const json_t *json, const char *name, struct hash *out)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL && strlen(text) == 64 && hex_decode(bytes_text(text), out->b, 32);
}

static bool read_path(const json_t *proof, struct hash path[static MERKLE_DEPTH_MAX], size_t *n)
{
	const json_t *list = json_object_get(proof, "path");

	*n = json_array_size(list);
	if (!json_is_array(list) || *n > MERKLE_DEPTH_MAX)
		return false;
	for (size_t i = 0; i < *n; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		size_t size;
		if (text == NULL || !base64_decode(bytes_text(text), path[i].b, 32, &size) ||
		    size != 32)
			return false;
	}
	return true;
}

static err checkpoint_verify(const json_t *receipt, const struct note_key *log,
			     struct merkle_head *head, struct fault *f)
{
	const char *text = json_string_value(json_object_get(receipt, "checkpoint")), *why;
	struct note note;
	struct checkpoint checkpoint;

	if (text == NULL || !note_parse(bytes_text(text), &note, &why) ||
	    !checkpoint_parse(note.text, &checkpoint, &why))
		return receipt_wrong(f, "its checkpoint cannot be read");
	if (!bytes_equal(checkpoint.origin, bytes_text(log->name)))
		return receipt_wrong(f, "its checkpoint is of another log");
	if (note_verify(&note, log, ed25519_verify, NULL) != NOTE_VALID)
		return receipt_wrong(f, "its checkpoint is not signed by the log's key");
	*head = checkpoint.head;
	return ERR_OK;
}

err receipt_verify(const json_t *receipt, const struct hash *digest, const struct note_key *log,
		   struct fault *f)
{
	struct hash path[MERKLE_DEPTH_MAX], leaf, said;
	struct merkle_head head;
	const json_t *proof = json_object_get(receipt, "proof");
	const json_t *index = json_object_get(proof, "index");
	size_t n;

	if (!hash_member(receipt, "digest", &said) || !hash_member(receipt, "leaf", &leaf) ||
	    !json_is_integer(index) || json_integer_value(index) < 0 || !read_path(proof, path, &n))
		return receipt_wrong(f, "it is not complete");
	if (digest != NULL && !hash_equal(said, *digest))
		return receipt_wrong(f, "it is about another record");
	if (json_integer_value(index) != json_integer_value(json_object_get(receipt, "sequence")))
		return receipt_wrong(f, "its proof is about another place in the log");
	TRY(checkpoint_verify(receipt, log, &head, f));
	if (!merkle_includes(head, (uint64_t)json_integer_value(index), leaf, path, n))
		return receipt_wrong(f, "the record is not in the tree of its checkpoint");
	return ERR_OK;
}

static const char *outcome_word(enum outcome outcome)
{
	static const char *const WORDS[] = {
		[OUTCOME_FOLDED] = "folded",         [OUTCOME_PENDING] = "pending",
		[OUTCOME_EXECUTES] = "executes",     [OUTCOME_UNFOLDED] = "unfolded",
		[OUTCOME_UNVERIFIED] = "unverified",
	};

	return WORDS[outcome];
}

static bool says_what_stands_there(const json_t *receipt, const struct witness *w)
{
	const char *outcome = json_string_value(json_object_get(receipt, "outcome"));
	json_int_t sequence = json_integer_value(json_object_get(receipt, "sequence"));
	json_int_t executes = json_integer_value(json_object_get(receipt, "executes"));

	return sequence >= 0 && (uint64_t)sequence == w->sequence && outcome != NULL &&
	       strcmp(outcome, outcome_word(w->outcome)) == 0 &&
	       (w->outcome != OUTCOME_EXECUTES || (uint64_t)executes == w->target);
}

/* The entry is put together from our claim and what the server says stands behind it. */
static err check_entry(const json_t *receipt, struct bytes claim, struct bytes rest,
		       struct arena *a, struct fault *f)
{
	size_t cap = claim.n + rest.n + 16;
	uint8_t *buffer = arena_alloc(a, cap);
	struct entry *parsed = arena_alloc(a, sizeof *parsed);
	struct writer w = writer_of(buffer, buffer == NULL ? 0 : cap);
	struct bytes entry;
	struct hash leaf;
	const char *why;

	if (parsed == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, claim);
	put_bytes(&w, rest);
	if (!writer_done(&w, &entry))
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!hash_member(receipt, "leaf", &leaf) || !hash_equal(leaf, merkle_leaf(entry)))
		return receipt_wrong(f, "its entry does not hold the record that was sent");
	if (!entry_parse(entry, parsed, &why))
		return receipt_wrong(f, "its entry cannot be read");
	return says_what_stands_there(receipt, &parsed->witness)
		       ? ERR_OK
		       : receipt_wrong(f, "it says something else than its entry");
}

err receipt_is_of(const json_t *receipt, struct bytes claim, struct fault *f)
{
	const char *text = json_string_value(json_object_get(receipt, "after_claim"));
	struct arena a = {.limit = 8 * (size_t)ENTRY_SIZE_MAX};
	size_t n = 0;
	uint8_t *rest = arena_alloc(&a, ENTRY_SIZE_MAX);
	err e;

	if (rest == NULL)
		e = fail(f, "OUT_OF_MEMORY", NULL);
	else if (text == NULL || claim.n > ENTRY_SIZE_MAX ||
		 !base64url_decode(bytes_text(text), rest, ENTRY_SIZE_MAX, &n))
		e = receipt_wrong(f, "it does not show its entry");
	else
		e = check_entry(receipt, claim, bytes_of(rest, n), &a, f);
	arena_done(&a);
	return e;
}

/* Committed, but the checkpoint is still to come: ask until it does. */
static err await_receipt(struct client *c, const struct hash *digest, json_t **receipt,
			 struct fault *f)
{
	char path[128], hex[65];
	const struct timespec pause = {.tv_nsec = RECEIPT_WAIT_MS * 1000000L};

	if (digest == NULL)
		return ERR_OK;
	hex_encode(hash_bytes(digest), hex);
	snprintf(path, sizeof path, "/v1/receipts/%s", hex);
	for (int i = 0; i < RECEIPT_TRIES; i++) {
		json_t *later = NULL;
		TRY(client_json(c, "GET", path, NULL, &later, f));
		if (json_object_get(later, "proof") != NULL) {
			json_decref(*receipt);
			*receipt = later;
			return ERR_OK;
		}
		json_decref(later);
		nanosleep(&pause, NULL);
	}
	return ERR_OK;
}

err client_receipt(struct client *c, const struct bytes *claim, json_t **receipt, struct fault *f)
{
	struct hash digest = claim == NULL ? (struct hash){{0}} : claim_digest(*claim);
	const struct hash *known = claim == NULL ? NULL : &digest;

	if (json_object_get(*receipt, "proof") == NULL)
		TRY(await_receipt(c, known, receipt, f));
	if (c->config.log == NULL || json_object_get(*receipt, "proof") == NULL)
		return ERR_OK;
	TRY(receipt_verify(*receipt, known, c->config.log, f));
	return claim == NULL ? ERR_OK : receipt_is_of(*receipt, *claim, f);
}

static err post(struct client *c, const char *type, const char *content_type, struct bytes body,
		const struct bytes *claim, json_t **receipt, struct fault *f)
{
	char path[128];

	*receipt = NULL;
	snprintf(path, sizeof path, "/v1/records/%.100s", type);
	err e = client_send(c, "POST", path, content_type, body, NULL, receipt, f);
	if (e.code == OK)
		e = client_receipt(c, claim, receipt, f);
	if (e.code != OK) {
		json_decref(*receipt);
		*receipt = NULL;
	}
	return e;
}

err client_sign(struct client *c, struct arena *a, const char *type,
		const struct prepared *prepared, json_t **receipt, struct fault *f)
{
	struct bytes submission;

	TRY(claim_submission(a, c->config.key, type, prepared, &submission, f));
	return post(c, type, "application/cbor", submission, &prepared->claim, receipt, f);
}

err client_record(struct client *c, const char *type, const json_t *body, json_t **receipt,
		  struct fault *f)
{
	struct arena a = {0};
	struct prepared prepared;
	json_t *envelope = json_pack("{s:O}", "body", body);
	err e = envelope == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
				 : client_claim(c, &a, type, envelope, &prepared, f);

	*receipt = NULL;
	if (e.code == OK)
		e = client_sign(c, &a, type, &prepared, receipt, f);
	json_decref(envelope);
	arena_done(&a);
	return e;
}

err client_bring(struct client *c, const char *type, struct bytes submission, struct bytes claim,
		 json_t **receipt, struct fault *f)
{
	return post(c, type, "application/cbor", submission, &claim, receipt, f);
}

err client_report(struct client *c, const char *type, const json_t *envelope, json_t **receipt,
		  struct fault *f)
{
	char *text = json_dumps(envelope, JSON_COMPACT);
	err e;

	*receipt = NULL;
	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	e = post(c, type, "application/json", bytes_text(text), NULL, receipt, f);
	free(text);
	return e;
}

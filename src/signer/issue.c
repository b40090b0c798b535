/* SPDX-License-Identifier: Apache-2.0 */
/* issue.c — device certificates, a batch at a time, so that a power cut neither issues twice nor
 * loses a unit: judge all, journal what will be signed, let the anchor count, sign, journal what was signed,
 * answer. A certificate leaves only when it is in the journal with its receipt, and from then on both
 * are read from there. */
#include "signer/issue.h"

#include <string.h>

#include "core/cbor.h"
#include "core/sha256.h"

enum {
	RECORD_ROOM = 64 + BATCH_MAX * (CERTIFICATE_SIZE_MAX + RECEIPT_SIZE_MAX + 64),
	INTENT_SIZE_MAX = 640,
	RECEIPT_ROOM = 768,
};
_Static_assert((int)RECORD_ROOM <= (int)RECORD_MAX, "a whole batch fits in one record");

static err no_memory(struct fault *f)
{
	return fail(f, "MEMORY_EXHAUSTED", "what", "a batch", NULL);
}

/* ---- promises ---- */

static size_t count_fresh(const struct issue_batch *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->tasks[i].fresh;
	return n;
}

/* Marks where a part of the record was written. */
static struct journal_span span_since(const struct writer *w, size_t start)
{
	return (struct journal_span){start, (uint32_t)(w->n - start)};
}

static err remember_intents(struct issue_batch *b, uint64_t at, struct fault *f)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct issue_task *task = &b->tasks[i];
		struct issued issued = {
			.request = task->intent.request,
			.unit = task->unit,
			.key = task->intent.key,
			.intent = {task->span.at + at, task->span.n},
			.authorization = task->authorization,
		};

		if (!task->fresh)
			continue;
		if (!index_add(&b->vault->index, &issued))
			return no_memory(f);
		b->vault->state.authorizations[task->authorization].issued++;
	}
	return ERR_OK;
}

static err journal_intents(struct issue_batch *b, struct fault *f)
{
	struct vault *v = b->vault;
	size_t fresh = count_fresh(b), room = 64 + fresh * INTENT_SIZE_MAX;
	uint8_t *p = arena_alloc(b->arena, room);
	struct writer w = writer_of(p, room);
	struct journal_span span;

	if (p == NULL)
		return no_memory(f);
	cbor_put_array(&w, 5);
	cbor_put_uint(&w, RECORD_INTENTS);
	cbor_put_uint(&w, b->now);
	cbor_put_uint(&w, v->last.counter);
	cbor_put_uint(&w, v->state.spent + 1);
	cbor_put_array(&w, fresh);
	for (size_t i = 0; i < b->n; i++) {
		struct issue_task *task = &b->tasks[i];
		size_t start = w.n;

		if (task->fresh)
			intent_put(&w, &task->intent);
		task->span = span_since(&w, start);
	}
	TRY(vault_spend(v, &w, b->now, &span, f));
	return remember_intents(b, span.at, f);
}

/* ---- signing ---- */

static bool to_sign(const struct issue_task *task)
{
	return task->unsigned_yet && !issue_refused(task);
}

/* From the journaled intent, never from the request: what was promised first is what is signed. */
static err prepare(struct issue_batch *b, const struct issue_task *task, struct device_issue *out,
		   struct fault *f)
{
	const struct intent *intent = &task->intent;

	*out = (struct device_issue){
		.subject = task->key,
		.profile = {.product = arena_text(b->arena, intent->product),
			    .serial = arena_text(b->arena, intent->serial),
			    .hardware_type = arena_text(b->arena, intent->hardware_type),
			    .not_before_ms = intent->at_ms},
	};
	memcpy(out->profile.certificate_serial, intent->certificate_serial,
	       CERTIFICATE_SERIAL_SIZE);
	return out->profile.product != NULL && out->profile.serial != NULL &&
			       out->profile.hardware_type != NULL
		       ? ERR_OK
		       : no_memory(f);
}

static err sign_certificates(struct issue_batch *b, size_t n, struct fault *f)
{
	struct device_issue *devices = arena_array(b->arena, n, sizeof(*devices));
	size_t at = 0;

	if (devices == NULL)
		return no_memory(f);
	for (size_t i = 0; i < b->n; i++)
		if (to_sign(&b->tasks[i]))
			TRY(prepare(b, &b->tasks[i], &devices[at++], f));
	TRY(certificate_issue_devices(b->arena, b->vault->keys[SIGNER_KEY_CA],
				      b->vault->public.ca_certificate, devices, n, f));
	at = 0;
	for (size_t i = 0; i < b->n; i++)
		if (to_sign(&b->tasks[i]))
			b->tasks[i].certificate = devices[at++].der;
	return ERR_OK;
}

static err receipt_payload(struct issue_batch *b, const struct issue_task *task, struct bytes *out,
			   struct fault *f)
{
	const struct vault *v = b->vault;
	struct issue_receipt receipt = {
		.origin = bytes_text(v->public.checkpoint.name),
		.request = task->intent.request,
		.authorization = task->intent.authorization,
		.n = task->intent.n,
		.of = task->intent.of,
		.certificate = sha256(task->certificate),
		.at = task->intent.at_ms,
		.anchor = v->state.charter->charter.anchor,
	};
	uint8_t *p = arena_alloc(b->arena, RECEIPT_ROOM);
	struct writer w = writer_of(p, RECEIPT_ROOM);

	if (p == NULL)
		return no_memory(f);
	receipt.has_value = receipt.anchor == ANCHOR_TPM &&
			    vault_anchor_value(v, v->state.spent, &receipt.value);
	issue_receipt_put(&w, &receipt);
	return writer_done(&w, out) ? ERR_OK : no_memory(f);
}

static err sign_receipts(struct issue_batch *b, size_t n, struct fault *f)
{
	struct document_job *jobs = arena_array(b->arena, n, sizeof(*jobs));
	size_t at = 0;

	if (jobs == NULL)
		return no_memory(f);
	for (size_t i = 0; i < b->n; i++)
		if (to_sign(&b->tasks[i]))
			TRY(receipt_payload(b, &b->tasks[i], &jobs[at++].payload, f));
	TRY(documents_sign(b->arena, b->vault->keys[SIGNER_KEY_CHECKPOINT], DOCUMENT_RECEIPT, jobs,
			   n, f));
	at = 0;
	for (size_t i = 0; i < b->n; i++)
		if (to_sign(&b->tasks[i]))
			b->tasks[i].receipt = jobs[at++].document;
	return ERR_OK;
}

/* ---- what was signed ---- */

static void remember_certificates(struct issue_batch *b, uint64_t at)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct issue_task *task = &b->tasks[i];
		struct issued *issued =
			index_find(&b->vault->index, INDEX_REQUEST, &task->intent.request);

		if (to_sign(task) && issued != NULL)
			issued->certificate =
				(struct journal_span){task->span.at + at, task->span.n};
	}
}

static err journal_certificates(struct issue_batch *b, size_t n, struct fault *f)
{
	uint8_t *p = arena_alloc(b->arena, RECORD_ROOM);
	struct writer w = writer_of(p, RECORD_ROOM);
	uint64_t at = vault_time(b->vault);
	struct journal_span span;

	if (p == NULL)
		return no_memory(f);
	cbor_put_array(&w, 3);
	cbor_put_uint(&w, RECORD_CERTIFICATES);
	cbor_put_uint(&w, at);
	cbor_put_array(&w, n);
	for (size_t i = 0; i < b->n; i++) {
		struct issue_task *task = &b->tasks[i];

		if (!to_sign(task))
			continue;
		cbor_put_array(&w, 3);
		hash_put(&w, task->intent.request);
		size_t start = w.n;
		cbor_put_bytes(&w, task->certificate);
		cbor_put_bytes(&w, task->receipt);
		task->span = span_since(&w, start);
	}
	TRY(vault_append(b->vault, &w, at, &span, f));
	remember_certificates(b, span.at);
	return ERR_OK;
}

/* ---- the batch ---- */

static void answer(const struct issue_batch *b, struct writer *reply)
{
	reply_put_ok(reply);
	cbor_put_array(reply, b->n);
	for (size_t i = 0; i < b->n; i++) {
		const struct issue_task *task =
			b->tasks[i].same != NULL ? b->tasks[i].same : &b->tasks[i];

		reply_put_issued(reply, task->certificate, task->receipt,
				 issue_refused(task) ? &task->why_not : NULL);
	}
}

/* `why_not` keeps the whole batch back for now; the error says that the journal failed. */
static err run(struct issue_batch *b, struct fault *why_not, struct fault *f)
{
	size_t n = 0;

	if (vault_settle(b->vault, why_not).code != OK)
		return ERR_OK;
	for (size_t i = 0; i < b->n; i++)
		issue_judge(b, i);
	if (count_fresh(b) > 0) {
		TRY(journal_intents(b, f));
		if (vault_reach(b->vault, why_not).code != OK)
			return ERR_OK;
	}
	for (size_t i = 0; i < b->n; i++)
		n += to_sign(&b->tasks[i]);
	if (n == 0 || sign_certificates(b, n, why_not).code != OK ||
	    sign_receipts(b, n, why_not).code != OK)
		return ERR_OK;
	return journal_certificates(b, n, f);
}

err vault_issue(struct vault *vault, const struct signer_request *request, struct arena *a,
		struct writer *reply, struct fault *f)
{
	struct issue_batch batch = {
		.vault = vault, .arena = a, .request = request, .n = request->n};
	struct fault why_not = {0};

	batch.tasks = arena_array(a, request->n, sizeof(*batch.tasks));
	if (batch.tasks == NULL)
		return no_memory(f);
	err done = run(&batch, &why_not, f);
	for (size_t i = 0; i < batch.n; i++)
		public_key_close(batch.tasks[i].key);
	TRY(done);
	if (why_not.code != OK)
		reply_put_fault(reply, &why_not);
	else
		answer(&batch, reply);
	return ERR_OK;
}

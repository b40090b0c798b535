/* SPDX-License-Identifier: Apache-2.0 */
/* certify.c — device certificates, a batch at a time, so that a power cut neither issues twice nor
 * loses a unit: judge all, journal what will be signed, sign, journal what was signed, answer. A
 * certificate leaves only when it is in the journal, and from then on it is read from there. */
#include <string.h>

#include "core/cbor.h"
#include "core/entry.h"
#include "signer/vault.h"

enum {
	RECORD_ROOM = 64 + BATCH_MAX * (CERTIFICATE_SIZE_MAX + RECEIPT_SIZE_MAX + 64),
	INTENT_SIZE_MAX = 512
};
_Static_assert((int)RECORD_ROOM <= (int)RECORD_MAX, "a whole batch fits in one record");

/* One request of the batch on its way. */
struct task {
	const struct issue_item *item;
	struct public_key *key;
	struct intent intent;
	struct hash unit;
	const struct task *same;  /* an earlier task of this batch with the same request */
	bool fresh;               /* its intent is not journaled yet */
	bool unsigned_yet;        /* its certificate is not journaled yet */
	struct journal_span span; /* of what was put into the record being made */
	struct bytes certificate;
	struct fault why_not; /* code OK: not refused */
};

struct batch {
	struct vault *vault;
	struct arena *arena;
	struct task *tasks;
	size_t n;
};

static bool refused(const struct task *task)
{
	return task->why_not.code != OK;
}

/* ---- judging ---- */

static err already_issued(struct task *task, const char *what, struct hash earlier)
{
	char product[PRODUCT_MAX + 1] = "", serial[PRODUCT_MAX + 1] = "", request[65];

	memcpy(product, task->item->product.p, task->item->product.n);
	memcpy(serial, task->item->serial.p, task->item->serial.n);
	hex_encode(hash_bytes(&earlier), request);
	return fail(&task->why_not, "SIGNER_ALREADY_ISSUED", "what", what, "product", product,
		    "serial", serial, "request", request, NULL);
}

/* The same unit, the same type, the same key. When it was asked for first, counts. */
static bool same_content(const struct intent *a, const struct intent *b)
{
	return bytes_equal(a->product, b->product) && bytes_equal(a->serial, b->serial) &&
	       bytes_equal(a->hardware_type, b->hardware_type) && hash_equal(a->key, b->key);
}

static err request_changed(struct task *task)
{
	char request[65];

	hex_encode(hash_bytes(&task->intent.request), request);
	return fail(&task->why_not, "SIGNER_REQUEST_CHANGED", "request", request, NULL);
}

static err read_intent(struct batch *b, const struct issued *issued, struct intent *out,
		       struct fault *f)
{
	uint8_t *p = arena_alloc(b->arena, issued->intent.n);
	struct reader r = reader_of(bytes_of(p, issued->intent.n));

	if (p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a batch", NULL);
	TRY(journal_read(&b->vault->journal, issued->intent.at, p, issued->intent.n, f));
	intent_get(&r, out);
	if (!reader_end(&r) || !hash_equal(out->request, issued->request))
		return fail(f, "SIGNER_JOURNAL_CORRUPT", "at", "", "why",
			    "an intent reads otherwise than at start", NULL);
	return ERR_OK;
}

/* The disk may have rotted since the start: what goes out is checked once more. */
static err read_certificate(struct batch *b, const struct issued *issued, struct bytes *out,
			    struct fault *f)
{
	struct device_certificate read;
	uint8_t *p = arena_alloc(b->arena, issued->certificate.n);

	if (p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a batch", NULL);
	TRY(journal_read(&b->vault->journal, issued->certificate.at, p, issued->certificate.n, f));
	struct reader r = reader_of(bytes_of(p, issued->certificate.n));
	*out = cbor_bytes(&r);
	TRY(certificate_check_device(b->arena, *out, b->vault->public.ca_certificate, &read, f));
	struct hash unit = unit_digest(read.product, read.serial);
	if (!hash_equal(read.key_id, issued->key) || !hash_equal(unit, issued->unit))
		return fail(f, "SIGNER_JOURNAL_CORRUPT", "at", "", "why",
			    "a certificate reads otherwise than at start", NULL);
	return ERR_OK;
}

/* A request that the journal knows: the intent of the first time holds. */
static err judge_known(struct batch *b, struct task *task, const struct issued *issued)
{
	struct intent first = {0};

	TRY(read_intent(b, issued, &first, &task->why_not));
	if (!same_content(&first, &task->intent))
		return request_changed(task);
	task->intent = first;
	task->unsigned_yet = issued->certificate.n == 0;
	if (task->unsigned_yet)
		return ERR_OK;
	return read_certificate(b, issued, &task->certificate, &task->why_not);
}

/* An earlier request of this batch that is this one again. */
static const struct task *earlier_same(const struct batch *b, const struct task *task)
{
	for (const struct task *other = b->tasks; other < task; other++)
		if (!refused(other) && other->same == NULL &&
		    hash_equal(other->intent.request, task->intent.request))
			return other;
	return NULL;
}

/* Against what the journal knows, and the earlier requests of this batch, which it does not. */
static err judge_unique(struct batch *b, struct task *task)
{
	struct issue_index *index = &b->vault->index;
	const struct issued *unit = index_find(index, INDEX_UNIT, &task->unit);
	const struct issued *key = index_find(index, INDEX_KEY, &task->intent.key);

	if (unit != NULL)
		return already_issued(task, "serial", unit->request);
	if (key != NULL)
		return already_issued(task, "key", key->request);
	for (const struct task *other = b->tasks; other < task; other++) {
		if (!other->fresh)
			continue;
		if (hash_equal(other->unit, task->unit))
			return already_issued(task, "serial", other->intent.request);
		if (hash_equal(other->intent.key, task->intent.key))
			return already_issued(task, "key", other->intent.request);
	}
	return ERR_OK;
}

static err judge_new(struct batch *b, struct task *task)
{
	uint8_t *serial = task->intent.certificate_serial;

	TRY(judge_unique(b, task));
	TRY(random_bytes(serial, CERTIFICATE_SERIAL_SIZE, &task->why_not));
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, always 16 octets long */
	task->fresh = true;
	task->unsigned_yet = true;
	return ERR_OK;
}

/* The proof of possession, and the names. */
static err judge_form(struct batch *b, struct task *task)
{
	const struct issue_item *item = task->item;
	struct device_profile profile = {
		.product = arena_text(b->arena, item->product),
		.serial = arena_text(b->arena, item->serial),
		.hardware_type = arena_text(b->arena, item->hardware_type),
		.certificate_serial = {1},
		.not_before_ms = item->at_ms,
	};
	struct bytes serial = {0};

	if (profile.product == NULL || profile.serial == NULL || profile.hardware_type == NULL)
		return fail(&task->why_not, "MEMORY_EXHAUSTED", "what", "a batch", NULL);
	TRY(device_profile_check(&profile, &task->why_not));
	TRY(csr_check(b->arena, item->csr, &task->key, &serial, &task->why_not));
	if (serial.n > 0 && !bytes_equal(serial, item->serial))
		return fail(&task->why_not, "SIGNER_SERIAL_DIFFERS", "serial", profile.serial,
			    NULL);
	return ERR_OK;
}

/* Fills task->why_not if the request cannot be granted. */
static err judge(struct batch *b, struct task *task, const struct issue_item *item)
{
	task->item = item;
	TRY(judge_form(b, task));
	task->intent = (struct intent){
		.request = item->request,
		.key = public_key_id(task->key),
		.product = item->product,
		.serial = item->serial,
		.hardware_type = item->hardware_type,
		.at_ms = item->at_ms,
	};
	task->unit = unit_digest(item->product, item->serial);
	const struct task *same = earlier_same(b, task);
	if (same != NULL && !same_content(&same->intent, &task->intent))
		return request_changed(task);
	task->same = same;
	if (same != NULL)
		return ERR_OK;
	const struct issued *known =
		index_find(&b->vault->index, INDEX_REQUEST, &task->intent.request);
	return known != NULL ? judge_known(b, task, known) : judge_new(b, task);
}

/* ---- journaling ---- */

static size_t count_fresh(const struct batch *b)
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

static err append(struct batch *b, const struct writer *w, uint64_t *at, struct fault *f)
{
	struct bytes record;

	if (!writer_done(w, &record))
		return fail(f, "SIGNER_JOURNAL_FAILED", "what", "append", "why", "the size", NULL);
	return journal_append(&b->vault->journal, record, at, f);
}

static err remember_intents(struct batch *b, uint64_t at, struct fault *f)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct task *task = &b->tasks[i];
		struct issued issued = {task->intent.request,
					task->unit,
					task->intent.key,
					{task->span.at + at, task->span.n},
					{0},
					NO_AUTHORIZATION};

		if (task->fresh && !index_add(&b->vault->index, &issued))
			return fail(f, "MEMORY_EXHAUSTED", "what", "the signer's index", NULL);
	}
	return ERR_OK;
}

static err journal_intents(struct batch *b, struct fault *f)
{
	size_t fresh = count_fresh(b), room = 64 + fresh * INTENT_SIZE_MAX;
	uint8_t *p = arena_alloc(b->arena, room);
	struct writer w = writer_of(p, room);
	uint64_t at = 0;

	if (fresh == 0)
		return ERR_OK;
	if (p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a batch", NULL);
	cbor_put_array(&w, 5);
	cbor_put_uint(&w, RECORD_INTENTS);
	cbor_put_uint(&w, b->vault->state.latest);
	cbor_put_uint(&w, b->vault->last.counter);
	cbor_put_uint(&w, ++b->vault->state.spent);
	cbor_put_array(&w, fresh);
	for (size_t i = 0; i < b->n; i++) {
		struct task *task = &b->tasks[i];
		size_t start = w.n;

		if (task->fresh)
			intent_put(&w, &task->intent);
		task->span = span_since(&w, start);
	}
	TRY(append(b, &w, &at, f));
	return remember_intents(b, at, f);
}

static void remember_certificates(struct batch *b, uint64_t at)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct task *task = &b->tasks[i];
		struct issued *issued =
			index_find(&b->vault->index, INDEX_REQUEST, &task->intent.request);

		if (task->unsigned_yet && !refused(task) && issued != NULL)
			issued->certificate =
				(struct journal_span){task->span.at + at, task->span.n};
	}
}

static err journal_certificates(struct batch *b, size_t n, struct fault *f)
{
	uint8_t *p = arena_alloc(b->arena, RECORD_ROOM);
	struct writer w = writer_of(p, RECORD_ROOM);
	uint64_t at = 0;

	if (p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a batch", NULL);
	cbor_put_array(&w, 3);
	cbor_put_uint(&w, RECORD_CERTIFICATES);
	cbor_put_uint(&w, b->vault->state.latest);
	cbor_put_array(&w, n);
	for (size_t i = 0; i < b->n; i++) {
		struct task *task = &b->tasks[i];

		if (!task->unsigned_yet || refused(task))
			continue;
		cbor_put_array(&w, 3);
		hash_put(&w, task->intent.request);
		size_t start = w.n;
		cbor_put_bytes(&w, task->certificate);
		cbor_put_bytes(&w, bytes_text("none"));
		task->span = span_since(&w, start);
	}
	TRY(append(b, &w, &at, f));
	remember_certificates(b, at);
	return ERR_OK;
}

/* ---- signing ---- */

/* From the journaled intent, never from the request: what was promised first is what is signed. */
static err sign(struct batch *b, struct task *task)
{
	struct device_profile profile = {
		.product = arena_text(b->arena, task->intent.product),
		.serial = arena_text(b->arena, task->intent.serial),
		.hardware_type = arena_text(b->arena, task->intent.hardware_type),
		.not_before_ms = task->intent.at_ms,
	};

	memcpy(profile.certificate_serial, task->intent.certificate_serial,
	       CERTIFICATE_SERIAL_SIZE);
	if (profile.product == NULL || profile.serial == NULL || profile.hardware_type == NULL)
		return fail(&task->why_not, "MEMORY_EXHAUSTED", "what", "a batch", NULL);
	return certificate_issue_device(b->arena, b->vault->keys[SIGNER_KEY_CA],
					b->vault->public.ca_certificate, task->key, &profile,
					&task->certificate, &task->why_not);
}

static err sign_all(struct batch *b, struct fault *f)
{
	size_t made = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->tasks[i].unsigned_yet && !refused(&b->tasks[i]))
			made += sign(b, &b->tasks[i]).code == OK;
	return made > 0 ? journal_certificates(b, made, f) : ERR_OK;
}

/* ---- the batch ---- */

static void answer(const struct batch *b, struct writer *reply)
{
	reply_put_ok(reply);
	cbor_put_array(reply, b->n);
	for (size_t i = 0; i < b->n; i++) {
		const struct task *task =
			b->tasks[i].same != NULL ? b->tasks[i].same : &b->tasks[i];

		reply_put_issued(reply, task->certificate, (struct bytes){0},
				 refused(task) ? &task->why_not : NULL);
	}
}

static err run(struct batch *b, const struct signer_request *request, struct fault *f)
{
	for (size_t i = 0; i < b->n; i++)
		(void)judge(b, &b->tasks[i], &request->items[i]);
	TRY(journal_intents(b, f));
	return sign_all(b, f);
}

err vault_certify(struct vault *vault, const struct signer_request *request, struct arena *a,
		  struct writer *reply, struct fault *f);
err vault_certify(struct vault *vault, const struct signer_request *request, struct arena *a,
		  struct writer *reply, struct fault *f)
{
	struct batch batch = {.vault = vault, .arena = a, .n = request->n};

	batch.tasks = arena_array(a, request->n, sizeof(*batch.tasks));
	if (batch.tasks == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a batch", NULL);
	err done = run(&batch, request, f);
	for (size_t i = 0; i < batch.n; i++)
		public_key_close(batch.tasks[i].key);
	TRY(done);
	answer(&batch, reply);
	return ERR_OK;
}

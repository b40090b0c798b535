/* SPDX-License-Identifier: Apache-2.0 */
/* permit.c — programming permits: one image on one unit, for the nonce that the device made, at a station
 * that may build it, within the hour. One request has one permit; a new nonce is a new permit. */
#include "core/cbor.h"
#include "core/signed_documents.h"
#include "signer/evidence.h"
#include "signer/admit.h"

enum {
	PERMIT_ROOM = 1024,
	RECORD_ROOM = 64 + BATCH_MAX * (PERMIT_ROOM + 64),
	REQUEST_LIFE_MS = 24 * 3600 * 1000
};

struct permit_task {
	struct shown shown;
	struct bytes product, serial, nonce;
	const struct issued *unit;
	const struct release *release;
	const struct permit_task *same; /* an earlier one of this batch */
	bool fresh, unsigned_yet;       /* as in issue.h */
	uint64_t from;
	struct document_job job;
	struct journal_span span;
	struct fault why_not;
};

struct permit_batch {
	struct vault *vault;
	struct arena *arena;
	const struct signer_request *request;
	uint64_t now;
	struct permit_task *tasks;
	size_t n;
};

static err no_memory(struct fault *f)
{
	return fail(f, "MEMORY_EXHAUSTED", "what", "a batch", NULL);
}

static bool to_sign(const struct permit_task *task)
{
	return task->unsigned_yet && task->why_not.code == OK;
}

/* ---- judging ---- */

static const char *text_of(struct permit_batch *b, struct bytes id)
{
	const char *text = arena_text(b->arena, id);

	return text == NULL ? "" : text;
}

/* The authorization's own release, or one that came later, for the same place and not less secure. */
static err judge_release_for(struct permit_batch *b, struct permit_task *task,
			     const struct authorization *authorization)
{
	const struct release *release = task->release;
	const struct release *own = state_release(&b->vault->state, authorization->release);
	struct fault *f = &task->why_not;

	if (release == NULL)
		return fail(f, "SIGNER_NOT_ADMITTED", "what", "firmware release", NULL);
	if (release->ended && !check_left_out(CHECK_SIGNER_DENIED))
		return fail(f, "SIGNER_ENDED", "what", "firmware release", "id",
			    text_of(b, release->id), NULL);
	if (!bytes_equal(release->product, authorization->product))
		return fail(f, "SIGNER_RELEASE_OF_OTHER", "release", text_of(b, release->id), NULL);
	if (own == NULL ||
	    (release->environment != own->environment && !check_left_out(CHECK_SIGNER_ENVIRONMENT)))
		return fail(f, "SIGNER_OTHER_ENVIRONMENT", "release", text_of(b, release->id),
			    NULL);
	if (!check_left_out(CHECK_SIGNER_OLDER) &&
	    (release < own || release->security_version < own->security_version ||
	     release->security_version < authorization->security_version))
		return fail(f, "SIGNER_RELEASE_OLDER", "release", text_of(b, release->id), NULL);
	return ERR_OK;
}

static err judge_station_of(struct permit_batch *b, struct permit_task *task,
			    const struct proved *proved, const struct authorization *authorization)
{
	const struct claim *claim = &task->shown.entry.claim;
	struct hash none = {{0}};

	if (!check_left_out(CHECK_SIGNER_STATION) &&
	    !authorization_names(authorization, claim->author, claim->has_key ? claim->key : none))
		return fail(&task->why_not, "SIGNER_STATION_UNKNOWN", "station",
			    text_of(b, claim->author), "authorization",
			    text_of(b, authorization->id), NULL);
	return evidence_station(&task->shown, proved->author_key, &task->why_not);
}

/* Who kept a request back has no use of it later; and a clock that is far off permits nothing. */
static err judge_age(const struct claim *claim, uint64_t now, struct fault *f)
{
	bool in_time = claim->made > now ? claim->made - now <= REQUEST_LIFE_MS
					 : now - claim->made <= REQUEST_LIFE_MS;

	return in_time || check_left_out(CHECK_SIGNER_EXPIRY)
		       ? ERR_OK
		       : fail(f, "SIGNER_REQUEST_OVER", NULL);
}

static err judge_new(struct permit_batch *b, struct permit_task *task, const struct proved *proved)
{
	const struct signer_state *s = &b->vault->state;
	struct fault *f = &task->why_not;
	struct merkle_head head;

	if (s->permits_n >= PERMITTED_MAX)
		return fail(f, "SIGNER_FULL", NULL);
	TRY(vault_now(b->vault, &b->now, f));
	TRY(judge_age(&task->shown.entry.claim, b->now, f));
	TRY(evidence_head(b->vault, b->request->size, &head, f));
	TRY(evidence_show(b->vault, head, proved, &task->shown, f));
	TRY(evidence_fresh(b->vault, proved->sequence, f));
	if (task->unit == NULL || task->unit->certificate.n == 0)
		return fail(f, "SIGNER_UNIT_UNKNOWN", "product", text_of(b, task->product),
			    "serial", text_of(b, task->serial), NULL);
	const struct authorization *authorization = &s->authorizations[task->unit->authorization];
	TRY(judge_station_of(b, task, proved, authorization));
	TRY(judge_release_for(b, task, authorization));
	task->from = b->now;
	task->fresh = true;
	task->unsigned_yet = true;
	return ERR_OK;
}

/* Promised before: from when, the record says. */
static err judge_known(struct permit_batch *b, struct permit_task *task, const struct known *known)
{
	struct bytes record;

	if (known->is_signed)
		return document_read(b->vault, known->span, DOCUMENT_PERMIT, b->arena,
				     &task->job.document, &task->why_not);
	TRY(span_read(b->vault, known->span, b->arena, &record, &task->why_not));
	struct reader r = reader_of(record);
	task->from = record_open(&r, RECORD_PERMITS);
	if (r.why != NULL || task->unit == NULL || task->release == NULL)
		return fail(&task->why_not, "SIGNER_JOURNAL_CORRUPT", "at", "", "why",
			    "a permit reads otherwise than at start", NULL);
	task->unsigned_yet = true;
	return ERR_OK;
}

static const struct permit_task *earlier_same(const struct permit_batch *b,
					      const struct permit_task *task)
{
	for (const struct permit_task *other = b->tasks; other < task; other++)
		if (other->why_not.code == OK && other->same == NULL &&
		    hash_equal(other->shown.digest, task->shown.digest))
			return other;
	return NULL;
}

/* What was denied after it was promised leaves no more. */
static err judge_ended(struct permit_batch *b, struct permit_task *task)
{
	const struct signer_state *s = &b->vault->state;
	const struct authorization *authorization =
		task->unit == NULL ? NULL : &s->authorizations[task->unit->authorization];

	if (check_left_out(CHECK_SIGNER_DENIED))
		return ERR_OK;
	if (state_is_denied(s, task->shown.digest))
		return fail(&task->why_not, "SIGNER_DENIED", NULL);
	if (authorization != NULL && authorization->ended)
		return fail(&task->why_not, "SIGNER_ENDED", "what", "build authorization", "id",
			    text_of(b, authorization->id), NULL);
	if (task->release != NULL && task->release->ended)
		return fail(&task->why_not, "SIGNER_ENDED", "what", "firmware release", "id",
			    text_of(b, task->release->id), NULL);
	return ERR_OK;
}

static err judge(struct permit_batch *b, size_t i)
{
	const struct proved *proved = &b->request->proved[i];
	struct permit_task *task = &b->tasks[i];
	struct fault *f = &task->why_not;

	TRY(shown_read(proved->entry, &task->shown, f));
	TRY(shown_origin(b->vault, &task->shown, f));
	const struct claim *claim = &task->shown.entry.claim;
	if (!claim_is(claim, "permit.requested") || claim->version != 1)
		return fail(f, "SIGNER_TYPE_UNKNOWN", NULL);
	struct body body = body_of(claim);
	task->product = body_id(&body, "product");
	task->serial = body_id(&body, "serial");
	task->nonce = body_blob(&body, "nonce", DOCUMENT_NONCE_LEAST, DOCUMENT_NONCE_MAX);
	struct bytes release = body_id(&body, "release");
	if (body.wrong != NULL)
		return fail(f, "SIGNER_BODY_WRONG", "field", body.wrong, NULL);
	struct hash unit = unit_digest(task->product, task->serial);
	task->unit = index_find(&b->vault->index, INDEX_UNIT, &unit);
	task->release = state_release(&b->vault->state, release);
	task->same = earlier_same(b, task);
	if (task->same != NULL)
		return ERR_OK;
	TRY(judge_ended(b, task));
	const struct known *known =
		known_find(&b->vault->state.known, KNOWN_PERMIT, task->shown.digest);
	return known != NULL ? judge_known(b, task, known) : judge_new(b, task, proved);
}

/* ---- promises ---- */

static err journal_promises(struct permit_batch *b, size_t fresh, struct fault *f)
{
	struct vault *v = b->vault;
	size_t room = 64 + fresh * PATH_ITEM;
	uint8_t *p = arena_alloc(b->arena, room);
	struct writer w = writer_of(p, room);
	struct journal_span span;

	if (p == NULL)
		return no_memory(f);
	cbor_put_array(&w, 5);
	cbor_put_uint(&w, RECORD_PERMITS);
	cbor_put_uint(&w, b->now);
	cbor_put_uint(&w, v->last.counter);
	cbor_put_uint(&w, v->state.spent + 1);
	cbor_put_array(&w, fresh);
	for (size_t i = 0; i < b->n; i++)
		if (b->tasks[i].fresh)
			hash_put(&w, b->tasks[i].shown.digest);
	TRY(vault_spend(v, &w, b->now, &span, f));
	for (size_t i = 0; i < b->n; i++)
		if (b->tasks[i].fresh) {
			b->tasks[i].from = b->now; /* what the record says */
			TRY(state_permitted(&v->state, b->tasks[i].shown.digest, span, f));
		}
	return ERR_OK;
}

/* ---- signing ---- */

static err make_payload(struct permit_batch *b, struct permit_task *task, struct fault *f)
{
	struct programming_permit permit = {
		.origin = bytes_text(b->vault->public.checkpoint.name),
		.claim = task->shown.digest,
		.product = task->product,
		.serial = task->serial,
		.unit_key = task->unit->key,
		.nonce = task->nonce,
		.image = task->release->image,
		.security_version = task->release->security_version,
		.environment = bytes_text(SIGNER_ENVIRONMENT[task->release->environment]),
		.station_key = task->shown.entry.claim.key,
		.from = task->from,
		.until = task->from + PERMIT_LIFE_MS,
	};
	uint8_t *p = arena_alloc(b->arena, PERMIT_ROOM);
	struct writer w = writer_of(p, PERMIT_ROOM);

	if (p == NULL)
		return no_memory(f);
	programming_permit_put(&w, &permit);
	return writer_done(&w, &task->job.payload) ? ERR_OK : no_memory(f);
}

static err sign(struct permit_batch *b, size_t n, struct fault *f)
{
	struct document_job *jobs = arena_array(b->arena, n, sizeof(*jobs));
	size_t at = 0;

	if (jobs == NULL)
		return no_memory(f);
	for (size_t i = 0; i < b->n; i++)
		if (to_sign(&b->tasks[i])) {
			TRY(make_payload(b, &b->tasks[i], f));
			jobs[at++] = b->tasks[i].job;
		}
	TRY(documents_sign(b->arena, b->vault->keys[SIGNER_KEY_PERMIT], DOCUMENT_PERMIT, jobs, n,
			   f));
	at = 0;
	for (size_t i = 0; i < b->n; i++)
		if (to_sign(&b->tasks[i]))
			b->tasks[i].job = jobs[at++];
	return ERR_OK;
}

static void remember_documents(struct permit_batch *b, uint64_t at)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct permit_task *task = &b->tasks[i];
		struct known *known =
			known_find(&b->vault->state.known, KNOWN_PERMIT, task->shown.digest);

		if (!to_sign(task) || known == NULL)
			continue;
		known->span = (struct journal_span){task->span.at + at, task->span.n};
		known->is_signed = true;
	}
}

static err journal_documents(struct permit_batch *b, size_t n, struct fault *f)
{
	uint8_t *p = arena_alloc(b->arena, RECORD_ROOM);
	struct writer w = writer_of(p, RECORD_ROOM);
	uint64_t at = vault_time(b->vault);
	struct journal_span span;

	if (p == NULL)
		return no_memory(f);
	cbor_put_array(&w, 3);
	cbor_put_uint(&w, RECORD_DOCUMENTS);
	cbor_put_uint(&w, at);
	cbor_put_array(&w, n);
	for (size_t i = 0; i < b->n; i++) {
		struct permit_task *task = &b->tasks[i];

		if (!to_sign(task))
			continue;
		cbor_put_array(&w, 2);
		hash_put(&w, task->shown.digest);
		cbor_put_bytes(&w, task->job.document);
		task->span = (struct journal_span){w.n - task->job.document.n,
						   (uint32_t)task->job.document.n};
	}
	TRY(vault_append(b->vault, &w, at, &span, f));
	remember_documents(b, span.at);
	return ERR_OK;
}

/* ---- the batch ---- */

static void answer(const struct permit_batch *b, struct writer *reply)
{
	reply_put_ok(reply);
	cbor_put_array(reply, b->n);
	for (size_t i = 0; i < b->n; i++) {
		const struct permit_task *task =
			b->tasks[i].same != NULL ? b->tasks[i].same : &b->tasks[i];

		reply_put_issued(reply, task->job.document, (struct bytes){0},
				 task->why_not.code != OK ? &task->why_not : NULL);
	}
}

static err run(struct permit_batch *b, struct fault *why_not, struct fault *f)
{
	size_t fresh = 0, n = 0;

	if (vault_settle(b->vault, why_not).code != OK)
		return ERR_OK;
	for (size_t i = 0; i < b->n; i++) {
		(void)judge(b, i);
		fresh += b->tasks[i].fresh;
		n += to_sign(&b->tasks[i]);
	}
	if (fresh > 0) {
		TRY(journal_promises(b, fresh, f));
		if (vault_reach(b->vault, why_not).code != OK)
			return ERR_OK;
	}
	if (n == 0 || sign(b, n, why_not).code != OK)
		return ERR_OK;
	return journal_documents(b, n, f);
}

err vault_permit(struct vault *vault, const struct signer_request *request, struct arena *a,
		 struct writer *reply, struct fault *f)
{
	struct permit_batch batch = {
		.vault = vault, .arena = a, .request = request, .n = request->n};
	struct fault why_not = {0};

	batch.tasks = arena_array(a, request->n, sizeof(*batch.tasks));
	if (batch.tasks == NULL)
		return no_memory(f);
	TRY(run(&batch, &why_not, f));
	if (why_not.code != OK)
		reply_put_fault(reply, &why_not);
	else
		answer(&batch, reply);
	return ERR_OK;
}

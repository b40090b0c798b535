/* SPDX-License-Identifier: Apache-2.0 */
/* issue_judge.c — whether a station may have a certificate for this unit: its own signature, in the log, under an
 * authorization that people gave to this station, in time, within the quantity, for a serial and a key
 * that are new. */
#include <string.h>

#include "core/cbor.h"
#include "signer/issue.h"

static const char *text_of(struct issue_batch *b, struct bytes id)
{
	const char *text = arena_text(b->arena, id);

	return text == NULL ? "" : text;
}

/* ---- what the journal knows ---- */

static err corrupt(const char *why, struct fault *f)
{
	return fail(f, "SIGNER_JOURNAL_CORRUPT", "at", "", "why", why, NULL);
}

static err read_intent(struct issue_batch *b, const struct issued *issued, struct intent *out,
		       struct fault *f)
{
	struct bytes bytes;

	TRY(span_read(b->vault, issued->intent, b->arena, &bytes, f));
	struct reader r = reader_of(bytes);
	intent_get(&r, out);
	if (!reader_end(&r) || !hash_equal(out->request, issued->request))
		return corrupt("an intent reads otherwise than at start", f);
	return ERR_OK;
}

/* By the CA of today, or one that it replaced. */
static err check_certificate(struct issue_batch *b, struct bytes der,
			     struct device_certificate *read, struct fault *f)
{
	const struct vault *v = b->vault;
	struct fault other = {0};

	for (size_t i = 0; i < v->former.certificates_n; i++)
		if (certificate_check_device(b->arena, der, v->former.certificates[i], read, &other)
			    .code == OK)
			return ERR_OK;
	return certificate_check_device(b->arena, der, v->public.ca_certificate, read, f);
}

/* The disk may have rotted since the start: what goes out is checked once more. */
static err read_certificate(struct issue_batch *b, const struct issued *issued,
			    struct issue_task *task, struct fault *f)
{
	struct device_certificate read;
	struct bytes both;

	TRY(span_read(b->vault, issued->certificate, b->arena, &both, f));
	struct reader r = reader_of(both);
	task->certificate = cbor_bytes(&r);
	task->receipt = cbor_bytes(&r);
	if (!reader_end(&r))
		return corrupt("a certificate reads otherwise than at start", f);
	TRY(check_certificate(b, task->certificate, &read, f));
	if (!hash_equal(read.key_id, issued->key) ||
	    !hash_equal(unit_digest(read.product, read.serial), issued->unit))
		return corrupt("a certificate reads otherwise than at start", f);
	return document_verify(b->vault, task->receipt, DOCUMENT_RECEIPT, f);
}

/* The digest names the whole claim: the same request asks for the same. */
static err judge_known(struct issue_batch *b, struct issue_task *task, const struct issued *issued)
{
	struct bytes unused;

	if (issued->certificate.n > 0)
		return read_certificate(b, issued, task, &task->why_not);
	TRY(read_intent(b, issued, &task->intent, &task->why_not));
	task->unsigned_yet = true;
	return csr_check(b->arena, task->csr, &task->key, &unused, &task->why_not);
}

/* ---- the authorization ---- */

/* With the check left out: any other of the product. */
static struct authorization *stand_in(const struct signer_state *s, struct bytes product)
{
	for (size_t i = s->authorizations_n; i > 0; i--)
		if (bytes_equal(s->authorizations[i - 1].product, product))
			return &s->authorizations[i - 1];
	return NULL;
}

/* NULL: task->why_not says why. */
static struct authorization *find_authorization(struct issue_batch *b, struct bytes id,
						struct issue_task *task)
{
	struct signer_state *s = &b->vault->state;
	struct authorization *found = state_authorization(s, id);

	if (found == NULL && check_left_out(CHECK_SIGNER_ADMITTED))
		found = stand_in(s, task->intent.product);
	if (found == NULL) {
		(void)fail(&task->why_not, "SIGNER_NOT_ADMITTED", "what", "build authorization",
			   NULL);
		return NULL;
	}
	if (bytes_equal(found->product, task->intent.product))
		return found;
	(void)fail(&task->why_not, "SIGNER_AUTHORIZATION_FOR_OTHER", "authorization",
		   text_of(b, found->id), NULL);
	return NULL;
}

static err judge_authority(struct issue_batch *b, const struct proved *proved,
			   const struct authorization *authorization, struct issue_task *task)
{
	const struct claim *claim = &task->shown.entry.claim;
	struct fault *f = &task->why_not;
	struct hash none = {{0}};

	if (authorization->ended && !check_left_out(CHECK_SIGNER_DENIED))
		return fail(f, "SIGNER_ENDED", "what", "build authorization", "id",
			    text_of(b, authorization->id), NULL);
	if (b->now >= authorization->valid_until && !check_left_out(CHECK_SIGNER_VALIDITY))
		return fail(f, "SIGNER_AUTHORIZATION_OVER", "authorization",
			    text_of(b, authorization->id), NULL);
	if (!check_left_out(CHECK_SIGNER_STATION) &&
	    !authorization_names(authorization, claim->author, claim->has_key ? claim->key : none))
		return fail(f, "SIGNER_STATION_UNKNOWN", "station", text_of(b, claim->author),
			    "authorization", text_of(b, authorization->id), NULL);
	return evidence_station(&task->shown, proved->author_key, f);
}

/* How many of this batch count against the same authorization already. */
static uint64_t promised(const struct issue_batch *b, const struct issue_task *task)
{
	uint64_t n = 0;

	for (const struct issue_task *other = b->tasks; other < task; other++)
		n += other->fresh && other->authorization == task->authorization;
	return n;
}

static err judge_quota(struct issue_batch *b, const struct authorization *authorization,
		       struct issue_task *task)
{
	task->authorization = (uint32_t)(authorization - b->vault->state.authorizations);
	task->intent.n = authorization->issued + promised(b, task) + 1;
	task->intent.of = authorization->quantity;
	task->intent.authorization = authorization->digest;
	if (task->intent.n > authorization->quantity && !check_left_out(CHECK_SIGNER_QUOTA))
		return fail(&task->why_not, "SIGNER_QUOTA_SPENT", "authorization",
			    text_of(b, authorization->id), NULL);
	return ERR_OK;
}

/* ---- the unit ---- */

/* The proof of possession, and the names. */
static err judge_form(struct issue_batch *b, struct issue_task *task,
		      const struct authorization *authorization)
{
	struct device_profile profile = {
		.product = arena_text(b->arena, task->intent.product),
		.serial = arena_text(b->arena, task->intent.serial),
		.hardware_type = arena_text(b->arena, authorization->hardware_type),
		.certificate_serial = {1},
		.not_before_ms = b->now,
	};
	struct bytes serial = {0};

	if (profile.product == NULL || profile.serial == NULL || profile.hardware_type == NULL)
		return fail(&task->why_not, "MEMORY_EXHAUSTED", "what", "a batch", NULL);
	TRY(device_profile_check(&profile, &task->why_not));
	TRY(csr_check(b->arena, task->csr, &task->key, &serial, &task->why_not));
	if (serial.n > 0 && !bytes_equal(serial, task->intent.serial))
		return fail(&task->why_not, "SIGNER_SERIAL_DIFFERS", "serial", profile.serial,
			    NULL);
	task->intent.hardware_type = bytes_text(profile.hardware_type);
	task->intent.key = public_key_id(task->key);
	task->intent.at_ms = b->now;
	return ERR_OK;
}

static err already_issued(struct issue_batch *b, struct issue_task *task, const char *what,
			  struct hash earlier)
{
	char request[65];

	hex_encode(hash_bytes(&earlier), request);
	return fail(&task->why_not, "SIGNER_ALREADY_ISSUED", "what", what, "product",
		    text_of(b, task->intent.product), "serial", text_of(b, task->intent.serial),
		    "request", request, NULL);
}

/* Against what the journal knows, and the earlier requests of this batch, which it does not. */
static err judge_unique(struct issue_batch *b, struct issue_task *task)
{
	struct issue_index *index = &b->vault->index;
	bool serials = !check_left_out(CHECK_SIGNER_SERIAL);
	bool keys = !check_left_out(CHECK_SIGNER_KEY);
	const struct issued *unit = index_find(index, INDEX_UNIT, &task->unit);
	const struct issued *key = index_find(index, INDEX_KEY, &task->intent.key);

	if (serials && unit != NULL)
		return already_issued(b, task, "serial", unit->request);
	if (keys && key != NULL)
		return already_issued(b, task, "key", key->request);
	for (const struct issue_task *other = b->tasks; other < task; other++) {
		if (!other->fresh)
			continue;
		if (serials && hash_equal(other->unit, task->unit))
			return already_issued(b, task, "serial", other->intent.request);
		if (keys && hash_equal(other->intent.key, task->intent.key))
			return already_issued(b, task, "key", other->intent.request);
	}
	return ERR_OK;
}

static err judge_new(struct issue_batch *b, const struct proved *proved, struct bytes id,
		     struct issue_task *task)
{
	uint8_t *serial = task->intent.certificate_serial;
	struct merkle_head head;

	if (state_is_denied(&b->vault->state, task->intent.request) &&
	    !check_left_out(CHECK_SIGNER_DENIED))
		return fail(&task->why_not, "SIGNER_DENIED", NULL);
	TRY(vault_now(b->vault, &b->now, &task->why_not));
	TRY(evidence_head(b->vault, b->request->size, &head, &task->why_not));
	TRY(evidence_show(b->vault, head, proved, &task->shown, &task->why_not));
	TRY(evidence_fresh(b->vault, proved->sequence, &task->why_not));
	struct authorization *authorization = find_authorization(b, id, task);
	if (authorization == NULL)
		return (err){task->why_not.code};
	TRY(judge_authority(b, proved, authorization, task));
	TRY(judge_form(b, task, authorization));
	TRY(judge_unique(b, task));
	TRY(judge_quota(b, authorization, task));
	TRY(random_bytes(serial, CERTIFICATE_SERIAL_SIZE, &task->why_not));
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, always 16 octets long */
	task->fresh = true;
	task->unsigned_yet = true;
	return ERR_OK;
}

/* ---- one request ---- */

/* An earlier request of this batch that is this one again. */
static const struct issue_task *earlier_same(const struct issue_batch *b,
					     const struct issue_task *task)
{
	for (const struct issue_task *other = b->tasks; other < task; other++)
		if (!issue_refused(other) && other->same == NULL &&
		    hash_equal(other->intent.request, task->intent.request))
			return other;
	return NULL;
}

static err judge(struct issue_batch *b, size_t i)
{
	const struct proved *proved = &b->request->proved[i];
	struct issue_task *task = &b->tasks[i];
	struct fault *f = &task->why_not;

	TRY(shown_read(proved->entry, &task->shown, f));
	TRY(shown_origin(b->vault, &task->shown, f));
	const struct claim *claim = &task->shown.entry.claim;
	if (!claim_is(claim, "unit.requested") || claim->version > 2)
		return fail(f, "SIGNER_TYPE_UNKNOWN", NULL);
	struct body body = body_of(claim);
	struct bytes authorization = body_id(&body, "authorization");
	task->intent.request = task->shown.digest;
	task->intent.product = body_id(&body, "product");
	task->intent.serial = body_id(&body, "serial");
	task->csr = body_blob(&body, "csr", 1, CSR_SIZE_MAX);
	if (body.wrong != NULL)
		return fail(f, "SIGNER_BODY_WRONG", "field", body.wrong, NULL);
	task->unit = unit_digest(task->intent.product, task->intent.serial);
	task->same = earlier_same(b, task);
	if (task->same != NULL)
		return ERR_OK;
	const struct issued *known =
		index_find(&b->vault->index, INDEX_REQUEST, &task->intent.request);
	return known != NULL ? judge_known(b, task, known)
			     : judge_new(b, proved, authorization, task);
}

void issue_judge(struct issue_batch *b, size_t i)
{
	err judged = judge(b, i);

	(void)judged; /* it stands in the task */
}

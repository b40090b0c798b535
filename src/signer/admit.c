/* SPDX-License-Identifier: Apache-2.0 */
/* admit.c — one decision from evidence to document: judged, journaled, counted by the anchor, signed,
 * journaled again, answered. Asked again, the journal answers. */
#include "signer/admit.h"

#include <string.h>

#include "core/cbor.h"

enum { DOCUMENT_ROOM = 4096, MANIFEST_REVISIONS_MAX = 16 };

static const struct {
	const char *type, *approval_class;
	enum operation operation;
	uint32_t version_max;
	err (*judge)(struct deciding *d, struct fault *f);
	enum document_kind document;
} DECISIONS[] = {
	{"build.authorized", "build.authorize", OPERATION_AUTHORIZE, 2, judge_authorization,
	 DOCUMENT_ADMISSION},
	{"firmware.released", "firmware.release", OPERATION_FIRMWARE, 2, judge_release,
	 DOCUMENT_MANIFEST},
	{"firmware.emergency", "firmware.emergency", OPERATION_FIRMWARE, 1, judge_release,
	 DOCUMENT_MANIFEST},
	{"charter.revised", "charter", OPERATION_POLICY, 1, judge_charter, DOCUMENT_ADMISSION},
	{"credential.requested", "credential", OPERATION_CREDENTIAL, 1, judge_credential,
	 DOCUMENT_ADMISSION},
};
enum { DECISIONS_N = sizeof(DECISIONS) / sizeof(DECISIONS[0]) };

static size_t kind_of(const struct claim *claim)
{
	size_t i = 0;

	while (i < DECISIONS_N && !claim_is(claim, DECISIONS[i].type))
		i++;
	return i;
}

/* ---- documents ---- */

static err no_memory(struct fault *f)
{
	return fail(f, "MEMORY_EXHAUSTED", "what", "a signed document", NULL);
}

static err admission_make(const struct vault *v, const struct decision *decision,
			  const struct claim *claim, struct arena *a, struct bytes *payload,
			  struct fault *f)
{
	struct admission admission = {
		.origin = bytes_text(v->public.checkpoint.name),
		.approval_class = bytes_text(DECISIONS[kind_of(claim)].approval_class),
		.claim = claim_digest(decision->claim),
		.charter = decision->charter,
		.approvals_n = decision->approvals_n,
		.at = decision->at,
		.anchor = decision->anchor,
	};
	uint8_t *list = arena_alloc(a, CHARTER_VOTES_MAX * PATH_ITEM),
		*p = arena_alloc(a, DOCUMENT_ROOM);
	struct writer w = writer_of(list, CHARTER_VOTES_MAX * PATH_ITEM);

	if (list == NULL || p == NULL)
		return no_memory(f);
	for (size_t i = 0; i < decision->approvals_n; i++)
		hash_put(&w, decision->approvals[i]);
	if (!writer_done(&w, &admission.approvals))
		return no_memory(f);
	admission.has_value = decision->anchor == ANCHOR_TPM &&
			      vault_anchor_value(v, decision->spent, &admission.value);
	w = writer_of(p, DOCUMENT_ROOM);
	admission_put(&w, &admission);
	return writer_done(&w, payload) ? ERR_OK : no_memory(f);
}

static err read_revisions(struct bytes item, struct firmware_manifest *out, struct fault *f)
{
	struct reader r = reader_of(item);
	size_t n = item.p == NULL ? 0 : cbor_array(&r);

	for (; r.why == NULL && out->revisions_n < n; out->revisions_n++) {
		struct body b = {.map = cbor_item(&r)};

		if (out->revisions_n == MANIFEST_REVISIONS_MAX)
			return fail(f, "SIGNER_BODY_WRONG", "field", "hardware_revisions", NULL);
		out->revisions[out->revisions_n] = body_id(&b, "revision");
		if (b.wrong != NULL)
			return fail(f, "SIGNER_BODY_WRONG", "field", "hardware_revisions", NULL);
	}
	/* What is no list must not be read as none, which means all. */
	if (item.p != NULL && !reader_end(&r))
		return fail(f, "SIGNER_BODY_WRONG", "field", "hardware_revisions", NULL);
	return ERR_OK;
}

err manifest_read(const struct claim *claim, struct hash digest, struct firmware_manifest *out,
		  struct fault *f)
{
	struct body b = body_of(claim);
	struct release read;

	TRY(release_read(claim, digest, &read, f));
	*out = (struct firmware_manifest){
		.claim = digest,
		.release = read.id,
		.product = read.product,
		.environment = bytes_text(SIGNER_ENVIRONMENT[read.environment]),
		.version = read.version,
		.image = read.image,
		.image_size = read.image_size,
		.security_version = read.security_version,
		.has_configuration = body_has(&b, "configuration"),
		.emergency = read.emergency,
	};
	if (out->has_configuration)
		out->configuration = body_hash(&b, "configuration");
	if (b.wrong != NULL)
		return fail(f, "SIGNER_BODY_WRONG", "field", b.wrong, NULL);
	return read_revisions(body_item(&b, "hardware_revisions"), out, f);
}

static err manifest_make(const struct vault *v, const struct decision *decision,
			 const struct claim *claim, struct arena *a, struct bytes *payload,
			 const struct private_key **key, struct fault *f)
{
	struct firmware_manifest manifest;
	uint8_t *p = arena_alloc(a, DOCUMENT_ROOM);
	struct writer w = writer_of(p, DOCUMENT_ROOM);

	if (p == NULL)
		return no_memory(f);
	TRY(manifest_read(claim, claim_digest(decision->claim), &manifest, f));
	manifest.origin = bytes_text(v->public.checkpoint.name);
	manifest.at = decision->at;
	*key = v->keys[SIGNER_KEY_FIRMWARE + environment_find(manifest.environment)];
	firmware_manifest_put(&w, &manifest);
	return writer_done(&w, payload) ? ERR_OK : no_memory(f);
}

err decision_document(const struct vault *v, const struct decision *decision,
		      const struct claim *claim, struct arena *a, struct bytes *out,
		      struct fault *f)
{
	size_t kind = kind_of(claim);
	const struct private_key *key = v->keys[SIGNER_KEY_CHECKPOINT];
	struct document_job job;

	if (DECISIONS[kind].operation == OPERATION_CREDENTIAL)
		return credential_make(v, claim, decision->at, a, out, f);
	if (DECISIONS[kind].document == DOCUMENT_MANIFEST)
		TRY(manifest_make(v, decision, claim, a, &job.payload, &key, f));
	else
		TRY(admission_make(v, decision, claim, a, &job.payload, f));
	TRY(documents_sign(a, key, DECISIONS[kind].document, &job, 1, f));
	*out = job.document;
	return ERR_OK;
}

/* ---- the journal ---- */

static err journal_decision(struct deciding *d, struct fault *f)
{
	struct vault *v = d->vault;
	size_t room = d->decision.claim.n + CHARTER_VOTES_MAX * PATH_ITEM + 256;
	uint8_t *p = arena_alloc(d->arena, room);
	struct writer w = writer_of(p, room);
	struct journal_span span;

	if (p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a decision", NULL);
	decision_put(&w, &d->decision);
	TRY(vault_spend(v, &w, d->decision.at, &span, f));
	enum charter_anchor before = v->state.charter->charter.anchor;
	TRY(state_decided(&v->state, &d->decision, span, f));
	return d->operation == OPERATION_POLICY ? vault_follow_anchor(v, before, f) : ERR_OK;
}

static err journal_document(struct deciding *d, struct bytes document, struct fault *f)
{
	struct vault *v = d->vault;
	uint8_t *p = arena_alloc(d->arena, document.n + 128);
	struct writer w = writer_of(p, document.n + 128);
	struct known *known = state_promise(&v->state, d->target.digest);
	uint64_t at = vault_time(v);
	struct journal_span span;

	if (p == NULL || known == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a signed document", NULL);
	cbor_put_array(&w, 3);
	cbor_put_uint(&w, RECORD_DOCUMENTS);
	cbor_put_uint(&w, at);
	cbor_put_array(&w, 1);
	cbor_put_array(&w, 2);
	hash_put(&w, d->target.digest);
	cbor_put_bytes(&w, document);
	size_t end = w.n;
	TRY(vault_append(v, &w, at, &span, f));
	known->span = (struct journal_span){span.at + end - document.n, (uint32_t)document.n};
	known->is_signed = true;
	return ERR_OK;
}

/* ---- known already ---- */

static err read_decision(struct deciding *d, const struct known *known, struct fault *f)
{
	struct bytes record;

	TRY(span_read(d->vault, known->span, d->arena, &record, f));
	struct reader r = reader_of(record);
	d->decision.at = record_open(&r, RECORD_DECISION);
	decision_get(&r, &d->decision);
	if (!reader_end(&r) || !hash_equal(claim_digest(d->decision.claim), d->target.digest))
		return fail(f, "SIGNER_JOURNAL_CORRUPT", "at", "", "why",
			    "a decision reads otherwise than at start", NULL);
	return ERR_OK;
}

static err read_signed(struct deciding *d, const struct known *known, struct bytes *document,
		       struct fault *f)
{
	if (d->operation != OPERATION_CREDENTIAL)
		return document_read(d->vault, known->span,
				     DECISIONS[kind_of(&d->target.entry.claim)].document, d->arena,
				     document, f);
	const struct vault *v = d->vault;
	struct fault other = {0};

	TRY(span_read(v, known->span, d->arena, document, f));
	for (size_t i = 0; i < v->former.certificates_n; i++)
		if (certificate_check_issued(*document, v->former.certificates[i], &other).code ==
		    OK)
			return ERR_OK;
	return certificate_check_issued(*document, v->public.ca_certificate, f);
}

/* ---- one decision ---- */

/* What can be said without the journal: errors go to whoever asked. */
static err judge_form(struct deciding *d, struct fault *f)
{
	TRY(shown_read(d->request->proved[0].entry, &d->target, f));
	TRY(shown_origin(d->vault, &d->target, f));
	size_t kind = kind_of(&d->target.entry.claim);
	if (kind == DECISIONS_N || DECISIONS[kind].operation != d->operation ||
	    d->target.entry.claim.version > DECISIONS[kind].version_max)
		return fail(f, "SIGNER_TYPE_UNKNOWN", NULL);
	d->approval_class = DECISIONS[kind].approval_class;
	if (!check_left_out(CHECK_SIGNER_DENIED) &&
	    state_is_denied(&d->vault->state, d->target.digest))
		return fail(f, "SIGNER_DENIED", NULL);
	return vault_settle(d->vault, f);
}

static err judge(struct deciding *d, struct fault *f)
{
	const struct vault *v = d->vault;

	TRY(vault_now(v, &d->now, f));
	TRY(DECISIONS[kind_of(&d->target.entry.claim)].judge(d, f));
	d->decision = (struct decision){
		.at = d->now,
		.counter = v->last.counter,
		.spent = v->state.spent + 1,
		.charter = v->state.charter->charter.revision,
		.anchor = v->state.charter->charter.anchor,
		.claim = d->target.entry.claim_bytes,
	};
	return weigh_decision(d, f);
}

/* Everything after the judgement. `why_not` says what keeps the answer back for now; the error, that the
 * journal failed. */
static err answer(struct deciding *d, struct bytes *document, struct fault *why_not,
		  struct fault *f)
{
	const struct known *known = state_promise(&d->vault->state, d->target.digest);

	if (known != NULL && known->is_signed) {
		(void)read_signed(d, known, document, why_not);
		return ERR_OK;
	}
	if (known != NULL) {
		if (read_decision(d, known, why_not).code != OK)
			return ERR_OK;
	} else {
		if (judge(d, why_not).code != OK)
			return ERR_OK;
		TRY(journal_decision(d, f));
		if (vault_reach(d->vault, why_not).code != OK)
			return ERR_OK;
	}
	if (decision_document(d->vault, &d->decision, &d->target.entry.claim, d->arena, document,
			      why_not)
		    .code != OK)
		return ERR_OK;
	return journal_document(d, *document, f);
}

err vault_decide(struct vault *vault, const struct signer_request *request, struct arena *a,
		 struct writer *reply, struct fault *f)
{
	struct deciding *d = arena_alloc(a, sizeof(*d));
	struct fault why_not = {0};
	struct bytes document = {0};

	if (d == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a decision", NULL);
	*d = (struct deciding){
		.vault = vault, .arena = a, .request = request, .operation = request->operation};
	if (judge_form(d, &why_not).code == OK)
		TRY(answer(d, &document, &why_not, f));
	if (why_not.code != OK) {
		reply_put_fault(reply, &why_not);
		return ERR_OK;
	}
	reply_put_ok(reply);
	cbor_put_bytes(reply, document);
	return ERR_OK;
}

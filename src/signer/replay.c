/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c — the journal, read again at start, one record after the other: nothing but what stands in it
 * makes the state. */
#include "signer/replay.h"

#include <stdio.h>
#include <string.h>

#include "core/cbor.h"
#include "core/entry.h"
#include "core/sha256.h"

static err does_not_hold(const char *why, uint64_t at, struct fault *f)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)at);
	return fail(f, "SIGNER_JOURNAL_CORRUPT", "at", text, "why", why, NULL);
}

static err no_memory(struct fault *f)
{
	return fail(f, "MEMORY_EXHAUSTED", "what", "the signer's index", NULL);
}

/* The record under way. */
struct visit {
	struct replay *replay;
	struct vault *vault;
	struct bytes record;
	uint64_t place; /* where the record's first byte stands in the file */
	uint64_t at;    /* the signer's time */
	struct reader r;
};

static struct journal_span span_of(const struct visit *v, struct bytes part)
{
	return (struct journal_span){v->place + (uint64_t)(part.p - v->record.p), (uint32_t)part.n};
}

/* ---- what is common ---- */

static err judge_counter(struct visit *v, uint64_t counter, struct fault *f)
{
	if (v->r.why == NULL && counter > v->vault->last.counter &&
	    !check_left_out(CHECK_SIGNER_TURNED_BACK))
		return does_not_hold("the checkpoint file was turned back", v->place, f);
	return ERR_OK;
}

static err judge_spent(struct visit *v, uint64_t spent, struct fault *f)
{
	if (v->r.why == NULL && spent != v->vault->state.spent + 1)
		return does_not_hold("what was spent is not counted one by one", v->place, f);
	v->vault->state.spent = spent;
	return ERR_OK;
}

static err take_counter_and_spent(struct visit *v, struct fault *f)
{
	uint64_t counter = cbor_uint(&v->r), spent = cbor_uint(&v->r);

	TRY(judge_counter(v, counter, f));
	return judge_spent(v, spent, f);
}

/* ---- each kind ---- */

static err take_genesis(struct visit *v, struct fault *f)
{
	struct genesis genesis = {0};
	struct reader r = reader_of(v->record);
	struct replay *replay = v->replay;

	genesis_get(&r, &genesis);
	if (r.why == JOURNAL_IS_OLD)
		return fail(f, "SIGNER_JOURNAL_OLD", NULL);
	if (!reader_end(&r))
		return does_not_hold(r.why != NULL ? r.why : "bytes follow", v->place, f);
	memcpy(replay->origin, genesis.origin.p, genesis.origin.n);
	replay->origin[genesis.origin.n] = 0;
	memcpy(replay->keys, genesis.keys, sizeof(replay->keys));
	replay->ca_certificate = genesis.ca_certificate;
	v->vault->state.latest = genesis.at;
	return state_charter(&v->vault->state, genesis.charter, genesis.at, f);
}

static err take_intent(struct visit *v, struct fault *f)
{
	struct issue_index *index = &v->vault->index;
	struct intent intent = {0};
	const uint8_t *start = v->r.p;

	intent_get(&v->r, &intent);
	if (v->r.why != NULL)
		return ERR_OK; /* said at the end of the record */
	struct authorization *authorization =
		state_authorization_by(&v->vault->state, intent.authorization);
	struct issued issued = {
		.request = intent.request,
		.unit = unit_digest(intent.product, intent.serial),
		.key = intent.key,
		.intent = span_of(v, bytes_of(start, (size_t)(v->r.p - start))),
	};
	if (index_find(index, INDEX_REQUEST, &issued.request) != NULL ||
	    (index_find(index, INDEX_UNIT, &issued.unit) != NULL &&
	     !check_left_out(CHECK_SIGNER_SERIAL)) ||
	    (index_find(index, INDEX_KEY, &issued.key) != NULL &&
	     !check_left_out(CHECK_SIGNER_KEY)))
		return does_not_hold("a unit stands in it twice", v->place, f);
	if (authorization == NULL || intent.n != authorization->issued + 1 ||
	    intent.of != authorization->quantity)
		return does_not_hold("a unit is not counted by its authorization", v->place, f);
	authorization->issued++;
	issued.authorization = (uint32_t)(authorization - v->vault->state.authorizations);
	return index_add(index, &issued) ? ERR_OK : no_memory(f);
}

static err take_intents(struct visit *v, struct fault *f)
{
	TRY(take_counter_and_spent(v, f));
	for (size_t n = cbor_array(&v->r); v->r.why == NULL && n > 0; n--)
		TRY(take_intent(v, f));
	return ERR_OK;
}

static err take_certificates(struct visit *v, struct fault *f)
{
	for (size_t n = cbor_array(&v->r); v->r.why == NULL && n > 0; n--) {
		array_get(&v->r, 3);
		struct hash request = hash_get(&v->r);
		const uint8_t *start = v->r.p;
		struct bytes der = blob_get(&v->r, CERTIFICATE_SIZE_MAX),
			     receipt = blob_get(&v->r, RECEIPT_SIZE_MAX);

		if (v->r.why != NULL)
			break;
		struct issued *issued = index_find(&v->vault->index, INDEX_REQUEST, &request);
		if (issued == NULL || issued->certificate.n != 0 || der.n == 0 || receipt.n == 0)
			return does_not_hold("a certificate has no intent, or two", v->place, f);
		issued->certificate = span_of(v, bytes_of(start, (size_t)(v->r.p - start)));
	}
	return ERR_OK;
}

/* The claim is what was agreed to; its digest is what documents and denials name. */
static bool claim_of(struct visit *v, struct bytes bytes, struct claim *claim)
{
	const char *why = NULL;

	if (v->r.why == NULL && !claim_parse(bytes, claim, &why))
		reader_fail(&v->r, why);
	return v->r.why == NULL;
}

static err take_decision(struct visit *v, struct fault *f)
{
	struct decision decision = {.at = v->at};
	struct claim claim;

	decision_get(&v->r, &decision);
	if (!claim_of(v, decision.claim, &claim))
		return ERR_OK;
	TRY(judge_counter(v, decision.counter, f));
	TRY(judge_spent(v, decision.spent, f));
	return state_decided(&v->vault->state, &decision, span_of(v, v->record), f);
}

static err take_documents(struct visit *v, struct fault *f)
{
	for (size_t n = cbor_array(&v->r); v->r.why == NULL && n > 0; n--) {
		array_get(&v->r, 2);
		struct hash digest = hash_get(&v->r);
		struct bytes document = blob_get(&v->r, DOCUMENT_MAX);

		if (v->r.why != NULL)
			break;
		struct known *known = state_promise(&v->vault->state, digest);
		if (known == NULL || known->is_signed || document.n == 0)
			return does_not_hold("a document was not promised, or stands in it twice",
					     v->place, f);
		known->span = span_of(v, document);
		known->is_signed = true;
	}
	return ERR_OK;
}

static err take_permits(struct visit *v, struct fault *f)
{
	TRY(take_counter_and_spent(v, f));
	for (size_t n = cbor_array(&v->r); v->r.why == NULL && n > 0; n--) {
		struct hash digest = hash_get(&v->r);

		if (v->r.why != NULL)
			break;
		if (state_promise(&v->vault->state, digest) != NULL)
			return does_not_hold("a permit stands in it twice", v->place, f);
		TRY(state_permitted(&v->vault->state, digest, span_of(v, v->record), f));
	}
	return ERR_OK;
}

static err take_denial(struct visit *v, struct fault *f)
{
	struct claim claim;

	TRY(judge_spent(v, cbor_uint(&v->r), f));
	struct bytes bytes = blob_get(&v->r, ENTRY_SIZE_MAX);
	(void)cbor_item(&v->r); /* the proof */
	return claim_of(v, bytes, &claim) ? state_denied(&v->vault->state, &claim, f) : ERR_OK;
}

static void keep_former(struct visit *v, struct hash was, struct hash is)
{
	struct former *former = &v->vault->former;

	if (v->r.why != NULL || hash_equal(was, is))
		return;
	if (former->ids_n == FORMER_MAX)
		reader_fail(&v->r, "more keys were replaced than it can hold");
	else
		former->ids[former->ids_n++] = was;
}

static err take_key(struct visit *v, struct fault *f)
{
	uint64_t which = cbor_uint(&v->r);
	struct hash key = hash_get(&v->r), certificate = hash_get(&v->r);

	(void)f;
	if (v->r.why == NULL && which >= SIGNER_KEYS)
		reader_fail(&v->r, "it names an unknown key");
	if (v->r.why != NULL)
		return ERR_OK;
	keep_former(v, v->replay->keys[which], key);
	keep_former(v, v->replay->ca_certificate, certificate);
	v->replay->keys[which] = key;
	v->replay->ca_certificate = certificate;
	return ERR_OK;
}

static err take_succession(struct visit *v, struct fault *f)
{
	struct bytes origin = text_get(&v->r, NOTE_NAME_MAX);
	struct hash key = hash_get(&v->r);
	bool used_up = cbor_bool(&v->r);

	(void)f;
	if (v->r.why == NULL && (origin.n == 0 || memchr(origin.p, 0, origin.n) != NULL))
		reader_fail(&v->r, "its origin does not hold");
	if (v->r.why != NULL)
		return ERR_OK;
	memcpy(v->replay->origin, origin.p, origin.n);
	v->replay->origin[origin.n] = 0;
	v->replay->keys[SIGNER_KEY_CHECKPOINT] = key;
	struct charter_state *charter = v->vault->state.charter;
	memcpy(charter->origin, v->replay->origin, sizeof(charter->origin));
	charter->charter.origin = bytes_text(charter->origin);
	if (used_up) {
		state_end_all(&v->vault->state);
		v->vault->state.anchored = false; /* the anchor counted on: it must begin anew */
	}
	return ERR_OK;
}

static err take_anchor(struct visit *v, struct fault *f)
{
	struct signer_state *s = &v->vault->state;
	uint64_t spent = cbor_uint(&v->r), value = cbor_uint(&v->r);
	struct hash identity = hash_get(&v->r);

	(void)f;
	if (v->r.why == NULL && spent != s->spent)
		reader_fail(&v->r, "an anchor does not begin where it says");
	if (v->r.why == NULL)
		state_anchored(s, spent, value, identity);
	return ERR_OK;
}

/* ---- the table ---- */

static const struct {
	size_t parts;
	err (*take)(struct visit *v, struct fault *f);
} KINDS[RECORD_KINDS] = {
	[RECORD_INTENTS] = {5, take_intents},   [RECORD_CERTIFICATES] = {3, take_certificates},
	[RECORD_DECISION] = {8, take_decision}, [RECORD_DOCUMENTS] = {3, take_documents},
	[RECORD_PERMITS] = {5, take_permits},   [RECORD_DENIAL] = {5, take_denial},
	[RECORD_KEY] = {5, take_key},           [RECORD_SUCCESSION] = {5, take_succession},
	[RECORD_ANCHOR] = {5, take_anchor},
};

err replay_record(void *context, struct bytes record, uint64_t at, struct fault *f)
{
	struct replay *replay = context;
	struct visit v = {.replay = replay,
			  .vault = replay->vault,
			  .record = record,
			  .place = at,
			  .r = reader_of(record)};

	if (replay->records++ == 0)
		return take_genesis(&v, f);
	size_t parts = cbor_array(&v.r);
	uint64_t kind = cbor_uint(&v.r);
	v.at = cbor_uint(&v.r);
	if (kind >= RECORD_KINDS || KINDS[kind].take == NULL || KINDS[kind].parts != parts)
		return does_not_hold("it has an unknown kind of record", at, f);
	if (v.at < v.vault->state.latest)
		return does_not_hold("its times go back", at, f);
	v.vault->state.latest = v.at;
	TRY(KINDS[kind].take(&v, f));
	return reader_end(&v.r) ? ERR_OK : does_not_hold("a record is not well-formed", at, f);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/authority_internal.h"

#include "core/cbor.h"
#include "core/sha256.h"

#include <string.h>

/* ---- gathering ---- */

static bool member(struct bytes body, const char *name, enum cbor_kind kind, struct reader *at)
{
	struct reader r = reader_of(body);
	size_t n = cbor_map(&r);

	for (size_t i = 0; i < n && r.why == NULL; i++) {
		bool found = bytes_equal(cbor_text(&r), bytes_text(name));
		if (found && cbor_peek(&r) == kind) {
			*at = r;
			return true;
		}
		(void)cbor_item(&r);
	}
	return false;
}

struct bytes seen_text(struct bytes body, const char *name)
{
	struct reader at;

	return member(body, name, CBOR_TEXT, &at) ? cbor_text(&at) : (struct bytes){0};
}

uint64_t seen_number(struct bytes body, const char *name)
{
	struct reader at;

	return member(body, name, CBOR_UINT, &at) ? cbor_uint(&at) : 0;
}

bool seen_hash(struct bytes body, const char *name, struct hash *out)
{
	struct bytes b = document_in_body(body, name);

	if (b.n == sizeof *out)
		memcpy(out->b, b.p, sizeof *out);
	return b.n == sizeof *out;
}

static void no_memory(struct authority_check *c)
{
	(void)fail(&c->fault, "OUT_OF_MEMORY", NULL);
}

static void keep_claim(struct authority_check *c, const struct entry *entry)
{
	struct claim_seen *one = arena_alloc(&c->arena, sizeof *one);

	if (one == NULL) {
		no_memory(c);
		return;
	}
	*one = (struct claim_seen){.origin = entry->claim.origin,
				   .type = entry->claim.type,
				   .body = entry->claim.body,
				   .author = entry->claim.author,
				   .digest = claim_digest(entry->claim_bytes),
				   .key = entry->claim.key,
				   .has_key = entry->claim.has_key,
				   .made = entry->claim.made};
	if (c->claims == NULL)
		c->claims = one;
	else
		c->claims_last->next = one;
	c->claims_last = one;
}

static void keep_answer(struct authority_check *c, const struct entry *entry)
{
	struct answer_seen *one = arena_alloc(&c->arena, sizeof *one);

	if (one == NULL) {
		no_memory(c);
		return;
	}
	one->document = document_in_body(entry->claim.body, "document");
	if (!seen_hash(entry->claim.body, "record", &one->record))
		return;
	one->next = c->answers;
	c->answers = one;
}

/* A log that went on under another name has another key since; what its first one signed still counts. */
static void keep_log_key(struct authority_check *c, const struct entry *entry)
{
	struct bytes key = document_in_body(entry->claim.body, "checkpoint_key");

	if (key.n == sizeof c->log_keys[0] && c->log_keys_n < LOG_KEYS_MAX)
		memcpy(c->log_keys[c->log_keys_n++], key.p, key.n);
}

static bool is_of_unit(const struct authority_check *c, const struct entry *entry)
{
	const struct subject *s = &entry->witness.subject;

	return entry->witness.has_subject && bytes_equal(s->kind, bytes_text("unit")) &&
	       bytes_equal(s->within, bytes_text(c->product)) &&
	       bytes_equal(s->id, bytes_text(c->serial));
}

static void keep_unit(struct authority_check *c, const struct entry *entry)
{
	if (bytes_equal(entry->claim.type, bytes_text("unit.requested"))) {
		c->request = claim_digest(entry->claim_bytes);
		c->origin = entry->claim.origin;
		c->requested = true;
	} else if (bytes_equal(entry->claim.type, bytes_text("certificate.issued"))) {
		c->certificate = sha256(document_in_body(entry->claim.body, "certificate"));
		c->receipt = document_in_body(entry->claim.body, "receipt");
		c->certified = true;
	} else if (bytes_equal(entry->claim.type, bytes_text("unit.programmed")) &&
		   entry->witness.outcome == OUTCOME_FOLDED) {
		c->programmed = seen_text(entry->claim.body, "release");
	}
}

void authority_check_each(void *context, const struct passport_entry *entry,
			  const struct entry *parsed)
{
	static const char *const CLAIMS[] = {"build.authorized", "firmware.released",
					     "firmware.emergency", "approval.given"};
	struct authority_check *c = context;
	struct bytes type = parsed->claim.type;

	if (c->fault.code != OK)
		return;
	if (c->weighing != NULL &&
	    charter_check_entry(c->weighing, entry->sequence, entry->bytes, parsed, &c->fault)
			    .code != OK)
		return;
	if (entry->sequence == 0)
		c->has_charter = document_in_body(parsed->claim.body, "charter").n > 0;
	for (size_t i = 0; i < sizeof CLAIMS / sizeof CLAIMS[0]; i++)
		if (bytes_equal(type, bytes_text(CLAIMS[i])))
			keep_claim(c, parsed);
	if (bytes_equal(type, bytes_text("ledger.started")) ||
	    bytes_equal(type, bytes_text("ledger.succeeded")))
		keep_log_key(c, parsed);
	if (bytes_equal(type, bytes_text("signer.admitted")))
		keep_answer(c, parsed);
	if (is_of_unit(c, parsed))
		keep_unit(c, parsed);
}

/* ---- finding ---- */

const struct claim_seen *seen_claim(const struct authority_check *c, struct hash digest)
{
	const struct claim_seen *one = c->claims;

	while (one != NULL && !hash_equal(one->digest, digest))
		one = one->next;
	return one;
}

const struct answer_seen *seen_answer(const struct authority_check *c, struct hash record)
{
	const struct answer_seen *one = c->answers;

	while (one != NULL && !hash_equal(one->record, record))
		one = one->next;
	return one;
}

bool seen_is(const struct claim_seen *claim, const char *type)
{
	return bytes_equal(claim->type, bytes_text(type));
}

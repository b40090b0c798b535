/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a log: its charters, and every decision with its votes until the signer answers. */
#include "client/charter_check_internal.h"

#include "core/sha256.h"
#include "core/succession.h"
#include "crypto/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES_N = 4 };
const struct class CLASSES[CLASSES_N] = {
	{"charter.revised", "charter", DOCUMENT_ADMISSION},
	{"build.authorized", "build.authorize", DOCUMENT_ADMISSION},
	{"firmware.released", "firmware.release", DOCUMENT_MANIFEST},
	{"firmware.emergency", "firmware.emergency", DOCUMENT_MANIFEST},
};

static err wrong(struct fault *f, uint64_t sequence, const char *detail)
{
	char number[24];

	snprintf(number, sizeof number, "%" PRIu64, sequence);
	return fail(f, "AUDIT_DECISION_UNAUTHORIZED", "sequence", number, "detail", detail, NULL);
}

static err wrong_if(struct fault *f, uint64_t sequence, const char *detail)
{
	return detail == NULL ? ERR_OK : wrong(f, sequence, detail);
}

static bool is_of(const struct entry *entry, const char *type)
{
	return bytes_equal(entry->claim.type, bytes_text(type));
}

/* ---- keeping ---- */

static struct kept *keep(uint64_t sequence, struct bytes bytes)
{
	struct kept *one = malloc(sizeof *one + bytes.n);
	const char *why;

	if (one == NULL)
		return NULL;
	memcpy(one->bytes, bytes.p, bytes.n);
	one->next = NULL;
	one->sequence = sequence;
	if (!entry_parse(bytes_of(one->bytes, bytes.n), &one->entry, &why)) {
		free(one);
		return NULL;
	}
	one->digest = claim_digest(one->entry.claim_bytes);
	return one;
}

static void drop(struct kept *list)
{
	while (list != NULL) {
		struct kept *next = list->next;
		free(list);
		list = next;
	}
}

static size_t bucket_of(struct hash digest)
{
	return ((size_t)digest.b[0] << 8 | digest.b[1]) % BUCKETS;
}

static struct open_decision **find(struct charter_check *c, struct hash digest)
{
	struct open_decision **at = &c->open[bucket_of(digest)];

	while (*at != NULL && !hash_equal((*at)->decision->digest, digest))
		at = &(*at)->next;
	return at;
}

static void end(struct open_decision **at)
{
	struct open_decision *d = *at;

	*at = d->next;
	drop(d->decision);
	drop(d->votes);
	drop(d->denials);
	free(d);
}

static bool answered(const struct charter_check *c, struct hash digest)
{
	const struct answered *one = c->answered[bucket_of(digest)];

	while (one != NULL && !hash_equal(one->digest, digest))
		one = one->next;
	return one != NULL;
}

/* An answer may be repeated. */
static err note_answered(struct charter_check *c, struct hash digest, struct fault *f)
{
	struct answered *one = malloc(sizeof *one), **bucket = &c->answered[bucket_of(digest)];

	if (one == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*one = (struct answered){*bucket, digest};
	*bucket = one;
	return ERR_OK;
}

/* ---- the charter ---- */

static uint64_t since_of(const struct charter_kept *before, const struct charter *next,
			 const struct charter_key *key, uint64_t from)
{
	size_t place;

	if (before == NULL)
		return 0;
	return charter_key_stays(&before->charter, next, key, &place) ? before->since[place] : from;
}

static err take_charter(struct charter_check *c, uint64_t sequence, struct bytes document,
			uint64_t from, struct fault *f)
{
	struct charter_kept *next = calloc(1, sizeof *next);
	const char *why = "its charter is too large";

	if (next == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (document.n <= sizeof next->bytes)
		memcpy(next->bytes, document.p, document.n);
	if (document.n > sizeof next->bytes ||
	    !charter_parse(bytes_of(next->bytes, document.n), &next->charter, &why)) {
		free(next);
		return wrong(f, sequence, why);
	}
	next->before = c->last;
	next->from = from;
	for (size_t i = 0; i < next->charter.keys_n; i++)
		next->since[i] = since_of(c->last, &next->charter, &next->charter.keys[i], from);
	c->last = next;
	c->report.revisions++;
	return ERR_OK;
}

static err take_start(struct charter_check *c, uint64_t sequence, const struct entry *entry,
		      struct fault *f)
{
	struct bytes document = document_in_body(entry->claim.body, "charter");

	if (document.n == 0)
		return ERR_OK;
	TRY(take_charter(c, sequence, document, 0, f));
	if (!bytes_equal(c->last->charter.origin, entry->claim.origin))
		return wrong(f, sequence, "its charter is of another log");
	return c->last->charter.revision == 1 ? ERR_OK
					      : wrong(f, sequence, "its charter is not the first");
}

/* ---- decisions and votes ---- */

static err take_decision(struct charter_check *c, size_t class, uint64_t sequence,
			 struct bytes bytes, const struct entry *entry, struct fault *f)
{
	struct open_decision *d = calloc(1, sizeof *d);

	if (d == NULL || (d->decision = keep(sequence, bytes)) == NULL) {
		free(d);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	d->class = class;
	d->in_force = entry->witness.outcome == OUTCOME_FOLDED;
	struct open_decision **bucket = &c->open[bucket_of(d->decision->digest)];
	d->next = *bucket;
	*bucket = d;
	return ERR_OK;
}

/* A vote of a record that the signer has no say in is nobody's here. */
static err take_vote(struct charter_check *c, uint64_t sequence, struct bytes bytes,
		     const struct entry *entry, bool given, struct fault *f)
{
	struct bytes record = document_in_body(entry->claim.body, "record");
	struct open_decision *d;
	struct hash digest;
	struct kept *vote;

	if (record.n != sizeof digest)
		return ERR_OK;
	memcpy(digest.b, record.p, sizeof digest);
	d = *find(c, digest);
	if (d == NULL)
		return ERR_OK;
	vote = keep(sequence, bytes);
	if (vote == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	vote->next = given ? d->votes : d->denials;
	*(given ? &d->votes : &d->denials) = vote;
	if (entry->witness.outcome == OUTCOME_EXECUTES &&
	    entry->witness.target == d->decision->sequence)
		d->in_force = true;
	return ERR_OK;
}

/* ---- the signer's answers ---- */

static err weigh(struct charter_check *c, struct open_decision *d, struct bytes document,
		 struct fault *f)
{
	uint64_t sequence = d->decision->sequence, at = 0;
	const char *why = CLASSES[d->class].document == DOCUMENT_ADMISSION
				  ? charter_check_admission(c, d, document, &at)
				  : charter_check_manifest(c, d, document, &at);

	if (why == NULL)
		TRY(charter_check_denials(c, d, at, &why, f));
	if (why != NULL)
		return wrong(f, sequence, why);
	c->report.agreed++;
	if (!is_of(&d->decision->entry, "charter.revised"))
		return ERR_OK;
	return take_charter(c, sequence, document_in_body(d->decision->entry.claim.body, "charter"),
			    at, f);
}

static err take_answer(struct charter_check *c, uint64_t sequence, const struct entry *entry,
		       bool admitted, struct fault *f)
{
	struct bytes record = document_in_body(entry->claim.body, "record");
	struct open_decision **at;
	struct hash digest;
	err e = ERR_OK;

	if (record.n != sizeof digest)
		return wrong(f, sequence, "the answer names no decision");
	memcpy(digest.b, record.p, sizeof digest);
	at = find(c, digest);
	if (*at == NULL) {
		bool agrees = admitted && charter_check_document(entry->claim.body);
		return agrees && !answered(c, digest)
			       ? wrong(f, sequence, "its decision does not stand in the log before")
			       : ERR_OK;
	}
	TRY(note_answered(c, digest, f));
	if (admitted)
		e = weigh(c, *at, document_in_body(entry->claim.body, "document"), f);
	else
		c->report.refused++;
	end(at);
	return e;
}

/* ---- entries ---- */

static bool has_effect(enum outcome outcome)
{
	return outcome == OUTCOME_FOLDED || outcome == OUTCOME_PENDING ||
	       outcome == OUTCOME_EXECUTES;
}

err charter_check_end(struct charter_check *c, struct fault *f)
{
	uint64_t succeeded;
	const char *why = charter_weigh_succession(c, &succeeded);

	return why == NULL ? ERR_OK : wrong(f, succeeded, why);
}

err charter_check_entry(struct charter_check *c, uint64_t sequence, struct bytes bytes,
			const struct entry *entry, struct fault *f)
{
	if (!has_effect(entry->witness.outcome))
		return ERR_OK;
	if (is_of(entry, "ledger.started"))
		return sequence == 0 ? take_start(c, sequence, entry, f) : ERR_OK;
	if (c->last == NULL)
		return ERR_OK;
	if (is_of(entry, "succession.approved"))
		return wrong_if(f, sequence, charter_take_succession_vote(c, entry));
	TRY(charter_check_end(c, f));
	if (is_of(entry, SUCCESSION_TYPE))
		return wrong_if(f, sequence, charter_take_succession(c, sequence, entry));
	for (size_t i = 0; i < CLASSES_N; i++)
		if (is_of(entry, CLASSES[i].type))
			return take_decision(c, i, sequence, bytes, entry, f);
	if (is_of(entry, "approval.given"))
		TRY(take_vote(c, sequence, bytes, entry, true, f));
	if (is_of(entry, "approval.denied"))
		TRY(take_vote(c, sequence, bytes, entry, false, f));
	if (is_of(entry, "signer.admitted"))
		return take_answer(c, sequence, entry, true, f);
	if (is_of(entry, "signer.refused"))
		return take_answer(c, sequence, entry, false, f);
	return ERR_OK;
}

void charter_check_report(const struct charter_check *c, struct charter_report *out)
{
	*out = c->report;
	out->denied = c->denied;
	out->denied_n = c->denied_n;
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct open_decision *d = c->open[i]; d != NULL; d = d->next)
			out->waiting += d->in_force;
}

err charter_check_open(const struct note_key *log, struct charter_check **out, struct fault *f)
{
	struct charter_check *c = calloc(1, sizeof *c);

	if (c == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	c->log = log;
	err e = public_key_from_ed25519(log->public_key, &c->key, f);
	if (e.code != OK) {
		free(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

void charter_check_close(struct charter_check *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (c->open[i] != NULL)
			end(&c->open[i]);
		while (c->answered[i] != NULL) {
			struct answered *next = c->answered[i]->next;
			free(c->answered[i]);
			c->answered[i] = next;
		}
	}
	while (c->last != NULL) {
		struct charter_kept *before = c->last->before;
		free(c->last);
		c->last = before;
	}
	charter_succession_close(c);
	free(c->denied);
	public_key_close(c->key);
	free(c);
}

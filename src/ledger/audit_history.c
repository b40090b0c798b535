/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/audit_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sha256.h"
#include "ledger/room.h"

enum { TABLE_FIRST = 1024, WAITS = 1, EXECUTED = 2 };

/* ---- the map ---- */

/* Keys are digests or numbers below; their last bytes are spread well enough once mixed. */
static size_t slot_of(const struct table *t, const uint8_t key[static 16])
{
	uint64_t low, high;

	memcpy(&low, key, sizeof(low));
	memcpy(&high, key + 8, sizeof(high));
	return (size_t)(((low ^ high) * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (t->cap - 1);
}

/* The slot that holds the key, or the empty one where it belongs. */
static struct table_slot *probe(struct table *t, const uint8_t key[static 16])
{
	size_t i = slot_of(t, key);

	while (t->slots[i].value != 0 && memcmp(t->slots[i].key, key, 16) != 0)
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

static bool table_grow(struct table *t)
{
	struct table larger = {.cap = t->cap ? t->cap * 2 : TABLE_FIRST, .n = t->n};

	larger.slots = calloc(larger.cap, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < t->cap; i++) {
		if (t->slots[i].value != 0)
			*probe(&larger, t->slots[i].key) = t->slots[i];
	}
	free(t->slots);
	*t = larger;
	return true;
}

struct table_slot *table_at(struct table *t, const uint8_t key[static 16])
{
	if (t->cap / 3 * 2 <= t->n && !table_grow(t))
		return NULL;
	struct table_slot *slot = probe(t, key);

	if (slot->value == 0) {
		memcpy(slot->key, key, 16);
		t->n++;
	}
	return slot;
}

void table_done(struct table *t)
{
	free(t->slots);
	*t = (struct table){0};
}

void history_done(struct history *h)
{
	table_done(&h->subjects);
	table_done(&h->pending);
}

/* ---- one entry ---- */

static err no_memory(struct fault *f)
{
	return fail(f, "MEMORY_EXHAUSTED", "what", "the audit", NULL);
}

/* A number, or "none". */
static struct number_text or_none(bool has, uint64_t n)
{
	struct number_text none = {"none"};

	return has ? number_text(n) : none;
}

static void hash_part(struct sha256 *s, struct bytes part)
{
	uint8_t n = (uint8_t)part.n;

	sha256_update(s, bytes_of(&n, 1));
	sha256_update(s, part);
}

/* A 128-bit digest stands for the subject, so that a million of them take 36 MB. */
static struct hash subject_digest(const struct subject *subject)
{
	struct sha256 s;

	sha256_init(&s);
	hash_part(&s, subject->kind);
	hash_part(&s, subject->within);
	hash_part(&s, subject->id);
	return sha256_final(&s);
}

static err fail_previous(const struct witness *w, uint64_t sequence, bool has, uint64_t expected,
			 struct fault *f)
{
	char subject[FAULT_VALUE_SIZE];

	snprintf(subject, sizeof(subject), "%.*s %.*s %.*s", (int)w->subject.kind.n,
		 (const char *)w->subject.kind.p, (int)w->subject.within.n,
		 (const char *)w->subject.within.p, (int)w->subject.id.n,
		 (const char *)w->subject.id.p);
	return fail(f, "AUDIT_PREVIOUS", "entry", number_text(sequence).text, "subject", subject,
		    "expected", or_none(has, expected).text, "found",
		    or_none(w->has_previous, w->previous).text, NULL);
}

/* `previous` must be the last entry before with the same subject. */
static err check_previous(struct history *h, uint64_t sequence, const struct witness *w,
			  struct fault *f)
{
	if (!w->has_subject) {
		if (w->has_previous)
			return fail(f, "AUDIT_PREVIOUS", "entry", number_text(sequence).text,
				    "subject", "none", "expected", "none", "found",
				    number_text(w->previous).text, NULL);
		return ERR_OK;
	}
	struct hash digest = subject_digest(&w->subject);
	struct table_slot *slot = table_at(&h->subjects, digest.b);

	if (!slot)
		return no_memory(f);
	bool has = slot->value != 0;
	uint64_t last = slot->value - 1;

	slot->value = sequence + 1;
	if (has != w->has_previous || (has && last != w->previous))
		return fail_previous(w, sequence, has, last, f);
	return ERR_OK;
}

static void sequence_key(uint64_t sequence, uint8_t key[static 16])
{
	memset(key, 0, 16);
	memcpy(key, &sequence, sizeof(sequence));
}

static err fail_target(struct fault *f, uint64_t sequence, uint64_t target, const char *why)
{
	return fail(f, "AUDIT_TARGET", "entry", number_text(sequence).text, "target",
		    number_text(target).text, "why", why, NULL);
}

/* What executes must have been pending, and executes once. */
static err check_executes(struct history *h, uint64_t sequence, uint64_t target, struct fault *f)
{
	uint8_t key[16];

	if (target >= sequence)
		return fail_target(f, sequence, target, "it comes later");
	sequence_key(target, key);
	struct table_slot *slot = table_at(&h->pending, key);

	if (!slot)
		return no_memory(f);
	if (slot->value == 0)
		return fail_target(f, sequence, target, "it was not pending");
	if (slot->value == EXECUTED)
		return fail_target(f, sequence, target, "it was executed before");
	slot->value = EXECUTED;
	return ERR_OK;
}

static err check_outcome(struct history *h, uint64_t sequence, const struct witness *w,
			 struct audit_report *report, struct fault *f)
{
	uint8_t key[16];
	struct table_slot *slot;

	switch (w->outcome) {
	case OUTCOME_PENDING:
		sequence_key(sequence, key);
		slot = table_at(&h->pending, key);
		if (!slot)
			return no_memory(f);
		slot->value = WAITS;
		report->pending++;
		return ERR_OK;
	case OUTCOME_EXECUTES:
		report->executed++;
		return check_executes(h, sequence, w->target, f);
	case OUTCOME_UNFOLDED:
		report->unfolded++;
		return ERR_OK;
	case OUTCOME_UNVERIFIED:
		report->unverified++;
		return ERR_OK;
	case OUTCOME_FOLDED:
	default:
		return ERR_OK;
	}
}

/* The one of two entries with different names that has not the log's. */
static err fail_origin(const struct history *h, uint64_t sequence, struct bytes found,
		       struct fault *f)
{
	bool earlier = bytes_equal(found, bytes_text(h->name));
	uint64_t wrong = earlier ? h->origins.since : sequence;
	char text[FAULT_VALUE_SIZE];

	if (earlier)
		found = bytes_text(h->origins.now);
	snprintf(text, sizeof(text), "%.*s", (int)found.n, (const char *)found.p);
	return fail(f, "AUDIT_ENTRY_ORIGIN", "entry", number_text(wrong).text, "expected",
		    earlier ? h->name : h->origins.now, "found", text, NULL);
}

/* One name for all, or a new one where the log was succeeded, over exactly this tree. */
static err check_origin(struct history *h, const struct merkle *before, const struct entry *entry,
			struct audit_report *report, struct fault *f)
{
	struct origin_line *line = &h->origins;
	bool is_succession = bytes_equal(entry->claim.type, bytes_text(SUCCESSION_TYPE));
	struct succession succession;
	const char *why;

	if (!origin_follow(line, before->size, entry, &succession, &why))
		return is_succession ? fail(f, "AUDIT_SUCCESSION", "entry",
					    number_text(before->size).text, "why", why, NULL)
				     : fail_origin(h, before->size, entry->claim.origin, f);
	if (succession.origin.p == NULL)
		return ERR_OK;
	report->successions++;
	if (hash_equal(succession.recovered.root, merkle_head(before).root))
		return ERR_OK;
	return fail(f, "AUDIT_SUCCESSION", "entry", number_text(before->size).text, "why",
		    "it was agreed over other entries than stand before it", NULL);
}

err history_end(const struct history *h, struct fault *f)
{
	const struct origin_line *line = &h->origins;

	if (line->now[0] == 0 || strcmp(line->now, h->name) == 0)
		return ERR_OK;
	return fail(f, "AUDIT_ENTRY_ORIGIN", "entry", number_text(line->since).text, "expected",
		    h->name, "found", line->now, NULL);
}

static void count_proof(enum proof_kind kind, struct audit_report *report)
{
	if (kind == PROOF_COSE)
		report->signed_cose++;
	else if (kind == PROOF_WEBAUTHN)
		report->signed_webauthn++;
	else if (kind == PROOF_SSHSIG)
		report->signed_ssh++;
	else
		report->reported++;
}

err history_check(struct history *h, const struct merkle *before, const struct entry *entry,
		  struct audit_report *report, struct fault *f)
{
	const struct witness *w = &entry->witness;
	uint64_t sequence = before->size;

	TRY(check_origin(h, before, entry, report, f));
	if (w->sequence != sequence)
		return fail(f, "AUDIT_SEQUENCE", "entry", number_text(sequence).text, "found",
			    number_text(w->sequence).text, NULL);
	if (w->at < h->last_at)
		return fail(f, "AUDIT_TIME", "entry", number_text(sequence).text, "expected",
			    number_text(h->last_at).text, "found", number_text(w->at).text, NULL);
	h->last_at = w->at;
	TRY(check_previous(h, sequence, w, f));
	TRY(check_outcome(h, sequence, w, report, f));
	if (sequence == 0)
		report->first_at = w->at;
	report->last_at = w->at;
	report->subjects = h->subjects.n;
	count_proof(entry->proof.kind, report);
	return ERR_OK;
}

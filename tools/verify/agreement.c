/* SPDX-License-Identifier: Apache-2.0 */
/* agreement.c — who had to agree and did: decisions weighed by the charters that stand in the log, with
 * the judge of lib/core/charter.h; and that the unit's own issue receipt rests on one of them. */
#include "verify.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "core/signed_documents.h"
#include "proofs.h"

#include <stdlib.h>
#include <string.h>

enum { CLOCKS_MS = 120000 };

static const struct class
{
	const char *type, *name;
	bool manifest;
} CLASSES[] = {
	{"charter.revised", "charter", false},
	{"build.authorized", "build.authorize", false},
	{"firmware.released", "firmware.release", true},
	{"firmware.emergency", "firmware.emergency", true},
};

struct revision {
	struct revision *before;
	uint64_t from; /* by the signer's time */
	struct charter charter;
	uint64_t since[CHARTER_KEYS_MAX];
};

/* One decision that the signer answered, and what counts for it. */
struct weighing {
	struct verification *v;
	struct revision *last;
	const struct class *class;
	struct entry decision, answer;
	struct hash digest; /* of the decision */
	struct bytes document;
	const struct revision *by;
	struct charter_vote votes[CHARTER_VOTES_MAX];
	size_t votes_n;
	uint32_t keepers;
	uint64_t at;
};

static bool has_effect(const struct entry *e)
{
	return e->witness.outcome <= OUTCOME_EXECUTES;
}

/* The entry whose claim has this digest, before `sequence`. */
static bool find_claim(const struct verification *v, struct hash digest, uint64_t sequence,
		       struct entry *out)
{
	static struct passport_entry e;
	const char *why;
	size_t n;
	struct reader at = passport_entries(&v->passport, &n);

	for (size_t i = 0; i < n && passport_next_entry(&at, &e) && e.sequence < sequence; i++)
		if (entry_parse(e.bytes, out, &why) &&
		    hash_equal(claim_digest(out->claim_bytes), digest))
			return true;
	return false;
}

/* The next entry of this type that names the decision, from `at` on. */
static bool next_naming(struct reader *at, const char *type, struct hash digest, uint64_t sequence,
			struct entry *out)
{
	static struct passport_entry e;
	struct hash record;
	const char *why;

	while (passport_next_entry(at, &e) && e.sequence < sequence)
		if (entry_parse(e.bytes, out, &why) && entry_is(out, type) && has_effect(out) &&
		    body_hash(out->claim.body, "record", &record) && hash_equal(record, digest))
			return true;
	return false;
}

bool verify_signed_by_log(const struct verification *v, const struct cose_sign1 *sign1,
			  struct bytes name)
{
	bool good = document_signed(sign1, name, v->log->public_key);

	for (size_t i = 0; i < v->log_keys_n && !good; i++)
		good = document_signed(sign1, name, v->log_keys[i]);
	return good;
}

/* ---- votes ---- */

/* In the form that counts with the key, by the charter's own terms. */
static bool holds_by_charter(const struct charter *c, const struct charter_key *key,
			     const struct entry *entry)
{
	static const enum proof_kind KINDS[] = {[CHARTER_COSE] = PROOF_COSE,
						[CHARTER_WEBAUTHN] = PROOF_WEBAUTHN,
						[CHARTER_SSHSIG] = PROOF_SSHSIG};
	struct sshsig sig;
	const char *why;

	if (entry->proof.kind != KINDS[key->kind] ||
	    proof_wrong(entry, key->spki, c->relying_party) != NULL)
		return false;
	if (key->kind != CHARTER_SSHSIG || !sshsig_parse(entry->proof.sshsig, &sig, &why))
		return key->kind != CHARTER_SSHSIG;
	bool of_token = sig.algorithm == SSH_SK_ED25519 || sig.algorithm == SSH_SK_P256;
	if (key->application.p == NULL)
		return !of_token || bytes_equal(sig.application, bytes_text("ssh:"));
	return of_token && bytes_equal(sig.application, key->application);
}

static bool keeper_in_time(const struct charter *c, const struct charter_vote *vote, uint64_t now)
{
	const struct charter_rule *rule = charter_rule_find(c, bytes_text("charter"));

	return rule != NULL && vote->made <= now + CLOCKS_MS &&
	       (vote->made >= now || now - vote->made <= rule->vote_ttl_ms) &&
	       (vote->not_after == 0 || now <= vote->not_after);
}

static bool take_vote(struct weighing *w, const struct entry *entry)
{
	const struct charter *c = &w->by->charter;
	const struct charter_key *key = NULL, *keeper = NULL;
	struct charter_vote vote = {.made = entry->claim.made,
				    .not_after = body_number(entry->claim.body, "not_after")};

	if (w->votes_n == CHARTER_VOTES_MAX)
		return true;
	if (entry->claim.has_key)
		key = charter_key_find(c, entry->claim.key);
	for (size_t i = 0; i < c->recovery_n && entry->claim.has_key; i++)
		if (hash_equal(c->recovery_keys[i].id, entry->claim.key))
			keeper = &c->recovery_keys[i];
	if ((key == NULL && keeper == NULL) ||
	    !holds_by_charter(c, key != NULL ? key : keeper, entry))
		return false;
	vote.key = key;
	if (key != NULL)
		vote.key_since = w->by->since[key - c->keys];
	else if (keeper_in_time(c, &vote, w->at))
		w->keepers |= UINT32_C(1) << keeper->person;
	w->votes[w->votes_n++] = vote;
	return true;
}

static const char *judge(struct weighing *w)
{
	static struct charter next;
	const struct charter *c = &w->by->charter;
	const struct claim *claim = &w->decision.claim;
	bool charter_class = strcmp(w->class->name, "charter") == 0, more = false;
	struct charter_answer answer;
	const char *why = NULL;

	if (charter_class &&
	    (!charter_parse(document_in_body(claim->body, "charter"), &next, &why) ||
	     !charter_follows(c, &next, &more, &why)))
		return why;
	if (charter_class && c->recovery_need > 0 &&
	    (unsigned)__builtin_popcount(w->keepers) >= c->recovery_need)
		return NULL;
	struct charter_question question = {
		.approval_class = bytes_text(w->class->name),
		.author = claim->has_key ? charter_key_find(c, claim->key) : NULL,
		.author_made = claim->made,
		.votes = w->votes,
		.votes_n = w->votes_n,
		.now = w->at,
		.more = more,
	};
	if (question.author != NULL && !holds_by_charter(c, question.author, &w->decision))
		return "a proof does not hold by the charter's own terms";
	charter_weigh(c, &question, &answer);
	return answer.verdict == CHARTER_AGREED ? NULL : "not all had agreed who must";
}

/* ---- the signer's answers ---- */

static const char *weigh_admission(struct weighing *w)
{
	struct cose_sign1 sign1;
	struct admission a;
	struct entry vote;
	struct hash record;
	const char *why;

	if (!admission_parse(w->document, &sign1, &a, &why))
		return why;
	if (!hash_equal(a.claim, w->digest) || !bytes_equal(a.origin, w->decision.claim.origin) ||
	    !bytes_equal(a.approval_class, bytes_text(w->class->name)))
		return "the admission is of something else";
	w->at = a.at;
	w->by = w->last;
	while (w->by != NULL && w->by->charter.revision != a.charter)
		w->by = w->by->before;
	if (w->by == NULL)
		return "the charter that it was weighed by was never in force";
	if (!verify_signed_by_log(w->v, &sign1, document_name(DOCUMENT_ADMISSION)))
		return "the log's key did not sign the admission";
	for (size_t i = 0; i < a.approvals_n; i++)
		if (!find_claim(w->v, admission_approval(&a, i), w->answer.witness.sequence,
				&vote) ||
		    !entry_is(&vote, "approval.given") || !has_effect(&vote) ||
		    !body_hash(vote.claim.body, "record", &record) ||
		    !hash_equal(record, w->digest) || !take_vote(w, &vote))
			return "an approval that counted does not stand in the log before, or does "
			       "not hold";
	return judge(w);
}

static const char *weigh_manifest(struct weighing *w)
{
	struct cose_sign1 sign1;
	struct firmware_manifest m;
	struct entry vote;
	const char *why;
	size_t n;
	struct reader at = passport_entries(&w->v->passport, &n);

	if (!firmware_manifest_parse(w->document, &sign1, &m, &why))
		return why;
	if (!hash_equal(m.claim, w->digest) || !bytes_equal(m.origin, w->decision.claim.origin))
		return "the manifest is of something else";
	w->at = m.at;
	for (w->by = w->last; w->by->before != NULL && w->by->from > m.at;)
		w->by = w->by->before;
	while (next_naming(&at, "approval.given", w->digest, w->answer.witness.sequence, &vote))
		(void)take_vote(w,
				&vote); /* those whom the charter does not know are passed over */
	return judge(w);
}

static const char *denied(struct weighing *w)
{
	struct entry denial;
	size_t n;
	struct reader at = passport_entries(&w->v->passport, &n);

	while (next_naming(&at, "approval.denied", w->digest, w->answer.witness.sequence, &denial))
		if (denial.claim.has_key && denial.witness.at + CLOCKS_MS < w->at &&
		    charter_key_find(&w->last->charter, denial.claim.key) != NULL)
			return "somebody whom the charter names had denied it";
	return NULL;
}

static const char *take_charter(struct revision **last, struct bytes document, uint64_t from)
{
	struct revision *next = calloc(1, sizeof *next);
	const char *why = "memory is short";

	if (next == NULL || !charter_parse(document, &next->charter, &why)) {
		free(next);
		return why;
	}
	next->before = *last;
	next->from = from;
	for (size_t i = 0; i < next->charter.keys_n && *last != NULL; i++) {
		size_t place;
		next->since[i] = charter_key_stays(&(*last)->charter, &next->charter,
						   &next->charter.keys[i], &place)
					 ? (*last)->since[place]
					 : from;
	}
	*last = next;
	return NULL;
}

static bool was_answered(const struct weighing *w)
{
	struct entry earlier;
	size_t n;
	struct reader a = passport_entries(&w->v->passport, &n), b = a;
	uint64_t here = w->answer.witness.sequence;

	return next_naming(&a, "signer.admitted", w->digest, here, &earlier) ||
	       next_naming(&b, "signer.refused", w->digest, here, &earlier);
}

static const char *weigh_answer(struct weighing *w)
{
	struct cose_sign1 sign1;
	struct admission a;
	struct firmware_manifest m;
	const char *why;

	w->document = document_in_body(w->answer.claim.body, "document");
	w->class = NULL;
	w->votes_n = 0;
	w->keepers = 0;
	if (!body_hash(w->answer.claim.body, "record", &w->digest))
		return "the answer names no decision";
	if (was_answered(w))
		return NULL;
	if (find_claim(w->v, w->digest, w->answer.witness.sequence, &w->decision) &&
	    has_effect(&w->decision))
		for (size_t i = 0; i < sizeof CLASSES / sizeof CLASSES[0]; i++)
			if (entry_is(&w->decision, CLASSES[i].type))
				w->class = &CLASSES[i];
	if (w->class == NULL)
		return admission_parse(w->document, &sign1, &a, &why) ||
				       firmware_manifest_parse(w->document, &sign1, &m, &why)
			       ? "its decision does not stand in the log before"
			       : NULL;
	why = w->class->manifest ? weigh_manifest(w) : weigh_admission(w);
	if (why == NULL)
		why = denied(w);
	w->v->agreed += why == NULL;
	if (why == NULL && strcmp(w->class->name, "charter") == 0)
		why = take_charter(&w->last, document_in_body(w->decision.claim.body, "charter"),
				   w->at);
	return why;
}

static const char *take_first(struct weighing *w, struct bytes document)
{
	const char *why = take_charter(&w->last, document, 0);

	if (why != NULL)
		return why;
	return bytes_equal(w->last->charter.origin, w->answer.claim.origin) &&
			       w->last->charter.revision == 1
		       ? NULL
		       : "its charter is of another log, or not the first";
}

static bool weigh_all(struct weighing *w)
{
	static struct passport_entry e;
	const char *why;
	size_t n;
	struct reader at = passport_entries(&w->v->passport, &n);

	for (size_t i = 0; i < n && passport_next_entry(&at, &e); i++) {
		if (!entry_parse(e.bytes, &w->answer, &why) || !has_effect(&w->answer))
			continue;
		struct bytes charter = document_in_body(w->answer.claim.body, "charter");
		why = NULL;
		if (i == 0 && charter.n > 0)
			why = take_first(w, charter);
		else if (w->last != NULL && entry_is(&w->answer, "signer.admitted"))
			why = weigh_answer(w);
		if (why != NULL)
			return verify_fails(w->v, PASSPORT_AGREEMENT, e.sequence, why);
	}
	return true;
}

bool verify_agreement(struct verification *v)
{
	static struct weighing w;

	w = (struct weighing){.v = v};
	bool good = weigh_all(&w);
	bool has_charter = w.last != NULL;
	while (w.last != NULL) {
		struct revision *before = w.last->before;
		free(w.last);
		w.last = before;
	}
	return good && verify_issue(v, has_charter);
}

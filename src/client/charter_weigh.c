/* SPDX-License-Identifier: Apache-2.0 */
/* One decision, weighed once more as the signer's document says that it was weighed. */
#include "client/charter_check_internal.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "crypto/proof.h"

#include <string.h>

static const char *const VERDICTS[] = {
	[CHARTER_AGREED] = NULL,
	[CHARTER_NO_RULE] = "the charter has no rule for it",
	[CHARTER_AUTHOR_UNKNOWN] = "its author is not in the charter",
	[CHARTER_TOO_FEW] = "too few of those who may had agreed",
	[CHARTER_MUST_MISSING] = "a group that must agree had not",
	[CHARTER_NONE_OUTSIDE] = "no approval was made away from the server's screen",
	[CHARTER_REQUEST_OVER] = "it had waited too long",
};

/* Votes as charter_weigh wants them, and how many keepers of recovery keys are among them. */
struct weighed {
	struct charter_vote votes[CHARTER_VOTES_MAX];
	size_t n;
	uint32_t keepers;
};

uint64_t number_in_body(struct bytes body, const char *name)
{
	struct reader r = reader_of(body);

	for (size_t n = cbor_map(&r); n > 0 && r.why == NULL; n--) {
		bool found = bytes_equal(cbor_text(&r), bytes_text(name));
		if (found && cbor_peek(&r) == CBOR_UINT)
			return cbor_uint(&r);
		(void)cbor_item(&r);
	}
	return 0;
}

/* ---- proofs ---- */

/* In the form that counts with the key, bound to the charter's own console. */
static const char *proof_wrong(const struct charter *c, const struct charter_key *key,
			       const struct kept *kept)
{
	static const enum proof_kind KINDS[] = {[CHARTER_COSE] = PROOF_COSE,
						[CHARTER_WEBAUTHN] = PROOF_WEBAUTHN,
						[CHARTER_SSHSIG] = PROOF_SSHSIG};
	const struct proof_party party = {.relying_party = c->relying_party,
					  .origins = c->origins,
					  .origins_n = c->origins_n};
	struct public_key *public = NULL;
	struct fault f = {0};

	if (kept->entry.proof.kind != KINDS[key->kind])
		return "a proof is of another form than the charter says of its key";
	if (public_key_parse(key->spki, &public, &f).code != OK)
		return "the charter holds a key that is none";
	err e = proof_check(&kept->entry.proof, &kept->entry.claim, kept->entry.claim_bytes, public,
			    key->application, &party, &f);
	public_key_close(public);
	return e.code == OK ? NULL : "a proof does not hold by the charter's own terms";
}

static const struct charter_key *recovery_key(const struct charter *c, struct hash id)
{
	for (size_t i = 0; i < c->recovery_n; i++)
		if (hash_equal(c->recovery_keys[i].id, id))
			return &c->recovery_keys[i];
	return NULL;
}

static bool in_time(const struct charter *c, const struct charter_vote *vote, uint64_t now)
{
	const struct charter_rule *rule = charter_rule_find(c, bytes_text("charter"));

	return rule != NULL && vote->made <= now + 120000 &&
	       (vote->made >= now || now - vote->made <= rule->vote_ttl_ms) &&
	       (vote->not_after == 0 || now <= vote->not_after);
}

static const char *take_vote(const struct charter_kept *by, const struct kept *kept, uint64_t now,
			     struct weighed *out)
{
	const struct charter *c = &by->charter;
	const struct claim *claim = &kept->entry.claim;
	const struct charter_key *key = claim->has_key ? charter_key_find(c, claim->key) : NULL;
	const struct charter_key *keeper = claim->has_key ? recovery_key(c, claim->key) : NULL;
	struct charter_vote vote = {.key = key,
				    .made = claim->made,
				    .not_after = number_in_body(claim->body, "not_after")};
	const char *why;

	if (out->n == CHARTER_VOTES_MAX)
		return NULL; /* charter_weigh counts no more either */
	if (key == NULL && keeper == NULL)
		return "an approval that counted is by a key that the charter does not know";
	why = proof_wrong(c, key != NULL ? key : keeper, kept);
	if (why != NULL)
		return why;
	if (key != NULL)
		vote.key_since = by->since[key - c->keys];
	else if (in_time(c, &vote, now))
		out->keepers |= UINT32_C(1) << keeper->person;
	out->votes[out->n++] = vote;
	return NULL;
}

/* ---- the question ---- */

/* Whether a revision may follow, and whether it takes one more to agree. */
static const char *follows(const struct charter_kept *by, const struct kept *decision,
			   unsigned *more)
{
	struct bytes document = document_in_body(decision->entry.claim.body, "charter");
	struct charter next;
	bool one_more;
	const char *why;

	*more = 0;
	if (!bytes_equal(decision->entry.claim.type, bytes_text("charter.revised")))
		return NULL;
	if (!charter_parse(document, &next, &why) ||
	    !charter_follows(&by->charter, &next, &one_more, &why))
		return why;
	*more = one_more;
	return NULL;
}

static const char *ask(const struct charter_kept *by, const struct open_decision *d,
		       const struct weighed *w, unsigned more, uint64_t now)
{
	const struct charter *c = &by->charter;
	const struct claim *claim = &d->decision->entry.claim;
	struct charter_answer answer;
	struct charter_question question = {
		.approval_class = bytes_text(CLASSES[d->class].approval_class),
		.author = claim->has_key ? charter_key_find(c, claim->key) : NULL,
		.author_made = claim->made,
		.votes = w->votes,
		.votes_n = w->n,
		.now = now,
		.more = more,
	};

	/* Keepers stand in for the rule, for the charter alone. */
	if (bytes_equal(question.approval_class, bytes_text("charter")) && c->recovery_need > 0 &&
	    (unsigned)__builtin_popcount(w->keepers) >= c->recovery_need)
		return NULL;
	if (question.author != NULL) {
		const char *why = proof_wrong(c, question.author, d->decision);
		if (why != NULL)
			return why;
	}
	charter_weigh(c, &question, &answer);
	return VERDICTS[answer.verdict];
}

/* ---- approvals that came as files ---- */

/* Its approvals count by the time of the newest: when the signer saw them, the log does not say. */
const char *charter_check_files(const struct charter_kept *by, const char *approval_class,
				const struct kept *votes)
{
	struct charter_answer answer = {.verdict = CHARTER_TOO_FEW};
	struct weighed w = {.n = 0};
	uint64_t now = 0;

	for (const struct kept *one = votes; one != NULL; one = one->next)
		now = one->entry.claim.made > now ? one->entry.claim.made : now;
	for (const struct kept *one = votes; one != NULL; one = one->next) {
		const char *why = take_vote(by, one, now, &w);
		if (why != NULL)
			return why;
	}
	if (by->charter.recovery_need > 0 &&
	    (unsigned)__builtin_popcount(w.keepers) >= by->charter.recovery_need)
		return NULL;
	for (size_t i = 0; i < w.n && answer.verdict != CHARTER_AGREED; i++) {
		struct charter_question question = {.approval_class = bytes_text(approval_class),
						    .author = w.votes[i].key,
						    .author_made = w.votes[i].made,
						    .votes = w.votes,
						    .votes_n = w.n,
						    .now = now};
		if (question.author != NULL)
			charter_weigh(&by->charter, &question, &answer);
	}
	return VERDICTS[answer.verdict];
}

/* ---- by an admission: charter and approvals are named ---- */

static const struct charter_kept *revision(const struct charter_check *c, uint64_t number)
{
	const struct charter_kept *one = c->last;

	while (one != NULL && one->charter.revision != number)
		one = one->before;
	return one;
}

static const struct kept *vote_with(const struct open_decision *d, struct hash digest)
{
	const struct kept *one = d->votes;

	while (one != NULL && !hash_equal(one->digest, digest))
		one = one->next;
	return one;
}

/* An earlier key of the log signed for an earlier time; who has only the present one cannot ask it. */
static const char *signature_wrong(struct charter_check *c, const struct cose_sign1 *sign1)
{
	if (!hash_equal(sign1->kid, public_key_id(c->key))) {
		c->report.foreign++;
		return NULL;
	}
	return cose_verify(sign1, c->key, document_name(DOCUMENT_ADMISSION), sign1->payload)
		       ? NULL
		       : "the log's key did not sign the admission";
}

const char *charter_check_admission(struct charter_check *c, const struct open_decision *d,
				    struct bytes document, uint64_t *at)
{
	const struct charter_kept *by;
	struct cose_sign1 sign1;
	struct admission a;
	struct weighed w = {.n = 0};
	unsigned more;
	const char *why;

	if (!admission_parse(document, &sign1, &a, &why))
		return why;
	if (!hash_equal(a.claim, d->decision->digest) ||
	    !bytes_equal(a.origin, d->decision->entry.claim.origin) ||
	    !bytes_equal(a.approval_class, bytes_text(CLASSES[d->class].approval_class)))
		return "the admission is of something else";
	by = revision(c, a.charter);
	if (by == NULL)
		return "the charter that it was weighed by was never in force";
	why = signature_wrong(c, &sign1);
	if (why == NULL)
		why = follows(by, d->decision, &more);
	for (size_t i = 0; i < a.approvals_n && why == NULL; i++) {
		const struct kept *vote = vote_with(d, admission_approval(&a, i));
		why = vote == NULL ? "an approval that counted does not stand in the log before"
				   : take_vote(by, vote, a.at, &w);
	}
	*at = a.at;
	return why != NULL ? why : ask(by, d, &w, more, a.at);
}

bool charter_check_document(struct bytes body)
{
	struct bytes document = document_in_body(body, "document");
	struct cose_sign1 sign1;
	struct admission a;
	struct firmware_manifest m;
	const char *why;

	return admission_parse(document, &sign1, &a, &why) ||
	       firmware_manifest_parse(document, &sign1, &m, &why);
}

/* ---- by a manifest: it names its time, and everything in the log may count ---- */

static const struct charter_kept *in_force_at(const struct charter_check *c, uint64_t at)
{
	const struct charter_kept *one = c->last;

	while (one->before != NULL && one->from > at)
		one = one->before;
	return one;
}

const char *charter_check_manifest(struct charter_check *c, const struct open_decision *d,
				   struct bytes document, uint64_t *at)
{
	const struct charter_kept *by;
	struct cose_sign1 sign1;
	struct firmware_manifest m;
	struct weighed w = {.n = 0};
	const char *why;

	if (!firmware_manifest_parse(document, &sign1, &m, &why))
		return why;
	if (!hash_equal(m.claim, d->decision->digest) ||
	    !bytes_equal(m.origin, d->decision->entry.claim.origin))
		return "the manifest is of something else";
	by = in_force_at(c, m.at);
	/* The signer passes over those whom the charter does not know. */
	for (const struct kept *vote = d->votes; vote != NULL; vote = vote->next)
		(void)take_vote(by, vote, m.at, &w);
	*at = m.at;
	return ask(by, d, &w, 0, m.at);
}

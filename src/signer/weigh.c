/* SPDX-License-Identifier: Apache-2.0 */
/* weigh.c — whether the people whom the charter names agreed. Proofs are verified here; what they weigh
 * together, charter_weigh() says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/admit.h"

enum { VOTE_VERSION_MAX = 2 };

struct votes {
	struct charter_vote votes[CHARTER_VOTES_MAX];
	struct hash digests[CHARTER_VOTES_MAX];
	size_t n;
	uint32_t keepers;    /* bit i: the keeper of recovery key i agreed */
	uint64_t recovering; /* bit i: votes[i] is by a recovery key */
	struct fault wrong;  /* of the first proof that does not hold; code OK: none */
};

static err not_an_approval(const char *why, struct fault *f)
{
	return fail(f, "SIGNER_APPROVAL_WRONG", "why", why, NULL);
}

/* approval.given, of exactly this claim, and never counted before. */
static err judge_vote(const struct deciding *d, const struct shown *vote, struct fault *f)
{
	const struct claim *claim = &vote->entry.claim;
	struct body b = body_of(claim);

	if (!claim_is(claim, "approval.given") || claim->version > VOTE_VERSION_MAX)
		return not_an_approval("it is another record", f);
	struct hash record = body_hash(&b, "record");
	if (b.wrong != NULL)
		return not_an_approval("it names no record", f);
	if (!check_left_out(CHECK_SIGNER_TARGET) && !hash_equal(record, d->target.digest))
		return not_an_approval("it is of another record", f);
	if (!check_left_out(CHECK_SIGNER_SPENT) &&
	    known_find(&d->vault->state.known, KNOWN_SPENT, vote->digest) != NULL)
		return fail(f, "SIGNER_APPROVAL_SPENT", NULL);
	return ERR_OK;
}

/* Keepers, each once, whatever the number of keys they keep. */
static void note_keeper(const struct charter *c, const struct charter_key *key, struct votes *votes)
{
	for (size_t i = 0; i < c->recovery_n; i++)
		if (bytes_equal(c->recovery[i].keeper, c->recovery[key->person].keeper)) {
			votes->keepers |= UINT32_C(1) << i;
			return;
		}
}

static bool vote_in_time(const struct deciding *d, const struct charter_vote *vote)
{
	const struct charter_rule *rule =
		charter_rule_find(&d->vault->state.charter->charter, bytes_text("charter"));

	return check_left_out(CHECK_SIGNER_EXPIRY) ||
	       (rule != NULL && vote->made <= d->now + 120000 &&
		(vote->made >= d->now || d->now - vote->made <= rule->vote_ttl_ms) &&
		(vote->not_after == 0 || d->now <= vote->not_after));
}

/* A vote by nobody whom the charter knows, or whose proof does not hold (any more: the charter may have
 * another console since), is passed over: others may be enough. */
static err take_vote(const struct deciding *d, const struct shown *shown, struct votes *votes,
		     struct fault *f)
{
	const struct vault *v = d->vault;
	const struct claim *claim = &shown->entry.claim;
	const struct charter_key *person = evidence_key(v, claim);
	const struct charter_key *keeper =
		d->operation == OPERATION_POLICY ? evidence_recovery_key(v, claim) : NULL;
	struct body b = body_of(claim);
	struct charter_vote vote = {.key = person, .made = claim->made};
	struct fault wrong = {0};

	if (person == NULL && keeper == NULL)
		return ERR_OK;
	if (evidence_proof(v, shown, person != NULL ? person : keeper, &wrong).code != OK) {
		if (votes->wrong.code == OK)
			votes->wrong = wrong;
		return ERR_OK;
	}
	if (body_has(&b, "not_after"))
		vote.not_after = body_number(&b, "not_after", INSTANT_MS_MAX);
	if (b.wrong != NULL)
		return not_an_approval("its not_after is no time", f);
	if (person != NULL)
		vote.key_since = state_key_since(&v->state, person);
	else if (vote_in_time(d, &vote)) {
		note_keeper(&v->state.charter->charter, keeper, votes);
		votes->recovering |= UINT64_C(1) << votes->n;
	}
	votes->digests[votes->n] = shown->digest;
	votes->votes[votes->n++] = vote;
	return ERR_OK;
}

static err take_votes(const struct deciding *d, struct merkle_head head, struct votes *votes,
		      struct fault *f)
{
	uint64_t newest = d->request->proved[0].sequence;

	for (size_t i = 1; i < d->request->n; i++) {
		struct shown shown;

		TRY(evidence_show(d->vault, head, &d->request->proved[i], &shown, f));
		TRY(judge_vote(d, &shown, f));
		TRY(take_vote(d, &shown, votes, f));
		if (d->request->proved[i].sequence > newest)
			newest = d->request->proved[i].sequence;
	}
	return evidence_fresh(d->vault, newest, f);
}

static unsigned ignored(void)
{
	static const struct {
		enum check check;
		unsigned judgement;
	} CHECKS_OF[] = {
		{CHECK_SIGNER_AUTHOR, CHARTER_JUDGE_AUTHOR},
		{CHECK_SIGNER_DISTINCT, CHARTER_JUDGE_DISTINCT},
		{CHECK_SIGNER_ELIGIBLE, CHARTER_JUDGE_ELIGIBLE},
		{CHECK_SIGNER_NEWCOMER, CHARTER_JUDGE_NEWCOMER},
		{CHECK_SIGNER_EXPIRY, CHARTER_JUDGE_EXPIRY},
		{CHECK_SIGNER_OUTSIDE, CHARTER_JUDGE_OUTSIDE},
	};
	unsigned bits = 0;

	for (size_t i = 0; i < sizeof(CHECKS_OF) / sizeof(CHECKS_OF[0]); i++)
		if (check_left_out(CHECKS_OF[i].check))
			bits |= CHECKS_OF[i].judgement;
	return bits;
}

/* ---- what to say when they do not agree ---- */

static err too_few(const struct charter_answer *answer, struct fault *f)
{
	const struct {
		uint64_t votes;
		const char *why;
	} whys[] = {
		{answer->of_author, "the author's own does not count"},
		{answer->again, "one person agreed twice"},
		{answer->not_eligible, "one is not of the rule's groups"},
		{answer->expired, "one is too old"},
		{answer->newcomer, "one is by a key that is too new"},
	};
	char need[16], counted[16];
	const char *why = "there are no others";

	(void)snprintf(need, sizeof(need), "%u", answer->need);
	(void)snprintf(counted, sizeof(counted), "%u", answer->counted);
	for (size_t i = 0; i < sizeof(whys) / sizeof(whys[0]); i++)
		if (whys[i].votes != 0)
			why = whys[i].why;
	return fail(f, "SIGNER_APPROVALS_MISSING", "need", need, "counted", counted, "why", why,
		    NULL);
}

static err say_verdict(const struct deciding *d, const struct votes *votes,
		       const struct charter_answer *answer, struct fault *f)
{
	char text[ID_SIZE_MAX + 1] = "";

	if (answer->verdict != CHARTER_AGREED && votes->wrong.code != OK) {
		if (f != NULL)
			*f = votes->wrong;
		return (err){votes->wrong.code};
	}
	switch (answer->verdict) {
	case CHARTER_AGREED:
		return ERR_OK;
	case CHARTER_NO_RULE:
		return fail(f, "SIGNER_NO_RULE", "class", d->approval_class, NULL);
	case CHARTER_AUTHOR_UNKNOWN:
		memcpy(text, d->target.entry.claim.author.p, d->target.entry.claim.author.n);
		return fail(f, "SIGNER_AUTHOR_UNKNOWN", "author", text, NULL);
	case CHARTER_MUST_MISSING:
		memcpy(text, answer->missing.p, answer->missing.n);
		return fail(f, "SIGNER_MUST_SIGN_MISSING", "group", text, NULL);
	case CHARTER_NONE_OUTSIDE:
		return fail(f, "SIGNER_NONE_OUTSIDE", NULL);
	case CHARTER_REQUEST_OVER:
		return fail(f,
			    d->target.entry.claim.made > d->now ? "SIGNER_REQUEST_EARLY"
								: "SIGNER_REQUEST_OVER",
			    NULL);
	case CHARTER_TOO_FEW:
		break;
	}
	return too_few(answer, f);
}

/* ---- together ---- */

static int by_digest(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct hash));
}

static void keep_used(struct decision *decision, const struct votes *votes, uint64_t used)
{
	for (size_t i = 0; i < votes->n; i++)
		if ((used >> i & 1) != 0)
			decision->approvals[decision->approvals_n++] = votes->digests[i];
	qsort(decision->approvals, decision->approvals_n, sizeof(struct hash), by_digest);
}

/* Enough keepers of the recovery set stand in for the rule: for the charter alone. */
static bool recovered(const struct deciding *d, const struct votes *votes)
{
	unsigned need = d->vault->state.charter->charter.recovery_need;

	return d->operation == OPERATION_POLICY && need > 0 &&
	       (unsigned)__builtin_popcount(votes->keepers) >= need;
}

/* The author's proof holds where the charter knows the key; where it does not, charter_weigh says so. */
static err author_of(const struct deciding *d, const struct charter_key **author, struct fault *f)
{
	*author = evidence_key(d->vault, &d->target.entry.claim);
	return *author == NULL ? ERR_OK : evidence_proof(d->vault, &d->target, *author, f);
}

err weigh_decision(struct deciding *d, struct fault *f)
{
	const struct vault *v = d->vault;
	struct votes *votes = arena_alloc(d->arena, sizeof(*votes));
	struct charter_question question = {.approval_class = bytes_text(d->approval_class),
					    .author_made = d->target.entry.claim.made,
					    .now = d->now,
					    .more = d->more,
					    .ignore = ignored()};
	struct charter_answer answer;
	struct merkle_head head;

	if (votes == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a decision", NULL);
	TRY(evidence_head(v, d->request->size, &head, f));
	TRY(evidence_show(v, head, &d->request->proved[0], &d->target, f));
	TRY(take_votes(d, head, votes, f));
	if (recovered(d, votes)) {
		keep_used(&d->decision, votes, votes->recovering);
		return ERR_OK;
	}
	TRY(author_of(d, &question.author, f));
	question.votes = votes->votes;
	question.votes_n = votes->n;
	charter_weigh(&v->state.charter->charter, &question, &answer);
	TRY(say_verdict(d, votes, &answer, f));
	keep_used(&d->decision, votes, answer.used);
	return ERR_OK;
}

/* ---- approvals that came as files ---- */

static void weigh_by(struct deciding *d, const struct votes *votes, size_t author,
		     struct charter_answer *answer)
{
	struct charter_question question = {.approval_class = bytes_text(d->approval_class),
					    .author = votes->votes[author].key,
					    .author_made = votes->votes[author].made,
					    .votes = votes->votes,
					    .votes_n = votes->n,
					    .now = d->now,
					    .ignore = ignored()};

	charter_weigh(&d->vault->state.charter->charter, &question, answer);
}

err weigh_files(struct deciding *d, const struct shown *shown, size_t n, struct fault *f)
{
	struct votes *votes = arena_alloc(d->arena, sizeof(*votes));
	struct charter_answer answer = {.verdict = CHARTER_TOO_FEW, .need = 1};

	if (votes == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a decision", NULL);
	d->operation = OPERATION_POLICY; /* as there, the recovery set may stand in */
	for (size_t i = 0; i < n; i++) {
		TRY(judge_vote(d, &shown[i], f));
		TRY(take_vote(d, &shown[i], votes, f));
	}
	if (recovered(d, votes))
		return ERR_OK;
	for (size_t i = 0; i < votes->n; i++) {
		if ((votes->recovering >> i & 1) != 0)
			continue;
		weigh_by(d, votes, i, &answer);
		if (answer.verdict == CHARTER_AGREED)
			return ERR_OK;
	}
	return say_verdict(d, votes, &answer, f);
}

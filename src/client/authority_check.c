/* SPDX-License-Identifier: Apache-2.0 */
#include "client/authority_internal.h"

#include "core/sha256.h"
#include "crypto/crypto.h"

#include <stdio.h>
#include <string.h>

/* ---- judging ---- */

static err wrong(struct fault *f, const char *what, const char *detail)
{
	return fail(f, "AUTHORITY_WRONG", "what", what, "detail", detail, NULL);
}

static err verify_by_log(const struct note_key *log, enum document_kind kind,
			 const struct cose_sign1 *sign1, const char *what, struct fault *f)
{
	struct public_key *key;

	TRY(public_key_from_ed25519(log->public_key, &key, f));
	bool good = cose_verify(sign1, key, document_name(kind), sign1->payload);
	public_key_close(key);
	return good ? ERR_OK : wrong(f, what, "the log's key did not sign it");
}

static void copy_text(char *out, size_t cap, struct bytes text)
{
	snprintf(out, cap, "%.*s", (int)text.n, (const char *)text.p);
}

static void add_name(struct agreed *out, struct bytes name)
{
	size_t n = strlen(out->names);

	snprintf(out->names + n, sizeof out->names - n, "%s%.*s", n > 0 ? ", " : "", (int)name.n,
		 (const char *)name.p);
}

/* Since when the charter knew a key, as of one revision: 0 if it was there from the beginning. */
static uint64_t key_since(const struct authority_check *c, const struct charter_seen *in,
			  const struct charter_key *key)
{
	for (;;) {
		const struct charter_seen *before = seen_charter(c, in->charter.revision - 1);
		size_t place;

		if (before == NULL ||
		    !charter_key_stays(&before->charter, &in->charter, key, &place))
			return in->since;
		in = before;
		key = &before->charter.keys[place];
	}
}

/* Approvals as they are read: of persons, and of keepers of the recovery set. */
struct votes_read {
	struct charter_vote votes[DOCUMENT_APPROVALS_MAX];
	size_t n;
	uint32_t keepers; /* bit i: the keeper of recovery[i] */
};

static const struct charter_key *recovery_key(const struct charter *charter, struct hash id)
{
	for (size_t i = 0; i < charter->recovery_n; i++)
		if (hash_equal(charter->recovery_keys[i].id, id))
			return &charter->recovery_keys[i];
	return NULL;
}

/* Keepers, each once, whatever the number of keys they keep. */
static void add_keeper(const struct charter *charter, const struct charter_key *key,
		       struct votes_read *out)
{
	struct bytes keeper = charter->recovery[key->person].keeper;

	for (size_t i = 0; i < charter->recovery_n; i++)
		if (bytes_equal(charter->recovery[i].keeper, keeper)) {
			out->keepers |= UINT32_C(1) << i;
			return;
		}
}

static const char *read_vote(const struct authority_check *c, const struct charter_seen *charter,
			     struct hash approval, struct hash target, struct votes_read *out,
			     struct agreed *agreed)
{
	const struct claim_seen *vote = seen_claim(c, approval);
	struct hash record;

	if (vote == NULL || !seen_is(vote, "approval.given"))
		return "an approval that it counts is not here";
	if (!seen_hash(vote->body, "record", &record) || !hash_equal(record, target))
		return "an approval that it counts is for something else";
	if (!vote->has_key)
		return "an approval that it counts was not signed";
	const struct charter_key *key = charter_key_find(&charter->charter, vote->key);
	const struct charter_key *keeper = recovery_key(&charter->charter, vote->key);
	if (key == NULL && keeper == NULL)
		return "an approval that it counts is by a key that the charter does not know";
	add_name(agreed, vote->author);
	if (key == NULL) {
		add_keeper(&charter->charter, keeper, out);
		return NULL;
	}
	out->votes[out->n++] =
		(struct charter_vote){.key = key,
				      .made = vote->made,
				      .not_after = seen_number(vote->body, "not_after"),
				      .key_since = key_since(c, charter, key)};
	return NULL;
}

static const char *verdict_text(enum charter_verdict verdict)
{
	static const char *const TEXTS[] = {
		[CHARTER_AGREED] = NULL,
		[CHARTER_NO_RULE] = "the charter has no rule for it",
		[CHARTER_AUTHOR_UNKNOWN] = "its author is not in the charter",
		[CHARTER_TOO_FEW] = "too few of those who may had agreed",
		[CHARTER_MUST_MISSING] = "a group that must agree had not",
		[CHARTER_NONE_OUTSIDE] = "no approval was made away from our server's screen",
		[CHARTER_REQUEST_OVER] = "it had waited too long",
	};

	return TEXTS[verdict];
}

/* Whether a revision of the charter could follow, and whether it takes one more to agree. */
static const char *follows(const struct authority_check *c, const struct claim_seen *claim,
			   const struct charter_seen *charter, unsigned *more)
{
	const struct charter_seen *next = seen_charter(c, charter->charter.revision + 1);
	bool one_more;
	const char *why;

	*more = 0;
	if (!seen_is(claim, "charter.revised"))
		return NULL;
	if (next == NULL ||
	    !hash_equal(next->charter.digest, sha256(document_in_body(claim->body, "charter"))))
		return "the charter that it admits is not here";
	if (!charter_follows(&charter->charter, &next->charter, &one_more, &why))
		return why;
	*more = one_more;
	return NULL;
}

/* Enough keepers of the recovery set stand in for the rule: for the charter alone. */
static bool recovered(const struct claim_seen *claim, const struct charter *charter,
		      const struct votes_read *votes)
{
	return seen_is(claim, "charter.revised") && charter->recovery_need > 0 &&
	       (unsigned)__builtin_popcount(votes->keepers) >= charter->recovery_need;
}

/* The decision weighed once more, as the signer says that it weighed it. */
static const char *weigh(struct authority_check *c, const struct claim_seen *claim,
			 const struct admission *admission, struct agreed *agreed)
{
	const struct charter_seen *charter = seen_charter(c, admission->charter);
	struct votes_read votes = {.n = 0};
	struct charter_answer answer;
	unsigned more;
	const char *why;

	if (charter == NULL)
		return "the charter that it was weighed by is not here";
	why = follows(c, claim, charter, &more);
	for (size_t i = 0; i < admission->approvals_n && why == NULL; i++)
		why = read_vote(c, charter, admission_approval(admission, i), claim->digest, &votes,
				agreed);
	if (why != NULL)
		return why;
	agreed->charter = admission->charter;
	if (recovered(claim, &charter->charter, &votes))
		return NULL;
	struct charter_question question = {
		.approval_class = admission->approval_class,
		.author = claim->has_key ? charter_key_find(&charter->charter, claim->key) : NULL,
		.author_made = claim->made,
		.votes = votes.votes,
		.votes_n = votes.n,
		.now = admission->at,
		.more = more};
	charter_weigh(&charter->charter, &question, &answer);
	return verdict_text(answer.verdict);
}

/* The class that a decision is of: an admission must not have it weighed as something easier. */
static const char *class_of(const struct claim_seen *claim)
{
	return seen_is(claim, "charter.revised")     ? "charter"
	       : seen_is(claim, "build.authorized")  ? "build.authorize"
	       : seen_is(claim, "firmware.released") ? "firmware.release"
						     : "firmware.emergency";
}

static err check_admission(struct authority_check *c, const struct note_key *log,
			   const struct claim_seen *claim, const char *what, struct agreed *agreed,
			   uint64_t *at, struct fault *f)
{
	const struct answer_seen *answer = seen_answer(c, claim->digest);
	struct cose_sign1 sign1;
	struct admission admission;
	const char *why;

	if (answer == NULL)
		return wrong(f, what, "the signer's admission is not here");
	if (!admission_parse(answer->document, &sign1, &admission, &why))
		return wrong(f, what, why);
	TRY(verify_by_log(log, DOCUMENT_ADMISSION, &sign1, what, f));
	if (!hash_equal(admission.claim, claim->digest) ||
	    !bytes_equal(admission.origin, claim->origin) ||
	    !bytes_equal(admission.approval_class, bytes_text(class_of(claim))))
		return wrong(f, what, "the signer's admission is of something else");
	why = weigh(c, claim, &admission, agreed);
	*at = admission.at;
	return why == NULL ? ERR_OK : wrong(f, what, why);
}

/* ---- the parts ---- */

static err take_charter(struct authority_check *c, const struct note_key *log,
			const struct claim_seen *claim, struct fault *f)
{
	static const char WHAT[] = "charter";
	struct agreed ignored = {0};
	uint64_t at = 0;
	struct charter_seen *kept =
		seen_keep_charter(c, document_in_body(claim->body, "charter"), 0);

	if (kept == NULL)
		return wrong(f, WHAT, "a revision that was admitted is none");
	TRY(check_admission(c, log, claim, WHAT, &ignored, &at, f));
	kept->since = at;
	return ERR_OK;
}

/* From the first revision on, each admitted by the one before it. */
static err take_charters(struct authority_check *c, const struct note_key *log,
			 struct authority_report *out, struct fault *f)
{
	out->charters = c->charters != NULL;
	for (const struct claim_seen *one = c->claims; one != NULL; one = one->next) {
		if (!seen_is(one, "charter.revised") || seen_answer(c, one->digest) == NULL)
			continue;
		TRY(take_charter(c, log, one, f));
		out->admitted++;
		out->charters++;
	}
	return ERR_OK;
}

static err check_receipt(struct authority_check *c, const struct note_key *log,
			 struct issue_receipt *receipt, struct fault *f)
{
	static const char WHAT[] = "issue receipt";
	struct cose_sign1 sign1;
	const char *why;

	if (!issue_receipt_parse(c->receipt, &sign1, receipt, &why))
		return wrong(f, WHAT, why);
	TRY(verify_by_log(log, DOCUMENT_RECEIPT, &sign1, WHAT, f));
	if (!bytes_equal(receipt->origin, c->origin))
		return wrong(f, WHAT, "it is of another log");
	if (!c->requested || !hash_equal(receipt->request, c->request))
		return wrong(f, WHAT, "it is for another request");
	if (!hash_equal(receipt->certificate, c->certificate))
		return wrong(f, WHAT, "it is for another certificate");
	return ERR_OK;
}

static err check_build(struct authority_check *c, const struct note_key *log,
		       const struct issue_receipt *receipt, struct authority_report *out,
		       struct fault *f)
{
	static const char WHAT[] = "build authorization";
	const struct claim_seen *claim = seen_claim(c, receipt->authorization);
	uint64_t at;

	if (claim == NULL || !seen_is(claim, "build.authorized"))
		return wrong(f, WHAT, "it is not here");
	if (seen_number(claim->body, "quantity") != receipt->of)
		return wrong(f, WHAT, "it is for another number of units");
	copy_text(out->authorization.id, sizeof out->authorization.id,
		  seen_text(claim->body, "authorization"));
	TRY(check_admission(c, log, claim, WHAT, &out->authorization, &at, f));
	if (receipt->at < at)
		return wrong(f, WHAT, "the unit was issued before it was admitted");
	out->admitted++;
	return ERR_OK;
}

static const char *compare_manifest(const struct firmware_manifest *m,
				    const struct claim_seen *claim)
{
	struct hash image;

	if (!bytes_equal(m->origin, claim->origin) || !hash_equal(m->claim, claim->digest))
		return "it is of another decision";
	if (!seen_hash(claim->body, "image", &image) || !hash_equal(image, m->image) ||
	    seen_number(claim->body, "image_size") != m->image_size)
		return "it names another image than was agreed to";
	if (seen_number(claim->body, "security_version") != m->security_version)
		return "it names another security version than was agreed to";
	if (!bytes_equal(seen_text(claim->body, "release"), m->release) ||
	    !bytes_equal(seen_text(claim->body, "product"), m->product) ||
	    !bytes_equal(seen_text(claim->body, "environment"), m->environment) ||
	    !bytes_equal(seen_text(claim->body, "version"), m->version))
		return "it names another release than was agreed to";
	if (m->emergency != seen_is(claim, "firmware.emergency"))
		return "it is an emergency release, or the other way round";
	return NULL;
}

/* What the authorization says that may run. The firmware key is no key of the log: which one signed is
 * told, and whoever knows it compares. */
static err check_firmware(struct authority_check *c, const struct issue_receipt *receipt,
			  struct authority_report *out, struct fault *f)
{
	static const char WHAT[] = "firmware manifest";
	const struct claim_seen *build = seen_claim(c, receipt->authorization), *claim = c->claims;
	struct bytes release = seen_text(build->body, "release");
	struct cose_sign1 sign1;
	struct firmware_manifest manifest;
	const char *why;

	while (claim != NULL &&
	       !((seen_is(claim, "firmware.released") || seen_is(claim, "firmware.emergency")) &&
		 bytes_equal(seen_text(claim->body, "release"), release)))
		claim = claim->next;
	if (claim == NULL)
		return wrong(f, WHAT, "the release that the authorization names is not here");
	const struct answer_seen *answer = seen_answer(c, claim->digest);
	if (answer == NULL)
		return wrong(f, WHAT, "it is not here");
	if (!firmware_manifest_parse(answer->document, &sign1, &manifest, &why))
		return wrong(f, WHAT, why);
	why = compare_manifest(&manifest, claim);
	if (why != NULL)
		return wrong(f, WHAT, why);
	copy_text(out->firmware.id, sizeof out->firmware.id, release);
	out->firmware.signed_by = sign1.kid;
	out->firmware.security_version = manifest.security_version;
	for (const struct claim_seen *vote = c->claims; vote != NULL; vote = vote->next) {
		struct hash record;
		if (seen_is(vote, "approval.given") && seen_hash(vote->body, "record", &record) &&
		    hash_equal(record, claim->digest))
			add_name(&out->firmware, vote->author);
	}
	return ERR_OK;
}

err authority_check_end(struct authority_check *c, const struct note_key *log,
			struct authority_report *out, struct fault *f)
{
	struct issue_receipt receipt;

	*out = (struct authority_report){0};
	if (c->fault.code != OK) {
		*f = c->fault;
		return (err){f->code};
	}
	TRY(take_charters(c, log, out, f));
	/* A log from before there were charters. In one that has a charter nothing is issued without. */
	if (c->receipt.n == 0)
		return c->charters != NULL && c->certified
			       ? wrong(f, "issue receipt", "it is not here")
			       : ERR_OK;
	TRY(check_receipt(c, log, &receipt, f));
	TRY(check_build(c, log, &receipt, out, f));
	TRY(check_firmware(c, &receipt, out, f));
	out->issued = true;
	out->n = receipt.n;
	out->of = receipt.of;
	out->anchor = receipt.anchor;
	return ERR_OK;
}

void authority_check_done(struct authority_check *c)
{
	arena_done(&c->arena);
}

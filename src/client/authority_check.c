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

static bool signed_by(const uint8_t raw[static 32], enum document_kind kind,
		      const struct cose_sign1 *sign1)
{
	struct public_key *key;
	struct fault ignored;

	if (public_key_from_ed25519(raw, &key, &ignored).code != OK)
		return false;
	bool good = cose_verify(sign1, key, document_name(kind), sign1->payload);
	public_key_close(key);
	return good;
}

static err verify_by_log(const struct authority_check *c, const struct note_key *log,
			 enum document_kind kind, const struct cose_sign1 *sign1, const char *what,
			 struct fault *f)
{
	bool good = signed_by(log->public_key, kind, sign1);

	for (size_t i = 0; i < c->log_keys_n && !good; i++)
		good = signed_by(c->log_keys[i], kind, sign1);
	return good ? ERR_OK : wrong(f, what, "the log's key did not sign it");
}

/* What is no id is not shown: whoever wrote it does not draw our screen. */
static void copy_text(char *out, size_t cap, struct bytes text)
{
	if (!id_valid(text))
		return;
	snprintf(out, cap, "%.*s", (int)text.n, (const char *)text.p);
}

static void add_name(struct agreed *out, struct bytes name)
{
	size_t n = strlen(out->names);

	snprintf(out->names + n, sizeof out->names - n, "%s%.*s", n > 0 ? ", " : "", (int)name.n,
		 (const char *)name.p);
}

/* Who agreed is told by the approvals that the admission counts; that they weigh enough is the charter
 * check's to say. */
static err name_voters(const struct authority_check *c, const struct admission *admission,
		       const char *what, struct agreed *agreed, struct fault *f)
{
	for (size_t i = 0; i < admission->approvals_n; i++) {
		const struct claim_seen *vote = seen_claim(c, admission_approval(admission, i));
		struct hash record;
		if (vote == NULL || !seen_is(vote, "approval.given"))
			return wrong(f, what, "an approval that it counts is not here");
		if (!seen_hash(vote->body, "record", &record) ||
		    !hash_equal(record, admission->claim))
			return wrong(f, what, "an approval that it counts is for something else");
		add_name(agreed, vote->author);
	}
	agreed->charter = admission->charter;
	return ERR_OK;
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
	TRY(verify_by_log(c, log, DOCUMENT_ADMISSION, &sign1, what, f));
	if (!hash_equal(admission.claim, claim->digest) ||
	    !bytes_equal(admission.origin, claim->origin) ||
	    !bytes_equal(admission.approval_class, bytes_text("build.authorize")))
		return wrong(f, what, "the signer's admission is of something else");
	*at = admission.at;
	return name_voters(c, &admission, what, agreed, f);
}

/* ---- the parts ---- */

static err check_receipt(struct authority_check *c, const struct note_key *log,
			 struct issue_receipt *receipt, struct fault *f)
{
	static const char WHAT[] = "issue receipt";
	struct cose_sign1 sign1;
	const char *why;

	if (!issue_receipt_parse(c->receipt, &sign1, receipt, &why))
		return wrong(f, WHAT, why);
	TRY(verify_by_log(c, log, DOCUMENT_RECEIPT, &sign1, WHAT, f));
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
	uint64_t at = 0;

	if (claim == NULL || !seen_is(claim, "build.authorized"))
		return wrong(f, WHAT, "it is not here");
	if (seen_number(claim->body, "quantity") != receipt->of)
		return wrong(f, WHAT, "it is for another number of units");
	copy_text(out->authorization.id, sizeof out->authorization.id,
		  seen_text(claim->body, "authorization"));
	TRY(check_admission(c, log, claim, WHAT, &out->authorization, &at, f));
	if (receipt->at < at)
		return wrong(f, WHAT, "the unit was issued before it was admitted");
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

/* A number may have been asked for before, in vain: the one that the signer answered counts. */
static const struct claim_seen *release_named(const struct authority_check *c, struct bytes release)
{
	const struct claim_seen *first = NULL;

	for (const struct claim_seen *claim = c->claims; claim != NULL; claim = claim->next) {
		if (!(seen_is(claim, "firmware.released") ||
		      seen_is(claim, "firmware.emergency")) ||
		    !bytes_equal(seen_text(claim->body, "release"), release))
			continue;
		if (seen_answer(c, claim->digest) != NULL)
			return claim;
		if (first == NULL)
			first = claim;
	}
	return first;
}

/* What runs: by a permit that may be a later release than the authorized one. The firmware key is no key
 * of the log: which one signed is told, and whoever knows it compares. */
static err check_firmware(struct authority_check *c, const struct issue_receipt *receipt,
			  struct authority_report *out, struct fault *f)
{
	static const char WHAT[] = "firmware manifest";
	const struct claim_seen *build = seen_claim(c, receipt->authorization);
	const struct claim_seen *claim = release_named(c, c->programmed);
	struct bytes release = c->programmed;
	struct cose_sign1 sign1;
	struct firmware_manifest manifest;
	const char *why;

	if (claim == NULL || seen_answer(c, claim->digest) == NULL) {
		copy_text(out->programmed, sizeof out->programmed, release);
		release = seen_text(build->body, "release");
		claim = release_named(c, release);
		if (bytes_equal(release, c->programmed))
			out->programmed[0] = '\0';
	}
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
	if (c->weighing != NULL) {
		TRY(charter_check_end(c->weighing, f));
		charter_check_report(c->weighing, &out->weighed);
	}
	/* A log from before there were charters. In one that has a charter nothing is issued without. */
	if (c->receipt.n == 0)
		return c->has_charter && c->certified ? wrong(f, "issue receipt", "it is not here")
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

err authority_check_open(struct authority_check *c, const struct note_key *log, struct fault *f)
{
	return charter_check_open(log, &c->weighing, f);
}

void authority_check_done(struct authority_check *c)
{
	charter_check_close(c->weighing);
	arena_done(&c->arena);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* issue.c — that the unit was issued by right: the signer's receipt names its request, its certificate and
 * a build authorization that was admitted; and the firmware that it was given has its manifest. */
#include "verify.h"

#include "core/sha256.h"
#include "core/signed_documents.h"

struct unit {
	struct verification *v;
	bool requested, certified;
	struct hash request, certificate;
	struct bytes origin, receipt, programmed;
	struct issue_receipt issue;
	struct entry build, release;
};

static bool wrong(struct verification *v, const char *why)
{
	v->failure = (struct passport_failure){.step = PASSPORT_AGREEMENT, .why = why};
	return false;
}

static void gather(struct unit *u)
{
	static struct passport_entry e;
	struct entry entry;
	const char *why;
	size_t n;
	struct reader at = passport_entries(&u->v->passport, &n);

	for (size_t i = 0; i < n && passport_next_entry(&at, &e); i++) {
		if (!entry_parse(e.bytes, &entry, &why) || !entry_is_of_unit(u->v, &entry))
			continue;
		struct bytes body = entry.claim.body;
		if (entry_is(&entry, "unit.requested")) {
			u->requested = true;
			u->request = claim_digest(entry.claim_bytes);
			u->origin = entry.claim.origin;
		} else if (entry_is(&entry, "certificate.issued")) {
			u->certified = true;
			u->certificate = sha256(document_in_body(body, "certificate"));
			u->receipt = document_in_body(body, "receipt");
		} else if (entry_is(&entry, "unit.programmed") &&
			   entry.witness.outcome == OUTCOME_FOLDED) {
			u->programmed = body_text(body, "release");
		}
	}
}

/* The answer of the signer to this record, or an empty span; the last one stands. */
static struct bytes answer_to(const struct verification *v, struct hash record)
{
	static struct passport_entry e;
	struct bytes document = {0};
	struct entry entry;
	struct hash named;
	const char *why;
	size_t n;
	struct reader at = passport_entries(&v->passport, &n);

	for (size_t i = 0; i < n && passport_next_entry(&at, &e); i++)
		if (entry_parse(e.bytes, &entry, &why) && entry_is(&entry, "signer.admitted") &&
		    body_hash(entry.claim.body, "record", &named) && hash_equal(named, record))
			document = document_in_body(entry.claim.body, "document");
	return document;
}

/* By its digest, or by the number of a release that the signer answered. */
static bool find(const struct verification *v, const struct hash *digest, struct bytes release,
		 struct entry *out)
{
	static struct passport_entry e;
	const char *why;
	size_t n;
	struct reader at = passport_entries(&v->passport, &n);

	for (size_t i = 0; i < n && passport_next_entry(&at, &e); i++) {
		if (!entry_parse(e.bytes, out, &why))
			continue;
		struct hash here = claim_digest(out->claim_bytes);
		bool firmware =
			entry_is(out, "firmware.released") || entry_is(out, "firmware.emergency");
		if (digest != NULL
			    ? hash_equal(here, *digest)
			    : firmware &&
				      bytes_equal(body_text(out->claim.body, "release"), release) &&
				      answer_to(v, here).n > 0)
			return true;
	}
	return false;
}

static bool check_receipt(struct unit *u)
{
	struct cose_sign1 sign1;
	const char *why;

	if (!issue_receipt_parse(u->receipt, &sign1, &u->issue, &why))
		return wrong(u->v, why);
	if (!verify_signed_by_log(u->v, &sign1, document_name(DOCUMENT_RECEIPT)))
		return wrong(u->v, "the log's key did not sign the issue receipt");
	if (!bytes_equal(u->issue.origin, u->origin) || !u->requested ||
	    !hash_equal(u->issue.request, u->request) ||
	    !hash_equal(u->issue.certificate, u->certificate))
		return wrong(u->v, "the issue receipt is of another unit");
	return true;
}

static bool check_build(struct unit *u)
{
	struct cose_sign1 sign1;
	struct admission a;
	const char *why;

	if (!find(u->v, &u->issue.authorization, (struct bytes){0}, &u->build) ||
	    !entry_is(&u->build, "build.authorized"))
		return wrong(u->v, "the build authorization is not here");
	if (body_number(u->build.claim.body, "quantity") != u->issue.of)
		return wrong(u->v, "the build authorization is for another number of units");
	struct bytes document = answer_to(u->v, u->issue.authorization);
	if (document.n == 0)
		return wrong(u->v, "the signer's admission of the build authorization is not here");
	if (!admission_parse(document, &sign1, &a, &why))
		return wrong(u->v, why);
	if (!verify_signed_by_log(u->v, &sign1, document_name(DOCUMENT_ADMISSION)) ||
	    !hash_equal(a.claim, u->issue.authorization) ||
	    !bytes_equal(a.origin, u->build.claim.origin) ||
	    !bytes_equal(a.approval_class, bytes_text("build.authorize")))
		return wrong(u->v, "the admission is not of the build authorization");
	for (size_t i = 0; i < a.approvals_n; i++) {
		struct hash digest = admission_approval(&a, i), record;
		struct entry vote;
		if (!find(u->v, &digest, (struct bytes){0}, &vote) ||
		    !entry_is(&vote, "approval.given") ||
		    !body_hash(vote.claim.body, "record", &record) || !hash_equal(record, a.claim))
			return wrong(u->v, "an approval of the build authorization is not here");
	}
	return u->issue.at >= a.at || wrong(u->v, "the unit was issued before it was admitted");
}

/* What runs: by a permit that may be a later release than the authorized one. */
static bool check_firmware(struct unit *u)
{
	struct bytes authorized = body_text(u->build.claim.body, "release");
	struct firmware_manifest m;
	struct cose_sign1 sign1;
	struct hash image;
	const char *why;

	if (!find(u->v, NULL, u->programmed, &u->release) &&
	    !find(u->v, NULL, authorized, &u->release))
		return wrong(u->v, "the firmware release, or its manifest, is not here");
	struct bytes body = u->release.claim.body;
	struct hash digest = claim_digest(u->release.claim_bytes);
	if (!firmware_manifest_parse(answer_to(u->v, digest), &sign1, &m, &why))
		return wrong(u->v, why);
	if (!hash_equal(m.claim, digest) || !bytes_equal(m.origin, u->release.claim.origin) ||
	    !body_hash(body, "image", &image) || !hash_equal(image, m.image) ||
	    body_number(body, "image_size") != m.image_size ||
	    body_number(body, "security_version") != m.security_version ||
	    !bytes_equal(body_text(body, "release"), m.release) ||
	    !bytes_equal(body_text(body, "product"), m.product) ||
	    !bytes_equal(body_text(body, "environment"), m.environment) ||
	    !bytes_equal(body_text(body, "version"), m.version) ||
	    m.emergency != entry_is(&u->release, "firmware.emergency"))
		return wrong(u->v, "the firmware manifest says something else than was agreed to");
	return true;
}

bool verify_issue(struct verification *v, bool has_charter)
{
	static struct unit u;

	u = (struct unit){.v = v};
	gather(&u);
	/* A log from before there were charters. In one that has a charter nothing is issued without. */
	if (u.receipt.n == 0)
		return !has_charter || !u.certified || wrong(v, "the issue receipt is not here");
	return check_receipt(&u) && check_build(&u) && check_firmware(&u);
}

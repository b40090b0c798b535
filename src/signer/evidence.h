/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.h — what the server shows: entries of this log, in a head that this signer signed, with
 * proofs by keys that the charter or an authorization knows. */
#ifndef SIGNER_EVIDENCE_H
#define SIGNER_EVIDENCE_H

#include "signer/vault.h"

/* Spans point into the frame. */
struct shown {
	struct entry entry;
	struct hash digest; /* of the claim */
};

/* The entry, read, without judging anything. SIGNER_ENTRY_MALFORMED. */
MUST_CHECK err shown_read(struct bytes entry, struct shown *out, struct fault *f);
/* SIGNER_OTHER_LOG unless the claim is of this log. */
MUST_CHECK err shown_origin(const struct vault *v, const struct shown *shown, struct fault *f);
/* SIGNER_HEAD_UNKNOWN, with the last one's size, unless this signer signed a head of that size and it
 * counts (where witnesses are the anchor: a majority cosigned it). */
MUST_CHECK err evidence_head(const struct vault *v, uint64_t size, struct merkle_head *out,
			     struct fault *f);
/* The entry read, of this log, and in the head. */
MUST_CHECK err evidence_show(const struct vault *v, struct merkle_head head,
			     const struct proved *proved, struct shown *out, struct fault *f);
/* Where witnesses are the anchor, evidence with this as its newest entry may be spent: an earlier start
 * did not have it. SIGNER_NOT_FRESH. */
MUST_CHECK err evidence_fresh(const struct vault *v, uint64_t newest, struct fault *f);
/* The proof is by this key of the charter, in the form that counts with it. PROOF_WRONG. */
MUST_CHECK err evidence_proof(const struct vault *v, const struct shown *shown,
			      const struct charter_key *key, struct fault *f);
/* The key of the charter, or NULL; and among its recovery keys. */
const struct charter_key *evidence_key(const struct vault *v, const struct claim *claim);
const struct charter_key *evidence_recovery_key(const struct vault *v, const struct claim *claim);
/* The proof is a plain signature by the key with this SubjectPublicKeyInfo, which is the claim's. */
MUST_CHECK err evidence_station(const struct shown *shown, struct bytes spki, struct fault *f);

bool claim_is(const struct claim *claim, const char *type);

#endif

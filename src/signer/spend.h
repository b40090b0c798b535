/* SPDX-License-Identifier: Apache-2.0 */
/* spend.h — what every answer that spends something goes through, in this order: the anchor agrees, the
 * clock can be believed, the record is on the disk, the anchor has counted it. */
#ifndef SIGNER_SPEND_H
#define SIGNER_SPEND_H

#include "core/signed_documents.h"
#include "signer/vault.h"

/* The anchor agrees with the journal, or there is none. Also before an earlier answer is repeated. */
MUST_CHECK err vault_settle(struct vault *v, struct fault *f);
/* The signer's time, when it can be believed: SIGNER_CLOCK_BACK, SIGNER_CLOCK_STEPPED. */
MUST_CHECK err vault_now(const struct vault *v, uint64_t *now, struct fault *f);
/* The journal's last time, for records that need no time of their own and must work with any clock: one that
 * is years ahead for a moment must not come into the journal, which never goes back. */
uint64_t vault_time(const struct vault *v);
/* Appends what was written. After an error the journal cannot be trusted, and the process must end. */
MUST_CHECK err vault_append(struct vault *v, const struct writer *w, uint64_t at,
			    struct journal_span *span, struct fault *f);
/* The same for a record with `spent` one more than before. */
MUST_CHECK err vault_spend(struct vault *v, const struct writer *w, uint64_t at,
			   struct journal_span *span, struct fault *f);
/* The anchor counts what was spent. An error is no danger: nothing is answered, and vault_settle()
 * mends it the next time. */
MUST_CHECK err vault_reach(struct vault *v, struct fault *f);
/* What the anchor shows when so many are spent; false if it does not count. */
bool vault_anchor_value(const struct vault *v, uint64_t spent, uint64_t *value);

/* ---- signed documents ---- */

struct document_job {
	struct bytes payload;
	struct bytes document; /* COSE_Sign1 with its payload, in the arena */
};
/* All with one key, side by side where it can. */
MUST_CHECK err documents_sign(struct arena *a, const struct private_key *key,
			      enum document_kind kind, struct document_job *jobs, size_t n,
			      struct fault *f);
/* Reads a document of the journal again, and verifies it: the disk may have rotted. */
MUST_CHECK err document_read(const struct vault *v, struct journal_span span,
			     enum document_kind kind, struct arena *a, struct bytes *out,
			     struct fault *f);
/* That it is a document of this kind by a key of this signer. */
MUST_CHECK err document_verify(const struct vault *v, struct bytes document,
			       enum document_kind kind, struct fault *f);
/* Any span of the journal, into the arena. */
MUST_CHECK err span_read(const struct vault *v, struct journal_span span, struct arena *a,
			 struct bytes *out, struct fault *f);

#endif

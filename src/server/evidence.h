/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.h — what the signer is shown: entries of the log, each with its path in one signed head. A
 * decision comes with the approvals that were given to it. Everything is copied into the arena, so that the
 * reader can be given back before the signer is asked. */
#ifndef SERVER_EVIDENCE_H
#define SERVER_EVIDENCE_H

#include "record/record.h"
#include "signer/signer.h"

/* Statements of one reader session; opened and closed within its loan. */
struct evidence_reader {
	struct reader_session *session;
	struct ledger *ledger;
	struct statement *target, *votes, *key;
};
MUST_CHECK err evidence_open(struct reader_session *session, struct evidence_reader *out,
			     struct fault *f);
void evidence_close(struct evidence_reader *e);

/* One entry, with its path in the head of `size`. EVIDENCE_NOT_CERTIFIED if that head does not have it
 * yet. */
MUST_CHECK err evidence_entry(struct evidence_reader *e, struct arena *a, uint64_t size,
			      uint64_t sequence, struct proved_entry *out, struct fault *f);
/* The same with the public key of the author, who is a station. */
MUST_CHECK err evidence_entry_and_key(struct evidence_reader *e, struct arena *a, uint64_t size,
				      uint64_t sequence, struct proved_entry *out, struct fault *f);
/* The decision with this digest, which was recorded as `sequence` if it never waited, and every
 * approval given to it, in the order of the log. */
MUST_CHECK err evidence_decision(struct evidence_reader *e, struct arena *a, uint64_t size,
				 struct hash digest, uint64_t sequence, struct evidence *out,
				 struct fault *f);

#endif

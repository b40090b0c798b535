/* SPDX-License-Identifier: Apache-2.0 */
/* charter_check.h — whether the signer decided rightly, from the log alone: every decision that it
 * admitted is weighed again, by the charter that the log holds, with the approvals that the log
 * holds. In a log that began without a charter it finds nothing to say. */
#ifndef CLIENT_CHARTER_CHECK_H
#define CLIENT_CHARTER_CHECK_H

#include "base/error.h"
#include "core/charter.h"
#include "core/note.h"

struct charter_check;

enum { DENIAL_CLOCKS_MS = 120000 }; /* by how much the clocks of two machines may differ */

/* A denial that the log took too late for the signer, or so it says. */
struct denied_late {
	uint64_t sequence; /* of the denial */
	uint64_t decision; /* entry that it denies */
	/* Recorded in the DENIAL_CLOCKS_MS before the signer decided, not after: the no may have been held
	 * back from it. */
	bool before;
};

struct charter_report {
	uint64_t revisions; /* of the charter that were in force; 0: the log has none */
	uint64_t agreed;    /* decisions that the signer admitted, and the charter says so too */
	uint64_t refused;   /* decisions in force on the server that the signer refused */
	uint64_t waiting;   /* decisions in force on the server that the signer has not answered */
	uint64_t
		foreign; /* admissions by an earlier key of the log: weighed, signature not verified */
	/* Denials of admitted decisions that are no fault, as their answers stand in the log; the check's
	 * own, until it takes more or is closed. */
	const struct denied_late *denied;
	size_t denied_n;
};

/* `log` signs admissions and outlives the check. */
MUST_CHECK err charter_check_open(const struct note_key *log, struct charter_check **out,
				  struct fault *f);
/* Takes one entry, in the order of the log, whose author's signature was verified. Admissions and
 * firmware manifests of decisions about builds, firmware and the charter are weighed; credentials are
 * not (their answer does not say when the signer decided). A denial counts by the time of its entry against
 * the signer's own in the admission or manifest: nobody can make a right decision wrong by saying no while
 * the signer answers. AUDIT_DECISION_UNAUTHORIZED names the entry of the decision. */
MUST_CHECK err charter_check_entry(struct charter_check *c, uint64_t sequence, struct bytes bytes,
				   const struct entry *entry, struct fault *f);
/* After the last entry: a succession that stands there must have been agreed to, too. */
MUST_CHECK err charter_check_end(struct charter_check *c, struct fault *f);
void charter_check_report(const struct charter_check *c, struct charter_report *out);
void charter_check_close(struct charter_check *c); /* NULL is fine */

#endif

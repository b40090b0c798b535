/* SPDX-License-Identifier: Apache-2.0 */
/* succession.h — what was recovered goes on as a log of another name (docs/authority.md): what there is to
 * agree to, and, once agreed, the entry that says so. What the signer does, signer/succeed.h says. */
#ifndef BACKUP_SUCCESSION_H
#define BACKUP_SUCCESSION_H

#include "record/record.h"
#include "signer/succeed.h"

struct succession_question {
	const char *store, *tiles; /* of the house, which must not serve */
	const char *signer;        /* folder, which no signer may have open */
	struct bytes passphrase;
	const char *origin, *new_origin;
	const struct note_key *log; /* of the old log */
	const struct area *const *areas;
	bool used_up; /* also when the signer's folder does not say so */
	uint64_t now_ms;
};
struct succession_plan {
	struct succession_facts facts;
	struct merkle_head recovered;
	uint64_t lost, signatures; /* entries that are gone; authors' signatures that hold */
	bool used_up;
	struct bytes statement; /* the claim, in the arena */
	struct hash digest;
};
/* Audits what is there, compares it with what the signer signed last, and makes the statement. It changes
 * nothing but that the signer's next key is made. SUCCESSION_WRONG, AUDIT_…. */
MUST_CHECK err succession_plan_make(const struct succession_question *question, struct arena *a,
				    struct succession_plan *out, struct fault *f);

/* After signer_succeed(): appends the statement to the log, and who agreed. `config` has the new origin
 * and reaches the signer. Again is fine. */
MUST_CHECK err succession_record(const struct engine_config *config, struct bytes statement,
				 const struct bytes *approvals, size_t n, struct fault *f);

#endif

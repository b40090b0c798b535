/* SPDX-License-Identifier: Apache-2.0 */
/* succeed.h — lawful recovery (docs/authority.md, "Succession"): the signer lets its log go on under
 * another name and with another checkpoint key, over what could be recovered, when the charter's
 * class `succession` or the recovery set agreed. Done in the signer's folder, while no signer runs. */
#ifndef SIGNER_SUCCEED_H
#define SIGNER_SUCCEED_H

#include "core/note.h"
#include "core/succession.h"
#include "base/arena.h"

/* Where `restore` says that the folder came out of a backup: what was signed since, its journal does
 * not know. No signer starts while it is there. */
#define FILE_RESTORED "restored"

/* What a statement has to say about this signer. */
struct succession_facts {
	char origin[NOTE_NAME_MAX + 1];
	struct merkle_head last; /* that it signed */
	struct hash next_key;    /* made for the successor, and kept until then */
	bool restored;           /* then everything must count as used up */
	uint64_t charter;        /* revision in force */
};
MUST_CHECK err signer_succession_facts(const char *folder, struct bytes passphrase,
				       struct succession_facts *out, struct fault *f);

/* `statement`: the claim of a ledger.succeeded. `approvals`: each [claim, proof] of an approval.given
 * that names its digest, for the new origin. Where an author would stand, one of those who agree
 * does: so they are one more than the rule needs. Journals it, puts the new key in place, and signs
 * the recovered head: `*note`. The same again ends what a crash interrupted. */
MUST_CHECK err signer_succeed(const char *folder, struct bytes passphrase, struct bytes statement,
			      const struct bytes *approvals, size_t n, struct arena *a,
			      struct note_key *key, struct bytes *note, struct fault *f);
/* SIGNER_RESTORED while the folder is marked. */
MUST_CHECK err signer_not_restored(const char *folder, struct fault *f);

#endif

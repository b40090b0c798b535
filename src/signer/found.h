/* SPDX-License-Identifier: Apache-2.0 */
/* found.h — the first revision of a charter, from the people who found the house. Founders are the group
 * "founders" and agree; authors are the group "authors" and may ask. */
#ifndef SIGNER_FOUND_H
#define SIGNER_FOUND_H

#include "base/arena.h"
#include "core/charter.h"

#define CHARTER_FOUNDERS "founders"
#define CHARTER_AUTHORS  "authors"

/* One key of one person; several with the same id are one person's. */
struct charter_holder {
	const char *person;
	struct bytes spki;
	enum charter_key_kind kind;
	bool outside;            /* made where our server does not draw the screen */
	const char *application; /* of a FIDO token; NULL: none */
};

struct charter_founding {
	const char *origin;
	enum charter_mode mode;
	const char *relying_party;      /* of passkeys; NULL: none count */
	const char *const *web_origins; /* of our console */
	size_t web_origins_n;
	const struct charter_holder *founders, *authors, *recovery;
	size_t founders_n, authors_n, recovery_n;
	unsigned recovery_need; /* 0: the majority of them */
	unsigned need;        /* approvals for every decision; 0: 1 where there are two founders */
	uint64_t newcomer_ms; /* 0: 24 h, and none in a trial log */
	enum charter_anchor anchor;
	const char *const *witnesses; /* verifier keys, for ANCHOR_WITNESS */
	size_t witnesses_n;
};

/* Revision 1, into the arena: rules "charter", "succession" and "*". A decision waits 24 h at most
 * (a revision of the charter and a succession 14 days), an approval counts 4 h. CHARTER_WRONG says what is missing. */
MUST_CHECK err charter_found(const struct charter_founding *founding, struct arena *a,
			     struct bytes *out, struct fault *f);

#endif

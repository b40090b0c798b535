/* SPDX-License-Identifier: Apache-2.0 */
/* log.h — the log as a stranger reads it: checkpoint, tiles and entries over HTTP, and an audit
 * that knows whose key is whose. */
#ifndef CLIENT_LOG_H
#define CLIENT_LOG_H

#include "client/charter_check.h"
#include "client/client.h"
#include "ledger/audit.h"

/* The last checkpoint, verified with the client's log key. */
MUST_CHECK err client_checkpoint(struct client *c, struct arena *a, struct bytes *note,
				 struct merkle_head *head, struct fault *f);
/* One entry as it stands in the log, out of its bundle; needs the permission ledger.read. */
MUST_CHECK err client_entry(struct client *c, struct arena *a, uint64_t sequence,
			    struct bytes *entry, struct fault *f);
/* The proof that the tree of `size` extends that of `old`, from the hash tiles. `path` takes
 * MERKLE_DEPTH_MAX × 2. */
MUST_CHECK err client_consistency(struct client *c, uint64_t old, uint64_t size, struct hash *path,
				  size_t *n, struct fault *f);
/* For audit_run(): reads from the server. */
struct audit_source client_audit_source(struct client *c);

/* Keys as the log itself enrolls them: every author's signature is verified with a key that an
 * earlier entry gave to that author, and that no earlier entry ended. Zero-initialise with a
 * registry. */
struct audit_keys {
	const struct registry *registry;
	struct charter_check *charter; /* sees every entry whose signature holds; may be NULL */
	struct arena arena;
	struct audit_key *first;     /* all of them: every unit has one */
	struct audit_key *given;     /* of them: those of shifts and recoveries */
	struct audit_key **index;    /* by the first bytes of their ids; NULL: none is known */
	struct waiting_key *waiting; /* recoveries that others have to agree to */
	uint64_t keys, verified;
	uint64_t by_shifts; /* of them: with a shift's key */
	uint64_t
		passkeys; /* assertions not verified: the log was started without a relying party */
	char mode[16];    /* in which the log was started; empty until that entry was seen */
	char relying_party[254]; /* of passkeys; empty: none */
};
audit_entry_fn audit_keys_entry; /* the context is the struct audit_keys */
void audit_keys_done(struct audit_keys *k);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* audit_keys_internal.h — shared by the two halves of an audit's keys: whose they are (audit_keys.c), and those
 * that a shift or a recovery gave (audit_given.c). */
#ifndef CLIENT_AUDIT_KEYS_INTERNAL_H
#define CLIENT_AUDIT_KEYS_INTERNAL_H

#include "client/log.h"

struct audit_key {
	struct hash id;
	struct public_key *key;
	char owner[2 * ID_SIZE_MAX + 2]; /* a principal, or product/serial of a unit */
	bool ended;                      /* revoked, or its owner left, by an earlier entry */
	uint64_t usable_from;            /* ms, of a recovery's; 0: at once */
	char given_by[ID_SIZE_MAX + 1];  /* id of the shift or the recovery; or empty */
	bool is_shifts;
	uint64_t not_after; /* of a shift's, ms */
	struct hash opened_by;
	const struct listed *listed; /* what a shift's may */
	struct audit_key *next, *next_given, *next_alike;
};

struct listed {
	struct id permission;
	const struct listed *next;
};

/* A recovery that others have to agree to: its key is nobody's yet. */
struct waiting_key {
	uint64_t sequence;
	struct bytes spki;
	struct audit_key key;
	struct waiting_key *next;
};

/* What an entry does to keys. */
enum body_use {
	BODY_STARTS,
	BODY_ENROLLS,
	BODY_ENDS,
	BODY_OPENS_SHIFT,
	BODY_CLOSES_SHIFT,
	BODY_RECOVERS,
	BODY_STOPS_RECOVERY
};

/* AUDIT_SIGNATURE_WRONG. */
err audit_wrong(struct fault *f, uint64_t sequence, const char *detail);
/* `like` is the key as it shall be known, but for what stands in the SubjectPublicKeyInfo. */
MUST_CHECK err audit_add_key(struct audit_keys *k, struct bytes spki, const struct audit_key *like,
			     struct fault *f);

/* ---- audit_given.c ---- */

/* NULL, or why the key did not speak for the author when the record was taken; NULL for the key: there is
 * none. */
const char *audit_key_wrong(const struct audit_key *key, const struct compiled_type *t,
			    const struct entry *entry);
/* Whoever got a key by this record held it, as far as the log says: what passkeys are bound to. */
MUST_CHECK err audit_check_shown(const struct audit_keys *k, const struct entry *entry,
				 const struct compiled_type *t, const struct body *body,
				 struct fault *f);
/* The uses from BODY_OPENS_SHIFT on. */
MUST_CHECK err audit_take_given(struct audit_keys *k, const struct entry *entry,
				const struct compiled_type *t, const struct body *body,
				enum body_use use, struct fault *f);
/* A vote made an earlier entry take effect: if that was a recovery, its key waits from now on. */
MUST_CHECK err audit_execute(struct audit_keys *k, const struct entry *entry, struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* operational.h — challenges, and receipts that are waited for; sessions.h, passkey_offers.h and totp_codes.h have the
 * other rows that expire. They have connections of their own, so that no request waits for the writer of records. Any
 * thread may call. */
#ifndef SERVER_OPERATIONAL_H
#define SERVER_OPERATIONAL_H

#include "base/clock.h"
#include "core/entry.h"
#include "db/db.h"

enum {
	NONCE_SIZE = 32,
	CHALLENGE_MS = 5 * 60 * 1000,
	CHALLENGES_MAX = 20000, /* open at once, of one kind, more or less */
	CHALLENGES_COUNTED = 256,
};

struct operational;
/* The tables exist: the engine has made them. */
MUST_CHECK err operational_open(const char *store, const struct clock *clock,
				struct operational **out, struct fault *f);
void operational_close(struct operational *o); /* NULL is fine */

/* A fresh nonce of this kind, about (within, id). */
MUST_CHECK err challenge_make(struct operational *o, const char *kind, const char *within,
			      const char *id, uint8_t nonce[static NONCE_SIZE], uint64_t *expires,
			      struct fault *f);
/* Takes it away: true once, for the kind it was made for, before it expired. */
MUST_CHECK err challenge_spend(struct operational *o, const char *kind, struct bytes nonce,
			       bool *out, struct fault *f);

MUST_CHECK err receipt_wait_add(struct operational *o, struct hash digest, uint64_t sequence,
				struct fault *f);
MUST_CHECK err receipt_wait_find(struct operational *o, struct hash digest, bool *found,
				 uint64_t *sequence, struct fault *f);

/* Deletes what expired, and what is waited for that lies before this sequence. */
MUST_CHECK err operational_expire(struct operational *o, uint64_t receipts_before, struct fault *f);

#endif

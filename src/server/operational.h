/* SPDX-License-Identifier: Apache-2.0 */
/* operational.h — sessions, challenges and receipts that are waited for: rows that expire. They
 * have connections of their own, so that no request waits for the writer of records. Any thread
 * may call. */
#ifndef SERVER_OPERATIONAL_H
#define SERVER_OPERATIONAL_H

#include "base/clock.h"
#include "core/entry.h"
#include "db/db.h"

enum {
	NONCE_SIZE = 32,
	TOKEN_SIZE = 32,
	CHALLENGE_MS = 5 * 60 * 1000,
	CHALLENGES_MAX = 20000, /* open at once, of one kind, more or less */
	CHALLENGES_COUNTED = 256,
	SESSION_MS = 3600 * 1000,
	SESSION_RENEW_MS = SESSION_MS / 2, /* used with less than this left: prolonged */
	SESSION_LONGEST_MS = 12 * 3600 * 1000,
	LINK_MS = 15 * 60 * 1000,
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

struct session {
	char principal[ID_SIZE_MAX + 1];
	struct hash key; /* that signed in: when it is revoked the session ends */
	uint64_t issued, expires;
};
/* A browser's token is sent by the browser itself, whoever makes it: it may less, and is none for a program. */
enum session_kind { SESSION_PROGRAM, SESSION_BROWSER };
/* All that is stored of a token. The same bytes are different sessions for a browser and for a program. */
struct hash session_digest(const uint8_t token[static TOKEN_SIZE], enum session_kind kind);
MUST_CHECK err session_make(struct operational *o, enum session_kind kind, const char *principal,
			    struct hash key, uint8_t token[static TOKEN_SIZE], uint64_t *expires,
			    struct fault *f);
/* API_SESSION_UNKNOWN if there is none or it expired. Prolongs one that is used near its end, for
 * 12 hours after signing in at most. */
MUST_CHECK err session_find(struct operational *o, struct hash token, struct session *out,
			    struct fault *f);
MUST_CHECK err session_end(struct operational *o, struct hash token, struct fault *f);

/* A link that signs the principal in once; the one made before is over. Only SHA-256 of its token is stored. */
MUST_CHECK err sign_in_link_make(struct operational *o, const char *principal, struct hash key,
				 uint8_t token[static TOKEN_SIZE], uint64_t *expires,
				 struct fault *f);
/* Takes it away; `*out` says whose it was, and by which key. */
MUST_CHECK err sign_in_link_spend(struct operational *o, struct hash token, bool *found,
				  struct session *out, struct fault *f);

MUST_CHECK err receipt_wait_add(struct operational *o, struct hash digest, uint64_t sequence,
				struct fault *f);
MUST_CHECK err receipt_wait_find(struct operational *o, struct hash digest, bool *found,
				 uint64_t *sequence, struct fault *f);

/* Deletes what expired, and what is waited for that lies before this sequence. */
MUST_CHECK err operational_expire(struct operational *o, uint64_t receipts_before, struct fault *f);

#endif

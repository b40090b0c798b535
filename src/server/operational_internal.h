/* SPDX-License-Identifier: Apache-2.0 */
/* operational_internal.h — what the files behind operational.h share: one table of statements, run on a connection
 * for reading or one for writing. Nobody else includes it. */
#ifndef SERVER_OPERATIONAL_INTERNAL_H
#define SERVER_OPERATIONAL_INTERNAL_H

#include "server/operational.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum operation {
	CHALLENGE_ADD,
	CHALLENGE_COUNT,
	CHALLENGE_TAKE,
	CHALLENGE_EVICT,
	SESSION_ADD,
	SESSION_FIND,
	SESSION_LIST,
	SESSION_PROLONG,
	SESSION_STEP_UP,
	SESSION_END,
	SESSION_END_ID,
	SESSION_END_KEY,
	LINK_ADD,
	LINK_SPEND,
	OFFER_ADD,
	OFFER_LIST,
	OFFER_DROP,
	COUNTER_SET,
	COUNTER_FIND,
	TOTP_SET,
	TOTP_FIND,
	TOTP_TRY,
	TOTP_PASS,
	TOTP_UNLOCK,
	TOTP_DROP,
	RECEIPT_ADD,
	RECEIPT_FIND,
	EXPIRE_CHALLENGES, /* from here to the last one with the parameter `now` */
	EXPIRE_SESSIONS,
	EXPIRE_LINKS,
	EXPIRE_OFFERS,
	EXPIRE_RECEIPTS,
	OPERATIONS
};

/* Values are given in the order of the parameters. */
enum { OPERATION_PARAMETERS_MAX = 12 };
struct operation_row {
	const char *sql;
	struct parameter parameters[OPERATION_PARAMETERS_MAX];
};
extern const struct operation_row OPERATION_ROWS[OPERATIONS];

/* Reads do not wait for writes, which wait for the writer of records. */
struct side {
	pthread_mutex_t lock;
	struct db *db;
	struct statement *statements[OPERATIONS];
};

struct operational {
	const struct clock *clock;
	atomic_uint made; /* challenges since the start */
	struct side reads, writes;
};

MUST_CHECK err operation_read(struct operational *o, enum operation which,
			      const struct value *values, db_row *row, void *context,
			      struct fault *f);
/* `changed` may be NULL. */
MUST_CHECK err operation_write(struct operational *o, enum operation which,
			       const struct value *values, int64_t *changed, struct fault *f);
/* Changes, and gives back rows. */
MUST_CHECK err operation_take(struct operational *o, enum operation which,
			      const struct value *values, db_row *row, void *context,
			      struct fault *f);

static inline struct value value_time(uint64_t ms)
{
	return value_int((int64_t)ms);
}

static inline struct value value_name(const char *text)
{
	return value_text(bytes_text(text));
}

static inline struct value value_hash(const struct hash *hash)
{
	return value_blob(hash_bytes(hash));
}

/* False, and nothing written, when it does not fit. */
static inline bool text_take(char *to, size_t size, struct bytes text)
{
	if (text.n >= size)
		return false;
	if (text.n > 0)
		memcpy(to, text.p, text.n);
	to[text.n] = '\0';
	return true;
}

static inline bool hash_take(struct hash *to, struct bytes bytes)
{
	if (bytes.n != sizeof to->b)
		return false;
	memcpy(to->b, bytes.p, sizeof to->b);
	return true;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h — token buckets: how often somebody may ask. A fixed number of them; the one that was
 * used longest ago gives way, so that memory is bounded whoever asks. Any thread may call. */
#ifndef SERVER_LIMITS_H
#define SERVER_LIMITS_H

#include "base/clock.h"

enum limit {
	LIMIT_PRINCIPAL, /* requests of one principal */
	LIMIT_PEER,      /* requests of one address without an identity; IPv6: of one /64 */
	LIMIT_FAILURE,   /* identities of one address, as above, that did not hold */
	LIMITS_N
};

struct limits;
MUST_CHECK err limits_open(const struct clock *clock, uint64_t per_principal, struct limits **out,
			   struct fault *f);
void limits_close(struct limits *l); /* NULL is fine */
/* Takes one from the bucket of (limit, who). API_TOO_MANY with the value `seconds` when empty. */
MUST_CHECK err limits_take(struct limits *l, enum limit limit, const char *who, struct fault *f);
/* The same without taking. */
MUST_CHECK err limits_look(struct limits *l, enum limit limit, const char *who, struct fault *f);

#endif

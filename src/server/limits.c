/* SPDX-License-Identifier: Apache-2.0 */
#include "server/limits.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 8, SETS = 1024, WHO_SIZE = 80, MILLI = 1000, ONE = 1000000, HOUR_MS = 3600000 };

struct bucket {
	char who[WHO_SIZE]; /* empty: unused */
	enum limit limit;
	uint64_t left; /* millionths of a request, so that no fraction of a millisecond's is lost */
	uint64_t at_ms;
};

struct rate {
	uint64_t per_second; /* thousandths of a request */
	uint64_t burst;      /* requests */
};

struct limits {
	const struct clock *clock;
	struct rate rates[LIMITS_N];
	pthread_mutex_t lock;
	struct bucket buckets[SETS][WAYS];
};

err limits_open(const struct clock *clock, uint64_t per_principal, struct limits **out,
		struct fault *f)
{
	struct limits *l = calloc(1, sizeof *l);

	if (l == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	l->clock = clock;
	l->rates[LIMIT_PRINCIPAL] = (struct rate){per_principal * MILLI, 2 * per_principal};
	l->rates[LIMIT_PEER] = (struct rate){50 * MILLI, 200};
	l->rates[LIMIT_FAILURE] = (struct rate){MILLI / 2, 10};
	(void)pthread_mutex_init(&l->lock, NULL);
	*out = l;
	return ERR_OK;
}

void limits_close(struct limits *l)
{
	if (l == NULL)
		return;
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

static size_t set_of(enum limit limit, const char *who)
{
	uint32_t h = 2166136261u ^ (uint32_t)limit;

	for (; *who != '\0'; who++)
		h = (h ^ (uint8_t)*who) * 16777619u; /* FNV-1a: placement only */
	return (h ^ (h >> 16)) % SETS;
}

/* The bucket of (limit, who), filled up to now; a new one takes the place of the oldest. */
static struct bucket *find(struct limits *l, enum limit limit, const char *who)
{
	const struct rate *rate = &l->rates[limit];
	uint64_t now = clock_steady_ms(l->clock);
	struct bucket *set = l->buckets[set_of(limit, who)], *found = NULL, *oldest = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].limit == limit && strncmp(set[i].who, who, WHO_SIZE - 1) == 0)
			found = &set[i];
		if (set[i].at_ms < oldest->at_ms)
			oldest = &set[i];
	}
	if (found == NULL) {
		found = oldest;
		*found = (struct bucket){.limit = limit, .left = rate->burst * ONE};
		snprintf(found->who, sizeof found->who, "%s", who);
	} else {
		uint64_t passed = now > found->at_ms ? now - found->at_ms : 0;
		passed = passed < HOUR_MS ? passed : HOUR_MS;
		found->left += passed * rate->per_second;
		if (found->left > rate->burst * ONE)
			found->left = rate->burst * ONE;
	}
	found->at_ms = now;
	return found;
}

/* Whoever has one address of IPv6 has the 2^64 of its network (RFC 4291 section 2.5.1): the first
 * half stands for all of them. */
static const char *network_of(const char *peer, char out[static WHO_SIZE])
{
	struct in6_addr address;

	if (strchr(peer, ':') == NULL || inet_pton(AF_INET6, peer, &address) != 1)
		return peer;
	memset(address.s6_addr + 8, 0, 8);
	return inet_ntop(AF_INET6, &address, out, WHO_SIZE);
}

static err ask(struct limits *l, enum limit limit, const char *who, bool take, struct fault *f)
{
	char seconds[24], network[WHO_SIZE];

	if (limit != LIMIT_PRINCIPAL)
		who = network_of(who, network);
	(void)pthread_mutex_lock(&l->lock);
	struct bucket *b = find(l, limit, who);
	bool enough = b->left >= ONE;
	uint64_t missing = enough ? 0 : ONE - b->left;
	if (enough && take)
		b->left -= ONE;
	(void)pthread_mutex_unlock(&l->lock);
	if (enough)
		return ERR_OK;
	uint64_t rate = l->rates[limit].per_second * MILLI;
	snprintf(seconds, sizeof seconds, "%" PRIu64, (missing + rate - 1) / rate);
	return fail(f, "API_TOO_MANY", "seconds", seconds, NULL);
}

err limits_take(struct limits *l, enum limit limit, const char *who, struct fault *f)
{
	return ask(l, limit, who, true, f);
}

err limits_look(struct limits *l, enum limit limit, const char *who, struct fault *f)
{
	return ask(l, limit, who, false, f);
}

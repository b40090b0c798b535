/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h — the two clocks, injected so that tests step them. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/error.h"

struct clock {
	/* Unix milliseconds, UTC: may be stepped by the machine's owner. */
	uint64_t (*wall_ms)(void *context);
	/* Milliseconds that only go forward, from an arbitrary start (CLOCK_BOOTTIME). */
	uint64_t (*steady_ms)(void *context);
	void *context;
};

extern const struct clock clock_system;

static inline uint64_t clock_wall_ms(const struct clock *c)
{
	return c->wall_ms(c->context);
}
static inline uint64_t clock_steady_ms(const struct clock *c)
{
	return c->steady_ms(c->context);
}

enum { TIME_TEXT_SIZE = 32 };
/* RFC 3339 in UTC with milliseconds: 2026-11-20T04:28:26.000Z. Years 1970 to 9999. */
void time_text(uint64_t unix_ms, char out[static TIME_TEXT_SIZE]);
/* Reads RFC 3339 with any offset and up to 3 decimals of seconds; strict. */
MUST_CHECK bool time_parse(struct bytes text, uint64_t *unix_ms);

#endif

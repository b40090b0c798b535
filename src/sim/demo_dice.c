/* SPDX-License-Identifier: Apache-2.0 */
/* demo_dice.c — what chance decides: the same for the same seed and run. Keys are not among it. */
#include "sim/demo_internal.h"

#include "core/sha256.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t roll(const struct demo *d, const char *what, unsigned number)
{
	char text[128];
	uint64_t value = 0;
	int n = snprintf(text, sizeof text, "%" PRIu64 " %u %s %u", d->options.seed, d->run, what,
			 number);
	struct hash h = sha256(bytes_of(text, n < 0 ? 0 : (size_t)n));

	for (size_t i = 0; i < 8; i++)
		value = value << 8 | h.b[i];
	return value;
}

unsigned demo_dice(const struct demo *d, const char *what, unsigned number, unsigned sides)
{
	return (unsigned)(roll(d, what, number) % sides);
}

const char *demo_serial(struct demo *d, size_t number)
{
	/* Without letters that are read as digits. */
	static const char LETTERS[] = "ABCDEFGHJKLMNPQRSTVWXYZ23456789";
	uint64_t value = roll(d, "serial", 0);
	char mark[5] = "";

	for (size_t i = 0; i < 4; i++, value /= sizeof LETTERS - 1)
		mark[i] = LETTERS[value % (sizeof LETTERS - 1)];
	return demo_text(d, "S%u%s-%03zu", d->run, mark, number + 1);
}

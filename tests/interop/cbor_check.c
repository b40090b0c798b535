/* SPDX-License-Identifier: Apache-2.0 */
/* Reads items, each after its length in four bytes, and answers each with one byte: 'v' if it is
 * valid in our encoding and '-' if it is not. For tests/interop/cbor_differential.py. */
#include <stdio.h>
#include <stdlib.h>

#include "core/cbor.h"

enum { ITEM_MAX = 1 << 16 };

int main(void)
{
	static uint8_t item[ITEM_MAX];
	uint8_t head[4];

	while (fread(head, 1, sizeof head, stdin) == sizeof head) {
		struct reader r = reader_of(bytes_of(head, sizeof head));
		size_t n = get_u32(&r);
		const char *why;
		uint8_t *exact;

		if (n > ITEM_MAX || fread(item, 1, n, stdin) != n)
			return 1;
		/* A copy of its own size, so that a sanitizer sees a read past the end. */
		exact = malloc(n > 0 ? n : 1);
		if (!exact)
			return 1;
		for (size_t i = 0; i < n; i++)
			exact[i] = item[i];
		putchar(cbor_valid(bytes_of(exact, n), &why) ? 'v' : '-');
		free(exact);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

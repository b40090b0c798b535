/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a software bill: it is read whole or not at all, parents come before what lies in
 * them, and what is refused says why. */
#include "format/cyclonedx.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct cyclonedx *bill)
{
	if (bill->n > CYCLONEDX_COMPONENTS_MAX)
		abort();
	for (size_t i = 0; i < bill->n; i++) {
		const struct cyclonedx_component *c = &bill->components[i];
		if (c->name.n == 0 || c->type.n == 0 || c->key == NULL || !utf8_valid(c->name) ||
		    c->depth > CYCLONEDX_DEPTH_MAX)
			abort();
		if (c->parent != CYCLONEDX_NONE &&
		    (c->parent >= i || c->depth <= bill->components[c->parent].depth))
			abort();
		if (c->has_purl && strncmp(c->key, "pkg:", 4) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a = {.limit = 64 << 20};
	struct fault f = {0};
	struct cyclonedx bill;
	err e = cyclonedx_read(&a, bytes_of(data, n), &bill, &f);

	if (e.code == OK)
		check(&bill);
	else if (f.message == NULL || bill.n != 0)
		abort();
	arena_done(&a);
	return 0;
}

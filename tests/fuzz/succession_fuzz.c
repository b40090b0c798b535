/* SPDX-License-Identifier: Apache-2.0 */
/* A succession that is read names another log than it succeeds, and changes a line of origins once. */
#include <stdlib.h>
#include <string.h>

#include "core/succession.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct origin_line line = {.now = ""};
	struct entry entry = {.witness = {.outcome = OUTCOME_FOLDED}};
	struct succession s, again;
	const char *why;

	if (!claim_parse(bytes_of(data, n), &entry.claim, &why) ||
	    !succession_read(&entry.claim, &s, &why))
		return 0;
	must(bytes_equal(s.origin, entry.claim.origin) && !bytes_equal(s.origin, s.old_origin));
	memcpy(line.now, s.old_origin.p, s.old_origin.n);
	if (memchr(s.old_origin.p, 0, s.old_origin.n) != NULL)
		return 0;
	must(!origin_follow(&line, s.recovered.size + 1, &entry, &again, &why));
	must(origin_follow(&line, s.recovered.size, &entry, &again, &why));
	must(strlen(line.now) == s.origin.n && line.n == 1);
	must(!origin_follow(&line, s.recovered.size + 1, &entry, &again, &why));
	return 0;
}

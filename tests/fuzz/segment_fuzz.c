/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a segment of a spool: records come with counters in sequence, within the file, and reading
 * ends; a changed byte ends it before the record that it stands in. */
#include "station/spool.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct segment s = {.content = bytes_of(data, n)};
	struct segment_record record;

	if (!segment_begin(&s))
		return 0;
	uint64_t before = s.counter;
	while (segment_next(&s, &record)) {
		if (record.counter != before + 1 || record.payload.n == 0 || s.at > n ||
		    record.offset + record.payload.n > n)
			abort();
		before = record.counter;
	}
	return 0;
}

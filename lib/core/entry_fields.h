/* SPDX-License-Identifier: Apache-2.0 */
/* entry_fields.h — fields that the parsers of claim and witness share. Each fails the reader with
 * `why`. Private to entry.c and witness.c. */
#ifndef CORE_ENTRY_FIELDS_H
#define CORE_ENTRY_FIELDS_H

#include "core/cbor.h"

/* Takes one key of a map whose keys are numbers. */
static inline uint64_t field_key(struct reader *r, struct cbor_keys *keys)
{
	cbor_key(r, keys);
	return cbor_uint(r);
}

struct bytes field_id(struct reader *r, const char *why);
uint64_t field_number(struct reader *r, uint64_t most, const char *why);
struct bytes field_bytes(struct reader *r, size_t least, size_t most, const char *why);

#endif

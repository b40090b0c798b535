/* SPDX-License-Identifier: Apache-2.0 */
/* der.h — DER (X.690 section 10), one element at a time, for what is read often and by machines:
 * OpenSSL's readers ask its decoders for every key in it, which costs more than a signature. */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include "core/bytes.h"

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OID = 0x06,
	DER_UTF8 = 0x0c,
	DER_PRINTABLE = 0x13,
	DER_IA5 = 0x16,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0 = 0xa0, /* constructed */
};

struct der {
	uint8_t tag;
	struct bytes content, whole; /* without and with tag and length */
};
/* Takes the first element from `in`. False unless its length is definite, in the shortest form and
 * inside; tags above 30 are refused. */
MUST_CHECK bool der_take(struct bytes *in, struct der *out);
/* The same, and it has this tag. */
MUST_CHECK bool der_take_tag(struct bytes *in, uint8_t tag, struct der *out);
/* True if all of `in` is elements that hold, down to the last one, and the members of each SET are
 * in ascending order (X.690 section 11.6). */
MUST_CHECK bool der_valid(struct bytes in);
/* Whether elements stand in ascending order. */
MUST_CHECK bool der_ascending(struct bytes in);

#endif

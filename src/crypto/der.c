/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/der.h"

#include <string.h>

enum { DEPTH_MAX = 12, LONG_TAG = 0x1f, CONSTRUCTED = 0x20 };

/* X.690 section 10.1: the shortest form of the length. At most two bytes of it: nothing that we
 * read is larger. */
static size_t get_length(struct reader *r)
{
	size_t n = get_u8(r), low;

	if (n < 0x80)
		return n;
	if (n == 0x81) {
		n = get_u8(r);
		low = 0x80;
	} else if (n == 0x82) {
		n = get_u16(r);
		low = 0x100;
	} else {
		reader_fail(r, "a length is indefinite, or too long");
		return 0;
	}
	if (n < low)
		reader_fail(r, "a length is not in its shortest form");
	return n;
}

bool der_take(struct bytes *in, struct der *out)
{
	struct reader r = reader_of(*in);

	out->tag = get_u8(&r);
	size_t n = get_length(&r);
	out->content = get_bytes(&r, n);
	if (r.why != NULL || (out->tag & LONG_TAG) == LONG_TAG)
		return false;
	out->whole = bytes_of(in->p, r.at);
	*in = bytes_of(r.p, r.n);
	return true;
}

bool der_take_tag(struct bytes *in, uint8_t tag, struct der *out)
{
	return der_take(in, out) && out->tag == tag;
}

bool der_ascending(struct bytes in)
{
	struct bytes last = {0};
	struct der element;

	for (; in.n > 0; last = element.whole) {
		if (!der_take(&in, &element))
			return false;
		size_t n = last.n < element.whole.n ? last.n : element.whole.n;
		int order = n > 0 ? memcmp(last.p, element.whole.p, n) : 0;
		if (order > 0 || (order == 0 && last.n > element.whole.n))
			return false;
	}
	return true;
}

static bool valid_to(struct bytes in, int depth)
{
	struct der element;

	while (in.n > 0) {
		if (!der_take(&in, &element) ||
		    (element.tag == DER_SET && !der_ascending(element.content)))
			return false;
		if ((element.tag & CONSTRUCTED) != 0 &&
		    (depth == 0 || !valid_to(element.content, depth - 1)))
			return false;
	}
	return true;
}

bool der_valid(struct bytes in)
{
	return valid_to(in, DEPTH_MAX);
}

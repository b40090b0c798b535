/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is valid is written back byte for byte: one value has one spelling. */
#include <stdlib.h>

#include "core/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void copy_item(struct reader *r, struct writer *w);

static void copy_items(struct reader *r, struct writer *w, size_t n)
{
	while (n-- > 0)
		copy_item(r, w);
}

static void copy_map(struct reader *r, struct writer *w)
{
	struct cbor_keys keys = {{0}};
	size_t n = cbor_map(r);

	cbor_put_map(w, n);
	for (; n > 0; n--) {
		cbor_key(r, &keys);
		copy_items(r, w, 2);
	}
}

static void copy_negative(struct reader *r, struct writer *w)
{
	struct reader whole = *r;
	int64_t v = cbor_int(r);

	/* Numbers below -2^63 are well-formed, but none of ours. */
	if (!r->why) {
		cbor_put_int(w, v);
		return;
	}
	put_bytes(w, cbor_item(&whole));
	*r = whole;
}

static void copy_array(struct reader *r, struct writer *w)
{
	size_t n = cbor_array(r);

	cbor_put_array(w, n);
	copy_items(r, w, n);
}

static void copy_item(struct reader *r, struct writer *w)
{
	switch (cbor_peek(r)) {
	case CBOR_UINT:
		cbor_put_uint(w, cbor_uint(r));
		break;
	case CBOR_NINT:
		copy_negative(r, w);
		break;
	case CBOR_BYTES:
		cbor_put_bytes(w, cbor_bytes(r));
		break;
	case CBOR_TEXT:
		cbor_put_text(w, cbor_text(r));
		break;
	case CBOR_ARRAY:
		copy_array(r, w);
		break;
	case CBOR_MAP:
		copy_map(r, w);
		break;
	case CBOR_TAG:
		cbor_put_tag(w, cbor_tag(r));
		copy_item(r, w);
		break;
	case CBOR_BOOL:
		cbor_put_bool(w, cbor_bool(r));
		break;
	case CBOR_NULL:
		cbor_null(r);
		cbor_put_null(w);
		break;
	case CBOR_INVALID:
	default:
		abort();
	}
}

/* Every take on any input either fails the reader or moves it on. */
static void take_each(struct bytes in)
{
	struct reader r = reader_of(in);

	cbor_uint(&r);
	r = reader_of(in);
	cbor_int(&r);
	r = reader_of(in);
	cbor_text(&r);
	r = reader_of(in);
	cbor_bytes(&r);
	r = reader_of(in);
	if (cbor_array(&r) > in.n)
		abort();
	r = reader_of(in);
	if (cbor_map(&r) > in.n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes in = bytes_of(data, n), out;
	struct reader r = reader_of(in);
	const char *why = NULL;
	struct writer w;
	uint8_t *copy;

	take_each(in);
	if (!cbor_valid(in, &why)) {
		if (!why)
			abort();
		return 0;
	}
	copy = malloc(n);
	w = writer_of(copy, n);
	copy_item(&r, &w);
	if (!reader_end(&r) || !writer_done(&w, &out) || !bytes_equal(in, out))
		abort();
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cbor.h — CBOR in the core deterministic encoding of RFC 8949 section 4.2.1, and nothing else:
 * shortest heads, definite lengths, map keys sorted bytewise and unique, valid UTF-8, no floats,
 * no undefined, no simple values but false, true and null. Built on struct reader and struct
 * writer, whose first error sticks. Portable: no allocation, no I/O. */
#ifndef CORE_CBOR_H
#define CORE_CBOR_H

#include "core/bytes.h"

enum { CBOR_DEPTH_MAX = 16 };

enum cbor_kind {
	CBOR_INVALID = 0, /* end of input, or not well-formed */
	CBOR_UINT,
	CBOR_NINT,
	CBOR_BYTES,
	CBOR_TEXT,
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_TAG,
	CBOR_BOOL,
	CBOR_NULL,
};

/* The kind of the next item, without taking it. */
enum cbor_kind cbor_peek(const struct reader *r);
/* Each takes one item of its kind, or fails the reader. */
uint64_t cbor_uint(struct reader *r);
int64_t cbor_int(struct reader *r);
struct bytes cbor_bytes(struct reader *r);
struct bytes cbor_text(struct reader *r);
bool cbor_bool(struct reader *r);
void cbor_null(struct reader *r);
/* Takes the head; the caller then takes that many items (array) or pairs (map). A count that the
 * bytes left cannot hold fails the reader. */
size_t cbor_array(struct reader *r);
size_t cbor_map(struct reader *r);
uint64_t cbor_tag(struct reader *r);
/* Takes one whole item, checked through and through, and returns its bytes. */
struct bytes cbor_item(struct reader *r);

/* Watches that the keys of one map are in strictly ascending bytewise order of their encoding.
 * Zero-initialise; call before each key is taken. */
struct cbor_keys {
	struct bytes last;
};
void cbor_key(struct reader *r, struct cbor_keys *keys);

void cbor_put_uint(struct writer *w, uint64_t v);
void cbor_put_int(struct writer *w, int64_t v);
void cbor_put_bytes(struct writer *w, struct bytes v);
void cbor_put_text(struct writer *w, struct bytes v);
void cbor_put_bool(struct writer *w, bool v);
void cbor_put_null(struct writer *w);
void cbor_put_array(struct writer *w, size_t n);
void cbor_put_map(struct writer *w, size_t n);
void cbor_put_tag(struct writer *w, uint64_t tag);
/* Order of two map keys by their encoded bytes: shorter texts first, then bytewise. */
int cbor_text_key_order(struct bytes a, struct bytes b);

/* True if `in` is exactly one item in this encoding. `*why` says what is wrong otherwise. */
MUST_CHECK bool cbor_valid(struct bytes in, const char **why);

#endif

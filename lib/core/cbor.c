/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cbor.h"

/* Major types of RFC 8949 section 3.1, in the top three bits of an item's first byte. */
enum major {
	MAJOR_UINT = 0,
	MAJOR_NINT = 1,
	MAJOR_BYTES = 2,
	MAJOR_TEXT = 3,
	MAJOR_ARRAY = 4,
	MAJOR_MAP = 5,
	MAJOR_TAG = 6,
	MAJOR_SIMPLE = 7,
};

enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22, INFO_U8 = 24, INFO_U64 = 27 };

static const char TOO_EARLY[] = "it ends too early";
static const char OTHER_KIND[] = "an item is of another kind than expected";

struct head {
	unsigned major;
	uint64_t value; /* the argument of section 3 */
};

static enum cbor_kind kind_of(uint8_t first)
{
	static const enum cbor_kind KINDS[] = {CBOR_UINT,  CBOR_NINT, CBOR_BYTES, CBOR_TEXT,
					       CBOR_ARRAY, CBOR_MAP,  CBOR_TAG};
	unsigned major = first >> 5, info = first & 31;

	if (major == MAJOR_SIMPLE) {
		if (info == SIMPLE_FALSE || info == SIMPLE_TRUE)
			return CBOR_BOOL;
		return info == SIMPLE_NULL ? CBOR_NULL : CBOR_INVALID;
	}
	return info <= INFO_U64 ? KINDS[major] : CBOR_INVALID;
}

enum cbor_kind cbor_peek(const struct reader *r)
{
	return r->why || r->n == 0 ? CBOR_INVALID : kind_of(r->p[0]);
}

/* The argument after the first byte, which must not have fitted in a shorter head. */
static uint64_t argument(struct reader *r, unsigned info)
{
	uint64_t least;
	uint64_t v;

	switch (info) {
	case INFO_U8:
		v = get_u8(r);
		least = INFO_U8;
		break;
	case INFO_U8 + 1:
		v = get_u16(r);
		least = UINT64_C(1) << 8;
		break;
	case INFO_U8 + 2:
		v = get_u32(r);
		least = UINT64_C(1) << 16;
		break;
	case INFO_U64:
		v = get_u64(r);
		least = UINT64_C(1) << 32;
		break;
	default:
		return info;
	}
	if (v < least)
		reader_fail(r, "a number is not written in its shortest form");
	return r->why ? 0 : v;
}

static struct head get_head(struct reader *r)
{
	uint8_t first = get_u8(r);
	struct head head = {.major = first >> 5};

	if (!r->why && kind_of(first) == CBOR_INVALID)
		reader_fail(r, head.major == MAJOR_SIMPLE
				       ? "only false, true and null are simple values here"
				       : "lengths must be definite");
	if (!r->why)
		head.value = argument(r, first & 31);
	return head;
}

static uint64_t get_argument(struct reader *r, enum cbor_kind kind)
{
	if (cbor_peek(r) != kind)
		reader_fail(r, r->n == 0 ? TOO_EARLY : OTHER_KIND);
	return r->why ? 0 : get_head(r).value;
}

uint64_t cbor_uint(struct reader *r)
{
	return get_argument(r, CBOR_UINT);
}

int64_t cbor_int(struct reader *r)
{
	bool negative = cbor_peek(r) == CBOR_NINT;
	uint64_t v = get_argument(r, negative ? CBOR_NINT : CBOR_UINT);

	if (v > INT64_MAX)
		reader_fail(r, "a number is too large");
	if (r->why)
		return 0;
	return negative ? -1 - (int64_t)v : (int64_t)v;
}

static struct bytes get_string(struct reader *r, uint64_t n)
{
	if (n > r->n)
		reader_fail(r, TOO_EARLY);
	return get_bytes(r, (size_t)n);
}

struct bytes cbor_bytes(struct reader *r)
{
	return get_string(r, get_argument(r, CBOR_BYTES));
}

static struct bytes checked_text(struct reader *r, struct bytes text)
{
	if (!utf8_valid(text))
		reader_fail(r, "a text is not valid UTF-8");
	return r->why ? (struct bytes){0} : text;
}

struct bytes cbor_text(struct reader *r)
{
	return checked_text(r, get_string(r, get_argument(r, CBOR_TEXT)));
}

bool cbor_bool(struct reader *r)
{
	return get_argument(r, CBOR_BOOL) == SIMPLE_TRUE;
}

void cbor_null(struct reader *r)
{
	get_argument(r, CBOR_NULL);
}

/* Every item takes a byte at least: a larger count is a lie that must not size anything. */
static size_t checked_count(struct reader *r, uint64_t n, size_t items_each)
{
	if (n > r->n / items_each)
		reader_fail(r, TOO_EARLY);
	return r->why ? 0 : (size_t)n;
}

size_t cbor_array(struct reader *r)
{
	return checked_count(r, get_argument(r, CBOR_ARRAY), 1);
}

size_t cbor_map(struct reader *r)
{
	return checked_count(r, get_argument(r, CBOR_MAP), 2);
}

uint64_t cbor_tag(struct reader *r)
{
	return get_argument(r, CBOR_TAG);
}

/* ---- whole items ---- */

/* An array, map or tag whose items are being read. */
struct level {
	size_t left;        /* items still to come */
	const uint8_t *key; /* where the key being read starts, or NULL */
	struct cbor_keys keys;
	bool map;
};

/* Levels are kept here and not on the C stack, whose use must not depend on the input. */
struct walk {
	struct level levels[CBOR_DEPTH_MAX];
	size_t depth;
};

static void watch_key(struct reader *r, struct cbor_keys *keys, struct bytes key)
{
	if (keys->last.n > 0 && bytes_compare(keys->last, key) >= 0)
		reader_fail(r, "map keys are not unique and in order");
	keys->last = key;
}

/* Takes a head, and all of the item unless other items follow inside it: how many. */
static size_t enter(struct reader *r, bool *map)
{
	struct head head = get_head(r);

	*map = head.major == MAJOR_MAP;
	switch (head.major) {
	case MAJOR_BYTES:
		get_string(r, head.value);
		return 0;
	case MAJOR_TEXT:
		checked_text(r, get_string(r, head.value));
		return 0;
	case MAJOR_ARRAY:
		return checked_count(r, head.value, 1);
	case MAJOR_MAP:
		return 2 * checked_count(r, head.value, 2);
	case MAJOR_TAG:
		return checked_count(r, 1, 1);
	default:
		return 0;
	}
}

/* An item has ended: so may the levels whose last item it was. */
static void leave(struct walk *walk, struct reader *r)
{
	while (walk->depth > 0) {
		struct level *level = &walk->levels[walk->depth - 1];

		if (level->key)
			watch_key(r, &level->keys,
				  bytes_of(level->key, (size_t)(r->p - level->key)));
		level->key = NULL;
		if (--level->left > 0)
			return;
		walk->depth--;
	}
}

static void walk_item(struct walk *walk, struct reader *r)
{
	do {
		struct level *level = walk->depth > 0 ? &walk->levels[walk->depth - 1] : NULL;
		bool map;
		size_t inside;

		if (level && level->map && level->left % 2 == 0)
			level->key = r->p;
		inside = enter(r, &map);
		if (inside == 0) {
			leave(walk, r);
		} else if (walk->depth == CBOR_DEPTH_MAX) {
			reader_fail(r, "it is nested too deeply");
		} else {
			walk->levels[walk->depth++] = (struct level){.left = inside, .map = map};
		}
	} while (!r->why && walk->depth > 0);
}

struct bytes cbor_item(struct reader *r)
{
	const uint8_t *start = r->p;
	struct walk walk;

	if (r->why)
		return (struct bytes){0};
	walk.depth = 0;
	walk_item(&walk, r);
	return r->why ? (struct bytes){0} : bytes_of(start, (size_t)(r->p - start));
}

void cbor_key(struct reader *r, struct cbor_keys *keys)
{
	struct reader ahead = *r;
	struct bytes key = cbor_item(&ahead);

	if (ahead.why)
		reader_fail(r, ahead.why);
	else
		watch_key(r, keys, key);
}

bool cbor_valid(struct bytes in, const char **why)
{
	struct reader r = reader_of(in);

	cbor_item(&r);
	if (!r.why && r.n > 0)
		reader_fail(&r, "bytes follow its end");
	*why = r.why;
	return !r.why;
}

/* ---- writing ---- */

static void put_head(struct writer *w, enum major major, uint64_t v)
{
	uint8_t top = (uint8_t)((unsigned)major << 5);

	if (v < INFO_U8) {
		put_u8(w, (uint8_t)(top | v));
	} else if (v <= UINT8_MAX) {
		put_u8(w, top | INFO_U8);
		put_u8(w, (uint8_t)v);
	} else if (v <= UINT16_MAX) {
		put_u8(w, top | (INFO_U8 + 1));
		put_u16(w, (uint16_t)v);
	} else if (v <= UINT32_MAX) {
		put_u8(w, top | (INFO_U8 + 2));
		put_u32(w, (uint32_t)v);
	} else {
		put_u8(w, top | INFO_U64);
		put_u64(w, v);
	}
}

void cbor_put_uint(struct writer *w, uint64_t v)
{
	put_head(w, MAJOR_UINT, v);
}

void cbor_put_int(struct writer *w, int64_t v)
{
	if (v < 0)
		put_head(w, MAJOR_NINT, (uint64_t)(-1 - v));
	else
		put_head(w, MAJOR_UINT, (uint64_t)v);
}

void cbor_put_bytes(struct writer *w, struct bytes v)
{
	put_head(w, MAJOR_BYTES, v.n);
	put_bytes(w, v);
}

void cbor_put_text(struct writer *w, struct bytes v)
{
	put_head(w, MAJOR_TEXT, v.n);
	put_bytes(w, v);
}

void cbor_put_bool(struct writer *w, bool v)
{
	put_head(w, MAJOR_SIMPLE, v ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void cbor_put_null(struct writer *w)
{
	put_head(w, MAJOR_SIMPLE, SIMPLE_NULL);
}

void cbor_put_array(struct writer *w, size_t n)
{
	put_head(w, MAJOR_ARRAY, n);
}

void cbor_put_map(struct writer *w, size_t n)
{
	put_head(w, MAJOR_MAP, n);
}

void cbor_put_tag(struct writer *w, uint64_t tag)
{
	put_head(w, MAJOR_TAG, tag);
}

int cbor_text_key_order(struct bytes a, struct bytes b)
{
	return a.n != b.n ? (a.n > b.n) - (a.n < b.n) : bytes_compare(a, b);
}

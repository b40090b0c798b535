/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bytes.h"

struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){p, n};
}

struct bytes bytes_text(const char *text)
{
	return bytes_of(text, __builtin_strlen(text));
}

/* The C library leaves memcmp and memcpy of a null pointer undefined even for no bytes. */
static int compare(const uint8_t *a, const uint8_t *b, size_t n)
{
	return n == 0 ? 0 : __builtin_memcmp(a, b, n);
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && compare(a.p, b.p, a.n) == 0;
}

int bytes_compare(struct bytes a, struct bytes b)
{
	int order = compare(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

bool hash_equal(struct hash a, struct hash b)
{
	return compare(a.b, b.b, sizeof a.b) == 0;
}

struct bytes hash_bytes(const struct hash *h)
{
	return bytes_of(h->b, sizeof h->b);
}

bool bytes_equal_secret(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t different = 0;

	for (size_t i = 0; i < n; i++)
		different = (uint8_t)(different | (x[i] ^ y[i]));
	return different == 0;
}

void bytes_wipe(void *p, size_t n)
{
	volatile uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		b[i] = 0;
}

/* ---- reader ---- */

struct reader reader_of(struct bytes in)
{
	return (struct reader){.p = in.p, .n = in.n};
}

void reader_fail(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
}

bool reader_end(const struct reader *r)
{
	return !r->why && r->n == 0;
}

struct bytes get_bytes(struct reader *r, size_t n)
{
	struct bytes out = {r->p, n};

	if (n > r->n)
		reader_fail(r, "it ends too early");
	if (r->why)
		return (struct bytes){0};
	if (n > 0)
		r->p += n;
	r->n -= n;
	r->at += n;
	return out;
}

static uint64_t get_integer(struct reader *r, size_t n)
{
	struct bytes in = get_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < in.n; i++)
		v = v << 8 | in.p[i];
	return v;
}

uint8_t get_u8(struct reader *r)
{
	return (uint8_t)get_integer(r, 1);
}

uint16_t get_u16(struct reader *r)
{
	return (uint16_t)get_integer(r, 2);
}

uint32_t get_u32(struct reader *r)
{
	return (uint32_t)get_integer(r, 4);
}

uint64_t get_u64(struct reader *r)
{
	return get_integer(r, 8);
}

/* ---- writer ---- */

struct writer writer_of(void *buffer, size_t cap)
{
	return (struct writer){.p = buffer, .cap = cap};
}

void put_bytes(struct writer *w, struct bytes b)
{
	if (w->full || b.n > w->cap - w->n)
		w->full = true;
	else if (b.n > 0)
		__builtin_memcpy(w->p + w->n, b.p, b.n);
	w->n += b.n;
}

static void put_integer(struct writer *w, uint64_t v, size_t n)
{
	uint8_t out[8];

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	put_bytes(w, bytes_of(out, n));
}

void put_u8(struct writer *w, uint8_t v)
{
	put_integer(w, v, 1);
}

void put_u16(struct writer *w, uint16_t v)
{
	put_integer(w, v, 2);
}

void put_u32(struct writer *w, uint32_t v)
{
	put_integer(w, v, 4);
}

void put_u64(struct writer *w, uint64_t v)
{
	put_integer(w, v, 8);
}

void put_text(struct writer *w, const char *text)
{
	put_bytes(w, bytes_text(text));
}

bool writer_done(const struct writer *w, struct bytes *out)
{
	if (w->full)
		return false;
	*out = bytes_of(w->p, w->n);
	return true;
}

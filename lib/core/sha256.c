/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sha256.h"

/* FIPS 180-4 section 5.3.3. */
static const uint32_t START[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static struct hash digest_of(const uint32_t state[8])
{
	struct hash out;

	for (unsigned i = 0; i < 8; i++) {
		out.b[4 * i] = (uint8_t)(state[i] >> 24);
		out.b[4 * i + 1] = (uint8_t)(state[i] >> 16);
		out.b[4 * i + 2] = (uint8_t)(state[i] >> 8);
		out.b[4 * i + 3] = (uint8_t)state[i];
	}
	return out;
}

void sha256_init(struct sha256 *s)
{
	*s = (struct sha256){.length = 0};
	__builtin_memcpy(s->state, START, sizeof START);
}

void sha256_update(struct sha256 *s, struct bytes data)
{
	size_t held = s->length % sizeof s->block;

	if (data.n == 0)
		return;
	s->length += data.n;
	if (held > 0) {
		size_t room = sizeof s->block - held;
		size_t take = data.n < room ? data.n : room;

		__builtin_memcpy(s->block + held, data.p, take);
		data = bytes_of(data.p + take, data.n - take);
		if (take < room)
			return;
		sha256_compress(s->state, s->block, 1);
	}
	if (data.n >= sizeof s->block)
		sha256_compress(s->state, data.p, data.n / sizeof s->block);
	held = data.n % sizeof s->block;
	__builtin_memcpy(s->block, data.p + (data.n - held), held);
}

struct hash sha256_final(struct sha256 *s)
{
	uint64_t bits = s->length * 8;
	size_t held = s->length % sizeof s->block;

	/* One bit, zeros, and the length in the last eight bytes: section 5.1.1. */
	s->block[held++] = 0x80;
	__builtin_memset(s->block + held, 0, sizeof s->block - held);
	if (held > sizeof s->block - 8) {
		sha256_compress(s->state, s->block, 1);
		__builtin_memset(s->block, 0, sizeof s->block);
	}
	for (unsigned i = 0; i < 8; i++)
		s->block[63 - i] = (uint8_t)(bits >> (8 * i));
	sha256_compress(s->state, s->block, 1);
	return digest_of(s->state);
}

struct hash sha256(struct bytes data)
{
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, data);
	return sha256_final(&s);
}

struct hash sha256_padded(const uint8_t *blocks, size_t n)
{
	uint32_t state[8];

	__builtin_memcpy(state, START, sizeof START);
	sha256_compress(state, blocks, n);
	return digest_of(state);
}

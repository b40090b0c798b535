/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 with the processor's SHA extensions where it has them. */
#include "core/sha256.h"

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

#include "port/sha256_portable.h"

/* The state in the order that the instructions want: {a,b,e,f} and {c,d,g,h}, high to low. */
struct lanes {
	__m128i abef, cdgh;
};

#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

SHA_TARGET static struct lanes load_state(const uint32_t state[8])
{
	__m128i dcba = _mm_loadu_si128((const __m128i_u *)&state[0]);
	__m128i hgfe = _mm_loadu_si128((const __m128i_u *)&state[4]);
	__m128i cdab = _mm_shuffle_epi32(dcba, 0xB1);
	__m128i efgh = _mm_shuffle_epi32(hgfe, 0x1B);

	return (struct lanes){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

SHA_TARGET static void store_state(uint32_t state[8], struct lanes s)
{
	__m128i feba = _mm_shuffle_epi32(s.abef, 0x1B);
	__m128i dchg = _mm_shuffle_epi32(s.cdgh, 0xB1);

	_mm_storeu_si128((__m128i_u *)&state[0], _mm_blend_epi16(feba, dchg, 0xF0));
	_mm_storeu_si128((__m128i_u *)&state[4], _mm_alignr_epi8(dchg, feba, 8));
}

/* Words t to t+3 of the message schedule from the sixteen before: w[0] is the oldest. */
SHA_TARGET static __m128i next_words(const __m128i w[4])
{
	__m128i t = _mm_sha256msg1_epu32(w[0], w[1]);

	t = _mm_add_epi32(t, _mm_alignr_epi8(w[3], w[2], 4));
	return _mm_sha256msg2_epu32(t, w[3]);
}

SHA_TARGET static void four_rounds(struct lanes *s, __m128i words, unsigned round)
{
	__m128i k = _mm_loadu_si128((const __m128i_u *)&SHA256_K[round]);
	__m128i wk = _mm_add_epi32(words, k);

	s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, wk);
	s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(wk, 0x0E));
}

SHA_TARGET static void one_block(struct lanes *s, const uint8_t *block)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	struct lanes before = *s;
	__m128i w[4];

	for (unsigned i = 0; i < 4; i++) {
		__m128i in = _mm_loadu_si128((const __m128i_u *)(block + (size_t)16 * i));

		w[i] = _mm_shuffle_epi8(in, big_endian);
		four_rounds(s, w[i], 4 * i);
	}
	for (unsigned i = 4; i < 16; i++) {
		__m128i next = next_words(w);

		w[0] = w[1];
		w[1] = w[2];
		w[2] = w[3];
		w[3] = next;
		four_rounds(s, next, 4 * i);
	}
	s->abef = _mm_add_epi32(s->abef, before.abef);
	s->cdgh = _mm_add_epi32(s->cdgh, before.cdgh);
}

SHA_TARGET static void sha256_compress_sha_ni(uint32_t state[8], const uint8_t *blocks, size_t n)
{
	struct lanes s = load_state(state);

	for (; n > 0; n--, blocks += 64)
		one_block(&s, blocks);
	store_state(state, s);
}

/* Leaf 1 tells of SSSE3 and SSE4.1, leaf 7 of the SHA extensions. */
static bool has_sha_ni(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

typedef void compress_fn(uint32_t state[8], const uint8_t *blocks, size_t n);

void sha256_compress(uint32_t state[8], const uint8_t *blocks, size_t n)
{
	/* Threads that come first together all find the same answer. */
	static _Atomic(compress_fn *) chosen;
	compress_fn *compress = atomic_load_explicit(&chosen, memory_order_relaxed);

	if (!compress) {
		compress = has_sha_ni() ? sha256_compress_sha_ni : sha256_compress_portable;
		atomic_store_explicit(&chosen, compress, memory_order_relaxed);
	}
	compress(state, blocks, n);
}

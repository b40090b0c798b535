/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of a secret: every subset that is large enough gives it back, and none that is smaller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backup/shamir.h"
#include "crypto/crypto.h"

static void split(const uint8_t secret[static SHAMIR_SIZE], unsigned need, unsigned n,
		  struct shamir_share *out)
{
	struct fault f = {0};

	assert_int_equal(shamir_split(secret, need, n, out, &f).code, OK);
}

static void random_secret(uint8_t out[static SHAMIR_SIZE])
{
	struct fault f = {0};

	assert_int_equal(random_bytes(out, SHAMIR_SIZE, &f).code, OK);
}

/* The shares whose bits are set. */
static unsigned choose(const struct shamir_share *all, unsigned n, unsigned bits,
		       struct shamir_share *out)
{
	unsigned m = 0;

	for (unsigned i = 0; i < n; i++)
		if (bits >> i & 1)
			out[m++] = all[i];
	return m;
}

static void every_subset_that_is_large_enough_gives_the_secret_back(void **state)
{
	struct shamir_share all[SHAMIR_SHARES_MAX], some[SHAMIR_SHARES_MAX];
	uint8_t secret[SHAMIR_SIZE], back[SHAMIR_SIZE];

	(void)state;
	for (unsigned n = 1; n <= 7; n++)
		for (unsigned need = 1; need <= n; need++) {
			random_secret(secret);
			split(secret, need, n, all);
			for (unsigned bits = 1; bits < 1U << n; bits++) {
				unsigned m = choose(all, n, bits, some);

				if (m != need)
					continue;
				assert_true(shamir_combine(some, m, back));
				assert_memory_equal(back, secret, SHAMIR_SIZE);
			}
		}
}

static void one_share_too_few_gives_something_else(void **state)
{
	struct shamir_share all[SHAMIR_SHARES_MAX], some[SHAMIR_SHARES_MAX];
	uint8_t secret[SHAMIR_SIZE], back[SHAMIR_SIZE];

	(void)state;
	random_secret(secret);
	split(secret, 4, 6, all);
	for (unsigned bits = 1; bits < 1U << 6; bits++) {
		unsigned m = choose(all, 6, bits, some);

		if (m >= 4)
			continue;
		assert_true(shamir_combine(some, m, back));
		assert_memory_not_equal(back, secret, SHAMIR_SIZE);
	}
}

static void the_largest_number_of_shares_works(void **state)
{
	struct shamir_share all[SHAMIR_SHARES_MAX];
	uint8_t secret[SHAMIR_SIZE], back[SHAMIR_SIZE];

	(void)state;
	random_secret(secret);
	split(secret, SHAMIR_SHARES_MAX, SHAMIR_SHARES_MAX, all);
	assert_true(shamir_combine(all, SHAMIR_SHARES_MAX, back));
	assert_memory_equal(back, secret, SHAMIR_SIZE);
	assert_true(shamir_combine(all, SHAMIR_SHARES_MAX - 1, back));
	assert_memory_not_equal(back, secret, SHAMIR_SIZE);
}

static void a_share_given_twice_is_refused(void **state)
{
	struct shamir_share all[3];
	uint8_t secret[SHAMIR_SIZE], back[SHAMIR_SIZE];

	(void)state;
	random_secret(secret);
	split(secret, 2, 3, all);
	all[1] = all[0];
	assert_false(shamir_combine(all, 2, back));
	all[1].y[0] ^= 1; /* another value at the same place */
	assert_false(shamir_combine(all, 2, back));
}

/* Place 0 is the secret itself: nobody holds it. */
static void a_share_at_place_zero_is_refused(void **state)
{
	struct shamir_share all[2];
	uint8_t secret[SHAMIR_SIZE], back[SHAMIR_SIZE];

	(void)state;
	random_secret(secret);
	split(secret, 2, 2, all);
	all[1].x = 0;
	assert_false(shamir_combine(all, 2, back));
}

static void a_share_with_one_bit_changed_gives_something_else(void **state)
{
	struct shamir_share all[3], wrong[2];
	uint8_t secret[SHAMIR_SIZE], back[SHAMIR_SIZE];

	(void)state;
	random_secret(secret);
	split(secret, 2, 3, all);
	for (unsigned bit = 0; bit < 8 * SHAMIR_SIZE; bit++) {
		memcpy(wrong, all, sizeof wrong);
		wrong[1].y[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_true(shamir_combine(wrong, 2, back));
		assert_memory_not_equal(back, secret, SHAMIR_SIZE);
	}
}

/* By hand: over a line with slope s, share x is secret ^ x·s; doubling 0x80 reduces by 0x11b. */
static void arithmetic_is_that_of_the_aes_field(void **state)
{
	struct shamir_share shares[2] = {{.x = 1}, {.x = 2}};
	uint8_t back[SHAMIR_SIZE];

	(void)state;
	shares[0].y[0] = 0x57 ^ 0x80;
	shares[1].y[0] = 0x57 ^ 0x1b;
	assert_true(shamir_combine(shares, 2, back));
	assert_int_equal(back[0], 0x57);
	assert_int_equal(back[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_subset_that_is_large_enough_gives_the_secret_back),
		cmocka_unit_test(one_share_too_few_gives_something_else),
		cmocka_unit_test(the_largest_number_of_shares_works),
		cmocka_unit_test(a_share_given_twice_is_refused),
		cmocka_unit_test(a_share_at_place_zero_is_refused),
		cmocka_unit_test(a_share_with_one_bit_changed_gives_something_else),
		cmocka_unit_test(arithmetic_is_that_of_the_aes_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

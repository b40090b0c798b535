/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/shamir.h"

#include <assert.h>
#include <string.h>

#include "crypto/crypto.h"

/* Russian peasants' multiplication, the same steps for every operand. */
static uint8_t multiply(uint8_t a, uint8_t b)
{
	unsigned product = 0, x = a;

	for (unsigned bit = 0; bit < 8; bit++) {
		product ^= x & (0U - ((unsigned)b >> bit & 1U));
		x = (x << 1) ^ (0x11bU & (0U - (x >> 7 & 1U)));
	}
	return (uint8_t)product;
}

/* a^254, which is 1/a. */
static uint8_t inverse(uint8_t a)
{
	uint8_t power = a, result = 1;

	for (unsigned bit = 1; bit < 8; bit++) {
		power = multiply(power, power);
		result = multiply(result, power);
	}
	return result;
}

err shamir_split(const uint8_t secret[static SHAMIR_SIZE], unsigned need, unsigned n,
		 struct shamir_share *out, struct fault *f)
{
	uint8_t coefficients[SHAMIR_SHARES_MAX][SHAMIR_SIZE];

	assert(need >= 1 && need <= n && n <= SHAMIR_SHARES_MAX);
	memcpy(coefficients[0], secret, SHAMIR_SIZE);
	err e = random_bytes(coefficients[1], (need - 1) * (size_t)SHAMIR_SIZE, f);

	for (unsigned i = 0; i < n && e.code == OK; i++) {
		out[i] = (struct shamir_share){.x = (uint8_t)(i + 1)};
		for (unsigned k = need; k-- > 0;) /* Horner */
			for (size_t b = 0; b < SHAMIR_SIZE; b++)
				out[i].y[b] = multiply(out[i].y[b], out[i].x) ^ coefficients[k][b];
	}
	bytes_wipe(coefficients, sizeof coefficients);
	return e;
}

bool shamir_combine(const struct shamir_share *shares, unsigned need,
		    uint8_t out[static SHAMIR_SIZE])
{
	memset(out, 0, SHAMIR_SIZE);
	for (unsigned i = 0; i < need; i++) {
		uint8_t weight = 1; /* Lagrange's polynomial of share i at 0 */

		for (unsigned j = 0; j < need; j++) {
			if (shares[i].x == 0 || (i != j && shares[i].x == shares[j].x))
				return false;
			if (i != j)
				weight = multiply(
					weight,
					multiply(shares[j].x, inverse(shares[i].x ^ shares[j].x)));
		}
		for (size_t b = 0; b < SHAMIR_SIZE; b++)
			out[b] ^= multiply(shares[i].y[b], weight);
	}
	return true;
}

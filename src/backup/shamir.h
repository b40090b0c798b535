/* SPDX-License-Identifier: Apache-2.0 */
/* shamir.h — a 32-byte secret in n shares, of which any k give it back and k - 1 say nothing (Shamir,
 * "How to share a secret", 1979), over GF(2^8) with the polynomial of AES (FIPS 197). Arithmetic
 * without tables or branches on secrets. Whether shares belong together, the caller finds out by
 * what the secret opens. */
#ifndef BACKUP_SHAMIR_H
#define BACKUP_SHAMIR_H

#include "base/error.h"

enum { SHAMIR_SIZE = 32, SHAMIR_SHARES_MAX = 16 };

struct shamir_share {
	uint8_t x; /* 1 … n */
	uint8_t y[SHAMIR_SIZE];
};

/* 1 ≤ need ≤ n ≤ SHAMIR_SHARES_MAX. Wipe the shares when they are handed out. */
MUST_CHECK err shamir_split(const uint8_t secret[static SHAMIR_SIZE], unsigned need, unsigned n,
			    struct shamir_share *out, struct fault *f);
/* From exactly `need` shares. False if one of them is there twice, or has x 0. */
MUST_CHECK bool shamir_combine(const struct shamir_share *shares, unsigned need,
			       uint8_t out[static SHAMIR_SIZE]);

#endif

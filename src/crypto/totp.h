/* SPDX-License-Identifier: Apache-2.0 */
/* totp.h — codes of an app (RFC 6238, over HOTP of RFC 4226): HMAC-SHA-256, 8 digits, steps of 30 seconds. */
#ifndef CRYPTO_TOTP_H
#define CRYPTO_TOTP_H

#include "base/error.h"

enum {
	TOTP_SECRET_SIZE = 32,
	TOTP_STEP_MS = 30 * 1000,
	TOTP_DIGITS = 8,
	TOTP_WINDOW = 1,       /* steps before and after that are good, too */
	TOTP_BASE32_SIZE = 53, /* 52 characters and a zero */
};

static inline uint64_t totp_step(uint64_t now_ms)
{
	return now_ms / TOTP_STEP_MS;
}

/* The code of a step, below 100,000,000. */
MUST_CHECK err totp_code(const uint8_t secret[static TOTP_SECRET_SIZE], uint64_t step,
			 uint32_t *out, struct fault *f);
/* The step within the window around `now_ms` whose code this is; `*found` false: none. Takes as long either way. */
MUST_CHECK err totp_find(const uint8_t secret[static TOTP_SECRET_SIZE], uint64_t now_ms,
			 uint32_t code, bool *found, uint64_t *step, struct fault *f);
/* Eight digits as apps show them, with one space in the middle or without. */
MUST_CHECK bool totp_read(struct bytes text, uint32_t *out);
/* RFC 4648 section 6, without padding, as apps take it. */
void totp_base32(const uint8_t secret[static TOTP_SECRET_SIZE], char out[static TOTP_BASE32_SIZE]);

#endif

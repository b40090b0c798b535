/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SHA256_SIZE = 32, CODES = 100000000 };

/* RFC 4226 section 5.3, dynamic truncation. */
static uint32_t truncated(const uint8_t mac[static SHA256_SIZE])
{
	size_t at = mac[SHA256_SIZE - 1] & 0x0f;

	return ((uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
		(uint32_t)mac[at + 2] << 8 | mac[at + 3]) %
	       CODES;
}

err totp_code(const uint8_t secret[static TOTP_SECRET_SIZE], uint64_t step, uint32_t *out,
	      struct fault *f)
{
	uint8_t message[8], mac[EVP_MAX_MD_SIZE];
	struct writer w = writer_of(message, sizeof message);
	unsigned n = 0;

	put_u64(&w, step);
	if (HMAC(EVP_sha256(), secret, TOTP_SECRET_SIZE, message, sizeof message, mac, &n) ==
		    NULL ||
	    n != SHA256_SIZE)
		return fail(f, "CRYPTO_FAILED", "detail", "HMAC-SHA-256", NULL);
	*out = truncated(mac);
	bytes_wipe(mac, sizeof mac);
	return ERR_OK;
}

err totp_find(const uint8_t secret[static TOTP_SECRET_SIZE], uint64_t now_ms, uint32_t code,
	      bool *found, uint64_t *step, struct fault *f)
{
	uint64_t now = totp_step(now_ms);

	*found = false;
	for (uint64_t at = now < TOTP_WINDOW ? 0 : now - TOTP_WINDOW; at <= now + TOTP_WINDOW;
	     at++) {
		uint32_t expected;
		TRY(totp_code(secret, at, &expected, f));
		if (bytes_equal_secret(&expected, &code, sizeof code)) {
			*found = true;
			*step = at;
		}
	}
	return ERR_OK;
}

bool totp_read(struct bytes text, uint32_t *out)
{
	uint32_t code = 0;
	bool spaced = text.n == TOTP_DIGITS + 1 && text.p[TOTP_DIGITS / 2] == ' ';

	if (!spaced && text.n != TOTP_DIGITS)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (spaced && i == TOTP_DIGITS / 2)
			continue;
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		code = code * 10 + (uint32_t)(text.p[i] - '0');
	}
	*out = code;
	return true;
}

void totp_base32(const uint8_t secret[static TOTP_SECRET_SIZE], char out[static TOTP_BASE32_SIZE])
{
	static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	unsigned held = 0;
	size_t n = 0;

	for (size_t i = 0; i < TOTP_SECRET_SIZE; i++) {
		bits = (bits << 8 | secret[i]) & 0xffff;
		for (held += 8; held >= 5; held -= 5)
			out[n++] = ALPHABET[bits >> (held - 5) & 0x1f];
	}
	/* 256 bits are 51 characters and one bit, which begins the last character. */
	out[n++] = ALPHABET[bits << (5 - held) & 0x1f];
	out[n] = '\0';
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Codes as anybody types them, and secrets as apps take them: a code that is read has eight digits and says them; a
 * secret in base32 is the same secret. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "crypto/totp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void code(struct bytes in)
{
	char digits[16], said[16] = "";
	size_t k = 0;
	uint32_t read = 0;

	if (!totp_read(in, &read))
		return;
	for (size_t i = 0; i < in.n && k < 9; i++)
		if (in.p[i] != ' ')
			said[k++] = (char)in.p[i];
	snprintf(digits, sizeof digits, "%08u", (unsigned)read);
	must(k == TOTP_DIGITS && strcmp(digits, said) == 0);
}

static void secret(const uint8_t bytes[static TOTP_SECRET_SIZE])
{
	static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char text[TOTP_BASE32_SIZE];
	uint32_t of_now, bits = 0;
	unsigned held = 0;
	size_t k = 0;

	totp_base32(bytes, text);
	for (const char *p = text; *p != '\0'; p++) {
		const char *at = strchr(ALPHABET, *p);
		must(at != NULL);
		bits = (bits << 5 | (uint32_t)(at - ALPHABET)) & 0xfff;
		for (held += 5; held >= 8; held -= 8, k++)
			must((uint8_t)(bits >> (held - 8)) == bytes[k]);
	}
	must(k == TOTP_SECRET_SIZE && strlen(text) == TOTP_BASE32_SIZE - 1);
	must(totp_code(bytes, k, &of_now, NULL).code == OK && of_now < 100000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	code(bytes_of(data, n));
	if (n >= TOTP_SECRET_SIZE)
		secret(data);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of an app: the vectors of RFC 6238, the window, and the forms of a code. */
#include "crypto_testing.h"

#include "crypto/totp.h"

#include <string.h>

/* RFC 6238 appendix B: the secret for SHA-256 is the ASCII digits repeated to 32 bytes. */
static const uint8_t SECRET[TOTP_SECRET_SIZE] = "12345678901234567890123456789012";

static void codes_are_those_of_the_standard(void **state)
{
	static const struct {
		uint64_t seconds;
		uint32_t code;
	} VECTORS[] = {{59, 46119246},         {1111111109, 68084774}, {1111111111, 67062674},
		       {1234567890, 91819424}, {2000000000, 90698825}, {20000000000, 77737706}};
	struct fault f = {0};

	(void)state;
	for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
		uint32_t code;
		assert_int_equal(
			totp_code(SECRET, totp_step(VECTORS[i].seconds * 1000), &code, &f).code,
			OK);
		assert_int_equal(code, VECTORS[i].code);
	}
}

static bool finds(uint64_t now_ms, uint32_t code, uint64_t *step)
{
	struct fault f = {0};
	bool found;

	assert_int_equal(totp_find(SECRET, now_ms, code, &found, step, &f).code, OK);
	return found;
}

static void step_is_found_within_one_of_now_and_no_further(void **state)
{
	const uint64_t at = 1111111109, step = at / 30;
	uint64_t found = 0;

	(void)state;
	for (int64_t away = -3; away <= 3; away++) {
		uint64_t now = (uint64_t)((int64_t)at + 30 * away) * 1000;
		bool near = away >= -1 && away <= 1;
		assert_int_equal(finds(now, 68084774, &found), near);
		if (near)
			assert_int_equal(found, step);
	}
	assert_false(finds(at * 1000, 68084775, &found));
	assert_false(finds(at * 1000, 0, &found));
	/* At the beginning of time there is no step before. */
	assert_true(finds(0, 46119246, &found));
	assert_int_equal(found, 1);
}

static void code_has_eight_digits_and_perhaps_a_space_in_the_middle(void **state)
{
	static const char *const WRONG[] = {
		"",          "1234567",   "123456789",  "12345 678",       "1234  5678",
		" 12345678", "12345678 ", "1234\t5678", "1234567a",        "-1234567",
		"+1234567",  "0x123456",  "1234.567",   "１２３４５６７８"};
	uint32_t code;

	(void)state;
	assert_true(totp_read(bytes_text("00000000"), &code));
	assert_int_equal(code, 0);
	assert_true(totp_read(bytes_text("0123 4567"), &code));
	assert_int_equal(code, 1234567);
	assert_true(totp_read(bytes_text("99999999"), &code));
	assert_int_equal(code, 99999999);
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		assert_false(totp_read(bytes_text(WRONG[i]), &code));
	assert_false(totp_read(bytes_of("1234\0567", 8), &code));
}

/* What Python's base64.b32encode says. */
static void base32_is_what_apps_read(void **state)
{
	uint8_t zeros[TOTP_SECRET_SIZE] = {0}, ones[TOTP_SECRET_SIZE];
	char text[TOTP_BASE32_SIZE];

	(void)state;
	totp_base32(SECRET, text);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA");
	totp_base32(zeros, text);
	assert_string_equal(text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	memset(ones, 0xff, sizeof ones);
	totp_base32(ones, text);
	assert_string_equal(text, "777777777777777777777777777777777777777777777777777Q");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_those_of_the_standard),
		cmocka_unit_test(step_is_found_within_one_of_now_and_no_further),
		cmocka_unit_test(code_has_eight_digits_and_perhaps_a_space_in_the_middle),
		cmocka_unit_test(base32_is_what_apps_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

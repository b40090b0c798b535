/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

static void utf8_of_every_length_is_valid(void **state)
{
	(void)state;
	assert_true(utf8_valid(bytes_text("")));
	assert_true(utf8_valid(bytes_text("plain")));
	assert_true(utf8_valid(hex("00")));
	assert_true(utf8_valid(hex("c280dfbf")));
	assert_true(utf8_valid(hex("e0a080ed9fbfee8080efbfbf")));
	assert_true(utf8_valid(hex("f0908080f48fbfbf")));
}

static void broken_utf8_is_refused(void **state)
{
	static const char *const BROKEN[] = {
		"80",                                         /* a following byte alone */
		"bf",       "c2",                             /* ends too early */
		"e0a0",     "f09080",   "c241",               /* no following byte */
		"e0a041",   "c0af",                           /* overlong */
		"c1bf",     "e09fbf",   "f08fbfbf", "eda080", /* surrogates */
		"edbfbf",   "f4908080",                       /* beyond U+10FFFF */
		"f5808080", "ff",       "fe",       "61e282", /* good, then cut */
	};

	(void)state;
	for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++)
		assert_false(utf8_valid(hex(BROKEN[i])));
}

/* Against the definition: decode by hand every sequence of up to three bytes. */
static bool reference_valid(const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t more = b[i] < 0x80 ? 0 : b[i] >> 5 == 6 ? 1 : b[i] >> 4 == 14 ? 2 : 3;
		uint32_t least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
		uint32_t mask = more == 0 ? 0x7F : 0x3Fu >> more, point = b[i] & mask;

		if (more == 3 && b[i] >> 3 != 30)
			return false;
		if (more >= n - i)
			return false;
		for (size_t k = 1; k <= more; k++) {
			if (b[i + k] >> 6 != 2)
				return false;
			point = point << 6 | (uint32_t)(b[i + k] & 0x3F);
		}
		if (more > 0 && (point < least || point > 0x10FFFF || (point >> 11) == 27))
			return false;
		i += more + 1;
	}
	return true;
}

static void utf8_agrees_with_the_definition_on_all_short_sequences(void **state)
{
	uint8_t b[3];

	(void)state;
	for (uint32_t v = 0; v < 1u << 24; v++) {
		b[0] = (uint8_t)(v >> 16);
		b[1] = (uint8_t)(v >> 8);
		b[2] = (uint8_t)v;
		if (utf8_valid(bytes_of(b, 3)) != reference_valid(b, 3))
			fail_msg("%02x %02x %02x", b[0], b[1], b[2]);
	}
}

static void hex_is_lower_case_and_reads_either(void **state)
{
	uint8_t out[4];

	(void)state;
	assert_hex(bytes_text("\x01\xab\xff"), "01abff");
	assert_true(hex_decode(bytes_text("0aABFf09"), out, 4));
	assert_memory_equal(out, "\x0a\xab\xff\x09", 4);
	assert_true(hex_decode(bytes_text(""), out, 0));
}

static void hex_of_another_length_or_alphabet_is_refused(void **state)
{
	uint8_t out[4];

	(void)state;
	assert_false(hex_decode(bytes_text("010"), out, 1));
	assert_false(hex_decode(bytes_text("0102"), out, 1));
	assert_false(hex_decode(bytes_text("01"), out, 2));
	assert_false(hex_decode(bytes_text("0g"), out, 1));
	assert_false(hex_decode(bytes_text(" 1"), out, 1));
	assert_false(hex_decode(bytes_text("1 "), out, 1));
	assert_false(hex_decode(bytes_text("0@"), out, 1));
}

/* RFC 4648 section 10. */
static const char *const VECTORS[][2] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

static void base64_has_the_vectors_of_its_standard(void **state)
{
	char text[16];
	uint8_t back[8];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
		struct bytes plain = bytes_text(VECTORS[i][0]);

		base64_encode(plain, text);
		assert_string_equal(text, VECTORS[i][1]);
		assert_int_equal(base64_size(plain.n), strlen(text));
		assert_true(base64_decode(bytes_text(text), back, sizeof back, &n));
		assert_bytes(bytes_of(back, n), plain);
	}
}

static void the_two_alphabets_differ_in_two_characters(void **state)
{
	char text[8];
	uint8_t back[4];
	size_t n;

	(void)state;
	base64_encode(hex("fbefff"), text);
	assert_string_equal(text, "++//");
	base64url_encode(hex("fbefff"), text);
	assert_string_equal(text, "--__");
	assert_false(base64_decode(bytes_text("--__"), back, sizeof back, &n));
	assert_false(base64url_decode(bytes_text("++//"), back, sizeof back, &n));
}

static void base64url_has_no_padding(void **state)
{
	char text[8];
	uint8_t back[4];
	size_t n;

	(void)state;
	base64url_encode(hex("ff"), text);
	assert_string_equal(text, "_w");
	assert_true(base64url_decode(bytes_text("_w"), back, sizeof back, &n));
	assert_int_equal(n, 1);
	assert_false(base64url_decode(bytes_text("_w=="), back, sizeof back, &n));
}

static void base64_is_strict(void **state)
{
	static const char *const BROKEN[] = {
		"Z",    "Zg",   "Zg=",    "Zg===",    "=",    "==",       "===",
		"====", "Z===", "Zh==", /* stray bits */
		"Zm9=", "Zm 9", "Zm9v\n", "Zg==Zg==", "Zg=a", "Zm9v====", "Zm9*",
	};
	uint8_t back[16];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
		if (base64_decode(bytes_text(BROKEN[i]), back, sizeof back, &n))
			fail_msg("%s was taken", BROKEN[i]);
	}
	assert_false(base64_decode(bytes_of("Zm\0v", 4), back, sizeof back, &n));
}

static void base64url_is_strict(void **state)
{
	static const char *const BROKEN[] = {"Z", "Zm9vZ", "Zh", "Zm9", "Zm9v=", "Z m", "Zm9v\n"};
	uint8_t back[16];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
		if (base64url_decode(bytes_text(BROKEN[i]), back, sizeof back, &n))
			fail_msg("%s was taken", BROKEN[i]);
	}
}

static void base64_that_does_not_fit_is_refused_and_writes_nothing(void **state)
{
	uint8_t back[3] = {9, 9, 9};
	size_t n = 77;

	(void)state;
	assert_false(base64_decode(bytes_text("Zm9v"), back, 2, &n));
	assert_int_equal(back[0], 9);
	assert_int_equal(n, 77);
	assert_true(base64_decode(bytes_text("Zm9v"), back, 3, &n));
	assert_false(base64url_decode(bytes_text("Zm8"), back, 1, &n));
}

static void every_value_has_one_spelling(void **state)
{
	static const char ALPHABET[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	uint8_t back[4];
	char text[5] = {0}, again[5];
	size_t n, taken = 0;

	(void)state;
	/* All quads that start with "Zg" or "Zm": each that is taken is what we would write. */
	for (int second = 0; second < 2; second++) {
		for (size_t i = 0; i < 65 * 65; i++) {
			text[0] = 'Z';
			text[1] = second ? 'm' : 'g';
			text[2] = ALPHABET[i / 65];
			text[3] = ALPHABET[i % 65];
			if (!base64_decode(bytes_text(text), back, sizeof back, &n))
				continue;
			base64_encode(bytes_of(back, n), again);
			assert_string_equal(text, again);
			taken++;
		}
	}
	/* Three bytes: 2 × 64 × 64; two bytes: 2 × 16; one byte: "Zg==" alone. */
	assert_int_equal(taken, 2 * 64 * 64 + 2 * 16 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_of_every_length_is_valid),
		cmocka_unit_test(broken_utf8_is_refused),
		cmocka_unit_test(utf8_agrees_with_the_definition_on_all_short_sequences),
		cmocka_unit_test(hex_is_lower_case_and_reads_either),
		cmocka_unit_test(hex_of_another_length_or_alphabet_is_refused),
		cmocka_unit_test(base64_has_the_vectors_of_its_standard),
		cmocka_unit_test(the_two_alphabets_differ_in_two_characters),
		cmocka_unit_test(base64url_has_no_padding),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(base64url_is_strict),
		cmocka_unit_test(base64_that_does_not_fit_is_refused_and_writes_nothing),
		cmocka_unit_test(every_value_has_one_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The text side of bytes.h: UTF-8, hexadecimal, base64. */
#include "core/bytes.h"

/* Bytes that follow a first byte of UTF-8, and the lowest and highest value of the first of
 * them: RFC 3629 section 4, whose grammar rules out overlong forms and surrogates. */
struct utf8_form {
	unsigned more;
	uint8_t low, high;
};

static struct utf8_form utf8_form(uint8_t first)
{
	static const struct utf8_form NONE = {0, 1, 0};

	if (first < 0x80)
		return (struct utf8_form){0, 0, 0};
	if (first < 0xC2 || first > 0xF4)
		return NONE;
	if (first < 0xE0)
		return (struct utf8_form){1, 0x80, 0xBF};
	if (first < 0xF0)
		return (struct utf8_form){2, first == 0xE0 ? 0xA0 : 0x80,
					  first == 0xED ? 0x9F : 0xBF};
	return (struct utf8_form){3, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF};
}

bool utf8_valid(struct bytes text)
{
	for (size_t i = 0; i < text.n;) {
		struct utf8_form form = utf8_form(text.p[i++]);

		if (form.low > form.high || form.more > text.n - i)
			return false;
		for (unsigned k = 0; k < form.more; k++, i++) {
			if (text.p[i] < form.low || text.p[i] > form.high)
				return false;
			form.low = 0x80;
			form.high = 0xBF;
		}
	}
	return true;
}

void hex_encode(struct bytes in, char *out)
{
	static const char DIGITS[] = "0123456789abcdef";

	for (size_t i = 0; i < in.n; i++) {
		*out++ = DIGITS[in.p[i] >> 4];
		*out++ = DIGITS[in.p[i] & 15];
	}
	*out = '\0';
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_decode(struct bytes text, uint8_t *out, size_t n)
{
	if (text.n % 2 != 0 || text.n / 2 != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text.p[2 * i]), low = hex_digit(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64_size(size_t n)
{
	return (n / 3 + (n % 3 != 0)) * 4;
}

/* Writes the digits without padding and returns where they end. */
static char *encode(struct bytes in, const char *alphabet, char *out)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < in.n; i++) {
		bits = bits << 8 | in.p[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = alphabet[bits >> (have - 6) & 63];
	}
	if (have > 0)
		*out++ = alphabet[bits << (6 - have) & 63];
	return out;
}

void base64_encode(struct bytes in, char *out)
{
	char *end = encode(in, BASE64, out);

	for (size_t n = in.n; n % 3 != 0; n++)
		*end++ = '=';
	*end = '\0';
}

void base64url_encode(struct bytes in, char *out)
{
	*encode(in, BASE64URL, out) = '\0';
}

static int base64_digit(uint8_t c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (uint8_t)alphabet[62])
		return 62;
	return c == (uint8_t)alphabet[63] ? 63 : -1;
}

/* Decodes digits without padding. One digit alone carries no byte, and the bits that the last
 * digit has too many must be zero, so that every value has one spelling. */
static bool decode(struct bytes text, const char *alphabet, uint8_t *out, size_t cap, size_t *n)
{
	size_t need = text.n / 4 * 3 + (text.n % 4 > 1 ? text.n % 4 - 1 : 0);
	uint32_t bits = 0;
	unsigned have = 0;

	if (text.n % 4 == 1 || need > cap)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int digit = base64_digit(text.p[i], alphabet);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			*out++ = (uint8_t)(bits >> have);
		}
	}
	if ((bits & ((1u << have) - 1)) != 0)
		return false;
	*n = need;
	return true;
}

bool base64_decode(struct bytes text, uint8_t *out, size_t cap, size_t *n)
{
	if (text.n % 4 != 0)
		return false;
	for (int i = 0; i < 2 && text.n > 0 && text.p[text.n - 1] == '='; i++)
		text.n--;
	return decode(text, BASE64, out, cap, n);
}

bool base64url_decode(struct bytes text, uint8_t *out, size_t cap, size_t *n)
{
	return decode(text, BASE64URL, out, cap, n);
}

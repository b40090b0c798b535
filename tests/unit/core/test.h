/* SPDX-License-Identifier: Apache-2.0 */
/* test.h — what every test program of the core begins with. */
#ifndef TEST_UNIT_CORE_TEST_H
#define TEST_UNIT_CORE_TEST_H

/* cmocka wants these three before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/bytes.h"

/* The bytes of a hexadecimal literal, in a buffer that the next but seven calls reuse. */
static inline struct bytes hex(const char *text)
{
	static uint8_t buffers[8][4096];
	static unsigned next;
	uint8_t *out = buffers[next++ % 8];
	size_t n = strlen(text) / 2;

	assert_true(n <= sizeof buffers[0]);
	assert_true(hex_decode(bytes_text(text), out, n));
	return bytes_of(out, n);
}

static inline void assert_hex(struct bytes got, const char *want)
{
	char text[2 * 1024 + 1];

	assert_true(got.n <= 1024);
	hex_encode(got, text);
	assert_string_equal(text, want);
}

static inline void assert_bytes(struct bytes got, struct bytes want)
{
	assert_int_equal(got.n, want.n);
	if (want.n > 0)
		assert_memory_equal(got.p, want.p, want.n);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	struct arena a = {.limit = 1 << 20};
	uint8_t *last = NULL;

	(void)state;
	for (size_t n = 1; n < 700; n++) {
		uint8_t *p = arena_alloc(&a, n);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xa5, n);
		if (last)
			assert_int_equal(last[n - 2], 0xa5);
		last = p;
	}
	arena_done(&a);
}

static void memory_is_zeroed_again_after_a_reset(void **state)
{
	struct arena a = {.limit = 100000};

	(void)state;
	for (int round = 0; round < 3; round++) {
		uint8_t *p = arena_alloc(&a, 3000);

		assert_non_null(p);
		for (size_t i = 0; i < 3000; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 3000);
		arena_reset(&a);
		assert_int_equal(a.used, 0);
	}
	arena_done(&a);
}

static void the_limit_holds_to_the_byte(void **state)
{
	struct arena a = {.limit = 1000};

	(void)state;
	assert_null(arena_alloc(&a, 1001));
	assert_non_null(arena_alloc(&a, 400));
	assert_null(arena_alloc(&a, 601));
	assert_non_null(arena_alloc(&a, 600));
	assert_null(arena_alloc(&a, 1));
	assert_null(arena_alloc(&a, 0));
	assert_int_equal(a.used, 1000);
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 1000));
	arena_done(&a);
}

static void without_a_limit_sixteen_mebibytes_are_the_limit(void **state)
{
	struct arena a = {0};

	(void)state;
	assert_null(arena_alloc(&a, (16 << 20) + 1));
	assert_non_null(arena_alloc(&a, 16 << 20));
	arena_done(&a);
}

static void sizes_that_overflow_give_nothing(void **state)
{
	struct arena a = {.limit = SIZE_MAX};
	uint8_t byte = 0;

	(void)state;
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 8));
	assert_null(arena_array(&a, SIZE_MAX / 2, 3));
	assert_null(arena_array(&a, (size_t)1 << 33, (size_t)1 << 33));
	assert_null(arena_text(&a, bytes_of(&byte, SIZE_MAX)));
	assert_int_equal(a.used, 0);
	arena_done(&a);
}

static void an_empty_thing_has_a_place_of_its_own(void **state)
{
	struct arena a = {.limit = 100};

	(void)state;
	void *one = arena_alloc(&a, 0), *two = arena_array(&a, 0, 8);
	struct bytes copy = arena_copy(&a, (struct bytes){NULL, 0});

	assert_non_null(one);
	assert_non_null(two);
	assert_ptr_not_equal(one, two);
	assert_non_null(copy.p);
	assert_int_equal(copy.n, 0);
	arena_done(&a);
}

static void copies_do_not_follow_their_source(void **state)
{
	struct arena a = {.limit = 1000};
	uint8_t source[4] = "abc";

	(void)state;
	char *text = arena_text(&a, bytes_of(source, 3));
	struct bytes copy = arena_copy(&a, bytes_of(source, 3));

	memset(source, 'x', 3);
	assert_string_equal(text, "abc");
	assert_true(bytes_equal(copy, bytes_text("abc")));
	arena_done(&a);
}

static void a_copy_that_does_not_fit_is_empty(void **state)
{
	struct arena a = {.limit = 4};

	(void)state;
	struct bytes copy = arena_copy(&a, bytes_text("12345"));

	assert_null(copy.p);
	assert_int_equal(copy.n, 0);
	assert_null(arena_text(&a, bytes_text("1234"))); /* its zero does not fit */
	assert_non_null(arena_text(&a, bytes_text("123")));
	arena_done(&a);
}

static void printed_text_is_whole_or_absent(void **state)
{
	struct arena a = {.limit = 16};

	(void)state;
	assert_string_equal(arena_printf(&a, "%s-%d", "abc", 42), "abc-42");
	assert_null(arena_printf(&a, "%s", "123456789"));
	assert_string_equal(arena_printf(&a, "%s", "12345678"), "12345678");
	arena_done(&a);
}

static void a_large_block_is_not_kept(void **state)
{
	struct arena a = {.limit = 8 << 20};

	(void)state;
	assert_non_null(arena_alloc(&a, 4 << 20));
	arena_reset(&a);
	assert_null(a.blocks);
	assert_non_null(arena_alloc(&a, 100));
	arena_reset(&a);
	assert_non_null(a.blocks);
	arena_done(&a);
	assert_null(a.blocks);
	arena_done(&a); /* twice does no harm */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(memory_is_zeroed_again_after_a_reset),
		cmocka_unit_test(the_limit_holds_to_the_byte),
		cmocka_unit_test(without_a_limit_sixteen_mebibytes_are_the_limit),
		cmocka_unit_test(sizes_that_overflow_give_nothing),
		cmocka_unit_test(an_empty_thing_has_a_place_of_its_own),
		cmocka_unit_test(copies_do_not_follow_their_source),
		cmocka_unit_test(a_copy_that_does_not_fit_is_empty),
		cmocka_unit_test(printed_text_is_whole_or_absent),
		cmocka_unit_test(a_large_block_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is CBOR elsewhere but not here, and what is no CBOR at all. */
#include "test.h"

#include "core/cbor.h"

static struct reader reading(const char *text)
{
	return reader_of(hex(text));
}

static bool valid(const char *text)
{
	const char *why = "left alone";
	bool ok = cbor_valid(hex(text), &why);

	assert_true(ok == (why == NULL));
	return ok;
}

static void assert_refused_because(const char *text, const char *want)
{
	const char *why;

	assert_false(cbor_valid(hex(text), &why));
	assert_string_equal(why, want);
}

static void a_number_longer_than_its_shortest_form_is_refused(void **state)
{
	static const char *const LONG[] = {
		"1800",
		"1817",
		"190000",
		"1900ff",
		"1a00000000",
		"1a0000ffff",
		"1b0000000000000000",
		"1b00000000ffffffff",
		"3817",
		"3900ff",
		"3a0000ffff",
		"3b00000000ffffffff",
		"580100",
		"59000100",
		"5a0000000100",
		"5b000000000000000100",
		"780161",
		"980100",
		"b8010001",
		"b900010001",
		"d80100",
		"d9000100",
		"da0000000100",
		"db000000000000000100",
	};

	(void)state;
	for (size_t i = 0; i < sizeof LONG / sizeof *LONG; i++)
		assert_refused_because(LONG[i], "a number is not written in its shortest form");
}

static void floats_are_refused(void **state)
{
	static const char WHY[] = "only false, true and null are simple values here";

	(void)state;
	assert_refused_because("f90000", WHY);
	assert_refused_because("f97e00", WHY);
	assert_refused_because("fa47c35000", WHY);
	assert_refused_because("fb3ff199999999999a", WHY);
}

static void undefined_and_other_simple_values_are_refused(void **state)
{
	char text[] = "e0";

	(void)state;
	assert_false(valid("f7"));
	assert_false(valid("f0"));
	assert_false(valid("f818"));
	assert_false(valid("f814"));
	assert_false(valid("f8ff"));
	assert_false(valid("fc"));
	assert_false(valid("fd"));
	assert_false(valid("fe"));
	for (int i = 0; i < 20; i++) {
		text[0] = i < 16 ? 'e' : 'f';
		text[1] = "0123456789abcdef"[i % 16];
		assert_false(valid(text));
	}
	assert_true(valid("f4"));
	assert_true(valid("f5"));
	assert_true(valid("f6"));
}

static void indefinite_lengths_are_refused(void **state)
{
	static const char WHY[] = "lengths must be definite";

	(void)state;
	assert_refused_because("5f4100ff", WHY);
	assert_refused_because("7f6161ff", WHY);
	assert_refused_because("9fff", WHY);
	assert_refused_because("bfff", WHY);
	assert_refused_because("819fff", WHY);
	assert_false(valid("ff"));
	assert_false(valid("81ff"));
}

static void reserved_heads_are_refused(void **state)
{
	static const char MAJORS[] = "13579bd";
	char text[] = "1c00";

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		for (size_t k = 0; k < 4; k++) {
			text[0] = MAJORS[i];
			text[1] = "cdef"[k];
			assert_false(valid(text));
		}
	}
}

static void texts_must_be_utf8(void **state)
{
	struct reader r = reading("62c328");

	(void)state;
	assert_true(valid("62c3bc"));
	assert_refused_because("62c328", "a text is not valid UTF-8");
	assert_refused_because("61ff", "a text is not valid UTF-8");
	assert_refused_because("63eda080", "a text is not valid UTF-8");
	assert_refused_because("a161ff00", "a text is not valid UTF-8");
	assert_null(cbor_text(&r).p);
	assert_non_null(r.why);
	assert_true(valid("42c328")); /* as bytes it is fine */
}

static void a_character_may_not_lie_across_two_texts(void **state)
{
	(void)state;
	assert_false(valid("8261c361bc"));
}

static void map_keys_must_ascend(void **state)
{
	static const char WHY[] = "map keys are not unique and in order";

	(void)state;
	assert_true(valid("a201000200"));
	assert_true(valid("a21700181800"));
	assert_true(valid("a2616200626161"
			  "00"));
	assert_refused_because("a202000100", WHY);
	assert_refused_because("a26162006161"
			       "00",
			       WHY);
	assert_refused_because("a262616100616200", WHY);
	assert_refused_because("a2616100"
			       "0100",
			       WHY);
	assert_refused_because("a220000100", WHY);
}

static void map_keys_must_be_unique(void **state)
{
	static const char WHY[] = "map keys are not unique and in order";

	(void)state;
	assert_refused_because("a201000100", WHY);
	assert_refused_because("a2616100616100", WHY);
	assert_refused_because("a3010002000200", WHY);
	assert_refused_because("81a1"
			       "00a201000100",
			       WHY);
}

static void a_compound_key_is_compared_whole(void **state)
{
	(void)state;
	assert_true(valid("a2810100810200"));
	assert_true(valid("a2a1010100a1010200"));
	assert_false(valid("a2810200810100"));
	assert_false(valid("a2810100810100"));
	assert_false(valid("a1a20201010100")); /* the key's own keys are out of order */
}

static void the_watch_over_keys_is_the_same_for_who_reads_field_by_field(void **state)
{
	struct reader r = reading("a302000161006163");
	struct cbor_keys keys = {{0}};

	(void)state;
	assert_int_equal(cbor_map(&r), 3);
	cbor_key(&r, &keys);
	assert_int_equal(cbor_uint(&r), 2);
	cbor_item(&r);
	cbor_key(&r, &keys);
	assert_non_null(r.why);
	assert_int_equal(cbor_uint(&r), 0);
}

static void a_key_that_is_no_item_fails_the_watch(void **state)
{
	struct reader r = reading("a1ff00");
	struct cbor_keys keys = {{0}};

	(void)state;
	assert_int_equal(cbor_map(&r), 1);
	cbor_key(&r, &keys);
	assert_non_null(r.why);
}

static void text_keys_sort_shorter_first(void **state)
{
	(void)state;
	assert_true(cbor_text_key_order(bytes_text("b"), bytes_text("aa")) < 0);
	assert_true(cbor_text_key_order(bytes_text("aa"), bytes_text("b")) > 0);
	assert_true(cbor_text_key_order(bytes_text("a"), bytes_text("b")) < 0);
	assert_int_equal(cbor_text_key_order(bytes_text("ab"), bytes_text("ab")), 0);
	assert_true(cbor_text_key_order(bytes_text(""), bytes_text("a")) < 0);
}

/* `n` arrays around a number. */
static struct bytes nested(uint8_t first, size_t n)
{
	static uint8_t out[64];

	memset(out, first, n);
	out[n] = 0;
	return bytes_of(out, n + 1);
}

static void nesting_stops_at_sixteen(void **state)
{
	const char *why;

	(void)state;
	assert_true(cbor_valid(nested(0x81, CBOR_DEPTH_MAX), &why));
	assert_false(cbor_valid(nested(0x81, CBOR_DEPTH_MAX + 1), &why));
	assert_string_equal(why, "it is nested too deeply");
	assert_true(cbor_valid(nested(0xC1, CBOR_DEPTH_MAX), &why));
	assert_false(cbor_valid(nested(0xC1, CBOR_DEPTH_MAX + 1), &why));
	assert_false(cbor_valid(nested(0x81, 60), &why));
}

static void an_empty_array_at_the_bottom_takes_no_level(void **state)
{
	struct bytes in = nested(0x81, CBOR_DEPTH_MAX);
	uint8_t deep[CBOR_DEPTH_MAX + 1];
	const char *why;

	(void)state;
	memcpy(deep, in.p, in.n);
	deep[CBOR_DEPTH_MAX] = 0x80;
	assert_true(cbor_valid(bytes_of(deep, sizeof deep), &why));
}

static void counts_beyond_the_bytes_left_are_refused(void **state)
{
	static const char *const LYING[] = {
		"81",     "8201",     "9affffffff", "9bffffffffffffffff", "a1",
		"a101",   "a2010002", "baffffffff", "bb7fffffffffffffff", "bbffffffffffffffff",
		"b8ff00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof LYING / sizeof *LYING; i++) {
		struct bytes in = hex(LYING[i]);
		struct reader array = reader_of(in), map = reader_of(in);

		assert_false(valid(LYING[i]));
		assert_true(cbor_array(&array) < in.n && cbor_map(&map) < in.n);
	}
}

static void a_count_is_refused_before_any_item_is_read(void **state)
{
	struct reader r = reading("83"
				  "0102"),
		      map = reading("a2"
				    "010203");

	(void)state;
	assert_int_equal(cbor_array(&r), 0);
	assert_string_equal(r.why, "it ends too early");
	assert_int_equal(cbor_map(&map), 0);
	assert_string_equal(map.why, "it ends too early");
}

static void strings_beyond_the_bytes_left_are_refused(void **state)
{
	static const char *const LYING[] = {"41",        "5818ffff", "5bffffffffffffffff",
					    "61",        "7818ffff", "7bffffffffffffffff",
					    "5affffffff"};

	(void)state;
	for (size_t i = 0; i < sizeof LYING / sizeof *LYING; i++)
		assert_refused_because(LYING[i], "it ends too early");
}

static void every_cut_of_a_valid_item_is_refused(void **state)
{
	struct bytes in = hex("a40183f4f5f60242abcd"
			      "6161"
			      "6563c3bc6465"
			      "6162"
			      "c1a11903e83903e7");
	const char *why;

	(void)state;
	assert_true(cbor_valid(in, &why));
	for (size_t n = 0; n < in.n; n++) {
		assert_false(cbor_valid(bytes_of(in.p, n), &why));
		assert_string_equal(why, "it ends too early");
	}
}

static void bytes_after_the_end_are_refused(void **state)
{
	(void)state;
	assert_refused_because("0000", "bytes follow its end");
	assert_refused_because("a000", "bytes follow its end");
	assert_refused_because("8100f6", "bytes follow its end");
}

static void nothing_is_not_an_item(void **state)
{
	(void)state;
	assert_refused_because("", "it ends too early");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_longer_than_its_shortest_form_is_refused),
		cmocka_unit_test(floats_are_refused),
		cmocka_unit_test(undefined_and_other_simple_values_are_refused),
		cmocka_unit_test(indefinite_lengths_are_refused),
		cmocka_unit_test(reserved_heads_are_refused),
		cmocka_unit_test(texts_must_be_utf8),
		cmocka_unit_test(a_character_may_not_lie_across_two_texts),
		cmocka_unit_test(map_keys_must_ascend),
		cmocka_unit_test(map_keys_must_be_unique),
		cmocka_unit_test(a_compound_key_is_compared_whole),
		cmocka_unit_test(the_watch_over_keys_is_the_same_for_who_reads_field_by_field),
		cmocka_unit_test(a_key_that_is_no_item_fails_the_watch),
		cmocka_unit_test(text_keys_sort_shorter_first),
		cmocka_unit_test(nesting_stops_at_sixteen),
		cmocka_unit_test(an_empty_array_at_the_bottom_takes_no_level),
		cmocka_unit_test(counts_beyond_the_bytes_left_are_refused),
		cmocka_unit_test(a_count_is_refused_before_any_item_is_read),
		cmocka_unit_test(strings_beyond_the_bytes_left_are_refused),
		cmocka_unit_test(every_cut_of_a_valid_item_is_refused),
		cmocka_unit_test(bytes_after_the_end_are_refused),
		cmocka_unit_test(nothing_is_not_an_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
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

/* ---- numbers ---- */

/* RFC 8949 appendix A, and the edge of every head. */
static const struct {
	uint64_t value;
	const char *bytes;
} UINTS[] = {
	{0, "00"},
	{1, "01"},
	{23, "17"},
	{24, "1818"},
	{255, "18ff"},
	{256, "190100"},
	{1000, "1903e8"},
	{65535, "19ffff"},
	{65536, "1a00010000"},
	{1000000, "1a000f4240"},
	{UINT32_MAX, "1affffffff"},
	{UINT64_C(4294967296), "1b0000000100000000"},
	{UINT64_C(1000000000000), "1b000000e8d4a51000"},
	{UINT64_MAX, "1bffffffffffffffff"},
};

static void numbers_are_written_and_read_in_their_shortest_form(void **state)
{
	uint8_t buffer[16];

	(void)state;
	for (size_t i = 0; i < sizeof UINTS / sizeof *UINTS; i++) {
		struct writer w = writer_of(buffer, sizeof buffer);
		struct reader r = reading(UINTS[i].bytes);
		struct bytes out;

		cbor_put_uint(&w, UINTS[i].value);
		assert_true(writer_done(&w, &out));
		assert_hex(out, UINTS[i].bytes);
		assert_true(cbor_uint(&r) == UINTS[i].value);
		assert_true(reader_end(&r));
	}
}

static void signed_numbers_reach_both_ends(void **state)
{
	static const struct {
		int64_t value;
		const char *bytes;
	} INTS[] = {
		{0, "00"},
		{-1, "20"},
		{-24, "37"},
		{-25, "3818"},
		{-1000, "3903e7"},
		{INT64_MAX, "1b7fffffffffffffff"},
		{INT64_MIN, "3b7fffffffffffffff"},
	};
	uint8_t buffer[16];

	(void)state;
	for (size_t i = 0; i < sizeof INTS / sizeof *INTS; i++) {
		struct writer w = writer_of(buffer, sizeof buffer);
		struct reader r = reading(INTS[i].bytes);
		struct bytes out;

		cbor_put_int(&w, INTS[i].value);
		assert_true(writer_done(&w, &out));
		assert_hex(out, INTS[i].bytes);
		assert_true(cbor_int(&r) == INTS[i].value);
		assert_true(reader_end(&r));
	}
}

static void a_number_beyond_int64_is_valid_but_no_int(void **state)
{
	struct reader above = reading("1b8000000000000000"), below = reading("3b8000000000000000");

	(void)state;
	assert_true(valid("1b8000000000000000"));
	assert_true(valid("3bffffffffffffffff"));
	assert_int_equal(cbor_int(&above), 0);
	assert_non_null(above.why);
	assert_int_equal(cbor_int(&below), 0);
	assert_non_null(below.why);
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

/* ---- what is not in the encoding ---- */

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

/* ---- texts ---- */

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

/* ---- maps ---- */

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

static void text_keys_sort_shorter_first(void **state)
{
	(void)state;
	assert_true(cbor_text_key_order(bytes_text("b"), bytes_text("aa")) < 0);
	assert_true(cbor_text_key_order(bytes_text("aa"), bytes_text("b")) > 0);
	assert_true(cbor_text_key_order(bytes_text("a"), bytes_text("b")) < 0);
	assert_int_equal(cbor_text_key_order(bytes_text("ab"), bytes_text("ab")), 0);
	assert_true(cbor_text_key_order(bytes_text(""), bytes_text("a")) < 0);
}

/* ---- bounds ---- */

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

/* ---- kinds ---- */

static void every_kind_is_seen_before_it_is_taken(void **state)
{
	static const char ONE_EACH[] = "8a"
				       "00"
				       "20"
				       "40"
				       "60"
				       "80"
				       "a0"
				       "c100"
				       "f4"
				       "f5"
				       "f6";
	static const enum cbor_kind KINDS[] = {CBOR_UINT,  CBOR_NINT, CBOR_BYTES, CBOR_TEXT,
					       CBOR_ARRAY, CBOR_MAP,  CBOR_TAG,   CBOR_BOOL,
					       CBOR_BOOL,  CBOR_NULL};
	struct reader r = reading(ONE_EACH);

	(void)state;
	assert_int_equal(cbor_peek(&r), CBOR_ARRAY);
	assert_int_equal(cbor_array(&r), 10);
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(cbor_peek(&r), KINDS[i]);
		assert_true(cbor_item(&r).n > 0);
	}
	assert_int_equal(cbor_peek(&r), CBOR_INVALID);
	assert_true(reader_end(&r));
}

static void taking_another_kind_fails(void **state)
{
	static const char *const ITEMS[] = {"00", "20", "40", "60", "80", "a0", "c100", "f4", "f6"};

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		for (size_t take = 0; take < 9; take++) {
			struct reader r = reading(ITEMS[i]);

			switch (take) {
			case 0:
				cbor_uint(&r);
				break;
			case 1:
				cbor_int(&r);
				break;
			case 2:
				cbor_bytes(&r);
				break;
			case 3:
				cbor_text(&r);
				break;
			case 4:
				cbor_array(&r);
				break;
			case 5:
				cbor_map(&r);
				break;
			case 6:
				cbor_tag(&r);
				break;
			case 7:
				cbor_bool(&r);
				break;
			default:
				cbor_null(&r);
				break;
			}
			assert_true((r.why == NULL) == (take == i || (take == 1 && i == 0)));
		}
	}
}

static void after_a_failure_nothing_is_taken(void **state)
{
	struct reader r = reading("0001");

	(void)state;
	reader_fail(&r, "before");
	assert_int_equal(cbor_peek(&r), CBOR_INVALID);
	assert_int_equal(cbor_uint(&r), 0);
	assert_false(cbor_bool(&r));
	assert_null(cbor_item(&r).p);
	assert_string_equal(r.why, "before");
	assert_int_equal(r.n, 2);
}

static void an_item_is_returned_as_its_own_bytes(void **state)
{
	struct reader r = reading("83"
				  "a1014102"
				  "c1820304"
				  "00");

	(void)state;
	cbor_array(&r);
	assert_hex(cbor_item(&r), "a1014102");
	assert_hex(cbor_item(&r), "c1820304");
	assert_hex(cbor_item(&r), "00");
	assert_true(reader_end(&r));
}

static void what_is_written_is_valid(void **state)
{
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;
	const char *why;

	(void)state;
	cbor_put_map(&w, 2);
	cbor_put_uint(&w, 1);
	cbor_put_array(&w, 4);
	cbor_put_bool(&w, true);
	cbor_put_bool(&w, false);
	cbor_put_null(&w);
	cbor_put_tag(&w, 18);
	cbor_put_bytes(&w, hex("0a0b"));
	cbor_put_text(&w, bytes_text("key"));
	cbor_put_int(&w, -5);
	assert_true(writer_done(&w, &out));
	assert_hex(out, "a20184f5f4f6d2420a0b636b657924");
	assert_true(cbor_valid(out, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_and_read_in_their_shortest_form),
		cmocka_unit_test(signed_numbers_reach_both_ends),
		cmocka_unit_test(a_number_beyond_int64_is_valid_but_no_int),
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
		cmocka_unit_test(text_keys_sort_shorter_first),
		cmocka_unit_test(nesting_stops_at_sixteen),
		cmocka_unit_test(an_empty_array_at_the_bottom_takes_no_level),
		cmocka_unit_test(counts_beyond_the_bytes_left_are_refused),
		cmocka_unit_test(a_count_is_refused_before_any_item_is_read),
		cmocka_unit_test(strings_beyond_the_bytes_left_are_refused),
		cmocka_unit_test(every_cut_of_a_valid_item_is_refused),
		cmocka_unit_test(bytes_after_the_end_are_refused),
		cmocka_unit_test(nothing_is_not_an_item),
		cmocka_unit_test(every_kind_is_seen_before_it_is_taken),
		cmocka_unit_test(taking_another_kind_fails),
		cmocka_unit_test(after_a_failure_nothing_is_taken),
		cmocka_unit_test(an_item_is_returned_as_its_own_bytes),
		cmocka_unit_test(what_is_written_is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
		cmocka_unit_test(every_kind_is_seen_before_it_is_taken),
		cmocka_unit_test(taking_another_kind_fails),
		cmocka_unit_test(after_a_failure_nothing_is_taken),
		cmocka_unit_test(an_item_is_returned_as_its_own_bytes),
		cmocka_unit_test(what_is_written_is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

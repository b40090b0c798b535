/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

static void reader_takes_big_endian_integers(void **state)
{
	struct reader r = reader_of(hex("0102030405060708090a0b0c0d0e0f"));

	(void)state;
	assert_int_equal(get_u8(&r), 0x01);
	assert_int_equal(get_u16(&r), 0x0203);
	assert_int_equal(get_u32(&r), 0x04050607);
	assert_true(get_u64(&r) == UINT64_C(0x08090a0b0c0d0e0f));
	assert_int_equal(r.at, 15);
	assert_true(reader_end(&r));
}

static void a_read_past_the_end_fails_and_takes_nothing(void **state)
{
	struct reader r = reader_of(hex("010203"));

	(void)state;
	assert_int_equal(get_u32(&r), 0);
	assert_non_null(r.why);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.at, 0);
}

static void the_first_failure_sticks(void **state)
{
	struct reader r = reader_of(hex("0102"));

	(void)state;
	reader_fail(&r, "first");
	reader_fail(&r, "second");
	assert_string_equal(r.why, "first");
	assert_int_equal(get_u8(&r), 0);
	assert_null(get_bytes(&r, 1).p);
	assert_false(reader_end(&r));
}

static void reader_end_fails_on_bytes_left(void **state)
{
	struct reader r = reader_of(hex("0102"));

	(void)state;
	get_u8(&r);
	assert_false(reader_end(&r));
	get_u8(&r);
	assert_true(reader_end(&r));
}

static void an_empty_reader_gives_empty_spans_only(void **state)
{
	struct reader r = reader_of((struct bytes){0});

	(void)state;
	assert_int_equal(get_bytes(&r, 0).n, 0);
	assert_true(reader_end(&r));
	assert_int_equal(get_bytes(&r, SIZE_MAX).n, 0);
	assert_false(reader_end(&r));
}

static void writer_puts_big_endian_integers(void **state)
{
	uint8_t buffer[18];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;

	(void)state;
	put_u8(&w, 0x01);
	put_u16(&w, 0x0203);
	put_u32(&w, 0x04050607);
	put_u64(&w, UINT64_C(0x08090a0b0c0d0e0f));
	put_text(&w, "abc");
	assert_true(writer_done(&w, &out));
	assert_hex(out, "0102030405060708090a0b0c0d0e0f616263");
}

static void a_full_writer_counts_on_and_writes_nothing_more(void **state)
{
	uint8_t buffer[4] = {0, 0, 0xEE, 0xEE};
	struct writer w = writer_of(buffer, 3);
	struct bytes out = {buffer, 99};

	(void)state;
	put_u16(&w, 0x0102);
	put_u16(&w, 0x0304);
	put_u8(&w, 0x05); /* would fit, but the row is broken */
	assert_false(writer_done(&w, &out));
	assert_int_equal(out.n, 99);
	assert_int_equal(w.n, 5);
	assert_int_equal(buffer[2], 0xEE);
	assert_int_equal(buffer[3], 0xEE);
}

static void a_writer_without_a_buffer_measures(void **state)
{
	struct writer w = writer_of(NULL, 0);
	struct bytes out;

	(void)state;
	assert_true(writer_done(&w, &out));
	put_text(&w, "measure");
	assert_int_equal(w.n, 7);
	assert_false(writer_done(&w, &out));
}

static void comparison_is_bytewise_and_shorter_first(void **state)
{
	(void)state;
	assert_true(bytes_compare(bytes_text("a"), bytes_text("b")) < 0);
	assert_true(bytes_compare(bytes_text("b"), bytes_text("ab")) > 0);
	assert_true(bytes_compare(bytes_text("a"), bytes_text("ab")) < 0);
	assert_true(bytes_compare(bytes_text("ab"), bytes_text("a")) > 0);
	assert_true(bytes_compare(hex("ff"), hex("01")) > 0);
	assert_int_equal(bytes_compare((struct bytes){0}, (struct bytes){0}), 0);
	assert_true(bytes_compare((struct bytes){0}, hex("00")) < 0);
}

static void equality_needs_length_and_content(void **state)
{
	(void)state;
	assert_true(bytes_equal(bytes_text("ab"), bytes_text("ab")));
	assert_false(bytes_equal(bytes_text("ab"), bytes_text("abc")));
	assert_false(bytes_equal(bytes_text("ab"), bytes_text("ac")));
	assert_true(bytes_equal((struct bytes){0}, bytes_text("")));
}

static void secret_equality_sees_every_bit(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};

	(void)state;
	assert_true(bytes_equal_secret(a, b, sizeof a));
	for (size_t bit = 0; bit < 8 * sizeof b; bit++) {
		b[bit / 8] = (uint8_t)(1u << bit % 8);
		assert_false(bytes_equal_secret(a, b, sizeof a));
		b[bit / 8] = 0;
	}
	assert_true(bytes_equal_secret(a, b, 0));
}

static void hashes_compare_whole(void **state)
{
	struct hash a = {{0}}, b = {{0}};

	(void)state;
	assert_true(hash_equal(a, b));
	b.b[31] = 1;
	assert_false(hash_equal(a, b));
	assert_int_equal(hash_bytes(&b).n, 32);
}

static void wiping_leaves_zeros_and_no_more(void **state)
{
	uint8_t secret[] = {1, 2, 3, 4};

	(void)state;
	bytes_wipe(secret, 3);
	assert_hex(bytes_of(secret, 4), "00000004");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_takes_big_endian_integers),
		cmocka_unit_test(a_read_past_the_end_fails_and_takes_nothing),
		cmocka_unit_test(the_first_failure_sticks),
		cmocka_unit_test(reader_end_fails_on_bytes_left),
		cmocka_unit_test(an_empty_reader_gives_empty_spans_only),
		cmocka_unit_test(writer_puts_big_endian_integers),
		cmocka_unit_test(a_full_writer_counts_on_and_writes_nothing_more),
		cmocka_unit_test(a_writer_without_a_buffer_measures),
		cmocka_unit_test(comparison_is_bytewise_and_shorter_first),
		cmocka_unit_test(equality_needs_length_and_content),
		cmocka_unit_test(secret_equality_sees_every_bit),
		cmocka_unit_test(hashes_compare_whole),
		cmocka_unit_test(wiping_leaves_zeros_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

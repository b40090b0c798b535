/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/note.h"

#define ROOT       "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I="
#define CHECKPOINT "ledger.example/trial\n70000\n" ROOT "\n"

static void a_checkpoint_is_read_and_written_alike(void **state)
{
	struct checkpoint got;
	uint8_t buffer[256];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;
	const char *why;

	(void)state;
	assert_true(checkpoint_parse(bytes_text(CHECKPOINT), &got, &why));
	assert_null(why);
	assert_bytes(got.origin, bytes_text("ledger.example/trial"));
	assert_int_equal(got.head.size, 70000);
	checkpoint_put(&w, got.origin, got.head);
	assert_true(writer_done(&w, &out));
	assert_bytes(out, bytes_text(CHECKPOINT));
}

static void sizes_from_zero_to_the_largest_are_read(void **state)
{
	struct checkpoint got;
	const char *why;

	(void)state;
	assert_true(checkpoint_parse(bytes_text("o\n0\n" ROOT "\n"), &got, &why));
	assert_int_equal(got.head.size, 0);
	assert_true(
		checkpoint_parse(bytes_text("o\n18446744073709551615\n" ROOT "\n"), &got, &why));
	assert_true(got.head.size == UINT64_MAX);
}

static void an_origin_has_at_most_255_bytes(void **state)
{
	char text[512];
	struct checkpoint got;
	const char *why;

	(void)state;
	for (size_t n = 255; n <= 256; n++) {
		memset(text, 'o', n);
		memcpy(text + n, "\n1\n" ROOT "\n", sizeof "\n1\n" ROOT "\n");
		assert_true(checkpoint_parse(bytes_text(text), &got, &why) == (n == 255));
	}
}

static void a_malformed_checkpoint_is_refused(void **state)
{
	static const char *const BROKEN[] = {
		"",
		"o\n",
		"o\n1\n",
		"o\n1\n" ROOT,
		"\n1\n" ROOT "\n",
		"o\n\n" ROOT "\n",
		"o\n01\n" ROOT "\n",
		"o\n00\n" ROOT "\n",
		"o\n+1\n" ROOT "\n",
		"o\n-1\n" ROOT "\n",
		"o\n 1\n" ROOT "\n",
		"o\n1 \n" ROOT "\n",
		"o\n0x1\n" ROOT "\n",
		"o\n1e3\n" ROOT "\n",
		"o\n18446744073709551616\n" ROOT "\n",
		"o\n99999999999999999999999\n" ROOT "\n",
		"o\n1\n" ROOT "\nextension\n",
		"o\n1\n" ROOT "\n\n",
		"o\n1\n\n",
		"o\n1\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7\n",
		"o\n1\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7K=\n",
		"o\n1\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2\n",
		"o\n1\nSBNJTRN-FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n",
		"o\n1\n" ROOT "AAAA\n",
		"o\r\n1\n" ROOT "\n",
		"\xFF\n1\n" ROOT "\n",
	};
	struct checkpoint got = {.origin = bytes_text("kept")};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
		if (checkpoint_parse(bytes_text(BROKEN[i]), &got, &why))
			fail_msg("number %zu was taken: %s", i, BROKEN[i]);
		assert_non_null(why);
	}
	assert_bytes(got.origin, bytes_text("kept"));
}

static void extension_lines_are_read_only_where_they_are_asked_for(void **state)
{
	static const char TEXT[] = CHECKPOINT "nonce AAAA\nand another\n";
	struct checkpoint got = {.origin = bytes_text("kept")};
	struct bytes extensions = bytes_text("kept");
	const char *why;

	(void)state;
	assert_false(checkpoint_parse(bytes_text(TEXT), &got, &why));
	assert_non_null(why);
	assert_bytes(got.origin, bytes_text("kept"));
	assert_true(checkpoint_parse_extended(bytes_text(TEXT), &got, &extensions, &why));
	assert_int_equal(got.head.size, 70000);
	assert_bytes(extensions, bytes_text("nonce AAAA\nand another\n"));
	assert_true(checkpoint_parse_extended(bytes_text(CHECKPOINT), &got, &extensions, &why));
	assert_int_equal(extensions.n, 0);
}

static void extension_lines_that_are_not_whole_are_refused(void **state)
{
	static const char *const BROKEN[] = {
		CHECKPOINT "\n",           CHECKPOINT "not ended",
		CHECKPOINT "one\n\n",      CHECKPOINT "\nnonce\n",
		CHECKPOINT "one\n\ntwo\n", CHECKPOINT "one\ntwo",
		CHECKPOINT "tab\there\n",  CHECKPOINT "\xFF\n",
		"o\n1\nnonce\n",           "o\n01\n" ROOT "\nnonce\n",
	};
	struct checkpoint got = {.origin = bytes_text("kept")};
	struct bytes extensions = bytes_text("kept");
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
		if (checkpoint_parse_extended(bytes_text(BROKEN[i]), &got, &extensions, &why))
			fail_msg("number %zu was taken: %s", i, BROKEN[i]);
		assert_non_null(why);
	}
	assert_bytes(got.origin, bytes_text("kept"));
	assert_bytes(extensions, bytes_text("kept"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_checkpoint_is_read_and_written_alike),
		cmocka_unit_test(sizes_from_zero_to_the_largest_are_read),
		cmocka_unit_test(an_origin_has_at_most_255_bytes),
		cmocka_unit_test(a_malformed_checkpoint_is_refused),
		cmocka_unit_test(extension_lines_are_read_only_where_they_are_asked_for),
		cmocka_unit_test(extension_lines_that_are_not_whole_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

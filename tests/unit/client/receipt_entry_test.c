/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt is of the record that was sent only if its leaf is of the entry that holds it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "client/client.h"

#include <string.h>

struct sent {
	uint8_t claim_buffer[512], entry_buffer[1024];
	struct bytes claim, entry;
	json_t *receipt;
};

static const uint64_t MADE_MS = UINT64_C(1790000000123);

static struct bytes make_claim(const char *author, uint8_t *buffer, size_t cap)
{
	struct claim claim = {.origin = bytes_text("receipts.example/log"),
			      .type = bytes_text("seal.applied"),
			      .version = 1,
			      .author = bytes_text(author),
			      .made = MADE_MS,
			      .source = CLAIM_WITNESSED,
			      .body = bytes_of("\xa0", 1)};
	struct writer w = writer_of(buffer, cap);
	struct bytes out;

	for (size_t i = 0; i < 6; i++)
		claim.id.b[i] = (uint8_t)(MADE_MS >> (8 * (5 - i)));
	claim.id.b[6] = 0x70;
	claim.id.b[8] = 0x80;
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &out));
	return out;
}

static void set(const struct sent *s, const char *name, json_t *value)
{
	assert_int_equal(json_object_set_new(s->receipt, name, value), 0);
}

static void show_entry(const struct sent *s, struct bytes entry)
{
	struct bytes rest = entry_after_claim(entry);
	struct hash leaf = merkle_leaf(entry);
	char text[1024], hex[65];

	hex_encode(hash_bytes(&leaf), hex);
	base64url_encode(rest, text);
	set(s, "leaf", json_string(hex));
	set(s, "after_claim", json_string(text));
}

static struct bytes make_entry(struct bytes claim, uint8_t *buffer, size_t cap)
{
	struct witness witness = {.sequence = 7, .at = MADE_MS, .outcome = OUTCOME_FOLDED};
	uint8_t noted[256];
	struct writer n = writer_of(noted, sizeof noted), w = writer_of(buffer, cap);
	struct bytes witness_bytes, out;

	witness_put(&n, &witness);
	assert_true(writer_done(&n, &witness_bytes));
	entry_put(&w, claim, bytes_of("\xf6", 1), witness_bytes);
	assert_true(writer_done(&w, &out));
	return out;
}

static int setup(void **state)
{
	static struct sent s;

	s.claim = make_claim("rita", s.claim_buffer, sizeof s.claim_buffer);
	s.entry = make_entry(s.claim, s.entry_buffer, sizeof s.entry_buffer);
	s.receipt = json_pack("{s:i, s:s}", "sequence", 7, "outcome", "folded");
	assert_non_null(s.receipt);
	show_entry(&s, s.entry);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	json_decref(((struct sent *)*state)->receipt);
	return 0;
}

static void assert_wrong(const struct sent *s, struct bytes claim, const char *detail)
{
	struct fault f = {0};

	assert_int_equal(receipt_is_of(s->receipt, claim, &f).code, ERR_CORRUPT);
	assert_string_equal(f.message, "RECEIPT_WRONG");
	assert_string_equal(fault_value(&f, "detail"), detail);
}

static void entry_of_the_record_that_was_sent_is_taken(void **state)
{
	const struct sent *s = *state;
	struct fault f = {0};

	assert_int_equal(receipt_is_of(s->receipt, s->claim, &f).code, OK);
}

static void entry_of_another_record_is_refused(void **state)
{
	const struct sent *s = *state;
	uint8_t buffer[512], other_entry[1024];
	struct bytes other = make_claim("mallory", buffer, sizeof buffer);

	assert_wrong(s, other, "its entry does not hold the record that was sent");
	show_entry(s, make_entry(other, other_entry, sizeof other_entry));
	assert_wrong(s, s->claim, "its entry does not hold the record that was sent");
}

static void receipt_that_hides_its_entry_is_refused(void **state)
{
	static const char *const bad[] = {"!", "AAA*", "===="};
	const struct sent *s = *state;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		set(s, "after_claim", json_string(bad[i]));
		assert_wrong(s, s->claim, "it does not show its entry");
	}
	set(s, "after_claim", json_integer(1));
	assert_wrong(s, s->claim, "it does not show its entry");
	json_object_del(s->receipt, "after_claim");
	assert_wrong(s, s->claim, "it does not show its entry");
}

static void what_is_no_entry_is_refused_though_its_leaf_fits(void **state)
{
	const struct sent *s = *state;
	uint8_t buffer[1024];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes longer;

	put_bytes(&w, s->entry);
	put_bytes(&w, bytes_of("\xf6", 1));
	assert_true(writer_done(&w, &longer));
	show_entry(s, longer);
	assert_wrong(s, s->claim, "its entry cannot be read");
}

static void outcome_and_place_are_those_of_the_entry(void **state)
{
	static const char *const others[] = {"pending", "executes", "unfolded", "unverified", ""};
	const struct sent *s = *state;

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		set(s, "outcome", json_string(others[i]));
		assert_wrong(s, s->claim, "it says something else than its entry");
	}
	set(s, "outcome", json_string("folded"));
	set(s, "sequence", json_integer(8));
	assert_wrong(s, s->claim, "it says something else than its entry");
	set(s, "sequence", json_integer(-7));
	assert_wrong(s, s->claim, "it says something else than its entry");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(entry_of_the_record_that_was_sent_is_taken),
		CASE(entry_of_another_record_is_refused),
		CASE(receipt_that_hides_its_entry_is_refused),
		CASE(what_is_no_entry_is_refused_though_its_leaf_fits),
		CASE(outcome_and_place_are_those_of_the_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets for k of n: opened by every quorum, by none that is smaller, and by nobody once changed. */
#include "memory.h"

#include <stdio.h>

#include "backup/custody.h"

enum { SHARES = 4, NEED = 3 };

static struct memory m;
static struct fault f;
static struct custody_writer writer;
static struct custody_reader reader;
static struct custody_share shares[SHARES];
static uint8_t plain[3 * CUSTODY_CHUNK], back[3 * CUSTODY_CHUNK];

static void seal(size_t n)
{
	struct shamir_share raw[SHARES];
	static struct custody c;

	for (size_t i = 0; i < n; i++)
		plain[i] = (uint8_t)(i * 7 + i / 251);
	must(custody_make(NEED, SHARES, n, &c, &f), &f);
	m.n = m.at = 0;
	writer = (struct custody_writer){.custody = &c, .sink = {memory_put, &m}};
	must(custody_begin(&writer, &f), &f);
	for (size_t at = 0; at < n; at += 1000)
		must(custody_put(&writer, bytes_of(plain + at, n - at < 1000 ? n - at : 1000), &f),
		     &f);
	must(custody_close(&writer, &f), &f);
	assert_int_equal(m.n, custody_sealed_size(n));
	must(shamir_split(c.key, NEED, SHARES, raw, &f), &f);
	for (size_t i = 0; i < SHARES; i++) {
		shares[i] = (struct custody_share){
			.commitment = c.commitment, .need = NEED, .share = raw[i]};
		snprintf(shares[i].custodian, sizeof shares[i].custodian, "keeper%zu", i);
	}
}

static err open_with(const struct custody_share *given, size_t n, size_t *got)
{
	f = (struct fault){0};
	m.at = 0;
	reader = (struct custody_reader){.source = {memory_get, &m}};
	TRY(custody_open(&reader, m.n, &f));
	TRY(custody_unlock(&reader.custody, given, n, &f));
	return custody_get(&reader, back, sizeof back, got, &f);
}

static void any_quorum_opens_them(void **state)
{
	static const size_t SIZES[] = {
		0, 1, CUSTODY_CHUNK - 1, CUSTODY_CHUNK, CUSTODY_CHUNK + 1, 2 * CUSTODY_CHUNK + 77};
	size_t got;

	(void)state;
	for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
		seal(SIZES[i]);
		for (size_t without = 0; without < SHARES; without++) {
			struct custody_share some[SHARES];
			size_t n = 0;

			for (size_t k = 0; k < SHARES; k++)
				if (k != without)
					some[n++] = shares[k];
			must(open_with(some, n, &got), &f);
			assert_int_equal(got, SIZES[i]);
			assert_memory_equal(back, plain, got);
		}
	}
}

static void one_custodian_too_few_does_not(void **state)
{
	size_t got;

	(void)state;
	seal(100);
	must_fail(open_with(shares, NEED - 1, &got), &f, "BACKUP_SHARES_FEW");
	must_fail(open_with(shares, 0, &got), &f, "BACKUP_SHARES_FEW");
}

static void the_same_custodian_thrice_is_one(void **state)
{
	struct custody_share same[] = {shares[0], shares[0], shares[0], shares[1]};
	size_t got;

	(void)state;
	seal(100);
	for (size_t i = 0; i < 3; i++)
		same[i] = shares[0];
	same[3] = shares[1];
	must_fail(open_with(same, 4, &got), &f, "BACKUP_SHARES_FEW");
}

static void a_share_of_another_backup_is_named(void **state)
{
	struct custody_share other;
	size_t got;

	(void)state;
	seal(100);
	other = shares[1];
	seal(100);
	shares[1] = other;
	must_fail(open_with(shares, NEED, &got), &f, "BACKUP_SHARE_OTHER");
	assert_string_equal(fault_value(&f, "custodian"), "keeper1");
}

static void a_share_with_another_value_opens_nothing(void **state)
{
	size_t got;

	(void)state;
	seal(100);
	shares[2].share.y[31] ^= 0x40;
	must_fail(open_with(shares, NEED, &got), &f, "BACKUP_SHARE_WRONG");
	seal(100);
	shares[2].share.x = 9;
	must_fail(open_with(shares, NEED, &got), &f, "BACKUP_SHARE_WRONG");
}

static void every_changed_byte_is_noticed(void **state)
{
	size_t got;

	(void)state;
	seal(300);
	for (size_t i = 0; i < m.n; i++) {
		m.b[i] ^= 0x10;
		assert_int_not_equal(open_with(shares, NEED, &got).code, OK);
		m.b[i] ^= 0x10;
	}
	must(open_with(shares, NEED, &got), &f);
}

static void chunks_in_another_order_are_noticed(void **state)
{
	static uint8_t first[CUSTODY_CHUNK + CUSTODY_EXTRA];
	size_t got;

	(void)state;
	seal(sizeof plain);
	memcpy(first, m.b + CUSTODY_HEADER, sizeof first);
	memcpy(m.b + CUSTODY_HEADER, m.b + CUSTODY_HEADER + sizeof first, sizeof first);
	memcpy(m.b + CUSTODY_HEADER + sizeof first, first, sizeof first);
	must_fail(open_with(shares, NEED, &got), &f, "BACKUP_DAMAGED");
}

static void a_shorter_or_longer_one_is_refused(void **state)
{
	size_t got;

	(void)state;
	seal(CUSTODY_CHUNK + 10);
	m.n -= 1;
	must_fail(open_with(shares, NEED, &got), &f, "BACKUP_DAMAGED");
	m.n += 2;
	must_fail(open_with(shares, NEED, &got), &f, "BACKUP_DAMAGED");
}

static void a_head_that_promises_too_much_is_refused(void **state)
{
	size_t got;

	(void)state;
	seal(10);
	memset(m.b + 18, 0xff, 8); /* the size */
	must_fail(open_with(shares, NEED, &got), &f, "BACKUP_DAMAGED");
	seal(10);
	m.b[16] = 0; /* need */
	must_fail(open_with(shares, NEED, &got), &f, "BACKUP_DAMAGED");
	seal(10);
	m.b[16] = SHARES + 1;
	must_fail(open_with(shares, NEED, &got), &f, "BACKUP_DAMAGED");
	seal(10);
	m.b[17] = 200; /* n */
	must_fail(open_with(shares, NEED, &got), &f, "BACKUP_DAMAGED");
}

static void a_writer_takes_no_more_than_it_was_made_for(void **state)
{
	static struct custody c;

	(void)state;
	must(custody_make(2, 3, 5, &c, &f), &f);
	m.n = 0;
	writer = (struct custody_writer){.custody = &c, .sink = {memory_put, &m}};
	must_fail(custody_put(&writer, bytes_text("sixsix"), &f), &f, "BACKUP_MEMBER_UNFIT");
	must(custody_put(&writer, bytes_text("four"), &f), &f);
	must_fail(custody_close(&writer, &f), &f, "BACKUP_MEMBER_UNFIT");
}

/* ---- shares as text ---- */

static size_t text_of(const struct custody_share *share, char out[static CUSTODY_SHARE_TEXT])
{
	struct writer w = writer_of(out, CUSTODY_SHARE_TEXT);
	struct bytes text;

	share_put(&w, share);
	assert_true(writer_done(&w, &text));
	return text.n;
}

static void a_share_reads_back_as_itself(void **state)
{
	char text[CUSTODY_SHARE_TEXT];
	struct custody_share share;

	(void)state;
	seal(1);
	for (size_t i = 0; i < SHARES; i++) {
		assert_true(share_parse(bytes_of(text, text_of(&shares[i], text)), &share));
		assert_memory_equal(&share.share, &shares[i].share, sizeof share.share);
		assert_true(hash_equal(share.commitment, shares[i].commitment));
		assert_string_equal(share.custodian, shares[i].custodian);
		assert_int_equal(share.need, NEED);
	}
}

static void every_mistyped_character_is_noticed(void **state)
{
	char text[CUSTODY_SHARE_TEXT];
	struct custody_share share;
	size_t n;

	(void)state;
	seal(1);
	n = text_of(&shares[0], text);
	for (size_t i = 0; i < n; i++) {
		char right = text[i];

		text[i] = right == 'x' ? 'y' : 'x';
		assert_false(share_parse(bytes_of(text, n), &share));
		text[i] = right;
	}
	assert_true(share_parse(bytes_of(text, n), &share));
}

static void a_cut_or_longer_share_is_none(void **state)
{
	char text[CUSTODY_SHARE_TEXT];
	struct custody_share share;
	size_t n;

	(void)state;
	seal(1);
	n = text_of(&shares[0], text);
	for (size_t i = 0; i < n; i++)
		assert_false(share_parse(bytes_of(text, i), &share));
	text[n] = '\n';
	assert_false(share_parse(bytes_of(text, n + 1), &share));
	assert_false(share_parse((struct bytes){0}, &share));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_quorum_opens_them),
		cmocka_unit_test(one_custodian_too_few_does_not),
		cmocka_unit_test(the_same_custodian_thrice_is_one),
		cmocka_unit_test(a_share_of_another_backup_is_named),
		cmocka_unit_test(a_share_with_another_value_opens_nothing),
		cmocka_unit_test(every_changed_byte_is_noticed),
		cmocka_unit_test(chunks_in_another_order_are_noticed),
		cmocka_unit_test(a_shorter_or_longer_one_is_refused),
		cmocka_unit_test(a_head_that_promises_too_much_is_refused),
		cmocka_unit_test(a_writer_takes_no_more_than_it_was_made_for),
		cmocka_unit_test(a_share_reads_back_as_itself),
		cmocka_unit_test(every_mistyped_character_is_noticed),
		cmocka_unit_test(a_cut_or_longer_share_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The signer's two files, damaged in every way that can be told from a torn write. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cbor.h"
#include "core/sha256.h"
#include "log_testing.h"

/* The log of the vault that worked_vault() made last. */
static struct test_log *work;
static uint64_t third; /* its third unit */

static void issue_a_unit(uint64_t sequence)
{
	struct issued_unit unit = issue_one(work, sequence);

	if (unit.why_not.code != OK)
		stop_test("%s", unit.why_not.message);
}

/* A vault with two decisions and three certificates, a checkpoint between the second and the third. */
static struct signer_test *worked_vault(void)
{
	struct signer_test *t = signer_test_new();

	signer_start(t);
	work = log_new(t);
	house_builds(work, 5);
	uint64_t first = put_unit(work, 0, "A1", 0), second = put_unit(work, 0, "A1", 1);
	issue_a_unit(first);
	issue_a_unit(second);
	third = put_unit(work, 0, "A1", 2);
	issue_a_unit(third);
	assert_int_equal(signer_stop(t), 0);
	return t;
}

static void opens(struct signer_test *t, size_t certificates, uint64_t cut)
{
	struct vault vault;
	struct fault f = {0};

	if (vault_try(t, &vault, &f).code != OK)
		stop_test("%s\n", f.message);
	assert_int_equal(vault.index.n, certificates);
	assert_int_equal(vault.cut, cut);
	assert_int_equal(vault.last.head.size, 7);
	vault_close(&vault);
}

static void does_not_open(struct signer_test *t, const char *id)
{
	struct vault vault;
	struct fault f = {0};

	assert_int_equal(vault_try(t, &vault, &f).code, ERR_CORRUPT);
	assert_string_equal(f.message, id);
	vault_close(&vault);
}

static struct bytes changed(struct signer_test *t, struct bytes content, size_t at, uint8_t mask)
{
	uint8_t *copy = arena_alloc(&t->arena, content.n);

	assert_non_null(copy);
	memcpy(copy, content.p, content.n);
	copy[at] ^= mask;
	return bytes_of(copy, content.n);
}

/* Where each record starts; the last place is the end. */
static size_t record_starts(struct bytes journal, size_t starts[static 16])
{
	size_t n = 0, at = 0;

	while (at < journal.n) {
		struct reader r = reader_of(bytes_of(journal.p + at, 4));

		starts[n++] = at;
		at += (8 + get_u32(&r) + 32 + 15) / 16 * 16;
	}
	starts[n] = at;
	return n;
}

static void whole_journal_opens(void **state)
{
	struct signer_test *t = worked_vault();

	(void)state;
	opens(t, 3, 0);
	signer_test_done(t);
}

static void changed_byte_before_the_last_record_stops_the_start(void **state)
{
	struct signer_test *t = worked_vault();
	struct bytes journal = vault_file(t, FILE_JOURNAL);
	size_t starts[16], n = record_starts(journal, starts);

	(void)state;
	/* The first, two decisions with their documents, three intents and three certificates. */
	assert_int_equal(n, 11);
	for (size_t at = 0; at < starts[n - 1]; at += 13) {
		struct vault vault;
		struct fault f = {0};

		put_vault_file(t, FILE_JOURNAL, changed(t, journal, at, 0x20));
		assert_int_equal(vault_try(t, &vault, &f).code, ERR_CORRUPT);
		vault_close(&vault);
	}
	put_vault_file(t, FILE_JOURNAL, journal);
	opens(t, 3, 0);
	signer_test_done(t);
}

static void torn_last_record_is_cut_and_its_request_can_be_made_again(void **state)
{
	struct signer_test *t = worked_vault();
	struct bytes journal = vault_file(t, FILE_JOURNAL);
	size_t starts[16], n = record_starts(journal, starts);

	(void)state;
	for (size_t size = starts[n - 1]; size < journal.n; size += 13) {
		put_vault_file(t, FILE_JOURNAL, bytes_of(journal.p, size));
		opens(t, 3, size - starts[n - 1]);
	}
	/* Torn inside: the tail's own bytes are wrong. */
	put_vault_file(t, FILE_JOURNAL, changed(t, journal, starts[n - 1] + 100, 1));
	opens(t, 3, journal.n - starts[n - 1]);
	signer_start(t);
	issue_a_unit(third);
	assert_int_equal(signer_stop(t), 0);
	opens(t, 3, 0);
	signer_test_done(t);
}

static void journal_shorter_than_the_last_checkpoint_stops_the_start(void **state)
{
	struct signer_test *t = worked_vault();
	struct bytes journal = vault_file(t, FILE_JOURNAL);
	size_t starts[16];

	(void)state;
	(void)record_starts(journal, starts);
	/* The checkpoint came after the second certificate: records 0 to 8. */
	for (size_t i = 1; i <= 8; i++) {
		put_vault_file(t, FILE_JOURNAL, bytes_of(journal.p, starts[i]));
		does_not_open(t, "SIGNER_JOURNAL_CORRUPT");
		put_vault_file(t, FILE_JOURNAL, bytes_of(journal.p, starts[i] + 9));
		does_not_open(t, "SIGNER_JOURNAL_CORRUPT");
	}
	put_vault_file(t, FILE_JOURNAL, bytes_of(journal.p, starts[9]));
	opens(t, 2, 0);
	put_vault_file(t, FILE_JOURNAL, (struct bytes){0});
	does_not_open(t, "SIGNER_JOURNAL_CORRUPT");
	signer_test_done(t);
}

static void bytes_after_the_end_stop_the_start_unless_they_can_be_a_torn_write(void **state)
{
	struct signer_test *t = worked_vault();
	struct bytes journal = vault_file(t, FILE_JOURNAL);
	uint8_t *longer = arena_alloc(&t->arena, journal.n + (1 << 20));

	(void)state;
	memcpy(longer, journal.p, journal.n);
	put_vault_file(t, FILE_JOURNAL, bytes_of(longer, journal.n + 5000)); /* zeros */
	opens(t, 3, 5000);
	put_vault_file(t, FILE_JOURNAL, bytes_of(longer, journal.n + (1 << 20)));
	does_not_open(t, "SIGNER_JOURNAL_CORRUPT"); /* more than one append */
	memset(longer + journal.n, 'x', 100);
	put_vault_file(t, FILE_JOURNAL, bytes_of(longer, journal.n + 100));
	does_not_open(t, "SIGNER_JOURNAL_CORRUPT");
	/* A record of before, put there once more. */
	memcpy(longer + journal.n, journal.p, 16);
	put_vault_file(t, FILE_JOURNAL, bytes_of(longer, journal.n + 4000));
	does_not_open(t, "SIGNER_JOURNAL_CORRUPT");
	signer_test_done(t);
}

/* ---- the checkpoint file ---- */

static void one_rotten_page_does_not_turn_the_signer_back(void **state)
{
	struct signer_test *t = worked_vault();
	struct bytes slots = vault_file(t, FILE_SLOTS);

	(void)state;
	assert_int_equal(slots.n, 4 * SLOT_PAGE);
	for (size_t page = 0; page < 4; page++) {
		put_vault_file(t, FILE_SLOTS, changed(t, slots, page * SLOT_PAGE + 50, 4));
		opens(t, 3, 0);
	}
	signer_test_done(t);
}

static void checkpoint_file_without_any_whole_slot_stops_the_start(void **state)
{
	struct signer_test *t = worked_vault();
	struct bytes slots = vault_file(t, FILE_SLOTS), bad = slots;

	(void)state;
	for (size_t page = 0; page < 4; page++)
		bad = changed(t, bad, page * SLOT_PAGE + 50, 4);
	put_vault_file(t, FILE_SLOTS, bad);
	does_not_open(t, "SIGNER_CHECKPOINT_CORRUPT");
	for (size_t n = 0; n < slots.n; n += 1000) {
		put_vault_file(t, FILE_SLOTS, bytes_of(slots.p, n));
		does_not_open(t, "SIGNER_CHECKPOINT_CORRUPT");
	}
	/* The slots in each other's place. */
	uint8_t *swapped = arena_alloc(&t->arena, slots.n);
	memcpy(swapped, slots.p + slots.n / 2, slots.n / 2);
	memcpy(swapped + slots.n / 2, slots.p, slots.n / 2);
	put_vault_file(t, FILE_SLOTS, bytes_of(swapped, slots.n));
	does_not_open(t, "SIGNER_CHECKPOINT_CORRUPT");
	signer_test_done(t);
}

static void checkpoint_file_turned_back_alone_is_noticed(void **state)
{
	struct signer_test *t = signer_test_new();
	struct bytes before = vault_file(t, FILE_SLOTS);

	(void)state;
	signer_start(t);
	work = log_new(t);
	house_builds(work, 1);
	assert_int_equal(signer_stop(t), 0);
	put_vault_file(t, FILE_SLOTS, before);
	does_not_open(t, "SIGNER_JOURNAL_CORRUPT");
	signer_test_done(t);
}

static void journal_of_another_signer_is_refused(void **state)
{
	struct signer_test *t = worked_vault(), *other = worked_vault();
	struct vault vault;
	struct fault f = {0};

	(void)state;
	put_vault_file(t, FILE_JOURNAL, vault_file(other, FILE_JOURNAL));
	put_vault_file(t, FILE_SLOTS, vault_file(other, FILE_SLOTS));
	assert_int_equal(vault_try(t, &vault, &f).code, ERR_CORRUPT);
	assert_string_equal(f.message, "SIGNER_KEYS_DIFFER");
	vault_close(&vault);
	signer_test_done(other);
	signer_test_done(t);
}

static void absent_file_stops_the_start(void **state)
{
	static const char *const names[] = {FILE_CHECKPOINT_KEY, FILE_CA_KEY, FILE_CA, FILE_JOURNAL,
					    FILE_SLOTS};
	struct signer_test *t = worked_vault();

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes content = vault_file(t, names[i]);
		struct vault vault;
		char path[4096];

		assert_int_equal(vault_path(t->vault, names[i], path, NULL).code, OK);
		assert_int_equal(unlink(path), 0);
		assert_int_not_equal(vault_try(t, &vault, NULL).code, OK);
		vault_close(&vault);
		put_vault_file(t, names[i], content);
	}
	opens(t, 3, 0);
	signer_test_done(t);
}

static void journal_of_the_first_version_says_what_to_do(void **state)
{
	/* [0, 1, origin, checkpoint key, digest of the CA certificate] */
	struct signer_test *t = signer_test_new();
	struct journal_mark end;
	struct checkpoint_state first = {0};
	uint8_t record[256];
	struct writer w = writer_of(record, sizeof(record));
	struct bytes bytes;
	struct vault vault;
	struct fault f = {0};
	char path[4096];

	(void)state;
	cbor_put_array(&w, 5);
	cbor_put_uint(&w, 0);
	cbor_put_uint(&w, 1);
	cbor_put_text(&w, bytes_text(ORIGIN));
	cbor_put_bytes(&w, bytes_of(t->public.checkpoint.public_key, 32));
	hash_put(&w, sha256(t->public.ca_certificate));
	assert_true(writer_done(&w, &bytes));
	assert_int_equal(vault_path(t->vault, FILE_JOURNAL, path, NULL).code, OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(journal_create(path, bytes, &end, NULL).code, OK);
	assert_int_equal(vault_path(t->vault, FILE_SLOTS, path, NULL).code, OK);
	assert_int_equal(unlink(path), 0);
	first.journal = end;
	assert_int_equal(slots_create(path, &first, NULL).code, OK);
	assert_int_equal(vault_try(t, &vault, &f).code, ERR_UNSUPPORTED);
	assert_string_equal(f.message, "SIGNER_JOURNAL_OLD");
	vault_close(&vault);
	signer_test_done(t);
}

/* ---- the index ---- */

static void index_finds_each_by_all_three_keys(void **state)
{
	enum { N = 5000 };
	struct issue_index index = {.seed = {{1, 2, 3}}};

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		uint32_t numbers[3] = {i, i + N, i + 2 * N};
		struct issued one = {.request = sha256(bytes_of(&numbers[0], 4)),
				     .unit = sha256(bytes_of(&numbers[1], 4)),
				     .key = sha256(bytes_of(&numbers[2], 4)),
				     .intent = {i, 1}};

		assert_true(index_add(&index, &one));
	}
	for (uint32_t i = 0; i < 3 * N; i++) {
		struct hash key = sha256(bytes_of(&i, 4));

		for (int by = 0; by < INDEXES; by++) {
			const struct issued *found = index_find(&index, (enum index_by)by, &key);

			assert_true((found != NULL) == (i / N == (uint32_t)by));
			assert_true(found == NULL || found->intent.at == i % N);
		}
	}
	index_done(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_journal_opens),
		cmocka_unit_test(changed_byte_before_the_last_record_stops_the_start),
		cmocka_unit_test(torn_last_record_is_cut_and_its_request_can_be_made_again),
		cmocka_unit_test(journal_shorter_than_the_last_checkpoint_stops_the_start),
		cmocka_unit_test(
			bytes_after_the_end_stop_the_start_unless_they_can_be_a_torn_write),
		cmocka_unit_test(one_rotten_page_does_not_turn_the_signer_back),
		cmocka_unit_test(checkpoint_file_without_any_whole_slot_stops_the_start),
		cmocka_unit_test(checkpoint_file_turned_back_alone_is_noticed),
		cmocka_unit_test(journal_of_another_signer_is_refused),
		cmocka_unit_test(absent_file_stops_the_start),
		cmocka_unit_test(journal_of_the_first_version_says_what_to_do),
		cmocka_unit_test(index_finds_each_by_all_three_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

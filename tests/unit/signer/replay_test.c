/* SPDX-License-Identifier: Apache-2.0 */
/* A journal whose chain holds and whose records do not: what somebody could write who has the folder. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/cbor.h"
#include "core/sha256.h"
#include "log_testing.h"

enum { RECORDS_MAX = 24, COUNTER = 1000 };
/* In the journal that worked() leaves. */
enum {
	GENESIS,
	RELEASE,
	RELEASE_DOCUMENT,
	BUILD,
	BUILD_DOCUMENT,
	INTENT,
	CERTIFICATE,
	PERMIT,
	PERMIT_DOCUMENT,
	DENIAL,
	WHOLE
};

struct records {
	struct signer_test *t;
	struct bytes all[RECORDS_MAX];
	size_t n;
	uint64_t counter; /* of the checkpoint file */
};

static struct records worked(void)
{
	struct records r = {.t = signer_test_new(), .counter = COUNTER};
	struct test_log *l = log_new(r.t);
	struct hash digest;
	uint64_t count;
	struct fault f = {0};

	signer_start(r.t);
	house_builds(l, 3);
	assert_int_equal(issue_one(l, put_unit(l, 0, "A1", 0)).why_not.code, OK);
	(void)permit_one(l, put_permit(l, 0, 0, "R1", 1), &f);
	assert_int_equal(f.code, OK);
	uint64_t denial = put_denial(l, CLEO, 2);
	assert_int_equal(signer_deny(r.t->client, l->entries[denial], &digest, &count, NULL).code,
			 OK);
	assert_int_equal(signer_stop(r.t), 0);
	struct bytes journal = vault_file(r.t, FILE_JOURNAL);
	for (size_t at = 0; at < journal.n;) {
		struct reader head = reader_of(bytes_of(journal.p + at, 4));
		uint32_t n = get_u32(&head);

		r.all[r.n++] = bytes_of(journal.p + at + 8, n);
		at += (8 + n + 32 + 15) / 16 * 16;
	}
	assert_int_equal(r.n, WHOLE);
	return r;
}

/* Both files made anew, with a chain that holds. */
static void write_down(const struct records *r)
{
	struct journal journal = {.fd = -1};
	struct merkle empty = {0};
	struct checkpoint_state first = {.counter = r->counter, .head = merkle_head(&empty)};
	char path[4096];

	put_vault_file(r->t, FILE_JOURNAL, (struct bytes){0});
	assert_int_equal(vault_path(r->t->vault, FILE_JOURNAL, path, NULL).code, OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(journal_create(path, r->all[0], &first.journal, NULL).code, OK);
	journal.fd = open(path, O_RDWR | O_CLOEXEC);
	journal.end = first.journal;
	for (size_t i = 1; i < r->n; i++) {
		uint64_t at;

		assert_int_equal(journal_append(&journal, r->all[i], &at, NULL).code, OK);
	}
	journal_close(&journal);
	assert_int_equal(vault_path(r->t->vault, FILE_SLOTS, path, NULL).code, OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(slots_create(path, &first, NULL).code, OK);
}

static void opens(const struct records *r)
{
	struct vault vault;
	struct fault f = {0};

	write_down(r);
	if (vault_try(r->t, &vault, &f).code != OK)
		stop_test("%s %s", f.message, f.n > 1 ? f.values[1].value : "");
	vault_close(&vault);
}

static void does_not_open(const struct records *r, const char *message, const char *why)
{
	struct vault vault;
	struct fault f = {0};

	write_down(r);
	assert_int_not_equal(vault_try(r->t, &vault, &f).code, OK);
	assert_string_equal(f.message, message);
	if (why != NULL)
		assert_string_equal(fault_value(&f, "why"), why);
	vault_close(&vault);
}

static struct records without(struct records r, size_t which)
{
	memmove(&r.all[which], &r.all[which + 1], (r.n - which - 1) * sizeof(r.all[0]));
	r.n--;
	return r;
}

static struct records with(struct records r, struct bytes record)
{
	r.all[r.n++] = record;
	return r;
}

/* [kind, time, …], of numbers and digests. */
static struct bytes record_of(struct arena *a, const uint64_t *numbers, size_t n,
			      const struct hash *digests, size_t digests_n)
{
	uint8_t *p = arena_alloc(a, 512);
	struct writer w = writer_of(p, 512);
	struct bytes out;

	cbor_put_array(&w, n + digests_n);
	for (size_t i = 0; i < n; i++)
		cbor_put_uint(&w, numbers[i]);
	for (size_t i = 0; i < digests_n; i++)
		hash_put(&w, digests[i]);
	assert_true(writer_done(&w, &out));
	return out;
}

static uint64_t latest(struct signer_test *t)
{
	return test_now(t) + 1000;
}

/* ---- ---- */

static void journal_as_it_was_opens(void **state)
{
	struct records r = worked();

	(void)state;
	opens(&r);
	signer_test_done(r.t);
}

static void record_that_others_build_on_cannot_be_left_out(void **state)
{
	static const size_t needed[] = {RELEASE, BUILD, INTENT, PERMIT};
	struct records r = worked();

	(void)state;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		struct records less = without(r, needed[i]);

		does_not_open(&less, "SIGNER_JOURNAL_CORRUPT", NULL);
	}
	struct records less = without(r, GENESIS);
	does_not_open(&less, "SIGNER_JOURNAL_CORRUPT", "its first record is not the first");
	signer_test_done(r.t);
}

static void record_cannot_stand_in_it_twice(void **state)
{
	struct records r = worked();

	(void)state;
	for (size_t i = GENESIS; i < WHOLE; i++) {
		struct records more = with(r, r.all[i]);

		does_not_open(&more, "SIGNER_JOURNAL_CORRUPT", NULL);
	}
	signer_test_done(r.t);
}

static void records_cannot_change_places(void **state)
{
	struct records r = worked(), other = r;

	(void)state;
	other.all[RELEASE] = r.all[BUILD];
	other.all[BUILD] = r.all[RELEASE];
	does_not_open(&other, "SIGNER_JOURNAL_CORRUPT", NULL);
	signer_test_done(r.t);
}

static void checkpoint_file_of_before_is_noticed(void **state)
{
	struct records r = worked();

	(void)state;
	r.counter = 0;
	does_not_open(&r, "SIGNER_JOURNAL_CORRUPT", "the checkpoint file was turned back");
	signer_test_done(r.t);
}

static void unknown_and_malformed_records_stop_the_start(void **state)
{
	struct records r = worked();
	struct arena *a = &r.t->arena;
	uint64_t now = latest(r.t);
	const struct hash none = {{0}};
	const uint64_t unknown[] = {99, now}, genesis[] = {RECORD_GENESIS, now},
		       short_one[] = {RECORD_KEY, now}, old[] = {RECORD_KEY, 1, 0},
		       other_key[] = {RECORD_KEY, now, 77};
	struct bytes bad[] = {
		record_of(a, unknown, 2, NULL, 0),
		record_of(a, genesis, 2, NULL, 0),
		record_of(a, short_one, 2, NULL, 0),
		record_of(a, old, 3, (const struct hash[]){none, none}, 2), /* its time goes back */
		record_of(a, other_key, 3, (const struct hash[]){none, none}, 2),
		bytes_text("garbage"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct records more = with(r, bad[i]);

		does_not_open(&more, "SIGNER_JOURNAL_CORRUPT", NULL);
	}
	signer_test_done(r.t);
}

static void key_that_the_journal_names_must_be_there(void **state)
{
	struct records r = worked();
	const struct hash key = {{1}};
	const uint64_t numbers[] = {RECORD_KEY, latest(r.t), SIGNER_KEY_PERMIT};
	struct hash certificate = sha256(r.t->public.ca_certificate);

	(void)state;
	struct records more = with(
		r, record_of(&r.t->arena, numbers, 3, (const struct hash[]){key, certificate}, 2));
	does_not_open(&more, "SIGNER_KEYS_DIFFER", NULL);
	signer_test_done(r.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(journal_as_it_was_opens),
		cmocka_unit_test(record_that_others_build_on_cannot_be_left_out),
		cmocka_unit_test(record_cannot_stand_in_it_twice),
		cmocka_unit_test(records_cannot_change_places),
		cmocka_unit_test(checkpoint_file_of_before_is_noticed),
		cmocka_unit_test(unknown_and_malformed_records_stop_the_start),
		cmocka_unit_test(key_that_the_journal_names_must_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

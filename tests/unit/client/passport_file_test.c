/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is not in the one form of passports is none, whatever stands in it. */
#include "passport_kit.h"

#include "log_key.h"

#include <stdlib.h>
#include <string.h>

#define BUILT "built", FUZZ_LOG_KEY_BUILT
#define SHOWN "shown", FUZZ_LOG_KEY_SHOWN

static void a_file_cut_anywhere_fails(void **state)
{
	struct kit *k = kit_open(SHOWN);

	(void)state;
	for (size_t n = 0; n < k->file.n; n += n < 300 ? 1 : 97)
		kit_must_say(bytes_of(k->file.p, n), &k->key, PASSPORT_FILE);
	kit_close(k);
}

static void bytes_behind_it_fail(void **state)
{
	struct kit *k = kit_open(SHOWN);
	uint8_t longer[8192] = {0};

	(void)state;
	memcpy(longer, k->file.p, k->file.n);
	kit_must_say(bytes_of(longer, k->file.n + 1), &k->key, PASSPORT_FILE);
	kit_close(k);
}

static void lengths_that_are_claimed_fail(void **state)
{
	static const char *const HEADS[] = {"\xa9\x01\x02\x02\x7a\x40\x00\x00\x00",
					    "\xa9\x01\x02\x02\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
					    "\xba\x40\x00\x00\x00\x01\x02",
					    "\xa9\x01\x03\x02",
					    "\xa6\x01\x02\x02\x60",
					    "\xa9\x01\x01\x02\x60"};
	struct kit *k = kit_open(SHOWN);

	(void)state;
	for (size_t i = 0; i < sizeof HEADS / sizeof HEADS[0]; i++) {
		uint8_t file[4096] = {0};
		size_t n = i == 0 ? 9 : i == 1 ? 13 : i == 2 ? 7 : 5;
		memcpy(file, HEADS[i], n);
		kit_must_say(bytes_of(file, n), &k->key, PASSPORT_FILE);
		kit_must_say(bytes_of(file, sizeof file), &k->key, PASSPORT_FILE);
	}
	kit_close(k);
}

static void a_file_above_its_limit_fails(void **state)
{
	struct kit *k = kit_open(SHOWN);
	uint8_t *large = calloc(1, PASSPORT_SIZE_MAX + 1);

	(void)state;
	assert_non_null(large);
	memcpy(large, k->file.p, k->file.n);
	kit_must_say(bytes_of(large, PASSPORT_SIZE_MAX + 1), &k->key, PASSPORT_FILE);
	free(large);
	kit_close(k);
}

static void entries_out_of_sequence_fail(void **state)
{
	struct kit *k = kit_open(BUILT);
	struct passport_entry first = k->entries[3];

	(void)state;
	k->entries[3] = k->entries[4];
	k->entries[4] = first;
	kit_must_fail(k, PASSPORT_FILE);
}

static void an_entry_twice_fails(void **state)
{
	struct kit *k = kit_open(BUILT);

	(void)state;
	k->entries[4] = k->entries[3];
	kit_must_fail(k, PASSPORT_FILE);
}

static void an_opening_twice_fails(void **state)
{
	struct kit *k = kit_open(SHOWN);

	(void)state;
	k->salts[1] = k->salts[0];
	k->values[1] = k->values[0];
	k->openings_n = 2;
	kit_must_fail(k, PASSPORT_FILE);
}

static void a_salt_of_another_length_fails(void **state)
{
	struct kit *k = kit_open(SHOWN);

	(void)state;
	k->salts[0].n = 15;
	kit_must_fail(k, PASSPORT_FILE);
}

static void what_cannot_be_withheld_fails(void **state)
{
	static const char *const KINDS[] = {"unit",
					    "principal",
					    "key",
					    "approval",
					    "charter",
					    "nonconformance",
					    "firmware_release",
					    "build_authorization",
					    "",
					    "a b"};

	(void)state;
	for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
		struct kit *k = kit_open(SHOWN);
		k->withheld[0] = bytes_text(KINDS[i]);
		k->withheld_n = 1;
		kit_must_fail(k, PASSPORT_FILE);
	}
}

static void kinds_withheld_twice_or_unsorted_fail(void **state)
{
	struct kit *k = kit_open(SHOWN);

	(void)state;
	k->withheld[1] = k->withheld[0];
	kit_must_fail(k, PASSPORT_FILE);
	k = kit_open(SHOWN);
	k->withheld[2] = k->withheld[0];
	k->withheld_n = 3;
	kit_must_fail(k, PASSPORT_FILE);
}

static void version_1_that_names_another_unit_fails(void **state)
{
	struct kit *k = kit_open("unit", FUZZ_LOG_KEY);
	size_t at = (size_t)(k->p.subject.id.p - k->file.p);

	(void)state;
	kit_must_say(kit_flip(k, k->file, at), &k->key, PASSPORT_CHAIN);
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_cut_anywhere_fails),
		cmocka_unit_test(bytes_behind_it_fail),
		cmocka_unit_test(lengths_that_are_claimed_fail),
		cmocka_unit_test(a_file_above_its_limit_fails),
		cmocka_unit_test(entries_out_of_sequence_fail),
		cmocka_unit_test(an_entry_twice_fails),
		cmocka_unit_test(an_opening_twice_fails),
		cmocka_unit_test(a_salt_of_another_length_fails),
		cmocka_unit_test(what_cannot_be_withheld_fails),
		cmocka_unit_test(kinds_withheld_twice_or_unsorted_fail),
		cmocka_unit_test(version_1_that_names_another_unit_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A passport that was tampered with fails, at the very step that is there for it, with both verifiers. */
#include "passport_kit.h"

#include "log_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUILT "built", FUZZ_LOG_KEY_BUILT
#define SHOWN "shown", FUZZ_LOG_KEY_SHOWN

/* ---- what holds ---- */

static void passports_as_they_were_made_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct kit *k = i == 0 ? kit_open(BUILT) : kit_open(SHOWN);
		struct bytes again = kit_file(k);
		assert_true(bytes_equal(again, k->file));
		kit_must_say(again, &k->key, PASSPORT_HOLDS);
		kit_close(k);
	}
}

static void version_1_still_holds(void **state)
{
	struct kit *k = kit_open("unit", FUZZ_LOG_KEY);

	(void)state;
	assert_int_equal(k->p.version, 1);
	kit_must_say(k->file, &k->key, PASSPORT_HOLDS);
	kit_close(k);
}

static void openings_taken_out_leave_it_whole(void **state)
{
	struct kit *k = kit_open(SHOWN);

	(void)state;
	assert_int_equal(k->openings_n, 1);
	k->openings_n = 0;
	kit_must_say(kit_file(k), &k->key, PASSPORT_HOLDS);
	kit_close(k);
}

/* The limit of one file, which only the whole log passes: docs/decisions/0024. */
static void an_end_cut_off_by_who_says_so_holds(void **state)
{
	struct kit *k = kit_open(SHOWN);

	(void)state;
	kit_drop(k, kit_last_of_unit(k));
	k->p.last = k->entries[kit_last_of_unit(k)].sequence;
	kit_must_say(kit_file(k), &k->key, PASSPORT_HOLDS);
	kit_close(k);
}

/* ---- checkpoint ---- */

static void another_key_fails(void **state)
{
	struct kit *k = kit_open(SHOWN), *other = kit_open(BUILT);

	(void)state;
	kit_must_say(k->file, &other->key, PASSPORT_CHECKPOINT);
	snprintf(other->key.name, sizeof other->key.name, "%s", k->key.name);
	other->key.id = k->key.id;
	kit_must_say(k->file, &other->key, PASSPORT_CHECKPOINT);
	kit_close(other);
	kit_close(k);
}

static void any_byte_of_the_checkpoint_fails(void **state)
{
	struct kit *whole = kit_open(SHOWN);
	size_t n = whole->p.note.n;

	(void)state;
	kit_close(whole);
	for (size_t at = 0; at < n; at += 3) {
		struct kit *k = kit_open(SHOWN);
		k->p.note = kit_flip(k, k->p.note, at);
		struct verdicts said = kit_verdicts(kit_file(k), &k->key);
		/* Some bytes make it no UTF-8 any more. */
		assert_true(said.ours == PASSPORT_CHECKPOINT || said.ours == PASSPORT_FILE);
		assert_int_equal(said.ours, said.other);
		kit_close(k);
	}
}

static void the_checkpoint_of_another_log_fails(void **state)
{
	struct kit *k = kit_open(SHOWN), *other = kit_open(BUILT);

	(void)state;
	k->p.note = kit_copy(k, other->p.note);
	kit_close(other);
	kit_must_fail(k, PASSPORT_CHECKPOINT);
}

/* ---- inclusion ---- */

static void any_byte_of_an_entry_fails(void **state)
{
	struct kit *k = kit_open(BUILT);
	size_t place = kit_find_type(k, "unit.programmed");
	struct bytes entry = k->entries[place].bytes;

	(void)state;
	/* The claim, the author's proof and the witness follow each other. */
	for (size_t at = 0; at < entry.n; at += 11) {
		k->entries[place].bytes = kit_flip(k, entry, at);
		kit_must_say(kit_file(k), &k->key, PASSPORT_INCLUSION);
		k->entries[place].bytes = entry;
	}
	kit_close(k);
}

static void any_node_of_a_path_fails(void **state)
{
	struct kit *k = kit_open(BUILT);

	(void)state;
	assert_true(k->entries[5].path_n > 3);
	for (size_t i = 0; i < k->entries[5].path_n; i++) {
		k->entries[5].path[i].b[i] ^= 0x80;
		kit_must_say(kit_file(k), &k->key, PASSPORT_INCLUSION);
		k->entries[5].path[i].b[i] ^= 0x80;
	}
	k->entries[5].path_n--;
	kit_must_say(kit_file(k), &k->key, PASSPORT_INCLUSION);
	k->entries[5].path_n = 0;
	kit_must_fail(k, PASSPORT_INCLUSION);
}

static void an_entry_at_another_place_fails(void **state)
{
	struct kit *k = kit_open(BUILT);

	(void)state;
	k->entries[k->entries_n - 1].sequence++;
	kit_must_fail(k, PASSPORT_INCLUSION);
	k = kit_open(BUILT);
	k->entries[k->entries_n - 1].sequence = UINT64_MAX;
	kit_must_fail(k, PASSPORT_INCLUSION);
}

static void an_entry_of_another_log_fails(void **state)
{
	struct kit *k = kit_open(BUILT), *other = kit_open(SHOWN);
	size_t last = k->entries_n - 1;
	struct passport_entry foreign = other->entries[other->entries_n - 1];

	(void)state;
	foreign.bytes = kit_copy(k, foreign.bytes);
	foreign.sequence = k->entries[last].sequence + 1;
	k->entries[k->entries_n++] = foreign;
	kit_close(other);
	kit_must_fail(k, PASSPORT_INCLUSION);
}

/* ---- chains ---- */

static void a_last_record_left_out_fails(void **state)
{
	struct kit *k = kit_open(BUILT);

	(void)state;
	kit_drop(k, kit_last_of_unit(k));
	kit_must_fail(k, PASSPORT_CHAIN);
}

static void a_record_between_left_out_fails(void **state)
{
	static const char *const TYPES[] = {"unit.fitted", "certificate.issued", "seal.applied",
					    "shipment.accepted", "unit.built"};

	(void)state;
	for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
		struct kit *k = kit_open(BUILT);
		kit_drop(k, kit_find_type(k, TYPES[i]));
		kit_must_fail(k, PASSPORT_CHAIN);
	}
}

static void the_unit_left_out_altogether_fails(void **state)
{
	struct kit *k = kit_open(SHOWN);

	(void)state;
	assert_true(kit_drop_chain(k, "unit", NULL) > 0);
	kit_must_fail(k, PASSPORT_CHAIN);
}

static void another_unit_named_fails(void **state)
{
	struct kit *k = kit_open(SHOWN);

	(void)state;
	k->p.subject.id = bytes_text("SN2");
	kit_must_fail(k, PASSPORT_CHAIN);
}

static void another_last_record_named_fails(void **state)
{
	struct kit *k = kit_open(SHOWN);

	(void)state;
	k->p.last++;
	kit_must_fail(k, PASSPORT_CHAIN);
}

static void a_kind_that_is_there_is_not_withheld(void **state)
{
	struct kit *k = kit_open(BUILT);

	(void)state;
	k->withheld[0] = bytes_text("part_lot");
	k->withheld_n = 1;
	kit_must_say(kit_file(k), &k->key, PASSPORT_CHAIN);
	assert_true(kit_drop_chain(k, "part_lot", NULL) > 0);
	kit_must_say(kit_file(k), &k->key, PASSPORT_HOLDS);
	kit_close(k);
}

/* ---- openings ---- */

static void any_byte_of_an_opening_fails(void **state)
{
	struct kit *k = kit_open(SHOWN);
	struct bytes salt = k->salts[0], value = k->values[0];

	(void)state;
	for (size_t at = 0; at < salt.n; at++) {
		k->salts[0] = kit_flip(k, salt, at);
		kit_must_say(kit_file(k), &k->key, PASSPORT_OPENING);
	}
	k->salts[0] = salt;
	for (size_t at = 0; at < value.n; at++) {
		k->values[0] = kit_flip(k, value, at);
		kit_must_say(kit_file(k), &k->key, PASSPORT_OPENING);
	}
	kit_close(k);
}

static void an_opening_of_nothing_here_fails(void **state)
{
	struct kit *k = kit_open(BUILT), *other = kit_open(SHOWN);

	(void)state;
	k->salts[0] = kit_copy(k, other->salts[0]);
	k->values[0] = kit_copy(k, other->values[0]);
	k->openings_n = 1;
	kit_close(other);
	kit_must_fail(k, PASSPORT_OPENING);
}

/* ---- signatures ---- */

static void a_log_without_its_start_fails(void **state)
{
	struct kit *k = kit_open(BUILT);

	(void)state;
	kit_drop(k, 0);
	kit_must_say(kit_file(k), &k->key, PASSPORT_DEVICE);
	k->p.ca.n = 0;
	kit_must_fail(k, PASSPORT_SIGNATURE);
}

static void an_author_whose_key_nobody_enrolled_fails(void **state)
{
	static const char *const WHO[] = {"erin", "ST-1", "sara", "carl"};

	(void)state;
	for (size_t i = 0; i < sizeof WHO / sizeof WHO[0]; i++) {
		struct kit *k = kit_open(BUILT);
		assert_true(kit_drop_chain(k, "principal", WHO[i]) > 0);
		kit_must_fail(k, PASSPORT_SIGNATURE);
	}
}

/* ---- the device's certificate ---- */

static void another_certificate_of_the_ca_fails(void **state)
{
	struct kit *k = kit_open(BUILT), *other = kit_open(SHOWN);
	struct bytes ca = k->p.ca;

	(void)state;
	assert_true(ca.n > 0);
	for (size_t at = 0; at < ca.n; at += 29) {
		k->p.ca = kit_flip(k, ca, at);
		kit_must_say(kit_file(k), &k->key, PASSPORT_DEVICE);
	}
	k->p.ca = kit_copy(k, other->p.ca);
	kit_close(other);
	kit_must_fail(k, PASSPORT_DEVICE);
}

static void without_the_certificate_of_the_ca_it_holds(void **state)
{
	struct kit *k = kit_open(BUILT);

	(void)state;
	k->p.ca.n = 0;
	kit_must_say(kit_file(k), &k->key, PASSPORT_HOLDS);
	kit_close(k);
}

/* ---- who agreed ---- */

static void what_nobody_is_seen_to_have_agreed_to_fails(void **state)
{
	static const char *const KINDS[] = {"approval", "build_authorization", "firmware_release"};

	(void)state;
	for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
		struct kit *k = kit_open(BUILT);
		assert_true(kit_drop_chain(k, KINDS[i], NULL) > 0);
		kit_must_fail(k, PASSPORT_AGREEMENT);
	}
}

static void a_decision_whose_admission_is_left_out_fails(void **state)
{
	struct kit *k = kit_open(BUILT);

	(void)state;
	kit_drop(k, kit_find_type(k, "signer.admitted"));
	kit_must_fail(k, PASSPORT_AGREEMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passports_as_they_were_made_hold),
		cmocka_unit_test(version_1_still_holds),
		cmocka_unit_test(openings_taken_out_leave_it_whole),
		cmocka_unit_test(an_end_cut_off_by_who_says_so_holds),
		cmocka_unit_test(another_key_fails),
		cmocka_unit_test(any_byte_of_the_checkpoint_fails),
		cmocka_unit_test(the_checkpoint_of_another_log_fails),
		cmocka_unit_test(any_byte_of_an_entry_fails),
		cmocka_unit_test(any_node_of_a_path_fails),
		cmocka_unit_test(an_entry_at_another_place_fails),
		cmocka_unit_test(an_entry_of_another_log_fails),
		cmocka_unit_test(a_last_record_left_out_fails),
		cmocka_unit_test(a_record_between_left_out_fails),
		cmocka_unit_test(the_unit_left_out_altogether_fails),
		cmocka_unit_test(another_unit_named_fails),
		cmocka_unit_test(another_last_record_named_fails),
		cmocka_unit_test(a_kind_that_is_there_is_not_withheld),
		cmocka_unit_test(any_byte_of_an_opening_fails),
		cmocka_unit_test(an_opening_of_nothing_here_fails),
		cmocka_unit_test(a_log_without_its_start_fails),
		cmocka_unit_test(an_author_whose_key_nobody_enrolled_fails),
		cmocka_unit_test(another_certificate_of_the_ca_fails),
		cmocka_unit_test(without_the_certificate_of_the_ca_it_holds),
		cmocka_unit_test(what_nobody_is_seen_to_have_agreed_to_fails),
		cmocka_unit_test(a_decision_whose_admission_is_left_out_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

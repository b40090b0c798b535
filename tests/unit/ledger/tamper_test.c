/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that were tampered with after the writer signed them. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "audit_kit.h"
#include "base/files.h"

struct tampering {
	const char *name;
	long at;
	const char *message, *value_name, *value;
};

static void a_changed_byte_is_found_where_it_is(void **state)
{
	static const struct tampering cases[] = {
		{"tile/entries/000", 20, "AUDIT_LEAF_MISMATCH", "entry", "0"},
		{"tile/entries/001", -1, "AUDIT_LEAF_MISMATCH", "entry", "511"},
		{"tile/entries/002.p/88", -1, "AUDIT_LEAF_MISMATCH", "entry", "599"},
		{"tile/0/000", 0, "AUDIT_TILE_MISMATCH", "path", "tile/0/000"},
		{"tile/0/001", 8191, "AUDIT_TILE_MISMATCH", "path", "tile/0/001"},
		/* On the edge the entries tell which of two disagreeing files is which. */
		{"tile/0/002.p/88", 32, "AUDIT_LEAF_MISMATCH", "entry", "513"},
		{"tile/1/000.p/2", 33, "AUDIT_TILE_MISMATCH", "path", "tile/0/001"},
		{"checkpoint", 0, "AUDIT_ORIGIN", "path", "checkpoint"},
		{"checkpoint", 18, "AUDIT_CHECKPOINT_SIGNATURE", "path", "checkpoint"},
		{"checkpoint", 17, "AUDIT_CHECKPOINT_SIGNATURE", "path", "checkpoint"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture x;

		fixture_open(&x, (struct sample_options){0});
		flip(&x, cases[i].name, cases[i].at);
		kit_refused(audit(&x), &x.f, cases[i].message);
		assert_value(&x, cases[i].value_name, cases[i].value);
		fixture_close(&x);
	}
}

static void a_file_of_the_wrong_length_is_named(void **state)
{
	static const struct tampering cases[] = {
		{"tile/entries/000", 100, "AUDIT_BUNDLE_MALFORMED", "path", "tile/entries/000"},
		{"tile/entries/000", 1, "AUDIT_BUNDLE_MALFORMED", "path", "tile/entries/000"},
		{"tile/entries/000", 0, "AUDIT_BUNDLE_MALFORMED", "path", "tile/entries/000"},
		{"tile/0/001", 8191, "AUDIT_TILE_SIZE", "path", "tile/0/001"},
		{"tile/0/001", 8160, "AUDIT_TILE_SIZE", "path", "tile/0/001"},
		{"tile/0/001", 0, "AUDIT_TILE_SIZE", "path", "tile/0/001"},
		{"tile/1/000.p/2", 32, "AUDIT_TILE_SIZE", "path", "tile/1/000.p/2"},
		{"checkpoint", 40, "AUDIT_CHECKPOINT_MALFORMED", "path", "checkpoint"},
		{"checkpoint", 0, "AUDIT_CHECKPOINT_MALFORMED", "path", "checkpoint"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture x;
		char path[KIT_PATH_SIZE * 2];

		fixture_open(&x, (struct sample_options){0});
		snprintf(path, sizeof(path), "%s/%s", x.tiles, cases[i].name);
		assert_int_equal(truncate(path, cases[i].at), 0);
		kit_refused(audit(&x), &x.f, cases[i].message);
		assert_value(&x, cases[i].value_name, cases[i].value);
		fixture_close(&x);
	}
}

static void bytes_after_the_last_entry_are_found(void **state)
{
	static const char *const names[] = {"tile/entries/000", "tile/entries/002.p/88"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct fixture x;
		char path[KIT_PATH_SIZE * 2];

		fixture_open(&x, (struct sample_options){0});
		snprintf(path, sizeof(path), "%s/%s", x.tiles, names[i]);
		AUTO(fd_close) int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

		kit_must(fd_write_all(fd, bytes_of("\0\1x", 3), &x.f), &x.f);
		kit_refused(audit(&x), &x.f, "AUDIT_BUNDLE_MALFORMED");
		fixture_close(&x);
	}
}

static void a_missing_file_is_named(void **state)
{
	static const char *const names[] = {"checkpoint",       "tile/0/000",
					    "tile/0/002.p/88",  "tile/1/000.p/2",
					    "tile/entries/001", "tile/entries/002.p/88"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct fixture x;

		fixture_open(&x, (struct sample_options){0});
		rename_tile_file(&x, names[i], "elsewhere");
		kit_refused(audit(&x), &x.f, "AUDIT_FILE_MISSING");
		assert_value(&x, "path", names[i]);
		assert_int_equal(x.f.code, ERR_NOT_FOUND);
		fixture_close(&x);
	}
}

static void swapped_files_are_found(void **state)
{
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct sample_options){0});
	rename_tile_file(&x, "tile/entries/000", "kept");
	rename_tile_file(&x, "tile/entries/001", "tile/entries/000");
	rename_tile_file(&x, "kept", "tile/entries/001");
	kit_refused(audit(&x), &x.f, "AUDIT_LEAF_MISMATCH");
	assert_value(&x, "entry", "0");
	/* The hash tiles too: then the level above tells. */
	rename_tile_file(&x, "tile/0/000", "kept");
	rename_tile_file(&x, "tile/0/001", "tile/0/000");
	rename_tile_file(&x, "kept", "tile/0/001");
	kit_refused(audit(&x), &x.f, "AUDIT_TILE_MISMATCH");
	assert_value(&x, "path", "tile/0/000");
	fixture_close(&x);
}

/* A static copy made while the log grew: the partial tiles of its checkpoint are gone. */
static void full_tiles_stand_in_for_partial_ones(void **state)
{
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct sample_options){.checkpoint_at = 300});
	write_tile_file(&x, "checkpoint", bytes_text(x.sample.older));
	rename_tile_file(&x, "tile/1/000.p/2", "tile/1/000.p/1");
	char path[KIT_PATH_SIZE * 2];

	snprintf(path, sizeof(path), "%s/tile/1/000.p/1", x.tiles);
	assert_int_equal(truncate(path, 32), 0);
	kit_must(audit(&x), &x.f);
	assert_int_equal(x.report.head.size, 300);
	/* But only if they say the same. */
	flip(&x, "tile/entries/001", 10);
	kit_refused(audit(&x), &x.f, "AUDIT_LEAF_MISMATCH");
	assert_value(&x, "entry", "256");
	fixture_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_byte_is_found_where_it_is),
		cmocka_unit_test(a_file_of_the_wrong_length_is_named),
		cmocka_unit_test(bytes_after_the_last_entry_are_found),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(swapped_files_are_found),
		cmocka_unit_test(full_tiles_stand_in_for_partial_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

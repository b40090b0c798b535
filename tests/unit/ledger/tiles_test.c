/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles on disk. rename() is wrapped by the linker, so that the work can be cut at every file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/tile.h"
#include "log_kit.h"

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

/* Renames that still succeed; negative: all of them. */
static long renames_left = -1;

int __wrap_rename(const char *from, const char *to)
{
	if (renames_left == 0) {
		errno = EIO;
		return -1;
	}
	if (renames_left > 0)
		renames_left--;
	return __real_rename(from, to);
}

static struct bytes file_of(struct kit *k, struct arena *a, const char *name)
{
	char path[KIT_PATH_SIZE * 2];
	struct bytes content = {0};

	snprintf(path, sizeof(path), "%s/%s", k->tiles, name);
	kit_must(file_read(a, path, 16 << 20, &content, &k->f), &k->f);
	return content;
}

static bool has_file(struct kit *k, const char *name)
{
	char path[KIT_PATH_SIZE * 2];

	snprintf(path, sizeof(path), "%s/%s", k->tiles, name);
	return file_exists(path);
}

/* What a hash tile must hold, from the naive tree. */
static void assert_hash_tile(struct kit *k, struct arena *a, unsigned level, uint64_t index,
			     unsigned width)
{
	struct tile_name tile = {TILE_HASHES, level, index, width};
	uint64_t span = UINT64_C(1) << (8 * level);
	char name[TILE_PATH_SIZE];

	tile_name_put(tile, name);
	struct bytes content = file_of(k, a, name);

	assert_int_equal(content.n, width * 32);
	for (unsigned i = 0; i < width; i++) {
		uint64_t at = (index * 256 + i) * span;
		struct hash expected = kit_root(at, at + span);

		assert_memory_equal(content.p + i * 32, expected.b, 32);
	}
}

static void assert_bundle(struct kit *k, struct arena *a, uint64_t index, unsigned width)
{
	struct tile_name tile = {TILE_ENTRIES, 0, index, width};
	char name[TILE_PATH_SIZE];
	uint8_t entry[KIT_ENTRY_MAX];

	tile_name_put(tile, name);
	struct reader r = reader_of(file_of(k, a, name));

	for (unsigned i = 0; i < width; i++) {
		struct bytes found = get_bytes(&r, get_u16(&r));

		assert_true(bytes_equal(found, kit_entry(index * 256 + i, entry)));
	}
	assert_true(reader_end(&r));
}

/* Every tile of a tree of `size`, and nothing that should not be there. */
static void assert_tiles(struct kit *k, uint64_t size)
{
	struct arena a = {.limit = 256 << 20};

	for (unsigned level = 0; level < 4; level++) {
		for (uint64_t i = 0;; i++) {
			unsigned width = tile_width(level, i, size);

			if (width == 0)
				break;
			assert_hash_tile(k, &a, level, i, width);
			if (level == 0)
				assert_bundle(k, &a, i, width);
			arena_reset(&a);
		}
	}
	arena_done(&a);
}

static void a_log_of_70000_writes_the_files_of_the_specification(void **state)
{
	struct kit k;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	for (uint64_t size = 0; size < 70000; size += 10000)
		kit_append(&k, l, size, 10000);
	kit_must(ledger_write_tiles(l, 70000, &k.f), &k.f);
	assert_tiles(&k, 70000);
	/* 273 + 1 hash tiles and bundles, 1 + 1 above, 1 at the top: and no others. */
	assert_int_equal(kit_count_files(k.tiles), 274 + 274 + 2 + 1);
	assert_true(has_file(&k, "tile/0/272"));
	assert_true(has_file(&k, "tile/0/273.p/112"));
	assert_true(has_file(&k, "tile/1/000"));
	assert_true(has_file(&k, "tile/1/001.p/17"));
	assert_true(has_file(&k, "tile/2/000.p/1"));
	assert_true(has_file(&k, "tile/entries/273.p/112"));
	assert_false(has_file(&k, "tile/2/000.p/0"));
	ledger_close(l);
	kit_close(&k);
}

static void a_full_tile_replaces_its_partial_ones(void **state)
{
	struct kit k;

	(void)state;
	kit_open(&k);
	struct ledger *writer = kit_ledger(&k, k.db, false);
	struct ledger *l = kit_ledger(&k, k.db, true);
	uint64_t size = 0;

	for (uint64_t step = 1; size < 600; step = step % 50 + 7) {
		kit_append(&k, writer, size, step);
		size += step;
		kit_must(ledger_write_tiles(l, size, &k.f), &k.f);
		assert_tiles(&k, size);
	}
	assert_true(has_file(&k, "tile/0/000"));
	assert_false(has_file(&k, "tile/0/000.p"));
	assert_false(has_file(&k, "tile/0/001.p"));
	assert_true(has_file(&k, "tile/0/002.p"));
	assert_false(has_file(&k, "tile/entries/000.p"));
	ledger_close(writer);
	ledger_close(l);
	kit_close(&k);
}

static void writing_again_changes_nothing(void **state)
{
	struct kit k;
	struct stat before, after;
	char path[KIT_PATH_SIZE * 2];

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	kit_append(&k, l, 0, 700);
	kit_must(ledger_write_tiles(l, 700, &k.f), &k.f);
	snprintf(path, sizeof(path), "%s/tile/0/002.p/188", k.tiles);
	assert_int_equal(stat(path, &before), 0);
	kit_must(ledger_write_tiles(l, 700, &k.f), &k.f);
	kit_must(ledger_write_tiles(l, 300, &k.f), &k.f);
	ledger_close(l);
	/* A new view compares, and leaves the files that are right. */
	l = kit_ledger(&k, k.db, true);
	kit_must(ledger_write_tiles(l, 700, &k.f), &k.f);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_tiles(&k, 700);
	ledger_close(l);
	kit_close(&k);
}

static void more_entries_than_there_are_cannot_be_written(void **state)
{
	struct kit k;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	kit_append(&k, l, 0, 10);
	kit_refused(ledger_write_tiles(l, 11, &k.f), &k.f, "LEDGER_NO_SUCH_ENTRY");
	kit_must(ledger_write_tiles(l, 10, &k.f), &k.f);
	assert_tiles(&k, 10);
	ledger_close(l);
	kit_close(&k);
}

static void work_cut_at_any_file_is_completed_afterwards(void **state)
{
	long cut = 0;
	bool done = false;

	(void)state;
	for (; !done; cut++) {
		struct kit k;

		kit_open(&k);
		struct ledger *writer = kit_ledger(&k, k.db, false);
		struct ledger *l = kit_ledger(&k, k.db, true);

		kit_append(&k, writer, 0, 300);
		kit_must(ledger_write_tiles(l, 300, &k.f), &k.f);
		kit_append(&k, writer, 300, 500);
		renames_left = cut;
		err e = ledger_write_tiles(l, 800, &k.f);

		done = e.code == OK;
		if (!done)
			kit_refused(e, &k.f, "TILE_WRITE_FAILED");
		renames_left = -1;
		/* Every second time by the same process, otherwise after a restart. */
		if (cut % 2) {
			ledger_close(l);
			l = kit_ledger(&k, k.db, true);
		}
		kit_must(ledger_write_tiles(l, 800, &k.f), &k.f);
		assert_tiles(&k, 800);
		assert_false(has_file(&k, "tile/0/001.p"));
		ledger_close(l);
		ledger_close(writer);
		kit_close(&k);
	}
	/* Two full tiles and bundles, a partial one of each and one above; and two of these
	 * meet a missing folder first. */
	assert_int_equal(cut - 1, 2 + 2 + 1 + 1 + 1 + 2);
}

/* ---- damage while nobody looks ---- */

enum damage { DAMAGE_DELETE, DAMAGE_EMPTY, DAMAGE_HALF, DAMAGE_ZEROS, DAMAGE_LONG, DAMAGE_KINDS };

struct sweep {
	struct kit *k;
	enum damage damage;
	size_t at, i; /* damage the file number `at` */
};

static void damage_file(const char *path, enum damage damage)
{
	struct stat st;
	char zeros[256] = {0};

	assert_int_equal(stat(path, &st), 0);
	AUTO(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	switch (damage) {
	case DAMAGE_DELETE:
		assert_int_equal(unlink(path), 0);
		break;
	case DAMAGE_EMPTY:
		assert_int_equal(ftruncate(fd, 0), 0);
		break;
	case DAMAGE_HALF:
		assert_int_equal(ftruncate(fd, st.st_size / 2), 0);
		break;
	case DAMAGE_ZEROS:
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(ftruncate(fd, st.st_size), 0);
		break;
	case DAMAGE_LONG:
	case DAMAGE_KINDS:
	default:
		assert_int_equal(pwrite(fd, zeros, sizeof(zeros), st.st_size), sizeof(zeros));
		break;
	}
}

static void damage_one(void *context, const char *relative)
{
	struct sweep *sweep = context;
	char path[KIT_PATH_SIZE * 2];

	if (relative[0] == '.' || sweep->i++ != sweep->at)
		return;
	snprintf(path, sizeof(path), "%s/%s", sweep->k->tiles, relative);
	damage_file(path, sweep->damage);
}

static void assert_published(struct kit *k, uint64_t size)
{
	struct arena a = {0};
	char text[1024];

	assert_true(bytes_equal(file_of(k, &a, "checkpoint"),
				kit_note(kit_head(size), text, sizeof(text))));
	arena_done(&a);
}

static void any_damaged_file_is_repaired_at_the_next_start(void **state)
{
	struct kit k;
	char text[1024];

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	kit_append(&k, l, 0, 600);
	kit_must(ledger_write_tiles(l, 600, &k.f), &k.f);
	kit_must(
		ledger_publish(l, kit_head(600), kit_note(kit_head(600), text, sizeof(text)), &k.f),
		&k.f);
	size_t files = kit_count_files(k.tiles);

	assert_int_equal(files, 3 + 3 + 1 + 1);
	for (size_t at = 0; at < files; at++) {
		for (int damage = 0; damage < DAMAGE_KINDS; damage++) {
			struct sweep sweep = {&k, (enum damage)damage, at, 0};

			ledger_close(l);
			kit_each_file(k.tiles, damage_one, &sweep);
			l = kit_ledger(&k, k.db, true);
			kit_must(ledger_write_tiles(l, 600, &k.f), &k.f);
			assert_tiles(&k, 600);
			assert_published(&k, 600);
		}
	}
	ledger_close(l);
	kit_close(&k);
}

static void the_partial_tiles_of_the_checkpoint_come_back_too(void **state)
{
	struct kit k;
	char text[1024];

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	kit_append(&k, l, 0, 300);
	kit_must(ledger_write_tiles(l, 300, &k.f), &k.f);
	kit_must(
		ledger_publish(l, kit_head(300), kit_note(kit_head(300), text, sizeof(text)), &k.f),
		&k.f);
	kit_append(&k, l, 300, 20);
	ledger_close(l);
	kit_remove_folder(k.tiles);
	l = kit_ledger(&k, k.db, true);
	kit_must(ledger_write_tiles(l, 320, &k.f), &k.f);
	assert_tiles(&k, 300);
	assert_tiles(&k, 320);
	assert_published(&k, 300);
	ledger_close(l);
	kit_close(&k);
}

static void what_a_dead_process_left_half_written_goes_after_an_hour(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	struct kit k;
	char path[KIT_PATH_SIZE * 2];

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	kit_append(&k, l, 0, 10);
	kit_must(ledger_write_tiles(l, 10, &k.f), &k.f);
	ledger_close(l);
	snprintf(path, sizeof(path), "%s/.aside/fresh", k.tiles);
	kit_must(file_write(path, bytes_text("half"), 0600, &k.f), &k.f);
	snprintf(path, sizeof(path), "%s/.aside/stale", k.tiles);
	kit_must(file_write(path, bytes_text("half"), 0600, &k.f), &k.f);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	l = kit_ledger(&k, k.db, true);
	kit_must(ledger_write_tiles(l, 10, &k.f), &k.f);
	assert_true(has_file(&k, ".aside/fresh"));
	assert_false(has_file(&k, ".aside/stale"));
	ledger_close(l);
	kit_close(&k);
}

/* ---- beyond the durable mark ---- */

enum { LARGE = 400000, OLD_TILE = 3 };

static void append_many(struct kit *k, struct ledger *l, uint64_t from, uint64_t to)
{
	for (uint64_t size = from; size < to; size += 50000)
		kit_append(k, l, size, to - size < 50000 ? to - size : 50000);
}

static void old_tiles_are_mended_by_name_and_size(void **state)
{
	static const char *const names[] = {"tile/0/003", "tile/entries/003", "tile/1/000"};
	struct kit k;
	struct arena a = {0};
	char path[KIT_PATH_SIZE * 2];

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	append_many(&k, l, 0, LARGE);
	kit_must(ledger_write_tiles(l, LARGE, &k.f), &k.f);
	ledger_close(l);
	assert_true(has_file(&k, ".durable"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (int damage = DAMAGE_DELETE; damage <= DAMAGE_EMPTY; damage++) {
			snprintf(path, sizeof(path), "%s/%s", k.tiles, names[i]);
			damage_file(path, (enum damage)damage);
			l = kit_ledger(&k, k.db, true);
			kit_must(ledger_write_tiles(l, LARGE, &k.f), &k.f);
			ledger_close(l);
			assert_hash_tile(&k, &a, 0, OLD_TILE, 256);
			assert_hash_tile(&k, &a, 1, 0, 256);
			assert_bundle(&k, &a, OLD_TILE, 256);
			arena_reset(&a);
		}
	}
	arena_done(&a);
	kit_close(&k);
}

static void a_wrong_old_hash_on_the_edge_is_found_by_the_root(void **state)
{
	struct kit k;
	struct arena a = {0};
	char path[KIT_PATH_SIZE * 2];

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	append_many(&k, l, 0, LARGE);
	kit_must(ledger_write_tiles(l, LARGE, &k.f), &k.f);
	ledger_close(l);
	/* The start reads these levels from the folder: the sizes are right, the hashes are not. */
	snprintf(path, sizeof(path), "%s/tile/2/000.p/6", k.tiles);
	damage_file(path, DAMAGE_ZEROS);
	snprintf(path, sizeof(path), "%s/tile/1/002", k.tiles);
	damage_file(path, DAMAGE_ZEROS);
	l = kit_ledger(&k, k.db, true);
	kit_must(ledger_write_tiles(l, LARGE, &k.f), &k.f);
	assert_hash_tile(&k, &a, 1, 2, 256);
	assert_hash_tile(&k, &a, 2, 0, 6);
	ledger_close(l);
	arena_done(&a);
	kit_close(&k);
}

static void a_damaged_mark_only_means_more_work(void **state)
{
	static const char *const marks[] = {
		"", "\n", "x\n", "-1\n", "99999999999999999999\n", "700", "700 \n", "70000\n"};
	struct kit k;
	char path[KIT_PATH_SIZE * 2];

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	kit_append(&k, l, 0, 700);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		kit_must(ledger_write_tiles(l, 700, &k.f), &k.f);
		assert_tiles(&k, 700);
		ledger_close(l);
		snprintf(path, sizeof(path), "%s/.durable", k.tiles);
		kit_must(file_write(path, bytes_text(marks[i]), 0600, &k.f), &k.f);
		l = kit_ledger(&k, k.db, true);
	}
	ledger_close(l);
	kit_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_of_70000_writes_the_files_of_the_specification),
		cmocka_unit_test(a_full_tile_replaces_its_partial_ones),
		cmocka_unit_test(writing_again_changes_nothing),
		cmocka_unit_test(more_entries_than_there_are_cannot_be_written),
		cmocka_unit_test(work_cut_at_any_file_is_completed_afterwards),
		cmocka_unit_test(any_damaged_file_is_repaired_at_the_next_start),
		cmocka_unit_test(the_partial_tiles_of_the_checkpoint_come_back_too),
		cmocka_unit_test(what_a_dead_process_left_half_written_goes_after_an_hour),
		cmocka_unit_test(old_tiles_are_mended_by_name_and_size),
		cmocka_unit_test(a_wrong_old_hash_on_the_edge_is_found_by_the_root),
		cmocka_unit_test(a_damaged_mark_only_means_more_work),
	};

	return kit_run(tests, sizeof(tests) / sizeof(tests[0]));
}

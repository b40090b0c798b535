/* SPDX-License-Identifier: Apache-2.0 */
/* The file that says when the last backup was, and when one was proved good. */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backup/backup.h"
#include "base/files.h"

static char folder[] = "/tmp/marks-test-XXXXXX";
static char path[64];
static struct fault f;

static const struct backup_marks SOME = {.backup = {1700000000000, 42, {{1, 2}}},
					 .tested = {1700000000001, 41, {{3}}}};

static bool never(void)
{
	struct backup_marks marks;

	backup_marks_read(folder, &marks);
	return marks.backup.at == 0 && marks.tested.at == 0;
}

static void a_house_without_the_file_was_never_backed_up(void **state)
{
	(void)state;
	unlink(path);
	assert_true(never());
}

static void marks_read_back_as_they_were_written(void **state)
{
	struct backup_marks marks;

	(void)state;
	must(backup_marks_write(folder, &SOME, &f), &f);
	backup_marks_read(folder, &marks);
	assert_int_equal(marks.backup.at, SOME.backup.at);
	assert_int_equal(marks.tested.size, 41);
	assert_true(hash_equal(marks.backup.digest, SOME.backup.digest));
	assert_true(hash_equal(marks.tested.digest, SOME.tested.digest));
}

static void a_damaged_file_counts_as_none(void **state)
{
	static const char *const BAD[] = {"", "\n", "backup = 1 2\n",
					  "backup = 1 2 zz\ntested = 1 2 zz\n", "tested = 0 0 0\n"};
	struct arena a = {0};
	struct bytes text;

	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
		must(file_write(path, bytes_text(BAD[i]), 0600, &f), &f);
		assert_true(never());
	}
	must(backup_marks_write(folder, &SOME, &f), &f);
	must(file_read(&a, path, 1024, &text, &f), &f);
	for (size_t n = 0; n < text.n; n++) {
		must(file_write(path, bytes_of(text.p, n), 0600, &f), &f);
		assert_true(never());
	}
	arena_done(&a);
}

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/run/backups", folder);
	must(backup_marks_write(folder, &SOME, &f), &f);
	return 0;
}

static int teardown(void **state)
{
	char run[64];

	(void)state;
	unlink(path);
	snprintf(run, sizeof run, "%s/run", folder);
	rmdir(run);
	rmdir(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_house_without_the_file_was_never_backed_up),
		cmocka_unit_test(marks_read_back_as_they_were_written),
		cmocka_unit_test(a_damaged_file_counts_as_none),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A ZIP archive that python3 and unzip read; the same bytes for the same files; nothing that leads elsewhere. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
/* clang-format on */

#include "base/files.h"
#include "format/zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/sealwright-zip-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static struct zip *create(const char *name)
{
	struct zip *z = NULL;
	struct fault f = {0};

	assert_int_equal(zip_create(path_of(name), &z, &f).code, OK);
	return z;
}

static void add(struct zip *z, const char *name, const char *text, bool runs)
{
	struct fault f = {0};

	assert_int_equal(zip_add(z, name, bytes_text(text), runs, &f).code, OK);
}

static void end(struct zip *z)
{
	struct fault f = {0};

	assert_int_equal(zip_end(z, &f).code, OK);
	zip_close(z);
}

/* The program's exit status. */
static int run(const char *const *words)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		execvp(words[0], (char *const *)(uintptr_t)words);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void must_refuse(struct zip *z, const char *name, const char *message)
{
	struct fault f = {0};

	assert_int_not_equal(zip_add(z, name, bytes_text("x"), false, &f).code, OK);
	assert_string_equal(f.message, message);
}

static void write_sample(const char *name)
{
	struct zip *z = create(name);

	add(z, "README.txt", "what to type\n", false);
	add(z, "empty", "", false);
	add(z, "units/Größe-中.passport", "bytes", false);
	add(z, "verify", "#!/bin/sh\n", true);
	end(z);
}

static void others_read_it(void **state)
{
	static const char PYTHON[] =
		"import sys, zipfile\n"
		"z = zipfile.ZipFile(sys.argv[1])\n"
		"assert z.testzip() is None\n"
		"assert z.namelist() == ['README.txt', 'empty', "
		"'units/Gr\\u00f6\\u00dfe-\\u4e2d.passport', "
		"'verify'], z.namelist()\n"
		"assert z.read('README.txt') == b'what to type\\n' and z.read('empty') == b''\n"
		"i = z.getinfo('verify')\n"
		"assert i.external_attr >> 16 == 0o100755 and i.date_time == (1980, 1, 1, 0, 0, "
		"0)\n"
		"assert z.getinfo('empty').external_attr >> 16 == 0o100644\n";

	(void)state;
	write_sample("sample.zip");
	const char *const python[] = {"python3", "-c", PYTHON, path_of("sample.zip"), NULL};
	assert_int_equal(run(python), 0);
	const char *const unzip[] = {"unzip", "-tqq", path_of("sample.zip"), NULL};
	int status = run(unzip);
	assert_true(status == 0 || status == 127); /* not installed everywhere */
}

static void same_files_give_the_same_bytes(void **state)
{
	struct arena a = {0};
	struct bytes one, two;
	struct fault f = {0};

	(void)state;
	write_sample("one.zip");
	write_sample("two.zip");
	assert_int_equal(file_read(&a, path_of("one.zip"), 1 << 20, &one, &f).code, OK);
	assert_int_equal(file_read(&a, path_of("two.zip"), 1 << 20, &two, &f).code, OK);
	assert_true(bytes_equal(one, two));
	arena_done(&a);
}

static void an_empty_archive_is_one(void **state)
{
	(void)state;
	end(create("none.zip"));
	const char *const python[] = {"python3", "-c",
				      "import sys, zipfile; assert zipfile.ZipFile(sys.argv[1])."
				      "namelist() == []",
				      path_of("none.zip"), NULL};
	assert_int_equal(run(python), 0);
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const NAMES[] = {"",    "/etc/passwd", "../up", "a/../b", "a//b", "a/",
					    "./a", "a\\b",        "C:x",   "a\nb",   "\xff", "a/."};
	struct zip *z = create("names.zip");
	char longest[ZIP_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		must_refuse(z, NAMES[i], "ZIP_NAME_WRONG");
	memset(longest, 'a', sizeof longest);
	longest[ZIP_NAME_MAX + 1] = '\0';
	must_refuse(z, longest, "ZIP_NAME_WRONG");
	longest[ZIP_NAME_MAX] = '\0';
	add(z, longest, "x", false);
	must_refuse(z, longest, "ZIP_NAME_TWICE");
	end(z);
}

/* Of memory that is never touched: the size alone decides. */
static void what_needs_zip64_is_refused_before_it_is_written(void **state)
{
	struct zip *z = create("large.zip");
	size_t size = UINT32_MAX;
	struct fault f = {0};
	void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)state;
	assert_true(p != MAP_FAILED);
	for (size_t less = 0; less < 100; less += 33)
		assert_int_equal(zip_add(z, "large", bytes_of(p, size - less), false, &f).code,
				 ERR_TOO_LARGE);
	assert_string_equal(f.message, "ZIP_TOO_LARGE");
	munmap(p, size);
	add(z, "small", "still fits", false);
	end(z);
}

static void what_did_not_end_leaves_nothing(void **state)
{
	struct zip *z = create("left.zip");

	(void)state;
	add(z, "a", "b", false);
	zip_close(z);
	assert_false(file_exists(path_of("left.zip")));
	const char *const list[] = {"sh", "-c", "! ls \"$0\"/left* 2>/dev/null", folder, NULL};
	assert_int_equal(run(list), 0);
}

static void an_older_archive_stays_until_the_new_one_is_whole(void **state)
{
	struct arena a = {0};
	struct bytes before, after;
	struct fault f = {0};

	(void)state;
	write_sample("stays.zip");
	assert_int_equal(file_read(&a, path_of("stays.zip"), 1 << 20, &before, &f).code, OK);
	struct zip *z = create("stays.zip");
	add(z, "a", "b", false);
	zip_close(z);
	assert_int_equal(file_read(&a, path_of("stays.zip"), 1 << 20, &after, &f).code, OK);
	assert_true(bytes_equal(before, after));
	arena_done(&a);
}

static void a_folder_that_is_not_there_is_said(void **state)
{
	struct zip *z = NULL;
	struct fault f = {0};

	(void)state;
	assert_int_equal(zip_create(path_of("none/x.zip"), &z, &f).code, ERR_IO);
	assert_string_equal(f.message, "FILE_WRITE_FAILED");
	assert_null(z);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	const char *const words[] = {"rm", "-rf", folder, NULL};

	(void)state;
	return run(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_read_it),
		cmocka_unit_test(same_files_give_the_same_bytes),
		cmocka_unit_test(an_empty_archive_is_one),
		cmocka_unit_test(names_that_lead_elsewhere_are_refused),
		cmocka_unit_test(what_needs_zip64_is_refused_before_it_is_written),
		cmocka_unit_test(what_did_not_end_leaves_nothing),
		cmocka_unit_test(an_older_archive_stays_until_the_new_one_is_whole),
		cmocka_unit_test(a_folder_that_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/files.h"

struct room {
	char folder[64];
	char path[128];
	struct arena arena;
	struct fault fault;
};

static const char *in_room(struct room *r, const char *name)
{
	snprintf(r->path, sizeof(r->path), "%s/%s", r->folder, name);
	return r->path;
}

static int room_open(void **state)
{
	struct room *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	snprintf(r->folder, sizeof(r->folder), "/tmp/files-test-XXXXXX");
	assert_non_null(mkdtemp(r->folder));
	r->arena.limit = 4 << 20;
	*state = r;
	return 0;
}

static void empty_folder(const char *path)
{
	DIR *d = opendir(path);

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		char name[600];

		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		struct stat st;

		if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode))
			empty_folder(name);
		else
			assert_int_equal(unlink(name), 0);
	}
	closedir(d);
	assert_int_equal(rmdir(path), 0);
}

static int room_close(void **state)
{
	struct room *r = *state;

	empty_folder(r->folder);
	arena_done(&r->arena);
	free(r);
	return 0;
}

static size_t names_in(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void what_is_written_is_read(void **state)
{
	struct room *r = *state;
	const char *path = in_room(r, "a");
	static uint8_t large[200000];
	struct bytes out;

	memset(large, 0x5a, sizeof(large));
	for (size_t n = 0; n <= sizeof(large); n = n * 3 + 1) {
		assert_int_equal(file_write(path, bytes_of(large, n), 0600, &r->fault).code, OK);
		assert_int_equal(file_read(&r->arena, path, n, &out, &r->fault).code, OK);
		assert_int_equal(out.n, n);
		assert_memory_equal(out.p, large, n);
	}
	assert_int_equal(names_in(r->folder), 1);
}

static void the_mode_is_the_one_asked_for_whatever_the_umask(void **state)
{
	struct room *r = *state;
	static const unsigned MODES[] = {0600, 0644, 0400};
	mode_t old = umask(0077);

	for (size_t i = 0; i < 3; i++) {
		struct stat st;

		assert_int_equal(
			file_write(in_room(r, "a"), bytes_text("x"), MODES[i], &r->fault).code, OK);
		assert_int_equal(stat(r->path, &st), 0);
		assert_int_equal(st.st_mode & 07777, MODES[i]);
	}
	umask(old);
}

static void a_file_one_byte_too_large_is_refused_by_name(void **state)
{
	struct room *r = *state;
	struct bytes out = {NULL, 7};

	assert_int_equal(file_write(in_room(r, "a"), bytes_text("12345"), 0600, &r->fault).code,
			 OK);
	assert_int_equal(file_read(&r->arena, r->path, 4, &out, &r->fault).code, ERR_TOO_LARGE);
	assert_string_equal(r->fault.message, "FILE_TOO_LARGE");
	assert_string_equal(fault_value(&r->fault, "path"), r->path);
	assert_string_equal(fault_value(&r->fault, "max"), "4");
	assert_int_equal(out.n, 7);
	assert_int_equal(file_read(&r->arena, r->path, 0, &out, &r->fault).code, ERR_TOO_LARGE);
}

static void a_missing_file_is_not_found(void **state)
{
	struct room *r = *state;
	struct bytes out;

	assert_int_equal(file_read(&r->arena, in_room(r, "no"), 9, &out, &r->fault).code,
			 ERR_NOT_FOUND);
	assert_false(file_exists(r->path));
	assert_true(file_exists(r->folder));
}

static void a_folder_is_no_file(void **state)
{
	struct room *r = *state;
	struct bytes out;

	assert_int_equal(file_read(&r->arena, r->folder, 100, &out, &r->fault).code, ERR_IO);
	assert_int_equal(file_write(r->folder, bytes_text("x"), 0600, &r->fault).code, ERR_IO);
	assert_int_equal(names_in(r->folder), 0);
}

/* A file in /proc says that it has no bytes, and a pipe has no size at all. */
static void files_without_a_size_are_read_to_their_end(void **state)
{
	struct room *r = *state;
	struct bytes out;
	int ends[2];
	char path[32];

	assert_int_equal(file_read(&r->arena, "/proc/self/status", 1 << 20, &out, &r->fault).code,
			 OK);
	assert_true(out.n > 100);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_write_all(ends[1], bytes_text("through a pipe"), &r->fault).code, OK);
	fd_close(&ends[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	assert_int_equal(file_read(&r->arena, path, 100, &out, &r->fault).code, OK);
	assert_true(bytes_equal(out, bytes_text("through a pipe")));
	fd_close(&ends[0]);
	assert_int_equal(ends[0], -1);
	fd_close(&ends[0]);
}

static void an_endless_file_is_too_large(void **state)
{
	struct room *r = *state;
	struct bytes out;

	assert_int_equal(file_read(&r->arena, "/dev/zero", 300000, &out, &r->fault).code,
			 ERR_TOO_LARGE);
}

static void a_full_arena_is_a_lack_of_memory(void **state)
{
	struct room *r = *state;
	struct arena small = {.limit = 100};
	struct bytes out;
	static const uint8_t content[200];

	assert_int_equal(file_write(in_room(r, "a"), bytes_of(content, 200), 0600, &r->fault).code,
			 OK);
	assert_int_equal(file_read(&small, r->path, 1000, &out, &r->fault).code, ERR_MEMORY);
	small.limit = 80000;
	assert_int_equal(file_read(&small, "/dev/zero", 1 << 20, &out, &r->fault).code, ERR_MEMORY);
	arena_done(&small);
}

/* Past its size limit a process cannot write: what a full disk looks like. In a child, because
 * the limit cannot be lifted again. */
static int write_on_a_full_disk(const char *path)
{
	struct rlimit none = {100, 100};
	static const uint8_t content[5000];
	struct fault f;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &none) != 0)
		return 2;
	err e = file_write(path, bytes_of(content, sizeof(content)), 0600, &f);

	return e.code == ERR_IO && f.message && strcmp(f.message, "WRITE_FAILED") == 0 &&
			       fault_value(&f, "path")
		       ? 0
		       : 1;
}

static void a_full_disk_leaves_the_old_file_whole_and_nothing_beside_it(void **state)
{
	struct room *r = *state;
	struct bytes out;
	int status = 0;

	assert_int_equal(file_write(in_room(r, "a"), bytes_text("old"), 0600, &r->fault).code, OK);
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(write_on_a_full_disk(r->path));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(file_read(&r->arena, r->path, 100, &out, &r->fault).code, OK);
	assert_true(bytes_equal(out, bytes_text("old")));
	assert_int_equal(names_in(r->folder), 1);
}

static void a_file_in_a_missing_folder_cannot_be_written(void **state)
{
	struct room *r = *state;

	assert_int_equal(file_write(in_room(r, "no/a"), bytes_text("x"), 0600, &r->fault).code,
			 ERR_IO);
	assert_string_equal(r->fault.message, "FILE_WRITE_FAILED");
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	struct room *r = *state;
	static char path[8000];

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	assert_int_equal(file_write(path, bytes_text("x"), 0600, &r->fault).code, ERR_IO);
	assert_int_equal(folder_make(path, &r->fault).code, ERR_IO);
	assert_int_equal(folder_make("", &r->fault).code, ERR_IO);
}

static void folders_are_made_with_their_parents_for_their_owner_only(void **state)
{
	struct room *r = *state;
	struct stat st;

	assert_int_equal(folder_make(in_room(r, "a//b/c/"), &r->fault).code, OK);
	assert_int_equal(stat(in_room(r, "a/b/c"), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(folder_make(r->path, &r->fault).code, OK);
	assert_int_equal(folder_make("/", &r->fault).code, OK);
}

static void a_file_in_the_way_stops_the_making_of_a_folder(void **state)
{
	struct room *r = *state;

	assert_int_equal(file_write(in_room(r, "a"), bytes_text("x"), 0600, &r->fault).code, OK);
	assert_int_equal(folder_make(r->path, &r->fault).code, ERR_IO);
	assert_string_equal(r->fault.message, "FOLDER_MAKE_FAILED");
	assert_int_equal(folder_make(in_room(r, "a/b"), &r->fault).code, ERR_IO);
}

static void a_file_is_written_in_the_current_folder_too(void **state)
{
	struct room *r = *state;
	char *here = getcwd(NULL, 0);

	assert_non_null(here);
	assert_int_equal(chdir(r->folder), 0);
	assert_int_equal(file_write("plain", bytes_text("x"), 0600, &r->fault).code, OK);
	assert_int_equal(folder_make("one/two", &r->fault).code, OK);
	assert_int_equal(chdir(here), 0);
	free(here);
	assert_true(file_exists(in_room(r, "plain")));
	assert_true(file_exists(in_room(r, "one/two")));
}

static void a_closed_descriptor_cannot_be_written(void **state)
{
	struct room *r = *state;

	assert_int_equal(fd_write_all(-1, bytes_text("x"), &r->fault).code, ERR_IO);
	assert_int_equal(fd_write_all(-1, bytes_text(""), &r->fault).code, OK);
}

/* Whoever reads while another writes sees one whole version or the other. */
static void a_reader_never_sees_half_a_file(void **state)
{
	struct room *r = *state;
	static uint8_t one[70000], two[90000];
	const char *path = in_room(r, "a");

	memset(one, 1, sizeof(one));
	memset(two, 2, sizeof(two));
	assert_int_equal(file_write(path, bytes_of(one, sizeof(one)), 0600, &r->fault).code, OK);
	pid_t writer = fork();

	assert_true(writer >= 0);
	if (writer == 0) {
		bool fine = true;

		for (int i = 0; i < 60; i++)
			fine = fine && file_write(path,
						  i % 2 ? bytes_of(one, sizeof(one))
							: bytes_of(two, sizeof(two)),
						  0600, NULL)
						       .code == OK;
		_exit(fine ? 0 : 1);
	}
	int status = 0;

	while (waitpid(writer, &status, WNOHANG) == 0) {
		struct bytes out;

		arena_reset(&r->arena);
		assert_int_equal(file_read(&r->arena, path, 100000, &out, &r->fault).code, OK);
		assert_true(out.n == sizeof(one) || out.n == sizeof(two));
		assert_int_equal(out.p[0], out.p[out.n - 1]);
	}
	assert_int_equal(status, 0);
}

#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, room_open, room_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROOM(what_is_written_is_read),
		IN_ROOM(the_mode_is_the_one_asked_for_whatever_the_umask),
		IN_ROOM(a_file_one_byte_too_large_is_refused_by_name),
		IN_ROOM(a_missing_file_is_not_found),
		IN_ROOM(a_folder_is_no_file),
		IN_ROOM(files_without_a_size_are_read_to_their_end),
		IN_ROOM(an_endless_file_is_too_large),
		IN_ROOM(a_full_arena_is_a_lack_of_memory),
		IN_ROOM(a_full_disk_leaves_the_old_file_whole_and_nothing_beside_it),
		IN_ROOM(a_file_in_a_missing_folder_cannot_be_written),
		IN_ROOM(a_path_that_is_too_long_is_refused),
		IN_ROOM(folders_are_made_with_their_parents_for_their_owner_only),
		IN_ROOM(a_file_in_the_way_stops_the_making_of_a_folder),
		IN_ROOM(a_file_is_written_in_the_current_folder_too),
		IN_ROOM(a_closed_descriptor_cannot_be_written),
		IN_ROOM(a_reader_never_sees_half_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

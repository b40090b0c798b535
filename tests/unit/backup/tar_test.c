/* SPDX-License-Identifier: Apache-2.0 */
/* Archives: what is written is read, by ourselves and by tar; what else could be read is refused. */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/tar.h"

static struct memory m;
static struct fault f;

static void write_three(void)
{
	struct tar_writer w = {.sink = {memory_put, &m}};
	static uint8_t large[1500];

	m.n = m.at = 0;
	memset(large, 'x', sizeof large);
	must(tar_file(&w, "a/empty", (struct bytes){0}, &f), &f);
	must(tar_file(&w, "b", bytes_of(large, 512), &f), &f);
	must(tar_begin(&w, "c.d-e_f", sizeof large, &f), &f);
	must(tar_put(&w, bytes_of(large, 1000), &f), &f);
	must(tar_put(&w, bytes_of(large, 500), &f), &f);
	must(tar_close(&w, &f), &f);
}

/* Reads to the end; the number of members, or the refusal. */
static err read_all(size_t *members)
{
	struct tar_reader r = {.source = {memory_get, &m}};
	struct tar_member member;
	bool more = true;

	*members = 0;
	m.at = 0;
	f = (struct fault){0};
	while (more) {
		TRY(tar_next(&r, &member, &more, &f));
		*members += more;
	}
	return ERR_OK;
}

static void refused(void)
{
	size_t n;

	must_fail(read_all(&n), &f, "BACKUP_DAMAGED");
}

/* The header at `at` with its checksum made right again. */
static void mend_checksum(size_t at)
{
	unsigned sum = 0;
	char digits[16];

	memset(m.b + at + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += m.b[at + i];
	snprintf(digits, sizeof digits, "%06o", sum);
	memcpy(m.b + at + 148, digits, 6);
	m.b[at + 154] = 0;
}

static void members_come_back_in_order_and_whole(void **state)
{
	struct tar_reader r = {.source = {memory_get, &m}};
	struct tar_member member;
	uint8_t out[2000];
	size_t got;
	bool more;

	(void)state;
	write_three();
	must(tar_next(&r, &member, &more, &f), &f);
	assert_string_equal(member.name, "a/empty");
	assert_int_equal(member.size, 0);
	must(tar_next(&r, &member, &more, &f), &f);
	assert_string_equal(member.name, "b");
	must(tar_get(&r, out, sizeof out, &got, &f), &f);
	assert_int_equal(got, 512);
	must(tar_next(&r, &member, &more, &f), &f);
	assert_int_equal(member.size, 1500);
	must(tar_get(&r, out, 700, &got, &f), &f);
	assert_int_equal(got, 700);
	must(tar_get(&r, out, sizeof out, &got, &f), &f);
	assert_int_equal(got, 800);
	must(tar_next(&r, &member, &more, &f), &f);
	assert_false(more);
}

static void tar_itself_lists_and_extracts_it(void **state)
{
	char folder[] = "/tmp/tar-test-XXXXXX", path[64], extracted[80];
	FILE *file;
	pid_t pid;
	int status;

	(void)state;
	write_three();
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/t.tar", folder);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(m.b, 1, m.n, file), m.n);
	assert_int_equal(fclose(file), 0);
	pid = fork();
	if (pid == 0) {
		execlp("tar", "tar", "-x", "-f", path, "-C", folder, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	snprintf(extracted, sizeof extracted, "%s/c.d-e_f", folder);
	file = fopen(extracted, "rb");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	assert_int_equal(ftell(file), 1500);
	fclose(file);
	unlink(extracted);
	unlink(path);
	snprintf(extracted, sizeof extracted, "%s/b", folder);
	unlink(extracted);
	snprintf(extracted, sizeof extracted, "%s/a/empty", folder);
	unlink(extracted);
	snprintf(extracted, sizeof extracted, "%s/a", folder);
	rmdir(extracted);
	rmdir(folder);
}

static void names_that_leave_the_folder_are_no_names(void **state)
{
	static const char *const BAD[] = {"",    "/etc/passwd", "../x",     "a/../b", "a//b",
					  "a/",  "./a",         ".hidden",  "a/.b",   "a\\b",
					  "a b", "a\n",         "\xc3\xa4", "-rf",    "a/-rf",
					  "_a",  "a/..",        "a:b"};
	static const char *const GOOD[] = {"a", "a/b", "entries/00000001", "files/log.vkey",
					   "shares/x_y-z.age"};
	char longest[TAR_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
		assert_false(tar_name_valid(BAD[i]));
	for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
		assert_true(tar_name_valid(GOOD[i]));
	memset(longest, 'a', sizeof longest);
	longest[TAR_NAME_MAX + 1] = 0;
	assert_false(tar_name_valid(longest));
	longest[TAR_NAME_MAX] = 0;
	assert_true(tar_name_valid(longest));
}

static void a_member_with_such_a_name_is_refused(void **state)
{
	(void)state;
	write_three();
	memcpy(m.b, "../empty", 9);
	mend_checksum(0);
	refused();
	write_three();
	memcpy(m.b, "/a/empty", 9);
	mend_checksum(0);
	refused();
}

static void links_devices_and_folders_are_refused(void **state)
{
	(void)state;
	for (const char *type = "123456gxLKS"; *type; type++) {
		write_three();
		m.b[156] = (uint8_t)*type;
		mend_checksum(0);
		refused();
	}
}

static void a_size_that_is_no_octal_number_is_refused(void **state)
{
	(void)state;
	write_three();
	m.b[124] = 0x80; /* GNU's binary sizes */
	mend_checksum(0);
	refused();
	write_three();
	m.b[124] = '9';
	mend_checksum(0);
	refused();
}

static void a_huge_size_ends_too_early(void **state)
{
	(void)state;
	write_three();
	memcpy(m.b + 124, "77777777777", 11);
	mend_checksum(0);
	refused();
}

/* Bytes behind a name's end, owners, times, a prefix: nothing may hide there. */
static void every_byte_of_a_header_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < 512; i++) {
		write_three();
		m.b[i] ^= 1;
		if (i < 148 || i >= 156)
			mend_checksum(0);
		size_t n;
		struct fault before = f;
		(void)before;
		if (read_all(&n).code == OK) /* one other plain name is a name */
			assert_true(i < 7);
	}
}

static void a_wrong_checksum_is_refused(void **state)
{
	(void)state;
	write_three();
	m.b[150] = m.b[150] == '0' ? '1' : '0';
	refused();
}

static void every_shorter_archive_is_refused(void **state)
{
	(void)state;
	write_three();
	for (size_t whole = m.n, n = 0; n < whole; n += 97) {
		m.n = n;
		refused();
	}
	write_three();
	m.n -= 512;
	refused();
}

static void what_follows_the_end_is_refused(void **state)
{
	(void)state;
	write_three();
	m.b[m.n++] = 0;
	refused();
	write_three();
	m.b[m.n++] = 'x';
	refused();
}

static void an_end_of_one_block_is_refused(void **state)
{
	(void)state;
	write_three();
	m.b[m.n - 512] = 1;
	refused();
}

static void a_writer_does_not_write_more_or_less_than_it_said(void **state)
{
	struct tar_writer w = {.sink = {memory_put, &m}};

	(void)state;
	m.n = 0;
	must(tar_begin(&w, "a", 3, &f), &f);
	must_fail(tar_put(&w, bytes_text("four"), &f), &f, "BACKUP_MEMBER_UNFIT");
	must(tar_put(&w, bytes_text("tw"), &f), &f);
	must_fail(tar_begin(&w, "b", 1, &f), &f, "BACKUP_MEMBER_UNFIT");
	must_fail(tar_close(&w, &f), &f, "BACKUP_MEMBER_UNFIT");
	must(tar_put(&w, bytes_text("o"), &f), &f);
	must_fail(tar_begin(&w, "../b", 1, &f), &f, "BACKUP_MEMBER_UNFIT");
	must_fail(tar_begin(&w, "b", TAR_SIZE_MAX + 1, &f), &f, "BACKUP_MEMBER_UNFIT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_come_back_in_order_and_whole),
		cmocka_unit_test(tar_itself_lists_and_extracts_it),
		cmocka_unit_test(names_that_leave_the_folder_are_no_names),
		cmocka_unit_test(a_member_with_such_a_name_is_refused),
		cmocka_unit_test(links_devices_and_folders_are_refused),
		cmocka_unit_test(a_size_that_is_no_octal_number_is_refused),
		cmocka_unit_test(a_huge_size_ends_too_early),
		cmocka_unit_test(every_byte_of_a_header_counts),
		cmocka_unit_test(a_wrong_checksum_is_refused),
		cmocka_unit_test(every_shorter_archive_is_refused),
		cmocka_unit_test(what_follows_the_end_is_refused),
		cmocka_unit_test(an_end_of_one_block_is_refused),
		cmocka_unit_test(a_writer_does_not_write_more_or_less_than_it_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The program age as a child. */
#include "memory.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/age.h"
#include "base/files.h"

static char folder[] = "/tmp/age-test-XXXXXX";
static char identity[64], other[64], recipient[128], path[64];
static struct fault f;

/* age-keygen writes "# public key: age1…" into the file. */
static void make_identity(const char *file, char *public_key)
{
	char command_line[3][128] = {"age-keygen", "-o"};
	char text[512] = "";
	int null = open("/dev/null", O_WRONLY);
	pid_t pid = fork();

	if (pid == 0) {
		dup2(null, STDERR_FILENO);
		execlp(command_line[0], command_line[0], command_line[1], file, (char *)NULL);
		_exit(127);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(null);
	int fd = open(file, O_RDONLY);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	close(fd);
	const char *begin = strstr(text, "age1");
	assert_non_null(begin);
	if (public_key != NULL)
		snprintf(public_key, 128, "%.*s", (int)strcspn(begin, "\n"), begin);
}

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_non_null(mkdtemp(folder));
	snprintf(identity, sizeof identity, "%s/key", folder);
	snprintf(other, sizeof other, "%s/other", folder);
	snprintf(path, sizeof path, "%s/file.age", folder);
	make_identity(identity, recipient);
	make_identity(other, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(identity);
	unlink(other);
	unlink(path);
	rmdir(folder);
	return 0;
}

static void encrypt(size_t n)
{
	const char *recipients[] = {recipient};
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	uint8_t part[4096] = {7};
	struct age age;

	assert_true(file >= 0);
	must(age_encrypt(recipients, 1, file, &age, &f), &f);
	for (size_t at = 0; at < n; at += sizeof part)
		must(fd_write_all(age.fd, bytes_of(part, sizeof part), &f), &f);
	must(age_end(&age, &f), &f);
	close(file);
}

static err decrypt(const char *with, size_t *n)
{
	int file = open(path, O_RDONLY);
	uint8_t part[4096];
	struct age age;
	ssize_t got;

	assert_true(file >= 0);
	f = (struct fault){0};
	*n = 0;
	must(age_decrypt(with, file, &age, &f), &f);
	while ((got = read(age.fd, part, sizeof part)) > 0)
		*n += (size_t)got;
	err e = age_end(&age, &f);
	close(file);
	return e;
}

static void what_is_encrypted_opens_with_its_key(void **state)
{
	size_t n;

	(void)state;
	encrypt(1 << 20);
	must(decrypt(identity, &n), &f);
	assert_int_equal(n, 1 << 20);
}

static void another_key_does_not_open_it(void **state)
{
	size_t n;

	(void)state;
	encrypt(4096);
	must_fail(decrypt(other, &n), &f, "AGE_FAILED");
	assert_int_equal(n, 0);
}

static void a_key_that_is_not_there_is_said(void **state)
{
	size_t n;

	(void)state;
	encrypt(4096);
	must_fail(decrypt("/nowhere/key", &n), &f, "AGE_FAILED");
	assert_non_null(strstr(fault_value(&f, "why"), "/nowhere/key"));
}

static void a_cut_file_is_noticed_at_the_end(void **state)
{
	size_t n;

	(void)state;
	encrypt(1 << 20);
	assert_int_equal(truncate(path, 900000), 0);
	must_fail(decrypt(identity, &n), &f, "AGE_FAILED");
	assert_true(n < 1 << 20);
}

static void a_changed_file_is_noticed(void **state)
{
	uint8_t byte;
	size_t n;
	int file;

	(void)state;
	encrypt(1 << 20);
	file = open(path, O_RDWR);
	assert_int_equal(pread(file, &byte, 1, 500000), 1);
	byte ^= 1;
	assert_int_equal(pwrite(file, &byte, 1, 500000), 1);
	close(file);
	must_fail(decrypt(identity, &n), &f, "AGE_FAILED");
}

static void only_public_keys_are_recipients(void **state)
{
	static const char *const BAD[] = {
		"",       "-o/tmp/x", "--identity", "AGE-SECRET-KEY-1QQ", "age", "ssh-dss AAAA",
		"age1\n", "age1\x7f", "x age1"};
	const char *recipients[] = {recipient, "-i"};
	struct age age;

	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
		assert_false(age_recipient_valid(BAD[i]));
	assert_true(age_recipient_valid("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 somebody"));
	must_fail(age_encrypt(recipients, 2, 1, &age, &f), &f, "BACKUP_RECIPIENT_WRONG");
	must_fail(age_encrypt(recipients, 0, 1, &age, &f), &f, "BACKUP_RECIPIENT_WRONG");
}

static void a_recipient_that_only_looks_like_one_fails(void **state)
{
	const char *recipients[] = {"age1notakey"};
	int file = open("/dev/null", O_WRONLY);
	struct age age;

	(void)state;
	must(age_encrypt(recipients, 1, file, &age, &f), &f);
	must_fail(age_end(&age, &f), &f, "AGE_FAILED");
	close(file);
}

static void a_small_text_goes_to_one_person(void **state)
{
	struct arena a = {0};
	struct bytes sealed;
	size_t n;

	(void)state;
	must(age_text(&a, recipient, bytes_text("a share"), &sealed, &f), &f);
	must(file_write(path, sealed, 0600, &f), &f);
	must(decrypt(identity, &n), &f);
	assert_int_equal(n, strlen("a share"));
	must_fail(age_text(&a, "age1nobody", bytes_text("x"), &sealed, &f), &f, "AGE_FAILED");
	arena_done(&a);
}

static void without_the_program_it_says_so(void **state)
{
	char *before = strdup(getenv("PATH"));
	const char *recipients[] = {recipient};
	struct age age;

	(void)state;
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	must_fail(age_encrypt(recipients, 1, 1, &age, &f), &f, "AGE_MISSING");
	assert_int_equal(setenv("PATH", before, 1), 0);
	free(before);
}

static void one_that_is_stopped_leaves_nothing_running(void **state)
{
	const char *recipients[] = {recipient};
	int file = open("/dev/null", O_WRONLY);
	struct age age;

	(void)state;
	must(age_encrypt(recipients, 1, file, &age, &f), &f);
	pid_t pid = age.pid;
	age_stop(&age);
	assert_int_equal(kill(pid, 0), -1);
	age_stop(&age); /* again is fine */
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encrypted_opens_with_its_key),
		cmocka_unit_test(another_key_does_not_open_it),
		cmocka_unit_test(a_key_that_is_not_there_is_said),
		cmocka_unit_test(a_cut_file_is_noticed_at_the_end),
		cmocka_unit_test(a_changed_file_is_noticed),
		cmocka_unit_test(only_public_keys_are_recipients),
		cmocka_unit_test(a_recipient_that_only_looks_like_one_fails),
		cmocka_unit_test(a_small_text_goes_to_one_person),
		cmocka_unit_test(without_the_program_it_says_so),
		cmocka_unit_test(one_that_is_stopped_leaves_nothing_running),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_testing.h"

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct private_key *new_key(enum key_algorithm algorithm)
{
	struct private_key *key = NULL;

	assert_int_equal(private_key_generate(algorithm, &key, NULL).code, OK);
	return key;
}

struct test_ca new_ca(void)
{
	struct test_ca ca = {.key = new_key(KEY_P256)};

	assert_int_equal(
		certificate_make_ca(&ca.arena, ca.key, "Device CA", NOW_MS, &ca.certificate, NULL)
			.code,
		OK);
	return ca;
}

void ca_done(struct test_ca *ca)
{
	private_key_close(ca->key);
	arena_done(&ca->arena);
}

struct device_profile device_profile(void)
{
	return (struct device_profile){
		.product = PRODUCT,
		.serial = SERIAL,
		.hardware_type = HARDWARE_TYPE,
		.certificate_serial = {0x41, 0xd0, 0x5a, 0x11, 0x99, 0x02, 0x80, 0xff, 7, 7, 7, 7,
				       7, 7, 7, 1},
		.not_before_ms = NOW_MS,
	};
}

struct bytes issue_device(struct test_ca *ca, const struct public_key *key)
{
	struct device_profile profile = device_profile();
	struct bytes der = {0};

	assert_int_equal(certificate_issue_device(&ca->arena, ca->key, ca->certificate, key,
						  &profile, &der, NULL)
				 .code,
			 OK);
	return der;
}

/* ---- files ---- */

static char folder[64];

const char *test_folder(void)
{
	if (folder[0] == 0) {
		(void)snprintf(folder, sizeof(folder), "/tmp/sealwright-test-XXXXXX");
		assert_non_null(mkdtemp(folder));
	}
	return folder;
}

const char *test_path(const char *name)
{
	static char paths[8][256];
	static size_t next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", test_folder(), name);
	return path;
}

void write_test_file(const char *path, struct bytes content, unsigned mode)
{
	AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, content, NULL).code, OK);
	assert_int_equal(fchmod(fd, mode), 0);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void remove_test_folder(void)
{
	if (folder[0] != 0)
		(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	folder[0] = 0;
}

/* ---- foreign programs ---- */

int run_program(const char *const *arguments)
{
	char *copies[32];
	size_t n = 0;
	pid_t pid = 0;
	int status = 0;
	posix_spawn_file_actions_t actions;

	while (arguments[n] != NULL && n < 31) {
		copies[n] = strdup(arguments[n]);
		n++;
	}
	copies[n] = NULL;
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&actions, 1, test_path("output"),
							  O_WRONLY | O_CREAT | O_TRUNC, 0600),
			 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, 1, 2), 0);
	int spawned = posix_spawnp(&pid, copies[0], &actions, NULL, copies, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (spawned == 0)
		assert_int_equal(waitpid(pid, &status, 0), pid);
	for (size_t i = 0; i < n; i++)
		free(copies[i]);
	return spawned == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

bool program_exists(const char *name)
{
	const char *const arguments[] = {name, "--version", NULL};
	const char *const other[] = {name, "version", NULL};

	return run_program(arguments) == 0 || run_program(other) == 0;
}

bool output_contains(const char *text)
{
	struct arena a = {0};
	struct bytes output;

	assert_int_equal(file_read(&a, test_path("output"), 1 << 20, &output, NULL).code, OK);
	bool found = memmem(output.p, output.n, text, strlen(text)) != NULL;
	arena_done(&a);
	return found;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Making the signer's folder, starting with it, and going away. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer_testing.h"

static void folder_is_closed_and_so_is_the_socket(void **state)
{
	struct signer_test *t = signer_test_new();
	struct stat status;

	(void)state;
	signer_start(t);
	assert_int_equal(stat(t->vault, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(stat(t->socket, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	signer_test_done(t);
}

static void folder_is_never_made_twice(void **state)
{
	struct signer_test *t = signer_test_new();
	struct bytes before = vault_file(t, FILE_CA_KEY);
	struct signer_public public;
	struct fault f = {0};

	(void)state;
	assert_int_equal(signer_create(t->vault, &t->founding, &t->arena, &public, &f).code,
			 ERR_CONFLICT);
	assert_string_equal(f.message, "SIGNER_FOLDER_EXISTS");
	assert_true(bytes_equal(vault_file(t, FILE_CA_KEY), before));
	signer_test_done(t);
}

static void origin_must_be_a_key_name(void **state)
{
	static const char *const bad[] = {"", "two words", "a+b", "line\nfeed"};
	struct signer_test *t = signer_test_new();
	struct signer_public public;
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/other", t->folder);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fault f = {0};

		t->founding.origin = bad[i];
		assert_int_equal(signer_create(path, &t->founding, &t->arena, &public, &f).code,
				 ERR_INVALID);
		assert_string_equal(f.message, "SIGNER_ORIGIN_INVALID");
		assert_false(file_exists(path));
	}
	signer_test_done(t);
}

static void two_signers_cannot_share_a_folder(void **state)
{
	struct signer_test *t = signer_test_new();
	struct vault vault;
	struct fault f = {0};

	(void)state;
	signer_start(t);
	assert_int_equal(vault_try(t, &vault, &f).code, ERR_CONFLICT);
	assert_string_equal(f.message, "SIGNER_RUNS_ALREADY");
	vault_close(&vault);
	signer_test_done(t);
}

/* Before the checkpoint is read, and not only before the journal is: what a signer that is about
 * to end still writes would be missed. */
static void checkpoint_is_read_by_one_signer_at_a_time(void **state)
{
	struct signer_test *t = signer_test_new();
	struct slots first, second;
	struct checkpoint_state last;
	struct fault f = {0};
	char path[4096];

	(void)state;
	assert_int_equal(vault_path(t->vault, FILE_SLOTS, path, NULL).code, OK);
	assert_int_equal(slots_open(path, &first, &last, &f).code, OK);
	assert_int_equal(slots_open(path, &second, &last, &f).code, ERR_CONFLICT);
	assert_string_equal(f.message, "SIGNER_RUNS_ALREADY");
	slots_close(&first);
	assert_int_equal(slots_open(path, &second, &last, &f).code, OK);
	slots_close(&second);
	signer_test_done(t);
}

static void folder_open_to_others_is_refused(void **state)
{
	struct signer_test *t = signer_test_new();
	struct vault vault;
	struct fault f = {0};
	char path[4096];

	(void)state;
	assert_int_equal(chmod(t->vault, 0750), 0);
	assert_int_equal(vault_try(t, &vault, &f).code, ERR_FORBIDDEN);
	assert_string_equal(f.message, "SIGNER_FOLDER_OPEN_TO_OTHERS");
	vault_close(&vault);
	assert_int_equal(chmod(t->vault, 0700), 0);
	assert_int_equal(vault_path(t->vault, FILE_CA_KEY, path, NULL).code, OK);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(vault_try(t, &vault, &f).code, ERR_FORBIDDEN);
	assert_string_equal(f.message, "KEY_FILE_OPEN_TO_OTHERS");
	vault_close(&vault);
	signer_test_done(t);
}

static void passphrase_opens_the_keys_and_no_other_does(void **state)
{
	struct signer_test *t = signer_test_new();
	struct vault vault = {0};
	struct fault f = {0};
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/locked", t->folder);
	t->founding.passphrase = bytes_text("correct horse");
	assert_int_equal(signer_create(path, &t->founding, &t->arena, &t->public, NULL).code, OK);
	assert_int_equal(vault_open(path, bytes_text("wrong horse"), &vault, &f).code,
			 ERR_UNAUTHENTICATED);
	assert_string_equal(f.message, "KEY_PASSPHRASE_WRONG");
	vault_close(&vault);
	vault = (struct vault){0};
	assert_int_equal(vault_open(path, (struct bytes){0}, &vault, &f).code, ERR_UNAUTHENTICATED);
	assert_string_equal(f.message, "KEY_PASSPHRASE_NEEDED");
	vault_close(&vault);
	vault = (struct vault){0};
	assert_int_equal(vault_open(path, bytes_text("correct horse"), &vault, &f).code, OK);
	vault_close(&vault);
	signer_test_done(t);
}

static void keys_of_another_signer_are_refused(void **state)
{
	static const char *const files[] = {FILE_CHECKPOINT_KEY, FILE_CA_KEY, FILE_CA};
	struct signer_test *t = signer_test_new(), *other = signer_test_new();

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct bytes own = vault_file(t, files[i]);
		struct vault vault;
		struct fault f = {0};

		put_vault_file(t, files[i], vault_file(other, files[i]));
		assert_int_not_equal(vault_try(t, &vault, &f).code, OK);
		assert_true(strcmp(f.message, "SIGNER_KEYS_DIFFER") == 0 ||
			    strcmp(f.message, "CERTIFICATE_CA_KEY_DIFFERS") == 0);
		vault_close(&vault);
		put_vault_file(t, files[i], own);
	}
	signer_test_done(other);
	signer_test_done(t);
}

static void absent_signer_is_said_to_be_unavailable(void **state)
{
	struct signer_test *t = signer_test_new();
	struct merkle_head head;
	struct fault f = {0};

	(void)state;
	signer_start(t);
	assert_int_equal(signer_stop(t), 0);
	assert_int_equal(signer_last(t->client, &head, &f).code, ERR_UNAVAILABLE);
	assert_string_equal(f.message, "SIGNER_UNAVAILABLE");
	/* The client finds a signer that is back by itself. */
	assert_true(signer_start_as(t, geteuid(), NULL, NULL));
	assert_int_equal(signer_last(t->client, &head, &f).code, OK);
	/* And one that was restarted between two calls. */
	assert_int_equal(signer_stop(t), 0);
	assert_true(signer_start_as(t, geteuid(), NULL, NULL));
	assert_int_equal(signer_last(t->client, &head, &f).code, OK);
	signer_test_done(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folder_is_closed_and_so_is_the_socket),
		cmocka_unit_test(folder_is_never_made_twice),
		cmocka_unit_test(origin_must_be_a_key_name),
		cmocka_unit_test(two_signers_cannot_share_a_folder),
		cmocka_unit_test(checkpoint_is_read_by_one_signer_at_a_time),
		cmocka_unit_test(folder_open_to_others_is_refused),
		cmocka_unit_test(passphrase_opens_the_keys_and_no_other_does),
		cmocka_unit_test(keys_of_another_signer_are_refused),
		cmocka_unit_test(absent_signer_is_said_to_be_unavailable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

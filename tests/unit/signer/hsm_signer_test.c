/* SPDX-License-Identifier: Apache-2.0 */
/* The whole signer with its six keys in a token: founded, locked in, signing, and well again after
 * what happens to hardware. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hsm.h"
#include "signer/key_worker.h"
#include "signer_testing.h"

static struct hsm hsm;
static char addresses[SIGNER_KEYS][HSM_URI];

static int setup(void **state)
{
	struct hsm slow;

	(void)state;
	if (!hsm_open(&hsm, NULL) || setenv("SLOW_PKCS11_MODULE", hsm.module, 1) != 0)
		return 1;
	slow = hsm;
	slow.module = SLOW_MODULE;
	for (size_t i = 0; i < SIGNER_KEYS; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "key-%zu", i);
		(void)hsm_uri(&slow, name, "&x-sessions=2", addresses[i]);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hsm_close(&hsm);
	return 0;
}

/* signer_test_new has made a folder with key files; this one is beside it. */
static void found_in_token(struct signer_test *t)
{
	struct fault f = {0};

	(void)snprintf(t->vault, sizeof(t->vault), "%s/hsm", t->folder);
	for (size_t i = 0; i < SIGNER_KEYS; i++)
		t->founding.addresses[i] = addresses[i];
	if (signer_create(t->vault, &t->founding, &t->arena, &t->public, &f).code != OK)
		stop_test("%s %s\n", f.message, fault_value(&f, "why"));
}

static void set_mood(const char *letter)
{
	char path[HSM_PATH + 16];

	(void)snprintf(path, sizeof(path), "%s/mood", hsm.folder);
	assert_int_equal(setenv("SLOW_PKCS11_MOOD", path, 1), 0);
	if (letter != NULL)
		assert_true(hsm_write(path, letter));
}

/* It was met, and not only waited for. */
static void assert_mood_gone(void)
{
	assert_false(file_exists(getenv("SLOW_PKCS11_MOOD")));
}

static void assert_checkpoint(struct signer_test *t, uint64_t old, uint64_t size)
{
	struct bytes note;
	struct fault f = {0};

	if (ask_checkpoint(t, old, size, &note, &f).code != OK)
		stop_test("%s %s\n", f.message, fault_value(&f, "why"));
	assert_true(note_signed(t, note, tree_head(size)));
}

static void a_signer_without_key_files_signs_and_lives_on(void **state)
{
	static const char *const moods[] = {"l", "e", "c"};
	struct signer_test *t = signer_test_new();
	uint64_t size = 10;

	(void)state;
	set_mood(NULL);
	found_in_token(t);
	for (size_t i = 0; i < SIGNER_KEYS; i++) { /* not one of them is there */
		char address[KEY_ADDRESS_MAX + 1], path[4096];

		assert_int_equal(vault_path(t->vault, SIGNER_KEY_FILE[i], path, NULL).code, OK);
		assert_int_equal(key_file_address(path, address, NULL).code, OK);
		assert_string_equal(address, addresses[i]);
	}
	signer_start(t);
	assert_checkpoint(t, 0, size);
	for (size_t i = 0; i < 9; i++, size += 10) {
		set_mood(moods[i % 3]);
		assert_checkpoint(t, size, size + 10);
		assert_mood_gone();
	}
	assert_int_equal(signer_stop(t), 0);
	signer_start(t);
	assert_checkpoint(t, size, size + 10);
	signer_test_done(t);
}

static void names_in_use_found_no_second_signer(void **state)
{
	struct signer_test *t = signer_test_new();
	struct fault f = {0};

	(void)state;
	(void)snprintf(t->vault, sizeof(t->vault), "%s/hsm", t->folder);
	for (size_t i = 0; i < SIGNER_KEYS; i++)
		t->founding.addresses[i] = addresses[i];
	assert_int_equal(signer_create(t->vault, &t->founding, &t->arena, &t->public, &f).code,
			 ERR_CONFLICT);
	assert_string_equal(f.message, "KEY_HSM_EXISTS");
	assert_false(file_exists(t->vault));
	(void)snprintf(t->vault, sizeof(t->vault), "%s/vault", t->folder);
	signer_test_done(t);
}

static void an_address_of_another_key_does_not_start(void **state)
{
	struct signer_test *t = signer_test_new();
	struct vault vault = {0};
	char path[4096];
	struct fault f = {0};

	(void)state;
	set_mood(NULL);
	/* one file key exchanged for a key in the token */
	assert_int_equal(vault_path(t->vault, SIGNER_KEY_FILE[SIGNER_KEY_PERMIT], path, NULL).code,
			 OK);
	assert_int_equal(key_file_point(path, addresses[SIGNER_KEY_PERMIT], NULL).code, OK);
	assert_int_equal(vault_try(t, &vault, &f).code, ERR_CORRUPT);
	assert_string_equal(f.message, "SIGNER_KEYS_DIFFER");
	vault_close(&vault);
	/* a file that is neither */
	assert_true(hsm_write(path, "pkcs11:object=x y\n"));
	vault = (struct vault){0};
	assert_int_equal(vault_try(t, &vault, &f).code, ERR_INVALID);
	assert_string_equal(f.message, "KEY_FILE_MALFORMED");
	vault_close(&vault);
	assert_int_equal(chmod(path, 0644), 0);
	vault = (struct vault){0};
	assert_int_equal(vault_try(t, &vault, &f).code, ERR_FORBIDDEN);
	vault_close(&vault);
	signer_test_done(t);
}

static void only_addresses_of_keys_are_written(void **state)
{
	static const char *const bad[] = {
		"", "/etc/key", "pkcs11:object=a?module-path=/x&pin-value=1",
		"pkcs11:object=a b?module-path=/x", "pkcs11:object=a?module-path=/x\n"};
	char path[HSM_PATH + 16];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/point", hsm.folder);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(key_file_point(path, bad[i], NULL).code, ERR_INVALID);
		assert_false(file_exists(path));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signer_without_key_files_signs_and_lives_on),
		cmocka_unit_test(names_in_use_found_no_second_signer),
		cmocka_unit_test(an_address_of_another_key_does_not_start),
		cmocka_unit_test(only_addresses_of_keys_are_written),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

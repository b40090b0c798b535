/* SPDX-License-Identifier: Apache-2.0 */
/* The whole signer with its six keys in a token: founded, locked in, signing, and well again after
 * what happens to hardware. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hsm.h"
#include "log_testing.h"
#include "signer/key_worker.h"

static struct hsm hsm;
static char addresses[SIGNER_KEYS][HSM_URI];

static int setup(void **state)
{
	(void)state;
	return hsm_open(&hsm, NULL) && setenv("SLOW_PKCS11_MODULE", hsm.module, 1) == 0 ? 0 : 1;
}

/* Addresses behind the module with moods. */
static void name_keys(const char *prefix)
{
	struct hsm slow = hsm;

	slow.module = SLOW_MODULE;
	for (size_t i = 0; i < SIGNER_KEYS; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%s-%zu", prefix, i);
		(void)hsm_uri(&slow, name, "&x-sessions=2", addresses[i]);
	}
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
	name_keys("first");
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
	name_keys("first");
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

static void issue_all(struct test_log *l, const uint64_t *requests, size_t n,
		      struct issued_unit *units)
{
	struct evidence evidence = log_show(l, requests, n);
	struct arena *a = &l->t->arena;
	struct device_certificate read;

	assert_int_equal(signer_issue_units(l->t->client, &evidence, a, units, NULL).code, OK);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(units[i].why_not.code, OK);
		assert_int_equal(certificate_check_device(a, units[i].certificate,
							  l->t->public.ca_certificate, &read, NULL)
					 .code,
				 OK);
	}
}

static void a_build_is_issued_whole_whatever_the_hsm_does(void **state)
{
	enum { PART = 50, ASKED = 3 * PART };
	static const char *const moods[] = {"c", "l", "e"};
	struct signer_test *t = signer_test_new();
	struct issued_unit *first = arena_array(&t->arena, ASKED, sizeof(*first));
	struct issued_unit *again = arena_array(&t->arena, ASKED, sizeof(*again));
	uint64_t requests[ASKED];

	(void)state;
	set_mood(NULL);
	name_keys("build");
	found_in_token(t);
	struct test_log *l = log_new(t);
	signer_start(t);
	house_builds(l, ASKED);
	for (size_t i = 0; i < ASKED; i++)
		requests[i] = put_unit(l, 0, "A1", i);
	log_sign(l);
	for (size_t i = 0; i < 3; i++) {
		set_mood(moods[i]);
		issue_all(l, requests + i * PART, PART, first + i * PART);
		assert_mood_gone();
	}
	issue_all(l, requests, ASKED, again);
	for (size_t i = 0; i < ASKED; i++)
		assert_true(bytes_equal(again[i].certificate, first[i].certificate));
	signer_test_done(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signer_without_key_files_signs_and_lives_on),
		cmocka_unit_test(a_build_is_issued_whole_whatever_the_hsm_does),
		cmocka_unit_test(names_in_use_found_no_second_signer),
		cmocka_unit_test(an_address_of_another_key_does_not_start),
		cmocka_unit_test(only_addresses_of_keys_are_written),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/key_file.h"

#include "base/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/sealwright-keys-XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	memcpy(folder + sizeof folder - 7, "XXXXXX", 7);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/key.pub", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void put(const char *text)
{
	struct fault f = {0};

	assert_int_equal(file_write(path, bytes_text(text), 0644, &f).code, OK);
}

static void assert_refused(const char *text, const char *message)
{
	struct public_key *key;
	struct fault f = {0};

	put(text);
	assert_int_not_equal(public_key_file_read(path, &key, &f).code, OK);
	assert_string_equal(f.message, message);
}

static void a_public_key_comes_back_the_same(void **state)
{
	static const enum key_algorithm ALGORITHMS[] = {KEY_P256, KEY_ED25519};
	struct private_key *key;
	struct public_key *back;
	struct fault f = {0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(private_key_generate(ALGORITHMS[i], &key, &f).code, OK);
		assert_int_equal(public_key_file_write(private_key_public(key), path, &f).code, OK);
		assert_int_equal(public_key_file_read(path, &back, &f).code, OK);
		assert_true(
			hash_equal(public_key_id(back), public_key_id(private_key_public(key))));
		public_key_close(back);
		private_key_close(key);
		unlink(path);
	}
	put("x");
}

static void a_file_that_is_there_is_not_overwritten(void **state)
{
	struct private_key *key;
	struct fault f = {0};

	(void)state;
	put("precious");
	assert_int_equal(private_key_generate(KEY_P256, &key, &f).code, OK);
	assert_int_equal(public_key_file_write(private_key_public(key), path, &f).code,
			 ERR_CONFLICT);
	assert_string_equal(f.message, "KEY_FILE_EXISTS");
	private_key_close(key);
}

static void what_is_no_pem_is_refused(void **state)
{
	(void)state;
	assert_refused("", "PEM_WRONG");
	assert_refused("-----BEGIN PUBLIC KEY-----\nAAAA\n", "PEM_WRONG");
	assert_refused("AAAA\n-----END PUBLIC KEY-----\n", "PEM_WRONG");
	assert_refused("-----END PUBLIC KEY-----\nAAAA\n-----BEGIN PUBLIC KEY-----\n", "PEM_WRONG");
	assert_refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		       "PEM_WRONG");
	assert_refused("-----BEGIN PUBLIC KEY-----\nAA A=\n-----END PUBLIC KEY-----\n",
		       "PEM_WRONG");
}

static void pem_that_holds_no_key_is_refused(void **state)
{
	static const char *const TEXTS[] = {
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
	};
	struct public_key *key;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fault f = {0};
		put(TEXTS[i]);
		assert_int_not_equal(public_key_file_read(path, &key, &f).code, OK);
		assert_non_null(f.message);
	}
}

static void possession_is_signed_by_the_key_itself(void **state)
{
	struct private_key *key;
	struct possession p;
	struct fault f = {0};
	uint8_t signature[64], spki[SPKI_SIZE_MAX];
	size_t n;

	(void)state;
	put("x");
	assert_int_equal(private_key_generate(KEY_ED25519, &key, &f).code, OK);
	assert_int_equal(possession_make(key, bytes_text("mine"), &p, &f).code, OK);
	assert_true(base64url_decode(bytes_text(p.signature), signature, sizeof signature, &n));
	assert_true(key_verify(private_key_public(key), bytes_text("mine"), signature));
	assert_false(key_verify(private_key_public(key), bytes_text("thine"), signature));
	assert_true(base64url_decode(bytes_text(p.public_key), spki, sizeof spki, &n));
	assert_true(bytes_equal(bytes_of(spki, n), public_key_spki(private_key_public(key))));
	private_key_close(key);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_public_key_comes_back_the_same),
		CASE(a_file_that_is_there_is_not_overwritten),
		CASE(what_is_no_pem_is_refused),
		CASE(pem_that_holds_no_key_is_refused),
		CASE(possession_is_signed_by_the_key_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

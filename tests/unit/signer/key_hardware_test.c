/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to hardware: sessions lost, processes dead, tokens pulled, PINs changed. It is an
 * error at most, never the signer's end, and never a wrong signature. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key_testing.h"

static int setup(void **state)
{
	if (key_test_setup(state) != 0)
		return 1;
	generate_key("p256", KEY_P256);
	return 0;
}

/* The same token behind a module with moods. */
static struct private_key *open_moody(const char *more)
{
	struct hsm slow = hsm;
	struct private_key *key = NULL;
	char uri[HSM_URI];
	struct fault f = {0};

	slow.module = SLOW_MODULE;
	assert_int_equal(setenv("SLOW_PKCS11_MODULE", hsm.module, 1), 0);
	if (key_address_open(hsm_uri(&slow, "p256", more, uri), bytes_text(""), 0, &key, &f).code !=
	    OK)
		stop_test("%s %s\n", f.message, fault_value(&f, "why"));
	return key;
}

static void set_mood(const char *letter)
{
	char path[HSM_PATH + 16];

	(void)snprintf(path, sizeof(path), "%s/mood", hsm.folder);
	assert_int_equal(setenv("SLOW_PKCS11_MOOD", path, 1), 0);
	if (letter != NULL)
		assert_true(hsm_write(path, letter));
}

static void sessions_lost_and_processes_dead_are_made_again(void **state)
{
	static const char *const moods[] = {"l", "e", "c"};

	(void)state;
	set_mood(NULL);
	struct private_key *key = open_moody("&x-sessions=4");
	for (size_t i = 0; i < 12; i++) {
		struct signing many[16] = {0};

		for (size_t k = 0; k < 16; k++)
			many[k].message = bytes_text("text");
		set_mood(moods[i % 3]);
		assert_int_equal(key_sign_many(key, many, 16, NULL).code, OK);
		assert_false(file_exists(getenv("SLOW_PKCS11_MOOD"))); /* it was met */
	}
	private_key_close(key);
}

static void a_wrong_signature_is_an_error_and_the_next_is_right(void **state)
{
	static const char *const moods[] = {"w", "s"};

	(void)state;
	set_mood(NULL);
	struct private_key *key = open_moody("&x-sessions=1");
	for (size_t i = 0; i < 4; i++) {
		uint8_t signature[64];
		struct fault f = {0};

		set_mood(moods[i % 2]);
		assert_int_equal(key_sign(key, bytes_text("text"), signature, &f).code,
				 ERR_CORRUPT);
		assert_string_equal(f.message, "KEY_SIGNED_WRONG");
		assert_signs(key, "text");
	}
	private_key_close(key);
}

static void a_token_that_goes_away_is_an_error_until_it_is_back(void **state)
{
	char aside[HSM_PATH + 16];
	uint8_t signature[64];
	struct fault f = {0};

	(void)state;
	set_mood(NULL);
	struct private_key *key = open_moody("&x-sessions=2");
	(void)snprintf(aside, sizeof(aside), "%s/aside", hsm.folder);
	assert_int_equal(rename(hsm.tokens, aside), 0);
	assert_int_equal(mkdir(hsm.tokens, 0700), 0);
	assert_int_equal(key_sign(key, bytes_text("text"), signature, &f).code, ERR_NOT_FOUND);
	assert_string_equal(f.message, "KEY_TOKEN_NOT_ONE");
	assert_int_equal(rmdir(hsm.tokens), 0);
	assert_int_equal(rename(aside, hsm.tokens), 0);
	for (int i = 0; i < 4; i++)
		assert_signs(key, "back again");
	private_key_close(key);
}

/* Somebody has changed the PIN: with it wrong, opening again may be tried once, not with every
 * request until the token locks. */
static void a_pin_that_changed_is_not_tried_again(void **state)
{
	uint8_t signature[64];
	struct fault f = {0};

	(void)state;
	set_mood(NULL);
	struct private_key *key = open_moody("&x-sessions=2");
	assert_true(hsm_write(hsm.pin_file, "0000"));
	set_mood("l");
	assert_int_equal(key_sign(key, bytes_text("text"), signature, &f).code,
			 ERR_UNAUTHENTICATED);
	assert_true(hsm_write(hsm.pin_file, HSM_PIN));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(key_sign(key, bytes_text("text"), signature, &f).code,
				 ERR_UNAUTHENTICATED);
		assert_string_equal(f.message, "KEY_PIN_WRONG");
	}
	private_key_close(key);
	key = open_moody("&x-sessions=2");
	assert_signs(key, "after a new start");
	private_key_close(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_lost_and_processes_dead_are_made_again),
		cmocka_unit_test(a_wrong_signature_is_an_error_and_the_next_is_right),
		cmocka_unit_test(a_token_that_goes_away_is_an_error_until_it_is_back),
		cmocka_unit_test(a_pin_that_changed_is_not_tried_again),
	};

	return cmocka_run_group_tests(tests, setup, key_test_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in a real token (SoftHSM2): they sign like any other, side by side, and what could leave the
 * token, or be mistaken, is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key_testing.h"

/* ---- what should work ---- */

static void both_algorithms_sign_and_verify(void **state)
{
	static const enum key_algorithm algorithms[] = {KEY_P256, KEY_ED25519};
	static const char *const names[] = {"p256", "ed25519"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		generate_key(names[i], algorithms[i]);
		struct private_key *key = open_key(names[i], "");

		assert_true(private_key_is_outside(key));
		assert_int_equal(public_key_algorithm(private_key_public(key)), algorithms[i]);
		for (int k = 0; k < 20; k++)
			assert_signs(key, "a text");
		private_key_close(key);
	}
}

static void many_are_signed_by_many_sessions(void **state)
{
	enum { N = 300 };
	struct private_key *key = open_key("p256", "&x-sessions=4");
	struct signing *signings = calloc(N, sizeof(*signings));
	static char texts[N][16];

	(void)state;
	assert_non_null(signings);
	for (size_t i = 0; i < N; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "text %zu", i);
		signings[i].message = bytes_text(texts[i]);
	}
	assert_int_equal(key_sign_many(key, signings, N, NULL).code, OK);
	for (size_t i = 0; i < N; i++)
		assert_true(key_verify(private_key_public(key), signings[i].message,
				       signings[i].signature));
	free(signings);
	private_key_close(key);
}

static void long_texts_are_signed_and_longer_ones_refused(void **state)
{
	struct private_key *p256 = open_key("p256", ""), *ed25519 = open_key("ed25519", "");
	static uint8_t text[1 << 16];
	struct fault f = {0};
	uint8_t signature[64];

	(void)state;
	assert_int_equal(key_sign(p256, bytes_of(text, sizeof(text)), signature, &f).code, OK);
	assert_int_equal(key_sign(ed25519, bytes_of(text, 1 << 15), signature, &f).code, OK);
	assert_int_equal(key_sign(ed25519, bytes_of(text, (1 << 15) + 1), signature, &f).code,
			 ERR_TOO_LARGE);
	assert_signs(ed25519, "still well");
	private_key_close(p256);
	private_key_close(ed25519);
}

static void put_pem(const char *path, const char *label, struct bytes der)
{
	static char text[8192];
	struct writer w = writer_of(text, sizeof(text) - 1);
	struct bytes pem;

	pem_put(&w, label, der);
	assert_true(writer_done(&w, &pem));
	text[pem.n] = 0;
	assert_true(hsm_write(path, text));
}

static void openssl_verifies_devices_of_a_ca_in_the_token(void **state)
{
	struct private_key *ca = open_key("p256", ""), *device = NULL;
	struct arena arena = {0};
	struct bytes certificate, der;
	struct device_certificate read;
	struct device_profile profile = {.product = "GW-100",
					 .serial = "SN0001",
					 .hardware_type = HARDWARE_TYPE,
					 .certificate_serial = {0x41},
					 .not_before_ms = NOW_MS};
	char ca_path[HSM_PATH + 16], leaf_path[HSM_PATH + 16];
	const char *verify[] = {"openssl", "verify", "-no_check_time", "-CAfile", ca_path,
				leaf_path, NULL};

	(void)state;
	assert_int_equal(certificate_make_ca(&arena, ca, "HSM CA", NOW_MS, &certificate, NULL).code,
			 OK);
	assert_int_equal(private_key_generate(KEY_P256, &device, NULL).code, OK);
	assert_int_equal(certificate_issue_device(&arena, ca, certificate,
						  private_key_public(device), &profile, &der, NULL)
				 .code,
			 OK);
	assert_int_equal(certificate_check_device(&arena, der, certificate, &read, NULL).code, OK);
	(void)snprintf(ca_path, sizeof(ca_path), "%s/ca.pem", hsm.folder);
	(void)snprintf(leaf_path, sizeof(leaf_path), "%s/leaf.pem", hsm.folder);
	put_pem(ca_path, "CERTIFICATE", certificate);
	put_pem(leaf_path, "CERTIFICATE", der);
	assert_true(hsm_run(verify));
	private_key_close(device);
	private_key_close(ca);
	arena_done(&arena);
}

static void a_key_is_found_by_its_id_too(void **state)
{
	char uri[HSM_URI];
	struct private_key *key = NULL;

	(void)state;
	generate_key("with-id;id=%aa%bb", KEY_P256);
	(void)snprintf(uri, sizeof(uri), "pkcs11:id=%%aa%%bb?module-path=%s&pin-source=file:%s",
		       hsm.module, hsm.pin_file);
	assert_int_equal(key_address_open(uri, bytes_text(""), 1, &key, NULL).code, OK);
	assert_signs(key, "text");
	private_key_close(key);
}

static void a_path_is_a_key_file(void **state)
{
	struct private_key *made = NULL, *key = NULL;
	char path[HSM_PATH + 16];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/file.key", hsm.folder);
	assert_int_equal(private_key_generate(KEY_P256, &made, NULL).code, OK);
	assert_int_equal(private_key_save(made, path, bytes_text("secret"), NULL).code, OK);
	assert_int_equal(key_address_open(path, bytes_text("wrong"), 0, &key, NULL).code,
			 ERR_UNAUTHENTICATED);
	assert_int_equal(key_address_open(path, bytes_text("secret"), 0, &key, NULL).code, OK);
	assert_false(private_key_is_outside(key));
	private_key_close(key);
	private_key_close(made);
}

/* ---- what should not ---- */

static void a_name_is_never_given_twice(void **state)
{
	char uri[HSM_URI];
	struct public_key *public = NULL;
	struct fault f = {0};

	(void)state;
	assert_int_equal(
		key_hsm_generate(hsm_uri(&hsm, "p256", "", uri), KEY_P256, &public, &f).code,
		ERR_CONFLICT);
	assert_string_equal(f.message, "KEY_HSM_EXISTS");
	assert_int_equal(
		key_hsm_generate(hsm_uri(&hsm, "other;id=%aa%bb", "", uri), KEY_P256, &public, &f)
			.code,
		ERR_CONFLICT);
	(void)snprintf(uri, sizeof(uri),
		       "pkcs11:token=" HSM_TOKEN "?module-path=%s&pin-source=file:%s", hsm.module,
		       hsm.pin_file);
	assert_int_equal(key_hsm_generate(uri, KEY_P256, &public, &f).code, ERR_INVALID);
	assert_null(public);
}

/* pkcs11-tool makes what we would not. */
static void tool_generates(const char *label, const char *id, const char *more)
{
	const char *arguments[] = {
		"pkcs11-tool",   "--module", hsm.module, "--token-label", HSM_TOKEN,
		"--login",       "--pin",    HSM_PIN,    "--keypairgen",  "--key-type",
		"EC:prime256v1", "--label",  label,      "--id",          id,
		"--usage-sign",  more,       NULL};

	assert_true(hsm_run(arguments));
}

static void two_keys_of_one_name_are_not_guessed_between(void **state)
{
	char uri[HSM_URI];

	(void)state;
	tool_generates("twice", "0101", "--sensitive");
	tool_generates("twice", "0102", "--sensitive");
	assert_refused(hsm_uri(&hsm, "twice", "", uri), "KEY_OBJECT_NOT_ONE");
	struct private_key *key = open_key("twice;id=%01%02", "");
	assert_signs(key, "the second");
	private_key_close(key);
	assert_refused(hsm_uri(&hsm, "absent", "", uri), "KEY_OBJECT_NOT_ONE");
}

static void a_key_that_can_leave_the_token_is_refused(void **state)
{
	char uri[HSM_URI];

	(void)state;
	tool_generates("loose", "0201", "--extractable");
	assert_refused(hsm_uri(&hsm, "loose", "", uri), "KEY_EXTRACTABLE");
}

static void another_curve_is_refused(void **state)
{
	const char *arguments[] = {
		"pkcs11-tool",  "--module", hsm.module, "--token-label", HSM_TOKEN,
		"--login",      "--pin",    HSM_PIN,    "--keypairgen",  "--key-type",
		"EC:secp384r1", "--label",  "p384",     "--id",          "0301",
		"--sensitive",  NULL};
	char uri[HSM_URI];

	(void)state;
	assert_true(hsm_run(arguments));
	assert_refused(hsm_uri(&hsm, "p384", "", uri), "KEY_HSM_UNSUPPORTED");
}

static void a_key_without_its_public_half_says_so(void **state)
{
	const char *arguments[] = {
		"pkcs11-tool", "--module", hsm.module,        "--token-label", HSM_TOKEN, "--login",
		"--pin",       HSM_PIN,    "--delete-object", "--type",        "pubkey",  "--id",
		"0401",        NULL};
	char uri[HSM_URI];

	(void)state;
	tool_generates("alone", "0401", "--sensitive");
	assert_true(hsm_run(arguments));
	assert_refused(hsm_uri(&hsm, "alone", "", uri), "KEY_PUBLIC_MISSING");
}

static void modules_that_are_none_or_anybodys_are_refused(void **state)
{
	static const char form[] = "pkcs11:object=p256?module-path=%s&pin-source=file:%s";
	char uri[HSM_URI], path[HSM_PATH + 16];

	(void)state;
	(void)snprintf(uri, sizeof(uri), form, "/nowhere/module.so", hsm.pin_file);
	assert_refused(uri, "KEY_MODULE_FAILED");
	(void)snprintf(uri, sizeof(uri), form, hsm.pin_file, hsm.pin_file); /* no library */
	assert_refused(uri, "KEY_MODULE_FAILED");
	(void)snprintf(uri, sizeof(uri), form, "/tmp", hsm.pin_file);
	assert_refused(uri, "KEY_MODULE_FAILED");
	(void)snprintf(uri, sizeof(uri), form, SLOW_MODULE, hsm.pin_file); /* nothing behind it */
	assert_int_equal(unsetenv("SLOW_PKCS11_MODULE"), 0);
	assert_refused(uri, "KEY_MODULE_FAILED");
	(void)snprintf(path, sizeof(path), "%s/open.so", hsm.folder);
	const char *copy[] = {"cp", SLOW_MODULE, path, NULL};
	assert_true(hsm_run(copy));
	assert_int_equal(chmod(path, 0666), 0);
	(void)snprintf(uri, sizeof(uri), form, path, hsm.pin_file);
	assert_refused(uri, "KEY_MODULE_FAILED");
}

static void tokens_are_not_guessed_between(void **state)
{
	static const char form[] = "pkcs11:%s?module-path=%s&pin-source=file:%s";
	char uri[HSM_URI];

	(void)state;
	assert_true(hsm_add_token(&hsm, "second"));
	(void)snprintf(uri, sizeof(uri), form, "token=third;object=p256", hsm.module, hsm.pin_file);
	assert_refused(uri, "KEY_TOKEN_NOT_ONE");
	(void)snprintf(uri, sizeof(uri), form, "object=p256", hsm.module, hsm.pin_file);
	assert_refused(uri, "KEY_TOKEN_NOT_ONE");
	struct private_key *key = open_key("p256", "");
	assert_signs(key, "the first");
	private_key_close(key);
}

static void pins_are_read_from_closed_files_only(void **state)
{
	static const char form[] =
		"pkcs11:token=" HSM_TOKEN ";object=p256?module-path=%s&pin-source=file:%s";
	char uri[HSM_URI], path[HSM_PATH + 16];

	(void)state;
	(void)snprintf(uri, sizeof(uri), "pkcs11:token=" HSM_TOKEN ";object=p256?module-path=%s",
		       hsm.module);
	assert_refused(uri, "KEY_PIN_NEEDED");
	(void)snprintf(path, sizeof(path), "%s/other-pin", hsm.folder);
	(void)snprintf(uri, sizeof(uri), form, hsm.module, path);
	assert_refused(uri, "KEY_FILE_NOT_FOUND");
	assert_true(hsm_write(path, HSM_PIN));
	assert_int_equal(chmod(path, 0640), 0);
	assert_refused(uri, "KEY_FILE_OPEN_TO_OTHERS");
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(hsm_write(path, ""));
	assert_refused(uri, "KEY_FILE_FAILED");
	(void)unlink(path);
	assert_int_equal(symlink(hsm.pin_file, path), 0);
	assert_refused(uri, "KEY_FILE_FAILED");
	(void)unlink(path);
}

/* Two sessions are asked for: one wrong PIN must cost one try, not two. */
static void a_wrong_pin_is_tried_once(void **state)
{
	char uri[HSM_URI];

	(void)state;
	assert_true(hsm_write(hsm.pin_file, "0000"));
	assert_refused(hsm_uri(&hsm, "p256", "&x-sessions=2", uri), "KEY_PIN_WRONG");
	assert_true(hsm_write(hsm.pin_file, HSM_PIN));
	struct private_key *key = open_key("p256", "");
	assert_signs(key, "not locked");
	private_key_close(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_algorithms_sign_and_verify),
		cmocka_unit_test(many_are_signed_by_many_sessions),
		cmocka_unit_test(long_texts_are_signed_and_longer_ones_refused),
		cmocka_unit_test(openssl_verifies_devices_of_a_ca_in_the_token),
		cmocka_unit_test(a_key_is_found_by_its_id_too),
		cmocka_unit_test(a_path_is_a_key_file),
		cmocka_unit_test(a_name_is_never_given_twice),
		cmocka_unit_test(two_keys_of_one_name_are_not_guessed_between),
		cmocka_unit_test(a_key_that_can_leave_the_token_is_refused),
		cmocka_unit_test(another_curve_is_refused),
		cmocka_unit_test(a_key_without_its_public_half_says_so),
		cmocka_unit_test(modules_that_are_none_or_anybodys_are_refused),
		cmocka_unit_test(tokens_are_not_guessed_between),
		cmocka_unit_test(pins_are_read_from_closed_files_only),
		cmocka_unit_test(a_wrong_pin_is_tried_once),
	};

	return cmocka_run_group_tests(tests, key_test_setup, key_test_teardown);
}

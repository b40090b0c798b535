/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto_testing.h"

static void refused(const char *path, struct bytes passphrase, const char *id)
{
	struct private_key *key = NULL;
	struct fault f = {0};

	assert_int_not_equal(private_key_load(path, passphrase, &key, &f).code, OK);
	assert_null(key);
	assert_string_equal(f.message, id);
}

static struct bytes content_of(struct arena *a, const char *path)
{
	struct bytes content = {0};

	assert_int_equal(file_read(a, path, 1 << 16, &content, NULL).code, OK);
	return content;
}

static void saved_key_is_loaded_again(void **state)
{
	static const char *const passphrases[] = {"", "x", "correct horse battery staple"};

	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		for (size_t i = 0; i < 3; i++) {
			struct private_key *key = new_key(algorithm), *again = NULL;
			const char *path = test_path("saved.key");
			struct stat status;

			(void)unlink(path);
			assert_int_equal(
				private_key_save(key, path, bytes_text(passphrases[i]), NULL).code,
				OK);
			assert_int_equal(stat(path, &status), 0);
			assert_int_equal(status.st_mode & 07777, 0600);
			assert_int_equal(
				private_key_load(path, bytes_text(passphrases[i]), &again, NULL)
					.code,
				OK);
			assert_true(hash_equal(public_key_id(private_key_public(again)),
					       public_key_id(private_key_public(key))));
			private_key_close(key);
			private_key_close(again);
		}
	}
}

static void key_file_is_never_overwritten(void **state)
{
	struct private_key *first = new_key(KEY_P256), *second = new_key(KEY_P256);
	const char *path = test_path("once.key");
	struct arena a = {0};
	struct fault f = {0};

	(void)state;
	assert_int_equal(private_key_save(first, path, (struct bytes){0}, NULL).code, OK);
	struct bytes before = content_of(&a, path);
	assert_int_equal(private_key_save(second, path, (struct bytes){0}, &f).code, ERR_CONFLICT);
	assert_string_equal(f.message, "KEY_FILE_EXISTS");
	assert_true(bytes_equal(content_of(&a, path), before));
	/* Nor through a link that leads elsewhere. */
	const char *link_path = test_path("link.key");
	assert_int_equal(symlink(test_path("nowhere.key"), link_path), 0);
	assert_int_equal(private_key_save(second, link_path, (struct bytes){0}, &f).code,
			 ERR_CONFLICT);
	assert_false(file_exists(test_path("nowhere.key")));
	arena_done(&a);
	private_key_close(first);
	private_key_close(second);
}

static void encrypted_file_shows_nothing_of_the_key(void **state)
{
	struct private_key *key = new_key(KEY_ED25519);
	const char *path = test_path("encrypted.key");
	struct arena a = {0};

	(void)state;
	assert_int_equal(private_key_save(key, path, bytes_text("secret"), NULL).code, OK);
	struct bytes pem = content_of(&a, path);
	assert_non_null(memmem(pem.p, pem.n, "BEGIN ENCRYPTED PRIVATE KEY", 27));
	refused(path, bytes_text("Secret"), "KEY_PASSPHRASE_WRONG");
	refused(path, bytes_text("secre"), "KEY_PASSPHRASE_WRONG");
	refused(path, bytes_text("secret "), "KEY_PASSPHRASE_WRONG");
	refused(path, (struct bytes){0}, "KEY_PASSPHRASE_NEEDED");
	arena_done(&a);
	private_key_close(key);
}

static void openssl_opens_our_files_and_we_open_its(void **state)
{
	struct private_key *key = new_key(KEY_P256), *theirs = NULL;
	const char *ours = test_path("ours.key"), *other = test_path("theirs.key");

	(void)state;
	if (!program_exists("openssl")) {
		print_message("skipped: there is no openssl program\n");
		private_key_close(key);
		return;
	}
	assert_int_equal(private_key_save(key, ours, bytes_text("word"), NULL).code, OK);
	const char *const check[] = {"openssl",   "pkey",   "-in",    ours, "-passin",
				     "pass:word", "-noout", "-check", NULL};
	assert_int_equal(run_program(check), 0);
	const char *const parse[] = {"openssl", "asn1parse", "-in", ours, NULL};
	assert_int_equal(run_program(parse), 0);
	assert_true(output_contains("scrypt"));
	assert_true(output_contains("aes-256-cbc"));
	const char *const make[] = {"openssl", "genpkey",   "-algorithm", "ED25519", "-aes256",
				    "-pass",   "pass:word", "-out",       other,     NULL};
	assert_int_equal(run_program(make), 0);
	assert_int_equal(chmod(other, 0600), 0);
	assert_int_equal(private_key_load(other, bytes_text("word"), &theirs, NULL).code, OK);
	private_key_close(theirs);
	private_key_close(key);
}

static void file_that_others_can_read_is_refused(void **state)
{
	static const unsigned modes[] = {0640, 0604, 0620, 0602, 0610, 0666, 0644};
	struct private_key *key = new_key(KEY_P256);
	const char *path = test_path("open.key");

	(void)state;
	assert_int_equal(private_key_save(key, path, (struct bytes){0}, NULL).code, OK);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		refused(path, (struct bytes){0}, "KEY_FILE_OPEN_TO_OTHERS");
	}
	private_key_close(key);
}

static void what_is_no_plain_file_is_refused(void **state)
{
	struct private_key *key = new_key(KEY_P256);
	const char *path = test_path("plain.key"), *link_path = test_path("link2.key");

	(void)state;
	assert_int_equal(private_key_save(key, path, (struct bytes){0}, NULL).code, OK);
	assert_int_equal(symlink(path, link_path), 0);
	refused(link_path, (struct bytes){0}, "KEY_FILE_FAILED");
	refused(test_path("absent.key"), (struct bytes){0}, "KEY_FILE_NOT_FOUND");
	assert_int_equal(mkfifo(test_path("fifo.key"), 0600), 0);
	refused(test_path("fifo.key"), (struct bytes){0}, "KEY_FILE_MALFORMED");
	refused(test_folder(), (struct bytes){0}, "KEY_FILE_MALFORMED");
	private_key_close(key);
}

static void what_is_no_key_is_refused(void **state)
{
	static char large[20000];
	const char *path = test_path("bad.key");
	const char *const contents[] = {
		"",
		"hello",
		"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE "
		"KEY-----\n",
		"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
		"-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n",
		large,
	};

	(void)state;
	memset(large, 'A', sizeof(large) - 1);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		write_test_file(path, bytes_text(contents[i]), 0600);
		refused(path, (struct bytes){0}, "KEY_FILE_MALFORMED");
	}
}

static void key_of_another_algorithm_is_refused(void **state)
{
	static const char *const makes[][8] = {
		{"openssl", "genpkey", "-algorithm", "RSA", "-out", NULL},
		{"openssl", "genpkey", "-algorithm", "X25519", "-out", NULL},
		{"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384",
		 "-out", NULL},
	};

	(void)state;
	if (!program_exists("openssl")) {
		print_message("skipped: there is no openssl program\n");
		return;
	}
	for (size_t i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
		const char *arguments[16] = {NULL}, *path = test_path("other.key");
		size_t n = 0;

		for (; makes[i][n] != NULL; n++)
			arguments[n] = makes[i][n];
		arguments[n] = path;
		assert_int_equal(run_program(arguments), 0);
		assert_int_equal(chmod(path, 0600), 0);
		refused(path, (struct bytes){0}, "KEY_UNSUPPORTED");
	}
}

static void passphrase_of_257_bytes_is_refused(void **state)
{
	struct private_key *key = new_key(KEY_P256);
	char word[PASSPHRASE_MAX + 2];
	struct fault f = {0};

	(void)state;
	memset(word, 'w', sizeof(word));
	assert_int_equal(
		private_key_save(key, test_path("long.key"), bytes_of(word, PASSPHRASE_MAX + 1), &f)
			.code,
		ERR_INVALID);
	assert_string_equal(f.message, "KEY_PASSPHRASE_TOO_LONG");
	assert_false(file_exists(test_path("long.key")));
	assert_int_equal(
		private_key_save(key, test_path("long.key"), bytes_of(word, PASSPHRASE_MAX), NULL)
			.code,
		OK);
	refused(test_path("long.key"), bytes_of(word, PASSPHRASE_MAX + 1),
		"KEY_PASSPHRASE_TOO_LONG");
	private_key_close(key);
}

static void failed_save_leaves_nothing_behind(void **state)
{
	struct private_key *key = new_key(KEY_P256);
	struct fault f = {0};

	(void)state;
	assert_int_equal(
		private_key_save(key, test_path("no-such-folder/a.key"), (struct bytes){0}, &f)
			.code,
		ERR_IO);
	assert_string_equal(f.message, "KEY_FILE_FAILED");
	private_key_close(key);
}

static int clean_up(void **state)
{
	(void)state;
	remove_test_folder();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saved_key_is_loaded_again),
		cmocka_unit_test(key_file_is_never_overwritten),
		cmocka_unit_test(encrypted_file_shows_nothing_of_the_key),
		cmocka_unit_test(openssl_opens_our_files_and_we_open_its),
		cmocka_unit_test(file_that_others_can_read_is_refused),
		cmocka_unit_test(what_is_no_plain_file_is_refused),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(key_of_another_algorithm_is_refused),
		cmocka_unit_test(passphrase_of_257_bytes_is_refused),
		cmocka_unit_test(failed_save_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, clean_up);
}

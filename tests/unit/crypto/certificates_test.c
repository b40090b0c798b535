/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/sha256.h"
#include "crypto_testing.h"

/* One character more than an id may have. */
#define LONG_NAME "01234567890123456789012345678901234567890123456789012345678901234"

static void put_pem_file(const char *path, const char *label, struct bytes der)
{
	uint8_t buffer[8192];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bytes pem;

	pem_put(&w, label, der);
	assert_true(writer_done(&w, &pem));
	write_test_file(path, pem, 0600);
}

/* ---- device certificates as they should be ---- */

static void issued_certificate_is_read_back_with_all_it_says(void **state)
{
	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		struct test_ca ca = new_ca();
		struct private_key *key = new_key(algorithm);
		struct device_profile profile = device_profile();
		struct bytes der = issue_device(&ca, private_key_public(key));
		struct device_certificate read;
		struct hash id = public_key_id(private_key_public(key)), named;

		assert_int_equal(
			certificate_check_device(&ca.arena, der, ca.certificate, &read, NULL).code,
			OK);
		assert_true(hash_equal(read.key_id, id));
		assert_true(bytes_equal(read.spki, public_key_spki(private_key_public(key))));
		assert_true(bytes_equal(read.product, bytes_text(PRODUCT)));
		assert_true(bytes_equal(read.serial, bytes_text(SERIAL)));
		assert_true(bytes_equal(read.certificate_serial,
					bytes_of(profile.certificate_serial, 16)));
		assert_true(hash_equal(read.digest, sha256(der)));
		assert_int_equal(certificate_key_id(der, &named, NULL).code, OK);
		assert_true(hash_equal(named, id));
		private_key_close(key);
		ca_done(&ca);
	}
}

static void openssl_verifies_and_reads_a_device_certificate(void **state)
{
	struct test_ca ca = new_ca();
	struct private_key *key = new_key(KEY_P256);

	(void)state;
	if (!program_exists("openssl")) {
		print_message("skipped: there is no openssl program\n");
		private_key_close(key);
		ca_done(&ca);
		return;
	}
	put_pem_file(test_path("ca.pem"), "CERTIFICATE", ca.certificate);
	put_pem_file(test_path("device.pem"), "CERTIFICATE",
		     issue_device(&ca, private_key_public(key)));
	const char *const verify[] = {"openssl",
				      "verify",
				      "-x509_strict",
				      "-CAfile",
				      test_path("ca.pem"),
				      test_path("device.pem"),
				      NULL};
	assert_int_equal(run_program(verify), 0);
	const char *const show[] = {
		"openssl", "x509", "-noout", "-text", "-in", test_path("device.pem"), NULL};
	assert_int_equal(run_program(show), 0);
	assert_true(output_contains("Not After : Dec 31 23:59:59 9999 GMT"));
	assert_true(output_contains("OU = " PRODUCT ", serialNumber = " SERIAL));
	assert_true(
		output_contains("X509v3 Key Usage: critical\n                Digital Signature\n"));
	assert_true(output_contains("X509v3 Authority Key Identifier"));
	assert_true(output_contains("X509v3 Certificate Policies"));
	assert_true(output_contains("othername"));
	private_key_close(key);
	ca_done(&ca);
}

static void gnutls_verifies_and_reads_a_device_certificate(void **state)
{
	struct test_ca ca = new_ca();
	struct private_key *key = new_key(KEY_P256);

	(void)state;
	if (!program_exists("certtool")) {
		print_message("skipped: there is no certtool program (package gnutls-bin)\n");
		private_key_close(key);
		ca_done(&ca);
		return;
	}
	put_pem_file(test_path("ca.pem"), "CERTIFICATE", ca.certificate);
	put_pem_file(test_path("device.pem"), "CERTIFICATE",
		     issue_device(&ca, private_key_public(key)));
	const char *const verify[] = {"certtool",
				      "--verify",
				      "--load-ca-certificate",
				      test_path("ca.pem"),
				      "--infile",
				      test_path("device.pem"),
				      NULL};
	assert_int_equal(run_program(verify), 0);
	assert_true(output_contains("Verified."));
	const char *const show[] = {"certtool", "-i", "--infile", test_path("device.pem"), NULL};
	assert_int_equal(run_program(show), 0);
	assert_true(output_contains("Digital signature."));
	assert_false(output_contains("error"));
	private_key_close(key);
	ca_done(&ca);
}

/* ---- device certificates as they must not be ---- */

static void not_ours(struct test_ca *ca, struct bytes der)
{
	struct device_certificate read;
	struct fault f = {0};

	assert_int_not_equal(
		certificate_check_device(&ca->arena, der, ca->certificate, &read, &f).code, OK);
	assert_true(strcmp(f.message, "CERTIFICATE_NOT_OURS") == 0 ||
		    strcmp(f.message, "CERTIFICATE_MALFORMED") == 0 ||
		    strcmp(f.message, "KEY_UNSUPPORTED") == 0 ||
		    strcmp(f.message, "KEY_MALFORMED") == 0);
}

static void every_changed_bit_of_a_certificate_is_noticed(void **state)
{
	struct test_ca ca = new_ca();
	struct private_key *key = new_key(KEY_P256);
	struct bytes der = issue_device(&ca, private_key_public(key));
	uint8_t copy[CERTIFICATE_SIZE_MAX + 1] = {0};

	(void)state;
	ca.arena.limit = (size_t)64 << 20;
	for (size_t bit = 0; bit < 8 * der.n; bit += 3) {
		memcpy(copy, der.p, der.n);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		not_ours(&ca, bytes_of(copy, der.n));
	}
	memcpy(copy, der.p, der.n);
	copy[der.n] = 0;
	not_ours(&ca, bytes_of(copy, der.n + 1));
	not_ours(&ca, bytes_of(copy, sizeof(copy)));
	for (size_t n = 0; n < der.n; n += 5)
		not_ours(&ca, bytes_of(der.p, n));
	private_key_close(key);
	ca_done(&ca);
}

static void certificate_of_another_ca_is_refused(void **state)
{
	struct test_ca ca = new_ca(), other = new_ca(); /* of the same name */
	struct private_key *key = new_key(KEY_P256);

	(void)state;
	not_ours(&ca, issue_device(&other, private_key_public(key)));
	not_ours(&ca, ca.certificate);
	private_key_close(key);
	ca_done(&ca);
	ca_done(&other);
}

/* ---- issuing ---- */

static void issue_refused(struct test_ca *ca, const struct device_profile *profile, const char *id)
{
	struct private_key *key = new_key(KEY_P256);
	struct bytes der;
	struct fault f = {0};

	assert_int_not_equal(certificate_issue_device(&ca->arena, ca->key, ca->certificate,
						      private_key_public(key), profile, &der, &f)
				     .code,
			     OK);
	assert_string_equal(f.message, id);
	private_key_close(key);
}

static void profile_outside_its_bounds_is_refused(void **state)
{
	static const char *const names[] = {"", "two words", "\xc3\xa9", "tab\t", LONG_NAME};
	static const char *const types[] = {"",     "1",     "1.",     ".1",     "1..2",    "3.1",
					    "1.40", "1.2.x", "1.02.3", "sha256", "1.2.840 "};
	struct test_ca ca = new_ca();
	struct device_profile profile = device_profile();

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		profile.product = names[i];
		issue_refused(&ca, &profile, "CERTIFICATE_NAME_INVALID");
		profile.product = PRODUCT;
		profile.serial = names[i];
		issue_refused(&ca, &profile, "CERTIFICATE_NAME_INVALID");
		profile.serial = SERIAL;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		profile.hardware_type = types[i];
		issue_refused(&ca, &profile, "CERTIFICATE_OID_INVALID");
	}
	profile.hardware_type = HARDWARE_TYPE;
	profile.certificate_serial[0] = 0x80;
	issue_refused(&ca, &profile, "CERTIFICATE_SERIAL_INVALID");
	profile.certificate_serial[0] = 0;
	issue_refused(&ca, &profile, "CERTIFICATE_SERIAL_INVALID");
	profile.certificate_serial[0] = 1;
	profile.not_before_ms = UINT64_MAX;
	issue_refused(&ca, &profile, "CERTIFICATE_TIME_INVALID");
	ca_done(&ca);
}

static void serial_outside_printable_string_is_written_in_utf8(void **state)
{
	struct test_ca ca = new_ca();
	struct private_key *key = new_key(KEY_P256);
	struct device_profile profile = device_profile();
	struct device_certificate read;
	struct bytes der;

	(void)state;
	profile.serial = "SN_0001*<%>";
	assert_int_equal(certificate_issue_device(&ca.arena, ca.key, ca.certificate,
						  private_key_public(key), &profile, &der, NULL)
				 .code,
			 OK);
	assert_int_equal(certificate_check_device(&ca.arena, der, ca.certificate, &read, NULL).code,
			 OK);
	assert_true(bytes_equal(read.serial, bytes_text(profile.serial)));
	private_key_close(key);
	ca_done(&ca);
}

static void start_after_2049_is_written_with_four_digits(void **state)
{
	struct test_ca ca = new_ca();
	struct private_key *key = new_key(KEY_P256);
	struct device_profile profile = device_profile();
	struct device_certificate read;
	struct bytes der;

	(void)state;
	profile.not_before_ms = 2540000000000u; /* 2050-06-27 */
	assert_int_equal(certificate_issue_device(&ca.arena, ca.key, ca.certificate,
						  private_key_public(key), &profile, &der, NULL)
				 .code,
			 OK);
	assert_int_equal(certificate_check_device(&ca.arena, der, ca.certificate, &read, NULL).code,
			 OK);
	private_key_close(key);
	ca_done(&ca);
}

static void only_a_ca_with_its_own_key_can_issue(void **state)
{
	struct test_ca ca = new_ca(), other = new_ca();
	struct private_key *key = new_key(KEY_P256);
	struct device_profile profile = device_profile();
	struct bytes der, leaf = issue_device(&ca, private_key_public(key));
	struct fault f = {0};

	(void)state;
	assert_int_equal(certificate_issue_device(&ca.arena, other.key, ca.certificate,
						  private_key_public(key), &profile, &der, &f)
				 .code,
			 ERR_CONFLICT);
	assert_string_equal(f.message, "CERTIFICATE_CA_KEY_DIFFERS");
	assert_int_equal(certificate_issue_device(&ca.arena, key, leaf, private_key_public(key),
						  &profile, &der, &f)
				 .code,
			 ERR_INVALID);
	assert_string_equal(f.message, "CERTIFICATE_NOT_A_CA");
	private_key_close(key);
	ca_done(&ca);
	ca_done(&other);
}

/* ---- TLS ---- */

static void tls_certificate_names_its_hosts(void **state)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "::1", "sealwright.example"};
	struct private_key *key = new_key(KEY_P256);
	struct arena a = {0};
	struct bytes der;
	struct hash id;

	(void)state;
	assert_int_equal(
		certificate_make_tls(&a, key, names, 4, NOW_MS, NOW_MS + 86400000, &der, NULL).code,
		OK);
	assert_int_equal(certificate_key_id(der, &id, NULL).code, OK);
	assert_true(hash_equal(id, public_key_id(private_key_public(key))));
	put_pem_file(test_path("tls.pem"), "CERTIFICATE", der);
	const char *const show[] = {
		"openssl", "x509", "-noout", "-text", "-in", test_path("tls.pem"), NULL};
	if (program_exists("openssl")) {
		assert_int_equal(run_program(show), 0);
		assert_true(output_contains("DNS:localhost, IP Address:127.0.0.1, "
					    "IP Address:0:0:0:0:0:0:0:1, DNS:sealwright.example"));
		assert_true(output_contains("TLS Web Server Authentication"));
		const char *const verify[] = {
			"openssl",   "verify",  "-x509_strict",       "-purpose",
			"sslserver", "-attime", "1795149600",         "-verify_hostname",
			"localhost", "-CAfile", test_path("tls.pem"), test_path("tls.pem"),
			NULL};
		assert_int_equal(run_program(verify), 0);
	}
	arena_done(&a);
	private_key_close(key);
}

static void bad_host_names_and_times_are_refused(void **state)
{
	static const char *const bad[] = {"", "two words", "a/b", "\xc3\xa9", "a\nb"};
	struct private_key *key = new_key(KEY_P256);
	struct arena a = {0};
	struct bytes der;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *names[] = {"localhost", bad[i]};
		struct fault f = {0};

		assert_int_equal(
			certificate_make_tls(&a, key, names, 2, NOW_MS, NOW_MS + 1000, &der, &f)
				.code,
			ERR_INVALID);
		assert_string_equal(f.message, "CERTIFICATE_HOST_INVALID");
	}
	const char *names[] = {"localhost"};
	assert_int_equal(
		certificate_make_tls(&a, key, names, 0, NOW_MS, NOW_MS + 1000, &der, NULL).code,
		ERR_INVALID);
	assert_int_equal(certificate_make_tls(&a, key, names, 1, NOW_MS, NOW_MS, &der, NULL).code,
			 ERR_INVALID);
	arena_done(&a);
	private_key_close(key);
}

static void client_certificate_carries_the_key(void **state)
{
	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		struct private_key *key = new_key(algorithm);
		struct arena a = {0};
		struct bytes der;
		struct hash id;

		assert_int_equal(certificate_make_client(&a, key, "station-1", &der, NULL).code,
				 OK);
		assert_int_equal(certificate_key_id(der, &id, NULL).code, OK);
		assert_true(hash_equal(id, public_key_id(private_key_public(key))));
		assert_int_equal(certificate_key_id(bytes_of(der.p, der.n - 1), &id, NULL).code,
				 ERR_INVALID);
		assert_int_equal(certificate_key_id((struct bytes){0}, &id, NULL).code,
				 ERR_INVALID);
		assert_int_not_equal(certificate_make_client(&a, key, "", &der, NULL).code, OK);
		arena_done(&a);
		private_key_close(key);
	}
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
		cmocka_unit_test(issued_certificate_is_read_back_with_all_it_says),
		cmocka_unit_test(openssl_verifies_and_reads_a_device_certificate),
		cmocka_unit_test(gnutls_verifies_and_reads_a_device_certificate),
		cmocka_unit_test(every_changed_bit_of_a_certificate_is_noticed),
		cmocka_unit_test(certificate_of_another_ca_is_refused),
		cmocka_unit_test(profile_outside_its_bounds_is_refused),
		cmocka_unit_test(serial_outside_printable_string_is_written_in_utf8),
		cmocka_unit_test(start_after_2049_is_written_with_four_digits),
		cmocka_unit_test(only_a_ca_with_its_own_key_can_issue),
		cmocka_unit_test(tls_certificate_names_its_hosts),
		cmocka_unit_test(bad_host_names_and_times_are_refused),
		cmocka_unit_test(client_certificate_carries_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, clean_up);
}

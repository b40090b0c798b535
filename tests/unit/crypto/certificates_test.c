/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "core/sha256.h"
#include "crypto_testing.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(issued_certificate_is_read_back_with_all_it_says),
		cmocka_unit_test(openssl_verifies_and_reads_a_device_certificate),
		cmocka_unit_test(gnutls_verifies_and_reads_a_device_certificate),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return failed;
}

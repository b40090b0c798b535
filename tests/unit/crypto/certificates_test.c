/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/crypto_internal.h"
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

/* Certificates signed by the right CA, spoiled before the signature. */
static void spoil_version(X509 *x)
{
	assert_int_equal(X509_set_version(x, X509_VERSION_1), 1);
}
static void spoil_serial_short(X509 *x)
{
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), 5), 1);
}
static void spoil_serial_negative(X509 *x)
{
	ASN1_INTEGER *serial = X509_get_serialNumber(x);

	serial->type = V_ASN1_NEG_INTEGER;
}
static void spoil_serial_long(X509 *x)
{
	BIGNUM *n = BN_new();

	assert_int_equal(BN_set_bit(n, 167), 1);
	assert_non_null(BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)));
	BN_free(n);
}
static void spoil_end(X509 *x)
{
	assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "20991231235959Z"), 1);
}
static void spoil_start(X509 *x) /* GeneralizedTime where UTCTime is due */
{
	assert_int_equal(ASN1_GENERALIZEDTIME_set_string(X509_getm_notBefore(x), "20261120000000Z"),
			 1);
}
static void spoil_issuer(X509 *x)
{
	assert_int_equal(X509_set_issuer_name(x, X509_get_subject_name(x)), 1);
}
static void spoil_subject(X509 *x)
{
	X509_NAME *name = X509_NAME_new();

	assert_int_equal(X509_set_subject_name(x, name), 1);
	X509_NAME_free(name);
}
static void add_to_subject(X509 *x, int nid, int type, const char *value)
{
	X509_NAME *name = X509_NAME_dup(X509_get_subject_name(x));

	assert_int_equal(
		X509_NAME_add_entry_by_NID(name, nid, type, (const uint8_t *)value, -1, -1, 0), 1);
	assert_int_equal(X509_set_subject_name(x, name), 1);
	X509_NAME_free(name);
}
static void spoil_subject_more(X509 *x)
{
	add_to_subject(x, NID_commonName, V_ASN1_UTF8STRING, "more");
}
static void spoil_subject_two_serials(X509 *x)
{
	add_to_subject(x, NID_serialNumber, V_ASN1_PRINTABLESTRING, "SN2");
}
static void replace_subject(X509 *x, int type, const char *product, const char *serial)
{
	X509_NAME *name = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_organizationalUnitName, type,
						    (const uint8_t *)product, -1, -1, 0),
			 1);
	assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_serialNumber, V_ASN1_PRINTABLESTRING,
						    (const uint8_t *)serial, -1, -1, 0),
			 1);
	assert_int_equal(X509_set_subject_name(x, name), 1);
	X509_NAME_free(name);
}
static void spoil_subject_serial_differs_from_hardware(X509 *x)
{
	replace_subject(x, V_ASN1_PRINTABLESTRING, PRODUCT, "SN0002");
}
static void spoil_subject_string_type(X509 *x)
{
	replace_subject(x, V_ASN1_UTF8STRING, PRODUCT, SERIAL);
}
static void spoil_subject_characters(X509 *x)
{
	replace_subject(x, V_ASN1_PRINTABLESTRING, "two words", SERIAL);
}
static void drop_extension(X509 *x, int nid)
{
	int at = X509_get_ext_by_NID(x, nid, -1);

	assert_true(at >= 0);
	X509_EXTENSION_free(X509_delete_ext(x, at));
}
static void add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(x, extension, -1), 1);
	X509_EXTENSION_free(extension);
}
static void spoil_no_usage(X509 *x)
{
	drop_extension(x, NID_key_usage);
}
static void spoil_no_policy(X509 *x)
{
	drop_extension(x, NID_certificate_policies);
}
static void spoil_no_authority(X509 *x)
{
	drop_extension(x, NID_authority_key_identifier);
}
static void spoil_no_hardware(X509 *x)
{
	drop_extension(x, NID_subject_alt_name);
}
static void spoil_ca_bit(X509 *x)
{
	add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
}
static void spoil_purpose(X509 *x)
{
	add_extension(x, NID_ext_key_usage, "serverAuth");
}
static void spoil_usage(X509 *x)
{
	X509_EXTENSION *usage = X509V3_EXT_nconf_nid(NULL, NULL, NID_key_usage,
						     "critical,digitalSignature,keyCertSign");
	int at = X509_get_ext_by_NID(x, NID_key_usage, -1);

	X509_EXTENSION_free(X509_delete_ext(x, at));
	assert_int_equal(X509_add_ext(x, usage, at), 1);
	X509_EXTENSION_free(usage);
}
static void spoil_usage_not_critical(X509 *x)
{
	X509_EXTENSION *usage = X509_get_ext(x, X509_get_ext_by_NID(x, NID_key_usage, -1));

	assert_int_equal(X509_EXTENSION_set_critical(usage, 0), 1);
}
static void spoil_order(X509 *x)
{
	X509_EXTENSION *first = X509_delete_ext(x, 0);

	assert_int_equal(X509_add_ext(x, first, -1), 1);
	X509_EXTENSION_free(first);
}
static void spoil_nothing(X509 *x)
{
	(void)x;
}

/* Signs again with the CA's own key, so that only the content is wrong. */
static struct bytes spoil(struct test_ca *ca, struct bytes der, void (*change)(X509 *),
			  const EVP_MD *digest)
{
	const uint8_t *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	uint8_t *out = NULL;

	assert_non_null(x);
	change(x);
	assert_true(X509_sign(x, ca->key->pkey, digest) > 0);
	int n = i2d_X509(x, &out);
	assert_true(n > 0);
	struct bytes copy = arena_copy(&ca->arena, bytes_of(out, (size_t)n));
	OPENSSL_free(out);
	X509_free(x);
	return copy;
}

static void (*const SPOILS[])(X509 *) = {
	spoil_version,
	spoil_serial_short,
	spoil_serial_negative,
	spoil_serial_long,
	spoil_end,
	spoil_start,
	spoil_issuer,
	spoil_subject,
	spoil_subject_more,
	spoil_subject_two_serials,
	spoil_subject_serial_differs_from_hardware,
	spoil_subject_string_type,
	spoil_subject_characters,
	spoil_no_usage,
	spoil_no_policy,
	spoil_no_authority,
	spoil_no_hardware,
	spoil_ca_bit,
	spoil_purpose,
	spoil_usage,
	spoil_usage_not_critical,
	spoil_order,
};

static void whatever_differs_from_the_profile_is_refused(void **state)
{
	struct test_ca ca = new_ca();
	struct private_key *key = new_key(KEY_P256);
	struct bytes der = issue_device(&ca, private_key_public(key));
	struct device_certificate read;

	(void)state;
	/* The harness itself spoils nothing. */
	assert_int_equal(certificate_check_device(&ca.arena,
						  spoil(&ca, der, spoil_nothing, EVP_sha256()),
						  ca.certificate, &read, NULL)
				 .code,
			 OK);
	not_ours(&ca, spoil(&ca, der, spoil_nothing, EVP_sha384()));
	for (size_t i = 0; i < sizeof(SPOILS) / sizeof(SPOILS[0]); i++) {
		struct fault f = {0};
		err checked = certificate_check_device(&ca.arena,
						       spoil(&ca, der, SPOILS[i], EVP_sha256()),
						       ca.certificate, &read, &f);
		if (checked.code == OK)
			stop_test("spoil %zu was accepted\n", i);
		assert_true(strcmp(f.message, "CERTIFICATE_NOT_OURS") == 0 ||
			    strcmp(f.message, "CERTIFICATE_MALFORMED") == 0);
	}
	private_key_close(key);
	ca_done(&ca);
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
	static const char *const names[] = {
		"", "two words", "\xc3\xa9", "tab\t",
		"0123456789012345678901234567890123456789012345678901234567890"
		"1234"};
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
		cmocka_unit_test(whatever_differs_from_the_profile_is_refused),
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

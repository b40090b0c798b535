/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/pem.h>

#include "crypto/crypto_internal.h"
#include "crypto_testing.h"

/* One character more than an id may have. */
#define LONG_NAME "01234567890123456789012345678901234567890123456789012345678901234"

static err check(struct arena *a, struct bytes der, struct bytes *serial, struct fault *f)
{
	struct public_key *key = NULL;
	err checked = csr_check(a, der, &key, serial, f);

	assert_true((key != NULL) == (checked.code == OK));
	public_key_close(key);
	return checked;
}

static void request_is_read_as_it_was_made(void **state)
{
	static const char *const serials[] = {"", "SN0001", "SN_0001*"};

	(void)state;
	for (enum key_algorithm algorithm = KEY_P256; algorithm <= KEY_ED25519; algorithm++) {
		for (size_t i = 0; i < 3; i++) {
			struct private_key *key = new_key(algorithm);
			struct public_key *read = NULL;
			struct arena a = {0};
			struct bytes der, serial;

			assert_int_equal(csr_make(&a, key, serials[i], &der, NULL).code, OK);
			assert_int_equal(csr_check(&a, der, &read, &serial, NULL).code, OK);
			assert_true(bytes_equal(serial, bytes_text(serials[i])));
			assert_true(hash_equal(public_key_id(read),
					       public_key_id(private_key_public(key))));
			public_key_close(read);
			private_key_close(key);
			arena_done(&a);
		}
	}
}

static void every_changed_bit_is_noticed(void **state)
{
	struct private_key *key = new_key(KEY_P256);
	struct arena a = {0};
	struct bytes der, serial;
	uint8_t copy[1024] = {0};

	(void)state;
	assert_int_equal(csr_make(&a, key, SERIAL, &der, NULL).code, OK);
	for (size_t bit = 0; bit < 8 * der.n; bit++) {
		memcpy(copy, der.p, der.n);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(check(&a, bytes_of(copy, der.n), &serial, NULL).code, OK);
	}
	memcpy(copy, der.p, der.n);
	copy[der.n] = 0;
	assert_int_not_equal(check(&a, bytes_of(copy, der.n + 1), &serial, NULL).code, OK);
	for (size_t n = 0; n < der.n; n++)
		assert_int_not_equal(check(&a, bytes_of(der.p, n), &serial, NULL).code, OK);
	private_key_close(key);
	arena_done(&a);
}

/* ---- requests of other makers ---- */

static struct bytes sign_request(struct arena *a, X509_REQ *request, EVP_PKEY *pkey,
				 const EVP_MD *digest)
{
	uint8_t *der = NULL;

	assert_true(X509_REQ_sign(request, pkey, digest) > 0);
	int n = i2d_X509_REQ(request, &der);
	assert_true(n > 0);
	struct bytes copy = arena_copy(a, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return copy;
}

static X509_REQ *foreign_request(EVP_PKEY *pkey)
{
	X509_REQ *request = X509_REQ_new();

	assert_non_null(request);
	assert_int_equal(X509_REQ_set_pubkey(request, pkey), 1);
	return request;
}

static void refused(struct arena *a, struct bytes der, const char *id)
{
	struct bytes serial;
	struct fault f = {0};

	assert_int_not_equal(check(a, der, &serial, &f).code, OK);
	assert_string_equal(f.message, id);
}

static void name(X509_REQ *request, const char *serial)
{
	assert_int_equal(X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request),
						    NID_serialNumber, V_ASN1_UTF8STRING,
						    (const uint8_t *)serial, -1, -1, 0),
			 1);
}

static void request_of_another_key_is_refused(void **state)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	EVP_PKEY *p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	X509_REQ *request = foreign_request(pkey);
	struct arena a = {0};

	(void)state;
	refused(&a, sign_request(&a, request, other, EVP_sha256()), "CSR_NOT_POSSESSED");
	refused(&a, sign_request(&a, request, pkey, EVP_sha384()), "CSR_NOT_POSSESSED");
	refused(&a, sign_request(&a, request, pkey, EVP_sha1()), "CSR_NOT_POSSESSED");
	X509_REQ_free(request);
	request = foreign_request(rsa);
	refused(&a, sign_request(&a, request, rsa, EVP_sha256()), "KEY_UNSUPPORTED");
	X509_REQ_free(request);
	request = foreign_request(p384);
	refused(&a, sign_request(&a, request, p384, EVP_sha384()), "KEY_UNSUPPORTED");
	X509_REQ_free(request);
	EVP_PKEY_free(pkey);
	EVP_PKEY_free(other);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(p384);
	arena_done(&a);
}

static void bad_serials_in_the_subject_are_refused(void **state)
{
	static const char *const bad[] = {"two words", "\xc3\xa9", LONG_NAME};
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		X509_REQ *request = foreign_request(pkey);

		name(request, bad[i]);
		refused(&a, sign_request(&a, request, pkey, EVP_sha256()), "CSR_SERIAL_INVALID");
		X509_REQ_free(request);
	}
	X509_REQ *request = foreign_request(pkey);
	name(request, "SN1");
	name(request, "SN2");
	refused(&a, sign_request(&a, request, pkey, EVP_sha256()), "CSR_SERIAL_INVALID");
	X509_REQ_free(request);
	EVP_PKEY_free(pkey);
	arena_done(&a);
}

static void request_with_attributes_is_accepted_and_they_are_ignored(void **state)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509_REQ *request = foreign_request(pkey);
	struct arena a = {0};
	struct bytes serial;

	(void)state;
	name(request, "SN1");
	assert_int_equal(X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword,
						   MBSTRING_ASC, (const uint8_t *)"channel", -1),
			 1);
	assert_int_equal(
		check(&a, sign_request(&a, request, pkey, EVP_sha256()), &serial, NULL).code, OK);
	assert_true(bytes_equal(serial, bytes_text("SN1")));
	X509_REQ_free(request);
	EVP_PKEY_free(pkey);
	arena_done(&a);
}

static void bad_serials_cannot_be_asked_for(void **state)
{
	struct private_key *key = new_key(KEY_P256);
	struct arena a = {0};
	struct bytes der;
	struct fault f = {0};

	(void)state;
	assert_int_equal(csr_make(&a, key, "two words", &der, &f).code, ERR_INVALID);
	assert_string_equal(f.message, "CERTIFICATE_NAME_INVALID");
	private_key_close(key);
	arena_done(&a);
}

static void openssl_reads_our_request_and_we_read_its(void **state)
{
	struct private_key *key = new_key(KEY_ED25519);
	struct arena a = {0};
	struct bytes der, serial;

	(void)state;
	if (!program_exists("openssl")) {
		print_message("skipped: there is no openssl program\n");
		private_key_close(key);
		return;
	}
	assert_int_equal(csr_make(&a, key, SERIAL, &der, NULL).code, OK);
	write_test_file(test_path("ours.csr"), der, 0600);
	const char *const verify[] = {"openssl", "req",     "-inform",
				      "DER",     "-in",     test_path("ours.csr"),
				      "-noout",  "-verify", NULL};
	assert_int_equal(run_program(verify), 0);
	const char *const make[] = {"openssl",
				    "req",
				    "-new",
				    "-newkey",
				    "ec",
				    "-pkeyopt",
				    "ec_paramgen_curve:P-256",
				    "-nodes",
				    "-keyout",
				    test_path("theirs.key"),
				    "-subj",
				    "/CN=device/serialNumber=SN77",
				    "-outform",
				    "DER",
				    "-out",
				    test_path("theirs.csr"),
				    NULL};
	assert_int_equal(run_program(make), 0);
	assert_int_equal(file_read(&a, test_path("theirs.csr"), 4096, &der, NULL).code, OK);
	assert_int_equal(check(&a, der, &serial, NULL).code, OK);
	assert_true(bytes_equal(serial, bytes_text("SN77")));
	private_key_close(key);
	arena_done(&a);
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
		cmocka_unit_test(request_is_read_as_it_was_made),
		cmocka_unit_test(every_changed_bit_is_noticed),
		cmocka_unit_test(request_of_another_key_is_refused),
		cmocka_unit_test(bad_serials_in_the_subject_are_refused),
		cmocka_unit_test(request_with_attributes_is_accepted_and_they_are_ignored),
		cmocka_unit_test(bad_serials_cannot_be_asked_for),
		cmocka_unit_test(openssl_reads_our_request_and_we_read_its),
	};

	return cmocka_run_group_tests(tests, NULL, clean_up);
}

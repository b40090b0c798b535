/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/crypto_internal.h"
#include "crypto_testing.h"

static void not_ours(struct test_ca *ca, struct bytes der)
{
	struct device_certificate read;
	struct fault f = {0};

	assert_int_not_equal(
		certificate_check_device(&ca->arena, der, ca->certificate, &read, &f).code, OK);
	assert_string_equal(f.message, "CERTIFICATE_NOT_OURS");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_differs_from_the_profile_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* x509_issue.c — certificates made: device identities (IEEE 802.1AR-2018), the CA that issues
 * them, and TLS certificates. Every device certificate is checked before it leaves. */
#include <string.h>

#include <openssl/err.h>

#include "core/entry.h"
#include "crypto/x509_internal.h"

enum { HOST_NAME_MAX_SIZE = 253, KEY_ID_SIZE = 20 };

/* Client certificates are judged by their key alone, so their time says nothing: it must only
 * never be the reason that a station with a wrong clock cannot connect. */
static const uint64_t LONG_AGO_MS = 946684800000; /* 2000-01-01 */

/* ---- parts ---- */

static bool serial_set(X509 *x, const uint8_t serial[static CERTIFICATE_SERIAL_SIZE])
{
	AUTO(number_close) BIGNUM *number = BN_bin2bn(serial, CERTIFICATE_SERIAL_SIZE, NULL);

	return number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) != NULL;
}

/* Positive and exactly 16 octets in DER: never shorter by a leading zero, nor longer by one. */
static bool serial_well_formed(const uint8_t serial[static CERTIFICATE_SERIAL_SIZE])
{
	return serial[0] >= 0x01 && serial[0] <= 0x7f;
}

static err serial_random(X509 *x, struct fault *f)
{
	uint8_t serial[CERTIFICATE_SERIAL_SIZE];

	TRY(random_bytes(serial, sizeof(serial), f));
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
	return serial_set(x, serial) ? ERR_OK : crypto_failed(f);
}

static bool extension_add(X509 *x, X509_EXTENSION *made)
{
	AUTO(extension_close) X509_EXTENSION *extension = made;

	return extension != NULL && X509_add_ext(x, extension, -1) == 1;
}

/* From a fixed text, as openssl.cnf writes it. */
static bool extension_text(X509 *x, int nid, const char *value)
{
	return extension_add(x, X509V3_EXT_conf_nid(NULL, NULL, nid, value));
}

static bool subject_common_name(X509 *x, struct bytes name)
{
	AUTO(name_close) X509_NAME *subject = X509_NAME_new();

	return subject != NULL && name_add(subject, NID_commonName, name) &&
	       X509_set_subject_name(x, subject) == 1;
}

static bool validity(X509 *x, uint64_t not_before_ms, uint64_t not_after_ms)
{
	return time_set(X509_getm_notBefore(x), not_before_ms) &&
	       time_set(X509_getm_notAfter(x), not_after_ms);
}

static bool without_end(X509 *x, uint64_t not_before_ms)
{
	return time_set(X509_getm_notBefore(x), not_before_ms) &&
	       ASN1_TIME_set_string_X509(X509_getm_notAfter(x), NOT_AFTER_NEVER) == 1;
}

static bool sign(X509 *x, const struct private_key *key)
{
	return X509_sign(x, key->pkey, key_digest(key->public->algorithm)) > 0;
}

/* A version 3 certificate of `key` for itself, with a random serial; the rest is the caller's. */
static err self_signed(const struct private_key *key, const char *name, X509 **out, struct fault *f)
{
	struct bytes common_name = bytes_text(name);

	if (common_name.n == 0 || common_name.n > SUBJECT_TEXT_MAX || !utf8_valid(common_name))
		return fail(f, "CERTIFICATE_NAME_INVALID", "name", name, NULL);
	AUTO(certificate_close) X509 *x = X509_new();
	if (x == NULL || X509_set_version(x, X509_VERSION_3) != 1 ||
	    !subject_common_name(x, common_name) ||
	    X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 ||
	    X509_set_pubkey(x, key->pkey) != 1)
		return crypto_failed(f);
	TRY(serial_random(x, f));
	*out = x;
	x = NULL;
	return ERR_OK;
}

/* ---- device certificates ---- */

err device_profile_check(const struct device_profile *profile, struct fault *f)
{
	AUTO(object_close) ASN1_OBJECT *hardware_type = object_of(profile->hardware_type);
	AUTO(string_close) ASN1_TIME *not_before = ASN1_TIME_new();

	if (!id_valid(bytes_text(profile->product)))
		return fail_field(f, "product", "CERTIFICATE_NAME_INVALID", "name",
				  profile->product, NULL);
	if (!id_valid(bytes_text(profile->serial)))
		return fail_field(f, "serial", "CERTIFICATE_NAME_INVALID", "name", profile->serial,
				  NULL);
	if (hardware_type == NULL)
		return fail_field(f, "hardware_type", "CERTIFICATE_OID_INVALID", "oid",
				  profile->hardware_type, NULL);
	if (!serial_well_formed(profile->certificate_serial))
		return fail(f, "CERTIFICATE_SERIAL_INVALID", NULL);
	if (not_before == NULL || !time_set(not_before, profile->not_before_ms))
		return fail(f, "CERTIFICATE_TIME_INVALID", NULL);
	return ERR_OK;
}

static bool device_extensions(X509 *x, const struct device_parts *parts)
{
	for (size_t i = 0; i < DEVICE_EXTENSIONS; i++)
		if (!extension_add(x, device_extension(i, parts)))
			return false;
	return true;
}

static bool device_body(X509 *x, const struct issuer *issuer, const struct public_key *subject,
			const struct device_profile *profile, const ASN1_OBJECT *hardware_type)
{
	struct bytes serial = bytes_text(profile->serial);
	struct device_parts parts = {X509_get0_subject_key_id(issuer->certificate), hardware_type,
				     serial};
	AUTO(name_close) X509_NAME *name = device_subject(bytes_text(profile->product), serial);

	return name != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
	       serial_set(x, profile->certificate_serial) &&
	       X509_set_issuer_name(x, X509_get_subject_name(issuer->certificate)) == 1 &&
	       without_end(x, profile->not_before_ms) && X509_set_subject_name(x, name) == 1 &&
	       X509_set_pubkey(x, subject->pkey) == 1 && device_extensions(x, &parts);
}

static err issue(struct arena *a, const struct private_key *ca, const struct issuer *issuer,
		 const struct public_key *subject, const struct device_profile *profile,
		 struct bytes *der, struct fault *f)
{
	AUTO(object_close) ASN1_OBJECT *hardware_type = object_of(profile->hardware_type);

	if (!hash_equal(issuer->key->id, ca->public->id))
		return fail(f, "CERTIFICATE_CA_KEY_DIFFERS", NULL);
	AUTO(certificate_close) X509 *x = X509_new();
	if (hardware_type == NULL || x == NULL ||
	    !device_body(x, issuer, subject, profile, hardware_type) || !sign(x, ca))
		return crypto_failed(f);
	return certificate_der(a, x, der, f);
}

err certificate_issue_device(struct arena *a, const struct private_key *ca,
			     struct bytes ca_certificate, const struct public_key *subject,
			     const struct device_profile *profile, struct bytes *der,
			     struct fault *f)
{
	struct device_certificate checked;
	struct issuer issuer;

	TRY(device_profile_check(profile, f));
	TRY(issuer_open(ca_certificate, &issuer, f));
	err issued = issue(a, ca, &issuer, subject, profile, der, f);
	if (issued.code == OK)
		issued = device_check(a, *der, &issuer, &checked, f);
	issuer_close(&issuer);
	return issued;
}

/* ---- the CA ---- */

/* RFC 7093 section 2 method 1: the first 160 bits of SHA-256 over the key's bits. */
static bool subject_key_id(X509 *x)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	AUTO(string_close) ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();

	return id != NULL && X509_pubkey_digest(x, EVP_sha256(), digest, &n) == 1 &&
	       ASN1_OCTET_STRING_set(id, digest, KEY_ID_SIZE) == 1 &&
	       extension_add(x, X509V3_EXT_i2d(NID_subject_key_identifier, 0, id));
}

err certificate_make_ca(struct arena *a, const struct private_key *key, const char *name,
			uint64_t not_before_ms, struct bytes *der, struct fault *f)
{
	AUTO(certificate_close) X509 *x = NULL;

	TRY(self_signed(key, name, &x, f));
	if (!without_end(x, not_before_ms) ||
	    !extension_text(x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
	    !extension_text(x, NID_key_usage, "critical,keyCertSign,cRLSign") ||
	    !subject_key_id(x) || !sign(x, key))
		return crypto_failed(f);
	return certificate_der(a, x, der, f);
}

/* ---- TLS ---- */

static bool host_name_valid(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= HOST_NAME_MAX_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*") ==
		       n;
}

/* An IP address where the text is one, else a DNS name. */
static GENERAL_NAME *host_name(const char *text)
{
	ASN1_STRING *value = a2i_IPADDRESS(text);
	int type = value != NULL ? GEN_IPADD : GEN_DNS;

	ERR_clear_error();
	if (value == NULL && host_name_valid(text)) {
		value = ASN1_IA5STRING_new();
		if (value != NULL && ASN1_STRING_set(value, text, (int)strlen(text)) != 1) {
			ASN1_STRING_free(value);
			value = NULL;
		}
	}
	GENERAL_NAME *name = value != NULL ? GENERAL_NAME_new() : NULL;
	if (name == NULL) {
		ASN1_STRING_free(value);
		return NULL;
	}
	GENERAL_NAME_set0_value(name, type, value);
	return name;
}

static err alternative_names(X509 *x, const char *const *names, size_t n, struct fault *f)
{
	AUTO(names_close) GENERAL_NAMES *list = GENERAL_NAMES_new();

	if (list == NULL)
		return crypto_failed(f);
	for (size_t i = 0; i < n; i++) {
		GENERAL_NAME *name = host_name(names[i]);

		if (name == NULL)
			return fail(f, "CERTIFICATE_HOST_INVALID", "name", names[i], NULL);
		if (sk_GENERAL_NAME_push(list, name) <= 0) {
			GENERAL_NAME_free(name);
			return crypto_failed(f);
		}
	}
	if (!extension_add(x, X509V3_EXT_i2d(NID_subject_alt_name, 0, list)))
		return crypto_failed(f);
	return ERR_OK;
}

static bool leaf_extensions(X509 *x, const char *purpose)
{
	return extension_text(x, NID_basic_constraints, "critical,CA:FALSE") &&
	       extension_text(x, NID_key_usage, "critical,digitalSignature") &&
	       extension_text(x, NID_ext_key_usage, purpose);
}

err certificate_make_tls(struct arena *a, const struct private_key *key, const char *const *names,
			 size_t n, uint64_t not_before_ms, uint64_t not_after_ms, struct bytes *der,
			 struct fault *f)
{
	AUTO(certificate_close) X509 *x = NULL;

	if (n == 0)
		return fail(f, "CERTIFICATE_HOST_INVALID", "name", "", NULL);
	if (not_after_ms <= not_before_ms)
		return fail(f, "CERTIFICATE_TIME_INVALID", NULL);
	TRY(self_signed(key, strlen(names[0]) <= SUBJECT_TEXT_MAX ? names[0] : "server", &x, f));
	TRY(alternative_names(x, names, n, f));
	if (!validity(x, not_before_ms, not_after_ms) || !leaf_extensions(x, "serverAuth") ||
	    !subject_key_id(x) || !sign(x, key))
		return crypto_failed(f);
	return certificate_der(a, x, der, f);
}

err certificate_make_client(struct arena *a, const struct private_key *key, const char *name,
			    struct bytes *der, struct fault *f)
{
	AUTO(certificate_close) X509 *x = NULL;

	TRY(self_signed(key, name, &x, f));
	if (!without_end(x, LONG_AGO_MS) || !leaf_extensions(x, "clientAuth") || !sign(x, key))
		return crypto_failed(f);
	return certificate_der(a, x, der, f);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* x509_issue.c — certificates that a key makes for itself: the CA that issues others, and those of
 * TLS. */
#include <string.h>

#include <openssl/err.h>

#include "core/entry.h"
#include "crypto/x509_internal.h"

enum { HOST_NAME_MAX_SIZE = 253, KEY_ID_SIZE = 20 };

/* Client certificates are judged by their key alone, so their time says nothing: it must only
 * never be the reason that a station with a wrong clock cannot connect. */
static const uint64_t LONG_AGO_MS = 946684800000; /* 2000-01-01 */

/* ---- parts ---- */

static err serial_random(X509 *x, struct fault *f)
{
	uint8_t serial[CERTIFICATE_SERIAL_SIZE];

	TRY(random_bytes(serial, sizeof(serial), f));
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
	return serial_set(x, serial) ? ERR_OK : crypto_failed(f);
}

static bool validity(X509 *x, uint64_t not_before_ms, uint64_t not_after_ms)
{
	return time_set(X509_getm_notBefore(x), not_before_ms) &&
	       time_set(X509_getm_notAfter(x), not_after_ms);
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
	    !subject_key_set(X509_get_X509_PUBKEY(x), key->public))
		return crypto_failed(f);
	TRY(serial_random(x, f));
	*out = x;
	x = NULL;
	return ERR_OK;
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
	    !extension_text(x, NID_key_usage, "critical,keyCertSign,cRLSign") || !subject_key_id(x))
		return crypto_failed(f);
	return certificate_sign(a, x, key, der, f);
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
	    !subject_key_id(x))
		return crypto_failed(f);
	return certificate_sign(a, x, key, der, f);
}

err certificate_make_client(struct arena *a, const struct private_key *key, const char *name,
			    struct bytes *der, struct fault *f)
{
	AUTO(certificate_close) X509 *x = NULL;

	TRY(self_signed(key, name, &x, f));
	if (!without_end(x, LONG_AGO_MS) || !leaf_extensions(x, "clientAuth"))
		return crypto_failed(f);
	return certificate_sign(a, x, key, der, f);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* csr.c — certificate requests (PKCS#10, RFC 2986): made for our own keys, and checked strictly
 * when they come from elsewhere. Attributes are allowed and ignored: what a certificate says is
 * decided by the records, never by the request. */
#include <string.h>

#include <openssl/err.h>

#include "core/entry.h"
#include "crypto/x509_internal.h"

/* The CertificationRequestInfo, in the arena. */
static err request_body(struct arena *a, X509_REQ *request, struct bytes *body, struct fault *f)
{
	uint8_t *der = NULL;
	int n = i2d_re_X509_REQ_tbs(request, &der);

	if (n <= 0 || n > CSR_SIZE_MAX) {
		OPENSSL_free(der);
		return crypto_failed(f);
	}
	*body = arena_copy(a, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	if (body->p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a certificate request", NULL);
	return ERR_OK;
}

err csr_make(struct arena *a, const struct private_key *key, const char *serial_number,
	     struct bytes *der, struct fault *f)
{
	struct bytes serial = bytes_text(serial_number), body;
	uint8_t signature[SIGNATURE_SIZE];
	AUTO(request_close) X509_REQ *request = X509_REQ_new();
	AUTO(name_close) X509_NAME *subject = X509_NAME_new();

	if (serial.n > 0 && !id_valid(serial))
		return fail(f, "CERTIFICATE_NAME_INVALID", "name", serial_number, NULL);
	if (request == NULL || subject == NULL ||
	    (serial.n > 0 && !name_add(subject, NID_serialNumber, serial)) ||
	    X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
	    X509_REQ_set_subject_name(request, subject) != 1 ||
	    !subject_key_set(X509_REQ_get_X509_PUBKEY(request), key->public))
		return crypto_failed(f);
	TRY(request_body(a, request, &body, f));
	TRY(key_sign(key, body, signature, f));
	return signed_put(a, body, key->public->algorithm, signature, CSR_SIZE_MAX, der, f);
}

static bool reencodes(X509_REQ *request, struct bytes der)
{
	uint8_t *again = NULL;

	if (i2d_re_X509_REQ_tbs(request, NULL) <= 0)
		return false;
	int n = i2d_X509_REQ(request, &again);
	bool same = n > 0 && bytes_equal(bytes_of(again, (size_t)n), der);

	OPENSSL_free(again);
	return same;
}

static X509_REQ *request_parse(struct bytes der)
{
	const uint8_t *p = der.p;

	if (der.n == 0 || der.n > CSR_SIZE_MAX)
		return NULL;
	X509_REQ *request = d2i_X509_REQ(NULL, &p, (long)der.n);
	if (request != NULL && p == der.p + der.n && reencodes(request, der) &&
	    X509_REQ_get_version(request) == X509_REQ_VERSION_1)
		return request;
	ERR_clear_error();
	X509_REQ_free(request);
	return NULL;
}

static err request_key(X509_REQ *request, struct public_key **key, struct fault *f)
{
	uint8_t *spki = NULL;
	int n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), &spki);

	if (n <= 0)
		return fail(f, "CSR_MALFORMED", NULL);
	err parsed = public_key_parse(bytes_of(spki, (size_t)n), key, f);
	OPENSSL_free(spki);
	return parsed;
}

/* The subject's serialNumber in the arena; empty if the subject has none. */
static err request_serial(struct arena *a, const X509_REQ *request, struct bytes *serial,
			  struct fault *f)
{
	const X509_NAME *subject = X509_REQ_get_subject_name(request);
	struct bytes value = {0};

	*serial = (struct bytes){0};
	if (X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1) < 0)
		return ERR_OK;
	if (!name_value(subject, NID_serialNumber, &value) || !id_valid(value))
		return fail(f, "CSR_SERIAL_INVALID", NULL);
	*serial = arena_copy(a, value);
	if (serial->p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a certificate request", NULL);
	return ERR_OK;
}

err csr_check(struct arena *a, struct bytes der, struct public_key **key,
	      struct bytes *serial_number, struct fault *f)
{
	AUTO(request_close) X509_REQ *request = request_parse(der);
	AUTO(public_key_auto) struct public_key *checked = NULL;
	const X509_ALGOR *algorithm = NULL;

	if (request == NULL)
		return fail(f, "CSR_MALFORMED", NULL);
	TRY(request_key(request, &checked, f));
	X509_REQ_get0_signature(request, NULL, &algorithm);
	if (!signature_algorithm_is(algorithm, checked->algorithm) ||
	    X509_REQ_verify(request, checked->pkey) != 1) {
		ERR_clear_error();
		return fail(f, "CSR_NOT_POSSESSED", NULL);
	}
	TRY(request_serial(a, request, serial_number, f));
	*key = checked;
	checked = NULL;
	return ERR_OK;
}

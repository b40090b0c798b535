/* SPDX-License-Identifier: Apache-2.0 */
/* csr.c — certificate requests (PKCS#10, RFC 2986): made for our own keys, and checked strictly
 * when they come from elsewhere. Attributes are allowed and ignored: what a certificate says is
 * decided by the records, never by the request. */
#include "core/entry.h"
#include "crypto/der.h"
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

/* A request taken apart; spans point into its DER. */
struct parts {
	struct bytes info; /* CertificationRequestInfo: what is signed */
	struct bytes subject, spki, algorithm, signature;
};

/* RFC 2986 section 4.1. Some makers leave empty attributes out. */
static bool info_parse(struct bytes in, struct parts *out)
{
	static const uint8_t version_1[] = {0};
	struct der version, subject, spki, attributes;

	if (!der_take_tag(&in, DER_INTEGER, &version) ||
	    !bytes_equal(version.content, bytes_of(version_1, 1)) ||
	    !der_take_tag(&in, DER_SEQUENCE, &subject) || !der_take_tag(&in, DER_SEQUENCE, &spki))
		return false;
	out->subject = subject.content;
	out->spki = spki.whole;
	if (in.n == 0)
		return true;
	return der_take_tag(&in, DER_CONTEXT_0, &attributes) && in.n == 0 &&
	       der_ascending(attributes.content);
}

static bool request_parse(struct bytes der, struct parts *out)
{
	struct der request, info, algorithm, bits;

	if (der.n > CSR_SIZE_MAX || !der_valid(der) ||
	    !der_take_tag(&der, DER_SEQUENCE, &request) || der.n != 0)
		return false;
	struct bytes in = request.content;
	if (!der_take_tag(&in, DER_SEQUENCE, &info) ||
	    !der_take_tag(&in, DER_SEQUENCE, &algorithm) ||
	    !der_take_tag(&in, DER_BIT_STRING, &bits) || in.n != 0 || bits.content.n < 1 ||
	    bits.content.p[0] != 0)
		return false;
	out->info = info.whole;
	out->algorithm = algorithm.whole;
	out->signature = bytes_of(bits.content.p + 1, bits.content.n - 1);
	return info_parse(info.content, out);
}

/* ecdsa-with-SHA256 (RFC 5758 section 3.2) or id-Ed25519 (RFC 8410), both without parameters. */
static bool possessed(const struct parts *parts, const struct public_key *key)
{
	static const uint8_t ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
					       0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
	static const uint8_t ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
	uint8_t signature[SIGNATURE_SIZE];

	if (key->algorithm == KEY_P256)
		return bytes_equal(parts->algorithm,
				   bytes_of(ecdsa_sha256, sizeof(ecdsa_sha256))) &&
		       ecdsa_from_der(parts->signature, signature) &&
		       key_verify(key, parts->info, signature);
	return bytes_equal(parts->algorithm, bytes_of(ed25519, sizeof(ed25519))) &&
	       parts->signature.n == SIGNATURE_SIZE &&
	       key_verify(key, parts->info, parts->signature.p);
}

/* ---- the subject ---- */

enum { SERIAL_ABSENT, SERIAL_FOUND, SERIAL_WRONG, SUBJECT_MALFORMED };

/* One AttributeTypeAndValue of RFC 5280 section 4.1.2.4. */
static int attribute_serial(struct bytes in, struct bytes *value)
{
	static const uint8_t serial_number[] = {0x55, 0x04, 0x05}; /* 2.5.4.5 */
	struct der type, content;

	if (!der_take_tag(&in, DER_OID, &type) || !der_take(&in, &content) || in.n != 0)
		return SUBJECT_MALFORMED;
	if (!bytes_equal(type.content, bytes_of(serial_number, sizeof(serial_number))))
		return SERIAL_ABSENT;
	*value = content.content;
	return (content.tag == DER_PRINTABLE || content.tag == DER_UTF8 ||
		content.tag == DER_IA5) &&
			       id_valid(*value)
		       ? SERIAL_FOUND
		       : SERIAL_WRONG;
}

/* The only serialNumber among the names. */
static int subject_serial(struct bytes subject, struct bytes *value)
{
	int found = SERIAL_ABSENT;
	struct der set, attribute;

	while (subject.n > 0) {
		if (!der_take_tag(&subject, DER_SET, &set) || set.content.n == 0)
			return SUBJECT_MALFORMED;
		while (set.content.n > 0) {
			if (!der_take_tag(&set.content, DER_SEQUENCE, &attribute))
				return SUBJECT_MALFORMED;
			int one = attribute_serial(attribute.content, value);
			if (one == SUBJECT_MALFORMED)
				return one;
			if (one != SERIAL_ABSENT)
				found = found == SERIAL_ABSENT ? one : SERIAL_WRONG;
		}
	}
	return found;
}

/* In the arena; empty if the subject has none. */
static err request_serial(struct arena *a, const struct parts *parts, struct bytes *serial,
			  struct fault *f)
{
	struct bytes value = {0};
	int found = subject_serial(parts->subject, &value);

	*serial = (struct bytes){0};
	if (found == SERIAL_ABSENT)
		return ERR_OK;
	if (found != SERIAL_FOUND)
		return fail(f, found == SERIAL_WRONG ? "CSR_SERIAL_INVALID" : "CSR_MALFORMED",
			    NULL);
	*serial = arena_copy(a, value);
	if (serial->p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a certificate request", NULL);
	return ERR_OK;
}

err csr_check(struct arena *a, struct bytes der, struct public_key **key,
	      struct bytes *serial_number, struct fault *f)
{
	AUTO(public_key_auto) struct public_key *checked = NULL;
	struct parts parts;

	if (!request_parse(der, &parts))
		return fail(f, "CSR_MALFORMED", NULL);
	TRY(public_key_parse(parts.spki, &checked, f));
	if (!possessed(&parts, checked))
		return fail(f, "CSR_NOT_POSSESSED", NULL);
	TRY(request_serial(a, &parts, serial_number, f));
	*key = checked;
	checked = NULL;
	return ERR_OK;
}

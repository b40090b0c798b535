/* SPDX-License-Identifier: Apache-2.0 */
/* x509_internal.h — the parts that issuing and checking certificates share. */
#ifndef CRYPTO_X509_INTERNAL_H
#define CRYPTO_X509_INTERNAL_H

#include "crypto/crypto_internal.h"

/* Object identifiers of the profile, all in one place. */
#define OID_HARDWARE_MODULE_NAME "1.3.6.1.5.5.7.8.4" /* RFC 4108 section 5 */
/* IEEE 802.1AR wants certificatePolicies to be present. anyPolicy (RFC 5280 section 4.2.1.4): the
 * only identifier we may use without a registration that every reader understands — GnuTLS cannot
 * read the 128-bit arcs under 2.25. */
#define OID_POLICY_DEVICE "2.5.29.32.0"

/* IEEE 802.1AR-2018 section 8.7: a device identity does not expire (RFC 5280 section 4.1.2.5). */
#define NOT_AFTER_NEVER "99991231235959Z"

enum { SUBJECT_TEXT_MAX = 64, OID_TEXT_MAX = 128 };

/* What the extensions of one device certificate are made from. */
struct device_parts {
	const ASN1_OCTET_STRING *ca_key_id;
	const ASN1_OBJECT *hardware_type;
	struct bytes serial;
};

/* The extensions of a device certificate, in their order: issuing writes exactly these, checking
 * accepts exactly these. */
enum { DEVICE_EXTENSIONS = 4 };
X509_EXTENSION *device_extension(size_t i, const struct device_parts *parts);
/* The subject of a device certificate: OU = product, serialNumber = serial. NULL on failure. */
X509_NAME *device_subject(struct bytes product, struct bytes serial);
/* Adds one value to a name, as PrintableString where its characters allow (X.520 wants that for
 * serialNumber) and as UTF8String where they do not. */
MUST_CHECK bool name_add(X509_NAME *name, int nid, struct bytes value);
/* The only value of attribute `nid`. False if there is none or more than one. */
MUST_CHECK bool name_value(const X509_NAME *name, int nid, struct bytes *value);

/* HardwareModuleName ::= SEQUENCE { hwType OBJECT IDENTIFIER, hwSerialNum OCTET STRING }: the type
 * out of a certificate's subjectAltName. The caller frees it; NULL if it is not as we write it. */
ASN1_OBJECT *hardware_type_of(const X509 *certificate);
/* From dotted text; NULL unless it is a full, canonical object identifier. */
ASN1_OBJECT *object_of(const char *dotted);

/* Seconds to the form RFC 5280 section 4.1.2.5 wants for them. */
MUST_CHECK bool time_set(ASN1_TIME *out, uint64_t unix_ms);

/* Parses the whole of `der` as a certificate of at most CERTIFICATE_SIZE_MAX bytes whose encoding
 * again is the same; NULL otherwise. */
X509 *certificate_parse(struct bytes der);

/* Whether every part may stand in a certificate, and how it gets there. */
MUST_CHECK bool serial_well_formed(const uint8_t serial[static CERTIFICATE_SERIAL_SIZE]);
MUST_CHECK bool serial_set(X509 *x, const uint8_t serial[static CERTIFICATE_SERIAL_SIZE]);
/* Takes `made` over; false if it is NULL. */
MUST_CHECK bool extension_add(X509 *x, X509_EXTENSION *made);
/* From a fixed text, as openssl.cnf writes it. */
MUST_CHECK bool extension_text(X509 *x, int nid, const char *value);
MUST_CHECK bool subject_common_name(X509 *x, struct bytes name);
/* The subject's key into a certificate or request. */
MUST_CHECK bool subject_key_set(X509_PUBKEY *out, const struct public_key *key);
/* A validity that never ends. */
MUST_CHECK bool without_end(X509 *x, uint64_t not_before_ms);
/* keyUsage digitalSignature, no CA bit, and one purpose. */
MUST_CHECK bool leaf_extensions(X509 *x, const char *purpose);
X509_EXTENSION *authority_key_id(const ASN1_OCTET_STRING *ca_key_id);

/* The TBSCertificate of `x` as a key of `algorithm` will sign it. */
MUST_CHECK err certificate_body_of(struct arena *a, X509 *x, enum key_algorithm algorithm,
				   struct certificate_body *out, struct fault *f);
/* `x` signed by `key`, wherever that is. */
MUST_CHECK err certificate_sign(struct arena *a, X509 *x, const struct private_key *key,
				struct bytes *der, struct fault *f);
/* SEQUENCE { `body`, AlgorithmIdentifier, BIT STRING }: certificates and requests have one form
 * (RFC 5280 section 4.1, RFC 2986 section 4.2). */
MUST_CHECK err signed_put(struct arena *a, struct bytes body, enum key_algorithm algorithm,
			  const uint8_t signature[static 64], size_t max, struct bytes *der,
			  struct fault *f);

/* A certificate that may issue ours: it is a CA, has a key of our algorithms and a key id. */
struct issuer {
	X509 *certificate;
	struct public_key *key;
};
MUST_CHECK err issuer_open(struct bytes der, struct issuer *out, struct fault *f);
void issuer_close(struct issuer *issuer);
/* certificate_check_device with the CA opened. */
MUST_CHECK err device_check(struct arena *a, struct bytes der, const struct issuer *issuer,
			    struct device_certificate *out, struct fault *f);

static inline void object_close(ASN1_OBJECT **object)
{
	ASN1_OBJECT_free(*object);
}
static inline void string_close(ASN1_STRING **string)
{
	ASN1_STRING_free(*string);
}
static inline void name_close(X509_NAME **name)
{
	X509_NAME_free(*name);
}
static inline void extension_close(X509_EXTENSION **extension)
{
	X509_EXTENSION_free(*extension);
}
static inline void names_close(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

#endif

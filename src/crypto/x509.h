/* SPDX-License-Identifier: Apache-2.0 */
/* x509.h — certificates and requests of our own profile: IEEE 802.1AR-2018 device identities,
 * the CA that issues them, and TLS server certificates. */
#ifndef CRYPTO_X509_H
#define CRYPTO_X509_H

#include "crypto/crypto.h"

enum { CERTIFICATE_SIZE_MAX = 4096, CSR_SIZE_MAX = 4096, CERTIFICATE_SERIAL_SIZE = 16 };

/* A PKCS#10 request (RFC 2986), with a key the requester has proved to hold. */
MUST_CHECK err csr_make(struct arena *a, const struct private_key *key, const char *serial_number,
			struct bytes *der, struct fault *f);
/* Parses strictly, checks the self-signature (proof of possession), one key of our algorithms,
 * no trailing bytes. `*serial_number` (in the arena) is the subject's serialNumber, or empty. */
MUST_CHECK err csr_check(struct arena *a, struct bytes der, struct public_key **key,
			 struct bytes *serial_number, struct fault *f);

/* What a device certificate says (IEEE 802.1AR-2018; RFC 4108 hardwareModuleName). */
struct device_profile {
	const char *product;       /* organizational unit of the subject */
	const char *serial;        /* serialNumber of the subject, hwSerialNum */
	const char *hardware_type; /* dotted OID: the product's arc */
	uint8_t certificate_serial[CERTIFICATE_SERIAL_SIZE]; /* positive, unique per issuer */
	uint64_t not_before_ms;
};
/* What certificate_issue_device would refuse in a profile, said before anything is promised. */
MUST_CHECK err device_profile_check(const struct device_profile *profile, struct fault *f);
/* notAfter 99991231235959Z, keyUsage critical digitalSignature, AKI, certificatePolicies,
 * subjectAltName hardwareModuleName, no CA bit. */
MUST_CHECK err certificate_issue_device(struct arena *a, const struct private_key *ca,
					struct bytes ca_certificate,
					const struct public_key *subject,
					const struct device_profile *profile, struct bytes *der,
					struct fault *f);

/* ---- in two steps, for many certificates or a key in an HSM ---- */

/* A certificate without its signature: `body` (TBSCertificate, DER) is the message to be signed
 * by a key of `algorithm`. */
struct certificate_body {
	struct bytes body;
	enum key_algorithm algorithm;
};
MUST_CHECK err certificate_device_prepare(struct arena *a, struct bytes ca_certificate,
					  const struct public_key *subject,
					  const struct device_profile *profile,
					  struct certificate_body *out, struct fault *f);
/* Body and signature (64 bytes, as key_sign makes it) as a certificate. Whether they belong
 * together is the caller's to check: certificate_check_device, or certificate_check_issued. */
MUST_CHECK err certificate_assemble(struct arena *a, const struct certificate_body *body,
				    const uint8_t signature[static 64], struct bytes *der,
				    struct fault *f);
/* Many devices: prepared, signed side by side where the key can, assembled and checked. All or
 * none. */
struct device_issue {
	const struct public_key *subject;
	struct device_profile profile;
	struct bytes der; /* the certificate, in the arena */
};
MUST_CHECK err certificate_issue_devices(struct arena *a, const struct private_key *ca,
					 struct bytes ca_certificate, struct device_issue *devices,
					 size_t n, struct fault *f);

/* ---- certificates for services, stations and persons ---- */

enum credential_profile {
	CREDENTIAL_SERVICE = 1, /* serverAuth, with DNS names */
	CREDENTIAL_STATION,     /* clientAuth */
	CREDENTIAL_PERSON,      /* clientAuth */
};
enum { CREDENTIAL_NAMES_MAX = 8, CREDENTIAL_DAYS_MAX = 398 };
struct credential {
	enum credential_profile profile;
	const char *principal;    /* common name; an id */
	const char *const *names; /* DNS names without wildcards: 1 to 8 for a service, else none */
	size_t names_n;
	uint8_t certificate_serial[CERTIFICATE_SERIAL_SIZE];
	uint64_t not_before_ms, not_after_ms;
};
/* What the next two would refuse. */
MUST_CHECK err credential_check(const struct credential *credential, struct fault *f);
MUST_CHECK err certificate_credential_prepare(struct arena *a, struct bytes ca_certificate,
					      const struct public_key *subject,
					      const struct credential *credential,
					      struct certificate_body *out, struct fault *f);
MUST_CHECK err certificate_issue_credential(struct arena *a, const struct private_key *ca,
					    struct bytes ca_certificate,
					    const struct public_key *subject,
					    const struct credential *credential, struct bytes *der,
					    struct fault *f);
/* That `der` is well-formed and signed by the CA's key, whatever it says. */
MUST_CHECK err certificate_check_issued(struct bytes der, struct bytes ca_certificate,
					struct fault *f);

/* ---- our own ---- */

/* A self-signed CA with pathLen 0, and a self-signed or CA-issued TLS server certificate for the
 * given names ("localhost", "127.0.0.1"). */
MUST_CHECK err certificate_make_ca(struct arena *a, const struct private_key *key, const char *name,
				   uint64_t not_before_ms, struct bytes *der, struct fault *f);
MUST_CHECK err certificate_make_tls(struct arena *a, const struct private_key *key,
				    const char *const *names, size_t n, uint64_t not_before_ms,
				    uint64_t not_after_ms, struct bytes *der, struct fault *f);
/* A short self-signed client certificate around a key: TLS proves possession, we judge the key. */
MUST_CHECK err certificate_make_client(struct arena *a, const struct private_key *key,
				       const char *name, struct bytes *der, struct fault *f);

struct device_certificate {
	struct hash key_id; /* SHA-256 of the subject's SPKI */
	struct bytes spki;
	struct bytes product, serial; /* from the subject */
	struct bytes certificate_serial;
	struct hash digest; /* SHA-256 of the DER */
};
/* Parses one of our device certificates and checks issuer, signature and profile against `ca`. */
MUST_CHECK err certificate_check_device(struct arena *a, struct bytes der, struct bytes ca,
					struct device_certificate *out, struct fault *f);
/* The key identity of any certificate, without judging it. Trailing bytes are refused. */
MUST_CHECK err certificate_key_id(struct bytes der, struct hash *out, struct fault *f);
/* Which device it is about, whoever issued it: organizational unit and serialNumber of its subject, or else
 * the hwSerialNum of a hardwareModuleName. In the arena; empty where it does not say. */
MUST_CHECK err certificate_names(struct arena *a, struct bytes der, struct bytes *product,
				 struct bytes *serial, struct fault *f);
void pem_put(struct writer *w, const char *label, struct bytes der);
/* When the first certificate of a PEM text ends; false if there is none. */
MUST_CHECK bool certificate_pem_ends(struct bytes pem, uint64_t *not_after_ms);

#endif

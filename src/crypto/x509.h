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
void pem_put(struct writer *w, const char *label, struct bytes der);

#endif

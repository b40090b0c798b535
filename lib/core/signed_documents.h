/* SPDX-License-Identifier: Apache-2.0 */
/* signed_documents.h — what the signer signs beside certificates and checkpoints: admissions, issue
 * receipts, firmware manifests, programming permits (docs/formats/signer.cddl). Strict readers:
 * another key, order, kind or size is refused. Portable: no allocation, no I/O, and no cryptography:
 * whoever reads one verifies `sign1` over its payload with document_name() as external data. */
#ifndef CORE_SIGNED_DOCUMENTS_H
#define CORE_SIGNED_DOCUMENTS_H

#include "core/charter.h"
#include "core/cose.h"

enum {
	DOCUMENT_VERSION = 1,
	DOCUMENT_SIZE_MAX = 16384,
	DOCUMENT_APPROVALS_MAX = 64,
	DOCUMENT_REVISIONS_MAX = 64,
	DOCUMENT_TEXT_MAX = 255, /* of a version that people say */
	DOCUMENT_NONCE_LEAST = 16,
	DOCUMENT_NONCE_MAX = 32,
	DOCUMENT_UNITS_MAX = 10000000,
	PERMIT_LIFE_MS = 3600 * 1000,
};

enum document_kind { DOCUMENT_ADMISSION, DOCUMENT_RECEIPT, DOCUMENT_MANIFEST, DOCUMENT_PERMIT };
/* External data of its signature: no document can be taken for one of another kind. */
struct bytes document_name(enum document_kind kind);

/* Spans point into the input, here and below. */
struct admission {
	struct bytes origin, approval_class;
	struct hash claim;
	uint64_t charter;       /* its revision */
	struct bytes approvals; /* digests of those that counted, ascending, 34 bytes apart */
	size_t approvals_n;
	uint64_t at;
	enum charter_anchor anchor;
	bool has_value;
	uint64_t value; /* of the anchor */
};

struct issue_receipt {
	struct bytes origin;
	struct hash request, authorization; /* digests of the two claims */
	uint64_t n, of;                     /* unit n of so many, from 1 */
	struct hash certificate;
	uint64_t at;
	enum charter_anchor anchor;
	bool has_value;
	uint64_t value;
};

struct firmware_manifest {
	struct bytes origin;
	struct hash claim;
	struct bytes release, product, environment, version;
	struct hash image;
	uint64_t image_size, security_version;
	bool has_configuration;
	struct hash configuration;
	struct bytes revisions[DOCUMENT_REVISIONS_MAX]; /* none: all */
	size_t revisions_n;
	uint64_t at;
	bool emergency;
};

struct programming_permit {
	struct bytes origin;
	struct hash claim;
	struct bytes product, serial;
	struct hash unit_key;
	struct bytes nonce;
	struct hash image;
	uint64_t security_version;
	struct bytes environment;
	struct hash station_key;
	uint64_t from, until;
};

/* Each parses the whole of `in`, a COSE_Sign1 with its payload inside, or returns false with
 * `*why`, a static sentence. */
MUST_CHECK bool admission_parse(struct bytes in, struct cose_sign1 *sign1, struct admission *out,
				const char **why);
MUST_CHECK bool issue_receipt_parse(struct bytes in, struct cose_sign1 *sign1,
				    struct issue_receipt *out, const char **why);
MUST_CHECK bool firmware_manifest_parse(struct bytes in, struct cose_sign1 *sign1,
					struct firmware_manifest *out, const char **why);
MUST_CHECK bool programming_permit_parse(struct bytes in, struct cose_sign1 *sign1,
					 struct programming_permit *out, const char **why);

/* The byte string that the body of a claim holds under this name: where a record keeps a document.
 * Empty if there is none. */
struct bytes document_in_body(struct bytes body, const char *name);
/* The i-th approval that counted. */
struct hash admission_approval(const struct admission *admission, size_t i);

/* The payloads, as they are signed. */
void admission_put(struct writer *w, const struct admission *admission);
void issue_receipt_put(struct writer *w, const struct issue_receipt *receipt);
void firmware_manifest_put(struct writer *w, const struct firmware_manifest *manifest);
void programming_permit_put(struct writer *w, const struct programming_permit *permit);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* records.h — what stands in the signer's journal. Each record is an array of deterministic CBOR: its
 * kind, the signer's time, and then
 *
 *  0 genesis       version, origin, digest of the CA certificate, [6 key ids], charter
 *  1 intents       checkpoint counter, spent, [* intent]
 *  2 certificates  [* [request, certificate, issue receipt]]
 *  3 decision      checkpoint counter, spent, charter revision, its anchor, [* approval], claim
 *  4 documents     [* [digest, document]]          admissions, manifests, certificates, permits
 *  5 permits       checkpoint counter, spent, [* digest of the request]
 *  6 denial        spent, claim, proof
 *  7 key           which, key id, digest of the CA certificate: a key was replaced
 *  8 succession    origin, checkpoint key's id, used up: the log goes on under another name
 *  9 anchor        spent, value, identity: what the TPM showed when it began to count, and which it is
 *
 * The checkpoint counter names the last checkpoint signed before: the two files cannot be turned back
 * apart. `spent` counts the records of kinds 1, 3, 5 and 6 and is what the anchor counts. Decisions,
 * intents and permits are promises, made before anything is signed; documents and certificates are
 * what was then signed. Times never decrease. */
#ifndef SIGNER_RECORDS_H
#define SIGNER_RECORDS_H

#include "signer/protocol.h"

enum record_kind {
	RECORD_GENESIS = 0,
	RECORD_INTENTS = 1,
	RECORD_CERTIFICATES = 2,
	RECORD_DECISION = 3,
	RECORD_DOCUMENTS = 4,
	RECORD_PERMITS = 5,
	RECORD_DENIAL = 6,
	RECORD_KEY = 7,
	RECORD_SUCCESSION = 8,
	RECORD_ANCHOR = 9,
	RECORD_KINDS
};
enum {
	JOURNAL_VERSION = 2,
	GENESIS_MAX = CHARTER_SIZE_MAX + 1024,
	DOCUMENT_MAX = CERTIFICATE_SIZE_MAX, /* the largest is a certificate */
	RECEIPT_SIZE_MAX = 1024,
};

struct genesis {
	uint64_t at;
	struct bytes origin;
	struct hash ca_certificate;    /* its digest */
	struct hash keys[SIGNER_KEYS]; /* key ids */
	struct bytes charter;
};
void genesis_put(struct writer *w, const struct genesis *genesis);
/* The whole record. An older version fails the reader with JOURNAL_IS_OLD. */
void genesis_get(struct reader *r, struct genesis *out);
extern const char JOURNAL_IS_OLD[];

/* What a certificate is made from:
 * [request, product, serial, hardware type, key id, certificate serial, ms, authorization, n, of]. */
struct intent {
	struct hash request, key;
	struct bytes product, serial, hardware_type;
	uint8_t certificate_serial[CERTIFICATE_SERIAL_SIZE];
	uint64_t at_ms;
	struct hash authorization; /* digest of the claim build.authorized */
	uint64_t n, of;            /* unit n of so many */
};
void intent_put(struct writer *w, const struct intent *intent);
void intent_get(struct reader *r, struct intent *out);

/* What was agreed to. */
struct decision {
	uint64_t at, counter, spent;
	uint64_t charter; /* revision of the charter that weighed it */
	enum charter_anchor anchor;
	size_t approvals_n;
	struct hash approvals[CHARTER_VOTES_MAX]; /* digests of their claims, ascending */
	struct bytes claim;
};
void decision_put(struct writer *w, const struct decision *decision);
/* What follows kind and time. */
void decision_get(struct reader *r, struct decision *out);
void anchor_record_put(struct writer *w, uint64_t at, uint64_t spent, uint64_t value,
		       struct hash identity);
/* Opens a record of this kind: array, kind, and the time, which is returned. */
uint64_t record_open(struct reader *r, enum record_kind kind);

struct hash unit_digest(struct bytes product, struct bytes serial);

#endif

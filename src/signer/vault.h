/* SPDX-License-Identifier: Apache-2.0 */
/* vault.h — the signer without its socket: keys, journal, checkpoint slots, and the answers to
 * requests. Everything that decides whether something is signed is here. */
#ifndef SIGNER_VAULT_H
#define SIGNER_VAULT_H

#include "signer/index.h"
#include "signer/protocol.h"
#include "signer/slots.h"

/* Files in the signer's folder. */
#define FILE_CHECKPOINT_KEY "checkpoint.key"
#define FILE_CA_KEY         "ca.key"
#define FILE_CA             "ca.der"
#define FILE_JOURNAL        "journal"
#define FILE_SLOTS          "checkpoint"

/* Kinds of journal records: [0, version, origin, checkpoint key, CA certificate's digest],
 * [1, checkpoint counter, [* intent]], [2, [* [request, certificate]]]. */
enum record_kind { RECORD_GENESIS = 0, RECORD_INTENTS = 1, RECORD_CERTIFICATES = 2 };
enum { JOURNAL_VERSION = 1 };

/* What a certificate is made from, journaled before it is signed:
 * [request, product, serial, hardware type, key id, certificate serial, ms]. */
struct intent {
	struct hash request, key;
	struct bytes product, serial, hardware_type;
	uint8_t certificate_serial[CERTIFICATE_SERIAL_SIZE];
	uint64_t at_ms;
};
void intent_put(struct writer *w, const struct intent *intent);
void intent_get(struct reader *r, struct intent *out);
struct hash unit_digest(struct bytes product, struct bytes serial);

struct vault {
	struct private_key *checkpoint_key, *ca_key;
	struct signer_public public; /* ca_certificate lies in `arena` */
	struct arena arena;
	struct journal journal;
	struct slots slots;
	struct checkpoint_state last;
	struct issue_index index;
	uint64_t cut; /* bytes of a torn record that were cut at start */
};

/* Opens the folder's keys and journal, checks that they belong together, and rehearses every kind
 * of signature once, so that nothing has to be loaded later. `out` must be zero; close it also
 * after a failure. */
MUST_CHECK err vault_open(const char *folder, struct bytes passphrase, struct vault *out,
			  struct fault *f);
void vault_close(struct vault *vault);

/* Writes the reply to one request. An error means that the journal cannot be trusted any more:
 * the reply must not be sent, and the process must end. */
MUST_CHECK err vault_answer(struct vault *vault, struct bytes request, struct arena *a,
			    struct writer *reply, struct fault *f);
/* The issue operation of vault_answer. */
MUST_CHECK err vault_issue(struct vault *vault, const struct signer_request *request,
			   struct arena *a, struct writer *reply, struct fault *f);

/* path = folder "/" name; CORRUPT-proof against long folders. */
MUST_CHECK err vault_path(const char *folder, const char *name, char out[static 4096],
			  struct fault *f);
/* The genesis record for these keys. */
MUST_CHECK bool genesis_make(const struct signer_public *public, uint8_t *buffer, size_t cap,
			     struct bytes *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* signer.h — the process that holds the keys, and the client that asks it. Requests and replies
 * are deterministic CBOR over a Unix stream socket, each with a u32 length before it. The signer
 * journals before it signs, and trusts no word of the server. */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include "core/merkle.h"
#include "core/note.h"
#include "crypto/x509.h"

/* ---- keys and journal of one log, made once by `init` ---- */

struct signer_public {
	struct note_key checkpoint;  /* name = log origin */
	struct hash ca_key;          /* key id of the device CA */
	struct bytes ca_certificate; /* DER */
};
/* Creates the signer's folder: checkpoint.key (Ed25519), ca.key (P-256), ca.der, journal and
 * checkpoint. All of it or nothing; refuses if it exists (SIGNER_FOLDER_EXISTS). */
MUST_CHECK err signer_create(const char *folder, const char *origin, struct bytes passphrase,
			     uint64_t now_ms, struct arena *a, struct signer_public *out,
			     struct fault *f);

/* ---- the process ---- */

struct signer_config {
	const char *folder;
	const char *socket; /* path; only `peer_uid` may connect (SO_PEERCRED) */
	unsigned peer_uid;
	struct bytes passphrase;
	int ready_fd; /* one byte is written here when it serves; -1: none */
};
/* Serves until SIGTERM. Gives up, for good, every right that serving does not need: run it in a
 * process of its own. The socket's folder must be closed to others. */
MUST_CHECK err signer_run(const struct signer_config *config, struct fault *f);

/* ---- the client, in the server ---- */

/* One thread at a time. Each call ends within `timeout_ms`, SIGNER_UNAVAILABLE if there was no
 * answer; a connection that broke is made again once, since every request may be repeated. What
 * the signer refuses comes with the signer's own message and values. */
struct signer_client;
MUST_CHECK err signer_connect(const char *socket, unsigned timeout_ms, struct signer_client **out,
			      struct fault *f);
void signer_disconnect(struct signer_client *c);
MUST_CHECK err signer_public_read(struct signer_client *c, struct arena *a,
				  struct signer_public *out, struct fault *f);
/* The last checkpoint the signer signed: where the next proof starts. */
MUST_CHECK err signer_last(struct signer_client *c, struct merkle_head *out, struct fault *f);
/* Signs `now`, which must extend the last one signed, by `path`. Returns the whole note. Asking
 * again for the same head returns the same note. SIGNER_FORK if no proof could be right;
 * SIGNER_PROOF_STARTS_ELSEWHERE if `old` is not the last one signed: ask signer_last. */
MUST_CHECK err signer_checkpoint(struct signer_client *c, struct merkle_head old,
				 struct merkle_head now, const struct hash *path, size_t path_n,
				 struct arena *a, struct bytes *note, struct fault *f);
/* Device certificates. `request` identifies one: the same request returns the same certificate for
 * ever, byte for byte; another request with the same (product, serial) or the same key is
 * SIGNER_ALREADY_ISSUED; the same request with other content is SIGNER_REQUEST_CHANGED. Each has
 * its own result: certificates[i], in the arena, or faults[i] (code OK when issued). Any number;
 * they travel in batches of 64. */
struct issue_request {
	struct hash request; /* digest of the unit.requested claim */
	const char *product, *serial, *hardware_type;
	struct bytes csr; /* DER: the signer checks the proof of possession itself */
	uint64_t at_ms;   /* notBefore */
};
MUST_CHECK err signer_issue(struct signer_client *c, const struct issue_request *requests, size_t n,
			    struct arena *a, struct bytes *certificates, struct fault *faults,
			    struct fault *f);

#endif

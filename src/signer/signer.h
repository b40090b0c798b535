/* SPDX-License-Identifier: Apache-2.0 */
/* signer.h — the process that holds the keys, and the client that asks it. Requests and replies
 * are deterministic CBOR over a Unix stream socket, each with a u32 length before it. The signer
 * journals before it signs, and trusts no word of the server. */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include "base/clock.h"
#include "core/charter.h"
#include "core/merkle.h"
#include "core/note.h"
#include "crypto/x509.h"

/* ---- keys and journal of one log, made once by `init` ---- */

struct signer_public {
	struct note_key checkpoint;  /* name = log origin */
	struct hash ca_key;          /* key id of the device CA */
	struct bytes ca_certificate; /* DER */
};

enum { SIGNER_ENVIRONMENTS = 3 }; /* development, staging, production */
extern const char *const SIGNER_ENVIRONMENT[SIGNER_ENVIRONMENTS];

/* The keys of one signer. The log's own is Ed25519, the others are P-256. */
enum signer_key {
	SIGNER_KEY_CHECKPOINT,
	SIGNER_KEY_CA,
	SIGNER_KEY_FIRMWARE, /* and one more for each further environment */
	SIGNER_KEY_PERMIT = SIGNER_KEY_FIRMWARE + SIGNER_ENVIRONMENTS,
	SIGNER_KEYS
};

struct signer_founding {
	const char *origin;
	struct bytes passphrase; /* of key files; empty: not encrypted */
	uint64_t now_ms;
	struct bytes charter; /* revision 1, for instance from charter_found() */
	/* For each key an address outside the folder (a PKCS #11 URI), where it is made; NULL: a file
	 * in the folder. */
	const char *addresses[SIGNER_KEYS];
};
/* Creates the signer's folder: its keys, ca.der, journal (which begins with the charter) and
 * checkpoint. All of it or nothing; refuses if it exists (SIGNER_FOLDER_EXISTS), and a charter that
 * does not hold or is of another log (SIGNER_CHARTER_*). */
MUST_CHECK err signer_create(const char *folder, const struct signer_founding *founding,
			     struct arena *a, struct signer_public *out, struct fault *f);

/* ---- the process ---- */

struct signer_config {
	const char *folder;
	const char *socket; /* path */
	/* Who may ask everything (SO_PEERCRED). The signer's own user and root may ask public, last,
	 * status and deny. */
	unsigned peer_uid;
	struct bytes passphrase;
	int ready_fd;              /* one byte is written here when it serves; -1: none */
	const struct clock *clock; /* NULL: the machine's */
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
/* ---- decisions with their evidence (docs/authority.md) ---- */

/* One entry of the log, and its path in the head that the evidence names. */
struct proved_entry {
	uint64_t sequence;
	struct bytes entry;
	const struct hash *path;
	size_t path_n;
	/* SubjectPublicKeyInfo of the author's key, where the author is a station: with issue and permit
	 * only. Its digest must be what claim and authorization name. */
	struct bytes author_key;
};
/* The decision first, then approvals; all in the head of `size`, which this signer signed. */
struct evidence {
	uint64_t size;
	const struct proved_entry *entries;
	size_t n;
};

enum signer_decision {
	DECISION_POLICY,
	DECISION_AUTHORIZE,
	DECISION_FIRMWARE,
	DECISION_CREDENTIAL
};
/* The signed document of docs/formats/signer.cddl, always the same for the same claim. A refusal that no retry can
 * change has a message that signer_final() knows; the others (SIGNER_HEAD_UNKNOWN, SIGNER_CLOCK_*,
 * SIGNER_UNAVAILABLE, …) may go away. */
MUST_CHECK err signer_decide(struct signer_client *c, enum signer_decision decision,
			     const struct evidence *evidence, struct arena *a,
			     struct bytes *document, struct fault *f);
/* Whether the signer will never say otherwise to the same request. */
bool signer_final(const struct fault *f);

struct issued_unit {
	struct bytes certificate, receipt;
	struct fault why_not; /* code OK when issued */
};
/* Any number of unit.requested entries; they travel in batches of 64. */
MUST_CHECK err signer_issue_units(struct signer_client *c, const struct evidence *requests,
				  struct arena *a, struct issued_unit *out, struct fault *f);
/* permit.requested entries; permits[i], or faults[i] whose code is not OK. */
MUST_CHECK err signer_permit(struct signer_client *c, const struct evidence *requests,
			     struct arena *a, struct bytes *permits, struct fault *faults,
			     struct fault *f);
/* Ends a decision for good. `record`: an entry, or [claim, proof]. `*issued`: units so far, of a build
 * authorization. */
MUST_CHECK err signer_deny(struct signer_client *c, struct bytes record, struct hash *digest,
			   uint64_t *issued, struct fault *f);
/* A checkpoint of this signer with a witness's cosignature (anchor: witness). */
MUST_CHECK err signer_witnessed(struct signer_client *c, struct bytes note, struct fault *f);
/* The note that a witness must cosign before the signer believes its own state; empty when there
 * is nothing to wait for. */
MUST_CHECK err signer_nonce(struct signer_client *c, struct arena *a, struct bytes *note,
			    struct fault *f);

/* What `doctor` shows, and what a passport has to say. */
struct signer_status {
	struct bytes charter; /* the document in force */
	enum charter_anchor anchor;
	bool anchored; /* the anchor is there and agrees */
	uint64_t anchor_value, journal_size, spent, now_ms;
	uint64_t clock_ahead_ms; /* of the journal's last time; 0 when it is behind */
	bool keys_encrypted, keys_in_hsm;
	struct hash firmware_keys[SIGNER_ENVIRONMENTS], permit_key; /* key ids */
	struct bytes firmware_spki[SIGNER_ENVIRONMENTS], permit_spki;
};
MUST_CHECK err signer_status_read(struct signer_client *c, struct arena *a,
				  struct signer_status *out, struct fault *f);

#endif

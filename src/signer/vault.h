/* SPDX-License-Identifier: Apache-2.0 */
/* vault.h — the signer without its socket: keys, journal, checkpoint slots, and the answers to
 * requests. Everything that decides whether something is signed is here. */
#ifndef SIGNER_VAULT_H
#define SIGNER_VAULT_H

#include "base/checks.h"
#include "base/clock.h"
#include "signer/anchor_guard.h"
#include "signer/anchor_witness.h"
#include "signer/index.h"
#include "signer/protocol.h"
#include "signer/records.h"
#include "signer/slots.h"
#include "signer/state.h"

/* Files in the signer's folder. */
#define FILE_CHECKPOINT_KEY "checkpoint.key"
#define FILE_CA_KEY         "ca.key"
#define FILE_CA             "ca.der"
#define FILE_JOURNAL        "journal"
#define FILE_SLOTS          "checkpoint"
/* The file of each key: the key, or its address (key_worker.h). */
extern const char *const SIGNER_KEY_FILE[SIGNER_KEYS];

/* The last heads signed: evidence stands in one of them. What was signed before the start is known only
 * by the last one. */
enum { HEADS_KEPT = 256 };
struct heads {
	struct merkle_head ring[HEADS_KEPT];
	size_t n; /* ever put */
};

/* Keys and CA certificates that were replaced: they sign no more, and what they signed still counts. Each
 * lies in the folder under its digest, which the journal names. */
enum { FORMER_MAX = 64 };
struct former {
	struct hash ids[FORMER_MAX];
	size_t ids_n, keys_n, certificates_n;
	struct public_key *keys[FORMER_MAX];
	struct bytes certificates[FORMER_MAX]; /* in the vault's arena */
};

struct vault {
	struct private_key *keys[SIGNER_KEYS];
	struct hash named[SIGNER_KEYS], named_ca; /* what the journal says that they must be */
	struct former former;
	struct signer_public public; /* ca_certificate lies in `arena` */
	struct arena arena;
	struct journal journal;
	struct slots slots;
	struct checkpoint_state last;
	struct heads heads;
	struct issue_index index;
	struct signer_state state;
	struct clock clock;
	uint64_t started_wall, started_steady;
	struct anchor_guard guard;     /* where the charter says TPM */
	struct fault anchor_fault;     /* code not OK: why the anchor cannot be asked */
	struct witness_anchor witness; /* where it says witness */
	bool encrypted, in_hsm;        /* any key */
	uint64_t cut;                  /* bytes of a torn record that were cut at start */
};

/* Opens the folder's keys and journal, checks that they belong together, and rehearses every kind
 * of signature once, so that nothing has to be loaded later. `out` must be zero, but for `clock` if it is
 * not the machine's; close it also after a failure. */
MUST_CHECK err vault_open(const char *folder, struct bytes passphrase, struct vault *out,
			  struct fault *f);
void vault_close(struct vault *vault);
/* FOLDER/former.DIGEST. */
MUST_CHECK err former_path(const char *folder, struct hash digest, char out[static 4096],
			   struct fault *f);
/* Reads what the journal names as replaced. SIGNER_FORMER_MISSING. */
MUST_CHECK err former_read(const char *folder, struct vault *v, struct fault *f);
void former_close(struct former *former);
/* What vault_follow_anchor() would refuse in a charter: before it is in the journal. */
MUST_CHECK err charter_anchor_check(const struct charter *charter, const struct note_key *log,
				    struct fault *f);
/* The charter in force says what the anchor is. `before`: what it was; none at start. */
MUST_CHECK err vault_follow_anchor(struct vault *v, enum charter_anchor before, struct fault *f);

/* Writes the reply to one request. `limited`: it comes from somebody who may look and deny, and nothing
 * else. An error means that the journal cannot be trusted any more:
 * the reply must not be sent, and the process must end. */
MUST_CHECK err vault_answer(struct vault *vault, struct bytes request, bool limited,
			    struct arena *a, struct writer *reply, struct fault *f);

/* path = folder "/" name; CORRUPT-proof against long folders. */
MUST_CHECK err vault_path(const char *folder, const char *name, char out[static 4096],
			  struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* witness.h — C2SP tlog-witness: a witness that cosigns only what extends the last it cosigned,
 * and the client's side of asking one. Bytes in, bytes out; transport is the caller's. */
#ifndef LEDGER_WITNESS_H
#define LEDGER_WITNESS_H

#include "core/note.h"
#include "crypto/crypto.h"
#include "db/db.h"

enum {
	WITNESS_PATH_MAX = 63,                           /* consistency proof lines */
	WITNESS_BODY_MAX = 32 + 63 * 45 + NOTE_SIZE_MAX, /* add-checkpoint request */
};

/* ---- the witness ---- */

struct witness_store;

/* Table witness_log(origin, size, root, at, note): the last checkpoint cosigned of each log. */
extern const char WITNESS_SCHEMA[];

/* `name` and `key` (Ed25519) make the cosignatures, type 0x04. `logs` are the verifier keys of the
 * logs it watches; a key's name is the log's origin, and a log may have several. Prepares its
 * statements on `db`, which it does not own; like it, it belongs to one thread at a time. */
MUST_CHECK err witness_open(struct db *db, const char *name, const struct private_key *key,
			    const struct note_key *logs, size_t logs_n, struct witness_store **out,
			    struct fault *f);
void witness_close(struct witness_store *w); /* NULL is fine */
/* Its verifier key, for those who want to check cosignatures. */
const struct note_key *witness_key(const struct witness_store *w);

struct witness_reply {
	unsigned status;          /* HTTP */
	const char *content_type; /* static */
	struct bytes body;        /* in the arena */
};

/* POST /add-checkpoint. 200 cosigned; 400 malformed, or old above the size; 403 not signed by the
 * log; 404 unknown origin; 409 old is not the size last cosigned (the body says which is), or the
 * same size with another root; 422 the proof does not hold. Extension lines of a checkpoint are
 * cosigned unread. The new state is durable before the
 * cosignature exists. An error means that nothing was decided. `now_s` is unix seconds. */
MUST_CHECK err witness_add_checkpoint(struct witness_store *w, struct arena *a, struct bytes body,
				      uint64_t now_s, struct witness_reply *reply, struct fault *f);
/* GET <monitor>/<hex SHA-256 of origin>/checkpoint: `path` is the part after <monitor>/. 200 with
 * the last checkpoint cosigned, cosignature included; 404 otherwise. */
MUST_CHECK err witness_monitor(struct witness_store *w, struct arena *a, const char *path,
			       struct witness_reply *reply, struct fault *f);

/* ---- both sides: the request ---- */

struct witness_request {
	uint64_t old;
	struct hash path[WITNESS_PATH_MAX];
	size_t n;
	struct bytes checkpoint; /* the note: a span of the input */
};

/* Strict: one spelling per request. `*why` is a static sentence. */
MUST_CHECK bool witness_request_parse(struct bytes body, struct witness_request *out,
				      const char **why);
void witness_request_put(struct writer *w, uint64_t old, const struct hash *path, size_t n,
			 struct bytes checkpoint);

/* ---- the client ---- */

enum witness_answer {
	WITNESS_REFUSED = 0, /* no cosignature that verifies: see the status */
	WITNESS_STALE,       /* ask again with the proof from `*size` */
	WITNESS_COSIGNED,    /* `cosigned` holds the note with the witness's lines added */
};
/* Reads a reply to add-checkpoint of `note`. Only lines of the key `witness` that verify are taken;
 * nothing else that the reply holds reaches the note. */
enum witness_answer witness_answer_read(unsigned status, struct bytes body, struct bytes note,
					const struct note_key *witness, note_verify_fn *verify,
					struct writer *cosigned, uint64_t *size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h — the append-only log inside the store. Entries are the truth; tiles are written from
 * them after the commit, idempotently, before a checkpoint that covers them is published. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "core/merkle.h"
#include "core/note.h"
#include "db/db.h"

struct ledger;

/* Tables: entry_batch(first, n, bytes): bytes = n × (u16 length ‖ entry), as in an entry bundle;
 * log_head(one, size, roots, at); checkpoint(size, root, note): the last one published, one row.
 * Run it on a new store before ledger_open; running it again changes nothing. */
extern const char LEDGER_SCHEMA[];

/* A connection's view of the log. `tiles` is the folder for tiles (may be NULL: no tiles).
 * Prepares its statements on `db`, which it does not own. */
MUST_CHECK err ledger_open(struct db *db, const char *tiles, struct ledger **out, struct fault *f);
void ledger_close(struct ledger *l);

/* ---- the writer: inside a transaction of `db` ---- */

/* Loads the head; every append of this transaction follows it. After a rollback, begin again:
 * what was appended before is forgotten. */
MUST_CHECK err ledger_begin(struct ledger *l, struct fault *f);
/* Adds one entry in memory; its sequence is the size before. Nothing is stored yet, but
 * ledger_entry already reads it. */
MUST_CHECK err ledger_append(struct ledger *l, struct bytes entry, uint64_t *sequence,
			     struct fault *f);
uint64_t ledger_next(const struct ledger *l); /* the next sequence */
/* Undoes appends after the tree had `size` leaves (all-or-nothing batches). */
void ledger_truncate(struct ledger *l, uint64_t size);
/* Last `at` that was recorded. */
uint64_t ledger_last_at(const struct ledger *l);
/* Writes the batch row and moves the head by compare-and-set: LOG_HEAD_MOVED (ERR_CONFLICT) if
 * another writer was there first. The caller commits. */
MUST_CHECK err ledger_store(struct ledger *l, uint64_t at, struct fault *f);

/* ---- after the commit: the publisher ---- */

MUST_CHECK err ledger_head(struct ledger *l, struct merkle_head *out, struct fault *f);
/* Brings tiles up to `size` leaves (write aside, rename), idempotently. The first call of a
 * ledger compares what the folder holds and repairs it. LEDGER_ROOT_MISMATCH (ERR_CORRUPT) if the
 * entries do not give the head's root: then nothing may be signed. Without a folder it keeps the
 * right edge in memory, which makes proofs cheap. */
MUST_CHECK err ledger_write_tiles(struct ledger *l, uint64_t size, struct fault *f);
/* The proof that `new_size` extends `old_size`, for the signer. path: MERKLE_DEPTH_MAX × 2. */
MUST_CHECK err ledger_consistency(struct ledger *l, uint64_t old_size, uint64_t new_size,
				  struct hash *path, size_t *n, struct fault *f);
/* Keeps a signed checkpoint (the note's text) and publishes it as the file `checkpoint`, outside
 * any transaction. An older one than the last changes nothing; another root for the same size is
 * LEDGER_FORK. The same head again, with more cosignatures, replaces the note. */
MUST_CHECK err ledger_publish(struct ledger *l, struct merkle_head head, struct bytes note,
			      struct fault *f);
/* Partial tiles and the file `checkpoint` change with every batch, and making files is what a small
 * batch spends most time on. With `hold` they are written by ledger_show() only; full tiles, proofs
 * and ledger_resource() do not wait. What a crash kept from being shown, the next start shows. */
void ledger_hold_files(struct ledger *l, bool hold);
MUST_CHECK err ledger_show(struct ledger *l, struct fault *f);
/* The last published checkpoint, into the arena; empty if there is none. */
MUST_CHECK err ledger_checkpoint(struct ledger *l, struct arena *a, struct bytes *note,
				 struct merkle_head *head, struct fault *f);

/* ---- readers ---- */

MUST_CHECK err ledger_entry(struct ledger *l, struct arena *a, uint64_t sequence,
			    struct bytes *entry, struct fault *f);
/* Calls `each` for the committed entries from `first` on, in order, until the end or an error.
 * `each` may use the same ledger and connection. */
typedef err ledger_each_fn(void *context, uint64_t sequence, struct bytes entry);
MUST_CHECK err ledger_each(struct ledger *l, uint64_t first, ledger_each_fn *each, void *context,
			   struct fault *f);
/* The inclusion path of one entry in the tree of `size`. */
MUST_CHECK err ledger_inclusion(struct ledger *l, uint64_t size, uint64_t sequence,
				struct hash *path, size_t *n, struct fault *f);
/* A tile as the protocol serves it: "tile/0/x001/234.p/5", "tile/entries/000", "checkpoint".
 * LEDGER_NO_SUCH_RESOURCE for anything else, and for what the tree does not have yet. */
MUST_CHECK err ledger_resource(struct ledger *l, struct arena *a, const char *path,
			       struct bytes *out, struct fault *f);

#endif

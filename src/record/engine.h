/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h — inside the record room: what its files share. */
#ifndef RECORD_ENGINE_H
#define RECORD_ENGINE_H

#include "access/access.h"
#include "crypto/crypto.h"
#include "db/table.h"
#include "ledger/ledger.h"
#include "record/codec.h"
#include "record/policy.h"
#include "record/record.h"

#include <pthread.h>

#define SYSTEM_AUTHOR "sealwright"
/* A spool brought a record before one that it numbered lower: that one is missing. */
#define CODE_SPOOL_GAP "SPOOL_GAP"

enum {
	QUEUE_MAX = 20000,
	BATCH_DEFAULT = 512,
	VIEW_MS = 3000,
	WHOLE_MAX = 1000, /* submissions in one all-or-nothing batch */
	ID_WINDOW_MS = 24 * 3600 * 1000,
	CLOCK_TOLERANCE_MS = 2000,
};

/* A record decoded from its claim and what the checks said: all that rules and folds see. */
struct record {
	const struct compiled_type *type;
	struct claim claim;
	struct bytes claim_bytes;
	struct hash digest;
	struct body body, outputs;
	struct value values[PARAMETERS_MAX]; /* in the order of type->parameters */
};

/* A group of submissions that are answered together. */
struct job {
	struct submission *const *items;
	size_t n;
	bool whole;
	submit_done *done;
	void *context;
	uint64_t committed_at; /* steady ms: how long it has waited for a checkpoint */
	struct job *next;
};

struct submission {
	struct arena *arena;
	struct caller caller;
	struct record record;
	struct bytes proof_bytes;
	struct proof proof;
	struct opening *openings;
	size_t openings_n;
	bool internal; /* the server's own word */
	struct result result;
};

/* ---- record.c: decoding ---- */

/* Fills `out` from a claim: type known, body decoded, engine values set but :seq and :at. */
MUST_CHECK err record_decode(const struct registry *registry, struct arena *a, struct bytes claim,
			     struct record *out, struct fault *f);
/* The same from a parsed entry, with the outputs that its witness keeps. */
MUST_CHECK err record_from_entry(const struct registry *registry, struct arena *a,
				 const struct entry *entry, struct record *out, struct fault *f);
/* Outputs as an entry keeps them, into record.outputs and its values. */
MUST_CHECK err record_outputs(struct arena *a, struct record *r, const struct witness *w,
			      struct fault *f);
void record_set_output_values(struct record *r);
/* Runs the type's C check, if it has one, and keeps its outputs. `console` is what passkeys are bound
 * to; NULL where nobody enrolls any. */
struct proof_party;
MUST_CHECK err record_check_run(struct record *r, struct bytes origin,
				const struct proof_party *console, struct arena *a,
				struct fault *f);
void record_set_place(struct record *r, uint64_t sequence, uint64_t at, bool flagged);
/* The primary subject; false if the type has none. Texts live in the arena. */
MUST_CHECK bool record_subject(struct arena *a, const struct record *r, struct subject *out);

/* ---- rulebook.c: every rule, prepared on one connection ---- */

struct rulebook {
	struct db *db;
	struct statement **rules; /* by rule.statement */
	size_t rules_n;
	struct statement *own[32]; /* the engine's own statements, by enum own_statement */
	struct policy policy;
};

enum own_statement {
	OWN_ID_FIND,
	OWN_ID_ADD,
	OWN_SUBJECT_FIND,
	OWN_SUBJECT_SET,
	OWN_RAISE,
	OWN_HOLD,
	OWN_PENDING_NEED,
	OWN_PENDING_ADD,
	OWN_PENDING_FIND,
	OWN_PENDING_CLOSE,
	OWN_VOTE_ADD,
	OWN_VOTES,
	OWN_OPENING_ADD,
	OWN_BLOB_NAME,
	OWN_BLOB_KEEP,
	OWN_REFUSAL_FIND,
	OWN_REFUSAL_COUNT,
	OWN_SPOOL_FIND,
	OWN_SPOOL_GAP,
	OWN_SPOOL_SET,
	OWN_N
};
MUST_CHECK err rulebook_open(const struct registry *registry, struct db *db, struct rulebook *out,
			     struct fault *f);
void rulebook_close(struct rulebook *b);

/* ---- apply.c: the writes, the same live and in a rebuild ---- */

/* A record with what its witness says became of it. */
struct applied {
	struct record *record;
	const struct witness *witness;
	struct record *target; /* OUTCOME_EXECUTES: the record that takes effect */
};
/* Queues every write: indexes, nonconformances, pending, folds. */
MUST_CHECK err apply_record(struct rulebook *b, const struct applied *applied, struct arena *a,
			    struct fault *f);
/* Until when an approval counts by its own word; null: as long as its rule says. */
struct value approval_not_after(const struct record *r);
/* Whose rule of approval counts for this record, and how many more it takes. */
void approval_rule_of(const struct record *r, struct bytes *rule, int64_t *extra);
/* Reads an entry of the log with the record that it makes take effect. Everything lives in the arena. */
MUST_CHECK err applied_read(const struct registry *registry, struct ledger *ledger, struct arena *a,
			    struct bytes entry, struct applied *out, struct fault *f);
/* Settings for a store that is thrown away if anything goes wrong. */
MUST_CHECK err store_make_careless(struct db *db, struct fault *f);
MUST_CHECK err fold_record(struct rulebook *b, struct record *r, struct arena *a, struct fault *f);

/* ---- the engine ---- */

struct clock_watch {
	uint64_t base_wall, base_steady; /* from the start on, the same */
	bool stepped, reported;          /* the writer's */
};

struct engine {
	struct engine_config config;
	struct registry *registry;
	struct db *db; /* the writer's */
	struct rulebook rules;
	struct authority *authority;
	struct ledger *ledger;
	struct clock_watch watch;

	/* SQLite takes one writer at a time and waits for its turn by sleeping: our two threads that
	 * write take turns here instead. */
	pthread_mutex_t store_lock;
	pthread_mutex_t lock;
	pthread_cond_t work, published;
	struct job *queue, **queue_end; /* waiting for the writer */
	size_t queued;
	struct job *waiting, **waiting_end; /* committed, waiting for a checkpoint */
	bool stopping, writer_done;
	uint64_t written_size; /* of the log when our writer last committed */
	pthread_t writer, publisher;
	uint64_t committed_size;
	uint64_t succeeds_at; /* the next entry when the last has another origin; else UINT64_MAX */
	struct batch *batches, **batches_end; /* committed, not yet told to the stream */
	struct engine_state state;

	struct db *publisher_db;
	struct ledger *publisher_ledger;
	struct merkle_head signed_last;
	bool signed_known; /* … is where the signer stands, for all we know */
	uint64_t shown_at; /* steady ms: when the tiles folder was last brought up to date */
	bool shows_later;
	engine_watch *on_happening;
	void *on_happening_context;

	pthread_mutex_t readers_lock;
	pthread_cond_t reader_free;
	struct reader_session *readers; /* free ones */
	unsigned readers_n;

	pthread_mutex_t keys_lock;
	struct key_cache *keys;
};

/* The time of a record now: it never decreases, and runs ahead of neither clock. */
uint64_t clocks_stamp(const struct two_clocks *clocks, uint64_t last_at);

void *writer_main(void *engine);
void *publisher_main(void *engine);

/* Numbers as the store keeps them: milliseconds and sequences fit in 63 bits. */
static inline struct value value_u64(uint64_t v)
{
	return value_int((int64_t)v);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* record.h — the one door that every change goes through, and the views behind it. */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/clock.h"
#include "core/merkle.h"
#include "core/note.h"
#include "db/db.h"
#include "record/claim_make.h"

#include <jansson.h>

struct engine;
struct submission;

/* ---- opening ---- */

/* Asks the signer for a checkpoint; returns the whole note. Runs on the publisher's thread. */
typedef err sign_checkpoint(void *context, struct merkle_head old, struct merkle_head now,
			    const struct hash *path, size_t path_n, struct arena *a,
			    struct bytes *note, struct fault *f);
/* The last head that the signer signed. */
typedef err signed_head(void *context, struct merkle_head *out, struct fault *f);

struct engine_config {
	const char *store;  /* db_open address */
	const char *tiles;  /* folder, or NULL */
	const char *origin; /* of the log; every claim carries it */
	bool succeeds; /* entries there may carry another: the next one is a ledger.succeeded */
	const struct area *const *areas;
	const struct clock *clock;
	sign_checkpoint *sign;
	signed_head *last_signed;
	void *sign_context;
	uint8_t secret[32];                     /* salts of commitments; kept outside the store */
	unsigned batch_max;                     /* records per transaction; 0: 512 */
	unsigned readers_max;                   /* reader connections; 0: 8 */
	const char *relying_party, *web_origin; /* of passkeys; NULL: passkey proofs are refused */
	unsigned keys_max;                      /* public keys kept parsed; 0: 65536 */
	uint64_t view_ms;                       /* that a view may take; 0: 3,000 */
	uint64_t unsigned_max; /* records without a checkpoint before decisions get 503; 0: 10000 */
};

/* Creates the tables if they are missing, prepares every statement, finishes what a crash left
 * (tiles, checkpoint) and starts the writer and the publisher. */
MUST_CHECK err engine_open(const struct engine_config *config, struct engine **out,
			   struct fault *f);
/* Finishes what is queued, then stops. NULL is fine. */
void engine_close(struct engine *e);
const struct registry *engine_registry(const struct engine *e);
const char *engine_origin(const struct engine *e);

struct two_clocks; /* access.h */
/* What the two clocks say, from any thread: what a right is asked by. */
void engine_clocks(const struct engine *e, struct two_clocks *out);

/* ---- who is asking, and how we know ---- */

struct caller {
	char principal[ID_SIZE_MAX + 1];
	enum channel_kind channel;
	struct hash reference;
	bool has_reference;
};

/* ---- one record in ---- */

/* What `POST /v1/records/{type}` takes as JSON:
 * {"id", "made", "occurred", "source", "body"} to be reported over the caller's channel, or
 * {"claim", "proof", "openings"} (base64url) that an author signed. Everything in the submission
 * lives in the arena, which must outlive it. */
MUST_CHECK err submission_from_json(struct engine *e, struct arena *a, const struct caller *caller,
				    struct bytes type, const json_t *json, struct submission **out,
				    struct fault *f);
/* CBOR: [claim bstr, proof, {path: [salt, value]}]. `type` may be empty. */
MUST_CHECK err submission_from_cbor(struct engine *e, struct arena *a, const struct caller *caller,
				    struct bytes type, struct bytes cbor, struct submission **out,
				    struct fault *f);
/* The server's own word, for SYSTEM types: author `sealwright`, channel local. */
MUST_CHECK err submission_system(struct engine *e, struct arena *a, const char *type,
				 struct uuid id, const json_t *body, struct submission **out,
				 struct fault *f);
/* `prepare`: the claim to be signed by `key`, from the JSON form. */
MUST_CHECK err submission_prepare(struct engine *e, struct arena *a, const struct caller *caller,
				  struct bytes type, const json_t *json, struct hash key,
				  struct prepared *out, struct fault *f);
const struct compiled_type *submission_type(const struct submission *s);
struct hash submission_digest(const struct submission *s);

/* ---- and its receipt out ---- */

enum result_state {
	RESULT_REFUSED =
		0,        /* `fault` and `failures` say why; nothing was recorded but the refusal */
	RESULT_COMMITTED, /* durable; its checkpoint is still to come: 202 */
	RESULT_CERTIFIED, /* durable and covered by `note`: 201 */
};

struct control_failure {
	const char *control, *expected, *found;
	const char *result; /* fail; or why it may pass: warn, observe, excepted, glass */
	struct control_failure *next;
};

struct nonconformance {
	const char *code;
	bool holds;
	const char *kind, *within, *id;
	const struct fault *seen; /* values of its sentence; NULL in a receipt that is read again */
	struct nonconformance *next;
};

struct result {
	enum result_state state;
	struct fault fault;
	struct control_failure *failures; /* every control of the gate that failed */
	struct control_failure *let_pass; /* … and those that failed and stop nothing */
	bool repeated;                    /* the same submission was recorded before */
	uint64_t sequence, at;
	enum outcome outcome;
	uint64_t target;
	struct hash digest, leaf;
	struct bytes
		after_claim; /* the rest of the entry: the author sees that the leaf is theirs */
	struct nonconformance *raised;
	bool blocked; /* the vote stands, but what it approves cannot execute: */
	struct fault blocked_by;
	struct merkle_head head; /* RESULT_CERTIFIED: */
	struct bytes note;
	struct hash path[MERKLE_DEPTH_MAX];
	size_t path_n;
};
const struct result *submission_result(const struct submission *s);

/* Runs once every submission has its result; on the writer's or publisher's thread: hand over and
 * return. */
typedef void submit_done(void *context);
/* Queues `n` submissions: they and their arena are the engine's until `done`, so that what is under
 * way at the same time has arenas of its own. With `whole`, all are recorded or none, and every failing one has its
 * fault. ENGINE_BUSY (limit) when the queue is full, and ENGINE_UNSIGNED (unavailable). */
MUST_CHECK err record_submit(struct engine *e, struct submission *const *submissions, size_t n,
			     bool whole, submit_done *done, void *context, struct fault *f);
/* The same, waiting for the results. */
MUST_CHECK err record_submit_wait(struct engine *e, struct submission *const *submissions, size_t n,
				  bool whole, struct fault *f);
json_t *result_to_json(const struct submission *s);

/* ---- readers ---- */

struct reader_session; /* a read connection, lent from a pool */
MUST_CHECK err reader_take(struct engine *e, struct reader_session **out, struct fault *f);
void reader_give(struct reader_session *r);
struct db *reader_db(struct reader_session *r);
struct ledger *reader_ledger(struct reader_session *r);
struct authority *reader_authority(struct reader_session *r);

/* The receipt of a recorded claim, by its sequence; the digest must be the claim's. */
MUST_CHECK err receipt_read(struct engine *e, struct reader_session *r, struct arena *a,
			    uint64_t sequence, struct result *out, struct fault *f);
json_t *receipt_to_json(const struct result *result);

struct view_request {
	struct bytes name;
	const struct caller *caller;
	size_t n; /* query parameters: the view's own, column filters, limit, cursor */
	const char *const *names;
	const char *const *values;
	bool closed; /* confidential values and those about persons are left out */
};
/* {"columns": […], "rows": [{…}], "next": cursor}: at most 1,000 rows a page, scoped to what the
 * caller may see. With "closed": true the view shows values that this reader does not get. */
MUST_CHECK err view_read(struct engine *e, struct reader_session *r, struct arena *a,
			 const struct view_request *request, json_t **out, struct fault *f);
/* Asks a gate about a subject and records nothing: what stops it, and what would but for the policy. */
MUST_CHECK err gate_ask(struct engine *e, struct reader_session *r, struct arena *a,
			const struct caller *caller, const char *gate, const char *kind,
			const char *within, const char *id, struct control_failure **out,
			struct fault *f);
MUST_CHECK err gate_ask_all(struct engine *e, struct reader_session *r, struct arena *a,
			    const struct caller *caller, const char *gate, const char *kind,
			    const char *within, const char *id, struct control_failure **out,
			    struct control_failure **let_pass, struct fault *f);
/* An entry as JSON, with opened values that still exist; needs the permission `ledger.read`. */
MUST_CHECK err entry_to_json(struct engine *e, struct reader_session *r, struct arena *a,
			     uint64_t sequence, json_t **out, struct fault *f);
/* The same, but confidential values and those about persons stay commitments. */
MUST_CHECK err entry_closed_to_json(struct engine *e, struct reader_session *r, struct arena *a,
				    uint64_t sequence, json_t **out, struct fault *f);
enum { CHAIN_PAGE_MAX = 200 };
/* What is recorded about a thing, newest first: {"entries": [as above], "next": sequence}. `from` is NULL, or
 * the `next` of the page before. CHAIN_CURSOR_WRONG. */
MUST_CHECK err chain_to_json(struct engine *e, struct reader_session *r, struct arena *a,
			     const struct subject *subject, const uint64_t *from, size_t limit,
			     json_t **out, struct fault *f);
/* One `GET /v1/types` document. */
json_t *type_to_json(const struct compiled_type *t);

/* ---- what happens, as it happens ---- */

struct happening {
	uint64_t sequence, at;
	const char *type;
	enum outcome outcome;
	const char *kind, *within, *id; /* subject, or NULL */
	size_t raised_n;
};
/* Called on the publisher's thread for every record that a checkpoint covers, in order. */
typedef void engine_watch(void *context, const struct happening *happening);
void engine_on_happening(struct engine *e, engine_watch *watch, void *context);

struct engine_state {
	uint64_t size, certified, queued, refused, submitted;
	uint64_t last_at, certified_at;
	bool ready, clock_stepped;
	struct fault fault; /* why it is not ready */
};
void engine_state_read(struct engine *e, struct engine_state *out);

/* ---- rebuild ---- */

struct rebuild_report {
	uint64_t entries;
	size_t tables, differing;
	char first_table[64]; /* the first that differs, and its row */
	char first_row[512];
};
/* Folds the whole log again into fresh tables beside the live ones and compares row for row. With
 * `replace`, the live tables then become the fresh ones in one transaction. The engine must not be
 * open on the same store. `progress` may be NULL. */
typedef void rebuild_progress(void *context, uint64_t done, uint64_t total);
MUST_CHECK err engine_rebuild(const struct engine_config *config, bool replace,
			      rebuild_progress *progress, void *context, struct rebuild_report *out,
			      struct fault *f);
/* SHA-256 over every derived table in canonical form: equal on both stores. */
MUST_CHECK err engine_state_digest(struct engine *e, struct hash *out, struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* witness.c — the witness's state machine (C2SP tlog-witness). */
#include "ledger/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sha256.h"

const char WITNESS_SCHEMA[] =
	"CREATE TABLE IF NOT EXISTS witness_log ("
	" origin TEXT PRIMARY KEY NOT NULL, size BIGINT NOT NULL, root BLOB NOT NULL,"
	" at BIGINT NOT NULL, note TEXT NOT NULL);\n";

struct witness_store {
	struct db *db;
	const struct private_key *key;
	struct note_key public;
	struct note_key *logs;
	size_t logs_n;
	struct statement *read, *add, *move;
};

/* ---- opening ---- */

static const struct parameter parameters[] = {
	{"origin", VALUE_TEXT}, {"size", VALUE_INT},     {"root", VALUE_BLOB},    {"at", VALUE_INT},
	{"note", VALUE_TEXT},   {"old_size", VALUE_INT}, {"old_root", VALUE_BLOB}};

static err prepare(struct witness_store *w, struct fault *f)
{
	TRY(db_prepare(w->db, "SELECT size, root, at, note FROM witness_log WHERE origin = :origin",
		       parameters, 1, &w->read, f));
	TRY(db_prepare(
		w->db,
		"INSERT INTO witness_log (origin, size, root, at, note)"
		" VALUES (:origin, :size, :root, :at, :note) ON CONFLICT (origin) DO NOTHING",
		parameters, 5, &w->add, f));
	return db_prepare(
		w->db,
		"UPDATE witness_log SET size = :size, root = :root, at = :at, note = :note"
		" WHERE origin = :origin AND size = :old_size AND root = :old_root",
		parameters, 7, &w->move, f);
}

static err open_keys(struct witness_store *w, const char *name, const struct note_key *logs,
		     size_t logs_n, struct fault *f)
{
	uint8_t raw[32];

	if (!public_key_ed25519(private_key_public(w->key), raw) ||
	    !note_key_make(name, NOTE_COSIGNATURE, raw, &w->public))
		return fail(f, "WITNESS_KEY", "name", name, NULL);
	w->logs = calloc(logs_n + 1, sizeof(*logs));
	if (!w->logs)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the witness", NULL);
	if (logs_n > 0)
		memcpy(w->logs, logs, logs_n * sizeof(*logs));
	w->logs_n = logs_n;
	return ERR_OK;
}

err witness_open(struct db *db, const char *name, const struct private_key *key,
		 const struct note_key *logs, size_t logs_n, struct witness_store **out,
		 struct fault *f)
{
	struct witness_store *w = calloc(1, sizeof(*w));

	if (!w)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the witness", NULL);
	w->db = db;
	w->key = key;
	err e = open_keys(w, name, logs, logs_n, f);

	if (e.code == OK)
		e = prepare(w, f);
	if (e.code != OK) {
		witness_close(w);
		return e;
	}
	*out = w;
	return ERR_OK;
}

void witness_close(struct witness_store *w)
{
	if (!w)
		return;
	if (w->read)
		statement_close(w->read);
	if (w->add)
		statement_close(w->add);
	if (w->move)
		statement_close(w->move);
	free(w->logs);
	free(w);
}

const struct note_key *witness_key(const struct witness_store *w)
{
	return &w->public;
}

/* ---- replies ---- */

static err answer(struct witness_reply *reply, struct arena *a, unsigned status,
		  const char *content_type, struct bytes body, struct fault *f)
{
	struct bytes copy = arena_copy(a, body);

	if (body.n > 0 && !copy.p)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a reply", NULL);
	*reply = (struct witness_reply){status, content_type, copy};
	return ERR_OK;
}

static err answer_text(struct witness_reply *reply, struct arena *a, unsigned status,
		       const char *why, struct fault *f)
{
	const char *line = arena_printf(a, "%s\n", why);

	if (!line)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a reply", NULL);
	return answer(reply, a, status, "text/plain; charset=utf-8", bytes_text(line), f);
}

static err answer_size(struct witness_reply *reply, struct arena *a, uint64_t size, struct fault *f)
{
	char line[24];

	snprintf(line, sizeof(line), "%llu\n", (unsigned long long)size);
	return answer(reply, a, 409, "text/x.tlog.size", bytes_text(line), f);
}

/* ---- what is known of a log ---- */

struct known {
	struct arena *a;
	bool found;
	struct merkle_head head;
	uint64_t at;
	struct bytes note;
	struct fault *f;
};

static err known_row(void *context, const struct value *columns, size_t n)
{
	struct known *k = context;

	if (n != 4 || columns[0].kind != VALUE_INT || columns[0].number < 0 ||
	    columns[1].kind != VALUE_BLOB || columns[1].bytes.n != sizeof(struct hash) ||
	    columns[2].kind != VALUE_INT || columns[2].number < 0 || columns[3].kind != VALUE_TEXT)
		return fail(k->f, "WITNESS_CORRUPT", NULL);
	k->head.size = (uint64_t)columns[0].number;
	memcpy(k->head.root.b, columns[1].bytes.p, sizeof(k->head.root.b));
	k->at = (uint64_t)columns[2].number;
	k->note = arena_copy(k->a, columns[3].bytes);
	k->found = true;
	return k->note.p ? ERR_OK : fail(k->f, "MEMORY_EXHAUSTED", "what", "a checkpoint", NULL);
}

/* A log never seen has the empty tree. */
static err read_known(struct witness_store *w, struct arena *a, struct bytes origin,
		      struct known *out, struct fault *f)
{
	struct value by_origin = value_text(origin);
	struct merkle empty = {0};

	*out = (struct known){.a = a, .f = f, .head = merkle_head(&empty)};
	return db_query(w->db, w->read, &by_origin, known_row, out, NULL, f);
}

/* ---- add-checkpoint ---- */

/* One request on its way. */
struct attempt {
	struct witness_store *w;
	struct arena *a;
	struct witness_request request;
	struct note note;
	struct checkpoint checkpoint;
	uint64_t now_s;
	struct bytes kept; /* the note with the log's own signatures only */
	struct witness_reply *reply;
	struct fault *f;
};

static bool of_origin(const struct note_key *key, struct bytes origin)
{
	return bytes_equal(bytes_text(key->name), origin);
}

/* 404, 403, or 0 when at least one of the log's keys signed and none of them wrongly. */
static unsigned judge_signatures(const struct attempt *t)
{
	bool known = false, signed_once = false, bad = false;

	for (size_t i = 0; i < t->w->logs_n; i++) {
		const struct note_key *key = &t->w->logs[i];

		if (!of_origin(key, t->checkpoint.origin))
			continue;
		known = true;
		enum note_verdict verdict = note_verify(&t->note, key, ed25519_verify, NULL);

		signed_once |= verdict == NOTE_VALID;
		bad |= verdict == NOTE_BAD_SIGNATURE;
	}
	if (!known)
		return 404;
	return signed_once && !bad ? 0 : 403;
}

/* The text and the signatures of the log's own keys: others' lines are not ours to publish. */
static err keep_note(struct attempt *t)
{
	char *buffer = arena_alloc(t->a, NOTE_SIZE_MAX);
	struct writer w = writer_of(buffer, buffer ? NOTE_SIZE_MAX : 0);

	put_bytes(&w, t->note.text);
	put_text(&w, "\n");
	for (size_t i = 0; i < t->note.n; i++) {
		const struct note_signature *s = &t->note.signatures[i];

		for (size_t j = 0; j < t->w->logs_n; j++) {
			const struct note_key *key = &t->w->logs[j];

			if (key->id != s->id || !of_origin(key, s->name) ||
			    !of_origin(key, t->checkpoint.origin))
				continue;
			note_put_signature(&w, key->name, s->id, bytes_of(s->blob, s->blob_n));
			break;
		}
	}
	if (!writer_done(&w, &t->kept))
		return fail(t->f, "MEMORY_EXHAUSTED", "what", "a checkpoint", NULL);
	return ERR_OK;
}

/* The cosignature line of a checkpoint's text. */
static err cosign(struct witness_store *w, struct bytes text, uint64_t time, struct writer *out,
		  struct fault *f)
{
	uint8_t buffer[NOTE_SIZE_MAX + 64], blob[8 + 64];
	struct writer message = writer_of(buffer, sizeof(buffer)), b = writer_of(blob, 8);
	struct bytes to_sign;

	cosignature_put_message(&message, time, text);
	put_u64(&b, time);
	if (!writer_done(&message, &to_sign))
		return fail(f, "WITNESS_CORRUPT", NULL);
	TRY(key_sign(w->key, to_sign, blob + 8, f));
	note_put_signature(out, w->public.name, w->public.id, bytes_of(blob, sizeof(blob)));
	return ERR_OK;
}

/* Checks against what was cosigned last. 0, or the status that refuses. */
static unsigned judge_step(const struct attempt *t, const struct known *known)
{
	struct merkle_head now = t->checkpoint.head;
	bool same_size = now.size == known->head.size;

	if (t->request.old != known->head.size)
		return 409;
	if (same_size && !hash_equal(now.root, known->head.root))
		return known->found ? 409 : 422; /* an empty tree has one root only */
	return merkle_extends(known->head, now, t->request.path, t->request.n) ? 0 : 422;
}

/* Compare and persist in one statement; `*moved` is 0 if someone else was there first. */
static err persist(struct attempt *t, const struct known *known, uint64_t at, int64_t *moved)
{
	const struct merkle_head *now = &t->checkpoint.head;
	struct value row[] = {value_text(t->checkpoint.origin),
			      value_int((int64_t)now->size),
			      value_blob(hash_bytes(&now->root)),
			      value_int((int64_t)at),
			      value_text(t->kept),
			      value_int((int64_t)known->head.size),
			      value_blob(hash_bytes(&known->head.root))};

	return db_query(t->w->db, known->found ? t->w->move : t->w->add, row, NULL, NULL, moved,
			t->f);
}

/* Inside the transaction. `*status` is 0 if the new state waits for the commit. */
static err advance(struct attempt *t, struct known *known, unsigned *status, uint64_t *at)
{
	int64_t moved = 0;

	TRY(read_known(t->w, t->a, t->checkpoint.origin, known, t->f));
	*status = judge_step(t, known);
	if (*status != 0)
		return ERR_OK;
	/* Cosigned times never go back, whatever the clock does. */
	*at = t->now_s > known->at ? t->now_s : known->at;
	TRY(persist(t, known, *at, &moved));
	if (moved == 0)
		*status = 409;
	return ERR_OK;
}

static err answer_refusal(struct attempt *t, unsigned status)
{
	struct known known;

	if (status != 409)
		return answer_text(t->reply, t->a, status, "the consistency proof does not hold",
				   t->f);
	/* Read again: it may have moved since. */
	TRY(read_known(t->w, t->a, t->checkpoint.origin, &known, t->f));
	return answer_size(t->reply, t->a, known.head.size, t->f);
}

static err decide(struct attempt *t)
{
	struct known known;
	unsigned status = 0;
	uint64_t at = 0;
	char line[NOTE_NAME_MAX + 160];
	struct writer w = writer_of(line, sizeof(line));
	struct bytes cosignature;

	TRY(db_begin(t->w->db, t->f));
	err e = advance(t, &known, &status, &at);

	if (e.code != OK || status != 0) {
		db_rollback(t->w->db);
		return e.code != OK ? e : answer_refusal(t, status);
	}
	e = db_commit(t->w->db, t->f);
	if (e.code != OK) {
		db_rollback(t->w->db);
		return e;
	}
	TRY(cosign(t->w, t->note.text, at, &w, t->f));
	if (!writer_done(&w, &cosignature))
		return fail(t->f, "WITNESS_CORRUPT", NULL);
	return answer(t->reply, t->a, 200, "text/plain; charset=utf-8", cosignature, t->f);
}

err witness_add_checkpoint(struct witness_store *w, struct arena *a, struct bytes body,
			   uint64_t now_s, struct witness_reply *reply, struct fault *f)
{
	struct attempt t = {.w = w, .a = a, .now_s = now_s, .reply = reply, .f = f};
	const char *why;
	struct bytes extensions; /* the log's own affair: cosigned with the rest of the text */

	if (!witness_request_parse(body, &t.request, &why) ||
	    !note_parse(t.request.checkpoint, &t.note, &why) ||
	    !checkpoint_parse_extended(t.note.text, &t.checkpoint, &extensions, &why))
		return answer_text(reply, a, 400, why, f);
	unsigned status = judge_signatures(&t);

	if (status != 0)
		return answer_text(reply, a, status,
				   status == 404 ? "this log is not known here"
						 : "the log's signature is missing or wrong",
				   f);
	if (t.checkpoint.head.size > INT64_MAX || t.request.old > t.checkpoint.head.size)
		return answer_text(reply, a, 400, "the old size is larger than the checkpoint's",
				   f);
	TRY(keep_note(&t));
	return decide(&t);
}

/* ---- monitors ---- */

/* The origin whose digest `path` names; NULL if there is none. */
static const char *origin_of(const struct witness_store *w, const char *path)
{
	uint8_t digest[sizeof(struct hash)];

	if (strlen(path) != 2 * sizeof(digest) + strlen("/checkpoint") ||
	    strcmp(path + 2 * sizeof(digest), "/checkpoint") != 0 ||
	    !hex_decode(bytes_of(path, 2 * sizeof(digest)), digest, sizeof(digest)))
		return NULL;
	for (size_t i = 0; i < w->logs_n; i++) {
		struct hash h = sha256(bytes_text(w->logs[i].name));

		if (memcmp(h.b, digest, sizeof(digest)) == 0)
			return w->logs[i].name;
	}
	return NULL;
}

err witness_monitor(struct witness_store *w, struct arena *a, const char *path,
		    struct witness_reply *reply, struct fault *f)
{
	const char *origin = origin_of(w, path), *why;
	struct known known = {0};
	struct note note;
	char *buffer = arena_alloc(a, NOTE_SIZE_MAX + 512);
	struct writer out = writer_of(buffer, buffer ? NOTE_SIZE_MAX + 512 : 0);
	struct bytes whole;

	if (origin)
		TRY(read_known(w, a, bytes_text(origin), &known, f));
	if (!known.found)
		return answer_text(reply, a, 404, "no checkpoint of this log was cosigned here", f);
	if (!note_parse(known.note, &note, &why))
		return fail(f, "WITNESS_CORRUPT", NULL);
	put_bytes(&out, known.note);
	TRY(cosign(w, note.text, known.at, &out, f));
	if (!writer_done(&out, &whole))
		return fail(f, "MEMORY_EXHAUSTED", "what", "a checkpoint", NULL);
	return answer(reply, a, 200, "text/plain; charset=utf-8", whole, f);
}

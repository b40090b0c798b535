/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c — the head of the log: opened, appended to, moved by compare-and-set, published. */
#include "ledger/room.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/entry.h"

const char LEDGER_SCHEMA[] =
	"CREATE TABLE IF NOT EXISTS entry_batch ("
	" first BIGINT PRIMARY KEY NOT NULL, n BIGINT NOT NULL, bytes BLOB NOT NULL);\n"
	"CREATE TABLE IF NOT EXISTS log_head ("
	" one BIGINT PRIMARY KEY NOT NULL, size BIGINT NOT NULL, roots BLOB NOT NULL,"
	" at BIGINT NOT NULL);\n"
	"CREATE TABLE IF NOT EXISTS checkpoint ("
	" size BIGINT PRIMARY KEY NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL);\n";

struct number_text number_text(uint64_t n)
{
	struct number_text out;

	snprintf(out.text, sizeof(out.text), "%llu", (unsigned long long)n);
	return out;
}

struct hash_text hash_text(struct hash h)
{
	struct hash_text out;

	hex_encode(hash_bytes(&h), out.text);
	return out;
}

/* ---- opening ---- */

static const struct parameter head_parameters[] = {
	{"size", VALUE_INT},     {"roots", VALUE_BLOB},     {"at", VALUE_INT},
	{"old_size", VALUE_INT}, {"old_roots", VALUE_BLOB},
};
static const struct parameter batch_parameters[] = {
	{"first", VALUE_INT}, {"n", VALUE_INT}, {"bytes", VALUE_BLOB}};
static const struct parameter range_parameters[] = {{"sequence", VALUE_INT}, {"limit", VALUE_INT}};
static const struct parameter checkpoint_parameters[] = {
	{"size", VALUE_INT}, {"root", VALUE_BLOB}, {"note", VALUE_TEXT}};

/* Where a statement goes in struct ledger, its text and its parameters. */
struct text {
	size_t offset;
	const char *sql;
	const struct parameter *parameters;
	size_t n;
};

static const struct text texts[] = {
	{offsetof(struct ledger, read_head), "SELECT size, roots, at FROM log_head WHERE one = 1",
	 NULL, 0},
	{offsetof(struct ledger, first_head),
	 "INSERT INTO log_head (one, size, roots, at) VALUES (1, :size, :roots, :at)"
	 " ON CONFLICT (one) DO NOTHING",
	 head_parameters, 3},
	{offsetof(struct ledger, move_head),
	 "UPDATE log_head SET size = :size, roots = :roots, at = :at"
	 " WHERE one = 1 AND size = :old_size AND roots = :old_roots",
	 head_parameters, 5},
	{offsetof(struct ledger, add_batch),
	 "INSERT INTO entry_batch (first, n, bytes) VALUES (:first, :n, :bytes)", batch_parameters,
	 3},
	{offsetof(struct ledger, read_batches),
	 "SELECT first, n, bytes FROM entry_batch WHERE first >= coalesce((SELECT max(first)"
	 " FROM entry_batch WHERE first <= :sequence), 0) AND first < :limit ORDER BY first",
	 range_parameters, 2},
	{offsetof(struct ledger, read_checkpoint),
	 "SELECT size, root, note FROM checkpoint ORDER BY size DESC LIMIT 1", NULL, 0},
	{offsetof(struct ledger, first_checkpoint),
	 "INSERT INTO checkpoint (size, root, note) SELECT :size, :root, :note"
	 " WHERE NOT EXISTS (SELECT 1 FROM checkpoint)",
	 checkpoint_parameters, 3},
	{offsetof(struct ledger, move_checkpoint),
	 "UPDATE checkpoint SET size = :size, root = :root, note = :note"
	 " WHERE size < :size OR (size = :size AND root = :root)",
	 checkpoint_parameters, 3},
};

static err prepare(struct ledger *l, struct fault *f)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct statement *s = NULL;

		TRY(db_prepare(l->db, texts[i].sql, texts[i].parameters, texts[i].n, &s, f));
		memcpy((char *)l + texts[i].offset, &s, sizeof(s));
	}
	return ERR_OK;
}

static err name_folder(struct ledger *l, const char *tiles, struct fault *f)
{
	struct timespec now;
	int n = snprintf(l->folder, sizeof(l->folder), "%s", tiles);

	if (n < 0 || (size_t)n >= sizeof(l->folder))
		return fail(f, "TILE_FOLDER_NAME", "path", tiles, NULL);
	/* Two processes, or two threads of one, never write aside under the same name. */
	clock_gettime(CLOCK_BOOTTIME, &now);
	snprintf(l->aside, sizeof(l->aside), ".aside/%ld-%llx-%lx", (long)getpid(),
		 (unsigned long long)(uintptr_t)l, (long)now.tv_sec * 1000000000L + now.tv_nsec);
	return ERR_OK;
}

err ledger_open(struct db *db, const char *tiles, struct ledger **out, struct fault *f)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the ledger", NULL);
	l->db = db;
	edge_init(&l->edge);
	err e = prepare(l, f);

	if (e.code == OK && tiles)
		e = name_folder(l, tiles, f);
	if (e.code == OK)
		e = head_read(l, f);
	if (e.code != OK) {
		ledger_close(l);
		return e;
	}
	*out = l;
	return ERR_OK;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	tiles_close(l);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct statement *s;

		memcpy(&s, (char *)l + texts[i].offset, sizeof(s));
		if (s)
			statement_close(s);
	}
	window_free(&l->pending);
	window_free(&l->window);
	free(l);
}

/* ---- the head ---- */

struct head_row {
	struct ledger *l;
	bool found;
	struct fault *f;
};

static size_t root_count(uint64_t size)
{
	return (size_t)__builtin_popcountll(size);
}

static struct bytes roots_bytes(const struct merkle *tree)
{
	return bytes_of(tree->roots, root_count(tree->size) * sizeof(struct hash));
}

static err head_row(void *context, const struct value *columns, size_t n)
{
	struct head_row *row = context;
	struct merkle *base = &row->l->base;

	if (n != 3 || columns[0].kind != VALUE_INT || columns[1].kind != VALUE_BLOB ||
	    columns[2].kind != VALUE_INT || columns[0].number < 0 || columns[2].number < 0 ||
	    columns[1].bytes.n != root_count((uint64_t)columns[0].number) * sizeof(struct hash))
		return fail(row->f, "LEDGER_HEAD_CORRUPT", NULL);
	base->size = (uint64_t)columns[0].number;
	if (columns[1].bytes.n > 0)
		memcpy(base->roots, columns[1].bytes.p, columns[1].bytes.n);
	row->l->base_at = (uint64_t)columns[2].number;
	row->found = true;
	return ERR_OK;
}

err head_read(struct ledger *l, struct fault *f)
{
	struct head_row row = {.l = l, .f = f};

	TRY(db_query(l->db, l->read_head, NULL, head_row, &row, NULL, f));
	l->has_head = row.found;
	if (!row.found) {
		l->base = (struct merkle){0};
		l->base_at = 0;
	}
	/* What was read inside a transaction that was rolled back is forgotten. */
	if (l->window.first + l->window.n > l->base.size)
		window_clear(&l->window, 0);
	window_clear(&l->pending, l->base.size);
	return ERR_OK;
}

err ledger_begin(struct ledger *l, struct fault *f)
{
	return head_read(l, f);
}

err ledger_head(struct ledger *l, struct merkle_head *out, struct fault *f)
{
	/* The writer's own view already follows its transaction. */
	if (l->pending.n == 0)
		TRY(head_read(l, f));
	*out = merkle_head(&l->base);
	return ERR_OK;
}

err ledger_append(struct ledger *l, struct bytes entry, uint64_t *sequence, struct fault *f)
{
	struct window *w = &l->pending;

	if (entry.n == 0 || entry.n > ENTRY_SIZE_MAX)
		return fail(f, "LEDGER_ENTRY_SIZE", "size", number_text(entry.n).text, "max",
			    number_text(ENTRY_SIZE_MAX).text, NULL);
	if (w->n > 0 && w->starts[w->n] + LENGTH_SIZE + entry.n > PENDING_MAX)
		return fail(f, "LEDGER_BATCH_TOO_LARGE", "max", number_text(PENDING_MAX).text,
			    NULL);
	TRY(window_add(w, entry, f));
	*sequence = w->first + w->n - 1;
	return ERR_OK;
}

uint64_t ledger_next(const struct ledger *l)
{
	return l->base.size + l->pending.n;
}

void ledger_truncate(struct ledger *l, uint64_t size)
{
	assert(size >= l->base.size);
	window_truncate(&l->pending, (size_t)(size - l->base.size));
}

uint64_t ledger_last_at(const struct ledger *l)
{
	return l->base_at;
}

/* ---- storing ---- */

/* Queues the pending entries as rows of at most BATCH_ROW_MAX bytes. */
static err queue_batches(struct ledger *l, struct fault *f)
{
	const struct window *w = &l->pending;

	for (size_t from = 0, to; from < w->n; from = to) {
		for (to = from + 1; to < w->n; to++) {
			if (w->starts[to + 1] - w->starts[from] > BATCH_ROW_MAX)
				break;
		}
		struct value row[] = {value_int((int64_t)(w->first + from)),
				      value_int((int64_t)(to - from)),
				      value_blob(window_slice(w, from, to))};

		TRY(db_queue(l->db, l->add_batch, row, NULL, NULL, NULL, f));
	}
	return ERR_OK;
}

/* Queues the move of the head and the rows. The head goes first: on PostgreSQL its row lock makes
 * a second writer wait there, and find the head moved, before it meets our rows. */
static err queue_all(struct ledger *l, const struct merkle *now, uint64_t at, int64_t *moved,
		     struct fault *f)
{
	struct value head[] = {value_int((int64_t)now->size), value_blob(roots_bytes(now)),
			       value_int((int64_t)at), value_int((int64_t)l->base.size),
			       value_blob(roots_bytes(&l->base))};

	TRY(db_queue(l->db, l->has_head ? l->move_head : l->first_head, head, NULL, NULL, moved,
		     f));
	TRY(queue_batches(l, f));
	return db_flush(l->db, f);
}

err ledger_store(struct ledger *l, uint64_t at, struct fault *f)
{
	struct window *w = &l->pending;
	struct merkle now = l->base;
	int64_t moved = -1;

	if (w->n == 0)
		return ERR_OK;
	if (at < l->base_at || at > INT64_MAX)
		return fail(f, "LEDGER_TIME_BACKWARDS", "at", number_text(at).text, "last",
			    number_text(l->base_at).text, NULL);
	for (size_t i = 0; i < w->n; i++)
		merkle_append(&now, merkle_leaf(window_entry(w, w->first + i)));
	err e = queue_all(l, &now, at, &moved, f);

	if (moved == 0)
		return fail(f, "LOG_HEAD_MOVED", "size", number_text(l->base.size).text, NULL);
	TRY(e);
	l->base = now;
	l->base_at = at;
	l->has_head = true;
	window_clear(w, now.size);
	return ERR_OK;
}

/* ---- checkpoints ---- */

/* The note must be a checkpoint of exactly this head. */
static err check_note(struct merkle_head head, struct bytes text, struct fault *f)
{
	struct note note;
	struct checkpoint checkpoint;
	const char *why = "it names another tree";

	if (!note_parse(text, &note, &why) || !checkpoint_parse(note.text, &checkpoint, &why) ||
	    checkpoint.head.size != head.size || !hash_equal(checkpoint.head.root, head.root))
		return fail(f, "LEDGER_CHECKPOINT_WRONG", "size", number_text(head.size).text,
			    "why", why, NULL);
	return ERR_OK;
}

struct checkpoint_row {
	struct arena *a;
	struct bytes *note;
	struct merkle_head *head;
	struct fault *f;
};

static err checkpoint_row(void *context, const struct value *columns, size_t n)
{
	struct checkpoint_row *row = context;

	if (n != 3 || columns[0].kind != VALUE_INT || columns[0].number < 0 ||
	    columns[1].kind != VALUE_BLOB || columns[1].bytes.n != sizeof(struct hash) ||
	    columns[2].kind != VALUE_TEXT || columns[2].bytes.n == 0)
		return fail(row->f, "LEDGER_HEAD_CORRUPT", NULL);
	row->head->size = (uint64_t)columns[0].number;
	memcpy(row->head->root.b, columns[1].bytes.p, sizeof(row->head->root.b));
	*row->note = arena_copy(row->a, columns[2].bytes);
	if (!row->note->p)
		return fail(row->f, "MEMORY_EXHAUSTED", "what", "a checkpoint", NULL);
	return ERR_OK;
}

err ledger_checkpoint(struct ledger *l, struct arena *a, struct bytes *note,
		      struct merkle_head *head, struct fault *f)
{
	struct bytes found = {0};
	struct merkle_head of = {0};
	struct checkpoint_row row = {.a = a, .note = &found, .head = &of, .f = f};

	TRY(db_query(l->db, l->read_checkpoint, NULL, checkpoint_row, &row, NULL, f));
	*note = found;
	*head = of;
	return ERR_OK;
}

/* Why the stored checkpoint did not give way: a newer one is fine, another tree is not. */
static err explain_kept(struct ledger *l, struct merkle_head head, struct fault *f)
{
	struct arena a = {0};
	struct bytes note;
	struct merkle_head kept;
	err e = ledger_checkpoint(l, &a, &note, &kept, f);

	arena_done(&a);
	TRY(e);
	if (kept.size > head.size)
		return ERR_OK;
	return fail(f, "LEDGER_FORK", "size", number_text(head.size).text, "kept",
		    hash_text(kept.root).text, "new", hash_text(head.root).text, NULL);
}

err ledger_publish(struct ledger *l, struct merkle_head head, struct bytes note, struct fault *f)
{
	struct value row[] = {value_int((int64_t)head.size), value_blob(hash_bytes(&head.root)),
			      value_text(note)};
	int64_t changed = 0;

	TRY(check_note(head, note, f));
	TRY(db_query(l->db, l->move_checkpoint, row, NULL, NULL, &changed, f));
	if (changed == 0)
		TRY(db_query(l->db, l->first_checkpoint, row, NULL, NULL, &changed, f));
	if (changed == 0)
		return explain_kept(l, head, f);
	if (!l->folder[0])
		return ERR_OK;
	return l->holds ? tiles_hold_checkpoint(l, note, f)
			: tile_file_write(l, "checkpoint", note, f);
}

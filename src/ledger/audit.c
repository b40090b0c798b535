/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c — the tree of a log from the checkpoint's root down, and its entries in order. Tiles are
 * trusted only once the level above has vouched for them, so that what is named is what is wrong. */
#include "ledger/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/audit_history.h"
#include "ledger/room.h"

enum { BUNDLE_SIZE_MAX = TILE_WIDTH * (LENGTH_SIZE + UINT16_MAX), ARENA_MAX = 40 << 20 };

/* ---- an audit on its way ---- */

struct audit {
	struct audit_source source;
	const struct audit_options *options;
	struct audit_report *report;
	struct arena arena; /* one checkpoint, tile or bundle */
	char origin[NOTE_NAME_MAX + 1];
	struct merkle_head head, since;
	bool has_since;
	struct edge edge;              /* the partial tiles; the root vouches for them */
	struct tile full[TILE_LEVELS]; /* the full tile in use per level; n is 0 at first */
	struct merkle tree;            /* of the entries so far */
	struct history history;
	struct fault *f;
};

static void path_put(enum tile_kind kind, unsigned level, uint64_t index, unsigned width,
		     char out[static TILE_PATH_SIZE])
{
	struct tile_name name = {kind, level, index, width};

	tile_name_put(name, out);
}

static err fetch(struct audit *t, const char *path, size_t max, struct bytes *out)
{
	arena_reset(&t->arena);
	err e = t->source.fetch(t->source.context, &t->arena, path, max, out, t->f);

	if (e.code == ERR_NOT_FOUND)
		(void)fail(t->f, "AUDIT_FILE_MISSING", "path", path, NULL);
	return e;
}

/* A tile that is partial in this tree: the full one will do, since a log may drop the partial one
 * once it is full. `*held` is the width of what was found, `path` its name. */
static err fetch_wide(struct audit *t, struct tile_name name, size_t max, struct bytes *out,
		      unsigned *held, char path[static TILE_PATH_SIZE])
{
	struct fault missing;
	char full[TILE_PATH_SIZE];

	t->report->tiles++;
	*held = name.width;
	tile_name_put(name, path);
	err e = fetch(t, path, max, out);

	if (e.code != ERR_NOT_FOUND || name.width == TILE_WIDTH)
		return e;
	if (t->f)
		missing = *t->f;
	path_put(name.kind, name.level, name.index, TILE_WIDTH, full);
	err again = fetch(t, full, max, out);

	if (again.code == OK) {
		memcpy(path, full, sizeof(full));
		*held = TILE_WIDTH;
		return ERR_OK;
	}
	/* The partial tile is the one that is missed. */
	if (t->f && again.code == ERR_NOT_FOUND)
		*t->f = missing;
	return again;
}

static err fail_expected(struct fault *f, const char *id, const char *path, struct hash expected,
			 struct hash found)
{
	return fail(f, id, "path", path, "expected", hash_text(expected).text, "found",
		    hash_text(found).text, NULL);
}

/* ---- hash tiles ---- */

static err load_tile(struct audit *t, unsigned level, uint64_t index, struct tile *out)
{
	unsigned width = tile_width(level, index, t->head.size), held;
	struct tile_name name = {TILE_HASHES, level, index, width};
	char path[TILE_PATH_SIZE];
	struct bytes content;
	struct hash h;

	TRY(fetch_wide(t, name, TILE_SIZE + 1, &content, &held, path));
	if (content.n != held * sizeof(h))
		return fail(t->f, "AUDIT_TILE_SIZE", "path", path, "expected",
			    number_text(held * sizeof(h)).text, "found",
			    number_text(content.n).text, NULL);
	tile_init(out, level, index);
	for (unsigned i = 0; i < width; i++) {
		memcpy(h.b, content.p + i * sizeof(h), sizeof(h));
		tile_push(out, h);
	}
	return ERR_OK;
}

/* A full tile's root must be what the tile above it says. */
static err check_full(struct audit *t, const struct tile *full, const struct tile *above)
{
	struct hash expected = *tile_node(above, 0, (unsigned)(full->index % TILE_WIDTH));
	struct hash found = tile_root(full);
	char path[TILE_PATH_SIZE];

	if (hash_equal(expected, found))
		return ERR_OK;
	path_put(TILE_HASHES, full->level, full->index, TILE_WIDTH, path);
	return fail_expected(t->f, "AUDIT_TILE_MISMATCH", path, expected, found);
}

/* The tile at a place, vouched for from the root down. */
static err trusted_tile(struct audit *t, unsigned level, uint64_t index, const struct tile **out)
{
	const struct tile *above;

	if (t->edge.tile[level].index == index) {
		*out = &t->edge.tile[level];
		return ERR_OK;
	}
	struct tile *full = &t->full[level];

	if (full->n == 0 || full->index != index) {
		TRY(trusted_tile(t, level + 1, index / TILE_WIDTH, &above));
		full->n = 0;
		TRY(load_tile(t, level, index, full));
		TRY(check_full(t, full, above));
	}
	*out = full;
	return ERR_OK;
}

/* The partial tiles of all levels; together they give the root. */
static err load_edge(struct audit *t)
{
	edge_init(&t->edge);
	t->edge.size = t->head.size;
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		uint64_t index = (t->head.size >> (TILE_HEIGHT * level)) / TILE_WIDTH;

		tile_init(&t->edge.tile[level], level, index);
		if (tile_width(level, index, t->head.size) > 0)
			TRY(load_tile(t, level, index, &t->edge.tile[level]));
	}
	return ERR_OK;
}

/* ---- entries ---- */

static err fail_bundle(struct audit *t, const char *path, const char *why)
{
	return fail(t->f, "AUDIT_BUNDLE_MALFORMED", "path", path, "why", why, NULL);
}

static err check_since(struct audit *t)
{
	if (!t->has_since || t->tree.size != t->since.size)
		return ERR_OK;
	struct merkle_head then = merkle_head(&t->tree);

	if (hash_equal(then.root, t->since.root))
		return ERR_OK;
	return fail(t->f, "AUDIT_SINCE_MISMATCH", "size", number_text(t->since.size).text,
		    "expected", hash_text(t->since.root).text, "found", hash_text(then.root).text,
		    NULL);
}

static err check_leaf(struct audit *t, const char *path, const struct tile *tile, uint64_t sequence,
		      struct hash leaf)
{
	struct hash expected = *tile_node(tile, 0, (unsigned)(sequence % TILE_WIDTH));

	if (hash_equal(expected, leaf))
		return ERR_OK;
	return fail(t->f, "AUDIT_LEAF_MISMATCH", "entry", number_text(sequence).text, "path", path,
		    "expected", hash_text(expected).text, "found", hash_text(leaf).text, NULL);
}

static err check_entry(struct audit *t, uint64_t sequence, struct bytes bytes)
{
	const struct audit_options *o = t->options;
	struct entry entry;
	const char *why;

	if (!entry_parse(bytes, &entry, &why))
		return fail(t->f, "AUDIT_ENTRY_MALFORMED", "entry", number_text(sequence).text,
			    "why", why, NULL);
	TRY(history_check(&t->history, &t->tree, &entry, t->report, t->f));
	if (o->entry)
		TRY(o->entry(o->entry_context, sequence, bytes, &entry, t->f));
	return ERR_OK;
}

/* `each` entry of one bundle: its hash against the tile, and, unless `hashes_only`, itself. */
static err check_bundle(struct audit *t, uint64_t index, const struct tile *tile, bool hashes_only)
{
	struct tile_name name = {TILE_ENTRIES, 0, index, tile->n};
	char path[TILE_PATH_SIZE];
	struct bytes content;
	unsigned held;

	TRY(fetch_wide(t, name, BUNDLE_SIZE_MAX, &content, &held, path));
	struct reader r = reader_of(content);

	for (unsigned i = 0; i < held; i++) {
		struct bytes entry = get_bytes(&r, get_u16(&r));
		uint64_t sequence = index * TILE_WIDTH + i;

		if (r.why)
			return fail_bundle(t, path, "it ends too early");
		if (i >= tile->n)
			continue;
		struct hash leaf = merkle_leaf(entry);

		TRY(check_leaf(t, path, tile, sequence, leaf));
		if (hashes_only)
			continue;
		TRY(check_entry(t, sequence, entry));
		merkle_append(&t->tree, leaf);
		TRY(check_since(t));
	}
	return reader_end(&r) ? ERR_OK : fail_bundle(t, path, "bytes follow its last entry");
}

/* The partial tiles do not give the signed root: find which of them is wrong. */
static err blame_edge(struct audit *t, struct hash found)
{
	const struct tile *low = &t->edge.tile[0];

	for (unsigned level = TILE_LEVELS - 1; level > 0; level--) {
		const struct tile *above = &t->edge.tile[level];

		for (unsigned i = 0; i < above->n; i++) {
			struct tile *full = &t->full[level - 1];

			TRY(load_tile(t, level - 1, above->index * TILE_WIDTH + i, full));
			TRY(check_full(t, full, above));
		}
	}
	if (low->n > 0)
		TRY(check_bundle(t, low->index, low, true));
	return fail(t->f, "AUDIT_ROOT_MISMATCH", "size", number_text(t->head.size).text, "expected",
		    hash_text(t->head.root).text, "found", hash_text(found).text, NULL);
}

static err check_entries(struct audit *t)
{
	const struct audit_options *o = t->options;
	uint64_t bundles = t->head.size / TILE_WIDTH + (t->head.size % TILE_WIDTH != 0);
	const struct tile *tile;

	for (uint64_t i = 0; i < bundles; i++) {
		TRY(trusted_tile(t, 0, i, &tile));
		TRY(check_bundle(t, i, tile, false));
		if (o->progress)
			o->progress(o->progress_context, t->tree.size, t->head.size);
	}
	return history_end(&t->history, t->f);
}

/* ---- the checkpoint ---- */

static err parse_checkpoint(struct audit *t, const char *what, struct bytes text, struct note *note,
			    struct checkpoint *out)
{
	const char *why;

	if (!note_parse(text, note, &why) || !checkpoint_parse(note->text, out, &why))
		return fail(t->f, "AUDIT_CHECKPOINT_MALFORMED", "path", what, "why", why, NULL);
	if (!bytes_equal(out->origin, bytes_text(t->origin))) {
		char found[FAULT_VALUE_SIZE];

		snprintf(found, sizeof(found), "%.*s", (int)out->origin.n,
			 (const char *)out->origin.p);
		return fail(t->f, "AUDIT_ORIGIN", "path", what, "expected", t->origin, "found",
			    found, NULL);
	}
	switch (note_verify(note, &t->options->key, t->options->verify, NULL)) {
	case NOTE_VALID:
		return ERR_OK;
	case NOTE_BAD_SIGNATURE:
		return fail(t->f, "AUDIT_CHECKPOINT_SIGNATURE", "path", what, NULL);
	case NOTE_UNSIGNED:
	default:
		return fail(t->f, "AUDIT_CHECKPOINT_UNSIGNED", "path", what, "key", t->origin,
			    NULL);
	}
}

/* One key given twice counts once. */
static bool seen_before(const struct audit_options *o, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (memcmp(o->witnesses[j].public_key, o->witnesses[i].public_key, 32) == 0)
			return true;
	}
	return false;
}

static err check_witnesses(struct audit *t, const struct note *note)
{
	const struct audit_options *o = t->options;

	for (size_t i = 0; i < o->witnesses_n; i++) {
		enum note_verdict verdict = note_verify(note, &o->witnesses[i], o->verify, NULL);

		if (verdict == NOTE_BAD_SIGNATURE)
			return fail(t->f, "AUDIT_WITNESS_SIGNATURE", "key", o->witnesses[i].name,
				    NULL);
		if (verdict == NOTE_VALID && !seen_before(o, i))
			t->report->witnesses++;
	}
	if (t->report->witnesses < o->witnesses_needed)
		return fail(t->f, "AUDIT_WITNESSES", "expected",
			    number_text(o->witnesses_needed).text, "found",
			    number_text(t->report->witnesses).text, NULL);
	return ERR_OK;
}

static err read_heads(struct audit *t)
{
	struct note note;
	struct checkpoint checkpoint;
	struct bytes text;

	TRY(fetch(t, "checkpoint", NOTE_SIZE_MAX, &text));
	TRY(parse_checkpoint(t, "checkpoint", text, &note, &checkpoint));
	TRY(check_witnesses(t, &note));
	t->head = t->report->head = checkpoint.head;
	if (t->options->since.n == 0)
		return ERR_OK;
	TRY(parse_checkpoint(t, "the older checkpoint", t->options->since, &note, &checkpoint));
	t->since = checkpoint.head;
	t->has_since = true;
	if (t->since.size > t->head.size)
		return fail(t->f, "AUDIT_ROLLED_BACK", "expected", number_text(t->since.size).text,
			    "found", number_text(t->head.size).text, NULL);
	return ERR_OK;
}

static err run(struct audit *t)
{
	TRY(read_heads(t));
	TRY(check_since(t));
	if (t->head.size > INT64_MAX)
		return fail(t->f, "AUDIT_CHECKPOINT_MALFORMED", "path", "checkpoint", "why",
			    "its size is impossible", NULL);
	TRY(load_edge(t));
	struct merkle_head found = edge_head(&t->edge);

	if (!hash_equal(found.root, t->head.root))
		return blame_edge(t, found.root);
	return check_entries(t);
}

err audit_run(struct audit_source source, const struct audit_options *options,
	      struct audit_report *report, struct fault *f)
{
	struct audit *t = calloc(1, sizeof(*t));

	*report = (struct audit_report){0};
	if (!t)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the audit", NULL);
	t->source = source;
	t->options = options;
	t->report = report;
	t->arena.limit = ARENA_MAX;
	t->f = f;
	snprintf(t->origin, sizeof(t->origin), "%s", options->key.name);
	t->history.name = t->origin;
	err e = run(t);

	history_done(&t->history);
	arena_done(&t->arena);
	free(t);
	return e;
}

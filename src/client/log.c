/* SPDX-License-Identifier: Apache-2.0 */
#include "client/log.h"

#include "core/entry.h"
#include "core/merkle.h"
#include "ledger/tile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ENTRIES_MAX_SIZE = TILE_WIDTH * (ENTRY_SIZE_MAX + 2) };

err client_checkpoint(struct client *c, struct arena *a, struct bytes *note,
		      struct merkle_head *head, struct fault *f)
{
	const struct note_key *log = client_configuration(c)->log;
	struct note parsed;
	struct checkpoint checkpoint;
	const char *why;

	TRY(client_get(c, a, "/log/checkpoint", "text/plain", NOTE_SIZE_MAX, note, f));
	if (!note_parse(*note, &parsed, &why) || !checkpoint_parse(parsed.text, &checkpoint, &why))
		return fail(f, "CHECKPOINT_WRONG", "detail", why, NULL);
	if (log != NULL && (!bytes_equal(checkpoint.origin, bytes_text(log->name)) ||
			    note_verify(&parsed, log, ed25519_verify, NULL) != NOTE_VALID))
		return fail(f, "CHECKPOINT_WRONG", "detail", "it is not signed by the log's key",
			    NULL);
	*head = checkpoint.head;
	return ERR_OK;
}

/* ---- resources ---- */

static err fetch(void *context, struct arena *a, const char *path, size_t max, struct bytes *out,
		 struct fault *f)
{
	char full[128];
	int n = snprintf(full, sizeof full, "/log/%s", path);

	if (n < 0 || (size_t)n >= sizeof full)
		return fail(f, "CLIENT_PATH_TOO_LONG", NULL);
	return client_get(context, a, full, NULL, max, out, f);
}

struct audit_source client_audit_source(struct client *c)
{
	return (struct audit_source){fetch, c};
}

err client_entry(struct client *c, struct arena *a, uint64_t sequence, struct bytes *entry,
		 struct fault *f)
{
	struct tile_name name = {.kind = TILE_ENTRIES, .index = sequence / TILE_WIDTH};
	char path[TILE_PATH_SIZE], number[24];
	struct merkle_head head;
	struct bytes bundle;

	snprintf(number, sizeof number, "%" PRIu64, sequence);
	TRY(client_checkpoint(c, a, &bundle, &head, f));
	if (sequence >= head.size)
		return fail(f, "ENTRY_NOT_THERE", "sequence", number, NULL);
	name.width = tile_width(0, name.index, head.size);
	tile_name_put(name, path);
	TRY(fetch(c, a, path, ENTRIES_MAX_SIZE, &bundle, f));
	struct reader r = reader_of(bundle);
	for (uint64_t i = 0; i <= sequence % TILE_WIDTH; i++)
		*entry = get_bytes(&r, get_u16(&r));
	return r.why == NULL ? ERR_OK : fail(f, "CLIENT_REPLY_BAD", "path", path, NULL);
}

/* ---- proofs from hash tiles ---- */

struct tiles {
	struct client *client;
	struct arena arena;
	uint64_t size;
	struct tile tile; /* the last one read */
	bool read;
	err result;
	struct fault *fault;
};

static bool read_tile(struct tiles *t, unsigned level, uint64_t index)
{
	struct tile_name name = {TILE_HASHES, level, index, tile_width(level, index, t->size)};
	char path[TILE_PATH_SIZE];
	struct bytes bytes;

	if (t->read && t->tile.level == level && t->tile.index == index)
		return true;
	tile_name_put(name, path);
	t->result = fetch(t->client, &t->arena, path, TILE_SIZE, &bytes, t->fault);
	if (t->result.code != OK || bytes.n != name.width * sizeof(struct hash))
		return false;
	tile_init(&t->tile, level, index);
	for (size_t i = 0; i < name.width; i++) {
		struct hash h;
		memcpy(h.b, bytes.p + i * sizeof h, sizeof h);
		tile_push(&t->tile, h);
	}
	t->read = true;
	return true;
}

static bool fetch_node(void *context, struct merkle_place place, struct hash *out)
{
	struct tiles *t = context;
	unsigned level = place.level / TILE_HEIGHT, height = place.level % TILE_HEIGHT;
	unsigned wide = TILE_WIDTH >> height;

	if (!read_tile(t, level, place.index / wide))
		return false;
	const struct hash *node = tile_node(&t->tile, height, (unsigned)(place.index % wide));
	if (node == NULL)
		return false;
	*out = *node;
	return true;
}

err client_consistency(struct client *c, uint64_t old, uint64_t size, struct hash *path, size_t *n,
		       struct fault *f)
{
	struct tiles t = {.client = c, .size = size, .fault = f, .result = {OK}};
	bool good = merkle_consistency_path(old, size, fetch_node, &t, path, n);

	arena_done(&t.arena);
	if (t.result.code != OK)
		return t.result;
	return good ? ERR_OK : fail(f, "CLIENT_REPLY_BAD", "path", "/log/tile", NULL);
}

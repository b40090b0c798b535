/* SPDX-License-Identifier: Apache-2.0 */
/* background.c — housekeeping that nobody waits for: the write-ahead log is moved into the
 * database, blobs that records name are marked as kept, what expired is deleted. */
#include "base/log.h"
#include "server/server_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	TICK_S = 5,
	HOUR_MS = 3600 * 1000,
	ENTRIES_AT_ONCE = 2000, /* looked through before the position is written down */
	RECEIPTS_KEPT = 1000000,
};

struct background {
	struct server *server;
	struct db *db; /* for checkpoints of the write-ahead log */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping;
	uint64_t swept_ms; /* steady; 0: never */
	uint64_t position; /* entries before it have been looked through for blobs */
};

static bool is_stopping(struct background *b)
{
	(void)pthread_mutex_lock(&b->lock);
	bool stopping = b->stopping;
	(void)pthread_mutex_unlock(&b->lock);
	return stopping;
}

/* ---- blobs that records name ---- */

static err keep_blob(struct blob_store *store, struct hash digest, uint64_t sequence,
		     struct fault *f)
{
	struct blob_info info;
	err result = blob_find(store, digest, &info, f);

	/* Most digests name no blob. */
	if (result.code == ERR_NOT_FOUND || (result.code == OK && info.is_referenced))
		return ERR_OK;
	TRY(result);
	result = blob_reference(store, digest, sequence, f);
	return result.code == ERR_IO || result.code == ERR_MEMORY ? result : ERR_OK;
}

static err keep_named(struct blob_store *store, const struct field *fields, const struct body *body,
		      uint64_t sequence, struct fault *f)
{
	for (size_t i = 0; fields[i].name != NULL; i++) {
		if ((body->present & (UINT64_C(1) << i)) == 0)
			continue;
		if (fields[i].kind == FIELD_HASH) {
			struct hash digest;
			memcpy(&digest, (const uint8_t *)body->p + fields[i].offset, sizeof digest);
			TRY(keep_blob(store, digest, sequence, f));
		} else if (fields[i].kind == FIELD_LIST) {
			const struct list *list = body_list(&fields[i], body);
			for (size_t k = 0; k < list->n; k++) {
				struct body element = list_element(&fields[i], body, k);
				TRY(keep_named(store, fields[i].sub, &element, sequence, f));
			}
		}
	}
	return ERR_OK;
}

static err keep_of_entry(struct server *s, struct reader_session *r, struct blob_store *store,
			 struct arena *a, uint64_t sequence, struct fault *f)
{
	struct entry *entry = arena_alloc(a, sizeof *entry);
	struct bytes bytes;
	struct body body;
	const char *why;

	if (entry == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(ledger_entry(reader_ledger(r), a, sequence, &bytes, f));
	if (!entry_parse(bytes, entry, &why))
		return fail(f, "ENTRY_BAD", "detail", why, NULL);
	const struct compiled_type *t =
		registry_type(engine_registry(s->engine), entry->claim.type);
	if (t == NULL) /* of an area that this server does not have */
		return ERR_OK;
	TRY(body_from_cbor(a, t->type->fields, t->type->size, entry->claim.body, &body, f));
	return keep_named(store, t->type->fields, &body, sequence, f);
}

static err keep_some(struct background *b, struct blob_store *store, uint64_t end, struct fault *f)
{
	struct arena arena = {0};
	struct reader_session *r;
	uint64_t at = b->position;
	err result = reader_take(b->server->engine, &r, f);

	if (result.code != OK)
		return result;
	while (at < end && result.code == OK) {
		arena_reset(&arena);
		result = keep_of_entry(b->server, r, store, &arena, at, f);
		at += result.code == OK;
	}
	reader_give(r);
	arena_done(&arena);
	TRY(result);
	TRY(references_write(b->server->operational, at, f));
	b->position = at;
	return ERR_OK;
}

static err keep_blobs(struct background *b, struct fault *f)
{
	struct engine_state state;
	struct blob_store *store;

	engine_state_read(b->server->engine, &state);
	while (b->position < state.certified && !is_stopping(b)) {
		uint64_t end = state.certified - b->position > ENTRIES_AT_ONCE
				       ? b->position + ENTRIES_AT_ONCE
				       : state.certified;
		TRY(blob_pool_take(b->server->blobs, &store, f));
		err result = keep_some(b, store, end, f);
		blob_pool_give(b->server->blobs, store);
		TRY(result);
	}
	return ERR_OK;
}

/* ---- once an hour ---- */

static err sweep(struct background *b, struct fault *f)
{
	struct server *s = b->server;
	struct blob_store *store;
	struct blob_swept swept;

	TRY(operational_expire(s->operational,
			       b->position > RECEIPTS_KEPT ? b->position - RECEIPTS_KEPT : 0, f));
	TRY(blob_pool_take(s->blobs, &store, f));
	err result = blob_sweep(store, server_now(s), &swept, f);
	blob_pool_give(s->blobs, store);
	return result;
}

static void report(const char *event, err result, const struct fault *f)
{
	if (result.code != OK)
		log_fault(LOG_WARNING_LEVEL, event, f);
}

static void tick(struct background *b)
{
	uint64_t now = clock_steady_ms(&clock_system);
	struct fault f = {0};
	err kept = keep_blobs(b, &f);

	report("blobs_not_marked", kept, &f);
	report("checkpoint_failed", db_checkpoint(b->db, &f), &f);
	/* Never before everything that a record names is marked. */
	if (kept.code != OK || (b->swept_ms != 0 && now - b->swept_ms < HOUR_MS))
		return;
	b->swept_ms = now;
	report("sweep_failed", sweep(b, &f), &f);
}

static bool wait_a_while(struct background *b)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TICK_S;
	(void)pthread_mutex_lock(&b->lock);
	while (!b->stopping)
		if (pthread_cond_timedwait(&b->changed, &b->lock, &until) != 0)
			break;
	bool go_on = !b->stopping;
	(void)pthread_mutex_unlock(&b->lock);
	return go_on;
}

static void *background_main(void *context)
{
	struct background *b = context;

	do
		tick(b);
	while (wait_a_while(b));
	return NULL;
}

err background_start(struct server *s, struct background **out, struct fault *f)
{
	struct background *b = calloc(1, sizeof *b);
	pthread_condattr_t attributes;

	if (b == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	b->server = s;
	(void)pthread_mutex_init(&b->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&b->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	err result = references_read(s->operational, &b->position, f);
	if (result.code == OK)
		result = db_open(s->config.store, &b->db, f);
	if (result.code == OK && pthread_create(&b->thread, NULL, background_main, b) != 0)
		result = fail(f, "OUT_OF_MEMORY", NULL);
	if (result.code != OK) {
		db_close(b->db);
		free(b);
		return result;
	}
	*out = b;
	return ERR_OK;
}

void background_stop(struct background *b)
{
	if (b == NULL)
		return;
	(void)pthread_mutex_lock(&b->lock);
	b->stopping = true;
	(void)pthread_cond_signal(&b->changed);
	(void)pthread_mutex_unlock(&b->lock);
	(void)pthread_join(b->thread, NULL);
	db_close(b->db);
	(void)pthread_cond_destroy(&b->changed);
	(void)pthread_mutex_destroy(&b->lock);
	free(b);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* background.c — housekeeping that nobody waits for: the write-ahead log is moved into the
 * database, and what expired is deleted. */
#include "base/bell.h"
#include "base/log.h"
#include "server/server_internal.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	TICK_MS = 5000,
	HOUR_MS = 3600 * 1000,
	RECEIPTS_KEPT = 1000000,
};

struct background {
	struct server *server;
	struct db *db; /* for checkpoints of the write-ahead log */
	pthread_t thread;
	struct bell bell;
	uint64_t swept_ms; /* steady; 0: never */
};

/* ---- once an hour ---- */

static err sweep(struct background *b, struct fault *f)
{
	struct server *s = b->server;
	struct blob_store *store;
	struct blob_swept swept;
	struct engine_state state;

	engine_state_read(s->engine, &state);
	uint64_t before = state.certified > RECEIPTS_KEPT ? state.certified - RECEIPTS_KEPT : 0;
	TRY(operational_expire(s->operational, before, f));
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

	report("checkpoint_failed", db_checkpoint(b->db, &f), &f);
	if (b->swept_ms != 0 && now - b->swept_ms < HOUR_MS)
		return;
	b->swept_ms = now;
	report("sweep_failed", sweep(b, &f), &f);
}

static void *background_main(void *context)
{
	struct background *b = context;

	do
		tick(b);
	while (bell_wait(&b->bell, TICK_MS));
	return NULL;
}

err background_start(struct server *s, struct background **out, struct fault *f)
{
	struct background *b = calloc(1, sizeof *b);

	if (b == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	b->server = s;
	bell_open(&b->bell);
	err result = db_open(s->config.store, &b->db, f);
	if (result.code == OK && pthread_create(&b->thread, NULL, background_main, b) != 0)
		result = fail(f, "OUT_OF_MEMORY", NULL);
	if (result.code != OK) {
		db_close(b->db);
		bell_close(&b->bell);
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
	bell_end(&b->bell);
	(void)pthread_join(b->thread, NULL);
	db_close(b->db);
	bell_close(&b->bell);
	free(b);
}

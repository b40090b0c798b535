/* SPDX-License-Identifier: Apache-2.0 */
#include "server/genealogy.h"

#include "base/bell.h"
#include "base/log.h"
#include "server/genealogy_feed.h"
#include "server/server_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_MS = 2000, AGAIN_FIRST_MS = 500, AGAIN_LAST_MS = 600000, LOOK_MS = 60000 };

struct genealogy {
	struct server *server;
	pthread_t thread;
	struct bell bell; /* something was recorded, or it is to end */
	pthread_mutex_t lock;
	pthread_cond_t moved;
	/* Under the lock. A graph is taken off only when nobody reads in it. */
	struct graph *graph; /* NULL: not loaded */
	uint64_t known;
	unsigned readers;
	bool failing; /* it does not move now: nobody waits for it */
	/* The thread's own. */
	struct db *db;
	struct ledger *ledger;
	struct graph *loading;
	struct genealogy_feed *feed;
	uint64_t next; /* the first record that has not been looked at */
	uint64_t again_ms;
};

/* ---- the thread ---- */

static void forget(struct genealogy *g)
{
	(void)pthread_mutex_lock(&g->lock);
	g->graph = NULL;
	while (g->readers > 0)
		(void)pthread_cond_wait(&g->moved, &g->lock);
	(void)pthread_mutex_unlock(&g->lock);
	feed_close(g->feed);
	graph_close(g->loading);
	ledger_close(g->ledger);
	db_close(g->db);
	g->feed = NULL;
	g->loading = NULL;
	g->ledger = NULL;
	g->db = NULL;
}

static void show(struct genealogy *g)
{
	(void)pthread_mutex_lock(&g->lock);
	g->graph = g->loading;
	g->known = g->next;
	g->failing = false;
	(void)pthread_cond_broadcast(&g->moved);
	(void)pthread_mutex_unlock(&g->lock);
}

static bool is_ending(void *context)
{
	struct genealogy *g = context;

	return bell_ending(&g->bell);
}

static void log_loaded(const struct graph *graph, uint64_t began_ms)
{
	struct graph_size size = graph_size(graph);
	char nodes[24], edges[24], bytes[24], ms[24];

	snprintf(nodes, sizeof nodes, "%" PRIu64, size.nodes);
	snprintf(edges, sizeof edges, "%" PRIu64, size.edges);
	snprintf(bytes, sizeof bytes, "%" PRIu64, size.bytes);
	snprintf(ms, sizeof ms, "%" PRIu64, clock_steady_ms(&clock_system) - began_ms);
	log_event(LOG_INFO_LEVEL, "genealogy_loaded", "nodes", nodes, "edges", edges, "bytes",
		  bytes, "ms", ms, NULL);
}

/* What is recorded while it loads is looked at again afterwards: the size of the log is read first. */
static err load(struct genealogy *g, struct fault *f)
{
	uint64_t began = clock_steady_ms(&clock_system);
	struct merkle_head head;

	TRY(db_open_reader(g->server->config.store, &g->db, f));
	TRY(ledger_open(g->db, NULL, &g->ledger, f));
	TRY(graph_open(&g->loading, f));
	TRY(feed_open(g->db, g->ledger, g->loading, &g->feed, f));
	TRY(ledger_head(g->ledger, &head, f));
	TRY(feed_load(g->feed, is_ending, g, f));
	g->next = head.size;
	log_loaded(g->loading, began);
	return ERR_OK;
}

/* A log that is shorter than what was seen is another one: a store that was put back. */
static err follow(struct genealogy *g, struct fault *f)
{
	struct merkle_head head;

	if (g->feed != NULL) {
		TRY(ledger_head(g->ledger, &head, f));
		if (head.size < g->next)
			forget(g);
	}
	if (g->feed == NULL)
		TRY(load(g, f));
	TRY(feed_since(g->feed, g->next, &g->next, f));
	show(g);
	g->again_ms = 0;
	return ERR_OK;
}

static void fail_for_now(struct genealogy *g, const struct fault *f)
{
	if (!bell_ending(&g->bell))
		log_fault(LOG_WARNING_LEVEL, "genealogy_failed", f);
	forget(g);
	(void)pthread_mutex_lock(&g->lock);
	g->failing = true;
	(void)pthread_cond_broadcast(&g->moved);
	(void)pthread_mutex_unlock(&g->lock);
	/* What is too large for memory stays so: every further attempt comes later. */
	g->again_ms = g->again_ms == 0 ? AGAIN_FIRST_MS : g->again_ms * 2;
	if (g->again_ms > AGAIN_LAST_MS)
		g->again_ms = AGAIN_LAST_MS;
	(void)bell_pause(&g->bell, g->again_ms);
}

static void *genealogy_main(void *context)
{
	struct genealogy *g = context;

	do {
		struct fault f = {0};
		if (follow(g, &f).code != OK)
			fail_for_now(g, &f);
	} while (bell_wait(&g->bell, g->feed == NULL ? 0 : LOOK_MS));
	return NULL;
}

err genealogy_start(struct server *s, struct genealogy **out, struct fault *f)
{
	struct genealogy *g = calloc(1, sizeof *g);
	pthread_condattr_t attributes;

	if (g == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	g->server = s;
	bell_open(&g->bell);
	(void)pthread_mutex_init(&g->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&g->moved, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	if (pthread_create(&g->thread, NULL, genealogy_main, g) != 0) {
		bell_close(&g->bell);
		free(g);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	*out = g;
	return ERR_OK;
}

void genealogy_stop(struct genealogy *g)
{
	if (g == NULL)
		return;
	bell_end(&g->bell);
	(void)pthread_join(g->thread, NULL);
	forget(g);
}

void genealogy_close(struct genealogy *g)
{
	if (g == NULL)
		return;
	bell_close(&g->bell);
	(void)pthread_cond_destroy(&g->moved);
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}

void genealogy_tell(struct genealogy *g)
{
	if (g != NULL)
		bell_ring(&g->bell);
}

/* ---- readers ---- */

static struct timespec patience(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	return until;
}

struct graph *genealogy_begin(struct genealogy *g, uint64_t size, uint64_t *known)
{
	struct timespec until = patience();
	struct graph *graph = NULL;
	int waited = 0;

	if (g == NULL)
		return NULL;
	(void)pthread_mutex_lock(&g->lock);
	if (g->graph != NULL && g->known < size)
		bell_ring(&g->bell);
	while (g->graph != NULL && g->known < size && !g->failing && waited == 0)
		waited = pthread_cond_timedwait(&g->moved, &g->lock, &until);
	if (g->graph != NULL && g->known >= size) {
		graph = g->graph;
		*known = g->known;
		g->readers++;
	}
	(void)pthread_mutex_unlock(&g->lock);
	if (graph != NULL)
		graph_read_begin(graph);
	return graph;
}

void genealogy_end(struct genealogy *g, struct graph *graph)
{
	graph_read_end(graph);
	(void)pthread_mutex_lock(&g->lock);
	g->readers--;
	(void)pthread_cond_broadcast(&g->moved);
	(void)pthread_mutex_unlock(&g->lock);
}

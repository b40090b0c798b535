/* SPDX-License-Identifier: Apache-2.0 */
/* station.c — the box as a whole: opens its folder, starts its threads, ends them. */
#include "station/station_internal.h"

#include "base/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	HTTP_THREADS = 4,
	CONNECTIONS_MAX = 256,
	PEER_CONNECTIONS_MAX = 64,
	IDLE_S = 60,
	GRACE_MS = 500,
	REQUEST_S = 20, /* of a request to the server: a line that hangs is cut */
};

err station_path(const struct station *s, const char *name, char out[static STATION_PATH_SIZE],
		 struct fault *f)
{
	int n = snprintf(out, STATION_PATH_SIZE, "%s/%s", s->config.folder, name);

	return n > 0 && n < STATION_PATH_SIZE ? ERR_OK : fail(f, "STATION_PATH_TOO_LONG", NULL);
}

uint64_t station_now(const struct station *s)
{
	return clock_wall_ms(s->config.clock);
}

/* ---- the folder ---- */

/* Two boxes over one spool would count twice. */
static err lock_folder(struct station *s, struct fault *f)
{
	char path[STATION_PATH_SIZE];

	TRY(folder_make(s->config.folder, f));
	TRY(station_path(s, "lock", path, f));
	s->folder_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->folder_lock >= 0 && flock(s->folder_lock, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	return fail(f, "STATION_RUNS", "path", s->config.folder, NULL);
}

static err load_secret(struct station *s, struct fault *f)
{
	char path[STATION_PATH_SIZE];
	struct arena a = {0};
	struct bytes secret = {0};

	TRY(station_path(s, "salts.key", path, f));
	if (!file_exists(path)) {
		TRY(random_bytes(s->secret, sizeof s->secret, f));
		return file_write(path, bytes_of(s->secret, sizeof s->secret), 0600, f);
	}
	err e = file_read(&a, path, sizeof s->secret, &secret, f);
	if (e.code == OK && secret.n != sizeof s->secret)
		e = fail(f, "STATION_SPOOL_DAMAGED", "path", path, "detail",
			 "it does not hold 32 bytes", NULL);
	if (e.code == OK)
		memcpy(s->secret, secret.p, sizeof s->secret);
	if (secret.n > 0)
		bytes_wipe((void *)(uintptr_t)secret.p, secret.n);
	arena_done(&a);
	return e;
}

static err make_folders(struct station *s, struct fault *f)
{
	static const char *const NAMES[] = {"refused", "inbox", "done", "wrong"};
	char path[STATION_PATH_SIZE];

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		if (i > 0 && !s->config.folders)
			break;
		TRY(station_path(s, NAMES[i], path, f));
		TRY(folder_make(path, f));
	}
	return ERR_OK;
}

static err open_folder(struct station *s, struct fault *f)
{
	char path[STATION_PATH_SIZE];

	TRY(lock_folder(s, f));
	TRY(load_secret(s, f));
	TRY(make_folders(s, f));
	TRY(refused_count(s->config.folder, &s->refused, f));
	TRY(station_path(s, "spool", path, f));
	TRY(folder_make(path, f));
	TRY(station_path(s, "spool/answers", path, f));
	TRY(answers_open(path, &s->answers, f));
	TRY(station_path(s, "spool", path, f));
	TRY(spool_open(path, answers_last(s->answers), &s->spool, f));
	TRY(allowances_open(s->config.folder, &s->allowances, f));
	return allowances_check(s->allowances, spool_next(s->spool) - 1, f);
}

/* ---- threads ---- */

static err begin(pthread_t *thread, bool *runs, void *(*run)(void *), struct station *s,
		 struct fault *f)
{
	*runs = pthread_create(thread, NULL, run, s) == 0;
	return *runs ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

static err start(struct station *s, struct fault *f)
{
	struct http_handlers handlers = STATION_HANDLERS;
	struct http_config http = {.address = s->config.address == NULL ? "127.0.0.1"
									: s->config.address,
				   .people_port = s->config.port,
				   .certificate_pem = s->config.certificate_pem,
				   .key_pem = s->config.key_pem,
				   .threads = HTTP_THREADS,
				   .connections_max = CONNECTIONS_MAX,
				   .connections_per_peer_max = PEER_CONNECTIONS_MAX,
				   .idle_timeout_s = IDLE_S};

	handlers.context = s;
	TRY(begin(&s->deliverer, &s->delivers, station_deliver, s, f));
	TRY(begin(&s->keeper, &s->keeps, station_keep_time, s, f));
	if (s->config.folders)
		TRY(begin(&s->watcher, &s->watches, station_watch, s, f));
	return http_start(&http, &handlers, &s->http, f);
}

static err check_config(const struct station *s, struct fault *f)
{
	const struct client_config *c = &s->config.client;

	if (c->key == NULL || c->registry == NULL || c->origin == NULL || c->principal == NULL ||
	    c->log == NULL || c->key_file == NULL)
		return fail(f, "CLIENT_KEY_MISSING", NULL);
	return ERR_OK;
}

static void init(struct station *s)
{
	pthread_condattr_t monotonic;

	s->waiters_end = &s->waiters;
	s->some_uncertified = true;
	s->folder_lock = -1;
	s->askers_free = STATION_ASKERS;
	if (s->config.clock == NULL)
		s->config.clock = &clock_system;
	s->config.client.machine = true;
	if (s->config.client.timeout_s == 0)
		s->config.client.timeout_s = REQUEST_S;
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->changed, &monotonic);
	(void)pthread_mutex_init(&s->askers_lock, NULL);
	(void)pthread_cond_init(&s->asker_free, NULL);
	(void)pthread_condattr_destroy(&monotonic);
	bell_open(&s->bell);
}

err station_open(const struct station_config *config, struct station **out, struct fault *f)
{
	struct station *s = calloc(1, sizeof *s);

	if (s == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	s->config = *config;
	init(s);
	err e = check_config(s, f);
	if (e.code == OK) {
		s->key_id = public_key_id(private_key_public(s->config.client.key));
		e = open_folder(s, f);
	}
	if (e.code == OK)
		e = start(s, f);
	if (e.code != OK)
		station_close(s);
	else
		*out = s;
	return e;
}

/* ---- the end ---- */

static void release_all(struct station *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->ending = true;
	while (s->waiters != NULL)
		station_release(s, s->waiters);
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
}

void station_close(struct station *s)
{
	if (s == NULL)
		return;
	release_all(s);
	if (s->http != NULL)
		http_stop(s->http, GRACE_MS);
	release_all(s); /* who came in between */
	bell_end(&s->bell);
	if (s->delivers)
		(void)pthread_join(s->deliverer, NULL);
	if (s->keeps)
		(void)pthread_join(s->keeper, NULL);
	if (s->watches)
		(void)pthread_join(s->watcher, NULL);
	for (size_t i = 0; i < STATION_ASKERS; i++)
		client_close(s->askers[i]);
	spool_close(s->spool);
	answers_close(s->answers);
	allowances_close(s->allowances);
	fd_close(&s->folder_lock);
	bell_close(&s->bell);
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->askers_lock);
	(void)pthread_cond_destroy(&s->asker_free);
	bytes_wipe(s->secret, sizeof s->secret);
	free(s);
}

unsigned station_port(const struct station *s)
{
	return http_port_of(s->http, HTTP_PEOPLE);
}

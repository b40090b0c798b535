/* SPDX-License-Identifier: Apache-2.0 */
/* station_internal.h — what the files of the box share. */
#ifndef STATION_STATION_INTERNAL_H
#define STATION_STATION_INTERNAL_H

#include "base/bell.h"
#include "server/http.h"
#include "station/allowance.h"
#include "station/answers.h"
#include "station/spool.h"
#include "station/station.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	STATION_PATH_SIZE = 512,
	STATION_ASKERS = 4, /* gates that are asked at once */
	STATION_BODY_MAX = 192 << 10,
	STATION_REFUSED_MAX = 5000, /* that nobody has looked at: then no work goes on */
};

/* A request that waits for the server's answer, in the request's arena. */
struct waiter {
	uint64_t counter;
	uint64_t until; /* steady ms */
	struct http_ticket *ticket;
	int status;        /* 0: no answer came in time */
	struct bytes text; /* the answer, in the request's arena */
	struct hash digest;
	struct arena *arena;
	struct waiter *next;
};

struct station {
	struct station_config config;
	struct arena arena;
	pthread_mutex_t lock; /* spool, answers, allowances, waiters */
	pthread_cond_t changed;
	struct spool *spool;
	struct answers *answers;
	struct allowances *allowances;
	struct waiter *waiters, **waiters_end;
	size_t refused; /* files in DIR/refused */
	bool ending;
	uint8_t secret[32]; /* salts: the same record twice is the same claim */
	struct hash key_id;
	_Atomic bool linked;   /* the server answered when it was asked last */
	struct bell bell;      /* wakes the delivery */
	bool some_uncertified; /* the delivery's: a unit may wait for its certificate */
	pthread_t deliverer, keeper, watcher;
	bool delivers, keeps, watches;
	pthread_mutex_t askers_lock;
	pthread_cond_t asker_free;
	struct client *askers[STATION_ASKERS];
	size_t askers_free;
	struct http_server *http;
	int folder_lock;
};

MUST_CHECK err station_path(const struct station *s, const char *name,
			    char out[static STATION_PATH_SIZE], struct fault *f);
uint64_t station_now(const struct station *s);

/* ---- take.c: a record comes ---- */

struct taken {
	uint64_t counter;
	struct hash digest;
	bool answered; /* the server has: `answer` */
	struct answer answer;
};
/* May a station write this type? */
bool station_writes(const char *type);
/* `envelope` is {"id", "occurred", "body"}: its claim is made, signed and on the disk when this
 * returns. The same id again is the same record. With the lock held. */
MUST_CHECK err station_take(struct station *s, struct arena *a, const char *type,
			    const json_t *envelope, struct taken *out, struct fault *f);

/* ---- deliver.c ---- */

void *station_deliver(void *station);
void *station_keep_time(void *station);
/* Ends every wait: the requests are answered 202. */
void station_release(struct station *s, struct waiter *w);

/* ---- receipt.c: what the server said about a record ---- */

/* The claim of a submission, its proof, and its openings as POST /v1/records takes them. */
MUST_CHECK err submission_to_json(struct bytes submission, json_t **out, struct fault *f);
MUST_CHECK err submission_claim(struct bytes submission, struct bytes *claim, struct fault *f);

/* ---- gate.c ---- */

/* One line, PASS or FAIL code text, in the arena. `segments` are the gate and its subject. */
MUST_CHECK err station_gate(struct station *s, struct arena *a, const char *const *segments,
			    size_t n, const char **line, struct fault *f);
MUST_CHECK err asker_take(struct station *s, struct client **out, struct fault *f);
void asker_give(struct station *s, struct client *c);

/* ---- station_http.c ---- */

extern const struct http_handlers STATION_HANDLERS;
/* A fault as a problem document (RFC 9457). */
json_t *station_problem(const struct fault *f, int *status);

/* ---- watch.c ---- */

void *station_watch(void *station);

/* ---- refused.c ---- */

MUST_CHECK err refused_keep(struct station *s, const struct answer *answer, const json_t *problem,
			    struct bytes submission, struct fault *f);
MUST_CHECK err refused_read(const char *folder, json_t **out, struct fault *f);
MUST_CHECK err refused_count(const char *folder, size_t *n, struct fault *f);

#endif

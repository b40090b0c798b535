/* SPDX-License-Identifier: Apache-2.0 */
/* signer_work_internal.h — what the files of the signer's work share. */
#ifndef SERVER_SIGNER_WORK_INTERNAL_H
#define SERVER_SIGNER_WORK_INTERNAL_H

#include "core/signed_documents.h"
#include "server/evidence.h"
#include "server/retry.h"
#include "server/server_internal.h"

#include "base/bell.h"

#include <pthread.h>

enum { WORK_BATCH = 64, HEADS_MAX = 8 };

struct signer_work {
	struct server *server;
	struct signer_client *client; /* NULL until the signer was first there */
	struct retry *retry;
	uint64_t waiting; /* counted in this round */
	bool behind;      /* something was not in a signed head yet, in this round */
	pthread_t thread;
	struct bell bell;
	pthread_mutex_t lock; /* of `state` */
	struct signer_work_state state;
};

/* Something that the signer was not asked for yet, or has not answered for good. */
struct wanted {
	struct hash digest;           /* of the claim that asks */
	uint64_t sequence;            /* its entry */
	uint64_t at;                  /* when it was recorded */
	const char *operation;        /* a signer_task's, or "issue" or "permit" */
	const char *product, *serial; /* of unit and permit requests, otherwise NULL */
	const char *kind, *id;        /* what a task is about; `id` may be NULL */
	bool has_target;
	struct hash target; /* the claim that a denial ends */
	const char *
		refused; /* why the authorization of a unit request was refused for good, or NULL */
};

/* Up to WORK_BATCH rows, each as a struct wanted. */
struct page {
	struct signer_work *work;
	struct arena *arena;
	struct wanted items[WORK_BATCH];
	size_t n;
	int64_t last; /* `since` of the last row read, due or not */
};

bool work_is_stopping(struct signer_work *w);
/* Whether nobody answered at all: then nothing else would go better. */
bool work_is_away(const struct fault *f);
/* Whether it is only that no signed head holds it yet. */
bool work_is_early(const struct fault *f);
MUST_CHECK err work_connect(struct signer_work *w, struct fault *f);

/* The size of the last certified head, or of the last that the signer's witnesses cosigned. */
uint64_t work_head(struct signer_work *w);
/* Shows the signer something in that head; again in another one that it names, while it does
 * not know that one any more. */
typedef err work_attempt(struct signer_work *w, void *context, uint64_t size, struct fault *f);
MUST_CHECK err work_at_head(struct signer_work *w, work_attempt *attempt, void *context,
			    struct fault *f);
/* The rows after `after`, by `since`: sql has the parameters after and most, and gives, in this order, digest,
 * since, operation, sequence, at, product, serial, kind, id, target, refused. What is not due yet is
 * left out. Nothing is left when page->last is `after`. */
MUST_CHECK err work_read_page(struct signer_work *w, struct arena *a, const char *sql,
			      int64_t after, struct page **out, struct fault *f);
/* It was not done for now: logged, counted, and asked again later. */
void work_postpone(struct signer_work *w, const struct wanted *what, const struct fault *why);
void work_done(struct signer_work *w, const struct wanted *what);

/* signer_tasks.c: denials first, then decisions, oldest first. */
MUST_CHECK err work_tasks(struct signer_work *w, struct arena *a, struct fault *f);
/* signer_units.c */
MUST_CHECK err work_units(struct signer_work *w, struct arena *a, struct fault *f);
MUST_CHECK err work_permits(struct signer_work *w, struct arena *a, struct fault *f);

/* ---- signer_words.c: the server's records of what the signer said ---- */

struct words {
	struct submission *made[2 * WORK_BATCH];
	const struct wanted *about[2 * WORK_BATCH]; /* whose answer it is */
	size_t n;
};
/* Takes over `body`. The id follows from type and digest. */
MUST_CHECK err words_add(struct signer_work *w, struct arena *a, struct words *words,
			 const struct wanted *about, const char *type, json_t *body,
			 struct fault *f);
/* Records them all, each for itself, and says of each thing whether it is done. */
MUST_CHECK err words_record(struct signer_work *w, const struct words *words, struct fault *f);
/* base64url, and hexadecimal digits; NULL without memory. */
const char *words_text(struct arena *a, struct bytes bytes);
const char *words_hex(struct arena *a, struct hash digest);

#endif

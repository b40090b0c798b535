/* SPDX-License-Identifier: Apache-2.0 */
/* witnessing_internal.h — what the files of witnessing share; nobody else includes it. */
#ifndef SERVER_WITNESSING_INTERNAL_H
#define SERVER_WITNESSING_INTERNAL_H

#include "client/client.h"
#include "ledger/ledger.h"
#include "ledger/witness.h"
#include "server/witnessing.h"
#include "signer/signer.h"

#include "base/bell.h"

#include <pthread.h>

/* One witness. The thread's own, but for `shown`. */
struct witness_site {
	const struct witness_setting *setting;
	struct client *client; /* NULL until it was first asked */
	bool asked;            /* `known` is what the witness said */
	uint64_t known;        /* size that it cosigned last */
	bool done;             /* it cosigned the published checkpoint with this: */
	struct merkle_head last;
	unsigned failures; /* in a row */
	uint64_t again_ms; /* steady: not before that */
	struct {
		uint64_t size;
		uint64_t at_ms;       /* wall: when it cosigned that; 0: not since the start */
		struct fault problem; /* code OK: none */
		uint64_t failures;    /* in all */
	} shown;                      /* under the lock */
};

struct witnessing {
	struct server_config config;
	struct db *db; /* NULL: to be opened */
	struct ledger *ledger;
	struct signer_client *signer;
	bool anchors;          /* the signer's anchor is its witnesses */
	uint64_t status_at_ms; /* steady: when that was asked; 0: never */
	struct witness_site sites[CONFIG_WITNESSES_MAX];
	unsigned failures; /* of the log, in a row */
	pthread_t thread;
	struct bell bell;
	pthread_mutex_t lock;   /* of `shown`, and of: */
	uint64_t evidence_head; /* shown to the signer with a majority's cosignatures; 0: none */
};

/* witness_site.c: brings a note of this head to a witness, from whatever it has. `cosigned`, with
 * room for a whole note, then holds the note with the witness's lines after it. WITNESS_AHEAD if it
 * has cosigned more than this head: then this log, or its signer, was turned back. */
MUST_CHECK err witness_bring(struct witnessing *w, struct witness_site *site, struct bytes note,
			     struct merkle_head head, struct arena *a, struct bytes *cosigned,
			     struct fault *f);

#endif

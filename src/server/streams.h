/* SPDX-License-Identifier: Apache-2.0 */
/* streams.h — who listens to what happens. The last events are kept in memory, written once for
 * all streams; a stream that resumes from before them is served from the ledger. */
#ifndef SERVER_STREAMS_H
#define SERVER_STREAMS_H

#include "record/record.h"
#include "server/http.h"

struct server;
struct streams;

MUST_CHECK err streams_open(struct server *s, uint64_t told, struct streams **out, struct fault *f);
void streams_close(struct streams *t); /* every stream has ended; NULL is fine */
/* On the publisher's thread. */
void streams_tell(struct streams *t, const struct happening *happening);
/* Replies with a stream that begins at sequence `from`, and ends with the caller's session or key.
 * API_STREAMS_TOO_MANY. On OK the request has its reply. */
MUST_CHECK err streams_listen(struct streams *t, struct http_request *r,
			      const struct caller *caller, uint64_t from, struct fault *f);
/* The first sequence that has not been told. */
uint64_t streams_next(struct streams *t);
/* How many listen now. */
size_t streams_open_now(struct streams *t);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* genealogy.h — a thread of the server that loads the genealogy into memory when it starts, and from then
 * on follows the log. Until it is there, and whenever it falls behind, the views answer. */
#ifndef SERVER_GENEALOGY_H
#define SERVER_GENEALOGY_H

#include "trace/graph.h"

struct server;
struct genealogy;

MUST_CHECK err genealogy_start(struct server *s, struct genealogy **out, struct fault *f);
/* Before the engine is closed: it follows no more. NULL is fine. */
void genealogy_stop(struct genealogy *g);
/* When nobody tells it of anything any more: after the engine was closed. NULL is fine. */
void genealogy_close(struct genealogy *g);
/* Something was recorded. */
void genealogy_tell(struct genealogy *g);
/* The graph, for reading until genealogy_end(), as soon as it knows every record below `size`; and below which
 * it does. NULL if it is not there yet, or does not come so far within two seconds. */
struct graph *genealogy_begin(struct genealogy *g, uint64_t size, uint64_t *known);
void genealogy_end(struct genealogy *g, struct graph *graph);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* affected.h — which of the units that a walk found stand on a page, and by which way each was found. */
#ifndef SERVER_AFFECTED_H
#define SERVER_AFFECTED_H

#include "trace/graph.h"

#include <jansson.h>

enum { AFFECTED_PAGE_MAX = 1000, AFFECTED_PATH_MAX = 200 };

struct affected_page {
	size_t limit;                             /* at most AFFECTED_PAGE_MAX */
	struct bytes after_product, after_serial; /* empty: from the first */
	bool without_start;                       /* the thing asked about is none of them */
	uint64_t certain, possible;               /* all that the walk found */
	uint32_t places[AFFECTED_PAGE_MAX + 1];   /* in the walk, by product and serial */
	size_t n;
	bool more;
};
void affected_choose(const struct graph *g, const struct graph_walk *walk,
		     struct affected_page *page);
/* From the start to what stands at that place, at most AFFECTED_PATH_MAX links of it. */
json_t *affected_path(const struct graph *g, const struct graph_walk *walk, uint32_t place);
json_t *affected_name(const struct graph *g, uint32_t node);

#endif

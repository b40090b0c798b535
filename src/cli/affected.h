/* SPDX-License-Identifier: Apache-2.0 */
/* affected.h — what commands about affected units share. */
#ifndef CLI_AFFECTED_H
#define CLI_AFFECTED_H

#include "cli/thing.h"

/* Sources that are named in two halves. */
#define SOURCE_HALVES " part_lot date_code unit "

/* "kind=…&within=…&id=…", escaped; NULL without memory. */
char *affected_query(struct client *client, struct arena *a, const struct thing *thing);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.h — what the files of the delivery share. */
#ifndef STATION_DELIVER_H
#define STATION_DELIVER_H

#include "station/station_internal.h"

/* Which unit a record is about, and whether its certificate must be there before it. */
enum stage { STAGE_ANY = 0, STAGE_REQUESTS, STAGE_FOLLOWS };
struct about {
	enum stage stage;
	char product[ID_SIZE_MAX + 1], serial[ID_SIZE_MAX + 1];
};
void about_read(const struct allowances *allowances, struct bytes submission, struct about *out);
/* Does `next` come after the request of its unit, which is among the `n`? */
bool about_follows(const struct about *list, size_t n, const struct about *next);
/* Shortens `*n` to what is not about units that wait for their certificate. `*some_wait`: there are such
 * units. */
MUST_CHECK err certified_limit(struct client *c, const struct about *list, size_t *n,
			       bool *some_wait, struct fault *f);

#endif

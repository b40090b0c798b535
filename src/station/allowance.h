/* SPDX-License-Identifier: Apache-2.0 */
/* allowance.h — which offline allowances the station has, as far as the server told, and which units were
 * started under them here: counted before a unit is started, so that no power cut counts too few. One
 * thread at a time. */
#ifndef STATION_ALLOWANCE_H
#define STATION_ALLOWANCE_H

#include "base/arena.h"
#include "core/entry.h"
#include "record/type.h"

#include <jansson.h>

struct allowances;
/* Files `allowances.json` and `started` in the folder. */
MUST_CHECK err allowances_open(const char *folder, struct allowances **out, struct fault *f);
void allowances_close(struct allowances *a); /* NULL is fine */
/* Rows of view allowance.list, open ones of this station: they replace what was known. */
MUST_CHECK err allowances_learn(struct allowances *a, const json_t *rows, bool all_delivered,
				struct fault *f);
/* What a unit that is started now, while cut off, counts against: `wanted`, or the first one of the
 * build authorization that has units left. STATION_NO_ALLOWANCE, ALLOWANCE_OVER, ALLOWANCE_USED_UP,
 * STATION_UNIT_STARTED. */
MUST_CHECK err allowances_choose(const struct allowances *a, const char *authorization,
				 const char *wanted, const char *product, const char *serial,
				 uint64_t now_ms, const char **allowance, struct fault *f);
/* A unit is started under it; or, without a product, it is given back. On the disk when it returns. */
MUST_CHECK err allowances_start(struct allowances *a, const char *allowance, const char *product,
				const char *serial, uint64_t counter, struct fault *f);
/* After a cut: what was counted and did not get into the spool, whose last counter this is. */
MUST_CHECK err allowances_check(struct allowances *a, uint64_t last_counter, struct fault *f);
/* The server refused the record with this counter: it does not count. */
MUST_CHECK err allowances_drop(struct allowances *a, uint64_t counter, struct fault *f);
/* Was this unit started here, under an allowance that is still good? */
bool allowances_cover(const struct allowances *a, const char *product, const char *serial,
		      uint64_t now_ms);
/* Under which allowance this unit was started, or NULL. */
const char *allowances_of(const struct allowances *a, const char *product, const char *serial);
bool allowances_know(const struct allowances *a, const char *allowance);
size_t allowances_used(const struct allowances *a, const char *allowance);
/* For people. */
json_t *allowances_json(const struct allowances *a);
/* The same from the folder, while a box may run: nothing is changed. */
MUST_CHECK err allowances_look(const char *folder, json_t **out, struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* conformance_world.h — the company of policy_world.h with suppliers who speak for themselves. */
#ifndef TEST_RECORDS_CONFORMANCE_WORLD_H
#define TEST_RECORDS_CONFORMANCE_WORLD_H

#include "policy_world.h"

#define PAPER         "'2222222222222222222222222222222222222222222222222222222222222222'"
#define LINK          "5555555555555555555555555555555555555555555555555555555555555555"
#define OTHER         "6666666666666666666666666666666666666666666666666666666666666666"
#define DECLARED(lot) "{'supplier':'acme','part_lot':'" lot "','part':'MCU1','document':" PAPER "}"
#define UPLOADED(link, supplier, lot) \
	"{'link':'" link "','supplier':'" supplier "','part_lot':'" lot "','document':" PAPER "}"
#define VOUCHED(lot) "{'supplier':'acme','part_lot':'" lot "','site':'VN','document':" PAPER "}"

/* Suppliers acme, approved, and other; MCU1 is critical, R10K is not; sam speaks for acme, sue for other,
 * and pete is a person of acme's. */
struct world *stocked(void **state);
/* A hundred pieces from acme come to VN; `rest` is further JSON with a comma before it, or "". */
const char *receives(struct world *w, const char *lot, const char *part, const char *rest);
/* LINK is given to acme for two weeks; `part_lot` is further JSON, or "". */
void gives_link(struct world *w, const char *part_lot);
const char *grade_of(struct world *w, const char *lot);
/* What the gate `kit` says of a part lot of acme's. */
const char *kit_says(struct world *w, const char *lot);

#endif

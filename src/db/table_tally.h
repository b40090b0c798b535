/* SPDX-License-Identifier: Apache-2.0 */
/* table_tally.h — inside src/db only: what keeps a tally. */
#ifndef DB_TABLE_TALLY_H
#define DB_TABLE_TALLY_H

#include "db/table.h"

/* Twelve lists of at most eight names of at most 63 characters, and words. */
enum { TALLY_SIZE = 16384 };

void tally_put_triggers(struct writer *w, const struct table *t, enum db_product product);

#endif

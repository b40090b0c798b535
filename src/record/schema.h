/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h — the tables: the ledger's, the derived ones of every area, the operational ones. */
#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

#include "record/engine.h"

/* Only what is never rebuilt: the ledger and the operational tables. */
MUST_CHECK err schema_create_kept(struct db *db, struct fault *f);
MUST_CHECK err schema_create(const struct registry *registry, struct db *db, struct fault *f);
/* Only the tables that folds touch: for a rebuild beside the live ones. */
MUST_CHECK err schema_create_derived(const struct registry *registry, struct db *db,
				     struct fault *f);
/* Every table of this version. Derived tables that other folds made are made anew from the log, in
 * whatever shape they were: before anything else looks at them. */
MUST_CHECK err schema_open(const struct engine_config *config, const struct registry *registry,
			   struct db *db, struct fault *f);
/* Drops the derived tables of `live` and fills new ones with the rows of `fresh`, in one
 * transaction, and remembers that these folds made them. */
MUST_CHECK err schema_replace(const struct registry *registry, struct db *fresh, struct db *live,
			      struct fault *f);
/* Remembers which folds made the derived tables. */
MUST_CHECK err schema_set_folds(struct db *db, struct hash folds, struct fault *f);

#endif

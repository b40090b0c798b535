/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h — the tables: the ledger's, the derived ones of every area, the operational ones. */
#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

#include "record/engine.h"

MUST_CHECK err schema_create(const struct registry *registry, struct db *db, struct fault *f);
/* Only the tables that folds touch: for a rebuild beside the live ones. */
MUST_CHECK err schema_create_derived(const struct registry *registry, struct db *db,
				     struct fault *f);
/* If the folds are not those that made the derived tables, makes them anew first. */
MUST_CHECK err schema_check_folds(const struct engine_config *config,
				  const struct registry *registry, struct db *db, struct fault *f);
/* Remembers which folds made the derived tables. */
MUST_CHECK err schema_set_folds(struct db *db, struct hash folds, struct fault *f);

#endif

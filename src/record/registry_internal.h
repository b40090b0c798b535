/* SPDX-License-Identifier: Apache-2.0 */
/* registry_internal.h — shared by the two halves of the registry: field tables and rows, and SQL. */
#ifndef RECORD_REGISTRY_INTERNAL_H
#define RECORD_REGISTRY_INTERNAL_H

#include "core/sha256.h"
#include "record/registry.h"

/* REGISTRY_BAD: what does not fit, and why. */
err registry_bad(struct fault *f, const char *what, const char *detail);
enum value_kind column_kind_of(const char *word); /* VALUE_NULL for another word */
struct compiled_type *registry_find(struct registry *r, const char *name);
/* Compiles every section of the area; tables and folds go into `digest`. */
MUST_CHECK err registry_compile_sql(struct registry *r, const struct area *area,
				    struct sha256 *digest, struct fault *f);

#endif

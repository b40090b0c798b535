/* SPDX-License-Identifier: Apache-2.0 */
/* access.h — may this principal use this permission on this scope, now? Default deny. Reads the
 * tables that the access area's folds keep; holds what it read until forget() is called. */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include "core/entry.h"
#include "db/db.h"

enum scope_dimension {
	SCOPE_SITE,
	SCOPE_LINE,
	SCOPE_STATION,
	SCOPE_PRODUCT,
	SCOPE_ENVIRONMENT,
	SCOPE_SUPPLIER,
	SCOPE_N
};
extern const char *const SCOPE_NAMES[SCOPE_N];
/* The dimension of a column name, or -1. */
int scope_dimension(const char *name);

/* An empty text is "not determined" in a scope, and "any" in a grant. */
struct scope {
	char text[SCOPE_N][ID_SIZE_MAX + 1];
};

struct grant {
	struct scope scope;
	uint64_t not_before, not_after; /* ms; not_after 0: no end */
	uint64_t granted_at;
	struct grant *next;
};

enum principal_state { PRINCIPAL_UNKNOWN = 0, PRINCIPAL_ACTIVE, PRINCIPAL_INACTIVE };
struct principal {
	enum principal_state state;
	char kind[16];                 /* person, station, supplier, device, service */
	char natural[ID_SIZE_MAX + 1]; /* the natural person behind it; empty for machines */
};

struct authority;
/* Prepares its statements on `db`, which it does not own. */
MUST_CHECK err authority_open(struct db *db, struct authority **out, struct fault *f);
void authority_close(struct authority *a);
/* After a record of the access area, and after a rollback. */
void authority_forget(struct authority *a);

MUST_CHECK err authority_principal(struct authority *a, struct bytes id, struct principal *out,
				   struct fault *f);
/* Whose key this is; empty `owner` when it is unknown, revoked or retired. */
MUST_CHECK err authority_key_owner(struct authority *a, struct hash key,
				   char owner[static ID_SIZE_MAX + 1], struct fault *f);
/* Since when it is in use: unix ms, 0 for the keys that the log was founded with. */
MUST_CHECK err authority_key_enrolled_at(struct authority *a, struct hash key, uint64_t *at,
					 struct fault *f);
/* Every grant in force by which the principal holds the permission: roles are followed through
 * the roles they include. Lives until authority_forget(). */
MUST_CHECK err authority_grants(struct authority *a, struct bytes principal, const char *permission,
				const struct grant **out, struct fault *f);

/* The two clocks of a decision: a right must hold by both. */
struct two_clocks {
	uint64_t wall, steady; /* unix ms by the wall clock, and by last `at` + steady clock */
	bool stepped;          /* they differ by more than 2 s: bounded rights do not count */
};
/* True if the grant is within its times by both clocks. */
bool grant_holds(const struct grant *grant, const struct two_clocks *now);
/* True if the grant covers the scope and holds now. */
bool grant_covers(const struct grant *grant, const struct scope *scope,
		  const struct two_clocks *now);
/* The first grant of the list that does, or NULL. */
const struct grant *grants_cover(const struct grant *grants, const struct scope *scope,
				 const struct two_clocks *now);

#endif

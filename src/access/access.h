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
/* The two clocks of a decision: a right must hold by both. */
struct two_clocks {
	uint64_t wall, steady; /* unix ms by the wall clock, and by last `at` + steady clock */
	bool stepped;          /* they differ by more than 2 s: bounded rights do not count */
};

/* What is known of a key. */
struct key_standing {
	char owner[ID_SIZE_MAX + 1]; /* empty: nobody's, or no longer anybody's */
	uint64_t enrolled_at;        /* unix ms; 0 for the keys that the log was founded with */
	uint64_t usable_from;        /* ms; 0: at once */
	char shift[ID_SIZE_MAX + 1]; /* empty: a key of its own, not a shift's */
	uint64_t not_after;          /* of a shift, ms */
	bool closed; /* … which was closed, or ended with the key that opened it */
	char station[ID_SIZE_MAX + 1];
	struct listed *listed; /* what it may: key_lists() */
};
/* Lives until authority_forget(). */
MUST_CHECK err authority_key(struct authority *a, struct hash key, const struct key_standing **out,
			     struct fault *f);
bool key_lists(const struct key_standing *key, const char *permission);
/* By one clock at least its waiting time is not over; or the clocks disagree, and it has one. */
bool key_waits(const struct key_standing *key, const struct two_clocks *now);
/* By one clock at least its shift is over; or the clocks disagree, and it is a shift's. */
bool key_is_over(const struct key_standing *key, const struct two_clocks *now);
/* Whose key this is now, as an authenticator: empty `owner` when it is unknown, revoked, retired, not
 * usable yet, or a shift's. */
MUST_CHECK err authority_key_owner(struct authority *a, struct hash key,
				   const struct two_clocks *now, char owner[static ID_SIZE_MAX + 1],
				   struct fault *f);
/* How many keys speak for the principal now, shifts' keys not counted. */
MUST_CHECK err authority_authenticators(struct authority *a, struct bytes principal,
					const struct two_clocks *now, size_t *n, struct fault *f);
/* Every grant in force by which the principal holds the permission: roles are followed through
 * the roles they include. Lives until authority_forget(). */
MUST_CHECK err authority_grants(struct authority *a, struct bytes principal, const char *permission,
				const struct grant **out, struct fault *f);

/* True if the grant is within its times by both clocks. */
bool grant_holds(const struct grant *grant, const struct two_clocks *now);
/* True if the grant covers the scope and holds now. */
bool grant_covers(const struct grant *grant, const struct scope *scope,
		  const struct two_clocks *now);
/* The first grant of the list that does, or NULL. */
const struct grant *grants_cover(const struct grant *grants, const struct scope *scope,
				 const struct two_clocks *now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access.h"

#include "base/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const SCOPE_NAMES[SCOPE_N] = {
	[SCOPE_SITE] = "site",
	[SCOPE_LINE] = "line",
	[SCOPE_STATION] = "station",
	[SCOPE_PRODUCT] = "product",
	[SCOPE_ENVIRONMENT] = "environment",
	[SCOPE_SUPPLIER] = "supplier",
};

int scope_dimension(const char *name)
{
	for (int i = 0; i < SCOPE_N; i++)
		if (strcmp(name, SCOPE_NAMES[i]) == 0)
			return i;
	return -1;
}

/* UNION, not UNION ALL: roles that include each other end the walk. A right is as young as the
 * youngest step to it: the grant, a role that came to include another, a role that got more. */
static const char GRANTS_SQL[] =
	"WITH RECURSIVE held(role, site, line, station, product, environment, supplier,"
	" not_before, not_after, at) AS ("
	" SELECT role, site, line, station, product, environment, supplier, not_before, not_after, "
	"at"
	" FROM role_grant WHERE principal = :principal AND revoked_at IS NULL"
	" UNION"
	" SELECT i.included, h.site, h.line, h.station, h.product, h.environment, h.supplier,"
	" h.not_before, h.not_after, CASE WHEN i.at > h.at THEN i.at ELSE h.at END"
	" FROM held h JOIN role_include i ON i.role = h.role AND i.until IS NULL)"
	" SELECT DISTINCT h.site, h.line, h.station, h.product, h.environment, h.supplier,"
	" h.not_before, h.not_after, CASE WHEN p.at > h.at THEN p.at ELSE h.at END FROM held h"
	" JOIN role_permission p ON p.role = h.role AND p.permission = :permission"
	" AND p.until IS NULL"
	" JOIN principal q ON q.id = :principal AND q.state = 'active'";
static const char PRINCIPAL_SQL[] = "SELECT state, kind, natural_id FROM principal WHERE id = :id";
static const char KEY_SQL[] =
	"SELECT principal, at FROM principal_key WHERE key = :key AND until IS NULL";

enum { HELD_MAX = 4096 };

/* What was read, chained by the hash of its question. */
struct held {
	struct held *next;
	char principal[ID_SIZE_MAX + 1];
	char permission[2 * ID_SIZE_MAX];
	struct grant *grants;
	struct hash key;
	bool is_key;
	char owner[ID_SIZE_MAX + 1];
	uint64_t enrolled_at;
};

enum { BUCKETS = 1024 };

struct authority {
	struct db *db;
	struct statement *grants, *principal, *key;
	struct arena arena;
	struct held *buckets[BUCKETS];
	size_t n;
};

static err prepare(struct authority *a, struct fault *f)
{
	static const struct parameter grants[] = {{"principal", VALUE_TEXT},
						  {"permission", VALUE_TEXT}};
	static const struct parameter principal[] = {{"id", VALUE_TEXT}};
	static const struct parameter key[] = {{"key", VALUE_BLOB}};

	TRY(db_prepare(a->db, GRANTS_SQL, grants, 2, &a->grants, f));
	TRY(db_prepare(a->db, PRINCIPAL_SQL, principal, 1, &a->principal, f));
	return db_prepare(a->db, KEY_SQL, key, 1, &a->key, f);
}

err authority_open(struct db *db, struct authority **out, struct fault *f)
{
	struct authority *a = calloc(1, sizeof *a);

	if (a == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	a->db = db;
	a->arena.limit = 64u << 20;
	err result = prepare(a, f);
	if (result.code != OK) {
		authority_close(a);
		return result;
	}
	*out = a;
	return ERR_OK;
}

void authority_close(struct authority *a)
{
	if (a == NULL)
		return;
	statement_close(a->grants);
	statement_close(a->principal);
	statement_close(a->key);
	arena_done(&a->arena);
	free(a);
}

void authority_forget(struct authority *a)
{
	memset(a->buckets, 0, sizeof a->buckets);
	a->n = 0;
	arena_reset(&a->arena);
}

static uint32_t mix(uint32_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 16777619u; /* FNV-1a: placement only */
	return h;
}

static void text_copy(char out[static ID_SIZE_MAX + 1], struct bytes text)
{
	size_t n = text.n > ID_SIZE_MAX ? ID_SIZE_MAX : text.n;

	if (n > 0)
		memcpy(out, text.p, n);
	out[n] = '\0';
}

static struct held *hold(struct authority *a, uint32_t bucket)
{
	if (a->n == HELD_MAX)
		authority_forget(a); /* bounded: start over */
	struct held *h = arena_alloc(&a->arena, sizeof *h);

	if (h == NULL) {
		authority_forget(a);
		h = arena_alloc(&a->arena, sizeof *h);
	}
	if (h == NULL)
		return NULL;
	h->next = a->buckets[bucket];
	a->buckets[bucket] = h;
	a->n++;
	return h;
}

struct grants_read {
	struct authority *authority;
	struct grant *first;
	struct fault *fault;
};

static err grants_row(void *context, const struct value *columns, size_t n)
{
	struct grants_read *read = context;
	struct grant *grant = arena_alloc(&read->authority->arena, sizeof *grant);

	if (grant == NULL || n != SCOPE_N + 3)
		return fail(read->fault, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < SCOPE_N; i++)
		text_copy(grant->scope.text[i], columns[i].bytes);
	grant->not_before = (uint64_t)columns[SCOPE_N].number;
	grant->not_after = (uint64_t)columns[SCOPE_N + 1].number; /* NULL reads as 0 */
	grant->granted_at = (uint64_t)columns[SCOPE_N + 2].number;
	grant->next = read->first;
	read->first = grant;
	return ERR_OK;
}

err authority_grants(struct authority *a, struct bytes principal, const char *permission,
		     const struct grant **out, struct fault *f)
{
	uint32_t bucket =
		mix(mix(2166136261u, principal.p, principal.n), permission, strlen(permission)) %
		BUCKETS;

	for (struct held *h = a->buckets[bucket]; h != NULL; h = h->next) {
		if (!h->is_key && strcmp(h->permission, permission) == 0 &&
		    bytes_equal(bytes_text(h->principal), principal)) {
			*out = h->grants;
			return ERR_OK;
		}
	}
	struct held *h = hold(a, bucket);
	if (h == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	struct grants_read read = {.authority = a, .fault = f};
	struct value values[] = {value_text(principal), value_text(bytes_text(permission))};
	text_copy(h->principal, principal);
	snprintf(h->permission, sizeof h->permission, "%s", permission);
	err result = db_query(a->db, a->grants, values, grants_row, &read, NULL, f);
	if (result.code != OK) {
		authority_forget(a);
		return result;
	}
	h->grants = read.first;
	*out = read.first;
	return ERR_OK;
}

static err owner_row(void *context, const struct value *columns, size_t n)
{
	struct held *h = context;

	(void)n;
	text_copy(h->owner, columns[0].bytes);
	h->enrolled_at = (uint64_t)columns[1].number;
	return ERR_OK;
}

static err find_key(struct authority *a, struct hash key, const struct held **out, struct fault *f)
{
	uint32_t bucket = mix(2166136261u, key.b, sizeof key.b) % BUCKETS;
	struct held *h;

	for (h = a->buckets[bucket]; h != NULL; h = h->next)
		if (h->is_key && hash_equal(h->key, key))
			break;
	if (h == NULL) {
		struct value values[] = {value_blob(hash_bytes(&key))};
		h = hold(a, bucket);
		if (h == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		h->is_key = true;
		h->key = key;
		err result = db_query(a->db, a->key, values, owner_row, h, NULL, f);
		if (result.code != OK) {
			authority_forget(a);
			return result;
		}
	}
	*out = h;
	return ERR_OK;
}

err authority_key_owner(struct authority *a, struct hash key, char owner[static ID_SIZE_MAX + 1],
			struct fault *f)
{
	const struct held *h;

	TRY(find_key(a, key, &h, f));
	memcpy(owner, h->owner, sizeof h->owner);
	return ERR_OK;
}

err authority_key_enrolled_at(struct authority *a, struct hash key, uint64_t *at, struct fault *f)
{
	const struct held *h;

	TRY(find_key(a, key, &h, f));
	*at = h->enrolled_at;
	return ERR_OK;
}

static err principal_row(void *context, const struct value *columns, size_t n)
{
	struct principal *p = context;
	size_t kind_n = columns[1].bytes.n;

	(void)n;
	p->state = bytes_equal(columns[0].bytes, bytes_text("active")) ? PRINCIPAL_ACTIVE
								       : PRINCIPAL_INACTIVE;
	if (kind_n >= sizeof p->kind)
		kind_n = sizeof p->kind - 1;
	memcpy(p->kind, columns[1].bytes.p, kind_n);
	text_copy(p->natural, columns[2].bytes);
	return ERR_OK;
}

err authority_principal(struct authority *a, struct bytes id, struct principal *out,
			struct fault *f)
{
	struct value values[] = {value_text(id)};

	*out = (struct principal){0};
	return db_query(a->db, a->principal, values, principal_row, out, NULL, f);
}

static bool holds_at(const struct grant *g, uint64_t now)
{
	return g->not_before <= now && (g->not_after == 0 || now < g->not_after);
}

bool grant_holds(const struct grant *grant, const struct two_clocks *now)
{
	bool bounded = grant->not_before != 0 || grant->not_after != 0;

	if (check_left_out(CHECK_ENGINE_GRANT_TIME))
		return true;
	if (check_left_out(CHECK_ENGINE_CLOCK)) /* believes the wall clock alone */
		return !bounded || holds_at(grant, now->wall);
	return !bounded ||
	       (!now->stepped && holds_at(grant, now->wall) && holds_at(grant, now->steady));
}

bool grant_covers(const struct grant *grant, const struct scope *scope,
		  const struct two_clocks *now)
{
	if (!grant_holds(grant, now))
		return false;
	for (size_t i = 0; i < SCOPE_N; i++)
		if (grant->scope.text[i][0] != '\0' &&
		    strcmp(grant->scope.text[i], scope->text[i]) != 0 &&
		    !check_left_out(CHECK_ENGINE_GRANT_SCOPE))
			return false;
	return true;
}

const struct grant *grants_cover(const struct grant *grants, const struct scope *scope,
				 const struct two_clocks *now)
{
	for (; grants != NULL; grants = grants->next)
		if (grant_covers(grants, scope, now))
			return grants;
	return NULL;
}

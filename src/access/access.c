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
/* A recovered key is as young as its waiting time is over. */
static const char KEY_SQL[] =
	"SELECT k.principal, CASE WHEN k.usable_from > k.at THEN k.usable_from ELSE k.at END,"
	" k.usable_from, k.shift, k.not_after, s.station, k.until"
	" FROM principal_key k LEFT JOIN shift s ON s.id = k.shift"
	" WHERE k.key = :key AND (k.until IS NULL OR k.shift IS NOT NULL)";
static const char LISTED_SQL[] = "SELECT permission FROM shift_permission WHERE shift = :shift";
static const char AUTHENTICATORS_SQL[] =
	"SELECT count(*) FROM principal_key WHERE principal = :principal AND until IS NULL"
	" AND shift IS NULL AND (usable_from IS NULL"
	" OR (usable_from <= :wall AND usable_from <= :steady AND :stepped = 0))";

enum { HELD_MAX = 4096 };

/* What was read, chained by the hash of its question. */
struct held {
	struct held *next;
	char principal[ID_SIZE_MAX + 1];
	char permission[2 * ID_SIZE_MAX];
	struct grant *grants;
	struct hash key;
	bool is_key;
	struct key_standing standing;
};

/* A permission that was listed for a shift. */
struct listed {
	struct listed *next;
	char permission[ID_SIZE_MAX + 1];
};

enum { BUCKETS = 1024 };

struct authority {
	struct db *db;
	struct statement *grants, *principal, *key, *listed, *authenticators;
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
	static const struct parameter shift[] = {{"shift", VALUE_TEXT}};
	static const struct parameter now[] = {{"principal", VALUE_TEXT},
					       {"wall", VALUE_INT},
					       {"steady", VALUE_INT},
					       {"stepped", VALUE_INT}};

	TRY(db_prepare(a->db, GRANTS_SQL, grants, 2, &a->grants, f));
	TRY(db_prepare(a->db, PRINCIPAL_SQL, principal, 1, &a->principal, f));
	TRY(db_prepare(a->db, KEY_SQL, key, 1, &a->key, f));
	TRY(db_prepare(a->db, LISTED_SQL, shift, 1, &a->listed, f));
	return db_prepare(a->db, AUTHENTICATORS_SQL, now, 4, &a->authenticators, f);
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
	statement_close(a->listed);
	statement_close(a->authenticators);
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

static err standing_row(void *context, const struct value *columns, size_t n)
{
	struct key_standing *k = context;

	(void)n;
	text_copy(k->owner, columns[0].bytes);
	k->enrolled_at = (uint64_t)columns[1].number;
	k->usable_from = (uint64_t)columns[2].number; /* NULL reads as 0 */
	text_copy(k->shift, columns[3].bytes);
	k->not_after = (uint64_t)columns[4].number;
	text_copy(k->station, columns[5].bytes);
	k->closed = columns[6].kind != VALUE_NULL;
	return ERR_OK;
}

struct listed_read {
	struct authority *authority;
	struct listed *first;
	struct fault *fault;
};

static err listed_row(void *context, const struct value *columns, size_t n)
{
	struct listed_read *read = context;
	struct listed *one = arena_alloc(&read->authority->arena, sizeof *one);

	(void)n;
	if (one == NULL)
		return fail(read->fault, "OUT_OF_MEMORY", NULL);
	text_copy(one->permission, columns[0].bytes);
	one->next = read->first;
	read->first = one;
	return ERR_OK;
}

static err read_key(struct authority *a, struct held *h, struct fault *f)
{
	struct value key[] = {value_blob(hash_bytes(&h->key))};
	struct listed_read read = {.authority = a, .fault = f};

	TRY(db_query(a->db, a->key, key, standing_row, &h->standing, NULL, f));
	if (h->standing.shift[0] == '\0')
		return ERR_OK;
	struct value shift[] = {value_text(bytes_text(h->standing.shift))};
	TRY(db_query(a->db, a->listed, shift, listed_row, &read, NULL, f));
	h->standing.listed = read.first;
	return ERR_OK;
}

err authority_key(struct authority *a, struct hash key, const struct key_standing **out,
		  struct fault *f)
{
	uint32_t bucket = mix(2166136261u, key.b, sizeof key.b) % BUCKETS;
	struct held *h;

	for (h = a->buckets[bucket]; h != NULL; h = h->next)
		if (h->is_key && hash_equal(h->key, key))
			break;
	if (h == NULL) {
		h = hold(a, bucket);
		if (h == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		h->is_key = true;
		h->key = key;
		err result = read_key(a, h, f);
		if (result.code != OK) {
			authority_forget(a);
			return result;
		}
	}
	*out = &h->standing;
	return ERR_OK;
}

bool key_lists(const struct key_standing *key, const char *permission)
{
	for (const struct listed *one = key->listed; one != NULL; one = one->next)
		if (strcmp(one->permission, permission) == 0)
			return true;
	return false;
}

bool key_waits(const struct key_standing *key, const struct two_clocks *now)
{
	return key->usable_from != 0 && !check_left_out(CHECK_ENGINE_KEY_WAITS) &&
	       (now->stepped || now->wall < key->usable_from || now->steady < key->usable_from);
}

bool key_is_over(const struct key_standing *key, const struct two_clocks *now)
{
	return key->shift[0] != '\0' && !check_left_out(CHECK_ENGINE_SHIFT_TIME) &&
	       (key->closed || now->stepped || now->wall >= key->not_after ||
		now->steady >= key->not_after);
}

err authority_key_owner(struct authority *a, struct hash key, const struct two_clocks *now,
			char owner[static ID_SIZE_MAX + 1], struct fault *f)
{
	const struct key_standing *k;

	TRY(authority_key(a, key, &k, f));
	if (k->shift[0] != '\0' || key_waits(k, now))
		owner[0] = '\0';
	else
		memcpy(owner, k->owner, sizeof k->owner);
	return ERR_OK;
}

static err count_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(size_t *)context = (size_t)columns[0].number;
	return ERR_OK;
}

err authority_authenticators(struct authority *a, struct bytes principal,
			     const struct two_clocks *now, size_t *n, struct fault *f)
{
	struct value values[] = {value_text(principal), value_int((int64_t)now->wall),
				 value_int((int64_t)now->steady), value_int(now->stepped ? 1 : 0)};

	*n = 0;
	return db_query(a->db, a->authenticators, values, count_row, n, NULL, f);
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

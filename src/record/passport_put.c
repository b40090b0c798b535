/* SPDX-License-Identifier: Apache-2.0 */
/* passport_put.c — what a passport withholds and shows, and the file itself. */
#include "record/passport_internal.h"

#include "core/cbor.h"
#include "core/sha256.h"

#include <stdlib.h>
#include <string.h>

err passport_too_large(struct gathering *g)
{
	return fail(g->fault, "PASSPORT_TOO_LARGE", NULL);
}

bool passport_withholds(const struct gathering *g, struct bytes kind)
{
	for (size_t i = 0; i < g->withheld_n; i++)
		if (bytes_equal(g->withheld[i], kind))
			return true;
	return false;
}

/* ---- what is withheld ---- */

/* A word that means nothing would withhold nothing, and say otherwise. */
static bool is_a_kind(const struct gathering *g, struct bytes kind)
{
	const struct registry *registry = g->engine->registry;

	for (size_t i = 0; i < registry->types_n; i++) {
		const char *one = registry->types[i].type->subject.kind;
		if (one != NULL && bytes_equal(bytes_text(one), kind))
			return true;
	}
	return false;
}

static int order_kinds(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;

	return bytes_compare(*x, *y);
}

err passport_withhold(struct gathering *g)
{
	const char *at = g->request->without;

	while (at != NULL) {
		size_t n = strcspn(at, ",");
		struct bytes kind = bytes_of(at, n);
		if (!passport_may_withhold(kind) || !is_a_kind(g, kind))
			return fail_field(g->fault, "without", "PASSPORT_KIND_WRONG", "kind",
					  arena_text(g->arena, kind), NULL);
		if (g->withheld_n == PASSPORT_WITHHELD_MAX)
			return passport_too_large(g);
		if (!passport_withholds(g, kind))
			g->withheld[g->withheld_n++] = kind;
		at = at[n] == '\0' ? NULL : at + n + 1;
	}
	qsort(g->withheld, g->withheld_n, sizeof g->withheld[0], order_kinds);
	return ERR_OK;
}

/* ---- what is shown ---- */

static err opening_row(void *context, const struct value *columns, size_t n)
{
	struct gathering *g = context;
	struct opening one = {.value = arena_copy(g->arena, columns[1].bytes)};

	(void)n;
	if (columns[0].bytes.n != sizeof one.salt || one.value.p == NULL)
		return ERR_OK;
	if (g->openings_n == PASSPORT_OPENINGS_MAX)
		return passport_too_large(g);
	memcpy(one.salt, columns[0].bytes.p, sizeof one.salt);
	one.commitment = commitment_of(one.salt, one.value);
	g->openings[g->openings_n++] = one;
	return ERR_OK;
}

static err read_openings(struct gathering *g, struct statement *s)
{
	struct entry *entry = arena_alloc(g->arena, sizeof *entry);
	struct arena one = {0};
	err result = entry == NULL ? fail(g->fault, "OUT_OF_MEMORY", NULL) : ERR_OK;

	for (size_t i = 0; i < g->sequences_n && result.code == OK; i++) {
		struct value values[] = {value_u64(g->sequences[i])};
		struct bytes bytes;
		const char *why;
		bool may = false;
		arena_reset(&one);
		result = ledger_entry(g->reader->ledger, &one, g->sequences[i], &bytes, g->fault);
		if (result.code == OK && entry_parse(bytes, entry, &why))
			result = g->request->may_show(g->request->context, &entry->witness.subject,
						      &may, g->fault);
		if (result.code == OK && may)
			result = db_query(g->reader->db, s, values, opening_row, g, NULL, g->fault);
	}
	arena_done(&one);
	return result;
}

static int order_openings(const void *a, const void *b)
{
	const struct opening *x = a, *y = b;

	return bytes_compare(hash_bytes(&x->commitment), hash_bytes(&y->commitment));
}

err passport_show(struct gathering *g)
{
	static const struct parameter parameters[] = {{"seq", VALUE_INT}};
	struct statement *s;

	if (g->request->may_show == NULL)
		return ERR_OK;
	TRY(db_prepare(g->reader->db,
		       "SELECT salt, value FROM opening WHERE seq = :seq AND personal = 0",
		       parameters, 1, &s, g->fault));
	err result = read_openings(g, s);
	statement_close(s);
	qsort(g->openings, g->openings_n, sizeof g->openings[0], order_openings);
	return result;
}

/* ---- writing ---- */

static err put_entries(struct gathering *g, struct writer *w)
{
	struct arena one = {0};
	err result = ERR_OK;

	cbor_put_array(w, g->sequences_n);
	for (size_t i = 0; i < g->sequences_n && result.code == OK; i++) {
		struct bytes bytes;
		struct hash path[MERKLE_DEPTH_MAX];
		size_t n;
		arena_reset(&one);
		result = ledger_entry(g->reader->ledger, &one, g->sequences[i], &bytes, g->fault);
		if (result.code == OK)
			result = ledger_inclusion(g->reader->ledger, g->head.size, g->sequences[i],
						  path, &n, g->fault);
		if (result.code == OK)
			passport_put_entry(w, g->sequences[i], bytes, path, n);
	}
	arena_done(&one);
	return result;
}

/* What a reader must know beside the records; only what is true of this unit. */
static void put_notices(const struct gathering *g, struct writer *w)
{
	bool founded = strcmp(g->mode, "founded") == 0;

	cbor_put_array(w, (size_t)!g->anchored + (size_t)!founded);
	if (!g->anchored)
		cbor_put_text(w, bytes_text("QUOTA_NOT_ANCHORED"));
	if (!founded)
		cbor_put_text(w, bytes_text(strcmp(g->mode, "trial") == 0 ? "LOG_IS_TRIAL"
									  : "LOG_IS_BOOTSTRAP"));
}

static void put_openings(const struct gathering *g, struct writer *w)
{
	cbor_put_array(w, g->openings_n);
	for (size_t i = 0; i < g->openings_n; i++) {
		cbor_put_array(w, 2);
		cbor_put_bytes(w, bytes_of(g->openings[i].salt, sizeof g->openings[i].salt));
		cbor_put_text(w, g->openings[i].value);
	}
}

static void put_withheld(const struct gathering *g, struct writer *w)
{
	cbor_put_array(w, g->withheld_n);
	for (size_t i = 0; i < g->withheld_n; i++)
		cbor_put_text(w, g->withheld[i]);
}

/* A list in the arena. */
static err list_room(struct gathering *g, size_t size, struct writer *w)
{
	uint8_t *p = arena_alloc(g->arena, size);

	*w = writer_of(p, size);
	return p == NULL ? fail(g->fault, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

static err list_done(struct gathering *g, const struct writer *w, struct bytes *out)
{
	return writer_done(w, out) ? ERR_OK : passport_too_large(g);
}

err passport_write(struct gathering *g, struct bytes *out)
{
	enum { SMALL_LIST = 1 << 12, OPENINGS_LIST = PASSPORT_OPENINGS_MAX * 300 };
	struct passport p = {.note = g->note,
			     .subject = {bytes_text("unit"), bytes_text(g->request->product),
					 bytes_text(g->request->serial)},
			     .last = g->unit_last};
	struct writer w;

	if (g->request->ca.n <= PASSPORT_CA_MAX &&
	    hash_equal(sha256(g->request->ca), g->ca_certificate))
		p.ca = g->request->ca;
	TRY(list_room(g, PASSPORT_SIZE_MAX, &w));
	TRY(put_entries(g, &w));
	TRY(list_done(g, &w, &p.entries));
	TRY(list_room(g, OPENINGS_LIST, &w));
	put_openings(g, &w);
	TRY(list_done(g, &w, &p.openings));
	TRY(list_room(g, SMALL_LIST, &w));
	put_notices(g, &w);
	TRY(list_done(g, &w, &p.notices));
	TRY(list_room(g, SMALL_LIST, &w));
	put_withheld(g, &w);
	TRY(list_done(g, &w, &p.withheld));
	TRY(list_room(g, PASSPORT_SIZE_MAX, &w));
	passport_put(&w, &p);
	return list_done(g, &w, out);
}

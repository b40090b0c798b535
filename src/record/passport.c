/* SPDX-License-Identifier: Apache-2.0 */
#include "record/passport_internal.h"

#include "core/signed_documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what it is about ---- */

static err add_subject(struct gathering *g, const char *kind, struct bytes within, struct bytes id)
{
	struct subject s = {bytes_text(kind), within, id};

	if (passport_withholds(g, s.kind))
		return ERR_OK;
	for (size_t i = 0; i < g->subjects_n; i++)
		if (bytes_equal(g->subjects[i].kind, s.kind) &&
		    bytes_equal(g->subjects[i].within, s.within) &&
		    bytes_equal(g->subjects[i].id, s.id))
			return ERR_OK;
	if (g->subjects_n == SUBJECTS_MAX)
		return passport_too_large(g);
	s.kind = bytes_text(arena_text(g->arena, s.kind));
	s.within = bytes_text(arena_text(g->arena, within));
	s.id = bytes_text(arena_text(g->arena, id));
	g->subjects[g->subjects_n++] = s;
	return ERR_OK;
}

static struct bytes row_text(const json_t *row, const char *name)
{
	const json_t *v = json_object_get(row, name);

	return bytes_of(json_string_value(v), json_string_length(v));
}

static err add_page(struct gathering *g, const json_t *page)
{
	size_t i;
	json_t *row;

	g->related += json_array_size(json_object_get(page, "rows"));
	json_array_foreach(json_object_get(page, "rows"), i, row)
		TRY(add_subject(g, json_string_value(json_object_get(row, "kind")),
				row_text(row, "within"), row_text(row, "id")));
	return ERR_OK;
}

static err add_related(struct gathering *g)
{
	const char *product = g->request->product, *serial = g->request->serial;
	const char *names[] = {"product", "serial", "limit", "cursor"};
	const char *values[] = {product, serial, "1000", NULL};
	struct view_request request = {.name = bytes_text("passport.related"),
				       .caller = g->request->caller,
				       .n = 3,
				       .names = names,
				       .values = values};

	for (;;) {
		json_t *page = NULL;
		TRY(view_read(g->engine, g->reader, g->arena, &request, &page, g->fault));
		err result = add_page(g, page);
		const char *next = json_string_value(json_object_get(page, "next"));
		values[3] = next == NULL ? NULL : arena_text(g->arena, bytes_text(next));
		json_decref(page);
		TRY(result);
		if (values[3] == NULL)
			return ERR_OK;
		request.n = 4;
	}
}

/* ---- entries ---- */

static err add_sequence(struct gathering *g, uint64_t sequence, bool *fresh)
{
	*fresh = false;
	for (size_t i = 0; i < g->sequences_n; i++)
		if (g->sequences[i] == sequence)
			return ERR_OK;
	if (g->sequences_n == PASSPORT_ENTRIES_MAX)
		return passport_too_large(g);
	g->sequences[g->sequences_n++] = sequence;
	*fresh = true;
	return ERR_OK;
}

/* What was done about each nonconformance that a record raised. */
static err follow_raised(struct gathering *g, const struct witness *w)
{
	struct raised raised;
	size_t n;
	struct reader at = witness_raised(w, &n);

	for (size_t i = 0; i < n && witness_next_raised(&at, &raised); i++) {
		char *sequence = arena_printf(g->arena, "%llu", (unsigned long long)w->sequence);
		char *number = arena_printf(g->arena, "%zu", i);
		if (sequence == NULL || number == NULL)
			return fail(g->fault, "OUT_OF_MEMORY", NULL);
		TRY(add_subject(g, "nonconformance", bytes_text(sequence), bytes_text(number)));
	}
	return ERR_OK;
}

/* The unit's own receipt: each unit has one certificate. */
static void note_anchor(struct gathering *g, const struct entry *entry)
{
	struct cose_sign1 sign1;
	struct issue_receipt receipt;
	const char *why;

	if (!bytes_equal(entry->claim.type, bytes_text("certificate.issued")))
		return;
	struct bytes document = document_in_body(entry->claim.body, "receipt");
	if (issue_receipt_parse(document, &sign1, &receipt, &why))
		g->anchored = receipt.anchor != ANCHOR_NONE;
}

/* What waited here, and what the signer may have wanted more for than the rule here. */
static bool has_votes(const struct gathering *g, const struct entry *entry)
{
	const struct compiled_type *type =
		registry_type(g->reader->engine->registry, entry->claim.type);

	return entry->witness.outcome == OUTCOME_PENDING ||
	       (entry->witness.outcome == OUTCOME_FOLDED && type != NULL &&
		(type->type->flags & WEIGHED) != 0);
}

/* A key that a shift or a recovery gave speaks only as that says. */
static err given_row(void *context, const struct value *columns, size_t n)
{
	static const char *const KINDS[] = {"shift", "recovery"};
	struct gathering *g = context;

	for (size_t i = 0; i < n; i++)
		if (columns[i].kind == VALUE_TEXT)
			TRY(add_subject(g, KINDS[i], bytes_of("", 0), columns[i].bytes));
	return ERR_OK;
}

static err add_given(struct gathering *g, struct hash key)
{
	struct value values[] = {value_blob(hash_bytes(&key))};

	return db_query(g->reader->db, g->given, values, given_row, g, NULL, g->fault);
}

/* Whoever signed must be known, and whether the key was revoked; what waited must show its votes. */
static err follow(struct gathering *g, const struct entry *entry)
{
	char hex[65];
	struct hash digest = claim_digest(entry->claim_bytes);

	TRY(add_subject(g, "principal", bytes_of("", 0), entry->claim.author));
	if (entry->claim.has_key) {
		hex_encode(hash_bytes(&entry->claim.key), hex);
		TRY(add_subject(g, "key", bytes_of("", 0), bytes_text(hex)));
		TRY(add_given(g, entry->claim.key));
	}
	note_anchor(g, entry);
	TRY(follow_raised(g, &entry->witness));
	if (!has_votes(g, entry))
		return ERR_OK;
	hex_encode(hash_bytes(&digest), hex);
	return add_subject(g, "approval", bytes_of("", 0), bytes_text(hex));
}

static err last_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(int64_t *)context = columns[0].number;
	return ERR_OK;
}

static bool is_the_unit(const struct gathering *g, const struct subject *s)
{
	return bytes_equal(s->kind, bytes_text("unit")) &&
	       bytes_equal(s->within, bytes_text(g->request->product)) &&
	       bytes_equal(s->id, bytes_text(g->request->serial));
}

/* The whole chain of one subject, newest first, as far as the checkpoint covers it. */
static err add_chain(struct gathering *g, const struct subject *s)
{
	struct value values[] = {value_text(s->kind), value_text(s->within), value_text(s->id)};
	int64_t at = -1;
	struct entry *entry = arena_alloc(g->arena, sizeof *entry);

	if (entry == NULL)
		return fail(g->fault, "OUT_OF_MEMORY", NULL);
	TRY(db_query(g->reader->db, g->last, values, last_row, &at, NULL, g->fault));
	while (at >= 0) {
		struct bytes bytes;
		const char *why;
		bool fresh = false;
		TRY(ledger_entry(g->reader->ledger, g->arena, (uint64_t)at, &bytes, g->fault));
		if (!entry_parse(bytes, entry, &why))
			return fail(g->fault, "ENTRY_BAD", "detail", why, NULL);
		if ((uint64_t)at < g->head.size) {
			if (is_the_unit(g, s) && (uint64_t)at > g->unit_last)
				g->unit_last = (uint64_t)at;
			TRY(add_sequence(g, (uint64_t)at, &fresh));
			TRY(follow(g, entry));
		}
		at = entry->witness.has_previous ? (int64_t)entry->witness.previous : -1;
	}
	return ERR_OK;
}

static int order_sequences(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static err succession_row(void *context, const struct value *columns, size_t n)
{
	struct gathering *g = context;
	bool fresh;

	(void)n;
	if ((uint64_t)columns[0].number >= g->head.size)
		return ERR_OK;
	return add_sequence(g, (uint64_t)columns[0].number, &fresh);
}

/* Without them nobody could tell why earlier records carry another name, and who agreed. */
static err add_successions(struct gathering *g)
{
	struct statement *s;

	TRY(db_prepare(g->reader->db,
		       "SELECT seq FROM succession UNION ALL "
		       "SELECT seq FROM succession_approval",
		       NULL, 0, &s, g->fault));
	err result = db_query(g->reader->db, s, NULL, succession_row, g, NULL, g->fault);
	statement_close(s);
	return result;
}

static err gather(struct gathering *g)
{
	bool fresh;

	TRY(add_sequence(g, 0, &fresh)); /* the start: origin, founders, CA */
	TRY(add_successions(g));
	for (size_t i = 0; i < g->subjects_n; i++) /* grows while it is walked */
		TRY(add_chain(g, &g->subjects[i]));
	qsort(g->sequences, g->sequences_n, sizeof g->sequences[0], order_sequences);
	return ERR_OK;
}

static err mode_row(void *context, const struct value *columns, size_t n)
{
	struct gathering *g = context;

	(void)n;
	snprintf(g->mode, sizeof g->mode, "%.*s", (int)columns[0].bytes.n,
		 (const char *)columns[0].bytes.p);
	return ERR_OK;
}

static err read_start(struct gathering *g)
{
	struct statement *s;
	struct bytes bytes;
	struct entry *entry = arena_alloc(g->arena, sizeof *entry);
	const char *why;

	TRY(db_prepare(g->reader->db, "SELECT mode FROM log_start", NULL, 0, &s, g->fault));
	err result = db_query(g->reader->db, s, NULL, mode_row, g, NULL, g->fault);
	statement_close(s);
	TRY(result);
	TRY(ledger_entry(g->reader->ledger, g->arena, 0, &bytes, g->fault));
	if (entry == NULL || !entry_parse(bytes, entry, &why))
		return fail(g->fault, "OUT_OF_MEMORY", NULL);
	struct bytes named = document_in_body(entry->claim.body, "ca_certificate");
	if (named.n == sizeof g->ca_certificate)
		memcpy(g->ca_certificate.b, named.p, named.n);
	return ERR_OK;
}

static err build(struct gathering *g, struct bytes *out)
{
	struct bytes product = bytes_text(g->request->product);
	struct bytes serial = bytes_text(g->request->serial);

	TRY(passport_withhold(g));
	TRY(read_start(g));
	TRY(ledger_checkpoint(g->reader->ledger, g->arena, &g->note, &g->head, g->fault));
	TRY(add_related(g));
	if (g->related == 0)
		return fail(g->fault, "PASSPORT_NO_UNIT", "product", g->request->product, "serial",
			    g->request->serial, NULL);
	TRY(add_subject(g, "unit", product, serial));
	TRY(gather(g));
	TRY(passport_show(g));
	return passport_write(g, out);
}

err passport_build(struct engine *e, struct reader_session *r, struct arena *a,
		   const struct passport_request *request, struct bytes *out, struct fault *f)
{
	static const struct parameter subject[] = {
		{"kind", VALUE_TEXT}, {"within", VALUE_TEXT}, {"id", VALUE_TEXT}};
	static const struct parameter key[] = {{"key", VALUE_BLOB}};
	struct gathering *g = arena_alloc(a, sizeof *g);

	if (g == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*g = (struct gathering){
		.request = request, .engine = e, .reader = r, .arena = a, .fault = f};
	TRY(db_prepare(r->db,
		       "SELECT seq FROM subject_last"
		       " WHERE kind = :kind AND within = :within AND id = :id",
		       subject, 3, &g->last, f));
	err result = db_prepare(r->db, "SELECT shift, recovery FROM principal_key WHERE key = :key",
				key, 1, &g->given, f);
	if (result.code == OK)
		result = build(g, out);
	statement_close(g->given);
	statement_close(g->last);
	return result;
}

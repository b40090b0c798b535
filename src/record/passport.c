/* SPDX-License-Identifier: Apache-2.0 */
#include "record/passport.h"

#include "core/cbor.h"
#include "core/passport.h"
#include "core/signed_documents.h"
#include "record/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUBJECTS_MAX = 2048 };

struct gathering {
	struct engine *engine;
	struct reader_session *reader;
	struct arena *arena;
	struct statement *last;
	struct merkle_head head;
	struct bytes note;
	struct subject subjects[SUBJECTS_MAX];
	size_t subjects_n;
	uint64_t sequences[PASSPORT_ENTRIES_MAX];
	size_t sequences_n;
	char mode[16];
	bool anchored; /* the unit's issue receipt says that its number cannot be turned back */
	struct fault *fault;
};

static err too_large(struct gathering *g)
{
	return fail(g->fault, "PASSPORT_TOO_LARGE", NULL);
}

/* ---- what it is about ---- */

static err add_subject(struct gathering *g, const char *kind, struct bytes within, struct bytes id)
{
	struct subject s = {bytes_text(kind), within, id};

	for (size_t i = 0; i < g->subjects_n; i++)
		if (bytes_equal(g->subjects[i].kind, s.kind) &&
		    bytes_equal(g->subjects[i].within, s.within) &&
		    bytes_equal(g->subjects[i].id, s.id))
			return ERR_OK;
	if (g->subjects_n == SUBJECTS_MAX)
		return too_large(g);
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

	json_array_foreach(json_object_get(page, "rows"), i, row)
		TRY(add_subject(g, json_string_value(json_object_get(row, "kind")),
				row_text(row, "within"), row_text(row, "id")));
	return ERR_OK;
}

static err add_related(struct gathering *g, const struct caller *caller, const char *product,
		       const char *serial)
{
	const char *names[] = {"product", "serial", "limit", "cursor"};
	const char *values[] = {product, serial, "1000", NULL};
	struct view_request request = {.name = bytes_text("passport.related"),
				       .caller = caller,
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
		return too_large(g);
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

/* Whoever signed must be known, and whether the key was revoked; what waited must show its votes. */
static err follow(struct gathering *g, const struct entry *entry)
{
	char hex[65];
	struct hash digest = claim_digest(entry->claim_bytes);

	TRY(add_subject(g, "principal", bytes_of("", 0), entry->claim.author));
	if (entry->claim.has_key) {
		hex_encode(hash_bytes(&entry->claim.key), hex);
		TRY(add_subject(g, "key", bytes_of("", 0), bytes_text(hex)));
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

static err put_passport(struct gathering *g, struct writer *w, const char *product,
			const char *serial)
{
	cbor_put_map(w, 6);
	cbor_put_uint(w, 1);
	cbor_put_uint(w, PASSPORT_VERSION);
	cbor_put_uint(w, 2);
	cbor_put_text(w, g->note);
	cbor_put_uint(w, 3);
	cbor_put_array(w, 3);
	cbor_put_text(w, bytes_text("unit"));
	cbor_put_text(w, bytes_text(product));
	cbor_put_text(w, bytes_text(serial));
	cbor_put_uint(w, 4);
	TRY(put_entries(g, w));
	cbor_put_uint(w, 5);
	cbor_put_array(w, 0);
	cbor_put_uint(w, 6);
	put_notices(g, w);
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

static err read_mode(struct gathering *g)
{
	struct statement *s;

	TRY(db_prepare(g->reader->db, "SELECT mode FROM log_start", NULL, 0, &s, g->fault));
	err result = db_query(g->reader->db, s, NULL, mode_row, g, NULL, g->fault);
	statement_close(s);
	return result;
}

static err build(struct gathering *g, const struct caller *caller, const char *product,
		 const char *serial, struct bytes *out)
{
	TRY(read_mode(g));
	TRY(ledger_checkpoint(g->reader->ledger, g->arena, &g->note, &g->head, g->fault));
	TRY(add_related(g, caller, product, serial));
	if (g->subjects_n == 0)
		return fail(g->fault, "PASSPORT_NO_UNIT", "product", product, "serial", serial,
			    NULL);
	TRY(add_subject(g, "unit", bytes_text(product), bytes_text(serial)));
	TRY(gather(g));
	uint8_t *p = arena_alloc(g->arena, PASSPORT_SIZE_MAX);
	if (p == NULL)
		return fail(g->fault, "OUT_OF_MEMORY", NULL);
	struct writer w = writer_of(p, PASSPORT_SIZE_MAX);
	TRY(put_passport(g, &w, product, serial));
	return writer_done(&w, out) ? ERR_OK : too_large(g);
}

err passport_build(struct engine *e, struct reader_session *r, struct arena *a,
		   const struct caller *caller, const char *product, const char *serial,
		   struct bytes *out, struct fault *f)
{
	static const struct parameter subject[] = {
		{"kind", VALUE_TEXT}, {"within", VALUE_TEXT}, {"id", VALUE_TEXT}};
	struct gathering *g = arena_alloc(a, sizeof *g);

	if (g == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*g = (struct gathering){.engine = e, .reader = r, .arena = a, .fault = f};
	TRY(db_prepare(r->db,
		       "SELECT seq FROM subject_last"
		       " WHERE kind = :kind AND within = :within AND id = :id",
		       subject, 3, &g->last, f));
	err result = build(g, caller, product, serial, out);
	statement_close(g->last);
	return result;
}

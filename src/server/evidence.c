/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evidence.h"

#include "core/entry.h"
#include "ledger/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ENTRIES_MAX = 65 }; /* a decision and 64 approvals: signer.cddl */

/* ---- statements ---- */

static err prepare(struct evidence_reader *e, const char *sql, const struct parameter *parameter,
		   struct statement **out, struct fault *f)
{
	return db_prepare(reader_db(e->session), sql, parameter, 1, out, f);
}

err evidence_open(struct reader_session *session, struct evidence_reader *out, struct fault *f)
{
	static const struct parameter digest = {"digest", VALUE_BLOB};
	static const struct parameter pending = {"pending", VALUE_INT}, key = {"key", VALUE_BLOB};

	*out = (struct evidence_reader){.session = session, .ledger = reader_ledger(session)};
	err result = prepare(out, "SELECT seq FROM pending WHERE digest = :digest", &digest,
			     &out->target, f);
	if (result.code == OK)
		result = prepare(out,
				 "SELECT seq FROM vote WHERE pending = :pending"
				 " ORDER BY pending, seq",
				 &pending, &out->votes, f);
	if (result.code == OK)
		result = prepare(out, "SELECT spki FROM principal_key WHERE key = :key", &key,
				 &out->key, f);
	if (result.code != OK)
		evidence_close(out);
	return result;
}

void evidence_close(struct evidence_reader *e)
{
	statement_close(e->target);
	statement_close(e->votes);
	statement_close(e->key);
	*e = (struct evidence_reader){0};
}

/* ---- one entry ---- */

static err not_certified(struct fault *f, uint64_t sequence, uint64_t size)
{
	char entry[24], covered[24];

	snprintf(entry, sizeof entry, "%" PRIu64, sequence);
	snprintf(covered, sizeof covered, "%" PRIu64, size);
	return fail(f, "EVIDENCE_NOT_CERTIFIED", "sequence", entry, "size", covered, NULL);
}

err evidence_entry(struct evidence_reader *e, struct arena *a, uint64_t size, uint64_t sequence,
		   struct proved_entry *out, struct fault *f)
{
	struct hash path[MERKLE_DEPTH_MAX], *kept;

	*out = (struct proved_entry){.sequence = sequence};
	if (sequence >= size)
		return not_certified(f, sequence, size);
	TRY(ledger_entry(e->ledger, a, sequence, &out->entry, f));
	TRY(ledger_inclusion(e->ledger, size, sequence, path, &out->path_n, f));
	kept = arena_array(a, out->path_n + 1, sizeof *kept);
	if (kept == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	memcpy(kept, path, out->path_n * sizeof *kept);
	out->path = kept;
	return ERR_OK;
}

static err parse(struct arena *a, struct bytes bytes, struct entry **out, struct fault *f)
{
	const char *why;

	*out = arena_alloc(a, sizeof **out);
	if (*out == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	return entry_parse(bytes, *out, &why) ? ERR_OK : fail(f, "ENTRY_BAD", "detail", why, NULL);
}

struct key_found {
	struct arena *arena;
	struct bytes spki;
};

static err key_row(void *context, const struct value *columns, size_t n)
{
	struct key_found *found = context;

	(void)n;
	found->spki = arena_copy(found->arena, columns[0].bytes);
	return ERR_OK;
}

err evidence_entry_and_key(struct evidence_reader *e, struct arena *a, uint64_t size,
			   uint64_t sequence, struct proved_entry *out, struct fault *f)
{
	struct key_found found = {.arena = a};
	struct entry *entry;

	TRY(evidence_entry(e, a, size, sequence, out, f));
	TRY(parse(a, out->entry, &entry, f));
	struct value values[] = {value_blob(hash_bytes(&entry->claim.key))};
	if (entry->claim.has_key)
		TRY(db_query(reader_db(e->session), e->key, values, key_row, &found, NULL, f));
	out->author_key = found.spki;
	return ERR_OK;
}

/* ---- a decision ---- */

static err sequence_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(uint64_t *)context = (uint64_t)columns[0].number;
	return ERR_OK;
}

struct votes {
	uint64_t sequences[ENTRIES_MAX];
	size_t n;
};

static err vote_row(void *context, const struct value *columns, size_t n)
{
	struct votes *votes = context;

	(void)n;
	if (votes->n < ENTRIES_MAX)
		votes->sequences[votes->n++] = (uint64_t)columns[0].number;
	return ERR_OK;
}

/* The entry that the tables name must be the one that was decided about. */
static err check_digest(struct arena *a, const struct proved_entry *proved, struct hash digest,
			struct fault *f)
{
	struct entry *entry;
	char hex[65];

	TRY(parse(a, proved->entry, &entry, f));
	if (hash_equal(claim_digest(entry->claim_bytes), digest))
		return ERR_OK;
	hex_encode(hash_bytes(&digest), hex);
	return fail(f, "EVIDENCE_ELSEWHERE", "digest", hex, NULL);
}

err evidence_decision(struct evidence_reader *e, struct arena *a, uint64_t size, struct hash digest,
		      uint64_t sequence, struct evidence *out, struct fault *f)
{
	struct value wanted[] = {value_blob(hash_bytes(&digest))};
	struct votes votes = {.n = 1};
	struct proved_entry *entries;

	votes.sequences[0] = sequence;
	TRY(db_query(reader_db(e->session), e->target, wanted, sequence_row, &votes.sequences[0],
		     NULL, f));
	struct value pending[] = {value_int((int64_t)votes.sequences[0])};
	TRY(db_query(reader_db(e->session), e->votes, pending, vote_row, &votes, NULL, f));
	entries = arena_array(a, votes.n, sizeof *entries);
	if (entries == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < votes.n; i++)
		TRY(evidence_entry(e, a, size, votes.sequences[i], &entries[i], f));
	TRY(check_digest(a, &entries[0], digest, f));
	*out = (struct evidence){.size = size, .entries = entries, .n = votes.n};
	return ERR_OK;
}

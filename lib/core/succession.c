/* SPDX-License-Identifier: Apache-2.0 */
#include "core/succession.h"

#include <string.h>

#include "core/cbor.h"
#include "core/sha256.h"

/* The fields as CBOR sorts them: shorter names first. */
static void expect(struct reader *r, const char *name)
{
	if (!bytes_equal(cbor_text(r), bytes_text(name)))
		reader_fail(r, "the succession has other fields than it must have");
}

static struct bytes get_origin(struct reader *r)
{
	struct bytes text = cbor_text(r);

	if (r->why == NULL && (text.n == 0 || text.n > ORIGIN_SIZE_MAX))
		reader_fail(r, "an origin in the succession does not hold");
	return text;
}

static struct hash get_hash(struct reader *r)
{
	struct bytes bytes = cbor_bytes(r);
	struct hash out = {{0}};

	if (r->why == NULL && bytes.n != sizeof(out.b))
		reader_fail(r, "a hash in the succession has not 32 bytes");
	if (r->why == NULL)
		memcpy(out.b, bytes.p, sizeof(out.b));
	return out;
}

static void get_body(struct reader *r, struct succession *out)
{
	if (cbor_map(r) != 8)
		reader_fail(r, "the succession has other fields than it must have");
	expect(r, "origin");
	out->origin = get_origin(r);
	expect(r, "used_up");
	out->used_up = cbor_bool(r);
	expect(r, "old_root");
	out->last.root = get_hash(r);
	expect(r, "old_size");
	out->last.size = cbor_uint(r);
	expect(r, "recovered");
	out->recovered.size = cbor_uint(r);
	expect(r, "old_origin");
	out->old_origin = get_origin(r);
	expect(r, "checkpoint_key");
	out->checkpoint_key = get_hash(r);
	expect(r, "recovered_root");
	out->recovered.root = get_hash(r);
}

bool succession_read(const struct claim *claim, struct succession *out, const char **why)
{
	struct reader r = reader_of(claim->body);

	*out = (struct succession){0};
	*why = NULL;
	if (!bytes_equal(claim->type, bytes_text(SUCCESSION_TYPE)) || claim->version != 1) {
		*why = "it is no succession";
		return false;
	}
	get_body(&r, out);
	if (!reader_end(&r))
		*why = r.why != NULL ? r.why : "bytes follow the succession";
	else if (!bytes_equal(out->origin, claim->origin))
		*why = "the succession names another origin than it carries";
	else if (bytes_equal(out->origin, out->old_origin))
		*why = "the succession does not change the origin";
	return *why == NULL;
}

/* ---- the line of origins ---- */

static bool used_before(const struct origin_line *line, struct hash origin)
{
	for (size_t i = 0; i < line->n; i++)
		if (hash_equal(line->before[i], origin))
			return true;
	return false;
}

static bool change(struct origin_line *line, uint64_t sequence, const struct entry *entry,
		   struct succession *succession, const char **why)
{
	if (!succession_read(&entry->claim, succession, why))
		return false;
	if (!bytes_equal(succession->old_origin, bytes_text(line->now)))
		*why = "the succession is of another log";
	else if (succession->recovered.size != sequence)
		*why = "the succession stands at another place than it says";
	else if (entry->witness.outcome != OUTCOME_FOLDED || entry->proof.kind != PROOF_NONE ||
		 entry->witness.channel != CHANNEL_LOCAL)
		*why = "the succession was not recorded by the log itself";
	else if (line->n == SUCCESSIONS_MAX || used_before(line, sha256(succession->origin)))
		*why = "an origin is never used again";
	if (*why != NULL)
		return false;
	line->before[line->n++] = sha256(bytes_text(line->now));
	memcpy(line->now, succession->origin.p, succession->origin.n);
	line->now[succession->origin.n] = 0;
	line->since = sequence;
	return true;
}

bool origin_follow(struct origin_line *line, uint64_t sequence, const struct entry *entry,
		   struct succession *succession, const char **why)
{
	struct bytes origin = entry->claim.origin;

	*succession = (struct succession){0};
	*why = NULL;
	if (line->now[0] == 0) {
		memcpy(line->now, origin.p, origin.n);
		line->now[origin.n] = 0;
		line->since = sequence;
	} else if (!bytes_equal(origin, bytes_text(line->now))) {
		return change(line, sequence, entry, succession, why);
	}
	/* Under one name there is nothing to succeed to. */
	if (bytes_equal(entry->claim.type, bytes_text(SUCCESSION_TYPE)))
		*why = "a succession that succeeds nothing";
	return *why == NULL;
}

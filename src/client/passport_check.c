/* SPDX-License-Identifier: Apache-2.0 */
#include "client/passport_check.h"

#include "crypto/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static err wrong(struct fault *f, const char *detail, bool has_sequence, uint64_t sequence)
{
	char where[64] = "";

	if (has_sequence)
		snprintf(where, sizeof where, " (entry %" PRIu64 ")", sequence);
	return fail(f, "PASSPORT_WRONG", "detail", detail, "where", where, NULL);
}

static void copy(char out[static ID_SIZE_MAX + 1], struct bytes text)
{
	size_t n = text.n < ID_SIZE_MAX ? text.n : ID_SIZE_MAX;

	if (n > 0)
		memcpy(out, text.p, n);
	out[n] = '\0';
}

static err check_signature(const struct passport *p, const struct passport_entry *e,
			   const struct entry *entry, struct fault *f)
{
	struct public_key *key;
	struct bytes spki;

	if (!entry->claim.has_key || !passport_find_key(p, entry->claim.key, &spki))
		return wrong(f, "the key of its author is nowhere in the passport", true,
			     e->sequence);
	TRY(public_key_parse(spki, &key, f));
	bool good = cose_verify(&entry->proof.cose, key, entry->claim.type, entry->claim_bytes);
	public_key_close(key);
	return good ? ERR_OK : wrong(f, "its author's signature does not hold", true, e->sequence);
}

static err check_entries(const struct passport *p, passport_each *each, void *context,
			 struct passport_report *out, struct fault *f)
{
	struct passport_entry *e = calloc(1, sizeof *e);
	struct entry *entry = calloc(1, sizeof *entry);
	struct reader at = passport_entries(p, &out->entries);
	const char *why;
	err result = e == NULL || entry == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;

	while (result.code == OK && passport_next_entry(&at, e)) {
		if (!entry_parse(e->bytes, entry, &why)) {
			result = wrong(f, why, true, e->sequence);
			break;
		}
		if (entry->proof.kind == PROOF_COSE)
			result = check_signature(p, e, entry, f);
		out->signed_by_author += entry->proof.kind != PROOF_NONE;
		out->reported += entry->proof.kind == PROOF_NONE;
		if (out->first_at == 0)
			out->first_at = entry->witness.at;
		out->last_at = entry->witness.at;
		if (result.code == OK && each != NULL)
			each(context, e, entry);
	}
	free(e);
	free(entry);
	return result;
}

err passport_check(struct bytes file, const struct note_key *log, passport_each *each,
		   void *context, struct passport_report *out, struct fault *f)
{
	struct passport p;
	struct passport_failure failure = {0};
	struct note note;
	struct checkpoint checkpoint;
	const char *why;

	*out = (struct passport_report){0};
	if (!passport_parse(file, &p, &why))
		return wrong(f, why, false, 0);
	if (!passport_verify(&p, log, ed25519_verify, &failure))
		return wrong(f, failure.why, failure.has_sequence, failure.sequence);
	if (!note_parse(p.note, &note, &why) || !checkpoint_parse(note.text, &checkpoint, &why))
		return wrong(f, why, false, 0);
	out->head = checkpoint.head;
	copy(out->kind, p.subject.kind);
	copy(out->within, p.subject.within);
	copy(out->id, p.subject.id);
	return check_entries(&p, each, context, out, f);
}

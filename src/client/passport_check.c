/* SPDX-License-Identifier: Apache-2.0 */
#include "client/passport_check.h"

#include "client/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_ROOM = 16 << 20 };

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

static void count(const struct entry *entry, struct passport_report *out)
{
	out->reported += entry->proof.kind == PROOF_NONE;
	if (out->first_at == 0)
		out->first_at = entry->witness.at;
	out->last_at = entry->witness.at;
}

/* Entries stand in the order of the log, so whose key is whose is known when it is used. */
static err check_entries(const struct passport *p, struct audit_keys *keys, passport_each *each,
			 void *context, struct passport_report *out, struct fault *f)
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
		/* Founders and mode stand there: neither is taken from anything unsigned. */
		if (keys->mode[0] == '\0' &&
		    !bytes_equal(entry->claim.type, bytes_text("ledger.started"))) {
			result = wrong(f, "it does not begin with the start of the log", true,
				       e->sequence);
			break;
		}
		result = audit_keys_entry(keys, e->sequence, e->bytes, entry, f);
		count(entry, out);
		if (result.code == OK && each != NULL)
			each(context, e, entry);
	}
	free(e);
	free(entry);
	return result;
}

err passport_check(struct bytes file, const struct note_key *log, const struct registry *registry,
		   passport_each *each, void *context, struct passport_report *out, struct fault *f)
{
	struct audit_keys keys = {.registry = registry, .arena = {.limit = KEYS_ROOM}};
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
	err result = check_entries(&p, &keys, each, context, out, f);
	out->signed_by_author = (size_t)keys.verified;
	out->passkeys = (size_t)keys.passkeys;
	memcpy(out->mode, keys.mode, sizeof out->mode);
	audit_keys_done(&keys);
	return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/passport_check.h"

#include "client/log.h"
#include "core/sha256.h"
#include "core/signed_documents.h"
#include "crypto/x509.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_ROOM = 16 << 20 };

static err wrong(struct passport_report *out, enum passport_step step, const char *detail,
		 const uint64_t *sequence, struct fault *f)
{
	char where[96];

	out->failure = (struct passport_failure){step, detail, sequence != NULL,
						 sequence == NULL ? 0 : *sequence};
	if (sequence != NULL)
		snprintf(where, sizeof where, " (step %s, entry %" PRIu64 ")",
			 passport_step_name(step), *sequence);
	else
		snprintf(where, sizeof where, " (step %s)", passport_step_name(step));
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
			result = wrong(out, PASSPORT_INCLUSION, why, &e->sequence, f);
			break;
		}
		/* Founders and mode stand there: neither is taken from anything unsigned. */
		if (keys->mode[0] == '\0' &&
		    !bytes_equal(entry->claim.type, bytes_text("ledger.started"))) {
			result = wrong(out, PASSPORT_SIGNATURE,
				       "it does not begin with the start of the log", &e->sequence,
				       f);
			break;
		}
		result = audit_keys_entry(keys, e->sequence, e->bytes, entry, f);
		if (result.code == ERR_CORRUPT)
			out->failure = (struct passport_failure){
				PASSPORT_SIGNATURE, "an author's signature does not hold", true,
				e->sequence};
		count(entry, out);
		if (result.code == OK && each != NULL)
			each(context, e, entry);
	}
	free(e);
	free(entry);
	return result;
}

/* ---- the unit's certificate ---- */

struct device {
	const struct passport *p;
	struct arena arena;
	struct hash key; /* that the unit asked with last */
};

static bool is_of_unit(const struct passport *p, const struct entry *entry)
{
	const struct subject *s = &entry->witness.subject;

	return entry->witness.has_subject && entry->witness.outcome == OUTCOME_FOLDED &&
	       bytes_equal(s->kind, p->subject.kind) && bytes_equal(s->within, p->subject.within) &&
	       bytes_equal(s->id, p->subject.id);
}

static void note_request(struct device *d, const struct entry *entry)
{
	struct output output;
	size_t n;
	struct reader at = witness_outputs(&entry->witness, &n);

	for (size_t i = 0; i < n && witness_next_output(&at, &output); i++)
		if (bytes_equal(output.name, bytes_text("spki")))
			d->key = sha256(output.value);
}

/* NULL, or why the certificate is not this unit's. */
static const char *certificate_wrong(struct device *d, struct bytes der)
{
	struct device_certificate read;
	struct fault ignored = {0};
	struct hash key;

	if (certificate_key_id(der, &key, &ignored).code != OK)
		return "the device certificate is none";
	if (!hash_equal(key, d->key))
		return "the device certificate is for another key than the unit asked with";
	if (d->p->ca.n == 0)
		return NULL;
	if (certificate_check_device(&d->arena, der, d->p->ca, &read, &ignored).code != OK)
		return "the device certificate was not made by the CA";
	return bytes_equal(read.product, d->p->subject.within) &&
			       bytes_equal(read.serial, d->p->subject.id)
		       ? NULL
		       : "the device certificate is of another unit";
}

static err check_device(const struct passport *p, struct passport_report *out, struct fault *f)
{
	struct device d = {.p = p};
	struct passport_entry e;
	struct entry entry;
	const char *why = NULL, *unread;
	size_t n;
	struct reader at = passport_entries(p, &n);

	for (size_t i = 0; i < n && why == NULL && passport_next_entry(&at, &e); i++) {
		if (!entry_parse(e.bytes, &entry, &unread) || !is_of_unit(p, &entry))
			continue;
		if (bytes_equal(entry.claim.type, bytes_text("unit.requested")))
			note_request(&d, &entry);
		if (bytes_equal(entry.claim.type, bytes_text("certificate.issued")))
			why = certificate_wrong(&d,
						document_in_body(entry.claim.body, "certificate"));
	}
	arena_done(&d.arena);
	return why == NULL ? ERR_OK : wrong(out, PASSPORT_DEVICE, why, &e.sequence, f);
}

/* ---- the whole ---- */

static err check_file(struct bytes file, const struct note_key *log, struct passport *p,
		      struct passport_report *out, struct fault *f)
{
	struct passport_failure failure = {0};
	struct note note;
	struct checkpoint checkpoint;
	const char *why;

	if (!passport_parse(file, p, &why))
		return wrong(out, PASSPORT_FILE, why, NULL, f);
	if (!passport_verify(p, log, ed25519_verify, &failure))
		return wrong(out, failure.step, failure.why,
			     failure.has_sequence ? &failure.sequence : NULL, f);
	if (!note_parse(p->note, &note, &why) || !checkpoint_parse(note.text, &checkpoint, &why))
		return wrong(out, PASSPORT_CHECKPOINT, why, NULL, f);
	out->head = checkpoint.head;
	copy(out->kind, p->subject.kind);
	copy(out->within, p->subject.within);
	copy(out->id, p->subject.id);
	return ERR_OK;
}

err passport_check(struct bytes file, const struct note_key *log, const struct registry *registry,
		   passport_each *each, void *context, struct passport_report *out, struct fault *f)
{
	struct audit_keys keys = {.registry = registry, .arena = {.limit = KEYS_ROOM}};
	struct passport p;

	*out = (struct passport_report){0};
	TRY(check_file(file, log, &p, out, f));
	err result = check_entries(&p, &keys, each, context, out, f);
	if (result.code == OK)
		result = check_device(&p, out, f);
	out->signed_by_author = (size_t)keys.verified;
	out->passkeys = (size_t)keys.passkeys;
	memcpy(out->mode, keys.mode, sizeof out->mode);
	audit_keys_done(&keys);
	return result;
}

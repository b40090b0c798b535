/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c — what a body says, the unit's certificate, and the whole. */
#include "verify.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "core/signed_documents.h"
#include "keys.h"

#include <string.h>

bool verify_fails(struct verification *v, enum passport_step step, uint64_t sequence,
		  const char *why)
{
	v->failure = (struct passport_failure){step, why, true, sequence};
	return false;
}

/* ---- bodies ---- */

static bool member(struct bytes body, const char *name, enum cbor_kind kind, struct reader *at)
{
	struct reader r = reader_of(body);

	for (size_t n = cbor_map(&r); n > 0 && r.why == NULL; n--) {
		bool found = bytes_equal(cbor_text(&r), bytes_text(name));
		if (found && cbor_peek(&r) == kind) {
			*at = r;
			return true;
		}
		(void)cbor_item(&r);
	}
	return false;
}

struct bytes body_text(struct bytes body, const char *name)
{
	struct reader at;

	return member(body, name, CBOR_TEXT, &at) ? cbor_text(&at) : (struct bytes){0};
}

uint64_t body_number(struct bytes body, const char *name)
{
	struct reader at;

	return member(body, name, CBOR_UINT, &at) ? cbor_uint(&at) : 0;
}

bool body_hash(struct bytes body, const char *name, struct hash *out)
{
	struct bytes b = document_in_body(body, name);

	if (b.n == sizeof *out)
		memcpy(out->b, b.p, sizeof *out);
	return b.n == sizeof *out;
}

struct reader body_maps(struct bytes body, const char *name, size_t *n)
{
	struct reader at = {0};

	*n = member(body, name, CBOR_ARRAY, &at) ? cbor_array(&at) : 0;
	return at;
}

bool entry_is(const struct entry *entry, const char *type)
{
	return bytes_equal(entry->claim.type, bytes_text(type));
}

bool entry_is_of_unit(const struct verification *v, const struct entry *entry)
{
	const struct subject *s = &entry->witness.subject, *unit = &v->passport.subject;

	return entry->witness.has_subject && bytes_equal(s->kind, unit->kind) &&
	       bytes_equal(s->within, unit->within) && bytes_equal(s->id, unit->id);
}

/* ---- the device certificate ---- */

bool verify_device(struct verification *v)
{
	static struct passport_entry e;
	const struct subject *unit = &v->passport.subject;
	struct entry entry;
	struct bytes spki = {0};
	struct output output;
	const char *why;
	size_t n, m;
	struct reader at = passport_entries(&v->passport, &n);

	for (size_t i = 0; i < n && passport_next_entry(&at, &e); i++) {
		if (!entry_parse(e.bytes, &entry, &why) || !entry_is_of_unit(v, &entry) ||
		    entry.witness.outcome != OUTCOME_FOLDED)
			continue;
		struct reader outputs = witness_outputs(&entry.witness, &m);
		for (size_t k = 0; entry_is(&entry, "unit.requested") && k < m &&
				   witness_next_output(&outputs, &output);
		     k++)
			if (bytes_equal(output.name, bytes_text("spki")))
				spki = output.value;
		if (!entry_is(&entry, "certificate.issued"))
			continue;
		why = certificate_wrong(document_in_body(entry.claim.body, "certificate"),
					v->passport.ca, spki, unit->within, unit->id);
		if (why != NULL)
			return verify_fails(v, PASSPORT_DEVICE, e.sequence, why);
	}
	return true;
}

/* ---- the whole ---- */

bool verify_passport(struct bytes file, const struct note_key *log, struct verification *v)
{
	static struct note note;
	struct checkpoint checkpoint;
	const char *why;

	v->log = log;
	if (!passport_parse(file, &v->passport, &why)) {
		v->failure = (struct passport_failure){.step = PASSPORT_FILE, .why = why};
		return false;
	}
	if (!passport_verify(&v->passport, log, key_signed_note, &v->failure))
		return false;
	if (note_parse(v->passport.note, &note, &why) &&
	    checkpoint_parse(note.text, &checkpoint, &why))
		v->head = checkpoint.head;
	return verify_authors(v) && verify_device(v) && verify_agreement(v);
}

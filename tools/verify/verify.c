/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c — whose key is whose, every author's signature, and the unit's certificate. */
#include "verify.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "core/signed_documents.h"
#include "keys.h"
#include "proofs.h"

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

/* ---- whose key is whose ---- */

static struct author_key *find_key(struct verification *v, struct hash id)
{
	for (size_t i = 0; i < v->keys_n; i++)
		if (hash_equal(v->keys[i].id, id))
			return &v->keys[i];
	return NULL;
}

static bool add_key(struct verification *v, uint64_t sequence, struct bytes spki,
		    struct bytes owner, struct bytes rest)
{
	struct hash id = sha256(spki);

	if (!key_is_sound(spki) || v->keys_n == AUTHOR_KEYS_MAX)
		return verify_fails(v, PASSPORT_SIGNATURE, sequence,
				    "it enrolls a key that is none");
	if (find_key(v, id) == NULL)
		v->keys[v->keys_n++] = (struct author_key){id, spki, owner, rest, false};
	return true;
}

static void end_keys(struct verification *v, struct bytes owner, const struct hash *id)
{
	for (size_t i = 0; i < v->keys_n; i++)
		if ((owner.n > 0 && v->keys[i].rest.p == NULL &&
		     bytes_equal(v->keys[i].owner, owner)) ||
		    (id != NULL && hash_equal(v->keys[i].id, *id)))
			v->keys[i].ended = true;
}

static bool owns(const struct author_key *key, struct bytes author)
{
	size_t n = key->owner.n;

	if (key->rest.p == NULL)
		return bytes_equal(key->owner, author);
	return author.n == n + 1 + key->rest.n && author.p[n] == '/' &&
	       bytes_equal(bytes_of(author.p, n), key->owner) &&
	       bytes_equal(bytes_of(author.p + n + 1, key->rest.n), key->rest);
}

static void note_log_key(struct verification *v, struct bytes body)
{
	struct bytes key = document_in_body(body, "checkpoint_key");

	if (key.n == 32 && v->log_keys_n < EARLIER_KEYS_MAX)
		memcpy(v->log_keys[v->log_keys_n++], key.p, 32);
}

static bool take_start(struct verification *v, const struct entry *entry)
{
	struct bytes body = entry->claim.body;
	size_t n;
	struct reader at = body_maps(body, "founders", &n);

	if (entry->witness.sequence > 0)
		return verify_fails(v, PASSPORT_SIGNATURE, entry->witness.sequence,
				    "a log starts once, with its first entry");
	v->mode = body_text(body, "mode");
	v->party = body_text(body, "relying_party");
	note_log_key(v, body);
	for (size_t i = 0; i < n; i++) {
		struct bytes founder = cbor_item(&at);
		if (!add_key(v, 0, document_in_body(founder, "public_key"),
			     body_text(founder, "principal"), (struct bytes){0}))
			return false;
	}
	return true;
}

/* A unit's key stands in what the writer noted of its request. */
static bool take_unit(struct verification *v, const struct entry *entry)
{
	const struct witness *w = &entry->witness;
	struct output output;
	size_t n;
	struct reader at = witness_outputs(w, &n);

	for (size_t i = 0; i < n && witness_next_output(&at, &output); i++)
		if (bytes_equal(output.name, bytes_text("spki")))
			return add_key(v, w->sequence, output.value, w->subject.within,
				       w->subject.id);
	return true;
}

/* What only waits, was kept without effect or is unverified gives and takes no key. */
static bool take_keys(struct verification *v, const struct entry *entry)
{
	struct bytes body = entry->claim.body;
	struct hash id;

	if (entry->witness.outcome != OUTCOME_FOLDED)
		return true;
	if (entry_is(entry, "ledger.started"))
		return take_start(v, entry);
	if (entry_is(entry, "unit.requested"))
		return take_unit(v, entry);
	if (entry_is(entry, "key.enrolled"))
		return add_key(v, entry->witness.sequence, document_in_body(body, "public_key"),
			       body_text(body, "principal"), (struct bytes){0});
	if (entry_is(entry, "key.revoked") && body_hash(body, "key_id", &id))
		end_keys(v, (struct bytes){0}, &id);
	if (entry_is(entry, "principal.left"))
		end_keys(v, body_text(body, "principal"), NULL);
	if (entry_is(entry, "ledger.succeeded")) {
		v->succeeded = true;
		note_log_key(v, body);
	}
	return true;
}

/* ---- signatures ---- */

/* What the log's own services write; everything else is signed by its author. */
const char *const UNSIGNED_TYPES[] = {
	"ledger.started",       "ledger.succeeded",
	"succession.approved",  "decision.refused",
	"clock.stepped",        "certificate.issued",
	"certificate.refused",  "signer.admitted",
	"signer.refused",       "permit.issued",
	"permit.refused",       "credential.issued",
	"conformance.uploaded", NULL,
};

static bool may_be_unsigned(const struct entry *entry)
{
	for (const char *const *type = UNSIGNED_TYPES; *type != NULL; type++)
		if (entry_is(entry, *type))
			return true;
	return false;
}

static bool check_author(struct verification *v, const struct entry *entry)
{
	const struct claim *c = &entry->claim;
	uint64_t sequence = entry->witness.sequence;
	const char *why = NULL;

	if (entry->proof.kind == PROOF_NONE) {
		v->reported++;
		return may_be_unsigned(entry) ||
		       verify_fails(v, PASSPORT_SIGNATURE, sequence,
				    "records of its type are signed, and it is not");
	}
	struct author_key *key = c->has_key ? find_key(v, c->key) : NULL;
	if (key == NULL)
		why = "nobody had enrolled its key";
	else if (!owns(key, c->author))
		why = "its key belongs to somebody else than its author";
	else if (key->ended)
		why = "its key had ended before";
	else if (entry->proof.kind == PROOF_WEBAUTHN && v->party.n == 0)
		v->passkeys++; /* the log names no relying party: it cannot be verified */
	else if ((why = proof_wrong(entry, key->spki, v->party)) == NULL)
		v->signed_by_author++;
	return why == NULL || verify_fails(v, PASSPORT_SIGNATURE, sequence, why);
}

bool verify_authors(struct verification *v)
{
	static struct passport_entry e;
	struct entry entry;
	const char *why;
	struct reader at = passport_entries(&v->passport, &v->entries);

	for (size_t i = 0; i < v->entries && passport_next_entry(&at, &e); i++) {
		if (!entry_parse(e.bytes, &entry, &why))
			return verify_fails(v, PASSPORT_INCLUSION, e.sequence, why);
		if (i == 0 && !entry_is(&entry, "ledger.started"))
			return verify_fails(v, PASSPORT_SIGNATURE, e.sequence,
					    "it does not begin with the start of the log");
		if (!check_author(v, &entry) || !take_keys(v, &entry))
			return false;
	}
	return true;
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

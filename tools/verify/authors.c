/* SPDX-License-Identifier: Apache-2.0 */
/* authors.c — whose key is whose, from when on and until when, and every author's signature. */
#include "verify.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "core/signed_documents.h"
#include "keys.h"
#include "proofs.h"

#include <string.h>

/* ---- whose key is whose ---- */

/* A recovery that others have not agreed to has given nobody a key yet. */
static struct author_key *find_key(struct verification *v, struct hash id)
{
	for (size_t i = 0; i < v->keys_n; i++)
		if (hash_equal(v->keys[i].id, id) && v->keys[i].usable_from != UINT64_MAX)
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
		v->keys[v->keys_n++] =
			(struct author_key){.id = id, .spki = spki, .owner = owner, .rest = rest};
	return true;
}

static void end_keys(struct verification *v, struct bytes owner, const struct hash *id)
{
	for (size_t i = 0; i < v->keys_n; i++)
		if ((owner.n > 0 && v->keys[i].rest.p == NULL &&
		     bytes_equal(v->keys[i].owner, owner)) ||
		    (id != NULL && hash_equal(v->keys[i].id, *id)))
			v->keys[i].ended = true;
	/* A shift ends with the key that opened it. */
	for (size_t i = 0; id != NULL && i < v->keys_n; i++)
		if (v->keys[i].is_shifts && hash_equal(v->keys[i].opened_by, *id))
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

/* ---- keys with a limit ---- */

/* The key that this entry gives somebody, with what limits it; NULL after a failure. */
static struct author_key *give(struct verification *v, const struct entry *entry,
			       struct bytes owner)
{
	size_t before = v->keys_n;

	if (!add_key(v, entry->witness.sequence, document_in_body(entry->claim.body, "public_key"),
		     owner, (struct bytes){0}))
		return NULL;
	return v->keys_n > before ? &v->keys[before] : NULL;
}

static bool open_shift(struct verification *v, const struct entry *entry)
{
	struct author_key *key = give(v, entry, entry->claim.author);

	if (key == NULL)
		return v->failure.why == NULL;
	key->is_shifts = true;
	key->given_by = body_text(entry->claim.body, "shift");
	key->opened = entry->witness.sequence;
	key->opened_by = entry->claim.key;
	key->not_after = body_number(entry->claim.body, "not_after");
	return true;
}

enum { RECOVERY_WAIT_MS = 24 * 3600 * 1000 };

/* From when it was asked for, and a day after it took effect at the earliest. */
static bool recover(struct verification *v, const struct entry *entry)
{
	struct author_key *key = give(v, entry, body_text(entry->claim.body, "principal"));
	uint64_t asked_for = body_number(entry->claim.body, "usable_from");
	uint64_t earliest = entry->witness.at + RECOVERY_WAIT_MS;

	if (key == NULL)
		return v->failure.why == NULL;
	key->given_by = body_text(entry->claim.body, "recovery");
	key->asked = entry->witness.sequence;
	key->asked_for = asked_for;
	key->usable_from = entry->witness.outcome == OUTCOME_PENDING ? UINT64_MAX
			   : asked_for < earliest                    ? earliest
								     : asked_for;
	return true;
}

/* A vote made an earlier entry take effect: if that was a recovery, its key waits from now on. */
static void execute(struct verification *v, const struct entry *entry)
{
	uint64_t earliest = entry->witness.at + RECOVERY_WAIT_MS;

	for (size_t i = 0; i < v->keys_n; i++) {
		struct author_key *key = &v->keys[i];
		if (key->usable_from == UINT64_MAX && key->asked == entry->witness.target)
			key->usable_from = key->asked_for < earliest ? earliest : key->asked_for;
	}
}

/* A shift of the author's, or a recovery. */
static void end_given(struct verification *v, bool shift, struct bytes id, struct bytes author)
{
	for (size_t i = 0; i < v->keys_n; i++) {
		struct author_key *key = &v->keys[i];
		if (id.n > 0 && key->is_shifts == shift && bytes_equal(key->given_by, id) &&
		    (!shift || bytes_equal(key->owner, author)))
			key->ended = true;
	}
}

static bool take_limited(struct verification *v, const struct entry *entry)
{
	struct bytes body = entry->claim.body;

	if (entry_is(entry, "shift.opened"))
		return open_shift(v, entry);
	if (entry_is(entry, "recovery.requested"))
		return recover(v, entry);
	if (entry_is(entry, "shift.closed"))
		end_given(v, true, body_text(body, "shift"), entry->claim.author);
	if (entry_is(entry, "recovery.stopped"))
		end_given(v, false, body_text(body, "recovery"), entry->claim.author);
	return true;
}

/* What only waits, was kept without effect or is unverified gives and takes no key; but what waits may take
 * effect later. */
static bool take_keys(struct verification *v, const struct entry *entry)
{
	struct bytes body = entry->claim.body;
	struct hash id;

	if (entry->witness.outcome == OUTCOME_EXECUTES)
		execute(v, entry);
	if (entry->witness.outcome == OUTCOME_PENDING && entry_is(entry, "recovery.requested"))
		return recover(v, entry);
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
	return take_limited(v, entry);
}

/* ---- signatures ---- */

/* What the log's own services write; everything else is signed by its author. */
const char *const UNSIGNED_TYPES[] = {
	"ledger.started",       "ledger.succeeded", "succession.approved",
	"decision.refused",     "clock.stepped",    "certificate.issued",
	"certificate.refused",  "signer.admitted",  "signer.refused",
	"permit.issued",        "permit.refused",   "credential.issued",
	"conformance.uploaded", "key.counter_fell", NULL,
};

static bool may_be_unsigned(const struct entry *entry)
{
	for (const char *const *type = UNSIGNED_TYPES; *type != NULL; type++)
		if (entry_is(entry, *type))
			return true;
	return false;
}

/* A shift's key is no authenticator. What each event takes, the types of the server say: `sealwright verify
 * passport` asks them. */
static const char *shift_wrong(const struct author_key *key, const struct entry *entry)
{
	static const char VOTE[] = "approval.";
	struct bytes type = entry->claim.type;
	bool votes = type.n > sizeof VOTE - 1 && memcmp(type.p, VOTE, sizeof VOTE - 1) == 0;

	if (votes || entry_is(entry, "shift.opened"))
		return "a shift's key signs events only";
	return entry->witness.at < key->not_after ? NULL : "its shift was over";
}

static const char *key_wrong(const struct author_key *key, const struct entry *entry)
{
	if (key == NULL)
		return "nobody had enrolled its key";
	if (!owns(key, entry->claim.author))
		return "its key belongs to somebody else than its author";
	if (key->ended)
		return "its key had ended before";
	if (entry->witness.at < key->usable_from)
		return "its key was made in a recovery and had to wait";
	return key->is_shifts ? shift_wrong(key, entry) : NULL;
}

static void note_shift(struct verification *v, const struct author_key *key, uint64_t sequence)
{
	if (key->is_shifts && v->by_shifts_n < PASSPORT_ENTRIES_MAX)
		v->by_shifts[v->by_shifts_n++] = (struct by_shift){sequence, key->opened};
}

static bool check_author(struct verification *v, const struct entry *entry)
{
	const struct claim *c = &entry->claim;
	uint64_t sequence = entry->witness.sequence;
	const char *why;

	if (entry->proof.kind == PROOF_NONE) {
		v->reported++;
		return may_be_unsigned(entry) ||
		       verify_fails(v, PASSPORT_SIGNATURE, sequence,
				    "records of its type are signed, and it is not");
	}
	struct author_key *key = c->has_key ? find_key(v, c->key) : NULL;
	why = key_wrong(key, entry);
	if (why != NULL || key == NULL)
		return verify_fails(v, PASSPORT_SIGNATURE, sequence, why);
	note_shift(v, key, sequence);
	if (entry->proof.kind == PROOF_WEBAUTHN && v->party.n == 0)
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

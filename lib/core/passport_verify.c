/* SPDX-License-Identifier: Apache-2.0 */
/* What a passport proves of itself, with the log's key alone. */
#include "core/passport.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "core/succession.h"

const char *passport_step_name(enum passport_step step)
{
	static const char *const NAMES[] = {
		[PASSPORT_HOLDS] = "none",
		[PASSPORT_FILE] = "file",
		[PASSPORT_CHECKPOINT] = "checkpoint",
		[PASSPORT_INCLUSION] = "inclusion",
		[PASSPORT_CHAIN] = "chain",
		[PASSPORT_OPENING] = "opening",
		[PASSPORT_SIGNATURE] = "signature",
		[PASSPORT_DEVICE] = "device",
		[PASSPORT_AGREEMENT] = "agreement",
	};

	return NAMES[step];
}

static bool failed(struct passport_failure *f, enum passport_step step, const char *why)
{
	*f = (struct passport_failure){.step = step, .why = why};
	return false;
}

static bool failed_at(struct passport_failure *f, enum passport_step step, const char *why,
		      uint64_t sequence)
{
	*f = (struct passport_failure){step, why, true, sequence};
	return false;
}

/* ---- entries ---- */

static bool subjects_equal(const struct subject *a, const struct subject *b)
{
	return bytes_equal(a->kind, b->kind) && bytes_equal(a->within, b->within) &&
	       bytes_equal(a->id, b->id);
}

/* The last entry before `sequence` with this subject. */
static bool find_previous(const struct passport *p, const struct subject *subject,
			  uint64_t sequence, bool *found, uint64_t *previous)
{
	size_t n;
	struct passport_entry e;
	struct reader at = passport_entries(p, &n);
	const char *why;

	*found = false;
	for (size_t i = 0; i < n && passport_next_entry(&at, &e) && e.sequence < sequence; i++) {
		struct entry entry;
		if (!entry_parse(e.bytes, &entry, &why))
			return false;
		if (!entry.witness.has_subject || !subjects_equal(&entry.witness.subject, subject))
			continue;
		*found = true;
		*previous = e.sequence;
	}
	return true;
}

static bool is_withheld(const struct passport *p, struct bytes kind)
{
	size_t n;
	struct bytes one;
	struct reader at = passport_withheld(p, &n);

	for (size_t i = 0; i < n && passport_next_withheld(&at, &one); i++)
		if (bytes_equal(one, kind))
			return true;
	return false;
}

/* What is carried from one entry to the next. */
struct walk {
	const struct passport *p;
	struct merkle_head head;
	struct origin_line line;
	bool about_unit;
	uint64_t last; /* of the unit's records */
	struct passport_failure *failure;
};

static bool verify_chain(struct walk *w, uint64_t sequence, const struct entry *entry)
{
	const struct subject *s = &entry->witness.subject;
	bool found;
	uint64_t previous;

	if (!entry->witness.has_subject)
		return true;
	if (is_withheld(w->p, s->kind))
		return failed_at(w->failure, PASSPORT_CHAIN,
				 "the file says that it withholds records of this kind", sequence);
	if (subjects_equal(s, &w->p->subject)) {
		w->about_unit = true;
		w->last = sequence;
	} else if (bytes_equal(s->kind, w->p->subject.kind)) {
		/* The story names no unit in each line: it would tell of the other one's tests. */
		return failed_at(w->failure, PASSPORT_CHAIN,
				 "the record is about another unit than the passport", sequence);
	}
	if (!find_previous(w->p, s, sequence, &found, &previous))
		return failed_at(w->failure, PASSPORT_CHAIN, "an entry before it cannot be read",
				 sequence);
	if (found != entry->witness.has_previous || (found && previous != entry->witness.previous))
		return failed_at(w->failure, PASSPORT_CHAIN, "a record before it was left out",
				 sequence);
	return true;
}

static bool verify_entry(struct walk *w, const struct passport_entry *e)
{
	struct entry entry;
	struct succession succession;
	const char *why;

	if (!merkle_includes(w->head, e->sequence, merkle_leaf(e->bytes), e->path, e->path_n))
		return failed_at(w->failure, PASSPORT_INCLUSION,
				 "the entry is not in the signed log", e->sequence);
	if (!entry_parse(e->bytes, &entry, &why))
		return failed_at(w->failure, PASSPORT_INCLUSION, why, e->sequence);
	if (entry.witness.sequence != e->sequence)
		return failed_at(w->failure, PASSPORT_INCLUSION,
				 "the entry stands at another place than it says", e->sequence);
	/* Of a log that was succeeded, earlier entries carry earlier names: all that changed them are
	 * in the passport. */
	if (!origin_follow(&w->line, e->sequence, &entry, &succession, &why))
		return failed_at(w->failure, PASSPORT_INCLUSION,
				 "the entry was made for another log", e->sequence);
	return verify_chain(w, e->sequence, &entry);
}

static bool verify_checkpoint(const struct passport *p, const struct note_key *key,
			      note_verify_fn *verify, struct checkpoint *out,
			      struct passport_failure *f)
{
	struct note note;
	const char *why;

	if (!note_parse(p->note, &note, &why))
		return failed(f, PASSPORT_CHECKPOINT, why);
	if (note_verify(&note, key, verify, NULL) != NOTE_VALID)
		return failed(f, PASSPORT_CHECKPOINT,
			      "the checkpoint is not signed by the log's key");
	if (!checkpoint_parse(note.text, out, &why))
		return failed(f, PASSPORT_CHECKPOINT, why);
	return true;
}

/* ---- openings ---- */

struct opened {
	struct hash commitments[PASSPORT_OPENINGS_MAX]; /* ascending */
	bool found[PASSPORT_OPENINGS_MAX];
	size_t n, left;
};

static void note_commitment(struct opened *o, struct bytes value)
{
	size_t from = 0, to = o->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = bytes_compare(hash_bytes(&o->commitments[middle]), value);
		if (order == 0) {
			o->left -= !o->found[middle];
			o->found[middle] = true;
			return;
		}
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
}

/* Commitments stand in a body as digests, or in the elements of a list. */
static void note_commitments(struct opened *o, struct bytes body, bool inside)
{
	struct reader r = reader_of(body);

	for (size_t n = cbor_map(&r); n > 0 && r.why == NULL; n--) {
		(void)cbor_text(&r);
		enum cbor_kind kind = cbor_peek(&r);
		if (kind == CBOR_BYTES) {
			note_commitment(o, cbor_bytes(&r));
		} else if (kind == CBOR_ARRAY && !inside) {
			for (size_t i = cbor_array(&r); i > 0 && r.why == NULL; i--)
				note_commitments(o, cbor_item(&r), true);
		} else {
			(void)cbor_item(&r);
		}
	}
}

/* An opening that opens nothing here would be a claim that nobody signed. */
static bool verify_openings(const struct passport *p, struct passport_failure *failure)
{
	struct opened o = {.n = 0};
	struct passport_opening opening;
	struct passport_entry e;
	struct entry entry;
	const char *why;
	size_t n;
	struct reader at = passport_openings(p, &n);

	while (o.n < n && o.n < PASSPORT_OPENINGS_MAX && passport_next_opening(&at, &opening))
		o.commitments[o.n++] = opening.commitment;
	o.left = o.n;
	at = passport_entries(p, &n);
	for (size_t i = 0; i < n && o.left > 0 && passport_next_entry(&at, &e); i++)
		if (entry_parse(e.bytes, &entry, &why))
			note_commitments(&o, entry.claim.body, false);
	return o.left == 0 ||
	       failed(failure, PASSPORT_OPENING, "a value is shown that no record here commits to");
}

/* ---- the CA's certificate ---- */

static bool verify_ca(const struct passport *p, struct passport_failure *failure)
{
	static const char WHY[] = "the CA's certificate is not the one that the log's start names";
	struct hash digest = sha256(p->ca);
	struct passport_entry e;
	struct entry entry;
	const char *why;
	size_t n;
	struct reader at = passport_entries(p, &n);

	if (p->ca.n == 0)
		return true;
	if (!passport_next_entry(&at, &e) || !entry_parse(e.bytes, &entry, &why) ||
	    e.sequence != 0 || !bytes_equal(entry.claim.type, bytes_text("ledger.started")))
		return failed(failure, PASSPORT_DEVICE, WHY);
	struct reader r = reader_of(entry.claim.body);
	for (size_t i = cbor_map(&r); i > 0 && r.why == NULL; i--) {
		bool named = bytes_equal(cbor_text(&r), bytes_text("ca_certificate"));
		struct bytes item = cbor_item(&r);
		struct reader value = reader_of(item);
		if (named && cbor_peek(&value) == CBOR_BYTES &&
		    bytes_equal(cbor_bytes(&value), hash_bytes(&digest)))
			return true;
	}
	return failed(failure, PASSPORT_DEVICE, WHY);
}

/* ---- the whole ---- */

static bool verify_entries(struct walk *w)
{
	struct passport_entry e;
	size_t n;
	struct reader at = passport_entries(w->p, &n);

	for (size_t i = 0; i < n; i++) {
		if (!passport_next_entry(&at, &e))
			return failed(w->failure, PASSPORT_FILE,
				      "the list of entries is not as it should be");
		if (!verify_entry(w, &e))
			return false;
	}
	return true;
}

bool passport_verify(const struct passport *p, const struct note_key *key, note_verify_fn *verify,
		     struct passport_failure *failure)
{
	struct checkpoint checkpoint;
	struct walk w = {.p = p, .failure = failure};

	*failure = (struct passport_failure){0};
	if (!verify_checkpoint(p, key, verify, &checkpoint, failure))
		return false;
	w.head = checkpoint.head;
	if (!verify_entries(&w))
		return false;
	if (!bytes_equal(bytes_text(w.line.now), checkpoint.origin))
		return failed_at(failure, PASSPORT_INCLUSION, "the entry was made for another log",
				 w.line.since);
	if (!w.about_unit)
		return failed(failure, PASSPORT_CHAIN, "no entry is about what the passport names");
	if (p->version > 1 && p->last != w.last)
		return failed(failure, PASSPORT_CHAIN,
			      "the unit's last record is not the one that the file names");
	return verify_openings(p, failure) && verify_ca(p, failure);
}

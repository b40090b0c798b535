/* SPDX-License-Identifier: Apache-2.0 */
/* What a conformance certificate is worth is never claimed: it follows from who brought it. */
#include "core/passport_story_internal.h"

#include "core/cbor.h"
#include "core/signed_documents.h"

/* Whether the author was registered as a principal of kind supplier that belongs to this supplier. */
static bool is_of_supplier(const struct passport *p, struct bytes author, struct bytes supplier)
{
	struct passport_entry e;
	struct entry entry;
	const char *why;
	size_t n;
	struct reader at = passport_entries(p, &n);

	for (size_t i = 0; i < n && passport_next_entry(&at, &e); i++) {
		if (!entry_parse(e.bytes, &entry, &why) ||
		    !bytes_equal(entry.claim.type, bytes_text("principal.registered")) ||
		    entry.witness.outcome != OUTCOME_FOLDED)
			continue;
		struct bytes body = entry.claim.body;
		if (bytes_equal(story_text(body, "principal"), author) &&
		    bytes_equal(story_text(body, "kind"), bytes_text("supplier")) &&
		    bytes_equal(story_text(body, "supplier"), supplier))
			return true;
	}
	return false;
}

enum grade { MISSING = 0, VOUCHED, UPLOADED, SIGNED };

/* What was out of order brought nothing: paper for a part lot that is not there, a link that was over. What
 * else was raised leaves the grade as it is. */
static bool has_raised(const struct entry *entry, const char *code)
{
	struct raised raised;
	size_t n;
	struct reader at = witness_raised(&entry->witness, &n);

	for (size_t i = 0; i < n && witness_next_raised(&at, &raised); i++)
		if (bytes_equal(raised.code, bytes_text(code)))
			return true;
	return false;
}

static enum grade grade_of(const struct passport *p, const struct entry *entry,
			   struct bytes supplier)
{
	struct bytes type = entry->claim.type;

	if (entry->witness.outcome != OUTCOME_FOLDED)
		return MISSING;
	if (bytes_equal(type, bytes_text("conformance.vouched")))
		return has_raised(entry, "PART_LOT_UNKNOWN") ? MISSING : VOUCHED;
	if (bytes_equal(type, bytes_text("conformance.uploaded")))
		return has_raised(entry, "CONFORMANCE_LINK_NOT_OPEN") ? MISSING : UPLOADED;
	if (bytes_equal(type, bytes_text("part_lot.received")) &&
	    document_in_body(entry->claim.body, "conformance_certificate").n > 0)
		return has_raised(entry, "PART_LOT_RECEIVED_TWICE") ? MISSING : VOUCHED;
	if (bytes_equal(type, bytes_text("conformance.declared")) &&
	    entry->proof.kind != PROOF_NONE && is_of_supplier(p, entry->claim.author, supplier))
		return SIGNED;
	return MISSING;
}

/* The best certificate of this very part lot, if it is better than `best`; and what it was split from. */
static enum grade best_of(const struct passport *p, struct bytes supplier, struct bytes part_lot,
			  enum grade best, uint64_t *sequence, struct bytes *origin)
{
	struct passport_entry e;
	struct entry entry;
	const char *why;
	size_t n;
	struct reader at = passport_entries(p, &n);

	*origin = (struct bytes){0};
	for (size_t i = 0; i < n && passport_next_entry(&at, &e); i++) {
		if (!entry_parse(e.bytes, &entry, &why) || !entry.witness.has_subject ||
		    !bytes_equal(entry.witness.subject.kind, bytes_text("part_lot")) ||
		    !bytes_equal(entry.witness.subject.within, supplier) ||
		    !bytes_equal(entry.witness.subject.id, part_lot))
			continue;
		if (bytes_equal(entry.claim.type, bytes_text("part_lot.split")) &&
		    !has_raised(&entry, "PART_LOT_RECEIVED_TWICE"))
			*origin = story_text(entry.claim.body, "from_part_lot");
		enum grade grade = grade_of(p, &entry, supplier);
		if (grade <= best)
			continue;
		best = grade;
		*sequence = e.sequence;
	}
	return best;
}

const char *story_grade(const struct passport *p, struct bytes supplier, struct bytes part_lot,
			bool *found, uint64_t *sequence)
{
	enum { SPLITS_MAX = 16 }; /* a file may say that two were split off each other */
	static const char *const GRADES[] = {"missing", "vouched", "uploaded", "signed"};
	enum grade best = MISSING;
	struct bytes origin;

	for (int i = 0; i < SPLITS_MAX && part_lot.n > 0; i++) {
		best = best_of(p, supplier, part_lot, best, sequence, &origin);
		part_lot = origin;
	}
	*found = best != MISSING;
	return GRADES[best];
}

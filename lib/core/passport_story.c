/* SPDX-License-Identifier: Apache-2.0 */
#include "core/passport_story_internal.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "core/signed_documents.h"

enum { LINE_MAX = 4096 };

static const struct {
	const char *title, *name;
} SECTIONS[STORY_SECTIONS] = {
	[STORY_UNIT] = {"What it is", "unit"},
	[STORY_AGREED] = {"Who agreed to building it", "agreed"},
	[STORY_PARTS] = {"What it is made of", "parts"},
	[STORY_DEVICE] = {"Its device certificate", "device"},
	[STORY_FIRMWARE] = {"Its firmware", "firmware"},
	[STORY_TESTS] = {"How it was tested", "tests"},
	[STORY_CUSTODY] = {"Seals and hand-overs", "custody"},
	[STORY_START] = {"First start, and later ones", "start"},
	[STORY_HOLDS] = {"Nonconformances and holds, and what was done about them", "holds"},
	[STORY_CONTAINMENTS] = {"Containments", "containments"},
	[STORY_WITHHELD] = {"What is not shown", "withheld"},
};

const char *story_section_title(enum story_section section)
{
	return SECTIONS[section].title;
}

const char *story_section_name(enum story_section section)
{
	return SECTIONS[section].name;
}

const char *story_source_name(enum story_source source)
{
	static const char *const NAMES[] = {
		[STORY_SIGNED] = "signed by author",
		[STORY_REPORTED] = "reported over channel",
		[STORY_DECLARED] = "declared, not witnessed",
		[STORY_OF_FILE] = "said of the file",
	};

	return NAMES[source];
}

struct telling {
	const struct passport *p;
	enum story_section section;
	story_each *each;
	void *context;
	const struct entry *entry;
	bool certified; /* by our own CA */
	uint8_t room[LINE_MAX];
};

/* ---- lines ---- */

static struct writer line_start(struct telling *t)
{
	return writer_of(t->room, sizeof t->room);
}

static enum story_source source_of(const struct entry *entry)
{
	if (entry->claim.source != CLAIM_WITNESSED ||
	    bytes_equal(entry->claim.type, bytes_text("unit.declared")) ||
	    bytes_equal(entry->claim.type, bytes_text("certificate.declared")))
		return STORY_DECLARED;
	return entry->proof.kind == PROOF_NONE ? STORY_REPORTED : STORY_SIGNED;
}

/* Fields are bounded, so that no sentence of ours comes near the room. */
static struct bytes line_text(const struct writer *w)
{
	struct bytes text;

	return writer_done(w, &text) ? text : bytes_text("(too long to tell)");
}

static void tell(struct telling *t, const struct writer *w)
{
	const struct story_line line = {.section = t->section,
					.of_record = true,
					.sequence = t->entry->witness.sequence,
					.at = t->entry->witness.at,
					.source = source_of(t->entry),
					.text = line_text(w)};

	t->each(t->context, &line);
}

static void tell_of_file(struct telling *t, const struct writer *w)
{
	const struct story_line line = {
		.section = t->section, .source = STORY_OF_FILE, .text = line_text(w)};

	t->each(t->context, &line);
}

/* Not everything that stands in the log took effect. */
static void put_outcome(struct writer *w, const struct entry *entry)
{
	switch (entry->witness.outcome) {
	case OUTCOME_PENDING:
		put_text(w, " (waited for approvals)");
		break;
	case OUTCOME_UNFOLDED:
		put_text(w, " (kept without effect)");
		break;
	case OUTCOME_UNVERIFIED:
		put_text(w, " (unverified: outside its author's right)");
		break;
	case OUTCOME_FOLDED:
	case OUTCOME_EXECUTES:
		break;
	}
}

/* ---- what sentences do not say ---- */

/* A part is told with what its part lot's conformance certificate is worth. */
static void put_grade(struct writer *w, const struct passport *p, struct bytes element)
{
	struct bytes supplier = story_text(element, "supplier");
	struct bytes part_lot = story_text(element, "part_lot");
	bool found;
	uint64_t sequence = 0;

	if (part_lot.n == 0)
		return;
	put_text(w, "; conformance certificate: ");
	put_text(w, story_grade(p, supplier, part_lot, &found, &sequence));
	if (found) {
		put_text(w, " (record ");
		story_put_number(w, sequence);
		put_text(w, ")");
	}
}

static void tell_sentence(struct telling *t, const struct sentence *s)
{
	struct filling f = {.p = t->p, .entry = t->entry};
	struct reader at = reader_of(t->entry->claim.body);
	struct writer w;

	if (s->list == NULL) {
		w = line_start(t);
		story_fill(&w, &f, s->text);
		put_outcome(&w, t->entry);
		tell(t, &w);
		return;
	}
	for (size_t n = cbor_map(&at); n > 0 && at.why == NULL; n--) {
		bool named = bytes_equal(cbor_text(&at), bytes_text(s->list));
		struct reader list = reader_of(cbor_item(&at));
		for (size_t i = named && cbor_peek(&list) == CBOR_ARRAY ? cbor_array(&list) : 0;
		     i > 0 && list.why == NULL; i--) {
			f.element = cbor_item(&list);
			w = line_start(t);
			story_fill(&w, &f, s->text);
			put_grade(&w, t->p, f.element);
			put_outcome(&w, t->entry);
			tell(t, &w);
		}
	}
}

/* Where a vote, or the signer's answer, belongs: to what it is about. */
static bool is_about(const struct telling *t, struct bytes digest, struct entry *decision)
{
	struct passport_entry e;
	const char *why;
	size_t n;
	struct reader at = passport_entries(t->p, &n);

	for (size_t i = 0; i < n && passport_next_entry(&at, &e); i++) {
		if (!entry_parse(e.bytes, decision, &why))
			continue;
		struct hash here = claim_digest(decision->claim_bytes);
		if (bytes_equal(hash_bytes(&here), digest))
			return true;
	}
	return false;
}

static void tell_vote(struct telling *t)
{
	static const struct {
		const char *type, *said;
	} SAID[] = {{"approval.given", " agreed to record "},
		    {"approval.denied", " refused record "},
		    {"signer.admitted", " of the log tells: the signer admitted record "},
		    {"signer.refused", " of the log tells: the signer refused record "}};
	struct bytes type = t->entry->claim.type;
	const char *said = NULL;
	struct entry decision;

	for (size_t i = 0; i < sizeof SAID / sizeof SAID[0]; i++)
		if (bytes_equal(type, bytes_text(SAID[i].type)))
			said = SAID[i].said;
	if (said == NULL ||
	    !is_about(t, document_in_body(t->entry->claim.body, "record"), &decision))
		return;
	bool build = bytes_equal(decision.claim.type, bytes_text("build.authorized"));
	bool firmware = bytes_equal(decision.claim.type, bytes_text("firmware.released")) ||
			bytes_equal(decision.claim.type, bytes_text("firmware.emergency"));
	if (t->section != (build      ? STORY_AGREED
			   : firmware ? STORY_FIRMWARE
				      : STORY_HOLDS) ||
	    (!build && !firmware))
		return;
	struct writer w = line_start(t);
	put_bytes(&w, t->entry->claim.author);
	put_text(&w, said);
	story_put_number(&w, decision.witness.sequence);
	put_outcome(&w, t->entry);
	tell(t, &w);
}

static void tell_raised(struct telling *t)
{
	struct raised raised;
	size_t n;
	struct reader at = witness_raised(&t->entry->witness, &n);

	for (size_t i = 0; i < n && witness_next_raised(&at, &raised); i++) {
		struct writer w = line_start(t);
		put_bytes(&w, t->entry->claim.type);
		put_text(&w, " raised ");
		put_bytes(&w, raised.code);
		if (raised.has_subject) {
			put_text(&w, ", which holds ");
			put_bytes(&w, raised.subject.kind);
			put_text(&w, " ");
			put_bytes(&w, raised.subject.id);
			put_text(&w, raised.subject.within.n > 0 ? " of " : "");
			put_bytes(&w, raised.subject.within);
		}
		tell(t, &w);
	}
}

static void tell_certificate(struct telling *t)
{
	struct bytes der = document_in_body(t->entry->claim.body, "certificate");
	struct hash digest = sha256(der);
	struct writer w = line_start(t);
	struct output output;
	size_t n;
	struct reader at = witness_outputs(&t->entry->witness, &n);

	if (!bytes_equal(t->entry->claim.type, bytes_text("certificate.issued")) &&
	    !bytes_equal(t->entry->claim.type, bytes_text("certificate.declared")))
		return;
	if (bytes_equal(t->entry->claim.type, bytes_text("certificate.issued")))
		t->certified |= t->entry->witness.outcome == OUTCOME_FOLDED;
	put_text(&w, "device certificate with the digest ");
	story_put_digest(&w, &digest);
	for (size_t i = 0; i < n && witness_next_output(&at, &output); i++) {
		char hex[2 * sizeof(struct hash) + 1];
		if (!bytes_equal(output.name, bytes_text("key_id")) ||
		    output.value.n != sizeof(struct hash))
			continue;
		hex_encode(output.value, hex);
		put_text(&w, ", for the key ");
		put_text(&w, hex);
	}
	put_outcome(&w, t->entry);
	tell(t, &w);
}

static void tell_entry(struct telling *t)
{
	for (const struct sentence *s = STORY_SENTENCES; s->type != NULL; s++)
		if (s->section == t->section &&
		    bytes_equal(t->entry->claim.type, bytes_text(s->type)))
			tell_sentence(t, s);
	if (t->section == STORY_AGREED || t->section == STORY_FIRMWARE)
		tell_vote(t);
	if (t->section == STORY_HOLDS)
		tell_raised(t);
	if (t->section == STORY_DEVICE)
		tell_certificate(t);
}

/* ---- what the file says of itself ---- */

static void tell_ca(struct telling *t)
{
	struct hash digest = sha256(t->p->ca);
	struct writer w = line_start(t);

	if (!t->certified)
		return;
	if (t->p->ca.n > 0) {
		put_text(&w, "made by the device CA that the log's start names, certificate ");
		story_put_digest(&w, &digest);
	} else {
		put_text(&w,
			 "the CA's certificate is not in this file: the signer's issue receipt, "
			 "not the certificate's own chain, vouches for it");
	}
	tell_of_file(t, &w);
}

static void tell_withheld(struct telling *t)
{
	size_t n, shown;
	struct bytes kind;
	struct reader at = passport_withheld(t->p, &n);

	for (size_t i = 0; i < n && passport_next_withheld(&at, &kind); i++) {
		struct writer w = line_start(t);
		put_text(&w,
			 "whoever gave this file withheld every record about things of the kind ");
		put_bytes(&w, kind);
		tell_of_file(t, &w);
	}
	(void)passport_openings(t->p, &shown);
	struct writer w = line_start(t);
	story_put_number(&w, shown);
	put_text(&w, " confidential values are shown; others stand as digests that commit to them");
	tell_of_file(t, &w);
}

void passport_story(const struct passport *p, story_each *each, void *context)
{
	struct telling t = {.p = p, .each = each, .context = context};

	for (t.section = STORY_UNIT; t.section < STORY_SECTIONS; t.section++) {
		struct passport_entry e;
		struct entry entry;
		const char *why;
		size_t n;
		struct reader at = passport_entries(p, &n);
		t.entry = &entry;
		for (size_t i = 0; i < n && passport_next_entry(&at, &e); i++)
			if (entry_parse(e.bytes, &entry, &why))
				tell_entry(&t);
		if (t.section == STORY_DEVICE)
			tell_ca(&t);
		if (t.section == STORY_WITHHELD)
			tell_withheld(&t);
	}
}

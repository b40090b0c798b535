/* SPDX-License-Identifier: Apache-2.0 */
/* What a passport tells: every sentence from its record alone, absent fields left out, and the grade of a
 * conformance certificate by who brought it. */
#include "test.h"

#include "core/cbor.h"
#include "core/passport_story.h"
#include "core/sha256.h"

#include <stdio.h>
#include <string.h>

enum { ROOM = 1 << 16, LINES_MAX = 32 };

/* A passport whose entries prove nothing: the story is told after that was looked at. */
struct told {
	uint8_t room[ROOM], list[ROOM], openings[256];
	struct writer w;
	size_t n;
	struct passport p;
	struct story_line lines[LINES_MAX];
	char texts[LINES_MAX][512];
	size_t lines_n;
};

/* One entry; `body` is a map. */
struct record {
	const char *type, *author, *kind, *within, *id, *raised;
	struct bytes body;
	bool not_signed;
	enum outcome outcome;
	enum claim_source source;
};

static void add(struct told *t, const struct record *r)
{
	static uint8_t claim_room[4096], witness_room[1024], proof_room[256], entry_room[8192];
	struct claim claim = {.origin = bytes_text("test.example/log"),
			      .type = bytes_text(r->type),
			      .version = 1,
			      .author = bytes_text(r->author),
			      .has_key = true,
			      .id = {{0, 0, 0, 0, 0, 0, 0x70, 0, 0x80}},
			      .made = 1,
			      .source = r->source,
			      .body = r->body};
	struct witness witness = {.sequence = t->n,
				  .at = UINT64_C(1795149506000),
				  .outcome = r->outcome,
				  .has_subject = r->kind != NULL};
	static const uint8_t signature[64];
	struct cose_sign1 sign1 = {.signature = {signature, sizeof signature}};
	uint8_t header[64], raised_room[64];
	struct writer w = writer_of(header, sizeof header);
	struct writer raised = writer_of(raised_room, sizeof raised_room);
	struct bytes one, two, three, entry;
	struct entry parsed;
	const char *why;

	if (r->kind != NULL)
		witness.subject = (struct subject){bytes_text(r->kind), bytes_text(r->within),
						   bytes_text(r->id)};
	if (r->raised != NULL) {
		cbor_put_array(&raised, 1);
		cbor_put_array(&raised, 1);
		cbor_put_text(&raised, bytes_text(r->raised));
		assert_true(writer_done(&raised, &witness.raised));
	}
	cose_put_protected(&w, COSE_EDDSA, (struct hash){{0}});
	assert_true(writer_done(&w, &sign1.protected));
	w = writer_of(claim_room, sizeof claim_room);
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &one));
	w = writer_of(proof_room, sizeof proof_room);
	if (r->not_signed)
		cbor_put_null(&w);
	else
		cose_put(&w, &sign1);
	assert_true(writer_done(&w, &two));
	w = writer_of(witness_room, sizeof witness_room);
	witness_put(&w, &witness);
	assert_true(writer_done(&w, &three));
	w = writer_of(entry_room, sizeof entry_room);
	entry_put(&w, one, two, three);
	assert_true(writer_done(&w, &entry));
	assert_true(entry_parse(entry, &parsed, &why));
	passport_put_entry(&t->w, t->n++, entry, NULL, 0);
}

static void keep(void *context, const struct story_line *line)
{
	struct told *t = context;

	assert_true(t->lines_n < LINES_MAX);
	assert_true(line->text.n < sizeof t->texts[0]);
	memcpy(t->texts[t->lines_n], line->text.p, line->text.n);
	t->texts[t->lines_n][line->text.n] = '\0';
	t->lines[t->lines_n++] = *line;
}

static struct told *begin(void)
{
	static struct told t;

	memset(&t, 0, sizeof t);
	t.w = writer_of(t.room, sizeof t.room);
	return &t;
}

static void tell(struct told *t)
{
	struct writer w = writer_of(t->list, sizeof t->list);
	struct bytes entries;

	assert_true(writer_done(&t->w, &entries));
	cbor_put_array(&w, t->n);
	put_bytes(&w, entries);
	assert_true(writer_done(&w, &t->p.entries));
	passport_story(&t->p, keep, t);
}

/* The line that this record, or the file, tells in this section. */
static const char *line_of(const struct told *t, enum story_section section, size_t number)
{
	for (size_t i = 0; i < t->lines_n; i++)
		if (t->lines[i].section == section && number-- == 0)
			return t->texts[i];
	return "";
}

/* Names and texts, ended by NULL; a name that begins with # is a number, with ? a yes. */
static struct bytes body(const char *const *pairs)
{
	static uint8_t rooms[8][1024];
	static size_t next;
	struct writer w = writer_of(rooms[next++ % 8], sizeof rooms[0]);
	size_t n = 0;
	struct bytes out;

	while (pairs[2 * n] != NULL)
		n++;
	cbor_put_map(&w, n);
	for (size_t i = 0; i < n; i++) {
		const char *name = pairs[2 * i];
		bool other = name[0] == '#' || name[0] == '?';
		cbor_put_text(&w, bytes_text(name + other));
		if (name[0] == '#')
			cbor_put_uint(&w, UINT64_C(1795149506789));
		else if (name[0] == '?')
			cbor_put_bool(&w, true);
		else
			cbor_put_text(&w, bytes_text(pairs[2 * i + 1]));
	}
	assert_true(writer_done(&w, &out));
	return out;
}
#define BODY(...) body((const char *const[]){__VA_ARGS__, NULL, NULL})

/* ---- sentences ---- */

static void fields_that_are_absent_are_left_out(void **state)
{
	struct told *t = begin();

	(void)state;
	add(t, &(struct record){
		       .type = "unit.built", .author = "ST-1", .body = BODY("station", "ST-1")});
	add(t, &(struct record){.type = "unit.built",
				.author = "ST-1",
				.body = BODY("station", "ST-1", "operator", "mai")});
	add(t,
	    &(struct record){.type = "unit.built", .author = "ST-1", .body = BODY("other", "x")});
	tell(t);
	assert_string_equal(line_of(t, STORY_UNIT, 0), "built at station ST-1");
	assert_string_equal(line_of(t, STORY_UNIT, 1), "built at station ST-1, by operator mai");
	assert_string_equal(line_of(t, STORY_UNIT, 2), "unit.built");
}

static void times_and_truth_are_written_out(void **state)
{
	struct told *t = begin();

	(void)state;
	add(t, &(struct record){.type = "supplier.approved",
				.author = "erin",
				.body = BODY("#expires", "", "supplier", "DigiKey")});
	add(t, &(struct record){.type = "seal.checked",
				.author = "rita",
				.body = BODY("read", "H1", "seal", "H1", "site", "HUB", "maker",
					     "TYDEN", "?intact", "")});
	tell(t);
	assert_string_equal(line_of(t, STORY_PARTS, 0),
			    "supplier DigiKey approved until 2026-11-20T04:38:26Z");
	assert_string_equal(line_of(t, STORY_CUSTODY, 0),
			    "seal H1 of TYDEN checked at site HUB: read as H1, intact: yes");
}

static void a_line_says_how_it_is_known(void **state)
{
	struct told *t = begin();

	(void)state;
	add(t, &(struct record){.type = "unit.built", .author = "a", .body = BODY("station", "S")});
	add(t, &(struct record){.type = "unit.built",
				.author = "a",
				.body = BODY("station", "S"),
				.not_signed = true});
	add(t, &(struct record){.type = "unit.built",
				.author = "a",
				.body = BODY("station", "S"),
				.source = CLAIM_DECLARED});
	add(t, &(struct record){.type = "unit.declared",
				.author = "a",
				.body = BODY("site", "F", "serial", "1", "product", "G")});
	tell(t);
	assert_int_equal(t->lines[0].source, STORY_SIGNED);
	assert_int_equal(t->lines[1].source, STORY_REPORTED);
	assert_int_equal(t->lines[2].source, STORY_DECLARED);
	assert_int_equal(t->lines[3].source, STORY_DECLARED);
	assert_int_equal(t->lines[3].at, UINT64_C(1795149506000));
	assert_int_equal(t->lines[3].sequence, 3);
}

static void what_did_not_take_effect_says_so(void **state)
{
	struct told *t = begin();

	(void)state;
	add(t, &(struct record){.type = "unit.scrapped",
				.author = "a",
				.body = BODY("reason", "broken"),
				.outcome = OUTCOME_UNVERIFIED});
	tell(t);
	assert_string_equal(line_of(t, STORY_UNIT, 0),
			    "scrapped: broken (unverified: outside its author's right)");
}

static void fit_one(struct told *t, enum outcome outcome)
{
	static uint8_t room[512];
	struct writer w = writer_of(room, sizeof room);
	struct bytes fitted;

	cbor_put_map(&w, 1);
	cbor_put_text(&w, bytes_text("parts"));
	cbor_put_array(&w, 1);
	put_bytes(&w, BODY("part", "C1", "part_lot", "L1", "#quantity", "", "supplier", "DigiKey"));
	assert_true(writer_done(&w, &fitted));
	add(t,
	    &(struct record){
		    .type = "unit.fitted", .author = "ST-1", .body = fitted, .outcome = outcome});
}

/* In every line that is made of it: of lists and of device certificates, too. */
static void every_line_of_what_did_not_take_effect_says_so(void **state)
{
	struct told *t = begin();

	(void)state;
	fit_one(t, OUTCOME_UNFOLDED);
	add(t, &(struct record){.type = "certificate.issued",
				.author = "a",
				.body = BODY("product", "G"),
				.outcome = OUTCOME_UNFOLDED});
	tell(t);
	assert_non_null(strstr(line_of(t, STORY_PARTS, 0), " (kept without effect)"));
	assert_non_null(strstr(line_of(t, STORY_DEVICE, 0), " (kept without effect)"));
	assert_int_equal(t->lines_n, 3); /* and of no CA */
}

static void records_without_a_sentence_tell_nothing(void **state)
{
	struct told *t = begin();

	(void)state;
	add(t, &(struct record){.type = "role.granted", .author = "a", .body = BODY("x", "y")});
	tell(t);
	assert_int_equal(t->lines_n, 1);
	assert_int_equal(t->lines[0].section, STORY_WITHHELD);
}

/* ---- values ---- */

static void a_value_is_told_when_it_is_shown(void **state)
{
	static const uint8_t salt[16] = {7};
	struct told *t = begin();
	struct passport_opening o;
	struct writer w = writer_of(t->openings, sizeof t->openings);
	uint8_t room[256];
	struct bytes declared;

	(void)state;
	cbor_put_array(&w, 1);
	cbor_put_array(&w, 2);
	cbor_put_bytes(&w, bytes_of(salt, sizeof salt));
	cbor_put_text(&w, bytes_text("Acme"));
	assert_true(writer_done(&w, &t->p.openings));
	size_t n;
	struct reader at = passport_openings(&t->p, &n);
	assert_true(passport_next_opening(&at, &o));
	w = writer_of(room, sizeof room);
	cbor_put_map(&w, 4);
	cbor_put_text(&w, bytes_text("site"));
	cbor_put_text(&w, bytes_text("FAB"));
	cbor_put_text(&w, bytes_text("serial"));
	cbor_put_text(&w, bytes_text("SN1"));
	cbor_put_text(&w, bytes_text("product"));
	cbor_put_text(&w, bytes_text("GW"));
	cbor_put_text(&w, bytes_text("customer"));
	cbor_put_bytes(&w, hash_bytes(&o.commitment));
	assert_true(writer_done(&w, &declared));
	add(t, &(struct record){.type = "unit.declared", .author = "a", .body = declared});
	tell(t);
	assert_string_equal(line_of(t, STORY_UNIT, 0),
			    "unit SN1 of GW exists already, at site FAB, customer Acme");
	t->p.openings.n = 0;
	t->lines_n = 0;
	passport_story(&t->p, keep, t);
	assert_non_null(strstr(line_of(t, STORY_UNIT, 0), "customer "));
	assert_null(strstr(line_of(t, STORY_UNIT, 0), "Acme"));
}

/* ---- grades ---- */

static void brought(struct told *t, const char *type, const char *author, bool not_signed,
		    enum outcome outcome)
{
	add(t, &(struct record){.type = type,
				.author = author,
				.kind = "part_lot",
				.within = "DigiKey",
				.id = "L1",
				.body = BODY("part_lot", "L1", "supplier", "DigiKey"),
				.not_signed = not_signed,
				.outcome = outcome});
}

static void becomes_known(struct told *t, const char *who, const char *kind, const char *supplier)
{
	add(t,
	    &(struct record){.type = "principal.registered",
			     .author = "ada",
			     .body = BODY("kind", kind, "supplier", supplier, "principal", who)});
}

static void must_grade(struct told *t, const char *grade)
{
	char expected[64];
	const char *line = "";

	fit_one(t, OUTCOME_FOLDED);
	tell(t);
	for (size_t i = 0; *line_of(t, STORY_PARTS, i) != '\0'; i++)
		line = line_of(t, STORY_PARTS, i); /* that of the unit is the last */
	snprintf(expected, sizeof expected, "; conformance certificate: %s", grade);
	assert_non_null(strstr(line, expected));
}

static void the_grade_follows_who_brought_it(void **state)
{
	struct told *t = begin();

	(void)state;
	must_grade(t, "missing");
	t = begin();
	brought(t, "conformance.vouched", "wim", false, OUTCOME_FOLDED);
	must_grade(t, "vouched (record 0)");
	t = begin();
	brought(t, "conformance.vouched", "wim", false, OUTCOME_FOLDED);
	brought(t, "conformance.uploaded", "sealwright", true, OUTCOME_FOLDED);
	must_grade(t, "uploaded (record 1)");
	t = begin();
	becomes_known(t, "dk", "supplier", "DigiKey");
	brought(t, "conformance.declared", "dk", false, OUTCOME_FOLDED);
	brought(t, "conformance.vouched", "wim", false, OUTCOME_FOLDED);
	must_grade(t, "signed (record 1)");
}

static void a_declaration_by_anybody_else_is_worth_nothing(void **state)
{
	struct told *t = begin();

	(void)state;
	brought(t, "conformance.declared", "dk", false, OUTCOME_FOLDED); /* nobody knows dk */
	must_grade(t, "missing");
	t = begin();
	becomes_known(t, "dk", "person", "DigiKey");
	brought(t, "conformance.declared", "dk", false, OUTCOME_FOLDED);
	must_grade(t, "missing");
	t = begin();
	becomes_known(t, "mo", "supplier", "Mouser");
	brought(t, "conformance.declared", "mo", false, OUTCOME_FOLDED);
	must_grade(t, "missing");
	t = begin();
	becomes_known(t, "dk", "supplier", "DigiKey");
	brought(t, "conformance.declared", "dk", true, OUTCOME_FOLDED); /* not signed */
	must_grade(t, "missing");
	t = begin();
	becomes_known(t, "dk", "supplier", "DigiKey");
	brought(t, "conformance.declared", "dk", false, OUTCOME_UNVERIFIED);
	must_grade(t, "missing");
}

/* As the part lot's own record of it, or as one that was out of order. */
static void came_with_paper(struct told *t, const char *type, const char *raised)
{
	static const uint8_t paper[32];
	static uint8_t room[128];
	struct writer w = writer_of(room, sizeof room);
	struct bytes received;

	cbor_put_map(&w, 1);
	cbor_put_text(&w, bytes_text("conformance_certificate"));
	cbor_put_bytes(&w, bytes_of(paper, sizeof paper));
	assert_true(writer_done(&w, &received));
	add(t, &(struct record){.type = type,
				.author = "wim",
				.kind = "part_lot",
				.within = "DigiKey",
				.id = "L1",
				.body = received,
				.raised = raised});
}

static void paper_that_came_with_its_part_lot_counts_and_what_is_out_of_order_does_not(void **state)
{
	static const struct {
		const char *type, *raised, *grade;
	} cases[] = {
		{"part_lot.received", NULL, "vouched (record 0)"},
		{"part_lot.received", "PART_LOT_PACKAGING_OPENED", "vouched (record 0)"},
		{"part_lot.received", "PART_LOT_RECEIVED_TWICE", "missing"},
		{"conformance.vouched", "PART_LOT_UNKNOWN", "missing"},
		{"conformance.uploaded", "CONFORMANCE_LINK_NOT_OPEN", "missing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct told *t = begin();
		came_with_paper(t, cases[i].type, cases[i].raised);
		must_grade(t, cases[i].grade);
	}
}

static void was_split(struct told *t, const char *lot, const char *from, const char *raised)
{
	add(t, &(struct record){
		       .type = "part_lot.split",
		       .author = "wim",
		       .kind = "part_lot",
		       .within = "DigiKey",
		       .id = lot,
		       .body = BODY("part_lot", lot, "supplier", "DigiKey", "from_part_lot", from),
		       .raised = raised});
}

static void what_was_split_off_has_the_grade_of_what_it_was_split_from(void **state)
{
	struct told *t = begin();
	struct record vouched = {.type = "conformance.vouched",
				 .author = "wim",
				 .kind = "part_lot",
				 .within = "DigiKey",
				 .id = "L0",
				 .body = BODY("part_lot", "L0", "supplier", "DigiKey")};

	(void)state;
	add(t, &vouched);
	was_split(t, "L1", "L0", NULL);
	must_grade(t, "vouched (record 0)");
	t = begin();
	add(t, &vouched);
	was_split(t, "L1", "L0", "PART_LOT_RECEIVED_TWICE"); /* it lay there before */
	must_grade(t, "missing");
	t = begin();
	was_split(t, "L1", "L0", NULL); /* each of the other */
	was_split(t, "L0", "L1", NULL);
	must_grade(t, "missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_that_are_absent_are_left_out),
		cmocka_unit_test(times_and_truth_are_written_out),
		cmocka_unit_test(a_line_says_how_it_is_known),
		cmocka_unit_test(what_did_not_take_effect_says_so),
		cmocka_unit_test(every_line_of_what_did_not_take_effect_says_so),
		cmocka_unit_test(records_without_a_sentence_tell_nothing),
		cmocka_unit_test(a_value_is_told_when_it_is_shown),
		cmocka_unit_test(the_grade_follows_who_brought_it),
		cmocka_unit_test(a_declaration_by_anybody_else_is_worth_nothing),
		cmocka_unit_test(
			paper_that_came_with_its_part_lot_counts_and_what_is_out_of_order_does_not),
		cmocka_unit_test(what_was_split_off_has_the_grade_of_what_it_was_split_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* bom_line.c — one line of a bill of materials: is it fitted, how many, of what. */
#include "format/bom_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool has_line_break(struct bytes t)
{
	return t.n > 0 && (memchr(t.p, '\n', t.n) != NULL || memchr(t.p, '\r', t.n) != NULL);
}

/* ---- words ---- */

enum answer { SAYS_NOTHING, SAYS_YES, SAYS_NO, SAYS_SOMETHING_ELSE };

struct words {
	const char *const *yes, *const *no;
};

static bool is_word(struct bytes text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == text.n &&
		    strncasecmp(*words, (const char *)text.p, text.n) == 0)
			return true;
	return false;
}

static enum answer answer_of(struct bytes text, const struct words *words)
{
	if (text.n == 0)
		return SAYS_NOTHING;
	if (is_word(text, words->yes))
		return SAYS_YES;
	return is_word(text, words->no) ? SAYS_NO : SAYS_SOMETHING_ELSE;
}

#define SKIP_WORDS                                                                      \
	"dnp", "dni", "dnf", "dns", "nf", "np", "nopop", "not fitted", "not populated", \
		"do not populate", "do not fit", "do not install", "do not stuff", "no stuff"
#define FIT_WORDS "fitted", "fit", "populate", "populated", "install", "installed"
#define YES_WORDS "1", "x", "yes", "y", "true"
#define NO_WORDS  "0", "no", "n", "false"

/* True if the line is not to be fitted. A word we do not know is reported: guessing either way
 * would change the board. */
static bool is_skipped(struct bom_reading *r)
{
	static const char *const skip[] = {SKIP_WORDS, YES_WORDS, NULL};
	static const char *const fit[] = {FIT_WORDS, NO_WORDS, NULL};
	static const char *const fitted[] = {FIT_WORDS, YES_WORDS, NULL};
	static const char *const unfitted[] = {SKIP_WORDS, NO_WORDS, NULL};
	struct bytes dnp_text = r->cells[BOM_DNP].text, fit_text = r->cells[BOM_FITTED].text;
	enum answer dnp = answer_of(dnp_text, &(struct words){skip, fit});
	enum answer out = answer_of(fit_text, &(struct words){unfitted, fitted});

	if (dnp == SAYS_SOMETHING_ELSE)
		bom_say(r, BOM_DNP, "BOM_DNP_UNKNOWN", "found", dnp_text);
	if (out == SAYS_SOMETHING_ELSE ||
	    (out == SAYS_NOTHING && r->table.place[BOM_FITTED] != 0 && dnp != SAYS_YES))
		bom_say(r, BOM_FITTED, "BOM_DNP_UNKNOWN", "found", fit_text);
	if ((dnp == SAYS_YES && out == SAYS_NO) || (dnp == SAYS_NO && out == SAYS_YES))
		bom_say(r, BOM_FITTED, "BOM_FITTED_CONTRADICTS", NULL, (struct bytes){0});
	return dnp == SAYS_YES || out == SAYS_YES;
}

static bool is_critical(struct bom_reading *r)
{
	static const char *const yes[] = {YES_WORDS, "critical", NULL};
	static const char *const no[] = {NO_WORDS, NULL};
	struct bytes text = r->cells[BOM_CRITICAL].text;
	enum answer answer = answer_of(text, &(struct words){yes, no});

	if (answer == SAYS_SOMETHING_ELSE)
		bom_say(r, BOM_CRITICAL, "BOM_CRITICAL_UNKNOWN", "found", text);
	return answer == SAYS_YES;
}

/* ---- quantity ---- */

/* 1 to 999999, digits only; 0 for anything else. */
static size_t quantity_parse(struct bytes t)
{
	size_t v = 0;

	if (t.n == 0 || t.n > 6)
		return 0;
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return 0;
		v = v * 10 + (size_t)(t.p[i] - '0');
	}
	return v;
}

static void say_differs(struct bom_reading *r, size_t quantity, size_t designators)
{
	char said[24], found[24];
	struct fault f = {0};

	snprintf(said, sizeof(said), "%zu", quantity);
	snprintf(found, sizeof(found), "%zu", designators);
	(void)fail(&f, "BOM_QUANTITY_DIFFERS", "quantity", said, "designators", found, NULL);
	bom_fault(r, BOM_QUANTITY, &f);
}

/* `counted`: its designators were readable. What has no place on the board, like a screw or a
 * label, has a quantity alone. */
static void check_quantity(struct bom_reading *r, struct bom_line *line, bool counted)
{
	size_t quantity = quantity_parse(line->text[BOM_QUANTITY]);
	bool said = r->table.place[BOM_QUANTITY] != 0;

	if (said && quantity == 0)
		bom_say(r, BOM_QUANTITY, "BOM_QUANTITY", "found", line->text[BOM_QUANTITY]);
	else if (said && counted && line->designators_n > 0 && quantity != line->designators_n)
		say_differs(r, quantity, line->designators_n);
	line->quantity = said ? quantity : line->designators_n;
}

/* ---- the line ---- */

static void take_texts(struct bom_reading *r, struct bom_line *line)
{
	for (enum bom_column i = 0; i < BOM_COLUMNS; i++) {
		line->text[i] = r->cells[i].text;
		if (bytes_equal(line->text[i], bytes_text("~"))) /* KiCad's way to say nothing */
			line->text[i] = (struct bytes){0};
		if (BOM_COLUMN_TABLE[i].kind != TABLE_LINES && has_line_break(r->cells[i].text))
			bom_say(r, i, "BOM_LINE_BREAK", "name", bytes_text(bom_column_name(i)));
	}
}

/* Only the columns that have a kind of their own: our part number, the grade. */
static err check_kinds(struct bom_reading *r, struct bom_line *line, struct fault *f)
{
	static const enum bom_column kinds[] = {BOM_PART, BOM_CONFORMANCE};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct fault wrong = {0};
		struct bytes *text = &line->text[kinds[i]];

		if (text->n == 0)
			continue;
		err e = table_cell(r->table.arena, &BOM_COLUMN_TABLE[kinds[i]], text, &wrong);
		if (e.code == ERR_MEMORY)
			return fail(f, "BOM_MEMORY", NULL);
		if (e.code != OK)
			bom_say(r, kinds[i],
				kinds[i] == BOM_PART ? "BOM_PART_UNFIT" : "BOM_CONFORMANCE",
				"found", *text);
	}
	return ERR_OK;
}

static void check_part(struct bom_reading *r, const struct bom_line *line)
{
	bool has_number = line->text[BOM_MPN].n > 0, own = line->text[BOM_PART].n > 0;

	if (!has_number && r->config->numbers_needed && r->table.place[BOM_MPN] != 0)
		bom_say(r, BOM_MPN, "BOM_NO_MPN", NULL, (struct bytes){0});
	else if (!has_number && !own && line->text[BOM_VALUE].n == 0)
		bom_say(r, BOM_MPN, "BOM_NO_PART", NULL, (struct bytes){0});
	if (has_number && line->text[BOM_MANUFACTURER].n == 0 &&
	    r->table.place[BOM_MANUFACTURER] != 0)
		bom_say(r, BOM_MANUFACTURER, "BOM_NO_MANUFACTURER", "mpn", line->text[BOM_MPN]);
}

err bom_line_read(struct bom_reading *r, struct fault *f)
{
	struct bom_line *line = &r->bom->lines[r->bom->lines_n];
	bool counted = false;

	if (is_skipped(r)) {
		r->bom->skipped++;
		return ERR_OK;
	}
	*line = (struct bom_line){.line = r->cells[BOM_DESIGNATORS].line, .path = r->path};
	take_texts(r, line);
	if (r->table.place[BOM_DESIGNATORS] != 0)
		TRY(bom_designators_read(r, line, &counted, f));
	check_quantity(r, line, counted);
	check_part(r, line);
	TRY(check_kinds(r, line, f));
	line->critical = is_critical(r);
	r->bom->pieces += line->quantity;
	r->bom->lines_n++;
	return ERR_OK;
}

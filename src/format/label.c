/* SPDX-License-Identifier: Apache-2.0 */
#include "format/label.h"

#include <stdio.h>
#include <string.h>

/* Which identifier means what, in EIGP 114.2018 or by what distributors publish of their labels. Not
 * confirmed, read off labels only: 14K. Passed over like every other one: 3P, 11Z, 12Z, 13Z, 14Z and
 * 20Z, which are distributors' own. */
static const struct identifier {
	const char *name;
	enum label_field field;
} IDENTIFIERS[] = {
	{"P", LABEL_CUSTOMER_PART},   {"1P", LABEL_MANUFACTURER_PART}, {"30P", LABEL_SUPPLIER_PART},
	{"1V", LABEL_MANUFACTURER},   {"1T", LABEL_PART_LOT},          {"9D", LABEL_DATE_CODE},
	{"10D", LABEL_DATE_CODE_TOO}, {"Q", LABEL_QUANTITY},           {"K", LABEL_PURCHASE_ORDER},
	{"4K", LABEL_ORDER_LINE},     {"14K", LABEL_ORDER_LINE},       {"1K", LABEL_SALES_ORDER},
	{"10K", LABEL_INVOICE},       {"11K", LABEL_PACKING_LIST},     {"4L", LABEL_COUNTRY},
	{"S", LABEL_SERIAL},          {"3S", LABEL_PACKAGE},
};

const char *label_field_name(enum label_field field)
{
	static const char *const names[] = {
		[LABEL_CUSTOMER_PART] = "our part number",
		[LABEL_MANUFACTURER_PART] = "maker's part number",
		[LABEL_SUPPLIER_PART] = "supplier's part number",
		[LABEL_MANUFACTURER] = "maker",
		[LABEL_PART_LOT] = "part lot",
		[LABEL_DATE_CODE] = "date code",
		[LABEL_DATE_CODE_TOO] = "date code",
		[LABEL_QUANTITY] = "quantity",
		[LABEL_PURCHASE_ORDER] = "purchase order",
		[LABEL_ORDER_LINE] = "purchase order line",
		[LABEL_SALES_ORDER] = "sales order",
		[LABEL_INVOICE] = "invoice",
		[LABEL_PACKING_LIST] = "packing list",
		[LABEL_COUNTRY] = "country of origin",
		[LABEL_SERIAL] = "serial number",
		[LABEL_PACKAGE] = "package",
	};

	return names[field];
}

struct bytes label_date_code(const struct label *label)
{
	return label->field[LABEL_DATE_CODE_TOO].n > 0 ? label->field[LABEL_DATE_CODE_TOO]
						       : label->field[LABEL_DATE_CODE];
}

/* ---- the separators, however they came ---- */

static const struct notation {
	const char *record, *group, *over; /* RS, GS, EOT */
} NOTATIONS[] = {
	{"\x1e", "\x1d", "\x04"}, /* as they are */
	{"^^", "^]", "^D"},       /* a scanner that plays a keyboard; ours */
	{"{RS}", "{GS}", "{EOT}"},
	{"<RS>", "<GS>", "<EOT>"},
	{"\xe2\x90\x9e", "\xe2\x90\x9d", "\xe2\x90\x84"}, /* Unicode's pictures of them */
};
static const struct notation *const OURS = &NOTATIONS[1];

static bool take(struct bytes *from, const char *word)
{
	size_t n = strlen(word);

	if (from->n < n || memcmp(from->p, word, n) != 0)
		return false;
	from->p += n;
	from->n -= n;
	return true;
}

/* What stands before `word`, which is taken too; or all of it. True if the word was there. */
static bool take_until(struct bytes *from, const char *word, struct bytes *out)
{
	const uint8_t *at = memmem(from->p, from->n, word, strlen(word));

	*out = *from;
	if (at == NULL) {
		from->n = 0;
		return false;
	}
	out->n = (size_t)(at - from->p);
	from->p = at + strlen(word);
	from->n -= out->n + strlen(word);
	return true;
}

static bool has(struct bytes text, const char *word)
{
	return memmem(text.p, text.n, word, strlen(word)) != NULL;
}

static void drop_end(struct bytes *text, const char *word)
{
	size_t n = strlen(word);

	if (text->n >= n && memcmp(text->p + text->n - n, word, n) == 0)
		text->n -= n;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\r' || c == '\n' || c == '\t';
}

static struct bytes trim(struct bytes text)
{
	while (text.n > 0 && is_space(text.p[0]))
		text = bytes_of(text.p + 1, text.n - 1);
	while (text.n > 0 && is_space(text.p[text.n - 1]))
		text.n--;
	return text;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* What may stand before the envelope: which symbology it was (]d1, ]Q3), and the `>` of some labels. */
static bool take_start(struct bytes *text)
{
	if (text->n >= 3 && text->p[0] == ']' && is_digit(text->p[2]))
		*text = bytes_of(text->p + 3, text->n - 3);
	if (text->n >= 2 && text->p[0] == '>' && text->p[1] == '[')
		*text = bytes_of(text->p + 1, text->n - 1);
	return take(text, "[)>");
}

/* RS, the number of the format, GS. Some scanners swallow the RS. */
static err take_header(struct bytes *text, const struct notation **out, struct fault *f)
{
	for (size_t i = 0; i < sizeof NOTATIONS / sizeof NOTATIONS[0]; i++) {
		struct bytes rest = *text;
		(void)take(&rest, NOTATIONS[i].record);
		if (rest.n < 2 || !is_digit(rest.p[0]) || !is_digit(rest.p[1]))
			continue;
		const char format[] = {(char)rest.p[0], (char)rest.p[1], '\0'};
		rest = bytes_of(rest.p + 2, rest.n - 2);
		if (!take(&rest, NOTATIONS[i].group))
			continue;
		if (strcmp(format, "06") != 0)
			return fail(f, "LABEL_FORMAT", "format", format, NULL);
		*text = rest;
		*out = &NOTATIONS[i];
		return ERR_OK;
	}
	return fail(f, "LABEL_SEPARATORS_LOST", NULL);
}

/* ---- fields ---- */

static bool is_printable(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] > 0x7e)
			return false;
	return true;
}

/* Up to three digits and a letter, then the value. */
static size_t identifier_length(struct bytes field)
{
	size_t n = 0;

	while (n < 3 && n < field.n && is_digit(field.p[n]))
		n++;
	return n < field.n && field.p[n] >= 'A' && field.p[n] <= 'Z' ? n + 1 : 0;
}

static const struct identifier *find(struct bytes name)
{
	for (size_t i = 0; i < sizeof IDENTIFIERS / sizeof IDENTIFIERS[0]; i++)
		if (bytes_equal(bytes_text(IDENTIFIERS[i].name), name))
			return &IDENTIFIERS[i];
	return NULL;
}

static err quantity_read(struct bytes text, int64_t *out, struct fault *f)
{
	char shown[32];
	int64_t n = 0;
	bool sound = text.n > 0 && text.n <= 10;

	for (size_t i = 0; sound && i < text.n; i++) {
		sound = is_digit(text.p[i]);
		n = n * 10 + (text.p[i] - '0');
	}
	*out = n;
	if (sound && n > 0 && n <= LABEL_QUANTITY_MAX)
		return ERR_OK;
	snprintf(shown, sizeof shown, "%.*s", (int)(text.n < 24 ? text.n : 24),
		 (const char *)text.p);
	return fail_field(f, "Q", "LABEL_QUANTITY_WRONG", "found", shown, NULL);
}

static err field_read(struct bytes field, struct label *out, struct fault *f)
{
	size_t n = identifier_length(field);
	char shown[24], name[8] = "";

	snprintf(shown, sizeof shown, "%.*s", (int)(field.n < 20 ? field.n : 20),
		 (const char *)field.p);
	if (n == 0)
		return fail(f, "LABEL_FIELD_WRONG", "found", shown, NULL);
	memcpy(name, field.p, n);
	struct bytes value = trim(bytes_of(field.p + n, field.n - n));
	const struct identifier *known = find(bytes_of(field.p, n));
	/* Unknown ones are the supplier's own; an empty value says that there is none. */
	if (known == NULL || value.n == 0)
		return ERR_OK;
	struct bytes *place = &out->field[known->field];
	if (place->n > 0 && !bytes_equal(*place, value))
		return fail_field(f, name, "LABEL_FIELD_TWICE", "identifier", name, "field",
				  label_field_name(known->field), NULL);
	*place = value;
	return known->field == LABEL_QUANTITY ? quantity_read(value, &out->quantity, f) : ERR_OK;
}

/* The RS and the EOT that end the envelope, if the scanner sent them; then only fields are left. */
static err take_end(struct bytes *text, const struct notation *with, struct fault *f)
{
	drop_end(text, with->over);
	drop_end(text, with->record);
	return has(*text, with->record) || has(*text, with->over) ? fail(f, "LABEL_MORE", NULL)
								  : ERR_OK;
}

static err fields_read(struct bytes text, const struct notation *with, struct writer *w,
		       struct label *out, struct fault *f)
{
	struct bytes field;
	bool more = true;

	for (size_t n = 1; more; n++) {
		more = take_until(&text, with->group, &field);
		if (n > LABEL_FIELDS_MAX)
			return fail(f, "LABEL_FIELDS_TOO_MANY", NULL);
		/* In the text that is kept, a caret would begin a separator. */
		if (!is_printable(field) || (with != OURS && has(field, "^")))
			return fail(f, "LABEL_CHARACTER", NULL);
		TRY(field_read(field, out, f));
		put_text(w, OURS->group);
		put_bytes(w, field);
	}
	return ERR_OK;
}

err label_read(struct arena *a, struct bytes scanned, struct label *out, struct fault *f)
{
	uint8_t *buffer = arena_alloc(a, LABEL_TEXT_MAX);
	struct writer w = writer_of(buffer, LABEL_TEXT_MAX);
	const struct notation *with = OURS;
	struct label label = {0};

	if (buffer == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (scanned.n > LABEL_SIZE_MAX)
		return fail(f, "LABEL_TOO_LONG", NULL);
	struct bytes text = trim(scanned);
	if (!take_start(&text))
		return fail(f, "LABEL_NONE", NULL);
	TRY(take_header(&text, &with, f));
	TRY(take_end(&text, with, f));
	put_text(&w, "[)>^^06");
	TRY(fields_read(text, with, &w, &label, f));
	put_text(&w, "^^^D");
	if (!writer_done(&w, &label.text))
		return fail(f, "LABEL_TOO_LONG", NULL);
	for (size_t i = 0; i < LABEL_FIELDS; i++)
		if (label.field[i].n > 0)
			label.field[i] = arena_copy(a, label.field[i]);
	*out = label;
	return ERR_OK;
}

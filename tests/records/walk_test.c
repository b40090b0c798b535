/* SPDX-License-Identifier: Apache-2.0 */
/* Records at random, of every type: whatever comes in whatever sequence, no fold fails, no event is
 * refused for what it says, and folding the log again gives the same tables (the world's end checks
 * that). The walk is the same at every run: its number is printed with what went wrong. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "base/catalog.h"

enum { STEPS = 700, BODY_MAX = 8192 };

struct walk {
	struct world *w;
	uint64_t random;
	struct writer out;
};

/* xorshift64 (Marsaglia): enough to choose. */
static size_t choose(struct walk *k, size_t n)
{
	k->random ^= k->random << 13;
	k->random ^= k->random >> 7;
	k->random ^= k->random << 17;
	return (size_t)((k->random >> 11) % n);
}

/* What ids are about in this small world; several, so that records meet and miss each other. */
static const struct {
	const char *name, *words;
} IDS[] = {
	{"product", "GW|GW|G2"},
	{"serial", "S1|S1|S2"},
	{"station", "st1"},
	{"site", "VN|VN|HH"},
	{"from_site", "VN"},
	{"to_site", "HH|VN"},
	{"line", "L1|L2"},
	{"supplier", "acme|other"},
	{"part_lot", "R1|R2"},
	{"from_part_lot", "R1|R2"},
	{"part", "MCU1|R10K"},
	{"release", "FW1|FW2"},
	{"authorization", "BA1|BA2"},
	{"revision", "A|B"},
	{"maker", "M"},
	{"seal", "1|2|3"},
	{"read", "1|1|2"},
	{"shipment", "SH1|SH1|SH2"},
	{"holder", "carl|dora"},
	{"seen_by", "bert|carl"},
	{"country", "DE|VN"},
	{"within", "GW|acme|M|VN"},
	{"id", "S1|R1|SH1|1|cable"},
	{"hardware_type", "1.3.6"},
};

static void put_choice(struct walk *k, const char *words)
{
	size_t n = 1, length;

	for (const char *p = words; *p != '\0'; p++)
		n += *p == '|';
	for (n = choose(k, n); n > 0; n--)
		words = strchr(words, '|') + 1;
	length = strcspn(words, "|");
	put_text(&k->out, "'");
	put_bytes(&k->out, bytes_of(words, length));
	put_text(&k->out, "'");
}

static void put_id(struct walk *k, const struct field *field)
{
	if (field->choices != NULL) {
		put_choice(k, field->choices);
		return;
	}
	for (size_t i = 0; i < sizeof IDS / sizeof IDS[0]; i++) {
		if (strcmp(IDS[i].name, field->name) == 0) {
			put_choice(k, IDS[i].words);
			return;
		}
	}
	put_choice(k, "x|y");
}

static void put_number(struct walk *k, const struct field *field)
{
	char text[32];
	int64_t value = field->least + (int64_t)choose(k, 4);

	if (strcmp(field->name, "raised_seq") == 0)
		value = (int64_t)(k->w->sequence - choose(k, 8));
	snprintf(text, sizeof text, "%lld", (long long)(value > field->most ? field->most : value));
	put_text(&k->out, text);
}

static void put_hash(struct walk *k, const struct field *field)
{
	bool manifest =
		strcmp(field->name, "manifest") == 0 || strcmp(field->name, "previous") == 0;
	const char *value = IMAGE;

	if (manifest && choose(k, 4) > 0)
		value = shows(k->w, "shipment.outbound", "manifest", "shipment=SH1");
	put_text(&k->out, "'");
	put_text(&k->out, value[0] == '(' ? IMAGE : value);
	put_text(&k->out, "'");
}

static void put_fields(struct walk *k, const struct field *fields);

static void put_list(struct walk *k, const struct field *field)
{
	put_text(&k->out, "[");
	for (size_t n = 1 + choose(k, 3); n > 0; n--) {
		put_fields(k, field->sub);
		put_text(&k->out, n > 1 ? "," : "]");
	}
}

static void put_blob(struct walk *k, const struct field *field)
{
	char text[64];
	uint8_t bytes[32];

	memset(bytes, (int)choose(k, 3), sizeof bytes);
	base64url_encode(bytes_of(bytes, field->least > 1 ? 32 : 8), text);
	put_text(&k->out, "'");
	put_text(&k->out, text);
	put_text(&k->out, "'");
}

static void put_value(struct walk *k, const struct field *field)
{
	switch (field->kind) {
	case FIELD_ID:
		put_id(k, field);
		return;
	case FIELD_HASH:
		put_hash(k, field);
		return;
	case FIELD_INSTANT:
		put_choice(k, "2099-01-01T00:00:00.000Z|2020-01-01T00:00:00.000Z");
		return;
	case FIELD_NUMBER:
		put_number(k, field);
		return;
	case FIELD_BOOL:
		put_text(&k->out, choose(k, 4) > 0 ? "true" : "false");
		return;
	case FIELD_TEXT:
	case FIELD_COMMITMENT:
		put_text(&k->out, "'something'");
		return;
	case FIELD_BLOB:
		put_blob(k, field);
		return;
	case FIELD_LIST:
		put_list(k, field);
		return;
	}
}

static void put_fields(struct walk *k, const struct field *fields)
{
	const char *before = "{";

	for (const struct field *field = fields; field->name != NULL; field++) {
		if ((field->flags & REQUIRED) == 0 && choose(k, 2) == 0)
			continue;
		put_text(&k->out, before);
		put_text(&k->out, "'");
		put_text(&k->out, field->name);
		put_text(&k->out, "':");
		put_value(k, field);
		before = ",";
	}
	put_text(&k->out, before[0] == '{' ? "{}" : "}");
}

/* The type number `n` of our own areas: the engine's and those of access have their tests. */
static const struct record_type *type_at(size_t n)
{
	for (size_t i = 0; AREAS[i] != NULL; i++) {
		if (strcmp(AREAS[i]->name, "evidence") == 0 ||
		    strcmp(AREAS[i]->name, "access") == 0)
			continue;
		for (const struct record_type *t = AREAS[i]->types; t->name != NULL; t++)
			if ((t->flags & SYSTEM) == 0 && n-- == 0)
				return t;
	}
	return NULL;
}

static void step(struct walk *k, size_t types_n, uint64_t seed, size_t at)
{
	static const char *const AUTHORS[] = {"anna", "bert", "carl", "dora", "st1", "GW/S1"};
	static char body[BODY_MAX];
	const struct record_type *t = type_at(choose(k, types_n));
	struct bytes text;

	k->out = writer_of(body, sizeof body - 1);
	put_fields(k, t->fields);
	assert_true(writer_done(&k->out, &text));
	body[text.n] = '\0';
	const char *said = says(k->w, AUTHORS[choose(k, 6)], t->name, "%s", body);
	if (strstr(said, "(unfolded)") != NULL)
		fail_msg("walk %llu step %zu: %s %s: %s", (unsigned long long)seed, at, t->name,
			 said, body);
	if (said[0] != '!')
		return;
	const struct message *m = catalog_find(said + 1);
	assert_non_null(m);
	bool nobody = strcmp(m->id, "NOT_ALLOWED") == 0 || strcmp(m->id, "KEY_UNKNOWN") == 0;
	if (m->code >= ERR_CORRUPT || (t->nature == EVENT && !nobody))
		fail_msg("walk %llu step %zu: %s %s: %s", (unsigned long long)seed, at, t->name,
			 said, body);
}

static void walk(struct world *w, uint64_t seed)
{
	struct walk k = {.w = w, .random = seed};
	size_t types_n = 0;

	while (type_at(types_n) != NULL)
		types_n++;
	assert_true(types_n > 30);
	for (size_t i = 0; i < STEPS; i++)
		step(&k, types_n, seed, i);
}

static void any_records_from_the_beginning_fold_and_fold_again(void **state)
{
	walk(*state, 88172645463325252u);
}

static void any_records_amid_a_build_fold_and_fold_again(void **state)
{
	struct world *w = *state;
	char manifest[65];

	world_ready_to_build(w);
	world_unit(w, "S1");
	world_sealed_shipment(w, "S1", "SH1", manifest);
	walk(w, 1234567890123u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(any_records_from_the_beginning_fold_and_fold_again),
		WORLD_TEST(any_records_amid_a_build_fold_and_fold_again),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: sorting, conditions, groups and cursors, on both stores, held against a reference in C; and
 * what a view may not be asked. */
#include "records/house.h"
#include "stores.h"

#include "record/evidence.h"
#include "record/registry.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEBBLES = 2000, PAGE = 7 };

/* ---- an area of one table, filled by hand ---- */

static const char PEBBLE_SQL[] =
	"-- table pebble key id\n"
	"site TEXT NOT NULL\n"
	"id TEXT NOT NULL\n"
	"color TEXT\n"
	"weight BIGINT\n"
	"stamp BLOB\n"
	"-- view pebble.list pebble.read color_shown=text\n"
	"SELECT p.site, p.id, p.color, p.weight, p.stamp,\n"
	"	(SELECT count(*) FROM pebble q WHERE q.color = p.color AND q.id = p.id) AS "
	"colored,\n"
	"	coalesce(p.color, 'none') AS color_shown\n"
	"FROM pebble p ORDER BY p.id;\n"
	"-- view pebble.declared pebble.read shown=text held=bytes\n"
	"SELECT p.site, p.id, coalesce(p.color, 'none') AS shown, coalesce(p.stamp, p.stamp) AS "
	"held\n"
	"FROM pebble p ORDER BY p.id;\n"
	"-- view pebble.endless pebble.read most:number\n"
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n\n"
	"	WHERE :most IS NULL OR i < :most)\n"
	"SELECT p.site, p.id, (SELECT count(*) FROM n) AS steps FROM pebble p ORDER BY p.id;\n";

static const struct record_type NO_TYPES[] = {{0}};
extern const struct area access_area;
static const struct area pebble_area = {.name = "pebble", .types = NO_TYPES, .sql = PEBBLE_SQL};
static const struct area *const PEBBLE_AREAS[] = {&evidence_area, &access_area, &pebble_area, NULL};

struct pebble {
	char id[8], color[8];
	bool has_color, has_weight, has_stamp;
	int64_t weight;
	uint8_t stamp[2];
};

struct beach {
	struct store_test *store;
	struct house house;
	struct actor maya, nils;
	struct pebble pebbles[PEBBLES];
	size_t n;
};

static const struct parameter INSERT[] = {{"site", VALUE_TEXT},
					  {"id", VALUE_TEXT},
					  {"color", VALUE_TEXT},
					  {"weight", VALUE_INT},
					  {"stamp", VALUE_BLOB}};

/* Few values and many ties; a fifth of each column is NULL, and both extremes of numbers are there. */
static struct pebble pebble_at(size_t i)
{
	static const char *const COLORS[] = {"Red", "red", "green", "%", "_x", "bl!ue", ""};
	static const int64_t WEIGHTS[] = {INT64_MIN + 1, -1, 0, 7, 7000, INT64_MAX - 1};
	uint32_t dice = (uint32_t)i * 2654435761u;
	struct pebble p = {.has_color = dice % 5 != 0,
			   .has_weight = dice / 5 % 5 != 0,
			   .has_stamp = dice / 25 % 5 != 0,
			   .weight = WEIGHTS[dice / 125 % 6],
			   .stamp = {0xff, (uint8_t)(dice / 750 % 3)}};

	snprintf(p.id, sizeof p.id, "p%04u", (unsigned)(i * 7919 % PEBBLES));
	snprintf(p.color, sizeof p.color, "%s", COLORS[dice / 2250 % 7]);
	return p;
}

static void fill(struct beach *b)
{
	struct db *db = b->store->db;
	struct fault f = {0};
	struct statement *s = prepared(db,
				       "INSERT INTO pebble (site, id, color, weight, stamp)"
				       " VALUES (:site, :id, :color, :weight, :stamp)",
				       INSERT, 5);

	ok(db_begin(db, &f), &f);
	for (b->n = 0; b->n < PEBBLES; b->n++) {
		struct pebble *p = &b->pebbles[b->n];
		*p = pebble_at(b->n);
		struct value values[] = {
			value_text(bytes_text(b->n % 2 == 0 ? "HH" : "VN")),
			value_text(bytes_text(p->id)),
			p->has_color ? value_text(bytes_text(p->color)) : value_null,
			p->has_weight ? value_int(p->weight) : value_null,
			p->has_stamp ? value_blob(bytes_of(p->stamp, 2)) : value_null};
		ok(db_query(db, s, values, NULL, NULL, NULL, &f), &f);
	}
	ok(db_commit(db, &f), &f);
	statement_close(s);
}

static int setup(void **state)
{
	struct beach *b;

	if (store_setup(state) != 0)
		return -1;
	b = calloc(1, sizeof *b);
	assert_non_null(b);
	b->store = *state;
	*state = b;
	house_open_with(&b->house, b->store->address, PEBBLE_AREAS);
	b->maya = house_actor(&b->house, "maya", "person", "pebble.read");
	b->nils = house_actor(&b->house, "nils", "person", "access.read");
	fill(b);
	return 0;
}

static int teardown(void **state)
{
	struct beach *b = *state;
	struct store_test *store = b->store;

	actor_done(&b->maya);
	actor_done(&b->nils);
	house_close(&b->house);
	free(b);
	*state = store;
	return store_teardown(state);
}

/* ---- asking ---- */

static struct fault refusal;

/* "name=value" words up to NULL; the message of the refusal, or "" with the page. */
static const char *asks(struct house *h, const char *who, const char *view,
			const char *const *words, json_t **out)
{
	const char *names[32], *values[32];
	struct caller caller = {.channel = CHANNEL_SESSION};
	struct view_request request = {
		.name = bytes_text(view), .caller = &caller, .names = names, .values = values};
	struct reader_session *r;
	struct arena a = {0};
	json_t *page = NULL;

	for (; words[request.n] != NULL; request.n++) {
		const char *equals = strchr(words[request.n], '=');
		names[request.n] = arena_text(
			&a, bytes_of(words[request.n], (size_t)(equals - words[request.n])));
		values[request.n] = equals + 1;
	}
	refusal = (struct fault){0};
	snprintf(caller.principal, sizeof caller.principal, "%s", who);
	ok(reader_take(h->engine, &r, &refusal), &refusal);
	err result = view_read(h->engine, r, &a, &request, &page, &refusal);
	reader_give(r);
	arena_done(&a);
	if (out != NULL)
		*out = page;
	else
		json_decref(page);
	return result.code == OK ? "" : refusal.message;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void must_refuse_with(struct beach *b, const char *view, const char *word, const char *code)
{
	const char *got = asks(&b->house, "maya", view, WORDS(word), NULL);

	if (strcmp(got, code) != 0)
		fail_msg("%s?%s: %s instead of %s", view, word, got, code);
}

/* ---- the reference ---- */

/* Like a store compares: -1, 0, 1 of one column; NULL is the largest. */
static int compare_column(const struct pebble *a, const struct pebble *b, const char *column)
{
	int null_a, null_b, order;

	if (strcmp(column, "color") == 0) {
		null_a = !a->has_color;
		null_b = !b->has_color;
		order = strcmp(a->color, b->color);
	} else if (strcmp(column, "weight") == 0) {
		null_a = !a->has_weight;
		null_b = !b->has_weight;
		order = (a->weight > b->weight) - (a->weight < b->weight);
	} else {
		null_a = !a->has_stamp;
		null_b = !b->has_stamp;
		order = memcmp(a->stamp, b->stamp, 2);
	}
	return null_a || null_b ? null_a - null_b : order;
}

static const char *sorted_by;
static bool sorted_down;

static int order_pebbles(const void *a, const void *b)
{
	const struct pebble *x = a, *y = b;
	int order = sorted_by == NULL ? 0 : compare_column(x, y, sorted_by);

	if (order == 0)
		return strcmp(x->id, y->id);
	return sorted_down ? -order : order;
}

/* Walks a list page by page: exactly these ids, in this order. */
static void must_walk(struct beach *b, const char *const *words, size_t words_n,
		      const struct pebble *expected, size_t n)
{
	const char *all[16], *cursor = NULL;
	char text[4096];
	size_t seen = 0, i;
	json_t *row;

	memcpy(all, words, words_n * sizeof *all);
	all[words_n] = "limit=7";
	do {
		json_t *page;
		all[words_n + 1] = cursor;
		all[words_n + 2] = NULL;
		assert_string_equal(asks(&b->house, "maya", "pebble.list", all, &page), "");
		json_array_foreach(json_object_get(page, "rows"), i, row)
		{
			assert_in_range(seen, 0, n - 1);
			assert_string_equal(json_string_value(json_object_get(row, "id")),
					    expected[seen++].id);
		}
		const char *next = json_string_value(json_object_get(page, "next"));
		cursor = next == NULL ? NULL : text;
		if (next != NULL) {
			assert_int_equal(i, PAGE);
			snprintf(text, sizeof text, "cursor=%s", next);
		}
		json_decref(page);
	} while (cursor != NULL);
	assert_int_equal(seen, n);
}

static void must_walk_sorted(struct beach *b, const char *column, bool down)
{
	char word[40];

	sorted_by = column;
	sorted_down = down;
	qsort(b->pebbles, b->n, sizeof *b->pebbles, order_pebbles);
	snprintf(word, sizeof word, "sort=%s%s", down ? "-" : "", column);
	must_walk(b, WORDS(word), 1, b->pebbles, b->n);
}

static void a_sorted_walk_loses_and_repeats_no_row(void **state)
{
	struct beach *b = *state;

	must_walk_sorted(b, "color", false);
	must_walk_sorted(b, "color", true);
	must_walk_sorted(b, "weight", false);
	must_walk_sorted(b, "weight", true);
	must_walk_sorted(b, "stamp", false);
	must_walk_sorted(b, "stamp", true);
}

/* ---- conditions ---- */

static bool contains(const char *text, const char *part)
{
	char small[16];
	size_t n = 0;

	for (; text[n] != '\0'; n++)
		small[n] = (char)tolower((unsigned char)text[n]);
	small[n] = '\0';
	return strstr(small, part) != NULL;
}

enum wanted {
	RED_ANY_CASE,
	PERCENT,
	UNDERSCORE,
	MARK,
	EXACT,
	EMPTY,
	HEAVY,
	LIGHT,
	STAMPED,
	NO_STAMP
};

static bool fits(const struct pebble *p, enum wanted wanted)
{
	switch (wanted) {
	case RED_ANY_CASE:
		return p->has_color && contains(p->color, "red");
	case PERCENT:
		return p->has_color && contains(p->color, "%");
	case UNDERSCORE:
		return p->has_color && contains(p->color, "_");
	case MARK:
		return p->has_color && contains(p->color, "!");
	case EXACT:
		return p->has_color && strcmp(p->color, "Red") == 0;
	case EMPTY:
		return !p->has_color || p->color[0] == '\0';
	case HEAVY:
		return p->has_weight && p->weight >= 7;
	case LIGHT:
		return p->has_weight && p->weight <= 0;
	case STAMPED:
		return p->has_stamp && p->stamp[1] == 1;
	case NO_STAMP:
		return !p->has_stamp;
	}
	return false;
}

static void conditions_take_exactly_the_rows_that_fit(void **state)
{
	static const struct {
		const char *word;
		enum wanted wanted;
	} cases[] = {
		{"like.color=RED", RED_ANY_CASE}, {"like.color=ed", RED_ANY_CASE},
		{"like.color=%", PERCENT},        {"like.color=_", UNDERSCORE},
		{"like.color=!", MARK},           {"where.color=Red", EXACT},
		{"where.color=", EMPTY},          {"least.weight=7", HEAVY},
		{"most.weight=0", LIGHT},         {"least.weight=1970-01-01T00:00:00.007Z", HEAVY},
		{"where.stamp=ff01", STAMPED},    {"where.stamp=FF01", STAMPED},
		{"where.stamp=", NO_STAMP},
	};
	struct beach *b = *state;

	sorted_by = "weight";
	sorted_down = true;
	qsort(b->pebbles, b->n, sizeof *b->pebbles, order_pebbles);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pebble *expected = calloc(b->n + 1, sizeof *expected);
		size_t n = 0;
		assert_non_null(expected);
		for (size_t k = 0; k < b->n; k++)
			if (fits(&b->pebbles[k], cases[i].wanted))
				expected[n++] = b->pebbles[k];
		assert_in_range(n, 1, b->n - 1);
		must_walk(b, WORDS("sort=-weight", cases[i].word), 2, expected, n);
		free(expected);
	}
}

static size_t rows_of(struct beach *b, const char *const *words)
{
	json_t *page;

	assert_string_equal(asks(&b->house, "maya", "pebble.list", words, &page), "");
	size_t n = json_array_size(json_object_get(page, "rows"));
	json_decref(page);
	return n;
}

static void conditions_hold_together_and_beside_the_place(void **state)
{
	struct beach *b = *state;

	assert_int_equal(rows_of(b, WORDS("where.id=p0000", "site=HH")) +
				 rows_of(b, WORDS("where.id=p0000", "site=VN")),
			 1);
	assert_int_equal(rows_of(b, WORDS("least.weight=8", "most.weight=6999")), 0);
	assert_int_equal(rows_of(b, WORDS("where.color=red", "like.color=green")), 0);
	assert_int_equal(rows_of(b, WORDS("where.site=HH", "limit=1000")), PEBBLES / 2);
	/* what is computed can be asked, too */
	assert_int_equal(rows_of(b, WORDS("where.color_shown=none", "where.color=red")), 0);
	assert_true(rows_of(b, WORDS("where.color_shown=none")) > 0);
	assert_true(rows_of(b, WORDS("where.colored=0", "sort=-colored")) > 0);
}

/* ---- wrong questions ---- */

static void wrong_conditions_are_refused_and_name_what_is_wrong(void **state)
{
	static const struct {
		const char *word, *code;
	} cases[] = {
		{"where.colour=red", "VIEW_COLUMN_UNKNOWN"},
		{"where.=red", "VIEW_COLUMN_UNKNOWN"},
		{"where.color' OR 1=1 --=x", "VIEW_COLUMN_UNKNOWN"},
		{"where.Color=red", "VIEW_COLUMN_UNKNOWN"},
		{"where.rowid=1", "VIEW_COLUMN_UNKNOWN"},
		{"where.color.x=red", "VIEW_COLUMN_UNKNOWN"},
		{"wher.color=red", "VIEW_PARAMETER_UNKNOWN"},
		{"where=red", "VIEW_PARAMETER_UNKNOWN"},
		{"color=red", "VIEW_PARAMETER_UNKNOWN"},
		{"like.weight=7", "VIEW_FILTER_KIND"},
		{"like.stamp=ff", "VIEW_FILTER_KIND"},
		{"least.color=a", "VIEW_FILTER_KIND"},
		{"most.stamp=ff", "VIEW_FILTER_KIND"},
		{"like.color=", "FIELD_WRONG"},
		{"like.color=\xff", "FIELD_WRONG"},
		{"where.color=\xc3", "FIELD_WRONG"},
		{"where.color=a\x01", "FIELD_WRONG"},
		{"where.weight=seven", "FIELD_WRONG"},
		{"where.weight=7.0", "FIELD_WRONG"},
		{"where.weight=0x7", "FIELD_WRONG"},
		{"least.weight=", "FIELD_WRONG"},
		{"least.weight=9223372036854775808", "FIELD_WRONG"},
		{"least.weight=2026-13-01T00:00:00Z", "FIELD_WRONG"},
		{"where.stamp=f", "FIELD_WRONG"},
		{"where.stamp=fg", "FIELD_WRONG"},
		{"where.stamp=\\xff", "FIELD_WRONG"},
		{"sort=", "VIEW_COLUMN_UNKNOWN"},
		{"sort=-", "VIEW_COLUMN_UNKNOWN"},
		{"sort=--color", "VIEW_COLUMN_UNKNOWN"},
		{"sort=+color", "VIEW_COLUMN_UNKNOWN"},
		{"sort=color,id", "VIEW_COLUMN_UNKNOWN"},
		{"sort=color; DROP TABLE pebble", "VIEW_COLUMN_UNKNOWN"},
		{"group=", "VIEW_COLUMN_UNKNOWN"},
		{"group=-color", "VIEW_COLUMN_UNKNOWN"},
		{"group=count(*)", "VIEW_COLUMN_UNKNOWN"},
	};
	struct beach *b = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		must_refuse_with(b, "pebble.list", cases[i].word, cases[i].code);
		size_t n = strcspn(cases[i].word, "=");
		if (strcmp(cases[i].code, "VIEW_PARAMETER_UNKNOWN") != 0 &&
		    strchr(cases[i].word, '\'') == NULL)
			assert_memory_equal(refusal.field, cases[i].word, n);
	}
	must_refuse_with(b, "pebble.list", "where.nothing=1", "VIEW_COLUMN_UNKNOWN");
	assert_non_null(strstr(fault_value(&refusal, "columns"), "color_shown"));
}

static void a_question_without_the_right_shows_not_even_the_columns(void **state)
{
	struct beach *b = *state;

	assert_string_equal(asks(&b->house, "nils", "pebble.list", WORDS("group=color"), NULL),
			    "VIEW_NOT_ALLOWED");
	assert_string_equal(asks(&b->house, "nils", "pebble.list", WORDS("where.color=red"), NULL),
			    "VIEW_NOT_ALLOWED");
}

static void more_conditions_than_a_statement_bears_are_refused(void **state)
{
	struct beach *b = *state;
	const char *words[32];

	for (size_t i = 0; i < 31; i++)
		words[i] = i % 2 == 0 ? "where.color=red" : "like.color=red";
	words[31] = NULL;
	assert_string_equal(asks(&b->house, "maya", "pebble.list", words, NULL), "");
}

/* ---- cursors ---- */

static const char *next_of(struct beach *b, const char *const *words)
{
	static char text[4096];
	json_t *page;

	assert_string_equal(asks(&b->house, "maya", "pebble.list", words, &page), "");
	const char *next = json_string_value(json_object_get(page, "next"));
	assert_non_null(next);
	snprintf(text, sizeof text, "cursor=%s", next);
	json_decref(page);
	return text;
}

static void a_cursor_goes_on_with_its_own_question_only(void **state)
{
	struct beach *b = *state;
	const char *cursor = next_of(b, WORDS("sort=-weight", "like.color=re", "limit=7"));
	const char *const *const others[] = {
		WORDS(cursor),
		WORDS("sort=-weight", cursor),
		WORDS("sort=weight", "like.color=re", cursor),
		WORDS("sort=-color", "like.color=re", cursor),
		WORDS("sort=-weight", "like.color=red", cursor),
		WORDS("sort=-weight", "where.color=re", cursor),
		WORDS("sort=-weight", "like.color_shown=re", cursor),
		WORDS("sort=-weight", "like.color=re", "site=HH", cursor),
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_string_equal(asks(&b->house, "maya", "pebble.list", others[i], NULL),
				    "VIEW_CURSOR_WRONG");
	assert_string_equal(asks(&b->house, "maya", "pebble.declared",
				 WORDS("sort=-weight", "like.color=re", cursor), NULL),
			    "VIEW_COLUMN_UNKNOWN");
	/* The page's size and the order of the words are no part of it. */
	assert_string_equal(asks(&b->house, "maya", "pebble.list",
				 WORDS("limit=9", cursor, "like.color=re", "sort=-weight"), NULL),
			    "");
}

static void every_changed_byte_of_a_cursor_is_noticed(void **state)
{
	struct beach *b = *state;
	char text[4096];

	snprintf(text, sizeof text, "%s", next_of(b, WORDS("sort=color", "limit=7")));
	for (char *p = text + strlen("cursor="); *p != '\0'; p++) {
		char was = *p;
		*p = was == 'A' ? 'B' : 'A';
		assert_string_equal(
			asks(&b->house, "maya", "pebble.list", WORDS("sort=color", text), NULL),
			"VIEW_CURSOR_WRONG");
		*p = was;
	}
	assert_string_equal(asks(&b->house, "maya", "pebble.list", WORDS("sort=color", text), NULL),
			    "");
}

/* ---- groups ---- */

static void groups_count_every_row_once_and_the_most_first(void **state)
{
	struct beach *b = *state;
	json_int_t total = 0, before = PEBBLES + 1;
	json_t *page, *row;
	size_t i;

	assert_string_equal(asks(&b->house, "maya", "pebble.list", WORDS("group=color"), &page),
			    "");
	assert_string_equal(json_string_value(json_array_get(json_object_get(page, "columns"), 0)),
			    "color");
	assert_string_equal(json_string_value(json_array_get(json_object_get(page, "columns"), 1)),
			    "count");
	assert_null(json_object_get(page, "next"));
	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		json_int_t count = json_integer_value(json_object_get(row, "count")), own = 0;
		const char *color = json_string_value(json_object_get(row, "color"));
		for (size_t k = 0; k < b->n; k++)
			own += color == NULL ? !b->pebbles[k].has_color
					     : b->pebbles[k].has_color &&
						       strcmp(b->pebbles[k].color, color) == 0;
		assert_int_equal(count, own);
		assert_true(count <= before);
		before = count;
		total += count;
	}
	assert_int_equal(i, 8);
	assert_int_equal(total, PEBBLES);
	json_decref(page);
}

static void groups_keep_scope_conditions_and_limit(void **state)
{
	struct beach *b = *state;
	json_t *page;

	assert_string_equal(asks(&b->house, "maya", "pebble.list",
				 WORDS("group=id", "limit=3", "site=HH"), &page),
			    "");
	json_t *rows = json_object_get(page, "rows");
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "id")),
			    "p0000"); /* equals in the order of their value */
	json_decref(page);
	assert_string_equal(
		asks(&b->house, "maya", "pebble.list", WORDS("group=site", "where.site=HH"), &page),
		"");
	rows = json_object_get(page, "rows");
	assert_int_equal(json_array_size(rows), 1);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "count")),
			 PEBBLES / 2);
	json_decref(page);
	must_refuse_with(b, "pebble.list", "group=weight&sort=id", "VIEW_COLUMN_UNKNOWN");
	assert_string_equal(
		asks(&b->house, "maya", "pebble.list", WORDS("group=color", "sort=id"), NULL),
		"VIEW_GROUP_ALONE");
	assert_string_equal(
		asks(&b->house, "maya", "pebble.list", WORDS("group=color", "cursor=x"), NULL),
		"VIEW_GROUP_ALONE");
	assert_string_equal(
		asks(&b->house, "maya", "pebble.list", WORDS("group=color", "limit=0"), NULL),
		"FIELD_WRONG");
}

/* ---- time ---- */

static void a_view_that_takes_too_long_is_stopped_and_the_reader_goes_on(void **state)
{
	struct beach *b = *state;

	house_stop(&b->house);
	b->house.config.view_ms = 50;
	b->house.config.readers_max = 1; /* so that it is the same connection */
	house_start(&b->house);
	must_refuse_with(b, "pebble.endless", "limit=1", "VIEW_TOO_SLOW");
	assert_non_null(strstr(fault_value(&refusal, "parameters"), "most"));
	must_refuse_with(b, "pebble.endless", "group=steps", "VIEW_TOO_SLOW");
	assert_string_equal(
		asks(&b->house, "maya", "pebble.endless", WORDS("most=10", "where.id=p0000"), NULL),
		"");
	/* What is no view has no such limit. */
	struct reader_session *r;
	struct fault f = {0};
	ok(reader_take(b->house.engine, &r, &f), &f);
	assert_int_equal(number_of(reader_db(r), "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
						 " SELECT i + 1 FROM n WHERE i < 3000000)"
						 " SELECT count(*) FROM n"),
			 3000000);
	reader_give(r);
}

/* ---- every view there is ---- */

struct everything {
	struct store_test *store;
	struct house house;
	struct actor reader;
};

/* Every permission that a view needs, once each. */
static void all_permissions(const struct registry *registry, char *out, size_t cap)
{
	out[0] = '\0';
	for (size_t i = 0; i < registry->views_n; i++) {
		const char *permission = registry->views[i].permission;
		bool known = false;
		for (size_t k = 0; k < i; k++)
			known = known || strcmp(registry->views[k].permission, permission) == 0;
		if (!known)
			snprintf(out + strlen(out), cap - strlen(out), "%s%s",
				 out[0] == '\0' ? "" : ",", permission);
	}
}

static int setup_everything(void **state)
{
	struct everything *x;
	char permissions[2000];

	if (store_setup(state) != 0)
		return -1;
	x = calloc(1, sizeof *x);
	assert_non_null(x);
	x->store = *state;
	*state = x;
	house_open(&x->house, x->store->address);
	all_permissions(engine_registry(x->house.engine), permissions, sizeof permissions);
	x->reader = house_actor(&x->house, "reader", "person", permissions);
	return 0;
}

static int teardown_everything(void **state)
{
	struct everything *x = *state;
	struct store_test *store = x->store;

	actor_done(&x->reader);
	house_close(&x->house);
	free(x);
	*state = store;
	return store_teardown(state);
}

/* The first store's answer is kept; the second's must be the same. */
static void a_column_holds_the_same_on_both_stores(void **state)
{
	static char first[200][2048];
	struct everything *x = *state;
	const struct registry *registry = engine_registry(x->house.engine);

	assert_in_range(registry->views_n, 1, 200);
	for (size_t i = 0; i < registry->views_n; i++) {
		const struct view *view = &registry->views[i];
		char line[2048];
		size_t n = (size_t)snprintf(line, sizeof line, "%s:", view->name);
		for (size_t k = 0; k < view->columns_n; k++)
			n += (size_t)snprintf(line + n, sizeof line - n, " %s=%s",
					      view->columns[k].name,
					      column_kind_name(view->columns[k].kind));
		assert_in_range(n, 1, sizeof line - 1);
		if (first[i][0] == '\0')
			memcpy(first[i], line, sizeof line);
		assert_string_equal(first[i], line);
	}
}

static void must_take(struct everything *x, const struct view *view, const char *before,
		      const char *column, const char *after)
{
	char word[200];

	snprintf(word, sizeof word, "%s%s%s", before, column, after);
	const char *got = asks(&x->house, "reader", view->name, WORDS(word, "limit=1"), NULL);
	if (got[0] != '\0')
		fail_msg("%s?%s: %s", view->name, word, got);
}

static void every_column_of_every_view_can_be_asked(void **state)
{
	struct everything *x = *state;
	const struct registry *registry = engine_registry(x->house.engine);

	for (size_t i = 0; i < registry->views_n; i++) {
		const struct view *view = &registry->views[i];
		for (size_t k = 0; k < view->columns_n; k++) {
			const struct view_column *c = &view->columns[k];
			must_take(x, view, "sort=-", c->name, "");
			must_take(x, view, "group=", c->name, "");
			must_take(x, view, "where.", c->name, c->kind == VALUE_TEXT ? "=a" : "=00");
			if (c->kind == VALUE_TEXT)
				must_take(x, view, "like.", c->name, "=a");
			if (c->kind == VALUE_INT)
				must_take(x, view, "least.", c->name, "=1");
		}
	}
}

#define BEACH_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define EVERYTHING_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_everything, teardown_everything)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BEACH_TEST(a_sorted_walk_loses_and_repeats_no_row),
		BEACH_TEST(conditions_take_exactly_the_rows_that_fit),
		BEACH_TEST(conditions_hold_together_and_beside_the_place),
		BEACH_TEST(wrong_conditions_are_refused_and_name_what_is_wrong),
		BEACH_TEST(a_question_without_the_right_shows_not_even_the_columns),
		BEACH_TEST(more_conditions_than_a_statement_bears_are_refused),
		BEACH_TEST(a_cursor_goes_on_with_its_own_question_only),
		BEACH_TEST(every_changed_byte_of_a_cursor_is_noticed),
		BEACH_TEST(groups_count_every_row_once_and_the_most_first),
		BEACH_TEST(groups_keep_scope_conditions_and_limit),
		BEACH_TEST(a_view_that_takes_too_long_is_stopped_and_the_reader_goes_on),
		EVERYTHING_TEST(a_column_holds_the_same_on_both_stores),
		EVERYTHING_TEST(every_column_of_every_view_can_be_asked),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

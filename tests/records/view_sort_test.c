/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: sorting and conditions on both stores, walked page by page and held against a reference in C. */
#include "records/beach.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 7 };

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
		assert_string_equal(asks_view(&b->house, "maya", "pebble.list", all, &page), "");
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

	assert_string_equal(asks_view(&b->house, "maya", "pebble.list", words, &page), "");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		BEACH_TEST(a_sorted_walk_loses_and_repeats_no_row),
		BEACH_TEST(conditions_take_exactly_the_rows_that_fit),
		BEACH_TEST(conditions_hold_together_and_beside_the_place),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

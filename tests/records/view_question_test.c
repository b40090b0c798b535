/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: what a view may not be asked, cursors, groups, and the time that it may take. */
#include "records/beach.h"

#include <stdio.h>
#include <string.h>

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

static void a_part_of_a_text_may_be_as_long_as_every_store_takes(void **state)
{
	struct beach *b = *state;
	char word[16 + 202] = "like.color=";
	size_t n = strlen(word);

	memset(word + n, '%', 201);
	must_refuse_with(b, "pebble.list", word, "FIELD_WRONG");
	word[n + 200] = '\0';
	must_refuse_with(b, "pebble.list", word, "");
}

static void a_question_without_the_right_shows_not_even_the_columns(void **state)
{
	struct beach *b = *state;

	assert_string_equal(asks_view(&b->house, "nils", "pebble.list", WORDS("group=color"), NULL),
			    "VIEW_NOT_ALLOWED");
	assert_string_equal(
		asks_view(&b->house, "nils", "pebble.list", WORDS("where.color=red"), NULL),
		"VIEW_NOT_ALLOWED");
}

static void more_conditions_than_a_statement_bears_are_refused(void **state)
{
	struct beach *b = *state;
	const char *words[32];

	for (size_t i = 0; i < 31; i++)
		words[i] = i % 2 == 0 ? "where.color=red" : "like.color=red";
	words[31] = NULL;
	assert_string_equal(asks_view(&b->house, "maya", "pebble.list", words, NULL), "");
}

/* ---- cursors ---- */

static const char *next_of(struct beach *b, const char *const *words)
{
	static char text[4096];
	json_t *page;

	assert_string_equal(asks_view(&b->house, "maya", "pebble.list", words, &page), "");
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
		assert_string_equal(asks_view(&b->house, "maya", "pebble.list", others[i], NULL),
				    "VIEW_CURSOR_WRONG");
	assert_string_equal(asks_view(&b->house, "maya", "pebble.declared",
				      WORDS("sort=-weight", "like.color=re", cursor), NULL),
			    "VIEW_COLUMN_UNKNOWN");
	/* The page's size and the order of the words are no part of it. */
	assert_string_equal(asks_view(&b->house, "maya", "pebble.list",
				      WORDS("limit=9", cursor, "like.color=re", "sort=-weight"),
				      NULL),
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
		assert_string_equal(asks_view(&b->house, "maya", "pebble.list",
					      WORDS("sort=color", text), NULL),
				    "VIEW_CURSOR_WRONG");
		*p = was;
	}
	assert_string_equal(
		asks_view(&b->house, "maya", "pebble.list", WORDS("sort=color", text), NULL), "");
}

/* ---- groups ---- */

static void groups_count_every_row_once_and_the_most_first(void **state)
{
	struct beach *b = *state;
	json_int_t total = 0, before = PEBBLES + 1;
	json_t *page, *row;
	size_t i;

	assert_string_equal(
		asks_view(&b->house, "maya", "pebble.list", WORDS("group=color"), &page), "");
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

	assert_string_equal(asks_view(&b->house, "maya", "pebble.list",
				      WORDS("group=id", "limit=3", "site=HH"), &page),
			    "");
	json_t *rows = json_object_get(page, "rows");
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "id")),
			    "p0000"); /* equals in the order of their value */
	json_decref(page);
	assert_string_equal(asks_view(&b->house, "maya", "pebble.list",
				      WORDS("group=site", "where.site=HH"), &page),
			    "");
	rows = json_object_get(page, "rows");
	assert_int_equal(json_array_size(rows), 1);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "count")),
			 PEBBLES / 2);
	json_decref(page);
	must_refuse_with(b, "pebble.list", "group=weight&sort=id", "VIEW_COLUMN_UNKNOWN");
	assert_string_equal(
		asks_view(&b->house, "maya", "pebble.list", WORDS("group=color", "sort=id"), NULL),
		"VIEW_GROUP_ALONE");
	assert_string_equal(
		asks_view(&b->house, "maya", "pebble.list", WORDS("group=color", "cursor=x"), NULL),
		"VIEW_GROUP_ALONE");
	assert_string_equal(
		asks_view(&b->house, "maya", "pebble.list", WORDS("group=color", "limit=0"), NULL),
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
	assert_string_equal(asks_view(&b->house, "maya", "pebble.endless",
				      WORDS("most=10", "where.id=p0000"), NULL),
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		BEACH_TEST(wrong_conditions_are_refused_and_name_what_is_wrong),
		BEACH_TEST(a_part_of_a_text_may_be_as_long_as_every_store_takes),
		BEACH_TEST(a_question_without_the_right_shows_not_even_the_columns),
		BEACH_TEST(more_conditions_than_a_statement_bears_are_refused),
		BEACH_TEST(a_cursor_goes_on_with_its_own_question_only),
		BEACH_TEST(every_changed_byte_of_a_cursor_is_noticed),
		BEACH_TEST(groups_count_every_row_once_and_the_most_first),
		BEACH_TEST(groups_keep_scope_conditions_and_limit),
		BEACH_TEST(a_view_that_takes_too_long_is_stopped_and_the_reader_goes_on),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: what a caller may see, page after page, and every wrong question. */
#include "records/trial.h"

#include <stdio.h>

#include "core/cbor.h"

enum { ITEMS = 25 };

static void items(struct trial *t)
{
	char item[16];

	for (int i = 0; i < ITEMS; i++) {
		snprintf(item, sizeof item, "i%02d", i);
		trial_item(t, item, i % 3 == 0 ? "HH" : "VN");
	}
}

/* The message of the refusal, or "" with the page in `*out`. */
static const char *reads(struct trial *t, const char *who, const char *view, size_t n,
			 const char *const *names, const char *const *values, json_t **out)
{
	static struct fault f;
	struct caller caller = {.channel = CHANNEL_SESSION};
	struct view_request request = {.name = bytes_text(view),
				       .caller = &caller,
				       .n = n,
				       .names = names,
				       .values = values};
	struct reader_session *r;
	json_t *page = NULL;

	f = (struct fault){0};
	snprintf(caller.principal, sizeof caller.principal, "%s", who);
	ok(reader_take(t->house.engine, &r, &f), &f);
	err result = view_read(t->house.engine, r, &t->house.arena, &request, &page, &f);
	reader_give(r);
	if (out != NULL)
		*out = page;
	else
		json_decref(page);
	return result.code == OK ? "" : f.message;
}

static const char *asks_with(struct trial *t, const char *name, const char *value)
{
	return reads(t, "maya", "trial.items", 1, &name, &value, NULL);
}

static size_t rows(const json_t *page)
{
	return json_array_size(json_object_get(page, "rows"));
}

static void pages_follow_each_other_without_gap_or_repetition(void **state)
{
	struct trial *t = *state;
	char seen[ITEMS * 8] = "", wanted[ITEMS * 8] = "", cursor[256] = "";
	const char *names[] = {"limit", "cursor"}, *values[] = {"4", cursor};

	items(t);
	for (size_t i = 0; i < ITEMS; i++)
		snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "i%02zu ", i);
	for (size_t pages = 0;; pages++) {
		json_t *page, *row;
		size_t i;
		assert_in_range(pages, 0, ITEMS);
		assert_string_equal(reads(t, "maya", "trial.items", cursor[0] == '\0' ? 1 : 2,
					  names, values, &page),
				    "");
		json_array_foreach(json_object_get(page, "rows"), i, row)
			snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s ",
				 json_string_value(json_object_get(row, "item")));
		const char *next = json_string_value(json_object_get(page, "next"));
		snprintf(cursor, sizeof cursor, "%s", next == NULL ? "" : next);
		json_decref(page);
		if (cursor[0] == '\0')
			break;
	}
	assert_string_equal(seen, wanted);
}

static void a_limited_grant_sees_its_own_place_only(void **state)
{
	struct trial *t = *state;
	const char *site = "site", *there = "VN", *here = "HH";
	json_t *page;

	items(t);
	assert_string_equal(reads(t, "nils", "trial.items", 0, NULL, NULL, NULL),
			    "VIEW_NOT_ALLOWED");
	assert_string_equal(asks(t, &t->house.ada, "role.granted",
				 "{'grant_id':'g','principal':'nils','role':'role-maya',"
				 "'site':'HH'}"),
			    "");
	assert_string_equal(reads(t, "nils", "trial.items", 0, NULL, NULL, &page), "");
	assert_int_equal(rows(page), (ITEMS + 2) / 3);
	json_decref(page);
	assert_string_equal(reads(t, "nils", "trial.items", 1, &site, &there, &page), "");
	assert_int_equal(rows(page), 0);
	json_decref(page);
	assert_string_equal(reads(t, "nils", "trial.items", 1, &site, &here, &page), "");
	assert_int_equal(rows(page), (ITEMS + 2) / 3);
	json_decref(page);
	/* A view without a place is for those who are not limited. */
	assert_string_equal(reads(t, "nils", "access.principals", 0, NULL, NULL, NULL),
			    "VIEW_NOT_ALLOWED");
	assert_string_equal(reads(t, "maya", "trial.items", 0, NULL, NULL, &page), "");
	assert_int_equal(rows(page), ITEMS);
	json_decref(page);
}

static void a_grant_that_ended_sees_nothing(void **state)
{
	struct trial *t = *state;

	items(t);
	assert_string_equal(
		asks(t, &t->house.ben, "grant.revoked", "{'grant_id':'grant-maya','reason':'r'}"),
		"");
	assert_string_equal(reads(t, "maya", "trial.items", 0, NULL, NULL, NULL),
			    "VIEW_NOT_ALLOWED");
	assert_string_equal(reads(t, "nobody", "trial.items", 0, NULL, NULL, NULL),
			    "VIEW_NOT_ALLOWED");
}

static void wrong_questions_are_refused(void **state)
{
	struct trial *t = *state;

	assert_string_equal(reads(t, "maya", "trial.unheard", 0, NULL, NULL, NULL), "VIEW_UNKNOWN");
	assert_string_equal(asks_with(t, "colour", "red"), "VIEW_PARAMETER_UNKNOWN");
	assert_string_equal(asks_with(t, "item", "a"), "VIEW_PARAMETER_UNKNOWN");
	assert_string_equal(asks_with(t, "line", "L1"), "VIEW_PARAMETER_UNKNOWN");
	assert_string_equal(asks_with(t, "site", "' OR 1=1 --"), "FIELD_WRONG");
	assert_string_equal(asks_with(t, "site", ""), "FIELD_WRONG");
	assert_string_equal(asks_with(t, "limit", "0"), "FIELD_WRONG");
	assert_string_equal(asks_with(t, "limit", "1001"), "FIELD_WRONG");
	assert_string_equal(asks_with(t, "limit", "-1"), "FIELD_WRONG");
	assert_string_equal(asks_with(t, "limit", "1e2"), "FIELD_WRONG");
	assert_string_equal(asks_with(t, "limit", "99999999999999999999"), "FIELD_WRONG");
}

static const char *asks_cursor(struct trial *t, struct bytes cbor)
{
	char text[512];

	base64url_encode(cbor, text);
	return asks_with(t, "cursor", text);
}

static void cursors_that_we_did_not_make_are_refused(void **state)
{
	struct trial *t = *state;
	static const struct {
		const char *bytes;
		size_t n;
	} wrong[] = {
		{"\x80", 1},           /* no value */
		{"\x82\x61x\x61y", 5}, /* one too many */
		{"\x81\xf6", 2},       /* null */
		{"\x81\xf5", 2},       /* true */
		{"\x81\x80", 2},       /* an array */
		{"\x81\x61x\x00", 4},  /* something follows */
		{"\x81\x61", 2},       /* torn */
		{"\x81\x61\xff", 3},   /* not UTF-8 */
		{"\x81\x61\x00", 3},   /* NUL */
		{"\x98\x01\x61x", 4},  /* not the shortest */
		{"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", 9},
		{"", 0},
	};

	items(t);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (strcmp(asks_cursor(t, bytes_of(wrong[i].bytes, wrong[i].n)),
			   "VIEW_CURSOR_WRONG") != 0)
			fail_msg("cursor %zu is taken", i);
	assert_string_equal(asks_with(t, "cursor", "not base64!"), "VIEW_CURSOR_WRONG");
	assert_string_equal(asks_with(t, "cursor", "gWF4="), "VIEW_CURSOR_WRONG");
}

/* A value of another kind than the column's: refused, or an empty page, but never an error of ours. */
static void a_cursor_of_another_kind_does_no_harm(void **state)
{
	struct trial *t = *state;

	items(t);
	for (const char *const *kind = (const char *const[]){"\x81\x01", "\x81\x41x", NULL}; *kind;
	     kind++) {
		const char *answer = asks_cursor(t, bytes_text(*kind));
		if (answer[0] != '\0')
			assert_string_equal(answer, "VIEW_CURSOR_WRONG");
	}
}

static void readers_are_lent_and_given_back(void **state)
{
	struct trial *t = *state;
	struct reader_session *all[8];
	struct fault f = {0};

	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < 8; i++)
			ok(reader_take(t->house.engine, &all[i], &f), &f);
		for (size_t i = 0; i < 8; i++)
			reader_give(all[i]);
	}
}

/* Whoever must not see them finds nothing by them, either. */
static void closed_question_reads_no_confidential_values(void **state)
{
	struct trial *t = *state;
	static const char *const names[] = {"like.name"}, *const values[] = {"zimm"};
	struct caller caller = {.principal = "maya", .channel = CHANNEL_SESSION};
	struct view_request request = {.name = bytes_text("trial.items"), .caller = &caller};
	struct reader_session *r;
	struct fault f = {0};
	json_t *page;

	trial_item(t, "i1", "HH");
	assert_string_equal(
		asks(t, &t->maya, "trial.hidden", "{'item':'i1','name':'Zoe Zimmer','price':'12'}"),
		"");
	for (size_t i = 0; i < 4; i++) {
		request.closed = i % 2 == 1;
		request.n = i / 2;
		request.names = names;
		request.values = values;
		ok(reader_take(t->house.engine, &r, &f), &f);
		ok(view_read(t->house.engine, r, &t->house.arena, &request, &page, &f), &f);
		reader_give(r);
		json_t *row = json_array_get(json_object_get(page, "rows"), 0);
		assert_int_equal(rows(page), request.closed && i > 1 ? 0 : 1);
		assert_int_equal(json_is_true(json_object_get(page, "closed")), request.closed);
		assert_int_equal(json_is_string(json_object_get(row, "name")), !request.closed);
		assert_int_equal(json_is_string(json_object_get(row, "price")), !request.closed);
		json_decref(page);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(pages_follow_each_other_without_gap_or_repetition),
		TRIAL_TEST(a_limited_grant_sees_its_own_place_only),
		TRIAL_TEST(a_grant_that_ended_sees_nothing),
		TRIAL_TEST(wrong_questions_are_refused),
		TRIAL_TEST(cursors_that_we_did_not_make_are_refused),
		TRIAL_TEST(a_cursor_of_another_kind_does_no_harm),
		TRIAL_TEST(readers_are_lent_and_given_back),
		TRIAL_TEST(closed_question_reads_no_confidential_values),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

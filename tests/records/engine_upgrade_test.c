/* SPDX-License-Identifier: Apache-2.0 */
/* A new version starts on an old store: what its folds would have made differently is made anew, of
 * the same log. */
#include "records/trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "record/evidence.h"

extern const struct area access_area;

/* The trial area with one piece of its SQL replaced. */
struct newer {
	char sql[8192];
	struct area area;
	const struct area *areas[4];
};

static void make_newer(struct newer *n, const char *from, const char *to)
{
	const char *at = strstr(trial_sql, from);

	assert_non_null(at);
	snprintf(n->sql, sizeof n->sql, "%.*s%s%s", (int)(at - trial_sql), trial_sql, to,
		 at + strlen(from));
	n->area = (struct area){.name = "trial", .types = trial_types, .sql = n->sql};
	n->areas[0] = &evidence_area;
	n->areas[1] = &access_area;
	n->areas[2] = &n->area;
	n->areas[3] = NULL;
}

static void restart_as(struct trial *t, const struct area *const *areas)
{
	house_stop(&t->house);
	t->house.config.areas = areas;
	house_start(&t->house);
}

static void a_fold_that_was_corrected_makes_its_tables_anew(void **state)
{
	struct trial *t = *state;
	struct newer n;

	trial_item(t, "a", "VN");
	make_newer(&n, "SET state = 'decided'", "SET state = 'settled'");
	assert_string_equal(asks(t, &t->maya, "trial.decided", "{'item':'a'}"), "");
	uint64_t size = trial_size(t);
	restart_as(t, n.areas);
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item WHERE state = 'settled'"),
			 1);
	assert_int_equal(trial_size(t), size); /* nothing new in the log */
	house_must_rebuild(&t->house);
	restart_as(t, TRIAL_AREAS);
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item WHERE state = 'decided'"),
			 1);
}

static void a_table_that_got_a_column_is_made_anew(void **state)
{
	struct trial *t = *state;
	struct newer n;

	for (int i = 0; i < 3; i++)
		trial_item(t, "a", "VN");
	make_newer(&n, "item TEXT NOT NULL\nsite TEXT NOT NULL\nsize BIGINT\n",
		   "item TEXT NOT NULL\nsite TEXT NOT NULL\nnote TEXT\nsize BIGINT\n");
	restart_as(t, n.areas);
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item WHERE note IS NULL"), 1);
	trial_item(t, "b", "VN");
	house_must_rebuild(&t->house);
	restart_as(t, TRIAL_AREAS); /* and the other way round */
	trial_item(t, "c", "VN");
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item"), 3);
}

static void a_table_that_is_new_is_filled_from_the_log(void **state)
{
	struct trial *t = *state;
	struct newer n;

	trial_item(t, "a", "VN");
	trial_item(t, "b", "VN");
	make_newer(&n, "-- fold trial.blocked\n",
		   "-- table trial_place key item, site\nitem TEXT NOT NULL\nsite TEXT NOT NULL\n"
		   "-- fold trial.noted\nINSERT INTO trial_place (item, site) VALUES (:item, :site)"
		   " ON CONFLICT DO NOTHING;\n-- fold trial.blocked\n");
	restart_as(t, n.areas);
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_place"), 2);
	house_must_rebuild(&t->house);
	restart_as(t, TRIAL_AREAS);
}

static void what_was_erased_stays_erased_when_tables_are_made_anew(void **state)
{
	struct trial *t = *state;
	struct newer n;

	trial_item(t, "a", "VN");
	assert_string_equal(asks(t, &t->maya, "trial.hidden", "{'item':'a','name':'Ada'}"), "");
	assert_int_equal(trial_number(t, "SELECT count(*) FROM opening"), 1);
	make_newer(&n, "SET state = 'decided'", "SET state = 'settled'");
	restart_as(t, n.areas);
	assert_int_equal(trial_number(t, "SELECT count(*) FROM opening"), 1);
	restart_as(t, TRIAL_AREAS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(a_fold_that_was_corrected_makes_its_tables_anew),
		TRIAL_TEST(a_table_that_got_a_column_is_made_anew),
		TRIAL_TEST(a_table_that_is_new_is_filled_from_the_log),
		TRIAL_TEST(what_was_erased_stays_erased_when_tables_are_made_anew),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

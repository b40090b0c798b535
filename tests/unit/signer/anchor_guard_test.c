/* SPDX-License-Identifier: Apache-2.0 */
/* The journal against its anchor, cut between every two steps. The anchor here is of paper: it counts
 * like a real one, and fails before or after it has counted, as the test says. */
#include "anchor_testing.h"

#include "signer/anchor_guard.h"

enum trouble { NONE, FAILS_BEFORE, FAILS_AFTER, SOMEBODY_COUNTS_TOO };

struct anchor {
	uint64_t value;
	enum trouble next; /* of the next advance */
	unsigned reads;
	bool away;
};

err anchor_read(struct anchor *a, uint64_t *value, struct fault *f)
{
	a->reads++;
	if (a->away)
		return fail(f, "ANCHOR_UNAVAILABLE", "why", "gone", NULL);
	*value = a->value;
	return ERR_OK;
}

err anchor_advance(struct anchor *a, uint64_t *value, struct fault *f)
{
	enum trouble trouble = a->next;

	a->next = NONE;
	if (a->away || trouble == FAILS_BEFORE)
		return fail(f, "ANCHOR_UNAVAILABLE", "why", "gone", NULL);
	a->value += trouble == SOMEBODY_COUNTS_TOO ? 2 : 1;
	if (trouble == FAILS_AFTER)
		return fail(f, "ANCHOR_UNAVAILABLE", "why", "gone", NULL);
	*value = a->value;
	return ERR_OK;
}

/* What survives a crash: the journal's last value. */
struct paper {
	struct anchor anchor;
	uint64_t journal;
	struct anchor_guard guard;
};

static struct paper paper_at(uint64_t value)
{
	return (struct paper){.anchor.value = value, .journal = value};
}

static bool begin(struct paper *p, struct fault *f)
{
	p->guard = (struct anchor_guard){.anchor = &p->anchor, .journaled = p->journal};
	return anchor_guard_settle(&p->guard, f).code == OK;
}

/* Steps 1 to 3; true if the answer may leave. */
static bool spend(struct paper *p, struct fault *f)
{
	if (anchor_guard_settle(&p->guard, f).code != OK)
		return false;
	p->guard.journaled = ++p->journal;
	return anchor_guard_reach(&p->guard, f).code == OK;
}

static void each_spending_counts_once(void **state)
{
	struct paper p = paper_at(7);
	struct fault f = {0};

	(void)state;
	assert_true(begin(&p, &f));
	for (uint64_t i = 1; i <= 100; i++) {
		assert_true(spend(&p, &f));
		assert_int_equal(p.anchor.value, 7 + i);
		assert_int_equal(p.journal, 7 + i);
	}
	assert_int_equal(p.anchor.reads, 1); /* at start only */
	assert_true(begin(&p, &f));
}

enum cut {
	CUT_NOWHERE,
	CUT_BEFORE_RECORD,
	CUT_BEFORE_ANCHOR,
	CUT_AFTER_ANCHOR,
	CUT_REPLY_LOST,
	CUTS
};

/* One spending with a crash at the named place: a new guard, as after a new start, follows. */
static void spend_and_crash(struct paper *p, enum cut cut)
{
	struct fault f = {0};
	uint64_t value;

	assert_true(begin(p, &f));
	if (cut == CUT_BEFORE_RECORD)
		return;
	p->guard.journaled = ++p->journal;
	if (cut == CUT_BEFORE_ANCHOR)
		return;
	if (cut == CUT_REPLY_LOST)
		p->anchor.next = FAILS_AFTER;
	if (cut == CUT_NOWHERE)
		assert_int_equal(anchor_guard_reach(&p->guard, &f).code, OK);
	else if (anchor_advance(&p->anchor, &value, &f).code == OK)
		assert_int_equal(value, p->journal);
}

static void a_start_mends_every_cut_in_every_order(void **state)
{
	(void)state;
	for (unsigned order = 0; order < CUTS * CUTS * CUTS; order++) {
		struct paper p = paper_at(3);
		struct fault f = {0};
		unsigned cuts[] = {order % CUTS, order / CUTS % CUTS, order / CUTS / CUTS};

		for (size_t i = 0; i < 3; i++)
			spend_and_crash(&p, (enum cut)cuts[i]);
		assert_true(begin(&p, &f));
		assert_int_equal(p.anchor.value, p.journal);
		/* Two starts in a row change nothing more. */
		assert_true(begin(&p, &f));
		assert_int_equal(p.anchor.value, p.journal);
		assert_true(spend(&p, &f));
	}
}

static void a_start_that_is_cut_while_it_mends_is_mended_by_the_next(void **state)
{
	static const enum trouble troubles[] = {FAILS_BEFORE, FAILS_AFTER};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct paper p = paper_at(3);
		struct fault f = {0};

		spend_and_crash(&p, CUT_BEFORE_ANCHOR);
		p.anchor.next = troubles[i];
		assert_false(begin(&p, &f));
		assert_string_equal(f.message, "ANCHOR_UNAVAILABLE");
		assert_true(begin(&p, &f));
		assert_int_equal(p.anchor.value, 4);
		assert_int_equal(p.journal, 4);
	}
}

static void every_older_journal_is_turned_back(void **state)
{
	(void)state;
	for (uint64_t older = 0; older < 20; older++) {
		struct paper p = paper_at(0);
		struct fault f = {0};

		assert_true(begin(&p, &f));
		while (p.journal < 20)
			assert_true(spend(&p, &f));
		p.journal = older;
		assert_false(begin(&p, &f));
		assert_string_equal(f.message, "SIGNER_TURNED_BACK");
		assert_int_equal(f.code, ERR_CORRUPT);
		assert_int_equal(p.anchor.value, 20);
	}
}

/* The copy was made between journal and anchor: still the answer of that record never left. */
static void a_copy_made_before_the_anchor_counted_is_turned_back_once_more_was_spent(void **state)
{
	struct paper p = paper_at(0);
	struct fault f = {0};

	(void)state;
	spend_and_crash(&p, CUT_BEFORE_ANCHOR);
	uint64_t copy = p.journal;
	assert_true(begin(&p, &f));
	assert_int_equal(p.anchor.value, copy);
	assert_true(spend(&p, &f));
	p.journal = copy;
	assert_false(begin(&p, &f));
	assert_string_equal(f.message, "SIGNER_TURNED_BACK");
}

static void an_anchor_two_or_more_behind_is_another_one(void **state)
{
	struct paper p = paper_at(9);
	struct fault f = {0};

	(void)state;
	for (uint64_t value = 0; value <= 7; value++) {
		p.anchor.value = value;
		assert_false(begin(&p, &f));
		assert_string_equal(f.message, "SIGNER_ANCHOR_OTHER");
		assert_int_equal(p.anchor.value, value); /* nothing is counted by the way */
	}
	p.anchor.value = 8;
	assert_true(begin(&p, &f));
}

static void whoever_counts_besides_stops_the_signer(void **state)
{
	struct paper p = paper_at(5);
	struct fault f = {0};

	(void)state;
	assert_true(begin(&p, &f));
	p.anchor.next = SOMEBODY_COUNTS_TOO;
	assert_false(spend(&p, &f));
	assert_string_equal(f.message, "SIGNER_TURNED_BACK");
	assert_false(spend(&p, &f));
	assert_false(begin(&p, &f));
}

static void a_counter_that_stands_still_is_not_believed(void **state)
{
	struct paper p = paper_at(5);
	struct fault f = {0};

	(void)state;
	assert_true(begin(&p, &f));
	p.anchor.value = 4; /* it says 5 after counting, where the journal says 6 */
	assert_false(spend(&p, &f));
	assert_string_equal(f.message, "SIGNER_ANCHOR_OTHER");
}

static void a_failed_count_is_made_good_before_the_next_record(void **state)
{
	static const enum trouble troubles[] = {FAILS_BEFORE, FAILS_AFTER};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct paper p = paper_at(5);
		struct fault f = {0};

		assert_true(begin(&p, &f));
		p.anchor.next = troubles[i];
		assert_false(spend(&p, &f));
		assert_int_equal(p.journal, 6);
		/* What the journal holds may leave after this, and not before. */
		assert_int_equal(anchor_guard_settle(&p.guard, &f).code, OK);
		assert_int_equal(p.anchor.value, 6);
		assert_true(spend(&p, &f));
		assert_int_equal(p.anchor.value, 7);
		assert_int_equal(p.journal, 7);
	}
}

static void nothing_is_spent_while_the_anchor_is_away(void **state)
{
	struct paper p = paper_at(5);
	struct fault f = {0};

	(void)state;
	p.anchor.away = true;
	assert_false(begin(&p, &f));
	assert_string_equal(f.message, "ANCHOR_UNAVAILABLE");
	p.anchor.away = false;
	assert_true(begin(&p, &f));
	p.anchor.away = true;
	assert_false(spend(&p, &f)); /* one record may stand, and waits */
	assert_false(spend(&p, &f));
	assert_false(spend(&p, &f));
	assert_int_equal(p.journal, 6);
	p.anchor.away = false;
	assert_true(begin(&p, &f));
}

static void two_records_without_counting_between_them_are_refused(void **state)
{
	struct paper p = paper_at(5);
	struct fault f = {0};

	(void)state;
	assert_true(begin(&p, &f));
	p.guard.journaled = p.journal = 7;
	assert_int_equal(anchor_guard_reach(&p.guard, &f).code, ERR_CORRUPT);
	assert_string_equal(f.message, "SIGNER_ANCHOR_OTHER");
	assert_int_equal(p.anchor.value, 5);
}

static void without_an_anchor_everything_agrees(void **state)
{
	struct anchor_guard g = {.journaled = 12};
	struct fault f = {0};

	(void)state;
	assert_int_equal(anchor_guard_settle(&g, &f).code, OK);
	g.journaled++;
	assert_int_equal(anchor_guard_reach(&g, &f).code, OK);
	assert_int_equal(g.reached, 13);
}

static void the_ends_of_the_range_are_judged_like_the_rest(void **state)
{
	(void)state;
	assert_int_equal(anchor_judge(0, 0), ANCHOR_AGREES);
	assert_int_equal(anchor_judge(0, 1), ANCHOR_TURNED_BACK);
	assert_int_equal(anchor_judge(0, UINT64_MAX), ANCHOR_TURNED_BACK);
	assert_int_equal(anchor_judge(UINT64_MAX, 0), ANCHOR_NOT_THIS_ONE);
	assert_int_equal(anchor_judge(UINT64_MAX, UINT64_MAX - 1), ANCHOR_MEND);
	assert_int_equal(anchor_judge(UINT64_MAX, UINT64_MAX), ANCHOR_AGREES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_spending_counts_once),
		cmocka_unit_test(a_start_mends_every_cut_in_every_order),
		cmocka_unit_test(a_start_that_is_cut_while_it_mends_is_mended_by_the_next),
		cmocka_unit_test(every_older_journal_is_turned_back),
		cmocka_unit_test(
			a_copy_made_before_the_anchor_counted_is_turned_back_once_more_was_spent),
		cmocka_unit_test(an_anchor_two_or_more_behind_is_another_one),
		cmocka_unit_test(whoever_counts_besides_stops_the_signer),
		cmocka_unit_test(a_counter_that_stands_still_is_not_believed),
		cmocka_unit_test(a_failed_count_is_made_good_before_the_next_record),
		cmocka_unit_test(nothing_is_spent_while_the_anchor_is_away),
		cmocka_unit_test(two_records_without_counting_between_them_are_refused),
		cmocka_unit_test(without_an_anchor_everything_agrees),
		cmocka_unit_test(the_ends_of_the_range_are_judged_like_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

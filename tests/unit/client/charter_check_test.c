/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer admitted is weighed again from the log alone: each test tells a small log, and
 * what is wrong with it. */
#include "charter_log.h"

/* ---- what holds ---- */

static void a_decision_that_was_agreed_to_is_counted(void **state)
{
	struct hash d = asks_to_build(DEE), vote;

	(void)state;
	assert_int_equal(report().waiting, 0); /* it waits for people, not for the signer */
	holds(tell(&(struct said){"approval.given", ANN, naming(&d), OUTCOME_EXECUTES, 1, 0}));
	vote = last_digest;
	assert_int_equal(report().waiting, 1);
	holds(ADMITTED(d, &vote, 1, .at = now));
	assert_int_equal(report().waiting, 0);
	assert_int_equal(report().agreed, 1);
	assert_int_equal(report().revisions, 1);
	assert_int_equal(report().foreign, 0);
}

static void what_the_signer_refused_is_counted(void **state)
{
	struct hash d = asks("build.authorized", DEE, bytes_of("\xa0", 1), OUTCOME_FOLDED);

	(void)state;
	assert_int_equal(report().waiting, 1);
	holds(tell(&(struct said){"signer.refused", -1, naming(&d), OUTCOME_FOLDED, 0, 0}));
	assert_int_equal(report().waiting, 0);
	assert_int_equal(report().refused, 1);
	assert_int_equal(report().agreed, 0);
}

static void a_log_without_a_charter_has_nothing_to_weigh(void **state)
{
	struct charter_check *all = check;
	struct hash none = {{0}};

	(void)state;
	assert_int_equal(charter_check_open(&log_key, &check, &fault).code, OK);
	next_sequence = 0;
	holds(tell(
		&(struct said){"ledger.started", -1, bytes_of("\xa0", 1), OUTCOME_FOLDED, 0, 0}));
	none = asks_to_build(DEE);
	holds(ADMITTED(none, NULL, 0, .at = now));
	assert_int_equal(report().revisions, 0);
	assert_int_equal(report().agreed, 0);
	charter_check_close(check);
	check = all;
}

static void an_answer_may_be_repeated(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(ANN, d);

	(void)state;
	holds(ADMITTED(d, &vote, 1, .at = now));
	holds(ADMITTED(d, &vote, 1, .at = now));
	assert_int_equal(report().agreed, 1);
}

static void an_answer_to_a_denial_admits_nothing(void **state)
{
	struct hash d = {{5}};

	(void)state;
	holds(tell(&(struct said){"signer.admitted", -1, answer_body(d, bytes_of("\x81\x00", 2)),
				  OUTCOME_FOLDED, 0, 0}));
}

/* ---- what does not ---- */

static void a_decision_that_stands_nowhere_is_named(void **state)
{
	struct hash d = asks("build.authorized", DEE, bytes_of("\xa0", 1), OUTCOME_UNVERIFIED);

	(void)state;
	assert_int_equal(report().waiting, 0);
	assert_unauthorized(ADMITTED(d, NULL, 0, .at = now), "2",
			    "its decision does not stand in the log before");
}

static void a_decision_that_too_few_agreed_to_is_named(void **state)
{
	struct hash d = asks_to_build(DEE);

	(void)state;
	approves(ANN, d); /* in the log, and not what the signer counted */
	assert_unauthorized(ADMITTED(d, NULL, 0, .at = now), "1",
			    "too few of those who may had agreed");
}

static void the_author_does_not_approve(void **state)
{
	struct hash d = asks_to_build(ANN), vote = approves(ANN, d);

	(void)state;
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "1",
			    "too few of those who may had agreed");
}

static void who_may_not_does_not_count(void **state)
{
	struct hash d = asks_to_build(ANN), vote = approves(DEE, d);

	(void)state;
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "1",
			    "too few of those who may had agreed");
}

static void an_approval_on_the_servers_screen_alone_is_none(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(BOB, d);

	(void)state;
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "1",
			    "no approval was made away from the server's screen");
}

static void an_approval_of_something_else_does_not_count(void **state)
{
	struct hash other = asks_to_build(DEE), vote = approves(ANN, other), d = asks_to_build(DEE);

	(void)state;
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "3",
			    "an approval that counted does not stand in the log before");
}

static void an_approval_that_came_later_does_not_count(void **state)
{
	struct hash d = asks_to_build(DEE), vote = {{7}};

	(void)state;
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "1",
			    "an approval that counted does not stand in the log before");
}

static void an_approval_that_was_too_old_does_not_count(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(ANN, d);

	(void)state;
	now += 5 * HOUR;
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "1",
			    "too few of those who may had agreed");
}

static void a_decision_that_waited_too_long_is_named(void **state)
{
	struct hash d = asks_to_build(DEE), vote;

	(void)state;
	now += 49 * HOUR;
	vote = approves(ANN, d);
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "1", "it had waited too long");
}

static void a_forged_proof_is_named(void **state)
{
	struct hash d = asks_to_build(DEE), vote;

	(void)state;
	holds(tell(&(struct said){"approval.given", ANN, naming(&d), OUTCOME_FOLDED, 0, EVE}));
	vote = last_digest;
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "1",
			    "a proof does not hold by the charter's own terms");
}

static void a_forged_decision_is_named(void **state)
{
	struct hash d, vote;

	(void)state;
	holds(tell(&(struct said){"build.authorized", DEE, bytes_of("\xa0", 1), OUTCOME_PENDING, 0,
				  EVE}));
	d = last_digest;
	vote = approves(ANN, d);
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "1",
			    "a proof does not hold by the charter's own terms");
}

static void who_is_not_in_the_charter_decides_nothing(void **state)
{
	struct hash d = asks_to_build(EVE), vote = approves(ANN, d);

	(void)state;
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "1",
			    "its author is not in the charter");
	d = asks_to_build(DEE);
	vote = approves(EVE, d);
	assert_unauthorized(ADMITTED(d, &vote, 1, .at = now), "4",
			    "an approval that counted is by a key that the charter does not know");
}

static void an_admission_of_something_else_is_named(void **state)
{
	static const char ELSE[] = "the admission is of something else";
	struct hash other = {{9}};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct hash d = asks_to_build(DEE), vote = approves(ANN, d);
		err e = i == 0   ? ADMITTED(d, &vote, 1, .claim = &other)
			: i == 1 ? ADMITTED(d, &vote, 1, .approval_class = "firmware.release")
				 : ADMITTED(d, &vote, 1, .origin = "other.example/log");

		assert_int_equal(e.code, ERR_CORRUPT);
		assert_string_equal(fault_value(&fault, "detail"), ELSE);
	}
}

static void an_admission_that_the_log_did_not_sign_is_named(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(ANN, d);
	struct admission a = {.origin = bytes_text(ORIGIN),
			      .approval_class = bytes_text("build.authorize"),
			      .claim = d,
			      .charter = 1,
			      .at = now};
	struct writer w = room(1024);
	struct bytes document;

	(void)state;
	a.approvals = approvals_of(&(struct admitted){.approvals = &vote, .approvals_n = 1});
	a.approvals_n = 1;
	admission_put(&w, &a);
	document = sealed(log_private, DOCUMENT_RECEIPT, made(&w)); /* as another document */
	assert_unauthorized(tell(&(struct said){"signer.admitted", -1, answer_body(d, document),
						OUTCOME_FOLDED, 0, 0}),
			    "1", "the log's key did not sign the admission");
}

static void an_earlier_key_of_the_log_is_said_so(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(ANN, d);

	(void)state;
	holds(ADMITTED(d, &vote, 1, .key = other_log));
	assert_int_equal(report().foreign, 1);
	assert_int_equal(report().agreed, 1);
	d = asks_to_build(DEE);
	assert_unauthorized(ADMITTED(d, NULL, 0, .key = other_log), "4",
			    "too few of those who may had agreed");
}

static void an_admission_by_no_charter_is_named(void **state)
{
	struct hash d = asks_to_build(DEE), vote = approves(ANN, d);

	(void)state;
	assert_unauthorized(ADMITTED(d, &vote, 1, .charter = 2), "1",
			    "the charter that it was weighed by was never in force");
}

static void an_answer_that_is_none_is_named(void **state)
{
	struct hash d = asks_to_build(DEE);

	(void)state;
	assert_int_equal(
		tell(&(struct said){"signer.admitted", -1, answer_body(d, bytes_text("nothing")),
				    OUTCOME_FOLDED, 0, 0})
			.code,
		ERR_CORRUPT);
	assert_unauthorized(tell(&(struct said){"signer.admitted", -1, bytes_of("\xa0", 1),
						OUTCOME_FOLDED, 0, 0}),
			    "3", "the answer names no decision");
}

/* ---- firmware: the manifest names its time alone ---- */

static void a_release_is_weighed_with_what_stood_in_the_log(void **state)
{
	struct hash d = asks("firmware.released", DEE, bytes_of("\xa0", 1), OUTCOME_PENDING);

	(void)state;
	approves(ANN, d);
	approves(EVE, d); /* passed over */
	approves(BOB, d);
	holds(tell_manifest(d, now));
	assert_int_equal(report().agreed, 1);
	d = asks("firmware.released", DEE, bytes_of("\xa0", 1), OUTCOME_PENDING);
	approves(ANN, d);
	approves(ANN, d);
	assert_unauthorized(tell_manifest(d, now), "6", "too few of those who may had agreed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_TEST(a_decision_that_was_agreed_to_is_counted),
		CHECK_TEST(what_the_signer_refused_is_counted),
		CHECK_TEST(a_log_without_a_charter_has_nothing_to_weigh),
		CHECK_TEST(an_answer_may_be_repeated),
		CHECK_TEST(an_answer_to_a_denial_admits_nothing),
		CHECK_TEST(a_decision_that_stands_nowhere_is_named),
		CHECK_TEST(a_decision_that_too_few_agreed_to_is_named),
		CHECK_TEST(the_author_does_not_approve),
		CHECK_TEST(who_may_not_does_not_count),
		CHECK_TEST(an_approval_on_the_servers_screen_alone_is_none),
		CHECK_TEST(an_approval_of_something_else_does_not_count),
		CHECK_TEST(an_approval_that_came_later_does_not_count),
		CHECK_TEST(an_approval_that_was_too_old_does_not_count),
		CHECK_TEST(a_decision_that_waited_too_long_is_named),
		CHECK_TEST(a_forged_proof_is_named),
		CHECK_TEST(a_forged_decision_is_named),
		CHECK_TEST(who_is_not_in_the_charter_decides_nothing),
		CHECK_TEST(an_admission_of_something_else_is_named),
		CHECK_TEST(an_admission_that_the_log_did_not_sign_is_named),
		CHECK_TEST(an_earlier_key_of_the_log_is_said_so),
		CHECK_TEST(an_admission_by_no_charter_is_named),
		CHECK_TEST(an_answer_that_is_none_is_named),
		CHECK_TEST(a_release_is_weighed_with_what_stood_in_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A unit that was built by right, and every way in which it was not. */
#include "authority_story.h"

#include <stdlib.h>

static void must_be_wrong(struct story *s, const char *what, const char *detail)
{
	struct authority_report report;

	assert_int_equal(story_told(s, &report).code, ERR_CORRUPT);
	assert_string_equal(s->f.message, "AUTHORITY_WRONG");
	assert_string_equal(fault_value(&s->f, "what"), what);
	assert_string_equal(fault_value(&s->f, "detail"), detail);
}

#define BUILD "build authorization"

/* ---- what holds ---- */

static void a_unit_built_by_right_says_who_agreed(void **state)
{
	struct story *s = *state;
	struct authority_report r;

	if (story_told(s, &r).code != OK)
		print_error("%s\n", fault_value(&s->f, "detail"));
	assert_true(r.issued);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.of, 5);
	assert_int_equal(r.anchor, ANCHOR_TPM);
	assert_string_equal(r.authorization.id, "BA1");
	assert_string_equal(r.authorization.names, "ben");
	assert_int_equal(r.authorization.charter, 1);
	assert_string_equal(r.firmware.id, "FW1");
}

static void a_log_from_before_charters_says_nothing(void **state)
{
	struct story *s = *state;
	struct authority_report r;

	s->charter = bytes_text("");
	s->no_receipt = true;
	assert_int_equal(story_told(s, &r).code, OK);
	assert_false(r.issued);
}

static void what_an_earlier_key_of_the_log_signed_still_counts(void **state)
{
	struct story *s = *state;
	struct authority_report r;

	s->began_with_other = true;
	s->receipt_key = s->admission_key = s->other_log;
	assert_int_equal(story_told(s, &r).code, OK);
	assert_true(r.issued);
}

static void a_release_that_was_asked_for_in_vain_before_hides_nothing(void **state)
{
	struct story *s = *state;
	struct authority_report r;

	s->asked_before = true;
	assert_int_equal(story_told(s, &r).code, OK);
	assert_string_equal(r.firmware.id, "FW1");
}

static void a_unit_that_runs_another_release_than_the_authorized_one_says_so(void **state)
{
	struct story *s = *state;
	struct authority_report r;

	s->programmed = "FW2\x1b[2J";
	assert_int_equal(story_told(s, &r).code, OK);
	assert_string_equal(r.programmed, ""); /* that is no name, and is not shown */
	authority_check_done(&s->check);
	s->check = (struct authority_check){.product = "GW", .serial = "S1"};
	s->programmed = "FW2";
	assert_int_equal(story_told(s, &r).code, OK);
	assert_string_equal(r.firmware.id, "FW1");
	assert_string_equal(r.programmed, "FW2");
	authority_check_done(&s->check);
	s->check = (struct authority_check){.product = "GW", .serial = "S1"};
	s->programmed = "FW1";
	assert_int_equal(story_told(s, &r).code, OK);
	assert_string_equal(r.programmed, "");
}

/* ---- what does not ---- */

static void a_unit_without_a_receipt_is_refused_where_there_is_a_charter(void **state)
{
	struct story *s = *state;

	s->no_receipt = true;
	must_be_wrong(s, "issue receipt", "it is not here");
}

static void a_receipt_by_another_key_is_refused(void **state)
{
	struct story *s = *state;

	s->receipt_key = s->other_log;
	must_be_wrong(s, "issue receipt", "the log's key did not sign it");
}

static void a_receipt_for_something_else_is_refused(void **state)
{
	struct story *s = *state;

	s->other_certificate = true;
	must_be_wrong(s, "issue receipt", "it is for another certificate");
}

static void a_receipt_for_another_request_is_refused(void **state)
{
	struct story *s = *state;

	s->other_request = true;
	must_be_wrong(s, "issue receipt", "it is for another request");
}

static void a_receipt_of_another_log_is_refused(void **state)
{
	struct story *s = *state;

	s->other_origin = true;
	must_be_wrong(s, "issue receipt", "it is of another log");
}

static void a_receipt_for_more_units_than_were_authorized_is_refused(void **state)
{
	struct story *s = *state;

	s->of = 500;
	must_be_wrong(s, BUILD, "it is for another number of units");
}

static void a_unit_issued_before_its_authorization_was_admitted_is_refused(void **state)
{
	struct story *s = *state;

	s->issued = s->admitted - 1;
	must_be_wrong(s, BUILD, "the unit was issued before it was admitted");
}

static void an_authorization_that_the_signer_never_admitted_is_refused(void **state)
{
	struct story *s = *state;

	s->no_admission = true;
	must_be_wrong(s, BUILD, "the signer's admission is not here");
}

static void an_admission_by_another_key_is_refused(void **state)
{
	struct story *s = *state;

	s->admission_key = s->other_log;
	must_be_wrong(s, BUILD, "the log's key did not sign it");
}

static void an_admission_weighed_as_something_else_is_refused(void **state)
{
	struct story *s = *state;

	s->admission_class = "charter";
	must_be_wrong(s, BUILD, "the signer's admission is of something else");
}

static void an_approval_of_something_else_does_not_count(void **state)
{
	struct story *s = *state;

	s->approval_target = "another decision";
	must_be_wrong(s, BUILD, "an approval that it counts is for something else");
}

static void an_approval_that_is_not_in_the_passport_does_not_count(void **state)
{
	struct story *s = *state;

	s->no_vote = true;
	must_be_wrong(s, BUILD, "an approval that it counts is not here");
}

static void a_manifest_of_another_image_or_version_is_refused(void **state)
{
	struct story *s = *state;

	s->manifest.image_size = 1;
	must_be_wrong(s, "firmware manifest", "it names another image than was agreed to");
}

static void a_manifest_of_another_version_is_refused(void **state)
{
	struct story *s = *state;

	s->manifest.version = bytes_text("9.9");
	must_be_wrong(s, "firmware manifest", "it names another release than was agreed to");
}

static void a_manifest_that_lowers_or_raises_the_security_version_is_refused(void **state)
{
	struct story *s = *state;

	s->manifest.security_version = 3;
	must_be_wrong(s, "firmware manifest",
		      "it names another security version than was agreed to");
}

static void an_emergency_release_that_does_not_say_so_is_refused(void **state)
{
	struct story *s = *state;

	s->emergency = true;
	must_be_wrong(s, "firmware manifest", "it is an emergency release, or the other way round");
}

static void a_release_without_its_manifest_is_refused(void **state)
{
	struct story *s = *state;

	s->no_manifest = true;
	must_be_wrong(s, "firmware manifest", "it is not here");
}

static void an_authorization_for_a_release_that_is_not_here_is_refused(void **state)
{
	struct story *s = *state;

	s->no_release = true;
	must_be_wrong(s, "firmware manifest",
		      "the release that the authorization names is not here");
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)
	const struct CMUnitTest tests[] = {
		STORY(a_unit_built_by_right_says_who_agreed),
		STORY(a_log_from_before_charters_says_nothing),
		STORY(what_an_earlier_key_of_the_log_signed_still_counts),
		STORY(a_release_that_was_asked_for_in_vain_before_hides_nothing),
		STORY(a_unit_that_runs_another_release_than_the_authorized_one_says_so),
		STORY(a_unit_without_a_receipt_is_refused_where_there_is_a_charter),
		STORY(a_receipt_by_another_key_is_refused),
		STORY(a_receipt_for_something_else_is_refused),
		STORY(a_receipt_for_another_request_is_refused),
		STORY(a_receipt_of_another_log_is_refused),
		STORY(a_receipt_for_more_units_than_were_authorized_is_refused),
		STORY(a_unit_issued_before_its_authorization_was_admitted_is_refused),
		STORY(an_authorization_that_the_signer_never_admitted_is_refused),
		STORY(an_admission_by_another_key_is_refused),
		STORY(an_admission_weighed_as_something_else_is_refused),
		STORY(an_approval_of_something_else_does_not_count),
		STORY(an_approval_that_is_not_in_the_passport_does_not_count),
		STORY(a_manifest_of_another_image_or_version_is_refused),
		STORY(a_manifest_of_another_version_is_refused),
		STORY(a_manifest_that_lowers_or_raises_the_security_version_is_refused),
		STORY(an_emergency_release_that_does_not_say_so_is_refused),
		STORY(a_release_without_its_manifest_is_refused),
		STORY(an_authorization_for_a_release_that_is_not_here_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

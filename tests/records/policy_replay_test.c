/* SPDX-License-Identifier: Apache-2.0 */
/* The log is replayed under the policy of its time, and under others: what would have been held is
 * exactly what violates them. */
#include "policy_world.h"

#include "record/replay.h"

#include <stdio.h>

struct heard {
	char text[2048]; /* "gate within id control through; …" */
	size_t n, held;
	struct replay_report report;
};

static void hear(void *context, const struct replay_held *held)
{
	struct heard *h = context;

	h->held++;
	h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%s%s %s %s %s%s%s",
				 h->n > 0 ? "; " : "", held->gate, held->within, held->id,
				 held->control, held->through[0] != '\0' ? " in " : "",
				 held->through);
	assert_true(h->n < sizeof h->text);
	assert_true(held->sequence > 0 && held->at > 0);
	assert_true(held->expected[0] != '\0' && held->found[0] != '\0');
}

/* `draft` is JSON with single quotes, or NULL. Returns the code of the refusal, or "". */
static const char *replay(struct world *w, uint64_t since, const char *draft, struct heard *out)
{
	struct replay_options options = {
		.since_ms = since, .scratch = w->house.folder, .found = hear, .context = out};
	struct fault f = {0};
	json_t *json = NULL;

	*out = (struct heard){0};
	if (draft != NULL) {
		json = json_loads(house_json(&w->house.arena, draft), 0, NULL);
		assert_non_null(json);
		options.draft = json;
	}
	err result = policy_replay(&w->house.config, &options, &out->report, &f);
	json_decref(json);
	snprintf(w->said, sizeof w->said, "%s", result.code == OK ? "" : f.message);
	return w->said;
}

static uint64_t now(struct world *w)
{
	return clock_wall_ms(&w->house.clock);
}

#define SETS_MODE(control, mode)                                                   \
	"{'type':'control.mode_set','body':{'control':'" control "','mode':'" mode \
	"','reason':'draft'}}"

/* Part lots R1 of acme (suspended in between) and the gate that observed it. */
static struct world *observed(void **state, uint64_t *since)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_decided("", w, "control.mode_set",
		       "{'control':'SRC-01','mode':'observe','reason':'start'}");
	world_later(w, MINUTE_MS); /* the two clocks need not agree to the millisecond */
	*since = now(w);
	world_later(w, MINUTE_MS);
	assert_string_equal(issues(w), "");
	assert_says("", w, "anna", "supplier.suspended", "{'supplier':'acme','reason':'audit'}");
	assert_string_equal(issues(w), "");
	assert_string_equal(issues(w), "");
	return w;
}

static void policy_of_the_time_would_hold_nothing_again(void **state)
{
	struct heard h;
	uint64_t since;
	struct world *w = observed(state, &since);

	assert_string_equal(replay(w, 0, NULL, &h), "");
	assert_string_equal(h.text, "");
	assert_true(h.report.entries > 30);
	assert_int_equal(h.report.passages, rows_of(w, "policy.passages", ""));
}

static void draft_that_enforces_holds_exactly_what_violates_it(void **state)
{
	struct heard h;
	uint64_t since;
	struct world *w = observed(state, &since);

	assert_string_equal(replay(w, since, "[" SETS_MODE("SRC-01", "enforce") "]", &h), "");
	assert_string_equal(h.text, "kit acme R1 SRC-01; kit acme R1 SRC-01");
	assert_int_equal(h.report.passages, 3);
	assert_int_equal(h.report.things, 1);
	assert_string_equal(replay(w, since, "[" SETS_MODE("SRC-01", "warn") "]", &h), "");
	assert_string_equal(h.text, "");
	assert_string_equal(
		replay(w, now(w) + MINUTE_MS, "[" SETS_MODE("SRC-01", "enforce") "]", &h), "");
	assert_string_equal(h.text, "");
	assert_int_equal(h.report.passages, 0);
}

static void draft_counts_against_what_was_set_later(void **state)
{
	struct heard h;
	uint64_t since;
	struct world *w = observed(state, &since);

	assert_decided("", w, "control.mode_set",
		       "{'control':'SRC-01','mode':'observe','reason':'still'}");
	assert_string_equal(issues(w), "");
	assert_string_equal(replay(w, since, "[" SETS_MODE("SRC-01", "enforce") "]", &h), "");
	assert_int_equal(h.held, 3);
	assert_int_equal(h.report.things, 1);
}

#define ADOPTS(control)                                                                     \
	"{'type':'statement.adopted','body':{'statement':'D','owner':'anna','wording':'x'," \
	"'review_by':'2199-01-01T00:00:00.000Z'}},"                                         \
	"{'type':'control.adopted','body':{'control':'" control                             \
	"','statement':'D','owner':'anna','review_by':'2199-01-01T00:00:00.000Z'}}"

static void draft_holds_the_units_that_were_without_evidence(void **state)
{
	struct world *w = *state;
	struct heard h;
	char manifest[65];

	world_ready_to_build(w);
	world_unit(w, "S1");
	assert_string_equal(evidence(w, "FAB-06", "pass", 9, ",'kind':'station','id':'st1'"), "");
	world_request(w, "S2");
	world_later(w, (uint64_t)DAYS(10));
	world_request(w, "S3");
	world_sealed_shipment(w, "S1", "SH1", manifest);
	assert_says("", w, "bert", "shipment.dispatched", "{'shipment':'SH1','manifest':'%s'}",
		    manifest);
	assert_string_equal(replay(w, 0, "[" ADOPTS("FAB-06") "]", &h), "");
	assert_string_equal(h.text, "build GW S1 FAB-06; build GW S3 FAB-06");
	assert_int_equal(h.report.things, 2);
	assert_string_equal(replay(w, 0, "[" ADOPTS("TST-05") "]", &h), "");
	assert_string_equal(h.text, "ship GW S1 TST-05 in SH1");
	assert_string_equal(replay(w, 0, "[" ADOPTS("NET-02") "]", &h), "");
	assert_string_equal(h.text, "build GW S1 NET-02; build GW S2 NET-02; build GW S3 NET-02; "
				    "ship GW S1 NET-02 in SH1");
	assert_int_equal(h.report.things, 3);
}

static void replay_changes_nothing(void **state)
{
	struct heard h;
	struct hash before, after;
	uint64_t since;
	struct world *w = observed(state, &since);

	ok(engine_state_digest(w->house.engine, &before, &w->fault), &w->fault);
	assert_string_equal(replay(w, 0, "[" SETS_MODE("SRC-01", "enforce") "]", &h), "");
	ok(engine_state_digest(w->house.engine, &after, &w->fault), &w->fault);
	assert_memory_equal(&before, &after, sizeof before);
	assert_string_equal(issues(w), "");
}

static void draft_that_is_none_is_refused(void **state)
{
	struct world *w = *state;
	struct heard h;

	world_ready_to_build(w);
	assert_string_equal(replay(w, 0, "{'type':'control.mode_set'}", &h), "REPLAY_DRAFT_BAD");
	assert_string_equal(replay(w, 0, "[7]", &h), "REPLAY_DRAFT_TYPE");
	assert_string_equal(replay(w, 0, "[{'type':'supplier.suspended','body':{}}]", &h),
			    "REPLAY_DRAFT_TYPE");
	assert_string_equal(replay(w, 0, "[{'type':'control.qqq','body':{}}]", &h), "TYPE_UNKNOWN");
	assert_string_equal(replay(w, 0, "[{'type':'control.mode_set','body':{}}]", &h),
			    "FIELD_MISSING");
	assert_string_equal(replay(w, 0, "[" SETS_MODE("PRG-01", "warn") "]", &h),
			    "CONTROL_HAS_NO_SWITCH");
	assert_string_equal(replay(w, 0, "[" SETS_MODE("QQQ-01", "warn") "]", &h),
			    "CONTROL_UNKNOWN");
	assert_int_equal(h.held, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY_TEST(policy_of_the_time_would_hold_nothing_again),
		POLICY_TEST(draft_that_enforces_holds_exactly_what_violates_it),
		POLICY_TEST(draft_counts_against_what_was_set_later),
		POLICY_TEST(draft_holds_the_units_that_were_without_evidence),
		POLICY_TEST(replay_changes_nothing),
		POLICY_TEST(draft_that_is_none_is_refused),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

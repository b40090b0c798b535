/* SPDX-License-Identifier: Apache-2.0 */
/* Every control that a policy can adopt: where it is adopted its gates close for what violates it, and
 * open when that is made right. */
#include "policy_world.h"

#include <stdio.h>
#include <stdlib.h>

/* What a gate asks about; `who` is the one who would pass it. */
struct passage {
	const char *gate, *who, *kind, *within, *id;
};
static const struct passage KIT = {"kit", "anna", "part_lot", "acme", "R1"},
			    SOURCE = {"source", "anna", "supplier", "", "acme"},
			    BUILD = {"build", "st1", "unit", "GW", "B1"},
			    PROGRAM = {"program", "st1", "unit", "GW", "S1"},
			    SHIP = {"ship", "bert", "unit", "GW", "S1"},
			    RECEIVE = {"receive", "dora", "shipment", "", "SH1"},
			    COMMISSION = {"commission", "dora", "unit", "GW", "S1"};

/* The first control that stops it, or "". A gate at which nothing judges stops nothing. */
static const char *stops(struct world *w, const struct passage *p)
{
	struct caller caller = {.channel = CHANNEL_KEY};
	struct control_failure *failures = NULL;
	struct fault f = {0};
	struct reader_session *r;

	snprintf(caller.principal, sizeof caller.principal, "%s", p->who);
	ok(reader_take(w->house.engine, &r, &w->fault), &w->fault);
	err asked = gate_ask(w->house.engine, r, &w->house.arena, &caller, p->gate, p->kind,
			     p->within, p->id, &failures, &f);
	reader_give(r);
	if (asked.code != OK)
		assert_string_equal(f.message, "GATE_NOT_FOR_KIND");
	snprintf(w->said, sizeof w->said, "%s", failures == NULL ? "" : failures->control);
	return w->said;
}

static void retire(struct world *w, const char *control)
{
	assert_decided("", w, "control.retired", "{'control':'%s','reason':'the next one'}",
		       control);
}

/* The unit S1 is programmed and may leave; nothing is wrong anywhere. */
static struct world *ready(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	return w;
}

/* ---- those that rest on evidence ---- */

static const struct {
	const char *control, *about;
	const struct passage *passages[3];
	int64_t most_days; /* how old evidence may be; 0: as old as it says */
} EVIDENCED[] = {
	{"GOV-04", "", {&BUILD, &PROGRAM, &SHIP}, 92},
	{"FAB-01", "", {&BUILD, &PROGRAM, &SHIP}, 0},
	{"NET-02", "", {&BUILD, &PROGRAM, &SHIP}, 0},
	{"NET-03", "", {&BUILD, &PROGRAM, &SHIP}, 0},
	{"CHG-02", "", {&BUILD, &PROGRAM, &SHIP}, 7},
	{"MON-01", "", {&BUILD, &PROGRAM, &SHIP}, 30},
	{"INC-01", "", {&BUILD, &PROGRAM, &SHIP}, 183},
	{"VUL-01", "", {&BUILD, &PROGRAM, &SHIP}, 365},
	{"FAB-02", ",'kind':'station','id':'st1'", {&BUILD, &PROGRAM}, 0},
	{"FAB-04", ",'kind':'station','id':'st1'", {&BUILD, &PROGRAM}, 0},
	{"FAB-06", ",'kind':'station','id':'st1'", {&BUILD, &PROGRAM}, 0},
	{"GOV-05", ",'kind':'product','id':'GW'", {&BUILD, &SHIP}, 0},
	{"TST-05", ",'kind':'unit','within':'GW','id':'S1'", {&SHIP}, 0},
	{"TST-05", ",'kind':'product','id':'GW'", {&SHIP}, 0},
	{"RCV-02", ",'kind':'part_lot','within':'acme','id':'R1'", {&KIT}, 0},
	{"SRC-04", ",'kind':'supplier','id':'acme'", {&KIT, &SOURCE}, 0},
	{"SRC-05", ",'kind':'supplier','id':'acme'", {&KIT, &SOURCE}, 0},
	{"PPL-01", ",'kind':'principal','id':'anna'", {&KIT}, 0},
	{"PPL-01", ",'kind':'principal','id':'bert'", {&SHIP}, 0},
};

static void must_stop(struct world *w, const struct passage *const passages[static 3],
		      const char *control)
{
	for (size_t i = 0; i < 3 && passages[i] != NULL; i++)
		assert_string_equal(stops(w, passages[i]), control);
}

static void evidence_opens_a_gate_until_it_ends_or_fails(void **state)
{
	struct world *w = ready(state);

	for (size_t i = 0; i < sizeof EVIDENCED / sizeof EVIDENCED[0]; i++) {
		const char *control = EVIDENCED[i].control, *about = EVIDENCED[i].about;
		const struct passage *const *passages = EVIDENCED[i].passages;

		/* of a second subject nothing is known from before */
		must_stop(w, passages, "");
		adopted(w, control);
		must_stop(w, passages, control); /* none: it fails by itself */
		assert_string_equal(evidence(w, control, "pass", 5, about), "");
		must_stop(w, passages, "");
		world_later(w, (uint64_t)DAYS(6));
		must_stop(w, passages, control); /* its end came, and nobody did anything */
		assert_string_equal(evidence(w, control, "pass", 9, about), "");
		must_stop(w, passages, "");
		assert_string_equal(evidence(w, control, "fail", 9, about), "");
		must_stop(w, passages, control); /* at once, and until other evidence comes */
		world_later(w, (uint64_t)DAYS(10));
		must_stop(w, passages, control);
		assert_string_equal(evidence(w, control, "pass", 900, about), "");
		must_stop(w, passages, "");
		if (EVIDENCED[i].most_days > 0) {
			world_later(w, (uint64_t)DAYS(EVIDENCED[i].most_days));
			must_stop(w, passages, control);
		}
		retire(w, control);
		must_stop(w, passages, "");
		if (strcmp(control, "TST-05") == 0) /* … so that its product is asked next */
			assert_string_equal(evidence(w, control, "pass", 1, about), "");
		world_later(w, (uint64_t)DAYS(2));
	}
}

static void evidence_of_a_site_counts_there(void **state)
{
	struct world *w = ready(state);

	adopted(w, "NET-02");
	assert_string_equal(evidence(w, "NET-02", "pass", 9, ",'site':'HH'"), "");
	assert_string_equal(stops(w, &BUILD), "NET-02");
	assert_string_equal(evidence(w, "NET-02", "pass", 9, ",'site':'VN'"), "");
	assert_string_equal(stops(w, &BUILD), "");
	assert_string_equal(evidence(w, "NET-02", "fail", 9, ",'site':'HH'"), "");
	assert_string_equal(stops(w, &BUILD), "");
	assert_string_equal(evidence(w, "NET-02", "fail", 9, ""), "");
	assert_string_equal(stops(w, &BUILD), "NET-02"); /* whatever one site says */
}

/* Whoever may speak for a site alone must not open gates at all of them. */
static void evidence_of_one_site_is_none_about_what_is_not_there(void **state)
{
	struct world *w = ready(state);

	adopted(w, "TST-05");
	assert_string_equal(
		evidence(w, "TST-05", "pass", 9, ",'site':'HH','kind':'product','id':'GW'"),
		"EVIDENCE_BEYOND_SITE");
	assert_string_equal(evidence(w, "TST-05", "pass", 9,
				     ",'site':'HH','kind':'unit','within':'GW','id':'S1'"),
			    "EVIDENCE_BEYOND_SITE");
	assert_string_equal(stops(w, &SHIP), "TST-05");
	assert_string_equal(evidence(w, "TST-05", "pass", 9,
				     ",'site':'VN','kind':'unit','within':'GW','id':'S1'"),
			    "");
	assert_string_equal(stops(w, &SHIP), "");
}

static void failed_unit_is_not_saved_by_its_product(void **state)
{
	struct world *w = ready(state);

	adopted(w, "TST-05");
	assert_string_equal(evidence(w, "TST-05", "pass", 9, ",'kind':'product','id':'GW'"), "");
	assert_string_equal(stops(w, &SHIP), "");
	assert_string_equal(
		evidence(w, "TST-05", "fail", 9, ",'kind':'unit','within':'GW','id':'S1'"), "");
	assert_string_equal(stops(w, &SHIP), "TST-05");
}

static void control_says_how_long_evidence_counts(void **state)
{
	struct world *w = ready(state);

	adopted(w, "NET-02");
	assert_decided("", w, "control.adopted",
		       "{'control':'NET-02','statement':'P','owner':'anna','review_by':'%s',"
		       "'evidence_days':3}",
		       from_now(w, DAYS(300)));
	assert_string_equal(evidence(w, "NET-02", "pass", 200, ""), "");
	world_later(w, (uint64_t)DAYS(2));
	assert_string_equal(stops(w, &BUILD), "");
	world_later(w, (uint64_t)DAYS(2));
	assert_string_equal(stops(w, &BUILD), "NET-02");
}

static void number_of_a_control_can_be_set(void **state)
{
	struct world *w = ready(state);

	adopted(w, "CHG-02");
	assert_string_equal(evidence(w, "CHG-02", "pass", 200, ""), "");
	world_later(w, (uint64_t)DAYS(8));
	assert_string_equal(stops(w, &BUILD), "CHG-02");
	assert_decided("", w, "control.parameter_set",
		       "{'control':'CHG-02','parameter':'days','value':30}");
	assert_string_equal(stops(w, &BUILD), "");
}

/* ---- those that look at the records ---- */

static void statements_must_be_looked_at_in_time(void **state)
{
	struct world *w = ready(state);

	assert_decided("", w, "statement.adopted",
		       "{'statement':'P','owner':'anna','wording':'x','review_by':'%s'}",
		       from_now(w, DAYS(9)));
	adopted(w, "GOV-01");
	assert_string_equal(stops(w, &BUILD), "");
	world_later(w, (uint64_t)DAYS(10));
	assert_string_equal(stops(w, &BUILD), "GOV-01");
	assert_decided("", w, "statement.adopted",
		       "{'statement':'P','owner':'anna','wording':'y','review_by':'%s'}",
		       from_now(w, DAYS(9)));
	assert_string_equal(stops(w, &BUILD), "");
}

static void every_statement_needs_a_live_control(void **state)
{
	struct world *w = ready(state);

	adopted(w, "GOV-02");
	assert_string_equal(stops(w, &BUILD), "");
	assert_decided("", w, "statement.adopted",
		       "{'statement':'Q','owner':'anna','wording':'x','review_by':'%s'}",
		       from_now(w, DAYS(9)));
	assert_string_equal(stops(w, &BUILD), "GOV-02");
	assert_decided("", w, "control.adopted",
		       "{'control':'TST-03','statement':'Q','owner':'anna','review_by':'%s'}",
		       from_now(w, DAYS(9)));
	assert_string_equal(stops(w, &BUILD), "GOV-02"); /* which judges nothing */
	assert_decided("", w, "control.adopted",
		       "{'control':'SHP-01','statement':'Q','owner':'anna','review_by':'%s'}",
		       from_now(w, DAYS(9)));
	assert_string_equal(stops(w, &BUILD), "");
}

static void exception_that_ran_out_closes_until_somebody_ends_it(void **state)
{
	struct world *w = ready(state);

	adopted(w, "GOV-03");
	assert_decided("", w, "exception.granted",
		       "{'exception':'E1','control':'SHP-01','kind':'unit','within':'GW',"
		       "'id':'S1','reason':'x','until':'%s'}",
		       from_now(w, DAYS(1)));
	assert_string_equal(stops(w, &SHIP), "");
	world_later(w, (uint64_t)DAYS(2));
	assert_string_equal(stops(w, &SHIP), "GOV-03");
	assert_string_equal(stops(w, &PROGRAM), "GOV-03");
	assert_string_equal(stops(w, &BUILD), ""); /* another unit */
	assert_decided("", w, "exception.ended", "{'exception':'E1','reason':'seen'}");
	assert_string_equal(stops(w, &SHIP), "");
}

static void critical_part_needs_two_sources(void **state)
{
	struct world *w = ready(state);

	adopted(w, "SRC-03");
	assert_string_equal(stops(w, &BUILD), "SRC-03");
	assert_says("", w, "anna", "supplier.registered",
		    "{'supplier':'bolt','class':'distributor','country':'DE','name':'Bolt'}");
	assert_says("", w, "anna", "supplier.approved",
		    "{'supplier':'bolt','expires':'2099-01-01T00:00:00.000Z'}");
	assert_says("", w, "anna", "part.source_approved", "{'part':'MCU1','supplier':'bolt'}");
	assert_string_equal(stops(w, &BUILD), "");
}

static void station_acts_only_as_itself(void **state)
{
	struct world *w = ready(state);

	adopted(w, "ACC-02");
	assert_string_equal(stops(w, &BUILD), "");
	house_must(&w->house, &w->house.ada, "role.granted",
		   "{'grant_id':'wide','principal':'st1','role':'station','site':'VN'}");
	assert_string_equal(stops(w, &BUILD), "ACC-02");
	assert_string_equal(stops(w, &PROGRAM), "ACC-02");
	house_must(&w->house, &w->house.ada, "grant.revoked",
		   "{'grant_id':'wide','reason':'too wide'}");
	assert_string_equal(stops(w, &BUILD), "");
}

static void grant_ends_and_is_given_anew(void **state)
{
	struct world *w = ready(state);
	char body[256];

	adopted(w, "ACC-03");
	assert_string_equal(stops(w, &BUILD), "ACC-03"); /* without an end */
	house_must(&w->house, &w->house.ada, "grant.revoked",
		   "{'grant_id':'g-st1','reason':'no end'}");
	snprintf(body, sizeof body,
		 "{'grant_id':'g2','principal':'st1','role':'station','station':'st1',"
		 "'not_after':'%s'}",
		 from_now(w, DAYS(300)));
	house_must(&w->house, &w->house.ada, "role.granted", body);
	assert_string_equal(stops(w, &BUILD), "");
	world_later(w, (uint64_t)DAYS(91));
	assert_string_equal(stops(w, &BUILD), "ACC-03"); /* nobody looked at it for a quarter */
}

/* Where one founder began alone, nobody else agrees to anything. */
static int alone_setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	assert_int_equal(store_setup(state), 0);
	w->store = *state;
	*state = w;
	house_open_alone(&w->house, w->store->address);
	w->actors[w->actors_n++] = house_actor(&w->house, "anna", "person",
					       "policy.write,policy.glass,access.admin,*.approve");
	w->actors[w->actors_n++] = house_actor(&w->house, "bert", "person", "*.approve");
	return 0;
}

static void rule_that_lets_one_decide_closes(void **state)
{
	struct world *w = *state;
	const struct passage product = {"build", "anna", "product", "", "GW"};

	assert_says("", w, "anna", "statement.adopted",
		    "{'statement':'P','owner':'anna','wording':'x','review_by':'%s'}",
		    from_now(w, DAYS(9)));
	assert_string_not_equal(stops(w, &product), "ACC-04");
	assert_says("", w, "anna", "control.adopted",
		    "{'control':'ACC-04','statement':'P','owner':'anna','review_by':'%s'}",
		    from_now(w, DAYS(9)));
	assert_says("", w, "anna", "control.mode_set",
		    "{'control':'SRC-01','mode':'observe','reason':'no parts here'}");
	assert_string_equal(stops(w, &product), "ACC-04");
	assert_says("!GLASS_TAKES_TWO", w, "anna", "glass.broken",
		    "{'glass':'G1','gate':'build','minutes':30,'units':2,"
		    "'reason':'The customer stands still until it has spares.'}");
	assert_says("", w, "anna", "approval.rule_set",
		    "{'class':'*','need':1,'newcomer_ms':0,'request_ttl_ms':3600000,"
		    "'vote_ttl_ms':3600000}");
	assert_string_equal(stops(w, &product), "");
}

static void second_account_of_somebody_who_left_is_found(void **state)
{
	struct world *w = ready(state);

	adopted(w, "ACC-07");
	house_must(&w->house, &w->house.ada, "principal.left",
		   "{'principal':'emil','reason':'moved'}"); /* the same human being as anna */
	assert_string_equal(stops(w, &SHIP), "");
	world_later(w, 61 * MINUTE_MS);
	assert_string_equal(stops(w, &SHIP), "ACC-07");
	house_must(&w->house, &w->house.ada, "principal.left",
		   "{'principal':'anna','reason':'moved'}");
	assert_string_equal(stops(w, &SHIP), "");
}

static void ended_build_accounts_for_every_unit(void **state)
{
	struct world *w = ready(state);

	world_request(w, "S2");
	adopted(w, "PRG-02");
	assert_string_equal(stops(w, &SHIP), "");
	w->house.clock_state.wall += (uint64_t)DAYS(365 * 80);
	w->house.clock_state.steady += (uint64_t)DAYS(365 * 80);
	assert_string_equal(stops(w, &SHIP), "PRG-02"); /* 2099 has come, and S2 is open */
}

static void third_party_attests_the_product(void **state)
{
	struct world *w = ready(state);

	adopted(w, "COM-02");
	assert_string_equal(stops(w, &COMMISSION), "COM-01"); /* never booted, and: */
	assert_decided("", w, "exception.granted",
		       "{'exception':'E1','control':'COM-01','kind':'product','id':'GW',"
		       "'reason':'bench units','until':'%s'}",
		       from_now(w, DAYS(30)));
	assert_string_equal(stops(w, &COMMISSION), "COM-02");
	assert_string_equal(evidence(w, "COM-02", "pass", 9, ",'kind':'product','id':'GW'"), "");
	assert_string_equal(stops(w, &COMMISSION), "");
}

static void person_who_receives_is_trained(void **state)
{
	struct world *w = ready(state);

	assert_string_equal(stops(w, &RECEIVE), "RCV-01");
	adopted(w, "PPL-01");
	assert_decided("", w, "control.mode_set",
		       "{'control':'RCV-01','mode':'observe','reason':'no shipment here'}");
	assert_string_equal(stops(w, &RECEIVE), "PPL-01");
	assert_string_equal(evidence(w, "PPL-01", "pass", 9, ",'kind':'principal','id':'qa'"),
			    "EVIDENCE_ABOUT_ONESELF");
	assert_string_equal(evidence(w, "PPL-01", "pass", 9, ",'kind':'principal','id':'dora'"),
			    "");
	assert_string_equal(stops(w, &RECEIVE), "");
}

/* ---- all at once ---- */

static const char *names(struct world *w, const struct control_failure *list)
{
	size_t n = 0;

	w->said[0] = '\0';
	for (; list != NULL; list = list->next)
		n += (size_t)snprintf(w->said + n, sizeof w->said - n, "%s%s %s", n > 0 ? ", " : "",
				      list->control, list->result);
	return w->said;
}

static void decision_is_refused_with_every_failed_control(void **state)
{
	struct world *w = ready(state);
	char manifest[65], body[256];

	world_sealed_shipment(w, "S1", "SH1", manifest);
	adopted(w, "INC-01");
	adopted(w, "GOV-05");
	adopted(w, "TST-05");
	adopted(w, "NET-02");
	assert_decided("", w, "control.mode_set",
		       "{'control':'NET-02','mode':'warn','reason':'being built'}");
	snprintf(body, sizeof body, "{'shipment':'SH1','manifest':'%s'}", manifest);
	const struct result *r =
		house_sign(&w->house, world_actor(w, "bert"), "shipment.dispatched", body);
	assert_int_equal(r->state, RESULT_REFUSED);
	assert_string_equal(r->fault.message, "GATE_CLOSED");
	assert_string_equal(names(w, r->failures), "INC-01 fail, GOV-05 fail, TST-05 fail");
	assert_string_equal(names(w, r->let_pass), "NET-02 warn");
	assert_string_equal(evidence(w, "INC-01", "pass", 9, ""), "");
	assert_string_equal(evidence(w, "GOV-05", "pass", 9, ",'kind':'product','id':'GW'"), "");
	assert_string_equal(evidence(w, "TST-05", "pass", 9, ",'kind':'product','id':'GW'"), "");
	r = house_sign(&w->house, world_actor(w, "bert"), "shipment.dispatched", body);
	assert_int_equal(r->state, RESULT_CERTIFIED);
	assert_string_equal(names(w, r->let_pass), "NET-02 warn");
	assert_string_equal(r->raised->code, "CONTROL_WARNED");
	assert_false(r->raised->holds);
}

static void supplier_is_approved_only_with_evidence(void **state)
{
	struct world *w = ready(state);

	adopted(w, "SRC-04");
	assert_says("!GATE_CLOSED", w, "anna", "supplier.approved",
		    "{'supplier':'acme','expires':'2099-01-01T00:00:00.000Z'}");
	assert_string_equal(evidence(w, "SRC-04", "pass", 9, ",'kind':'supplier','id':'acme'"), "");
	assert_says("", w, "anna", "supplier.approved",
		    "{'supplier':'acme','expires':'2099-01-01T00:00:00.000Z'}");
	assert_string_equal(shows(w, "policy.passages", "kind", "gate=source"), "supplier");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY_TEST(evidence_opens_a_gate_until_it_ends_or_fails),
		POLICY_TEST(evidence_of_a_site_counts_there),
		POLICY_TEST(evidence_of_one_site_is_none_about_what_is_not_there),
		POLICY_TEST(failed_unit_is_not_saved_by_its_product),
		POLICY_TEST(control_says_how_long_evidence_counts),
		POLICY_TEST(number_of_a_control_can_be_set),
		POLICY_TEST(statements_must_be_looked_at_in_time),
		POLICY_TEST(every_statement_needs_a_live_control),
		POLICY_TEST(exception_that_ran_out_closes_until_somebody_ends_it),
		POLICY_TEST(critical_part_needs_two_sources),
		POLICY_TEST(station_acts_only_as_itself),
		POLICY_TEST(grant_ends_and_is_given_anew),
		cmocka_unit_test_setup_teardown(rule_that_lets_one_decide_closes, alone_setup,
						world_teardown),
		POLICY_TEST(second_account_of_somebody_who_left_is_found),
		POLICY_TEST(ended_build_accounts_for_every_unit),
		POLICY_TEST(third_party_attests_the_product),
		POLICY_TEST(person_who_receives_is_trained),
		POLICY_TEST(decision_is_refused_with_every_failed_control),
		POLICY_TEST(supplier_is_approved_only_with_evidence),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

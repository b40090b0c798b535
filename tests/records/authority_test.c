/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for the signer and what its answers do; the charter's next revision; credentials. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "crypto/x509.h"

#define NEWER "2222222222222222222222222222222222222222222222222222222222222222"
#define NONE  "0000000000000000000000000000000000000000000000000000000000000000"

/* ---- what waits ---- */

static void decisions_wait_for_the_signer_once_they_are_in_force(void **state)
{
	struct world *w = *state;
	char waiting[65];
	uint64_t sequence;

	assert_says("(waits)", w, "anna", "firmware.released",
		    "{'release':'FW1','product':'GW','version':'1','environment':'production',"
		    "'image':'%s','image_size':1,'security_version':1}",
		    IMAGE);
	memcpy(waiting, w->digest, sizeof waiting);
	sequence = w->sequence;
	assert_int_equal(rows_of(w, "signer.waiting", ""), 0);
	assert_string_equal(approved(w), "");
	assert_int_equal(rows_of(w, "signer.waiting", ""), 1);
	assert_string_equal(shows(w, "signer.waiting", "digest", ""), waiting);
	assert_string_equal(shows(w, "signer.waiting", "operation", ""), "firmware");
	assert_string_equal(shows(w, "signer.waiting", "kind", ""), "firmware_release");
	assert_string_equal(shows(w, "signer.waiting", "id", ""), "FW1");
	char number[24];
	snprintf(number, sizeof number, "%llu", (unsigned long long)sequence);
	assert_string_equal(shows(w, "signer.waiting", "sequence", ""), number);
	assert_int_equal(world_signer_answers(w, NULL), 1);
	assert_string_equal(shows(w, "signer.decisions", "verdict", "kind=firmware_release&id=FW1"),
			    "admitted");
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW1','reason':'hole'}");
	assert_string_equal(shows(w, "signer.waiting", "operation", ""), "deny");
	assert_int_equal(world_signer_answers(w, NULL), 1);
}

static void emergency_release_waits_for_the_signer_too(void **state)
{
	struct world *w = *state;

	assert_says("(waits)", w, "anna", "firmware.emergency",
		    "{'release':'FW1','product':'GW','version':'1','environment':'production',"
		    "'image':'%s','image_size':1,'security_version':1,'reason':'exploited'}",
		    IMAGE);
	assert_string_equal(approved(w), "");
	assert_string_equal(shows(w, "signer.waiting", "operation", ""), "firmware");
	assert_string_equal(shows(w, "signer.waiting", "id", ""), "FW1");
	assert_says("(waits)", w, "bert", "firmware.reviewed",
		    "{'release':'FW1','verdict':'accepted','reason':'looked at it'}");
	assert_string_equal(approved(w), "");
	assert_int_equal(world_signer_answers(w, NULL), 1);
}

static void log_without_a_charter_has_no_signer_that_judges(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	assert_says("", w, "anna", "firmware.withdrawn", "{'release':'FW1','reason':'hole'}");
	assert_int_equal(rows_of(w, "signer.waiting", ""), 0);
	assert_int_equal(rows_of(w, "charter.list", ""), 0);
}

static void answer_that_nobody_waits_for_changes_nothing(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_string_equal(system_says(w, "signer.admitted",
					"{'record':'" NONE "','kind':'firmware_release','id':'FW1',"
					"'document':'AAAA','charter':1}"),
			    "SIGNER_ANSWER_UNASKED");
	assert_string_equal(system_says(w, "signer.refused",
					"{'record':'" NONE "','kind':'firmware_release',"
					"'id':'FW1','code':'SIGNER_DENIED'}"),
			    "SIGNER_ANSWER_UNASKED");
	assert_int_equal(rows_of(w, "signer.decisions", ""), 0);
	assert_int_equal(rows_of(w, "signer.waiting", ""), 2);
}

static void denial_is_carried_to_the_signer(void **state)
{
	struct world *w = *state;
	char denied[65];

	assert_says("(waits)", w, "anna", "firmware.released",
		    "{'release':'FW1','product':'GW','version':'1','environment':'production',"
		    "'image':'%s','image_size':1,'security_version':1}",
		    IMAGE);
	memcpy(denied, w->digest, sizeof denied);
	assert_says("", w, "bert", "approval.denied", "{'record':'%s','reason':'untested'}",
		    denied);
	assert_int_equal(rows_of(w, "signer.waiting", ""), 1);
	assert_string_equal(shows(w, "signer.waiting", "operation", ""), "deny");
	assert_string_equal(shows(w, "signer.waiting", "target", ""), denied);
	assert_int_equal(world_signer_answers(w, NULL), 1);
	/* What its author takes back, and what the signer never decides, is no denial for it. */
	assert_says("(waits)", w, "anna", "firmware.released",
		    "{'release':'FW2','product':'GW','version':'1','environment':'production',"
		    "'image':'%s','image_size':1,'security_version':1}",
		    IMAGE);
	memcpy(denied, w->digest, sizeof denied);
	assert_says("", w, "anna", "approval.withdrawn", "{'record':'%s','reason':'oops'}", denied);
	assert_int_equal(rows_of(w, "signer.waiting", ""), 0);
	assert_says("(waits)", w, "anna", "firmware.emergency",
		    "{'release':'FW3','product':'GW','version':'1','environment':'production',"
		    "'image':'%s','image_size':1,'security_version':1,'reason':'exploited'}",
		    IMAGE);
	assert_string_equal(approved(w), "");
	assert_int_equal(world_signer_answers(w, NULL), 1);
	assert_says("(waits)", w, "bert", "firmware.reviewed",
		    "{'release':'FW3','verdict':'accepted','reason':'looked at it'}");
	memcpy(denied, w->digest, sizeof denied);
	assert_says("", w, "qa", "approval.denied", "{'record':'%s','reason':'untested'}", denied);
	assert_int_equal(rows_of(w, "signer.waiting", ""), 0);
}

/* However late: what the signer ended must not go on here, where it would only waste units. */
static void denial_of_what_was_admitted_ends_it_here_too(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_int_equal(world_signer_answers(w, NULL), 2);
	world_request(w, "S1");
	world_later(w, (uint64_t)8 * 24 * 3600 * 1000);
	assert_says("", w, "bert", "approval.denied", "{'record':'%s','reason':'untested'}",
		    shows(w, "signer.decisions", "digest", "kind=build_authorization&id=BA1"));
	assert_string_equal(shows(w, "signer.waiting", "operation", ""), "deny");
	assert_int_equal(world_signer_answers(w, NULL), 1);
	assert_string_equal(
		shows(w, "signer.decisions", "verdict", "kind=build_authorization&id=BA1"),
		"refused");
	assert_string_equal(world_request_says(w, "st1", "S2"), "!BUILD_REFUSED_BY_SIGNER");
}

/* ---- what follows from an answer ---- */

static const char *programmed(struct world *w)
{
	return says(w, "st1", "unit.programmed",
		    "{'product':'GW','serial':'S1','station':'st1','release':'FW1','image':'%s'}",
		    IMAGE);
}

static void nothing_is_programmed_or_shipped_before_the_signer_signed_its_release(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_built(w, "S1");
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "PRG-01: FW1");
	assert_string_equal(programmed(w), "IMAGE_NOT_SIGNED");
	world_clear(w);
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "PRG-01: S1 FW1");
	assert_int_equal(world_signer_answers(w, NULL), 2);
	assert_string_equal(programmed(w), "");
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "");
}

static void release_that_the_signer_refused_is_of_no_use(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_built(w, "S1");
	assert_int_equal(world_signer_answers(w, "SIGNER_DENIED"), 2);
	assert_string_equal(programmed(w), "IMAGE_NOT_SIGNED");
	world_clear(w);
	assert_string_equal(gate_says(w, "program", "unit", "GW", "S1"), "PRG-01: FW1");
	assert_string_equal(gate_says(w, "ship", "unit", "GW", "S1"), "PRG-01: S1 FW1");
	assert_says("!FIRMWARE_REFUSED_BY_SIGNER", w, "anna", "build.authorized",
		    "{'authorization':'BA2','product':'GW','revision':'A','release':'FW1',"
		    "'site':'VN','line':'L1','quantity':5,%s}",
		    world_build_terms(w));
	assert_string_equal(world_request_says(w, "st1", "S2"), "!BUILD_REFUSED_BY_SIGNER");
}

static void release_that_the_signer_refused_gets_no_permit(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_builds_with(w, "BA2", "FW1", IMAGE, ",'permits':true");
	world_built(w, "S1");
	assert_int_equal(world_signer_answers(w, "SIGNER_DENIED"), 3);
	assert_says("!FIRMWARE_REFUSED_BY_SIGNER", w, "st1", "permit.requested",
		    "{'product':'GW','serial':'S1','release':'FW1',"
		    "'nonce':'AAAAAAAAAAAAAAAAAAAAAA'}");
}

static void closing_a_build_ends_it_at_the_signer_too(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_int_equal(world_signer_answers(w, NULL), 2);
	assert_says("", w, "anna", "build.closed",
		    "{'authorization':'BA1','built':0,'scrapped':0,'returned':0,'unused':5}");
	assert_string_equal(shows(w, "signer.waiting", "operation", ""), "deny");
	assert_string_equal(shows(w, "signer.waiting", "kind", ""), "build_authorization");
	assert_int_equal(world_signer_answers(w, NULL), 1);
}

/* ---- the charter ---- */

static const char *charter_says(struct world *w, struct bytes charter, int revision)
{
	char *text = arena_alloc(&w->house.arena, base64_size(charter.n) + 1);

	assert_non_null(text);
	base64url_encode(charter, text);
	return says(w, "anna", "charter.revised", "{'revision':%d,'charter':'%s'}", revision, text);
}

static void charter_is_revised_one_after_the_other(void **state)
{
	struct world *w = *state;
	struct bytes first = house_charter(&w->house, 1, NULL);
	struct bytes second = house_charter(&w->house, 2, &first);
	struct bytes third = house_charter(&w->house, 3, &second);

	assert_string_equal(shows(w, "charter.list", "state", ""), "in_force");
	assert_string_equal(charter_says(w, third, 3), "!CHARTER_NOT_NEXT");
	assert_string_equal(charter_says(w, house_charter(&w->house, 2, &third), 2),
			    "!CHARTER_NOT_FOLLOWING");
	assert_string_equal(charter_says(w, second, 3), "!CHARTER_UNFIT");
	assert_string_equal(charter_says(w, bytes_of(second.p, second.n - 1), 2), "!CHARTER_UNFIT");
	assert_string_equal(charter_says(w, second, 2), "(waits)");
	assert_string_equal(approved(w), "");
	assert_string_equal(shows(w, "signer.waiting", "operation", ""), "policy");
	assert_string_equal(shows(w, "signer.waiting", "id", ""), "2");
	assert_string_equal(charter_says(w, second, 2), "!CHARTER_WAITS");
	assert_int_equal(world_signer_answers(w, NULL), 1);
	assert_int_equal(rows_of(w, "charter.list", ""), 2);
	assert_string_equal(charter_says(w, second, 2), "!CHARTER_NOT_NEXT");
	assert_string_equal(charter_says(w, third, 3), "(waits)");
}

static void charter_that_the_signer_refused_leaves_its_number_free(void **state)
{
	struct world *w = *state;
	struct bytes first = house_charter(&w->house, 1, NULL);
	struct bytes second = house_charter(&w->house, 2, &first);

	assert_string_equal(charter_says(w, second, 2), "(waits)");
	assert_string_equal(approved(w), "");
	assert_int_equal(world_signer_answers(w, "SIGNER_DENIED"), 1);
	assert_int_equal(rows_of(w, "charter.list", ""), 1);
	assert_string_equal(charter_says(w, second, 2), "(waits)");
}

static void log_without_a_charter_gets_none_later(void **state)
{
	struct world *w = *state;
	struct bytes first = house_charter(&w->house, 1, NULL);

	assert_string_equal(charter_says(w, house_charter(&w->house, 2, &first), 2),
			    "!CHARTER_MISSING");
}

/* A second start is refused in any case: which code says whether its charter was looked at. */
static const char *started_with(struct world *w, struct bytes charter)
{
	const struct actor *ada = &w->house.ada;
	const struct public_key *key = private_key_public(ada->key);
	struct hash id = public_key_id(key);
	char hex[65], spki[2 * SPKI_SIZE_MAX];
	char *text = arena_alloc(&w->house.arena, base64_size(charter.n) + 1);

	assert_non_null(text);
	base64url_encode(charter, text);
	hex_encode(hash_bytes(&id), hex);
	base64url_encode(public_key_spki(key), spki);
	return system_says(w, "ledger.started",
			   "{'mode':'trial','origin':'" HOUSE_ORIGIN "','ca_key':'" NONE
			   "','ca_certificate':'" NONE "','checkpoint_key':'" NONE
			   "','founders':[{'principal':'ada','key':'%s','public_key':'%s'}],"
			   "'founder_permissions':[{'permission':'access.admin'}],'charter':'%s'}",
			   hex, spki, text);
}

static void founding_charter_must_be_the_first_of_this_log(void **state)
{
	struct world *w = *state;
	struct bytes first = house_charter(&w->house, 1, NULL);

	assert_string_equal(started_with(w, first), "!LOG_STARTED_BEFORE");
	assert_string_equal(started_with(w, house_charter(&w->house, 2, &first)), "!CHARTER_UNFIT");
	assert_string_equal(started_with(w, bytes_of(first.p, first.n - 1)), "!CHARTER_UNFIT");
	assert_string_equal(started_with(w, bytes_text("no charter")), "!CHARTER_UNFIT");
}

/* ---- credentials ---- */

static const char *credential_says(struct world *w, const char *number, const char *profile,
				   const char *principal, const char *key_of, const char *more)
{
	struct bytes der;
	struct arena a = {0};
	char text[4096];

	ok(csr_make(&a, world_actor(w, key_of)->key, principal, &der, &w->fault), &w->fault);
	base64url_encode(der, text);
	arena_done(&a);
	return says(w, "anna", "credential.requested",
		    "{'credential':'%s','profile':'%s','principal':'%s','csr':'%s'%s}", number,
		    profile, principal, text, more);
}

static const char *credential_comes(struct world *w, const char *number, const char *key_of)
{
	struct bytes der;
	struct arena a = {0};
	char text[4096];

	ok(certificate_make_client(&a, world_actor(w, key_of)->key, "x", &der, &w->fault),
	   &w->fault);
	base64url_encode(der, text);
	arena_done(&a);
	return system_says(w, "credential.issued", "{'credential':'%s','certificate':'%s'}", number,
			   text);
}

#define LATER ",'not_after':'2099-01-01T00:00:00.000Z'"

static void new_key(struct world *w, const char *principal)
{
	world_enroll_key(w, principal, world_actor(w, "new"));
}

static void credential_is_for_an_enrolled_key_of_the_right_principal(void **state)
{
	struct world *w = *state;

	new_key(w, "st1");
	assert_string_not_equal(says(w, "anna", "credential.requested",
				     "{'credential':'C1','profile':'station','principal':'st1',"
				     "'csr':'AAAA'" LATER "}"),
				"(waits)");
	assert_int_equal(w->said[0], '!');
	assert_string_equal(credential_says(w, "C1", "station", "st9", "new", LATER),
			    "!PRINCIPAL_UNKNOWN");
	assert_string_equal(credential_says(w, "C1", "person", "st1", "new", LATER),
			    "!CREDENTIAL_PROFILE_DIFFERS");
	assert_string_equal(credential_says(w, "C1", "station", "st1", "new",
					    LATER ",'names':[{'name':'st1.example'}]"),
			    "!CREDENTIAL_NAMES_WRONG");
	assert_string_equal(credential_says(w, "C1", "station", "st1", "new",
					    ",'not_after':'2020-01-01T00:00:00.000Z'"),
			    "!CREDENTIAL_ALREADY_OVER");
	assert_string_equal(credential_says(w, "C1", "station", "st1", "anna", LATER),
			    "!CREDENTIAL_KEY_NOT_ENROLLED");
	assert_string_equal(credential_says(w, "C1", "station", "st1", "nobodys", LATER),
			    "!CREDENTIAL_KEY_NOT_ENROLLED");
	assert_string_equal(credential_says(w, "C1", "station", "st1", "new", LATER), "(waits)");
	assert_string_equal(approved(w), "");
	assert_string_equal(credential_says(w, "C1", "station", "st1", "st1", LATER),
			    "!CREDENTIAL_EXISTS");
	assert_string_equal(credential_says(w, "C2", "station", "st1", "new", LATER), "(waits)");
}

static void service_credential_names_where_it_stands(void **state)
{
	struct world *w = *state;

	world_enroll(w, "api", "service", NULL);
	assert_string_equal(credential_says(w, "C1", "service", "api", "api", LATER),
			    "!CREDENTIAL_NAMES_WRONG");
	assert_string_equal(credential_says(w, "C1", "service", "api", "api",
					    LATER ",'names':[{'name':'api.example'}]"),
			    "(waits)");
}

static void credential_ends_with_its_key(void **state)
{
	struct world *w = *state;
	struct hash id = public_key_id(private_key_public(world_actor(w, "new")->key));
	char key[65];

	new_key(w, "st1");
	hex_encode(hash_bytes(&id), key);
	assert_string_equal(credential_comes(w, "C1", "new"), "CREDENTIAL_NOT_REQUESTED");
	assert_string_equal(credential_says(w, "C1", "station", "st1", "new", LATER), "(waits)");
	assert_string_equal(approved(w), "");
	assert_string_equal(shows(w, "signer.waiting", "operation", ""), "credential");
	assert_string_equal(credential_comes(w, "C1", "other"), "CREDENTIAL_KEY_DIFFERS");
	assert_string_equal(
		system_says(w, "credential.issued", "{'credential':'C1','certificate':'AAAA'}"),
		"CREDENTIAL_KEY_DIFFERS");
	assert_int_equal(rows_of(w, "signer.waiting", ""), 1);
	assert_string_equal(credential_comes(w, "C1", "new"), "");
	assert_int_equal(rows_of(w, "signer.waiting", ""), 0);
	assert_string_equal(shows(w, "signer.decisions", "verdict", "kind=credential&id=C1"),
			    "admitted");
	assert_string_equal(shows(w, "credential.list", "state", ""), "issued");
	assert_says("", w, "anna", "key.revoked", "{'key_id':'%s','reason':'lost'}", key);
	assert_string_equal(shows(w, "credential.list", "state", ""), "revoked");
	assert_string_equal(credential_comes(w, "C1", "new"), "CREDENTIAL_NOT_REQUESTED");
	assert_string_equal(credential_says(w, "C2", "station", "st1", "new", LATER),
			    "!CREDENTIAL_KEY_NOT_ENROLLED");
}

static void credential_of_a_key_that_was_revoked_meanwhile_is_over(void **state)
{
	struct world *w = *state;
	struct hash id = public_key_id(private_key_public(world_actor(w, "new")->key));
	char key[65];

	new_key(w, "st1");
	hex_encode(hash_bytes(&id), key);
	assert_string_equal(credential_says(w, "C1", "station", "st1", "new", LATER), "(waits)");
	assert_string_equal(approved(w), "");
	assert_says("", w, "anna", "key.revoked", "{'key_id':'%s','reason':'lost'}", key);
	assert_string_equal(credential_comes(w, "C1", "new"), "");
	assert_string_equal(shows(w, "credential.list", "state", ""), "revoked");
	assert_int_equal(rows_of(w, "signer.waiting", ""), 0);
}

static void refused_credential_stays_without_a_certificate(void **state)
{
	struct world *w = *state;

	new_key(w, "st1");
	assert_string_equal(credential_says(w, "C1", "station", "st1", "new", LATER), "(waits)");
	assert_string_equal(approved(w), "");
	assert_int_equal(world_signer_answers(w, "SIGNER_DENIED"), 1);
	assert_string_equal(shows(w, "credential.list", "state", ""), "refused");
	assert_string_equal(credential_comes(w, "C1", "new"), "CREDENTIAL_NOT_REQUESTED");
}

/* ---- passports ---- */

static void passport_goes_with_the_charters_that_judged(void **state)
{
	struct world *w = *state;
	struct bytes first = house_charter(&w->house, 1, NULL);

	world_ready_to_build(w);
	world_built(w, "S1");
	size_t before = rows_of(w, "passport.related", "product=GW&serial=S1");
	assert_string_equal(charter_says(w, house_charter(&w->house, 2, &first), 2), "(waits)");
	assert_string_equal(approved(w), "");
	assert_int_equal(rows_of(w, "passport.related", "product=GW&serial=S1"), before);
	world_signer_answers(w, NULL);
	assert_int_equal(rows_of(w, "passport.related", "product=GW&serial=S1"), before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHARTERED_TEST(decisions_wait_for_the_signer_once_they_are_in_force),
		CHARTERED_TEST(emergency_release_waits_for_the_signer_too),
		WORLD_TEST(log_without_a_charter_has_no_signer_that_judges),
		CHARTERED_TEST(answer_that_nobody_waits_for_changes_nothing),
		CHARTERED_TEST(denial_is_carried_to_the_signer),
		CHARTERED_TEST(denial_of_what_was_admitted_ends_it_here_too),
		CHARTERED_TEST(
			nothing_is_programmed_or_shipped_before_the_signer_signed_its_release),
		CHARTERED_TEST(release_that_the_signer_refused_is_of_no_use),
		CHARTERED_TEST(release_that_the_signer_refused_gets_no_permit),
		CHARTERED_TEST(closing_a_build_ends_it_at_the_signer_too),
		CHARTERED_TEST(charter_is_revised_one_after_the_other),
		CHARTERED_TEST(charter_that_the_signer_refused_leaves_its_number_free),
		WORLD_TEST(log_without_a_charter_gets_none_later),
		CHARTERED_TEST(founding_charter_must_be_the_first_of_this_log),
		CHARTERED_TEST(credential_is_for_an_enrolled_key_of_the_right_principal),
		CHARTERED_TEST(service_credential_names_where_it_stands),
		CHARTERED_TEST(credential_ends_with_its_key),
		CHARTERED_TEST(credential_of_a_key_that_was_revoked_meanwhile_is_over),
		CHARTERED_TEST(refused_credential_stays_without_a_certificate),
		CHARTERED_TEST(passport_goes_with_the_charters_that_judged),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

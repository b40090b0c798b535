/* SPDX-License-Identifier: Apache-2.0 */
/* What an auditor sees of a company whose decisions all went through the signer: every signature, and
 * every decision weighed again by the charter that the log holds. */
#include "company.h"

#include "client/log.h"
#include "core/charter.h"
#include "fixture_internal.h"

#include <string.h>

static struct api *x;
static struct company c;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	company_open(&c, x);
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	company_done(&c);
	api_close(x);
	return 0;
}

struct audited {
	struct audit_report log;
	struct charter_report charter;
	uint64_t signatures;
};

/* The server publishes what it has, and stops; then somebody reads its folder. */
static struct audited audits(void)
{
	struct audit_keys keys = {.arena = {.limit = 64 << 20}};
	struct audit_options options = {.key = x->public.checkpoint,
					.verify = ed25519_verify,
					.entry = audit_keys_entry,
					.entry_context = &keys};
	struct registry *registry = NULL;
	struct audited out;
	struct fault f = {0};

	api_stop(x);
	api_check(registry_make(AREAS, &registry, &f), &f, "registry");
	keys.registry = registry;
	api_check(charter_check_open(&x->public.checkpoint, &keys.charter, &f), &f, "charter");
	api_check(audit_run(audit_folder(arena_printf(&x->arena, "%s/tiles", x->folder)), &options,
			    &out.log, &f),
		  &f, "audit");
	charter_check_report(keys.charter, &out.charter);
	out.signatures = keys.verified;
	charter_check_close(keys.charter);
	audit_keys_done(&keys);
	registry_free(registry);
	api_start(x);
	return out;
}

/* The next revision: cleo has one more key. In base64url. */
static const char *revised(struct private_key *key)
{
	struct charter *charter = arena_alloc(&x->arena, sizeof *charter);
	uint8_t *buffer = arena_alloc(&x->arena, CHARTER_SIZE_MAX);
	struct writer w = writer_of(buffer, CHARTER_SIZE_MAX);
	struct bytes document;
	const char *why;
	uint8_t person = 0;

	assert_true(charter_parse(x->charter, charter, &why));
	while (!bytes_equal(charter->persons[person].id, bytes_text("cleo")))
		person++;
	charter->keys[charter->keys_n++] =
		(struct charter_key){.spki = public_key_spki(private_key_public(key)),
				     .kind = CHARTER_COSE,
				     .outside = true,
				     .person = person};
	charter->revision = 2;
	charter->has_previous = true;
	charter->previous = charter->digest;
	charter_put(&w, charter);
	assert_true(writer_done(&w, &document));
	char *text = arena_alloc(&x->arena, base64_size(document.n) + 1);
	base64url_encode(document, text);
	return text;
}

static void the_charter_agrees_to_what_the_signer_admitted(void **state)
{
	struct audited before, after;

	(void)state;
	before = audits();
	assert_int_equal(before.charter.revisions, 1);
	assert_true(before.charter.agreed > 0); /* the firmware release */
	company_authorize(&c, "BA1", 3, "");
	company_authorize(&c, "BA2", 3, "");
	after = audits();
	assert_int_equal(after.charter.agreed, before.charter.agreed + 2);
	assert_int_equal(after.charter.waiting, 0);
	assert_int_equal(after.charter.refused, 0);
	assert_int_equal(after.charter.foreign, 0);
	assert_true(after.signatures > before.signatures + 3);
}

static void the_chain_of_charters_is_followed(void **state)
{
	struct private_key *key = NULL;
	struct reply *asked;
	struct audited found;

	(void)state;
	assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
	asked = api_sign(x, &x->ada, "charter.revised",
			 arena_printf(&x->arena, "{'revision':2,'charter':'%s'}", revised(key)));
	must_have(asked, 201);
	must_have(api_sign(x, &x->ben, "approval.given",
			   arena_printf(&x->arena, "{'record':'%s'}", reply_text(asked, "digest"))),
		  201);
	assert_string_equal(company_verdict(&c, reply_text(asked, "digest")), "admitted");
	company_authorize(&c, "BA3", 3, "");
	found = audits();
	assert_int_equal(found.charter.revisions, 2);
	assert_int_equal(found.charter.waiting, 0);
	private_key_close(key);
}

static void a_decision_that_waits_for_people_is_not_the_signers(void **state)
{
	struct reply *asked =
		api_sign(x, &x->erin, "build.authorized", company_authorization(&c, "BA4", 3, ""));
	struct audited found;

	(void)state;
	must_have(asked, 201);
	found = audits();
	assert_int_equal(found.charter.waiting, 0); /* it waits for people */
	assert_int_equal(found.charter.refused, 0);
	assert_true(found.log.pending > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_charter_agrees_to_what_the_signer_admitted),
		cmocka_unit_test(the_chain_of_charters_is_followed),
		cmocka_unit_test(a_decision_that_waits_for_people_is_not_the_signers),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}

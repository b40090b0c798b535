/* SPDX-License-Identifier: Apache-2.0 */
/* What may follow a charter, whether one more must agree to it, and whose keys are new. */
#include "charter_parts.h"

static struct charter now, next, got;

static void follow_with(struct charter changed)
{
	struct charter first = house();

	assert_null(reads_back(&first, &now));
	changed.revision = 2;
	changed.has_previous = true;
	changed.previous = now.digest;
	assert_null(reads_back(&changed, &next));
}

static bool needs_more(struct charter changed)
{
	const char *why;
	bool more;

	follow_with(changed);
	assert_true(charter_follows(&now, &next, &more, &why));
	assert_null(why);
	return more;
}

static void a_change_of_keys_alone_needs_nobody_more(void **state)
{
	struct charter c = house();

	(void)state;
	assert_false(needs_more(c));
	c.keys[ANN_COSE].spki = spki(77);
	assert_false(needs_more(c));
	add_key(&c, DEE, CHARTER_SSHSIG, true);
	assert_false(needs_more(c));
	c.keys[BOB_TOKEN].application = bytes_text("ssh:other");
	assert_false(needs_more(c));
}

/* A house that lost somebody must be able to say so with those who are left. */
static void leaving_needs_nobody_more(void **state)
{
	struct charter c = house();

	(void)state;
	c.persons_n--;
	c.keys_n--;
	assert_false(needs_more(c));
	c = house();
	c.persons[CID].groups_n = 1;
	c.rules[RULE_FIRMWARE].must_n = 0;
	assert_true(needs_more(c)); /* with a rule that changes */
	c = house();
	c.persons[ANN] = c.persons[CID]; /* in another order */
	c.persons[CID] = house().persons[ANN];
	c.keys[ANN_COSE].person = c.keys[ANN_PASSKEY].person = CID;
	c.keys[CID_SSH].person = ANN;
	assert_null(reads_back(&c, &got));
	assert_false(needs_more(got));
}

static void a_change_of_anything_else_needs_one_more(void **state)
{
	struct charter c = house();

	(void)state;
	c.persons[DEE].groups[0] = bytes_text("founders");
	assert_true(needs_more(c));
	c = house();
	add_person(&c, "eve", "authors", NULL);
	add_key(&c, 4, CHARTER_COSE, false);
	assert_true(needs_more(c));
	c = house();
	c.persons[DEE].id = bytes_text("deo");
	assert_true(needs_more(c));
	c = house();
	c.rules[RULE_CHARTER].need = 2;
	assert_true(needs_more(c));
	c = house();
	c.rules[RULE_ANY].vote_ttl_ms++;
	assert_true(needs_more(c));
	c = house();
	c.rules[RULE_ANY].request_ttl_ms++;
	assert_true(needs_more(c));
	c = house();
	c.rules[RULE_ANY].newcomer_ms = 0;
	assert_true(needs_more(c));
	c = house();
	c.rules[RULE_ANY].from[c.rules[RULE_ANY].from_n++] = bytes_text("authors");
	assert_true(needs_more(c));
	c = house();
	c.rules[RULE_FIRMWARE].must_n = 0;
	assert_true(needs_more(c));
	c = house();
	c.rules_n--;
	assert_true(needs_more(c));
	c = house();
	c.anchor = ANCHOR_TPM;
	assert_true(needs_more(c));
	c = house();
	c.relying_party = bytes_text("evil.example");
	assert_true(needs_more(c));
	c = house();
	c.origins[0] = bytes_text("https://evil.example");
	assert_true(needs_more(c));
	c = house();
	c.recovery[0].keeper = bytes_text("bank");
	c.recovery_keys[0] = (struct charter_key){.spki = spki(40), .kind = CHARTER_COSE};
	c.recovery_n = c.recovery_need = 1;
	assert_true(needs_more(c));
}

static bool stays(struct charter changed, size_t key)
{
	size_t place = 99;
	bool answer;

	follow_with(changed);
	answer = charter_key_stays(&now, &next, &next.keys[key], &place);
	assert_true(place == (answer ? key : 99));
	return answer;
}

static void a_key_on_other_terms_is_a_newcomer(void **state)
{
	struct charter c = house();

	(void)state;
	for (size_t i = 0; i < HOUSE_KEYS; i++)
		assert_true(stays(c, i));
	c.keys[ANN_COSE].spki = spki(77);
	assert_false(stays(c, ANN_COSE));
	c = house();
	c.keys[ANN_COSE].kind = CHARTER_SSHSIG;
	assert_false(stays(c, ANN_COSE));
	c = house();
	c.keys[BOB_TOKEN].application = bytes_text("ssh:other");
	assert_false(stays(c, BOB_TOKEN));
	c = house();
	c.keys[CID_SSH].application = bytes_text("ssh:");
	assert_false(stays(c, CID_SSH));
	c = house();
	c.keys[ANN_COSE].spki = spki(CID_SSH + 1); /* cid's key is ann's now */
	c.keys[CID_SSH].spki = spki(78);
	follow_with(c);
	size_t place;
	assert_false(charter_key_stays(&now, &next, &next.keys[ANN_COSE], &place));
	c = house();
	c.persons[DEE].groups[1] = bytes_text("founders");
	c.persons[DEE].groups_n = 2;
	assert_false(stays(c, DEE_COSE));
	assert_true(stays(c, ANN_COSE));
	c = house();
	c.keys[ANN_COSE].outside = false; /* less than before */
	assert_true(stays(c, ANN_COSE));
	size_t last = c.keys_n;
	add_key(&c, DEE, CHARTER_SSHSIG, true);
	assert_false(stays(c, last));
}

static void a_key_that_comes_outside_is_a_newcomer(void **state)
{
	struct charter c = house();
	size_t place;

	(void)state;
	c.keys[CID_SSH].outside = false;
	assert_null(reads_back(&c, &now));
	c.keys[CID_SSH].outside = true;
	assert_null(reads_back(&c, &next));
	assert_false(charter_key_stays(&now, &next, &next.keys[CID_SSH], &place));
}

static void only_the_next_revision_of_this_charter_follows(void **state)
{
	const char *why;
	bool more;

	(void)state;
	follow_with(house());
	next.revision = 3;
	assert_false(charter_follows(&now, &next, &more, &why));
	assert_string_equal(why, "it is not the next revision");
	assert_true(more);
	next.revision = 1;
	assert_false(charter_follows(&now, &next, &more, &why));
	follow_with(house());
	next.previous.b[31] ^= 1;
	assert_false(charter_follows(&now, &next, &more, &why));
	assert_string_equal(why, "it does not follow the charter in force");
	follow_with(house());
	next.has_previous = false;
	assert_false(charter_follows(&now, &next, &more, &why));
	follow_with(house());
	next.origin = bytes_text("ledger.example/other");
	assert_false(charter_follows(&now, &next, &more, &why));
	assert_string_equal(why, "it is of another log");
}

static void the_mode_goes_from_bootstrap_to_founded_only(void **state)
{
	const char *why;
	bool more;

	(void)state;
	for (int from = CHARTER_FOUNDED; from <= CHARTER_TRIAL; from++) {
		for (int to = CHARTER_FOUNDED; to <= CHARTER_TRIAL; to++) {
			bool may =
				from == to || (from == CHARTER_BOOTSTRAP && to == CHARTER_FOUNDED);

			follow_with(house());
			now.mode = (enum charter_mode)from;
			next.mode = (enum charter_mode)to;
			assert_int_equal(charter_follows(&now, &next, &more, &why), may);
			if (may)
				assert_int_equal(more, from != to);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_of_keys_alone_needs_nobody_more),
		cmocka_unit_test(leaving_needs_nobody_more),
		cmocka_unit_test(a_change_of_anything_else_needs_one_more),
		cmocka_unit_test(a_key_on_other_terms_is_a_newcomer),
		cmocka_unit_test(a_key_that_comes_outside_is_a_newcomer),
		cmocka_unit_test(only_the_next_revision_of_this_charter_follows),
		cmocka_unit_test(the_mode_goes_from_bootstrap_to_founded_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

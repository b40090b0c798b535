/* SPDX-License-Identifier: Apache-2.0 */
/* What a charter may be. */
#include "charter_parts.h"

#include "core/cbor.h"
#include "core/sha256.h"

static struct charter got;

/* `made` is refused, for this reason. */
static void assert_refused(const struct charter *made, const char *why)
{
	const char *found = reads_back(made, &got);

	assert_non_null(found);
	assert_string_equal(found, why);
	assert_int_equal(got.persons_n, 0);
}

static void a_charter_is_read_as_it_was_written(void **state)
{
	struct charter made = house();
	uint8_t again[CHARTER_SIZE_MAX];
	struct writer w = writer_of(again, sizeof again);
	struct bytes bytes;

	(void)state;
	assert_null(reads_back(&made, &got));
	assert_int_equal(got.persons_n, 4);
	assert_int_equal(got.keys_n, HOUSE_KEYS);
	assert_int_equal(got.keys[BOB_TOKEN].person, BOB);
	assert_bytes(got.keys[BOB_TOKEN].application, bytes_text("ssh:approve"));
	assert_null(got.keys[CID_SSH].application.p);
	assert_true(hash_equal(got.keys[DEE_COSE].id, sha256(spki(DEE_COSE + 1))));
	assert_true(hash_equal(got.digest, sha256(got.bytes)));
	charter_put(&w, &got);
	assert_true(writer_done(&w, &bytes));
	assert_bytes(bytes, got.bytes);
}

static void every_byte_counts(void **state)
{
	struct charter made = house(), other;
	uint8_t bytes[CHARTER_SIZE_MAX], again[CHARTER_SIZE_MAX];
	const char *why;
	size_t n;

	(void)state;
	assert_null(reads_back(&made, &got));
	n = got.bytes.n;
	memcpy(bytes, got.bytes.p, n);
	for (size_t i = 0; i < n; i++) { /* nothing shorter is one, and what is read is all of it */
		struct writer w = writer_of(again, sizeof again);
		struct bytes out;

		assert_false(charter_parse(bytes_of(bytes, i), &other, &why));
		bytes[i] ^= 0x11;
		if (charter_parse(bytes_of(bytes, n), &other, &why)) {
			charter_put(&w, &other);
			assert_true(writer_done(&w, &out));
			assert_bytes(out, bytes_of(bytes, n));
			assert_false(hash_equal(other.digest, got.digest));
		}
		bytes[i] ^= 0x11;
	}
	bytes[n] = 0;
	assert_false(charter_parse(bytes_of(bytes, n + 1), &other, &why));
	assert_string_equal(why, "bytes follow its end");
}

static void nobody_and_no_key_stands_there_twice(void **state)
{
	struct charter c = house();

	(void)state;
	c.persons[BOB].id = c.persons[ANN].id;
	assert_refused(&c, "a person is named twice");
	c = house();
	c.keys[BOB_PASSKEY].spki = c.keys[ANN_COSE].spki;
	assert_refused(&c, "a key is named twice");
	c = house();
	c.keys[ANN_PASSKEY].spki = c.keys[ANN_COSE].spki;
	assert_refused(&c, "a key is named twice");
	c = house();
	c.persons[CID].groups[1] = c.persons[CID].groups[0];
	assert_refused(&c, "a group is named twice in one place");
	c = house();
	c.rules[RULE_ANY].name = bytes_text("charter");
	assert_refused(&c, "a class has two rules");
	c = house();
	c.rules[RULE_FIRMWARE].must[1] = c.rules[RULE_FIRMWARE].must[0];
	c.rules[RULE_FIRMWARE].must_n = 2;
	assert_refused(&c, "a must-sign group is named twice in one rule");
	c = house();
	c.origins[c.origins_n++] = c.origins[0];
	assert_refused(&c, "web origins must be 1 to 4 different lines of 255 bytes");
}

static void a_recovery_key_is_nobody_elses_and_each_keeper_has_one(void **state)
{
	struct charter c = house();

	(void)state;
	c.recovery_n = 2;
	c.recovery_need = 2;
	c.recovery[0].keeper = bytes_text("bank");
	c.recovery[1].keeper = bytes_text("notary");
	c.recovery_keys[0] = (struct charter_key){.spki = spki(40), .kind = CHARTER_COSE};
	c.recovery_keys[1] = (struct charter_key){.spki = spki(41), .kind = CHARTER_SSHSIG};
	assert_null(reads_back(&c, &got));
	assert_int_equal(got.recovery_keys[1].person, 1);
	assert_null(charter_key_find(&got, got.recovery_keys[0].id));
	c.recovery_keys[1].spki = spki(40);
	assert_refused(&c, "a key is named twice");
	c.recovery_keys[1].spki = spki(1);
	assert_refused(&c, "a key is named twice");
	c.recovery_keys[1].spki = spki(41);
	c.recovery_keys[1].kind = CHARTER_WEBAUTHN;
	assert_refused(&c, "a recovery key must be of kind 1 or 3");
	c.recovery_keys[1].kind = CHARTER_COSE;
	c.recovery[1].keeper = c.recovery[0].keeper;
	assert_refused(&c, "a keeper has two recovery keys");
	c.recovery[1].keeper = bytes_text("notary");
	c.recovery_need = 3;
	assert_refused(&c, "more recovery keys are needed than there are");
	c.recovery_need = 0;
	assert_refused(&c, "recovery keys are there, but none is needed");
	c.recovery_n = 0;
	c.recovery_need = 1;
	assert_refused(&c, "more recovery keys are needed than there are");
}

static void a_key_in_another_encoding_is_none(void **state)
{
	static const char WHY[] = "a key is not Ed25519 or P-256 in its one encoding";
	uint8_t p256[91] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
			    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
			    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
	struct charter c = house();

	(void)state;
	c.keys[0].spki = bytes_of(p256, 91);
	assert_null(reads_back(&c, &got));
	p256[26] = 0x02; /* compressed */
	assert_refused(&c, WHY);
	p256[26] = 0x04;
	p256[22] = 0x22; /* P-384 */
	assert_refused(&c, WHY);
	c.keys[0].spki = bytes_of(p256, 90);
	assert_refused(&c, WHY);
	c.keys[0].spki = bytes_of(spki(9).p, 43);
	assert_refused(&c, WHY);
	c.keys[0].spki = bytes_of(spki(9).p, 12);
	assert_refused(&c, WHY);
}

static void a_passkey_is_never_outside_and_an_application_is_of_ssh(void **state)
{
	struct charter c = house();

	(void)state;
	c.keys[ANN_PASSKEY].outside = true;
	assert_refused(&c, "a passkey signs on our screen: it cannot be outside");
	c = house();
	c.keys[ANN_COSE].application = bytes_text("ssh:");
	assert_refused(&c, "an application belongs to keys of kind 3");
	c = house();
	c.keys[BOB_TOKEN].application = bytes_of("", 0);
	assert_refused(&c, "an application must have 1 to 64 bytes");
	c = house();
	c.keys[ANN_COSE].kind = (enum charter_key_kind)4;
	assert_refused(&c, "a key's kind is unknown");
	c.keys[ANN_COSE].kind = (enum charter_key_kind)0;
	assert_refused(&c, "a key's kind is unknown");
}

static void a_rule_can_be_met_with_one_to_spare(void **state)
{
	static const char FEW[] =
		"a rule cannot be met: it takes one more who may approve than it needs";
	struct charter c = house();

	(void)state;
	c.rules[RULE_CHARTER].need = 3;
	assert_refused(&c, FEW);
	c.mode = CHARTER_BOOTSTRAP;
	assert_null(reads_back(&c, &got));
	c.rules[RULE_CHARTER].need = 4;
	assert_refused(&c, FEW);
	c = house();
	c.rules[RULE_ANY].from[0] = bytes_text("founder"); /* of whom there are none */
	assert_refused(&c, FEW);
	c = house();
	c.rules[RULE_FIRMWARE].must[0].need = 2;
	assert_refused(&c, "a rule's must-sign group has too few who count by the rule");
	c.rules[RULE_FIRMWARE].must[0] = (struct charter_must){bytes_text("authors"), 1};
	assert_refused(&c, "a rule's must-sign group has too few who count by the rule");
	c.rules[RULE_FIRMWARE].must[0].need = 0;
	assert_refused(&c, "a must-sign group must sign at least once");
}

static void somebody_who_counts_has_a_key_outside(void **state)
{
	struct charter c = house();

	(void)state;
	c.keys[ANN_COSE].outside = c.keys[BOB_TOKEN].outside = false;
	assert_null(reads_back(&c, &got));
	c.keys[CID_SSH].outside = false; /* dee's does not help */
	assert_refused(&c, "a rule cannot be met: nobody who may approve has a key outside");
	c.mode = CHARTER_TRIAL;
	assert_refused(&c, "a rule cannot be met: nobody who may approve has a key outside");
}

static void a_rule_without_approval_is_for_bootstrap_and_trial(void **state)
{
	struct charter c = house();

	(void)state;
	c.rules[RULE_ANY].need = 0;
	assert_refused(&c, "a rule without approval belongs to bootstrap and trial mode only");
	c.mode = CHARTER_BOOTSTRAP;
	assert_null(reads_back(&c, &got));
	c.mode = CHARTER_TRIAL;
	assert_null(reads_back(&c, &got));
	c.mode = (enum charter_mode)3;
	assert_refused(&c, "the charter's mode is unknown");
}

static void somebody_may_change_the_charter(void **state)
{
	struct charter c = house();

	(void)state;
	c.rules[RULE_CHARTER].name = bytes_text("chartre");
	assert_null(reads_back(&c, &got)); /* "*" says it */
	c.rules[RULE_ANY].name = bytes_text("anything");
	assert_refused(&c, "no rule says who may change the charter");
	c.rules[RULE_CHARTER].name = bytes_text("charter");
	assert_null(reads_back(&c, &got));
}

static void numbers_have_their_bounds(void **state)
{
	struct charter c = house();

	(void)state;
	c.revision = 0;
	assert_refused(&c, "revisions count from 1");
	c.revision = UINT64_C(9007199254740992);
	assert_refused(&c, "the revision is too large");
	c = house();
	c.rules[0].newcomer_ms = 14 * 24 * HOUR_MS;
	assert_null(reads_back(&c, &got));
	c.rules[0].newcomer_ms++;
	assert_refused(&c, "a time of a rule is above 14 days");
	c.rules[0].newcomer_ms = 0;
	assert_null(reads_back(&c, &got));
	c.rules[0].vote_ttl_ms = 0;
	assert_refused(&c, "decisions and approvals must last longer than no time");
	c = house();
	c.rules[0].request_ttl_ms = 0;
	assert_refused(&c, "decisions and approvals must last longer than no time");
	c = house();
	c.rules[0].need = 17;
	assert_refused(&c, "a rule needs more than 16 persons");
	c = house();
	c.origin = bytes_text("two\nlines");
	assert_refused(&c, "the origin is not one line");
}

static void witnesses_belong_to_the_anchor_that_is_one(void **state)
{
	struct charter c = house();

	(void)state;
	c.anchor = ANCHOR_WITNESS;
	assert_refused(&c, "witnesses belong to the anchor that is one");
	c.witnesses[c.witnesses_n++] = bytes_text("witness.example+00000000+key");
	assert_null(reads_back(&c, &got));
	c.anchor = ANCHOR_TPM;
	assert_refused(&c, "witnesses belong to the anchor that is one");
	c.witnesses_n = 0;
	c.anchor = (enum charter_anchor)3;
	assert_refused(&c, "the anchor is unknown");
}

static void the_largest_house_fits(void **state)
{
	struct charter c = {.revision = 1, .origin = bytes_text("o")};
	char names[CHARTER_PERSONS_MAX][4];

	(void)state;
	for (uint8_t i = 0; i < CHARTER_PERSONS_MAX; i++) {
		snprintf(names[i], sizeof names[i], "p%u", i);
		add_person(&c, names[i], "g", NULL);
		add_key(&c, i, CHARTER_COSE, true);
		add_key(&c, i, CHARTER_SSHSIG, true);
	}
	c.rules[c.rules_n++] = rule("*", 16, "g");
	assert_null(reads_back(&c, &got));
	assert_int_equal(got.keys_n, CHARTER_KEYS_MAX);
	assert_int_equal(charter_eligible(&got, &got.rules[0]), CHARTER_PERSONS_MAX);
	/* One key more of the last person: the array has no room, so the bytes are changed. */
	for (size_t i = 0; i < CHARTER_KEYS_MAX; i++)
		c.keys[i].person = (uint8_t)(i / 9); /* nine keys of one person */
	assert_non_null(reads_back(&c, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_charter_is_read_as_it_was_written),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(nobody_and_no_key_stands_there_twice),
		cmocka_unit_test(a_recovery_key_is_nobody_elses_and_each_keeper_has_one),
		cmocka_unit_test(a_key_in_another_encoding_is_none),
		cmocka_unit_test(a_passkey_is_never_outside_and_an_application_is_of_ssh),
		cmocka_unit_test(a_rule_can_be_met_with_one_to_spare),
		cmocka_unit_test(somebody_who_counts_has_a_key_outside),
		cmocka_unit_test(a_rule_without_approval_is_for_bootstrap_and_trial),
		cmocka_unit_test(somebody_may_change_the_charter),
		cmocka_unit_test(numbers_have_their_bounds),
		cmocka_unit_test(witnesses_belong_to_the_anchor_that_is_one),
		cmocka_unit_test(the_largest_house_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

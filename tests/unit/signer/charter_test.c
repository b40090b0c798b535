/* SPDX-License-Identifier: Apache-2.0 */
/* The charter's own revisions: who must agree to who must agree. */
#include <string.h>

#include "core/sha256.h"
#include "log_testing.h"

static struct test_log *start(void)
{
	struct signer_test *t = signer_test_new();

	signer_start(t);
	return log_new(t);
}

static void stop(struct test_log *l)
{
	signer_test_done(l->t);
}

/* The charter in force, to be changed. */
static struct charter *in_force(struct test_log *l)
{
	struct charter *c = arena_alloc(&l->t->arena, sizeof(*c));
	struct signer_status status;
	const char *why = NULL;

	assert_int_equal(signer_status_read(l->t->client, &l->t->arena, &status, NULL).code, OK);
	if (!charter_parse(status.charter, c, &why))
		stop_test("%s", why);
	c->has_previous = true;
	c->previous = sha256(status.charter);
	c->revision++;
	return c;
}

static struct bytes document(struct test_log *l, const struct charter *c)
{
	uint8_t *p = arena_alloc(&l->t->arena, CHARTER_SIZE_MAX);
	struct writer w = writer_of(p, CHARTER_SIZE_MAX);
	struct bytes out;

	charter_put(&w, c);
	assert_true(writer_done(&w, &out));
	return out;
}

static uint64_t put(struct test_log *l, enum person author, const struct charter *c)
{
	return put_charter(l, author, document(l, c), c->revision);
}

/* Another key of the person at that place. */
static void add_key(struct charter *c, uint8_t person, const struct private_key *key)
{
	struct bytes spki = public_key_spki(private_key_public(key));

	c->keys[c->keys_n++] = (struct charter_key){.spki = spki,
						    .id = sha256(spki),
						    .kind = CHARTER_COSE,
						    .outside = true,
						    .person = person};
}

static uint64_t revision(struct test_log *l)
{
	return in_force(l)->revision - 1;
}

/* ---- ---- */

static void key_is_added_with_one_approval(void **state)
{
	struct test_log *l = start();
	struct charter *c = in_force(l);

	(void)state;
	add_key(c, 0, station_key(2));
	uint64_t revised = put(l, ADA, c);
	refused(l, DECISION_POLICY, AT(revised), "SIGNER_APPROVALS_MISSING");
	assert_int_equal(revision(l), 1);
	struct bytes admission =
		decided(l, DECISION_POLICY, AT(revised, put_approval(l, BEN, revised)));
	assert_int_equal(revision(l), 2);
	assert_true(bytes_equal(admission, decided(l, DECISION_POLICY, AT(revised))));
	assert_int_equal(signer_stop(l->t), 0);
	signer_start(l->t);
	assert_int_equal(revision(l), 2);
	assert_true(bytes_equal(admission, decided(l, DECISION_POLICY, AT(revised))));
	stop(l);
}

static void rules_change_with_one_more(void **state)
{
	struct test_log *l = start();
	struct charter *c = in_force(l);

	(void)state;
	c->rules[0].vote_ttl_ms = 3600000;
	uint64_t revised = put(l, ERIN, c), one = put_approval(l, BEN, revised);
	refused(l, DECISION_POLICY, AT(revised, one), "SIGNER_APPROVALS_MISSING");
	(void)decided(l, DECISION_POLICY, AT(revised, one, put_approval(l, ADA, revised)));
	stop(l);
}

static void revision_must_follow_the_one_in_force(void **state)
{
	struct test_log *l = start();
	struct charter *c = in_force(l), *other = in_force(l);

	(void)state;
	add_key(c, 0, station_key(2));
	uint64_t first = put(l, ADA, c);
	add_key(other, 1, station_key(1));
	uint64_t second = put(l, ADA, other), vote = put_approval(l, BEN, second);
	(void)decided(l, DECISION_POLICY, AT(first, put_approval(l, BEN, first)));
	refused(l, DECISION_POLICY, AT(second, vote), "SIGNER_CHARTER_NOT_NEXT");
	other = in_force(l);
	other->origin = bytes_text("other.example/log");
	uint64_t third = put(l, ADA, other);
	refused(l, DECISION_POLICY, AT(third, put_approval(l, BEN, third)),
		"SIGNER_CHARTER_NOT_NEXT");
	struct charter *ahead = in_force(l);
	ahead->revision++;
	uint64_t later = put(l, ADA, ahead);
	refused(l, DECISION_POLICY, AT(later, put_approval(l, BEN, later)), "SIGNER_CHARTER_AHEAD");
	uint64_t fourth = put_charter(l, ADA, bytes_text("no charter"), 3);
	refused(l, DECISION_POLICY, AT(fourth, put_approval(l, BEN, fourth)), "CHARTER_WRONG");
	stop(l);
}

static void new_key_waits_before_its_approvals_count(void **state)
{
	struct test_log *l = start();
	struct charter *c = in_force(l);

	(void)state;
	add_key(c, 2, station_key(2)); /* cleo's second */
	uint64_t revised = put(l, ADA, c);
	(void)decided(l, DECISION_POLICY, AT(revised, put_approval(l, BEN, revised)));
	uint64_t release = put_release(l, "R1", "production", 1);
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[release]))};
	struct made made = {.key = station_key(2),
			    .author = "cleo",
			    .type = "approval.given",
			    .body = body_make(&l->t->arena, fields, 1)};
	refused(l, DECISION_FIRMWARE, AT(release, log_put(l, &made)), "SIGNER_APPROVALS_MISSING");
	assert_int_equal(signer_stop(l->t), 0);
	signer_start(l->t);
	refused(l, DECISION_FIRMWARE, AT(release, log_put(l, &made)), "SIGNER_APPROVALS_MISSING");
	l->t->moved->wall_ahead += 23 * 3600000;
	l->t->moved->steady_ahead += 23 * 3600000;
	refused(l, DECISION_FIRMWARE, AT(release, log_put(l, &made)), "SIGNER_APPROVALS_MISSING");
	l->t->moved->wall_ahead += 3700000;
	l->t->moved->steady_ahead += 3700000;
	release = put_release(l, "R2", "production", 1);
	fields[0].bytes = hash_bytes(&l->digests[release]);
	made.body = body_make(&l->t->arena, fields, 1);
	(void)decided(l, DECISION_FIRMWARE, AT(release, log_put(l, &made)));
	stop(l);
}

static void who_left_counts_no_more(void **state)
{
	struct test_log *l = start();
	struct charter *c = in_force(l);
	uint64_t release = put_release(l, "R1", "production", 1),
		 vote = put_approval(l, CLEO, release);

	(void)state;
	for (size_t i = 0; i < c->keys_n; i++) /* cleo's key becomes another */
		if (c->keys[i].person == 2) {
			c->keys[i].spki = public_key_spki(private_key_public(station_key(2)));
			c->keys[i].id = sha256(c->keys[i].spki);
		}
	uint64_t revised = put(l, ADA, c);
	(void)decided(l, DECISION_POLICY, AT(revised, put_approval(l, BEN, revised)));
	refused(l, DECISION_FIRMWARE, AT(release, vote), "SIGNER_APPROVALS_MISSING");
	stop(l);
}

static void recovery_set_stands_in_for_the_quorum(void **state)
{
	struct test_log *l = start();
	struct charter *c = in_force(l);

	(void)state;
	c->rules[0].vote_ttl_ms = 3600000;
	uint64_t revised = put(l, ERIN, c), one = put_approval(l, RITA, revised);
	refused(l, DECISION_POLICY, AT(revised, one), "SIGNER_APPROVALS_MISSING");
	refused(l, DECISION_POLICY, AT(revised, one, put_approval(l, RITA, revised)),
		"SIGNER_APPROVALS_MISSING"); /* one keeper twice */
	(void)decided(l, DECISION_POLICY, AT(revised, one, put_approval(l, RUTH, revised)));
	assert_int_equal(revision(l), 2);
	stop(l);
}

static void recovery_needs_no_author_of_the_charter(void **state)
{
	struct test_log *l = start();
	struct charter *c = in_force(l);
	struct put fields[] = {BYTES("charter", (struct bytes){0}), NUMBER("revision", 2)};

	(void)state;
	add_key(c, 0, station_key(1));
	fields[0].bytes = document(l, c);
	struct made made = {.key = station_key(2),
			    .author = "somebody",
			    .type = "charter.revised",
			    .body = body_make(&l->t->arena, fields, 2)};
	uint64_t revised = log_put(l, &made);
	refused(l, DECISION_POLICY, AT(revised, put_approval(l, ADA, revised)),
		"SIGNER_AUTHOR_UNKNOWN");
	(void)decided(l, DECISION_POLICY,
		      AT(revised, put_approval(l, RITA, revised), put_approval(l, ROB, revised)));
	stop(l);
}

static void charter_in_force_is_not_denied(void **state)
{
	struct test_log *l = start();
	struct charter *c = in_force(l);
	struct hash digest;
	uint64_t count;
	struct fault f = {0};

	(void)state;
	add_key(c, 0, station_key(2));
	uint64_t revised = put(l, ADA, c), early = put_approval(l, BEN, revised);
	(void)decided(l, DECISION_POLICY, AT(revised, early));
	uint64_t denial = put_denial(l, CLEO, revised);
	assert_int_equal(signer_deny(l->t->client, l->entries[denial], &digest, &count, &f).code,
			 ERR_CONFLICT);
	assert_string_equal(f.message, "SIGNER_CHARTER_IN_FORCE");
	c = in_force(l); /* the next, before it is in force */
	add_key(c, 1, station_key(1));
	uint64_t next = put(l, ADA, c), vote = put_approval(l, BEN, next);
	denial = put_denial(l, ERIN, next);
	assert_int_equal(signer_deny(l->t->client, l->entries[denial], &digest, &count, &f).code,
			 OK);
	refused(l, DECISION_POLICY, AT(next, vote), "SIGNER_DENIED");
	stop(l);
}

static void charter_without_its_tpm_is_not_taken(void **state)
{
	struct test_log *l = start();
	struct charter *c = in_force(l);

	(void)state;
	c->anchor = ANCHOR_TPM;
	uint64_t revised = put(l, ERIN, c);
	refused(l, DECISION_POLICY,
		AT(revised, put_approval(l, BEN, revised), put_approval(l, ADA, revised)),
		"SIGNER_ANCHOR_MISSING");
	stop(l);
}

static void status_says_what_is_in_force(void **state)
{
	struct test_log *l = start();
	struct signer_status status;

	(void)state;
	assert_int_equal(signer_status_read(l->t->client, &l->t->arena, &status, NULL).code, OK);
	assert_true(bytes_equal(status.charter, l->t->founding.charter));
	assert_int_equal(status.anchor, ANCHOR_NONE);
	assert_false(status.anchored);
	assert_false(status.keys_encrypted);
	assert_false(status.keys_in_hsm);
	assert_int_equal(status.spent, 0);
	uint64_t before = status.journal_size;
	house_builds(l, 1);
	assert_int_equal(signer_status_read(l->t->client, &l->t->arena, &status, NULL).code, OK);
	assert_int_equal(status.spent, 2);
	assert_true(status.journal_size > before);
	stop(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_is_added_with_one_approval),
		cmocka_unit_test(rules_change_with_one_more),
		cmocka_unit_test(revision_must_follow_the_one_in_force),
		cmocka_unit_test(new_key_waits_before_its_approvals_count),
		cmocka_unit_test(who_left_counts_no_more),
		cmocka_unit_test(recovery_set_stands_in_for_the_quorum),
		cmocka_unit_test(recovery_needs_no_author_of_the_charter),
		cmocka_unit_test(charter_in_force_is_not_denied),
		cmocka_unit_test(charter_without_its_tpm_is_not_taken),
		cmocka_unit_test(status_says_what_is_in_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

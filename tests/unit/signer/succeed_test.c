/* SPDX-License-Identifier: Apache-2.0 */
/* Lawful recovery at the signer: who must agree, to what exactly, and what it means for units. */
#include "log_testing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cbor.h"
#include "core/sha256.h"
#include "signer/succeed.h"

#define SUCCESSOR "example.com/log2"

enum { QUOTA = 3 };

/* Two of three units are issued; the last entries are then lost. */
struct loss {
	struct test_log *l;
	struct succession_facts facts;
	struct merkle_head recovered;
	uint64_t kept; /* entries */
	struct note_key key;
	struct bytes note;
	struct fault f;
};

static struct merkle_head head_over(const struct test_log *l, uint64_t n)
{
	struct merkle tree = {0};

	for (uint64_t i = 0; i < n; i++)
		merkle_append(&tree, merkle_leaf(l->entries[i]));
	return merkle_head(&tree);
}

static struct succession_facts facts_of(struct signer_test *t)
{
	struct succession_facts facts;
	struct fault f = {0};

	if (signer_succession_facts(t->vault, (struct bytes){0}, &facts, &f).code != OK)
		stop_test("%s", f.message);
	return facts;
}

static void lose(struct loss *x)
{
	struct signer_test *t = signer_test_new();

	*x = (struct loss){.l = log_new(t)};
	signer_start(t);
	house_builds(x->l, QUOTA);
	x->kept = x->l->n;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(issue_one(x->l, put_unit(x->l, 0, "A1", i)).why_not.code, OK);
	assert_int_equal(signer_stop(t), 0);
	x->facts = facts_of(t);
	x->recovered = head_over(x->l, x->kept);
}

static void done(struct loss *x)
{
	signer_test_done(x->l->t);
}

static void mark(struct loss *x)
{
	put_vault_file(x->l->t, FILE_RESTORED, bytes_text("from a backup\n"));
}

/* ---- statements and approvals ---- */

struct said {
	const char *origin, *old_origin;
	struct merkle_head last, recovered;
	struct hash key;
	bool used_up;
};

static struct said truth(const struct loss *x)
{
	return (struct said){SUCCESSOR,         ORIGIN, x->facts.last, x->recovered,
			     x->facts.next_key, false};
}

static struct bytes claim_in(struct bytes record)
{
	struct reader r = reader_of(record);

	assert_int_equal(cbor_array(&r), 2);
	return cbor_bytes(&r);
}

static struct bytes statement_of(struct loss *x, const struct said *said)
{
	struct put fields[] = {
		TEXT("origin", said->origin),
		TEXT("old_origin", said->old_origin),
		NUMBER("old_size", said->last.size),
		BYTES("old_root", hash_bytes(&said->last.root)),
		NUMBER("recovered", said->recovered.size),
		BYTES("recovered_root", hash_bytes(&said->recovered.root)),
		BYTES("checkpoint_key", hash_bytes(&said->key)),
		BOOL("used_up", said->used_up),
	};
	struct made made = {.author = "sealwright",
			    .type = "ledger.succeeded",
			    .origin = said->origin,
			    .body = body_make(&x->l->t->arena, fields, 8)};

	return claim_in(record_make(x->l, &made));
}

static struct bytes approval_by(struct loss *x, enum person who, struct bytes statement,
				const char *origin, uint64_t at)
{
	struct hash digest = claim_digest(statement);
	struct put fields[] = {BYTES("record", hash_bytes(&digest))};
	struct made made = {.key = person_key(who),
			    .author = PERSON_NAME[who],
			    .type = "approval.given",
			    .origin = origin,
			    .at = at,
			    .body = body_make(&x->l->t->arena, fields, 1)};

	return record_make(x->l, &made);
}

static err succeed(struct loss *x, struct bytes statement, const struct bytes *approvals, size_t n)
{
	x->f = (struct fault){0};
	return signer_succeed(x->l->t->vault, (struct bytes){0}, statement, approvals, n,
			      &x->l->t->arena, &x->key, &x->note, &x->f);
}

/* With the approvals of these people; how many are given by PERSONS. */
static err succeed_by(struct loss *x, const struct said *said, enum person a, enum person b)
{
	struct bytes statement = statement_of(x, said), approvals[2];
	size_t n = 0;

	if (a != PERSONS)
		approvals[n++] = approval_by(x, a, statement, said->origin, 0);
	if (b != PERSONS)
		approvals[n++] = approval_by(x, b, statement, said->origin, 0);
	return succeed(x, statement, approvals, n);
}

static void agrees(struct loss *x, const struct said *said)
{
	if (succeed_by(x, said, ADA, BEN).code != OK)
		stop_test("%s %s", x->f.message, x->f.n > 0 ? x->f.values[0].value : "");
}

static void wants(struct loss *x, err e, const char *message)
{
	assert_int_not_equal(e.code, OK);
	assert_string_equal(x->f.message, message);
}

/* ---- afterwards ---- */

/* The log goes on over what was kept. */
static void go_on(struct loss *x)
{
	x->l->n = x->kept;
	x->l->asked = x->kept;
	signer_start(x->l->t);
}

static const char *unit_after(struct loss *x, size_t unit, const char *origin)
{
	struct put fields[] = {
		TEXT("product", PRODUCT),
		TEXT("serial", unit_serial(unit)),
		TEXT("authorization", "A1"),
		BYTES("csr", unit_csr(unit, unit)),
	};
	struct made made = {.key = station_key(0),
			    .author = station_name(0),
			    .type = "unit.requested",
			    .origin = origin,
			    .body = body_make(&x->l->t->arena, fields, 4)};
	struct issued_unit issued = issue_one(x->l, log_put(x->l, &made));

	return issued.why_not.code == OK ? "" : issued.why_not.message;
}

/* ---- the tests ---- */

static void two_who_agree_let_it_go_on_with_its_counts(void **state)
{
	struct loss x;
	struct note note;
	struct checkpoint checkpoint;
	const char *why;

	(void)state;
	lose(&x);
	struct said said = truth(&x);
	agrees(&x, &said);
	assert_string_equal(x.key.name, SUCCESSOR);
	assert_true(note_parse(x.note, &note, &why) &&
		    checkpoint_parse(note.text, &checkpoint, &why));
	assert_int_equal(note_verify(&note, &x.key, ed25519_verify, NULL), NOTE_VALID);
	assert_int_equal(checkpoint.head.size, x.kept);
	assert_true(hash_equal(checkpoint.head.root, x.recovered.root));
	go_on(&x);
	/* Two of three were issued, though the log does not know of them any more. */
	assert_string_equal(unit_after(&x, 0, SUCCESSOR), "SIGNER_ALREADY_ISSUED");
	assert_string_equal(unit_after(&x, 7, SUCCESSOR), "");
	assert_string_equal(unit_after(&x, 8, SUCCESSOR), "SIGNER_QUOTA_SPENT");
	done(&x);
}

static void what_was_signed_for_the_old_name_does_not_count(void **state)
{
	struct loss x;

	(void)state;
	lose(&x);
	struct said said = truth(&x);
	agrees(&x, &said);
	go_on(&x);
	assert_string_equal(unit_after(&x, 7, ORIGIN), "SIGNER_OTHER_LOG");
	done(&x);
}

static void everything_counts_as_used_up_when_the_journal_is_behind(void **state)
{
	struct loss x;

	(void)state;
	lose(&x);
	struct said said = truth(&x);
	said.used_up = true;
	agrees(&x, &said);
	go_on(&x);
	assert_string_equal(unit_after(&x, 7, SUCCESSOR), "SIGNER_ENDED");
	done(&x);
}

static void a_restored_journal_must_count_as_used_up(void **state)
{
	struct loss x;

	(void)state;
	lose(&x);
	mark(&x);
	assert_true(facts_of(x.l->t).restored);
	struct said said = truth(&x);
	wants(&x, succeed_by(&x, &said, ADA, BEN), "SUCCESSION_WRONG");
	said.used_up = true;
	agrees(&x, &said);
	assert_false(facts_of(x.l->t).restored);
	done(&x);
}

static void a_restored_signer_does_not_start_before(void **state)
{
	struct loss x;

	(void)state;
	lose(&x);
	mark(&x);
	assert_false(signer_start_as(x.l->t, (unsigned)getuid(), NULL, NULL));
	(void)signer_ended_with(x.l->t, 1);
	struct said said = truth(&x);
	said.used_up = true;
	agrees(&x, &said);
	go_on(&x);
	done(&x);
}

/* What was agreed to for one loss says nothing about the next. */
static void an_old_succession_does_not_end_a_new_restoration(void **state)
{
	struct loss x;

	(void)state;
	lose(&x);
	struct said said = truth(&x);
	agrees(&x, &said);
	go_on(&x);
	assert_string_equal(unit_after(&x, 7, SUCCESSOR), "");
	assert_int_equal(signer_stop(x.l->t), 0);
	agrees(&x, &said); /* the same again changes nothing */
	mark(&x);
	wants(&x, succeed_by(&x, &said, ADA, BEN), "SUCCESSION_WRONG");
	assert_true(facts_of(x.l->t).restored);
	done(&x);
}

static void one_alone_does_not_reach(void **state)
{
	struct loss x;

	(void)state;
	lose(&x);
	struct said said = truth(&x);
	wants(&x, succeed_by(&x, &said, PERSONS, PERSONS), "SIGNER_APPROVALS_MISSING");
	wants(&x, succeed_by(&x, &said, ADA, PERSONS), "SIGNER_APPROVALS_MISSING");
	wants(&x, succeed_by(&x, &said, ADA, ADA), "SIGNER_APPROVALS_MISSING");
	/* An author asks, and does not agree for others. */
	wants(&x, succeed_by(&x, &said, ERIN, PERSONS), "SIGNER_APPROVALS_MISSING");
	wants(&x, succeed_by(&x, &said, RITA, PERSONS), "SIGNER_APPROVALS_MISSING");
	assert_string_equal(facts_of(x.l->t).origin, ORIGIN);
	done(&x);
}

static void the_recovery_set_stands_in(void **state)
{
	struct loss x;

	(void)state;
	lose(&x);
	struct said said = truth(&x);
	if (succeed_by(&x, &said, RITA, ROB).code != OK)
		stop_test("%s", x.f.message);
	assert_string_equal(facts_of(x.l->t).origin, SUCCESSOR);
	done(&x);
}

static void approvals_of_something_else_do_not_count(void **state)
{
	struct loss x;

	(void)state;
	lose(&x);
	struct said said = truth(&x), other = truth(&x);
	other.recovered.root.b[0] ^= 1;
	struct bytes statement = statement_of(&x, &said), wrong = statement_of(&x, &other);
	struct bytes approvals[2] = {approval_by(&x, ADA, statement, SUCCESSOR, 0),
				     approval_by(&x, BEN, wrong, SUCCESSOR, 0)};
	wants(&x, succeed(&x, statement, approvals, 2), "SIGNER_APPROVAL_WRONG");
	/* Given for the old log, or for any other. */
	approvals[1] = approval_by(&x, BEN, statement, ORIGIN, 0);
	wants(&x, succeed(&x, statement, approvals, 2), "SIGNER_APPROVAL_WRONG");
	/* Signed by somebody else than it says. */
	approvals[1] = bytes_text("not an approval");
	wants(&x, succeed(&x, statement, approvals, 2), "SIGNER_APPROVAL_WRONG");
	/* Of yesterday. */
	uint64_t yesterday = test_now(x.l->t) - 24 * 3600 * 1000;
	approvals[0] = approval_by(&x, ADA, statement, SUCCESSOR, yesterday);
	approvals[1] = approval_by(&x, BEN, statement, SUCCESSOR, yesterday);
	wants(&x, succeed(&x, statement, approvals, 2), "SIGNER_APPROVALS_MISSING");
	assert_string_equal(facts_of(x.l->t).origin, ORIGIN);
	done(&x);
}

static void a_statement_must_say_what_is_the_case(void **state)
{
	struct loss x;
	struct said said;

	(void)state;
	lose(&x);
	said = truth(&x);
	said.old_origin = "another.example/log";
	wants(&x, succeed_by(&x, &said, ADA, BEN), "SUCCESSION_WRONG");
	said = truth(&x);
	said.origin = ORIGIN;
	wants(&x, succeed_by(&x, &said, ADA, BEN), "SUCCESSION_WRONG");
	said = truth(&x);
	said.key.b[5] ^= 1;
	wants(&x, succeed_by(&x, &said, ADA, BEN), "SUCCESSION_WRONG");
	said = truth(&x);
	said.last.size--; /* hides one that was signed */
	wants(&x, succeed_by(&x, &said, ADA, BEN), "SUCCESSION_WRONG");
	said = truth(&x);
	said.last.root.b[0] ^= 1;
	wants(&x, succeed_by(&x, &said, ADA, BEN), "SUCCESSION_WRONG");
	said = truth(&x);
	said.last.size++; /* counts are kept only over what this signer knows */
	wants(&x, succeed_by(&x, &said, ADA, BEN), "SUCCESSION_WRONG");
	said = truth(&x);
	said.recovered = said.last;
	said.recovered.root.b[0] ^= 1; /* a fork */
	wants(&x, succeed_by(&x, &said, ADA, BEN), "SUCCESSION_WRONG");
	assert_string_equal(facts_of(x.l->t).origin, ORIGIN);
	done(&x);
}

static void bytes_that_are_no_statement_are_refused(void **state)
{
	struct loss x;
	struct said said;
	uint8_t copy[2048];

	(void)state;
	lose(&x);
	said = truth(&x);
	struct bytes good = statement_of(&x, &said);
	wants(&x, succeed(&x, bytes_text("x"), NULL, 0), "SUCCESSION_WRONG");
	wants(&x, succeed(&x, bytes_of(good.p, good.n - 1), NULL, 0), "SUCCESSION_WRONG");
	memcpy(copy, good.p, good.n);
	copy[good.n] = 0;
	wants(&x, succeed(&x, bytes_of(copy, good.n + 1), NULL, 0), "SUCCESSION_WRONG");
	done(&x);
}

static void the_same_again_changes_nothing(void **state)
{
	struct loss x;

	(void)state;
	lose(&x);
	struct said said = truth(&x);
	struct bytes statement = statement_of(&x, &said);
	struct bytes approvals[2] = {approval_by(&x, ADA, statement, SUCCESSOR, 0),
				     approval_by(&x, BEN, statement, SUCCESSOR, 0)};
	assert_int_equal(succeed(&x, statement, approvals, 2).code, OK);
	struct bytes journal = vault_file(x.l->t, FILE_JOURNAL), note = x.note;
	assert_int_equal(succeed(&x, statement, approvals, 2).code, OK);
	assert_true(bytes_equal(journal, vault_file(x.l->t, FILE_JOURNAL)));
	assert_true(bytes_equal(note, x.note));
	/* Another under the same name is not. */
	said.recovered.size++;
	wants(&x, succeed_by(&x, &said, ADA, BEN), "SUCCESSION_WRONG");
	done(&x);
}

/* The journal has it, and the power failed before the keys changed places, or before the slots. */
static void a_crash_in_between_is_ended_by_the_same_again(void **state)
{
	static const char *const FILES[] = {FILE_CHECKPOINT_KEY, "checkpoint.next.key", FILE_SLOTS};
	struct bytes before[3];
	struct loss x;
	char path[256];

	(void)state;
	for (unsigned cut = 0; cut < 2; cut++) {
		lose(&x);
		struct said said = truth(&x);
		struct bytes statement = statement_of(&x, &said);
		struct bytes approvals[2] = {approval_by(&x, ADA, statement, SUCCESSOR, 0),
					     approval_by(&x, BEN, statement, SUCCESSOR, 0)};
		for (size_t i = 0; i < 3; i++)
			before[i] = vault_file(x.l->t, FILES[i]);
		assert_int_equal(succeed(&x, statement, approvals, 2).code, OK);
		snprintf(path, sizeof path, "%s/%s", x.l->t->vault, FILE_SLOTS);
		put_vault_file(x.l->t, FILE_SLOTS, before[2]);
		if (cut == 0) {
			put_vault_file(x.l->t, FILES[0], before[0]);
			put_vault_file(x.l->t, FILES[1], before[1]);
		}
		if (succeed(&x, statement, approvals, 2).code != OK)
			stop_test("cut %u: %s", cut, x.f.message);
		go_on(&x);
		assert_string_equal(unit_after(&x, 7, SUCCESSOR), "");
		done(&x);
	}
}

static void a_log_may_be_succeeded_again(void **state)
{
	struct loss x;

	(void)state;
	lose(&x);
	struct said said = truth(&x);
	agrees(&x, &said);
	x.facts = facts_of(x.l->t);
	assert_string_equal(x.facts.origin, SUCCESSOR);
	assert_false(hash_equal(x.facts.next_key, said.key));
	said = truth(&x);
	said.old_origin = SUCCESSOR;
	said.origin = "example.com/log3";
	agrees(&x, &said);
	assert_string_equal(facts_of(x.l->t).origin, "example.com/log3");
	done(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_who_agree_let_it_go_on_with_its_counts),
		cmocka_unit_test(what_was_signed_for_the_old_name_does_not_count),
		cmocka_unit_test(everything_counts_as_used_up_when_the_journal_is_behind),
		cmocka_unit_test(a_restored_journal_must_count_as_used_up),
		cmocka_unit_test(a_restored_signer_does_not_start_before),
		cmocka_unit_test(an_old_succession_does_not_end_a_new_restoration),
		cmocka_unit_test(one_alone_does_not_reach),
		cmocka_unit_test(the_recovery_set_stands_in),
		cmocka_unit_test(approvals_of_something_else_do_not_count),
		cmocka_unit_test(a_statement_must_say_what_is_the_case),
		cmocka_unit_test(bytes_that_are_no_statement_are_refused),
		cmocka_unit_test(the_same_again_changes_nothing),
		cmocka_unit_test(a_crash_in_between_is_ended_by_the_same_again),
		cmocka_unit_test(a_log_may_be_succeeded_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

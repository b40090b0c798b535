/* SPDX-License-Identifier: Apache-2.0 */
/* The signer is cut off at every write and every flush of a day's work: before it, in its middle,
 * after it; and with the power failing, so that what was not flushed is kept by chance, sector by
 * sector. Afterwards nothing that was answered may be lost or answered otherwise. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "core/sha256.h"
#include "cut_testing.h"
#include "log_testing.h"

enum { CALLS_MAX = 200 };

/* ---- a day's work ---- */

enum { UNITS_N = 10, PERMITS_N = 4, QUANTITY = UNITS_N };
/* Where things stand in the log of the day. */
enum {
	RELEASE,
	RELEASE_VOTE,
	BUILD,
	BUILD_VOTE,
	REVISED,
	REVISED_VOTE,
	SECOND, /* a release that is denied in the end */
	SECOND_VOTE,
	UNIT,
	PERMIT = UNIT + UNITS_N,
	ONE_TOO_MANY = PERMIT + PERMITS_N,
	WHOLE
};

/* What the server was answered, and what it asked for last. */
struct memory {
	struct test_log *log;
	struct bytes documents[WHOLE], receipts[WHOLE];
	uint64_t size, asked; /* of checkpoints */
	struct bytes note;
	bool denied, deny_asked;
};

static struct bytes next_charter(struct test_log *l)
{
	struct charter *c = arena_alloc(&l->t->arena, sizeof(*c));
	uint8_t *p = arena_alloc(&l->t->arena, CHARTER_SIZE_MAX);
	struct writer w = writer_of(p, CHARTER_SIZE_MAX);
	struct bytes spki = public_key_spki(private_key_public(station_key(2))), out;
	const char *why = NULL;

	assert_true(charter_parse(l->t->founding.charter, c, &why));
	c->revision = 2;
	c->has_previous = true;
	c->previous = sha256(l->t->founding.charter);
	c->keys[c->keys_n++] = (struct charter_key){
		.spki = spki, .id = sha256(spki), .kind = CHARTER_COSE, .outside = true};
	charter_put(&w, c);
	assert_true(writer_done(&w, &out));
	return out;
}

static void write_log(struct test_log *l)
{
	assert_int_equal(put_release(l, "R1", "production", 1), RELEASE);
	(void)put_approval(l, BEN, RELEASE);
	assert_int_equal(put_authorization(l, "A1", "R1", QUANTITY), BUILD);
	(void)put_approval(l, BEN, BUILD);
	assert_int_equal(put_charter(l, ADA, next_charter(l), 2), REVISED);
	(void)put_approval(l, BEN, REVISED);
	assert_int_equal(put_release(l, "R2", "production", 1), SECOND);
	(void)put_approval(l, BEN, SECOND);
	for (size_t i = 0; i < UNITS_N; i++)
		(void)put_unit(l, 0, "A1", i);
	for (size_t i = 0; i < PERMITS_N; i++)
		(void)put_permit(l, 0, i, "R1", (uint8_t)i);
	assert_int_equal(put_unit(l, 0, "A1", UNITS_N), ONE_TOO_MANY);
}

/* What was answered once is answered so again. */
static void keep(struct bytes *known, struct bytes answer)
{
	assert_true(answer.n > 0);
	if (known->p != NULL)
		assert_true(bytes_equal(*known, answer));
	*known = answer;
}

static bool went_away(const struct fault *f)
{
	if (strcmp(f->message, "SIGNER_UNAVAILABLE") != 0)
		stop_test("%s", f->message);
	return false;
}

static bool ask_decision(struct memory *m, enum signer_decision decision, uint64_t target)
{
	struct test_log *l = m->log;
	struct evidence evidence = log_show(l, AT(target, target + 1));
	struct bytes document;
	struct fault f = {0};

	if (signer_decide(l->t->client, decision, &evidence, &l->t->arena, &document, &f).code !=
	    OK)
		return went_away(&f);
	keep(&m->documents[target], document);
	return true;
}

static bool ask_units(struct memory *m, size_t first, size_t n)
{
	struct issued_unit units[UNITS_N];
	uint64_t sequences[UNITS_N];
	struct fault f = {0};

	for (size_t i = 0; i < n; i++)
		sequences[i] = UNIT + first + i;
	struct evidence evidence = log_show(m->log, sequences, n);
	if (signer_issue_units(m->log->t->client, &evidence, &m->log->t->arena, units, &f).code !=
	    OK)
		return went_away(&f);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(units[i].why_not.code, OK);
		keep(&m->documents[sequences[i]], units[i].certificate);
		keep(&m->receipts[sequences[i]], units[i].receipt);
	}
	return true;
}

static bool ask_permits(struct memory *m, size_t first, size_t n)
{
	struct bytes permits[PERMITS_N];
	struct fault faults[PERMITS_N], f = {0};
	uint64_t sequences[PERMITS_N];

	for (size_t i = 0; i < n; i++)
		sequences[i] = PERMIT + first + i;
	struct evidence evidence = log_show(m->log, sequences, n);
	if (signer_permit(m->log->t->client, &evidence, &m->log->t->arena, permits, faults, &f)
		    .code != OK)
		return went_away(&f);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(faults[i].code, OK);
		keep(&m->documents[sequences[i]], permits[i]);
	}
	return true;
}

static bool ask_denial(struct memory *m)
{
	struct test_log *l = m->log;
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[SECOND])),
			       TEXT("reason", "no")};
	struct made made = {.key = person_key(CLEO),
			    .author = "cleo",
			    .type = "approval.denied",
			    .body = body_make(&l->t->arena, fields, 2)};
	struct hash digest;
	uint64_t issued;
	struct fault f = {0};

	m->deny_asked = true;
	if (signer_deny(l->t->client, record_make(l, &made), &digest, &issued, &f).code != OK)
		return went_away(&f);
	m->denied = true;
	return true;
}

static bool grow_to(struct memory *m, uint64_t size)
{
	struct test_log *l = m->log;
	struct fault f = {0};
	struct bytes note;

	if (size <= m->size)
		return true;
	m->asked = size;
	l->asked = m->size;
	if (log_grow(l, size, &note, &f).code != OK)
		return went_away(&f);
	assert_true(note_signed(l->t, note, log_head(l, size)));
	m->size = size;
	m->note = note;
	return true;
}

static bool first_half(struct memory *m)
{
	return grow_to(m, SECOND) && ask_decision(m, DECISION_FIRMWARE, RELEASE) &&
	       ask_decision(m, DECISION_AUTHORIZE, BUILD) && grow_to(m, PERMIT) &&
	       ask_units(m, 0, 3) && ask_decision(m, DECISION_POLICY, REVISED) &&
	       ask_units(m, 2, 2);
}

static bool second_half(struct memory *m)
{
	return (m->deny_asked || ask_decision(m, DECISION_FIRMWARE, SECOND)) && grow_to(m, WHOLE) &&
	       ask_permits(m, 0, 2) && ask_denial(m) && ask_units(m, 0, 8) &&
	       ask_permits(m, 1, 3) && ask_units(m, 8, 2);
}

/* False if the signer went away in between. */
static bool work(struct memory *m)
{
	return first_half(m) && second_half(m);
}

/* ---- what must hold afterwards ---- */

static void no_fork(struct memory *m, struct merkle_head last)
{
	struct hash path[MERKLE_DEPTH_MAX];
	struct fault f = {0};
	struct bytes note;

	if (last.size < 2)
		return;
	size_t n = other_proof(last.size, LEAVES, 1, path);
	assert_int_equal(signer_checkpoint(m->log->t->client, last, other_head(LEAVES, 1), path, n,
					   &m->log->t->arena, &note, &f)
				 .code,
			 ERR_CONFLICT);
	assert_string_equal(f.message, "SIGNER_FORK");
}

/* The charter that was admitted is in force, and none that was not asked for. */
static void charter_is_not_forgotten(struct memory *m)
{
	struct signer_status status;
	struct charter *c = arena_alloc(&m->log->t->arena, sizeof(*c));
	const char *why = NULL;

	assert_int_equal(
		signer_status_read(m->log->t->client, &m->log->t->arena, &status, NULL).code, OK);
	assert_true(charter_parse(status.charter, c, &why));
	assert_in_range(c->revision, 1, 2);
	if (m->documents[REVISED].p != NULL)
		assert_int_equal(c->revision, 2);
}

static void denial_is_not_forgotten(struct memory *m)
{
	struct bytes document;
	struct fault f = {0};

	if (!m->denied)
		return;
	struct evidence evidence = log_show(m->log, AT(SECOND, SECOND_VOTE));
	assert_int_not_equal(signer_decide(m->log->t->client, DECISION_FIRMWARE, &evidence,
					   &m->log->t->arena, &document, &f)
				     .code,
			     OK);
	assert_string_equal(f.message, "SIGNER_DENIED");
}

static void head_is_not_forgotten(struct memory *m)
{
	struct test_log *l = m->log;
	struct merkle_head last;
	struct bytes note;

	assert_int_equal(signer_last(l->t->client, &last, NULL).code, OK);
	assert_true(last.size == m->size || last.size == m->asked);
	assert_true(hash_equal(last.root, log_head(l, last.size).root));
	l->asked = last.size;
	if (last.size > 0) {
		assert_int_equal(log_grow(l, last.size, &note, NULL).code, OK);
		assert_true(note_signed(l->t, note, last));
		if (last.size == m->size && m->note.p != NULL)
			assert_true(bytes_equal(note, m->note));
	}
	no_fork(m, last);
	m->size = last.size;
	m->note = (struct bytes){0};
}

static void documents_are_not_forgotten(struct memory *m)
{
	if (m->documents[RELEASE].p != NULL)
		assert_true(ask_decision(m, DECISION_FIRMWARE, RELEASE));
	if (m->documents[BUILD].p != NULL)
		assert_true(ask_decision(m, DECISION_AUTHORIZE, BUILD));
	if (m->documents[REVISED].p != NULL)
		assert_true(ask_decision(m, DECISION_POLICY, REVISED));
	for (size_t i = 0; i < UNITS_N; i++)
		if (m->documents[UNIT + i].p != NULL)
			assert_true(ask_units(m, i, 1));
	for (size_t i = 0; i < PERMITS_N; i++)
		if (m->documents[PERMIT + i].p != NULL)
			assert_true(ask_permits(m, i, 1));
}

static void nothing_answered_is_lost(struct memory *m)
{
	head_is_not_forgotten(m);
	charter_is_not_forgotten(m);
	denial_is_not_forgotten(m);
	documents_are_not_forgotten(m);
}

/* Each unit has a number of its own, from 1 to the quantity, and there is no further one. */
static void nothing_is_spent_twice(struct memory *m)
{
	bool seen[QUANTITY + 1] = {false};

	for (size_t i = 0; i < UNITS_N; i++) {
		struct issue_receipt receipt;
		struct cose_sign1 sign1;
		const char *why = NULL;

		assert_true(issue_receipt_parse(m->receipts[UNIT + i], &sign1, &receipt, &why));
		assert_in_range(receipt.n, 1, QUANTITY);
		assert_false(seen[receipt.n]);
		seen[receipt.n] = true;
		assert_true(hash_equal(receipt.certificate, sha256(m->documents[UNIT + i])));
	}
	m->log->asked = m->size;
	struct issued_unit unit = {0};
	struct evidence evidence = log_show(m->log, AT(ONE_TOO_MANY));
	assert_int_equal(
		signer_issue_units(m->log->t->client, &evidence, &m->log->t->arena, &unit, NULL)
			.code,
		OK);
	assert_string_equal(unit.why_not.message, "SIGNER_QUOTA_SPENT");
}

/* The rest of the work can be done, and all of it stands after another start. */
static void work_goes_on(struct signer_test *t, struct memory *m)
{
	assert_true(work(m));
	nothing_is_spent_twice(m);
	assert_int_equal(signer_stop(t), 0);
	signer_start(t);
	nothing_answered_is_lost(m);
	nothing_is_spent_twice(m);
}

/* One day with one cut. False if the work was done before the cut came. */
static bool day_with_cut(long at, enum how cut_how)
{
	struct signer_test *t = signer_test_new();
	struct memory m = {.log = log_new(t)};
	struct cut cut = {at, cut_how}, early = {1 + (long)cut_dice(2), CUT_BEFORE};
	bool done = false;

	write_log(m.log);
	cut_forget();
	if (signer_start_as(t, geteuid(), cut_arm, &cut)) {
		/* The cut may come right after the sign of life. */
		done = signer_connect(t->socket, TIMEOUT_MS, &t->client, NULL).code == OK &&
		       work(&m);
	}
	if (done) {
		assert_int_equal(signer_stop(t), 0);
	} else {
		assert_true(signer_ended_with(t, CUT_STATUS));
		if (cut_how == CUT_POWER) {
			cut_let_power_fail(t);
			/* And once more while it recovers, or just after. */
			if (signer_start_as(t, geteuid(), cut_arm, &early))
				assert_true(signer_stop(t) == 0);
			else
				assert_true(signer_ended_with(t, CUT_STATUS));
		}
	}
	signer_start(t);
	nothing_answered_is_lost(&m);
	work_goes_on(t, &m);
	signer_test_done(t);
	return !done;
}

static void nothing_answered_is_lost_wherever_the_signer_is_cut(void **state)
{
	size_t cuts = 0;

	(void)state;
	for (int i = 0; i < HOWS; i++) {
		long at = 1;

		while (at < CALLS_MAX && day_with_cut(at, (enum how)i)) {
			cuts++;
			at++;
		}
		assert_true(at < CALLS_MAX);
	}
	print_message("%zu cuts\n", cuts);
	assert_true(cuts >= 100);
}

static void power_fails_in_many_ways(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		cut_seed(seed * UINT64_C(0x9e3779b97f4a7c15));
		(void)day_with_cut(3 + (long)cut_dice(28), CUT_POWER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_answered_is_lost_wherever_the_signer_is_cut),
		cmocka_unit_test(power_fails_in_many_ways),
	};

	cut_open();
	log_set_level(LOG_ERROR_LEVEL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

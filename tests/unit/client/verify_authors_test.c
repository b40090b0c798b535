/* SPDX-License-Identifier: Apache-2.0 */
/* Whose key is whose, in the stand-alone verifier: entries of a log whose writer lies, with real keys. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
/* clang-format on */

#include "core/cbor.h"
#include "crypto/crypto.h"
#include "verify.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 16 };

struct story {
	struct arena arena;
	struct private_key *ada, *ben;
	uint8_t list[ROOM];
	struct writer w;
	uint64_t n;
	uint64_t at, target;  /* of the next entries */
	enum outcome outcome; /* of the next one; then it is folded again */
	struct verification *v;
};

static struct story *begin(void)
{
	static struct story s;
	struct fault f = {0};

	memset(&s, 0, sizeof s);
	assert_int_equal(private_key_generate(KEY_ED25519, &s.ada, &f).code, OK);
	assert_int_equal(private_key_generate(KEY_P256, &s.ben, &f).code, OK);
	s.w = writer_of(s.list, sizeof s.list);
	s.v = calloc(1, sizeof *s.v);
	assert_non_null(s.v);
	return &s;
}

static struct bytes spki_of(const struct private_key *key)
{
	return public_key_spki(private_key_public(key));
}

static struct writer room(struct story *s)
{
	uint8_t *p = arena_alloc(&s->arena, 4096);

	assert_non_null(p);
	return writer_of(p, 4096);
}

static struct bytes done(const struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
}

static void put_text_pair(struct writer *w, const char *name, const char *value)
{
	cbor_put_text(w, bytes_text(name));
	cbor_put_text(w, bytes_text(value));
}

/* Signed by `key`, unless that is NULL; over another claim when `forged`. */
static void add(struct story *s, const char *type, const char *author,
		const struct private_key *key, struct bytes body, bool forged)
{
	struct claim claim = {.origin = bytes_text("test.example/log"),
			      .type = bytes_text(type),
			      .version = 1,
			      .author = bytes_text(author),
			      .has_key = key != NULL,
			      .id = {{0, 0, 0, 0, 0, 0, 0x70, 0, 0x80}},
			      .body = body};
	struct witness witness = {
		.sequence = s->n, .at = s->at, .outcome = s->outcome, .target = s->target};
	struct writer w = room(s);
	struct bytes proof, bytes;
	struct fault f = {0};

	if (key != NULL)
		claim.key = public_key_id(private_key_public(key));
	claim_put(&w, &claim);
	bytes = done(&w);
	if (key != NULL)
		assert_int_equal(cose_sign(&s->arena, key, claim.type,
					   forged ? bytes_text("something else") : bytes, &proof,
					   &f)
					 .code,
				 OK);
	w = room(s);
	if (key == NULL)
		cbor_put_null(&w);
	else
		put_bytes(&w, proof);
	proof = done(&w);
	w = room(s);
	witness_put(&w, &witness);
	struct bytes witnessed = done(&w);
	w = room(s);
	entry_put(&w, bytes, proof, witnessed);
	passport_put_entry(&s->w, s->n++, done(&w), NULL, 0);
	s->outcome = OUTCOME_FOLDED;
	s->target = 0;
}

static void start(struct story *s)
{
	struct writer w = room(s);

	cbor_put_map(&w, 2);
	put_text_pair(&w, "mode", "founded");
	cbor_put_text(&w, bytes_text("founders"));
	cbor_put_array(&w, 1);
	cbor_put_map(&w, 2);
	put_text_pair(&w, "principal", "ada");
	cbor_put_text(&w, bytes_text("public_key"));
	cbor_put_bytes(&w, spki_of(s->ada));
	add(s, "ledger.started", "sealwright", NULL, done(&w), false);
}

static void enroll(struct story *s, const char *who, const struct private_key *key)
{
	struct writer w = room(s);

	cbor_put_map(&w, 2);
	put_text_pair(&w, "principal", who);
	cbor_put_text(&w, bytes_text("public_key"));
	cbor_put_bytes(&w, spki_of(key));
	add(s, "key.enrolled", "ada", s->ada, done(&w), false);
}

static struct bytes one_text(struct story *s, const char *name, const char *value)
{
	struct writer w = room(s);

	cbor_put_map(&w, 1);
	put_text_pair(&w, name, value);
	return done(&w);
}

static struct bytes key_body(struct story *s, const struct private_key *key)
{
	struct hash id = public_key_id(private_key_public(key));
	struct writer w = room(s);

	cbor_put_map(&w, 1);
	cbor_put_text(&w, bytes_text("key_id"));
	cbor_put_bytes(&w, hash_bytes(&id));
	return done(&w);
}

/* NULL: every author's signature holds; otherwise why the last entry's does not. */
static void ends(struct story *s, const char *why)
{
	struct writer w = writer_of(arena_alloc(&s->arena, ROOM), ROOM);

	cbor_put_array(&w, s->n);
	put_bytes(&w, done(&s->w));
	s->v->passport.entries = done(&w);
	assert_int_equal(verify_authors(s->v), why == NULL);
	if (why != NULL) {
		assert_string_equal(s->v->failure.why, why);
		assert_int_equal(s->v->failure.step, PASSPORT_SIGNATURE);
		assert_int_equal(s->v->failure.sequence, s->n - 1);
	}
	free(s->v);
	private_key_close(s->ada);
	private_key_close(s->ben);
	arena_done(&s->arena);
}

static void builds(struct story *s, const char *who, const struct private_key *key, bool forged)
{
	add(s, "unit.built", who, key, one_text(s, "station", "ST-1"), forged);
}

static void enrolled_keys_speak_for_their_owners(void **state)
{
	struct story *s = begin();

	(void)state;
	start(s);
	builds(s, "ada", s->ada, false);
	enroll(s, "ben", s->ben);
	builds(s, "ben", s->ben, false);
	ends(s, NULL);
}

static void nobodys_key_is_refused(void **state)
{
	struct story *s = begin();

	(void)state;
	start(s);
	builds(s, "ben", s->ben, false);
	ends(s, "nobody had enrolled its key");
}

static void key_of_another_is_refused(void **state)
{
	struct story *s = begin();

	(void)state;
	start(s);
	enroll(s, "ben", s->ben);
	builds(s, "ada", s->ben, false);
	ends(s, "its key belongs to somebody else than its author");
}

static void key_that_was_revoked_is_refused(void **state)
{
	struct story *s = begin();

	(void)state;
	start(s);
	enroll(s, "ben", s->ben);
	add(s, "key.revoked", "ada", s->ada, key_body(s, s->ben), false);
	builds(s, "ben", s->ben, false);
	ends(s, "its key had ended before");
}

static void key_of_who_left_is_refused(void **state)
{
	struct story *s = begin();

	(void)state;
	start(s);
	enroll(s, "ben", s->ben);
	add(s, "principal.left", "ada", s->ada, one_text(s, "principal", "ben"), false);
	builds(s, "ben", s->ben, false);
	ends(s, "its key had ended before");
}

static void forged_signatures_are_refused(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct story *s = begin();
		start(s);
		enroll(s, "ben", s->ben);
		builds(s, i == 0 ? "ada" : "ben", i == 0 ? s->ada : s->ben, true);
		ends(s, "the signature does not match the claim and its key");
	}
}

static void what_must_be_signed_and_is_not_is_refused(void **state)
{
	struct story *s = begin();

	(void)state;
	start(s);
	builds(s, "ada", NULL, false);
	ends(s, "records of its type are signed, and it is not");
}

static void a_second_start_is_refused(void **state)
{
	struct story *s = begin();

	(void)state;
	start(s);
	start(s);
	ends(s, "a log starts once, with its first entry");
}

static void a_key_that_is_none_is_refused(void **state)
{
	struct story *s = begin();
	struct writer w = room(s);

	(void)state;
	start(s);
	cbor_put_map(&w, 2);
	put_text_pair(&w, "principal", "ben");
	cbor_put_text(&w, bytes_text("public_key"));
	cbor_put_bytes(&w, bytes_text("no key at all"));
	add(s, "key.enrolled", "ada", s->ada, done(&w), false);
	ends(s, "it enrolls a key that is none");
}

/* ---- keys with a limit ---- */

enum { EIGHT_HOURS = 8 * 3600 * 1000, ONE_DAY = 24 * 3600 * 1000 };

static void put_key(struct writer *w, const struct private_key *key)
{
	cbor_put_text(w, bytes_text("public_key"));
	cbor_put_bytes(w, spki_of(key));
}

/* ada works with ben's key, as a browser's. */
static struct story *works(void)
{
	struct story *s = begin();
	struct writer w = room(s);

	start(s);
	cbor_put_map(&w, 3);
	put_text_pair(&w, "shift", "s1");
	cbor_put_text(&w, bytes_text("not_after"));
	cbor_put_uint(&w, EIGHT_HOURS);
	put_key(&w, s->ben);
	add(s, "shift.opened", "ada", s->ada, done(&w), false);
	return s;
}

static void shift_signs_events_until_it_ends(void **state)
{
	struct story *s = works();

	(void)state;
	s->at = EIGHT_HOURS - 1;
	builds(s, "ada", s->ben, false);
	assert_int_equal(s->v->by_shifts_n, 0);
	ends(s, NULL);
}

static void record_says_which_shift_signed_it(void **state)
{
	struct story *s = works();
	static struct by_shift noted[PASSPORT_ENTRIES_MAX];
	struct writer w = writer_of(arena_alloc(&s->arena, ROOM), ROOM);

	(void)state;
	builds(s, "ada", s->ada, false);
	builds(s, "ada", s->ben, false);
	cbor_put_array(&w, s->n);
	put_bytes(&w, done(&s->w));
	s->v->passport.entries = done(&w);
	assert_true(verify_authors(s->v));
	assert_int_equal(s->v->by_shifts_n, 1);
	memcpy(noted, s->v->by_shifts, sizeof noted);
	assert_int_equal(noted[0].sequence, 3);
	assert_int_equal(noted[0].opened, 1);
	free(s->v);
	private_key_close(s->ada);
	private_key_close(s->ben);
	arena_done(&s->arena);
}

static void shift_that_is_over_signs_nothing(void **state)
{
	struct story *s = works();

	(void)state;
	s->at = EIGHT_HOURS;
	builds(s, "ada", s->ben, false);
	ends(s, "its shift was over");
}

static void shift_signs_for_nobody_else(void **state)
{
	struct story *s = works();

	(void)state;
	builds(s, "ben", s->ben, false);
	ends(s, "its key belongs to somebody else than its author");
}

static void shift_neither_votes_nor_opens_a_shift(void **state)
{
	static const char *const types[] = {"approval.given", "approval.denied",
					    "approval.withdrawn", "shift.opened"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct story *s = works();
		add(s, types[i], "ada", s->ben, one_text(s, "shift", "s2"), false);
		ends(s, "a shift's key signs events only");
	}
}

static void shift_ends_when_it_is_closed_or_its_opener_is_revoked(void **state)
{
	struct story *s = works();

	(void)state;
	add(s, "shift.closed", "ada", s->ben, one_text(s, "shift", "s1"), false);
	builds(s, "ada", s->ben, false);
	ends(s, "its key had ended before");
	s = works();
	add(s, "key.revoked", "ada", s->ada, key_body(s, s->ada), false);
	builds(s, "ada", s->ben, false);
	ends(s, "its key had ended before");
}

/* ben's key is to be recovered from then on. */
static void recovers(struct story *s, enum outcome outcome, uint64_t usable_from)
{
	struct writer w = room(s);

	s->outcome = outcome;
	cbor_put_map(&w, 4);
	put_text_pair(&w, "recovery", "r1");
	put_text_pair(&w, "principal", "ben");
	put_key(&w, s->ben);
	cbor_put_text(&w, bytes_text("usable_from"));
	cbor_put_uint(&w, usable_from);
	add(s, "recovery.requested", "ada", s->ada, done(&w), false);
}

static void agrees(struct story *s, uint64_t target)
{
	s->outcome = OUTCOME_EXECUTES;
	s->target = target;
	add(s, "approval.given", "ada", s->ada, one_text(s, "record", "x"), false);
}

static void recovered_key_waits_a_day_after_it_was_agreed_to(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct story *s = begin();
		start(s);
		recovers(s, OUTCOME_PENDING, ONE_DAY);
		s->at = 1000;
		agrees(s, 1);
		s->at = 1000 + ONE_DAY - !late;
		builds(s, "ben", s->ben, false);
		ends(s, late ? NULL : "its key was made in a recovery and had to wait");
	}
}

static void recovery_that_waits_or_was_stopped_gives_no_key(void **state)
{
	struct story *s = begin();

	(void)state;
	start(s);
	recovers(s, OUTCOME_PENDING, ONE_DAY);
	agrees(s, 0);
	s->at = 9 * ONE_DAY;
	builds(s, "ben", s->ben, false);
	ends(s, "nobody had enrolled its key");
	s = begin();
	start(s);
	recovers(s, OUTCOME_FOLDED, ONE_DAY);
	add(s, "recovery.stopped", "ada", s->ada, one_text(s, "recovery", "r1"), false);
	s->at = 9 * ONE_DAY;
	builds(s, "ben", s->ben, false);
	ends(s, "its key had ended before");
}

static void key_of_a_recovery_that_nobody_agreed_to_may_be_enrolled(void **state)
{
	struct story *s = begin();

	(void)state;
	start(s);
	recovers(s, OUTCOME_PENDING, ONE_DAY);
	enroll(s, "ben", s->ben);
	builds(s, "ben", s->ben, false);
	ends(s, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enrolled_keys_speak_for_their_owners),
		cmocka_unit_test(nobodys_key_is_refused),
		cmocka_unit_test(key_of_another_is_refused),
		cmocka_unit_test(key_that_was_revoked_is_refused),
		cmocka_unit_test(key_of_who_left_is_refused),
		cmocka_unit_test(forged_signatures_are_refused),
		cmocka_unit_test(what_must_be_signed_and_is_not_is_refused),
		cmocka_unit_test(a_second_start_is_refused),
		cmocka_unit_test(a_key_that_is_none_is_refused),
		cmocka_unit_test(shift_signs_events_until_it_ends),
		cmocka_unit_test(record_says_which_shift_signed_it),
		cmocka_unit_test(shift_that_is_over_signs_nothing),
		cmocka_unit_test(shift_signs_for_nobody_else),
		cmocka_unit_test(shift_neither_votes_nor_opens_a_shift),
		cmocka_unit_test(shift_ends_when_it_is_closed_or_its_opener_is_revoked),
		cmocka_unit_test(recovered_key_waits_a_day_after_it_was_agreed_to),
		cmocka_unit_test(recovery_that_waits_or_was_stopped_gives_no_key),
		cmocka_unit_test(key_of_a_recovery_that_nobody_agreed_to_may_be_enrolled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

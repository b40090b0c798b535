/* SPDX-License-Identifier: Apache-2.0 */
/* Who reads what a witness answers: monitors, and the log that asked. */
#include <string.h>

#include "core/entry.h"
#include "witness_kit.h"

/* ---- monitors ---- */

static void monitors_read_the_last_checkpoint_cosigned(void **state)
{
	struct fixture x;
	/* SHA-256 of "test.example/log". */
	char path[80];
	struct note note;
	const char *why;
	uint64_t at;

	(void)state;
	fixture_open(&x);
	static const char *const wrong[] = {"", "checkpoint", "/checkpoint", "00/checkpoint"};
	struct hash digest;
	struct bytes body;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		kit_must(witness_monitor(x.w, &x.a, wrong[i], &x.reply, &x.k.f), &x.k.f);
		assert_int_equal(x.reply.status, 404);
	}
	digest = claim_digest(bytes_text(ORIGIN));
	hex_encode(hash_bytes(&digest), path);
	memcpy(path + 64, "/checkpoint", sizeof("/checkpoint"));
	kit_must(witness_monitor(x.w, &x.a, path, &x.reply, &x.k.f), &x.k.f);
	assert_int_equal(x.reply.status, 404);
	/* Others' signatures that came with the checkpoint are not passed on. */
	char text[2048];
	struct writer w = writer_of(text, sizeof(text));
	uint8_t blob[64] = {0};

	put_bytes(&w, note_of(&x, x.log_key, ORIGIN, kit_head(9)));
	note_put_signature(&w, "spam.example", 7, bytes_of(blob, 64));
	assert_true(writer_done(&w, &body));
	assert_int_equal(post(&x, request_of(&x, 0, body, 9), NOW), 200);
	kit_must(witness_monitor(x.w, &x.a, path, &x.reply, &x.k.f), &x.k.f);
	assert_int_equal(x.reply.status, 200);
	assert_true(note_parse(x.reply.body, &note, &why));
	assert_int_equal(note.n, 2);
	assert_int_equal(note_verify(&note, &x.logs[0], ed25519_verify, NULL), NOTE_VALID);
	assert_int_equal(note_verify(&note, witness_key(x.w), ed25519_verify, &at), NOTE_VALID);
	assert_int_equal(at, NOW);
	fixture_close(&x);
}

/* ---- the client ---- */

static enum witness_answer read_answer(struct fixture *x, unsigned status, struct bytes body,
				       struct bytes note, struct bytes *cosigned, uint64_t *size)
{
	static char text[NOTE_SIZE_MAX];
	struct writer w = writer_of(text, sizeof(text));
	enum witness_answer answer = witness_answer_read(status, body, note, witness_key(x->w),
							 ed25519_verify, &w, size);

	if (answer == WITNESS_COSIGNED)
		assert_true(writer_done(&w, cosigned));
	return answer;
}

static void a_cosignature_joins_the_checkpoint(void **state)
{
	struct fixture x;
	struct bytes note, cosigned;
	struct note parsed;
	const char *why;
	uint64_t size = 0;
	uint8_t blob[72] = {1};
	char spam[1024];
	struct writer w = writer_of(spam, sizeof(spam));

	(void)state;
	fixture_open(&x);
	note = note_of(&x, x.log_key, ORIGIN, kit_head(9));
	assert_int_equal(post(&x, request_of(&x, 0, note, 9), NOW), 200);
	/* Lines by unknown keys come along: they are left behind. */
	note_put_signature(&w, "spam.example", 9, bytes_of(blob, 72));
	put_bytes(&w, x.reply.body);
	assert_true(writer_done(&w, &x.reply.body));
	assert_int_equal(read_answer(&x, 200, x.reply.body, note, &cosigned, &size),
			 WITNESS_COSIGNED);
	assert_true(note_parse(cosigned, &parsed, &why));
	assert_int_equal(parsed.n, 2);
	assert_int_equal(note_verify(&parsed, &x.logs[0], ed25519_verify, NULL), NOTE_VALID);
	assert_int_equal(note_verify(&parsed, witness_key(x.w), ed25519_verify, NULL), NOTE_VALID);
	/* The same again is taken too: a cosignature with a new time. */
	assert_int_equal(read_answer(&x, 200, x.reply.body, cosigned, &note, &size),
			 WITNESS_COSIGNED);
	fixture_close(&x);
}

static void answers_that_prove_nothing_are_refused(void **state)
{
	static const char *const bodies[] = {
		"",        "\n", "ok\n", "\n\nevil\n", "\xe2\x80\x94 witness.example/w1 AAAA\n",
		"text\n\n"};
	struct fixture x;
	struct bytes note, cosigned;
	uint64_t size = 0;

	(void)state;
	fixture_open(&x);
	note = note_of(&x, x.log_key, ORIGIN, kit_head(9));
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_int_equal(
			read_answer(&x, 200, bytes_text(bodies[i]), note, &cosigned, &size),
			WITNESS_REFUSED);
	/* A true cosignature, but of another checkpoint, or under another status. */
	char other[1024];

	memcpy(other, x.note_text, sizeof(other));
	assert_int_equal(step(&x, 0, 10), 200);
	assert_int_equal(
		read_answer(&x, 200, x.reply.body, bytes_of(other, note.n), &cosigned, &size),
		WITNESS_REFUSED);
	assert_int_equal(
		read_answer(&x, 201, x.reply.body, bytes_text(x.note_text), &cosigned, &size),
		WITNESS_REFUSED);
	fixture_close(&x);
}

static void a_stale_answer_tells_the_size(void **state)
{
	static const char *const wrong[] = {"",      "\n",     "x\n",  "12",
					    "012\n", "12\n\n", "-1\n", "99999999999999999999\n"};
	struct fixture x;
	struct bytes note, cosigned;
	uint64_t size = 0;

	(void)state;
	fixture_open(&x);
	note = note_of(&x, x.log_key, ORIGIN, kit_head(9));
	assert_int_equal(read_answer(&x, 409, bytes_text("12\n"), note, &cosigned, &size),
			 WITNESS_STALE);
	assert_int_equal(size, 12);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(read_answer(&x, 409, bytes_text(wrong[i]), note, &cosigned, &size),
				 WITNESS_REFUSED);
	assert_int_equal(read_answer(&x, 422, bytes_text("12\n"), note, &cosigned, &size),
			 WITNESS_REFUSED);
	fixture_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(monitors_read_the_last_checkpoint_cosigned),
		cmocka_unit_test(a_cosignature_joins_the_checkpoint),
		cmocka_unit_test(answers_that_prove_nothing_are_refused),
		cmocka_unit_test(a_stale_answer_tells_the_size),
	};

	return kit_run(tests, sizeof(tests) / sizeof(tests[0]));
}

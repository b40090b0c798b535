/* SPDX-License-Identifier: Apache-2.0 */
#include "witness_kit.h"

static void a_log_is_followed_step_by_step(void **state)
{
	static const uint64_t sizes[] = {1, 2, 7, 7, 64, 256, 257, 300};
	struct fixture x;
	uint64_t old = 0;

	(void)state;
	fixture_open(&x);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(step(&x, old, sizes[i]), 200);
		assert_cosigned(&x, NOW);
		old = sizes[i];
	}
	fixture_close(&x);
}

static void an_empty_log_is_cosigned_and_then_followed(void **state)
{
	struct fixture x;
	struct merkle_head wrong = {0, {{1}}};

	(void)state;
	fixture_open(&x);
	struct bytes note = note_of(&x, x.log_key, ORIGIN, wrong);

	assert_int_equal(post(&x, request_of(&x, 0, note, 0), NOW), 422);
	assert_int_equal(step(&x, 0, 0), 200);
	assert_cosigned(&x, NOW);
	assert_int_equal(step(&x, 0, 10), 200);
	fixture_close(&x);
}

/* The log's signed note over a head, with lines after its root. */
static struct bytes extended_note(struct fixture *x, struct merkle_head head, const char *lines)
{
	struct writer w = writer_of(x->note_text, sizeof(x->note_text));
	uint8_t signature[64];
	struct bytes text, note;

	checkpoint_put(&w, bytes_text(ORIGIN), head);
	put_text(&w, lines);
	assert_true(writer_done(&w, &text));
	kit_must(key_sign(x->log_key, text, signature, &x->k.f), &x->k.f);
	put_text(&w, "\n");
	note_put_signature(&w, ORIGIN, x->logs[0].id, bytes_of(signature, sizeof(signature)));
	put_u8(&w, 0);
	assert_true(writer_done(&w, &note));
	return bytes_of(note.p, note.n - 1); /* note_text stays a C string */
}

static void extension_lines_are_cosigned_with_the_rest(void **state)
{
	struct fixture x;
	const char *const lines = "nonce AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

	(void)state;
	fixture_open(&x);
	assert_int_equal(step(&x, 0, 50), 200);
	struct bytes note = extended_note(&x, kit_head(50), lines);

	assert_int_equal(post(&x, request_of(&x, 50, note, 50), NOW + 1), 200);
	assert_cosigned(&x, NOW + 1);
	/* The lines say nothing about which tree it is: nothing goes back by them. */
	note = extended_note(&x, kit_head(40), lines);
	assert_int_equal(post(&x, request_of(&x, 40, note, 40), NOW + 1), 409);
	note = extended_note(&x, kit_head(50), "\nnonce\n");
	assert_int_equal(post(&x, request_of(&x, 50, note, 50), NOW + 1), 400);
	assert_stored(&x, 50);
	fixture_close(&x);
}

static void the_state_outlives_the_witness(void **state)
{
	struct fixture x;

	(void)state;
	fixture_open(&x);
	assert_int_equal(step(&x, 0, 100), 200);
	witness_close(x.w);
	kit_must(witness_open(x.k.db, "witness.example/w1", x.key, x.logs, 2, &x.w, &x.k.f),
		 &x.k.f);
	assert_int_equal(step(&x, 0, 200), 409);
	assert_true(bytes_equal(x.reply.body, bytes_text("100\n")));
	assert_int_equal(step(&x, 100, 200), 200);
	fixture_close(&x);
}

static void a_stale_old_size_is_told_the_stored_one(void **state)
{
	struct fixture x;

	(void)state;
	fixture_open(&x);
	assert_stored(&x, 0);
	assert_int_equal(step(&x, 0, 50), 200);
	assert_stored(&x, 50);
	assert_int_equal(step(&x, 0, 60), 409);
	assert_int_equal(step(&x, 49, 60), 409);
	assert_int_equal(step(&x, 51, 60), 409);
	/* Never back, even with the log's signature. */
	assert_int_equal(step(&x, 0, 40), 409);
	assert_int_equal(step(&x, 40, 40), 409);
	assert_stored(&x, 50);
	fixture_close(&x);
}

static void a_fork_of_the_same_size_is_a_conflict(void **state)
{
	struct fixture x;
	struct merkle_head fork = {50, {{1}}};

	(void)state;
	fixture_open(&x);
	assert_int_equal(step(&x, 0, 50), 200);
	struct bytes note = note_of(&x, x.log_key, ORIGIN, fork);

	assert_int_equal(post(&x, request_of(&x, 50, note, 50), NOW), 409);
	assert_string_equal(x.reply.content_type, "text/x.tlog.size");
	assert_true(bytes_equal(x.reply.body, bytes_text("50\n")));
	assert_stored(&x, 50);
	fixture_close(&x);
}

static void a_proof_that_does_not_hold_is_unprocessable(void **state)
{
	struct fixture x;
	struct merkle_head fork = {60, {{1}}};
	struct hash path[MERKLE_DEPTH_MAX * 2];
	size_t n;

	(void)state;
	fixture_open(&x);
	assert_int_equal(step(&x, 0, 50), 200);
	/* A true proof for a false root. */
	struct bytes note = note_of(&x, x.log_key, ORIGIN, fork);

	assert_int_equal(post(&x, request_of(&x, 50, note, 60), NOW), 422);
	/* A true root with a short, a long and a changed proof. */
	note = note_of(&x, x.log_key, ORIGIN, kit_head(60));
	kit_must(ledger_consistency(x.l, 50, 60, path, &n, &x.k.f), &x.k.f);
	path[n] = path[0];
	for (size_t count = 0; count <= n + 1; count++) {
		struct writer w = writer_of(x.body_text, sizeof(x.body_text));
		struct bytes body;

		if (count == n)
			path[0].b[0] ^= 1;
		witness_request_put(&w, 50, path, count, note);
		assert_true(writer_done(&w, &body));
		assert_int_equal(post(&x, body, NOW), 422);
		if (count == n)
			path[0].b[0] ^= 1;
	}
	/* A proof where none belongs: from nothing, and to the same size. */
	assert_stored(&x, 50);
	struct writer w = writer_of(x.body_text, sizeof(x.body_text));
	struct bytes body;

	note = note_of(&x, x.log_key, ORIGIN, kit_head(50));
	witness_request_put(&w, 50, path, 1, note);
	assert_true(writer_done(&w, &body));
	assert_int_equal(post(&x, body, NOW), 422);
	fixture_close(&x);
}

static void a_first_checkpoint_with_a_proof_is_unprocessable(void **state)
{
	struct fixture x;
	struct hash path = {{1}};
	struct bytes body;

	(void)state;
	fixture_open(&x);
	struct writer w = writer_of(x.body_text, sizeof(x.body_text));

	witness_request_put(&w, 0, &path, 1, note_of(&x, x.log_key, ORIGIN, kit_head(5)));
	assert_true(writer_done(&w, &body));
	assert_int_equal(post(&x, body, NOW), 422);
	assert_stored(&x, 0);
	fixture_close(&x);
}

static void an_unknown_log_is_not_found(void **state)
{
	struct fixture x;

	(void)state;
	fixture_open(&x);
	struct bytes note = note_of(&x, x.log_key, "other.example/log", kit_head(5));

	assert_int_equal(post(&x, request_of(&x, 0, note, 5), NOW), 404);
	fixture_close(&x);
}

static void a_checkpoint_that_the_log_did_not_sign_is_forbidden(void **state)
{
	struct fixture x;
	struct note_key right;
	uint8_t blob[64] = {1};
	struct bytes note, all;
	char text[2048];

	(void)state;
	fixture_open(&x);
	/* Signed by somebody else under the log's name. */
	note = note_of(&x, x.other_key, ORIGIN, kit_head(5));
	assert_int_equal(post(&x, request_of(&x, 0, note, 5), NOW), 403);
	/* With the right key's id, but a wrong signature: alone, and beside a right one. */
	right = x.logs[0];
	for (int both = 0; both < 2; both++) {
		struct writer w = writer_of(text, sizeof(text));

		note = note_of(&x, both ? x.log_key : x.other_key, ORIGIN, kit_head(5));
		put_bytes(&w, note);
		note_put_signature(&w, ORIGIN, right.id, bytes_of(blob, 64));
		assert_true(writer_done(&w, &all));
		assert_int_equal(post(&x, request_of(&x, 0, all, 5), NOW), 403);
	}
	/* The right signature alone is enough. */
	note = note_of(&x, x.log_key, ORIGIN, kit_head(5));
	assert_int_equal(post(&x, request_of(&x, 0, note, 5), NOW), 200);
	fixture_close(&x);
}

static void an_old_size_above_the_checkpoint_is_a_bad_request(void **state)
{
	struct fixture x;

	(void)state;
	fixture_open(&x);
	assert_int_equal(step(&x, 0, 50), 200);
	assert_int_equal(step(&x, 50, 40), 400);
	assert_int_equal(step(&x, 41, 40), 400);
	assert_stored(&x, 50);
	fixture_close(&x);
}

static void malformed_requests_are_bad_requests(void **state)
{
	static const char *const bodies[] = {
		"",
		"\n",
		"old\n\n",
		"old \n\n",
		"old 0",
		"old 0\n",
		"old 0\n\n",
		"old 00\n\nx\n",
		"old 01\n\nx\n",
		"old -1\n\nx\n",
		"old +1\n\nx\n",
		"old 1 \n\nx\n",
		"old  1\n\nx\n",
		"Old 1\n\nx\n",
		"old 9223372036854775808\n\nx\n",
		"old 18446744073709551616\n\nx\n",
		"old 0\r\n\r\nx\n",
		"old 0\nAAAA\n\nx\n",
		"old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\nx\n",
		"old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\nx\n",
		"old 0\n AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nx\n",
		"old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \n\nx\n",
		"old 0\n\ntest.example/log\n5\nAAAA\n",
		"old 0\n\ntest.example/log\n5\nAAAA\n\n",
	};
	struct fixture x;

	(void)state;
	fixture_open(&x);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_int_equal(post(&x, bytes_text(bodies[i]), NOW), 400);
	assert_stored(&x, 0);
	fixture_close(&x);
}

static void a_proof_of_64_lines_is_a_bad_request(void **state)
{
	struct fixture x;
	struct hash path[64] = {{{0}}};
	struct bytes body, note;

	(void)state;
	fixture_open(&x);
	note = note_of(&x, x.log_key, ORIGIN, kit_head(5));
	for (size_t n = 63; n <= 64; n++) {
		struct writer w = writer_of(x.body_text, sizeof(x.body_text));

		witness_request_put(&w, 0, path, n, note);
		assert_true(writer_done(&w, &body));
		assert_int_equal(post(&x, body, NOW), n == 63 ? 422 : 400);
	}
	fixture_close(&x);
}

static void cosigned_times_never_go_back(void **state)
{
	struct fixture x;

	(void)state;
	fixture_open(&x);
	assert_int_equal(step(&x, 0, 10), 200);
	struct bytes note = note_of(&x, x.log_key, ORIGIN, kit_head(20));

	assert_int_equal(post(&x, request_of(&x, 10, note, 20), NOW - 1000), 200);
	assert_cosigned(&x, NOW);
	assert_int_equal(post(&x, request_of(&x, 20, note, 20), NOW + 5), 200);
	assert_cosigned(&x, NOW + 5);
	fixture_close(&x);
}

static void two_logs_do_not_disturb_each_other(void **state)
{
	struct fixture x;

	(void)state;
	fixture_open(&x);
	assert_int_equal(step(&x, 0, 100), 200);
	struct bytes note = note_of(&x, x.log_key, "second.example/log", kit_head(7));

	assert_int_equal(post(&x, request_of(&x, 0, note, 7), NOW), 200);
	assert_stored(&x, 100);
	fixture_close(&x);
}

static void a_second_witness_over_one_store_sees_what_the_first_cosigned(void **state)
{
	struct fixture x;
	struct witness_store *two;

	(void)state;
	fixture_open(&x);
	kit_must(witness_open(x.k.db, "witness.example/w1", x.key, x.logs, 2, &two, &x.k.f),
		 &x.k.f);
	assert_int_equal(step(&x, 0, 100), 200);
	struct bytes note = note_of(&x, x.log_key, ORIGIN, kit_head(50));

	kit_must(witness_add_checkpoint(two, &x.a, request_of(&x, 0, note, 50), NOW, &x.reply,
					&x.k.f),
		 &x.k.f);
	assert_int_equal(x.reply.status, 409);
	assert_stored(&x, 100);
	witness_close(two);
	fixture_close(&x);
}

static void a_key_that_cannot_cosign_is_refused(void **state)
{
	static const char *const names[] = {"", "a b", "a+b"};
	struct fixture x;
	struct private_key *p256;
	struct witness_store *w = NULL;

	(void)state;
	fixture_open(&x);
	kit_must(private_key_generate(KEY_P256, &p256, &x.k.f), &x.k.f);
	kit_refused(witness_open(x.k.db, "w", p256, x.logs, 1, &w, &x.k.f), &x.k.f, "WITNESS_KEY");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		kit_refused(witness_open(x.k.db, names[i], x.key, x.logs, 1, &w, &x.k.f), &x.k.f,
			    "WITNESS_KEY");
	assert_null(w);
	private_key_close(p256);
	fixture_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_is_followed_step_by_step),
		cmocka_unit_test(an_empty_log_is_cosigned_and_then_followed),
		cmocka_unit_test(extension_lines_are_cosigned_with_the_rest),
		cmocka_unit_test(the_state_outlives_the_witness),
		cmocka_unit_test(a_stale_old_size_is_told_the_stored_one),
		cmocka_unit_test(a_fork_of_the_same_size_is_a_conflict),
		cmocka_unit_test(a_proof_that_does_not_hold_is_unprocessable),
		cmocka_unit_test(a_first_checkpoint_with_a_proof_is_unprocessable),
		cmocka_unit_test(an_unknown_log_is_not_found),
		cmocka_unit_test(a_checkpoint_that_the_log_did_not_sign_is_forbidden),
		cmocka_unit_test(an_old_size_above_the_checkpoint_is_a_bad_request),
		cmocka_unit_test(malformed_requests_are_bad_requests),
		cmocka_unit_test(a_proof_of_64_lines_is_a_bad_request),
		cmocka_unit_test(cosigned_times_never_go_back),
		cmocka_unit_test(two_logs_do_not_disturb_each_other),
		cmocka_unit_test(a_second_witness_over_one_store_sees_what_the_first_cosigned),
		cmocka_unit_test(a_key_that_cannot_cosign_is_refused),
	};

	return kit_run(tests, sizeof(tests) / sizeof(tests[0]));
}

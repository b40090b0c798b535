/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of it: a signer in its own process, asked through its socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer_testing.h"

/* ---- what is public ---- */

static void signer_tells_its_public_keys(void **state)
{
	struct signer_test *t = signer_test_new();
	struct signer_public public;

	(void)state;
	signer_start(t);
	assert_int_equal(signer_public_read(t->client, &t->arena, &public, NULL).code, OK);
	assert_string_equal(public.checkpoint.name, ORIGIN);
	assert_memory_equal(&public.checkpoint, &t->public.checkpoint, sizeof(public.checkpoint));
	assert_true(hash_equal(public.ca_key, t->public.ca_key));
	assert_true(bytes_equal(public.ca_certificate, t->public.ca_certificate));
	signer_test_done(t);
}

/* ---- checkpoints ---- */

static void checkpoints_grow_with_the_tree(void **state)
{
	static const uint64_t sizes[] = {0, 1, 2, 3, 7, 8, 64, 65, 130, 256, 300};
	struct signer_test *t = signer_test_new();
	struct merkle_head last;
	struct bytes note;

	(void)state;
	signer_start(t);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t old = i == 0 ? 0 : sizes[i - 1];

		assert_int_equal(ask_checkpoint(t, old, sizes[i], &note, NULL).code, OK);
		assert_true(note_signed(t, note, tree_head(sizes[i])));
		assert_int_equal(signer_last(t->client, &last, NULL).code, OK);
		assert_int_equal(last.size, sizes[i]);
		assert_true(hash_equal(last.root, tree_head(sizes[i]).root));
		if (i % 4 == 3) {
			assert_int_equal(signer_stop(t), 0);
			signer_start(t);
		}
	}
	signer_test_done(t);
}

static void same_head_has_the_same_note(void **state)
{
	struct signer_test *t = signer_test_new();
	struct bytes first, again;

	(void)state;
	signer_start(t);
	assert_int_equal(ask_checkpoint(t, 0, 5, &first, NULL).code, OK);
	assert_int_equal(ask_checkpoint(t, 5, 5, &again, NULL).code, OK);
	assert_true(bytes_equal(first, again));
	assert_int_equal(ask_checkpoint(t, 0, 5, &again, NULL).code, OK); /* the reply was lost */
	assert_true(bytes_equal(first, again));
	assert_int_equal(signer_stop(t), 0);
	signer_start(t);
	assert_int_equal(ask_checkpoint(t, 0, 5, &again, NULL).code, OK);
	assert_true(bytes_equal(first, again));
	signer_test_done(t);
}

static void fork_refused(struct signer_test *t, struct merkle_head old, struct merkle_head now,
			 const struct hash *path, size_t n, const char *id)
{
	struct fault f = {0};
	struct bytes note;

	assert_int_equal(signer_checkpoint(t->client, old, now, path, n, &t->arena, &note, &f).code,
			 ERR_CONFLICT);
	assert_string_equal(f.message, id);
	assert_non_null(fault_value(&f, "last_root"));
	assert_string_equal(fault_value(&f, "last_size"), "10");
}

static void fork_is_refused_whatever_the_proof(void **state)
{
	struct signer_test *t = signer_test_new();
	struct hash path[MERKLE_DEPTH_MAX] = {{{0}}};
	struct merkle_head ten = tree_head(10), none = tree_head(0);
	struct bytes note;

	(void)state;
	signer_start(t);
	assert_int_equal(ask_checkpoint(t, 0, 10, &note, NULL).code, OK);
	for (int restarted = 0; restarted < 2; restarted++) {
		/* Back in time. */
		fork_refused(t, ten, tree_head(9), path, 0, "SIGNER_FORK");
		fork_refused(t, tree_head(5), tree_head(9), path, tree_proof(5, 9, path),
			     "SIGNER_FORK");
		fork_refused(t, none, none, path, 0, "SIGNER_FORK");
		/* The same size with another root. */
		fork_refused(t, ten, other_head(10, 3), path, 0, "SIGNER_FORK");
		/* Another history, proved from its own past. */
		fork_refused(t, other_head(10, 3), other_head(20, 3), path,
			     other_proof(10, 20, 3, path), "SIGNER_FORK");
		fork_refused(t, ten, other_head(20, 3), path, other_proof(10, 20, 3, path),
			     "SIGNER_FORK");
		fork_refused(t, ten, other_head(20, 9), path, tree_proof(10, 20, path),
			     "SIGNER_FORK");
		/* The true history with a proof that is not one. */
		fork_refused(t, ten, tree_head(20), path, 0, "SIGNER_FORK");
		fork_refused(t, ten, tree_head(20), path, tree_proof(10, 20, path) - 1,
			     "SIGNER_FORK");
		fork_refused(t, ten, tree_head(20), path, tree_proof(11, 20, path), "SIGNER_FORK");
		/* A proof from elsewhere, even a true one, and from nothing at all. */
		fork_refused(t, tree_head(5), tree_head(20), path, tree_proof(5, 20, path),
			     "SIGNER_PROOF_STARTS_ELSEWHERE");
		fork_refused(t, none, other_head(20, 0), path, 0, "SIGNER_PROOF_STARTS_ELSEWHERE");
		fork_refused(t, tree_head(11), tree_head(20), path, tree_proof(11, 20, path),
			     "SIGNER_PROOF_STARTS_ELSEWHERE");
		assert_int_equal(signer_stop(t), 0);
		signer_start(t);
	}
	assert_int_equal(ask_checkpoint(t, 10, 20, &note, NULL).code, OK);
	signer_test_done(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signer_tells_its_public_keys),
		cmocka_unit_test(checkpoints_grow_with_the_tree),
		cmocka_unit_test(same_head_has_the_same_note),
		cmocka_unit_test(fork_is_refused_whatever_the_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

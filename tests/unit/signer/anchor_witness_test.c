/* SPDX-License-Identifier: Apache-2.0 */
/* Witnesses as anchor: the signer's side, against the witness of this house. */
#include "anchor_kit.h"

#include <string.h>

/* ---- starts ---- */

static void a_start_is_believed_once_a_witness_cosigned_its_nonce(void **state)
{
	struct house *h = house_open(1, 50);

	(void)state;
	assert_int_equal(witness_anchor_check(&h->anchor, &h->f).code, ERR_UNAVAILABLE);
	assert_string_equal(h->f.message, "SIGNER_NOT_WITNESSED");
	assert_int_equal(witness_anchor_counts(&h->anchor), 0);
	assert_int_equal(pass(h, 0, 0, nonce_note(h), 50), 200);
	assert_int_equal(witness_anchor_check(&h->anchor, &h->f).code, OK);
	assert_int_equal(witness_anchor_counts(&h->anchor), 50);
	assert_int_equal(nonce_note(h).n, 0);
	house_close(h);
}

static void a_new_log_is_believed_too(void **state)
{
	struct house *h = house_open(1, 0);

	(void)state;
	assert_int_equal(pass(h, 0, 0, nonce_note(h), 0), 200);
	assert_true(h->anchor.believed);
	assert_int_equal(witness_anchor_counts(&h->anchor), 0);
	assert_int_equal(pass(h, 0, 0, plain_note(h, 5), 5), 200);
	assert_int_equal(witness_anchor_counts(&h->anchor), 5);
	house_close(h);
}

static void a_signer_that_was_turned_back_is_never_believed(void **state)
{
	struct house *h = house_open(1, 50);
	struct bytes cosigned;

	(void)state;
	assert_int_equal(pass(h, 0, 0, nonce_note(h), 50), 200);
	assert_int_equal(pass(h, 0, 50, plain_note(h, 60), 60), 200);
	for (uint64_t older = 0; older < 60; older++) {
		begin(h, older);
		assert_int_equal(
			bring(h, 0, 60 > older ? older : 60, nonce_note(h), older, &cosigned), 409);
		assert_false(take(h, cosigned));
		assert_false(h->anchor.believed);
	}
	begin(h, 60);
	assert_int_equal(pass(h, 0, 60, nonce_note(h), 60), 200);
	assert_true(h->anchor.believed);
	house_close(h);
}

static void a_note_that_the_witness_cosigned_for_an_earlier_start_is_refused(void **state)
{
	struct house *h = house_open(1, 50);
	struct bytes cosigned;

	(void)state;
	assert_int_equal(bring(h, 0, 0, nonce_note(h), 50, &cosigned), 200);
	begin(h, 50); /* the same head again, with another nonce */
	assert_false(take(h, cosigned));
	assert_string_equal(h->f.message, "SIGNER_WITNESS_NOTE");
	assert_false(h->anchor.believed);
	house_close(h);
}

static void a_plain_checkpoint_does_not_stand_in_for_the_nonce(void **state)
{
	struct house *h = house_open(1, 50);

	(void)state;
	assert_int_equal(pass(h, 0, 0, plain_note(h, 50), 50), 200);
	assert_false(h->anchor.believed);
	assert_int_equal(witness_anchor_counts(&h->anchor), 0);
	assert_int_equal(pass(h, 0, 50, nonce_note(h), 50), 200);
	assert_int_equal(witness_anchor_counts(&h->anchor), 50);
	house_close(h);
}

/* A witness that slept through the last month would believe anything of that month. */
static void one_witness_of_three_that_lags_is_not_enough(void **state)
{
	struct house *h = house_open(3, 50);
	struct bytes cosigned, asked = nonce_note(h);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pass(h, i, 0, asked, 50), 200);
	assert_int_equal(pass(h, 0, 50, plain_note(h, 60), 60), 200);
	assert_int_equal(pass(h, 1, 50, plain_note(h, 60), 60), 200);
	begin(h, 50);
	assert_int_equal(bring(h, 0, 50, nonce_note(h), 50, &cosigned), 409);
	assert_int_equal(bring(h, 1, 50, nonce_note(h), 50, &cosigned), 409);
	assert_int_equal(pass(h, 2, 50, nonce_note(h), 50), 200);
	assert_false(h->anchor.believed);
	house_close(h);
}

static void two_witnesses_of_three_are_enough_in_any_order(void **state)
{
	(void)state;
	for (size_t missing = 0; missing < 3; missing++) {
		struct house *h = house_open(3, 50);

		for (size_t i = 0, n = 0; i < 3; i++) {
			if (i == missing)
				continue;
			assert_int_equal(pass(h, i, 0, nonce_note(h), 50), 200);
			assert_int_equal(h->anchor.believed, ++n == 2);
		}
		house_close(h);
	}
}

static void the_same_witness_twice_is_not_two(void **state)
{
	struct house *h = house_open(3, 50);

	(void)state;
	assert_int_equal(pass(h, 0, 0, nonce_note(h), 50), 200);
	assert_int_equal(pass(h, 0, 50, nonce_note(h), 50), 200);
	assert_false(h->anchor.believed);
	house_close(h);
}

/* ---- what counts ---- */

static void evidence_counts_up_to_what_a_majority_cosigned(void **state)
{
	static const struct {
		uint64_t cosigned[4];
		size_t n;
		uint64_t counts;
	} rows[] = {
		{{7}, 1, 7},
		{{7, 9}, 2, 7},
		{{9, 0}, 2, 0},
		{{10, 20, 30}, 3, 20},
		{{30, 10, 20}, 3, 20},
		{{0, 0, 30}, 3, 0},
		{{10, 20, 30, 40}, 4, 20},
		{{40, 40, 40, 1}, 4, 40},
		{{5, 5, 5, 5}, 4, 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct witness_anchor w = {.believed = true, .n = rows[i].n};

		w.need = w.n / 2 + 1;
		memcpy(w.cosigned, rows[i].cosigned, sizeof(w.cosigned));
		assert_int_equal(witness_anchor_counts(&w), rows[i].counts);
		w.believed = false;
		assert_int_equal(witness_anchor_counts(&w), 0);
	}
}

static void an_older_note_takes_nothing_back(void **state)
{
	struct house *h = house_open(1, 50);
	struct bytes early, late;

	(void)state;
	assert_int_equal(bring(h, 0, 0, plain_note(h, 50), 50, &early), 200);
	assert_int_equal(pass(h, 0, 50, nonce_note(h), 50), 200);
	assert_int_equal(bring(h, 0, 50, plain_note(h, 80), 80, &late), 200);
	assert_true(take(h, late));
	assert_true(take(h, early));
	assert_int_equal(witness_anchor_counts(&h->anchor), 80);
	house_close(h);
}

static void only_what_is_newer_than_the_start_may_spend(void **state)
{
	struct house *h = house_open(1, 50);

	(void)state;
	assert_false(witness_anchor_fresh(&h->anchor, 0));
	assert_false(witness_anchor_fresh(&h->anchor, 49));
	assert_true(witness_anchor_fresh(&h->anchor, 50));
	house_close(h);
}

/* ---- foreign notes ---- */

static void a_cosignature_by_another_key_in_the_witness_s_name_is_refused(void **state)
{
	struct house *h = house_open(1, 50);
	const struct note_key *pinned = witness_key(h->x[0].w);

	(void)state;
	assert_false(take(h, cosigned_by(h, nonce_note(h), h->x[1].key, pinned)));
	assert_true(take(h, cosigned_by(h, nonce_note(h), h->x[0].key, pinned)));
	house_close(h);
}

static void a_witness_that_the_charter_does_not_name_does_not_count(void **state)
{
	struct house *h = house_open(1, 50);
	struct bytes cosigned;

	(void)state;
	assert_int_equal(bring(h, 1, 0, nonce_note(h), 50, &cosigned), 200);
	assert_false(take(h, cosigned));
	assert_string_equal(h->f.message, "SIGNER_WITNESS_NOTE");
	house_close(h);
}

static void a_note_that_this_signer_did_not_sign_is_refused(void **state)
{
	struct house *h = house_open(1, 50);
	const struct note_key *pinned = witness_key(h->x[0].w);
	char buffer[1024];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bytes note, text, unsigned_note;
	struct note parsed;
	const char *why;

	(void)state;
	/* By another key, of another log, and not at all. */
	kit_must(witness_anchor_note(&h->anchor, h->x[1].log_key, &h->arena, &note, &h->f), &h->f);
	assert_false(take(h, cosigned_by(h, note, h->x[0].key, pinned)));
	note = arena_copy(&h->arena,
			  note_of(&h->x[0], h->x[0].log_key, "second.example/log", kit_head(50)));
	assert_false(take(h, cosigned_by(h, note, h->x[0].key, pinned)));
	assert_true(note_parse(nonce_note(h), &parsed, &why));
	text = parsed.text;
	put_bytes(&w, text);
	put_text(&w, "\n");
	assert_true(writer_done(&w, &unsigned_note));
	note_put_signature(&w, "somebody", 7, bytes_of("12345678", 8));
	assert_true(writer_done(&w, &unsigned_note));
	assert_false(take(h, cosigned_by(h, unsigned_note, h->x[0].key, pinned)));
	assert_false(h->anchor.believed);
	house_close(h);
}

static void a_note_with_other_lines_is_refused(void **state)
{
	static const char *const lines[] = {"nonce\n", "nonce AAAA\n", "x\n",
					    "nonce AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"};
	struct house *h = house_open(1, 50);
	const struct note_key *log = &h->x[0].logs[0], *pinned = witness_key(h->x[0].w);

	(void)state;
	for (size_t i = 0; i <= sizeof(lines) / sizeof(lines[0]); i++) {
		char buffer[1024];
		struct writer w = writer_of(buffer, sizeof(buffer));
		uint8_t signature[64];
		struct bytes text, note;

		if (i == sizeof(lines) / sizeof(lines[0])) {
			/* The right line, twice. */
			anchor_nonce_note(&w, bytes_text(ORIGIN), kit_head(50), h->anchor.nonce);
			assert_true(writer_done(&w, &text));
			put_bytes(&w, bytes_of(text.p + text.n - 51, 51));
		} else {
			checkpoint_put(&w, bytes_text(ORIGIN), kit_head(50));
			put_text(&w, lines[i]);
		}
		assert_true(writer_done(&w, &text));
		kit_must(key_sign(h->x[0].log_key, text, signature, &h->f), &h->f);
		put_text(&w, "\n");
		note_put_signature(&w, log->name, log->id, bytes_of(signature, 64));
		assert_true(writer_done(&w, &note));
		assert_false(take(h, cosigned_by(h, note, h->x[0].key, pinned)));
		assert_string_equal(h->f.message, "SIGNER_WITNESS_NOTE");
	}
	house_close(h);
}

static void what_is_no_note_is_refused(void **state)
{
	static const char *const texts[] = {"", "\n", "a\n1\nb\n", "nonce\n\n", "\xff"};
	struct house *h = house_open(1, 50);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(take(h, bytes_text(texts[i])));
	assert_false(take(h, nonce_note(h))); /* nobody cosigned it */
	house_close(h);
}

static void the_pure_part_wants_exactly_the_nonce_or_none(void **state)
{
	struct house *h = house_open(2, 50);
	const struct note_key *log = &h->x[0].logs[0], *keys = h->anchor.keys;
	struct merkle_head head = {0};
	struct bytes nonced, plain;
	uint8_t other[32] = {1};

	(void)state;
	assert_int_equal(bring(h, 1, 0, nonce_note(h), 50, &nonced), 200);
	assert_int_equal(bring(h, 0, 0, plain_note(h, 50), 50, &plain), 200);
	assert_int_equal(anchor_note_cosigned(nonced, log, h->anchor.nonce, keys, 2, &head), 2);
	assert_int_equal(head.size, 50);
	assert_int_equal(anchor_note_cosigned(plain, log, NULL, keys, 2, &head), 1);
	assert_int_equal(anchor_note_cosigned(nonced, log, NULL, keys, 2, &head), 0);
	assert_int_equal(anchor_note_cosigned(nonced, log, other, keys, 2, &head), 0);
	assert_int_equal(anchor_note_cosigned(plain, log, h->anchor.nonce, keys, 2, &head), 0);
	house_close(h);
}

/* ---- the charter ---- */

static void a_charter_whose_witnesses_are_none_is_refused(void **state)
{
	struct house *h = house_open(1, 50);
	char vkey[256];
	struct writer w = writer_of(vkey, sizeof(vkey));
	const struct {
		struct bytes keys[2];
		size_t n;
	} rows[] = {
		{{{0}}, 0},
		{{bytes_text("witness")}, 1},
		{{h->charter.witnesses[0], h->charter.witnesses[0]}, 2},
		{{h->charter.witnesses[0], bytes_text("")}, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct charter charter = {.witnesses_n = rows[i].n};

		memcpy(charter.witnesses, rows[i].keys, sizeof(rows[i].keys));
		assert_int_equal(witness_anchor_start(&charter, &h->anchor.log, kit_head(50),
						      &h->anchor, &h->f)
					 .code,
				 ERR_INVALID);
		assert_string_equal(h->f.message, "SIGNER_WITNESS_KEY");
	}
	/* The log's own key is of type 1: no witness. */
	struct charter charter = {.witnesses_n = 1};
	note_key_put(&w, &h->x[0].logs[0]);
	assert_true(writer_done(&w, &charter.witnesses[0]));
	assert_int_equal(witness_anchor_revise(&h->anchor, &charter, &h->f).code, ERR_INVALID);
	house_close(h);
}

static void a_revision_keeps_what_the_remaining_witnesses_cosigned(void **state)
{
	struct house *h = house_open(1, 50);

	(void)state;
	assert_int_equal(pass(h, 0, 0, nonce_note(h), 50), 200);
	assert_int_equal(pass(h, 0, 50, plain_note(h, 60), 60), 200);
	pin(h, 3);
	kit_must(witness_anchor_revise(&h->anchor, &h->charter, &h->f), &h->f);
	assert_true(h->anchor.believed);
	assert_int_equal(h->anchor.need, 2);
	assert_int_equal(h->anchor.cosigned[0], 60);
	assert_int_equal(witness_anchor_counts(&h->anchor), 0); /* one of three */
	assert_int_equal(pass(h, 2, 0, plain_note(h, 70), 70), 200);
	assert_int_equal(witness_anchor_counts(&h->anchor), 60);
	house_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_is_believed_once_a_witness_cosigned_its_nonce),
		cmocka_unit_test(a_new_log_is_believed_too),
		cmocka_unit_test(a_signer_that_was_turned_back_is_never_believed),
		cmocka_unit_test(a_note_that_the_witness_cosigned_for_an_earlier_start_is_refused),
		cmocka_unit_test(a_plain_checkpoint_does_not_stand_in_for_the_nonce),
		cmocka_unit_test(one_witness_of_three_that_lags_is_not_enough),
		cmocka_unit_test(two_witnesses_of_three_are_enough_in_any_order),
		cmocka_unit_test(the_same_witness_twice_is_not_two),
		cmocka_unit_test(evidence_counts_up_to_what_a_majority_cosigned),
		cmocka_unit_test(an_older_note_takes_nothing_back),
		cmocka_unit_test(only_what_is_newer_than_the_start_may_spend),
		cmocka_unit_test(a_cosignature_by_another_key_in_the_witness_s_name_is_refused),
		cmocka_unit_test(a_witness_that_the_charter_does_not_name_does_not_count),
		cmocka_unit_test(a_note_that_this_signer_did_not_sign_is_refused),
		cmocka_unit_test(a_note_with_other_lines_is_refused),
		cmocka_unit_test(what_is_no_note_is_refused),
		cmocka_unit_test(the_pure_part_wants_exactly_the_nonce_or_none),
		cmocka_unit_test(a_charter_whose_witnesses_are_none_is_refused),
		cmocka_unit_test(a_revision_keeps_what_the_remaining_witnesses_cosigned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

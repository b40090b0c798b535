/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "audit_kit.h"
#include "ledger/audit_history.h"

/* ---- logs that are whole ---- */

static void a_whole_log_passes(void **state)
{
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct sample_options){0});
	kit_must(audit(&x), &x.f);
	assert_int_equal(x.report.head.size, ENTRIES);
	assert_int_equal(x.report.tiles, 3 + 3 + 1);
	assert_int_equal(x.report.subjects, 7);
	assert_int_equal(x.report.signed_cose + x.report.signed_ssh + x.report.reported, ENTRIES);
	assert_true(x.report.signed_cose > 300 && x.report.signed_ssh > 100);
	assert_int_equal(x.report.pending, 54);
	assert_int_equal(x.report.executed, 54);
	assert_true(x.report.first_at < x.report.last_at);
	fixture_close(&x);
}

static void a_log_passes_at_any_size(void **state)
{
	static const uint64_t sizes[] = {4, 5, 255, 256, 257, 511, 512, 513, 770};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct fixture x;

		fixture_open(&x, (struct sample_options){.entries = sizes[i]});
		kit_must(audit(&x), &x.f);
		assert_int_equal(x.report.head.size, sizes[i]);
		fixture_close(&x);
	}
}

static void an_older_checkpoint_is_extended(void **state)
{
	static const uint64_t olders[] = {4, 100, 256, 300, 599, 600};

	(void)state;
	for (size_t i = 0; i < sizeof(olders) / sizeof(olders[0]); i++) {
		struct fixture x;

		fixture_open(&x, (struct sample_options){.checkpoint_at = olders[i]});
		assert_true(x.sample.older[0] != 0);
		x.options.since = bytes_text(x.sample.older);
		kit_must(audit(&x), &x.f);
		fixture_close(&x);
	}
}

struct calls {
	uint64_t entries, last_done, stop;
};

static err count_entry(void *context, uint64_t sequence, struct bytes bytes,
		       const struct entry *entry, struct fault *f)
{
	struct calls *calls = context;

	assert_int_equal(sequence, calls->entries);
	assert_int_equal(entry->witness.sequence, sequence);
	assert_true(bytes.n > 0);
	calls->entries++;
	if (calls->entries == calls->stop)
		/* In parentheses: cmocka has a macro of that name. */
		return (fail)(f, "AUDIT_ENTRY_MALFORMED", "why", "the caller says so", NULL);
	return ERR_OK;
}

static void count_progress(void *context, uint64_t done, uint64_t size)
{
	struct calls *calls = context;

	assert_int_equal(size, ENTRIES);
	assert_true(done > calls->last_done);
	calls->last_done = done;
}

static void callers_see_every_entry_and_may_stop(void **state)
{
	struct fixture x;
	struct calls calls = {0};

	(void)state;
	fixture_open(&x, (struct sample_options){0});
	x.options.entry = count_entry;
	x.options.entry_context = &calls;
	x.options.progress = count_progress;
	x.options.progress_context = &calls;
	kit_must(audit(&x), &x.f);
	assert_int_equal(calls.entries, ENTRIES);
	assert_int_equal(calls.last_done, ENTRIES);
	calls = (struct calls){.stop = 300};
	kit_refused(audit(&x), &x.f, "AUDIT_ENTRY_MALFORMED");
	assert_int_equal(calls.entries, 300);
	fixture_close(&x);
}

/* ---- a writer that misbehaves ---- */

struct misdeed {
	enum plant plant;
	uint64_t at;
	const char *message;
};

static void what_a_false_writer_signs_is_named_by_entry(void **state)
{
	static const struct misdeed misdeeds[] = {
		{PLANT_SEQUENCE, 301, "AUDIT_SEQUENCE"},
		{PLANT_TIME, 2, "AUDIT_TIME"},
		{PLANT_TIME, 555, "AUDIT_TIME"},
		{PLANT_ORIGIN, 0, "AUDIT_ENTRY_ORIGIN"},
		{PLANT_ORIGIN, 257, "AUDIT_ENTRY_ORIGIN"},
		{PLANT_PREVIOUS, 400, "AUDIT_PREVIOUS"},
		{PLANT_NO_PREVIOUS, 400, "AUDIT_PREVIOUS"},
		{PLANT_FALSE_PREVIOUS, 3, "AUDIT_PREVIOUS"},
		{PLANT_TARGET, 303, "AUDIT_TARGET"},
		{PLANT_TWICE, 36, "AUDIT_TARGET"},
		{PLANT_LATER, 36, "AUDIT_ENTRY_MALFORMED"},
		{PLANT_MALFORMED, 36, "AUDIT_ENTRY_MALFORMED"},
		{PLANT_SUCCEEDED_ROOT, 300, "AUDIT_SUCCESSION"},
		{PLANT_SUCCEEDED_PLACE, 300, "AUDIT_SUCCESSION"},
		{PLANT_SUCCEEDED_TWICE, 300, "AUDIT_SUCCESSION"},
	};
	char entry[24];

	(void)state;
	for (size_t i = 0; i < sizeof(misdeeds) / sizeof(misdeeds[0]); i++) {
		struct fixture x;

		fixture_open(&x, (struct sample_options){.plant = misdeeds[i].plant,
							 .plant_at = misdeeds[i].at});
		kit_refused(audit(&x), &x.f, misdeeds[i].message);
		snprintf(entry, sizeof(entry), "%llu", (unsigned long long)misdeeds[i].at);
		assert_value(&x, "entry", entry);
		fixture_close(&x);
	}
}

static void a_log_goes_on_under_another_name_only_by_a_succession(void **state)
{
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct sample_options){.plant = PLANT_SUCCEEDED, .plant_at = 300});
	kit_must(audit(&x), &x.f);
	assert_int_equal(x.report.successions, 1);
	fixture_close(&x);
	/* A name that changes by itself: those of before are of another log. */
	fixture_open(&x,
		     (struct sample_options){.plant = PLANT_SUCCEEDED_SILENTLY, .plant_at = 300});
	kit_refused(audit(&x), &x.f, "AUDIT_ENTRY_ORIGIN");
	assert_value(&x, "entry", "0");
	assert_value(&x, "found", "old.example/log");
	fixture_close(&x);
}

/* ---- checkpoints ---- */

static void another_key_is_refused(void **state)
{
	struct fixture x, other;

	(void)state;
	fixture_open(&x, (struct sample_options){0});
	fixture_open(&other, (struct sample_options){0});
	x.options.key = other.sample.key;
	kit_refused(audit(&x), &x.f, "AUDIT_CHECKPOINT_UNSIGNED");
	x.options.key = x.sample.key;
	x.options.since = bytes_text("no note\n");
	kit_refused(audit(&x), &x.f, "AUDIT_CHECKPOINT_MALFORMED");
	fixture_close(&other);
	fixture_close(&x);
}

static void a_log_that_was_turned_back_is_found(void **state)
{
	struct fixture x;
	struct arena a = {0};
	struct bytes last;

	(void)state;
	fixture_open(&x, (struct sample_options){.checkpoint_at = 300});
	read_tile_file(&x, "checkpoint", &a, &last);
	x.options.since = last;
	write_tile_file(&x, "checkpoint", bytes_text(x.sample.older));
	kit_refused(audit(&x), &x.f, "AUDIT_ROLLED_BACK");
	assert_value(&x, "expected", "600");
	assert_value(&x, "found", "300");
	arena_done(&a);
	fixture_close(&x);
}

/* Two logs signed by one key: the older checkpoint of one is not extended by the other. */
static void a_rewritten_log_is_found(void **state)
{
	struct private_key *key;
	uint8_t raw[32];
	struct merkle_head forged = {300, {{9}}};
	struct fixture x;
	char text[2][1024];

	(void)state;
	fixture_open(&x, (struct sample_options){0});
	kit_must(private_key_generate(KEY_ED25519, &key, &x.f), &x.f);
	assert_true(public_key_ed25519(private_key_public(key), raw));
	assert_true(note_key_make(x.sample.key.name, NOTE_ED25519, raw, &x.options.key));

	/* Both checkpoints by a new key: the log's own one again, and a false older one. */
	struct arena a = {0};
	struct bytes content, note[2];
	struct note parsed;
	struct checkpoint checkpoint;
	const char *why;

	read_tile_file(&x, "checkpoint", &a, &content);
	assert_true(note_parse(content, &parsed, &why));
	assert_true(checkpoint_parse(parsed.text, &checkpoint, &why));
	for (int i = 0; i < 2; i++) {
		struct writer w = writer_of(text[i], sizeof(text[i]));

		kit_must(
			sample_sign(key, x.sample.key.name, i ? forged : checkpoint.head, &w, &x.f),
			&x.f);
		assert_true(writer_done(&w, &note[i]));
	}
	write_tile_file(&x, "checkpoint", note[0]);
	kit_must(audit(&x), &x.f);
	x.options.since = note[1];
	kit_refused(audit(&x), &x.f, "AUDIT_SINCE_MISMATCH");
	assert_value(&x, "size", "300");
	/* And a checkpoint that no tile agrees with. */
	checkpoint.head.root.b[0] ^= 1;
	struct writer w = writer_of(text[0], sizeof(text[0]));

	x.options.since = (struct bytes){0};
	kit_must(sample_sign(key, x.sample.key.name, checkpoint.head, &w, &x.f), &x.f);
	assert_true(writer_done(&w, &note[0]));
	write_tile_file(&x, "checkpoint", note[0]);
	kit_refused(audit(&x), &x.f, "AUDIT_ROOT_MISMATCH");
	arena_done(&a);
	private_key_close(key);
	fixture_close(&x);
}

static void witnesses_are_counted_once_each(void **state)
{
	struct fixture x;
	struct private_key *key[2];
	struct note_key witness[3];
	uint8_t raw[32], signature[64], blob[72];
	char text[2048], message[1024];
	struct arena a = {0};
	struct bytes content, note, to_sign;
	struct note parsed;
	const char *why;

	(void)state;
	fixture_open(&x, (struct sample_options){0});
	read_tile_file(&x, "checkpoint", &a, &content);
	assert_true(note_parse(content, &parsed, &why));
	struct writer w = writer_of(text, sizeof(text)), m = writer_of(message, sizeof(message));

	put_bytes(&w, content);
	for (int i = 0; i < 2; i++) {
		kit_must(private_key_generate(KEY_ED25519, &key[i], &x.f), &x.f);
		assert_true(public_key_ed25519(private_key_public(key[i]), raw));
		assert_true(note_key_make(i ? "witness/2" : "witness/1", NOTE_COSIGNATURE, raw,
					  &witness[i]));
	}
	witness[2] = witness[0];
	cosignature_put_message(&m, 1790000000, parsed.text);
	assert_true(writer_done(&m, &to_sign));
	kit_must(key_sign(key[0], to_sign, signature, &x.f), &x.f);
	struct writer b = writer_of(blob, sizeof(blob));

	put_u64(&b, 1790000000);
	put_bytes(&b, bytes_of(signature, 64));
	note_put_signature(&w, "witness/1", witness[0].id, bytes_of(blob, 72));
	assert_true(writer_done(&w, &note));
	write_tile_file(&x, "checkpoint", note);

	x.options.witnesses = witness;
	x.options.witnesses_n = 3;
	x.options.witnesses_needed = 1;
	kit_must(audit(&x), &x.f);
	assert_int_equal(x.report.witnesses, 1);
	x.options.witnesses_needed = 2;
	kit_refused(audit(&x), &x.f, "AUDIT_WITNESSES");
	/* A cosignature of a known witness that does not verify rejects the checkpoint. */
	blob[20] ^= 1;
	w = writer_of(text, sizeof(text));
	put_bytes(&w, content);
	note_put_signature(&w, "witness/1", witness[0].id, bytes_of(blob, 72));
	assert_true(writer_done(&w, &note));
	write_tile_file(&x, "checkpoint", note);
	x.options.witnesses_needed = 0;
	kit_refused(audit(&x), &x.f, "AUDIT_WITNESS_SIGNATURE");
	private_key_close(key[0]);
	private_key_close(key[1]);
	arena_done(&a);
	fixture_close(&x);
}

/* ---- the map ---- */

static void the_map_holds_many_keys(void **state)
{
	struct table t = {0};
	uint8_t key[16] = {0};

	(void)state;
	for (uint64_t round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < 100000; i++) {
			memcpy(key, &i, sizeof(i));
			struct table_slot *slot = table_at(&t, key);

			assert_non_null(slot);
			assert_int_equal(slot->value, round == 0 ? 0 : i + 1);
			slot->value = i + 1;
		}
		assert_int_equal(t.n, 100000);
	}
	table_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_log_passes),
		cmocka_unit_test(a_log_passes_at_any_size),
		cmocka_unit_test(an_older_checkpoint_is_extended),
		cmocka_unit_test(callers_see_every_entry_and_may_stop),
		cmocka_unit_test(what_a_false_writer_signs_is_named_by_entry),
		cmocka_unit_test(a_log_goes_on_under_another_name_only_by_a_succession),
		cmocka_unit_test(another_key_is_refused),
		cmocka_unit_test(a_log_that_was_turned_back_is_found),
		cmocka_unit_test(a_rewritten_log_is_found),
		cmocka_unit_test(witnesses_are_counted_once_each),
		cmocka_unit_test(the_map_holds_many_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "log_kit.h"

static void assert_checkpoint(struct ledger *l, uint64_t size)
{
	struct arena a = {0};
	struct fault f = {0};
	struct bytes note, file;
	struct merkle_head head;
	char text[1024];

	kit_must(ledger_checkpoint(l, &a, &note, &head, &f), &f);
	assert_int_equal(head.size, size);
	assert_true(bytes_equal(note, kit_note(kit_head(size), text, sizeof(text))));
	kit_must(ledger_resource(l, &a, "checkpoint", &file, &f), &f);
	assert_true(bytes_equal(note, file));
	arena_done(&a);
}

static void the_last_checkpoint_is_kept(void **state)
{
	struct kit k;
	struct arena a = {0};
	struct bytes note;
	struct merkle_head head = {1, {{1}}};
	char text[1024];

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	kit_append(&k, l, 0, 20);
	kit_must(ledger_checkpoint(l, &a, &note, &head, &k.f), &k.f);
	assert_int_equal(note.n, 0);
	assert_int_equal(head.size, 0);
	kit_refused(ledger_resource(l, &a, "checkpoint", &note, &k.f), &k.f,
		    "LEDGER_NO_SUCH_RESOURCE");
	for (uint64_t size = 5; size <= 20; size += 5) {
		note = kit_note(kit_head(size), text, sizeof(text));
		kit_must(ledger_publish(l, kit_head(size), note, &k.f), &k.f);
		assert_checkpoint(l, size);
	}
	/* An older one, or the same again, changes nothing. */
	note = kit_note(kit_head(5), text, sizeof(text));
	kit_must(ledger_publish(l, kit_head(5), note, &k.f), &k.f);
	assert_checkpoint(l, 20);
	note = kit_note(kit_head(20), text, sizeof(text));
	kit_must(ledger_publish(l, kit_head(20), note, &k.f), &k.f);
	assert_checkpoint(l, 20);
	ledger_close(l);
	arena_done(&a);
	kit_close(&k);
}

static void a_second_root_for_one_size_is_a_fork(void **state)
{
	struct kit k;
	char text[1024];
	struct merkle_head other = {5, {{1, 2, 3}}};

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	kit_must(ledger_publish(l, kit_head(5), kit_note(kit_head(5), text, sizeof(text)), &k.f),
		 &k.f);
	kit_refused(ledger_publish(l, other, kit_note(other, text, sizeof(text)), &k.f), &k.f,
		    "LEDGER_FORK");
	assert_checkpoint(l, 5);
	ledger_close(l);
	kit_close(&k);
}

static void a_note_of_another_head_is_not_published(void **state)
{
	struct kit k;
	struct arena a = {0};
	char text[1024];
	struct bytes note;
	struct merkle_head head;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	note = kit_note(kit_head(5), text, sizeof(text));
	kit_refused(ledger_publish(l, kit_head(6), note, &k.f), &k.f, "LEDGER_CHECKPOINT_WRONG");
	kit_refused(ledger_publish(l, kit_head(5), bytes_text("no note"), &k.f), &k.f,
		    "LEDGER_CHECKPOINT_WRONG");
	note.n--;
	kit_refused(ledger_publish(l, kit_head(5), note, &k.f), &k.f, "LEDGER_CHECKPOINT_WRONG");
	kit_must(ledger_checkpoint(l, &a, &note, &head, &k.f), &k.f);
	assert_int_equal(note.n, 0);
	ledger_close(l);
	arena_done(&a);
	kit_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_checkpoint_is_kept),
		cmocka_unit_test(a_second_root_for_one_size_is_a_fork),
		cmocka_unit_test(a_note_of_another_head_is_not_published),
	};

	return kit_run(tests, sizeof(tests) / sizeof(tests[0]));
}

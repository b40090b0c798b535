/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "log_kit.h"

static struct bytes file_of(struct kit *k, struct arena *a, const char *name)
{
	char path[KIT_PATH_SIZE * 2];
	struct bytes content = {0};

	snprintf(path, sizeof(path), "%s/%s", k->tiles, name);
	kit_must(file_read(a, path, 16 << 20, &content, &k->f), &k->f);
	return content;
}

static void compare_resource(void *context, const char *relative)
{
	struct kit *k = context;
	struct arena a = {0};
	struct bytes served = {0};

	if (relative[0] == '.')
		return;
	/* Once from the folder and once from the entries alone. */
	for (int tiles = 0; tiles < 2; tiles++) {
		struct ledger *l = kit_ledger(k, k->db, tiles == 1);

		kit_must(ledger_resource(l, &a, relative, &served, &k->f), &k->f);
		assert_true(bytes_equal(served, file_of(k, &a, relative)));
		ledger_close(l);
	}
	arena_done(&a);
}

static void a_resource_is_the_file_byte_for_byte(void **state)
{
	struct kit k;
	char text[1024];

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	for (uint64_t size = 0; size < 770; size += 77)
		kit_append(&k, l, size, 77);
	kit_must(ledger_write_tiles(l, 770, &k.f), &k.f);
	kit_must(
		ledger_publish(l, kit_head(770), kit_note(kit_head(770), text, sizeof(text)), &k.f),
		&k.f);
	kit_each_file(k.tiles, compare_resource, &k);
	ledger_close(l);
	kit_close(&k);
}

static void what_the_tree_does_not_have_is_not_served(void **state)
{
	static const char *const missing[] = {
		"tile/0/001.p/45",  "tile/0/001",         "tile/0/002.p/1", "tile/0/x001/000",
		"tile/1/000.p/2",   "tile/1/000",         "tile/2/000.p/1", "tile/8/000.p/1",
		"tile/63/000.p/1",  "tile/entries/001",   "tile/0/000.p/0", "tile/entries/001.p/45",
		"tile/entries/002", "tile/0/../../secret"};
	struct kit k;
	struct arena a = {0};
	struct bytes out;

	(void)state;
	kit_open(&k);
	struct ledger *l = kit_ledger(&k, k.db, true);

	kit_append(&k, l, 0, 300);
	kit_must(ledger_resource(l, &a, "tile/0/001.p/44", &out, &k.f), &k.f);
	assert_int_equal(out.n, 44 * 32);
	kit_must(ledger_resource(l, &a, "tile/0/001.p/1", &out, &k.f), &k.f);
	assert_int_equal(out.n, 32);
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		kit_refused(ledger_resource(l, &a, missing[i], &out, &k.f), &k.f,
			    "LEDGER_NO_SUCH_RESOURCE");
	ledger_close(l);
	arena_done(&a);
	kit_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resource_is_the_file_byte_for_byte),
		cmocka_unit_test(what_the_tree_does_not_have_is_not_served),
	};

	return kit_run(tests, sizeof(tests) / sizeof(tests[0]));
}

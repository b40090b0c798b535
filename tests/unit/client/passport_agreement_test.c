/* SPDX-License-Identifier: Apache-2.0 */
/* Two verifiers that share only lib/ say the same of thousands of passports that were tampered with, down
 * to the step; and what one of them takes unsigned is what the other knows to be the log's own. */
#include "passport_kit.h"

#include "base/arena.h"
#include "log_key.h"
#include "record/registry.h"
#include "verify.h"

#include <stdio.h>
#include <string.h>

enum { MUTATIONS_BUILT = 800, MUTATIONS_SHOWN = 2400, CHANGES_MAX = 3 };

/* xorshift64: the same mutations every time. */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static size_t below(uint64_t *state, size_t n)
{
	return (size_t)(next(state) % n);
}

/* ---- mutations ---- */

typedef void mutation(struct kit *k, uint64_t *chance);

static void drop_entry(struct kit *k, uint64_t *chance)
{
	if (k->entries_n > 1)
		kit_drop(k, below(chance, k->entries_n));
}

static void drop_end(struct kit *k, uint64_t *chance)
{
	size_t n = 1 + below(chance, 4);

	k->entries_n = k->entries_n > n ? k->entries_n - n : 1;
}

/* The whole chain of whatever an entry is about. */
static void drop_chain(struct kit *k, uint64_t *chance)
{
	char kind[ID_SIZE_MAX + 1], id[ID_SIZE_MAX + 1];
	struct entry entry;
	const char *why;
	struct passport_entry one = k->entries[below(chance, k->entries_n)];

	if (!entry_parse(one.bytes, &entry, &why) || !entry.witness.has_subject)
		return;
	const struct subject *s = &entry.witness.subject;
	snprintf(kind, sizeof kind, "%.*s", (int)s->kind.n, (const char *)s->kind.p);
	snprintf(id, sizeof id, "%.*s", (int)s->id.n, (const char *)s->id.p);
	if (kit_drop_chain(k, kind, id) > 0 && k->entries_n == 0)
		k->entries[k->entries_n++] = one; /* none at all is no list */
}

static void drop_decision(struct kit *k, uint64_t *chance)
{
	static const char *const KINDS[] = {"approval", "build_authorization", "firmware_release"};

	(void)kit_drop_chain(k, KINDS[below(chance, 3)], NULL);
}

static void end_where_it_ends(struct kit *k, uint64_t *chance)
{
	size_t last = kit_last_of_unit(k);

	(void)chance;
	if (last < KIT_ENTRIES_MAX)
		k->p.last = k->entries[last].sequence;
}

static void swap_entries(struct kit *k, uint64_t *chance)
{
	struct passport_entry *a = &k->entries[below(chance, k->entries_n)];
	struct passport_entry *b = &k->entries[below(chance, k->entries_n)], c = *a;

	a->bytes = b->bytes;
	b->bytes = c.bytes;
}

static void flip_entry(struct kit *k, uint64_t *chance)
{
	struct passport_entry *e = &k->entries[below(chance, k->entries_n)];

	e->bytes = kit_flip(k, e->bytes, below(chance, e->bytes.n));
}

static void flip_path(struct kit *k, uint64_t *chance)
{
	struct passport_entry *e = &k->entries[below(chance, k->entries_n)];

	if (e->path_n > 0)
		e->path[below(chance, e->path_n)].b[below(chance, 32)] ^= 4;
}

static void move_entry(struct kit *k, uint64_t *chance)
{
	k->entries[below(chance, k->entries_n)].sequence += 1 + below(chance, 3);
}

static void withhold(struct kit *k, uint64_t *chance)
{
	static const char *const KINDS[] = {"part_lot", "seal", "shipment", "sbom", "supplier"};

	k->withheld[0] = bytes_text(KINDS[below(chance, 5)]);
	k->withheld_n = below(chance, 2);
}

static void withhold_truly(struct kit *k, uint64_t *chance)
{
	static const char *const KINDS[] = {"part_lot", "seal", "shipment", "sbom", "supplier"};
	const char *kind = KINDS[below(chance, 5)];

	(void)kit_drop_chain(k, kind, NULL);
	k->withheld[0] = bytes_text(kind);
	k->withheld_n = 1;
}

static void hide(struct kit *k, uint64_t *chance)
{
	(void)chance;
	k->openings_n = 0;
}

static void flip_opening(struct kit *k, uint64_t *chance)
{
	if (k->openings_n > 0)
		k->salts[0] = kit_flip(k, k->salts[0], below(chance, 16));
}

static void drop_ca(struct kit *k, uint64_t *chance)
{
	(void)chance;
	k->p.ca.n = 0;
}

static void flip_ca(struct kit *k, uint64_t *chance)
{
	if (k->p.ca.n > 0)
		k->p.ca = kit_flip(k, k->p.ca, below(chance, k->p.ca.n));
}

static void flip_note(struct kit *k, uint64_t *chance)
{
	k->p.note = kit_flip(k, k->p.note, below(chance, k->p.note.n));
}

static void rename_unit(struct kit *k, uint64_t *chance)
{
	k->p.subject.id = kit_flip(k, k->p.subject.id, below(chance, k->p.subject.id.n));
}

/* What keeps a passport whole comes more often: the later steps are reached only so. */
static mutation *const MUTATIONS[] = {
	drop_entry,     drop_end,      drop_chain,  drop_chain, drop_chain,   end_where_it_ends,
	swap_entries,   flip_entry,    flip_path,   move_entry, withhold,     withhold_truly,
	withhold_truly, hide,          hide,        drop_ca,    flip_opening, flip_ca,
	flip_note,      drop_decision, rename_unit,
};

/* ---- the comparison ---- */

static void compare(struct bytes file, const struct note_key *key, size_t number, size_t *counts)
{
	struct verdicts said = kit_verdicts(file, key);

	if (said.ours != said.other)
		print_error("mutation %zu: %s here, %s there\n", number,
			    passport_step_name(said.ours), passport_step_name(said.other));
	assert_int_equal(said.ours, said.other);
	counts[said.ours]++;
}

static void mutate(const char *name, const char *key, size_t n, size_t *counts)
{
	uint64_t chance = UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < n; i++) {
		struct kit *k = kit_open(name, key);
		size_t changes = 1 + below(&chance, CHANGES_MAX);
		for (size_t c = 0; c < changes; c++)
			MUTATIONS[below(&chance, sizeof MUTATIONS / sizeof MUTATIONS[0])](k,
											  &chance);
		struct bytes file = kit_file(k);
		/* Every fifth is changed as bytes, too. */
		if (i % 5 == 0)
			file = kit_flip(k, file, below(&chance, file.n));
		compare(file, &k->key, i, counts);
		kit_close(k);
	}
}

static void two_verifiers_say_the_same_of_whatever_was_changed(void **state)
{
	size_t counts[PASSPORT_AGREEMENT + 1] = {0};

	(void)state;
	mutate("built", FUZZ_LOG_KEY_BUILT, MUTATIONS_BUILT, counts);
	mutate("shown", FUZZ_LOG_KEY_SHOWN, MUTATIONS_SHOWN, counts);
	for (size_t step = 0; step <= PASSPORT_AGREEMENT; step++) {
		print_message("%s: %zu\n", passport_step_name((enum passport_step)step),
			      counts[step]);
		assert_true(counts[step] >= 10); /* none is passed over */
	}
}

static void both_take_the_same_types_unsigned(void **state)
{
	struct registry *registry;
	struct fault f = {0};
	size_t reported = 0, listed = 0;

	(void)state;
	assert_int_equal(registry_make(AREAS, &registry, &f).code, OK);
	for (size_t i = 0; i < registry->types_n; i++) {
		const struct record_type *type = registry->types[i].type;
		bool is_listed = false;
		for (const char *const *name = UNSIGNED_TYPES; *name != NULL; name++)
			is_listed = is_listed || strcmp(*name, type->name) == 0;
		if (is_listed != (type->origin == REPORTED))
			print_error("%s: tools/verify/authors.c and its row differ\n", type->name);
		assert_int_equal(is_listed, type->origin == REPORTED);
		reported += type->origin == REPORTED;
	}
	for (const char *const *name = UNSIGNED_TYPES; *name != NULL; name++)
		listed++;
	assert_int_equal(listed, reported);
	registry_free(registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_take_the_same_types_unsigned),
		cmocka_unit_test(two_verifiers_say_the_same_of_whatever_was_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A long random history on both stores: no fold fails, the audit is clean, folding again gives the
 * same, and both stores say the same. SEED=number and RECORDS=number choose another. */
#include "records/history.h"
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "db/table.h"
#include "ledger/audit.h"

extern const struct area *const AREAS[];

enum { SAMPLE = 200, RECORDS = 10000 };

static uint64_t wanted(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* Told to SQLite first; PostgreSQL hears the same. */
static struct history history;
static struct telling told;
static struct hash tables[TABLES_MAX];
static bool made;

/* Ids of the system's own records are drawn anew each time; all else must be equal. */
static bool is_comparable(const struct table *t)
{
	return strcmp(t->name, "entry_id") != 0;
}

static void digest_tables(struct house *h, struct hash out[static TABLES_MAX])
{
	const struct registry *registry = engine_registry(h->engine);
	struct fault f = {0};
	struct db *db;

	assert_in_range(registry->tables_n, 1, TABLES_MAX);
	ok(db_open_reader(h->store, &db, &f), &f);
	for (size_t i = 0; i < registry->tables_n; i++) {
		struct arena a = {0};
		uint64_t rows;
		ok(table_digest(db, registry->tables[i], &a, &out[i], &rows, &f), &f);
		arena_done(&a);
	}
	db_close(db);
}

static void is_whole(struct house *h)
{
	struct audit_options options = {.key = h->checkpoint_public, .verify = ed25519_verify};
	struct audit_report report;
	struct engine_state now;
	struct fault f = {0};

	engine_state_read(h->engine, &now);
	house_must_rebuild(h);
	ok(audit_run(audit_folder(h->tiles), &options, &report, &f), &f);
	assert_int_equal(report.head.size, now.size);
	assert_int_equal(report.unfolded, 0);
}

/* Whoever sends again what was recorded gets the first answer. */
static void a_sample_repeats(struct house *h, const struct telling *t)
{
	struct caller caller = {.principal = "ada", .channel = CHANNEL_KEY};
	struct fault f = {0};

	for (size_t i = 0; i < SAMPLE; i++) {
		size_t place = history_choose(&history, history.submissions_n);
		struct arena a = {0};
		struct submission *s;
		if (t->sequences[place] != UINT64_MAX) {
			ok(submission_from_cbor(h->engine, &a, &caller, bytes_of("", 0),
						history.submissions[place], &s, &f),
			   &f);
			ok(record_submit_wait(h->engine, &s, 1, false, &f), &f);
			const struct result *r = submission_result(s);
			if (strcmp(r->fault.message == NULL ? "" : r->fault.message,
				   "KEY_NOT_AUTHORS") != 0) {
				assert_true(r->repeated);
				assert_int_equal(r->sequence, t->sequences[place]);
			}
		}
		arena_done(&a);
	}
}

static void a_random_history_is_whole(void **state)
{
	const struct store_test *store = *state;
	struct house h;
	uint64_t seed = wanted("SEED", (uint64_t)time(NULL));

	print_message("SEED=%llu\n", (unsigned long long)seed);
	history_new(&history, seed);
	house_open_as(&h, store->address, AREAS, history.founders, history.begin);
	history_make(&history, &h, (size_t)wanted("RECORDS", RECORDS), &told);
	print_message("%zu recorded, %zu of them raised something; %zu refused\n", told.recorded,
		      told.raised, told.refused);
	for (size_t i = 0; i < CODES_MAX && told.codes[i].n > 0; i++)
		print_message("%6zu %s\n", told.codes[i].n, told.codes[i].code);
	/* A history of refusals alone would prove little, and so would one without any. */
	assert_true(told.recorded > history.submissions_n / 4);
	assert_true(told.refused > history.submissions_n / 20);
	is_whole(&h);
	digest_tables(&h, tables);
	made = true;
	a_sample_repeats(&h, &told);
	house_close(&h);
}

static void both_stores_say_the_same(void **state)
{
	const struct store_test *store = *state;
	struct telling again = {0};
	struct hash here[TABLES_MAX];
	struct house h;

	assert_true(made);
	house_open_as(&h, store->address, AREAS, history.founders, history.begin);
	history_tell(&history, &h, &again);
	assert_int_equal(again.recorded, told.recorded);
	for (size_t i = 0; i < history.submissions_n; i++)
		assert_int_equal(again.sequences[i], told.sequences[i]);
	is_whole(&h);
	digest_tables(&h, here);
	const struct registry *registry = engine_registry(h.engine);
	for (size_t i = 0; i < registry->tables_n; i++)
		if (is_comparable(registry->tables[i]) && !hash_equal(here[i], tables[i]))
			fail_msg("table %s differs between the stores", registry->tables[i]->name);
	a_sample_repeats(&h, &again);
	house_close(&h);
	free(again.sequences);
}

int main(void)
{
	const struct CMUnitTest first[] = {STORE_TEST(a_random_history_is_whole)};
	const struct CMUnitTest second[] = {STORE_TEST(both_stores_say_the_same)};
	int failed = run_on_sqlite(first, 1);

	if (failed == 0)
		failed = run_on_postgres(second, 1);
	history_free(&history);
	free(told.sequences);
	return failed;
}

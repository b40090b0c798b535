/* SPDX-License-Identifier: Apache-2.0 */
/* A house taken while it works, and put back: equal, verified, and whole or not at all. */
#include "backup_kit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

static bool is_there(const char *folder, const char *name)
{
	char path[KIT_PATH_MAX + 64];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return file_exists(path);
}

static bool same(struct backup_kit *k, const char *name)
{
	char a[KIT_PATH_MAX + 64], b[KIT_PATH_MAX + 64];

	snprintf(a, sizeof a, "%s/%s", k->home, name);
	snprintf(b, sizeof b, "%s/%s", k->back, name);
	return kit_same_file(a, b);
}

static void restored_store(struct backup_kit *k, char out[static KIT_PATH_MAX + 32])
{
	snprintf(out, KIT_PATH_MAX + 32, "sqlite:%s/store.db", k->back);
}

/* The folder of the test holds nothing that a failed attempt left. */
static void nothing_is_left(struct backup_kit *k)
{
	assert_false(file_exists(k->back));
	const char *find[] = {"find", k->folder, "-name", "*.new*", NULL};
	char list[KIT_PATH_MAX];
	struct stat status;

	snprintf(list, sizeof list, "%s/list", k->folder);
	assert_int_equal(kit_program(find, list), 0);
	assert_int_equal(stat(list, &status), 0);
	assert_int_equal(status.st_size, 0);
}

/* ---- equal ---- */

static void what_is_restored_equals_what_was_taken(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 2);
	struct backup_report taken;
	struct restore_report put;
	char store[KIT_PATH_MAX + 32];

	kit_back_up(k, &taken);
	assert_int_equal(taken.missing.n, 0);
	assert_int_equal(taken.entries, trial_size(k->trial));
	assert_int_equal(taken.openings, 20);
	assert_int_equal(taken.blobs, KIT_BLOBS + 1);
	ok(restore_run(&plan, &put, &k->f), &k->f);
	assert_true(put.facts && put.secrets && put.signer && put.sound);
	assert_int_equal(put.missing.n, 0);
	assert_int_equal(put.entries, taken.entries);
	assert_true(put.verified_signatures > 20);
	assert_true(hash_equal(put.digest, taken.digest));
	restored_store(k, store);
	struct hash live = kit_state(k->trial->house.store), back = kit_state(store);
	assert_true(hash_equal(live, back));
}

static void keys_settings_and_the_signers_folder_come_back(void **state)
{
	static const char *const FILES[] = {"log.vkey",      "tls.crt",       "tls.key",
					    "blob.key",      "salts.key",     "signer/journal",
					    "signer/ca.key", "signer/ca.der", "signer/checkpoint"};
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 2);
	struct backup_report taken;
	struct restore_report put;
	struct stat status;
	char path[KIT_PATH_MAX + 64];

	kit_back_up(k, &taken);
	ok(restore_run(&plan, &put, &k->f), &k->f);
	for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++)
		assert_true(same(k, FILES[i]));
	assert_false(is_there(k->back, "store.db-wal"));
	snprintf(path, sizeof path, "%s/tls.key", k->back);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	snprintf(path, sizeof path, "%s/signer", k->back);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
}

/* The address of the old store and paths of the old machine would lead away from what was restored. */
static void settings_that_lead_elsewhere_do_not_come_back(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 0);
	struct backup_report taken;
	struct restore_report put;
	struct arena a = {0};
	struct bytes text;
	char path[KIT_PATH_MAX + 64];

	kit_back_up(k, &taken);
	ok(restore_run(&plan, &put, &k->f), &k->f);
	snprintf(path, sizeof path, "%s/sealwright.conf", k->back);
	ok(file_read(&a, path, 4096, &text, &k->f), &k->f);
	assert_true(
		bytes_equal(text, bytes_text("origin = " HOUSE_ORIGIN "\npeople_port = 9443\n")));
	arena_done(&a);
}

static void values_and_files_are_readable_again(void **state)
{
	static const uint8_t SECRET[BLOB_KEY_SIZE] = {1, 2, 3};
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 3);
	struct backup_report taken;
	struct restore_report put;
	char store[KIT_PATH_MAX + 32], blobs[KIT_PATH_MAX + 16];
	struct blob_config config = {.folder = blobs, .key = SECRET};
	struct blob_store *restored;
	struct arena a = {0};
	struct bytes content;
	struct db *db;

	kit_back_up(k, &taken);
	ok(restore_run(&plan, &put, &k->f), &k->f);
	restored_store(k, store);
	ok(db_open(store, &db, &k->f), &k->f);
	assert_int_equal(number_of(db, "SELECT count(*) FROM opening WHERE value = '7 euros'"), 1);
	snprintf(blobs, sizeof blobs, "%s/blobs", k->back);
	ok(blob_store_open(&config, db, &restored, &k->f), &k->f);
	ok(blob_load(restored, &a, k->personal, 1000, &content, &k->f), &k->f);
	assert_true(bytes_equal(content, bytes_text("a person's photograph")));
	ok(blob_check(restored, k->evidence, &k->f), &k->f);
	blob_store_close(restored);
	db_close(db);
	arena_done(&a);
}

/* An empty store that is named instead of a file in the folder. */
static void it_can_be_restored_into_a_store_of_choice(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 2);
	struct backup_report taken;
	struct restore_report put;
	char store[512];

	kit_back_up(k, &taken);
	if (k->trial->store->product == DB_POSTGRES) {
		server_command("DROP SCHEMA IF EXISTS restored CASCADE; CREATE SCHEMA restored");
		server_address(store, sizeof store, "options=-csearch_path%3Drestored");
	} else {
		snprintf(store, sizeof store, "sqlite:%s/other.db", k->folder);
	}
	plan.store = store;
	ok(restore_run(&plan, &put, &k->f), &k->f);
	struct hash live = kit_state(k->trial->house.store), back = kit_state(store);
	assert_true(hash_equal(live, back));
	/* Once more, into the same store. */
	char second[KIT_PATH_MAX + 16];
	snprintf(second, sizeof second, "%s.second", k->back);
	plan.folder = second;
	refused(restore_run(&plan, &put, &k->f), &k->f, "BACKUP_STORE_NOT_EMPTY");
	assert_false(file_exists(second));
}

static void a_stock_age_and_tar_open_it(void **state)
{
	struct backup_kit *k = *state;
	struct backup_report taken;
	char plain[KIT_PATH_MAX], list[KIT_PATH_MAX];
	struct arena a = {0};
	struct bytes text;

	kit_back_up(k, &taken);
	snprintf(plain, sizeof plain, "%s/plain.tar", k->folder);
	snprintf(list, sizeof list, "%s/list", k->folder);
	const char *decrypt[] = {"age", "-d", "-i", k->identity[0], k->file, NULL};
	const char *tar[] = {"tar", "tf", plain, NULL};
	assert_int_equal(kit_program(decrypt, plain), 0);
	assert_int_equal(kit_program(tar, list), 0);
	ok(file_read(&a, list, 1 << 20, &text, &k->f), &k->f);
	assert_non_null(memmem(text.p, text.n, "entries/00000000\n", 17));
	assert_non_null(memmem(text.p, text.n, "shares/cleo.age\n", 16));
	/* No key lies open in it. */
	ok(file_read(&a, plain, 10 << 20, &text, &k->f), &k->f);
	assert_null(memmem(text.p, text.n, "a private key", 13));
	arena_done(&a);
}

/* ---- secrets ---- */

static void one_custodian_alone_opens_no_secret(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 1);
	struct backup_report taken;
	struct restore_report put;

	kit_back_up(k, &taken);
	refused(restore_run(&plan, &put, &k->f), &k->f, "BACKUP_SHARES_FEW");
	nothing_is_left(k);
}

static void without_custodians_the_facts_come_back_alone(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 0);
	struct backup_report taken;
	struct restore_report put;

	kit_back_up(k, &taken);
	ok(restore_run(&plan, &put, &k->f), &k->f);
	assert_true(put.facts);
	assert_false(put.secrets || put.signer);
	assert_int_equal(put.missing.n, 2); /* the secrets; and files about people, unread */
	assert_false(is_there(k->back, "tls.key"));
	assert_false(is_there(k->back, "signer"));
}

static void a_share_of_another_backup_opens_nothing(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 2);
	struct backup_plan again = kit_plan(k);
	struct backup_report taken;
	struct restore_report put;

	kit_back_up(k, &taken);
	assert_int_equal(unlink(k->file), 0);
	ok(backup_write(&again, k->file, &taken, &k->f), &k->f);
	refused(restore_run(&plan, &put, &k->f), &k->f, "BACKUP_SHARE_OTHER");
	nothing_is_left(k);
}

static void a_house_without_custodians_keeps_its_keys_out(void **state)
{
	struct backup_kit *k = *state;
	struct backup_plan plan = kit_plan(k);
	struct restore_plan back = kit_restore_plan(k, 0);
	struct backup_report taken;
	struct restore_report put;

	plan.custodians_n = 0;
	ok(backup_write(&plan, k->file, &taken, &k->f), &k->f);
	assert_int_equal(taken.secrets, 0);
	assert_int_equal(taken.missing.n, 1);
	ok(restore_run(&back, &put, &k->f), &k->f);
	assert_false(is_there(k->back, "blob.key"));
}

static void the_signers_own_backup_holds_nothing_else(void **state)
{
	struct backup_kit *k = *state;
	struct backup_plan plan = kit_plan(k);
	struct restore_plan back = kit_restore_plan(k, 2);
	struct backup_report taken;
	struct restore_report put;

	plan.signer_only = true;
	plan.store = "sqlite:/nowhere/store.db";
	ok(backup_write(&plan, k->file, &taken, &k->f), &k->f);
	assert_int_equal(taken.secrets, 4);
	kit_open_shares(k);
	ok(restore_run(&back, &put, &k->f), &k->f);
	assert_true(put.signer && !put.facts);
	assert_true(same(k, "signer/journal"));
	assert_false(is_there(k->back, "store.db"));
	assert_false(is_there(k->back, "tls.key"));
}

/* ---- whole or not at all ---- */

static void nothing_is_overwritten(void **state)
{
	struct backup_kit *k = *state;
	struct backup_plan plan = kit_plan(k);
	struct restore_plan back = kit_restore_plan(k, 2);
	struct backup_report taken;
	struct restore_report put;

	kit_back_up(k, &taken);
	refused(backup_write(&plan, k->file, &taken, &k->f), &k->f, "BACKUP_EXISTS");
	back.folder = k->home;
	refused(restore_run(&back, &put, &k->f), &k->f, "STATE_EXISTS");
}

static void a_backup_that_fails_leaves_no_file(void **state)
{
	struct backup_kit *k = *state;
	struct backup_plan plan = kit_plan(k);
	struct backup_report taken;

	plan.store = "sqlite:/nowhere/store.db";
	assert_int_not_equal(backup_write(&plan, k->file, &taken, &k->f).code, OK);
	assert_false(file_exists(k->file));
	plan = kit_plan(k);
	k->to[0].recipient = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
	refused(backup_write(&plan, k->file, &taken, &k->f), &k->f, "AGE_FAILED");
	assert_false(file_exists(k->file));
	plan = kit_plan(k);
	k->custodians[2].recipient = k->custodians[0].recipient;
	refused(backup_write(&plan, k->file, &taken, &k->f), &k->f, "BACKUP_CUSTODIAN_TWICE");
	plan = kit_plan(k);
	k->custodians[1].name = "../ben";
	refused(backup_write(&plan, k->file, &taken, &k->f), &k->f, "BACKUP_CUSTODIAN_WRONG");
	plan = kit_plan(k);
	plan.need = 4;
	refused(backup_write(&plan, k->file, &taken, &k->f), &k->f, "BACKUP_NEED_WRONG");
	plan.need = 1; /* of three: anybody alone */
	refused(backup_write(&plan, k->file, &taken, &k->f), &k->f, "BACKUP_NEED_WRONG");
	plan = kit_plan(k);
	plan.to_n = 0;
	refused(backup_write(&plan, k->file, &taken, &k->f), &k->f, "BACKUP_RECIPIENT_MISSING");
	nothing_is_left(k);
}

static void a_tested_restore_leaves_nothing(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 2);
	struct backup_report taken;
	struct restore_report put;

	kit_back_up(k, &taken);
	plan.test = true;
	ok(restore_run(&plan, &put, &k->f), &k->f);
	assert_true(put.facts && put.signer && put.sound);
	nothing_is_left(k);
}

/* Damage that was there already is named when the backup is taken, and again when it is restored. */
static void a_damaged_file_is_named_and_the_rest_comes_back(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 2);
	struct backup_report taken;
	struct restore_report put;
	char hex[65], path[KIT_PATH_MAX + 80];
	FILE *file;

	hex_encode(hash_bytes(&k->evidence), hex);
	snprintf(path, sizeof path, "%s/%.2s/%s", k->blobs, hex, hex + 2);
	file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fputc('X', file), 'X');
	assert_int_equal(fclose(file), 0);
	kit_back_up(k, &taken);
	assert_int_equal(taken.missing.n, 1);
	assert_non_null(strstr(taken.missing.text[0], hex));
	ok(restore_run(&plan, &put, &k->f), &k->f);
	assert_false(put.sound);
	assert_non_null(strstr(put.missing.text[0], hex));
	assert_true(put.facts);
}

static void a_lost_file_is_named(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 2);
	struct backup_report taken;
	struct restore_report put;
	char hex[65], path[KIT_PATH_MAX + 80];

	hex_encode(hash_bytes(&k->evidence), hex);
	snprintf(path, sizeof path, "%s/%.2s/%s", k->blobs, hex, hex + 2);
	assert_int_equal(unlink(path), 0);
	kit_back_up(k, &taken);
	assert_int_equal(taken.missing.n, 1);
	ok(restore_run(&plan, &put, &k->f), &k->f);
	assert_true(put.missing.n > 0);
}

static void an_erased_file_stays_erased(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 2);
	struct backup_report taken;
	struct restore_report put;
	char store[KIT_PATH_MAX + 32];
	struct db *db;

	ok(blob_erase(k->store, k->personal, &k->f), &k->f);
	kit_back_up(k, &taken);
	assert_int_equal(taken.missing.n, 0);
	ok(restore_run(&plan, &put, &k->f), &k->f);
	restored_store(k, store);
	ok(db_open(store, &db, &k->f), &k->f);
	assert_int_equal(number_of(db, "SELECT count(*) FROM stored_blob WHERE state = 'erased'"),
			 1);
	assert_int_equal(number_of(db, "SELECT count(*) FROM blob_key"), 0);
	db_close(db);
}

/* ---- while it works ---- */

struct hammer {
	struct trial *trial;
	bool stop;
	unsigned recorded;
};

static void *hammer(void *context)
{
	struct hammer *h = context;
	struct house mine = h->trial->house; /* its arena is not shared */
	char body[96];

	mine.arena = (struct arena){.limit = 256 << 20};
	while (!__atomic_load_n(&h->stop, __ATOMIC_RELAXED)) {
		struct fault f = {0};

		snprintf(body, sizeof body, "{'item':'h%u','site':'VN'}", h->recorded);
		struct submission *s = house_make(&mine, &mine.arena, &h->trial->maya,
						  "trial.noted", body, NULL, &f);
		assert_non_null(s);
		assert_int_equal(record_submit_wait(mine.engine, &s, 1, false, &f).code, OK);
		__atomic_add_fetch(&h->recorded, 1, __ATOMIC_RELAXED);
	}
	arena_done(&mine.arena);
	return NULL;
}

static void a_backup_beside_a_busy_writer_is_one_moment_of_it(void **state)
{
	struct backup_kit *k = *state;
	struct hammer h = {.trial = k->trial};
	struct backup_plan plan = kit_plan(k);
	struct restore_plan back = kit_restore_plan(k, 0);
	struct backup_report taken;
	struct restore_report put;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, hammer, &h), 0);
	while (__atomic_load_n(&h.recorded, __ATOMIC_RELAXED) < 50)
		;
	ok(backup_write(&plan, k->file, &taken, &k->f), &k->f);
	unsigned during = __atomic_load_n(&h.recorded, __ATOMIC_RELAXED);
	while (__atomic_load_n(&h.recorded, __ATOMIC_RELAXED) < during + 10)
		;
	__atomic_store_n(&h.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_true(taken.entries > 50 && taken.entries < trial_size(k->trial));
	ok(restore_run(&back, &put, &k->f), &k->f);
	assert_int_equal(put.entries, taken.entries);
	assert_true(put.facts && put.sound);
	/* Its tables are those of that moment. */
	char store[KIT_PATH_MAX + 32];
	struct rebuild_report rebuilt;
	restored_store(k, store);
	struct engine_config config = {.store = store,
				       .origin = HOUSE_ORIGIN,
				       .areas = TRIAL_AREAS,
				       .clock = &clock_system};
	ok(engine_rebuild(&config, false, NULL, NULL, &rebuilt, &k->f), &k->f);
	assert_int_equal(rebuilt.differing, 0);
	assert_int_equal(rebuilt.entries, taken.entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(what_is_restored_equals_what_was_taken),
		KIT_TEST(keys_settings_and_the_signers_folder_come_back),
		KIT_TEST(settings_that_lead_elsewhere_do_not_come_back),
		KIT_TEST(values_and_files_are_readable_again),
		KIT_TEST(it_can_be_restored_into_a_store_of_choice),
		KIT_TEST(a_stock_age_and_tar_open_it),
		KIT_TEST(one_custodian_alone_opens_no_secret),
		KIT_TEST(without_custodians_the_facts_come_back_alone),
		KIT_TEST(a_share_of_another_backup_opens_nothing),
		KIT_TEST(a_house_without_custodians_keeps_its_keys_out),
		KIT_TEST(the_signers_own_backup_holds_nothing_else),
		KIT_TEST(nothing_is_overwritten),
		KIT_TEST(a_backup_that_fails_leaves_no_file),
		KIT_TEST(a_tested_restore_leaves_nothing),
		KIT_TEST(a_damaged_file_is_named_and_the_rest_comes_back),
		KIT_TEST(a_lost_file_is_named),
		KIT_TEST(an_erased_file_stays_erased),
		KIT_TEST(a_backup_beside_a_busy_writer_is_one_moment_of_it),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}

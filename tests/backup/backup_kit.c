/* SPDX-License-Identifier: Apache-2.0 */
#include "backup_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "core/sha256.h"
#include "db/table.h"
#include "signer/journal.h"
#include "signer/slots.h"

extern char **environ;

int kit_program(const char *const *arguments, const char *output)
{
	union {
		const char *const *ours;
		char *const *theirs;
	} argv = {.ours = arguments};
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawnp(&pid, arguments[0], &actions, NULL, argv.theirs, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void make_person(struct backup_kit *k, size_t i)
{
	const char *make[] = {"age-keygen", NULL},
		   *show[] = {"age-keygen", "-y", k->identity[i], NULL};
	char public_file[KIT_PATH_MAX];
	struct arena a = {0};
	struct bytes text;

	snprintf(k->identity[i], KIT_PATH_MAX, "%s/person%zu", k->folder, i);
	snprintf(public_file, sizeof public_file, "%s/person%zu.pub", k->folder, i);
	snprintf(k->share[i], KIT_PATH_MAX, "%s/person%zu.share", k->folder, i);
	assert_int_equal(kit_program(make, k->identity[i]), 0);
	assert_int_equal(kit_program(show, public_file), 0);
	ok(file_read(&a, public_file, 200, &text, &k->f), &k->f);
	snprintf(k->recipient[i], sizeof k->recipient[0], "%.*s", (int)text.n - 1,
		 (const char *)text.p);
	arena_done(&a);
}

static void put(struct backup_kit *k, const char *name, struct bytes content, unsigned mode)
{
	char path[KIT_PATH_MAX + 64];

	snprintf(path, sizeof path, "%s/%s", k->home, name);
	ok(file_write(path, content, mode, &k->f), &k->f);
}

/* A journal and slots as the signer makes them; no key is needed to walk them. */
static void make_signer(struct backup_kit *k)
{
	struct checkpoint_state first = {0};
	char path[KIT_PATH_MAX + 64];

	snprintf(path, sizeof path, "%s/signer", k->home);
	ok(folder_make(path, &k->f), &k->f);
	snprintf(path, sizeof path, "%s/signer/journal", k->home);
	ok(journal_create(path, bytes_text("genesis"), &first.journal, &k->f), &k->f);
	snprintf(path, sizeof path, "%s/signer/checkpoint", k->home);
	ok(slots_create(path, &first, &k->f), &k->f);
	put(k, "signer/ca.key", bytes_text("a private key\n"), 0600);
	put(k, "signer/ca.der", bytes_text("a certificate"), 0600);
}

static void make_home(struct backup_kit *k)
{
	char vkey[512];
	struct writer w = writer_of(vkey, sizeof vkey);
	struct bytes text;
	static const uint8_t SECRET[32] = {1, 2, 3};

	snprintf(k->home, sizeof k->home, "%s/home", k->folder);
	snprintf(k->blobs, sizeof k->blobs, "%s/home/blobs", k->folder);
	snprintf(k->file, sizeof k->file, "%s/backup.age", k->folder);
	snprintf(k->back, sizeof k->back, "%s/back", k->folder);
	ok(folder_make(k->home, &k->f), &k->f);
	note_key_put(&w, &k->trial->house.checkpoint_public);
	put_text(&w, "\n");
	assert_true(writer_done(&w, &text));
	put(k, "log.vkey", text, 0644);
	put(k, "sealwright.conf",
	    bytes_text("origin = " HOUSE_ORIGIN "\nstore = sqlite:/elsewhere/store.db\n"
		       "tiles = /elsewhere/tiles\npeople_port = 9443\n"),
	    0640);
	put(k, "tls.crt", bytes_text("a certificate\n"), 0644);
	put(k, "tls.key", bytes_text("a private key\n"), 0600);
	put(k, "blob.key", bytes_of(SECRET, 32), 0600);
	put(k, "salts.key", bytes_of(SECRET, 32), 0600);
	put(k, "store.db-wal", bytes_text("not a setting"), 0600);
	make_signer(k);
}

static struct hash store_blob(struct backup_kit *k, enum blob_class class, const char *text,
			      uint64_t sequence)
{
	struct bytes content = bytes_text(text);
	struct blob_request request = {sha256(content), class, content.n, bytes_text("maya")};
	struct blob_upload *upload;

	ok(blob_begin(k->store, &request, 1000, &upload, &k->f), &k->f);
	ok(blob_write(upload, 0, content, &k->f), &k->f);
	ok(blob_finish(&upload, 1000, &k->f), &k->f);
	ok(blob_reference(k->store, request.digest, sequence, &k->f), &k->f);
	return request.digest;
}

static void make_blobs(struct backup_kit *k)
{
	static const uint8_t SECRET[BLOB_KEY_SIZE] = {1, 2, 3};
	struct blob_config config = {.folder = k->blobs, .key = SECRET};
	char text[64];

	ok(blob_store_open(&config, k->trial->store->db, &k->store, &k->f), &k->f);
	for (unsigned i = 0; i < KIT_BLOBS; i++) {
		snprintf(text, sizeof text, "evidence number %u", i);
		k->evidence = store_blob(k, BLOB_EVIDENCE, text, i % 5);
	}
	k->personal = store_blob(k, BLOB_PERSONAL, "a person's photograph", 2);
	/* Of a record that the checkpoint does not cover: of the next backup. */
	store_blob(k, BLOB_EVIDENCE, "too new", 1000000);
}

int kit_setup(void **state)
{
	struct backup_kit *k = calloc(1, sizeof *k);
	void *trial = *state;

	signal(SIGPIPE, SIG_IGN);
	assert_non_null(k);
	assert_int_equal(trial_setup(&trial), 0);
	k->trial = trial;
	snprintf(k->folder, sizeof k->folder, "/tmp/backup-test-XXXXXX");
	assert_non_null(mkdtemp(k->folder));
	for (size_t i = 0; i < KIT_PEOPLE; i++)
		make_person(k, i);
	make_home(k);
	trial_item(k->trial, "a", "VN");
	for (int i = 0; i < 20; i++)
		assert_string_equal(asks(k->trial, &k->trial->maya, "trial.hidden",
					 "{'item':'a','price':'%d euros'}", i),
				    "");
	make_blobs(k);
	*state = k;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

int kit_teardown(void **state)
{
	struct backup_kit *k = *state;
	void *trial = k->trial;

	blob_store_close(k->store);
	nftw(k->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(k);
	return trial_teardown(&trial);
}

struct backup_plan kit_plan(struct backup_kit *k)
{
	static const char *const NAMES[] = {"ada", "ben", "cleo"};

	k->to[0] = (struct backup_person){"admin", k->recipient[0]};
	for (size_t i = 0; i < 3; i++)
		k->custodians[i] = (struct backup_person){NAMES[i], k->recipient[i + 1]};
	return (struct backup_plan){.folder = k->home,
				    .store = k->trial->house.store,
				    .blobs = k->blobs,
				    .origin = HOUSE_ORIGIN,
				    .to = k->to,
				    .to_n = 1,
				    .custodians = k->custodians,
				    .custodians_n = 3,
				    .need = 2,
				    .now_ms = 1700000000000};
}

struct restore_plan kit_restore_plan(struct backup_kit *k, size_t custodians)
{
	for (size_t i = 0; i < custodians; i++)
		k->share_paths[i] = k->share[i + 1];
	return (struct restore_plan){.file = k->file,
				     .identity = k->identity[0],
				     .folder = k->back,
				     .shares = k->share_paths,
				     .shares_n = custodians,
				     .log = &k->trial->house.checkpoint_public,
				     .areas = TRIAL_AREAS,
				     .now_ms = 1700000001000};
}

void kit_open_shares(struct backup_kit *k)
{
	static const char *const NAMES[] = {"ada", "ben", "cleo"};
	char sealed[KIT_PATH_MAX], path[KIT_PATH_MAX + 32];
	size_t n;

	snprintf(sealed, sizeof sealed, "%s/sealed", k->folder);
	ok(restore_shares(k->file, k->identity[0], sealed, &n, &k->f), &k->f);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s.age", sealed, NAMES[i]);
		const char *open_one[] = {"age", "-d", "-i", k->identity[i + 1], path, NULL};
		assert_int_equal(kit_program(open_one, k->share[i + 1]), 0);
		const char *not_mine[] = {"age", "-d", "-i", k->identity[0], path, NULL};
		assert_int_not_equal(kit_program(not_mine, "/dev/null"), 0);
	}
}

void kit_back_up(struct backup_kit *k, struct backup_report *report)
{
	struct backup_plan plan = kit_plan(k);

	ok(backup_write(&plan, k->file, report, &k->f), &k->f);
	kit_open_shares(k);
}

bool kit_same_file(const char *a, const char *b)
{
	const char *compare[] = {"cmp", "-s", a, b, NULL};

	return kit_program(compare, "/dev/null") == 0;
}

struct hash kit_state(const char *store)
{
	struct fault f = {0};
	struct registry *registry;
	struct sha256 all;
	struct db *db;

	sha256_init(&all);
	ok(registry_make(TRIAL_AREAS, &registry, &f), &f);
	ok(db_open_reader(store, &db, &f), &f);
	for (size_t i = 0; i < registry->tables_n; i++) {
		struct arena a = {0};
		struct hash digest;
		uint64_t rows;

		ok(table_digest(db, registry->tables[i], &a, &digest, &rows, &f), &f);
		sha256_update(&all, hash_bytes(&digest));
		arena_done(&a);
	}
	db_close(db);
	registry_free(registry);
	return sha256_final(&all);
}

size_t kit_names(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *item;
	size_t n = 0;

	assert_non_null(d);
	while ((item = readdir(d)) != NULL)
		n += item->d_name[0] != '.';
	closedir(d);
	return n;
}

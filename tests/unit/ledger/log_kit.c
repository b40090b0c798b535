/* SPDX-License-Identifier: Apache-2.0 */
#include "log_kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/catalog.h"

static const char *postgres; /* the address when the group runs on PostgreSQL */

int kit_run(const struct CMUnitTest *tests, size_t n)
{
	const char *address = getenv("SEALWRIGHT_TEST_POSTGRES");
	int failed = _cmocka_run_group_tests("sqlite", tests, n, NULL, NULL);

	if (address && address[0]) {
		postgres = address;
		failed += _cmocka_run_group_tests("postgres", tests, n, NULL, NULL);
	}
	return failed;
}

void kit_must(err e, const struct fault *f)
{
	char text[1024];

	if (e.code == OK)
		return;
	fault_text(f, text, sizeof(text));
	fail_msg("%s: %s", f->message ? f->message : "?", text);
}

void kit_refused(err e, const struct fault *f, const char *message)
{
	assert_int_not_equal(e.code, OK);
	assert_non_null(f->message);
	assert_string_equal(f->message, message);
}

static void postgres_schema(struct kit *k)
{
	static unsigned count;
	char sql[128];
	struct db *admin;

	snprintf(k->schema, sizeof(k->schema), "ledger_%ld_%u", (long)getpid(), count++);
	snprintf(sql, sizeof(sql), "CREATE SCHEMA %s", k->schema);
	kit_must(db_open(postgres, &admin, &k->f), &k->f);
	kit_must(db_run(admin, sql, &k->f), &k->f);
	db_close(admin);
	snprintf(k->address, sizeof(k->address), "%s%coptions=-csearch_path%%3D%s", postgres,
		 strchr(postgres, '?') ? '&' : '?', k->schema);
}

void kit_open(struct kit *k)
{
	const char *base = getenv("TMPDIR");

	*k = (struct kit){0};
	snprintf(k->folder, sizeof(k->folder), "%s/ledger-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(k->folder));
	snprintf(k->tiles, sizeof(k->tiles), "%s/tiles", k->folder);
	if (postgres)
		postgres_schema(k);
	else
		snprintf(k->address, sizeof(k->address), "sqlite:%s/test.db", k->folder);
	k->db = kit_connect(k);
	kit_must(db_run(k->db, LEDGER_SCHEMA, &k->f), &k->f);
}

void kit_close(struct kit *k)
{
	char sql[128];
	struct db *admin;

	db_close(k->db);
	if (k->schema[0]) {
		snprintf(sql, sizeof(sql), "DROP SCHEMA %s CASCADE", k->schema);
		kit_must(db_open(postgres, &admin, &k->f), &k->f);
		kit_must(db_run(admin, sql, &k->f), &k->f);
		db_close(admin);
	}
	kit_remove_folder(k->folder);
}

struct db *kit_connect(struct kit *k)
{
	struct db *db = NULL;

	kit_must(db_open(k->address, &db, &k->f), &k->f);
	return db;
}

struct ledger *kit_ledger(struct kit *k, struct db *db, bool tiles)
{
	struct ledger *l = NULL;

	kit_must(ledger_open(db, tiles ? k->tiles : NULL, &l, &k->f), &k->f);
	return l;
}

struct bytes kit_entry(uint64_t i, uint8_t out[static KIT_ENTRY_MAX])
{
	size_t n = 8 + (size_t)(i * 7919 % (KIT_ENTRY_MAX - 8));

	for (size_t at = 0; at < n; at++)
		out[at] = (uint8_t)(at < 8 ? i >> (8 * at) : i + at);
	return bytes_of(out, n);
}

void kit_append(struct kit *k, struct ledger *l, uint64_t first, uint64_t n)
{
	uint8_t entry[KIT_ENTRY_MAX];
	uint64_t sequence;

	kit_must(db_begin(k->db, &k->f), &k->f);
	kit_must(ledger_begin(l, &k->f), &k->f);
	assert_int_equal(ledger_next(l), first);
	for (uint64_t i = first; i < first + n; i++) {
		kit_must(ledger_append(l, kit_entry(i, entry), &sequence, &k->f), &k->f);
		assert_int_equal(sequence, i);
	}
	kit_must(ledger_store(l, 1000 + first + n, &k->f), &k->f);
	kit_must(db_commit(k->db, &k->f), &k->f);
}

struct hash kit_root(uint64_t begin, uint64_t end)
{
	uint8_t entry[KIT_ENTRY_MAX];
	uint64_t k = 1;

	if (begin == end)
		return merkle_head(&(struct merkle){0}).root;
	if (end - begin == 1)
		return merkle_leaf(kit_entry(begin, entry));
	while (k * 2 < end - begin)
		k *= 2;
	return merkle_node(kit_root(begin, begin + k), kit_root(begin + k, end));
}

struct merkle_head kit_head(uint64_t size)
{
	return (struct merkle_head){size, kit_root(0, size)};
}

struct bytes kit_note(struct merkle_head head, char *out, size_t cap)
{
	struct writer w = writer_of(out, cap);
	struct bytes note;
	uint8_t signature[64] = {1};

	checkpoint_put(&w, bytes_text("test.example/log"), head);
	put_text(&w, "\n");
	note_put_signature(&w, "test.example/log", 0x01020304, bytes_of(signature, 64));
	assert_true(writer_done(&w, &note));
	return note;
}

/* ---- folders ---- */

static void each_below(const char *folder, const char *relative, kit_file_fn *each, void *context)
{
	char path[KIT_PATH_SIZE * 3], below[KIT_PATH_SIZE * 2];
	struct dirent *item;

	snprintf(path, sizeof(path), "%s/%s", folder, relative);
	DIR *d = opendir(path);

	assert_non_null(d);
	while ((item = readdir(d))) {
		struct stat st;

		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
			continue;
		snprintf(below, sizeof(below), "%s%s%s", relative, relative[0] ? "/" : "",
			 item->d_name);
		snprintf(path, sizeof(path), "%s/%s", folder, below);
		assert_int_equal(lstat(path, &st), 0);
		if (S_ISDIR(st.st_mode))
			each_below(folder, below, each, context);
		else
			each(context, below);
	}
	closedir(d);
}

void kit_each_file(const char *folder, kit_file_fn *each, void *context)
{
	each_below(folder, "", each, context);
}

/* Files of the log itself, without those that begin with a dot. */
static void count_one(void *context, const char *relative)
{
	if (relative[0] != '.')
		(*(size_t *)context)++;
}

size_t kit_count_files(const char *folder)
{
	size_t n = 0;

	kit_each_file(folder, count_one, &n);
	return n;
}

void kit_remove_folder(const char *folder)
{
	char path[KIT_PATH_SIZE * 2];
	struct dirent *item;
	DIR *d = opendir(folder);

	if (!d)
		return;
	while ((item = readdir(d))) {
		struct stat st;

		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, item->d_name);
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			kit_remove_folder(path);
		else
			unlink(path);
	}
	closedir(d);
	rmdir(folder);
}

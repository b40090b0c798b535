/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_testing.h"

#include "base/catalog.h"

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const enum blob_class CLASSES[2] = {BLOB_EVIDENCE, BLOB_PERSONAL};
static const char *postgres; /* the address while the group runs on PostgreSQL */

int run_on_stores(const struct CMUnitTest *tests, size_t n)
{
	const char *address = getenv("SEALWRIGHT_TEST_POSTGRES");
	int failed = _cmocka_run_group_tests("sqlite", tests, n, NULL, NULL);

	if (address != NULL && address[0] != 0 && strcmp(address, "none") != 0) {
		postgres = address;
		failed += _cmocka_run_group_tests("postgres", tests, n, NULL, NULL);
	}
	return failed;
}

uint64_t now(void)
{
	return (uint64_t)time(NULL) * 1000;
}

void assert_ok_at(struct room *room, err e, const char *file, int line)
{
	char text[1024];

	if (e.code == OK)
		return;
	fault_text(&room->fault, text, sizeof(text));
	print_error("%s:%d: %s: %s\n", file, line, room->fault.message, text);
	fail();
}

void assert_fault(struct room *room, err e, const char *message)
{
	char text[1024];

	assert_int_not_equal(e.code, OK);
	assert_non_null(room->fault.message);
	assert_string_equal(room->fault.message, message);
	assert_int_equal(e.code, room->fault.code);
	fault_text(&room->fault, text, sizeof(text));
	assert_null(strchr(text, '{')); /* every value of the sentence was given */
	room->fault = (struct fault){0};
}

void room_open(struct room *room)
{
	struct blob_config config = {.folder = room->blobs, .key = room->key};

	assert_ok(room, db_open(room->address, &room->db, &room->fault));
	assert_ok(room, blob_tables_make(room->db, &room->fault));
	assert_ok(room, blob_store_open(&config, room->db, &room->store, &room->fault));
}

static void admin_run(struct room *room, const char *verb, const char *ending)
{
	char sql[128];
	struct db *admin = NULL;

	snprintf(sql, sizeof(sql), "%s SCHEMA %s %s", verb, room->schema, ending);
	assert_ok(room, db_open(postgres, &admin, &room->fault));
	assert_ok(room, db_run(admin, sql, &room->fault));
	db_close(admin);
}

static void address_make(struct room *room)
{
	static unsigned count;

	if (postgres == NULL) {
		snprintf(room->address, sizeof(room->address), "sqlite:%s/test.db", room->folder);
		return;
	}
	snprintf(room->schema, sizeof(room->schema), "blob_%ld_%u", (long)getpid(), count++);
	admin_run(room, "CREATE", "");
	snprintf(room->address, sizeof(room->address), "%s%coptions=-csearch_path%%3D%s", postgres,
		 strchr(postgres, '?') != NULL ? '&' : '?', room->schema);
}

void room_make(struct room *room)
{
	const char *tmp = getenv("TMPDIR");

	*room = (struct room){0};
	snprintf(room->folder, sizeof(room->folder), "%s/blob-test-XXXXXX",
		 tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(room->folder));
	snprintf(room->blobs, sizeof(room->blobs), "%s/blobs", room->folder);
	address_make(room);
	memset(room->key, 0x5a, sizeof(room->key));
	room_open(room);
}

void room_close(struct room *room)
{
	blob_store_close(room->store);
	db_close(room->db);
	room->store = NULL;
	room->db = NULL;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

void room_remove(struct room *room)
{
	room_close(room);
	if (room->schema[0] != 0)
		admin_run(room, "DROP", "CASCADE");
	nftw(room->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

uint8_t *content_make(size_t n, unsigned seed)
{
	uint8_t *out = malloc(n + 1);
	uint32_t x = seed * 2654435761U + 1;

	if (out == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525U + 1013904223U;
		out[i] = (uint8_t)(x >> 24);
	}
	return out;
}

struct blob_request request_for(enum blob_class class, struct bytes content)
{
	return (struct blob_request){.digest = sha256(content),
				     .class = class,
				     .size = content.n,
				     .uploader = bytes_text("station-7")};
}

err store_content(struct room *room, enum blob_class class, struct bytes content, size_t piece)
{
	struct blob_request request = request_for(class, content);
	struct blob_upload *upload = NULL;

	TRY(blob_begin(room->store, &request, now(), &upload, &room->fault));
	for (uint64_t at = blob_upload_offset(upload); at < content.n;) {
		size_t n = content.n - at < piece ? (size_t)(content.n - at) : piece;
		err e = blob_write(upload, at, bytes_of(content.p + at, n), &room->fault);

		if (e.code != OK) {
			blob_leave(&upload);
			return e;
		}
		at += n;
	}
	return blob_finish(&upload, now(), &room->fault);
}

void assert_reads(struct room *room, struct bytes content)
{
	struct arena arena = {.limit = content.n + 65536};
	struct bytes found = {0};

	assert_ok(room,
		  blob_load(room->store, &arena, sha256(content), content.n, &found, &room->fault));
	assert_true(bytes_equal(found, content));
	arena_done(&arena);
}

void file_of(struct room *room, struct hash digest, char *path, size_t cap)
{
	char hex[65], pattern[BLOB_ROOM_PATH_SIZE + 128];
	glob_t found;

	hex_encode(hash_bytes(&digest), hex);
	snprintf(pattern, sizeof(pattern), "%s/%.2s/%s*", room->blobs, hex, hex + 2);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	assert_true(strlen(found.gl_pathv[0]) < cap);
	snprintf(path, cap, "%s", found.gl_pathv[0]);
	globfree(&found);
}

size_t files_count(const struct room *room)
{
	char pattern[BLOB_ROOM_PATH_SIZE + 64];
	size_t n = 0;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*/*", room->blobs);
	if (glob(pattern, 0, NULL, &found) == 0)
		n = found.gl_pathc;
	globfree(&found);
	return n;
}

int room_setup(void **state)
{
	struct room *room = malloc(sizeof(*room));

	assert_non_null(room);
	room_make(room);
	*state = room;
	return 0;
}

int room_teardown(void **state)
{
	room_remove(*state);
	free(*state);
	return 0;
}

void damage_file(const char *path, off_t at)
{
	uint8_t byte;
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

void only_upload(const struct room *room, char *path, size_t cap)
{
	char pattern[1024];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/upload/*", room->blobs);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	snprintf(path, cap, "%s", found.gl_pathv[0]);
	globfree(&found);
}

static err count_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(int64_t *)context = columns[0].number;
	return ERR_OK;
}

int64_t row_count(struct room *room, const char *sql)
{
	struct statement *s = NULL;
	int64_t out = -1;

	assert_ok(room, db_prepare(room->db, sql, NULL, 0, &s, &room->fault));
	assert_ok(room, db_query(room->db, s, NULL, count_row, &out, NULL, &room->fault));
	statement_close(s);
	return out;
}

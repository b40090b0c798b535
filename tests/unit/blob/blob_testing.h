/* SPDX-License-Identifier: Apache-2.0 */
/* blob_testing.h — a blob store in a throw-away folder. */
#ifndef BLOB_TESTING_H
#define BLOB_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/types.h>

#include "blob/blob.h"
#include "core/sha256.h"

enum { BLOB_ROOM_PATH_SIZE = 512 };

/* Runs the group on SQLite, and on PostgreSQL if SEALWRIGHT_TEST_POSTGRES holds an address. */
int run_on_stores(const struct CMUnitTest *tests, size_t n);

struct room {
	char folder[BLOB_ROOM_PATH_SIZE]; /* holds `blobs` and `test.db` */
	char blobs[BLOB_ROOM_PATH_SIZE + 16];
	char address[BLOB_ROOM_PATH_SIZE + 32];
	char schema[64]; /* on PostgreSQL */
	uint8_t key[BLOB_KEY_SIZE];
	struct db *db;
	struct blob_store *store;
	struct fault fault;
};

enum { DAY = 24 * 60 * 60 * 1000 };
/* This machine's time in milliseconds: files are aged by it. */
uint64_t now(void);

void room_make(struct room *room); /* folder and tables, opened */
void room_open(struct room *room); /* what room_close() closed */
void room_close(struct room *room);
void room_remove(struct room *room); /* closes, and deletes the folder */

/* `n` bytes that depend on `seed`; freed with free(). */
uint8_t *content_make(size_t n, unsigned seed);

struct blob_request request_for(enum blob_class class, struct bytes content);
/* Begins, writes in pieces of `piece` bytes, finishes. */
err store_content(struct room *room, enum blob_class class, struct bytes content, size_t piece);
/* Asserts that the blob reads back as `content`. */
void assert_reads(struct room *room, struct bytes content);
/* Where its file is: the only one of its name. */
void file_of(struct room *room, struct hash digest, char *path, size_t cap);
/* Files under the folder `blobs`, without the lock. */
size_t files_count(const struct room *room);
/* The number that a SELECT of one row says. */
int64_t row_count(struct room *room, const char *sql);
/* Flips a bit of the byte at `at`. */
void damage_file(const char *path, off_t at);
/* The path of the one half upload there is. */
void only_upload(const struct room *room, char *path, size_t cap);

/* Asserts the code and the message of a fault, and clears it. */
void assert_fault(struct room *room, err e, const char *message);
#define assert_ok(room, call) assert_ok_at((room), (call), __FILE__, __LINE__)
void assert_ok_at(struct room *room, err e, const char *file, int line);

enum { BIG = 3 * BLOB_CHUNK_SIZE + 1234 }; /* bytes of a content of four chunks */
extern const enum blob_class CLASSES[2];
#define EACH_CLASS(c) for (const enum blob_class *c = CLASSES; c < CLASSES + 2; c++)

/* A room of its own for each test. */
int room_setup(void **state);
int room_teardown(void **state);
#define ROW(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

#endif

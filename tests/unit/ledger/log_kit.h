/* SPDX-License-Identifier: Apache-2.0 */
/* log_kit.h — a fresh store and a folder for each test of this room, on either product, and a
 * naive Merkle tree to compare with. */
#ifndef LOG_KIT_H
#define LOG_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/ledger.h"

enum { KIT_ENTRY_MAX = 320, KIT_PATH_SIZE = 512 };

struct kit {
	char folder[KIT_PATH_SIZE];
	char tiles[KIT_PATH_SIZE + 16];
	char address[KIT_PATH_SIZE * 2];
	char schema[64]; /* PostgreSQL only */
	struct db *db;
	struct fault f;
};

/* Runs the group on SQLite, and on PostgreSQL if SEALWRIGHT_TEST_POSTGRES holds an address. */
int kit_run(const struct CMUnitTest *tests, size_t n);
void kit_open(struct kit *k);
void kit_close(struct kit *k);
struct db *kit_connect(struct kit *k);
struct ledger *kit_ledger(struct kit *k, struct db *db, bool tiles);

/* Fails the test with the fault's sentence unless it is OK. */
void kit_must(err e, const struct fault *f);
void kit_refused(err e, const struct fault *f, const char *message);

/* Entry `i`: its size and content follow from i. */
struct bytes kit_entry(uint64_t i, uint8_t out[static KIT_ENTRY_MAX]);
/* Appends entries [first, first + n) in one transaction. */
void kit_append(struct kit *k, struct ledger *l, uint64_t first, uint64_t n);
/* RFC 9162 section 2.1.1, word for word, over the entries of kit_entry. */
struct hash kit_root(uint64_t begin, uint64_t end);
struct merkle_head kit_head(uint64_t size);
/* A note over that head; its signature is no real one. */
struct bytes kit_note(struct merkle_head head, char *out, size_t cap);

/* Calls `each` with the path, relative to `folder`, of every file below it. */
typedef void kit_file_fn(void *context, const char *relative);
void kit_each_file(const char *folder, kit_file_fn *each, void *context);
size_t kit_count_files(const char *folder);
void kit_remove_folder(const char *folder);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* backup_kit.h — a house worth a backup: a log with values behind commitments, files of both classes,
 * keys, a signer's journal, and people with real keys of age. */
#ifndef TEST_BACKUP_KIT_H
#define TEST_BACKUP_KIT_H

#include "backup/backup.h"
#include "blob/blob.h"
#include "records/trial.h"

enum { KIT_PEOPLE = 4, KIT_PATH_MAX = 200, KIT_BLOBS = 70 };

struct backup_kit {
	struct trial *trial;
	char folder[64]; /* of this test */
	char home[KIT_PATH_MAX], blobs[KIT_PATH_MAX], file[KIT_PATH_MAX], back[KIT_PATH_MAX];
	char identity[KIT_PEOPLE][KIT_PATH_MAX], recipient[KIT_PEOPLE][128];
	char share[KIT_PEOPLE][KIT_PATH_MAX]; /* opened, of custodians 1 to 3 */
	const char *share_paths[KIT_PEOPLE];
	struct backup_person to[1], custodians[3];
	struct blob_store *store;
	struct hash evidence, personal; /* two of the files */
	struct fault f;
};

int kit_setup(void **state);
int kit_teardown(void **state);
#define KIT_TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

/* Person 0 opens the file; 1 to 3 are custodians, two of whom are needed. */
struct backup_plan kit_plan(struct backup_kit *k);
/* With the shares of the first `custodians` of them. */
struct restore_plan kit_restore_plan(struct backup_kit *k, size_t custodians);
/* Takes the backup and opens every custodian's share. */
void kit_back_up(struct backup_kit *k, struct backup_report *report);
void kit_open_shares(struct backup_kit *k);
/* Runs a program to its end; its status. */
int kit_program(const char *const *arguments, const char *output);
bool kit_same_file(const char *a, const char *b);
/* SHA-256 over every derived table of a store. */
struct hash kit_state(const char *store);
/* How many names a folder has. */
size_t kit_names(const char *folder);

#endif

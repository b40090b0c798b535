/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_testing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- references, erasing, sweeping ---- */

static void first_reference_stays(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("evidence");
	struct blob_info info;

	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	assert_ok(room, db_begin(room->db, &room->fault));
	assert_ok(room, blob_reference(room->store, sha256(b), 0, &room->fault));
	assert_ok(room, blob_reference(room->store, sha256(b), 9, &room->fault));
	assert_ok(room, db_commit(room->db, &room->fault));
	assert_ok(room, blob_find(room->store, sha256(b), &info, &room->fault));
	assert_true(info.is_referenced);
	assert_int_equal(info.referenced, 0);
}

static void evidence_that_a_record_names_cannot_be_erased(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("evidence");

	assert_fault(room, blob_erase(room->store, sha256(b), &room->fault), "BLOB_MISSING");
	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	assert_ok(room, blob_reference(room->store, sha256(b), 1, &room->fault));
	assert_fault(room, blob_erase(room->store, sha256(b), &room->fault), "BLOB_REFERENCED");
	assert_reads(room, b);
}

static void evidence_that_no_record_names_can_be_erased(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("evidence");

	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	assert_ok(room, blob_erase(room->store, sha256(b), &room->fault));
	assert_fault(room, blob_check(room->store, sha256(b), &room->fault), "BLOB_MISSING");
	assert_int_equal(files_count(room), 0);
}

static void erased_is_erased_even_for_who_kept_the_file(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("name and address");
	char path[1024], kept[1100];
	struct blob_info info;

	assert_ok(room, store_content(room, BLOB_PERSONAL, b, 99));
	assert_ok(room, blob_reference(room->store, sha256(b), 3, &room->fault));
	file_of(room, sha256(b), path, sizeof(path));
	snprintf(kept, sizeof(kept), "%s/kept", room->folder);
	assert_int_equal(link(path, kept), 0);
	assert_ok(room, blob_erase(room->store, sha256(b), &room->fault));
	assert_int_equal(row_count(room, "SELECT count(*) FROM blob_key"), 0);
	assert_fault(room, blob_check(room->store, sha256(b), &room->fault), "BLOB_ERASED");
	assert_int_equal(rename(kept, path), 0); /* as a backup would bring it back */
	assert_fault(room, blob_check(room->store, sha256(b), &room->fault), "BLOB_ERASED");
	assert_ok(room, blob_erase(room->store, sha256(b), &room->fault)); /* again is fine */
	assert_ok(room, blob_find(room->store, sha256(b), &info, &room->fault));
	assert_true(info.erased);
	assert_fault(room, blob_reference(room->store, sha256(b), 4, &room->fault), "BLOB_ERASED");
	assert_fault(room, store_content(room, BLOB_PERSONAL, b, 99), "BLOB_ERASED");
}

static void upload_under_way_does_not_bring_the_erased_back(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("name and address");
	struct blob_request request = request_for(BLOB_PERSONAL, b);
	struct blob_upload *upload = NULL;

	assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
	assert_ok(room, blob_write(upload, 0, b, &room->fault));
	assert_ok(room, store_content(room, BLOB_PERSONAL, b, 99));
	assert_ok(room, blob_reference(room->store, request.digest, 1, &room->fault));
	assert_ok(room, blob_erase(room->store, request.digest, &room->fault));
	assert_fault(room, blob_finish(&upload, now(), &room->fault), "BLOB_ERASED");
	assert_int_equal(files_count(room), 0);
	assert_int_equal(row_count(room, "SELECT count(*) FROM blob_key"), 0);
}

static void sweep_takes_what_no_record_came_to_name(void **state)
{
	struct room *room = *state;
	struct bytes named = bytes_text("named"), idle = bytes_text("idle"),
		     person = bytes_text("person");
	struct blob_swept swept;

	assert_ok(room, store_content(room, BLOB_EVIDENCE, named, 99));
	assert_ok(room, store_content(room, BLOB_EVIDENCE, idle, 99));
	assert_ok(room, store_content(room, BLOB_PERSONAL, person, 99));
	assert_ok(room, blob_reference(room->store, sha256(named), 1, &room->fault));
	assert_ok(room, blob_sweep(room->store, now() + DAY / 2, &swept, &room->fault));
	assert_int_equal(swept.blobs + swept.files + swept.uploads + swept.keys, 0);
	assert_ok(room, blob_sweep(room->store, now() + 2 * (uint64_t)DAY, &swept, &room->fault));
	assert_int_equal(swept.blobs, 2);
	assert_int_equal(swept.files, 0);
	assert_reads(room, named);
	assert_fault(room, blob_check(room->store, sha256(idle), &room->fault), "BLOB_MISSING");
	assert_fault(room, blob_check(room->store, sha256(person), &room->fault), "BLOB_MISSING");
	assert_int_equal(files_count(room), 1);
	assert_int_equal(row_count(room, "SELECT count(*) FROM blob_key"), 0);
}

static void asking_for_a_stored_blob_gives_it_another_day(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("idle");
	struct blob_request request = request_for(BLOB_EVIDENCE, b);
	struct blob_upload *upload = NULL;
	struct blob_swept swept;

	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	assert_ok(room, blob_begin(room->store, &request, now() + DAY, &upload, &room->fault));
	blob_leave(&upload);
	assert_ok(room, blob_sweep(room->store, now() + DAY + DAY / 2, &swept, &room->fault));
	assert_int_equal(swept.blobs, 0);
	assert_reads(room, b);
}

static void sweep_takes_half_uploads_with_their_keys_but_not_a_running_one(void **state)
{
	struct room *room = *state;
	struct bytes half = bytes_text("half"), running = bytes_text("running");
	struct blob_request request = request_for(BLOB_PERSONAL, half);
	struct blob_upload *upload = NULL, *alive = NULL;
	struct blob_swept swept;

	assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
	blob_leave(&upload);
	request = request_for(BLOB_PERSONAL, running);
	assert_ok(room, blob_begin(room->store, &request, now(), &alive, &room->fault));
	assert_ok(room, blob_sweep(room->store, now() + 2 * (uint64_t)DAY, &swept, &room->fault));
	assert_int_equal(swept.uploads, 1);
	assert_int_equal(swept.keys, 1);
	assert_ok(room, blob_write(alive, 0, running, &room->fault));
	assert_ok(room, blob_finish(&alive, now(), &room->fault));
	assert_reads(room, running);
}

static void sweep_takes_stray_files_and_leaves_strangers(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("content");
	char path[1024], stray[1100], stranger[1100];
	struct blob_swept swept;

	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	assert_ok(room, blob_reference(room->store, sha256(b), 1, &room->fault));
	file_of(room, sha256(b), path, sizeof(path));
	snprintf(stray, sizeof(stray), "%s.00112233445566778899aabbccddeeff", path);
	snprintf(stranger, sizeof(stranger), "%.*s/README", (int)(strlen(path) - 63), path);
	assert_int_equal(link(path, stray), 0);
	assert_int_equal(link(path, stranger), 0);
	assert_ok(room, blob_sweep(room->store, now(), &swept, &room->fault));
	assert_int_equal(swept.files, 0); /* too young */
	assert_ok(room, blob_sweep(room->store, now() + 2 * (uint64_t)DAY, &swept, &room->fault));
	assert_int_equal(swept.files, 1);
	assert_int_not_equal(access(stray, F_OK), 0);
	assert_int_equal(access(stranger, F_OK), 0);
	assert_reads(room, b);
}

static void folder_that_cannot_be_made_is_named(void **state)
{
	struct room *room = *state;
	struct blob_config config = {.folder = "/dev/null/blobs", .key = room->key};
	struct blob_store *store = NULL;

	assert_int_not_equal(blob_store_open(&config, room->db, &store, &room->fault).code, OK);
	assert_null(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(first_reference_stays),
		ROW(evidence_that_a_record_names_cannot_be_erased),
		ROW(evidence_that_no_record_names_can_be_erased),
		ROW(erased_is_erased_even_for_who_kept_the_file),
		ROW(upload_under_way_does_not_bring_the_erased_back),
		ROW(sweep_takes_what_no_record_came_to_name),
		ROW(asking_for_a_stored_blob_gives_it_another_day),
		ROW(sweep_takes_half_uploads_with_their_keys_but_not_a_running_one),
		ROW(sweep_takes_stray_files_and_leaves_strangers),
		ROW(folder_that_cannot_be_made_is_named),
	};

	return run_on_stores(tests, sizeof(tests) / sizeof(tests[0]));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_testing.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- damage ---- */

static void damage(struct room *room, struct hash digest, off_t at)
{
	char path[1024];

	file_of(room, digest, path, sizeof(path));
	damage_file(path, at);
}

static void every_changed_byte_is_noticed(void **state)
{
	static const off_t PLACES[] = {0, 11, 12, 65536, 65575, 65576, BIG - 1};
	struct room *room = *state;

	EACH_CLASS(class)
	{
		uint8_t *content = content_make(BIG, 30 + *class);
		struct bytes b = bytes_of(content, BIG);

		assert_ok(room, store_content(room, *class, b, 65536));
		for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
			damage(room, sha256(b), PLACES[i]);
			assert_fault(room, blob_check(room->store, sha256(b), &room->fault),
				     "BLOB_CORRUPT");
			damage(room, sha256(b), PLACES[i]);
			assert_ok(room, blob_check(room->store, sha256(b), &room->fault));
		}
		free(content);
	}
}

static void damaged_chunk_is_named_and_not_given_out(void **state)
{
	struct room *room = *state;
	uint8_t *content = content_make(BIG, 40), buffer[4096];
	struct bytes b = bytes_of(content, BIG);
	struct blob_reader *reader = NULL;
	size_t n = 1, total = 0;
	err e = ERR_OK;

	assert_ok(room, store_content(room, BLOB_PERSONAL, b, 65536));
	damage(room, sha256(b), 65564 + 500); /* in the second chunk */
	assert_ok(room, blob_open(room->store, sha256(b), &reader, &room->fault));
	while (n > 0 && e.code == OK) {
		e = blob_read(reader, buffer, sizeof(buffer), &n, &room->fault);
		total += n;
	}
	assert_int_equal(total, 65536); /* the first chunk, and no byte of the second */
	assert_non_null(strstr(fault_value(&room->fault, "detail"), "chunk 1, at byte 65564"));
	assert_fault(room, e, "BLOB_CORRUPT");
	blob_reader_close(reader);
	free(content);
}

static void chunks_cannot_change_places(void **state)
{
	struct room *room = *state;
	uint8_t *content = content_make(4 * BLOB_CHUNK_SIZE, 41);
	enum { CHUNK = BLOB_CHUNK_SIZE + 28 };
	uint8_t *disk = malloc(4 * CHUNK);
	struct bytes b = bytes_of(content, 4 * BLOB_CHUNK_SIZE);
	char path[1024];

	assert_ok(room, store_content(room, BLOB_PERSONAL, b, 65536));
	file_of(room, sha256(b), path, sizeof(path));
	int fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, disk, 4 * CHUNK, 0), 4 * CHUNK);
	assert_int_equal(pwrite(fd, disk, CHUNK, CHUNK), CHUNK);
	assert_int_equal(pwrite(fd, disk + CHUNK, CHUNK, 0), CHUNK);
	close(fd);
	err e = blob_check(room->store, sha256(b), &room->fault);
	assert_non_null(strstr(fault_value(&room->fault, "detail"), "chunk 0, at byte 0"));
	assert_fault(room, e, "BLOB_CORRUPT");
	free(content);
	free(disk);
}

static void last_bytes_of_damaged_evidence_are_not_given_out(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("twelve bytes");
	struct blob_reader *reader = NULL;
	char buffer[16] = {0};
	size_t n = 0;

	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	damage(room, sha256(b), 1);
	assert_ok(room, blob_open(room->store, sha256(b), &reader, &room->fault));
	assert_ok(room, blob_read(reader, buffer, 8, &n, &room->fault));
	assert_fault(room, blob_read(reader, buffer + 8, 8, &n, &room->fault), "BLOB_CORRUPT");
	assert_int_equal(n, 0);
	assert_int_equal(buffer[8], 0);
	blob_reader_close(reader);
}

static void cut_lengthened_and_missing_files_are_named(void **state)
{
	struct room *room = *state;

	EACH_CLASS(class)
	{
		struct bytes b = *class == BLOB_PERSONAL ? bytes_text("one") : bytes_text("two");
		char path[1024], moved[1100];
		struct stat st;

		assert_ok(room, store_content(room, *class, b, 99));
		file_of(room, sha256(b), path, sizeof(path));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(truncate(path, st.st_size + 1), 0);
		assert_fault(room, blob_check(room->store, sha256(b), &room->fault),
			     "BLOB_CORRUPT");
		assert_int_equal(truncate(path, st.st_size - 1), 0);
		assert_fault(room, blob_check(room->store, sha256(b), &room->fault),
			     "BLOB_CORRUPT");
		snprintf(moved, sizeof(moved), "%s/moved", room->folder);
		assert_int_equal(rename(path, moved), 0);
		assert_fault(room, blob_check(room->store, sha256(b), &room->fault),
			     "BLOB_CORRUPT");
	}
}

static void lost_evidence_is_mended_by_uploading_it_again(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("evidence");
	char path[1024];

	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	assert_ok(room, blob_reference(room->store, sha256(b), 7, &room->fault));
	file_of(room, sha256(b), path, sizeof(path));
	assert_int_equal(unlink(path), 0);
	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	assert_reads(room, b);
	struct blob_info info;
	assert_ok(room, blob_find(room->store, sha256(b), &info, &room->fault));
	assert_true(info.is_referenced);
	assert_int_equal(info.referenced, 7);
}

/* ---- the disk ---- */

static void full_disk_is_said_before_the_upload(void **state)
{
	struct room *room = *state;
	struct blob_config config = {
		.folder = room->blobs, .key = room->key, .reserve = UINT64_MAX / 2};
	struct blob_request request = request_for(BLOB_EVIDENCE, bytes_text("x"));
	struct blob_upload *upload = NULL;
	struct blob_store *store = NULL;

	assert_ok(room, blob_store_open(&config, room->db, &store, &room->fault));
	assert_fault(room, blob_begin(store, &request, now(), &upload, &room->fault),
		     "BLOB_NO_SPACE");
	blob_store_close(store);
}

static void write_the_disk_refuses_is_an_error_and_can_be_resumed(void **state)
{
	struct room *room = *state;

	signal(SIGXFSZ, SIG_IGN);
	EACH_CLASS(class)
	{
		uint8_t *content = content_make(BIG, 50 + *class);
		struct bytes b = bytes_of(content, BIG);
		struct rlimit old, small;

		assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
		small = (struct rlimit){100000, old.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		err e = store_content(room, *class, b, BIG);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		assert_fault(room, e, "BLOB_IO");
		assert_ok(room, store_content(room, *class, b, BIG));
		assert_reads(room, b);
		free(content);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(every_changed_byte_is_noticed),
		ROW(damaged_chunk_is_named_and_not_given_out),
		ROW(chunks_cannot_change_places),
		ROW(last_bytes_of_damaged_evidence_are_not_given_out),
		ROW(cut_lengthened_and_missing_files_are_named),
		ROW(lost_evidence_is_mended_by_uploading_it_again),
		ROW(full_disk_is_said_before_the_upload),
		ROW(write_the_disk_refuses_is_an_error_and_can_be_resumed),
	};

	return run_on_stores(tests, sizeof(tests) / sizeof(tests[0]));
}

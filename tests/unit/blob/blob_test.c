/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_testing.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- storing and reading ---- */

static void blob_reads_back_whatever_its_size_and_pieces(void **state)
{
	static const size_t SIZES[] = {0, 1, 65535, 65536, 65537, 131072, BIG};
	struct room *room = *state;
	unsigned seed = 0;

	EACH_CLASS(class)
	{
		for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
			uint8_t *content = content_make(SIZES[i], ++seed);
			struct bytes b = bytes_of(content, SIZES[i]);

			if (SIZES[i] == 0 && *class == BLOB_PERSONAL) {
				free(content);
				continue; /* the empty blob has one digest, and one class */
			}
			assert_ok(room, store_content(room, *class, b, 4093 + i));
			assert_reads(room, b);
			assert_ok(room, blob_check(room->store, sha256(b), &room->fault));
			free(content);
		}
	}
}

static void empty_personal_blob_is_stored_and_authenticated(void **state)
{
	struct room *room = *state;
	char path[1024];

	assert_ok(room, store_content(room, BLOB_PERSONAL, bytes_of("", 0), 1));
	assert_reads(room, bytes_of("", 0));
	file_of(room, sha256(bytes_of("", 0)), path, sizeof(path));
	int fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 3), 1);
	close(fd);
	assert_fault(room, blob_check(room->store, sha256(bytes_of("", 0)), &room->fault),
		     "BLOB_CORRUPT");
}

static void find_tells_class_size_and_state(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("a conformance certificate");
	struct blob_info info = {0};

	assert_fault(room, blob_find(room->store, sha256(b), &info, &room->fault), "BLOB_MISSING");
	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 5));
	assert_ok(room, blob_find(room->store, sha256(b), &info, &room->fault));
	assert_int_equal(info.class, BLOB_EVIDENCE);
	assert_int_equal(info.size, b.n);
	assert_false(info.erased);
	assert_false(info.is_referenced);
}

static void half_an_upload_is_not_visible(void **state)
{
	struct room *room = *state;

	EACH_CLASS(class)
	{
		uint8_t *content = content_make(BIG, *class);
		struct blob_request request = request_for(*class, bytes_of(content, BIG));
		struct blob_upload *upload = NULL;
		struct blob_reader *reader = NULL;
		struct blob_info info;

		assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
		assert_ok(room, blob_write(upload, 0, bytes_of(content, BIG), &room->fault));
		assert_fault(room, blob_find(room->store, request.digest, &info, &room->fault),
			     "BLOB_MISSING");
		assert_fault(room, blob_open(room->store, request.digest, &reader, &room->fault),
			     "BLOB_MISSING");
		assert_fault(room, blob_reference(room->store, request.digest, 1, &room->fault),
			     "BLOB_MISSING");
		blob_abort(&upload);
		assert_null(upload);
		free(content);
	}
	assert_int_equal(files_count(room), 0);
}

static void personal_content_never_reaches_the_disk_in_the_clear(void **state)
{
	struct room *room = *state;
	uint8_t *content = content_make(BIG, 77), *disk = content_make(2 * BIG, 1);
	struct bytes b = bytes_of(content, BIG);
	char path[1024];

	assert_ok(room, store_content(room, BLOB_PERSONAL, b, 1000));
	file_of(room, sha256(b), path, sizeof(path));
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, disk, 2 * BIG);
	close(fd);
	assert_true(n > BIG);
	for (size_t at = 0; at + 32 <= BIG; at += 16384)
		assert_null(memmem(disk, (size_t)n, b.p + at, 32));
	free(content);
	free(disk);
}

static void evidence_can_be_read_from_its_file_and_personal_cannot(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("an image"), secret = bytes_text("a person");
	struct blob_reader *reader = NULL;
	uint8_t buffer[16];

	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	assert_ok(room, store_content(room, BLOB_PERSONAL, secret, 99));
	assert_ok(room, blob_open(room->store, sha256(b), &reader, &room->fault));
	assert_int_equal(blob_reader_size(reader), b.n);
	assert_int_equal(read(blob_reader_fd(reader), buffer, sizeof(buffer)), b.n);
	assert_memory_equal(buffer, b.p, b.n);
	blob_reader_close(reader);
	assert_ok(room, blob_open(room->store, sha256(secret), &reader, &room->fault));
	assert_int_equal(blob_reader_class(reader), BLOB_PERSONAL);
	assert_int_equal(blob_reader_fd(reader), -1);
	blob_reader_close(reader);
}

static void load_refuses_more_than_its_limit(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("twenty-one bytes here"), out;
	struct arena arena = {0};

	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	assert_fault(room, blob_load(room->store, &arena, sha256(b), b.n - 1, &out, &room->fault),
		     "BLOB_TOO_LARGE");
	arena_done(&arena);
}

/* ---- what is refused ---- */

static void wrong_digest_is_refused_and_thrown_away(void **state)
{
	struct room *room = *state;

	EACH_CLASS(class)
	{
		struct blob_request request = request_for(*class, bytes_text("true content"));
		struct blob_upload *upload = NULL;

		assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
		assert_ok(room, blob_write(upload, 0, bytes_text("fake content"), &room->fault));
		assert_fault(room, blob_finish(&upload, now(), &room->fault), "BLOB_DIGEST_WRONG");
		assert_null(upload);
		assert_int_equal(files_count(room), 0);
		assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
		assert_int_equal(blob_upload_offset(upload), 0);
		blob_abort(&upload);
	}
}

static void too_large_is_refused_before_a_byte_is_taken(void **state)
{
	struct room *room = *state;
	struct blob_request request = request_for(BLOB_EVIDENCE, bytes_text("x"));
	struct blob_upload *upload = NULL;

	request.size = (UINT64_C(1) << 30) + 1;
	assert_fault(room, blob_begin(room->store, &request, now(), &upload, &room->fault),
		     "BLOB_TOO_LARGE");
	request.size = UINT64_MAX;
	assert_fault(room, blob_begin(room->store, &request, now(), &upload, &room->fault),
		     "BLOB_TOO_LARGE");
	assert_null(upload);
	assert_int_equal(files_count(room), 0);
}

static void nothing_is_taken_past_the_announced_size(void **state)
{
	struct room *room = *state;
	struct blob_request request = request_for(BLOB_EVIDENCE, bytes_text("12345"));
	struct blob_upload *upload = NULL;

	assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
	assert_fault(room, blob_write(upload, 0, bytes_text("123456"), &room->fault),
		     "BLOB_TOO_LONG");
	assert_ok(room, blob_write(upload, 0, bytes_text("12345"), &room->fault));
	assert_fault(room, blob_write(upload, 5, bytes_text("6"), &room->fault), "BLOB_TOO_LONG");
	assert_ok(room, blob_finish(&upload, now(), &room->fault));
}

static void a_gap_or_a_repetition_is_refused(void **state)
{
	struct room *room = *state;
	struct blob_request request = request_for(BLOB_PERSONAL, bytes_text("12345"));
	struct blob_upload *upload = NULL;

	assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
	assert_fault(room, blob_write(upload, 1, bytes_text("2345"), &room->fault), "BLOB_OFFSET");
	assert_ok(room, blob_write(upload, 0, bytes_text("123"), &room->fault));
	assert_fault(room, blob_write(upload, 0, bytes_text("123"), &room->fault), "BLOB_OFFSET");
	assert_fault(room, blob_write(upload, UINT64_MAX, bytes_text("1"), &room->fault),
		     "BLOB_OFFSET");
	blob_abort(&upload);
}

static void strange_requests_are_refused(void **state)
{
	struct room *room = *state;
	struct blob_request request = request_for(BLOB_EVIDENCE, bytes_text("x"));
	struct blob_upload *upload = NULL;
	uint8_t *name = content_make(BLOB_UPLOADER_MAX + 1, 1);

	request.uploader = bytes_of(name, BLOB_UPLOADER_MAX + 1);
	assert_fault(room, blob_begin(room->store, &request, now(), &upload, &room->fault),
		     "BLOB_UPLOADER_TOO_LONG");
	request.uploader = bytes_of(name, BLOB_UPLOADER_MAX);
	request.class = 3;
	assert_fault(room, blob_begin(room->store, &request, now(), &upload, &room->fault),
		     "BLOB_CLASS_UNKNOWN");
	free(name);
}

static void one_digest_has_one_class_and_one_size(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("content");
	struct blob_request request = request_for(BLOB_PERSONAL, b);
	struct blob_upload *upload = NULL;

	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99));
	assert_fault(room, blob_begin(room->store, &request, now(), &upload, &room->fault),
		     "BLOB_CLASS");
	request.class = BLOB_EVIDENCE;
	request.size++;
	assert_fault(room, blob_begin(room->store, &request, now(), &upload, &room->fault),
		     "BLOB_SIZE_DIFFERS");
}

static void the_later_of_two_classes_leaves_nothing_in_the_clear(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("both uploads were begun before either ended");
	struct blob_upload *upload = NULL;
	struct blob_request request = request_for(BLOB_EVIDENCE, b);

	assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
	assert_ok(room, store_content(room, BLOB_PERSONAL, b, 99));
	assert_ok(room, blob_write(upload, 0, b, &room->fault));
	assert_fault(room, blob_finish(&upload, now(), &room->fault), "BLOB_CLASS");
	assert_int_equal(files_count(room), 1);
	assert_reads(room, b);
}

static void personal_blobs_need_a_key(void **state)
{
	struct room *room = *state;
	struct blob_config config = {.folder = room->blobs};
	struct bytes b = bytes_text("personal");
	struct blob_request request = request_for(BLOB_PERSONAL, b);
	struct blob_upload *upload = NULL;
	struct blob_store *keyless = NULL;

	assert_ok(room, store_content(room, BLOB_PERSONAL, b, 99));
	assert_ok(room, blob_store_open(&config, room->db, &keyless, &room->fault));
	assert_fault(room, blob_check(keyless, request.digest, &room->fault), "BLOB_KEY_MISSING");
	request.digest.b[0] ^= 1;
	assert_fault(room, blob_begin(keyless, &request, now(), &upload, &room->fault),
		     "BLOB_KEY_MISSING");
	blob_store_close(keyless);
}

static void another_store_key_opens_nothing(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("personal");

	assert_ok(room, store_content(room, BLOB_PERSONAL, b, 99));
	room_close(room);
	room->key[31] ^= 1;
	room_open(room);
	assert_fault(room, blob_check(room->store, sha256(b), &room->fault), "BLOB_KEY_WRONG");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(blob_reads_back_whatever_its_size_and_pieces),
		ROW(empty_personal_blob_is_stored_and_authenticated),
		ROW(find_tells_class_size_and_state),
		ROW(half_an_upload_is_not_visible),
		ROW(personal_content_never_reaches_the_disk_in_the_clear),
		ROW(evidence_can_be_read_from_its_file_and_personal_cannot),
		ROW(load_refuses_more_than_its_limit),
		ROW(wrong_digest_is_refused_and_thrown_away),
		ROW(too_large_is_refused_before_a_byte_is_taken),
		ROW(nothing_is_taken_past_the_announced_size),
		ROW(a_gap_or_a_repetition_is_refused),
		ROW(strange_requests_are_refused),
		ROW(one_digest_has_one_class_and_one_size),
		ROW(the_later_of_two_classes_leaves_nothing_in_the_clear),
		ROW(personal_blobs_need_a_key),
		ROW(another_store_key_opens_nothing),
	};

	return run_on_stores(tests, sizeof(tests) / sizeof(tests[0]));
}

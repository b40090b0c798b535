/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_testing.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BIG = 3 * BLOB_CHUNK_SIZE + 1234 };
static const enum blob_class CLASSES[] = {BLOB_EVIDENCE, BLOB_PERSONAL};
#define EACH_CLASS(c) for (const enum blob_class *c = CLASSES; c < CLASSES + 2; c++)

static int setup(void **state)
{
	struct room *room = malloc(sizeof(*room));

	assert_non_null(room);
	room_make(room);
	*state = room;
	return 0;
}

static int teardown(void **state)
{
	room_remove(*state);
	free(*state);
	return 0;
}

static void damage_file(const char *path, off_t at)
{
	uint8_t byte;
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* The path of the one half upload there is. */
static void only_upload(const struct room *room, char *path, size_t cap)
{
	char pattern[1024];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/upload/*", room->blobs);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	snprintf(path, cap, "%s", found.gl_pathv[0]);
	globfree(&found);
}

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

/* ---- resuming, and several at once ---- */

static void upload_resumes_after_a_break(void **state)
{
	struct room *room = *state;

	EACH_CLASS(class)
	{
		uint8_t *content = content_make(BIG, 10 + *class);
		struct blob_request request = request_for(*class, bytes_of(content, BIG));
		struct blob_upload *upload = NULL;
		size_t half = 2 * BLOB_CHUNK_SIZE + 100;

		assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
		assert_ok(room, blob_write(upload, 0, bytes_of(content, half), &room->fault));
		assert_fault(room, blob_finish(&upload, now(), &room->fault), "BLOB_INCOMPLETE");
		room_close(room); /* and the service is started anew */
		room_open(room);
		assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
		uint64_t at = blob_upload_offset(upload);
		assert_int_equal(at, *class == BLOB_PERSONAL ? 2 * BLOB_CHUNK_SIZE : half);
		assert_ok(room,
			  blob_write(upload, at, bytes_of(content + at, BIG - at), &room->fault));
		assert_ok(room, blob_finish(&upload, now(), &room->fault));
		assert_reads(room, bytes_of(content, BIG));
		free(content);
	}
}

static void nobody_resumes_the_upload_of_another(void **state)
{
	struct room *room = *state;
	struct blob_request request = request_for(BLOB_EVIDENCE, bytes_text("content"));
	struct blob_upload *upload = NULL;

	assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
	assert_ok(room, blob_write(upload, 0, bytes_text("poison"), &room->fault));
	blob_leave(&upload);
	request.uploader = bytes_text("station-8");
	assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
	assert_int_equal(blob_upload_offset(upload), 0);
	assert_ok(room, blob_write(upload, 0, bytes_text("content"), &room->fault));
	assert_ok(room, blob_finish(&upload, now(), &room->fault));
}

static void torn_chunk_of_a_half_upload_is_written_again(void **state)
{
	struct room *room = *state;
	uint8_t *content = content_make(BIG, 5);
	struct blob_request request = request_for(BLOB_PERSONAL, bytes_of(content, BIG));
	struct blob_upload *upload = NULL;
	char path[1024];

	assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
	assert_ok(room, blob_write(upload, 0, bytes_of(content, BIG), &room->fault));
	blob_leave(&upload);
	only_upload(room, path, sizeof(path));
	damage_file(path, BLOB_CHUNK_SIZE + 28 + 100); /* the second of four */
	assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
	assert_int_equal(blob_upload_offset(upload), BLOB_CHUNK_SIZE);
	blob_leave(&upload);
	assert_ok(room, store_content(room, BLOB_PERSONAL, bytes_of(content, BIG), 4096));
	assert_reads(room, bytes_of(content, BIG));
	free(content);
}

static void evidence_changed_under_a_half_upload_is_refused(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("evidence");
	struct blob_request request = request_for(BLOB_EVIDENCE, b);
	struct blob_upload *upload = NULL;
	char path[1024];

	assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
	assert_ok(room, blob_write(upload, 0, bytes_of(b.p, 4), &room->fault));
	blob_leave(&upload);
	only_upload(room, path, sizeof(path));
	damage_file(path, 2);
	assert_fault(room, store_content(room, BLOB_EVIDENCE, b, 99), "BLOB_DIGEST_WRONG");
	assert_ok(room, store_content(room, BLOB_EVIDENCE, b, 99)); /* from the start */
	assert_reads(room, b);
}

static void several_uploads_of_one_blob_may_run_at_once(void **state)
{
	struct room *room = *state;

	EACH_CLASS(class)
	{
		uint8_t *content = content_make(BIG, 20 + *class);
		struct bytes b = bytes_of(content, BIG);
		struct blob_request request = request_for(*class, b);
		struct blob_upload *uploads[3] = {0};

		for (size_t i = 0; i < 3; i++)
			assert_ok(room, blob_begin(room->store, &request, now(), &uploads[i],
						   &room->fault));
		for (size_t at = 0; at < BIG; at += 1000)
			for (size_t i = 0; i < 3; i++)
				assert_ok(room,
					  blob_write(uploads[i], at,
						     bytes_of(content + at,
							      BIG - at < 1000 ? BIG - at : 1000),
						     &room->fault));
		for (size_t i = 0; i < 3; i++) {
			assert_ok(room, blob_finish(&uploads[i], now(), &room->fault));
			assert_reads(room, b);
		}
		free(content);
	}
	assert_int_equal(files_count(room), 2);
}

static void too_many_uploads_of_one_blob_are_refused(void **state)
{
	struct room *room = *state;
	struct blob_request request = request_for(BLOB_EVIDENCE, bytes_text("content"));
	struct blob_upload *uploads[9] = {0};

	for (size_t i = 0; i < 8; i++)
		assert_ok(room,
			  blob_begin(room->store, &request, now(), &uploads[i], &room->fault));
	assert_fault(room, blob_begin(room->store, &request, now(), &uploads[8], &room->fault),
		     "BLOB_BUSY");
	blob_abort(&uploads[3]);
	assert_ok(room, blob_begin(room->store, &request, now(), &uploads[3], &room->fault));
	for (size_t i = 0; i < 8; i++)
		blob_abort(&uploads[i]);
	assert_int_equal(files_count(room), 0);
}

/* The next upload takes up the key of one that is being finished; aborting it must not destroy
 * what the first one stored. */
static void aborting_a_late_upload_leaves_the_stored_blob(void **state)
{
	struct room *room = *state;
	struct bytes b = bytes_text("content");
	struct blob_request request = request_for(BLOB_PERSONAL, b);
	struct blob_upload *first = NULL, *late = NULL;

	assert_ok(room, blob_begin(room->store, &request, now(), &first, &room->fault));
	assert_ok(room, blob_begin(room->store, &request, now(), &late, &room->fault));
	assert_ok(room, blob_write(first, 0, b, &room->fault));
	assert_ok(room, blob_finish(&first, now(), &room->fault));
	blob_abort(&late);
	assert_reads(room, b);
}

static void what_is_stored_needs_no_second_upload(void **state)
{
	struct room *room = *state;

	EACH_CLASS(class)
	{
		struct bytes b = *class == BLOB_PERSONAL ? bytes_text("one") : bytes_text("two");
		struct blob_request request = request_for(*class, b);
		struct blob_upload *upload = NULL;

		assert_ok(room, store_content(room, *class, b, 99));
		assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
		assert_int_equal(blob_upload_offset(upload), b.n);
		assert_fault(room, blob_write(upload, 0, b, &room->fault), "BLOB_OFFSET");
		assert_fault(room, blob_write(upload, b.n, b, &room->fault), "BLOB_TOO_LONG");
		assert_ok(room, blob_finish(&upload, now(), &room->fault));
		assert_ok(room, blob_begin(room->store, &request, now(), &upload, &room->fault));
		blob_abort(&upload);
		assert_reads(room, b);
	}
}

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

static err count_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(int64_t *)context = columns[0].number;
	return ERR_OK;
}

static int64_t count(struct room *room, const char *sql)
{
	struct statement *s = NULL;
	int64_t out = -1;

	assert_ok(room, db_prepare(room->db, sql, NULL, 0, &s, &room->fault));
	assert_ok(room, db_query(room->db, s, NULL, count_row, &out, NULL, &room->fault));
	statement_close(s);
	return out;
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
	assert_int_equal(count(room, "SELECT count(*) FROM blob_key"), 0);
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
	assert_int_equal(count(room, "SELECT count(*) FROM blob_key"), 0);
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
	assert_int_equal(count(room, "SELECT count(*) FROM blob_key"), 0);
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

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		ROW(upload_resumes_after_a_break),
		ROW(nobody_resumes_the_upload_of_another),
		ROW(torn_chunk_of_a_half_upload_is_written_again),
		ROW(evidence_changed_under_a_half_upload_is_refused),
		ROW(several_uploads_of_one_blob_may_run_at_once),
		ROW(too_many_uploads_of_one_blob_are_refused),
		ROW(aborting_a_late_upload_leaves_the_stored_blob),
		ROW(what_is_stored_needs_no_second_upload),
		ROW(every_changed_byte_is_noticed),
		ROW(damaged_chunk_is_named_and_not_given_out),
		ROW(chunks_cannot_change_places),
		ROW(last_bytes_of_damaged_evidence_are_not_given_out),
		ROW(cut_lengthened_and_missing_files_are_named),
		ROW(lost_evidence_is_mended_by_uploading_it_again),
		ROW(full_disk_is_said_before_the_upload),
		ROW(write_the_disk_refuses_is_an_error_and_can_be_resumed),
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

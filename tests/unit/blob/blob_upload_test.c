/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_testing.h"

#include <stdlib.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(upload_resumes_after_a_break),
		ROW(nobody_resumes_the_upload_of_another),
		ROW(torn_chunk_of_a_half_upload_is_written_again),
		ROW(evidence_changed_under_a_half_upload_is_refused),
		ROW(several_uploads_of_one_blob_may_run_at_once),
		ROW(too_many_uploads_of_one_blob_are_refused),
		ROW(aborting_a_late_upload_leaves_the_stored_blob),
		ROW(what_is_stored_needs_no_second_upload),
	};

	return run_on_stores(tests, sizeof(tests) / sizeof(tests[0]));
}

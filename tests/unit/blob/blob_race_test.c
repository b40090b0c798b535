/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes upload, resume, abort, read, erase and sweep the same blobs at once: whatever
 * the order, a blob is whole or absent, and at the end nothing is left over. */
#include "blob_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 4, ROUNDS = 120, BLOBS = 4, SIZE = BLOB_CHUNK_SIZE + 100 };

struct race {
	struct room room;
	struct bytes content[BLOBS]; /* even: evidence, odd: personal */
	uint32_t dice;
};

static uint32_t roll(struct race *r, uint32_t n)
{
	r->dice = r->dice * 1664525U + 1013904223U;
	return (r->dice >> 16) % n;
}

static enum blob_class class_of(uint32_t i)
{
	return i % 2 ? BLOB_PERSONAL : BLOB_EVIDENCE;
}

/* What may be said to somebody who is not alone. Anything else is a bug. */
static bool is_expected(const struct race *r, err e)
{
	static const char *const EXPECTED[] = {"BLOB_MISSING", "BLOB_BUSY", "BLOB_UPLOAD_LOST"};

	if (e.code == OK)
		return true;
	for (size_t i = 0; i < sizeof(EXPECTED) / sizeof(EXPECTED[0]); i++)
		if (strcmp(r->room.fault.message, EXPECTED[i]) == 0)
			return true;
	fprintf(stderr, "unexpected: %s %s\n", r->room.fault.message,
		fault_value(&r->room.fault, "detail") ? fault_value(&r->room.fault, "detail") : "");
	return false;
}

static err half_upload(struct race *r, uint32_t i, bool leave)
{
	struct blob_request request = request_for(class_of(i), r->content[i]);
	struct blob_upload *upload = NULL;
	uint64_t at;
	err e = ERR_OK;

	TRY(blob_begin(r->room.store, &request, now(), &upload, &r->room.fault));
	at = blob_upload_offset(upload);
	if (at < SIZE)
		e = blob_write(upload, at, bytes_of(r->content[i].p + at, (SIZE - (size_t)at) / 2),
			       &r->room.fault);
	if (leave)
		blob_leave(&upload);
	else
		blob_abort(&upload);
	return e;
}

static err act(struct race *r)
{
	struct blob_swept swept;
	uint32_t i = roll(r, BLOBS);

	switch (roll(r, 7)) {
	case 0:
		return half_upload(r, i, true);
	case 1:
		return half_upload(r, i, false);
	case 2:
		return blob_sweep(r->room.store, now() + 2 * (uint64_t)DAY, &swept, &r->room.fault);
	case 3:
		return class_of(i) == BLOB_EVIDENCE
			       ? blob_erase(r->room.store, sha256(r->content[i]), &r->room.fault)
			       : ERR_OK;
	case 4:
		return blob_check(r->room.store, sha256(r->content[i]), &r->room.fault);
	default:
		return store_content(&r->room, class_of(i), r->content[i], 30000);
	}
}

static int run_child(struct race *r, uint32_t seed)
{
	r->dice = seed * 7919;
	room_open(&r->room);
	for (int round = 0; round < ROUNDS; round++)
		if (!is_expected(r, act(r)))
			return 1;
	room_close(&r->room);
	return 0;
}

static void whatever_the_order_a_blob_is_whole_or_absent(void **state)
{
	struct race r = {0};
	struct blob_swept swept;
	pid_t children[PROCESSES];

	(void)state;
	room_make(&r.room);
	room_close(&r.room);
	for (unsigned i = 0; i < BLOBS; i++)
		r.content[i] = bytes_of(content_make(SIZE, 60 + i), SIZE);
	for (uint32_t i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(run_child(&r, i + 1));
	}
	for (size_t i = 0; i < PROCESSES; i++) {
		int status = -1;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	room_open(&r.room);
	for (size_t i = 0; i < BLOBS; i++)
		assert_true(is_expected(
			&r, blob_check(r.room.store, sha256(r.content[i]), &r.room.fault)));
	assert_ok(&r.room,
		  blob_sweep(r.room.store, now() + 4 * (uint64_t)DAY, &swept, &r.room.fault));
	assert_int_equal(files_count(&r.room), 0);
	for (size_t i = 0; i < BLOBS; i++)
		free((void *)(uintptr_t)r.content[i].p);
	room_remove(&r.room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_the_order_a_blob_is_whole_or_absent),
	};

	return run_on_stores(tests, sizeof(tests) / sizeof(tests[0]));
}

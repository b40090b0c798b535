/* SPDX-License-Identifier: Apache-2.0 */
/* spool_load.c — what the disk holds of a spool when it is opened. */
#include "station/spool_internal.h"

#include "base/files.h"
#include "core/cbor.h"
#include "crypto/crypto.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEGMENT_FILE_MAX = SPOOL_SEGMENT_MAX + SPOOL_RECORD_MAX + 4096, SEGMENTS_MAX = 100000 };

err spool_io_failed(const char *path, struct fault *f)
{
	return fail(f, "FILE_WRITE_FAILED", "path", path, "why", strerror(errno), NULL);
}

static err damaged(const struct spool *s, const char *what, struct fault *f)
{
	return fail(f, "STATION_SPOOL_DAMAGED", "path", s->folder, "detail", what, NULL);
}

err spool_segment_path(const struct spool *s, uint64_t segment, char out[static SPOOL_PATH_SIZE],
		       struct fault *f)
{
	int n = snprintf(out, SPOOL_PATH_SIZE, "%s/%016" PRIx64 ".seg", s->folder, segment);

	return n > 0 && n < SPOOL_PATH_SIZE ? ERR_OK : fail(f, "STATION_PATH_TOO_LONG", NULL);
}

err spool_drop_segment(const struct spool *s, uint64_t segment, struct fault *f)
{
	char path[SPOOL_PATH_SIZE];

	TRY(spool_segment_path(s, segment, path, f));
	if (file_exists(path) && unlink(path) != 0)
		return spool_io_failed(path, f);
	return ERR_OK;
}

err spool_keep(struct spool *s, const struct spool_item *item, struct fault *f)
{
	if (s->first > 0 && s->first + s->n == s->cap) {
		memmove(s->items, s->items + s->first, s->n * sizeof *s->items);
		s->first = 0;
	}
	if (s->first + s->n == s->cap) {
		size_t cap = s->cap == 0 ? 256 : 2 * s->cap;
		struct spool_item *more = realloc(s->items, cap * sizeof *more);
		if (more == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		s->items = more;
		s->cap = cap;
	}
	s->items[s->first + s->n++] = *item;
	return ERR_OK;
}

/* ---- segments ---- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool segment_number(const char *name, uint64_t *out)
{
	uint8_t raw[8];

	if (strlen(name) != 20 || strcmp(name + 16, ".seg") != 0 ||
	    !hex_decode(bytes_of(name, 16), raw, sizeof raw))
		return false;
	struct reader r = reader_of(bytes_of(raw, sizeof raw));
	*out = get_u64(&r);
	return true;
}

static err list_segments(const struct spool *s, struct arena *a, uint64_t **out, size_t *n,
			 struct fault *f)
{
	DIR *folder = opendir(s->folder);
	uint64_t number;

	*n = 0;
	*out = arena_array(a, SEGMENTS_MAX, sizeof **out);
	if (folder == NULL)
		return spool_io_failed(s->folder, f);
	for (struct dirent *d; *out != NULL && (d = readdir(folder)) != NULL;)
		if (*n < SEGMENTS_MAX && segment_number(d->d_name, &number))
			(*out)[(*n)++] = number;
	closedir(folder);
	if (*out == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	qsort(*out, *n, sizeof **out, by_number);
	return ERR_OK;
}

/* Id and digest of the claim in a submission. */
static bool read_claim(const struct spool *s, struct bytes submission, struct spool_item *item)
{
	struct reader r = reader_of(submission);
	struct claim claim;
	const char *why;

	if (cbor_array(&r) != 3)
		return false;
	struct bytes bytes = cbor_bytes(&r);
	if (r.why != NULL || !claim_parse(bytes, &claim, &why))
		return false;
	item->id = claim.id;
	item->digest = claim_digest(bytes);
	return claim.spool_counter == item->counter &&
	       bytes_equal(claim.spool, bytes_text(s->name));
}

static err keep_record(struct spool *s, uint64_t segment, const struct segment_record *record,
		       uint64_t answered, struct fault *f)
{
	struct spool_item item = {.counter = record->counter,
				  .segment = segment,
				  .offset = record->offset,
				  .n = record->payload.n};

	if (record->counter <= answered)
		return ERR_OK;
	if (!read_claim(s, record->payload, &item))
		return damaged(s, "a record is not one of this spool", f);
	return spool_keep(s, &item, f);
}

/* The last segment goes on growing; what a power cut tore at its end goes. */
static err go_on(struct spool *s, struct fault *f)
{
	char path[SPOOL_PATH_SIZE];

	if (s->segment == 0)
		return ERR_OK;
	TRY(spool_segment_path(s, s->segment, path, f));
	s->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd < 0 || ftruncate(s->fd, (off_t)s->end) != 0 || fdatasync(s->fd) != 0)
		return spool_io_failed(path, f);
	return ERR_OK;
}

static err load_segment(struct spool *s, uint64_t number, bool first, bool last, uint64_t answered,
			struct fault *f)
{
	char path[SPOOL_PATH_SIZE];
	struct arena a = {.limit = 4 * (size_t)SEGMENT_FILE_MAX};
	struct segment segment = {0};
	struct segment_record record;

	TRY(spool_segment_path(s, number, path, f));
	err e = file_read(&a, path, SEGMENT_FILE_MAX, &segment.content, f);
	if (e.code == OK &&
	    (!segment_begin(&segment) || segment.counter + 1 != number ||
	     (!first && (segment.counter != s->counter || !hash_equal(segment.chain, s->chain)))))
		e = damaged(s, "a segment does not go on where the one before ended", f);
	while (e.code == OK && segment_next(&segment, &record))
		e = keep_record(s, number, &record, answered, f);
	if (e.code == OK && !last && segment.at != segment.content.n)
		e = damaged(s, "a record in the middle cannot be read", f);
	s->segment = number;
	s->counter = segment.counter;
	s->chain = segment.chain;
	s->end = segment.at;
	arena_done(&a);
	return e;
}

/* Nothing that was acknowledged may be missing: at the end, nor between what the server answered and
 * the first that is left. */
static err check_whole(const struct spool *s, uint64_t answered, struct fault *f)
{
	if (s->counter < s->position.counter)
		return damaged(s, "records at its end are gone that were acknowledged", f);
	if (s->counter == s->position.counter && s->counter > 0 &&
	    !hash_equal(s->chain, s->position.chain))
		return damaged(s, "its last record is another than was acknowledged", f);
	if (s->n > 0 && s->items[s->first].counter != answered + 1)
		return damaged(s, "records are gone that the server has not answered", f);
	if (s->n == 0 && s->counter > answered)
		return damaged(s, "records are gone that the server has not answered", f);
	return ERR_OK;
}

err spool_load(struct spool *s, uint64_t answered, struct fault *f)
{
	struct arena a = {0};
	uint64_t *numbers = NULL;
	size_t n = 0;

	err e = list_segments(s, &a, &numbers, &n, f);
	if (n == 0) {
		s->counter = s->position.counter;
		s->chain = s->position.chain;
	}
	for (size_t i = 0; e.code == OK && i < n; i++)
		e = load_segment(s, numbers[i], i == 0, i + 1 == n, answered, f);
	if (e.code == OK)
		e = check_whole(s, answered, f);
	if (e.code == OK)
		e = go_on(s, f);
	uint64_t oldest = s->n > 0 ? s->items[s->first].segment : s->segment;
	for (size_t i = 0; e.code == OK && i < n && numbers[i] < oldest; i++)
		e = spool_drop_segment(s, numbers[i], f);
	arena_done(&a);
	return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "station/spool_internal.h"

#include "base/files.h"
#include "crypto/crypto.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- opening ---- */

static err path_in(const struct spool *s, const char *name, char out[static SPOOL_PATH_SIZE],
		   struct fault *f)
{
	int n = snprintf(out, SPOOL_PATH_SIZE, "%s/%s", s->folder, name);

	return n > 0 && n < SPOOL_PATH_SIZE ? ERR_OK : fail(f, "STATION_PATH_TOO_LONG", NULL);
}

static err read_name(struct spool *s, const char *path, struct fault *f)
{
	struct arena a = {0};
	struct bytes text;
	err e = file_read(&a, path, ID_SIZE_MAX, &text, f);

	if (e.code == OK && !id_valid(text))
		e = fail(f, "STATION_SPOOL_DAMAGED", "path", path, "detail",
			 "its name cannot be read", NULL);
	if (e.code == OK) {
		memcpy(s->name, text.p, text.n);
		s->name[text.n] = '\0';
	}
	arena_done(&a);
	return e;
}

/* A folder that was made anew is another spool, for the server too. */
static err make_name(const char *path, struct fault *f)
{
	uint8_t raw[8];
	char name[32] = "box-";

	if (file_exists(path))
		return ERR_OK;
	TRY(random_bytes(raw, sizeof raw, f));
	hex_encode(bytes_of(raw, sizeof raw), name + 4);
	return file_write(path, bytes_text(name), 0600, f);
}

static err open_in(struct spool *s, const char *folder, uint64_t answered, struct fault *f)
{
	char path[SPOOL_PATH_SIZE];

	if (strlen(folder) >= SPOOL_PATH_SIZE - 32)
		return fail(f, "STATION_PATH_TOO_LONG", NULL);
	snprintf(s->folder, sizeof s->folder, "%s", folder);
	TRY(folder_make(folder, f));
	TRY(path_in(s, "name", path, f));
	TRY(make_name(path, f));
	TRY(read_name(s, path, f));
	TRY(path_in(s, "position", path, f));
	TRY(position_open(path, &s->position, f));
	TRY(spool_load(s, answered, f));
	if (s->counter > s->position.counter)
		TRY(position_set(&s->position, s->counter, s->chain, f));
	return spool_answered(s, answered, f);
}

err spool_open(const char *folder, uint64_t answered, struct spool **out, struct fault *f)
{
	struct spool *s = calloc(1, sizeof *s);

	if (s == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	s->fd = -1;
	s->position.fd = -1;
	err e = open_in(s, folder, answered, f);
	if (e.code != OK)
		spool_close(s);
	else
		*out = s;
	return e;
}

void spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	fd_close(&s->fd);
	fd_close(&s->position.fd);
	free(s->items);
	free(s);
}

err spool_look(const char *folder, char name[static ID_SIZE_MAX + 1], uint64_t *counter,
	       struct fault *f)
{
	struct spool s = {0};
	char path[SPOOL_PATH_SIZE];

	name[0] = '\0';
	*counter = 0;
	snprintf(s.folder, sizeof s.folder, "%s", folder);
	TRY(path_in(&s, "position", path, f));
	if (!file_exists(path))
		return ERR_OK;
	TRY(position_read(path, &s.position, f));
	TRY(path_in(&s, "name", path, f));
	TRY(read_name(&s, path, f));
	memcpy(name, s.name, sizeof s.name);
	*counter = s.position.counter;
	return ERR_OK;
}

/* ---- what waits ---- */

const char *spool_name(const struct spool *s)
{
	return s->name;
}

uint64_t spool_next(const struct spool *s)
{
	return s->counter + 1;
}

size_t spool_waiting(const struct spool *s)
{
	return s->n;
}

const struct spool_item *spool_at(const struct spool *s, size_t i)
{
	return i < s->n ? &s->items[s->first + i] : NULL;
}

const struct spool_item *spool_find_id(const struct spool *s, struct uuid id)
{
	for (size_t i = s->n; i > 0; i--) {
		const struct spool_item *item = spool_at(s, i - 1);
		if (memcmp(&item->id, &id, sizeof id) == 0)
			return item;
	}
	return NULL;
}

const struct spool_item *spool_find_digest(const struct spool *s, struct hash digest)
{
	for (size_t i = s->n; i > 0; i--)
		if (hash_equal(spool_at(s, i - 1)->digest, digest))
			return spool_at(s, i - 1);
	return NULL;
}

err spool_read(struct spool *s, struct arena *a, const struct spool_item *item, struct bytes *out,
	       struct fault *f)
{
	char path[SPOOL_PATH_SIZE];
	uint8_t *p = arena_alloc(a, item->n);

	if (p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(spool_segment_path(s, item->segment, path, f));
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || pread(fd, p, item->n, (off_t)item->offset) != (ssize_t)item->n)
		return fail(f, "STATION_SPOOL_DAMAGED", "path", path, "detail",
			    "a record cannot be read", NULL);
	*out = bytes_of(p, item->n);
	return ERR_OK;
}

/* ---- growing ---- */

static err new_segment(struct spool *s, struct fault *f)
{
	uint8_t head[SPOOL_HEAD_SIZE];
	struct writer w = writer_of(head, sizeof head);
	struct bytes content;
	char path[SPOOL_PATH_SIZE];

	segment_put_head(&w, s->counter + 1, s->chain);
	if (!writer_done(&w, &content))
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(spool_segment_path(s, s->counter + 1, path, f));
	TRY(file_write(path, content, 0600, f));
	fd_close(&s->fd);
	s->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd < 0)
		return spool_io_failed(path, f);
	uint64_t before = s->segment;
	s->segment = s->counter + 1;
	s->end = content.n;
	return before != 0 && s->n == 0 ? spool_drop_segment(s, before, f) : ERR_OK;
}

static err write_record(struct spool *s, struct bytes payload, struct hash chain, struct fault *f)
{
	struct arena a = {.limit = SPOOL_RECORD_MAX + 65536};
	size_t cap = SEGMENT_RECORD_HEAD + payload.n + sizeof chain;
	struct writer w = writer_of(arena_alloc(&a, cap), cap);
	struct bytes record = {0};
	err e = ERR_OK;

	if (w.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	segment_put_record(&w, s->counter + 1, payload, chain);
	if (!writer_done(&w, &record) || lseek(s->fd, (off_t)s->end, SEEK_SET) < 0)
		e = spool_io_failed(s->folder, f);
	if (e.code == OK)
		e = fd_write_all(s->fd, record, f);
	if (e.code == OK && fdatasync(s->fd) != 0) {
		/* What a failed fsync left on the disk is not known: nothing is written behind it. */
		s->broken = true;
		e = spool_io_failed(s->folder, f);
	} else if (e.code != OK && ftruncate(s->fd, (off_t)s->end) != 0) {
		s->broken = true;
	}
	arena_done(&a);
	return e;
}

err spool_append(struct spool *s, struct uuid id, struct hash digest, struct bytes submission,
		 struct fault *f)
{
	struct spool_item item = {.counter = s->counter + 1, .id = id, .digest = digest};

	if (s->broken)
		return fail(f, "STATION_SPOOL_BROKEN", NULL);
	if (s->n >= SPOOL_WAITING_MAX || submission.n > SPOOL_RECORD_MAX || submission.n == 0)
		return fail(f, "STATION_FULL", "path", s->folder, NULL);
	if (s->fd < 0 || s->end > SPOOL_SEGMENT_MAX)
		TRY(new_segment(s, f));
	struct hash chain = segment_chain(s->chain, item.counter, submission);
	item.segment = s->segment;
	item.offset = s->end + SEGMENT_RECORD_HEAD;
	item.n = submission.n;
	TRY(spool_keep(s, &item, f));
	err e = write_record(s, submission, chain, f);
	if (e.code == OK) {
		s->end = item.offset + item.n + sizeof chain;
		s->counter = item.counter;
		s->chain = chain;
		e = position_set(&s->position, s->counter, s->chain, f);
		s->broken = s->broken || e.code != OK;
		return e;
	}
	s->n--;
	return e;
}

/* ---- shrinking ---- */

err spool_answered(struct spool *s, uint64_t counter, struct fault *f)
{
	while (s->n > 0 && s->items[s->first].counter <= counter) {
		uint64_t segment = s->items[s->first].segment;
		s->first++;
		s->n--;
		uint64_t next = s->n > 0 ? s->items[s->first].segment : s->segment;
		if (segment != next)
			TRY(spool_drop_segment(s, segment, f));
	}
	if (s->n == 0)
		s->first = 0;
	return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "station/row_file.h"

#include "base/files.h"
#include "core/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static err io_failed(const char *path, struct fault *f)
{
	return fail(f, "FILE_WRITE_FAILED", "path", path, "why", strerror(errno), NULL);
}

/* ---- reading ---- */

static bool row_sound(const uint8_t *p, size_t row)
{
	struct hash sum = sha256(bytes_of(p, row));

	return memcmp(sum.b, p + row, ROW_CHECK_SIZE) == 0;
}

/* `*end` is behind the last whole row. */
static err show(struct bytes content, size_t row, row_seen *seen, void *context, uint64_t *end,
		struct fault *f)
{
	size_t step = row + ROW_CHECK_SIZE;

	*end = 0;
	for (size_t at = 0; content.n - at >= step; at += step) {
		if (!row_sound(content.p + at, row))
			continue;
		TRY(seen(context, bytes_of(content.p + at, row), f));
		*end = at + step;
	}
	return ERR_OK;
}

static err look(const char *path, size_t row, row_seen *seen, void *context, uint64_t *end,
		struct fault *f)
{
	struct arena a = {.limit = 3 * (size_t)ROW_FILE_MAX};
	struct bytes content = {0};
	err e = file_read(&a, path, ROW_FILE_MAX, &content, f);

	if (e.code == OK)
		e = show(content, row, seen, context, end, f);
	arena_done(&a);
	return e;
}

err row_file_look(const char *path, size_t row, row_seen *seen, void *context, struct fault *f)
{
	uint64_t end;

	return file_exists(path) ? look(path, row, seen, context, &end, f) : ERR_OK;
}

err row_file_open(const char *path, size_t row, row_seen *seen, void *context, struct row_file *out,
		  struct fault *f)
{
	*out = (struct row_file){.fd = -1, .row = row};
	int n = snprintf(out->path, sizeof out->path, "%s", path);
	if (n < 0 || (size_t)n >= sizeof out->path)
		return fail(f, "STATION_PATH_TOO_LONG", NULL);
	if (!file_exists(path))
		TRY(file_write(path, bytes_of("", 0), 0600, f));
	TRY(look(path, row, seen, context, &out->end, f));
	out->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (out->fd < 0)
		return io_failed(path, f);
	return ftruncate(out->fd, (off_t)out->end) == 0 ? ERR_OK : io_failed(path, f);
}

void row_file_close(struct row_file *file)
{
	fd_close(&file->fd);
}

/* ---- writing ---- */

/* Rows with their checksums, in the arena. */
static err with_checks(struct arena *a, const struct row_file *file, const uint8_t *rows, size_t n,
		       struct bytes *out, struct fault *f)
{
	size_t step = file->row + ROW_CHECK_SIZE;
	uint8_t *p = arena_array(a, n + 1, step);

	if (p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < n; i++) {
		struct hash sum = sha256(bytes_of(rows + i * file->row, file->row));
		memcpy(p + i * step, rows + i * file->row, file->row);
		memcpy(p + i * step + file->row, sum.b, ROW_CHECK_SIZE);
	}
	*out = bytes_of(p, n * step);
	return ERR_OK;
}

static err write_at_end(struct row_file *file, struct bytes content, struct fault *f)
{
	if (lseek(file->fd, (off_t)file->end, SEEK_SET) < 0)
		return io_failed(file->path, f);
	TRY(fd_write_all(file->fd, content, f));
	if (fdatasync(file->fd) != 0)
		return io_failed(file->path, f);
	file->end += content.n;
	return ERR_OK;
}

err row_file_append(struct row_file *file, const uint8_t *rows, size_t n, struct fault *f)
{
	struct arena a = {.limit = 2 * (size_t)ROW_FILE_MAX};
	struct bytes content = {0};
	err e = with_checks(&a, file, rows, n, &content, f);

	if (e.code == OK && file->end + content.n > ROW_FILE_MAX)
		e = fail(f, "STATION_FULL", "path", file->path, NULL);
	if (e.code == OK)
		e = write_at_end(file, content, f);
	arena_done(&a);
	return e;
}

err row_file_replace(struct row_file *file, const uint8_t *rows, size_t n, struct fault *f)
{
	struct arena a = {.limit = 2 * (size_t)ROW_FILE_MAX};
	struct bytes content = {0};
	err e = with_checks(&a, file, rows, n, &content, f);

	if (e.code == OK)
		e = file_write(file->path, content, 0600, f);
	if (e.code == OK) {
		fd_close(&file->fd);
		file->fd = open(file->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		file->end = content.n;
		e = file->fd < 0 ? io_failed(file->path, f) : ERR_OK;
	}
	arena_done(&a);
	return e;
}

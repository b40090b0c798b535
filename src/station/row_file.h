/* SPDX-License-Identifier: Apache-2.0 */
/* row_file.h — a file of rows of one size, each with a checksum, that only grows at its end: what a
 * power cut tore is dropped when it is opened again. One thread at a time. */
#ifndef STATION_ROW_FILE_H
#define STATION_ROW_FILE_H

#include "base/arena.h"

enum { ROW_CHECK_SIZE = 8, ROW_SIZE_MAX = 1024, ROW_FILE_MAX = 64 << 20 };

struct row_file {
	int fd;
	char path[512];
	size_t row; /* bytes of a row, without its checksum */
	uint64_t end;
};

typedef err row_seen(void *context, struct bytes row, struct fault *f);
/* Opens or makes it, and shows every whole row. A row in the middle that is damaged is passed over: it is
 * for `seen` to notice what is missing. */
MUST_CHECK err row_file_open(const char *path, size_t row, row_seen *seen, void *context,
			     struct row_file *out, struct fault *f);
/* The same without a file that stays open, nothing made and nothing changed: for who only looks. */
MUST_CHECK err row_file_look(const char *path, size_t row, row_seen *seen, void *context,
			     struct fault *f);
void row_file_close(struct row_file *file);
/* Appends `n` rows that stand one after the other, and returns when they are on the disk. */
MUST_CHECK err row_file_append(struct row_file *file, const uint8_t *rows, size_t n,
			       struct fault *f);
/* Replaces all of it, whole or not at all. */
MUST_CHECK err row_file_replace(struct row_file *file, const uint8_t *rows, size_t n,
				struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* marks.c — when the last backup was taken, and when one was last proved good by a test. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup/backup.h"
#include "base/files.h"

enum { PATH_SIZE = 4096, MARKS_SIZE_MAX = 1024 };

/* Takes what stands before `end`, and the end itself. */
static bool take_until(struct bytes *text, uint8_t end, struct bytes *out)
{
	const uint8_t *at = text->n == 0 ? NULL : memchr(text->p, end, text->n);

	if (at == NULL)
		return false;
	*out = bytes_of(text->p, (size_t)(at - text->p));
	*text = bytes_of(at + 1, text->n - out->n - 1);
	return true;
}

static bool number_of(struct bytes text, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(text.p[i] - '0');
	}
	return text.n > 0 && text.n < 19;
}

/* NAME = AT SIZE DIGEST */
static bool mark_line(struct bytes *text, const char *name, struct backup_mark *out)
{
	struct bytes word, equals, at, size, digest;

	return take_until(text, ' ', &word) && bytes_equal(word, bytes_text(name)) &&
	       take_until(text, ' ', &equals) && bytes_equal(equals, bytes_text("=")) &&
	       take_until(text, ' ', &at) && number_of(at, &out->at) &&
	       take_until(text, ' ', &size) && number_of(size, &out->size) &&
	       take_until(text, '\n', &digest) && digest.n == 64 &&
	       hex_decode(digest, out->digest.b, sizeof out->digest.b);
}

void backup_marks_read(const char *folder, struct backup_marks *out)
{
	struct arena a = {0};
	char path[PATH_SIZE];
	struct backup_marks marks = {0};
	struct bytes text;
	struct fault f;

	*out = (struct backup_marks){0};
	(void)snprintf(path, sizeof path, "%s/run/backups", folder);
	if (file_read(&a, path, MARKS_SIZE_MAX, &text, &f).code == OK &&
	    mark_line(&text, "backup", &marks.backup) &&
	    mark_line(&text, "tested", &marks.tested) && text.n == 0)
		*out = marks;
	arena_done(&a);
}

err backup_marks_write(const char *folder, const struct backup_marks *marks, struct fault *f)
{
	char path[PATH_SIZE], text[512], digest[2][65];

	(void)snprintf(path, sizeof path, "%s/run", folder);
	TRY(folder_make(path, f));
	(void)snprintf(path, sizeof path, "%s/run/backups", folder);
	hex_encode(hash_bytes(&marks->backup.digest), digest[0]);
	hex_encode(hash_bytes(&marks->tested.digest), digest[1]);
	int n = snprintf(text, sizeof text,
			 "backup = %" PRIu64 " %" PRIu64 " %s\ntested = %" PRIu64 " %" PRIu64
			 " %s\n",
			 marks->backup.at, marks->backup.size, digest[0], marks->tested.at,
			 marks->tested.size, digest[1]);
	return file_write(path, bytes_of(text, (size_t)n), 0600, f);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* marks.c — when the last backup was taken, and when one was last proved good by a test. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup/backup.h"
#include "base/files.h"

enum { PATH_SIZE = 4096, MARKS_SIZE_MAX = 1024 };

static bool mark_line(struct bytes *text, const char *name, struct backup_mark *out)
{
	char line[256], digest[65];
	const uint8_t *end = text->n == 0 ? NULL : memchr(text->p, '\n', text->n);
	size_t n = end == NULL ? 0 : (size_t)(end - text->p);
	int used = -1;

	if (n == 0 || n >= sizeof line || strlen(name) + 3 > n)
		return false;
	memcpy(line, text->p, n);
	line[n] = '\0';
	*text = bytes_of(end + 1, text->n - n - 1);
	if (strncmp(line, name, strlen(name)) != 0)
		return false;
	return sscanf(line + strlen(name), " = %" SCNu64 " %" SCNu64 " %64[0-9a-f]%n", &out->at,
		      &out->size, digest, &used) == 3 &&
	       used == (int)(n - strlen(name)) && strlen(digest) == 64 &&
	       hex_decode(bytes_text(digest), out->digest.b, sizeof out->digest.b);
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

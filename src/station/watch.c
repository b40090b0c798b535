/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c — result files that testers put into DIR/inbox. A file is taken when it was moved in, or closed by
 * its writer and has not changed for a moment. What is in it gets ids from its name, time and content, so
 * that a file that is met again after a power cut is the same records. */
#include "station/station_internal.h"

#include "base/catalog.h"
#include "base/files.h"
#include "base/log.h"
#include "core/sha256.h"
#include "station/result.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_MS = 200,     /* so soon the end is noticed */
	STILL_MS = 100,    /* between two looks at the same file */
	RESCAN_MS = 10000, /* what inotify missed, on a network share for example */
	QUIET_S = 2,
	NAME_SIZE = 256,
	FILES_AT_ONCE = 1000,
};

/* ---- which files ---- */

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

/* Hidden files are on their way. */
static int is_result(const struct dirent *d)
{
	return d->d_name[0] != '.' && (ends_in(d->d_name, ".json") || ends_in(d->d_name, ".csv"));
}

static bool same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_ino == b->st_ino &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool state_of(const struct station *s, const char *name, char path[static STATION_PATH_SIZE],
		     struct stat *out)
{
	char relative[NAME_SIZE + 16];

	snprintf(relative, sizeof relative, "inbox/%s", name);
	return station_path(s, relative, path, NULL).code == OK && lstat(path, out) == 0 &&
	       S_ISREG(out->st_mode);
}

/* ---- one file ---- */

struct result_file {
	const char *name;
	char path[STATION_PATH_SIZE];
	struct stat state;
	struct arena arena;
};

static err read_bodies(struct station *s, struct result_file *file, json_t **bodies,
		       struct hash *content, struct fault *f)
{
	const char *station = s->config.client.principal;
	struct bytes text;

	TRY(file_read(&file->arena, file->path, RESULT_FILE_MAX, &text, f));
	*content = sha256(text);
	return ends_in(file->name, ".csv") ? result_from_csv(&file->arena, text, station, bodies, f)
					   : result_from_json(text, station, bodies, f);
}

/* A UUID of version 7 (RFC 9562 section 5.7): the file's time, and a digest in place of chance. */
static void id_text(const struct result_file *file, struct hash content, size_t i,
		    char out[static 37])
{
	uint64_t ms = (uint64_t)file->state.st_mtim.tv_sec * 1000 +
		      (uint64_t)file->state.st_mtim.tv_nsec / 1000000;
	struct sha256 sum;
	uint8_t id[16], number = (uint8_t)i, more = (uint8_t)(i >> 8);
	char hex[33];

	sha256_init(&sum);
	sha256_update(&sum, bytes_text(file->name));
	sha256_update(&sum, hash_bytes(&content));
	sha256_update(&sum, bytes_of(&number, 1));
	sha256_update(&sum, bytes_of(&more, 1));
	struct hash digest = sha256_final(&sum);
	memcpy(id, digest.b, sizeof id);
	for (size_t k = 0; k < 6; k++)
		id[k] = (uint8_t)(ms >> (8 * (5 - k)));
	id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
	id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
	hex_encode(bytes_of(id, sizeof id), hex);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static err take_body(struct station *s, struct result_file *file, struct hash content, size_t i,
		     const json_t *body, struct fault *f)
{
	char id[37];
	struct taken taken;

	id_text(file, content, i, id);
	json_t *envelope = json_pack("{s:s, s:O}", "id", id, "body", body);
	if (envelope == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	(void)pthread_mutex_lock(&s->lock);
	err e = station_take(s, &file->arena, "test.recorded", envelope, &taken, f);
	(void)pthread_mutex_unlock(&s->lock);
	json_decref(envelope);
	return e;
}

/* All of a file was read before any of it is written down. */
static err take_file(struct station *s, struct result_file *file, struct fault *f)
{
	json_t *bodies = NULL, *body;
	struct hash content;
	size_t i;
	err e = ERR_OK;

	TRY(read_bodies(s, file, &bodies, &content, f));
	json_array_foreach(bodies, i, body)
	{
		e = take_body(s, file, content, i, body, f);
		if (e.code != OK)
			break;
	}
	json_decref(bodies);
	return e;
}

/* ---- where it goes ---- */

static err explain(struct station *s, const char *name, const struct fault *why, struct fault *f)
{
	char path[STATION_PATH_SIZE], relative[NAME_SIZE + 16], text[2048];

	fault_text(why, text, sizeof text - 1);
	size_t n = strlen(text);
	text[n] = '\n';
	snprintf(relative, sizeof relative, "wrong/%s.txt", name);
	TRY(station_path(s, relative, path, f));
	return file_write(path, bytes_of(text, n + 1), 0644, f);
}

static err move(struct station *s, const struct result_file *file, const char *folder,
		struct fault *f)
{
	char relative[NAME_SIZE + 16], to[STATION_PATH_SIZE];

	snprintf(relative, sizeof relative, "%s/%s", folder, file->name);
	TRY(station_path(s, relative, to, f));
	return rename(file->path, to) == 0
		       ? ERR_OK
		       : fail(f, "FILE_WRITE_FAILED", "path", to, "why", strerror(errno), NULL);
}

/* What is wrong with us is no fault of the file: it stays, and is taken later. */
static bool is_the_files(const struct fault *f)
{
	return f->code != ERR_IO && f->code != ERR_MEMORY && f->code != ERR_UNAVAILABLE &&
	       f->code != ERR_INTERNAL && f->code != ERR_CORRUPT;
}

static err settle_file(struct station *s, struct result_file *file, struct fault *f)
{
	struct fault why = {0};
	err e = take_file(s, file, &why);

	if (e.code == OK)
		return move(s, file, "done", f);
	if (!is_the_files(&why)) {
		*f = why;
		return e;
	}
	TRY(explain(s, file->name, &why, f));
	return move(s, file, "wrong", f);
}

/* Does nobody have it open for writing? A lease is only given then (fcntl(2)). Where none is to be had, as on a
 * network share, a file that has not changed for a while is taken for closed. */
static bool is_closed(const struct result_file *file)
{
	AUTO(fd_close) int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return false;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
		(void)fcntl(fd, F_SETLEASE, F_UNLCK);
		return true;
	}
	return errno != EAGAIN && time(NULL) - file->state.st_mtim.tv_sec >= QUIET_S;
}

/* Nobody has written to it since `before`, and nobody is about to. */
static void look_at(struct station *s, const char *name, const struct stat *before)
{
	struct result_file file = {.name = name, .arena = {.limit = (size_t)64 << 20}};
	struct fault f = {0};

	if (state_of(s, name, file.path, &file.state) && same_state(before, &file.state) &&
	    is_closed(&file) && settle_file(s, &file, &f).code != OK)
		log_fault(LOG_ERROR_LEVEL, "station_result_file", &f);
	arena_done(&file.arena);
}

/* ---- for ever ---- */

static void look_at_all(struct station *s, struct dirent **list, struct stat *before, size_t n)
{
	char path[STATION_PATH_SIZE];

	for (size_t i = 0; i < n; i++)
		if (!state_of(s, list[i]->d_name, path, &before[i]))
			before[i] = (struct stat){0};
	if (n == 0 || !bell_pause(&s->bell, STILL_MS))
		return;
	for (size_t i = 0; i < n && !bell_ending(&s->bell); i++)
		look_at(s, list[i]->d_name, &before[i]);
}

/* True if there may be more to take soon. */
static bool look_through(struct station *s, const char *inbox, struct stat *before)
{
	struct dirent **list = NULL;
	int n = scandir(inbox, &list, is_result, alphasort);

	if (n < 0)
		return false;
	look_at_all(s, list, before, n < FILES_AT_ONCE ? (size_t)n : FILES_AT_ONCE);
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return n > FILES_AT_ONCE;
}

/* Until something came, or it is time to look again; in steps, so that the end is noticed. */
static void wait_for_files(struct station *s, int watch)
{
	struct pollfd fd = {.fd = watch, .events = POLLIN};
	char events[4096];

	for (unsigned ms = 0; ms < RESCAN_MS && !bell_ending(&s->bell); ms += LOOK_MS) {
		if (watch < 0)
			(void)bell_pause(&s->bell, LOOK_MS);
		else if (poll(&fd, 1, LOOK_MS) > 0 && read(watch, events, sizeof events) > 0)
			return;
	}
}

void *station_watch(void *station)
{
	struct station *s = station;
	struct stat *before = calloc(FILES_AT_ONCE, sizeof *before);
	char inbox[STATION_PATH_SIZE];
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (before != NULL && station_path(s, "inbox", inbox, NULL).code == OK) {
		if (watch >= 0)
			(void)inotify_add_watch(watch, inbox, IN_CLOSE_WRITE | IN_MOVED_TO);
		while (!bell_ending(&s->bell))
			if (!look_through(s, inbox, before))
				wait_for_files(s, watch);
	}
	free(before);
	fd_close(&watch);
	return NULL;
}

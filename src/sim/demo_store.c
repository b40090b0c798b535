/* SPDX-License-Identifier: Apache-2.0 */
/* demo_store.c — the fifth attack: somebody with the disk in his hands changes one byte, in a copy
 * of the database and in a copy of the published log. */
#include "sim/demo_internal.h"

#include "base/catalog.h"
#include "base/clock.h"
#include "base/files.h"
#include "client/log.h"
#include "db/db.h"
#include "record/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BLOCK = 65536, BUNDLE_SIZE = 256 };

/* ---- copies ---- */

static err io_failed(struct fault *f, const char *path)
{
	return fail(f, "FILE_WRITE_FAILED", "path", path, "why", strerror(errno), NULL);
}

static err copy_file(const char *from, const char *to, struct fault *f)
{
	uint8_t block[COPY_BLOCK];
	AUTO(fd_close) int in = open(from, O_RDONLY | O_CLOEXEC);
	AUTO(fd_close) int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n = 0;

	if (in < 0 || out < 0)
		return io_failed(f, in < 0 ? from : to);
	while ((n = read(in, block, sizeof block)) > 0)
		TRY(fd_write_all(out, bytes_of(block, (size_t)n), f));
	return n == 0 ? ERR_OK : io_failed(f, from);
}

static err copy_tree(struct demo *d, const char *from, const char *to, struct fault *f)
{
	DIR *folder = opendir(from);
	struct dirent *one;
	struct stat st;
	err e = folder == NULL ? io_failed(f, from) : folder_make(to, f);

	while (e.code == OK && (one = readdir(folder)) != NULL) {
		const char *source = demo_text(d, "%s/%s", from, one->d_name);
		const char *target = demo_text(d, "%s/%s", to, one->d_name);
		if (strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0)
			continue;
		if (lstat(source, &st) != 0)
			e = io_failed(f, source);
		else if (S_ISDIR(st.st_mode))
			e = copy_tree(d, source, target, f);
		else
			e = copy_file(source, target, f);
	}
	if (folder != NULL)
		closedir(folder);
	return e;
}

/* ---- the database ---- */

static err change_row(const char *store, const char *serial, struct fault *f)
{
	static const struct parameter parameters[] = {{"serial", VALUE_TEXT}};
	struct value values[] = {value_text(bytes_text(serial))};
	struct statement *s = NULL;
	int64_t changed = 0;
	struct db *db;

	TRY(db_open(store, &db, f));
	err e = db_prepare(db, "UPDATE unit SET boot_count = boot_count + 1 WHERE serial = :serial",
			   parameters, 1, &s, f);
	if (e.code == OK) {
		e = db_query(db, s, values, NULL, NULL, &changed, f);
		statement_close(s);
	}
	db_close(db);
	TRY(e);
	return changed == 1 ? ERR_OK : fail(f, "DEMO_STATE_WRONG", "folder", store, NULL);
}

static err check_store(struct demo *d, const char *folder, struct rebuild_report *report,
		       struct fault *f)
{
	const char *address = demo_text(d, "sqlite:%s/store.db", folder);
	struct engine_config config = {
		.store = address, .origin = d->log.name, .areas = AREAS, .clock = &clock_system};

	TRY(copy_file(demo_text(d, "%s/store.db", d->state), demo_text(d, "%s/store.db", folder),
		      f));
	TRY(change_row(address, device_serial(d->units[0]), f));
	return engine_rebuild(&config, false, NULL, NULL, report, f);
}

/* ---- the published log ---- */

static err audit(struct demo *d, const char *tiles, struct audit_report *report, struct fault *f)
{
	struct audit_keys keys = {.registry = d->registry, .arena = {.limit = (size_t)64 << 20}};
	struct audit_options options = {.key = d->log,
					.verify = ed25519_verify,
					.entry = audit_keys_entry,
					.entry_context = &keys};
	err e = audit_run(audit_folder(tiles), &options, report, f);

	audit_keys_done(&keys);
	return e;
}

/* In the middle of the first bundle of entries, whole or as far as the tree goes. */
static err change_byte(struct demo *d, const char *tiles, uint64_t size, struct fault *f)
{
	const char *whole = demo_text(d, "%s/tile/entries/000", tiles);
	const char *path = size >= BUNDLE_SIZE
				   ? whole
				   : demo_text(d, "%s.p/%llu", whole, (unsigned long long)size);
	struct bytes content;

	TRY(file_read(&d->arena, path, BUNDLE_SIZE * ENTRY_SIZE_MAX, &content, f));
	((uint8_t *)(uintptr_t)content.p)[content.n / 2] ^= 1;
	return file_write(path, content, 0600, f);
}

/* ---- both ---- */

static err attack(struct demo *d, const char *copy, struct fault *f)
{
	static const char ATTACK[] = "one byte changed on the disk, in the database and in the log";
	struct rebuild_report rebuilt;
	struct audit_report audited = {0};
	char why[1024];

	TRY(audit(d, demo_text(d, "%s/tiles", d->state), &audited, f));
	demo_step(d,
		  "Audit of the untouched log: %llu entries, every tile, link and author's "
		  "signature holds",
		  (unsigned long long)audited.head.size);
	TRY(check_store(d, copy, &rebuilt, f));
	TRY(copy_tree(d, demo_text(d, "%s/tiles", d->state), demo_text(d, "%s/tiles", copy), f));
	TRY(change_byte(d, demo_text(d, "%s/tiles", copy), audited.head.size, f));
	err e = audit(d, demo_text(d, "%s/tiles", copy), &audited, f);
	/* The replay must name the table that was changed and no other; an audit that could not
	 * read its files has found nothing. */
	if (rebuilt.differing != 1 || strcmp(rebuilt.first_table, "unit") != 0 || e.code == OK)
		return fail(f, "DEMO_ATTACK_WORKED", "attack", ATTACK, NULL);
	if (e.code != ERR_CORRUPT)
		return e;
	fault_text(f, why, sizeof why);
	*f = (struct fault){0};
	d->stopped++;
	demo_step(d, "Attack %zu: %s", d->stopped, ATTACK);
	demo_said(d, "found by replaying the log: table %s, %s", rebuilt.first_table,
		  rebuilt.first_row);
	demo_said(d, "found by the audit: %s", why);
	return ERR_OK;
}

err demo_attack_store(struct demo *d, struct fault *f)
{
	const char *copy = demo_text(d, "%s/copy", d->options.folder);
	struct fault spare;

	TRY(folder_remove(copy, f));
	TRY(folder_make(copy, f));
	d->arena.limit += (size_t)64 << 20;
	err e = attack(d, copy, f), removed = folder_remove(copy, e.code == OK ? f : &spare);
	return e.code == OK ? removed : e;
}

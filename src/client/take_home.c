/* SPDX-License-Identifier: Apache-2.0 */
#include "client/take_home.h"

#include "base/files.h"
#include "client/log.h"
#include "client/take_home_files.h"
#include "format/zip.h"
#include "ledger/tile.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	BUNDLE_MAX = TILE_WIDTH * (ENTRY_SIZE_MAX + 2),
	PROGRAM_MAX = 64 << 20,
	ONE_AT_A_TIME = 128 << 20, /* memory for one file of it */
};

struct packing {
	struct client *client;
	struct zip *zip;
	struct arena arena; /* of the file that is being packed */
	struct take_home_report *report;
};

static err add_text(struct packing *p, const char *name, const char *text, struct fault *f)
{
	return zip_add(p->zip, name, bytes_text(text), false, f);
}

/* ---- what is ours ---- */

/* The verifier's program stands beside this one, in a build and where it is installed. */
static err add_program(struct packing *p, struct fault *f)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof "sealwright-verify");
	struct bytes program;

	if (n <= 0)
		return ERR_OK;
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	if (slash == NULL)
		return ERR_OK;
	snprintf(slash + 1, sizeof path - (size_t)(slash + 1 - path), "sealwright-verify");
	if (!file_exists(path))
		return ERR_OK;
	TRY(file_read(&p->arena, path, PROGRAM_MAX, &program, f));
	p->report->program = true;
	return zip_add(p->zip, "sealwright-verify", program, true, f);
}

static err add_ours(struct packing *p, struct fault *f)
{
	char key[NOTE_NAME_MAX + 128];
	struct writer w = writer_of(key, sizeof key);
	struct bytes text;

	note_key_put(&w, client_configuration(p->client)->log);
	put_text(&w, "\n");
	if (!writer_done(&w, &text))
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(zip_add(p->zip, "log.vkey", text, false, f));
	for (const struct take_home_file *file = TAKE_HOME_FILES; file->name != NULL; file++)
		TRY(add_text(p, file->name, file->text, f));
	return add_program(p, f);
}

/* ---- passports ---- */

/* A serial may have characters that no file's name should have: those stand as =HH. */
static void put_name(struct writer *w, const char *id)
{
	for (; *id != '\0'; id++) {
		uint8_t c = (uint8_t)*id;
		char hex[3];
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == '-' || c == '_' || c == '.') {
			put_u8(w, c);
			continue;
		}
		hex_encode(bytes_of(&c, 1), hex);
		put_text(w, "=");
		put_text(w, hex);
	}
}

static err add_passport(struct packing *p, const struct passport_wish *unit, struct fault *f)
{
	char name[ZIP_NAME_MAX + 1] = {0};
	struct writer w = writer_of(name, sizeof name - 1);
	struct bytes file;

	put_text(&w, "passports/");
	put_name(&w, unit->product);
	put_text(&w, "/");
	put_name(&w, unit->serial);
	put_text(&w, ".passport");
	if (!writer_done(&w, &file))
		return fail(f, "ZIP_NAME_WRONG", "name", unit->serial, NULL);
	TRY(client_passport(p->client, &p->arena, unit, &file, f));
	p->report->passports++;
	return zip_add(p->zip, name, file, false, f);
}

/* ---- the log ---- */

static err add_resource(struct packing *p, struct tile_name tile, struct fault *f)
{
	char path[TILE_PATH_SIZE], from[128], to[128];
	struct bytes content;

	tile_name_put(tile, path);
	snprintf(from, sizeof from, "/log/%s", path);
	snprintf(to, sizeof to, "log/%s", path);
	TRY(client_get(p->client, &p->arena, from, NULL, BUNDLE_MAX, &content, f));
	err e = zip_add(p->zip, to, content, false, f);
	arena_reset(&p->arena);
	return e;
}

static err add_entries(struct packing *p, uint64_t size, struct fault *f)
{
	for (uint64_t i = 0; tile_width(0, i, size) > 0; i++)
		TRY(add_resource(p,
				 (struct tile_name){.kind = TILE_ENTRIES,
						    .index = i,
						    .width = tile_width(0, i, size)},
				 f));
	p->report->entries = size;
	return ERR_OK;
}

static err add_tiles(struct packing *p, uint64_t size, struct fault *f)
{
	for (unsigned level = 0; level < TILE_LEVELS; level++)
		for (uint64_t i = 0; tile_width(level, i, size) > 0; i++)
			TRY(add_resource(p,
					 (struct tile_name){TILE_HASHES, level, i,
							    tile_width(level, i, size)},
					 f));
	return ERR_OK;
}

/* Entries are for those who may read all of them; passports prove themselves without. */
static err add_log(struct packing *p, struct fault *f)
{
	struct merkle_head head;
	struct bytes note;

	TRY(client_checkpoint(p->client, &p->arena, &note, &head, f));
	TRY(zip_add(p->zip, "log/checkpoint", note, false, f));
	TRY(add_tiles(p, head.size, f));
	err e = add_entries(p, head.size, f);
	return e.code == ERR_FORBIDDEN && p->report->entries == 0 ? ERR_OK : e;
}

static err pack(struct packing *p, const struct passport_wish *units, size_t n, struct fault *f)
{
	TRY(add_ours(p, f));
	for (size_t i = 0; i < n; i++) {
		TRY(add_passport(p, &units[i], f));
		arena_reset(&p->arena);
	}
	TRY(add_log(p, f));
	return zip_end(p->zip, f);
}

err take_home_write(struct client *c, const struct passport_wish *units, size_t n, const char *path,
		    struct take_home_report *out, struct fault *f)
{
	struct packing p = {.client = c, .arena = {.limit = ONE_AT_A_TIME}, .report = out};

	*out = (struct take_home_report){0};
	TRY(zip_create(path, &p.zip, f));
	err e = pack(&p, units, n, f);
	arena_done(&p.arena);
	zip_close(p.zip);
	return e;
}

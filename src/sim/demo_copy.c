/* SPDX-License-Identifier: Apache-2.0 */
/* demo_copy.c — a copy of the house, to try there what must never be tried in the house itself. */
#include "sim/demo_internal.h"

#include "base/files.h"
#include "db/db.h"

#include <stdlib.h>
#include <string.h>

enum { STEADY_TRIES = 100, SLOTS_MAX = 65536 };

/* ---- the house, at one moment, while it may serve ---- */

/* The signer writes its slots with whatever it signs: a copy around which they did not change is of one
 * moment. */
static err copy_signer(struct demo *d, struct demo *copy, struct fault *f)
{
	const char *from = demo_text(copy, "%s/signer", d->state);
	const char *to = demo_text(copy, "%s/signer", copy->state);
	const char *slots = demo_text(copy, "%s/checkpoint", from);
	struct bytes before, after;

	for (unsigned i = 0; i < STEADY_TRIES; i++) {
		TRY(folder_remove(to, f));
		TRY(file_read(&copy->arena, slots, SLOTS_MAX, &before, f));
		TRY(folder_copy(&copy->arena, from, to, f));
		TRY(file_read(&copy->arena, slots, SLOTS_MAX, &after, f));
		if (bytes_equal(before, after))
			return ERR_OK;
	}
	return fail(f, "BACKUP_SIGNER_BUSY", NULL);
}

/* SQLite itself copies what is committed, and the server goes on writing. */
static err copy_store(struct demo *d, struct demo *copy, struct fault *f)
{
	static const struct parameter parameters[] = {{"path", VALUE_TEXT}};
	struct value values[] = {
		value_text(bytes_text(demo_text(copy, "%s/store.db", copy->state)))};
	struct statement *s = NULL;
	struct db *db;

	TRY(db_open(demo_text(copy, "sqlite:%s/store.db", d->state), &db, f));
	err e = db_prepare(db, "VACUUM INTO :path", parameters, 1, &s, f);
	if (e.code == OK) {
		e = db_query(db, s, values, NULL, NULL, NULL, f);
		statement_close(s);
	}
	db_close(db);
	return e;
}

/* First what the signer remembers and what is published, then the store, which has all that these speak of and
 * perhaps more; last the blobs, of which the store's are there by then. */
static err copy_house(struct demo *d, struct demo *copy, struct fault *f)
{
	static const char *const APART[] = {"signer", "tiles", "store.db", "run", NULL};

	TRY(folder_make(copy->state, f));
	TRY(copy_signer(d, copy, f));
	TRY(folder_copy(&copy->arena, demo_text(copy, "%s/tiles", d->state),
			demo_text(copy, "%s/tiles", copy->state), f));
	TRY(copy_store(d, copy, f));
	TRY(folder_make(demo_text(copy, "%s/run", copy->state), f));
	return folder_copy_without(&copy->arena, d->state, copy->state, APART, f);
}

/* ---- another demo in it ---- */

static void take_over(struct demo *copy, const struct demo *d)
{
	copy->options = d->options;
	copy->options.quiet = true;
	copy->options.port = "0";
	copy->is_copy = true;
	copy->live = d->live;
	copy->last_sequence = d->last_sequence;
	copy->arena.limit = (size_t)128 << 20;
	copy->registry = d->registry;
	copy->log = d->log;
	copy->device_ca = d->device_ca;
	copy->run = d->run;
	copy->parts = d->parts;
	copy->parts_n = d->parts_n;
	copy->image = d->image;
	copy->image_digest = d->image_digest;
	copy->signing_supplier = d->signing_supplier;
	copy->uploading_supplier = d->uploading_supplier;
	copy->tests = d->tests;
	memcpy(copy->procedure_digest, d->procedure_digest, sizeof copy->procedure_digest);
	copy->victim = d->victim;
	copy->started_ms = d->started_ms;
	memcpy(copy->revision, d->revision, sizeof copy->revision);
	memcpy(copy->release, d->release, sizeof copy->release);
	memcpy(copy->authorization, d->spare, sizeof copy->authorization);
	memcpy(copy->spare, d->spare, sizeof copy->spare);
	memcpy(copy->actors, d->actors, sizeof copy->actors);
	copy->actors_n = d->actors_n;
	for (size_t i = 0; i < copy->actors_n; i++) {
		copy->actors[i].client = NULL;
		copy->actors[i].borrowed = true;
	}
}

static err open_copy(struct demo *d, struct demo *copy, struct fault *f)
{
	const char *folder = demo_text(copy, "%s/copy", d->options.folder);

	copy->options.folder = copy->logs = folder;
	copy->state = demo_text(copy, "%s/state", folder);
	copy->ca = demo_text(copy, "%s/tls.crt", copy->state);
	TRY(folder_remove(folder, f));
	TRY(folder_make(demo_text(copy, "%s/people", folder), f));
	TRY(copy_house(d, copy, f));
	TRY(demo_start(copy, f));
	return demo_sign_in(copy, f);
}

err demo_copy_open(struct demo *d, struct demo **out, struct fault *f)
{
	struct demo *copy = calloc(1, sizeof *copy);

	if (copy == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	take_over(copy, d);
	err e = open_copy(d, copy, f);
	if (e.code != OK)
		return demo_copy_close(copy, e, f);
	*out = copy;
	return ERR_OK;
}

/* After an error the folder stays, for whoever wants to know why. */
err demo_copy_close(struct demo *copy, err so_far, struct fault *f)
{
	demo_stop(copy);
	err e = so_far.code == OK ? folder_remove(copy->options.folder, f) : so_far;
	for (size_t i = 0; i < copy->actors_n; i++)
		if (!copy->actors[i].borrowed)
			private_key_close(copy->actors[i].key);
	json_decref(copy->attempt);
	arena_done(&copy->arena);
	free(copy);
	return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* demo_copy.c — a copy of the house, to try there what must never be tried in the house itself. */
#include "sim/demo_internal.h"

#include "base/files.h"

#include <stdlib.h>
#include <string.h>

static void take_over(struct demo *copy, const struct demo *d)
{
	copy->options = d->options;
	copy->options.quiet = true;
	copy->options.port = "0";
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
	TRY(folder_copy(&copy->arena, d->state, copy->state, f));
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
	arena_done(&copy->arena);
	free(copy);
	return e;
}

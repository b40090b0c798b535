/* SPDX-License-Identifier: Apache-2.0 */
/* engine_fuzz.h — one engine for the whole run of a fuzzer, at a standing time. */
#ifndef TEST_FUZZ_ENGINE_H
#define TEST_FUZZ_ENGINE_H

#include "records/house.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct area *const AREAS[];

static struct house fuzz_state;
static struct actor fuzz_founders[3] = {{.id = "ada"}, {.id = "ben"}, {.id = "cleo"}};
static char fuzz_folder[64];

static void fuzz_close(void)
{
	static const char *const files[] = {"/store", "/store-wal", "/store-shm", ""};
	char path[96];

	house_close(&fuzz_state);
	for (size_t i = 0; i < 3; i++)
		actor_done(&fuzz_founders[i]);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s%s", fuzz_folder, files[i]);
		(void)remove(path);
	}
}

static struct house *fuzz_house(void)
{
	char address[96];
	struct fault f = {0};

	if (fuzz_state.engine != NULL)
		return &fuzz_state;
	snprintf(fuzz_folder, sizeof fuzz_folder, "%s/sealwright-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(fuzz_folder) == NULL)
		abort();
	snprintf(address, sizeof address, "sqlite:%s/store", fuzz_folder);
	for (size_t i = 0; i < 3; i++)
		if (private_key_generate(KEY_ED25519, &fuzz_founders[i].key, &f).code != OK)
			abort();
	house_open_as(
		&fuzz_state, address, AREAS, fuzz_founders,
		(struct house_clock){.wall = UINT64_C(1790000000000), .steady = 1, .frozen = true});
	(void)atexit(fuzz_close);
	return &fuzz_state;
}

/* Whatever came in, it is no failure of ours. */
static void fuzz_is_fine(const struct fault *f)
{
	if (f->message == NULL || f->code == ERR_INTERNAL || f->code == ERR_CORRUPT ||
	    f->code == ERR_IO || f->code == ERR_UNAVAILABLE)
		abort();
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* position.c — how far a spool was acknowledged. */
#include "station/spool_internal.h"

#include "base/files.h"
#include "core/sha256.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Two places, in different sectors of any disk. */
enum { PLACE_SIZE = 48, PLACE_STEP = 4096, CHECK_SIZE = 8 };

static bool place_read(struct bytes b, struct position *out)
{
	struct reader r = reader_of(b);
	uint64_t counter = get_u64(&r);
	struct bytes chain = get_bytes(&r, sizeof out->chain), check = get_bytes(&r, CHECK_SIZE);

	if (r.why != NULL)
		return false;
	struct hash sum = sha256(bytes_of(b.p, PLACE_SIZE - CHECK_SIZE));
	if (memcmp(sum.b, check.p, CHECK_SIZE) != 0 || counter < out->counter)
		return false;
	out->counter = counter;
	memcpy(out->chain.b, chain.p, sizeof out->chain);
	return true;
}

err position_read(const char *path, struct position *out, struct fault *f)
{
	struct arena a = {0};
	struct bytes content = {0};
	err e = file_read(&a, path, 2 * PLACE_STEP, &content, f);

	*out = (struct position){.fd = -1};
	if (e.code == OK) {
		bool one =
			content.n >= PLACE_SIZE && place_read(bytes_of(content.p, PLACE_SIZE), out);
		bool two = content.n >= PLACE_STEP + PLACE_SIZE &&
			   place_read(bytes_of(content.p + PLACE_STEP, PLACE_SIZE), out);
		if (!one && !two)
			e = fail(f, "STATION_SPOOL_DAMAGED", "path", path, NULL);
	}
	arena_done(&a);
	return e;
}

static err place_put(uint64_t counter, struct hash chain, uint8_t place[static PLACE_SIZE],
		     struct fault *f)
{
	struct writer w = writer_of(place, PLACE_SIZE);
	struct bytes all;

	put_u64(&w, counter);
	put_bytes(&w, hash_bytes(&chain));
	struct hash sum = sha256(bytes_of(place, PLACE_SIZE - CHECK_SIZE));
	put_bytes(&w, bytes_of(sum.b, CHECK_SIZE));
	return writer_done(&w, &all) ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

err position_open(const char *path, struct position *out, struct fault *f)
{
	static const struct hash none;
	uint8_t first[PLACE_STEP + PLACE_SIZE] = {0};

	TRY(place_put(0, none, first, f));
	if (!file_exists(path))
		TRY(file_write(path, bytes_of(first, sizeof first), 0600, f));
	TRY(position_read(path, out, f));
	out->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return out->fd < 0 ? spool_io_failed(path, f) : ERR_OK;
}

err position_set(struct position *p, uint64_t counter, struct hash chain, struct fault *f)
{
	uint8_t place[PLACE_SIZE];
	off_t at = counter % 2 == 0 ? 0 : PLACE_STEP;

	TRY(place_put(counter, chain, place, f));
	if (pwrite(p->fd, place, sizeof place, at) != (ssize_t)sizeof place ||
	    fdatasync(p->fd) != 0)
		return spool_io_failed("position", f);
	p->counter = counter;
	p->chain = chain;
	return ERR_OK;
}

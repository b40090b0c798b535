/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/files.h"
#include "core/cbor.h"
#include "signer/protocol.h"

enum { COPIES = 2, SLOTS = 2, SLOT_SIZE = COPIES * SLOT_PAGE, HASH_SIZE = 32 };

static err io_failed(struct fault *f, const char *what)
{
	return fail(f, "SIGNER_CHECKPOINT_FAILED", "what", what, "why", strerror(errno), NULL);
}

/* ---- one page: SHA-256 of the rest ‖ [counter, head, note, journal size, journal chain] ‖ 0… ---- */

static bool page_make(const struct checkpoint_state *state, uint8_t page[static SLOT_PAGE])
{
	struct writer w = writer_of(page + HASH_SIZE, SLOT_PAGE - HASH_SIZE);
	struct bytes done;

	memset(page, 0, SLOT_PAGE);
	cbor_put_array(&w, 5);
	cbor_put_uint(&w, state->counter);
	head_put(&w, state->head);
	cbor_put_bytes(&w, bytes_of(state->note, state->note_n));
	cbor_put_uint(&w, state->journal.size);
	hash_put(&w, state->journal.chain);
	struct hash digest = sha256(bytes_of(page + HASH_SIZE, SLOT_PAGE - HASH_SIZE));
	memcpy(page, digest.b, HASH_SIZE);
	return writer_done(&w, &done);
}

static bool page_read(const uint8_t page[static SLOT_PAGE], struct checkpoint_state *out)
{
	struct bytes content = bytes_of(page + HASH_SIZE, SLOT_PAGE - HASH_SIZE);
	struct hash digest = sha256(content);
	struct reader r = reader_of(content);
	struct checkpoint_state state = {0};

	if (memcmp(page, digest.b, HASH_SIZE) != 0)
		return false;
	array_get(&r, 5);
	state.counter = cbor_uint(&r);
	state.head = head_get(&r);
	struct bytes note = blob_get(&r, SLOT_NOTE_MAX);
	state.journal.size = cbor_uint(&r);
	state.journal.chain = hash_get(&r);
	if (r.why != NULL)
		return false;
	state.note_n = note.n;
	if (note.n > 0)
		memcpy(state.note, note.p, note.n);
	*out = state;
	return true;
}

/* ---- slots ---- */

static bool slot_read(const uint8_t slot[static SLOT_SIZE], unsigned which,
		      struct checkpoint_state *out)
{
	for (size_t copy = 0; copy < COPIES; copy++)
		if (page_read(slot + copy * SLOT_PAGE, out) && (out->counter & 1) == which)
			return true;
	return false;
}

static err write_at(int fd, const uint8_t *p, size_t n, off_t at, struct fault *f)
{
	while (n > 0) {
		ssize_t put = pwrite(fd, p, n, at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return io_failed(f, "write");
		p += put;
		n -= (size_t)put;
		at += put;
	}
	return fdatasync(fd) == 0 ? ERR_OK : io_failed(f, "flush");
}

err slots_write(struct slots *slots, const struct checkpoint_state *state, struct fault *f)
{
	uint8_t slot[SLOT_SIZE];

	if (slots->broken || !page_make(state, slot))
		return fail(f, "SIGNER_CHECKPOINT_FAILED", "what", "write", "why",
			    slots->broken ? "an earlier write failed" : "the size", NULL);
	memcpy(slot + SLOT_PAGE, slot, SLOT_PAGE);
	err wrote =
		write_at(slots->fd, slot, sizeof(slot), (off_t)(state->counter & 1) * SLOT_SIZE, f);
	slots->broken = wrote.code != OK;
	return wrote;
}

err slots_create(const char *path, const struct checkpoint_state *first, struct fault *f)
{
	AUTO(fd_close)
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct slots slots = {.fd = fd};

	if (fd < 0)
		return io_failed(f, "create");
	if (ftruncate(fd, (off_t)SLOTS * SLOT_SIZE) != 0)
		return io_failed(f, "create");
	TRY(slots_write(&slots, first, f));
	return fsync(fd) == 0 ? ERR_OK : io_failed(f, "flush");
}

static err read_all(int fd, uint8_t *p, size_t n, struct fault *f)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = pread(fd, p + have, n - have, (off_t)have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return io_failed(f, "read");
		if (got == 0)
			return fail(f, "SIGNER_CHECKPOINT_CORRUPT", "why", "it is too short", NULL);
		have += (size_t)got;
	}
	return ERR_OK;
}

err slots_open(const char *path, struct slots *out, struct checkpoint_state *last, struct fault *f)
{
	AUTO(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	uint8_t content[SLOTS * SLOT_SIZE];
	struct checkpoint_state state[SLOTS];

	if (fd < 0)
		return io_failed(f, "open");
	/* Before it is read: a signer that is about to end could still write, and what was read
	 * would be an older checkpoint than the last one signed. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? fail(f, "SIGNER_RUNS_ALREADY", NULL)
					    : io_failed(f, "lock");
	TRY(read_all(fd, content, sizeof(content), f));
	bool even = slot_read(content, 0, &state[0]);
	bool odd = slot_read(content + SLOT_SIZE, 1, &state[1]);
	if (!even && !odd)
		return fail(f, "SIGNER_CHECKPOINT_CORRUPT", "why", "neither slot holds", NULL);
	/* Neighbours, or one of the two was put there from another time. */
	if (even && odd && state[0].counter + 1 != state[1].counter &&
	    state[1].counter + 1 != state[0].counter)
		return fail(f, "SIGNER_CHECKPOINT_CORRUPT", "why", "the slots do not follow", NULL);
	*last = even && (!odd || state[0].counter > state[1].counter) ? state[0] : state[1];
	*out = (struct slots){.fd = fd};
	fd = -1;
	return ERR_OK;
}

void slots_close(struct slots *slots)
{
	fd_close(&slots->fd);
}

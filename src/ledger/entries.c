/* SPDX-License-Identifier: Apache-2.0 */
/* entries.c — entries as rows of batches, and as a window of memory over some of them. */
#include "ledger/room.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/entry.h"

/* Batches are read so that about this many entries come at once: with the largest entries they
 * take as much memory as one largest row. */
enum { READ_AHEAD = 256 };

void window_clear(struct window *w, uint64_t first)
{
	w->first = first;
	w->n = 0;
}

void window_free(struct window *w)
{
	free(w->bytes);
	free(w->starts);
	*w = (struct window){0};
}

/* Room for `bytes` more bytes and `entries` more entries. */
static err window_reserve(struct window *w, size_t bytes, size_t entries, struct fault *f)
{
	size_t used = w->n ? w->starts[w->n] : 0;

	if (used + bytes > w->bytes_cap) {
		size_t cap = (used + bytes) * 2;
		uint8_t *p = realloc(w->bytes, cap);

		if (!p)
			return fail(f, "MEMORY_EXHAUSTED", "what", "entries", NULL);
		w->bytes = p;
		w->bytes_cap = cap;
	}
	if (w->n + entries + 1 > w->starts_cap) {
		size_t cap = (w->n + entries + 1) * 2;
		size_t *p = realloc(w->starts, cap * sizeof(*p));

		if (!p)
			return fail(f, "MEMORY_EXHAUSTED", "what", "entries", NULL);
		w->starts = p;
		w->starts_cap = cap;
	}
	if (w->n == 0)
		w->starts[0] = 0;
	return ERR_OK;
}

err window_add(struct window *w, struct bytes entry, struct fault *f)
{
	TRY(window_reserve(w, LENGTH_SIZE + entry.n, 1, f));
	uint8_t *p = w->bytes + w->starts[w->n];

	p[0] = (uint8_t)(entry.n >> 8);
	p[1] = (uint8_t)entry.n;
	memcpy(p + LENGTH_SIZE, entry.p, entry.n);
	w->starts[w->n + 1] = w->starts[w->n] + LENGTH_SIZE + entry.n;
	w->n++;
	return ERR_OK;
}

void window_truncate(struct window *w, size_t n)
{
	assert(n <= w->n);
	w->n = n;
}

bool window_holds(const struct window *w, uint64_t sequence)
{
	return sequence >= w->first && sequence - w->first < w->n;
}

struct bytes window_entry(const struct window *w, uint64_t sequence)
{
	size_t i = (size_t)(sequence - w->first);

	assert(window_holds(w, sequence));
	size_t start = w->starts[i] + LENGTH_SIZE;

	return bytes_of(w->bytes + start, w->starts[i + 1] - start);
}

struct bytes window_slice(const struct window *w, size_t from, size_t to)
{
	if (from == to)
		return (struct bytes){0};
	return bytes_of(w->bytes + w->starts[from], w->starts[to] - w->starts[from]);
}

/* ---- from the store ---- */

struct read {
	struct window *window;
	bool started;
	struct fault *f;
};

static err corrupt(struct fault *f, int64_t first, const char *what)
{
	return fail(f, "LEDGER_CORRUPT", "first", number_text((uint64_t)first).text, "what", what,
		    NULL);
}

/* Takes one row: n entries, and nothing else. */
static err take_batch(struct window *w, int64_t first, int64_t n, struct bytes bytes,
		      struct fault *f)
{
	/* No entry is empty, so each takes at least LENGTH_SIZE + 1 bytes. */
	if (n <= 0 || (uint64_t)n > bytes.n / (LENGTH_SIZE + 1))
		return corrupt(f, first, "its number of entries is impossible");
	TRY(window_reserve(w, bytes.n, (size_t)n, f));
	size_t start = w->starts[w->n];
	struct reader r = reader_of(bytes);

	memcpy(w->bytes + start, bytes.p, bytes.n);
	for (int64_t i = 0; i < n; i++) {
		size_t length = get_u16(&r);

		(void)get_bytes(&r, length);
		if (r.why || length == 0)
			return corrupt(f, first, "an entry is cut short");
		w->starts[++w->n] = start + r.at;
	}
	return reader_end(&r) ? ERR_OK : corrupt(f, first, "bytes follow its last entry");
}

static err batch_row(void *context, const struct value *columns, size_t n)
{
	struct read *read = context;
	struct window *w = read->window;

	if (n != 3 || columns[0].kind != VALUE_INT || columns[1].kind != VALUE_INT ||
	    columns[2].kind != VALUE_BLOB || columns[0].number < 0)
		return corrupt(read->f, 0, "a column has the wrong type");
	int64_t first = columns[0].number;

	if (!read->started)
		window_clear(w, (uint64_t)first);
	else if ((uint64_t)first != w->first + w->n)
		return corrupt(read->f, first, "it does not follow the batch before it");
	read->started = true;
	return take_batch(w, first, columns[1].number, columns[2].bytes, read->f);
}

err window_read(struct ledger *l, struct window *w, uint64_t sequence, struct fault *f)
{
	struct read read = {.window = w, .f = f};

	window_clear(w, sequence);
	if (sequence < INT64_MAX - READ_AHEAD) {
		struct value parameters[] = {value_int((int64_t)sequence),
					     value_int((int64_t)sequence + READ_AHEAD)};
		err e = db_query(l->db, l->read_batches, parameters, batch_row, &read, NULL, f);

		if (e.code != OK) {
			window_clear(w, sequence);
			return e;
		}
	}
	if (!window_holds(w, sequence))
		return fail(f, "LEDGER_NO_SUCH_ENTRY", "sequence", number_text(sequence).text,
			    NULL);
	return ERR_OK;
}

/* ---- readers ---- */

err ledger_entry(struct ledger *l, struct arena *a, uint64_t sequence, struct bytes *entry,
		 struct fault *f)
{
	struct window *w = &l->window;

	if (window_holds(&l->pending, sequence))
		w = &l->pending;
	else if (!window_holds(w, sequence))
		TRY(window_read(l, w, sequence, f));
	struct bytes found = arena_copy(a, window_entry(w, sequence));

	if (!found.p)
		return fail(f, "MEMORY_EXHAUSTED", "what", "an entry", NULL);
	*entry = found;
	return ERR_OK;
}

static err each_of(struct ledger *l, struct window *w, uint64_t first, uint64_t end,
		   ledger_each_fn *each, void *context, struct fault *f)
{
	for (uint64_t sequence = first; sequence < end; sequence++) {
		if (!window_holds(w, sequence))
			TRY(window_read(l, w, sequence, f));
		TRY(each(context, sequence, window_entry(w, sequence)));
	}
	return ERR_OK;
}

err ledger_each(struct ledger *l, uint64_t first, ledger_each_fn *each, void *context,
		struct fault *f)
{
	struct merkle_head head;
	/* Its own window: `each` may read other entries meanwhile. */
	struct window w = {0};

	TRY(ledger_head(l, &head, f));
	err e = each_of(l, &w, first, head.size, each, context, f);

	window_free(&w);
	return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* take_rows.c — what is in the store, read page by page beside the writer, and the blobs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/take.h"
#include "base/files.h"
#include "core/cbor.h"
#include "core/sha256.h"
#include "ledger/ledger.h"

enum { PATH_SIZE = 4096, BREATH = 1024, OPENINGS_PAGE = 256, KEY_ID_SIZE = 16 };

/* A part that grows row by row. */
struct rows {
	uint8_t *bytes; /* PART_ROWS_MAX */
	struct writer w;
};

static err rows_begin(struct rows *rows, struct fault *f)
{
	rows->bytes = malloc(PART_ROWS_MAX);
	rows->w = writer_of(rows->bytes, PART_ROWS_MAX);
	return rows->bytes != NULL ? ERR_OK : fail(f, "MEMORY_EXHAUSTED", "what", "a backup", NULL);
}

static err rows_flush(struct take *t, struct rows *rows, const char *kind, struct fault *f)
{
	struct bytes content;

	if (!writer_done(&rows->w, &content))
		return fail(f, "BACKUP_MEMBER_UNFIT", "name", kind, NULL);
	rows->w = writer_of(rows->bytes, PART_ROWS_MAX);
	return content.n == 0 ? ERR_OK : take_part(t, kind, content, f);
}

/* ---- entries ---- */

static err put_entries(struct take *t, struct rows *rows, struct fault *f)
{
	uint64_t size = t->report->head.size;
	size_t in_part = 0;
	struct bytes entry;

	for (uint64_t i = 0; i < size; i++) {
		if (i % BREATH == 0)
			arena_reset(&t->arena);
		TRY(ledger_entry(t->ledger, &t->arena, i, &entry, f));
		put_u16(&rows->w, (uint16_t)entry.n);
		put_bytes(&rows->w, entry);
		t->report->entries++;
		if (rows->w.n < PART_ROWS_FULL && ++in_part < PART_ENTRIES_N)
			continue;
		TRY(rows_flush(t, rows, PART_ENTRIES, f));
		in_part = 0;
		take_progress(t, "entries", i + 1, size);
	}
	take_progress(t, "entries", size, size);
	return rows_flush(t, rows, PART_ENTRIES, f);
}

err take_entries(struct take *t, struct fault *f)
{
	struct rows rows;

	t->part = 0;
	TRY(rows_begin(&rows, f));
	err e = put_entries(t, &rows, f);
	free(rows.bytes);
	return e;
}

/* ---- openings ---- */

struct openings {
	struct take *take;
	struct rows rows;
	struct hash last;
	size_t page_n;
};

static err opening_row(void *context, const struct value *columns, size_t n)
{
	struct openings *o = context;

	(void)n;
	if (columns[0].bytes.n != sizeof o->last.b || columns[2].bytes.n > PART_OPENING_MAX)
		return (err){ERR_CORRUPT};
	memcpy(o->last.b, columns[0].bytes.p, sizeof o->last.b);
	cbor_put_array(&o->rows.w, 5);
	cbor_put_bytes(&o->rows.w, columns[0].bytes);
	cbor_put_bytes(&o->rows.w, columns[1].bytes);
	cbor_put_text(&o->rows.w, columns[2].bytes);
	cbor_put_uint(&o->rows.w, (uint64_t)columns[3].number);
	cbor_put_uint(&o->rows.w, (uint64_t)columns[4].number);
	o->page_n++;
	return ERR_OK;
}

/* A page is as large as a part may be only if its values are: then rows_flush says so. */
static err put_openings(struct openings *o, struct statement *s, struct fault *f)
{
	struct take *t = o->take;
	bool first = true;

	do {
		struct value values[] = {
			value_blob(first ? (struct bytes){0} : hash_bytes(&o->last)),
			value_int((int64_t)t->report->head.size)};

		first = false;
		o->page_n = 0;
		err e = db_query(t->db, s, values, opening_row, o, NULL, f);
		if (e.code == ERR_CORRUPT && (f == NULL || f->code == OK))
			return fail(f, "BACKUP_ROW_WRONG", "table", "opening", NULL);
		TRY(e);
		t->report->openings += o->page_n;
		if (o->rows.w.n >= PART_ROWS_FULL)
			TRY(rows_flush(t, &o->rows, PART_OPENINGS, f));
	} while (o->page_n == OPENINGS_PAGE);
	return rows_flush(t, &o->rows, PART_OPENINGS, f);
}

err take_openings(struct take *t, struct fault *f)
{
	static const struct parameter PARAMETERS[] = {{"after", VALUE_BLOB}, {"size", VALUE_INT}};
	struct openings o = {.take = t};
	struct statement *s;

	t->part = 0;
	TRY(db_prepare(t->db,
		       "SELECT commitment, salt, value, personal, seq FROM opening "
		       "WHERE commitment > :after AND seq < :size ORDER BY commitment LIMIT 256",
		       PARAMETERS, 2, &s, f));
	err e = rows_begin(&o.rows, f);
	if (e.code == OK)
		e = put_openings(&o, s, f);
	free(o.rows.bytes);
	statement_close(s);
	return e;
}

/* ---- blobs ---- */

struct blob_taken {
	struct hash digest;
	bool personal, stored;
	uint64_t size, created, referenced;
	bool has_key;
	uint8_t key_id[KEY_ID_SIZE];
	uint8_t wrapped[128];
	size_t wrapped_n;
	uint64_t key_created;
	int fd;
	uint64_t file_size;
};
struct blob_page {
	struct take *take;
	size_t n;
	struct blob_taken all[PART_BLOBS_N];
};

static bool blob_columns(const struct value *c, struct blob_taken *out)
{
	*out = (struct blob_taken){.fd = -1};
	if (c[0].bytes.n != sizeof out->digest.b || c[1].kind != VALUE_TEXT)
		return false;
	memcpy(out->digest.b, c[0].bytes.p, sizeof out->digest.b);
	out->personal = bytes_equal(c[1].bytes, bytes_text("personal"));
	out->size = (uint64_t)c[2].number;
	out->stored = bytes_equal(c[3].bytes, bytes_text("stored"));
	out->created = (uint64_t)c[4].number;
	out->referenced = (uint64_t)c[5].number;
	if (c[6].kind != VALUE_BLOB || c[7].kind != VALUE_BLOB)
		return true;
	if (c[6].bytes.n != KEY_ID_SIZE || c[7].bytes.n > sizeof out->wrapped)
		return false;
	out->has_key = true;
	memcpy(out->key_id, c[6].bytes.p, KEY_ID_SIZE);
	memcpy(out->wrapped, c[7].bytes.p, c[7].bytes.n);
	out->wrapped_n = c[7].bytes.n;
	out->key_created = (uint64_t)c[8].number;
	return true;
}

static err blob_row(void *context, const struct value *columns, size_t n)
{
	struct blob_page *page = context;

	(void)n;
	return page->n < PART_BLOBS_N && blob_columns(columns, &page->all[page->n++])
		       ? ERR_OK
		       : (err){ERR_CORRUPT};
}

static void blob_file_name(const struct blob_taken *b, char digest[static 65],
			   char ending[static 2 * KEY_ID_SIZE + 2])
{
	hex_encode(hash_bytes(&b->digest), digest);
	ending[0] = '\0';
	if (!b->personal)
		return;
	ending[0] = '.';
	hex_encode(bytes_of(b->key_id, KEY_ID_SIZE), ending + 1);
}

/* The file is held open before its row is written: what is erased meanwhile stays readable here, as
 * in any backup made a moment earlier. */
static void blob_hold(struct take *t, struct blob_taken *b)
{
	char digest[65], ending[2 * KEY_ID_SIZE + 2], path[PATH_SIZE];
	struct stat status;

	if (!b->stored || (b->personal && !b->has_key))
		return;
	blob_file_name(b, digest, ending);
	(void)snprintf(path, sizeof path, "%s/%.2s/%s%s", t->plan->blobs, digest, digest + 2,
		       ending);
	b->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (b->fd >= 0 && fstat(b->fd, &status) == 0)
		b->file_size = (uint64_t)status.st_size;
	else
		backup_say(&t->report->missing, "file %s is not there: %s", digest,
			   strerror(errno));
}

static void put_blob_row(struct writer *w, const struct blob_taken *b)
{
	cbor_put_array(w, 10);
	cbor_put_bytes(w, hash_bytes(&b->digest));
	cbor_put_bool(w, b->personal);
	cbor_put_uint(w, b->size);
	cbor_put_bool(w, b->stored);
	cbor_put_uint(w, b->created);
	cbor_put_uint(w, b->referenced);
	cbor_put_bytes(w, bytes_of(b->key_id, b->has_key ? KEY_ID_SIZE : 0));
	cbor_put_bytes(w, bytes_of(b->wrapped, b->wrapped_n));
	cbor_put_uint(w, b->key_created);
	cbor_put_bool(w, b->fd >= 0);
}

/* Evidence is compared with its digest on the way: damage is found today, not on the day of need. */
static err put_blob(struct take *t, const struct blob_taken *b, struct fault *f)
{
	char digest[65], name[TAR_NAME_MAX + 1];
	static const size_t PART = 65536;
	uint8_t *part = arena_alloc(&t->arena, PART);
	uint64_t at = 0;
	struct sha256 s;

	if (part == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a backup", NULL);
	hex_encode(hash_bytes(&b->digest), digest);
	(void)snprintf(name, sizeof name, PART_BLOB "%s", digest);
	TRY(tar_begin(&t->tar, name, b->file_size, f));
	sha256_init(&s);
	while (at < b->file_size) {
		ssize_t n = pread(b->fd, part, b->file_size - at < PART ? b->file_size - at : PART,
				  (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(f, "BACKUP_READ_OF_FAILED", "path", digest, "why",
				    strerror(n == 0 ? EIO : errno), NULL);
		sha256_update(&s, bytes_of(part, (size_t)n));
		TRY(tar_put(&t->tar, bytes_of(part, (size_t)n), f));
		at += (uint64_t)n;
	}
	if (!b->personal && !hash_equal(sha256_final(&s), b->digest))
		backup_say(&t->report->missing, "file %s does not match its digest", digest);
	t->report->blob_bytes += b->file_size;
	return ERR_OK;
}

static err put_page(struct take *t, struct blob_page *page, struct fault *f)
{
	uint8_t rows[PART_BLOBS_N * 320];
	struct writer w = writer_of(rows, sizeof rows);
	struct bytes content;

	for (size_t i = 0; i < page->n; i++) {
		blob_hold(t, &page->all[i]);
		put_blob_row(&w, &page->all[i]);
	}
	if (!writer_done(&w, &content))
		return fail(f, "BACKUP_MEMBER_UNFIT", "name", PART_BLOBS, NULL);
	TRY(take_part(t, PART_BLOBS, content, f));
	for (size_t i = 0; i < page->n; i++) {
		arena_reset(&t->arena);
		if (page->all[i].fd >= 0)
			TRY(put_blob(t, &page->all[i], f));
	}
	t->report->blobs += page->n;
	take_progress(t, "files", t->report->blobs, 0);
	return ERR_OK;
}

static err read_page(struct take *t, struct statement *s, const struct hash *after,
		     struct blob_page *page, struct fault *f)
{
	struct value values[] = {value_blob(after == NULL ? (struct bytes){0} : hash_bytes(after)),
				 value_int((int64_t)t->report->head.size)};

	page->n = 0;
	err e = db_query(t->db, s, values, blob_row, page, NULL, f);
	if (e.code == ERR_CORRUPT && (f == NULL || f->code == OK))
		return fail(f, "BACKUP_ROW_WRONG", "table", "stored_blob", NULL);
	return e;
}

static err put_blobs(struct take *t, struct statement *s, struct blob_page *page, struct fault *f)
{
	struct hash last;
	bool first = true, full;

	do {
		TRY(read_page(t, s, first ? NULL : &last, page, f));
		first = false;
		full = page->n == PART_BLOBS_N;
		if (page->n == 0)
			break;
		last = page->all[page->n - 1].digest;
		err e = put_page(t, page, f);
		for (size_t i = 0; i < page->n; i++)
			fd_close(&page->all[i].fd);
		TRY(e);
	} while (full);
	return ERR_OK;
}

err take_blobs(struct take *t, struct fault *f)
{
	static const struct parameter PARAMETERS[] = {{"after", VALUE_BLOB}, {"size", VALUE_INT}};
	struct blob_page *page = calloc(1, sizeof *page);
	struct statement *s;

	t->part = 0;
	if (page == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a backup", NULL);
	page->take = t;
	err e = db_prepare(
		t->db,
		"SELECT b.digest, b.class, b.size, b.state, b.created, b.referenced, b.key_id, "
		"k.wrapped, k.created FROM stored_blob b "
		"LEFT JOIN blob_key k ON k.key_id = b.key_id AND k.upload = '' "
		"WHERE b.digest > :after AND b.referenced < :size ORDER BY b.digest LIMIT 64",
		PARAMETERS, 2, &s, f);
	if (e.code == OK) {
		e = put_blobs(t, s, page, f);
		statement_close(s);
	}
	bytes_wipe(page, sizeof *page);
	free(page);
	return e;
}

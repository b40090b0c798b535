/* SPDX-License-Identifier: Apache-2.0 */
/* api_blob_read.c — blobs out, for whom a record that names them is no secret. */
#include "base/files.h"
#include "server/server_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

enum { PIECE = 65536, NAMINGS_MAX = 64 };

/* ---- the content ---- */

static err copy_out(struct blob_reader *reader, int fd, struct fault *f)
{
	uint8_t piece[PIECE];
	size_t n;
	err result;

	do {
		result = blob_read(reader, piece, sizeof piece, &n, f);
		if (result.code == OK && n > 0)
			result = fd_write_all(fd, bytes_of(piece, n), f);
	} while (result.code == OK && n > 0);
	bytes_wipe(piece, sizeof piece);
	return result;
}

/* A descriptor of the plain content: the file itself, or for a personal blob memory that goes
 * with the reply and never reaches the disk. */
static err content_fd(struct blob_reader *reader, int *out, struct fault *f)
{
	int file = blob_reader_fd(reader);
	AUTO(fd_close)
	int fd = file >= 0 ? fcntl(file, F_DUPFD_CLOEXEC, 3) : memfd_create("blob", MFD_CLOEXEC);

	if (fd < 0)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (file < 0)
		TRY(copy_out(reader, fd, f));
	*out = fd;
	fd = -1;
	return ERR_OK;
}

static err open_content(struct call *c, struct hash digest, int *out, struct fault *f)
{
	struct blob_store *store;
	struct blob_reader *reader = NULL;

	TRY(blob_pool_take(c->server->blobs, &store, f));
	err result = blob_open(store, digest, &reader, f);
	if (result.code == OK && blob_reader_class(reader) == BLOB_PERSONAL)
		result = call_browser_needs(c, STEPPED_UP, f);
	if (result.code == OK)
		result = content_fd(reader, out, f);
	blob_reader_close(reader);
	blob_pool_give(c->server->blobs, store);
	return result;
}

/* ---- who may ---- */

/* Records that name the blob, and what it takes to write such a record. */
struct naming {
	struct arena *arena;
	struct {
		uint64_t sequence;
		const char *permission;
	} rows[NAMINGS_MAX];
	size_t n;
};

static err naming_row(void *context, const struct value *columns, size_t n)
{
	struct naming *all = context;

	(void)n;
	if (all->n == NAMINGS_MAX)
		return ERR_OK;
	all->rows[all->n].sequence = (uint64_t)columns[0].number;
	all->rows[all->n].permission = arena_text(all->arena, columns[1].bytes);
	all->n += all->rows[all->n].permission != NULL;
	return ERR_OK;
}

static err read_namings(struct reader_session *r, struct hash digest, struct naming *out,
			struct fault *f)
{
	static const struct parameter parameters[] = {{"digest", VALUE_BLOB}};
	struct value values[] = {value_blob(hash_bytes(&digest))};
	struct statement *s;

	TRY(db_prepare(reader_db(r),
		       "SELECT seq, permission FROM blob_name WHERE digest = :digest ORDER BY seq",
		       parameters, 1, &s, f));
	err result = db_query(reader_db(r), s, values, naming_row, out, NULL, f);
	statement_close(s);
	return result;
}

/* Where the record's subject is. */
static err scope_of_entry(struct call *c, struct reader_session *r, uint64_t sequence,
			  struct scope *out, struct fault *f)
{
	struct arena *a = c->request->arena;
	struct entry *entry = arena_alloc(a, sizeof *entry);
	struct bytes bytes;
	const char *why;

	*out = (struct scope){0};
	if (entry == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(ledger_entry(reader_ledger(r), a, sequence, &bytes, f));
	if (!entry_parse(bytes, entry, &why))
		return fail(f, "ENTRY_BAD", "detail", why, NULL);
	const struct subject *s = &entry->witness.subject;
	if (!entry->witness.has_subject)
		return ERR_OK;
	const char *kind = arena_text(a, s->kind), *within = arena_text(a, s->within),
		   *id = arena_text(a, s->id);
	if (kind == NULL || within == NULL || id == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	return subject_scope(c, r, kind, within, id, out, f);
}

/* Who may write a record that names the blob, there, may read the blob. */
static err may_as_named(struct call *c, struct reader_session *r, struct hash digest, bool *out,
			struct fault *f)
{
	struct naming *all = arena_alloc(c->request->arena, sizeof *all);
	struct scope scope;

	if (all == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	all->arena = c->request->arena;
	TRY(read_namings(r, digest, all, f));
	*out = false;
	for (size_t i = 0; i < all->n && !*out; i++) {
		TRY(scope_of_entry(c, r, all->rows[i].sequence, &scope, f));
		TRY(call_may(c, r, all->rows[i].permission, &scope, out, f));
	}
	return ERR_OK;
}

static err may_read(struct call *c, struct hash digest, struct fault *f)
{
	struct reader_session *r;
	bool may = false;
	err result = reader_take(c->server->engine, &r, f);

	if (result.code != OK)
		return result;
	result = call_may(c, r, "ledger.read", NULL, &may, f);
	if (result.code == OK && !may)
		result = may_as_named(c, r, digest, &may, f);
	if (result.code == OK && !may)
		result = call_needs(c, r, "blob.read", NULL, f);
	reader_give(r);
	return result;
}

err handle_blob(struct call *c, struct fault *f)
{
	struct hash digest;
	char tag[80];
	int fd = -1;

	TRY(hash_read("digest", c->arguments[0], &digest, f));
	TRY(may_read(c, digest, f));
	TRY(open_content(c, digest, &fd, f));
	snprintf(tag, sizeof tag, "\"%s\"", c->arguments[0]);
	http_header_set(c->request, "ETag", tag);
	/* What somebody uploaded is never shown as a page of ours. */
	http_header_set(c->request, "Content-Disposition", "attachment");
	http_header_set(c->request, "Content-Security-Policy", "sandbox; default-src 'none'");
	http_reply_file(c->request, 200, "application/octet-stream", fd);
	reply_note(c, 200);
	return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "server/upload_link.h"

#include "base/log.h"
#include "core/sha256.h"
#include "format/multipart.h"

#include <string.h>

/* ---- which link ---- */

/* Looked up by the digest alone, so that how long it takes says nothing of the token. */
static const char FIND_SQL[] =
	"SELECT l.supplier, s.name, l.part_lot, l.expires FROM conformance_link l"
	" JOIN supplier s ON s.id = l.supplier WHERE l.link = :link AND l.expires > :now"
	" AND (SELECT count(*) FROM conformance c WHERE c.link = l.link) < :most"
	" AND NOT EXISTS (SELECT 1 FROM conformance c"
	" WHERE c.link = l.link AND c.part_lot = coalesce(:part_lot, l.part_lot))";

struct finding {
	struct arena *arena;
	struct upload_link *link;
	bool found;
};

static err link_row(void *context, const struct value *columns, size_t n)
{
	struct finding *f = context;

	(void)n;
	f->found = true;
	f->link->supplier = arena_text(f->arena, columns[0].bytes);
	f->link->supplier_name = arena_text(f->arena, columns[1].bytes);
	f->link->part_lot =
		columns[2].kind == VALUE_NULL ? NULL : arena_text(f->arena, columns[2].bytes);
	f->link->expires = (uint64_t)columns[3].number;
	return ERR_OK;
}

/* Whoever keeps trying is told so, and no longer whether it was right. */
static err gone(struct call *c, struct fault *f)
{
	TRY(limits_take(c->server->limits, LIMIT_FAILURE, c->request->peer, f));
	return fail(f, "CONFORMANCE_LINK_GONE", NULL);
}

static bool token_hash(const char *text, struct hash *out)
{
	uint8_t token[TOKEN_SIZE];
	size_t n = 0;
	bool sound =
		base64url_decode(bytes_text(text), token, sizeof token, &n) && n == sizeof token;

	if (sound)
		*out = sha256(bytes_of(token, sizeof token));
	bytes_wipe(token, sizeof token);
	return sound;
}

static err query(struct call *c, struct reader_session *r, const char *part_lot,
		 struct finding *finding, struct fault *f)
{
	static const struct parameter parameters[] = {{"link", VALUE_BLOB},
						      {"now", VALUE_INT},
						      {"most", VALUE_INT},
						      {"part_lot", VALUE_TEXT}};
	const struct value values[] = {
		value_blob(hash_bytes(&finding->link->hash)),
		value_int((int64_t)server_now(c->server)), value_int(LINK_UPLOADS_MAX),
		part_lot == NULL ? value_null : value_text(bytes_text(part_lot))};
	struct statement *s;

	TRY(db_prepare(reader_db(r), FIND_SQL, parameters, 4, &s, f));
	err result = db_query(reader_db(r), s, values, link_row, finding, NULL, f);
	statement_close(s);
	return result;
}

/* Open, and for this part lot not used yet; NULL: for the one that the link is for, if it is for one. */
static err find_for(struct call *c, const char *part_lot, struct upload_link *out, struct fault *f)
{
	struct finding finding = {.arena = c->request->arena, .link = out};
	struct reader_session *r;

	*out = (struct upload_link){0};
	if (!token_hash(c->arguments[0], &out->hash))
		return gone(c, f);
	TRY(reader_take(c->server->engine, &r, f));
	err result = query(c, r, part_lot, &finding, f);
	reader_give(r);
	TRY(result);
	if (!finding.found ||
	    (part_lot != NULL && out->part_lot != NULL && strcmp(part_lot, out->part_lot) != 0))
		return gone(c, f);
	return out->supplier != NULL && out->supplier_name != NULL ? ERR_OK
								   : fail(f, "OUT_OF_MEMORY", NULL);
}

err upload_link_find(struct call *c, struct upload_link *out, struct fault *f)
{
	return find_for(c, NULL, out, f);
}

err upload_link_begin(struct call *c, struct fault *f)
{
	struct upload_link link;

	TRY(call_charge(c, f));
	return upload_link_find(c, &link, f);
}

/* ---- what came ---- */

struct upload {
	struct call *call;
	struct upload_link link;
	const char *part_lot;
	const char *name; /* NULL: none */
	struct bytes content;
	struct hash document;
	bool is_new; /* the file was not stored before */
	struct submission *submission;
	struct http_ticket *ticket;
	struct fault fault;
};

/* The last part of a path, without control characters; NULL if nothing is left. */
static const char *plain_name(struct arena *a, struct bytes name)
{
	size_t n = 0;

	for (size_t i = name.n; i > 0; i--)
		if (name.p[i - 1] == '/' || name.p[i - 1] == '\\') {
			name = bytes_of(name.p + i, name.n - i);
			break;
		}
	char *out = utf8_valid(name) ? arena_alloc(a, name.n + 1) : NULL;
	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < name.n; i++) {
		/* U+0080 to U+009F are two bytes. */
		if (name.p[i] == 0xc2 && name.p[i + 1] < 0xa0)
			i++;
		else if (name.p[i] >= 0x20 && name.p[i] != 0x7f)
			out[n++] = (char)name.p[i];
	}
	/* Cut between characters. */
	while (n > LINK_NAME_MAX || (n > 0 && !utf8_valid(bytes_of(out, n))))
		n--;
	out[n] = '\0';
	return n > 0 ? out : NULL;
}

static err read_form(struct upload *u, struct fault *f)
{
	const struct http_request *r = u->call->request;
	const struct multipart_part *file, *part_lot;
	struct bytes boundary;
	struct multipart m;

	TRY(multipart_boundary(http_header(r, "Content-Type"), &boundary, f));
	TRY(multipart_read(r->body, boundary, &m, f));
	file = multipart_find(&m, "file");
	part_lot = multipart_find(&m, "part_lot");
	if (file != NULL && file->is_file) {
		u->content = file->content;
		u->name = plain_name(r->arena, file->file_name);
	}
	if (part_lot != NULL && part_lot->content.n > 0)
		u->part_lot = arena_text(r->arena, part_lot->content);
	return ERR_OK;
}

static err read_upload(struct upload *u, struct fault *f)
{
	const struct http_request *r = u->call->request;
	const char *type = http_header(r, "Content-Type"), *name = http_query(r, "name");

	u->part_lot = http_query(r, "part_lot");
	if (type != NULL && strncmp(type, "multipart/", 10) == 0) {
		TRY(read_form(u, f));
	} else {
		u->content = r->body;
		u->name = name == NULL ? NULL : plain_name(r->arena, bytes_text(name));
	}
	if (u->part_lot == NULL)
		u->part_lot = u->link.part_lot;
	if (u->part_lot == NULL)
		return fail_field(f, "part_lot", "FIELD_MISSING", "field", "part_lot", "help",
				  "number on the reel or tray", NULL);
	if (!id_valid(bytes_text(u->part_lot)))
		return fail_field(f, "part_lot", "FIELD_WRONG", "field", "part_lot", "expected",
				  "an id", NULL);
	if (u->content.n == 0)
		return fail_field(f, "file", "CONFORMANCE_FILE_MISSING", NULL);
	if (u->content.n > LINK_FILE_MAX)
		return fail_field(f, "file", "CONFORMANCE_FILE_TOO_LARGE", NULL);
	return ERR_OK;
}

/* ---- keeping it ---- */

static err store_in(struct upload *u, struct blob_store *store, struct fault *f)
{
	struct blob_request request = {.digest = u->document,
				       .class = BLOB_EVIDENCE,
				       .size = u->content.n,
				       .uploader = bytes_text("sealwright")};
	uint64_t now = server_now(u->call->server);
	struct blob_upload *blob;

	TRY(blob_begin(store, &request, now, &blob, f));
	uint64_t at = blob_upload_offset(blob);
	if (at == request.size) {
		blob_leave(&blob);
		return ERR_OK;
	}
	err result = blob_write(blob, at, bytes_of(u->content.p + at, u->content.n - at), f);
	if (result.code != OK) {
		blob_abort(&blob);
		return result;
	}
	u->is_new = true;
	return blob_finish(&blob, now, f);
}

static err store_file(struct upload *u, struct fault *f)
{
	struct blob_store *store;

	u->document = sha256(u->content);
	TRY(blob_pool_take(u->call->server->blobs, &store, f));
	err result = store_in(u, store, f);
	blob_pool_give(u->call->server->blobs, store);
	return result;
}

/* What no record names is not kept; if that fails, the sweep takes it. */
static void forget_file(struct upload *u)
{
	struct blob_store *store;
	struct fault f = {0};

	if (!u->is_new || blob_pool_take(u->call->server->blobs, &store, &f).code != OK)
		return;
	if (blob_erase(store, u->document, &f).code != OK)
		log_fault(LOG_WARNING_LEVEL, "upload_not_forgotten", &f);
	blob_pool_give(u->call->server->blobs, store);
}

/* ---- recording it ---- */

static err make_record(struct upload *u, struct fault *f)
{
	struct call *c = u->call;
	char link[65], document[65];

	hex_encode(hash_bytes(&u->link.hash), link);
	hex_encode(hash_bytes(&u->document), document);
	json_t *body =
		json_pack("{s:s, s:s, s:s, s:s, s:s*}", "link", link, "supplier", u->link.supplier,
			  "part_lot", u->part_lot, "document", document, "name", u->name);
	if (body == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err result = submission_system(c->server->engine, c->request->arena, "conformance.uploaded",
				       (struct uuid){0}, body, &u->submission, f);
	json_decref(body);
	return result;
}

/* Two uploads for one part lot at the same moment: the record of the second says so, and counts for
 * nothing. */
static void answer(struct http_request *r, void *context)
{
	struct upload *u = context;
	const struct result *result = submission_result(u->submission);

	(void)r;
	if (u->fault.code == OK && result->state == RESULT_REFUSED)
		u->fault = result->fault;
	if (u->fault.code != OK)
		forget_file(u);
	else if (result->raised != NULL)
		(void)gone(u->call, &u->fault);
	if (u->fault.code != OK)
		upload_page_fault(u->call, &u->fault);
	else
		upload_page_done(u->call, &u->link, u->part_lot, u->document);
}

static void finished(void *context)
{
	struct upload *u = context;

	http_finish(u->ticket);
}

static err take_upload(struct upload *u, struct fault *f)
{
	struct upload_link again;

	TRY(upload_link_find(u->call, &u->link, f));
	TRY(read_upload(u, f));
	TRY(find_for(u->call, u->part_lot, &again, f));
	TRY(store_file(u, f));
	err result = make_record(u, f);
	if (result.code != OK)
		forget_file(u);
	return result;
}

err handle_link_upload(struct call *c, struct fault *f)
{
	struct upload *u = arena_alloc(c->request->arena, sizeof *u);

	if (u == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	u->call = c;
	if (take_upload(u, f).code != OK) {
		upload_page_fault(c, f);
		return ERR_OK;
	}
	u->ticket = http_suspend(c->request, answer, u);
	if (record_submit(c->server->engine, &u->submission, 1, false, finished, u, &u->fault)
		    .code != OK)
		finished(u);
	return ERR_OK;
}

err handle_link_page(struct call *c, struct fault *f)
{
	struct upload_link link;

	if (upload_link_find(c, &link, f).code == OK)
		upload_page_form(c, &link);
	else
		upload_page_fault(c, f);
	return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* api_blobs.c — blobs in, resumable. An upload is begun when its headers are in and holds one of
 * the few stores until its body ended. */
#include "server/server_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void set_offset(struct call *c, uint64_t offset)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, offset);
	http_header_set(c->request, "Upload-Offset", text);
}

/* ---- what is asked ---- */

static err class_read(const struct call *c, enum blob_class *out, struct fault *f)
{
	const char *text = http_query(c->request, "class");

	if (text == NULL || strcmp(text, "evidence") == 0)
		*out = BLOB_EVIDENCE;
	else if (strcmp(text, "personal") == 0)
		*out = BLOB_PERSONAL;
	else
		return fail_field(f, "class", "FIELD_WRONG", "field", "class", "expected",
				  "one of evidence|personal", NULL);
	return ERR_OK;
}

/* Which bytes of the blob the body holds: [from, end) of `size`. */
struct range {
	uint64_t from, end, size;
};

static err range_wrong(struct fault *f)
{
	return fail_field(f, "Content-Range", "API_RANGE_WRONG", NULL);
}

static bool take_number(const char **text, char stop, uint64_t *out)
{
	uint64_t n = 0;
	const char *p = *text;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (n > UINT64_MAX / 100)
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	if (p == *text || *p != stop)
		return false;
	*out = n;
	*text = *p == '\0' ? p : p + 1;
	return true;
}

/* "bytes 0-1023/4096" (RFC 9110 section 14.4). */
static bool content_range(const char *text, struct range *out)
{
	uint64_t last;

	if (strncmp(text, "bytes ", 6) != 0)
		return false;
	text += 6;
	if (!take_number(&text, '-', &out->from) || !take_number(&text, '/', &last) ||
	    !take_number(&text, '\0', &out->size))
		return false;
	out->end = last + 1;
	return out->from <= last && last < out->size;
}

/* Content-Range; or Upload-Offset with Upload-Length; or the whole blob at once. */
static err range_read(const struct call *c, struct range *out, struct fault *f)
{
	const char *range = http_header(c->request, "Content-Range");
	const char *offset = http_header(c->request, "Upload-Offset");
	const char *whole = http_header(c->request, "Upload-Length");
	const char *length = http_header(c->request, "Content-Length");

	*out = (struct range){0};
	if (range != NULL)
		return content_range(range, out) ? ERR_OK : range_wrong(f);
	if (offset != NULL)
		TRY(number_read("Upload-Offset", offset, &out->from, f));
	if (whole != NULL)
		TRY(number_read("Upload-Length", whole, &out->size, f));
	else if (length != NULL && out->from == 0)
		TRY(number_read("Content-Length", length, &out->size, f));
	else
		return range_wrong(f);
	if (length != NULL)
		TRY(number_read("Content-Length", length, &out->end, f));
	else
		out->end = out->size - out->from;
	out->end += out->from;
	return out->from <= out->size && out->end <= out->size ? ERR_OK : range_wrong(f);
}

static err begin_request(struct call *c, struct range *range, struct blob_request *out,
			 struct fault *f)
{
	*out = (struct blob_request){.size = range->size,
				     .uploader = bytes_text(c->caller.principal)};
	TRY(hash_read("digest", c->arguments[0], &out->digest, f));
	return class_read(c, &out->class, f);
}

static err needs_write(struct call *c, struct fault *f)
{
	struct reader_session *r;

	TRY(reader_take(c->server->engine, &r, f));
	err result = call_holds(c, r, "blob.write", f);
	reader_give(r);
	return result;
}

/* ---- an upload ---- */

struct upload {
	struct call *call;
	struct blob_store *store;
	struct blob_upload *blob;
	uint64_t at, size;
};

static void reply_stored(struct call *c, int status, uint64_t size)
{
	set_offset(c, size);
	reply_json(c, status,
		   json_pack("{s:s, s:I}", "digest", c->arguments[0], "size", (json_int_t)size));
}

static void give_back(struct upload *u)
{
	blob_leave(&u->blob);
	blob_pool_give(u->call->server->blobs, u->store);
}

static err upload_chunk(struct http_request *r, void *context, struct bytes piece, struct fault *f)
{
	struct upload *u = context;

	(void)r;
	TRY(blob_write(u->blob, u->at, piece, f));
	u->at += piece.n;
	return ERR_OK;
}

/* The body is whole; the blob may still want more. */
static void upload_done(struct http_request *r, void *context)
{
	struct upload *u = context;
	struct call *c = u->call;
	struct fault f = {0};
	bool whole = u->at == u->size;
	err result = whole ? blob_finish(&u->blob, server_now(c->server), &f) : ERR_OK;

	(void)r;
	give_back(u);
	if (result.code != OK)
		reply_fault(c, &f, NULL);
	else if (whole)
		reply_stored(c, 201, u->size);
	else
		reply_stored(c, 202, u->at);
}

static void upload_aborted(struct http_request *r, void *context)
{
	(void)r;
	give_back(context);
}

/* The upload stands where the body begins; or the blob is there already. */
static err check_start(struct upload *u, const struct range *range, struct fault *f)
{
	char expected[24];
	uint64_t at = blob_upload_offset(u->blob);

	u->at = range->from;
	u->size = range->size;
	if (at == range->size || at == range->from)
		return ERR_OK;
	set_offset(u->call, at);
	snprintf(expected, sizeof expected, "%" PRIu64, at);
	return fail_field(f, "Upload-Offset", "API_OFFSET_WRONG", "expected", expected, NULL);
}

static err upload_open(struct upload *u, struct range *range, struct fault *f)
{
	struct call *c = u->call;
	struct blob_request request;

	TRY(needs_write(c, f));
	TRY(range_read(c, range, f));
	TRY(begin_request(c, range, &request, f));
	TRY(blob_pool_take(c->server->blobs, &u->store, f));
	err result = blob_begin(u->store, &request, server_now(c->server), &u->blob, f);
	if (result.code == OK)
		result = check_start(u, range, f);
	if (result.code != OK)
		give_back(u);
	return result;
}

size_t blob_upload_begin(struct call *c, struct http_upload *upload)
{
	struct upload *u = arena_alloc(c->request->arena, sizeof *u);
	struct range range = {0};
	struct fault f = {0};
	err result = ERR_OK;

	if (u == NULL) {
		result = fail(&f, "OUT_OF_MEMORY", NULL);
	} else {
		u->call = c;
		result = upload_open(u, &range, &f);
	}
	if (result.code != OK) {
		reply_fault(c, &f, NULL);
		return 0;
	}
	if (blob_upload_offset(u->blob) == range.size && range.size > 0 &&
	    range.from != range.size) {
		give_back(u);
		reply_stored(c, 200, range.size);
		return 0;
	}
	*upload = (struct http_upload){upload_chunk, upload_done, upload_aborted, u};
	return (size_t)(range.end - range.from);
}

/* Never reached: an upload's body goes to upload_chunk(). */
err handle_blob_upload(struct call *c, struct fault *f)
{
	(void)c;
	return fail(f, "HTTP_NO_REPLY", NULL);
}

/* ---- where an upload stands ---- */

static err half_offset(struct call *c, struct blob_store *store, struct hash digest,
		       const char *size, uint64_t *out, struct fault *f)
{
	struct blob_request request = {.digest = digest,
				       .uploader = bytes_text(c->caller.principal)};
	struct blob_upload *blob;

	TRY(needs_write(c, f));
	TRY(number_read("size", size, &request.size, f));
	TRY(class_read(c, &request.class, f));
	TRY(blob_begin(store, &request, server_now(c->server), &blob, f));
	*out = blob_upload_offset(blob);
	blob_leave(&blob);
	return ERR_OK;
}

static err find_offset(struct call *c, struct blob_store *store, struct hash digest, uint64_t *out,
		       struct fault *f)
{
	const char *size = http_query(c->request, "size");
	struct blob_info info;
	err result = blob_find(store, digest, &info, f);

	if (result.code == OK)
		*out = info.size;
	if (result.code != ERR_NOT_FOUND || size == NULL)
		return result;
	return half_offset(c, store, digest, size, out, f);
}

static err may_know(struct call *c, struct fault *f)
{
	struct reader_session *r;
	static const char *const permissions[] = {"blob.write", "blob.read", "ledger.read"};
	err result = reader_take(c->server->engine, &r, f);

	if (result.code != OK)
		return result;
	for (size_t i = 0; i < 3; i++) {
		result = call_holds(c, r, permissions[i], f);
		if (result.code == OK)
			break;
	}
	reader_give(r);
	return result;
}

err handle_blob_head(struct call *c, struct fault *f)
{
	struct blob_store *store;
	struct hash digest;
	uint64_t offset = 0;

	TRY(may_know(c, f));
	TRY(hash_read("digest", c->arguments[0], &digest, f));
	TRY(blob_pool_take(c->server->blobs, &store, f));
	err result = find_offset(c, store, digest, &offset, f);
	blob_pool_give(c->server->blobs, store);
	set_offset(c, offset);
	TRY(result);
	reply_bytes(c, 200, "application/octet-stream", (struct bytes){0});
	return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs in, by halves, and out, for whom they are. */
#include "fixture.h"

#include "base/files.h"
#include "core/sha256.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api *x;
static struct person reader, nobody;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	reader = api_person(x, "reader", "person", "blob.read,blob.write", NULL);
	nobody = api_person(x, "nobody", "person", "part.read", NULL);
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	person_done(&reader);
	person_done(&nobody);
	api_close(x);
	return 0;
}

static char *blob_path(const char *content, const char *rest)
{
	struct hash digest = sha256(bytes_text(content));
	char hex[65];

	hex_encode(hash_bytes(&digest), hex);
	return arena_printf(&x->arena, "/v1/blobs/%s%s", hex, rest);
}

static struct reply *put(const struct person *who, const char *path, const char *body,
			 const char *header, const char *other)
{
	struct ask ask = {.method = "PUT",
			  .path = path,
			  .body = body,
			  .type = "application/octet-stream",
			  .who = who,
			  .headers = {header, other}};

	return api_ask(x, &ask);
}

static struct reply *head(const struct person *who, const char *path)
{
	struct ask ask = {.method = "HEAD", .path = path, .who = who};

	return api_ask(x, &ask);
}

static void blob_comes_back_as_it_went(void **state)
{
	static const char content[] = "a photo of a seal";
	struct reply *r = put(&x->ada, blob_path(content, ""), content, NULL, NULL);

	(void)state;
	must_have(r, 201);
	assert_string_equal(reply_header(r, "Upload-Offset"), "17");
	r = api_get(x, &x->ada, blob_path(content, ""));
	must_have(r, 200);
	assert_string_equal(r->body, content);
	assert_string_equal(reply_header(r, "Content-Disposition"), "attachment");
	assert_string_equal(reply_header(r, "X-Content-Type-Options"), "nosniff");
	must_have(api_get(x, &reader, blob_path(content, "")), 200);
}

static void blob_that_is_there_is_not_sent_again(void **state)
{
	static const char content[] = "twice";

	(void)state;
	must_have(put(&x->ada, blob_path(content, ""), content, NULL, NULL), 201);
	must_have(put(&reader, blob_path(content, ""), content, NULL, NULL), 200);
	must_have(head(&x->ada, blob_path(content, "")), 200);
	assert_string_equal(reply_header(head(&x->ada, blob_path(content, "")), "Upload-Offset"),
			    "5");
}

static void upload_goes_on_where_it_stopped(void **state)
{
	static const char content[] = "0123456789abcdefghij";
	char *path = blob_path(content, "");
	struct reply *r;

	(void)state;
	r = put(&x->ada, path, "0123456789", "Content-Range: bytes 0-9/20", NULL);
	must_have(r, 202);
	assert_string_equal(reply_header(r, "Upload-Offset"), "10");
	must_refuse(api_get(x, &x->ada, path), 404, "BLOB_MISSING");
	r = head(&x->ada, blob_path(content, "?size=20"));
	must_have(r, 200);
	assert_string_equal(reply_header(r, "Upload-Offset"), "10");
	r = put(&x->ada, path, "56789", "Content-Range: bytes 5-9/20", NULL);
	must_refuse(r, 409, "API_OFFSET_WRONG");
	assert_string_equal(reply_header(r, "Upload-Offset"), "10");
	r = put(&x->ada, path, "abcdefghij", "Upload-Offset: 10", "Upload-Length: 20");
	must_have(r, 201);
	assert_string_equal(api_get(x, &x->ada, path)->body, content);
}

static void upload_of_another_starts_from_nothing(void **state)
{
	static const char content[] = "mine, not yours";
	char *path = blob_path(content, "?size=15");

	(void)state;
	must_have(put(&x->ada, blob_path(content, ""), "mine", "Content-Range: bytes 0-3/15", NULL),
		  202);
	assert_string_equal(reply_header(head(&x->ada, path), "Upload-Offset"), "4");
	assert_string_equal(reply_header(head(&reader, path), "Upload-Offset"), "0");
}

static void content_that_is_not_of_the_digest_is_refused(void **state)
{
	char *path = blob_path("what was promised", "");
	struct reply *r = put(&x->ada, path, "something else!!!", NULL, NULL);

	(void)state;
	assert_true(r->status >= 400 && r->status < 500);
	assert_string_equal(reply_text(r, "code"), "BLOB_DIGEST_WRONG");
	must_refuse(api_get(x, &x->ada, path), 404, "BLOB_MISSING");
}

static void range_that_makes_no_sense_is_refused(void **state)
{
	static const char *const headers[] = {"Content-Range: bytes 0-99/20",
					      "Content-Range: bytes 9-5/20",
					      "Content-Range: bytes 0-9/*",
					      "Content-Range: 0-9/20",
					      "Content-Range: bytes 0-9/99999999999999999999999",
					      "Upload-Offset: 5",
					      "Content-Range: bytes -1-9/20"};

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		must_refuse(put(&x->ada, blob_path("ranges", ""), "0123456789", headers[i], NULL),
			    400, "API_RANGE_WRONG");
}

static void digest_or_class_that_is_none_is_refused(void **state)
{
	(void)state;
	must_refuse(put(&x->ada, "/v1/blobs/abc", "x", NULL, NULL), 400, "FIELD_WRONG");
	must_refuse(put(&x->ada, blob_path("x", "?class=secret"), "x", NULL, NULL), 400,
		    "FIELD_WRONG");
	must_refuse(api_get(x, &x->ada, "/v1/blobs/..."), 400, "FIELD_WRONG");
}

static void who_may_not_neither_writes_nor_reads(void **state)
{
	static const char content[] = "for some";

	(void)state;
	must_have(put(&x->ada, blob_path(content, ""), content, NULL, NULL), 201);
	must_refuse(put(&nobody, blob_path("other", ""), "other", NULL, NULL), 403,
		    "API_NOT_ALLOWED");
	must_refuse(put(NULL, blob_path("other", ""), "other", NULL, NULL), 401,
		    "API_IDENTITY_MISSING");
	must_refuse(api_get(x, &nobody, blob_path(content, "")), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, NULL, blob_path(content, "")), 401, "API_IDENTITY_MISSING");
	assert_int_equal(head(&nobody, blob_path(content, ""))->status, 403);
}

static const char *sealed_file;
static char found_file[512];

static int find_file(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status, (void)walk;
	if (kind != FTW_F || strstr(path, sealed_file) == NULL)
		return 0;
	snprintf(found_file, sizeof found_file, "%s", path);
	return 1;
}

static void personal_blob_is_encrypted_on_disk_and_plain_to_readers(void **state)
{
	static const char content[] = "a passport photo that must not be found on the disk";
	char *path = blob_path(content, "?class=personal");
	struct hash digest = sha256(bytes_text(content));
	char hex[65];
	struct bytes file;

	(void)state;
	must_have(put(&x->ada, path, content, NULL, NULL), 201);
	assert_string_equal(api_get(x, &x->ada, blob_path(content, ""))->body, content);
	hex_encode(hash_bytes(&digest), hex);
	sealed_file = hex + 2; /* behind a folder of its first byte */
	assert_int_equal(nftw(x->config.blobs, find_file, 16, FTW_PHYS), 1);
	assert_int_equal(file_read(&x->arena, found_file, 1 << 20, &file, NULL).code, OK);
	assert_true(file.n > strlen(content));
	assert_null(memmem(file.p, file.n, "passport photo", 14));
}

static void part_of_a_blob_can_be_read(void **state)
{
	static const char content[] = "0123456789";
	char *path = blob_path(content, "");
	struct ask ask = {.path = path, .who = &x->ada, .headers = {"Range: bytes=2-4"}};

	(void)state;
	must_have(put(&x->ada, path, content, NULL, NULL), 201);
	struct reply *r = api_ask(x, &ask);
	must_have(r, 206);
	assert_string_equal(r->body, "234");
}

static void large_blob_goes_through(void **state)
{
	size_t n = 5 << 20;
	char *content = arena_alloc(&x->arena, n + 1);

	(void)state;
	for (size_t i = 0; i < n; i++)
		content[i] = (char)('a' + (i * i / 7) % 26);
	must_have(put(&x->ada, blob_path(content, ""), content, NULL, NULL), 201);
	struct reply *r = api_get(x, &x->ada, blob_path(content, ""));
	must_have(r, 200);
	assert_int_equal(r->n, n);
	assert_memory_equal(r->body, content, n);
}

static void empty_blob_is_a_blob(void **state)
{
	(void)state;
	must_have(put(&x->ada, blob_path("", ""), "", NULL, NULL), 201);
	struct reply *r = api_get(x, &x->ada, blob_path("", ""));
	must_have(r, 200);
	assert_int_equal(r->n, 0);
	assert_in_range(put(&x->ada, blob_path("", ""), "", NULL, NULL)->status, 200, 201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blob_comes_back_as_it_went),
		cmocka_unit_test(blob_that_is_there_is_not_sent_again),
		cmocka_unit_test(upload_goes_on_where_it_stopped),
		cmocka_unit_test(upload_of_another_starts_from_nothing),
		cmocka_unit_test(content_that_is_not_of_the_digest_is_refused),
		cmocka_unit_test(range_that_makes_no_sense_is_refused),
		cmocka_unit_test(digest_or_class_that_is_none_is_refused),
		cmocka_unit_test(who_may_not_neither_writes_nor_reads),
		cmocka_unit_test(personal_blob_is_encrypted_on_disk_and_plain_to_readers),
		cmocka_unit_test(part_of_a_blob_can_be_read),
		cmocka_unit_test(large_blob_goes_through),
		cmocka_unit_test(empty_blob_is_a_blob),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A supplier without an account uploads a conformance certificate through a link: once for each part lot,
 * until the link ends; every other try gets the same answer, and leaves nothing behind. */
#include "fixture.h"

#include "core/sha256.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct api *x;
static struct person buyer, receiver;

#define DAY_MS 86400000ull
static const char BUYER_MAY[] = "supplier.write,part.write,conformance.link,part.read";

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	buyer = api_person(x, "buyer", "person", BUYER_MAY, NULL);
	receiver = api_person(x, "receiver", "person", "part.receive,part.read", NULL);
	api_must(x, &buyer, "supplier.registered",
		 "{'supplier':'acme','class':'broker','country':'DE','name':'Acme <b>&\\\"Co'}");
	api_must(x, &buyer, "supplier.registered",
		 "{'supplier':'other','class':'broker','country':'DE','name':'Other'}");
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	person_done(&buyer);
	person_done(&receiver);
	api_close(x);
	return 0;
}

/* ---- links ---- */

/* "/upload/TOKEN"; open for so many days from the server's now, and for one part lot unless NULL. */
static const char *link_for(const char *part_lot, unsigned days)
{
	uint8_t token[32];
	char text[64], hex[65], expires[TIME_TEXT_SIZE];

	assert_int_equal(random_bytes(token, sizeof token, NULL).code, OK);
	base64url_encode(bytes_of(token, sizeof token), text);
	struct hash hash = sha256(bytes_of(token, sizeof token));
	hex_encode(hash_bytes(&hash), hex);
	time_text(clock_wall_ms(&x->clock) + days * DAY_MS, expires);
	api_must(x, &buyer, "conformance.link_given",
		 arena_printf(&x->arena, "{'link':'%s','supplier':'acme','expires':'%s'%s%s%s}",
			      hex, expires, part_lot == NULL ? "" : ",'part_lot':'",
			      part_lot == NULL ? "" : part_lot, part_lot == NULL ? "" : "'"));
	return arena_printf(&x->arena, "/upload/%s", text);
}

static struct reply *send(const char *link, const char *query, const char *type, const char *body,
			  const char *accept)
{
	struct ask ask = {.method = "POST",
			  .path = arena_printf(&x->arena, "%s%s", link, query),
			  .body = body,
			  .type = type,
			  .accept = accept};

	return api_ask(x, &ask);
}

static struct reply *send_file(const char *link, const char *query, const char *content)
{
	return send(link, query, "application/pdf", content, NULL);
}

static const json_t *row_of(const char *part_lot)
{
	struct reply *r = api_get(x, &buyer,
				  arena_printf(&x->arena,
					       "/v1/views/conformance.of?supplier=acme&part_lot=%s",
					       part_lot));

	must_have(r, 200);
	return json_array_get(json_object_get(r->json, "rows"), 0);
}

static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text == NULL ? "" : text;
}

static const char *blob_path(const char *content)
{
	struct hash digest = sha256(bytes_text(content));
	char hex[65];

	hex_encode(hash_bytes(&digest), hex);
	return arena_printf(&x->arena, "/v1/blobs/%s", hex);
}

static void must_not_be_stored(const char *content)
{
	must_refuse(api_get(x, &x->ada, blob_path(content)), 404, "BLOB_MISSING");
}

/* ---- what works ---- */

static void page_says_for_whom_and_until_when_and_runs_nothing(void **state)
{
	const char *link = link_for("R<1>", 3);
	struct reply *r = api_get(x, NULL, link);

	(void)state;
	must_have(r, 200);
	assert_non_null(strstr(reply_header(r, "Content-Type"), "text/html"));
	assert_non_null(strstr(reply_header(r, "Content-Security-Policy"), "default-src 'none'"));
	assert_string_equal(reply_header(r, "Cache-Control"), "no-store");
	assert_string_equal(reply_header(r, "Referrer-Policy"), "no-referrer");
	assert_non_null(strstr(r->body, "Acme &lt;b&gt;&amp;&quot;Co"));
	assert_non_null(strstr(r->body, "value=\"R&lt;1&gt;\""));
	assert_null(strstr(r->body, "<script"));
	assert_null(strstr(r->body, "style="));
	assert_null(strstr(r->body, link + strlen("/upload/"))); /* not in the page, too */
	must_have(api_get(x, NULL, link), 200);                  /* looking does not use it */
}

static void form_of_a_browser_is_recorded_and_seen_by_who_receives(void **state)
{
	const char *link = link_for(NULL, 3);
	struct reply *r =
		send(link, "", "multipart/form-data; boundary=B",
		     "--B\r\nContent-Disposition: form-data; name=\"part_lot\"\r\n\r\nF1\r\n"
		     "--B\r\nContent-Disposition: form-data; name=\"file\"; "
		     "filename=\"C:\\docs\\coc F1.pdf\"\r\nContent-Type: application/pdf\r\n"
		     "\r\nwe conform\r\n--B--\r\n",
		     "text/html,application/xhtml+xml,*/*;q=0.8");

	(void)state;
	must_have(r, 201);
	assert_non_null(strstr(r->body, "Thank you"));
	assert_non_null(strstr(r->body, "F1"));
	const json_t *row = row_of("F1");
	assert_string_equal(text_of(row, "grade"), "uploaded");
	assert_string_equal(text_of(row, "name"), "coc F1.pdf");
	assert_string_equal(text_of(row, "author"), "sealwright");
	r = api_get(x, &receiver, blob_path("we conform"));
	must_have(r, 200);
	assert_string_equal(r->body, "we conform");
}

static void file_alone_is_taken_for_each_part_lot_once(void **state)
{
	const char *link = link_for(NULL, 3);
	struct reply *r = send_file(link, "?part_lot=A1&name=..%2Fetc%2Fcoc.pdf", "for A1");

	(void)state;
	must_have(r, 201);
	assert_string_equal(reply_text(r, "supplier"), "acme");
	assert_string_equal(reply_text(r, "document"), blob_path("for A1") + strlen("/v1/blobs/"));
	assert_string_equal(text_of(row_of("A1"), "name"), "coc.pdf");
	/* Control characters, also those that are two bytes, are left out: the record takes none. */
	r = send_file(link, "?part_lot=A9&name=c%C2%85o%C2%9Fc%C2%A0.pdf%C2%80", "for A9");
	must_have(r, 201);
	assert_string_equal(text_of(row_of("A9"), "name"), "coc\xc2\xa0.pdf");
	must_refuse(send_file(link, "?part_lot=A1", "another for A1"), 404,
		    "CONFORMANCE_LINK_GONE");
	must_not_be_stored("another for A1");
	must_have(send_file(link, "?part_lot=A2", "for A2"), 201);
	must_have(send_file(link, "?part_lot=A3", "for A2"), 201); /* one paper may be of two */
}

static void link_of_one_part_lot_takes_no_other_and_is_then_closed(void **state)
{
	const char *link = link_for("B1", 3);

	(void)state;
	must_refuse(send_file(link, "?part_lot=B2", "for B2"), 404, "CONFORMANCE_LINK_GONE");
	must_not_be_stored("for B2");
	must_have(send_file(link, "", "for B1"), 201);
	must_refuse(send_file(link, "", "again"), 404, "CONFORMANCE_LINK_GONE");
	must_refuse(api_get(x, NULL, link), 404, "CONFORMANCE_LINK_GONE");
	must_not_be_stored("again");
}

/* ---- what does not ---- */

static void every_link_that_is_not_open_gets_the_same_answer(void **state)
{
	const char *used = link_for("C1", 3), *ended = link_for("C2", 1);
	const char *paths[] = {
		used,
		ended,
		"/upload/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"/upload/x",
		"/upload/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"/upload/a%2Fb",
		"/upload/%00",
	};
	const char *body = NULL, *page = NULL;

	(void)state;
	must_have(send_file(used, "", "for C1"), 201);
	x->moved.ahead_ms += 2 * DAY_MS;
	for (size_t i = 0; i < 6; i++) {
		struct ask browser = {.path = paths[i], .accept = "text/html"};
		x->moved.ahead_ms += 3600000; /* its tries come back */
		struct reply *r = api_get(x, NULL, paths[i]);
		must_refuse(r, 404, "CONFORMANCE_LINK_GONE");
		assert_string_equal(r->body, body == NULL ? r->body : body);
		body = r->body;
		must_refuse(send_file(paths[i], "?part_lot=C3", "for C3"), 404,
			    "CONFORMANCE_LINK_GONE");
		r = api_ask(x, &browser);
		must_have(r, 404);
		assert_string_equal(r->body, page == NULL ? r->body : page);
		page = r->body;
	}
	api_sign_in(x, &x->ada);
	must_not_be_stored("for C3");
	assert_true(api_get(x, NULL, paths[6])->status >= 400);
}

static void what_cannot_be_read_is_refused_in_words_and_not_kept(void **state)
{
	static const struct {
		const char *query, *type, *body;
		int status;
		const char *code;
	} rows[] = {
		{"", "application/pdf", "x", 400, "FIELD_MISSING"},
		{"?part_lot=", "application/pdf", "no id", 400, "FIELD_WRONG"},
		{"?part_lot=a%20b", "application/pdf", "no id", 400, "FIELD_WRONG"},
		{"?part_lot=%3Cb%23%3E", "application/pdf", "no id", 400, "FIELD_WRONG"},
		{"?lot=D1", "application/pdf", "x", 400, "API_PARAMETER_UNKNOWN"},
		{"?part_lot=D1&part_lot=D2", "application/pdf", "x", 400, NULL},
		{"?part_lot=D1", "application/pdf", "", 400, "CONFORMANCE_FILE_MISSING"},
		{"?part_lot=D1", "multipart/form-data", "--B\r\n", 415, "MULTIPART_TYPE"},
		{"?part_lot=D1", "multipart/mixed; boundary=B", "--B\r\n", 415, "MULTIPART_TYPE"},
		{"?part_lot=D1", "multipart/form-data; boundary=B", "--B\r\n", 400,
		 "MULTIPART_WRONG"},
		{"?part_lot=D1", "multipart/form-data; boundary=B",
		 "--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nno file\r\n--B--",
		 400, "CONFORMANCE_FILE_MISSING"},
		{"", "multipart/form-data; boundary=B",
		 "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nno "
		 "part lot\r\n--B--",
		 400, "FIELD_MISSING"},
	};
	const char *link = link_for(NULL, 3);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct reply *r = send(link, rows[i].query, rows[i].type, rows[i].body, NULL);
		if (r->status != rows[i].status)
			stop_test("row %zu: %d %s\n", i, r->status, r->body);
		if (rows[i].code != NULL)
			must_refuse(r, rows[i].status, rows[i].code);
	}
	must_not_be_stored("no id");
	must_not_be_stored("no part lot");
	must_have(send_file(link, "?part_lot=D1", "at last"), 201);
}

static void large_file_is_taken_to_the_limit_and_no_further(void **state)
{
	const char *link = link_for(NULL, 3);
	size_t n = 16 << 20;
	char *content = arena_alloc(&x->arena, n + 2);

	(void)state;
	assert_non_null(content);
	memset(content, 'x', n + 1);
	must_refuse(send_file(link, "?part_lot=E1", content), 413, "CONFORMANCE_FILE_TOO_LARGE");
	content[n] = '\0';
	must_have(send_file(link, "?part_lot=E1", content), 201);
	/* Without a link the body is not even read. */
	must_refuse(send_file("/upload/x", "?part_lot=E1", content), 404, "CONFORMANCE_LINK_GONE");
}

/* ---- two at once ---- */

struct racer {
	struct api *x;
	const char *path;
	char content[16];
	int status;
	pthread_t thread;
};

static void *race(void *context)
{
	struct racer *r = context;
	struct ask ask = {
		.method = "POST", .path = r->path, .body = r->content, .type = "application/pdf"};

	r->status = api_ask(r->x, &ask)->status;
	return NULL;
}

static void of_many_uploads_at_once_exactly_one_counts(void **state)
{
	enum { RACERS = 8 };
	struct racer racers[RACERS];
	const char *link = link_for("G1", 3);
	size_t won = 0;

	(void)state;
	for (size_t i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){.x = api_copy(x), .path = link};
		snprintf(racers[i].content, sizeof racers[i].content, "paper %zu", i);
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < RACERS; i++) {
		assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
		/* … 429 when the address had tried too much. */
		assert_true(racers[i].status == 201 || racers[i].status == 404 ||
			    racers[i].status == 429);
		won += racers[i].status == 201;
		api_copy_done(racers[i].x);
	}
	assert_int_equal(won, 1);
	struct reply *r = api_get(x, &buyer, "/v1/views/conformance.of?supplier=acme&part_lot=G1");
	assert_int_equal(json_array_size(json_object_get(r->json, "rows")), 1);
}

/* Last: it uses up the address's tries. */
static void who_keeps_trying_is_turned_away(void **state)
{
	int status = 404;

	(void)state;
	for (size_t i = 0; i < 2000 && status == 404; i++)
		status = api_get(x, NULL, "/upload/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
				 ->status;
	assert_int_equal(status, 429);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_says_for_whom_and_until_when_and_runs_nothing),
		cmocka_unit_test(form_of_a_browser_is_recorded_and_seen_by_who_receives),
		cmocka_unit_test(file_alone_is_taken_for_each_part_lot_once),
		cmocka_unit_test(link_of_one_part_lot_takes_no_other_and_is_then_closed),
		cmocka_unit_test(what_cannot_be_read_is_refused_in_words_and_not_kept),
		cmocka_unit_test(large_file_is_taken_to_the_limit_and_no_further),
		cmocka_unit_test(of_many_uploads_at_once_exactly_one_counts),
		cmocka_unit_test(every_link_that_is_not_open_gets_the_same_answer),
		cmocka_unit_test(who_keeps_trying_is_turned_away),
	};

	return cmocka_run_group_tests(tests, open_api, close_api);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fixture_http.c — the client's half: one request over libcurl. */
#include "fixture.h"

#include "base/files.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct heard {
	char *text;
	size_t n;
};

static size_t hear(char *data, size_t size, size_t n, void *context)
{
	struct heard *h = context;
	char *longer = realloc(h->text, h->n + size * n + 1);

	assert_non_null(longer);
	memcpy(longer + h->n, data, size * n);
	h->n += size * n;
	longer[h->n] = '\0';
	h->text = longer;
	return size * n;
}

/* The person's key and certificate as files, made once. */
static const char *client_file(struct api *x, const struct person *who, bool key)
{
	char *path =
		arena_printf(&x->arena, "%s/client-%s.%s", x->folder, who->id, key ? "key" : "crt");
	struct fault f = {0};

	for (char *p = path + strlen(x->folder) + 1; *p != '\0'; p++)
		if (*p == '/')
			*p = '_'; /* devices are called product/serial */
	if (file_exists(path))
		return path;
	err result = key ? private_key_save(who->key, path, (struct bytes){0}, &f)
			 : file_write(path, person_certificate(x, who), 0600, &f);
	assert_int_equal(result.code, OK);
	return path;
}

static void set_identity(CURL *curl, struct api *x, const struct ask *ask,
			 struct curl_slist **headers)
{
	char line[128];

	if (ask->who == NULL)
		return;
	if (ask->machine) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT, client_file(x, ask->who, false));
		curl_easy_setopt(curl, CURLOPT_SSLKEY, client_file(x, ask->who, true));
		return;
	}
	snprintf(line, sizeof line, "Authorization: Bearer %s", ask->who->token);
	*headers = curl_slist_append(*headers, line);
}

static void set_body(CURL *curl, const struct ask *ask, struct curl_slist **headers)
{
	struct bytes body = ask->body != NULL ? bytes_text(ask->body) : ask->bytes;
	char line[128];

	if (ask->method != NULL && strcmp(ask->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else if (body.p != NULL || (ask->method != NULL && strcmp(ask->method, "POST") == 0)) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
		curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS,
				 body.n == 0 ? "" : (const char *)body.p);
		snprintf(line, sizeof line, "Content-Type: %s",
			 ask->type == NULL ? "application/json" : ask->type);
		*headers = curl_slist_append(*headers, line);
	}
	if (ask->method != NULL && strcmp(ask->method, "HEAD") != 0)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
}

static void set_headers(const struct ask *ask, struct curl_slist **headers)
{
	char line[128];

	if (ask->accept != NULL) {
		snprintf(line, sizeof line, "Accept: %s", ask->accept);
		*headers = curl_slist_append(*headers, line);
	}
	bool expects = false;
	for (size_t i = 0; i < 4 && ask->headers[i] != NULL; i++) {
		*headers = curl_slist_append(*headers, ask->headers[i]);
		expects = expects || strncasecmp(ask->headers[i], "Expect:", 7) == 0;
	}
	if (!expects) /* libcurl would add it by itself to large bodies */
		*headers = curl_slist_append(*headers, "Expect:");
}

static void keep(struct api *x, struct reply *r, const struct heard *head, const struct heard *body)
{
	const char *type;

	r->older = x->replies;
	x->replies = r;
	r->headers = arena_text(&x->arena, bytes_of(head->text, head->n));
	r->body = arena_text(&x->arena, bytes_of(body->text, body->n));
	r->n = body->n;
	type = reply_header(r, "Content-Type");
	if (type != NULL && strstr(type, "json") != NULL && r->n > 0)
		r->json = json_loadb(r->body, r->n, JSON_REJECT_DUPLICATES, NULL);
}

struct reply *api_ask(struct api *x, const struct ask *ask)
{
	struct reply *r = arena_alloc(&x->arena, sizeof *r);
	struct heard head = {0}, body = {0};
	struct curl_slist *headers = NULL;
	char url[8192];
	long status = 0;
	CURL *curl = curl_easy_init();

	assert_non_null(curl);
	bool plain = strcmp(x->config.tls, "off") == 0;
	snprintf(url, sizeof url, "%s://127.0.0.1:%u%s", plain ? "http" : "https",
		 ask->machine ? x->machines : x->people, ask->path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_CAINFO, x->config.tls_certificate);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, hear);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &head);
	set_identity(curl, x, ask, &headers);
	set_body(curl, ask, &headers);
	set_headers(ask, &headers);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	r->status = (int)status;
	keep(x, r, &head, &body);
	free(head.text);
	free(body.text);
	return r;
}

struct reply *api_get(struct api *x, const struct person *who, const char *path)
{
	const struct ask ask = {.path = path, .who = who};

	return api_ask(x, &ask);
}

struct reply *api_post(struct api *x, const struct person *who, const char *path,
		       const char *quoted)
{
	const struct ask ask = {.path = path, .who = who, .body = api_quoted(x, quoted)};

	return api_ask(x, &ask);
}

const char *reply_header(const struct reply *r, const char *name)
{
	static _Thread_local char value[1024];
	size_t n = strlen(name);

	for (const char *line = r->headers; line != NULL && *line != '\0';) {
		if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
			snprintf(value, sizeof value, "%.*s", (int)strcspn(line + n + 2, "\r\n"),
				 line + n + 2);
			return value;
		}
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return NULL;
}

const char *reply_text(const struct reply *r, const char *member)
{
	const char *text = json_string_value(json_object_get(r->json, member));

	return text == NULL ? "" : text;
}

int64_t reply_number(const struct reply *r, const char *member)
{
	const json_t *json = json_object_get(r->json, member);

	return json_is_integer(json) ? json_integer_value(json) : -1;
}

void must_have(const struct reply *r, int status)
{
	if (r->status != status)
		stop_test("status %d, not %d: %s\n", r->status, status, r->body);
}

/* "{name}": a value that the fault did not bring. */
static bool has_placeholder(const char *text)
{
	for (const char *p = strchr(text, '{'); p != NULL; p = strchr(p + 1, '{')) {
		size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_");
		if (n > 0 && p[1 + n] == '}')
			return true;
	}
	return false;
}

void must_refuse(const struct reply *r, int status, const char *code)
{
	const char *type = reply_header(r, "Content-Type");

	if (r->status != status || strcmp(reply_text(r, "code"), code) != 0)
		stop_test("not %d %s but %d: %s\n", status, code, r->status, r->body);
	assert_non_null(type);
	assert_string_equal(type, "application/problem+json");
	assert_int_equal(reply_number(r, "status"), status);
	assert_true(reply_text(r, "detail")[0] != '\0');
	assert_true(reply_text(r, "title")[0] != '\0');
	assert_int_equal(strncmp(reply_text(r, "type"), "urn:sealwright:problem:", 23), 0);
	if (has_placeholder(reply_text(r, "detail")))
		stop_test("a value is missing: %s\n", reply_text(r, "detail"));
}

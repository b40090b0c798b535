/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_internal.h"

#include "base/catalog.h"
#include "crypto/x509.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	REPLY_MAX = 64 << 20,
	CONNECT_TIMEOUT_S = 10,
	REQUEST_TIMEOUT_S = 120,
	PAUSES_MAX = 5,
	PAUSE_MAX_S = 5,
	CREDENTIALS_MAX = 512,
};

/* ---- opening ---- */

/* Possession is proved by the handshake; the certificate only carries the key. */
static err set_machine(struct client *c, struct fault *f)
{
	struct bytes der;
	size_t cap = 8192;
	char *pem = arena_alloc(&c->arena, cap);
	struct writer w = writer_of(pem, pem == NULL ? 0 : cap);
	struct bytes text;

	TRY(certificate_make_client(&c->arena, c->config.key, c->config.principal, &der, f));
	pem_put(&w, "CERTIFICATE", der);
	if (!writer_done(&w, &text))
		return fail(f, "OUT_OF_MEMORY", NULL);
	struct curl_blob blob = {(void *)(uintptr_t)text.p, text.n, CURL_BLOB_COPY};
	char *passphrase = arena_text(&c->arena, c->config.passphrase);
	if (passphrase == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	curl_easy_setopt(c->curl, CURLOPT_SSLCERT_BLOB, &blob);
	curl_easy_setopt(c->curl, CURLOPT_SSLCERTTYPE, "PEM");
	curl_easy_setopt(c->curl, CURLOPT_SSLKEY, c->config.key_file);
	if (c->config.passphrase.n > 0)
		curl_easy_setopt(c->curl, CURLOPT_KEYPASSWD, passphrase);
	bytes_wipe(passphrase, c->config.passphrase.n);
	return ERR_OK;
}

/* TLS goes through the proxy to the server, whose certificate is the one that we trust: the proxy sees the
 * server's name and how much is said. */
static err set_proxy(struct client *c, struct fault *f)
{
	char credentials[CREDENTIALS_MAX + 1] = "";
	size_t n = 0;
	err e = ERR_OK;

	if (c->config.proxy == NULL) {
		curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
		return ERR_OK;
	}
	if (strncmp(c->config.proxy, "http://", 7) != 0 || strchr(c->config.proxy, '@') != NULL)
		return fail(f, "CLIENT_PROXY_WRONG", "proxy", c->config.proxy, NULL);
	if (c->config.proxy_credentials != NULL)
		e = secret_read(c->config.proxy_credentials, (uint8_t *)credentials,
				CREDENTIALS_MAX, &n, f);
	if (e.code == OK && c->config.proxy_credentials != NULL && strchr(credentials, ':') == NULL)
		e = fail(f, "CLIENT_PROXY_CREDENTIALS_WRONG", NULL);
	if (e.code == OK) {
		curl_easy_setopt(c->curl, CURLOPT_PROXY, c->config.proxy);
		curl_easy_setopt(c->curl, CURLOPT_NOPROXY, "");
		curl_easy_setopt(c->curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
		curl_easy_setopt(c->curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
		curl_easy_setopt(c->curl, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
		if (n > 0)
			curl_easy_setopt(c->curl, CURLOPT_PROXYUSERPWD, credentials);
	}
	bytes_wipe(credentials, sizeof credentials);
	return e;
}

/* What never leaves this machine may go without TLS: a demo's people port. */
static bool is_own_machine(const char *server)
{
	static const char *const NAMES[] = {
		"http://localhost:", "http://127.0.0.1:", "http://[::1]:"};

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		size_t n = strlen(NAMES[i]);
		if (strncmp(server, NAMES[i], n) == 0 &&
		    server[n + strspn(server + n, "0123456789")] == '\0')
			return true;
	}
	return false;
}

static err set_options(struct client *c, struct fault *f)
{
	curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR,
			 is_own_machine(c->config.server) ? "http,https" : "https");
	curl_easy_setopt(c->curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_3);
	curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->config.ca);
	curl_easy_setopt(c->curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	TRY(set_proxy(c, f));
	curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT,
			 c->config.timeout_s > 0 ? (long)c->config.timeout_s
						 : (long)REQUEST_TIMEOUT_S);
	curl_easy_setopt(c->curl, CURLOPT_TCP_NODELAY, 1L);
	return c->config.machine ? set_machine(c, f) : ERR_OK;
}

err client_open(const struct client_config *config, struct client **out, struct fault *f)
{
	struct client *c;

	if (config->server == NULL ||
	    (strncmp(config->server, "https://", 8) != 0 && !is_own_machine(config->server)))
		return fail(f, "CLIENT_SERVER_WRONG", "server",
			    config->server == NULL ? "" : config->server, NULL);
	if (config->ca == NULL)
		return fail(f, "CLIENT_CA_MISSING", NULL);
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	c->config = *config;
	c->curl = curl_easy_init();
	err e = c->curl == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
				: random_bytes(c->secret, sizeof c->secret, f);
	if (e.code == OK)
		e = set_options(c, f);
	if (e.code != OK) {
		client_close(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

void client_close(struct client *c)
{
	struct fault f;
	json_t *nothing = NULL;

	if (c == NULL)
		return;
	if (c->token[0] != '\0' &&
	    client_json(c, "DELETE", "/v1/sessions", NULL, &nothing, &f).code == OK)
		json_decref(nothing);
	json_decref(c->problem);
	if (c->curl != NULL)
		curl_easy_cleanup(c->curl);
	arena_done(&c->arena);
	bytes_wipe(c, sizeof *c);
	free(c);
}

const struct client_config *client_configuration(const struct client *c)
{
	return &c->config;
}

const json_t *client_problem(const struct client *c)
{
	return c->problem;
}

char *client_escape(struct client *c, struct arena *a, const char *text)
{
	char *escaped = curl_easy_escape(c->curl, text, 0);
	char *out = escaped == NULL ? NULL : arena_text(a, bytes_text(escaped));

	curl_free(escaped);
	return out;
}

/* ---- one exchange ---- */

static size_t take(char *data, size_t size, size_t count, void *context)
{
	struct exchange *x = context;
	size_t n = size * count;

	if (n > x->max - x->n) {
		x->overrun = true;
		return 0;
	}
	if (x->n + n + 1 > x->cap) {
		size_t cap = (x->n + n + 1) * 2;
		char *bigger = realloc(x->reply, cap);
		if (bigger == NULL)
			return 0;
		x->reply = bigger;
		x->cap = cap;
	}
	memcpy(x->reply + x->n, data, n);
	x->n += n;
	x->reply[x->n] = '\0';
	return n;
}

static struct curl_slist *headers(const struct client *c, const struct exchange *x)
{
	char line[256];
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	if (x->type != NULL) {
		snprintf(line, sizeof line, "Content-Type: %s", x->type);
		list = curl_slist_append(list, line);
	}
	if (x->accept != NULL) {
		snprintf(line, sizeof line, "Accept: %s", x->accept);
		list = curl_slist_append(list, line);
	}
	for (size_t i = 0; i < 2; i++)
		if (x->extra[i][0] != '\0')
			list = curl_slist_append(list, x->extra[i]);
	if (c->token[0] != '\0') {
		snprintf(line, sizeof line, "Authorization: Bearer %s", c->token);
		list = curl_slist_append(list, line);
		bytes_wipe(line, sizeof line);
	}
	return list;
}

static err unreachable(const struct client *c, const char *why, struct fault *f)
{
	return fail(f, "CLIENT_UNREACHABLE", "server", c->config.server, "detail", why, NULL);
}

static uint64_t upload_offset(const struct client *c)
{
	struct curl_header *header;

	if (curl_easy_header(c->curl, "Upload-Offset", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return 0;
	return strtoull(header->value, NULL, 10);
}

/* One request and its reply, whatever its status. */
static err exchange(struct client *c, struct exchange *x, struct fault *f)
{
	char url[2048], why[CURL_ERROR_SIZE] = "";
	long status = 0;

	json_decref(c->problem);
	c->problem = NULL;
	int n = snprintf(url, sizeof url, "%s%s", c->config.server, x->path);
	if (n < 0 || (size_t)n >= sizeof url)
		return fail(f, "CLIENT_PATH_TOO_LONG", NULL);
	struct curl_slist *list = headers(c, x);
	bool sends = x->type != NULL;
	curl_easy_setopt(c->curl, CURLOPT_URL, url);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, x);
	if (sends) {
		curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n);
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS,
				 x->body.n == 0 ? (const void *)"" : (const void *)x->body.p);
	} else {
		curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(c->curl, CURLOPT_NOBODY, strcmp(x->method, "HEAD") == 0 ? 1L : 0L);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, x->method);
	CURLcode result = curl_easy_perform(c->curl);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(list);
	x->status = (int)status;
	x->offset = upload_offset(c);
	if (x->overrun)
		return fail(f, "CLIENT_REPLY_TOO_LARGE", NULL);
	if (result != CURLE_OK)
		return unreachable(c, why[0] != '\0' ? why : curl_easy_strerror(result), f);
	return ERR_OK;
}

/* ---- what the server says is wrong ---- */

static const char *member(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text == NULL ? "" : text;
}

static enum err_code code_of_status(int status)
{
	for (int i = 1; i < ERR_CODES; i++)
		if (err_info((enum err_code)i)->http_status == status && status != 500)
			return (enum err_code)i;
	return status == 404 ? ERR_NOT_FOUND : status >= 500 ? ERR_INTERNAL : ERR_INVALID;
}

static void add_values(struct fault *f, const json_t *values)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)values, name,
			    value) if (json_is_string(value) && f->n < FAULT_VALUES_MAX)
		fault_add(f, name, json_string_value(value));
}

/* The server's message in our own catalog where both know it, its sentence otherwise. */
err client_fault(int status, const json_t *problem, struct fault *f)
{
	static const char PREFIX[] = "urn:sealwright:problem:";
	const char *type = member(problem, "type");
	const char *id = strncmp(type, PREFIX, sizeof PREFIX - 1) == 0 ? type + sizeof PREFIX - 1
								       : member(problem, "code");
	const struct message *known = catalog_find(id);
	const char *field = member(problem, "field");

	if (known != NULL)
		(void)fail_field(f, field, known->id, NULL);
	else
		(void)fail_field(f, field, "CLIENT_REFUSED", "detail",
				 member(problem, "detail")[0] != '\0' ? member(problem, "detail")
								      : "no reason given",
				 NULL);
	add_values(f, json_object_get(problem, "values"));
	f->code = code_of_status(status);
	return (err){f->code};
}

static err refused(struct client *c, struct exchange *x, struct fault *f)
{
	struct fault spare;
	char status[16];

	if (f == NULL)
		f = &spare;
	c->problem =
		x->reply == NULL ? NULL : json_loadb(x->reply, x->n, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(c->problem))
		return client_fault(x->status, c->problem, f);
	snprintf(status, sizeof status, "%d", x->status);
	(void)fail(f, "CLIENT_STATUS", "status", status, NULL);
	f->code = code_of_status(x->status);
	return (err){f->code};
}

/* ---- requests ---- */

/* The server asked for a pause. Whatever is sent again is the same record, file or question. */
static bool wait_a_moment(const struct client *c, int status, int attempt)
{
	struct curl_header *header;
	struct timespec pause = {.tv_sec = 1};

	if ((status != 429 && status != 503) || attempt >= PAUSES_MAX ||
	    curl_easy_header(c->curl, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return false;
	unsigned long seconds = strtoul(header->value, NULL, 10);
	if (seconds > PAUSE_MAX_S)
		return false;
	if (seconds > 0)
		pause.tv_sec = (time_t)seconds;
	nanosleep(&pause, NULL);
	return true;
}

/* A session that ended meanwhile is begun anew, once. */
err client_exchange(struct client *c, struct exchange *x, struct fault *f)
{
	bool renewed = false;

	for (int pauses = 0;;) {
		if (c->config.principal != NULL && !c->config.machine && !c->signing_in &&
		    c->token[0] == '\0')
			TRY(client_sign_in(c, f));
		x->n = 0;
		TRY(exchange(c, x, f));
		if (x->status == 401 && !renewed && c->token[0] != '\0' && !c->signing_in) {
			bytes_wipe(c->token, sizeof c->token);
			renewed = true;
		} else if (wait_a_moment(c, x->status, pauses)) {
			pauses++;
		} else {
			break;
		}
	}
	return x->status >= 200 && x->status < 300 ? ERR_OK : refused(c, x, f);
}

err client_send(struct client *c, const char *method, const char *path, const char *type,
		struct bytes body, int *status, json_t **out, struct fault *f)
{
	struct exchange x = {.method = method,
			     .path = path,
			     .type = type,
			     .body = body,
			     .accept = "application/json",
			     .max = REPLY_MAX};
	err e = client_exchange(c, &x, f);

	*out = NULL;
	if (status != NULL)
		*status = x.status;
	if (e.code == OK && x.n > 0) {
		*out = json_loadb(x.reply, x.n, JSON_REJECT_DUPLICATES, NULL);
		if (*out == NULL)
			e = fail(f, "CLIENT_REPLY_BAD", "path", path, NULL);
	}
	free(x.reply);
	return e;
}

err client_json(struct client *c, const char *method, const char *path, const json_t *body,
		json_t **out, struct fault *f)
{
	char *text = NULL;

	if (body != NULL && (text = json_dumps(body, JSON_COMPACT)) == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = client_send(c, method, path, body == NULL ? NULL : "application/json",
			    bytes_text(text == NULL ? "" : text), NULL, out, f);
	free(text);
	return e;
}

err client_get(struct client *c, struct arena *a, const char *path, const char *accept, size_t max,
	       struct bytes *out, struct fault *f)
{
	struct exchange x = {.method = "GET", .path = path, .accept = accept, .max = max};
	err e = client_exchange(c, &x, f);

	if (e.code == OK) {
		*out = x.n == 0 ? bytes_of("", 0) : arena_copy(a, bytes_of(x.reply, x.n));
		if (out->p == NULL)
			e = fail(f, "OUT_OF_MEMORY", NULL);
	}
	free(x.reply);
	return e;
}

err client_raw(struct client *c, struct arena *a, const char *method, const char *path,
	       const char *type, struct bytes body, size_t max, int *status, struct bytes *out,
	       struct fault *f)
{
	struct exchange x = {
		.method = method, .path = path, .type = type, .body = body, .max = max};
	err e = exchange(c, &x, f);

	*status = x.status;
	if (e.code == OK) {
		*out = x.n == 0 ? bytes_of("", 0) : arena_copy(a, bytes_of(x.reply, x.n));
		if (out->p == NULL)
			e = fail(f, "OUT_OF_MEMORY", NULL);
	}
	free(x.reply);
	return e;
}

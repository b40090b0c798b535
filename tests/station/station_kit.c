/* SPDX-License-Identifier: Apache-2.0 */
#include "station_kit.h"

#include "base/catalog.h"
#include "base/files.h"
#include "record/registry.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 60, LOOK_MS = 10 };

static const char MORE[] =
	"line.read,identity.read,gate.ask,test.record,line.scrap,part.issue,part.read";

char *kit_printf(struct kit *k, const char *format, ...)
{
	char text[16384];
	va_list list;

	va_start(list, format);
	int n = vsnprintf(text, sizeof text, format, list);
	va_end(list);
	assert_true(n >= 0 && (size_t)n < sizeof text);
	return arena_text(&k->x->arena, bytes_text(text));
}

/* ---- opening ---- */

static void grant_more(struct kit *k)
{
	char list[1024] = "", *rest = kit_printf(k, "%s", MORE), *word;

	while ((word = strsep(&rest, ",")) != NULL) {
		size_t n = strlen(list);
		snprintf(list + n, sizeof list - n, "%s{'permission':'%s'}", n > 0 ? "," : "",
			 word);
	}
	(void)api_must(k->x, &k->x->ada, "role.defined",
		       kit_printf(k, "{'role':'box','permissions':[%s]}", list));
	(void)api_must(k->x, &k->x->ada, "role.granted",
		       "{'grant_id':'grant-box','principal':'st1','role':'box','station':'st1'}");
}

static const char *box_file(struct kit *k, const char *name)
{
	return kit_printf(k, "%s/%s", k->folder, name);
}

static void put_box_files(struct kit *k)
{
	struct fault f = {0};

	assert_int_equal(folder_make(k->folder, &f).code, OK);
	assert_int_equal(
		private_key_save(k->company.st1.key, box_file(k, "st1.key"), (struct bytes){0}, &f)
			.code,
		OK);
	assert_int_equal(file_write(box_file(k, "proxy.credentials"),
				    bytes_text(PROXY_CREDENTIALS "\n"), 0600, &f)
				 .code,
			 OK);
}

static void read_log_key(struct kit *k)
{
	struct bytes text;
	struct fault f = {0};

	assert_int_equal(
		file_read(&k->x->arena, kit_printf(k, "%s/log.vkey", k->x->folder), 1024, &text, &f)
			.code,
		OK);
	text.n--; /* line end */
	assert_true(note_key_parse(text, &k->log));
}

void kit_open(struct kit *k)
{
	extern const struct area *const AREAS[];

	memset(k, 0, sizeof *k);
	k->heard = json_array();
	k->x = api_open();
	company_open(&k->company, k->x);
	grant_more(k);
	company_authorize(&k->company, "BA1", 100, "");
	proxy_open(&k->proxy, 7);
	snprintf(k->folder, sizeof k->folder, "%s/box", k->x->folder);
	snprintf(k->server, sizeof k->server, "https://127.0.0.1:%u", k->x->machines);
	snprintf(k->proxy_url, sizeof k->proxy_url, "http://127.0.0.1:%u", k->proxy.port);
	put_box_files(k);
	read_log_key(k);
	assert_int_equal(registry_make(AREAS, &k->registry, NULL).code, OK);
	k->config = (struct station_config){
		.folder = k->folder,
		.client = {.server = k->server,
			   .ca = kit_printf(k, "%s/tls.crt", k->x->folder),
			   .origin = API_ORIGIN,
			   .log = &k->log,
			   .registry = k->registry,
			   .principal = "st1",
			   .key = k->company.st1.key,
			   .key_file = box_file(k, "st1.key"),
			   .proxy = k->proxy_url,
			   .proxy_credentials = box_file(k, "proxy.credentials")},
		.clock = &k->x->clock,
		.folders = true};
}

void kit_close(struct kit *k)
{
	kit_box_off(k);
	json_decref(k->heard);
	proxy_close(&k->proxy);
	registry_free(k->registry);
	company_done(&k->company);
	api_close(k->x);
}

void kit_box(struct kit *k)
{
	struct fault f = {0};
	char text[1024];

	if (station_open(&k->config, &k->station, &f).code != OK) {
		fault_text(&f, text, sizeof text);
		stop_test("station_open: %s\n", text);
	}
	k->port = station_port(k->station);
}

void kit_box_off(struct kit *k)
{
	station_close(k->station);
	k->station = NULL;
}

/* ---- asking ---- */

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

struct said kit_ask(struct kit *k, const char *method, const char *path, const char *quoted,
		    const char *header)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	struct heard heard = {0};
	struct said said = {.text = ""};
	long status = 0;

	assert_non_null(curl);
	headers = curl_slist_append(headers, "Expect:");
	if (header != NULL)
		headers = curl_slist_append(headers, header);
	curl_easy_setopt(curl, CURLOPT_URL,
			 kit_printf(k, "%s:%u%s", k->at == NULL ? "http://127.0.0.1" : k->at,
				    k->port, path));
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L); /* its name is another */
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &heard);
	if (quoted != NULL)
		curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, api_quoted(k->x, quoted));
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	said.status = (int)status;
	if (heard.text != NULL)
		said.text = arena_text(&k->x->arena, bytes_of(heard.text, heard.n));
	said.json = json_loads(said.text, 0, NULL);
	if (said.json != NULL)
		json_array_append_new(k->heard, said.json);
	free(heard.text);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return said;
}

struct said kit_post(struct kit *k, const char *type, const char *quoted)
{
	return kit_ask(k, "POST", kit_printf(k, "/v1/records/%s", type), quoted, NULL);
}

const char *said_text(const struct said *s, const char *member)
{
	const char *text = json_string_value(json_object_get(s->json, member));

	return text == NULL ? "" : text;
}

int64_t said_number(const struct said *s, const char *member)
{
	const json_t *number = json_object_get(s->json, member);

	return json_is_integer(number) ? json_integer_value(number) : -1;
}

void must_say(const struct said *s, int status, const char *code)
{
	if (s->status != status || (code != NULL && strcmp(said_text(s, "code"), code) != 0))
		stop_test("expected %d %s, got %d %s\n", status, code == NULL ? "" : code,
			  s->status, s->text);
}

/* ---- waiting ---- */

static void await(struct kit *k, const char *what, bool (*is_so)(const struct said *s))
{
	time_t end = time(NULL) + PATIENCE_S;

	for (;;) {
		struct said s = kit_ask(k, "GET", "/v1/station", NULL, NULL);
		bool so = s.status == 200 && is_so(&s);
		if (so)
			return;
		if (time(NULL) > end)
			stop_test("the box is never %s: %s\n", what, s.text);
		(void)poll(NULL, 0, LOOK_MS); /* others need the processor, too */
	}
}

static bool is_linked(const struct said *s)
{
	return json_is_true(json_object_get(s->json, "linked"));
}

static bool is_cut_off(const struct said *s)
{
	return !is_linked(s);
}

static bool is_empty(const struct said *s)
{
	return said_number(s, "waiting") == 0;
}

void kit_cut(struct kit *k)
{
	k->proxy.cut = true;
	/* A gate that is asked finds it out. */
	(void)kit_ask(k, "GET", "/v1/gates/build/GW/nobody", NULL, NULL);
	await(k, "cut off", is_cut_off);
}

void kit_whole(struct kit *k)
{
	k->proxy.cut = false;
	await(k, "linked", is_linked);
}

void kit_await_delivered(struct kit *k)
{
	await(k, "empty", is_empty);
}

/* ---- units and allowances ---- */

const char *kit_unit(struct kit *k, const char *authorization, const char *serial)
{
	struct private_key *key;

	assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
	const char *body = company_request_body(&k->company, authorization, serial, key);
	private_key_close(key);
	return body;
}

static bool has_allowance(const struct said *s)
{
	return json_array_size(json_object_get(s->json, "allowances")) > 0;
}

void kit_later(struct kit *k, uint64_t hours)
{
	k->x->moved.ahead_ms += hours * 3600000;
	api_sign_in(k->x, &k->x->ada); /* sessions do not last that long */
	api_sign_in(k->x, &k->x->ben);
	api_sign_in(k->x, &k->x->erin);
}

void kit_allow(struct kit *k, const char *allowance, unsigned quantity, unsigned hours)
{
	char until[TIME_TEXT_SIZE], by[TIME_TEXT_SIZE];
	uint64_t now = clock_wall_ms(&k->x->clock);

	time_text(now + (uint64_t)hours * 3600000, until);
	time_text(now + (uint64_t)hours * 3600000 + 48 * 3600000, by);
	(void)api_must(k->x, &k->x->erin, "allowance.granted",
		       kit_printf(k,
				  "{'allowance':'%s','authorization':'BA1','station':'st1',"
				  "'quantity':%u,'valid_until':'%s','reconcile_by':'%s'}",
				  allowance, quantity, until, by));
	if (k->station != NULL) { /* it asks when it is opened */
		kit_box_off(k);
		kit_box(k);
		await(k, "told", has_allowance);
	}
}

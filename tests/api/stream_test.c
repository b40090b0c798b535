/* SPDX-License-Identifier: Apache-2.0 */
/* The event stream: what happens is heard in order, and nothing is missed over an interruption. */
#include "fixture.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 60, HEARD_MAX = 1 << 20 };

/* A listener in its own thread. */
struct listener {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct api *api;
	char path[128], header[80], token[128];
	char *text;
	size_t n;
	long status;
	bool enough, ended;
};

static struct api *x;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	api_close(x);
	return 0;
}

static size_t hear(char *data, size_t size, size_t n, void *context)
{
	struct listener *l = context;
	size_t taken = 0;

	pthread_mutex_lock(&l->lock);
	if (!l->enough && l->n + size * n < HEARD_MAX) {
		memcpy(l->text + l->n, data, size * n);
		l->n += size * n;
		l->text[l->n] = '\0';
		taken = size * n;
	}
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return taken;
}

static int has_enough(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct listener *l = context;

	(void)a, (void)b, (void)c, (void)d;
	pthread_mutex_lock(&l->lock);
	bool enough = l->enough;
	pthread_mutex_unlock(&l->lock);
	return enough;
}

static void *listen_main(void *context)
{
	struct listener *l = context;
	struct curl_slist *headers = curl_slist_append(NULL, l->token);
	char url[256];
	CURL *curl = curl_easy_init();
	long status = 0;

	if (l->header[0] != '\0')
		headers = curl_slist_append(headers, l->header);
	snprintf(url, sizeof url, "https://127.0.0.1:%u%s", l->api->people, l->path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CAINFO, l->api->config.tls_certificate);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, l);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, has_enough);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, l);
	(void)curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	pthread_mutex_lock(&l->lock);
	l->status = status;
	l->ended = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static struct listener *listen_from(const struct person *who, const char *path, const char *header)
{
	struct listener *l = calloc(1, sizeof *l);

	assert_non_null(l);
	l->text = calloc(1, HEARD_MAX);
	l->api = x;
	assert_non_null(l->text);
	snprintf(l->path, sizeof l->path, "%s", path);
	snprintf(l->header, sizeof l->header, "%s", header);
	snprintf(l->token, sizeof l->token, "Authorization: Bearer %s", who->token);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	assert_int_equal(pthread_create(&l->thread, NULL, listen_main, l), 0);
	return l;
}

static void wait_on(struct listener *l)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_S;
	if (pthread_cond_timedwait(&l->changed, &l->lock, &end) != 0)
		stop_test("heard only: %s\n", l->text);
}

static void wait_for_text(struct listener *l, const char *text)
{
	pthread_mutex_lock(&l->lock);
	while (strstr(l->text, text) == NULL && !l->ended)
		wait_on(l);
	bool heard = strstr(l->text, text) != NULL;
	pthread_mutex_unlock(&l->lock);
	if (!heard)
		stop_test("the stream ended (%ld) without %s: %s\n", l->status, text, l->text);
}

static void wait_for_end(struct listener *l)
{
	pthread_mutex_lock(&l->lock);
	while (!l->ended)
		wait_on(l);
	pthread_mutex_unlock(&l->lock);
}

static void stop_listening(struct listener *l)
{
	pthread_mutex_lock(&l->lock);
	l->enough = true;
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->changed);
	free(l->text);
	free(l);
}

static int64_t record(const char *role)
{
	return api_must(x, &x->ada, "role.defined",
			arena_printf(&x->arena,
				     "{'role':'%s','permissions':[{'permission':'a.b'}]}", role));
}

static const char *event_line(int64_t sequence)
{
	return arena_printf(&x->arena, "id: %lld\nevent: role.defined\n", (long long)sequence);
}

/* ---- the tests ---- */

static void what_happens_is_heard(void **state)
{
	/* `after` the first entry: the listener is there for certain once it has heard the next. */
	struct listener *l = listen_from(&x->ada, "/v1/stream?after=0", "");

	(void)state;
	int64_t sequence = record("heard");
	wait_for_text(l, event_line(sequence));
	wait_for_text(l, "\"subject\":{\"kind\":\"role\",\"within\":\"\",\"id\":\"heard\"}");
	stop_listening(l);
}

static void interrupted_listener_misses_nothing(void **state)
{
	int64_t first = record("i-1"), second = record("i-2");
	char header[80];

	(void)state;
	snprintf(header, sizeof header, "Last-Event-ID: %lld", (long long)first);
	struct listener *l = listen_from(&x->ada, "/v1/stream", header);
	wait_for_text(l, event_line(second));
	assert_null(strstr(l->text, event_line(first)));
	int64_t third = record("i-3");
	wait_for_text(l, event_line(third));
	stop_listening(l);
}

static void events_from_before_the_start_come_from_the_ledger(void **state)
{
	int64_t last = record("before");
	struct listener *l;

	(void)state;
	api_stop(x);
	api_start(x); /* nothing is in memory now */
	l = listen_from(&x->ada, "/v1/stream?after=0", "");
	wait_for_text(l, event_line(last));
	for (int64_t i = 1; i <= last; i++) {
		const char *id = arena_printf(&x->arena, "id: %lld\n", (long long)i);
		const char *at = strstr(l->text, id);
		assert_non_null(at);
		assert_null(strstr(at + 1, id)); /* once */
	}
	stop_listening(l);
}

static void stream_needs_its_permission(void **state)
{
	struct person p = api_person(x, "deaf", "person", "part.read", NULL);

	(void)state;
	must_refuse(api_get(x, &p, "/v1/stream"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, NULL, "/v1/stream"), 401, "API_IDENTITY_MISSING");
	must_refuse(api_get(x, &x->ada, "/v1/stream?from=1"), 400, "API_PARAMETER_UNKNOWN");
	must_refuse(api_get(x, &x->ada, "/v1/stream?after=-1"), 400, "FIELD_WRONG");
	person_done(&p);
}

static void right_that_ends_ends_the_stream(void **state)
{
	struct person p = api_person(x, "listener", "person", "ledger.read", NULL);
	struct listener *l = listen_from(&p, "/v1/stream?after=0", "");

	(void)state;
	wait_for_text(l, event_line(record("while")));
	api_must(x, &x->ada, "grant.revoked", "{'grant_id':'grant-listener','reason':'over'}");
	int64_t after = record("afterwards");
	wait_for_text(l, "event: ended\n");
	assert_null(strstr(l->text, event_line(after)));
	stop_listening(l);
	person_done(&p);
}

static void session_that_is_ended_ends_its_stream(void **state)
{
	struct person p = api_person(x, "leaves", "person", "ledger.read", NULL);
	struct listener *l = listen_from(&p, "/v1/stream?after=0", "");

	(void)state;
	wait_for_text(l, event_line(record("signed-in")));
	must_have(api_ask(x, &(struct ask){.method = "DELETE", .path = "/v1/sessions", .who = &p}),
		  204);
	int64_t after = record("signed-out");
	wait_for_text(l, "event: ended\n");
	assert_null(strstr(l->text, event_line(after)));
	stop_listening(l);
	person_done(&p);
}

static void principal_has_a_limited_number_of_streams(void **state)
{
	struct listener *l[8];
	int64_t sequence;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		l[i] = listen_from(&x->ben, "/v1/stream?after=0", "");
	sequence = record("many");
	for (size_t i = 0; i < 8; i++)
		wait_for_text(l[i], event_line(sequence));
	must_refuse(api_get(x, &x->ben, "/v1/stream"), 429, "API_STREAMS_TOO_MANY");
	for (size_t i = 0; i < 8; i++)
		stop_listening(l[i]);
}

/* As a browser does whose pages are turned: no heartbeat has noticed yet. */
static void streams_that_were_left_count_no_more(void **state)
{
	struct listener *l[8];

	(void)state;
	for (unsigned turn = 0; turn < 3; turn++) {
		for (size_t i = 0; i < 8; i++)
			l[i] = listen_from(&x->ben, "/v1/stream", "");
		for (size_t i = 0; i < 8; i++)
			wait_for_text(l[i], ": listening");
		for (size_t i = 0; i < 8; i++)
			stop_listening(l[i]);
	}
}

static void server_that_stops_ends_its_streams(void **state)
{
	struct listener *l = listen_from(&x->ada, "/v1/stream?after=0", "");

	(void)state;
	wait_for_text(l, event_line(record("last")));
	api_stop(x);
	wait_for_end(l);
	stop_listening(l);
	api_start(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happens_is_heard),
		cmocka_unit_test(interrupted_listener_misses_nothing),
		cmocka_unit_test(events_from_before_the_start_come_from_the_ledger),
		cmocka_unit_test(stream_needs_its_permission),
		cmocka_unit_test(right_that_ends_ends_the_stream),
		cmocka_unit_test(session_that_is_ended_ends_its_stream),
		cmocka_unit_test(principal_has_a_limited_number_of_streams),
		cmocka_unit_test(streams_that_were_left_count_no_more),
		cmocka_unit_test(server_that_stops_ends_its_streams),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and stopping: under load nothing that was answered is lost, and what cannot start says
 * why. */
#include "fixture.h"

#include "base/files.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WRITERS = 4, EACH = 400, ENOUGH = 60 };

struct writer_thread {
	pthread_t thread;
	struct api *api; /* a copy */
	char *bodies[EACH];
	struct reply *replies[EACH];
	size_t sent;
	_Atomic size_t *answered;
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

static void *run(void *server)
{
	server_run(server);
	return NULL;
}

static void *write_main(void *context)
{
	struct writer_thread *w = context;

	while (w->sent < EACH) {
		struct ask ask = {.path = "/v1/records/role.defined",
				  .who = &x->ada,
				  .body = w->bodies[w->sent]};
		struct reply *r = api_ask(w->api, &ask);
		w->replies[w->sent++] = r;
		if (r->status == 0)
			break; /* it is gone */
		*w->answered += r->status == 201;
	}
	return NULL;
}

static void prepare_bodies(struct writer_thread *w, size_t number)
{
	for (size_t i = 0; i < EACH; i++) {
		const char *body = arena_printf(
			&x->arena, "{'role':'w%zu-%zu','permissions':[{'permission':'a.b'}]}",
			number, i);
		json_t *json = api_signed(x, &x->ada, "role.defined", body);
		char *text = json_dumps(json, 0);
		w->bodies[i] = arena_text(&x->arena, bytes_text(text));
		free(text);
		json_decref(json);
	}
}

static void must_be_recorded(const struct reply *r)
{
	const char *path =
		arena_printf(&x->arena, "/v1/receipts/%s?sequence=%lld", reply_text(r, "digest"),
			     (long long)reply_number(r, "sequence"));

	must_have(api_get(x, &x->ada, path), 200);
}

static void nothing_that_was_answered_is_lost_by_stopping(void **state)
{
	static struct writer_thread writers[WRITERS];
	static _Atomic size_t answered;
	pthread_t runner;
	size_t recorded = 0;

	(void)state;
	for (size_t i = 0; i < WRITERS; i++)
		prepare_bodies(&writers[i], i);
	assert_int_equal(pthread_create(&runner, NULL, run, x->server), 0);
	for (size_t i = 0; i < WRITERS; i++) {
		writers[i].api = api_copy(x);
		writers[i].answered = &answered;
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_main, &writers[i]),
				 0);
	}
	while (answered < ENOUGH)
		sched_yield();
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	pthread_join(runner, NULL);
	api_stop(x);
	for (size_t i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	api_start(x);
	for (size_t i = 0; i < WRITERS; i++) {
		for (size_t k = 0; k < writers[i].sent; k++) {
			const struct reply *r = writers[i].replies[k];
			assert_true(r->status == 201 || r->status == 202 || r->status == 503 ||
				    r->status == 0);
			if (r->status == 201 || r->status == 202) {
				must_be_recorded(r);
				recorded++;
			}
		}
		api_copy_done(writers[i].api);
	}
	assert_true(recorded >= ENOUGH);
}

static void server_stop_ends_running(void **state)
{
	pthread_t runner;

	(void)state;
	assert_int_equal(pthread_create(&runner, NULL, run, x->server), 0);
	server_stop(x->server);
	assert_int_equal(pthread_join(runner, NULL), 0);
	must_have(api_get(x, NULL, "/healthz"), 200); /* until it is closed */
}

static void service_manager_is_told(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char text[64] = "";
	pthread_t runner;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(at.sun_path, sizeof at.sun_path, "%s/notify", x->folder);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", at.sun_path, 1), 0);
	assert_int_equal(pthread_create(&runner, NULL, run, x->server), 0);
	assert_true(recv(fd, text, sizeof text - 1, 0) > 0);
	assert_string_equal(text, "READY=1");
	server_stop(x->server);
	assert_int_equal(pthread_join(runner, NULL), 0);
	assert_true(recv(fd, text, sizeof text - 1, 0) > 0);
	assert_int_equal(strncmp(text, "STOPPING=1", 10), 0);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	api_stop(x); /* stop_fd is spent */
	api_start(x);
}

/* ---- what cannot start ---- */

static void must_not_open(const struct server_config *config, const char *code)
{
	struct server *server;
	struct fault f = {0};

	assert_int_not_equal(server_open(config, &server, &f).code, OK);
	assert_string_equal(f.message, code);
}

static void write_file(const char *name, const char *content)
{
	const char *path = arena_printf(&x->arena, "%s/%s", x->folder, name);

	assert_int_equal(file_write(path, bytes_text(content), 0600, NULL).code, OK);
}

static struct bytes read_whole(const char *name)
{
	const char *path = arena_printf(&x->arena, "%s/%s", x->folder, name);
	struct bytes content;

	assert_int_equal(file_read(&x->arena, path, 65536, &content, NULL).code, OK);
	return content;
}

static void server_without_its_secrets_does_not_start(void **state)
{
	static const char *const names[] = {"salts.key", "blob.key"};

	(void)state;
	api_stop(x);
	for (size_t i = 0; i < 2; i++) {
		struct bytes before = read_whole(names[i]);
		const char *path = arena_printf(&x->arena, "%s/%s", x->folder, names[i]);
		write_file(names[i], "short");
		must_not_open(&x->config, "API_KEY_FILE_WRONG");
		assert_int_equal(file_write(path, before, 0600, NULL).code, OK);
	}
	api_start(x);
}

static void server_with_the_key_of_another_log_does_not_start(void **state)
{
	struct bytes before = read_whole("log.vkey");
	const char *path = arena_printf(&x->arena, "%s/log.vkey", x->folder);

	(void)state;
	api_stop(x);
	write_file("log.vkey", "other.example/log+00000000+AAAA\n");
	must_not_open(&x->config, "API_LOG_KEY_WRONG");
	assert_int_equal(file_write(path, before, 0600, NULL).code, OK);
	api_start(x);
}

static void server_without_tls_listens_on_this_host_only(void **state)
{
	struct server_config config;

	(void)state;
	api_stop(x);
	config = x->config;
	snprintf(config.tls, sizeof config.tls, "off");
	snprintf(config.address, sizeof config.address, "0.0.0.0");
	must_not_open(&config, "HTTP_TLS_REQUIRED");
	snprintf(x->config.tls, sizeof x->config.tls, "off");
	api_start(x);
	must_have(api_get(x, NULL, "/healthz"), 200);
	struct ask machine = {.path = "/v1/me", .machine = true};
	assert_int_equal(api_ask(x, &machine)->status, 401);
	api_stop(x);
	snprintf(x->config.tls, sizeof x->config.tls, "on");
	api_start(x);
}

static void log_is_not_started_twice(void **state)
{
	struct fault f = {0};
	json_t *body = json_object();

	(void)state;
	api_stop(x);
	assert_int_equal(server_start_log(&x->config, body, &f).code, ERR_CONFLICT);
	assert_string_equal(f.message, "API_LOG_STARTED");
	json_decref(body);
	api_start(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_was_answered_is_lost_by_stopping),
		cmocka_unit_test(service_manager_is_told),
		cmocka_unit_test(server_stop_ends_running),
		cmocka_unit_test(server_without_its_secrets_does_not_start),
		cmocka_unit_test(server_with_the_key_of_another_log_does_not_start),
		cmocka_unit_test(server_without_tls_listens_on_this_host_only),
		cmocka_unit_test(log_is_not_started_twice),
	};
	sigset_t term;

	/* Only server_run() takes it. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL);
	return cmocka_run_group_tests(tests, open_api, close_api);
}

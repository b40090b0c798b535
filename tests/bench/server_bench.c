/* SPDX-License-Identifier: Apache-2.0 */
/* server_bench FOLDER [N]: P13, the memory of an idle server with N event streams open (1,000 unless
 * told), over TLS. The clients are a process of their own. */
#include "bench.h"
#include "fixture.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STREAMS = 1000 };

static size_t swallow(char *data, size_t size, size_t n, void *context)
{
	(void)data;
	(void)context;
	return size * n;
}

static CURL *open_stream(const char *url, const char *bearer)
{
	CURL *c = curl_easy_init();
	struct curl_slist *headers = curl_slist_append(NULL, bearer);

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L); /* the bench measures memory, not trust */
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, swallow);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, swallow);

	return c;
}

/* Opens the streams, says so with one byte, and keeps them until the pipe's other end closes. */
static void be_clients(uint16_t port, const char *token, size_t n, int ready, int until)
{
	CURLM *all = curl_multi_init();
	char url[128], bearer[128], byte = 1;
	int running;

	snprintf(url, sizeof url, "https://127.0.0.1:%u/v1/stream", port);
	snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", token);
	for (size_t i = 0; i < n; i++)
		curl_multi_add_handle(all, open_stream(url, bearer));
	struct curl_waitfd end = {.fd = until, .events = CURL_WAIT_POLLIN};
	bool said = false;
	while (end.revents == 0) {
		curl_multi_perform(all, &running);
		curl_multi_poll(all, &end, 1, 200, NULL);
		if (!said && (size_t)running == n)
			said = write(ready, &byte, 1) == 1;
		if (said && (size_t)running < n)
			_exit(1);
	}
	_exit(0);
}

static size_t streams_open(struct api *x)
{
	struct reply *r = api_ask(x, &(struct ask){.path = "/metrics", .who = &x->ada});
	const char *line = strstr(r->body, "\nsealwright_streams ");

	return line == NULL ? 0 : strtoul(line + strlen("\nsealwright_streams "), NULL, 10);
}

static void measure(struct api *x, size_t n)
{
	int ready[2], until[2];
	char byte;

	if (pipe(ready) != 0 || pipe(until) != 0)
		exit(1);
	double before = (double)bench_memory(0) / (1 << 20);
	pid_t clients = fork();
	if (clients == 0) {
		close(until[1]);
		be_clients(server_port(x->server, HTTP_PEOPLE), x->ada.token, n, ready[1],
			   until[0]);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		exit(1);
	while (streams_open(x) < n) /* each asks anew: the server is still taking them up */
		;
	bench_line("P13", "sqlite", n, (double)bench_memory(0) / (1 << 20), "MiB", 150, "goal");
	bench_line("P13-idle", "sqlite", 0, before, "MiB", 0, NULL);
	close(until[1]);
	waitpid(clients, NULL, 0);
}

int main(int argc, char **argv)
{
	size_t n = argc > 2 && strtoul(argv[2], NULL, 10) < STREAMS ? strtoul(argv[2], NULL, 10)
								    : STREAMS;
	struct rlimit files = {8192, 8192};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	setrlimit(RLIMIT_NOFILE, &files);
	struct api *x = api_open();
	api_stop(x);
	x->config.streams_per_principal = 2 * STREAMS;
	x->config.requests_per_second = 100000;
	api_start(x);
	api_sign_in(x, &x->ada);
	measure(x, n);
	api_close(x);
	return 0;
}

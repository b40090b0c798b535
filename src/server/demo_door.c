/* SPDX-License-Identifier: Apache-2.0 */
/* demo_door.c — what a page asks of the demo that runs this server: passed on through a Unix socket, and nothing is
 * known of it here. Where no demo runs it, there is nothing at these addresses. */
#include "base/files.h"
#include "server/server_internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { PATIENCE_MS = 5000, REPLY_MAX = 4 << 20, REPLY_FIRST = 1 << 16 };

/* The refusals of the demo that are for whoever asks. */
static const char *const CODES[] = {"DEMO_BUSY",         "DEMO_USED_UP",     "DEMO_NO_ATTACK",
				    "DEMO_NO_SWITCH",    "DEMO_UNITS_WRONG", "DEMO_RUN_UNKNOWN",
				    "DEMO_REQUEST_WRONG"};

static err away(struct fault *f)
{
	return fail(f, "DEMO_AWAY", NULL);
}

/* ---- the socket ---- */

static bool wait_for(int fd, short what, uint64_t until)
{
	uint64_t now = clock_steady_ms(&clock_system);
	struct pollfd p = {.fd = fd, .events = what};

	return now < until && poll(&p, 1, (int)(until - now)) == 1;
}

static bool send_all(int fd, uint64_t until, struct bytes text)
{
	while (text.n > 0) {
		ssize_t n = -1;
		if (wait_for(fd, POLLOUT, until))
			n = send(fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n <= 0)
			return false;
		text = bytes_of(text.p + n, text.n - (size_t)n);
	}
	return true;
}

/* To the end of the connection; NULL if it is too long, or too late. */
static char *receive_all(struct arena *a, int fd, uint64_t until, size_t *n)
{
	size_t cap = REPLY_FIRST;
	char *text = arena_alloc(a, cap);

	for (*n = 0; text != NULL && wait_for(fd, POLLIN, until);) {
		ssize_t got = recv(fd, text + *n, cap - *n, MSG_DONTWAIT);
		if (got == 0)
			return text;
		if (got < 0)
			return NULL;
		*n += (size_t)got;
		if (*n < cap)
			continue;
		char *larger = cap >= REPLY_MAX ? NULL : arena_alloc(a, 2 * cap);
		if (larger != NULL)
			memcpy(larger, text, *n);
		text = larger;
		cap *= 2;
	}
	return NULL;
}

static int knock(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
		fd_close(&fd);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		fd_close(&fd);
	return fd;
}

/* One line there, one back. */
static err exchange(struct call *c, const char *request, struct bytes *reply, struct fault *f)
{
	uint64_t until = clock_steady_ms(&clock_system) + PATIENCE_MS;
	AUTO(fd_close) int fd = knock(c->server->config.demo_socket);
	size_t n = 0;

	if (fd < 0 || !send_all(fd, until, bytes_text(request)) ||
	    !send_all(fd, until, bytes_text("\n")))
		return away(f);
	const char *text = receive_all(c->request->arena, fd, until, &n);
	if (text == NULL || n == 0 || text[n - 1] != '\n')
		return away(f);
	*reply = bytes_of(text, n - 1);
	return ERR_OK;
}

/* ---- what came back ---- */

static err refused(const json_t *problem, struct fault *f)
{
	const char *code = json_string_value(json_object_get(problem, "code")), *name;
	json_t *value;

	for (size_t i = 0; code != NULL && i < sizeof CODES / sizeof CODES[0]; i++) {
		if (strcmp(code, CODES[i]) != 0)
			continue;
		err result = fail(f, CODES[i], NULL);
		json_object_foreach(json_object_get(problem, "values"), name, value)
		{
			if (json_is_string(value))
				fault_add(f, name, json_string_value(value));
		}
		return result;
	}
	return away(f);
}

static err pass_on(struct call *c, const json_t *request, int status, struct fault *f)
{
	char *text = json_dumps(request, JSON_COMPACT);
	struct bytes reply = {0};
	json_error_t error;
	err result = text == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : exchange(c, text, &reply, f);

	free(text);
	TRY(result);
	json_t *json = json_loadb((const char *)reply.p, reply.n, JSON_REJECT_DUPLICATES, &error);
	json_t *body = json_object_get(json, "body");
	if (json_is_object(body))
		reply_json(c, status, json_incref(body));
	else
		result = refused(json_object_get(json, "problem"), f);
	json_decref(json);
	return result;
}

/* Takes over `request`. */
static err ask(struct call *c, json_t *request, int status, struct fault *f)
{
	err result = ERR_OK;

	if (c->server->config.demo_socket[0] == '\0')
		result = fail(f, "DEMO_NOT_HERE", NULL);
	else if (request == NULL)
		result = fail(f, "OUT_OF_MEMORY", NULL);
	else
		result = pass_on(c, request, status, f);
	json_decref(request);
	return result;
}

/* ---- handlers ---- */

err handle_demo(struct call *c, struct fault *f)
{
	return ask(c, json_pack("{s:s}", "do", "list"), 200, f);
}

err handle_demo_attack(struct call *c, struct fault *f)
{
	return ask(c, json_pack("{s:s, s:s}", "do", "attack", "attack", c->arguments[0]), 202, f);
}

err handle_demo_without(struct call *c, struct fault *f)
{
	return ask(c, json_pack("{s:s, s:s}", "do", "without", "attack", c->arguments[0]), 202, f);
}

err handle_demo_run(struct call *c, struct fault *f)
{
	return ask(c, json_pack("{s:s, s:s}", "do", "show", "run", c->arguments[0]), 200, f);
}

err handle_demo_build(struct call *c, struct fault *f)
{
	static const char *const KEYS[] = {"units"};
	json_t *json = NULL;

	TRY(call_read_json(c, &json, f));
	err result = json_only_keys(json, KEYS, 1, f);
	const json_t *units = json_object_get(json, "units");
	if (result.code == OK && !json_is_integer(units))
		result = fail_field(f, "units", "DEMO_UNITS_WRONG", NULL);
	if (result.code == OK)
		result = ask(
			c,
			json_pack("{s:s, s:I}", "do", "build", "units", json_integer_value(units)),
			202, f);
	json_decref(json);
	return result;
}

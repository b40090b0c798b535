/* SPDX-License-Identifier: Apache-2.0 */
/* demo_door.c — a Unix socket of this account's: one request a connection, a line of JSON; one reply, a line. What
 * the server says to a browser is made there: here are codes and values. */
#include "sim/demo_live.h"

#include "base/clock.h"
#include "base/files.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { REQUEST_MAX = 512, PATIENCE_MS = 2000, BACKLOG = 16, NUMBER_DIGITS = 9 };

struct demo_door {
	int fd;
	struct demo_live *live;
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
};

/* ---- what is asked ---- */

static err wrong(struct fault *f, const char *detail)
{
	return fail(f, "DEMO_REQUEST_WRONG", "detail", detail, NULL);
}

static err attack_row(const json_t *json, enum demo_word word, size_t *row, struct fault *f)
{
	const char *id = json_string_value(json);

	if (id == NULL)
		return wrong(f, "there is no attack");
	for (*row = 0; *row < demo_attacks_n(); ++*row)
		if (strcmp(ATTACKS[*row].id, id) == 0)
			break;
	if (*row == demo_attacks_n())
		return fail(f, "DEMO_NO_ATTACK", "attack", id, NULL);
	if (word == DEMO_WITHOUT && ATTACKS[*row].control == NULL)
		return fail(f, "DEMO_NO_SWITCH", "attack", id, "why", ATTACKS[*row].no_switch,
			    NULL);
	return ERR_OK;
}

static err unit_count(const json_t *json, size_t *units, struct fault *f)
{
	json_int_t n = json_integer_value(json);

	if (!json_is_integer(json) || n < 1 || n > RUN_UNITS_MAX)
		return fail_field(f, "units", "DEMO_UNITS_WRONG", NULL);
	*units = (size_t)n;
	return ERR_OK;
}

static err run_number(const json_t *json, size_t *number, struct fault *f)
{
	const char *text = json_string_value(json);
	size_t n = text == NULL ? 0 : strlen(text);

	if (n == 0 || n > NUMBER_DIGITS || strspn(text, "0123456789") != n || text[0] == '0')
		return fail(f, "DEMO_RUN_UNKNOWN", "run", text == NULL ? "" : text, NULL);
	*number = (size_t)strtoul(text, NULL, 10);
	return ERR_OK;
}

/* What may be asked, and the only other member that each has. */
static const struct {
	const char *word, *member;
} WORDS[] = {[DEMO_ATTACK] = {"attack", "attack"},
	     [DEMO_WITHOUT] = {"without", "attack"},
	     [DEMO_BUILD] = {"build", "units"},
	     [DEMO_SHOW] = {"show", "run"},
	     [DEMO_LIST] = {"list", NULL}};
enum { WORDS_N = sizeof WORDS / sizeof WORDS[0] };

static err read_request(const json_t *json, struct demo_request *out, struct fault *f)
{
	const char *word = json_string_value(json_object_get(json, "do"));
	size_t i = 0;

	while (i < WORDS_N && (word == NULL || strcmp(word, WORDS[i].word) != 0))
		i++;
	if (i == WORDS_N)
		return wrong(f, "it does not say what to do");
	out->word = (enum demo_word)i;
	if (WORDS[i].member == NULL)
		return json_object_size(json) == 1 ? ERR_OK : wrong(f, "it says too much");
	const json_t *member = json_object_get(json, WORDS[i].member);
	if (member == NULL || json_object_size(json) != 2)
		return wrong(f, "it has other members than it should");
	if (out->word == DEMO_BUILD)
		return unit_count(member, &out->which, f);
	if (out->word == DEMO_SHOW)
		return run_number(member, &out->which, f);
	return attack_row(member, out->word, &out->which, f);
}

err demo_request_parse(struct bytes line, struct demo_request *out, struct fault *f)
{
	json_error_t error;
	json_t *json = json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES, &error);

	*out = (struct demo_request){0};
	err e = json_is_object(json) ? read_request(json, out, f)
				     : wrong(f, "it is no JSON object");
	json_decref(json);
	return e;
}

/* ---- and answered ---- */

static err begin(struct demo_live *l, enum run_kind kind, size_t which, json_t **out,
		 struct fault *f)
{
	unsigned number = 0;

	TRY(demo_live_begin(l, kind, which, &number, f));
	*out = json_pack("{s:o}", "run", json_sprintf("%u", number));
	return ERR_OK;
}

static err answer(struct demo_live *l, struct bytes line, json_t **out, struct fault *f)
{
	struct demo_request r;

	TRY(demo_request_parse(line, &r, f));
	switch (r.word) {
	case DEMO_ATTACK:
		return begin(l, RUN_ATTACK, r.which, out, f);
	case DEMO_WITHOUT:
		return begin(l, RUN_WITHOUT, r.which, out, f);
	case DEMO_BUILD:
		return begin(l, RUN_BUILD, r.which, out, f);
	case DEMO_SHOW:
		return demo_live_show(l, (unsigned)r.which, out, f);
	case DEMO_LIST:
		break;
	}
	*out = demo_live_list(l);
	return ERR_OK;
}

/* Never NULL unless memory is out; freed by the caller. */
static char *reply_to(struct demo_live *l, struct bytes line)
{
	json_t *body = NULL, *reply;
	struct fault f = {0};
	err e = answer(l, line, &body, &f);

	reply = e.code == OK ? json_pack("{s:o}", "body", body)
			     : json_pack("{s:o}", "problem", demo_fault_json(&f));
	char *text = reply == NULL ? NULL : json_dumps(reply, JSON_COMPACT);
	json_decref(reply);
	return text;
}

/* ---- the socket ---- */

static err door_failed(struct fault *f, const char *path)
{
	return fail(f, "DEMO_DOOR_FAILED", "path", path, "why", strerror(errno), NULL);
}

/* Only a socket that an earlier demo left behind is removed. */
static err listen_at(const char *path, int *out, struct fault *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	AUTO(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, strlen(path));
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	mode_t before = umask(0177);
	int bound = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof address);
	umask(before);
	if (bound != 0 || listen(fd, BACKLOG) != 0)
		return door_failed(f, path);
	*out = fd;
	fd = -1;
	return ERR_OK;
}

err demo_door_open(const char *path, struct demo_live *l, struct demo_door **out, struct fault *f)
{
	struct demo_door *door = calloc(1, sizeof *door);

	if (door == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	door->live = l;
	err e = ERR_OK;
	if (strlen(path) >= sizeof door->path) {
		errno = ENAMETOOLONG;
		e = door_failed(f, path);
	} else {
		memcpy(door->path, path, strlen(path));
		e = listen_at(door->path, &door->fd, f);
	}
	if (e.code != OK) {
		free(door);
		return e;
	}
	*out = door;
	return ERR_OK;
}

int demo_door_fd(const struct demo_door *door)
{
	return door->fd;
}

static bool is_ours(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && n == sizeof peer &&
	       peer.uid == getuid();
}

static bool wait_for(int fd, short what, uint64_t until)
{
	uint64_t now = clock_steady_ms(&clock_system);
	struct pollfd p = {.fd = fd, .events = what};

	return now < until && poll(&p, 1, (int)(until - now)) == 1;
}

/* A line, whole and in time; nothing may follow it. */
static bool read_line(int fd, uint64_t until, char line[static REQUEST_MAX], size_t *n)
{
	for (*n = 0; *n < REQUEST_MAX;) {
		if (!wait_for(fd, POLLIN, until))
			return false;
		ssize_t got = recv(fd, line + *n, REQUEST_MAX - *n, MSG_DONTWAIT);
		if (got <= 0)
			return false;
		*n += (size_t)got;
		const char *end = memchr(line, '\n', *n);
		if (end != NULL && end != line + *n - 1)
			return false;
		if (end != NULL) {
			--*n;
			return true;
		}
	}
	return false;
}

static void write_all(int fd, uint64_t until, struct bytes text)
{
	while (text.n > 0 && wait_for(fd, POLLOUT, until)) {
		ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n <= 0)
			return;
		text = bytes_of(text.p + n, text.n - (size_t)n);
	}
}

void demo_door_answer(struct demo_door *door)
{
	uint64_t until = clock_steady_ms(&clock_system) + PATIENCE_MS;
	AUTO(fd_close) int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC);
	char line[REQUEST_MAX], *reply;
	size_t n;

	if (fd < 0 || !is_ours(fd) || !read_line(fd, until, line, &n))
		return;
	reply = reply_to(door->live, bytes_of(line, n));
	if (reply == NULL)
		return;
	write_all(fd, until, bytes_text(reply));
	write_all(fd, until, bytes_text("\n"));
	free(reply);
}

void demo_door_close(struct demo_door *door)
{
	if (door == NULL)
		return;
	fd_close(&door->fd);
	unlink(door->path);
	free(door);
}

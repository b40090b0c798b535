/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c — signer_run: one thread, one poll loop, a handful of clients. A client gets one request
 * answered at a time; whoever stops reading or sends half a frame waits alone. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "signer/sandbox.h"
#include "signer/succeed.h"
#include "signer/vault.h"

enum { CLIENTS_MAX = 16, BACKLOG = 16, KEPT_MAX = 1 << 16, ARENA_LIMIT = 8 << 20 };

struct client {
	int fd;        /* -1: free */
	bool limited;  /* not the server: may look, and deny */
	uint64_t turn; /* when it was last heard: the longest silent makes room for a new one */
	uint8_t *in, *out;
	size_t in_n, in_cap;  /* of the frame so far, with its head */
	size_t out_n, out_at; /* out_n 0: nothing to send */
};

struct service {
	struct vault vault;
	struct arena arena;
	uint8_t *reply; /* room for the largest frame */
	struct client clients[CLIENTS_MAX];
	uint64_t turns;
	unsigned peer_uid, own_uid;
	int listener, signals;
};

/* ---- clients ---- */

static void client_end(struct client *c)
{
	fd_close(&c->fd);
	free(c->in);
	free(c->out);
	*c = (struct client){.fd = -1};
}

/* A free place, or that of the client who has been silent longest. */
static struct client *client_place(struct service *s)
{
	struct client *oldest = &s->clients[0];

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (s->clients[i].fd < 0)
			return &s->clients[i];
		if (s->clients[i].turn < oldest->turn)
			oldest = &s->clients[i];
	}
	client_end(oldest);
	return oldest;
}

/* The server may ask everything. The signer's own user and root could read its files anyway: they may
 * look and deny, so that a no reaches the signer when the server keeps it back. */
static bool peer_allowed(const struct service *s, int fd, bool *limited)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0 || n != sizeof(peer))
		return false;
	*limited = peer.uid != s->peer_uid;
	return !*limited || peer.uid == s->own_uid || peer.uid == 0;
}

/* Best effort: it tells an honest but wrong user why. */
static void refuse_peer(int fd)
{
	uint8_t frame[256];
	struct writer w = writer_of(frame + FRAME_HEAD, sizeof(frame) - FRAME_HEAD);
	struct writer head = writer_of(frame, FRAME_HEAD);
	struct fault f = {0};
	struct bytes reply;

	(void)fail(&f, "SIGNER_PEER_REFUSED", NULL);
	reply_put_fault(&w, &f);
	if (!writer_done(&w, &reply))
		return;
	put_u32(&head, (uint32_t)reply.n);
	ssize_t sent = send(fd, frame, FRAME_HEAD + reply.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)sent;
}

static void accept_one(struct service *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	bool limited = true;

	if (fd < 0)
		return; /* gone again, or the descriptors ran out: the next turn tries again */
	if (!peer_allowed(s, fd, &limited)) {
		log_event(LOG_WARNING_LEVEL, "signer.peer_refused", NULL);
		refuse_peer(fd);
		fd_close(&fd);
		return;
	}
	struct client *c = client_place(s);
	*c = (struct client){.fd = fd, .limited = limited, .turn = ++s->turns};
}

/* ---- frames ---- */

static bool reserve(struct client *c, size_t size)
{
	if (size <= c->in_cap)
		return true;
	uint8_t *larger = realloc(c->in, size);
	if (larger == NULL)
		return false;
	c->in = larger;
	c->in_cap = size;
	return true;
}

/* The whole frame's size as far as it is known; 0 if it can never be one. */
static size_t frame_size(const struct client *c)
{
	struct reader r = reader_of(bytes_of(c->in, c->in_n));
	uint32_t n = get_u32(&r);

	if (c->in_n < FRAME_HEAD)
		return FRAME_HEAD;
	return n == 0 || n > FRAME_MAX ? 0 : FRAME_HEAD + (size_t)n;
}

/* Large buffers are not held for a client who may never need them again. */
static void frame_done(struct client *c)
{
	c->in_n = 0;
	if (c->in_cap > KEPT_MAX) {
		free(c->in);
		c->in = NULL;
		c->in_cap = 0;
	}
}

static err answer(struct service *s, struct client *c, struct fault *f)
{
	struct bytes request = bytes_of(c->in + FRAME_HEAD, c->in_n - FRAME_HEAD), reply;
	struct writer head = writer_of(s->reply, FRAME_HEAD);
	struct writer w = writer_of(s->reply + FRAME_HEAD, FRAME_MAX);

	TRY(vault_answer(&s->vault, request, c->limited, &s->arena, &w, f));
	if (!writer_done(&w, &reply))
		return fail(f, "MEMORY_EXHAUSTED", "what", "a reply", NULL);
	put_u32(&head, (uint32_t)reply.n);
	c->out_n = FRAME_HEAD + reply.n;
	c->out_at = 0;
	c->out = malloc(c->out_n);
	if (c->out == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a reply", NULL);
	memcpy(c->out, s->reply, c->out_n);
	frame_done(c);
	return ERR_OK;
}

static void client_send(struct client *c)
{
	ssize_t put = send(c->fd, c->out + c->out_at, c->out_n - c->out_at, MSG_NOSIGNAL);

	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (put < 0) {
		client_end(c);
		return;
	}
	c->out_at += (size_t)put;
	if (c->out_at < c->out_n)
		return;
	free(c->out);
	c->out = NULL;
	c->out_n = 0;
}

/* Reads no further than the end of the frame, so that the next one waits in the kernel. */
static err client_receive(struct service *s, struct client *c, struct fault *f)
{
	size_t size = frame_size(c);

	if (!reserve(c, size)) {
		client_end(c);
		return ERR_OK;
	}
	ssize_t got = recv(c->fd, c->in + c->in_n, size - c->in_n, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return ERR_OK;
	if (got <= 0) {
		client_end(c);
		return ERR_OK;
	}
	c->in_n += (size_t)got;
	c->turn = ++s->turns;
	size = frame_size(c);
	if (size == 0)
		client_end(c);
	else if (c->in_n == size && size > FRAME_HEAD) {
		err answered = answer(s, c, f);
		arena_reset(&s->arena);
		TRY(answered);
		client_send(c);
	}
	return ERR_OK;
}

/* ---- the loop ---- */

enum { POLL_LISTENER, POLL_SIGNALS, POLL_CLIENTS };

static void fill_poll(const struct service *s, struct pollfd *fds)
{
	fds[POLL_LISTENER] = (struct pollfd){.fd = s->listener, .events = POLLIN};
	fds[POLL_SIGNALS] = (struct pollfd){.fd = s->signals, .events = POLLIN};
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		const struct client *c = &s->clients[i];

		fds[POLL_CLIENTS + i] =
			(struct pollfd){.fd = c->fd, .events = c->out_n > 0 ? POLLOUT : POLLIN};
	}
}

static err serve_clients(struct service *s, const struct pollfd *fds, struct fault *f)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &s->clients[i];

		if (fds[i].revents == 0 || c->fd != fds[i].fd || c->fd < 0)
			continue;
		if (c->out_n > 0)
			client_send(c);
		else
			TRY(client_receive(s, c, f));
	}
	return ERR_OK;
}

static err serve(struct service *s, struct fault *f)
{
	for (;;) {
		struct pollfd fds[POLL_CLIENTS + CLIENTS_MAX];

		fill_poll(s, fds);
		if (poll(fds, POLL_CLIENTS + CLIENTS_MAX, -1) < 0) {
			if (errno == EINTR)
				continue;
			return fail(f, "SIGNER_SOCKET_FAILED", "why", strerror(errno), NULL);
		}
		if (fds[POLL_SIGNALS].revents != 0)
			return ERR_OK;
		TRY(serve_clients(s, fds + POLL_CLIENTS, f));
		if (fds[POLL_LISTENER].revents != 0)
			accept_one(s);
	}
}

/* ---- start and end ---- */

/* Others must not even reach the socket's name: its folder keeps them out. */
static err judge_socket_folder(const char *path, struct fault *f)
{
	const char *slash = strrchr(path, '/');
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)] = ".";
	struct stat status;

	if (slash != NULL && slash != path) {
		memcpy(folder, path, (size_t)(slash - path));
		folder[slash - path] = 0;
	}
	if (stat(folder, &status) != 0)
		return fail(f, "SIGNER_SOCKET_FAILED", "why", strerror(errno), NULL);
	if ((status.st_mode & 07) != 0)
		return fail(f, "SIGNER_FOLDER_OPEN_TO_OTHERS", "path", folder, NULL);
	return ERR_OK;
}

static err remove_old_socket(const char *path, struct fault *f)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return ERR_OK;
	if (!S_ISSOCK(status.st_mode) || unlink(path) != 0)
		return fail(f, "SIGNER_SOCKET_FAILED", "why",
			    "something that is not a socket has its name", NULL);
	return ERR_OK;
}

static err listen_at(const char *path, unsigned peer_uid, int *listener, struct fault *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	/* Another user's server gets in by the folder's group; SO_PEERCRED decides in the end. */
	mode_t mask = peer_uid == geteuid() ? 0177 : 0117;

	if (strlen(path) >= sizeof(address.sun_path))
		return fail(f, "SIGNER_SOCKET_FAILED", "why", strerror(ENAMETOOLONG), NULL);
	memcpy(address.sun_path, path, strlen(path));
	TRY(judge_socket_folder(path, f));
	TRY(remove_old_socket(path, f));
	*listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t before = umask(mask);
	int bound = *listener < 0
			    ? -1
			    : bind(*listener, (const struct sockaddr *)&address, sizeof(address));
	int why = errno;
	(void)umask(before);
	if (bound != 0 || listen(*listener, BACKLOG) != 0)
		return fail(f, "SIGNER_SOCKET_FAILED", "why", strerror(bound != 0 ? why : errno),
			    NULL);
	return ERR_OK;
}

static err catch_signals(int *fd, struct fault *f)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return fail(f, "SIGNER_SOCKET_FAILED", "why", strerror(errno), NULL);
	*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *fd >= 0 ? ERR_OK : fail(f, "SIGNER_SOCKET_FAILED", "why", strerror(errno), NULL);
}

static void say_ready(int *fd)
{
	if (*fd < 0)
		return;
	ssize_t put = write(*fd, "1", 1); /* nobody waiting is no failure */
	(void)put;
	fd_close(fd);
}

static void say_cut(const struct vault *vault)
{
	char cut[24];

	if (vault->cut == 0)
		return;
	(void)snprintf(cut, sizeof(cut), "%llu", (unsigned long long)vault->cut);
	log_event(LOG_WARNING_LEVEL, "signer.torn_record_cut", "bytes", cut, NULL);
}

static err run(struct service *s, const struct signer_config *config, struct fault *f)
{
	int ready_fd = config->ready_fd;

	s->reply = malloc(FRAME_HEAD + FRAME_MAX);
	if (s->reply == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the signer", NULL);
	TRY(sandbox_begin(ready_fd, f));
	TRY(catch_signals(&s->signals, f));
	if (config->clock != NULL)
		s->vault.clock = *config->clock;
	TRY(signer_not_restored(config->folder, f));
	TRY(vault_open(config->folder, config->passphrase, &s->vault, f));
	say_cut(&s->vault);
	TRY(listen_at(config->socket, config->peer_uid, &s->listener, f));
	TRY(sandbox_enter(f));
	say_ready(&ready_fd);
	log_event(LOG_INFO_LEVEL, "signer.ready", "origin", s->vault.public.checkpoint.name, NULL);
	return serve(s, f);
}

err signer_run(const struct signer_config *config, struct fault *f)
{
	struct service *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the signer", NULL);
	s->arena.limit = ARENA_LIMIT;
	s->peer_uid = config->peer_uid;
	s->own_uid = geteuid();
	s->listener = s->signals = -1;
	s->vault.journal.fd = s->vault.slots.fd = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		s->clients[i].fd = -1;
	err ended = run(s, config, f);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		client_end(&s->clients[i]);
	fd_close(&s->listener);
	fd_close(&s->signals);
	vault_close(&s->vault);
	arena_done(&s->arena);
	free(s->reply);
	free(s);
	return ended;
}

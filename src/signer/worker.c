/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c — a foreign library in a process of its own, and the supervisor that starts it again.
 *
 * Frames pass over one SOCK_SEQPACKET pair, each with its request's number. The worker looks at a
 * request (MSG_PEEK), says in memory shared with the supervisor that it works on it, answers, and
 * only then takes it out of the socket. So whenever it dies, the supervisor knows which request
 * that was, answers it in the worker's place, and takes it out: a request that kills its worker
 * does not kill the next one, and a counter is not advanced twice. */
#include "signer/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "signer/protocol.h"
#include "signer/sandbox.h"

enum {
	NUMBER_SIZE = 8, /* before a request; a reply has one byte more: 1, or 0 and a fault */
	REPLY_HEAD = NUMBER_SIZE + 1,
	FRAME_SIZE = REPLY_HEAD + WORKER_FRAME_MAX,
	WAIT_MS = (WORKER_ANSWER_S + 10) * 1000, /* the supervisor answers before */
	NOT_OPENED = 3,
};

/* What a worker and its supervisor have. */
struct child {
	worker_open *open;
	worker_answer *answer;
	const void *config;
	bool network;
	int fd;
	_Atomic uint64_t *busy; /* number of the request in hand; 0: none. Shared. */
	uint8_t *request, *reply;
};

static err worker_failed(const char *why, struct fault *f)
{
	return fail(f, "SIGNER_WORKER_FAILED", "why", why, NULL);
}

/* ---- both children ---- */

static void send_reply(struct child *c, uint64_t number, struct bytes content, bool ok)
{
	struct writer w = writer_of(c->reply, REPLY_HEAD);

	put_u64(&w, number);
	put_u8(&w, ok ? 1 : 0);
	ssize_t sent = send(c->fd, c->reply, REPLY_HEAD + content.n, MSG_NOSIGNAL);
	(void)sent; /* the signer is gone: the next look at the socket says so */
}

static void send_fault(struct child *c, uint64_t number, const struct fault *fault)
{
	struct writer w = writer_of(c->reply + REPLY_HEAD, WORKER_FRAME_MAX);
	struct bytes content;

	reply_put_fault(&w, fault);
	if (writer_done(&w, &content))
		send_reply(c, number, content, false);
}

/* The number of the oldest request in the socket. With `wait` blocks until there is one. False:
 * there is none, or never will be. */
static bool peek_number(const struct child *c, bool wait, uint64_t *number)
{
	uint8_t head[NUMBER_SIZE];
	ssize_t got = 0;

	do
		got = recv(c->fd, head, sizeof(head), MSG_PEEK | (wait ? 0 : MSG_DONTWAIT));
	while (got < 0 && errno == EINTR);
	struct reader r = reader_of(bytes_of(head, got > 0 ? (size_t)got : 0));
	*number = get_u64(&r);
	return got == NUMBER_SIZE;
}

static void take_request(const struct child *c)
{
	uint8_t head[NUMBER_SIZE];
	ssize_t got = recv(c->fd, head, sizeof(head), MSG_DONTWAIT);

	(void)got; /* there is one: nobody else takes it */
}

/* Dies with its parent; the parent may be dead already. */
static void die_with(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(0);
}

/* ---- the worker ---- */

static bool serve_one(struct child *c, void *context)
{
	struct writer w = writer_of(c->reply + REPLY_HEAD, WORKER_FRAME_MAX);
	struct bytes content = {0};
	struct fault f = {0};
	ssize_t got = recv(c->fd, c->request, FRAME_SIZE, MSG_PEEK);

	if (got < 0 && errno == EINTR)
		return true;
	if (got < NUMBER_SIZE)
		return false; /* 0: the signer has closed its end */
	struct reader r = reader_of(bytes_of(c->request, (size_t)got));
	uint64_t number = get_u64(&r);
	atomic_store(c->busy, number);
	(void)alarm(WORKER_ANSWER_S);
	err answered = c->answer(context, get_bytes(&r, r.n), &w, &f);
	(void)alarm(0);
	if (answered.code == OK && !writer_done(&w, &content))
		answered = worker_failed("its answer is too long", &f);
	if (answered.code == OK)
		send_reply(c, number, content, true);
	else
		send_fault(c, number, &f);
	take_request(c);
	atomic_store(c->busy, 0);
	return true;
}

static _Noreturn void work(struct child *c, bool first)
{
	void *context = NULL;
	struct fault f = {0};
	uint64_t number = 0; /* the first answer is to no request: ready, or why not */

	/* Later it opens for the request that waits: dying here answers that one too. */
	if (!first && peek_number(c, false, &number))
		atomic_store(c->busy, number);
	(void)alarm(WORKER_ANSWER_S);
	err opened = c->open(c->config, &context, &f);
	(void)alarm(0);
	if (opened.code == OK)
		opened = worker_lock(c->network, &f);
	if (opened.code != OK) {
		send_fault(c, number, &f);
		_exit(NOT_OPENED);
	}
	if (first)
		send_reply(c, 0, (struct bytes){0}, true);
	while (serve_one(c, context))
		;
	_exit(0);
}

/* ---- the supervisor ---- */

/* Waits for the worker's end, and makes it when the signer has closed. */
static int watch(const struct child *c, pid_t pid)
{
	AUTO(fd_close) int end = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd fds[] = {{.fd = c->fd}, {.fd = end, .events = POLLIN}};
	int status = 0;

	while (end >= 0 && poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	if (fds[0].revents != 0 || end < 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (fds[0].revents != 0)
		_exit(0);
	return status;
}

static void say_how(int status, struct fault *f)
{
	char why[64];

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		(void)snprintf(why, sizeof(why), "it did not end within %d s", WORKER_ANSWER_S);
	else if (WIFSIGNALED(status))
		(void)snprintf(why, sizeof(why), "signal %d ended it", WTERMSIG(status));
	else
		(void)snprintf(why, sizeof(why), "it ended with %d", WEXITSTATUS(status));
	(void)worker_failed(why, f);
}

/* Answers what the dead worker had in hand, unless it could still do so itself: the signer passes
 * over a second answer to one request. */
static void answer_for_the_dead(struct child *c, int status)
{
	uint64_t number = atomic_load(c->busy), oldest = 0;
	struct fault f = {0};

	if (number == 0)
		return;
	say_how(status, &f);
	send_fault(c, number, &f);
	if (peek_number(c, false, &oldest) && oldest == number)
		take_request(c);
	atomic_store(c->busy, 0);
}

/* Workers end with the signer, not by a signal to the whole group: it may still need them. */
static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void supervise(struct child *c, pid_t parent)
{
	struct fault f = {0};
	uint64_t number = 0;
	bool first = true;

	die_with(parent);
	reset_signals();
	(void)setsid(); /* no terminal, on which a library could type */
	err begun = sandbox_begin(c->fd, &f);
	while (begun.code == OK && (first || peek_number(c, true, &number))) {
		pid_t self = getpid(), pid = fork();
		if (pid == 0) {
			die_with(self);
			work(c, first);
		}
		if (pid < 0) {
			begun = worker_failed(strerror(errno), &f);
			break;
		}
		int status = watch(c, pid);
		if (first && WIFEXITED(status) && WEXITSTATUS(status) == NOT_OPENED)
			_exit(NOT_OPENED);
		if (first && WIFSIGNALED(status) && atomic_load(c->busy) == 0) {
			/* Died while it opened, or idle: then the signer passes over this. */
			say_how(status, &f);
			send_fault(c, 0, &f);
		}
		answer_for_the_dead(c, status);
		first = false;
	}
	if (begun.code != OK)
		send_fault(c, number, &f);
	_exit(0);
}

/* ---- the signer's side ---- */

/* In the child; the signer's copy stays empty. */
static _Noreturn void child_run(struct child c, pid_t parent)
{
	void *shared = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	c.request = malloc(FRAME_SIZE);
	c.reply = malloc(FRAME_SIZE);
	if (shared == MAP_FAILED || c.request == NULL || c.reply == NULL)
		_exit(1);
	c.busy = shared;
	supervise(&c, parent);
}

err worker_start(worker_open *open, worker_answer *answer, const void *config, bool network,
		 struct worker *out, struct fault *f)
{
	struct child c = {open, answer, config, network, -1, NULL, NULL, NULL};
	struct worker w = {.fd = -1};
	struct bytes none;
	int ends[2];

	w.frame = malloc(FRAME_SIZE);
	if (w.frame == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a worker", NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		free(w.frame);
		return worker_failed(strerror(errno), f);
	}
	pid_t parent = getpid();
	w.fd = ends[0];
	w.pid = fork();
	if (w.pid == 0) {
		c.fd = ends[1];
		child_run(c, parent);
	}
	int why = errno;
	(void)close(ends[1]);
	w.asked = 0;
	w.answered = UINT64_MAX; /* so that the one expected is number 0 */
	err started =
		w.pid < 0 ? worker_failed(strerror(why), f) : worker_receive(&w, NULL, 0, &none, f);
	if (started.code != OK) {
		worker_stop(&w);
		return started;
	}
	*out = w;
	return ERR_OK;
}

void worker_stop(struct worker *w)
{
	int status;

	if (w->fd < 0)
		return;
	fd_close(&w->fd);
	/* The supervisor sees the end of the socket, kills its worker, and ends. */
	while (w->pid > 0 && waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	free(w->frame);
	*w = (struct worker){.fd = -1};
}

err worker_send(struct worker *w, struct bytes request, struct fault *f)
{
	struct writer writer = writer_of(w->frame, FRAME_SIZE);
	struct bytes frame;

	if (w->fd < 0)
		return worker_failed("it does not run", f);
	if (request.n > WORKER_FRAME_MAX)
		return worker_failed("the request is too long", f);
	put_u64(&writer, w->asked + 1);
	put_bytes(&writer, request);
	if (!writer_done(&writer, &frame))
		return worker_failed("the request is too long", f);
	ssize_t sent = 0;
	do
		sent = send(w->fd, frame.p, frame.n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return worker_failed(strerror(errno), f);
	w->asked++;
	return ERR_OK;
}

/* One frame into w->frame. */
static err frame_get(struct worker *w, size_t *n, struct fault *f)
{
	struct pollfd fds = {.fd = w->fd, .events = POLLIN};
	ssize_t got = 0;
	int ready = 0;

	do
		ready = poll(&fds, 1, WAIT_MS);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return worker_failed("it does not answer", f);
	do
		got = recv(w->fd, w->frame, FRAME_SIZE, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return worker_failed(strerror(errno), f);
	if (got == 0)
		return worker_failed("its supervisor is gone", f);
	*n = (size_t)got;
	return ERR_OK;
}

err worker_receive(struct worker *w, uint8_t *buffer, size_t cap, struct bytes *reply,
		   struct fault *f)
{
	uint64_t expected = w->answered + 1, number = 0;
	struct reader r, value;
	size_t n = 0;

	if (w->fd < 0 || w->answered == w->asked)
		return worker_failed("nothing was asked", f);
	w->answered = expected; /* also when it fails: a late answer is passed over */
	do {
		TRY(frame_get(w, &n, f));
		r = reader_of(bytes_of(w->frame, n));
		number = get_u64(&r);
	} while (r.why != NULL || number != expected);
	uint8_t ok = get_u8(&r);
	if (r.why != NULL || (ok == 1 && r.n > cap))
		return worker_failed("its answer is too long, or too short", f);
	if (ok == 1) {
		if (r.n > 0)
			memcpy(buffer, r.p, r.n);
		*reply = bytes_of(buffer, r.n);
		return ERR_OK;
	}
	TRY(reply_open(get_bytes(&r, r.n), &value, f));
	return worker_failed("its answer is not understood", f);
}

err worker_ask(struct worker *w, struct bytes request, uint8_t *buffer, size_t cap,
	       struct bytes *reply, struct fault *f)
{
	TRY(worker_send(w, request, f));
	return worker_receive(w, buffer, cap, reply, f);
}

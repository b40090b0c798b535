/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/child.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_FD = 3, READY_MS = 60000, STOP_MS = 20000 };

extern char **environ;

static err failed(struct fault *f, const char *const *arguments, const char *log,
		  const char *detail)
{
	return fail(f, "CHILD_FAILED", "command", arguments[0], "detail", detail, "log",
		    log == NULL ? "what it said" : log, NULL);
}

/* Signals as a fresh process has them, whatever the caller blocks. */
static int set_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGTERM);
	sigaddset(&defaults, SIGINT);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &defaults);
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static err spawn(const char *const *arguments, int ready, const char *log, pid_t *pid,
		 struct fault *f)
{
	char *list[CHILD_ARGUMENTS_MAX + 4] = {(char *)(uintptr_t) "sealwright"};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	size_t n = 1;

	for (size_t i = 0; arguments[i] != NULL; i++) {
		if (n == CHILD_ARGUMENTS_MAX)
			return failed(f, arguments, log, "it has too many arguments");
		list[n++] = (char *)(uintptr_t)arguments[i];
	}
	if (ready >= 0) {
		list[n++] = (char *)(uintptr_t) "--ready-fd";
		list[n++] = (char *)(uintptr_t) "3";
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	if (ready >= 0)
		posix_spawn_file_actions_adddup2(&actions, ready, READY_FD);
	if (log != NULL) {
		posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log,
						 O_WRONLY | O_CREAT | O_APPEND, 0600);
		posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	}
	set_signals(&attributes);
	int status = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, list, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return status == 0 ? ERR_OK : failed(f, arguments, log, strerror(status));
}

/* One line, or one byte and no more. */
static err await_ready(int fd, const char *const *arguments, const char *log, struct child *child,
		       struct fault *f)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int ready;

	do {
		ready = poll(&p, 1, READY_MS);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return failed(f, arguments, log, "it did not become ready");
	ssize_t n = read(fd, child->ready, sizeof child->ready - 1);
	if (n <= 0)
		return failed(f, arguments, log, "it ended before it was ready");
	child->ready[n] = '\0';
	return ERR_OK;
}

err child_start(const char *const *arguments, const char *log, struct child *out, struct fault *f)
{
	int ends[2];
	struct child child = {0};

	if (pipe2(ends, O_CLOEXEC) != 0)
		return failed(f, arguments, log, strerror(errno));
	/* A descriptor that is 3 already would be closed at exec: dup2 onto itself keeps the flag. */
	if (ends[1] == READY_FD) {
		int other = fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
		close(ends[1]);
		ends[1] = other;
	}
	err e = spawn(arguments, ends[1], log, &child.pid, f);
	close(ends[1]);
	if (e.code == OK)
		e = await_ready(ends[0], arguments, log, &child, f);
	close(ends[0]);
	if (e.code != OK) {
		child_stop(&child);
		return e;
	}
	*out = child;
	return ERR_OK;
}

err child_run(const char *const *arguments, const char *log, struct fault *f)
{
	pid_t pid = 0, ended;
	int status;

	TRY(spawn(arguments, -1, log, &pid, f));
	do {
		ended = waitpid(pid, &status, 0);
	} while (ended < 0 && errno == EINTR);
	if (ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return ERR_OK;
	char text[64];
	snprintf(text, sizeof text, "it ended with status %d",
		 ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return failed(f, arguments, log, text);
}

static bool ends_within(pid_t pid, int ms)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool ended = fd >= 0 && poll(&p, 1, ms) == 1;

	fd_close(&fd);
	return ended;
}

void child_stop(struct child *child)
{
	if (child->pid <= 0)
		return;
	kill(child->pid, SIGTERM);
	if (!ends_within(child->pid, STOP_MS))
		kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	child->pid = 0;
}

bool child_runs(const struct child *child)
{
	return child->pid > 0 && waitpid(child->pid, NULL, WNOHANG) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "watcher.h"

#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_FD = 3 };

/* ---- programs ---- */

/* What it writes to READY_FD, and so does not to standard output, can be read from `*ready`. */
static pid_t start(const char *const *words, int *ready)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
		(void)dup2(nothing, 0);
		(void)dup2(nothing, 1);
		(void)dup2(fds[1], READY_FD);
		(void)execvp(words[0], (char *const *)(uintptr_t)words);
		_exit(127);
	}
	close(fds[1]);
	*ready = fds[0];
	return pid;
}

void watcher_run(const char *const *words)
{
	int status = 0, ready;
	pid_t pid = start(words, &ready);

	close(ready);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		stop_test("%s %s: %d\n", words[0], words[1], status);
}

void folder_copy(const char *from, const char *to)
{
	const char *words[] = {"cp", "-a", "--", from, to, NULL};

	watcher_run(words);
}

void folder_remove(const char *folder)
{
	const char *words[] = {"rm", "-rf", "--", folder, NULL};

	watcher_run(words);
}

void folder_put_back(const char *copy, const char *to)
{
	const char *words[] = {"mv", "--", copy, to, NULL};

	folder_remove(to);
	watcher_run(words);
}

/* ---- the witness ---- */

static void read_line(const char *path, char *out, size_t cap)
{
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_non_null(fgets(out, (int)cap, file));
	(void)fclose(file);
	out[strcspn(out, "\n")] = '\0';
}

void watcher_make(struct watcher *w, const char *name)
{
	char path[96];

	*w = (struct watcher){0};
	snprintf(w->folder, sizeof w->folder, "/tmp/sealwright-witness-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->name, sizeof w->name, "%s", name);
	const char *words[] = {SEALWRIGHT, "witness", "make", w->folder, "--name", name, NULL};
	watcher_run(words);
	snprintf(path, sizeof path, "%s/witness.vkey", w->folder);
	read_line(path, w->vkey, sizeof w->vkey);
	snprintf(w->ca, sizeof w->ca, "%s/tls.crt", w->folder);
}

void watcher_start(struct watcher *w)
{
	char port[16], line[64] = "";
	int ready;

	snprintf(port, sizeof port, "%u", w->port);
	const char *words[] = {SEALWRIGHT,   "witness", "serve", w->folder, "--name",
			       w->name,      "--log",   w->log,  "--port",  port,
			       "--ready-fd", "3",       NULL};
	w->pid = start(words, &ready);
	FILE *file = fdopen(ready, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof line, file));
	(void)fclose(file);
	w->port = (unsigned)strtoul(line, NULL, 10);
	assert_true(w->port > 0);
	snprintf(w->setting, sizeof w->setting, "https://localhost:%u %s", w->port, w->vkey);
}

void watcher_stop(struct watcher *w)
{
	if (w->pid == 0)
		return;
	assert_int_equal(kill(w->pid, SIGTERM), 0);
	assert_int_equal(waitpid(w->pid, NULL, 0), w->pid);
	w->pid = 0;
}

void watcher_done(struct watcher *w)
{
	watcher_stop(w);
	folder_remove(w->folder);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* watcher.h — a witness for tests: the real program in a process of its own. */
#ifndef TESTS_API_WATCHER_H
#define TESTS_API_WATCHER_H

#include <sys/types.h>

struct watcher {
	char folder[64], name[64], vkey[256];
	char log[600];     /* file of the verifier key that it watches */
	char setting[600]; /* for `witness`, once it served */
	char ca[80];       /* its certificate */
	unsigned port;     /* stays the same over restarts */
	pid_t pid;         /* 0: away */
};

/* Makes its folder and key; every helper fails the test if it does not work. */
void watcher_make(struct watcher *w, const char *name);
void watcher_done(struct watcher *w);
/* Serves; `log` is a file with the verifier key of a log. */
void watcher_start(struct watcher *w);
void watcher_stop(struct watcher *w);

/* Runs a program to its end. */
void watcher_run(const char *const *words);
/* Copies a folder, and puts a copy back in its place. */
void folder_copy(const char *from, const char *to);
void folder_put_back(const char *copy, const char *to);
void folder_remove(const char *folder);

#endif

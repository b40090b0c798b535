/* SPDX-License-Identifier: Apache-2.0 */
/* child.h — this very program once more as a child: the signer, the server. It says that it is
 * ready through a pipe; it ends when we end. */
#ifndef SIM_CHILD_H
#define SIM_CHILD_H

#include "base/error.h"

#include <sys/types.h>

enum { CHILD_READY_SIZE = 128, CHILD_ARGUMENTS_MAX = 32 };

struct child {
	pid_t pid;                    /* 0: none */
	char ready[CHILD_READY_SIZE]; /* what it said */
};

/* Runs `sealwright` with these arguments (ended by NULL) and --ready-fd. With `log`, its standard
 * error is appended to that file. Waits until it is ready. CHILD_FAILED. */
MUST_CHECK err child_start(const char *const *arguments, const char *log, struct child *out,
			   struct fault *f);
/* The same without a pipe: runs to its end; CHILD_FAILED unless it ends well. */
MUST_CHECK err child_run(const char *const *arguments, const char *log, struct fault *f);
/* Asks it to end, waits, and insists after 20 s. */
void child_stop(struct child *child);
/* True while it runs. */
bool child_runs(const struct child *child);

#endif

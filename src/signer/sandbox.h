/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.h — what the signer gives up for ever: first privileges and inherited descriptors, then,
 * when all its files are open, every system call that answering requests does not need. */
#ifndef SIGNER_SANDBOX_H
#define SIGNER_SANDBOX_H

#include "base/error.h"

/* No new privileges, no core dump, no ptrace by the same user, and no descriptor but 0 to 2 and
 * `keep_fd`. */
MUST_CHECK err sandbox_begin(int keep_fd, struct fault *f);
/* Keeps what is mapped now — the keys — out of swap, where the limits allow it; then the system
 * call filter: anything outside its list kills the process. No file can be opened, no socket made,
 * nothing executed. */
MUST_CHECK err sandbox_enter(struct fault *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/sandbox.h"

#include <errno.h>
#include <linux/close_range.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Clients, files, and a socket for each session with an HSM. */
enum { FIRST_FD = 3, FDS_MAX = 192 };

static err sandbox_failed(const char *step, int number, struct fault *f)
{
	return fail(f, "SIGNER_SANDBOX_FAILED", "step", step, "why", strerror(number), NULL);
}

static int close_inherited(int keep_fd)
{
	if (keep_fd < FIRST_FD)
		return close_range(FIRST_FD, ~0u, 0);
	if (keep_fd > FIRST_FD && close_range(FIRST_FD, (unsigned)keep_fd - 1, 0) != 0)
		return -1;
	return close_range((unsigned)keep_fd + 1, ~0u, 0);
}

err sandbox_begin(int keep_fd, struct fault *f)
{
	struct rlimit none = {0, 0}, few = {FDS_MAX, FDS_MAX};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return sandbox_failed("no_new_privs", errno, f);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return sandbox_failed("dumpable", errno, f);
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return sandbox_failed("core", errno, f);
	if (close_inherited(keep_fd) != 0)
		return sandbox_failed("close_range", errno, f);
	if (setrlimit(RLIMIT_NOFILE, &few) != 0)
		return sandbox_failed("nofile", errno, f);
	return ERR_OK;
}

/* Serving, journaling, memory, time, and ending. Nothing here names a file or another process. */
static const int ALLOWED[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(fdatasync),
	SCMP_SYS(close),
	SCMP_SYS(accept4),
	SCMP_SYS(getsockopt),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(wait4), /* for workers, when it ends */
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(tgkill),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sched_yield),
};

/* Memory that can be written, or files mapped, but nothing to execute. */
static int allow_plain_memory(scmp_filter_ctx filter, int call)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static int fill(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof(ALLOWED) / sizeof(ALLOWED[0]); i++) {
		int added = seccomp_rule_add(filter, SCMP_ACT_ALLOW, ALLOWED[i], 0);

		if (added != 0)
			return added;
	}
	int added = allow_plain_memory(filter, SCMP_SYS(mmap));
	return added != 0 ? added : allow_plain_memory(filter, SCMP_SYS(mprotect));
}

err sandbox_enter(struct fault *f)
{
	/* Best effort: a small RLIMIT_MEMLOCK forbids it. Not what is mapped later: the index must
	 * be able to grow beyond that limit. */
	(void)mlockall(MCL_CURRENT);

	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		return sandbox_failed("filter", ENOMEM, f);
	int done = fill(filter);
	if (done == 0)
		done = seccomp_load(filter);
	seccomp_release(filter);
	return done == 0 ? ERR_OK : sandbox_failed("filter", -done, f);
}

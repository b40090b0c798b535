/* SPDX-License-Identifier: Apache-2.0 */
/* worker_filter.c — what a worker's foreign library may ask of the kernel. Other than the signer's
 * own filter it has to be wide: nobody knows what a vendor's library calls. So what is not allowed
 * fails and does not kill, and the list leaves out whole matters: programs, other processes, users,
 * mounts, devices to make, kernel interfaces, and sockets where none are needed. */
#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signer/worker.h"

static const int FILES[] = {
	SCMP_SYS(read),       SCMP_SYS(write),         SCMP_SYS(readv),      SCMP_SYS(writev),
	SCMP_SYS(pread64),    SCMP_SYS(pwrite64),      SCMP_SYS(open),       SCMP_SYS(openat),
	SCMP_SYS(creat),      SCMP_SYS(close),         SCMP_SYS(lseek),      SCMP_SYS(stat),
	SCMP_SYS(lstat),      SCMP_SYS(fstat),         SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(statfs),     SCMP_SYS(fstatfs),       SCMP_SYS(access),     SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(getdents64),    SCMP_SYS(fcntl),      SCMP_SYS(flock),
	SCMP_SYS(ftruncate),  SCMP_SYS(fallocate),     SCMP_SYS(fsync),      SCMP_SYS(fdatasync),
	SCMP_SYS(rename),     SCMP_SYS(renameat),      SCMP_SYS(renameat2),  SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),   SCMP_SYS(mkdir),         SCMP_SYS(mkdirat),    SCMP_SYS(rmdir),
	SCMP_SYS(readlink),   SCMP_SYS(readlinkat),    SCMP_SYS(getcwd),     SCMP_SYS(umask),
	SCMP_SYS(dup),        SCMP_SYS(dup2),          SCMP_SYS(dup3),       SCMP_SYS(pipe),
	SCMP_SYS(pipe2),      SCMP_SYS(eventfd2),      SCMP_SYS(poll),       SCMP_SYS(ppoll),
	SCMP_SYS(select),     SCMP_SYS(pselect6),      SCMP_SYS(epoll_wait), SCMP_SYS(epoll_ctl),
	SCMP_SYS(fadvise64),  SCMP_SYS(epoll_create1), SCMP_SYS(ioctl),      SCMP_SYS(epoll_pwait),
};

/* Memory, threads, time, and ending. Its own end of the socket is among the files open. */
static const int SELF[] = {
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(msync),
	SCMP_SYS(mlock),
	SCMP_SYS(mlock2),
	SCMP_SYS(munlock),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(get_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(membarrier),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getcpu),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getgroups),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(getrlimit),
	SCMP_SYS(getrusage),
	SCMP_SYS(times),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(alarm),
	SCMP_SYS(setitimer),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static const int NETWORK[] = {
	SCMP_SYS(socket),      SCMP_SYS(socketpair),  SCMP_SYS(connect),  SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),     SCMP_SYS(sendmmsg),    SCMP_SYS(recvmmsg), SCMP_SYS(shutdown),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(bind),     SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
};

static const int PROGRAMS[] = {SCMP_SYS(execve), SCMP_SYS(execveat)};

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
	int added = 0;

	for (size_t i = 0; i < n && added == 0; i++)
		added = seccomp_rule_add(filter, action, calls[i], 0);
	return added;
}

/* Code comes from files, and is never written: what is mapped to run cannot be changed, and what
 * was written cannot be made to run. */
static int add_memory(scmp_filter_ctx filter)
{
	int added = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (added == 0)
		added = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
					 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0),
					 SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0));
	if (added == 0)
		added = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
					 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return added;
}

/* Threads, not processes: clone3 hides its flags from a filter, so glibc is told to use clone. */
static int add_threads(scmp_filter_ctx filter)
{
	int added = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));

	if (added == 0)
		added = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (added == 0) /* abort() */
		added = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
					 SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	return added;
}

/* Reading a limit, not setting it. */
static int add_limits(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
				SCMP_A2(SCMP_CMP_EQ, 0, 0));
}

#define ALL(calls) calls, sizeof(calls) / sizeof((calls)[0])

static int fill(scmp_filter_ctx filter, bool network)
{
	int added = add_all(filter, SCMP_ACT_ALLOW, ALL(FILES));

	if (added == 0)
		added = add_all(filter, SCMP_ACT_ALLOW, ALL(SELF));
	if (added == 0 && network)
		added = add_all(filter, SCMP_ACT_ALLOW, ALL(NETWORK));
	if (added == 0)
		added = add_all(filter, SCMP_ACT_KILL_PROCESS, ALL(PROGRAMS));
	if (added == 0)
		added = add_memory(filter);
	if (added == 0)
		added = add_threads(filter);
	return added != 0 ? added : add_limits(filter);
}

err worker_lock(bool network, struct fault *f)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int done = filter == NULL ? -ENOMEM : fill(filter, network);

	if (done == 0)
		done = seccomp_load(filter);
	if (filter != NULL)
		seccomp_release(filter);
	return done == 0 ? ERR_OK
			 : fail(f, "SIGNER_SANDBOX_FAILED", "step", "worker filter", "why",
				strerror(-done), NULL);
}

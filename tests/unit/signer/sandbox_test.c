/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer gave up is really gone: each attempt ends the process. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signer/sandbox.h"
#include "signer_testing.h"

/* Runs `attempt` in a child inside the sandbox; the status of waitpid. */
static int in_sandbox(void (*attempt)(void))
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (sandbox_begin(-1, NULL).code != OK || sandbox_enter(NULL).code != OK)
			_exit(9);
		attempt();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void opening(void)
{
	(void)open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}
static void making_a_file(void)
{
	(void)open("/tmp/made-in-the-sandbox", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}
static void internet(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
}
static void local_socket(void)
{
	(void)socket(AF_UNIX, SOCK_STREAM, 0);
}
static void executing(void)
{
	(void)execl("/bin/true", "true", (char *)NULL);
}
static void forking(void)
{
	(void)fork();
}
static void killing(void)
{
	(void)kill(1, 0);
}
static void removing(void)
{
	(void)unlink("/tmp/made-in-the-sandbox");
}
static void opening_up(void)
{
	(void)chmod("/tmp", 0777);
}
static void executable_memory(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void becoming_traceable(void)
{
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void forbidden_calls_end_the_process(void **state)
{
	static void (*const attempts[])(void) = {
		opening, making_a_file, internet,   local_socket,      executing,         forking,
		killing, removing,      opening_up, executable_memory, becoming_traceable};

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int status = in_sandbox(attempts[i]);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			stop_test("attempt %zu was not stopped\n", i);
	}
}

static void memory_and_random_bytes(void)
{
	uint8_t random[16];

	for (size_t n = 1 << 10; n <= 1 << 25; n *= 2) {
		uint8_t *p = calloc(1, n);

		if (p == NULL || p[n / 2] != 0)
			_exit(8);
		p[n - 1] = 1;
		free(p);
	}
	/* Often enough that OpenSSL takes new entropy from the kernel. */
	for (int i = 0; i < 70000; i++)
		if (random_bytes(random, sizeof(random), NULL).code != OK)
			_exit(8);
}

static void what_serving_needs_is_allowed(void **state)
{
	uint8_t random[16];
	int status;

	(void)state;
	/* As the signer does before: OpenSSL has loaded what it needs. */
	assert_int_equal(random_bytes(random, sizeof(random), NULL).code, OK);
	status = in_sandbox(memory_and_random_bytes);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void only_the_kept_descriptor_stays_open(void **state)
{
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC),
	    other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int status = 0;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0 && kept >= 0 && other >= 0);
	if (pid == 0) {
		struct rlimit core;
		bool holds = sandbox_begin(kept, NULL).code == OK && fcntl(kept, F_GETFD) >= 0 &&
			     fcntl(other, F_GETFD) < 0 && errno == EBADF &&
			     getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 &&
			     core.rlim_max == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
			     prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;

		_exit(holds ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(kept);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbidden_calls_end_the_process),
		cmocka_unit_test(what_serving_needs_is_allowed),
		cmocka_unit_test(only_the_kept_descriptor_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

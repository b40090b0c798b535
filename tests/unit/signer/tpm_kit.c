/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm_kit.h"

#include "anchor_testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIES = 50, WAIT_MS = 20000, STEP_MS = 10 };

bool tpm_there(void)
{
	return access("/usr/bin/swtpm", X_OK) == 0;
}

/* Standard error of a child that may fail is of no interest. */
static pid_t start(const char *const *arguments, const char *name, const char *value)
{
	pid_t parent = getpid(), pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(nothing, fd);
	if (name != NULL)
		(void)setenv(name, value, 1);
	if (getppid() == parent)
		(void)execvp(arguments[0], (char *const *)(uintptr_t)arguments);
	_exit(127);
}

static int run(const char *const *arguments, const char *name, const char *value)
{
	int status = 0;
	pid_t pid = start(arguments, name, value);

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- a port and the one after it ---- */

static int listener(unsigned port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 1) == 0)
		return fd;
	close(fd);
	return -1;
}

static unsigned port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t n = sizeof(at);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	return ntohs(at.sin_port);
}

/* Two free ports in a row: swtpm's control port follows the other. */
static unsigned free_ports(void)
{
	for (int i = 0; i < TRIES; i++) {
		int first = listener(0);
		unsigned port = port_of(first);
		int second = port < 65535 ? listener(port + 1) : -1;

		close(first);
		if (second < 0)
			continue;
		close(second);
		return port;
	}
	stop_test("no two free ports\n");
	return 0;
}

static bool answers(unsigned port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool there = connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;

	close(fd);
	return there;
}

/* ---- on and off ---- */

static bool start_on(struct tpm *t, unsigned port)
{
	char state[96], server[64], control[64];
	const char *arguments[] = {"swtpm",
				   "socket",
				   "--tpm2",
				   "--tpmstate",
				   state,
				   "--server",
				   server,
				   "--ctrl",
				   control,
				   "--flags",
				   "not-need-init,startup-clear",
				   NULL};

	snprintf(state, sizeof(state), "dir=%s", t->folder);
	snprintf(server, sizeof(server), "type=tcp,bindaddr=127.0.0.1,port=%u", port);
	snprintf(control, sizeof(control), "type=tcp,bindaddr=127.0.0.1,port=%u", port + 1);
	t->pid = start(arguments, NULL, NULL);
	/* The control port: a connection to the other would be taken for the one client. */
	for (int waited = 0; waited < WAIT_MS; waited += STEP_MS) {
		if (waitpid(t->pid, NULL, WNOHANG) == t->pid)
			break;
		if (answers(port + 1))
			return true;
		(void)poll(NULL, 0, STEP_MS);
	}
	t->pid = 0;
	return false;
}

void tpm_on(struct tpm *t)
{
	/* Somebody else may take a port between looking and using it. */
	for (int i = 0; i < TRIES; i++) {
		if (t->port == 0)
			t->port = free_ports();
		snprintf(t->tcti, sizeof(t->tcti), "swtpm:host=127.0.0.1,port=%u", t->port);
		if (start_on(t, t->port))
			return;
		t->port = 0;
	}
	stop_test("swtpm does not start\n");
}

void tpm_off(struct tpm *t)
{
	if (t->pid == 0)
		return;
	(void)kill(t->pid, SIGKILL);
	assert_int_equal(waitpid(t->pid, NULL, 0), t->pid);
	t->pid = 0;
}

struct tpm *tpm_new(void)
{
	struct tpm *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	snprintf(t->folder, sizeof(t->folder), "/tmp/sealwright-tpm-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	tpm_on(t);
	return t;
}

static void remove_folder(const char *folder)
{
	const char *arguments[] = {"rm", "-rf", "--", folder, NULL};

	assert_int_equal(run(arguments, NULL, NULL), 0);
}

void tpm_done(struct tpm *t)
{
	tpm_off(t);
	remove_folder(t->folder);
	free(t);
}

/* ---- its state ---- */

void tpm_copy(const struct tpm *t, char out[static 64])
{
	snprintf(out, 64, "%.50s-copy", t->folder);
	const char *arguments[] = {"cp", "-a", "--", t->folder, out, NULL};
	assert_int_equal(run(arguments, NULL, NULL), 0);
}

void tpm_put_back(struct tpm *t, const char *copy)
{
	const char *arguments[] = {"mv", "--", copy, t->folder, NULL};

	assert_int_equal(t->pid, 0);
	remove_folder(t->folder);
	assert_int_equal(run(arguments, NULL, NULL), 0);
}

int tpm_tool(const struct tpm *t, const char *const *arguments)
{
	return run(arguments, "TPM2TOOLS_TCTI", t->tcti);
}

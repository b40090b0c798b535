/* SPDX-License-Identifier: Apache-2.0 */
/* fixture_signer.c — the signer of a test, forked by a process that has no threads. */
#include "fixture_internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void run_signer(const struct server_config *config, int ready_fd)
{
	char folder[CONFIG_PATH_SIZE];
	struct fault f = {0};

	snprintf(folder, sizeof folder, "%.400s/signer", config->folder);
	struct signer_config signer = {.folder = folder,
				       .socket = config->signer_socket,
				       .peer_uid = geteuid(),
				       .ready_fd = ready_fd};
	err ended = signer_run(&signer, &f);
	if (ended.code != OK)
		(void)dprintf(2, "signer: %s\n", f.message);
	_exit(ended.code == OK ? 0 : 1);
}

static pid_t start_signer(const struct server_config *config)
{
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		run_signer(config, ready[1]);
	close(ready[1]);
	bool up = pid > 0 && read(ready[0], &byte, 1) == 1;
	close(ready[0]);
	return up ? pid : -1;
}

/* Each byte that comes: end the signer that runs, or start one and say its number. */
static _Noreturn void run_nursery(const struct server_config *config, int fd)
{
	pid_t pid = 0;
	char order;

	while (read(fd, &order, 1) == 1) {
		if (pid > 0) {
			(void)kill(pid, SIGTERM);
			(void)waitpid(pid, NULL, 0);
			pid = 0;
		}
		if (order == '+')
			pid = start_signer(config);
		if (write(fd, &pid, sizeof pid) != sizeof pid)
			break;
	}
	if (pid > 0)
		(void)kill(pid, SIGTERM);
	_exit(0);
}

static void order(struct api *x, char what)
{
	assert_int_equal(write(x->nursery_fd, &what, 1), 1);
	assert_int_equal(read(x->nursery_fd, &x->signer, sizeof x->signer), sizeof x->signer);
	assert_true(x->signer >= 0);
}

void api_open_nursery(struct api *x)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	x->nursery = fork();
	assert_true(x->nursery >= 0);
	if (x->nursery == 0) {
		close(fds[0]);
		run_nursery(&x->config, fds[1]);
	}
	close(fds[1]);
	x->nursery_fd = fds[0];
}

void api_signer_away(struct api *x)
{
	order(x, '-');
}

void api_signer_back(struct api *x)
{
	order(x, '+');
	assert_true(x->signer > 0);
}

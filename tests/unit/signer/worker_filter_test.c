/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker's library may do, and what it may not. Each request is one letter: an attempt. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signer/worker.h"
#include "signer_testing.h"

struct config {
	int inherited_fd;
};

static void *thread(void *argument)
{
	return argument;
}

/* What a foreign library needs, and what nobody needs. 0: allowed; else errno. */
static int attempt(uint8_t letter, const struct config *config)
{
	char name[] = "/tmp/sealwright-worker-XXXXXX";
	pthread_t other;
	int fd = -1;
	void *p = NULL;

	switch (letter) {
	case 'f': /* files */
		fd = mkstemp(name);
		if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 || unlink(name) != 0)
			return errno;
		return close(fd);
	case 't': /* threads */
		return pthread_create(&other, NULL, thread, NULL) || pthread_join(other, NULL);
	case 'n':
		fd = socket(AF_INET, SOCK_STREAM, 0);
		return fd < 0 ? errno : close(fd);
	case 'p': /* a process */
		return fork() < 0 ? errno : 0;
	case 'k':
		return kill(getppid(), 0) < 0 ? errno : 0;
	case 'w': /* memory that is written and run */
		p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return p == MAP_FAILED ? errno : 0;
	case 'm': /* memory that was written */
		p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
	case 'd':
		return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? errno : 0;
	case 'i':
		return fcntl(config->inherited_fd, F_GETFD) < 0 ? errno : 0;
	case 'u':
		return unshare(0x10000000 /* CLONE_NEWUSER */) < 0 ? errno : 0;
	default:
		return EINVAL;
	}
}

static err open_it(const void *config, void **context, struct fault *f)
{
	(void)f;
	*context = (void *)(uintptr_t)config;
	return ERR_OK;
}

static err answer_it(void *context, struct bytes request, struct writer *reply, struct fault *f)
{
	(void)f;
	if (request.p[0] == 'X')
		(void)execl("/bin/true", "true", (char *)NULL);
	put_u32(reply, (uint32_t)attempt(request.p[0], context));
	return ERR_OK;
}

static struct worker start_with(const struct config *config, bool network)
{
	struct worker w = {.fd = -1};
	struct fault f = {0};

	if (worker_start(open_it, answer_it, config, network, &w, &f).code != OK)
		stop_test("%s: %s\n", f.message, fault_value(&f, "why"));
	return w;
}

static struct worker start(void)
{
	static const struct config config = {.inherited_fd = -1};

	return start_with(&config, false);
}

static uint32_t ask_number(struct worker *w, const char *request)
{
	struct bytes reply = {0};
	struct fault f = {0};
	uint8_t buffer[8];

	if (worker_ask(w, bytes_text(request), buffer, sizeof(buffer), &reply, &f).code != OK)
		stop_test("%s: %s %s\n", request, f.message, fault_value(&f, "why"));
	struct reader r = reader_of(reply);
	uint32_t n = get_u32(&r);
	assert_true(reader_end(&r));
	return n;
}

static void what_a_library_needs_is_allowed(void **state)
{
	struct worker w = start();

	(void)state;
	assert_int_equal(ask_number(&w, "f"), 0);
	assert_int_equal(ask_number(&w, "t"), 0);
	worker_stop(&w);
}

static void what_none_needs_is_not(void **state)
{
	static const char *const letters[] = {"n", "p", "k", "w", "m", "d", "u"};
	struct worker w = start();

	(void)state;
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (ask_number(&w, letters[i]) != EPERM)
			stop_test("%s was not refused\n", letters[i]);
	worker_stop(&w);
}

static void starting_a_program_ends_it(void **state)
{
	struct worker w = start();
	struct bytes reply;
	struct fault f = {0};
	uint8_t buffer[8];

	(void)state;
	assert_int_equal(worker_ask(&w, bytes_text("X"), buffer, sizeof(buffer), &reply, &f).code,
			 ERR_UNAVAILABLE);
	assert_string_equal(fault_value(&f, "why"), "signal 31 ended it");
	worker_stop(&w);
}

static void sockets_are_there_only_with_network(void **state)
{
	static const struct config config = {.inherited_fd = -1};
	struct worker w = start_with(&config, true);

	(void)state;
	assert_int_equal(ask_number(&w, "n"), 0);
	assert_int_equal(ask_number(&w, "p"), EPERM);
	worker_stop(&w);
}

static void it_inherits_no_descriptor(void **state)
{
	struct config config = {.inherited_fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};
	struct worker w = start_with(&config, false);

	(void)state;
	assert_int_equal(ask_number(&w, "i"), EBADF);
	worker_stop(&w);
	close(config.inherited_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_library_needs_is_allowed),
		cmocka_unit_test(what_none_needs_is_not),
		cmocka_unit_test(starting_a_program_ends_it),
		cmocka_unit_test(sockets_are_there_only_with_network),
		cmocka_unit_test(it_inherits_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

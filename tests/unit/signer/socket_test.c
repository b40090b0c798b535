/* SPDX-License-Identifier: Apache-2.0 */
/* The socket: broken and stuck clients, other users, and a signer that is none. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signer_testing.h"

static struct bytes from_hex(struct arena *a, const char *hex)
{
	size_t n = strlen(hex) / 2;
	uint8_t *p = arena_alloc(a, n);

	assert_true(hex_decode(bytes_text(hex), p, n));
	return bytes_of(p, n);
}

/* Frames whose content is no request. */
static const char *const HOSTILE[] = {"00", "a0", "a1", "a101667075626c696300", "ff"};

/* ---- the socket ---- */

static int raw_connect(const struct signer_test *t)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", t->socket);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void raw_send(int fd, struct bytes b)
{
	assert_int_equal(send(fd, b.p, b.n, MSG_NOSIGNAL), b.n);
}

static void raw_send_frame(int fd, struct bytes body)
{
	uint8_t head[4];
	struct writer w = writer_of(head, sizeof(head));

	put_u32(&w, (uint32_t)body.n);
	raw_send(fd, bytes_of(head, sizeof(head)));
	raw_send(fd, body);
}

/* The reply's message id, or "" for a good one; NULL if the connection ended. */
static const char *raw_reply(int fd)
{
	uint8_t buffer[8192];
	struct reader value;
	struct fault f = {0};
	uint32_t n;

	if (recv(fd, buffer, 4, MSG_WAITALL) != 4)
		return NULL;
	struct reader r = reader_of(bytes_of(buffer, 4));
	n = get_u32(&r);
	assert_true(n <= sizeof(buffer));
	assert_int_equal(recv(fd, buffer, n, MSG_WAITALL), n);
	if (reply_open(bytes_of(buffer, n), &value, &f).code == OK)
		return "";
	return f.message;
}

static void still_serves(struct signer_test *t)
{
	struct merkle_head head;

	assert_int_equal(signer_last(t->client, &head, NULL).code, OK);
}

static void malformed_request_is_answered_and_the_connection_goes_on(void **state)
{
	struct signer_test *t = signer_test_new();

	(void)state;
	signer_start(t);
	int fd = raw_connect(t);
	for (size_t i = 0; i < sizeof(HOSTILE) / sizeof(HOSTILE[0]); i++) {
		raw_send_frame(fd, from_hex(&t->arena, HOSTILE[i]));
		assert_string_equal(raw_reply(fd), "SIGNER_REQUEST_MALFORMED");
	}
	raw_send_frame(fd, from_hex(&t->arena, "a101667075626c6963"));
	assert_string_equal(raw_reply(fd), "");
	close(fd);
	still_serves(t);
	signer_test_done(t);
}

static void frame_of_impossible_length_ends_the_connection(void **state)
{
	static const uint8_t heads[][4] = {
		{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {0, 0x10, 0, 1}, {0x80, 0, 0, 0}};
	struct signer_test *t = signer_test_new();

	(void)state;
	signer_start(t);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		int fd = raw_connect(t);

		raw_send(fd, bytes_of(heads[i], 4));
		assert_null(raw_reply(fd));
		close(fd);
	}
	still_serves(t);
	signer_test_done(t);
}

static void largest_frame_is_read_and_refused(void **state)
{
	struct signer_test *t = signer_test_new();
	uint8_t *large = calloc(1, FRAME_MAX);

	(void)state;
	signer_start(t);
	int fd = raw_connect(t);
	raw_send_frame(fd, bytes_of(large, FRAME_MAX));
	assert_string_equal(raw_reply(fd), "SIGNER_REQUEST_MALFORMED");
	close(fd);
	free(large);
	signer_test_done(t);
}

static void stuck_clients_do_not_block_others(void **state)
{
	struct signer_test *t = signer_test_new();
	struct bytes request = from_hex(&t->arena, "a101667075626c6963");
	int stuck[40];

	(void)state;
	signer_start(t);
	for (size_t i = 0; i < sizeof(stuck) / sizeof(stuck[0]); i++) {
		stuck[i] = raw_connect(t);
		if (i % 4 == 1)
			raw_send(stuck[i], bytes_of("\0", 1)); /* a quarter of a length */
		if (i % 4 == 2)
			raw_send(stuck[i], bytes_of("\0\0\1\0abc", 7)); /* a part of a frame */
		if (i % 4 == 3)                                         /* asks and never reads */
			for (int n = 0; n < 50; n++)
				(void)!send(stuck[i], "\0\0\0\x09\xa1\x01\x66public", 13,
					    MSG_NOSIGNAL | MSG_DONTWAIT);
		still_serves(t);
	}
	int fd = raw_connect(t);
	for (size_t i = 0; i < 4; i++) { /* a frame byte by byte */
		uint8_t head[4] = {0, 0, 0, (uint8_t)request.n};

		raw_send(fd, bytes_of(head + i, 1));
		still_serves(t);
	}
	for (size_t i = 0; i < request.n; i++) {
		raw_send(fd, bytes_of(request.p + i, 1));
		still_serves(t);
	}
	assert_string_equal(raw_reply(fd), "");
	close(fd);
	for (size_t i = 0; i < sizeof(stuck) / sizeof(stuck[0]); i++)
		close(stuck[i]);
	still_serves(t);
	signer_test_done(t);
}

static void requests_sent_at_once_are_answered_in_order(void **state)
{
	struct signer_test *t = signer_test_new();

	(void)state;
	signer_start(t);
	int fd = raw_connect(t);
	for (int i = 0; i < 20; i++) {
		raw_send_frame(fd, from_hex(&t->arena, "a101667075626c6963"));
		raw_send_frame(fd, from_hex(&t->arena, "a0"));
	}
	for (int i = 0; i < 20; i++) {
		assert_string_equal(raw_reply(fd), "");
		assert_string_equal(raw_reply(fd), "SIGNER_REQUEST_MALFORMED");
	}
	close(fd);
	signer_test_done(t);
}

/* Also root, and the signer's own user: they look, and deny. */
static void only_the_server_asks_for_signatures(void **state)
{
	struct signer_test *t = signer_test_new();
	struct merkle_head head;
	struct signer_status status;
	struct hash digest;
	uint64_t issued;
	struct bytes note;
	struct fault f = {0};

	(void)state;
	assert_true(signer_start_as(t, geteuid() + 1, NULL, NULL));
	assert_int_equal(signer_connect(t->socket, TIMEOUT_MS, &t->client, &f).code, OK);
	assert_int_equal(signer_last(t->client, &head, &f).code, OK);
	assert_int_equal(signer_status_read(t->client, &t->arena, &status, &f).code, OK);
	assert_int_equal(ask_checkpoint(t, 0, 3, &note, &f).code, ERR_FORBIDDEN);
	assert_string_equal(f.message, "SIGNER_PEER_REFUSED");
	assert_int_not_equal(
		signer_deny(t->client, bytes_text("garbage"), &digest, &issued, &f).code, OK);
	assert_string_equal(f.message, "SIGNER_ENTRY_MALFORMED"); /* it was looked at */
	signer_test_done(t);
}

static void third_user_is_refused(void **state)
{
	struct signer_test *t = signer_test_new();
	int status = 0;

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can become another user\n");
		signer_test_done(t);
		return;
	}
	signer_start(t);
	assert_int_equal(chmod(t->folder, 0755), 0);
	assert_int_equal(chmod(t->socket, 0777), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct signer_client *client = NULL;
		struct merkle_head head;
		struct fault f = {0};

		if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
			_exit(9);
		if (signer_connect(t->socket, 1000, &client, &f).code != OK)
			_exit(8);
		_exit(signer_last(client, &head, &f).code == ERR_FORBIDDEN ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	signer_test_done(t);
}

static void user_without_rights_cannot_even_reach_the_socket(void **state)
{
	struct signer_test *t = signer_test_new();
	int status = 0;

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can become another user\n");
		signer_test_done(t);
		return;
	}
	signer_start(t);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct signer_client *client = NULL;

		if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
			_exit(9);
		_exit(signer_connect(t->socket, 1000, &client, NULL).code == OK ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	signer_test_done(t);
}

/* ---- the client, against a signer that is none ---- */

/* Listens, takes one connection per reply, reads a little and sends `reply`; then closes. */
static pid_t fake_signer(const struct signer_test *t, const struct bytes *replies, size_t n)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", t->socket);
	(void)unlink(t->socket);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (size_t i = 0; i < n; i++) {
			uint8_t sink[4096];
			int fd = accept(listener, NULL, NULL);

			(void)!recv(fd, sink, sizeof(sink), 0);
			(void)!send(fd, replies[i].p, replies[i].n, MSG_NOSIGNAL);
			close(fd);
		}
		_exit(0);
	}
	close(listener);
	return pid;
}

static void client_answers(const struct bytes *replies, size_t n, const char *id)
{
	struct signer_test *t = signer_test_new();
	pid_t pid = fake_signer(t, replies, n);
	struct merkle_head head;
	struct fault f = {0};

	assert_int_equal(signer_connect(t->socket, TIMEOUT_MS, &t->client, NULL).code, OK);
	err done = signer_last(t->client, &head, &f);
	if (id == NULL) {
		assert_int_equal(done.code, OK);
	} else {
		assert_int_not_equal(done.code, OK);
		assert_string_equal(f.message, id);
	}
	signer_disconnect(t->client);
	t->client = NULL;
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	signer_test_done(t);
}

static void client_refuses_what_is_no_reply(void **state)
{
	struct arena a = {0};
	struct bytes huge = from_hex(&a, "7fffffff00"), zero = from_hex(&a, "00000000"),
		     garbage = from_hex(&a, "00000002a0a0");

	(void)state;
	client_answers(&huge, 1, "SIGNER_REPLY_MALFORMED");
	client_answers(&zero, 1, "SIGNER_REPLY_MALFORMED");
	client_answers(&garbage, 1, "SIGNER_REPLY_MALFORMED");
	arena_done(&a);
}

static void client_asks_once_more_when_the_connection_breaks(void **state)
{
	struct arena a = {0};
	uint8_t good[64] = {0}; /* the reply {1: true, 2: [0, root]} */
	struct writer w = writer_of(good + 4, sizeof(good) - 4);
	struct merkle_head empty = {0};
	struct bytes body;

	(void)state;
	reply_put_ok(&w);
	head_put(&w, empty);
	assert_true(writer_done(&w, &body));
	good[3] = (uint8_t)body.n;
	const struct bytes once[] = {{0}, bytes_of(good, 4 + body.n)};
	const struct bytes cut[] = {bytes_of(good, 10), bytes_of(good, 4 + body.n)};
	const struct bytes never[] = {{0}, {0}};

	client_answers(once, 2, NULL);
	client_answers(cut, 2, NULL);
	client_answers(never, 2, "SIGNER_UNAVAILABLE");
	arena_done(&a);
}

static void client_does_not_wait_longer_than_its_time(void **state)
{
	struct signer_test *t = signer_test_new();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct merkle_head head;
	struct fault f = {0};

	(void)state;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", t->socket);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0); /* nobody will ever accept */
	assert_int_equal(signer_connect(t->socket, 50, &t->client, NULL).code, OK);
	assert_int_equal(signer_last(t->client, &head, &f).code, ERR_UNAVAILABLE);
	assert_string_equal(fault_value(&f, "why"), "timeout");
	close(listener);
	signer_test_done(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_request_is_answered_and_the_connection_goes_on),
		cmocka_unit_test(frame_of_impossible_length_ends_the_connection),
		cmocka_unit_test(largest_frame_is_read_and_refused),
		cmocka_unit_test(stuck_clients_do_not_block_others),
		cmocka_unit_test(requests_sent_at_once_are_answered_in_order),
		cmocka_unit_test(only_the_server_asks_for_signatures),
		cmocka_unit_test(third_user_is_refused),
		cmocka_unit_test(user_without_rights_cannot_even_reach_the_socket),
		cmocka_unit_test(client_refuses_what_is_no_reply),
		cmocka_unit_test(client_asks_once_more_when_the_connection_breaks),
		cmocka_unit_test(client_does_not_wait_longer_than_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a client may not take, and what a server cannot start with. */
#include "http_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define H "Host: a.example\r\n"

static int client_asks(struct fixture *x, const char *request)
{
	int fd = client_connect(x->people);

	client_text(fd, request);
	return fd;
}

/* ---- limits ---- */

static void a_silent_client_is_cut(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;
	int fd;

	(void)state;
	config.idle_timeout_s = 1;
	fixture_start(&x, &config);
	fd = client_asks(&x, "GET / HTTP/1.1\r\n");
	assert_true(client_sees_end(fd));
	(void)close(fd);
	fixture_stop(&x, 0);
}

/* Sends a byte, and listens for 50 ms. True once the server has ended the connection. */
static bool cut_after_a_byte(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;

	if (send(fd, "a", 1, MSG_NOSIGNAL) != 1)
		return true;
	return poll(&p, 1, 50) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void a_client_of_ten_bytes_a_second_is_cut(void **state)
{
	struct http_config config = fixture_config();
	bool head_cut = false, body_cut = false;
	struct fixture x;
	int head, body;

	(void)state;
	config.idle_timeout_s = 1;
	fixture_start(&x, &config);
	head = client_asks(&x, "GET / HTTP/1.1\r\n" H "X-A: ");
	body = client_asks(&x, "PUT /upload HTTP/1.1\r\n" H "Content-Length: 99999\r\n\r\n");
	for (int i = 0; i < 600 && !(head_cut && body_cut); i++) {
		head_cut = head_cut || cut_after_a_byte(head);
		body_cut = body_cut || cut_after_a_byte(body);
	}
	assert_true(head_cut);
	assert_true(body_cut);
	fixture_wait(&x, &x.uploads_aborted, 1);
	(void)close(head);
	(void)close(body);
	fixture_stop(&x, 0);
}

static void a_peer_has_so_many_connections_and_no_more(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;
	struct answer a;
	int fds[4], last;

	(void)state;
	config.connections_per_peer_max = 4;
	fixture_start(&x, &config);
	for (int i = 0; i < 4; i++) {
		fds[i] = client_asks(&x, "GET / HTTP/1.1\r\n" H "\r\n");
		client_read(fds[i], &a, false);
		assert_int_equal(a.status, 200);
		answer_done(&a);
	}
	last = client_asks(&x, "GET / HTTP/1.1\r\n" H "\r\n");
	assert_true(client_hears_no_more(last));
	(void)close(last);
	for (int i = 0; i < 4; i++)
		(void)close(fds[i]);
	fixture_stop(&x, 0);
}

static void bodies_together_have_a_limit(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;
	struct answer a;
	char *body = calloc(1, 100000);
	int fd;

	(void)state;
	assert_non_null(body);
	config.bodies_max = 65536;
	fixture_start(&x, &config);
	fd = client_connect(x.people);
	/* What was counted is given back before the connection's next request. */
	for (int i = 0; i < 10; i++) {
		client_text(fd, "POST /big HTTP/1.1\r\n" H "Content-Length: 30000\r\n\r\n");
		client_send(fd, body, 30000);
		client_read(fd, &a, false);
		assert_int_equal(a.status, 200);
		answer_done(&a);
	}
	client_text(fd, "POST /big HTTP/1.1\r\n" H "Content-Length: 100000\r\n\r\n");
	client_send(fd, body, 100000);
	client_read(fd, &a, false);
	assert_int_equal(a.status, 503);
	assert_string_equal((char *)a.body, "{\"message\":\"HTTP_BODIES_FULL\"}");
	answer_done(&a);
	(void)close(fd);
	fixture_stop(&x, 0);
	free(body);
}

/* ---- starting ---- */

static void expect_start_refused(const struct http_config *config, const char *message)
{
	const struct http_handlers handlers = {0};
	struct http_server *server = NULL;
	struct fault f = {0};

	assert_int_not_equal(http_start(config, &handlers, &server, &f).code, OK);
	assert_string_equal(f.message, message);
	assert_null(server);
}

static void a_server_that_cannot_start_says_why(void **state)
{
	struct http_config config = fixture_config();
	struct fixture x;

	(void)state;
	fixture_start(&x, &config);
	config.people_port = x.people;
	expect_start_refused(&config, "HTTP_LISTEN_FAILED");
	config.people_port = 0;
	config.machines_port = x.machines;
	expect_start_refused(&config, "HTTP_LISTEN_FAILED");
	config.machines_port = 0;
	config.address = "0.0.0.0";
	expect_start_refused(&config, "HTTP_TLS_REQUIRED");
	config.address = "::";
	expect_start_refused(&config, "HTTP_TLS_REQUIRED");
	config.address = "localhost";
	expect_start_refused(&config, "HTTP_ADDRESS_INVALID");
	config.address = "";
	expect_start_refused(&config, "HTTP_ADDRESS_INVALID");
	config.address = "127.0.0.1";
	config.certificate_pem = "not a certificate";
	config.key_pem = "not a key";
	expect_start_refused(&config, "HTTP_TLS_FAILED");
	config.key_pem = NULL;
	expect_start_refused(&config, "HTTP_TLS_FAILED");
	fixture_stop(&x, 0);
}

static void a_server_listens_on_ipv6_too(void **state)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct http_config config = fixture_config();
	struct fixture x;
	struct answer a;

	(void)state;
	/* A machine may have no IPv6 at all. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof to) != 0)
		skip();
	(void)close(fd);
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	config.address = "::1";
	fixture_start(&x, &config);
	to.sin6_port = htons(x.people);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	client_text(fd, "GET / HTTP/1.1\r\n" H "\r\n");
	client_read(fd, &a, false);
	assert_string_equal((char *)a.body, "path=/\npeer=::1\n");
	answer_done(&a);
	(void)close(fd);
	fixture_stop(&x, 0);
}

static void a_server_without_problem_documents_writes_plain_ones(void **state)
{
	const struct http_handlers handlers = {0};
	struct http_config config = fixture_config();
	struct http_server *server = NULL;
	struct fault f = {0};
	struct answer a;
	int fd;

	(void)state;
	assert_int_equal(http_start(&config, &handlers, &server, &f).code, OK);
	fd = client_connect(http_port_of(server, HTTP_PEOPLE));
	client_text(fd, "BREW / HTTP/1.1\r\n" H "\r\n");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 501);
	assert_string_equal((char *)a.body, "{\"type\":\"about:blank\",\"status\":501,"
					    "\"message\":\"HTTP_METHOD_UNKNOWN\"}\n");
	answer_done(&a);
	(void)close(fd);
	fd = client_connect(http_port_of(server, HTTP_PEOPLE));
	client_text(fd, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\na");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 413);
	answer_done(&a);
	(void)close(fd);
	http_stop(server, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_client_is_cut),
		cmocka_unit_test(a_client_of_ten_bytes_a_second_is_cut),
		cmocka_unit_test(a_peer_has_so_many_connections_and_no_more),
		cmocka_unit_test(bodies_together_have_a_limit),
		cmocka_unit_test(a_server_that_cannot_start_says_why),
		cmocka_unit_test(a_server_listens_on_ipv6_too),
		cmocka_unit_test(a_server_without_problem_documents_writes_plain_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What hostile or broken clients send, and what a hostile or broken signer answers. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cbor.h"
#include "signer_testing.h"

/* ---- the parser ---- */

static struct bytes from_hex(struct arena *a, const char *hex)
{
	size_t n = strlen(hex) / 2;
	uint8_t *p = arena_alloc(a, n);

	assert_true(hex_decode(bytes_text(hex), p, n));
	return bytes_of(p, n);
}

static const char *const HOSTILE[] = {
	"",     /* nothing */
	"00",   /* no map */
	"80",   /* an array */
	"a0",   /* an empty map */
	"a1",   /* a map that ends */
	"a101", /* a key without a value */
	"a101667075626c6963"
	"00",                 /* bytes follow */
	"a102667075626c6963", /* another key */
	"a100667075626c6963",
	"a1616f667075626c6963", /* a text key */
	"a101677075626c696363", /* an unknown operation */
	"a10160",               /* an empty one */
	"a101467075626c6963",   /* a byte string for it */
	"a101f6",
	"a10100", /* null, a number */
	"b90001"
	"01667075626c6963",     /* not the shortest head */
	"bf01667075626c6963ff", /* indefinite length */
	"a1011806"
	"707562",                             /* cut inside */
	"a1017f63707562ff",                   /* a text in pieces */
	"a201667075626c69630200",             /* a key too many */
	"a201667075626c696301667075626c6963", /* a key twice */
	"a201646c6173740200",
	"a1016a636865636b706f696e74", /* a checkpoint with nothing else */
	"a4016a636865636b706f696e74020003000480",
	"a4016a636865636b706f696e740282000003820000"
	"0480",             /* a root of no bytes */
	"a101656973737565", /* issue without a list */
	"a20165697373756502"
	"80", /* an empty list */
	"a20165697373756502"
	"81a0", /* an empty request */
	"a20165697373756502"
	"8100",
	"a20165697373756502"
	"9a00010000", /* a list longer than the frame */
	"a20165697373756502"
	"9bffffffffffffffff",
	"ff",
	"f7",
	"fb3ff0000000000000",
	"c074",
};

static void hostile_requests_are_refused(void **state)
{
	struct signer_request *request = malloc(sizeof(*request));
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(HOSTILE) / sizeof(HOSTILE[0]); i++) {
		const char *why = NULL;

		if (request_parse(from_hex(&a, HOSTILE[i]), request, &why) || why == NULL)
			stop_test("accepted: %s\n", HOSTILE[i]);
	}
	free(request);
	arena_done(&a);
}

/* A whole issue request of two items, to be spoiled. */
static struct signer_request *good_issue(void)
{
	struct signer_request *request = calloc(1, sizeof(*request));

	assert_non_null(request);
	request->operation = OPERATION_ISSUE;
	request->n = 2;
	for (size_t i = 0; i < 2; i++) {
		struct issue_request unit = unit_request(i);

		request->items[i] = (struct issue_item){
			.request = unit.request,
			.product = bytes_text(unit.product),
			.serial = bytes_text(unit.serial),
			.hardware_type = bytes_text(unit.hardware_type),
			.csr = unit.csr,
			.at_ms = unit.at_ms,
		};
	}
	return request;
}

static struct bytes encoded(struct arena *a, const struct signer_request *request)
{
	struct writer w = writer_of(arena_alloc(a, 65536), 65536);
	struct bytes out;

	request_put(&w, request);
	assert_true(writer_done(&w, &out));
	return out;
}

static bool parses(struct bytes in)
{
	struct signer_request *request = malloc(sizeof(*request));
	const char *why = NULL;
	bool parsed = request_parse(in, request, &why);

	free(request);
	return parsed;
}

static void request_is_read_as_it_was_written(void **state)
{
	struct signer_request *request = good_issue(), *read = malloc(sizeof(*read));
	struct arena a = {0};
	const char *why = NULL;
	struct bytes wire = encoded(&a, request);

	(void)state;
	assert_true(request_parse(wire, read, &why));
	assert_int_equal(read->n, 2);
	assert_true(bytes_equal(read->items[1].serial, request->items[1].serial));
	assert_int_equal(read->items[1].at_ms, request->items[1].at_ms);
	assert_true(bytes_equal(encoded(&a, read), wire));
	for (size_t n = 0; n < wire.n; n++) /* every cut */
		assert_false(parses(bytes_of(wire.p, n)));
	free(request);
	free(read);
	arena_done(&a);
}

static void every_field_of_an_issue_request_is_bounded(void **state)
{
	static const uint8_t many[CSR_SIZE_MAX + 1];
	struct arena a = {0};
	char longer[PRODUCT_MAX + 2];

	(void)state;
	memset(longer, 'A', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	const struct bytes texts[] = {bytes_text(longer), bytes_text(""), bytes_text("a b"),
				      bytes_of("a\0b", 3), bytes_text("\xc3\xa9")};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct signer_request *request = good_issue();
		struct bytes kept = request->items[1].product;

		request->items[1].product = texts[i];
		assert_false(parses(encoded(&a, request)));
		request->items[1].product = kept;
		request->items[0].serial = texts[i];
		assert_false(parses(encoded(&a, request)));
		free(request);
	}
	struct signer_request *request = good_issue();
	request->items[0].csr = bytes_of(many, sizeof(many));
	assert_false(parses(encoded(&a, request)));
	request->items[0].csr = bytes_of(many, CSR_SIZE_MAX);
	assert_true(parses(encoded(&a, request)));
	request->items[0].at_ms = UINT64_MAX;
	assert_false(parses(encoded(&a, request)));
	request->items[0].at_ms = 0;
	request->items[0].hardware_type = bytes_text("1.2.x");
	assert_false(parses(encoded(&a, request)));
	free(request);
	arena_done(&a);
}

static void replies_that_are_not_well_formed_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"a0",
		"a101f5",
		"a201f40200",
		"a201f402a0",
		"a2010002f6",
		"a301f502000300",
		"a201f402a3016002600380",                     /* no message */
		"a201f402a3016a4e4f5f535543485f494402600380", /* one we do not know */
		"a201f402a30160",                             /* cut inside */
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct reader value;
		struct fault f = {0};

		assert_int_equal(reply_open(from_hex(&a, bad[i]), &value, &f).code, ERR_INTERNAL);
		assert_string_equal(f.message, "SIGNER_REPLY_MALFORMED");
	}
	arena_done(&a);
}

static void fault_travels_with_its_values(void **state)
{
	struct fault sent = {0}, got = {0};
	uint8_t buffer[8192];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct reader value;
	struct bytes wire;

	(void)state;
	(void)fail_field(&sent, "items[3]", "SIGNER_ALREADY_ISSUED", "what", "key", "serial", "SN1",
			 NULL);
	reply_put_fault(&w, &sent);
	assert_true(writer_done(&w, &wire));
	assert_int_equal(reply_open(wire, &value, &got).code, ERR_CONFLICT);
	assert_string_equal(got.message, "SIGNER_ALREADY_ISSUED");
	assert_string_equal(got.field, "items[3]");
	assert_string_equal(fault_value(&got, "what"), "key");
	assert_string_equal(fault_value(&got, "serial"), "SN1");
}

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
	for (size_t i = 1; i < sizeof(HOSTILE) / sizeof(HOSTILE[0]); i++) {
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

static void another_user_is_refused(void **state)
{
	struct signer_test *t = signer_test_new();
	struct merkle_head head;
	struct fault f = {0};

	(void)state;
	assert_true(signer_start_as(t, geteuid() + 1, NULL, NULL));
	/* Also root: only the user that the configuration names. */
	if (signer_connect(t->socket, TIMEOUT_MS, &t->client, &f).code == OK)
		assert_int_equal(signer_last(t->client, &head, &f).code, ERR_FORBIDDEN);
	assert_string_equal(f.message, "SIGNER_PEER_REFUSED");
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
		cmocka_unit_test(hostile_requests_are_refused),
		cmocka_unit_test(request_is_read_as_it_was_written),
		cmocka_unit_test(every_field_of_an_issue_request_is_bounded),
		cmocka_unit_test(replies_that_are_not_well_formed_are_refused),
		cmocka_unit_test(fault_travels_with_its_values),
		cmocka_unit_test(malformed_request_is_answered_and_the_connection_goes_on),
		cmocka_unit_test(frame_of_impossible_length_ends_the_connection),
		cmocka_unit_test(largest_frame_is_read_and_refused),
		cmocka_unit_test(stuck_clients_do_not_block_others),
		cmocka_unit_test(requests_sent_at_once_are_answered_in_order),
		cmocka_unit_test(another_user_is_refused),
		cmocka_unit_test(user_without_rights_cannot_even_reach_the_socket),
		cmocka_unit_test(client_refuses_what_is_no_reply),
		cmocka_unit_test(client_asks_once_more_when_the_connection_breaks),
		cmocka_unit_test(client_does_not_wait_longer_than_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with a foreign client (libcurl over OpenSSL): versions, certificates, keys. */
#include "http_fixture.h"

#include "core/sha256.h"

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

struct identity {
	char *certificate_pem, *key_pem;
	struct hash key; /* SHA-256 of the SubjectPublicKeyInfo, by another way than the server's */
};

struct world {
	struct fixture fixture;
	struct identity server, one, other;
};

static char *text_of(BIO *bio)
{
	char *data = NULL, *copy;
	long n = BIO_get_mem_data(bio, &data);

	assert_true(n > 0);
	copy = calloc(1, (size_t)n + 1);
	assert_non_null(copy);
	memcpy(copy, data, (size_t)n);
	(void)BIO_free(bio);
	return copy;
}

static void name_certificate(X509 *certificate, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(certificate);
	X509_EXTENSION *names =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

	assert_non_null(names);
	assert_int_equal(X509_add_ext(certificate, names, -1), 1);
	X509_EXTENSION_free(names);
	assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
						    (const unsigned char *)name, -1, -1, 0),
			 1);
	assert_int_equal(X509_set_issuer_name(certificate, subject), 1);
}

/* A self-signed certificate around a new key. */
static struct identity make_identity(const char *name, bool ed25519)
{
	EVP_PKEY *key = ed25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	BIO *pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_mem());
	struct identity out = {0};
	uint8_t *spki = NULL;
	int n;

	assert_true(key && certificate && pem && key_pem);
	(void)X509_set_version(certificate, X509_VERSION_3);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	(void)X509_set_pubkey(certificate, key);
	name_certificate(certificate, name);
	assert_true(X509_sign(certificate, key, ed25519 ? NULL : EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(pem, certificate), 1);
	assert_int_equal(PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL), 1);
	out.certificate_pem = text_of(pem);
	out.key_pem = text_of(key_pem);
	n = i2d_PUBKEY(key, &spki);
	assert_true(n > 0);
	out.key = sha256(bytes_of(spki, (size_t)n));
	OPENSSL_free(spki);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return out;
}

static void identity_done(struct identity *i)
{
	free(i->certificate_pem);
	free(i->key_pem);
}

static int start(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct http_config config = fixture_config();

	assert_non_null(w);
	w->server = make_identity("server", false);
	w->one = make_identity("one", false);
	w->other = make_identity("one", true); /* the same name: it must not matter */
	config.certificate_pem = w->server.certificate_pem;
	config.key_pem = w->server.key_pem;
	fixture_start(&w->fixture, &config);
	*state = w;
	return 0;
}

static int stop(void **state)
{
	struct world *w = *state;

	fixture_stop(&w->fixture, 1000);
	identity_done(&w->server);
	identity_done(&w->one);
	identity_done(&w->other);
	free(w);
	return 0;
}

/* ---- the client ---- */

struct reply {
	char text[16384];
	size_t n;
	long status;
};

static size_t take(char *data, size_t size, size_t n, void *context)
{
	struct reply *r = context;

	n *= size;
	if (n > sizeof r->text - 1 - r->n)
		return 0;
	memcpy(r->text + r->n, data, n);
	r->n += n;
	return n;
}

static struct curl_blob blob(char *text)
{
	return (struct curl_blob){text, strlen(text), CURL_BLOB_COPY};
}

static CURL *client_of(struct world *w, const struct identity *client)
{
	CURL *c = curl_easy_init();
	struct curl_blob root = blob(w->server.certificate_pem);

	assert_non_null(c);
	(void)curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &root);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT, 30L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_HEADER, 1L);
	(void)curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (client) {
		struct curl_blob certificate = blob(client->certificate_pem);
		struct curl_blob key = blob(client->key_pem);

		(void)curl_easy_setopt(c, CURLOPT_SSLCERT_BLOB, &certificate);
		(void)curl_easy_setopt(c, CURLOPT_SSLCERTTYPE, "PEM");
		(void)curl_easy_setopt(c, CURLOPT_SSLKEY_BLOB, &key);
		(void)curl_easy_setopt(c, CURLOPT_SSLKEYTYPE, "PEM");
	}
	return c;
}

static CURLcode get(CURL *c, uint16_t port, const char *path, struct reply *out)
{
	char url[128];
	CURLcode code;

	memset(out, 0, sizeof *out);
	(void)snprintf(url, sizeof url, "https://127.0.0.1:%u%s", (unsigned)port, path);
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	code = curl_easy_perform(c);
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
	return code;
}

static void expect_key(const struct reply *r, const struct hash *key)
{
	char line[80] = "key=";

	hex_encode(hash_bytes(key), line + 4);
	assert_int_equal(r->status, 200);
	assert_non_null(strstr(r->text, line));
}

/* ---- tests ---- */

static void tls_1_3_is_spoken_and_nothing_older(void **state)
{
	struct world *w = *state;
	CURL *c = client_of(w, NULL);
	struct reply r;

	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
	assert_int_equal(get(c, w->fixture.people, "/show", &r), CURLE_OK);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.text, "Strict-Transport-Security: max-age=31536000"));
	curl_easy_cleanup(c);
	c = client_of(w, NULL);
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION,
			       (long)CURL_SSLVERSION_TLSv1_2 | (long)CURL_SSLVERSION_MAX_TLSv1_2);
	assert_int_equal(get(c, w->fixture.people, "/show", &r), CURLE_SSL_CONNECT_ERROR);
	assert_int_equal(get(c, w->fixture.machines, "/show", &r), CURLE_SSL_CONNECT_ERROR);
	curl_easy_cleanup(c);
}

static void plain_http_on_a_tls_port_gets_no_answer(void **state)
{
	struct world *w = *state;
	int fd = client_connect(w->fixture.people);
	struct answer a;

	client_text(fd, "GET /show HTTP/1.1\r\nHost: a\r\n\r\n");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 0);
	answer_done(&a);
	(void)close(fd);
}

static void the_people_port_asks_for_no_certificate(void **state)
{
	struct world *w = *state;
	CURL *c = client_of(w, &w->one);
	struct reply r;

	/* The client would give one if it were asked. */
	assert_int_equal(get(c, w->fixture.people, "/show", &r), CURLE_OK);
	assert_int_equal(r.status, 200);
	assert_null(strstr(r.text, "key="));
	curl_easy_cleanup(c);
}

static void a_machine_without_a_certificate_gets_401(void **state)
{
	struct world *w = *state;
	CURL *c = client_of(w, NULL);
	struct reply r;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(get(c, w->fixture.machines, "/show", &r), CURLE_OK);
		assert_int_equal(r.status, 401);
		assert_non_null(strstr(r.text, "HTTP_CLIENT_KEY_MISSING"));
		assert_non_null(strstr(r.text, "Connection: close"));
	}
	curl_easy_cleanup(c);
}

static void a_machine_is_its_key(void **state)
{
	struct world *w = *state;
	CURL *one = client_of(w, &w->one), *other = client_of(w, &w->other);
	struct reply r;

	assert_false(hash_equal(w->one.key, w->other.key));
	/* Kept alive and in turns: the key belongs to the connection. */
	for (int i = 0; i < 5; i++) {
		assert_int_equal(get(one, w->fixture.machines, "/show", &r), CURLE_OK);
		expect_key(&r, &w->one.key);
		assert_int_equal(get(other, w->fixture.machines, "/show", &r), CURLE_OK);
		expect_key(&r, &w->other.key);
	}
	curl_easy_cleanup(one);
	curl_easy_cleanup(other);
}

static void a_connection_is_reused(void **state)
{
	struct world *w = *state;
	CURL *c = client_of(w, &w->one);
	long connects = 0, all = 0;
	struct reply r;

	for (int i = 0; i < 10; i++) {
		assert_int_equal(get(c, w->fixture.machines, "/at-once", &r), CURLE_OK);
		assert_int_equal(r.status, 201);
		(void)curl_easy_getinfo(c, CURLINFO_NUM_CONNECTS, &connects);
		all += connects;
	}
	assert_int_equal(all, 1);
	curl_easy_cleanup(c);
}

static void a_certificate_without_its_key_is_refused(void **state)
{
	struct world *w = *state;
	struct identity stolen = {w->one.certificate_pem, w->other.key_pem, w->one.key};
	CURL *c = client_of(w, &stolen);
	struct reply r;

	assert_int_not_equal(get(c, w->fixture.machines, "/show", &r), CURLE_OK);
	assert_int_equal(r.status, 0);
	curl_easy_cleanup(c);
}

static void files_and_bodies_go_through_tls(void **state)
{
	struct world *w = *state;
	CURL *c = client_of(w, NULL);
	char body[1000];
	struct reply r;

	(void)curl_easy_setopt(c, CURLOPT_RANGE, "2-4");
	assert_int_equal(get(c, w->fixture.people, "/file", &r), CURLE_OK);
	assert_int_equal(r.status, 206);
	assert_non_null(strstr(r.text, "\r\n\r\n234"));
	(void)curl_easy_setopt(c, CURLOPT_RANGE, NULL);
	memset(body, 'b', sizeof body);
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)sizeof body);
	assert_int_equal(get(c, w->fixture.people, "/echo", &r), CURLE_OK);
	assert_int_equal(r.status, 200);
	assert_true(r.n > sizeof body);
	assert_memory_equal(r.text + r.n - sizeof body, body, sizeof body);
	curl_easy_cleanup(c);
}

static void a_key_of_another_certificate_does_not_start_a_server(void **state)
{
	struct world *w = *state;
	const struct http_handlers handlers = {0};
	struct http_config config = fixture_config();
	struct http_server *server = NULL;
	struct fault f = {0};

	config.certificate_pem = w->server.certificate_pem;
	config.key_pem = w->one.key_pem;
	assert_int_not_equal(http_start(&config, &handlers, &server, &f).code, OK);
	assert_string_equal(f.message, "HTTP_TLS_FAILED");
	config.key_pem = "";
	assert_int_not_equal(http_start(&config, &handlers, &server, &f).code, OK);
	assert_string_equal(f.message, "HTTP_TLS_FAILED");
}

static void people_may_come_plain_while_machines_must_not(void **state)
{
	struct world *w = *state;
	struct http_config config = fixture_config();
	CURL *c = client_of(w, &w->one);
	struct reply r;
	struct answer a;

	fixture_stop(&w->fixture, 1000);
	config.certificate_pem = w->server.certificate_pem;
	config.key_pem = w->server.key_pem;
	config.people_plain = true;
	fixture_start(&w->fixture, &config);
	int fd = client_connect(w->fixture.people);
	client_text(fd, "GET /show HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 200);
	assert_null(answer_header(&a, "Strict-Transport-Security"));
	answer_done(&a);
	(void)close(fd);
	assert_int_equal(get(c, w->fixture.people, "/show", &r), CURLE_SSL_CONNECT_ERROR);
	assert_int_equal(get(c, w->fixture.machines, "/show", &r), CURLE_OK);
	expect_key(&r, &w->one.key);
	assert_non_null(strstr(r.text, "Strict-Transport-Security"));
	curl_easy_cleanup(c);
	fd = client_connect(w->fixture.machines);
	client_text(fd, "GET /show HTTP/1.1\r\nHost: a\r\n\r\n");
	client_read(fd, &a, false);
	assert_int_equal(a.status, 0);
	answer_done(&a);
	(void)close(fd);
}

static void plain_is_for_this_machine_only(void **state)
{
	struct world *w = *state;
	const struct http_handlers handlers = {0};
	struct http_config config = fixture_config();
	struct http_server *server = NULL;
	struct fault f = {0};

	config.certificate_pem = w->server.certificate_pem;
	config.key_pem = w->server.key_pem;
	config.people_plain = true;
	config.address = "0.0.0.0";
	assert_int_not_equal(http_start(&config, &handlers, &server, &f).code, OK);
	assert_string_equal(f.message, "HTTP_TLS_REQUIRED");
	assert_null(server);
}

static void *ask_to_wait(void *context)
{
	struct world *w = context;
	CURL *c = client_of(w, &w->one);
	struct reply r;
	CURLcode code = get(c, w->fixture.machines, "/wait", &r);

	curl_easy_cleanup(c);
	return code == CURLE_OK && r.status == 503 ? w : NULL;
}

static void a_suspended_machine_gets_503_when_the_server_stops(void **state)
{
	struct world *w = *state;
	pthread_t threads[8];

	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_to_wait, w), 0);
	fixture_wait(&w->fixture, &w->fixture.tickets_n, 8);
	http_stop(w->fixture.server, 0);
	for (size_t i = 0; i < 8; i++) {
		void *result = NULL;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, w);
	}
	while (w->fixture.tickets_n > 0)
		http_finish(w->fixture.tickets[--w->fixture.tickets_n]);
	identity_done(&w->server);
	identity_done(&w->one);
	identity_done(&w->other);
	free(w);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		EACH(tls_1_3_is_spoken_and_nothing_older),
		EACH(plain_http_on_a_tls_port_gets_no_answer),
		EACH(the_people_port_asks_for_no_certificate),
		EACH(a_machine_without_a_certificate_gets_401),
		EACH(a_machine_is_its_key),
		EACH(a_connection_is_reused),
		EACH(a_certificate_without_its_key_is_refused),
		EACH(files_and_bodies_go_through_tls),
		EACH(a_key_of_another_certificate_does_not_start_a_server),
		EACH(people_may_come_plain_while_machines_must_not),
		EACH(plain_is_for_this_machine_only),
		cmocka_unit_test_setup(a_suspended_machine_gets_503_when_the_server_stops, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

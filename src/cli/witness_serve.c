/* SPDX-License-Identifier: Apache-2.0 */
/* witness_serve.c — a witness for other people's logs (C2SP tlog-witness): two paths over TLS. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/files.h"
#include "ledger/witness.h"
#include "server/http.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOGS_MAX = 64, CONNECTIONS_MAX = 64, GRACE_MS = 5000, PEM_FILE_MAX = 65536 };

struct watching {
	pthread_mutex_t lock; /* the store belongs to one thread at a time */
	struct witness_store *store;
	struct private_key *key;
	struct db *db;
	struct note_key logs[LOGS_MAX];
	size_t logs_n;
};

/* ---- requests ---- */

static void plain(struct http_request *r, int status, const char *text)
{
	http_reply(r, status, "text/plain; charset=utf-8", bytes_text(text));
}

static void answer(struct http_request *r, struct watching *w)
{
	static const char MONITOR[] = "/monitor/";
	struct witness_reply reply;
	struct fault f;
	err e;

	pthread_mutex_lock(&w->lock);
	if (r->method == HTTP_POST)
		e = witness_add_checkpoint(w->store, r->arena, r->body,
					   clock_wall_ms(&clock_system) / 1000, &reply, &f);
	else
		e = witness_monitor(w->store, r->arena, r->path + sizeof MONITOR - 1, &reply, &f);
	pthread_mutex_unlock(&w->lock);
	if (e.code != OK)
		plain(r, err_info(e.code)->http_status, "The witness cannot decide now.\n");
	else
		http_reply(r, (int)reply.status, reply.content_type, reply.body);
}

static void handle(struct http_request *r, void *context)
{
	bool add = strcmp(r->path, "/add-checkpoint") == 0;
	bool monitor = strncmp(r->path, "/monitor/", 9) == 0;

	if (!add && !monitor)
		plain(r, 404, "There is no such thing.\n");
	else if ((add && r->method != HTTP_POST) || (monitor && r->method != HTTP_GET))
		plain(r, 405, "Not with this method.\n");
	else
		answer(r, context);
}

static size_t begin(struct http_request *r, struct http_upload *upload, void *context)
{
	(void)upload;
	(void)context;
	return r->method == HTTP_POST ? WITNESS_BODY_MAX : 0;
}

/* ---- its state ---- */

static err read_logs(struct cli *cli, struct watching *w, struct fault *f)
{
	const char *path;

	while ((path = cli_option_at(cli, "log", w->logs_n)) != NULL) {
		if (w->logs_n == LOGS_MAX)
			return fail(f, "CLI_TOO_MANY", NULL);
		TRY(log_key_read(&cli->arena, path, &w->logs[w->logs_n++], f));
	}
	return w->logs_n > 0 ? ERR_OK : fail(f, "CLI_LOG_KEY_MISSING", NULL);
}

static err load_key(struct cli *cli, struct watching *w, const char *folder, struct fault *f)
{
	const char *path = arena_printf(&cli->arena, "%s/witness.key", folder);

	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (file_exists(path))
		return private_key_load(path, (struct bytes){0}, &w->key, f);
	TRY(private_key_generate(KEY_ED25519, &w->key, f));
	TRY(private_key_save(w->key, path, (struct bytes){0}, f));
	return tls_files_make(&cli->arena, folder, f);
}

/* FOLDER/witness.vkey, for those who want to check cosignatures, and on standard output if `say`. */
static err publish_key(struct cli *cli, const struct note_key *key, const char *folder, bool say,
		       struct fault *f)
{
	char text[512];
	struct writer out = writer_of(text, sizeof text);
	struct bytes line;
	const char *path = arena_printf(&cli->arena, "%s/witness.vkey", folder);

	note_key_put(&out, key);
	put_text(&out, "\n");
	if (path == NULL || !writer_done(&out, &line))
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(file_write(path, line, 0644, f));
	return say ? fd_write_all(STDOUT_FILENO, line, f) : ERR_OK;
}

/* A log that has witnesses for its anchor names them before it begins; a witness must know that log
 * before it serves. */
err command_witness_make(struct cli *cli, struct fault *f)
{
	const char *folder = cli->words[0], *name = cli_option(cli, "name");
	struct watching w = {0};
	struct note_key key;
	uint8_t raw[32];

	if (name == NULL)
		return fail(f, "WITNESS_NAME_MISSING", NULL);
	TRY(folder_make(folder, f));
	err made = load_key(cli, &w, folder, f);
	if (made.code == OK && (!public_key_ed25519(private_key_public(w.key), raw) ||
				!note_key_make(name, NOTE_COSIGNATURE, raw, &key)))
		made = fail(f, "WITNESS_KEY", "name", name, NULL);
	if (made.code == OK)
		made = publish_key(cli, &key, folder, true, f);
	private_key_close(w.key);
	return made;
}

static err open_witness(struct cli *cli, struct watching *w, struct fault *f)
{
	const char *folder = cli->words[0], *name = cli_option(cli, "name");
	const char *store = arena_printf(&cli->arena, "sqlite:%s/witness.db", folder);

	if (name == NULL)
		return fail(f, "WITNESS_NAME_MISSING", NULL);
	if (store == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(read_logs(cli, w, f));
	TRY(folder_make(folder, f));
	TRY(load_key(cli, w, folder, f));
	TRY(db_open(store, &w->db, f));
	TRY(db_run(w->db, WITNESS_SCHEMA, f));
	TRY(witness_open(w->db, name, w->key, w->logs, w->logs_n, &w->store, f));
	return publish_key(cli, witness_key(w->store), folder, false, f);
}

/* ---- serving ---- */

static err start(struct cli *cli, struct watching *w, struct http_server **out, struct fault *f)
{
	const char *folder = cli->words[0];
	const struct http_handlers handlers = {.handle = handle, .begin = begin, .context = w};
	struct http_config config = {.address = "127.0.0.1",
				     .threads = 1,
				     .connections_max = CONNECTIONS_MAX,
				     .connections_per_peer_max = CONNECTIONS_MAX,
				     .idle_timeout_s = 10};
	struct bytes certificate, key;
	uint64_t port;

	TRY(cli_number(cli, "port", 8446, 65535, &port, f));
	config.people_port = (uint16_t)port;
	TRY(file_read(&cli->arena, arena_printf(&cli->arena, "%s/tls.crt", folder), PEM_FILE_MAX,
		      &certificate, f));
	TRY(file_read(&cli->arena, arena_printf(&cli->arena, "%s/tls.key", folder), PEM_FILE_MAX,
		      &key, f));
	config.certificate_pem = arena_text(&cli->arena, certificate);
	config.key_pem = arena_text(&cli->arena, key);
	err e = config.certificate_pem == NULL || config.key_pem == NULL
			? fail(f, "OUT_OF_MEMORY", NULL)
			: http_start(&config, &handlers, out, f);
	bytes_wipe((void *)(uintptr_t)key.p, key.n);
	if (config.key_pem != NULL)
		bytes_wipe((void *)(uintptr_t)config.key_pem, key.n);
	return e;
}

static err run(struct cli *cli, struct watching *w, int ready, const sigset_t *both,
	       struct fault *f)
{
	struct http_server *server;
	char line[64];
	int signal_n;

	TRY(open_witness(cli, w, f));
	TRY(start(cli, w, &server, f));
	int n = snprintf(line, sizeof line, "%s%u\n", ready < 0 ? "https://localhost:" : "",
			 http_port_of(server, HTTP_PEOPLE));
	err e = fd_write_all(ready < 0 ? STDOUT_FILENO : ready, bytes_of(line, (size_t)n), f);
	if (e.code == OK)
		sigwait(both, &signal_n);
	http_stop(server, GRACE_MS);
	return e;
}

err command_witness_serve(struct cli *cli, struct fault *f)
{
	struct watching *w = arena_alloc(&cli->arena, sizeof *w);
	sigset_t both;
	int ready;

	if (w == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	sigemptyset(&both);
	sigaddset(&both, SIGTERM);
	sigaddset(&both, SIGINT);
	sigprocmask(SIG_BLOCK, &both, NULL);
	pthread_mutex_init(&w->lock, NULL);
	TRY(cli_ready(cli, &ready, f));
	err e = run(cli, w, ready, &both, f);
	witness_close(w->store);
	if (w->db != NULL)
		db_close(w->db);
	private_key_close(w->key);
	pthread_mutex_destroy(&w->lock);
	return e;
}

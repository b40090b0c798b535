/* SPDX-License-Identifier: Apache-2.0 */
/* demo_open.c — the state folder, the founders' keys, and the processes. */
#include "sim/demo_internal.h"

#include "base/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/key_file.h"
#include "signer/signer.h"

#define MARK          "demo.run"
#define AUTHOR        "erin"
#define SECOND_AUTHOR "fred"

enum { RUN_TEXT_MAX = 32, SIGNER_MS = 10000, PORT_TRIES = 50 };

/* Only what a demo made is ever removed. */
static err prepare_folder(struct demo *d, struct fault *f)
{
	const char *mark = demo_text(d, "%s/" MARK, d->options.folder);
	struct bytes text;
	struct stat st;
	bool there = lstat(d->options.folder, &st) == 0;

	if (there && !file_exists(mark) && rmdir(d->options.folder) != 0)
		return fail(f, "DEMO_FOLDER_FOREIGN", "folder", d->options.folder, NULL);
	if (there && d->options.fresh)
		TRY(folder_remove(d->options.folder, f));
	TRY(folder_make(demo_text(d, "%s/people", d->options.folder), f));
	TRY(folder_make(demo_text(d, "%s/passports", d->options.folder), f));
	if (file_exists(mark)) {
		TRY(file_read(&d->arena, mark, RUN_TEXT_MAX, &text, f));
		char *number = arena_text(&d->arena, text);
		d->run = number == NULL ? 0 : (unsigned)strtoul(number, NULL, 10);
	}
	d->run++;
	char number[RUN_TEXT_MAX];
	int n = snprintf(number, sizeof number, "%u\n", d->run);
	return file_write(mark, bytes_of(number, (size_t)n), 0644, f);
}

/* ---- those whom the charter names ---- */

static err make_key_pair(struct demo *d, const char *id, enum key_algorithm algorithm,
			 struct fault *f)
{
	const char *path = demo_text(d, "%s/people/%s.key", d->options.folder, id);
	struct private_key *key;

	if (file_exists(path))
		return ERR_OK;
	TRY(private_key_generate(algorithm, &key, f));
	err e = private_key_save(key, path, (struct bytes){0}, f);
	if (e.code == OK)
		e = public_key_file_write(private_key_public(key),
					  demo_text(d, "%s/people/%s.pub", d->options.folder, id),
					  f);
	private_key_close(key);
	return e;
}

/* A port of loopback that nobody listens at; 0: it is taken. */
static unsigned free_port(unsigned wanted)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)wanted),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	AUTO(fd_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) != 0)
		return 0;
	return ntohs(at.sin_port);
}

/* Where the console is: passkeys are bound to it. */
static const char *web_origin(struct demo *d)
{
	return demo_text(d, "%s://localhost:%s", d->options.http ? "http" : "https",
			 d->options.port);
}

static err found(struct demo *d, struct fault *f)
{
	const char *folder = d->options.folder;
	const char *arguments[] = {
		"init",
		d->state,
		"--origin",
		DEMO_ORIGIN,
		"--mode",
		"trial",
		"--port",
		d->options.port,
		"--relying-party",
		"localhost",
		"--web-origin",
		web_origin(d),
		"--founder",
		demo_text(d, "ada=%s/people/ada.pub", folder),
		"--founder",
		demo_text(d, "ben=%s/people/ben.pub", folder),
		"--founder",
		demo_text(d, "cleo=%s/people/cleo.pub", folder),
		"--author",
		demo_text(d, AUTHOR "=%s/people/" AUTHOR ".pub", folder),
		"--author",
		demo_text(d, SECOND_AUTHOR "=%s/people/" SECOND_AUTHOR ".pub", folder),
		NULL};

	if (file_exists(demo_text(d, "%s/sealwright.conf", d->state)))
		return ERR_OK;
	demo_step(d,
		  "Founding the trial log %s: three founders who agree, and " AUTHOR
		  " and " SECOND_AUTHOR ", who may ask",
		  DEMO_ORIGIN);
	d->founded = true;
	return child_run(arguments, demo_text(d, "%s/init.log", folder), f);
}

static err read_state(struct demo *d, struct fault *f)
{
	struct bytes text;

	TRY(file_read(&d->arena, demo_text(d, "%s/ca.der", d->state), 16384, &d->device_ca, f));
	TRY(file_read(&d->arena, demo_text(d, "%s/log.vkey", d->state), 4096, &text, f));
	while (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	d->ca = demo_text(d, "%s/tls.crt", d->state);
	return note_key_parse(text, &d->log)
		       ? ERR_OK
		       : fail(f, "DEMO_STATE_WRONG", "folder", d->state, NULL);
}

/* Whoever stays must say an address before it is bound: two free ports, side by side. */
static err choose_port(struct demo *d, struct fault *f)
{
	if (d->options.once || strcmp(d->options.port, "0") != 0)
		return ERR_OK;
	for (unsigned i = 0; i < PORT_TRIES; i++) {
		unsigned people = free_port(0);
		if (people > 0 && people < UINT16_MAX && free_port(people + 1) != 0) {
			d->options.port = demo_text(d, "%u", people);
			return ERR_OK;
		}
	}
	return fail(f, "DEMO_NO_PORT", NULL);
}

err demo_open(struct demo *d, struct fault *f)
{
	static const char *const FOUNDERS[] = {"ada", "ben", "cleo"};

	d->state = demo_text(d, "%s/state", d->options.folder);
	d->logs = d->options.folder;
	if (d->state == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(prepare_folder(d, f));
	TRY(choose_port(d, f));
	for (size_t i = 0; i < 3; i++)
		TRY(make_key_pair(d, FOUNDERS[i], KEY_ED25519, f));
	TRY(make_key_pair(d, AUTHOR, KEY_P256, f));
	TRY(make_key_pair(d, SECOND_AUTHOR, KEY_P256, f));
	TRY(registry_make(AREAS, &d->registry, f));
	TRY(found(d, f));
	return read_state(d, f);
}

/* ---- processes ---- */

/* What every device is made to trust: the signer says it to whoever may talk to it. */
static err read_permit_key(struct demo *d, struct fault *f)
{
	struct signer_client *client;
	struct signer_status status;
	const char *socket = demo_text(d, "%s/run/signer.sock", d->state);

	TRY(signer_connect(socket, SIGNER_MS, &client, f));
	err e = signer_status_read(client, &d->arena, &status, f);
	signer_disconnect(client);
	d->permit_spki = status.permit_spki;
	return e;
}

/* Beside the people port; 0: any free one. */
static unsigned long machines_port(const struct demo *d)
{
	unsigned long people = strtoul(d->options.port, NULL, 10);

	return people == 0 ? 0 : people + 1;
}

err demo_start(struct demo *d, struct fault *f)
{
	const char *signer[] = {"signer", d->state, NULL};
	const char *server[] = {"serve",
				d->state,
				"--no-signer",
				"--port",
				d->options.port,
				"--set",
				demo_text(d, "tls=%s", d->options.http ? "machines" : "on"),
				"--set",
				demo_text(d, "web_origin=%s", web_origin(d)),
				"--set",
				demo_text(d, "demo_socket=../" DEMO_SOCKET),
				"--set",
				demo_text(d, "machines_port=%lu", machines_port(d)),
				NULL};
	char *end;

	TRY(child_start(signer, demo_text(d, "%s/signer.log", d->logs), &d->signer, f));
	TRY(read_permit_key(d, f));
	TRY(child_start(server, demo_text(d, "%s/server.log", d->logs), &d->server, f));
	unsigned long people = strtoul(d->server.ready, &end, 10);
	unsigned long machines = strtoul(end, NULL, 10);
	if (people == 0 || people > UINT16_MAX || machines == 0 || machines > UINT16_MAX)
		return fail(f, "CHILD_FAILED", "command", "serve", "detail",
			    "it did not say its ports", "log", "server.log", NULL);
	snprintf(d->people_url, sizeof d->people_url, "%s://localhost:%lu",
		 d->options.http ? "http" : "https", people);
	snprintf(d->machines_url, sizeof d->machines_url, "https://localhost:%lu", machines);
	demo_step(d,
		  "Signer (process %d) and server (process %d) run; people at %s, machines at %s",
		  (int)d->signer.pid, (int)d->server.pid, d->people_url, d->machines_url);
	return ERR_OK;
}

void demo_stop(struct demo *d)
{
	demo_sign_out(d);
	child_stop(&d->server);
	child_stop(&d->signer);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_folder.c — the state folder: what must be there, who may read it; and what the server would say, without one. */
#include "cli/doctor.h"

#include "base/clock.h"
#include "base/files.h"
#include "server/doctor.h"
#include "signer/signer.h"

#include <string.h>
#include <sys/stat.h>

enum { KEY_FILE_MAX = 65536, SIGNER_TIMEOUT_MS = 5000 };

static void check_secret(struct doctor *d, const char *path, off_t size)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		doctor_say(d, DOCTOR_FAIL, "Restore it from the backup.", "%s is not there", path);
	else if (!S_ISREG(st.st_mode) || (size > 0 && st.st_size != size))
		doctor_say(d, DOCTOR_FAIL, "Restore it from the backup.", "%s is not a key", path);
	else if ((st.st_mode & 077) != 0)
		doctor_say(d, DOCTOR_FAIL, "Take the rights of group and others: chmod 600.",
			   "others may read %s", path);
	else
		doctor_say(d, DOCTOR_OK, NULL, "%s is there and closed to others", path);
}

static void check_closed_folder(struct doctor *d, const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		doctor_say(d, DOCTOR_FAIL, "Restore it from the backup.", "%s is not there", path);
	else if ((st.st_mode & 077) != 0)
		doctor_say(d, DOCTOR_FAIL, "Take the rights of group and others: chmod 700.",
			   "others may enter %s", path);
	else
		doctor_say(d, DOCTOR_OK, NULL, "%s is closed to others", path);
}

/* Whoever may not read the signer's folder cannot say, and need not. */
static void check_encrypted(struct doctor *d, const char *path)
{
	struct bytes pem;
	struct fault f;

	if (path == NULL || file_read(&d->cli->arena, path, KEY_FILE_MAX, &pem, &f).code != OK)
		return;
	bool encrypted = memmem(pem.p, pem.n, "ENCRYPTED", 9) != NULL;
	bool address = pem.n > 7 && memcmp(pem.p, "pkcs11:", 7) == 0;
	bytes_wipe((void *)(uintptr_t)pem.p, pem.n);
	if (address) {
		doctor_say(d, DOCTOR_OK, NULL, "the signer's CA key is in an HSM");
		return;
	}
	doctor_say(d, encrypted ? DOCTOR_OK : DOCTOR_WARN,
		   "Encrypt the disk; found a house in production with --passphrase-file.",
		   "the signer's keys are %sencrypted", encrypted ? "" : "not ");
}

static void check_store(struct doctor *d, const struct server_config *config)
{
	const char *path = config->store + (strncmp(config->store, "sqlite:", 7) == 0 ? 7 : 0);

	if (path == config->store)
		doctor_say(d, DOCTOR_OK, NULL, "the store is in PostgreSQL");
	else if (file_exists(path))
		doctor_say(d, DOCTOR_OK, NULL, "the store is %s", path);
	else
		doctor_say(d, DOCTOR_FAIL, "Restore it from the backup.", "there is no store %s",
			   path);
}

/* What devices are given must be what is signed with. */
static void check_ca(struct doctor *d, const char *folder, const char *socket)
{
	const char *path = arena_printf(&d->cli->arena, "%s/ca.der", folder);
	struct signer_client *signer;
	struct signer_public public;
	struct bytes here = {0};
	struct fault f;

	if (path == NULL || signer_connect(socket, SIGNER_TIMEOUT_MS, &signer, &f).code != OK)
		return; /* that it is away is said elsewhere */
	err e = signer_public_read(signer, &d->cli->arena, &public, &f);
	signer_disconnect(signer);
	if (e.code != OK)
		return;
	bool same = file_read(&d->cli->arena, path, CERTIFICATE_SIZE_MAX, &here, &f).code == OK &&
		    bytes_equal(here, public.ca_certificate);
	doctor_say(d, same ? DOCTOR_OK : DOCTOR_FAIL,
		   "Copy ca.der from the signer's folder; the old one stays as ca.old.N.der.",
		   "%s/ca.der %s", folder,
		   same ? "is the CA that the signer uses" : "is not the CA that the signer uses");
}

/* Without the server's word: the same questions, asked here. */
static void ask_here(struct doctor *d, const struct server_config *config)
{
	uint64_t now_ms = clock_wall_ms(&clock_system);
	const struct charter *charter;
	json_t *checks = json_array();

	check_store(d, config);
	check_state(checks, config, now_ms);
	if (signer_listens(config->signer_socket))
		check_signer(checks, &d->cli->arena, config->signer_socket, now_ms, &charter);
	else
		doctor_say(d, DOCTOR_WARN,
			   "Start it: sealwright serve DIR, or sealwright signer DIR.",
			   "the signer does not run");
	doctor_show(d, checks);
	json_decref(checks);
}

err doctor_folder(struct doctor *d, const char *folder, struct fault *f)
{
	struct server_config *config = arena_alloc(&d->cli->arena, sizeof *config);

	if (config == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(config_read(folder, config, f));
	doctor_say(d, DOCTOR_OK, NULL, "%s is the state of %s", folder, config->origin);
	check_secret(d, arena_printf(&d->cli->arena, "%s/salts.key", folder), 32);
	check_secret(d, arena_printf(&d->cli->arena, "%s/blob.key", folder), 32);
	check_secret(d, config->tls_key, 0);
	check_closed_folder(d, arena_printf(&d->cli->arena, "%s/signer", folder));
	check_closed_folder(d, arena_printf(&d->cli->arena, "%s/run", folder));
	if (!signer_listens(config->signer_socket)) /* else it says so itself */
		check_encrypted(d, arena_printf(&d->cli->arena, "%s/signer/ca.key", folder));
	check_ca(d, folder, config->signer_socket);
	if (!doctor_server_said(d, config->origin))
		ask_here(d, config);
	return ERR_OK;
}

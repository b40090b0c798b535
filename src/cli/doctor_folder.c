/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_folder.c — the state folder: what must be there, who may read it, and room on the disk. */
#include "cli/doctor.h"

#include "backup/backup.h"
#include "base/clock.h"
#include "base/files.h"
#include "server/config.h"

#include <inttypes.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

enum { ROOM_WARN = 10, ROOM_FAIL = 2, CERTIFICATE_WARN_DAYS = 30, CERTIFICATE_FILE_MAX = 65536 };
enum { BACKUP_WARN_DAYS = 2, TESTED_WARN_DAYS = 92 };
static const uint64_t DAY_MS = UINT64_C(24) * 3600 * 1000;

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

	if (path == NULL ||
	    file_read(&d->cli->arena, path, CERTIFICATE_FILE_MAX, &pem, &f).code != OK)
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

static void check_room(struct doctor *d, const char *folder)
{
	struct statvfs v;

	if (statvfs(folder, &v) != 0 || v.f_blocks == 0)
		return;
	unsigned percent = (unsigned)(v.f_bavail * 100 / v.f_blocks);
	doctor_say(d,
		   percent < ROOM_FAIL   ? DOCTOR_FAIL
		   : percent < ROOM_WARN ? DOCTOR_WARN
					 : DOCTOR_OK,
		   "Make room, or move the state to a larger disk.", "%u %% of the disk are free",
		   percent);
}

static bool certificate_ends(struct bytes pem, time_t *out)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	struct tm end;
	bool good =
		certificate != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1;

	if (good)
		*out = timegm(&end);
	X509_free(certificate);
	BIO_free(bio);
	return good;
}

static void check_certificate(struct doctor *d, const char *path)
{
	struct bytes pem;
	struct fault f;
	time_t ends;

	if (file_read(&d->cli->arena, path, CERTIFICATE_FILE_MAX, &pem, &f).code != OK ||
	    !certificate_ends(pem, &ends)) {
		doctor_say(d, DOCTOR_FAIL, "Put a TLS certificate there.", "%s cannot be read",
			   path);
		return;
	}
	long days = (long)((ends - (time_t)(clock_wall_ms(&clock_system) / 1000)) / 86400);
	doctor_say(d,
		   days < 0                       ? DOCTOR_FAIL
		   : days < CERTIFICATE_WARN_DAYS ? DOCTOR_WARN
						  : DOCTOR_OK,
		   "Renew it.", "the TLS certificate ends in %ld days", days);
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
	doctor_say(d, file_exists(config->blobs) ? DOCTOR_OK : DOCTOR_WARN,
		   "It is made when the first file comes, or was lost.", "files are in %s%s",
		   config->blobs, file_exists(config->blobs) ? "" : ", which is not there");
}

/* How long ago; a backup that was never restored is a hope. */
static void check_mark(struct doctor *d, const char *what, const char *never, uint64_t at,
		       uint64_t most_days, const char *fix)
{
	uint64_t now = clock_wall_ms(&clock_system), days = now > at ? (now - at) / DAY_MS : 0;

	if (at == 0)
		doctor_say(d, DOCTOR_WARN, fix, "%s", never);
	else
		doctor_say(d, days <= most_days ? DOCTOR_OK : DOCTOR_WARN, fix,
			   "%s %" PRIu64 " day%s ago", what, days, days == 1 ? "" : "s");
}

static void check_backups(struct doctor *d, const char *folder)
{
	struct backup_marks marks;

	backup_marks_read(folder, &marks);
	check_mark(d, "the last backup was taken", "no backup was ever taken", marks.backup.at,
		   BACKUP_WARN_DAYS, "sealwright backup DIR FILE --to … --custodian …");
	check_mark(d, "a restore was last tested", "no restore was ever tested", marks.tested.at,
		   TESTED_WARN_DAYS, "sealwright restore FILE DIR --test --identity …");
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
	check_encrypted(d, arena_printf(&d->cli->arena, "%s/signer/ca.key", folder));
	check_certificate(d, config->tls_certificate);
	check_store(d, config);
	check_room(d, folder);
	check_backups(d, folder);
	doctor_say(d, signer_listens(config->signer_socket) ? DOCTOR_OK : DOCTOR_WARN,
		   "Start it: sealwright serve DIR, or sealwright signer DIR.", "the signer %s",
		   signer_listens(config->signer_socket) ? "listens" : "does not run");
	if (signer_listens(config->signer_socket))
		doctor_signer(d, folder, config->signer_socket);
	return ERR_OK;
}

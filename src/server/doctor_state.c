/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_state.c — a check as JSON; and what the state folder says: room, certificate, attachments,
 * backups. */
#include "backup/backup.h"
#include "base/catalog.h"
#include "base/files.h"
#include "crypto/x509.h"
#include "server/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

enum { ROOM_WARN = 10, ROOM_FAIL = 2, CERTIFICATE_WARN_DAYS = 30, CERTIFICATE_FILE_MAX = 65536 };
enum { BACKUP_WARN_DAYS = 2, TESTED_WARN_DAYS = 92 };
static const uint64_t DAY_MS = UINT64_C(24) * 3600 * 1000;

/* ---- a check ---- */

void check_say_fault(json_t *checks, enum check_verdict verdict, const struct fault *f)
{
	static const char *const WORDS[CHECK_VERDICTS] = {"ok", "warn", "fail"};
	const struct message *m = f->message == NULL ? NULL : catalog_find(f->message);
	json_t *values = json_object();
	char text[1024];

	for (size_t i = 0; i < f->n; i++)
		json_object_set_new(values, f->values[i].name, json_string(f->values[i].value));
	catalog_render(m == NULL ? "" : m->text, f, text, sizeof text);
	json_t *check = json_pack("{s:s, s:s, s:o, s:s}", "verdict", WORDS[verdict], "code",
				  m == NULL ? "" : m->id, "values", values, "text", text);
	if (m != NULL && verdict != CHECK_OK && m->fix[0] != '\0') {
		catalog_render(m->fix, f, text, sizeof text);
		json_object_set_new(check, "fix", json_string(text));
	}
	json_array_append_new(checks, check);
}

void check_say(json_t *checks, enum check_verdict verdict, const char *id, ...)
{
	struct fault f = {0};
	const char *name;
	va_list pairs;

	(void)fail(&f, id, NULL);
	va_start(pairs, id);
	while ((name = va_arg(pairs, const char *)) != NULL)
		fault_add(&f, name, va_arg(pairs, const char *));
	va_end(pairs);
	check_say_fault(checks, verdict, &f);
}

struct check_number check_number(int64_t n)
{
	struct check_number out;

	snprintf(out.text, sizeof out.text, "%" PRId64, n);
	return out;
}

/* ---- the folder ---- */

void check_room(json_t *checks, uint64_t free_blocks, uint64_t blocks)
{
	if (blocks == 0) {
		check_say(checks, CHECK_WARN, "DOCTOR_ROOM_UNKNOWN", "why", strerror(errno), NULL);
		return;
	}
	/* A disk may be of more blocks than a hundredth of what 64 bits hold. */
	uint64_t percent = blocks > UINT64_MAX / 100 ? free_blocks / (blocks / 100)
						     : free_blocks * 100 / blocks;
	check_say(checks,
		  percent < ROOM_FAIL   ? CHECK_FAIL
		  : percent < ROOM_WARN ? CHECK_WARN
					: CHECK_OK,
		  "DOCTOR_ROOM", "percent", check_number((int64_t)percent).text, NULL);
}

void check_tls(json_t *checks, struct bytes pem, uint64_t now_ms)
{
	uint64_t ends;

	if (!certificate_pem_ends(pem, &ends)) {
		check_say(checks, CHECK_FAIL, "DOCTOR_TLS_UNREADABLE", NULL);
		return;
	}
	if (ends <= now_ms) {
		check_say(checks, CHECK_FAIL, "DOCTOR_TLS_ENDED", "days",
			  check_number((int64_t)((now_ms - ends) / DAY_MS)).text, NULL);
		return;
	}
	uint64_t days = (ends - now_ms) / DAY_MS;
	check_say(checks, days < CERTIFICATE_WARN_DAYS ? CHECK_WARN : CHECK_OK, "DOCTOR_TLS",
		  "days", check_number((int64_t)days).text, NULL);
}

static void check_tls_file(json_t *checks, const struct server_config *config, uint64_t now_ms)
{
	struct arena arena = {0};
	struct bytes pem = {0};
	struct fault f;

	if (strcmp(config->tls, "off") == 0) {
		check_say(checks, CHECK_OK, "DOCTOR_TLS_OFF", NULL);
		return;
	}
	if (file_read(&arena, config->tls_certificate, CERTIFICATE_FILE_MAX, &pem, &f).code != OK)
		pem = (struct bytes){0};
	check_tls(checks, pem, now_ms);
	arena_done(&arena);
}

/* How long ago; a backup that was never restored is a hope. */
static void check_mark(json_t *checks, const char *id, const char *never, uint64_t at,
		       uint64_t now_ms, uint64_t most_days)
{
	uint64_t days = now_ms > at ? (now_ms - at) / DAY_MS : 0;

	if (at == 0)
		check_say(checks, CHECK_WARN, never, NULL);
	else
		check_say(checks, days <= most_days ? CHECK_OK : CHECK_WARN, id, "days",
			  check_number((int64_t)days).text, NULL);
}

void check_state(json_t *checks, const struct server_config *config, uint64_t now_ms)
{
	struct backup_marks marks;
	struct statvfs v = {0};
	bool blobs = file_exists(config->blobs);

	check_tls_file(checks, config, now_ms);
	check_say(checks, blobs ? CHECK_OK : CHECK_WARN,
		  blobs ? "DOCTOR_BLOBS" : "DOCTOR_BLOBS_NONE", NULL);
	bool known = statvfs(config->folder, &v) == 0;
	check_room(checks, v.f_bavail, known ? v.f_blocks : 0);
	backup_marks_read(config->folder, &marks);
	check_mark(checks, "DOCTOR_BACKUP", "DOCTOR_BACKUP_NONE", marks.backup.at, now_ms,
		   BACKUP_WARN_DAYS);
	check_mark(checks, "DOCTOR_RESTORE", "DOCTOR_RESTORE_NONE", marks.tested.at, now_ms,
		   TESTED_WARN_DAYS);
}

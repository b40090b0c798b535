/* SPDX-License-Identifier: Apache-2.0 */
/* put_secrets.c — keys and the signer's folder, when enough custodians brought their shares. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backup/put.h"
#include "base/files.h"
#include "signer/succeed.h"

static err read_shares(struct put *p, struct custody_share *out, struct fault *f)
{
	const struct restore_plan *plan = p->plan;
	struct bytes text;

	if (plan->shares_n > BACKUP_SHARE_FILES_MAX)
		return fail(f, "BACKUP_TOO_MANY_FILES", "path", "--share", NULL);
	for (size_t i = 0; i < plan->shares_n; i++) {
		arena_reset(&p->arena);
		TRY(file_read(&p->arena, plan->shares[i], CUSTODY_SHARE_TEXT, &text, f));
		bool good = share_parse(text, &out[i]);
		bytes_wipe((void *)(uintptr_t)text.p, text.n);
		if (!good)
			return fail(f, "BACKUP_SHARE_MALFORMED", "file", plan->shares[i], NULL);
	}
	return ERR_OK;
}

/* keys/NAME goes into the folder itself, signer/NAME into its folder of that name. */
static err put_secret(struct put *p, struct tar_reader *inner, const struct tar_member *m,
		      struct fault *f)
{
	bool key = strncmp(m->name, SECRET_KEYS, strlen(SECRET_KEYS)) == 0;
	bool signer = strncmp(m->name, SECRET_SIGNER, strlen(SECRET_SIGNER)) == 0;
	const char *name = strchr(m->name, '/');
	struct hash ignored;

	if ((!key && !signer) || strchr(name + 1, '/') != NULL || m->size > PART_SIGNER_MAX ||
	    (key && m->size > PART_FILE_MAX))
		return put_damaged(f, "its secrets have a part that none have");
	p->report->signer = p->report->signer || signer;
	return put_file(p, key ? name + 1 : m->name, tar_source(inner), m->size, &ignored, f);
}

static err custody_source_get(void *context, uint8_t *out, size_t n, size_t *got, struct fault *f)
{
	return custody_get(context, out, n, got, f);
}

static err put_archive(struct put *p, struct custody_reader *reader, struct fault *f)
{
	struct tar_reader inner = {.source = {custody_source_get, reader}};
	char last[TAR_NAME_MAX + 1] = "";
	struct tar_member m;
	size_t n = 0;
	bool more;

	for (;;) {
		TRY(tar_next(&inner, &m, &more, f));
		if (!more)
			break;
		if (strcmp(m.name, last) <= 0 || ++n > 2 * PART_FILES_MAX)
			return put_damaged(f, "its secrets are in the wrong order");
		memcpy(last, m.name, sizeof last);
		TRY(put_secret(p, &inner, &m, f));
	}
	p->report->secrets = true;
	return ERR_OK;
}

static err unlock(struct put *p, struct custody_reader *reader, struct fault *f)
{
	struct custody_share *shares = calloc(BACKUP_SHARE_FILES_MAX, sizeof *shares);

	if (shares == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "shares", NULL);
	err e = read_shares(p, shares, f);
	if (e.code == OK)
		e = custody_unlock(&reader->custody, shares, p->plan->shares_n, f);
	bytes_wipe(shares, BACKUP_SHARE_FILES_MAX * sizeof *shares);
	free(shares);
	return e;
}

/* No signer starts from here before people agreed what is lost (signer/succeed.h). */
static err mark_restored(struct put *p, struct fault *f)
{
	char path[PUT_PATH_SIZE + 32], text[64];
	int n = snprintf(text, sizeof text, "from a backup made at %" PRIu64 "\n",
			 p->report->made_ms);

	if (!p->report->signer)
		return ERR_OK;
	(void)snprintf(path, sizeof path, "%s/signer/" FILE_RESTORED, p->folder);
	return file_write(path, bytes_of(text, (size_t)n), 0600, f);
}

err put_secrets(struct put *p, const struct tar_member *m, struct fault *f)
{
	if (p->plan->shares_n == 0) {
		backup_say(&p->report->missing,
			   "keys and the signer's folder: no custodian's share was given");
		return ERR_OK; /* tar_next goes past them */
	}
	struct custody_reader *reader = calloc(1, sizeof *reader);
	if (reader == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the secrets", NULL);
	reader->source = tar_source(&p->tar);
	err e = custody_open(reader, m->size, f);
	if (e.code == OK)
		e = unlock(p, reader, f);
	if (e.code == OK)
		e = put_archive(p, reader, f);
	if (e.code == OK)
		e = mark_restored(p, f);
	custody_reader_wipe(reader);
	free(reader);
	return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* create.c — the signer's folder, made once: aside, and put in place whole by one rename. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "core/sha256.h"
#include "signer/key_worker.h"
#include "signer/vault.h"

enum { PATH_SIZE = 4096, CA_NAME_MAX = 64 };

static err folder_failed(const char *path, struct fault *f)
{
	return fail(f, "SIGNER_FOLDER_FAILED", "path", path, "why", strerror(errno), NULL);
}

/* The folder being made. */
struct making {
	const char *folder;
	const struct signer_founding *founding;
	struct arena *arena;
	struct signer_public *public;
	struct private_key *keys[SIGNER_KEYS];
};

static err make_key(struct making *m, enum signer_key which, struct fault *f)
{
	enum key_algorithm algorithm = which == SIGNER_KEY_CHECKPOINT ? KEY_ED25519 : KEY_P256;
	const char *address = m->founding->addresses[which];
	char path[PATH_SIZE];

	TRY(vault_path(m->folder, SIGNER_KEY_FILE[which], path, f));
	if (address == NULL) {
		TRY(private_key_generate(algorithm, &m->keys[which], f));
		return private_key_save(m->keys[which], path, m->founding->passphrase, f);
	}
	TRY(key_hsm_generate(address, algorithm, NULL, f));
	TRY(key_address_open(address, (struct bytes){0}, 1, &m->keys[which], f));
	return key_file_point(path, address, f);
}

static err make_keys(struct making *m, struct fault *f)
{
	const char *origin = m->founding->origin;
	uint8_t raw[32];

	for (int i = 0; i < SIGNER_KEYS; i++)
		TRY(make_key(m, (enum signer_key)i, f));
	if (!public_key_ed25519(private_key_public(m->keys[SIGNER_KEY_CHECKPOINT]), raw) ||
	    !note_key_make(origin, NOTE_ED25519, raw, &m->public->checkpoint))
		return fail(f, "SIGNER_ORIGIN_INVALID", "origin", origin, NULL);
	return ERR_OK;
}

/* The CA's name carries the log's, cut to what a common name holds. */
static void ca_name(const char *origin, char out[static CA_NAME_MAX + 1])
{
	static const char suffix[] = " device CA";
	size_t room = CA_NAME_MAX - strlen(suffix), n = strlen(origin);

	if (n > room)
		n = room;
	while (n > 0 && !utf8_valid(bytes_of(origin, n))) /* not inside a character */
		n--;
	(void)snprintf(out, CA_NAME_MAX + 1, "%.*s%s", (int)n, origin, suffix);
}

static err make_ca(struct making *m, struct fault *f)
{
	const struct private_key *key = m->keys[SIGNER_KEY_CA];
	char name[CA_NAME_MAX + 1], path[PATH_SIZE];

	ca_name(m->founding->origin, name);
	TRY(vault_path(m->folder, FILE_CA, path, f));
	m->public->ca_key = public_key_id(private_key_public(key));
	TRY(certificate_make_ca(m->arena, key, name, m->founding->now_ms,
				&m->public->ca_certificate, f));
	return file_write(path, m->public->ca_certificate, 0600, f);
}

static err make_journal(struct making *m, struct fault *f)
{
	struct genesis genesis = {.at = m->founding->now_ms,
				  .origin = bytes_text(m->founding->origin),
				  .ca_certificate = sha256(m->public->ca_certificate),
				  .charter = m->founding->charter};
	uint8_t *buffer = arena_alloc(m->arena, GENESIS_MAX);
	struct writer w = writer_of(buffer, GENESIS_MAX);
	char path[PATH_SIZE];
	struct bytes record;
	struct merkle empty = {0};
	struct checkpoint_state first = {.head = merkle_head(&empty)};

	if (buffer == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a journal", NULL);
	for (size_t i = 0; i < SIGNER_KEYS; i++)
		genesis.keys[i] = public_key_id(private_key_public(m->keys[i]));
	genesis_put(&w, &genesis);
	if (!writer_done(&w, &record))
		return fail(f, "SIGNER_ORIGIN_INVALID", "origin", m->founding->origin, NULL);
	TRY(vault_path(m->folder, FILE_JOURNAL, path, f));
	TRY(journal_create(path, record, &first.journal, f));
	TRY(vault_path(m->folder, FILE_SLOTS, path, f));
	return slots_create(path, &first, f);
}

static err sync_path(const char *path, struct fault *f)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0 ? ERR_OK : folder_failed(path, f);
}

static void remove_all(const char *folder)
{
	static const char *const names[] = {FILE_CA, FILE_JOURNAL, FILE_SLOTS};
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (vault_path(folder, names[i], path, NULL).code == OK)
			(void)unlink(path);
	for (size_t i = 0; i < SIGNER_KEYS; i++)
		if (vault_path(folder, SIGNER_KEY_FILE[i], path, NULL).code == OK)
			(void)unlink(path);
	(void)rmdir(folder);
}

static err fill(struct making *m, struct fault *f)
{
	TRY(make_keys(m, f));
	TRY(make_ca(m, f));
	TRY(make_journal(m, f));
	return sync_path(m->folder, f);
}

/* A first revision, and of this log. */
static err judge_charter(const struct signer_founding *founding, const struct note_key *log,
			 struct arena *a, struct fault *f)
{
	struct charter *charter = arena_alloc(a, sizeof(*charter));
	const char *why = NULL;

	if (charter == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a charter", NULL);
	if (!charter_parse(founding->charter, charter, &why))
		return fail(f, "CHARTER_WRONG", "why", why, NULL);
	if (charter->revision != 1)
		return fail(f, "CHARTER_WRONG", "why", "it is not a first revision", NULL);
	if (!bytes_equal(charter->origin, bytes_text(founding->origin)))
		return fail(f, "CHARTER_WRONG", "why", "it is of another log", NULL);
	return charter_anchor_check(charter, log, f);
}

/* The folder above, which must exist or be made. */
static err parent_of(const char *folder, char out[static PATH_SIZE], struct fault *f)
{
	const char *slash = strrchr(folder, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - folder);

	if (n >= PATH_SIZE || folder[0] == 0 || (slash != NULL && slash[1] == 0))
		return fail(f, "SIGNER_FOLDER_FAILED", "path", folder, "why", "a bad name", NULL);
	(void)snprintf(out, PATH_SIZE, "%.*s", n > 0 ? (int)n : 1,
		       n > 0           ? folder
		       : slash != NULL ? "/"
				       : ".");
	return ERR_OK;
}

/* Makes it aside, and puts it in place. */
static err make_aside(struct making *m, const char *folder, struct fault *f)
{
	remove_all(m->folder); /* what a crash in an earlier attempt left: nobody ever used it */
	if (mkdir(m->folder, 0700) != 0)
		return folder_failed(m->folder, f);
	err made = fill(m, f);
	/* An empty folder may stand there already: rename replaces it, and nothing else. */
	if (made.code == OK && rename(m->folder, folder) != 0)
		made = folder_failed(folder, f);
	if (made.code != OK)
		remove_all(m->folder);
	for (size_t i = 0; i < SIGNER_KEYS; i++)
		private_key_close(m->keys[i]);
	return made;
}

err signer_create(const char *folder, const struct signer_founding *founding, struct arena *a,
		  struct signer_public *out, struct fault *f)
{
	char aside[PATH_SIZE], parent[PATH_SIZE];
	int n = snprintf(aside, sizeof(aside), "%s.new", folder);
	struct making m = {.folder = aside, .founding = founding, .arena = a, .public = out};
	uint8_t none[32] = {0};

	*out = (struct signer_public){0};
	TRY(parent_of(folder, parent, f));
	if (n < 0 || (size_t)n >= sizeof(aside))
		return fail(f, "SIGNER_FOLDER_FAILED", "path", folder, "why",
			    strerror(ENAMETOOLONG), NULL);
	if (file_exists(folder))
		return fail(f, "SIGNER_FOLDER_EXISTS", "path", folder, NULL);
	if (!note_key_make(founding->origin, NOTE_ED25519, none, &out->checkpoint))
		return fail(f, "SIGNER_ORIGIN_INVALID", "origin", founding->origin, NULL);
	TRY(judge_charter(founding, &out->checkpoint, a, f));
	TRY(folder_make(parent, f));
	TRY(make_aside(&m, folder, f));
	return sync_path(parent, f);
}

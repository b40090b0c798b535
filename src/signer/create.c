/* SPDX-License-Identifier: Apache-2.0 */
/* create.c — the signer's folder, made once: aside, and put in place whole by one rename. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "signer/vault.h"

enum { PATH_SIZE = 4096, GENESIS_MAX = 512, CA_NAME_MAX = 64 };

static err folder_failed(const char *path, struct fault *f)
{
	return fail(f, "SIGNER_FOLDER_FAILED", "path", path, "why", strerror(errno), NULL);
}

static err save_key(const char *folder, const char *name, const struct private_key *key,
		    struct bytes passphrase, struct fault *f)
{
	char path[PATH_SIZE];

	TRY(vault_path(folder, name, path, f));
	return private_key_save(key, path, passphrase, f);
}

static err make_checkpoint_key(const char *folder, const char *origin, struct bytes passphrase,
			       struct signer_public *out, struct fault *f)
{
	struct private_key *key = NULL;
	uint8_t raw[32];

	TRY(private_key_generate(KEY_ED25519, &key, f));
	err made = public_key_ed25519(private_key_public(key), raw) &&
				   note_key_make(origin, NOTE_ED25519, raw, &out->checkpoint)
			   ? save_key(folder, FILE_CHECKPOINT_KEY, key, passphrase, f)
			   : fail(f, "SIGNER_ORIGIN_INVALID", "origin", origin, NULL);
	private_key_close(key);
	return made;
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

static err make_ca(const char *folder, const char *origin, struct bytes passphrase, uint64_t now_ms,
		   struct arena *a, struct signer_public *out, struct fault *f)
{
	struct private_key *key = NULL;
	char name[CA_NAME_MAX + 1], path[PATH_SIZE];

	ca_name(origin, name);
	TRY(vault_path(folder, FILE_CA, path, f));
	TRY(private_key_generate(KEY_P256, &key, f));
	out->ca_key = public_key_id(private_key_public(key));
	err made = save_key(folder, FILE_CA_KEY, key, passphrase, f);
	if (made.code == OK)
		made = certificate_make_ca(a, key, name, now_ms, &out->ca_certificate, f);
	if (made.code == OK)
		made = file_write(path, out->ca_certificate, 0600, f);
	private_key_close(key);
	return made;
}

static err make_journal(const char *folder, const struct signer_public *public, struct fault *f)
{
	uint8_t buffer[GENESIS_MAX];
	char path[PATH_SIZE];
	struct bytes genesis;
	struct merkle empty = {0};
	struct checkpoint_state first = {.head = merkle_head(&empty)};

	if (!genesis_make(public, buffer, sizeof(buffer), &genesis))
		return fail(f, "SIGNER_ORIGIN_INVALID", "origin", public->checkpoint.name, NULL);
	TRY(vault_path(folder, FILE_JOURNAL, path, f));
	TRY(journal_create(path, genesis, &first.journal, f));
	TRY(vault_path(folder, FILE_SLOTS, path, f));
	return slots_create(path, &first, f);
}

static err sync_path(const char *path, struct fault *f)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0 ? ERR_OK : folder_failed(path, f);
}

static void remove_all(const char *folder)
{
	static const char *const names[] = {FILE_CHECKPOINT_KEY, FILE_CA_KEY, FILE_CA, FILE_JOURNAL,
					    FILE_SLOTS};
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (vault_path(folder, names[i], path, NULL).code == OK)
			(void)unlink(path);
	(void)rmdir(folder);
}

static err fill(const char *folder, const char *origin, struct bytes passphrase, uint64_t now_ms,
		struct arena *a, struct signer_public *out, struct fault *f)
{
	TRY(make_checkpoint_key(folder, origin, passphrase, out, f));
	TRY(make_ca(folder, origin, passphrase, now_ms, a, out, f));
	TRY(make_journal(folder, out, f));
	return sync_path(folder, f);
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

err signer_create(const char *folder, const char *origin, struct bytes passphrase, uint64_t now_ms,
		  struct arena *a, struct signer_public *out, struct fault *f)
{
	char aside[PATH_SIZE], parent[PATH_SIZE];
	int n = snprintf(aside, sizeof(aside), "%s.new", folder);

	TRY(parent_of(folder, parent, f));
	if (n < 0 || (size_t)n >= sizeof(aside))
		return fail(f, "SIGNER_FOLDER_FAILED", "path", folder, "why",
			    strerror(ENAMETOOLONG), NULL);
	if (file_exists(folder))
		return fail(f, "SIGNER_FOLDER_EXISTS", "path", folder, NULL);
	TRY(folder_make(parent, f));
	remove_all(aside); /* what a crash in an earlier attempt left: nobody ever used it */
	if (mkdir(aside, 0700) != 0)
		return folder_failed(aside, f);
	*out = (struct signer_public){0};
	err made = fill(aside, origin, passphrase, now_ms, a, out, f);
	/* An empty folder may stand there already: rename replaces it, and nothing else. */
	if (made.code == OK && rename(aside, folder) != 0)
		made = folder_failed(folder, f);
	if (made.code != OK) {
		remove_all(aside);
		return made;
	}
	return sync_path(parent, f);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "core/cbor.h"
#include "core/sha256.h"
#include "signer/key_worker.h"
#include "signer/spend.h"
#include "signer/succeed.h"

#define FILE_NEXT_CA "ca.next.der"

enum { PATH_SIZE = 4096, RECORD_TEXT_MAX = 256, COMMON_NAME_MAX = 64, OVERWRITE = 16384 };

struct rotating {
	const struct rotation *said;
	struct arena *arena;
	struct rotated *out;
	struct vault vault;
	struct private_key *next;
	struct hash next_id, ca_certificate; /* digest of the CA's certificate with the next key */
	/* The key, the next one, where the old one goes, the statement. */
	char path[PATH_SIZE], next_path[PATH_SIZE], old_path[PATH_SIZE], statement_path[PATH_SIZE];
	char ca_path[PATH_SIZE], next_ca_path[PATH_SIZE];
};

static err no_memory(struct fault *f)
{
	return fail(f, "MEMORY_EXHAUSTED", "what", "a rotation", NULL);
}

static err file_failed(const char *path, struct fault *f)
{
	return fail(f, "SIGNER_FOLDER_FAILED", "path", path, "why", strerror(errno), NULL);
}

static err remove_if_there(const char *path, struct fault *f)
{
	return unlink(path) == 0 || errno == ENOENT ? ERR_OK : file_failed(path, f);
}

static err sync_folder(const char *folder, struct fault *f)
{
	AUTO(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0 ? ERR_OK : file_failed(folder, f);
}

/* ---- names ---- */

/* FOLDER/WORD.DIGEST, so that nothing is ever written over. */
static err named_by(const struct rotating *r, const char *word, struct hash id,
		    char out[static PATH_SIZE], struct fault *f)
{
	char hex[65], name[96];

	hex_encode(hash_bytes(&id), hex);
	(void)snprintf(name, sizeof(name), "%.30s.%.16s", word, hex);
	return vault_path(r->said->folder, name, out, f);
}

static err name_files(struct rotating *r, struct fault *f)
{
	const char *folder = r->said->folder, *file = SIGNER_KEY_FILE[r->said->which];
	char next[64];

	(void)snprintf(next, sizeof(next), "%s.next", file);
	TRY(vault_path(folder, file, r->path, f));
	TRY(vault_path(folder, next, r->next_path, f));
	TRY(vault_path(folder, FILE_CA, r->ca_path, f));
	return vault_path(folder, FILE_NEXT_CA, r->next_ca_path, f);
}

/* Those that carry the ids of the two keys. */
static err name_outcome(struct rotating *r, struct hash old, struct fault *f)
{
	char word[64];

	(void)snprintf(word, sizeof(word), "%s.old", SIGNER_KEY_FILE[r->said->which]);
	TRY(named_by(r, word, old, r->old_path, f));
	return named_by(r, "change", r->next_id, r->statement_path, f);
}

/* ---- taking its place ---- */

/* The old key keeps another name before its own is given away: there is a key at any moment. */
static err swap_key(struct rotating *r, struct fault *f)
{
	if (!file_exists(r->next_path))
		return ERR_OK;
	if (link(r->path, r->old_path) != 0 && errno != EEXIST)
		return file_failed(r->old_path, f);
	return rename(r->next_path, r->path) == 0 ? ERR_OK : file_failed(r->path, f);
}

static err swap_ca(struct rotating *r, struct fault *f)
{
	if (!file_exists(r->next_ca_path))
		return ERR_OK;
	return rename(r->next_ca_path, r->ca_path) == 0 ? ERR_OK : file_failed(r->ca_path, f);
}

static err take_place(struct rotating *r, struct fault *f)
{
	TRY(swap_key(r, f));
	TRY(swap_ca(r, f));
	return sync_folder(r->said->folder, f);
}

/* ---- what an earlier attempt left ---- */

static err vault_begin(struct rotating *r, struct fault *f)
{
	vault_close(&r->vault);
	return vault_open(r->said->folder, r->said->passphrase, &r->vault, f);
}

static bool next_ca_is_named(struct rotating *r, struct hash named)
{
	struct bytes der;
	struct fault gone = {0};

	return file_read(r->arena, r->next_ca_path, CERTIFICATE_SIZE_MAX, &der, &gone).code == OK &&
	       hash_equal(sha256(der), named);
}

/* Whether the journal names what lies ready, or has its place already. */
static err is_interrupted(struct rotating *r, bool *out, struct fault *f)
{
	struct hash named = r->vault.named[r->said->which];
	struct hash ca = r->vault.named_ca;
	struct private_key *key = NULL;

	*out = false;
	bool ready = file_exists(r->next_path);
	TRY(key_file_open(ready ? r->next_path : r->path, r->said->passphrase, &key, f));
	r->next_id = public_key_id(private_key_public(key));
	private_key_close(key);
	*out = hash_equal(r->next_id, named) && (ready || next_ca_is_named(r, ca));
	return ERR_OK;
}

/* The vault, with the keys that the journal names: where it names the next one, that takes its place now. */
static err open_settled(struct rotating *r, struct fault *f)
{
	struct fault why = {0};
	err opened = vault_begin(r, &why);

	if (opened.code != OK && strcmp(why.message, "SIGNER_KEYS_DIFFER") == 0) {
		TRY(is_interrupted(r, &r->out->finished, f));
		if (r->out->finished) {
			struct private_key *old = NULL;
			TRY(key_file_open(r->path, r->said->passphrase, &old, f));
			struct hash id = public_key_id(private_key_public(old));
			private_key_close(old);
			TRY(name_outcome(r, id, f));
			TRY(take_place(r, f));
			return vault_begin(r, f);
		}
	}
	if (opened.code != OK && f != NULL)
		*f = why;
	return opened;
}

/* ---- the next key ---- */

/* One that lies ready, and that nobody ever used, is taken if it is of the kind that is asked for. */
static err drop_other(struct rotating *r, struct fault *f)
{
	const char *wanted = r->said->address == NULL ? "" : r->said->address;
	char address[KEY_ADDRESS_MAX + 1];

	if (!file_exists(r->next_path))
		return ERR_OK;
	TRY(key_file_address(r->next_path, address, f));
	return strcmp(address, wanted) == 0 ? ERR_OK : remove_if_there(r->next_path, f);
}

static err make_next(struct rotating *r, struct fault *f)
{
	const char *address = r->said->address;
	err e = ERR_OK;

	TRY(drop_other(r, f));
	if (file_exists(r->next_path)) {
		e = key_file_open(r->next_path, r->said->passphrase, &r->next, f);
	} else if (address != NULL) {
		TRY(key_hsm_generate(address, KEY_P256, NULL, f));
		TRY(key_file_point(r->next_path, address, f));
		e = key_file_open(r->next_path, r->said->passphrase, &r->next, f);
	} else {
		TRY(private_key_generate(KEY_P256, &r->next, f));
		e = private_key_save(r->next, r->next_path, r->said->passphrase, f);
	}
	TRY(e);
	r->next_id = public_key_id(private_key_public(r->next));
	return ERR_OK;
}

/* ---- the CA ---- */

/* The same name as before, cut to what a common name holds. */
static err make_ca(struct rotating *r, struct fault *f)
{
	static const char suffix[] = " device CA";
	const char *origin = r->vault.public.checkpoint.name;
	size_t n = strlen(origin), room = COMMON_NAME_MAX - strlen(suffix);
	char name[COMMON_NAME_MAX + 1];
	struct bytes der;

	r->ca_certificate = sha256(r->vault.public.ca_certificate);
	if (r->said->which != SIGNER_KEY_CA)
		return remove_if_there(r->next_ca_path, f);
	if (n > room)
		n = room;
	while (n > 0 && !utf8_valid(bytes_of(origin, n)))
		n--;
	(void)snprintf(name, sizeof(name), "%.*s%s", (int)n, origin, suffix);
	TRY(certificate_make_ca(r->arena, r->next, name, r->said->now_ms, &der, f));
	r->ca_certificate = sha256(der);
	return file_write(r->next_ca_path, der, 0600, f);
}

/* ---- what is kept, and what is said ---- */

static err keep_former(struct rotating *r, struct bytes what, struct fault *f)
{
	char path[PATH_SIZE];

	TRY(former_path(r->said->folder, sha256(what), path, f));
	return file_write(path, what, 0600, f);
}

static err keep_old(struct rotating *r, struct fault *f)
{
	const struct private_key *old = r->vault.keys[r->said->which];

	TRY(keep_former(r, public_key_spki(private_key_public(old)), f));
	return r->said->which == SIGNER_KEY_CA ? keep_former(r, r->vault.public.ca_certificate, f)
					       : ERR_OK;
}

static err make_statement(struct rotating *r, struct fault *f)
{
	const struct private_key *keys[] = {r->vault.keys[r->said->which], r->next,
					    r->vault.keys[SIGNER_KEY_CHECKPOINT]};
	struct key_change change = {
		.which = r->said->which,
		.old_spki = public_key_spki(private_key_public(keys[0])),
		.new_spki = public_key_spki(private_key_public(keys[1])),
		.ca_certificate = r->ca_certificate,
		.at = vault_time(&r->vault),
	};
	uint8_t said_room[KEY_CHANGE_MAX], room[KEY_CHANGE_MAX];
	struct writer said = writer_of(said_room, sizeof(said_room));
	struct writer w = writer_of(room, sizeof(room));
	struct bytes bytes, proof, statement;

	key_change_put(&said, r->vault.public.checkpoint.name, &change);
	if (!writer_done(&said, &bytes))
		return no_memory(f);
	cbor_put_array(&w, 4);
	cbor_put_bytes(&w, bytes);
	for (size_t i = 0; i < 3; i++) {
		TRY(cose_sign(r->arena, keys[i], bytes_text(KEY_CHANGE_CONTEXT), bytes, &proof, f));
		put_bytes(&w, proof);
	}
	if (!writer_done(&w, &statement))
		return no_memory(f);
	return file_write(r->statement_path, statement, 0644, f);
}

static err journal_it(struct rotating *r, struct fault *f)
{
	uint8_t record[RECORD_TEXT_MAX];
	struct writer w = writer_of(record, sizeof(record));
	uint64_t at = vault_time(&r->vault);
	struct journal_span span;

	cbor_put_array(&w, 5);
	cbor_put_uint(&w, RECORD_KEY);
	cbor_put_uint(&w, at);
	cbor_put_uint(&w, r->said->which);
	hash_put(&w, r->next_id);
	hash_put(&w, r->ca_certificate);
	return vault_append(&r->vault, &w, at, &span, f);
}

/* ---- all of it ---- */

static err replace(struct rotating *r, struct fault *f)
{
	struct hash old = public_key_id(private_key_public(r->vault.keys[r->said->which]));

	if (r->vault.former.ids_n + 2 > FORMER_MAX)
		return fail(f, "SIGNER_KEYS_MANY", NULL);
	TRY(make_next(r, f));
	TRY(name_outcome(r, old, f));
	TRY(make_ca(r, f));
	TRY(keep_old(r, f));
	TRY(make_statement(r, f));
	TRY(sync_folder(r->said->folder, f));
	TRY(journal_it(r, f));
	TRY(take_place(r, f));
	return vault_begin(r, f);
}

/* An address is no secret, and needs no burial. */
static err settle_old(struct rotating *r, struct fault *f)
{
	char address[KEY_ADDRESS_MAX + 1];

	r->out->kept[0] = 0;
	if (!file_exists(r->old_path))
		return ERR_OK;
	TRY(key_file_address(r->old_path, address, f));
	if (address[0] != 0)
		return remove_if_there(r->old_path, f);
	memcpy(r->out->kept, r->old_path, sizeof(r->out->kept));
	return ERR_OK;
}

static err report(struct rotating *r, struct fault *f)
{
	struct key_change change;

	r->out->log = r->vault.public.checkpoint;
	r->out->ca_certificate = arena_copy(r->arena, r->vault.public.ca_certificate);
	if (r->out->ca_certificate.p == NULL)
		return no_memory(f);
	TRY(file_read(r->arena, r->statement_path, KEY_CHANGE_MAX, &r->out->statement, f));
	TRY(key_change_check(r->out->statement, &r->out->log, &change, f));
	TRY(name_outcome(r, change.old_key, f)); /* as it was before an interruption */
	return settle_old(r, f);
}

static err rotate(struct rotating *r, struct fault *f)
{
	TRY(signer_not_restored(r->said->folder, f));
	TRY(name_files(r, f));
	TRY(open_settled(r, f));
	if (!r->out->finished)
		TRY(replace(r, f));
	return report(r, f);
}

err signer_rotate(const struct rotation *rotation, struct arena *a, struct rotated *out,
		  struct fault *f)
{
	struct rotating *r = arena_alloc(a, sizeof(*r));

	*out = (struct rotated){0};
	if (rotation->which == SIGNER_KEY_CHECKPOINT)
		return fail(f, "SIGNER_KEY_IS_THE_LOG", NULL);
	if (r == NULL)
		return no_memory(f);
	*r = (struct rotating){.said = rotation, .arena = a, .out = out};
	r->vault.journal.fd = r->vault.slots.fd = -1;
	err e = rotate(r, f);
	private_key_close(r->next);
	vault_close(&r->vault);
	return e;
}

err signer_destroy_old(const char *path, struct fault *f)
{
	static const uint8_t zeros[OVERWRITE];
	struct stat status;
	AUTO(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || fstat(fd, &status) != 0)
		return file_failed(path, f);
	if (!S_ISREG(status.st_mode) || status.st_size > OVERWRITE || status.st_nlink != 1)
		return fail(f, "SIGNER_OLD_KEY_WRONG", "path", path, NULL);
	TRY(fd_write_all(fd, bytes_of(zeros, (size_t)status.st_size), f));
	return fsync(fd) == 0 && unlink(path) == 0 ? ERR_OK : file_failed(path, f);
}

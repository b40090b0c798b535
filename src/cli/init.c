/* SPDX-License-Identifier: Apache-2.0 */
/* init.c — founding: keys of the signer, of the server and of the log, and its first entry. All
 * of it is made beside and moved into place at the end, so that DIR is whole or absent. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/files.h"
#include "client/key_file.h"
#include "core/sha256.h"
#include "crypto/x509.h"
#include "server/server.h"
#include "signer/found.h"
#include "signer/signer.h"
#include "sim/child.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOUNDERS_MAX = 16, PERMISSIONS_MAX = 64, TLS_YEARS_MS_N = 2 };
static const uint64_t YEAR_MS = UINT64_C(365) * 24 * 3600 * 1000;

struct founding {
	struct cli *cli;
	struct arena *arena;
	const char *folder; /* where it is made */
	const char *origin;
	struct signer_public signer;
	bool encrypted; /* the signer's keys */
	struct charter_holder founders[FOUNDERS_MAX], authors[FOUNDERS_MAX];
	size_t founders_n, authors_n;
	struct bytes charter;
	struct server_config config;
};

static const char *in_folder(struct founding *n, const char *name)
{
	const char *path = arena_printf(n->arena, "%s/%s", n->folder, name);

	return path == NULL ? "" : path;
}

static err write_text(struct founding *n, const char *name, const char *text, unsigned mode,
		      struct fault *f)
{
	return text == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			    : file_write(in_folder(n, name), bytes_text(text), mode, f);
}

/* ---- keys ---- */

static err make_secrets(struct founding *n, struct fault *f)
{
	static const char *const NAMES[] = {"salts.key", "blob.key"};
	uint8_t secret[32];

	for (size_t i = 0; i < 2; i++) {
		TRY(random_bytes(secret, sizeof secret, f));
		TRY(file_write(in_folder(n, NAMES[i]), bytes_of(secret, sizeof secret), 0600, f));
	}
	bytes_wipe(secret, sizeof secret);
	return ERR_OK;
}

err tls_files_make(struct arena *a, const char *folder, struct fault *f)
{
	static const char *const HOSTS[] = {"localhost", "127.0.0.1", "::1"};
	uint64_t now = clock_wall_ms(&clock_system);
	struct private_key *key;
	struct bytes der, pem;
	char text[8192];
	struct writer w = writer_of(text, sizeof text);
	const char *key_path = arena_printf(a, "%s/tls.key", folder);
	const char *path = arena_printf(a, "%s/tls.crt", folder);

	if (key_path == NULL || path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(private_key_generate(KEY_P256, &key, f));
	err e = private_key_save(key, key_path, (struct bytes){0}, f);
	if (e.code == OK)
		e = certificate_make_tls(a, key, HOSTS, 3, now, now + TLS_YEARS_MS_N * YEAR_MS,
					 &der, f);
	private_key_close(key);
	TRY(e);
	pem_put(&w, "CERTIFICATE", der);
	return writer_done(&w, &pem) ? file_write(path, pem, 0644, f)
				     : fail(f, "OUT_OF_MEMORY", NULL);
}

static err read_founder(struct founding *n, const char *said, struct charter_holder *out,
			struct fault *f)
{
	const char *equals = strchr(said, '=');
	size_t length = equals == NULL ? 0 : (size_t)(equals - said);
	struct public_key *key;

	if (length == 0 || length > ID_SIZE_MAX || !id_valid(bytes_of(said, length)))
		return fail(f, "FOUNDER_WRONG", "founder", said, NULL);
	TRY(public_key_file_read(equals + 1, &key, f));
	out->person = arena_text(n->arena, bytes_of(said, length));
	out->spki = arena_copy(n->arena, public_key_spki(key));
	out->kind = CHARTER_COSE;
	out->outside = true;
	public_key_close(key);
	return out->person != NULL && out->spki.p != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

static err read_founders(struct founding *n, struct fault *f)
{
	const char *said;

	for (; (said = cli_option_at(n->cli, "founder", n->founders_n)) != NULL; n->founders_n++) {
		if (n->founders_n == FOUNDERS_MAX)
			return fail(f, "FOUNDER_WRONG", "founder", said, NULL);
		TRY(read_founder(n, said, &n->founders[n->founders_n], f));
	}
	for (; (said = cli_option_at(n->cli, "author", n->authors_n)) != NULL; n->authors_n++) {
		if (n->authors_n == FOUNDERS_MAX)
			return fail(f, "FOUNDER_WRONG", "founder", said, NULL);
		TRY(read_founder(n, said, &n->authors[n->authors_n], f));
	}
	return n->founders_n > 0 ? ERR_OK : fail(f, "FOUNDER_MISSING", NULL);
}

static enum charter_mode founding_mode(const struct founding *n)
{
	const char *mode = cli_option(n->cli, "mode");

	if (mode != NULL && strcmp(mode, "trial") == 0)
		return CHARTER_TRIAL;
	if (mode == NULL ? n->founders_n < 2 : strcmp(mode, "bootstrap") == 0)
		return CHARTER_BOOTSTRAP;
	return CHARTER_FOUNDED;
}

static err make_signer(struct founding *n, struct fault *f)
{
	struct bytes passphrase = {0}, vkey;
	char text[512];
	struct writer w = writer_of(text, sizeof text);
	const char *file;

	TRY(cli_setting(n->cli, "passphrase-file", &file, f));
	if (file != NULL)
		TRY(cli_passphrase(n->cli, file, false, &passphrase, f));
	n->encrypted = passphrase.n > 0;
	struct charter_founding people = {.origin = n->origin,
					  .mode = founding_mode(n),
					  .founders = n->founders,
					  .founders_n = n->founders_n,
					  .authors = n->authors,
					  .authors_n = n->authors_n};
	struct signer_founding founding = {.origin = n->origin,
					   .passphrase = passphrase,
					   .now_ms = clock_wall_ms(&clock_system)};
	err e = charter_found(&people, n->arena, &founding.charter, f);
	n->charter = founding.charter;
	if (e.code == OK)
		e = signer_create(in_folder(n, "signer"), &founding, n->arena, &n->signer, f);
	bytes_wipe((void *)(uintptr_t)passphrase.p, passphrase.n);
	TRY(e);
	TRY(file_write(in_folder(n, "ca.der"), n->signer.ca_certificate, 0644, f));
	note_key_put(&w, &n->signer.checkpoint);
	put_text(&w, "\n");
	return writer_done(&w, &vkey) ? file_write(in_folder(n, "log.vkey"), vkey, 0644, f)
				      : fail(f, "OUT_OF_MEMORY", NULL);
}

/* ---- files ---- */

static err write_settings(struct founding *n, struct fault *f)
{
	uint64_t port;
	const char *store = cli_option(n->cli, "store");

	TRY(cli_number(n->cli, "port", 8443, 65534, &port, f));
	TRY(write_text(n, "sealwright.conf",
		       arena_printf(n->arena,
				    "origin = %s\npeople_port = %u\nmachines_port = %u\n%s%s%s",
				    n->origin, (unsigned)port, port == 0 ? 0 : (unsigned)port + 1,
				    store == NULL ? "" : "store = ", store == NULL ? "" : store,
				    store == NULL ? "" : "\n"),
		       0640, f)); /* a store's address may hold a password */
	return write_text(
		n, "profile",
		arena_printf(n->arena,
			     "server = https://localhost:%u\nca = tls.crt\nlog = log.vkey\n",
			     (unsigned)port),
		0644, f);
}

/* ---- the first entry ---- */

static void add_permission(json_t *list, const char *name)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "permission")), name) == 0)
			return;
	}
	if (json_array_size(list) < PERMISSIONS_MAX)
		json_array_append_new(list, json_pack("{s:s}", "permission", name));
}

static bool is_founders(const char *permission)
{
	static const char *const PREFIXES[] = {"access.", "approval.", "policy.", "privacy.",
					       "supplier."};
	size_t n = strlen(permission);

	for (size_t i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++)
		if (strncmp(permission, PREFIXES[i], strlen(PREFIXES[i])) == 0)
			return true;
	return n > 5 && strcmp(permission + n - 5, ".read") == 0;
}

/* Founders set the house up and agree to what others ask for; they read everything. */
static json_t *founder_permissions(struct founding *n, const struct registry *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->types_n; i++) {
		const struct record_type *t = r->types[i].type;
		if (t->approval != NULL)
			add_permission(list, arena_printf(n->arena, "%s.approve", t->approval));
		if (t->permission != NULL && is_founders(t->permission))
			add_permission(list, t->permission);
	}
	for (size_t i = 0; i < r->views_n; i++)
		if (is_founders(r->views[i].permission))
			add_permission(list, r->views[i].permission);
	add_permission(list, "ledger.read");
	add_permission(list, "blob.read");
	add_permission(list, "passport.read");
	return list;
}

static void add_founder(const struct charter_holder *founder, json_t *list)
{
	char spki[2 * SPKI_SIZE_MAX], hex[65];
	struct hash id = sha256(founder->spki);

	hex_encode(hash_bytes(&id), hex);
	base64url_encode(founder->spki, spki);
	json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "principal", founder->person,
					      "key", hex, "public_key", spki));
}

static err genesis(struct founding *n, json_t **out, struct fault *f)
{
	char ca_key[65], ca[65], checkpoint[65];
	char *charter = arena_alloc(n->arena, base64_size(n->charter.n) + 1);
	struct hash certificate = sha256(n->signer.ca_certificate);
	const struct registry *registry;
	static const char *const MODES[] = {"founded", "bootstrap", "trial"};
	const char *mode = cli_option(n->cli, "mode");

	TRY(cli_registry(n->cli, &registry, f));
	json_t *founders = json_array();
	for (size_t i = 0; i < n->founders_n; i++)
		add_founder(&n->founders[i], founders);
	hex_encode(hash_bytes(&n->signer.ca_key), ca_key);
	hex_encode(hash_bytes(&certificate), ca);
	hex_encode(bytes_of(n->signer.checkpoint.public_key, 32), checkpoint);
	if (charter == NULL) {
		json_decref(founders);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	base64url_encode(n->charter, charter);
	*out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s}", "mode",
			 mode != NULL ? mode : MODES[founding_mode(n)], "origin", n->origin,
			 "ca_key", ca_key, "ca_certificate", ca, "checkpoint_key", checkpoint,
			 "founders", founders, "founder_permissions",
			 founder_permissions(n, registry), "charter", charter);
	return *out != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

static err start_log(struct founding *n, struct fault *f)
{
	const char *file, *arguments[] = {"signer", n->folder, NULL, NULL, NULL};
	struct child signer = {0};
	json_t *body = NULL;

	TRY(cli_setting(n->cli, "passphrase-file", &file, f));
	if (file != NULL) {
		arguments[2] = "--passphrase-file";
		arguments[3] = file;
	}
	TRY(config_read(n->folder, &n->config, f));
	TRY(genesis(n, &body, f));
	err e = child_start(arguments, NULL, &signer, f);
	if (e.code == OK)
		e = server_start_log(&n->config, body, f);
	json_decref(body);
	child_stop(&signer);
	return e;
}

/* ---- all of it ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static err make_everything(struct founding *n, struct fault *f)
{
	TRY(folder_make(in_folder(n, "run"), f));
	TRY(read_founders(n, f));
	TRY(make_secrets(n, f));
	TRY(tls_files_make(n->arena, n->folder, f));
	TRY(make_signer(n, f));
	TRY(write_settings(n, f));
	return start_log(n, f);
}

static void say_next(const struct founding *n, const char *folder)
{
	const char *said;

	printf("Made %s, the evidence log %s.\n", folder, n->origin);
	for (size_t i = 0; (said = cli_option_at(n->cli, "founder", i)) != NULL; i++)
		printf("  founder %.*s\n", (int)strcspn(said, "="), said);
	printf("Keep %s/signer where only the signer's account can read it, and a copy of "
	       "%s/log.vkey "
	       "elsewhere.\nNext:\n  sealwright serve %s\n  sealwright record principal.registered "
	       "--profile %s/profile --as FOUNDER --key FILE …\n",
	       folder, folder, folder, folder);
	if (!n->encrypted)
		printf("The signer's keys are not encrypted: whoever reads the disk has them. "
		       "Found it "
		       "with --passphrase-file to encrypt them.\n");
}

err command_init(struct cli *cli, struct fault *f)
{
	struct founding *n = arena_alloc(&cli->arena, sizeof *n);
	const char *folder = cli->words[0], *origin = cli_option(cli, "origin");
	struct stat st;

	if (n == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (lstat(folder, &st) == 0)
		return fail(f, "STATE_EXISTS", "folder", folder, NULL);
	*n = (struct founding){.cli = cli, .arena = &cli->arena};
	n->folder = arena_printf(&cli->arena, "%s.new", folder);
	n->origin = origin == NULL ? "sealwright.local/log" : origin;
	if (n->folder == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (lstat(n->folder, &st) == 0)
		return fail(f, "STATE_EXISTS", "folder", n->folder, NULL);
	err e = make_everything(n, f);
	if (e.code == OK && rename(n->folder, folder) != 0)
		e = fail(f, "FOLDER_MAKE_FAILED", "path", folder, "why", strerror(errno), NULL);
	if (e.code != OK) {
		nftw(n->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
		return e;
	}
	say_next(n, folder);
	return ERR_OK;
}

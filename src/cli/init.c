/* SPDX-License-Identifier: Apache-2.0 */
/* init.c — founding: keys of the signer, of the server and of the log, and its first entry. All
 * of it is made beside and moved into place at the end, so that DIR is whole or absent. */
#include "cli/people.h"

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

enum { PERMISSIONS_MAX = 64, TLS_YEARS_MS_N = 2 };
static const uint64_t YEAR_MS = UINT64_C(365) * 24 * 3600 * 1000;

struct founding {
	struct cli *cli;
	struct arena *arena;
	const char *folder; /* where it is made */
	const char *origin;
	struct signer_public signer;
	bool encrypted; /* the signer's keys */
	struct founding_people people;
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

/* `NAME=URI`: the key of that name is made in an HSM. */
static err read_addresses(struct founding *n, struct signer_founding *out, struct fault *f)
{
	static const char *const NAMES[SIGNER_KEYS] = {"checkpoint",           "ca",
						       "firmware.development", "firmware.staging",
						       "firmware.production",  "permit"};
	const char *said;

	for (size_t i = 0; (said = cli_option_at(n->cli, "signer-key", i)) != NULL; i++) {
		size_t length = strcspn(said, "="), k = 0;

		while (k < SIGNER_KEYS &&
		       !bytes_equal(bytes_text(NAMES[k]), bytes_of(said, length)))
			k++;
		if (k == SIGNER_KEYS || said[length] != '=')
			return fail(f, "SIGNER_KEY_NAME_WRONG", "said", said, NULL);
		out->addresses[k] = said + length + 1;
	}
	return ERR_OK;
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
	struct signer_founding founding = {.origin = n->origin,
					   .passphrase = passphrase,
					   .now_ms = clock_wall_ms(&clock_system),
					   .charter = n->people.charter};
	err e = read_addresses(n, &founding, f);
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

static const char *setting(struct founding *n, const char *name, const char *value)
{
	return value == NULL ? "" : arena_printf(n->arena, "%s = %s\n", name, value);
}

static err write_settings(struct founding *n, struct fault *f)
{
	uint64_t port;
	const char *store = cli_option(n->cli, "store");

	TRY(cli_number(n->cli, "port", 8443, 65534, &port, f));
	TRY(write_text(n, "sealwright.conf",
		       arena_printf(n->arena,
				    "origin = %s\npeople_port = %u\nmachines_port = %u\n%s%s%s",
				    n->origin, (unsigned)port, port == 0 ? 0 : (unsigned)port + 1,
				    setting(n, "store", store),
				    setting(n, "relying_party", n->people.relying_party),
				    setting(n, "web_origin", n->people.web_origin)),
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

/* The log begins with one key of each; a second one is enrolled later. */
static void add_founder(const struct founding_people *people, size_t i, json_t *list)
{
	const struct charter_holder *founder = &people->founders[i];
	char spki[2 * SPKI_SIZE_MAX], hex[65];
	struct hash id = sha256(founder->spki);

	for (size_t k = 0; k < i; k++)
		if (strcmp(people->founders[k].person, founder->person) == 0)
			return;
	hex_encode(hash_bytes(&id), hex);
	base64url_encode(founder->spki, spki);
	json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "principal", founder->person,
					      "key", hex, "public_key", spki));
}

static err genesis(struct founding *n, json_t **out, struct fault *f)
{
	char ca_key[65], ca[65], checkpoint[65];
	char *charter = arena_alloc(n->arena, base64_size(n->people.charter.n) + 1);
	struct hash certificate = sha256(n->signer.ca_certificate);
	const struct registry *registry;
	static const char *const MODES[] = {"founded", "bootstrap", "trial"};

	TRY(cli_registry(n->cli, &registry, f));
	json_t *founders = json_array();
	for (size_t i = 0; i < n->people.founders_n; i++)
		add_founder(&n->people, i, founders);
	hex_encode(hash_bytes(&n->signer.ca_key), ca_key);
	hex_encode(hash_bytes(&certificate), ca);
	hex_encode(bytes_of(n->signer.checkpoint.public_key, 32), checkpoint);
	if (charter == NULL) {
		json_decref(founders);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	base64url_encode(n->people.charter, charter);
	*out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s*, s:s*}", "mode",
			 MODES[n->people.mode], "origin", n->origin, "ca_key", ca_key,
			 "ca_certificate", ca, "checkpoint_key", checkpoint, "founders", founders,
			 "founder_permissions", founder_permissions(n, registry), "charter",
			 charter, "relying_party", n->people.relying_party, "web_origin",
			 n->people.web_origin);
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
	TRY(make_secrets(n, f));
	TRY(tls_files_make(n->arena, n->folder, f));
	TRY(make_signer(n, f));
	TRY(write_settings(n, f));
	return start_log(n, f);
}

static void say_next(const struct founding *n, const char *folder)
{
	struct charter *c = arena_alloc(n->arena, sizeof *c);
	const char *why;

	printf("Made %s, the evidence log %s.\n\n", folder, n->origin);
	if (c != NULL && charter_parse(n->people.charter, c, &why))
		charter_say(c);
	printf("\nRead the first line of groups to each other: everybody must see the same.\n"
	       "Keep %s/signer where only the signer's account can read it, and a copy of "
	       "%s/log.vkey elsewhere.\nNext:\n  sealwright serve %s\n  sealwright record "
	       "principal.registered --profile %s/profile --as FOUNDER --key FILE …\n",
	       folder, folder, folder, folder);
	if (n->people.mode == CHARTER_BOOTSTRAP)
		printf("One founder alone: nobody has to agree to anything, and every passport "
		       "says so. "
		       "Propose a charter with two or more to end that.\n");
	if (n->people.recovery_n == 0)
		printf("There is no recovery set: if too few founders are left, nobody can "
		       "decide.\n");
	if (!n->encrypted)
		printf("The signer's keys are not encrypted: whoever reads the disk has them. "
		       "Found it with --passphrase-file to encrypt them.\n");
}

/* What would be founded, and nothing made. */
static err show_only(struct founding *n, struct fault *f)
{
	struct charter *c = arena_alloc(n->arena, sizeof *c);
	const char *why;

	if (c == NULL || !charter_parse(n->people.charter, c, &why))
		return fail(f, "OUT_OF_MEMORY", NULL);
	charter_say(c);
	printf("\nNothing was made.\n");
	return ERR_OK;
}

err command_init(struct cli *cli, struct fault *f)
{
	uint64_t port; /* a number that is none is said before anything is made */
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
	TRY(cli_number(cli, "port", 8443, 65534, &port, f));
	TRY(founding_people_read(cli, n->origin, &n->people, f));
	if (cli_flag(cli, "dry-run"))
		return show_only(n, f);
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

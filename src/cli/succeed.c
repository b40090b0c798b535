/* SPDX-License-Identifier: Apache-2.0 */
/* succeed.c — after a loss: what there is to agree to, agreeing, and going on under another name. */
#include "cli/approve.h"

#include "backup/succession.h"
#include "base/clock.h"
#include "base/files.h"
#include "cli/doctor.h"
#include "core/cbor.h"
#include "core/sha256.h"
#include "server/config.h"
#include "server/signing.h"
#include "sim/child.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STATEMENT_MAX = 4096, APPROVAL_MAX = 4096, APPROVALS_MAX = 32, CONF_MAX = 65536 };

/* ---- showing ---- */

static void say_root(const char *what, struct merkle_head head)
{
	char root[65];

	hex_encode(hash_bytes(&head.root), root);
	printf("  %-12s %" PRIu64 " entries, root %s\n", what, head.size, root);
}

/* Groups of four, to be read aloud. */
static void say_digest(struct hash digest)
{
	char hex[65];

	hex_encode(hash_bytes(&digest), hex);
	printf("  digest      ");
	for (size_t i = 0; i < 24; i += 4)
		printf(" %.4s", hex + i);
	printf(" … (computed here: %s)\n", hex);
}

static void say_statement(const struct succession *s, struct hash digest)
{
	uint64_t lost = s->last.size > s->recovered.size ? s->last.size - s->recovered.size : 0;

	printf("The log ");
	cli_others(s->old_origin);
	printf(" goes on as ");
	cli_others(s->origin);
	printf(".\n");
	say_root("signed", s->last);
	say_root("recovered", s->recovered);
	if (lost > 0)
		printf("  lost         %" PRIu64 " entries, from %" PRIu64 " on\n", lost,
		       s->recovered.size);
	else
		printf("  lost         nothing that was signed\n");
	printf("  builds       %s\n", s->used_up
					      ? "every open build authorization counts as used up"
					      : "quotas stay as the signer counted them");
	say_digest(digest);
}

static err read_statement(struct cli *cli, const char *path, struct bytes *out, struct claim *claim,
			  struct succession *s, struct fault *f)
{
	const char *why;

	TRY(file_read(&cli->arena, path, STATEMENT_MAX, out, f));
	if (claim_parse(*out, claim, &why) && succession_read(claim, s, &why))
		return ERR_OK;
	return fail(f, "SUCCESSION_WRONG", "why", why, NULL);
}

/* ---- the plan ---- */

static err signer_passphrase(struct cli *cli, struct bytes *out, struct fault *f)
{
	const char *file;

	*out = (struct bytes){0};
	TRY(cli_setting(cli, "passphrase-file", &file, f));
	return file == NULL ? ERR_OK : cli_passphrase(cli, file, false, out, f);
}

static err must_not_run(const struct server_config *config, struct fault *f)
{
	return signer_listens(config->signer_socket) ? fail(f, "CLI_SERVER_RUNS", NULL) : ERR_OK;
}

static void say_next(const char *folder, const char *statement)
{
	printf("Wrote %s. Nothing has changed yet.\n"
	       "Each who agrees looks at it on a machine of their own:\n"
	       "  sealwright ledger agree %s --as ID --key FILE --to ID.approval\n"
	       "Then, with one more of them than the charter's rule for `succession` needs, or "
	       "with "
	       "the recovery set:\n"
	       "  sealwright ledger succeed %s --statement %s --approval ID.approval …\n",
	       statement, statement, folder, statement);
}

static err plan(struct cli *cli, struct server_config *config, struct fault *f)
{
	char folder[CONFIG_PATH_SIZE], vkey[CONFIG_PATH_SIZE];
	const char *origin = cli_option(cli, "origin"), *to = cli_option(cli, "to");
	struct succession_plan made;
	struct succession s;
	struct claim claim;
	const char *why;

	if (origin == NULL)
		return fail(f, "SUCCESSION_ORIGIN_MISSING", NULL);
	TRY(config_path(config, "signer", folder, f));
	TRY(config_path(config, "log.vkey", vkey, f));
	TRY(log_key_read(&cli->arena, vkey, &cli->log, f));
	struct succession_question question = {.store = config->store,
					       .tiles = config->tiles,
					       .signer = folder,
					       .origin = config->origin,
					       .new_origin = origin,
					       .log = &cli->log,
					       .areas = AREAS,
					       .used_up = cli_flag(cli, "used-up"),
					       .now_ms = clock_wall_ms(&clock_system)};
	TRY(signer_passphrase(cli, &question.passphrase, f));
	err e = succession_plan_make(&question, &cli->arena, &made, f);
	bytes_wipe((void *)(uintptr_t)question.passphrase.p, question.passphrase.n);
	TRY(e);
	if (!claim_parse(made.statement, &claim, &why) || !succession_read(&claim, &s, &why))
		return fail(f, "SUCCESSION_WRONG", "why", why, NULL);
	if (to == NULL)
		to = arena_printf(&cli->arena, "%s/succession.claim", cli->words[0]);
	if (to == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(file_write(to, made.statement, 0644, f));
	printf("What is there was audited: %" PRIu64 " signatures of authors hold.\n",
	       made.signatures);
	if (made.facts.restored)
		printf("The signer's folder came out of a backup: what it issued since is not "
		       "known.\n");
	say_statement(&s, made.digest);
	say_next(cli->words[0], to);
	return ERR_OK;
}

/* ---- agreeing ---- */

static err approval_claim_of(struct cli *cli, struct bytes origin, struct hash digest,
			     const char *principal, const struct hash *key, struct bytes *out,
			     struct fault *f)
{
	char hex[65], *name = arena_text(&cli->arena, origin);
	const struct registry *registry;
	struct prepared made;

	hex_encode(hash_bytes(&digest), hex);
	TRY(cli_registry(cli, &registry, f));
	struct claim_maker maker = {.registry = registry,
				    .origin = name,
				    .author = principal,
				    .key = key,
				    .now_ms = clock_wall_ms(&clock_system)};
	json_t *json = json_pack("{s:{s:s}}", "body", "record", hex);
	err e = json == NULL || name == NULL
			? fail(f, "OUT_OF_MEMORY", NULL)
			: claim_make(&maker, &cli->arena, bytes_text("approval.given"), json, &made,
				     f);
	json_decref(json);
	TRY(e);
	*out = made.claim;
	return ERR_OK;
}

/* [claim, proof]: by --key here, or by OpenSSH with the key of --ssh. */
static err make_approval(struct cli *cli, struct bytes origin, struct hash digest,
			 const char *principal, struct bytes *out, struct fault *f)
{
	const char *ssh = cli_option(cli, "ssh");
	uint8_t *bytes = arena_alloc(&cli->arena, APPROVAL_MAX);
	struct writer w = writer_of(bytes, bytes == NULL ? 0 : APPROVAL_MAX);
	struct bytes claim, proof;
	struct hash key;

	if (ssh != NULL)
		TRY(approval_ssh_key(cli, ssh, &key, f));
	else
		key = public_key_id(private_key_public(cli->key));
	TRY(approval_claim_of(cli, origin, digest, principal, &key, &claim, f));
	cbor_put_array(&w, 2);
	cbor_put_bytes(&w, claim);
	if (ssh != NULL) {
		TRY(approval_ssh_sign(cli, ssh, claim, &proof, f));
		cbor_put_bytes(&w, proof);
	} else {
		TRY(cose_sign(&cli->arena, cli->key, bytes_text("approval.given"), claim, &proof,
			      f));
		put_bytes(&w, proof);
	}
	return writer_done(&w, out) ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

static err load_key(struct cli *cli, struct fault *f)
{
	const char *key;

	if (cli_option(cli, "ssh") != NULL)
		return ERR_OK;
	TRY(cli_setting(cli, "key", &key, f));
	if (key == NULL)
		return fail(f, "CLIENT_KEY_MISSING", NULL);
	TRY(cli_passphrase(cli, key, false, &cli->passphrase, f));
	return private_key_load(key, cli->passphrase, &cli->key, f);
}

err command_ledger_agree(struct cli *cli, struct fault *f)
{
	const char *principal, *to = cli_option(cli, "to");
	struct bytes statement, approval;
	struct succession s;
	struct claim claim;

	TRY(cli_setting(cli, "as", &principal, f));
	if (principal == NULL)
		return fail(f, "CLIENT_KEY_MISSING", NULL);
	if (to == NULL)
		to = arena_printf(&cli->arena, "%s.approval", principal);
	if (to == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(read_statement(cli, cli->words[0], &statement, &claim, &s, f));
	say_statement(&s, claim_digest(statement));
	if (!cli_flag(cli, "yes"))
		TRY(cli_confirm(cli, "Do you agree to this?", f));
	TRY(load_key(cli, f));
	TRY(make_approval(cli, s.origin, claim_digest(statement), principal, &approval, f));
	TRY(file_write(to, approval, 0644, f));
	printf("Wrote %s. It counts for some hours: as long as the charter's rule says.\n", to);
	return ERR_OK;
}

/* ---- going on ---- */

/* Where an older key goes: log.vkey.1, .2, … */
static err keep_old_key(struct cli *cli, const char *vkey, struct bytes fresh, struct fault *f)
{
	struct bytes old;

	TRY(file_read(&cli->arena, vkey, CONF_MAX, &old, f));
	if (bytes_equal(old, fresh))
		return ERR_OK;
	for (unsigned i = 1;; i++) {
		const char *kept = arena_printf(&cli->arena, "%s.%u", vkey, i);

		if (kept == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		if (!file_exists(kept))
			return file_write(kept, old, 0644, f);
	}
}

static err write_key(struct cli *cli, const char *folder, const struct note_key *key,
		     struct fault *f)
{
	const char *vkey = arena_printf(&cli->arena, "%s/log.vkey", folder);
	char text[512];
	struct writer w = writer_of(text, sizeof text);
	struct bytes fresh;

	note_key_put(&w, key);
	put_text(&w, "\n");
	if (vkey == NULL || !writer_done(&w, &fresh))
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(keep_old_key(cli, vkey, fresh, f));
	return file_write(vkey, fresh, 0644, f);
}

static bool is_origin_line(struct bytes line)
{
	return line.n > 6 && memcmp(line.p, "origin", 6) == 0 &&
	       (line.p[6] == ' ' || line.p[6] == '=' || line.p[6] == '\t');
}

/* The settings with another origin, all else as it is. */
static err write_origin(struct cli *cli, const char *folder, const char *origin, struct fault *f)
{
	const char *path = arena_printf(&cli->arena, "%s/sealwright.conf", folder);
	uint8_t *bytes = arena_alloc(&cli->arena, CONF_MAX + ORIGIN_SIZE_MAX + 16);
	struct writer w = writer_of(bytes, bytes == NULL ? 0 : CONF_MAX + ORIGIN_SIZE_MAX + 16);
	struct bytes text, fresh;

	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(file_read(&cli->arena, path, CONF_MAX, &text, f));
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p) + 1;

		if (is_origin_line(bytes_of(text.p, n))) {
			put_text(&w, "origin = ");
			put_text(&w, origin);
			put_text(&w, "\n");
		} else {
			put_bytes(&w, bytes_of(text.p, n));
		}
		text = bytes_of(text.p + n, text.n - n);
	}
	return writer_done(&w, &fresh) ? file_write(path, fresh, 0640, f)
				       : fail(f, "OUT_OF_MEMORY", NULL);
}

/* With the signer beside it, which signs the first checkpoint under the new name. */
static err record_it(struct cli *cli, struct bytes statement, const struct bytes *approvals,
		     size_t n, struct fault *f)
{
	struct server_config *config = arena_alloc(&cli->arena, sizeof *config);
	const char *file, *arguments[] = {"signer", cli->words[0], NULL, NULL, NULL};
	struct log_signing *signing = NULL;
	struct child signer = {0};

	if (config == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(cli_setting(cli, "passphrase-file", &file, f));
	if (file != NULL) {
		arguments[2] = "--passphrase-file";
		arguments[3] = file;
	}
	TRY(config_read(cli->words[0], config, f));
	TRY(child_start(arguments, NULL, &signer, f));
	err e = signing_open(config, &signing, f);
	struct engine_config engine = {.store = config->store,
				       .tiles = config->tiles,
				       .origin = config->origin,
				       .areas = AREAS,
				       .clock = &clock_system,
				       .sign = signing_sign,
				       .last_signed = signing_last,
				       .sign_context = signing};
	if (e.code == OK)
		e = succession_record(&engine, statement, approvals, n, f);
	signing_close(signing);
	child_stop(&signer);
	return e;
}

static err read_approvals(struct cli *cli, struct bytes *out, size_t *n, struct fault *f)
{
	const char *path;

	for (*n = 0; (path = cli_option_at(cli, "approval", *n)) != NULL; ++*n) {
		if (*n == APPROVALS_MAX)
			return fail(f, "CLI_TOO_MANY", NULL);
		TRY(file_read(&cli->arena, path, APPROVAL_MAX, &out[*n], f));
	}
	return ERR_OK;
}

static err perform(struct cli *cli, const struct server_config *config, struct fault *f)
{
	struct bytes statement, approvals[APPROVALS_MAX], passphrase, note;
	char folder[CONFIG_PATH_SIZE];
	struct succession s;
	struct note_key key;
	struct claim claim;
	size_t n;

	TRY(read_statement(cli, cli_option(cli, "statement"), &statement, &claim, &s, f));
	TRY(read_approvals(cli, approvals, &n, f));
	say_statement(&s, claim_digest(statement));
	if (!cli_flag(cli, "yes"))
		TRY(cli_confirm(cli, "Go on under the new name, for ever?", f));
	TRY(config_path(config, "signer", folder, f));
	TRY(signer_passphrase(cli, &passphrase, f));
	err e = signer_succeed(folder, passphrase, statement, approvals, n, &cli->arena, &key,
			       &note, f);
	bytes_wipe((void *)(uintptr_t)passphrase.p, passphrase.n);
	TRY(e);
	TRY(write_key(cli, cli->words[0], &key, f));
	TRY(write_origin(cli, cli->words[0], key.name, f));
	TRY(record_it(cli, statement, approvals, n, f));
	printf("The log goes on as %s. Give the new %s/log.vkey to everybody who verifies it; the "
	       "old "
	       "key is kept beside it.\nNext:\n  sealwright serve %s\n",
	       key.name, cli->words[0], cli->words[0]);
	return ERR_OK;
}

err command_ledger_succeed(struct cli *cli, struct fault *f)
{
	struct server_config *config = arena_alloc(&cli->arena, sizeof *config);
	bool performs = cli_option(cli, "statement") != NULL;

	if (config == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(config_read(cli->words[0], config, f));
	TRY(must_not_run(config, f));
	if (performs == cli_flag(cli, "plan"))
		return fail(f, "SUCCESSION_HOW", NULL);
	return performs ? perform(cli, config, f) : plan(cli, config, f);
}

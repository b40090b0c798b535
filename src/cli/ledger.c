/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c — the log itself: audited, folded again, copied, asked for its last checkpoint. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/files.h"
#include "cli/denials.h"
#include "cli/doctor.h"
#include "client/log.h"
#include "ledger/ledger.h"
#include "record/record.h"
#include "server/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- audit ---- */

static void print_report_json(const struct audit_report *r, const struct audit_keys *k,
			      const struct charter_report *charter, const char *root)
{
	json_t *json = json_pack(
		"{s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I}}",
		"size", (json_int_t)r->head.size, "root", root, "witnesses",
		(json_int_t)r->witnesses, "signatures", (json_int_t)k->verified, "passkeys",
		(json_int_t)k->passkeys, "reported", (json_int_t)r->reported, "pending",
		(json_int_t)r->pending, "unfolded", (json_int_t)r->unfolded, "unverified",
		(json_int_t)r->unverified, "charter", "revisions", (json_int_t)charter->revisions,
		"agreed", (json_int_t)charter->agreed, "refused", (json_int_t)charter->refused,
		"waiting", (json_int_t)charter->waiting, "foreign", (json_int_t)charter->foreign);

	denials_to_json(charter, json_object_get(json, "charter"));
	cli_json(json);
	json_decref(json);
}

static void print_charter(const struct charter_report *r)
{
	if (r->revisions == 0)
		return;
	printf("  decisions weighed by the charter: %" PRIu64 " agree; the signer refused %" PRIu64
	       ", and has not answered %" PRIu64 " (charter at revision %" PRIu64 ")\n",
	       r->agreed, r->refused, r->waiting, r->revisions);
	if (r->foreign > 0)
		printf("  %" PRIu64 " of them were admitted with an earlier key of the log, whose "
		       "signature is not verified here\n",
		       r->foreign);
	denials_print(r);
}

static void print_report(const struct cli *cli, const struct audit_report *r,
			 const struct audit_keys *k)
{
	char first[48], last[48], root[65];
	struct charter_report charter;

	hex_encode(hash_bytes(&r->head.root), root);
	charter_check_report(k->charter, &charter);
	if (cli->json) {
		print_report_json(r, k, &charter, root);
		return;
	}
	cli_time(r->first_at, first);
	cli_time(r->last_at, last);
	printf("The log holds: %" PRIu64 " entries, root %s\n", r->head.size, root);
	printf("  from %s to %s, about %" PRIu64 " subjects\n", first, last, r->subjects);
	printf("  %" PRIu64 " signatures of authors verified with %" PRIu64
	       " keys that the log enrolled, %" PRIu64 " entries reported over a channel\n",
	       k->verified, k->keys, r->reported);
	printf("  %" PRIu64 " asked for approval, %" PRIu64 " took effect by one, %" PRIu64
	       " kept without effect, %" PRIu64 " unverified\n",
	       r->pending, r->executed, r->unfolded, r->unverified);
	if (r->successions > 0)
		printf("  went on under another name %" PRIu64 " time%s, over exactly what stood "
		       "before\n",
		       r->successions, r->successions == 1 ? "" : "s");
	if (k->passkeys > 0)
		printf("  %" PRIu64
		       " more signed with passkeys, which cannot be verified: the log names "
		       "no relying party\n",
		       k->passkeys);
	print_charter(&charter);
	printf("  cosigned by %zu of the witnesses given; %" PRIu64 " tiles read\n", r->witnesses,
	       r->tiles);
}

/* A state folder, a folder of tiles, or the server that --server names. */
static err source_of(struct cli *cli, struct audit_source *out, struct fault *f)
{
	struct client *client;

	if (strncmp(cli->words[0], "https://", 8) == 0) {
		if (cli->options_n == CLI_OPTIONS_MAX)
			return fail(f, "CLI_TOO_MANY", NULL);
		cli->options[cli->options_n++] =
			(struct option_given){&GLOBAL_OPTIONS[0], cli->words[0]};
		TRY(cli_client(cli, true, &client, f));
		*out = client_audit_source(client);
		return ERR_OK;
	}
	const char *tiles = arena_printf(&cli->arena, "%s/tiles", cli->words[0]);
	if (tiles == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*out = audit_folder(file_exists(tiles) ? tiles : cli->words[0]);
	return ERR_OK;
}

static err read_witnesses(struct cli *cli, struct audit_options *options, struct fault *f)
{
	enum { WITNESSES_MAX = 32 };
	struct note_key *keys = arena_array(&cli->arena, WITNESSES_MAX, sizeof *keys);
	const char *path;

	if (keys == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	while ((path = cli_option_at(cli, "witness", options->witnesses_n)) != NULL) {
		if (options->witnesses_n == WITNESSES_MAX)
			return fail(f, "CLI_TOO_MANY", NULL);
		TRY(log_key_read(&cli->arena, path, &keys[options->witnesses_n++], f));
	}
	options->witnesses = keys;
	options->witnesses_needed = options->witnesses_n;
	return ERR_OK;
}

err command_ledger_audit(struct cli *cli, struct fault *f)
{
	const char *since = cli_option(cli, "since");
	struct audit_options options = {.verify = ed25519_verify, .entry = audit_keys_entry};
	struct audit_keys keys = {.arena = {.limit = (size_t)1 << 30}};
	struct audit_report report = {0};
	struct audit_source source;

	const struct note_key *log;

	TRY(cli_verifying_key(cli, &log, f));
	options.key = *log;
	TRY(cli_registry(cli, &keys.registry, f));
	TRY(read_witnesses(cli, &options, f));
	if (since != NULL)
		TRY(file_read(&cli->arena, since, NOTE_SIZE_MAX, &options.since, f));
	TRY(source_of(cli, &source, f));
	TRY(charter_check_open(log, &keys.charter, f));
	options.entry_context = &keys;
	err e = audit_run(source, &options, &report, f);
	if (e.code == OK)
		e = charter_check_end(keys.charter, f);
	if (e.code == OK)
		print_report(cli, &report, &keys);
	charter_check_close(keys.charter);
	audit_keys_done(&keys);
	return e;
}

/* ---- folding again ---- */

static void progress(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 "%s", done, total,
			done == total ? "\n" : "");
}

err command_ledger_rebuild(struct cli *cli, struct fault *f)
{
	struct server_config *config = arena_alloc(&cli->arena, sizeof *config);
	struct rebuild_report report;
	bool check = cli_flag(cli, "check");

	if (config == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(config_read(cli->words[0], config, f));
	struct engine_config engine = {.store = config->store,
				       .origin = config->origin,
				       .areas = AREAS,
				       .clock = &clock_system};
	if (!check && signer_listens(config->signer_socket))
		return fail(f, "CLI_SERVER_RUNS", NULL);
	TRY(engine_rebuild(&engine, !check, progress, NULL, &report, f));
	printf("%" PRIu64 " entries replayed into %zu tables, %zu of them differ\n", report.entries,
	       report.tables, report.differing);
	if (report.differing > 0) {
		char row[4 * sizeof report.first_row];
		cli_safe_text(report.first_row, row, sizeof row);
		printf("  first: table %s, %s\n", report.first_table, row);
		printf("  %s\n", check ? "Somebody changed the tables beside the log."
				       : "The tables are now what the log says.");
	}
	cli->verified = report.differing == 0 || !check;
	return ERR_OK;
}

/* ---- a copy that anybody can audit ---- */

static err export_to(struct cli *cli, struct ledger *l, const char *to, struct fault *f)
{
	struct merkle_head head;
	struct bytes note;

	TRY(ledger_checkpoint(l, &cli->arena, &note, &head, f));
	if (note.n == 0)
		return fail(f, "CLI_NO_CHECKPOINT", NULL);
	TRY(ledger_write_tiles(l, head.size, f));
	TRY(file_write(arena_printf(&cli->arena, "%s/checkpoint", to), note, 0644, f));
	printf("%" PRIu64 " entries in %s; anybody can verify them with the log's key:\n"
	       "  sealwright ledger audit %s --log log.vkey\n",
	       head.size, to, to);
	return ERR_OK;
}

err command_ledger_export(struct cli *cli, struct fault *f)
{
	struct server_config *config = arena_alloc(&cli->arena, sizeof *config);
	const char *to = cli->words[1];
	struct ledger *ledger;
	struct db *db;

	if (config == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(config_read(cli->words[0], config, f));
	TRY(folder_make(to, f));
	TRY(db_open_reader(config->store, &db, f));
	err e = ledger_open(db, to, &ledger, f);
	if (e.code == OK) {
		e = export_to(cli, ledger, to, f);
		ledger_close(ledger);
	}
	db_close(db);
	return e;
}

err command_ledger_checkpoint(struct cli *cli, struct fault *f)
{
	const struct note_key *log;
	struct client *client;
	struct merkle_head head;
	struct bytes note;

	TRY(cli_log_key(cli, &log, f));
	if (log == NULL)
		return fail(f, "CLI_LOG_KEY_MISSING", NULL);
	TRY(cli_client(cli, false, &client, f));
	TRY(client_checkpoint(client, &cli->arena, &note, &head, f));
	return fd_write_all(STDOUT_FILENO, note, f);
}
